"""The same events give the same records: what rewind, replay and fuzzing stand on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings

from ivrsim.engine.events import event_from_record
from ivrsim.engine.setup import CallSetup
from ivrsim.trace.reader import TraceReader, load_inputs
from ivrsim.trace.record import Header, Record
from ivrsim.trace.writer import TraceWriter
from tests.desk import Desk, leads_to, make_session, setup
from tests.engine import strategies as a

_MENU_8X8 = {
    "callflow": [
        {
            "action": "sayAndCapture",
            "params": {"promptMessage": "Pin?", "voiceProfile": "en-US", "maxDigits": 6},
        }
    ]
}
_MENU_VONAGE = [
    {"action": "talk", "text": "Pin?", "bargeIn": True},
    {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 6}},
]


def write(path: Path, call_setup: CallSetup, records: list[Record]) -> None:
    header = Header(
        platform=call_setup.platform,
        target="test",
        seed=call_setup.seed,
        started_at=call_setup.started_at,
        settings=dict(call_setup.settings),
        setup=call_setup.to_json(),
    )
    with TraceWriter(path) as writer:
        writer.header(header)
        writer.append(records)


def fed_again(path: Path) -> list[Record]:
    """The records of a new session that is told what the trace at ``path`` tells."""
    with TraceReader(path) as reader:
        session = make_session(CallSetup.from_json(reader.header.setup))
        records: list[Record] = []
        for record in load_inputs(reader):
            records += session.feed(event_from_record(record), record.t)[0]
        return records


@settings(max_examples=150 * a.EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=a.scripts())
def test_a_recorded_call_fed_again_gives_the_same_records(script: a.Script) -> None:
    desk = Desk.of(script).run(until=36_000_000)
    with TemporaryDirectory() as folder:
        path = Path(folder, "call.jsonl")
        write(path, script.setup, desk.records)
        again = Path(folder, "again.jsonl")
        write(again, script.setup, fed_again(path))
        assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize(("platform", "menu"), [("8x8", _MENU_8X8), ("vonage", _MENU_VONAGE)])
@pytest.mark.parametrize("keys", ["739158", "73915#"])
@pytest.mark.parametrize("at", [1300, 2500], ids=["during the prompt", "after it"])
@pytest.mark.parametrize("barge_in", ["yes", "no"])
def test_secret_digits_are_not_in_the_trace_and_it_can_be_fed_again(
    platform: str, menu: object, keys: str, at: int, barge_in: str, tmp_path: Path
) -> None:
    call_setup = setup(platform, secret=True, settings={"8x8.barge_in": barge_in})
    pages = iter([menu])
    desk = Desk(call_setup, lambda command: next(pages, None) if _asks(command) else None)
    desk.press(at, keys).run()
    path = tmp_path / "call.jsonl"
    write(path, call_setup, desk.records)
    assert {record.data["digit"] for record in desk.all("digit")} <= {"•", "#"}
    sent = [command.body for command in desk.sent if command.body and b'"dtmf"' in command.body]
    assert b"73915" in sent[0]
    assert "73915" not in path.read_text()
    assert fed_again(path) == desk.records


def _asks(command: object) -> bool:
    return not command.context.get("informational")  # type: ignore[attr-defined]  # SendWebhook


def test_secret_words_are_not_in_the_trace_and_it_can_be_fed_again(tmp_path: Path) -> None:
    ask = {"action": "input", "type": ["dtmf", "speech"], "speech": {"saveAudio": True}}
    pages = iter([[ask, {"action": "input", "type": ["speech"]}]])
    call_setup = setup("vonage", secret=True)
    desk = Desk(call_setup, lambda command: next(pages, None) if _asks(command) else None)
    desk.say(500, "swordfish").press(5000, "73915").say(6000, "swordfish").run()
    path = tmp_path / "call.jsonl"
    write(path, call_setup, desk.records)
    sent = [command.body or b"" for command in desk.sent if command.purpose == "input"]
    assert all(b"swordfish" in body for body in sent)
    assert "swordfish" not in path.read_text()
    assert "7" not in {record.data["digit"] for record in desk.all("digit")}
    assert fed_again(path) == desk.records


@settings(max_examples=100 * a.EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=a.scripts())
def test_each_digit_that_counts_leads_to_webhook_reply_and_prompt(script: a.Script) -> None:
    desk = Desk.of(script).run(until=36_000_000)
    for closed in desk.all("capture.closed"):
        digits = [r for r in desk.records if r.seq in closed.data["digit_seqs"]]
        assert len(digits) == len(closed.data["digit_seqs"])
        if closed.data["ended_by"] == "hangup":
            continue
        request = _first(desk, "webhook.request", closed.seq, _tells_digits)
        again = _first(desk, "capture.opened", closed.seq, lambda record: True)
        if request and again and again.seq < request.seq:
            continue  # a try that failed: no webhook tells of its digits
        reply = request and _first(desk, "webhook.response", request.seq, _answers(request))
        prompt = reply and _first(desk, "prompt.started", reply.seq, lambda record: True)
        gone = _first(desk, "api.request", closed.seq, lambda record: True)
        if reply and prompt and _acts_between(desk, reply, prompt):
            prompt = None  # what the caller did since has brought it about
        for later in (closed, request, reply, prompt):
            if later is None or (gone is not None and later.seq > gone.seq):
                break
            for digit in digits:
                assert leads_to(desk.records, digit, later)
    listed = {seq for r in desk.all("capture.closed") for seq in r.data["digit_seqs"]}
    for digit in desk.all("digit"):
        if digit.data["capture"] is not None:
            assert digit.seq in listed


def _acts_between(desk: Desk, after: Record, before: Record) -> bool:
    between = desk.records[after.seq : before.seq]
    return any(record.kind in ("digit", "speech", "speech.stopped") for record in between)


def _first(desk: Desk, kind: str, after: int, test: Callable[[Record], bool]) -> Record | None:
    found = (r for r in desk.all(kind) if r.seq > after and not r.data.get("ignored") and test(r))
    return next(found, None)


def _tells_digits(request: Record) -> bool:
    return request.data["title"] in ("input", "VCA ACTION_COMPLETED") and request.data["sent"]


def _answers(request: Record) -> Callable[[Record], bool]:
    return lambda record: record.cause == request.seq


@pytest.mark.parametrize(("platform", "menu"), [("8x8", _MENU_8X8), ("vonage", _MENU_VONAGE)])
@pytest.mark.parametrize("at", [1300, 2500], ids=["barge-in", "after the prompt"])
def test_from_a_key_to_the_next_prompt(platform: str, menu: object, at: int) -> None:
    pages = iter([menu, menu])
    desk = Desk(setup(platform), lambda command: next(pages, None) if _asks(command) else None)
    desk.press(at, "739158").run()
    request = _first(desk, "webhook.request", 0, _carries_digits)
    assert request is not None
    reply = _first(desk, "webhook.response", request.seq, _answers(request))
    assert reply is not None
    prompt = _first(desk, "prompt.started", reply.seq, lambda record: True)
    assert prompt is not None
    pressed = [r for r in desk.all("digit") if r.data["ignored"] is None]
    assert len(pressed) == 6
    for digit in pressed:
        assert leads_to(desk.records, digit, request)
        assert leads_to(desk.records, digit, reply)
        assert leads_to(desk.records, digit, prompt)


def _carries_digits(request: Record) -> bool:
    return "739158" in str(request.data["body"])
