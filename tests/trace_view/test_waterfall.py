"""A call as bars over its time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrsim.trace.record import Record
from ivrsim.trace.timeline import Timeline
from ivrsim.trace.view import CallView
from ivrsim.trace.waterfall import LANES, Bar, Waterfall, bars
from tests.desk import Desk
from tests.engine import strategies as a
from tests.trace_view.test_view import RECORDS


class Listed:
    """Records in a list."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    def record(self, i: int) -> Record:
        return self._records[i]

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[Record]:
        yield from self._records[start:stop]


class Fall:
    """A waterfall that is told in few words."""

    def __init__(self) -> None:
        self.waterfall = Waterfall()
        self.records: list[Record] = []

    def __call__(self, t: int, kind: str, leg: str | None = "A", **data: Any) -> int:
        record = Record(len(self.records) + 1, t, kind, leg, None, False, data)
        self.records.append(record)
        self.waterfall.apply(record)
        return record.seq

    def lane(self, lane: str) -> list[tuple[str, int, int | None, str, str]]:
        found = [bar for bar in self.waterfall.bars() if bar.lane == lane]
        return [(bar.label, bar.start_ms, bar.end_ms, bar.tone, bar.detail) for bar in found]

    def one(self) -> Bar:
        (bar,) = self.waterfall.bars()
        return bar


@pytest.fixture
def fall() -> Fall:
    return Fall()


def test_a_webhook_from_its_request_to_its_reply(fall: Fall) -> None:
    asked = fall(2000, "webhook.request", webhook="w1", title="input", sent=True)
    assert fall.one() == Bar(asked, "webhooks", "input", 2000)
    replied = fall(2300, "webhook.response", webhook="w1", status=200, elapsed_ms=38)
    assert fall.one() == Bar(
        asked, "webhooks", "input", 2000, 2300, "good", "200 in 38 ms", 38, replied
    )


@pytest.mark.parametrize(
    ("kind", "data", "tone", "detail"),
    [
        ("webhook.response", {"status": 500}, "error", "500"),
        ("webhook.response", {"status": 200, "edited": True}, "warn", "200, changed by hand"),
        ("webhook.failed", {"reason": "refused", "message": "nobody is there"}, "error",
         "refused: nobody is there"),
        ("call.ended", {}, "warn", "no reply before the end"),
        ("call.left", {}, "warn", "no reply before the end"),
    ],
)  # fmt: skip
def test_how_a_webhook_went(
    fall: Fall, kind: str, data: dict[str, Any], tone: str, detail: str
) -> None:
    fall(2000, "webhook.request", webhook="w1", title="input", sent=True)
    fall(2000, kind, webhook="w1", **data)
    assert fall.lane("webhooks") == [("input", 2000, 2000, tone, detail)]


def test_a_webhook_that_is_not_sent_takes_no_time(fall: Fall) -> None:
    fall(2000, "webhook.request", webhook="w1", title="event", sent=False)
    assert fall.waterfall.bars() == []


def test_webhooks_by_hand_and_on_purpose(fall: Fall) -> None:
    fall(2000, "webhook.request", webhook="w1", title="input", sent=True)
    fall(2000, "fault.injected", None, webhook="w1", fault="slow")
    fall(4000, "webhook.response", webhook="w1", status=200)
    fall(5000, "webhook.resent", webhook="w1", status=200, elapsed_ms=12)
    fall(5000, "duplicate.response", webhook="w1", status=None, message="refused")
    assert fall.lane("webhooks") == [
        ("input", 2000, 4000, "good", "on purpose: slow, 200"),
        ("input", 5000, 5000, "quiet", "input sent again: 200"),
        ("input", 5000, 5000, "error", "input delivered twice: refused"),
    ]


def test_prompts_captures_and_silence(fall: Fall) -> None:
    fall(0, "prompt.started", prompt="p1", text="Press 1.", duration_ms=5000)
    fall(0, "capture.opened", capture="c1", max_digits=1, types=["dtmf"])
    key = fall(2000, "digit", digit="1", capture="c1", ignored=None)
    fall(2000, "prompt.interrupted", prompt="p1", by="digit", played_ms=2000)
    fall(2000, "capture.closed", capture="c1", digits="1", ended_by="max_digits", valid=True)
    assert fall.lane("dead air") == [("silence", 2000, None, "quiet", "")]
    fall(6000, "prompt.started", prompt="p2", url="http://a/b.mp3", duration_ms=1000)
    fall(6500, "prompt.finished", prompt="p2", skipped=True)
    fall(6500, "prompt.failed", prompt="p3", url="http://a/c.mp3", message="not audio")
    fall(7000, "capture.opened", capture="c2", types=["dtmf", "speech"], max_digits=4)
    assert fall.lane("prompts") == [
        ("Press 1.", 0, 2000, "quiet", "interrupted by digit after 2.0 s"),
        ("http://a/b.mp3", 6000, 6500, "quiet", "skipped"),
        ("http://a/c.mp3", 6500, 6500, "error", "not audio"),
    ]
    assert fall.lane("captures") == [
        ("1 digit", 0, 2000, "good", "took 1: enough digits"),
        ("up to 4 digits or words", 7000, None, "quiet", ""),
    ]
    assert fall.lane("dead air") == [
        ("silence", 2000, 6000, "warn", "4.0 s of silence after the key")
    ]
    order = [bar.seq for bar in fall.waterfall.bars()]
    assert order == sorted(order)
    assert key in order


def test_legs_and_recordings(fall: Fall) -> None:
    fall(0, "leg.created", role="caller", direction="inbound", **{"from": "+6591178965"})
    fall(2000, "leg.answered")
    fall(3000, "recording.started", recording="r1", format="mp3", background=True)
    fall(4000, "leg.created", "B", role="party", to="+6531589338")
    fall(9000, "leg.ended", "B", outcome="busy")
    fall(9000, "recording.stopped", recording="r1", by="hangup", duration_ms=6000)
    fall(9000, "leg.ended", outcome="completed")
    assert fall.lane("legs") == [
        ("+65 9117 8965", 0, 9000, "good", "answered after 2.0 s, completed"),
        ("+65 3158 9338", 4000, 9000, "warn", "busy"),
    ]
    assert fall.lane("recordings") == [
        ("recording, mp3", 3000, 9000, "good", "recorded 6.0 s, ended by hang-up")
    ]


def test_bars_that_are_over_have_a_bound() -> None:
    fall = Fall()
    fall.waterfall = Waterfall(keep=10)
    fall(0, "leg.created", role="caller", to="+6591178965")
    for n in range(500):
        fall(n, "prompt.started", prompt=f"p{n}", text=str(n), duration_ms=1)
        fall(n, "prompt.finished", prompt=f"p{n}")
        assert len(fall.waterfall.bars()) <= 23
    assert fall.lane("legs") == [("+65 9117 8965", 0, None, "quiet", "")]
    assert fall.lane("prompts")[-1][0] == "499"


@settings(max_examples=30 * a.EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=a.scripts(), data=st.data())
def test_bars_around_any_record_are_those_of_the_whole_call(
    script: a.Script, data: st.DataObject
) -> None:
    records = Desk.of(script).run(until=36_000_000).records
    timeline = Timeline(Listed(records))
    whole = Waterfall()
    for record in records:
        whole.apply(record)
    assert bars(timeline, 1, reach=len(records), limit=10_000) == whole.bars()
    around, reach = data.draw(st.integers(0, len(records))), data.draw(st.integers(1, 60))
    start, stop = max(0, around - reach), around + reach
    until = Waterfall()
    for record in records[:stop]:
        until.apply(record)
    expected = [bar for bar in until.bars() if bar.end_seq is None or bar.end_seq > start]
    assert bars(timeline, around, reach) == expected
    assert all(bar.lane in LANES for bar in expected)
    assert all(bar.end_ms is None or bar.end_ms >= bar.start_ms for bar in expected)
    some = bars(timeline, around, reach, limit=3)
    assert len(some) == min(3, len(expected))
    assert all(bar in expected for bar in some)
    under_way = sum(bar.at(around) for bar in expected)
    assert sum(bar.at(around) for bar in some) == min(3, under_way)


def test_when_a_call_has_ended_no_bar_is_open() -> None:
    fall = Fall()
    fall(0, "prompt.started", prompt="p1", text="Hello", duration_ms=None)
    fall(0, "capture.opened", capture="c1")
    fall(9000, "call.ended", None, by="limit")
    assert all(bar.end_ms == 9000 for bar in fall.waterfall.bars())
    assert Waterfall(fall.waterfall.view).bars() == []


def test_there_may_be_no_records_at_all() -> None:
    assert bars(Timeline(Listed([])), 5) == []


@given(RECORDS, st.integers(0, 30))
def test_any_records_in_any_order_are_drawn(
    rows: list[tuple[str, str | None, Any]], start: int
) -> None:
    view = CallView()
    fall = Waterfall(keep=5)
    for seq, (kind, leg, data) in enumerate(rows, 1):
        record = Record(seq, seq * 10, kind, leg, None, False, data)
        if seq == start:
            fall = Waterfall(view, keep=5)
        if seq < start:
            view.apply(record)
        else:
            fall.apply(record)
    for bar in fall.bars():
        assert isinstance(bar.label, str)
        assert isinstance(bar.detail, str)
