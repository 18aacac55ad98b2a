"""How many menu calls a second: engine alone, runtime, runtime with its trace on disk, and
``ivrsim.call`` with the flow loaded each time."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, repeat
from pathlib import Path

import ivrsim
from bench.menu import FLOWS, KEYS, check
from bench.timing import Row, at_least, interleaved
from ivrsim.engine.events import event_from_record
from ivrsim.engine.session import Session
from ivrsim.engine.setup import CallSetup
from ivrsim.flows.target import Target, load_target
from ivrsim.platforms import make_platform
from ivrsim.runtime.place import CallOptions, place_call
from ivrsim.trace.record import Record

TITLE = "Menu calls"
ENGINE = "engine in memory"
LIMITS = {
    ENGINE: 2000,
    "runtime, virtual time": 1000,
    "runtime, trace on disk": 700,
    "ivrsim.call, flow loaded": 300,
}


def run(short: bool) -> list[Row]:
    calls, rounds = (5, 3) if short else (100, 21)
    rows = []
    for platform, flow in FLOWS.items():
        # One folder for all rounds: ext4 is slow to make files where some were just deleted.
        with tempfile.TemporaryDirectory() as folder:
            cases, records = _cases(flow, calls, Path(folder))
            times = interleaved(cases, rounds)
        for name, limit in LIMITS.items():
            wall, cpu = calls / times[name].wall_s, calls / times[name].cpu_s
            # The engine does nothing but compute, and its limit is a second of one core.
            rate, other = (cpu, wall) if name == ENGINE else (wall, cpu)
            note = f" ({'wall' if name == ENGINE else 'CPU'}: {other:,.0f})"
            rows.append(at_least(f"{platform}: {name}", rate, limit, "calls/s", note))
        rows.append(Row(f"{platform}: records a call", str(records)))
    return rows


def _cases(flow: Path, calls: int, folder: Path) -> tuple[dict[str, Callable[[], object]], int]:
    recorded = ivrsim.call(flow, keys=KEYS)
    records = check(recorded.trace)
    setup = CallSetup.from_json(recorded.header.setup)
    events = [(event_from_record(r), r.t) for r in recorded.trace if r.is_input]

    def feed() -> list[Record]:
        session = Session(make_platform(setup), setup)
        made: list[Record] = []
        for event, t in events:
            made += session.feed(event, t)[0]
        return made

    assert feed() == recorded.trace  # the engine does in memory what it did in the runtime

    def engine() -> None:
        for _ in range(calls):
            feed()

    target = load_target(str(flow))

    def loaded_each_time() -> None:
        for _ in range(calls):
            ivrsim.call(flow, keys=KEYS)

    return {
        ENGINE: engine,
        "runtime, virtual time": partial(_runtime, target, calls, repeat(None)),
        "runtime, trace on disk": partial(
            _runtime, target, calls, (folder / f"{n}.jsonl" for n in count())
        ),
        "ivrsim.call, flow loaded": loaded_each_time,
    }, records


def _runtime(target: Target, calls: int, traces: Iterator[Path | None]) -> None:
    """Calls in one event loop; each trace is a new file."""

    async def in_one_loop() -> None:
        for _ in range(calls):
            call = place_call(target, CallOptions(keys=KEYS, seed=0, trace_path=next(traces)))
            await call.run()

    asyncio.run(in_one_loop())
