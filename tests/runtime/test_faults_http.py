"""Faults against an application on a real socket, in virtual and in real time."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ivrsim.runtime.faults import FaultRule, parse_fault
from ivrsim.runtime.live import LiveCall
from ivrsim.runtime.result import CallResult
from tests.engine.test_refeed import fed_again
from tests.runtime.place import MENU_VONAGE, SECOND, call, records
from tests.runtime_http.servers import Handler, RawServer, ok, raw_server, reset

SECRET = "a signature secret of thirty-two bytes"
TALK = json.dumps([{"action": "talk", "text": SECOND}]).encode()
JSON = "Content-Type: application/json"
CLOCKS = pytest.mark.parametrize("clock", ["virtual", "50x"])


def path_of(head: bytes) -> str:
    return head.split()[1].split(b"?")[0].decode()


def application(answer: Callable[[str, bytes], bytes | None]) -> Handler:
    """``answer(path, head)`` is the whole reply; None resets the connection."""

    async def handler(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes
    ) -> None:
        reply = answer(path_of(head), head)
        if reply is None:
            reset(writer)
        else:
            writer.write(reply)

    return handler


def plain(path: str, head: bytes) -> bytes:
    """An NCCO to speak, and an empty 200 for events."""
    return ok(TALK, JSON) if path == "/answer" else ok(b"")


async def made(
    folder: Path, server: RawServer, fault: str, more: str = "", **options: object
) -> tuple[LiveCall, CallResult]:
    """A call to ``server`` with one fault; its trace, fed again, gives the same."""
    flow = f"""
platform: vonage
app: {{url: "{server.url}/answer"}}
webhooks: {{event_url: /event{more}}}
faults: [{{{fault}}}]
"""
    trace = folder / "call.jsonl"
    live = call(folder, flow, trace_path=trace, **options)
    result = await live.run()
    assert fed_again(trace) == live.records
    return live, result


def seen(server: RawServer) -> list[str]:
    """Which webhooks the application has seen, in its order."""
    order = []
    for head, body in zip(server.heads, server.bodies, strict=True):
        order.append(json.loads(body)["status"] if body else path_of(head))
    return order


@CLOCKS
async def test_reset_the_application_has_seen_it(tmp_path: Path, clock: str) -> None:
    async with raw_server(application(plain)) as server:
        live, result = await made(
            tmp_path, server, 'fault: reset, nth: 1, when: "purpose:answer"', clock=clock
        )
    assert seen(server).count("/answer") == 2
    (failed,) = records(live, "webhook.failed")
    assert (failed.data["reason"], failed.data["phase"]) == ("reset", "read")
    assert failed.data["message"].endswith("/answer: connection reset (a fault on purpose)")
    assert result.exit_status == 0


@CLOCKS
@pytest.mark.parametrize("fault", ["refused", "503"])
async def test_what_is_not_sent_is_not_seen(tmp_path: Path, clock: str, fault: str) -> None:
    async with raw_server(application(plain)) as server:
        live, result = await made(
            tmp_path, server, f'fault: {fault}, when: "purpose:answer"', clock=clock
        )
    assert "/answer" not in seen(server)
    assert "started" in seen(server)
    assert len(records(live, "fault.injected")) == 2
    assert result.exit_status == 1


@CLOCKS
async def test_delivered_twice_the_call_uses_the_first_reply(tmp_path: Path, clock: str) -> None:
    count = itertools.count(1)

    def answer(path: str, head: bytes) -> bytes:
        if path != "/answer":
            return ok(b"")
        return ok(json.dumps([{"action": "talk", "text": f"answer {next(count)}"}]).encode(), JSON)

    async with raw_server(application(answer)) as server:
        live, result = await made(
            tmp_path, server, 'fault: duplicate, when: "purpose:answer"', clock=clock
        )
    assert seen(server).count("/answer") == 2
    (again,) = records(live, "duplicate.response")
    assert (again.data["status"], again.data["same"]) == (200, False)
    assert "answer 2" in again.data["body"]
    (prompt,) = records(live, "prompt.started")
    assert prompt.data["text"] == "answer 1"
    assert result.exit_status == 0


async def test_delivered_twice_the_same_and_no_second_reply(tmp_path: Path) -> None:
    async with raw_server(application(plain)) as server:
        live, _ = await made(tmp_path, server, "fault: duplicate")
    again = records(live, "duplicate.response")
    assert len(again) == len(records(live, "webhook.response")) == len(seen(server)) // 2
    assert all(record.data["same"] for record in again)

    asked: list[str] = []

    def once(path: str, head: bytes) -> bytes | None:
        asked.append(path)
        return None if asked.count("/answer") >= 2 and path == "/answer" else plain(path, head)

    async with raw_server(application(once)) as server:
        live, result = await made(tmp_path, server, 'fault: duplicate, when: "purpose:answer"')
    (second,) = records(live, "duplicate.response")
    assert (second.data["status"], second.data["body"], second.data["same"]) == (None, "", False)
    assert "connection reset" in second.data["message"]
    assert result.exit_status == 0


@CLOCKS
async def test_out_of_order_as_the_application_sees_it(tmp_path: Path, clock: str) -> None:
    async with raw_server(application(plain)) as server:
        live, result = await made(
            tmp_path, server, 'fault: out-of-order, when: "title:\\"event ringing\\""', clock=clock
        )
    order = [record.data["title"].split()[-1] for record in records(live, "webhook.request")]
    assert order[:3] == ["started", "ringing", "answer"]
    order = seen(server)
    assert order.index("ringing") > order.index("/answer")
    assert result.exit_status == 0


async def test_out_of_order_alone_in_real_time(tmp_path: Path) -> None:
    async with raw_server(application(plain)) as server:
        live, _ = await made(
            tmp_path,
            server,
            'fault: out-of-order, when: "title:\\"event completed\\""',
            clock="50x",
        )
    held, gone = records(live, "fault.injected")
    assert 0 < gone.t - held.t <= 1000  # it was held a moment before the trace was told
    assert seen(server)[-1] == "completed"
    assert live.ended


@CLOCKS
@pytest.mark.parametrize("forged", [True, False])
async def test_wrong_signature(tmp_path: Path, clock: str, forged: bool) -> None:
    import jwt

    def guarded(path: str, head: bytes) -> bytes:
        token = head.split(b"Bearer ")[1].split(b"\r\n")[0]
        try:
            jwt.decode(token, SECRET, algorithms=["HS256"])
        except jwt.InvalidSignatureError:
            return ok(b"", status="401 Unauthorized")
        return plain(path, head)

    async with raw_server(application(guarded)) as server:
        live, result = await made(
            tmp_path,
            server,
            f'fault: wrong-signature, when: "purpose:{"answer" if forged else "nothing"}"',
            f", signature_secret: {SECRET}",
            clock=clock,
        )
    assert result.exit_status == (1 if forged else 0)
    statuses = {r.data["status"] for r in records(live, "webhook.response")}
    assert statuses == ({200, 401} if forged else {200})
    assert SECRET not in (tmp_path / "call.jsonl").read_text()


async def test_wrong_signature_of_a_call_that_is_not_signed(tmp_path: Path) -> None:
    async with raw_server(application(plain)) as server:
        live, result = await made(tmp_path, server, "fault: wrong-signature")
    assert [line for line in live.notices if "wrong-signature" in line] == [
        "wrong-signature has no effect: the webhooks of this call are not signed: "
        "there is no secret to sign them with"
    ]
    assert result.exit_status == 0


async def test_wrong_authorization_of_8x8(tmp_path: Path) -> None:
    bye = json.dumps({"callflow": [{"action": "hangup"}]}).encode()

    def guarded(path: str, head: bytes) -> bytes:
        right = b"Authorization: Bearer 1234\r\n" in head
        return ok(bye, JSON) if right else ok(b"", status="401 Unauthorized")

    async with raw_server(application(guarded)) as server:
        flow = f"""
platform: 8x8
app: {{url: "{server.url}/vca"}}
webhooks: {{auth: Bearer 1234}}
"""
        good = call(tmp_path, flow)
        assert (await good.run()).exit_status == 0
        bad = call(tmp_path, flow + "faults: [{fault: wrong-signature}]\n")
        assert (await bad.run()).exit_status == 1
    assert b"Authorization: Bearer wrong-on-purpose" in server.heads[-1]


@pytest.mark.parametrize("clock", ["virtual", "20x"])
async def test_slow_over_http(tmp_path: Path, clock: str) -> None:
    async with raw_server(application(plain)) as server:
        live, result = await made(
            tmp_path, server, 'fault: slow, by: 3, when: "purpose:answer"', clock=clock
        )
    (asked,) = (r for r in records(live, "webhook.request") if r.data["purpose"] == "answer")
    (reply,) = (r for r in records(live, "webhook.response") if r.cause == asked.seq)
    assert 3000 <= reply.t - asked.t < 5000
    assert 3000 <= reply.data["elapsed_ms"] < 5000
    assert seen(server).count("/answer") == 1
    assert result.exit_status == 0


@pytest.mark.parametrize("clock", ["virtual", "20x"])
async def test_too_slow_over_http(tmp_path: Path, clock: str) -> None:
    async with raw_server(application(plain)) as server:
        live, result = await made(
            tmp_path, server, 'fault: slow, by: 7, nth: 1, when: "purpose:answer"', clock=clock
        )
    asked = next(r for r in records(live, "webhook.request") if r.data["purpose"] == "answer")
    (failed,) = records(live, "webhook.failed")
    assert 5000 <= failed.t - asked.t < 5500  # the request is a task: it begins a moment later
    assert failed.data["reason"] == "timeout"
    assert seen(server).count("/answer") == 2
    assert result.exit_status == 0


async def test_in_virtual_time_the_order_of_requests_stays(tmp_path: Path) -> None:
    async with raw_server(application(plain)) as server:
        live, _ = await made(
            tmp_path, server, 'fault: 500, nth: 1, when: "title:\\"event ringing\\""'
        )
    answered = [r.data["webhook"] for r in records(live, "webhook.response")]
    assert answered == [r.data["webhook"] for r in records(live, "webhook.request")]


async def test_pages_in_real_time(tmp_path: Path) -> None:
    live = call(tmp_path, MENU_VONAGE, clock="50x")
    live.inject(FaultRule("slow", by_ms=2000, nth=3))
    live.inject(parse_fault("duplicate"))
    result = await live.run()
    late = next(r for r in records(live, "webhook.response") if r.data["page"] == "menu")
    assert late.t >= 2000
    assert records(live, "duplicate.response")[0].data["webhook"] == "w1"
    assert result.exit_status == 0
