"""What it costs to start: ``ivrsim --version`` against an interpreter that does nothing."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from bench.timing import Row, at_most, in_turn

TITLE = "Starting"
LIMIT_MS = 80
_CASES = {
    "python -c pass": ("-c", "pass"),
    "ivrsim --version": ("-m", "ivrsim", "--version"),
    "ivrsim --help": ("-m", "ivrsim", "--help"),
    "import ivrsim": ("-c", "import ivrsim"),
}


def run(short: bool) -> list[Row]:
    rounds = 2 if short else 25
    times: dict[str, list[float]] = {name: [] for name in _CASES}
    for number in range(rounds + 1):
        for name in in_turn(_CASES, number):
            took = _milliseconds(_CASES[name])
            if number:  # the first round reads the files into memory
                times[name].append(took)
    medians = {name: statistics.median(values) for name, values in times.items()}
    bare = medians["python -c pass"]
    rows = [Row(name, f"{median:.1f} ms") for name, median in medians.items()]
    more = medians["ivrsim --version"] - bare
    return [*rows, at_most("ivrsim --version, more than python", more, LIMIT_MS, "ms")]


def _milliseconds(arguments: tuple[str, ...]) -> float:
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments],
        stdout=subprocess.DEVNULL,
        check=True,
        cwd=Path(__file__).parent.parent,
    )
    return (time.perf_counter() - began) * 1000
