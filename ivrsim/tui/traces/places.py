"""From call time to records, from column to time, from one landmark to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ivrsim.trace.view_words import clock_words
from ivrsim.tui.traces.source import Source, record_at

LANDMARKS: Final = frozenset(
    {
        "call.started", "call.ended", "webhook.request", "webhook.failed", "digit", "speech",
        "mark", "request.edited", "reply.edited", "fault.injected", "call.left",
    }
)  # fmt: skip
"""Where the keys for the next and the one before stop."""
_BLOCK = 20_000
_ALMOST_HALF: Final = 0.499


def time_of(source: Source, i: int) -> int:
    """Call time of record ``i`` in milliseconds, 0 where it cannot be read."""
    record = record_at(source, i)
    return 0 if record is None else record.t


def index_at(source: Source, t: int, start: int = 0, stop: int | None = None) -> int:
    """The last record at or before call time ``t``; the first when ``t`` lies before all."""
    low, high = start, len(source) if stop is None else stop
    while low < high:
        middle = (low + high) // 2
        if time_of(source, middle) <= t:
            low = middle + 1
        else:
            high = middle
    return max(0, low - 1)


def landmark(source: Source, i: int, forwards: bool) -> int | None:
    """The landmark after or before record ``i``."""
    ahead = (
        range(i + 1, len(source), _BLOCK) if forwards else range(i, 0, -_BLOCK)
    )  # where blocks begin, or end
    for edge in ahead:
        start, stop = (edge, edge + _BLOCK) if forwards else (max(0, edge - _BLOCK), edge)
        numbers, names = source.kinds(start, stop)
        wanted = {number for number, name in enumerate(names) if name in LANDMARKS}
        order = range(len(numbers)) if forwards else range(len(numbers) - 1, -1, -1)
        for place in order:
            if numbers[place] in wanted:
                return start + place
    return None


@dataclass(frozen=True, slots=True)
class Scale:
    """``width`` columns for a call: by its time, or by its records when no time passes in it."""

    count: int
    last_t: int
    width: int

    def column(self, i: int, t: int) -> int:
        at, end = (t, self.last_t) if self.last_t > 0 else (i, self.count - 1)
        return max(0, min(self.width - 1, round(at * (self.width - 1) / max(1, end))))

    def at_column(self, source: Source, column: float) -> int:
        """The record that stands at a column."""
        share = max(0.0, min(1.0, column / max(1, self.width - 1)))
        if share >= 1:
            return max(0, self.count - 1)
        # The last record whose column, rounded, is no further to the right.
        reach = (max(0.0, column) + _ALMOST_HALF) / max(1, self.width - 1)
        if self.last_t <= 0:
            return max(0, min(self.count - 1, int(reach * (self.count - 1))))
        return index_at(source, int(reach * self.last_t), 0, self.count)


def moment_words(ms: int) -> str:
    """Call time to a tenth: ``0:07.2``."""
    return f"{clock_words(ms)}.{max(0, ms) % 1000 // 100}"
