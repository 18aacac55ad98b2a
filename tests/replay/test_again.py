"""Making a recorded call again: what it called, what of it can be, and under other readings."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

import ivrsim
from ivrsim.errors import InputError, IvrsimError
from ivrsim.exchange.exporting import export_trace
from ivrsim.exchange.importing import read_calls, write_calls
from ivrsim.flows.target import TargetOptions, load_target
from ivrsim.replay.again import How
from ivrsim.replay.assumptions import assume, assumptions_of
from ivrsim.replay.run import Replayed, replay
from ivrsim.replay.traces import Trace, read_trace
from ivrsim.runtime.place import CallOptions, place_call
from tests.replay.calls import call, changed, flow, trace
from tests.replay.test_compare import FLOW, told
from tests.runtime_http.servers import answering, ok, raw_server

RESTAURANT = "flows/restaurant.yaml"


def again(source: Any, how: How | None = None, **more: Any) -> Replayed:
    return asyncio.run(replay(source, how, **more))


@pytest.mark.parametrize(
    ("target", "keys", "platform"),
    [
        ("flows/restaurant.yaml", "3 1 2", None),
        ("flows/restaurant.yaml", "2", None),
        ("flows/parcel.yaml", "20481776# 1", None),
        ("flows/voicemail.yaml", '2 say:"please call me back"', None),
        ("flows/clinic.yaml", "^1 2", None),
        ("flows/callback.yaml", "1", None),
        ("flows/reminder.yaml", "1", None),
        ("flows/flask_vonage.yaml", "20481776# 1", None),
        ("flows/fastapi_8x8.yaml", "1 1", None),
        ("flows/flask_vonage.py:app/answer", "20481776# 1", "vonage"),
    ],
)
def test_every_sample_made_again_is_the_same(
    tmp_path: Path, target: str, keys: str, platform: str | None
) -> None:
    file = tmp_path / "call.jsonl"
    options = TargetOptions(platform=platform)
    call(target, keys, options=options, trace_path=file, seed=None, at=None)
    replayed = again(file)
    assert told(replayed.comparison) == []
    assert replayed.comparison.notes == ()
    assert all(row.same for row in replayed.comparison.pairs)


async def test_a_call_made_in_real_time_is_the_same_in_virtual_time(tmp_path: Path) -> None:
    target = flow(tmp_path, FLOW)
    placed = place_call(load_target(target), CallOptions(keys="1", clock="40x"))
    await placed.run()
    replayed = await replay(Trace(placed.records, placed.header), tolerance_ms=1000)
    assert told(replayed.comparison) == []


def test_another_target_is_called_with_the_numbers_and_the_platform_of_the_trace(
    tmp_path: Path,
) -> None:
    old = trace(call(flow(tmp_path, FLOW), "1"))
    document = tmp_path / "ncco.json"
    document.write_text(json.dumps([{"action": "talk", "text": "closed"}]))
    replayed = again(old, How((str(document), TargetOptions(), CallOptions())))
    header = replayed.new.header
    assert header is not None and header.setup["caller"] == old.header.setup["caller"]  # type: ignore[union-attr]  # it has one
    assert replayed.comparison.counts["missing"]
    assert any("the key 1" in note for note in replayed.comparison.notes)


def test_a_target_of_the_other_platform_is_refused(tmp_path: Path) -> None:
    old = trace(call(flow(tmp_path, FLOW), "1"))
    with pytest.raises(InputError, match="vonage"):
        again(old, How((RESTAURANT, TargetOptions(), CallOptions())))
    url = "http://localhost:5000/vca"
    with pytest.raises(InputError, match=r"is a call of vonage, and http.*/vca is for 8x8"):
        again(old, How((url, TargetOptions(platform="8x8"), CallOptions())))


def test_a_target_that_has_gone_asks_for_another(tmp_path: Path) -> None:
    target = flow(tmp_path, FLOW)
    old = trace(call(target, "1"))
    Path(target).unlink()
    with pytest.raises(InputError, match="add --against TARGET"):
        again(old)
    assert old.header is not None
    hidden = replace(old, header=old.header._replace(target="http://x/?token=•••"))
    with pytest.raises(InputError, match="add --against with the whole address"):
        again(hidden)
    with pytest.raises(InputError, match="with its header"):
        again(old.records)


def test_settings_of_the_trace_hold_unless_others_are_given(tmp_path: Path) -> None:
    target = flow(tmp_path, FLOW)
    settings = TargetOptions(settings={"vonage.no_digits": ""})
    old = trace(call(target, "-", options=settings))
    assert again(old).comparison.same
    other = again(old, How(settings={"vonage.no_digits": "null"}))
    assert {one.kind for one in other.comparison.differences} == {"field"}
    with pytest.raises(InputError, match="no_such"):
        again(old, How(settings={"vonage.no_such": "1"}))


def test_the_first_difference_ends_the_call(tmp_path: Path) -> None:
    old = trace(call(flow(tmp_path, FLOW), "1"))
    new = FLOW.replace("Welcome to", "Here is").replace("Thank you", "Thanks")
    how = How((flow(tmp_path, new, "new"), TargetOptions(), CallOptions()))
    replayed = again(old, how, first=True)
    (one,) = replayed.comparison.differences
    assert (one.kind, one.old_seq) == ("text", 9)
    assert replayed.result is None
    assert len(replayed.new.records) < 25
    assert len(again(old, how).comparison.differences) == 2
    same = again(old, first=True)
    assert same.comparison.same and same.result is not None


def test_a_call_that_was_signed_is_said_to_be_unsigned(tmp_path: Path) -> None:
    target = flow(tmp_path, FLOW)
    old = trace(call(target, "1", options=TargetOptions(signature_secret="s3cret")))
    unsigned = again(old).comparison.notes
    assert "add" not in unsigned[0] and "--signature-secret" in unsigned[0]
    assert "s3cret" not in unsigned[0]
    signed = How((target, TargetOptions(signature_secret="s3cret"), CallOptions()))
    assert again(old, signed).comparison.notes == ()


def test_what_was_changed_by_hand_is_not_changed_again(tmp_path: Path) -> None:
    old = trace(call(flow(tmp_path, FLOW), "1"))
    edited = [r._replace(kind="reply.edited") if r.kind == "api.response" else r
              for r in old.records]  # fmt: skip
    mark = old.records[3]._replace(seq=len(edited) + 1, kind="reply.edited", data={})
    notes = again(Trace([*edited, mark], old.header)).comparison.notes
    assert any("changed by hand" in note for note in notes)


async def test_a_real_application_that_has_changed(tmp_path: Path) -> None:
    def application(word: str) -> Any:
        ask = [
            {"action": "talk", "text": f"{word}, press a key.", "bargeIn": True},
            {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}},
        ]
        talk = [{"action": "talk", "text": "Good-bye."}]
        return answering(*[ok(json.dumps(one).encode()) for one in (ask, talk)])

    file = tmp_path / "call.jsonl"
    vonage = TargetOptions(platform="vonage")
    async with raw_server(application("Hello")) as server:
        target = load_target(f"{server.url}/answer", vonage)
        await place_call(target, CallOptions(keys="1", trace_path=file)).run()
    async with raw_server(application("Hello")) as server:
        how = How((f"{server.url}/answer", TargetOptions(), CallOptions()))
        assert (await replay(file, how)).comparison.same, "at another address, with other ids"
    async with raw_server(application("Welcome")) as server:
        compared = await ivrsim.areplay_call(file, f"{server.url}/answer")
    assert told(compared) == [
        ("text", "the reply /0/text: “Hello, press a key.” → “Welcome, press a key.”")
    ]
    gone = await ivrsim.areplay_call(file)
    first = gone.differences[0]
    assert (first.kind, first.where) == ("field", "the reply")
    assert "refused" in first.text and first.follows > 3, "all else follows from it"
    assert "missing" not in gone.counts


def test_faults_of_the_flow_come_again_and_are_no_difference(tmp_path: Path) -> None:
    faults = """
faults:
  - {fault: 503, when: "purpose:answer", nth: 1}
  - {fault: slow, by: 2, when: "purpose:input"}
"""
    old = trace(call(flow(tmp_path, FLOW + faults), "1"))
    assert any(record.kind == "fault.injected" for record in old.records)
    assert again(old, tolerance_ms=0).comparison.same


# ---------------------------------------------------------------------- imported traces


def imported(old: Trace, *, digits: bool = True) -> Trace:
    """``old`` as if its webhooks had been read from a log."""
    kinds = {"call.started", "leg.created", "document.received"}
    kinds |= {"webhook.request", "webhook.response"}
    kinds |= {"capture.opened", "capture.closed"} if digits else set()
    kept = [r._replace(is_input=False) for r in old.records if r.kind in kinds]
    numbers = {record.seq: i for i, record in enumerate(kept, 1)}
    return replace(
        old,
        records=[
            r._replace(seq=numbers[r.seq], cause=numbers.get(r.cause or 0)) for r in kept
        ],
    )  # fmt: skip


def test_an_imported_call_presses_what_its_webhooks_tell(tmp_path: Path) -> None:
    old = imported(trace(call(flow(tmp_path, FLOW), "1")))
    replayed = again(old)
    assert told(replayed.comparison) == []
    assert [r.data["digit"] for r in replayed.new.records if r.kind == "digit"] == ["1"]
    assert "imported" in replayed.comparison.notes[0]
    new = flow(tmp_path, FLOW.replace("Thank you", "Thanks"), "new")
    other = again(old, How((new, TargetOptions(), CallOptions())))
    assert [one.kind for one in other.comparison.differences] == ["text"]


def test_an_imported_trace_asks_what_to_call(tmp_path: Path) -> None:
    log = tmp_path / "bodies.jsonl"
    ids = {"conversation_uuid": "CON-1", "uuid": "L1", "to": "6567770123", "from": "6591178965"}
    pressed = {**ids, "dtmf": {"digits": "1"}, "timestamp": "2026-11-21T08:00:01.000Z"}
    log.write_text("".join(json.dumps(body) + "\n" for body in (ids, pressed)))
    (file,) = write_calls(read_calls([log]), tmp_path / "traces")
    with pytest.raises(InputError, match="does not say what to call today: add --against TARGET"):
        again(file)


def test_what_a_log_did_not_hold_of_a_url_is_no_difference(tmp_path: Path) -> None:
    """An access log has paths, a log of bodies has no URL at all."""
    old = imported(trace(call(flow(tmp_path, FLOW), "1")))
    assert old.header is not None
    records = []
    for record in old.records:
        if record.kind == "webhook.request":
            query = str(record.data["url"]).partition("?")[2]
            answer = record.data["purpose"] == "answer"
            url = f"/answer?{query}" if answer else None
            record = record._replace(data={**record.data, "url": url})
        records.append(record)
    setup = {**old.header.setup, "urls": {"answer": "/answer", "event": None, "fallback": None}}
    log = replace(old, records=records, header=old.header._replace(setup=setup))
    assert told(again(log).comparison) == []


def test_an_imported_call_without_keys_cannot_be_made_again(tmp_path: Path) -> None:
    old = trace(call(flow(tmp_path, FLOW), "1"))
    with pytest.raises(InputError, match="nobody can make this call again"):
        again(imported(old, digits=False))


# ---------------------------------------------------------------------- assumptions


def test_the_settings_that_decided_something_are_known_without_a_call(tmp_path: Path) -> None:
    found = assumptions_of(trace(call(flow(tmp_path, FLOW), "-")))
    assert {one.name for one in found} >= {"vonage.no_digits", "vonage.input_timer"}
    assert all(one.outcomes == () and one.why and one.page for one in found)


def test_a_flow_under_each_other_reading(tmp_path: Path) -> None:
    assumed = asyncio.run(assume(trace(call(flow(tmp_path, FLOW), "1"))))
    assert not assumed.failed
    by_name = {one.name: one for one in assumed.assumptions}
    at_once = by_name["vonage.max_digits_end"]
    assert [outcome.value for outcome in at_once.outcomes] == ["time_out"]
    assert at_once.outcomes[0].changed and "inter_digit" in at_once.outcomes[0].text
    speech = by_name["vonage.speech_off"].outcomes[0]
    assert not speech.changed and speech.text == "the same course"
    assert json.dumps(at_once.to_json())


async def test_a_flow_that_fails_under_another_reading() -> None:
    """An application that knows one shape of the digits only."""

    ask = {
        "action": "sayAndCapture",
        "params": {"promptMessage": "Press a key.", "voiceProfile": "en-US", "maxDigits": 1},
    }
    as_json = "Content-Type: application/json"

    async def shop(reader: Any, writer: asyncio.StreamWriter, head: bytes) -> None:
        payload = json.loads(server.bodies[-1])["payload"]
        if payload["callStatus"] == "CALL_RECEIVED":
            writer.write(ok(json.dumps({"callflow": [ask]}).encode(), as_json))
        elif "dtmf" in payload:
            writer.write(ok(b'{"callflow": [{"action": "hangup"}]}', as_json))
        else:
            writer.write(ok(b"{}", status="500 Oops"))

    async with raw_server(shop) as server:
        target = load_target(f"{server.url}/vca", TargetOptions(platform="8x8"))
        placed = place_call(target, CallOptions(keys="1"))
        result = await placed.run()
        assert not result.failed, result.why
        assumed = await assume(Trace(placed.records, placed.header))
    assert assumed.failed
    shape = next(one for one in assumed.assumptions if one.name == "8x8.dtmf_shape")
    failing = {one.value: one.failed for one in shape.outcomes}
    assert failing["event_data"] and not failing["payload"]
    assert any(one.text.startswith("the call fails") for one in shape.outcomes)


# ---------------------------------------------------------------------- Python


def test_from_python(tmp_path: Path) -> None:
    made = ivrsim.call(flow(tmp_path, FLOW), keys="1")
    assert ivrsim.replay_call(made).same
    new = flow(tmp_path, FLOW.replace("Thank you", "Thanks"), "new")
    save = tmp_path / "again.jsonl"
    compared = ivrsim.replay_call(made, new, save=save)
    assert compared.counts == {"text": 1}
    assert ivrsim.compare_calls(made, save).counts == {"text": 1}
    assert ivrsim.replay_call(made, new, ignore=["text"]).same
    assert read_trace(save).whole


async def test_the_blocking_function_refuses_to_wait_in_a_loop(tmp_path: Path) -> None:
    made = await ivrsim.acall(flow(tmp_path, FLOW), keys="1")
    with pytest.raises(IvrsimError, match="areplay_call"):
        ivrsim.replay_call(made)
    assert (await ivrsim.areplay_call(made)).same


def test_words_without_an_anchor_are_told(tmp_path: Path) -> None:
    old = trace(call(flow(tmp_path, FLOW), "1"))
    digit = next(r for r in old.records if r.kind == "digit")
    kept = changed(list(old.records), digit.seq, digit="2")
    assert again(Trace(kept, old.header)).comparison.counts, "what is pressed is what is recorded"


def test_the_new_trace_does_not_take_the_place_of_the_recorded_one(tmp_path: Path) -> None:
    file = tmp_path / "call.jsonl"
    call(flow(tmp_path, FLOW), "1", trace_path=file)
    was = file.read_bytes()
    (tmp_path / "link.jsonl").symlink_to(file)
    for name in ("call.jsonl", "link.jsonl"):
        with pytest.raises(InputError, match="this is the recorded trace itself"):
            again(file, How(save=tmp_path / name))
    assert file.read_bytes() == was
    again(file, How(save=tmp_path / "new.jsonl"))
    assert read_trace(tmp_path / "new.jsonl").whole


def test_a_masked_trace_is_called_with_other_numbers(tmp_path: Path) -> None:
    target = flow(tmp_path, FLOW)
    file, masked = tmp_path / "call.jsonl", tmp_path / "masked.jsonl"
    call(target, "1", trace_path=file, options=TargetOptions(caller="+6591178965"))
    export_trace(file, "trace", masked, BytesIO())
    replayed = again(masked)
    assert any("the trace is masked" in note for note in replayed.comparison.notes)
    assert {one.kind for one in replayed.comparison.differences} == {"field"}
    assert "+65••••••65" in str(replayed.comparison.differences[0].old)
