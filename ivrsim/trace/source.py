"""Where records come from: a file of any length, or the list of a call that goes on."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Protocol

from ivrsim.trace.record import Record


class RecordSource(Protocol):
    """Records that can be had by their place; it may grow, and end at damage.

    Record ``i`` counts from 0 and has ``seq`` ``i + 1``; there are ``len`` of them by now.
    """

    def __len__(self) -> int: ...

    def record(self, i: int) -> Record:
        """Record ``i``. Raises IndexError, or TraceError when it turns out to be damaged."""

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[Record]:
        """The records from ``start`` up to ``stop``; fewer where they cannot be read."""


class Source(RecordSource, Protocol):
    """Knows the kinds of all its records, too, and parses none for that. ``TraceReader`` and
    ``LiveSource`` are sources."""

    def kind(self, i: int) -> str: ...

    def kinds(self, start: int = 0, stop: int | None = None) -> tuple[array[int], list[str]]:
        """The kinds of the records ``start`` to ``stop``, as places in the list of names."""


class LiveSource:
    """The records of a call that goes on: the list that it appends to."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records
        self._kinds = array("I")
        self._names: list[str] = []
        self._numbers: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._records)

    def record(self, i: int) -> Record:
        """Record ``i``. Raises IndexError."""
        if i < 0:
            raise IndexError(f"record {i}: they count from 0")
        return self._records[i]

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[Record]:
        """The records from ``start`` up to ``stop`` (None: all there are now)."""
        last = len(self) if stop is None else min(stop, len(self))
        return (self._records[i] for i in range(max(start, 0), last))

    def kind(self, i: int) -> str:
        """The kind of record ``i``. Raises IndexError."""
        return self.record(i).kind

    def kinds(self, start: int = 0, stop: int | None = None) -> tuple[array[int], list[str]]:
        """The kinds of the records ``start`` to ``stop``, as places in the list of names."""
        for i in range(len(self._kinds), len(self._records)):
            kind = self._records[i].kind
            number = self._numbers.get(kind)
            if number is None:
                number = self._numbers[kind] = len(self._names)
                self._names.append(kind)
            self._kinds.append(number)
        return self._kinds[start:stop], list(self._names)
