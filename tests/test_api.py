"""The Python API, as a test of an application would use it."""

from __future__ import annotations

import asyncio
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest

import ivrsim

FLOWS = Path(__file__).parent.parent / "flows"
RESTAURANT = FLOWS / "restaurant.yaml"


def test_a_call_is_made_and_read() -> None:
    call = ivrsim.call(str(RESTAURANT), keys="1 2")
    assert isinstance(call, ivrsim.Call)
    assert call.digits == ["1", "2"]
    assert call.heard[0].startswith("Welcome to ABC Restaurant.")
    assert len(call.heard) == 3
    assert (call.status, call.failed, call.ended_by) == ("COMPLETED", False, "application")
    assert call.why is None
    assert call.warnings == ()
    assert call.duration == call.records("call.ended")[0].t / 1000
    assert repr(call) == f"<Call {RESTAURANT}: COMPLETED after {call.duration:.1f} s>"


def test_trace_and_header_are_the_records_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "call.jsonl"
    call = ivrsim.call(RESTAURANT, keys=["1", "2"], trace=path)
    lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert lines[0] == call.header.to_json()
    assert lines[1:] == [json.loads(json.dumps(record.to_json())) for record in call.trace]
    assert all(isinstance(record, ivrsim.Record) for record in call.trace)


def test_webhooks_are_pairs_of_request_and_reply() -> None:
    call = ivrsim.call(RESTAURANT, keys="1 2")
    sent = [webhook for webhook in call.webhooks if webhook.sent]
    assert [webhook.title for webhook in sent] == [
        "VCA CALL_RECEIVED",
        "VCA ACTION_COMPLETED",
        "VCA ACTION_COMPLETED",
    ]
    second = sent[1]
    assert (second.purpose, second.method, second.attempt) == ("VCA", "POST", 1)
    assert second.body["payload"]["eventData"] == {"dtmf": "1"}
    assert (second.status, second.failure) == (200, None)
    assert second.reply["callflow"][0]["action"] == "sayAndCapture"
    unsent = next(webhook for webhook in call.webhooks if not webhook.sent)
    assert (unsent.url, unsent.status, unsent.reply) == (None, None, None)


def test_a_try_that_takes_nothing_is_empty_digits() -> None:
    call = ivrsim.call(RESTAURANT, keys="- 1 2")
    assert call.digits == ["", "1", "2"]


def test_secret_digits_stay_secret() -> None:
    call = ivrsim.call(FLOWS / "pin.yaml", keys="4711# 2580")
    assert call.digits == ["4711", "••••"]
    assert "2580" not in json.dumps([record.to_json() for record in call.trace])


def test_the_other_side_of_a_bridge_is_heard() -> None:
    call = ivrsim.call(RESTAURANT, keys="2")
    said = [record.data["text"] for record in call.records("speech")]
    assert said
    assert set(said) <= set(call.heard)


def test_scripted_pages_have_seed_0() -> None:
    at = "2026-11-21T09:00:00Z"
    first, second = (ivrsim.call(RESTAURANT, keys="1 1", at=at) for _ in range(2))
    assert first.header.seed == 0
    assert first.trace == second.trace
    other = ivrsim.call(RESTAURANT, keys="1 1", at=at, seed=7)
    assert other.header.seed == 7
    assert other.trace != first.trace


def test_options_reach_the_call(tmp_path: Path) -> None:
    call = ivrsim.call(RESTAURANT, from_="+6511112222", settings={"8x8.vca_timeout": 5}, max_time=3)
    assert call.header.setup["caller"] == "+6511112222"
    assert call.header.settings["8x8.vca_timeout"] == "5"
    assert call.records("call.limit")[0].data["limit_ms"] == 3000
    assert call.ended_by == "limit"


def test_an_application_that_fails_the_call_is_no_exception(tmp_path: Path) -> None:
    document = tmp_path / "bad.json"
    document.write_text('[{"action": "talkk", "text": "Hello"}]')
    call = ivrsim.call(document)
    assert call.failed
    assert call.why
    codes = [diagnostic.code for diagnostic in call.diagnostics]
    assert any(code.startswith("vonage.") for code in codes)
    assert call.diagnostics[0].pointer is not None


def test_strict_makes_warnings_fail() -> None:
    relaxed = ivrsim.call(RESTAURANT, keys="1 1 5")
    strict = ivrsim.call(RESTAURANT, keys="1 1 5", strict=True)
    assert "left over" in relaxed.warnings[-1]
    assert (relaxed.failed, strict.failed) == (False, True)


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("no-such-sample", {}, "no sample 'no-such-sample'"),
        ("restaurant", {"keys": "x"}, "group 1 is 'x'"),
        ("restaurant", {"clock": "fast"}, "--clock: expected virtual"),
        ("restaurant", {"settings": {"8x8.nothing": "1"}}, "no setting '8x8.nothing'"),
        ("restaurant", {"platform": "vonage"}, "is a flow for 8x8"),
        ("restaurant", {"keys": ["say:table"]}, "takes keys, not words"),
    ],
)
def test_bad_input_is_an_input_error(target: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(ivrsim.InputError, match=message):
        ivrsim.call(target, **options)  # type: ignore[arg-type]  # wrong on purpose, some of them


async def test_call_inside_a_running_loop_says_what_to_use() -> None:
    with pytest.raises(ivrsim.IvrsimError, match=r"await ivrsim\.acall"):
        ivrsim.call("restaurant")


async def test_calls_can_run_at_the_same_time() -> None:
    one, two = await asyncio.gather(
        ivrsim.acall("restaurant", keys="1 1"), ivrsim.acall("parcel", keys="12345#")
    )
    assert (one.header.platform, two.header.platform) == ("8x8", "vonage")


def test_a_python_application_is_served_and_called(tmp_path: Path) -> None:
    application = tmp_path / "app.py"
    application.write_text(
        "async def app(scope, receive, send):\n"
        "    if scope['type'] != 'http':\n"
        "        return\n"
        "    await send({'type': 'http.response.start', 'status': 200,\n"
        "                'headers': [(b'content-type', b'application/json')]})\n"
        '    body = b\'[{"action": "talk", "text": "Hello"}]\'\n'
        "    await send({'type': 'http.response.body', 'body': body})\n"
    )
    target = f"{application}:app/answer"
    first = ivrsim.call(target, platform="vonage")
    second = ivrsim.call(target, platform="vonage")
    assert first.heard == ["Hello"]
    answer = next(webhook for webhook in first.webhooks if webhook.purpose == "answer")
    assert answer.reply == [{"action": "talk", "text": "Hello"}]
    # Applications remember ids: they must not repeat.
    assert first.header.seed != second.header.seed


def test_an_application_that_is_not_there_fails_the_call(unused_tcp_port: int) -> None:
    call = ivrsim.call(f"http://127.0.0.1:{unused_tcp_port}/answer", platform="vonage")
    assert call.failed
    first = next(webhook for webhook in call.webhooks if webhook.purpose == "answer")
    assert (first.sent, first.status, first.reply) == (True, None, None)
    assert "connection refused" in (first.failure or "")


def test_the_signature_of_call_is_that_of_acall() -> None:
    assert inspect.signature(ivrsim.call) == inspect.signature(ivrsim.acall)
    assert not inspect.iscoroutinefunction(ivrsim.call)


def test_importing_ivrsim_imports_next_to_nothing() -> None:
    code = (
        "import sys, ivrsim; ivrsim.__version__; "
        "print(sorted(m for m in sys.modules if m.startswith('ivrsim') or m in "
        "('aiohttp', 'numpy', 'pydantic', 'textual', 'asyncio')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['ivrsim', 'ivrsim.version']"


def test_all_names_can_be_had() -> None:
    assert all(getattr(ivrsim, name) is not None for name in ivrsim.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = ivrsim.nothing
