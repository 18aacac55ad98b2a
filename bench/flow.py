"""Loading a flow of 35 lines: reading, checking and compiling its pages."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from bench.menu import FLOWS
from bench.timing import Row, interleaved
from ivrsim.flows.target import load_target

TITLE = "Loading a flow"


def run(short: bool) -> list[Row]:
    loads, rounds = (3, 2) if short else (50, 11)
    cases = {platform: partial(_load, flow, loads) for platform, flow in FLOWS.items()}
    times = interleaved(cases, rounds)
    return [
        Row(
            f"{platform}, {len(flow.read_text('utf-8').splitlines())} lines",
            f"{times[platform].wall_s / loads * 1000:.2f} ms",
        )
        for platform, flow in FLOWS.items()
    ]


def _load(flow: Path, loads: int) -> None:
    for _ in range(loads):
        load_target(str(flow))
