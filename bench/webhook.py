"""What ivrsim adds to one webhook: against the same HTTP client bare, and against httpx.

1 kB of JSON over a connection that is kept, to a server in a process of its own. Ours is a
whole call: ``notify`` after ``notify``, with engine, records, and the trace on disk; what is
counted is the time from one reply's records to the next one's.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from bench.http_app import BODY
from bench.timing import Row, in_turn, percentile
from ivrsim.flows.target import TargetOptions, load_target
from ivrsim.runtime.place import CallOptions, place_call
from ivrsim.trace.record import Record

TITLE = "One webhook"
LIMIT = 1.5
_HEADERS = {"Content-Type": "application/json"}
_WARM = 10
"""Requests before those that count: connections, look-ups, imports."""


def run(short: bool) -> list[Row]:
    requests, rounds = (10, 2) if short else (250, 4)
    with _server() as base, tempfile.TemporaryDirectory() as folder:
        times = asyncio.run(_measure(base, Path(folder), requests, rounds))
    p50 = {name: statistics.median(values) for name, values in times.items()}
    p99 = {name: percentile(values, 99) for name, values in times.items()}
    shown = {name: f"p50 {p50[name]:.0f} µs, p99 {p99[name]:.0f} µs" for name in times}
    ratio = p50["ivrsim"] / p50["aiohttp"]
    ratio99 = p99["ivrsim"] / p99["aiohttp"]
    return [
        Row("a webhook of a call", shown["ivrsim"]),
        Row("bare aiohttp", shown["aiohttp"]),
        Row("bare httpx", shown["httpx"]),
        Row("ivrsim / aiohttp, p50", f"{ratio:.2f} ×", f"≤ {LIMIT} ×", ratio <= LIMIT),
        Row("ivrsim / aiohttp, p99", f"{ratio99:.2f} ×"),
        Row(
            "less than bare httpx, p50",
            f"{p50['ivrsim'] / p50['httpx']:.2f} ×",
            "< 1 ×",
            p50["ivrsim"] < p50["httpx"],
        ),
    ]


@contextmanager
def _server() -> Iterator[str]:
    """The base URL of the application."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.http_app"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        if not port:
            raise RuntimeError("the server of the bench did not start: see its error above")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


async def _measure(base: str, folder: Path, requests: int, rounds: int) -> dict[str, list[float]]:
    """Microseconds of each request that counts."""
    cases = {"ivrsim": _ivrsim, "aiohttp": _aiohttp, "httpx": _httpx}
    times: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds):
        for name in in_turn(cases, number):
            moments = await cases[name](base, folder, requests + _WARM)
            gaps = [(b - a) * 1e6 for a, b in pairwise(moments)]
            assert len(gaps) == requests + _WARM - 1, (name, len(gaps))
            times[name] += gaps[_WARM - 1 :]
    return times


async def _ivrsim(base: str, folder: Path, requests: int) -> list[float]:
    target = load_target(f"{base}/answer?count={requests}", TargetOptions(platform="vonage"))
    options = CallOptions(seed=0, trace_path=folder / "trace.jsonl")
    call = place_call(target, options)
    moments: list[float] = []
    notifies: set[str] = set()

    def see(records: Sequence[Record]) -> None:
        now = time.perf_counter()
        for record in records:
            if record.kind == "webhook.request" and record.data["purpose"] == "notify":
                notifies.add(record.data["webhook"])
            elif record.kind == "webhook.response" and record.data["webhook"] in notifies:
                moments.append(now)

    call.subscribe(see)
    result = await call.run()
    assert not result.failed, result
    return moments


async def _aiohttp(base: str, folder: Path, requests: int) -> list[float]:
    import aiohttp

    moments = []
    async with aiohttp.ClientSession() as session:
        for _ in range(requests):
            async with session.post(f"{base}/notify", data=BODY, headers=_HEADERS) as response:
                await response.read()
            moments.append(time.perf_counter())
    return moments


async def _httpx(base: str, folder: Path, requests: int) -> list[float]:
    import httpx

    moments = []
    async with httpx.AsyncClient() as client:
        for _ in range(requests):
            await client.post(f"{base}/notify", content=BODY, headers=_HEADERS)
            moments.append(time.perf_counter())
    return moments
