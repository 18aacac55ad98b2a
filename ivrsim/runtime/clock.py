"""Call time: an agenda of what is due, and the clock that says how far we are.

Our own heap of timers; the event loop's time is left alone. All times are integer
milliseconds of call time.
"""

from __future__ import annotations

import heapq
import itertools
import time
from typing import Any

from ivrsim.errors import InputError

_RANK = 1 << 48


class Agenda:
    """What is due when; ties in the order in which they were put down."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, str | None, Any]] = []
        self._order = itertools.count()
        self._live: dict[str, int] = {}

    def put(self, due: int, what: Any, key: str | None = None, rank: int = 0) -> None:
        """Put ``what`` down for ``due``; ``key`` lets it be taken off again.

        ``rank`` below or above 0: before or after everything else that is due then.
        """
        order = next(self._order) + rank * _RANK
        if key is not None:
            self._live[key] = order
        heapq.heappush(self._heap, (due, order, key, what))

    def drop(self, key: str) -> None:
        """Take what was put down under ``key`` off; harmless when it is not there."""
        self._live.pop(key, None)

    def next_due(self) -> int | None:
        """When the next entry is due, or None."""
        heap = self._heap
        while heap:
            due, order, key, _ = heap[0]
            if key is None or self._live.get(key) == order:
                return due
            heapq.heappop(heap)
        return None

    def pop(self) -> tuple[int, Any]:
        """The next entry, after ``next_due()`` was not None."""
        due, _, key, what = heapq.heappop(self._heap)
        if key is not None:
            del self._live[key]
        return due, what


class Clock:
    """``virtual``: time stands still but for what is due. Else real time by a factor."""

    def __init__(self, factor: float | None) -> None:
        self.factor = factor
        self._base = time.monotonic()
        self._stands_at: int | None = None

    @classmethod
    def parse(cls, text: str) -> Clock:
        """``virtual``, ``real`` or a factor such as ``4x``; InputError on anything else."""
        word = text.strip().lower()
        if word == "virtual":
            return cls(None)
        if word == "real":
            return cls(1.0)
        try:
            factor = float(word.removesuffix("x"))
        except ValueError:
            factor = 0.0
        if not word.endswith("x") or not 0.01 <= factor <= 1000:
            raise InputError(
                f"--clock: expected virtual, real or a factor from 0.01x to 1000x, found {text!r}"
            )
        return cls(factor)

    @property
    def virtual(self) -> bool:
        return self.factor is None

    def start(self, at: int = 0) -> None:
        """Call time is ``at`` milliseconds now."""
        self._base = time.monotonic() - at / 1000 / (self.factor or 1.0)

    def stand(self) -> None:
        """Stand still until ``go_on``: a call that is looked at. A virtual clock always does."""
        if self.factor is not None and self._stands_at is None:
            self._stands_at = self.now()

    def go_on(self) -> None:
        """Run again from where it stood; harmless when it runs."""
        at, self._stands_at = self._stands_at, None
        if at is not None:
            self.start(at)

    def now(self) -> int:
        """Call time of a clock that runs, or stands. Not for a virtual one."""
        assert self.factor is not None
        if self._stands_at is not None:
            return self._stands_at
        return int((time.monotonic() - self._base) * 1000 * self.factor)

    def seconds_until(self, due: int) -> float:
        """Wall seconds until call time ``due``, not below 0."""
        assert self.factor is not None
        return max(0.0, due / 1000 / self.factor - (time.monotonic() - self._base))
