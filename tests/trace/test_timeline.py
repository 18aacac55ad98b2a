"""The view at any record of a call, and what it costs however long the call is."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrsim.engine import events as ev
from ivrsim.trace.reader import TraceReader
from ivrsim.trace.record import Header, Record
from ivrsim.trace.timeline import BUDGET, NEARBY, Timeline, frozen
from ivrsim.trace.view import CallView
from ivrsim.trace.writer import TraceWriter
from tests.desk import Desk
from tests.engine import strategies as a


class Told:
    """Records in a list, as many as have been told so far; counts how many were read."""

    def __init__(self, records: Sequence[Record], told: int | None = None) -> None:
        self._records = records
        self.told = len(records) if told is None else told
        self.read = 0

    def __len__(self) -> int:
        return self.told

    def record(self, i: int) -> Record:
        return self._records[i]

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[Record]:
        for record in self._records[start : min(self.told if stop is None else stop, self.told)]:
            self.read += 1
            yield record


def live(records: Sequence[Record], keep: int | None = None) -> Iterator[CallView]:
    """The view before the first record, and after each."""
    view = CallView(keep)
    yield view
    for record in records:
        view.apply(record)
        yield view


def menu(count: int) -> list[Record]:
    """A caller who presses a key at each of ``count`` prompts."""
    made: list[Record] = []

    def say(t: int, kind: str, cause: int | None = None, **data: object) -> int:
        made.append(Record(len(made) + 1, t, kind, "A", cause, False, data))
        return len(made)

    say(0, "call.started", direction="inbound", **{"from": "+6591178965", "to": "+6568332048"})
    say(0, "leg.created", role="caller", direction="inbound", **{"from": "+6591178965"})
    say(0, "leg.answered")
    for n in range(count):
        t = n * 5000
        pointer = {"document": f"d{n}", "pointer": "/0", "action": "talk"}
        say(t, "document.received", origin="reply", actions=[pointer], document=f"d{n}")
        say(t, "action.started", **pointer)
        say(t, "prompt.started", prompt=f"p{n}", text=f"Prompt {n}", duration_ms=1000)
        say(t, "capture.opened", capture=f"c{n}", max_digits=1)
        say(t, "timer.started", timer=f"t{n}", name="overall", ms=9000, due=t + 9000)
        say(t + 1000, "prompt.finished", prompt=f"p{n}")
        say(t + 1500, "digit", digit=str(n % 10), ignored=None, capture=f"c{n}")
        say(t + 1500, "capture.closed", capture=f"c{n}", digits=str(n % 10))
        say(t + 1500, "timer.cancelled", timer=f"t{n}", name="overall")
        asked = say(t + 1500, "webhook.request", webhook=f"w{n}", title=f"event {n}", sent=True)
        say(t + 4900, "webhook.response", asked, webhook=f"w{n}", status=200)
        say(t + 4900, "action.finished", **pointer, outcome="done")
    return made


_webhooks = st.sampled_from(["w1", "w2", "w9"])
_status = st.none() | st.sampled_from([200, 500])
by_hand = st.one_of(
    st.builds(ev.Marked, st.text(max_size=4)),
    st.builds(ev.RequestEdited, _webhooks, st.just("POST"), st.just("http://a/"), st.just({}),
              st.none(), st.just("-a")),
    st.builds(ev.ReplyEdited, _webhooks, st.just({"status": 200, "headers": {}}), st.just("-a")),
    st.builds(ev.WebhookResent, _webhooks, st.booleans(), st.just("POST"), st.just("http://a/"),
              st.none(), _status, st.none(), st.text(max_size=3)),
    st.builds(ev.FaultInjected, st.sampled_from([None, "B"]), st.just("slow"), st.text(max_size=3),
              webhook=st.none() | _webhooks),
    st.builds(ev.DuplicateReplied, _webhooks, _status, st.just(""), st.booleans()),
    st.builds(ev.CallLeft, st.just("branch.jsonl")),
)  # fmt: skip
"""What somebody does to a call beside it."""


@settings(max_examples=25 * a.EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    script=a.scripts(),
    remarks=st.lists(st.tuples(st.integers(0, 20_000), by_hand), max_size=5),
    stride=st.sampled_from([1, 7, 64]),
    order=st.randoms(use_true_random=False),
)
def test_the_view_at_every_record_is_the_one_that_was_there(
    script: a.Script, remarks: list[tuple[int, ev.Event]], stride: int, order: random.Random
) -> None:
    desk = Desk.of(script)
    for t, event in remarks:
        desk.at(t, event)
    records = desk.run(until=36_000_000).records
    was = [view.to_json() for view in live(records)]
    with patch("ivrsim.trace.timeline._STRIDE", stride):
        timeline = Timeline(Told(records))
    counts = list(range(len(was)))
    order.shuffle(counts)
    for count in counts:
        if order.random() < 0.2:
            timeline.advance(order.randint(0, 150))
        view = timeline.view_at(count)
        assert view.to_json() == was[count]
        if order.random() < 0.2:  # what is done to a view is no matter of the next one
            for record in records[count:]:
                view.apply(record)
    assert timeline.advance(len(records))
    assert timeline.folded == len(records)


def test_a_long_call_keeps_what_a_screen_needs() -> None:
    records = menu(300)
    timeline = Timeline(Told(records), keep=40)
    random.seed(1)
    for count in [len(records), *random.sample(range(len(records)), 30)]:
        bounded = timeline.view_at(count)
        whole = CallView()
        for record in records[:count]:
            whole.apply(record)
        kept, full = bounded.to_json(), whole.to_json()
        assert kept["items"] == full["items"][kept["items_dropped"] :]
        assert 0 <= len(kept["items"]) <= 40 + 64
        assert len(kept["documents"]) <= 16 + 64
        assert len(kept["webhooks"]) <= 40 + 64
        for name in kept["webhooks"]:
            assert kept["webhooks"][name] == full["webhooks"][name]
        for same in (
            "state", "document", "prompt", "capture", "timers", "awaiting", "counts", "keys",
            "listening_until", "legs", "last_t",
        ):  # fmt: skip
            assert kept[same] == full[same], same
    assert timeline.view_at(len(records)).items_dropped > 0


def test_bounded_views_are_the_same_by_any_way() -> None:
    records = menu(60)
    was = [str(view.to_json()) for view in live(records, keep=12)]
    timeline = Timeline(Told(records), keep=12)
    random.seed(2)
    for count in random.sample(range(len(was)), 200):
        assert str(timeline.view_at(count).to_json()) == was[count]
    for count in range(len(was) - 1, len(was) - 200, -1):
        assert str(timeline.view_at(count).to_json()) == was[count]


def test_copies_have_a_bound_and_any_place_is_near_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivrsim.trace.timeline.BUDGET", 50_000)
    monkeypatch.setattr("ivrsim.trace.timeline.NEARBY", 20_000)
    source = Told(menu(2500))
    timeline = Timeline(source, keep=20)
    while not timeline.advance(777):
        assert timeline.copied_bytes <= 70_000
    source.read = 0
    for count in random.Random(3).sample(range(len(source)), 50):
        timeline.view_at(count)
        assert timeline.copied_bytes <= 70_000
    assert source.read / 50 < len(source) / 4  # however few copies there are
    assert BUDGET + NEARBY <= 5 << 20


def test_one_step_costs_little_far_from_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ivrsim.trace.timeline.BUDGET", 20_000)  # two or three copies in all
    source = Told(menu(1500))
    timeline = Timeline(source, keep=20)
    timeline.advance(len(source))
    timeline.view_at(14_000)
    for step in (-1, 1):
        source.read = 0
        for count in range(14_000, 14_000 + 500 * step, step):
            timeline.view_at(count)
        assert source.read / 500 < 200


def test_copies_do_not_grow_with_the_script_of_the_keys() -> None:
    sizes = []
    for count in (500, 4000):
        timeline = Timeline(Told(menu(count)), keep=20)
        timeline.advance(20 * count)
        assert len(timeline.view_at(20 * count).keys()) >= count
        sizes.append(len(frozen(timeline.view_at(20 * count))))
    assert sizes[1] < 1.1 * sizes[0]


def test_a_view_that_goes_on_otherwise_leaves_the_others_alone() -> None:
    records = menu(400)
    timeline = Timeline(Told(records), keep=20)
    timeline.advance(len(records))
    half = len(records) // 2
    was = timeline.view_at(len(records)).keys()
    there = timeline.view_at(half).keys()
    view = timeline.view_at(half)
    for record in records[half:]:
        if record.kind == "digit":
            record = record._replace(data={**record.data, "digit": "#"})
        view.apply(record)
    otherwise = view.keys()
    assert "#" in otherwise and otherwise.startswith(there.rstrip(" -"))
    assert timeline.view_at(len(records)).keys() == was
    assert timeline.view_at(half).keys() == there


def test_a_call_that_goes_on_is_folded_on() -> None:
    records = menu(20)
    source = Told(records, 0)
    timeline = Timeline(source)
    assert timeline.advance()
    assert timeline.view_at(5).last_seq == 0  # there are no records yet
    source.told = 100
    assert not timeline.advance(30)
    assert timeline.folded == 30
    assert timeline.view_at(100).last_seq == 100
    source.told = len(records)
    assert timeline.advance()
    assert timeline.view_at(10**9).last_seq == len(records)
    assert timeline.view_at(-1).last_seq == 0


def header() -> Header:
    return Header("vonage", "test", 1, "2026-11-21T09:00:00.000Z", {})


def test_a_trace_file_up_to_its_damage(tmp_path: Path) -> None:
    path = tmp_path / "call.jsonl"
    records = menu(60)
    with TraceWriter(path) as writer:
        writer.header(header())
        writer.append(records)
    lines = path.read_bytes().split(b"\n")
    lines[400] = lines[400][:-5] + b"\xff,,,}"  # indexed as a record, found damaged when read
    path.write_bytes(b"\n".join(lines))
    with TraceReader(path) as reader:
        reader.index_all()
        assert len(reader) == len(records)
        timeline = Timeline(reader)
        assert timeline.view_at(10**9).last_seq == 399
        assert timeline.folded == len(reader) == 399
        assert timeline.advance()
        assert reader.damage is not None
        assert reader.damage.line == 401
