"""Calls in virtual time: limits, other telephones, pages, how a call ends."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from ivrsim.engine.events import event_from_record
from ivrsim.engine.session import Session
from ivrsim.engine.setup import CallSetup
from ivrsim.platforms import make_platform
from ivrsim.runtime.live import LiveCall
from ivrsim.trace.reader import TraceReader, load_inputs
from ivrsim.trace.record import Record
from tests.runtime.place import MENU_8X8, MENU_VONAGE, SECOND, call, records, run

# ------------------------------------------------------------------ limits

FOR_EVER = f"""
platform: vonage
app:
  pages:
    music: {{reply: [{{action: talk, text: {SECOND}, loop: 0}}]}}
"""


@pytest.mark.parametrize("seconds", [600, 7.5])
def test_max_time(tmp_path: Path, seconds: float) -> None:
    made, result = run(tmp_path, FOR_EVER, max_time_s=seconds)
    assert result.duration_ms == seconds * 1000
    (limit,) = records(made, "call.limit")
    assert limit.data == {"limit": "max_time", "limit_ms": seconds * 1000}
    assert made.records[-1].data["by"] == "limit"
    assert any("--max-time" in warning for warning in result.warnings)
    assert result.exit_status == 0


def test_an_application_that_answers_itself_for_ever(tmp_path: Path) -> None:
    flow = """
        platform: vonage
        app:
          pages:
            again:
              reply: [{action: input, type: [dtmf], dtmf: {timeOut: 0}}]
              next: {timeout: again}
    """
    made, result = run(tmp_path, flow)
    limit = records(made, "call.limit")[0]
    assert limit.data["limit"] == "runaway"
    assert made.ended
    assert len(made.records) < 6000
    assert any("answers itself for ever" in r.data["message"] for r in records(made, "diagnostic"))
    assert (result.exit_status, result.failed) == (1, True)


# ------------------------------------------------------------------ other telephones


def dial(party: str) -> str:
    return f"""
        platform: vonage
        parties: {{"+447700900001": {party}}}
        app:
          pages:
            dial:
              reply:
                - action: connect
                  endpoint: [{{type: phone, number: "447700900001"}}]
                  timeout: 20
                - {{action: talk, text: {SECOND}}}
    """


@pytest.mark.parametrize(
    ("party", "kinds", "leg_ended_at", "outcome"),
    [
        ("{answers_after: 4, hangs_up_after: 6}", ["answered", "hangup"], 10_000, "completed"),
        ("busy", ["busy"], 3000, "busy"),
        ("rejected", ["unanswered"], 3000, "rejected"),
        ("unreachable", ["unanswered"], 3000, "unreachable"),
        ("no_answer", [], 20_000, "timeout"),
        ("by_hand", [], 20_000, "timeout"),
    ],
)
def test_parties(
    tmp_path: Path, party: str, kinds: list[str], leg_ended_at: int, outcome: str
) -> None:
    made, result = run(tmp_path, dial(party))
    created = {r.leg: r.data["name"] for r in records(made, "leg.created")}
    mine = [r for r in made.records if created.get(r.leg) == "B" and r.kind.startswith("leg.")]
    assert [r.kind[4:] for r in mine if r.is_input] == ["ringing", *kinds]
    assert (mine[-1].t, mine[-1].data["outcome"]) == (leg_ended_at, outcome)
    assert made.records[-1].data["duration_ms"] == leg_ended_at + 1000
    assert result.exit_status == 0
    by_hand = [w for w in result.warnings if "by hand" in w]
    assert bool(by_hand) is (party == "by_hand")


def test_voicemail_answers_as_a_machine(tmp_path: Path) -> None:
    made, _ = run(tmp_path, dial("voicemail"), keys="hangup@30")
    answered = [r for r in records(made, "leg.answered") if r.is_input]
    assert answered[0].data["machine"] is True


def test_what_a_party_says_is_in_the_trace(tmp_path: Path) -> None:
    made, _ = run(tmp_path, dial(f"{{says: {SECOND}, hangs_up_after: 5}}"))
    (speech,) = records(made, "speech")
    bridged = records(made, "leg.bridged")[0]
    assert (speech.t, speech.data["text"], speech.data["duration_ms"]) == (3300, SECOND, 1000)
    assert speech.cause == bridged.seq


def test_the_person_of_a_call_out_answers_after_two_seconds(tmp_path: Path) -> None:
    flow = f"""
        platform: vonage
        direction: outbound
        parties: {{default: busy}}
        ncco: [{{action: talk, text: {SECOND}}}]
    """
    made, result = run(tmp_path, flow)
    assert [r.t for r in records(made, "leg.answered")] == [2000]
    assert result.duration_ms == 3000


# ------------------------------------------------------------------ pages


def test_a_page_may_take_its_time(tmp_path: Path) -> None:
    flow = f"""
        platform: vonage
        app:
          pages:
            slow: {{delay: 2.5, reply: [{{action: talk, text: {SECOND}}}]}}
    """
    made, result = run(tmp_path, flow)
    assert [r.t for r in records(made, "prompt.started")] == [2500]
    assert result.duration_ms == 3500


@pytest.mark.parametrize(
    ("reply", "status"),
    [(f"[{{action: talk, text: {SECOND}}}]", 0), ("[{action: tlak}]", 1), ("{a: 1}", 1)],
)
def test_exit_status_by_what_the_application_says(tmp_path: Path, reply: str, status: int) -> None:
    flow = f"platform: vonage\napp: {{pages: {{only: {{reply: {reply}}}}}}}\n"
    made, result = run(tmp_path, flow)
    assert result.exit_status == status
    assert result.failed is bool(status)
    assert made.result is result


def test_a_warning_fails_a_strict_call(tmp_path: Path) -> None:
    flow = """
        platform: vonage
        app: {pages: {only: {reply: [{action: talk, text: Hello, loop: "2"}]}}}
    """
    _, result = run(tmp_path, flow)
    assert (result.exit_status, len(result.warnings)) == (0, 1)
    _, result = run(tmp_path, flow, strict=True)
    assert result.exit_status == 1


def test_a_missing_prompt_file(tmp_path: Path) -> None:
    flow = f"""
        platform: vonage
        app:
          pages:
            only:
              reply:
                - {{action: stream, streamUrl: [nothing.wav]}}
                - {{action: talk, text: {SECOND}}}
    """
    made, result = run(tmp_path, flow)
    (failed,) = records(made, "prompt.failed")
    assert "nothing.wav" in failed.data["message"]
    assert len(records(made, "prompt.started")) == 1
    assert result.exit_status == 1


# ------------------------------------------------------------------ the trace


def test_the_trace_the_stream_and_the_records_are_the_same(tmp_path: Path) -> None:
    stream = io.BytesIO()
    path = tmp_path / "call.jsonl"
    made, _ = run(tmp_path, MENU_8X8, keys="12 34", trace_path=path, stream=stream)
    assert path.read_bytes() == stream.getvalue()
    with TraceReader(path) as reader:
        assert reader.header == made.header
        reader.index_all()
        assert list(reader.records()) == made.records


@pytest.mark.parametrize("flow", [MENU_8X8, MENU_VONAGE], ids=["8x8", "vonage"])
def test_a_call_can_be_fed_again(tmp_path: Path, flow: str) -> None:
    path = tmp_path / "call.jsonl"
    made, _ = run(tmp_path, flow, keys="^12 - 3", trace_path=path)
    with TraceReader(path) as reader:
        setup = CallSetup.from_json(reader.header.setup)
        session = Session(make_platform(setup), setup)
        again: list[Record] = []
        for record in load_inputs(reader):
            again += session.feed(event_from_record(record), record.t)[0]
    assert again == made.records


def test_the_same_seed_makes_the_same_call(tmp_path: Path) -> None:
    options = {"keys": "12 34", "at": "2026-11-21T09:30:00Z"}
    one, _ = run(tmp_path, MENU_8X8, seed=7, **options)
    two, _ = run(tmp_path, MENU_8X8, seed=7, **options)
    three, _ = run(tmp_path, MENU_8X8, seed=8, **options)
    assert one.records == two.records
    assert one.records != three.records


def test_a_secret_page(tmp_path: Path) -> None:
    path = tmp_path / "call.jsonl"
    flow = MENU_8X8.replace("    menu:\n", "    menu:\n      secret: true\n")
    made, _ = run(tmp_path, flow, keys="77 ^88 99", trace_path=path)
    assert '"77"' not in path.read_text()
    assert records(made, "capture.closed")[0].data["digits"] == "••"


def test_records_are_on_disk_before_anybody_sees_them(tmp_path: Path) -> None:
    path = tmp_path / "call.jsonl"
    made = call(tmp_path, MENU_8X8, keys="12 34", trace_path=path)
    seen = 0

    def see(step: Sequence[Record]) -> None:
        nonlocal seen
        seen += len(step)
        assert path.read_bytes().count(b"\n") == seen + 1

    made.subscribe(see)
    asyncio.run(made.run())
    assert seen == len(made.records)


def test_a_subscriber_that_raises_does_not_cost_the_trace(tmp_path: Path) -> None:
    path = tmp_path / "call.jsonl"
    made = call(tmp_path, MENU_8X8, keys="12 34", trace_path=path)

    def see(step: Sequence[Record]) -> None:
        if any(record.kind == "digit" for record in step):
            raise ZeroDivisionError("a face is broken")

    made.subscribe(see)
    with pytest.raises(ZeroDivisionError, match="a face is broken"):
        asyncio.run(made.run())
    with TraceReader(path) as reader:
        reader.index_all()
        assert list(reader.records()) == made.records
        assert made.records[-1].t == 2000


def test_unsubscribing(tmp_path: Path) -> None:
    made = call(tmp_path, MENU_8X8)
    seen: list[int] = []

    def see(step: Sequence[Record]) -> None:
        seen.append(len(step))
        stop()

    stop = made.subscribe(see)
    asyncio.run(made.run())
    assert len(seen) == 1


def test_a_call_that_is_cancelled_leaves_a_whole_trace(tmp_path: Path) -> None:
    path = tmp_path / "call.jsonl"
    flow = """
        platform: vonage
        app:
          pages:
            again:
              reply: [{action: input, type: [dtmf], dtmf: {timeOut: 1}}]
              next: {timeout: again}
    """
    made = call(tmp_path, flow, trace_path=path)

    async def cancelled() -> None:
        task = asyncio.ensure_future(made.run())

        def see(step: Sequence[Record]) -> None:
            task.cancel()

        made.subscribe(see)
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    assert records(made, "api.request")[0].data["source"] == "script"
    assert made.records[-1].kind == "call.ended"
    assert made.records[-1].t < 600_000
    with TraceReader(path) as reader:
        reader.index_all()
        assert list(reader.records()) == made.records


def test_what_the_person_does_before_and_after_the_call_is_harmless(tmp_path: Path) -> None:
    made = call(tmp_path, MENU_8X8)
    _use(made)
    assert made.records == []
    asyncio.run(made.run())
    count = len(made.records)
    _use(made)
    assert len(made.records) == count
    assert made.now_ms == made.records[-1].t


def _use(made: LiveCall) -> None:
    made.press("1")
    made.hang_up()
    made.mark("here")
    made.mute(True)
    made.party("nobody", "answer")
    assert made.skip_prompt() is False
    assert made.levels == (0.0, 0.0)


def test_curl(tmp_path: Path) -> None:
    made, _ = run(tmp_path, MENU_8X8, keys="34")
    request = next(r.data["webhook"] for r in records(made, "webhook.request") if r.data["sent"])
    assert made.curl(request).startswith("curl")
    with pytest.raises(KeyError):
        made.curl("w999")
    assert json.loads(json.dumps(made.header.to_json()))["setup"]["platform"] == "8x8"
