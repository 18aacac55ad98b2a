"""What all benches share: interleaved measuring, medians, and one kind of table."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Times:
    """Seconds of each round: of the wall, and of this process's CPU (user and system)."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    @property
    def wall_s(self) -> float:
        return statistics.median(self.wall)

    @property
    def cpu_s(self) -> float:
        return statistics.median(self.cpu)


def interleaved(cases: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """Run every case once a round, each second round backwards (ABBA), so that a machine which
    grows slow or quick meets all of them. One round more goes before and is not counted."""
    times = {name: Times() for name in cases}
    for case in cases.values():
        case()
    for number in range(rounds):
        for name in in_turn(cases, number):
            wall, cpu = time.perf_counter(), time.process_time()
            cases[name]()
            times[name].cpu.append(time.process_time() - cpu)
            times[name].wall.append(time.perf_counter() - wall)
    return times


def in_turn(names: Iterable[str], number: int) -> list[str]:
    """The names in the order of round ``number``: forwards, backwards, forwards …"""
    ordered = list(names)
    return ordered[::-1] if number % 2 else ordered


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that ``percent`` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. ``met`` is None where there is no limit."""

    what: str
    figure: str
    against: str = ""
    met: bool | None = None


def at_least(what: str, rate: float, limit: float, unit: str, note: str = "") -> Row:
    """A rate that must not fall below a limit."""
    return Row(what, f"{rate:,.0f} {unit}{note}", f"≥ {limit:,.0f} {unit}", rate >= limit)


def at_most(what: str, value: float, limit: float, unit: str, note: str = "") -> Row:
    """A value that must not exceed a limit."""
    return Row(what, f"{value:.2f} {unit}{note}", f"≤ {limit:g} {unit}", value <= limit)


def table(title: str, rows: Sequence[Row]) -> str:
    """The rows as a table in Markdown."""
    words = {None: "", True: "met", False: "MISSED"}
    lines = [(row.what, row.figure, row.against, words[row.met]) for row in rows]
    return markdown(title, [("", "figure", "limit or peer", "verdict"), *lines])


def markdown(title: str, lines: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, columns aligned; the first line names them."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    shown = []
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        shown.append(f"| {' | '.join(cells)} |")
    shown.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join([f"### {title}", "", *shown, ""])
