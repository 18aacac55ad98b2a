"""Each kind of difference, what is known to differ, and what follows from something else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrsim.replay.align import align
from ivrsim.replay.compare import compare
from ivrsim.replay.difference import Comparison
from ivrsim.replay.steps import FIELDS
from ivrsim.replay.traces import Trace
from ivrsim.replay.values import Ids, Ignored, Origins, Values
from ivrsim.trace.record import Record
from tests.replay.calls import call, changed, flow, trace

FLOW = """
platform: vonage
app:
  pages:
    menu:
      reply:
        - {action: talk, text: Welcome to the shop. Press a key., bargeIn: true}
        - {action: input, type: [dtmf], dtmf: {maxDigits: 1, timeOut: 3}}
      next: {other: order}
    order:
      reply:
        - {action: talk, text: Thank you for your order.}
        - {action: talk, text: It comes on Monday.}
"""


def of(folder: Path, text: str = FLOW, keys: str = "1", name: str = "flow", **more: Any) -> Trace:
    return trace(call(flow(folder, text, name), keys, **more))


def told(compared: Comparison) -> list[tuple[str, str]]:
    return [(one.kind, one.text) for one in compared.differences]


def test_two_calls_of_one_flow_are_the_same_whatever_their_ids_and_times(tmp_path: Path) -> None:
    old = of(tmp_path)
    new = of(tmp_path, seed=7, at="2027-02-03T11:00:00Z")
    compared = compare(old, new, tolerance_ms=0)
    assert told(compared) == []
    assert compared.same and not compared
    assert {(row.old_seq == row.new_seq, row.same) for row in compared.pairs} == {(True, True)}


def test_a_text_is_told_once_with_its_pointer(tmp_path: Path) -> None:
    new = of(tmp_path, FLOW.replace("Thank you for your order", "Many thanks"))
    compared = compare(of(tmp_path), new)
    (one,) = compared.differences
    assert (one.kind, one.where) == ("text", "the reply /0/text")
    assert (one.old, one.new) == ("Thank you for your order.", "Many thanks.")
    assert one.text == "the reply /0/text: “Thank you for your order.” → “Many thanks.”"
    assert compared.counts == {"text": 1}
    differing = [row for row in compared.pairs if not row.same]
    assert one.old_seq in {row.old_seq for row in differing}


def test_a_field_of_an_action_is_told_where_it_is(tmp_path: Path) -> None:
    new = of(tmp_path, FLOW.replace("timeOut: 3", "timeOut: 4"))
    assert told(compare(of(tmp_path), new)) == [("field", "the reply /1/dtmf/timeOut: 3 → 4")]


def test_an_action_that_is_new_does_not_make_the_others_differ(tmp_path: Path) -> None:
    new = of(tmp_path, FLOW.replace("order:\n      reply:", (
        "order:\n      reply:\n        - {action: wait, timeout: 1}"
    )))  # fmt: skip
    compared = compare(of(tmp_path), new)
    assert ("action", "the reply /0: nothing → action wait") in told(compared)
    assert {kind for kind, _ in told(compared)} <= {"action", "extra"}


def test_an_action_in_the_place_of_another(tmp_path: Path) -> None:
    new = of(tmp_path, FLOW.replace("- {action: talk, text: It comes on Monday.}",
                                    "- {action: wait, timeout: 1}"))  # fmt: skip
    assert told(compare(of(tmp_path), new)) == [
        ("action", "the reply /1: action talk → action wait")
    ]


def test_a_question_more_is_told_with_how_much_follows(tmp_path: Path) -> None:
    text = FLOW.replace("next: {other: order}", "next: {other: again}").replace(
        "    order:",
        "    again:\n"
        "      reply:\n"
        "        - {action: talk, text: Are you sure?, bargeIn: true}\n"
        "        - {action: input, type: [dtmf], dtmf: {maxDigits: 1, timeOut: 3}}\n"
        "      next: {other: order}\n"
        "    order:",
    )
    compared = compare(of(tmp_path), of(tmp_path, text, "1 1", name="new"))
    extra = [one for one in compared.differences if one.kind == "extra"]
    assert {one.kind for one in compared.differences} == {"extra"}
    assert extra[0].old_seq is None and extra[0].old == "(nothing)"
    assert sum(one.follows for one in extra) >= 3
    back = compare(of(tmp_path, text, "1 1", name="new"), of(tmp_path))
    assert {one.kind for one in back.differences} == {"missing"}


def test_a_key_and_what_a_capture_took(tmp_path: Path) -> None:
    compared = compare(of(tmp_path), of(tmp_path, keys="2"))
    assert told(compared) == [
        ("field", "key 1 digit: “1” → “2”"),
        ("field", "input c1, what it took digits: “1” → “2”"),
        ("field", "webhook input /dtmf/digits: “1” → “2”"),
    ]


def test_the_end_is_its_own_kind(tmp_path: Path) -> None:
    old = of(tmp_path)
    last = old.records[-1]
    new = Trace(changed(list(old.records), last.seq, status="failed", by="application"), old.header)
    assert told(compare(old, new)) == [
        ("end", "the end status: “completed” → “failed”"),
        ("end", "the end by: “platform” → “application”"),
    ]


def later(records: Sequence[Record], seq: int, ms: int) -> list[Record]:
    return [record._replace(t=record.t + ms * (record.seq >= seq)) for record in records]


def test_a_delay_is_told_once_and_within_the_tolerance_not_at_all(tmp_path: Path) -> None:
    old = of(tmp_path)
    digit = next(r for r in old.records if r.kind == "digit")
    new = Trace(later(old.records, digit.seq, 900), old.header)
    assert told(compare(old, new)) == [("time", "key 1 comes 0.90 s later after what went before")]
    assert compare(old, new, tolerance_ms=900).same
    back = compare(new, old)
    assert told(back) == [("time", "key 1 comes 0.90 s earlier after what went before")]
    assert compare(old, new, ignore=["time"]).same


def test_how_long_an_application_takes_to_reply_is_not_compared(tmp_path: Path) -> None:
    old = of(tmp_path)
    reply = [r for r in old.records if r.kind == "webhook.response"][-2]
    assert compare(old, Trace(later(old.records, reply.seq, 5000), old.header)).same


def test_a_prompt_that_lasts_longer(tmp_path: Path) -> None:
    old = of(tmp_path)
    prompt = next(r for r in old.records if r.kind == "prompt.started")
    ms = prompt.data["duration_ms"]
    grown = changed(later(old.records, prompt.seq + 1, 2000), prompt.seq, duration_ms=ms + 2000)
    compared = compare(old, Trace(grown, old.header))
    assert [one.kind for one in compared.differences] == ["time"]
    assert compared.differences[0].text.endswith("lasts 1.94 s → 3.94 s")
    spoken = changed(grown, prompt.seq, basis="rendered")
    assert compare(old, Trace(spoken, old.header)).same, "a voice takes its own time"


def test_events_that_change_places_are_in_another_order(tmp_path: Path) -> None:
    old = of(tmp_path, seed=1)
    events = [r for r in old.records if r.kind == "webhook.request" and " " in r.data["title"]]
    a, b = events[0], events[1]
    swapped = [
        record._replace(leg=b.leg, data={**b.data, "webhook": a.data["webhook"]})
        if record is a
        else record._replace(leg=a.leg, data={**a.data, "webhook": b.data["webhook"]})
        if record is b
        else record
        for record in old.records
    ]
    compared = compare(old, Trace(swapped, old.header))
    assert {one.kind for one in compared.differences} == {"order"}


def test_an_event_that_comes_beside_other_things_later_is_in_another_order(tmp_path: Path) -> None:
    old = of(tmp_path)
    event = next(r for r in old.records if r.data.get("title") == "event answered")
    digit = next(r for r in old.records if r.kind == "digit")
    rest = [r for r in old.records if r is not event]
    place = rest.index(digit) + 1
    moved = [*rest[:place], event._replace(t=digit.t), *rest[place:]]
    numbers = {record.seq: i for i, record in enumerate(moved, 1)}
    new = [r._replace(seq=numbers[r.seq], cause=numbers.get(r.cause or 0)) for r in moved]
    compared = compare(old, Trace(new, old.header))
    assert [one.kind for one in compared.differences] == ["order"]
    assert compared.differences[0].text.startswith("webhook event answered comes after ")


def test_ids_are_matched_one_to_one(tmp_path: Path) -> None:
    old = of(tmp_path, seed=1)
    new = of(tmp_path, seed=2)
    assert compare(old, new).same
    requests = [r for r in new.records if r.kind == "webhook.request" and r.data["body"]]
    wrong = {**requests[-1].data["body"], "conversation_uuid": "CON-" + "0" * 8 + "-0000" * 3
             + "-" + "0" * 12}  # fmt: skip
    other = Trace(changed(list(new.records), requests[-1].seq, body=wrong), new.header)
    compared = compare(old, other)
    assert [one.where for one in compared.differences] == [
        "webhook event completed /conversation_uuid"
    ]


@pytest.mark.parametrize(
    ("ignore", "same"),
    [
        ("text", True), ("/0/text", True), ("/*/text", True), ("/1/text", False),
        ("/0", True), ("language", False), ("field", False),
    ],
)  # fmt: skip
def test_what_is_named_may_differ(tmp_path: Path, ignore: str, same: bool) -> None:
    new = of(tmp_path, FLOW.replace("Thank you for your order", "Many thanks"))
    compared = compare(of(tmp_path), new, ignore=[ignore])
    assert compared.same is same


def test_settings_and_diagnostics(tmp_path: Path) -> None:
    old = of(tmp_path)
    new = of(tmp_path, FLOW + 'settings: {vonage.no_digits: ""}\n', keys="1")
    assert compare(old, new).same, "it decides nothing here"
    silent = of(tmp_path, keys="-")
    other = of(tmp_path, FLOW + 'settings: {vonage.no_digits: ""}\n', keys="-")
    kinds = dict(told(compare(silent, other)))
    assert list(kinds) == ["field"]
    ignored = compare(silent, other, ignore=["vonage.no_digits", "/dtmf/digits"])
    assert ignored.same


def test_a_trace_that_breaks_off_is_compared_up_to_there(tmp_path: Path) -> None:
    whole = of(tmp_path)
    file = tmp_path / "cut.jsonl"
    assert whole.header is not None
    lines = [whole.header.to_json(), *(r.to_json() for r in whole.records[:25])]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    file.write_text(text + '{"type":"record","seq":26,"t":')
    compared = compare(file, whole)
    assert compared.same
    assert "the old trace is damaged: line 27" in compared.notes[0]
    assert len(compared.pairs) == len(whole.records)
    new = of(tmp_path, FLOW.replace("Welcome to", "Here is"))
    assert [kind for kind, _ in told(compare(file, new))] == ["text"]


def test_the_applications_own_address_may_be_another() -> None:
    old, new = Origins({"answer": "http://localhost:5000/a"}), Origins({"answer": "https://x.io/a"})
    values = Values(Ids(), Ignored([]), old, new)
    assert not list(values.leaves("http://localhost:5000/a?x=1", "https://x.io/a?x=1"))
    assert not list(values.leaves(["http://localhost:5000/in"], ["https://x.io/in"]))
    assert list(values.leaves("http://localhost:5000/in", "https://y.io/in"))
    broken = Origins({"answer": "http://[x"})
    assert broken.plain("http://[x?a=1") == "(answer URL)?a=1"


def test_times_of_day_differ_but_what_only_looks_like_one_is_compared() -> None:
    values = Values(Ids(), Ignored([]), Origins({}), Origins({}))
    old = {"timestamp": "2026-01-01T10:00:00Z", "timeOut": 3, "dateTime": "seven"}
    new = {"timestamp": "2027-01-01T10:00:00Z", "timeOut": 4, "dateTime": "eight"}
    assert [leaf.pointer for leaf in values.leaves(old, new)] == ["/timeOut", "/dateTime"]
    assert [leaf.pointer for leaf in values.leaves({"a": 1}, {"a": True})] == ["/a"]
    assert [leaf.pointer for leaf in values.leaves({"a/b": None}, {"a/b": 0})] == ["/a~1b"]


def test_lengths_may_grow_as_the_call_does() -> None:
    values = Values(Ids(), Ignored([]), Origins({}), Origins({}))
    assert not list(values.leaves({"duration": "12"}, {"duration": "14"}, shift_ms=2000))
    assert list(values.leaves({"duration": "12"}, {"duration": "19"}, shift_ms=2000))


def test_deeply_nested_replies_are_compared_as_text(tmp_path: Path) -> None:
    old = of(tmp_path)
    reply = next(r for r in old.records if r.kind == "webhook.response")
    deep = "[" * 900 + "]" * 900
    a = Trace(changed(list(old.records), reply.seq, body=deep), old.header)
    b = Trace(changed(list(old.records), reply.seq, body=deep.replace("[]", "[1]")), old.header)
    assert compare(a, a).same
    assert not compare(a, b).same


def test_foreign_text_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    new = of(tmp_path, FLOW.replace("Thank you for your order.", '"x\\e[2J\\nz"'))
    (one,) = compare(of(tmp_path), new).differences
    assert one.text.isprintable()


def test_ten_thousand_records_are_compared_in_a_moment(tmp_path: Path) -> None:
    """No clock here: the work is counted by how much is looked at, in ``align``."""
    old = of(tmp_path)
    body = old.records[1:-1]
    many: list[Record] = [old.records[0]]
    while len(many) < 10_000:
        off = len(many) - 1
        many += [
            r._replace(seq=r.seq + off, t=r.t + off, cause=r.cause and r.cause + off) for r in body
        ]
    many.append(old.records[-1]._replace(seq=len(many) + 1, t=many[-1].t))
    again = [
        record._replace(data={**record.data, "text": "something else"})
        if record.kind == "prompt.started" and record.seq % 7 == 0
        else record
        for record in many
    ]
    compared = compare(Trace(many, old.header), Trace(again, old.header))
    assert len(compared.pairs) == len(many)
    assert set(compared.counts) == {"text"}


@given(
    st.lists(st.sampled_from("abcd"), max_size=12), st.lists(st.sampled_from("abcd"), max_size=12)
)
def test_an_alignment_rises_and_pairs_what_is_alike(old: list[str], new: list[str]) -> None:
    pairs = align(old, new, old, new)
    assert all(old[a] == new[b] for a, b in pairs)
    assert all(x < y and v < w for (x, v), (y, w) in pairwise(pairs))
    if old == new:
        assert len(pairs) == len(old)


@pytest.mark.parametrize(("target", "keys"), [("restaurant", "2"), ("voicemail", '2 say:"hello"')])
def test_nothing_that_is_compared_can_change_unseen(target: str, keys: str) -> None:
    old = trace(call(target, keys))
    values: tuple[Any, ...] = ("something else", 4711, None)
    seen = set()
    for record in old.records:
        for name in FIELDS.get(record.kind, ()):
            if name not in record.data or (record.kind, name) in seen:
                continue
            if record.kind == "document.received" and name in ("body", "page"):
                continue  # as the reply has them
            if name == "page" and record.data[name] is None:
                continue  # no scripted page
            if (record.kind, name) == ("action.finished", "action"):
                continue  # it is that of its action.started
            seen.add((record.kind, name))
            was = record.data[name]
            other = next(v for v in values if v != was and not (name == "page" and v is None))
            if (record.kind, name) in (("capture.closed", "valid"), ("digit", "ignored")):
                other = not was
            new = Trace(changed(list(old.records), record.seq, **{name: other}), old.header)
            compared = compare(old, new)
            assert compared, f"{record.kind} {name}: {was!r} → {other!r}"
            assert {record.seq} & {one.old_seq for one in compared.differences}, record.kind
    assert len(seen) > 40


def test_a_new_trace_that_breaks_off_is_compared_up_to_there(tmp_path: Path) -> None:
    whole = of(tmp_path)
    cut = Trace(whole.records[:25], whole.header)
    compared = compare(whole, cut)
    assert compared.same
    assert compared.notes == ("the new trace breaks off without an end: compared up to there",)
    new = of(tmp_path, FLOW.replace("Welcome to", "Here is"))
    assert [kind for kind, _ in told(compare(whole, Trace(new.records[:25], new.header)))] == [
        "text"
    ]


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ({"size": "small"}, {"size": "large"}),
        ({"size": 3}, {"size": 4}),
        ({"duration": 3}, {"duration": 4}),
        ({"price": "1.00"}, {"price": "2.00"}),
        ({"rate": "slow"}, {"rate": "fast"}),
    ],
)
def test_what_the_application_says_is_no_measure_of_the_platform(
    tmp_path: Path, was: dict[str, Any], now: dict[str, Any]
) -> None:
    def saying(payload: dict[str, Any]) -> Trace:
        words = f"{{action: talk, text: It comes on Monday., x: {json.dumps(payload)}}}"
        return of(tmp_path, FLOW.replace("{action: talk, text: It comes on Monday.}", words))

    name = next(iter(was))
    (one,) = compare(saying(was), saying(now)).differences
    assert (one.kind, one.where) == ("field", f"the reply /1/x/{name}")


def test_a_pointer_that_is_ignored_may_be_of_something_that_is_new() -> None:
    values = Values(Ids(), Ignored(["/phones/1", "/ncco/*"]), Origins({}), Origins({}))

    def differing(old: object, new: object) -> list[str]:
        return [leaf.pointer for leaf in values.leaves(old, new) if not leaf.ignored]

    assert differing({"phones": ["1"]}, {"phones": ["1", "2"]}) == []
    assert differing({"phones": ["1"]}, {"phones": ["1", "2", "3"]}) == ["/phones/2"]
    talk, hangup = {"action": "talk"}, {"action": "hangup"}
    assert differing({"ncco": [talk]}, {"ncco": [talk, hangup]}) == []
    assert differing({"nccos": [talk]}, {"nccos": [talk, hangup]}) == ["/nccos/1"]
