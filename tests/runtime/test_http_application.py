"""Virtual time against a real application on this machine."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

from ivrsim.flows.target import TargetOptions, load_target
from ivrsim.runtime.live import LiveCall
from ivrsim.runtime.place import CallOptions, place_call
from tests.runtime.place import SECOND, records
from tests.runtime_http.servers import raw_server

TALK = [{"action": "talk", "text": SECOND}]


def _http(body: object) -> bytes:
    data = json.dumps(body).encode()
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
    return head.format(len(data)).encode() + data


def _call(url: str, **options: object) -> LiveCall:
    target = load_target(url, TargetOptions(platform="vonage"))
    return place_call(target, CallOptions(seed=1, **options))  # type: ignore[arg-type]  # a test's


async def test_virtual_time_stands_still_while_an_application_thinks() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes) -> None:
        await asyncio.sleep(0.2)
        writer.write(_http(TALK))

    async with raw_server(slow) as server:
        made = _call(f"{server.url}/answer")
        result = await made.run()
    (reply,) = records(made, "webhook.response")
    assert reply.t == 0
    assert reply.data["elapsed_ms"] >= 200
    assert result.duration_ms == 1000
    assert result.exit_status == 0


async def test_a_time_out_is_counted_in_wall_time_and_advances_the_call_by_its_nominal_value() -> (
    None
):
    async def never(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes
    ) -> None:
        await reader.read()  # until the other side gives up

    async with raw_server(never) as server:
        target = load_target(
            f"{server.url}/vca", TargetOptions(platform="8x8", settings={"8x8.vca_timeout": "0.2"})
        )
        made = place_call(target, CallOptions(seed=1))
        began = time.monotonic()
        result = await made.run()
        waited = time.monotonic() - began
    (failed,) = records(made, "webhook.failed")
    assert (failed.t, failed.data["reason"], failed.data["phase"]) == (200, "timeout", "read")
    assert waited >= 0.2
    assert (result.status, result.exit_status) == ("ERROR", 1)


async def test_nobody_listens() -> None:
    async with raw_server(lambda *_: asyncio.sleep(0)) as server:
        url = server.url
    made = _call(f"{url}/answer")
    result = await made.run()
    assert [r.data["reason"] for r in records(made, "webhook.failed")] == ["refused"] * 2
    assert result.exit_status == 1
    assert result.duration_ms == 0


async def test_a_cancelled_call_does_not_wait_for_the_application(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def never(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: bytes
    ) -> None:
        asked.set()
        await reader.read()

    async with raw_server(never) as server:
        made = _call(f"{server.url}/answer", trace_path=tmp_path / "call.jsonl")
        task = asyncio.ensure_future(made.run())
        await asked.wait()
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=2)
        assert done
        assert task.cancelled()
    lines = (tmp_path / "call.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["header"] + ["record"] * len(
        made.records
    )
    assert records(made, "api.request")[0].data["op"] == "hangup"


async def test_a_host_that_is_not_allowed(tmp_path: Path) -> None:
    document = tmp_path / "ncco.json"
    document.write_text(
        json.dumps(
            [{"action": "notify", "payload": {"id": 1}, "eventUrl": ["https://example.com/n"]}]
        )
    )
    made = place_call(
        load_target(str(document), TargetOptions(platform="vonage")), CallOptions(seed=1)
    )
    await made.run()
    failed = records(made, "webhook.failed")
    assert {r.data["reason"] for r in failed} == {"not-allowed"}
    assert all("--allow" in r.data["message"] for r in failed)
