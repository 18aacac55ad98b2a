"""Branches of real calls: another key, another reply, the application asked again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import ivrsim
from ivrsim.debugger.branch import branch, branch_again
from ivrsim.debugger.breakpoints import Breakpoints, Debugger
from ivrsim.debugger.tree import tree_of
from ivrsim.errors import InputError
from ivrsim.flows.target import TargetOptions, load_target
from ivrsim.runtime.live import LiveCall
from ivrsim.runtime.place import CallOptions, place_call
from ivrsim.trace.reader import TraceReader
from ivrsim.trace.record import Header, Record
from tests.debugger.test_stopping import Stops

FLASK, FASTAPI = "flows/flask_vonage.yaml", "flows/fastapi_8x8.yaml"


def recorded(target: str, keys: str, path: Path) -> list[Record]:
    return ivrsim.call(target, keys=keys, trace=path, seed=7).trace


def records_of(trace: Path) -> tuple[Header, list[Record]]:
    with TraceReader(trace) as reader:
        reader.index_all()
        return reader.header, list(reader.records())


def nth(records: Sequence[Record], kind: str, number: int = 1) -> Record:
    return [record for record in records if record.kind == kind][number - 1]


def heard(call: LiveCall) -> list[str]:
    return [
        record.data["text"]
        for record in call.records
        if record.kind == "prompt.started" and record.data["text"]
    ]


def go_back(trace: Path, seq: int, target: str, keys: str, to: Path) -> LiveCall:
    header, records = records_of(trace)
    options = CallOptions(keys=keys, trace_path=to)
    call = branch(records, header, seq, load_target(target, TargetOptions()), options, trace=trace)
    asyncio.run(call.run())
    return call


async def again(trace: Path, seq: int, target: str, keys: str, to: Path) -> LiveCall:
    header, records = records_of(trace)
    options = CallOptions(keys=keys, trace_path=to)
    loaded = load_target(target, TargetOptions())
    call = await branch_again(records, header, seq, loaded, options, trace=trace)
    await call.run()
    return call


def test_another_key_at_the_second_question(tmp_path: Path) -> None:
    first = tmp_path / "first.jsonl"
    old = recorded("restaurant", "1 1", first)
    second_key = nth(old, "digit", 2)
    call = go_back(first, second_key.seq, "restaurant", "2", tmp_path / "second.jsonl")
    assert [r.data["digit"] for r in call.records if r.kind == "digit"] == ["1", "2"]
    assert call.records[: second_key.seq - 1] == old[: second_key.seq - 1]
    assert heard(call)[-1] != [r for r in old if r.kind == "prompt.started"][-1].data["text"]
    header, kept = records_of(tmp_path / "second.jsonl")
    assert kept == call.records
    assert header.parent is not None
    assert header.parent["trace"] == "first.jsonl"
    assert (header.parent["seq"], header.parent["t"]) == (second_key.seq, second_key.t)
    assert header.parent["replies"] == "recorded"
    assert header.parent["note"]


def test_a_branch_of_a_branch_and_their_tree(tmp_path: Path) -> None:
    one, two, three = (tmp_path / f"{name}.jsonl" for name in ("one", "two", "three"))
    old = recorded("restaurant", "1 1", one)
    call = go_back(one, nth(old, "digit", 1).seq, "restaurant", "1 2", two)
    go_back(two, nth(call.records, "digit", 2).seq, "restaurant", "1", three)
    go_back(one, nth(old, "digit", 2).seq, "restaurant", "2", tmp_path / "four.jsonl")
    (tmp_path / "rubbish.jsonl").write_text("rubbish")
    recorded("parcel", "1", tmp_path / "other.jsonl")
    tree = tree_of(three)
    assert [(depth, node.path.stem) for depth, node in tree.rows()] == [
        (0, "one"), (1, "two"), (2, "three"), (1, "four"),
    ]  # fmt: skip
    assert tree.here.path == three
    assert tree.root.parent is None
    two.unlink()
    tree = tree_of(three)
    assert tree.root.path == tree.here.path == three  # its parent is gone


@pytest.mark.parametrize("target", [FLASK, FASTAPI])
def test_a_python_application_is_asked_from_the_branch_on_only(target: str, tmp_path: Path) -> None:
    first = tmp_path / "first.jsonl"
    keys, other = ("20481776# 1", "2") if target == FLASK else ("1 1", "2")
    old = recorded(target, keys, first)
    key = [r for r in old if r.kind == "digit"][-1]
    call = go_back(first, key.seq, target, other, tmp_path / "second.jsonl")
    new = call.records[key.seq - 1 :]
    assert [r.data["digit"] for r in new if r.kind == "digit"] == ["2"]
    replies = [r for r in new if r.kind == "webhook.response"]
    assert replies and all(r.data["status"] < 300 for r in replies)
    assert not [r for r in new if r.kind == "webhook.failed"]
    assert call.result is not None and call.result.status in ("completed", "COMPLETED")


@pytest.mark.parametrize("target", ["restaurant", FASTAPI])
async def test_the_application_is_asked_again_with_new_ids(target: str, tmp_path: Path) -> None:
    first = tmp_path / "first.jsonl"
    old = await asyncio.to_thread(recorded, target, "1 ,1", first)  # a second after the prompt
    key = nth(old, "digit", 2)
    call = await again(first, key.seq, target, "2", tmp_path / "second.jsonl")
    assert [r.data["digit"] for r in call.records if r.kind == "digit"] == ["1", "2"]
    ids = call.records[0].data["ids"]
    assert ids != old[0].data["ids"]
    assert call.header.parent is not None
    assert call.header.parent["replies"] == "asked again"
    assert call.header.parent["seq"] == key.seq
    marks = [r for r in call.records if r.kind == "mark"]
    assert [mark.t for mark in marks] == [key.t]
    kept = records_of(tmp_path / "second.jsonl")[1]
    assert kept == call.records


def test_an_application_that_goes_another_way_today(tmp_path: Path) -> None:
    first = tmp_path / "first.jsonl"
    flow = tmp_path / "flow.yaml"
    text = Path("flows/restaurant.yaml").read_text()
    flow.write_text(text)
    old = recorded(str(flow), "1 1", first)
    flow.write_text(text.replace("sayAndCapture", "say").replace("promptMessage", "text"))
    with pytest.raises(InputError, match=r"the application of today does not come to record \d+"):
        asyncio.run(
            again(first, nth(old, "digit", 2).seq, str(flow), "2", tmp_path / "second.jsonl")
        )


def test_records_that_cannot_be_gone_back_to(tmp_path: Path) -> None:
    first = tmp_path / "first.jsonl"
    old = recorded("restaurant", "1 1", first)
    for seq, why in (
        (len(old), "the call is over"),
        (len(old) + 5, f"there is no record {len(old) + 5}"),
        (1, "nothing before the first record"),
    ):
        with pytest.raises(InputError, match=why):
            go_back(first, seq, "restaurant", "", tmp_path / "second.jsonl")
    assert not (tmp_path / "second.jsonl").exists()


def test_a_trace_that_was_changed_says_where(tmp_path: Path) -> None:
    first = tmp_path / "first.jsonl"
    old = recorded("restaurant", "1 1", first)
    opened = nth(old, "capture.opened", 1)
    lines = first.read_text().splitlines()
    lines[opened.seq] = lines[opened.seq].replace('"max_digits":1', '"max_digits":9')
    first.write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match=rf"record {opened.seq}: cannot go back"):
        go_back(first, nth(old, "digit", 1).seq, "restaurant", "2", tmp_path / "second.jsonl")
    assert not (tmp_path / "second.jsonl").exists()


def test_a_call_of_another_platform_is_refused(tmp_path: Path) -> None:
    first = tmp_path / "first.jsonl"
    old = recorded("restaurant", "1 1", first)
    with pytest.raises(InputError, match="is a call of 8x8"):
        go_back(first, nth(old, "digit", 1).seq, "parcel", "2", tmp_path / "second.jsonl")


def test_a_branch_stands_still_for_a_person_and_holds_the_reply_gone_back_to(
    tmp_path: Path,
) -> None:
    first = tmp_path / "first.jsonl"
    old = recorded("restaurant", "1 1", first)
    reply = nth(old, "webhook.response", 2)
    header, records = records_of(first)
    options = CallOptions(person=True)
    target = load_target("restaurant", TargetOptions())
    call = branch(records, header, reply.seq, target, options, trace=first)

    async def play() -> None:
        stopped = asyncio.Event()
        call.subscribe(lambda records: stopped.set() if call.stopped else None)
        making = asyncio.ensure_future(call.run())
        await stopped.wait()
        assert call.stopped.kind == "branch"
        draft = call.reply_draft()
        assert draft is not None
        assert draft.body == reply.data["body"]
        say = {"action": "say", "params": {"text": "Else.", "voiceProfile": "en-US"}}
        call.press("1")
        assert call.held == 1
        call.edit_reply(replace(draft, body=json.dumps({"callflow": [say]})), "the difference")
        call.go_on()
        await making

    asyncio.run(play())
    new = call.records[reply.seq - 1 :]
    assert [r.kind for r in new[:2]] == ["reply.edited", "webhook.response"]
    assert new[0].data["was"]["body"] == reply.data["body"]
    assert new[0].data["diff"] == "the difference"
    assert new[1].data["edited"] is True
    assert "Else." in heard(call)


@pytest.mark.parametrize(
    ("target", "keys", "kinds"),
    [
        ("storm", "1 2", ("webhook.response", "webhook.failed", "duplicate.response")),
        ("voicemail", "say:hello", ("timer.started", "timer.cancelled")),
        ("pin", "1234#", ("timer.started", "timer.cancelled")),
    ],
)
async def test_asked_again_all_is_there_that_was_before(
    target: str, keys: str, kinds: tuple[str, ...]
) -> None:
    """Faults of what had just been asked for, and what the caller did at the same moment."""
    loaded = load_target(target, TargetOptions())
    old = place_call(loaded, CallOptions(keys=keys, seed=7))
    await old.run()
    for place in [record for record in old.records if record.kind in kinds]:
        before = [record.kind for record in old.records[: place.seq - 1]]
        if any("•" in str(r.data.get("digit")) for r in old.records[: place.seq - 1]):
            break  # secret keys are in no trace
        call = await branch_again(old.records, old.header, place.seq, loaded, CallOptions())
        await call.run()
        again = [record.kind for record in call.records if record.kind != "mark"]
        assert again[: len(before)] == before, place


async def test_a_webhook_that_had_not_gone_out_meets_its_fault_in_the_branch() -> None:
    target = load_target("storm", TargetOptions())
    points = Breakpoints()
    points.add("request purpose:answer hit:1")
    old = place_call(target, CallOptions(seed=7), watcher=Debugger(points))
    making = asyncio.ensure_future(old.run())
    stopped = asyncio.Event()
    old.subscribe(lambda records: stopped.set() if old.stopped else None)
    await stopped.wait()
    held = old.request_drafts()[-1].webhook
    call = branch(list(old.records), old.header, len(old.records), target, CallOptions())
    old.leave("")
    await making
    await call.run()
    fault = nth(call.records, "fault.injected")
    assert (fault.data["webhook"], fault.data["source"]) == (held, "rule")


def test_who_goes_back_into_a_recording_speaks_into_it(tmp_path: Path) -> None:
    first = tmp_path / "first.jsonl"
    old = recorded("voicemail", "2 say:hello", first)
    words = nth(old, "speech.started")
    call = go_back(first, words.seq, "voicemail", "say:goodbye", tmp_path / "second.jsonl")
    assert [r.data["text"] for r in call.records if r.kind == "speech.started"] == ["goodbye"]
    assert nth(call.records, "speech.started").t == words.t
    assert call.result is not None and not call.result.warnings


async def test_what_is_typed_in_a_branch_waits_for_the_words_that_are_being_said() -> None:
    target = load_target("voicemail", TargetOptions())
    old = place_call(target, CallOptions(keys="say:hello", seed=7))
    await old.run()
    begun, said = nth(old.records, "speech.started"), nth(old.records, "speech")
    options = CallOptions(person=True)
    call = branch(old.records, old.header, begun.seq + 1, target, options)
    making = asyncio.ensure_future(call.run())
    await Stops(call, making).next()
    call.say("and goodbye")
    call.go_on()
    await making
    assert nth(call.records, "speech.started", 2).t == said.t
