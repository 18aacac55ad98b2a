"""Where a screen takes its records from: the list of a live call, or a file of any length."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Protocol

from ivrsim.errors import TraceError
from ivrsim.trace.reader import TraceReader
from ivrsim.trace.record import Record
from ivrsim.trace.view_words import int_of


class Source(Protocol):
    """What ``TraceReader`` and ``LiveSource`` have in common. Record ``i`` counts from 0 and has
    ``seq`` ``i + 1``; there are ``len`` of them by now, and ``kind`` parses none."""

    def __len__(self) -> int: ...
    def record(self, i: int) -> Record: ...
    def records(self, start: int = 0, stop: int | None = None) -> Iterator[Record]: ...
    def kind(self, i: int) -> str: ...
    def kinds(self, start: int = 0, stop: int | None = None) -> tuple[array[int], list[str]]: ...


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
        if i < 0:
            raise IndexError(f"record {i}: they count from 0")
        return self._records[i]

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[Record]:
        stop = len(self._records) if stop is None else min(stop, len(self._records))
        return (self._records[i] for i in range(start, stop))

    def kind(self, i: int) -> str:
        return self.record(i).kind

    def kinds(self, start: int = 0, stop: int | None = None) -> tuple[array[int], list[str]]:
        for i in range(len(self._kinds), len(self._records)):
            kind = self._records[i].kind
            number = self._numbers.get(kind)
            if number is None:
                number = self._numbers[kind] = len(self._names)
                self._names.append(kind)
            self._kinds.append(number)
        return self._kinds[start:stop], list(self._names)


class RecordsOfTrace(Sequence[Record]):
    """The records of a file as a sequence that parses what it is asked for."""

    def __init__(self, reader: TraceReader) -> None:
        self._reader = reader

    def __len__(self) -> int:
        return len(self._reader)

    def __getitem__(self, i):  # type: ignore[no-untyped-def]  # an int or a slice
        if isinstance(i, slice):
            return [self._reader.record(at) for at in range(*i.indices(len(self)))]
        return self._reader.record(i + len(self) if i < 0 else i)


def record_at(source: Source, i: int) -> Record | None:
    """Record ``i``; None where there is none, or where the file is damaged after all."""
    if not 0 <= i < len(source):
        return None
    try:
        return source.record(i)
    except (TraceError, IndexError):  # the index is shorter now, and its damage known
        return None


def is_webhook(source: Source, i: int) -> bool:
    """Record ``i`` tells of a webhook that was sent, or of what came of it."""
    kind = source.kind(i)
    if kind in ("webhook.response", "webhook.failed"):
        return True
    if kind != "webhook.request":
        return False
    record = record_at(source, i)
    return record is not None and record.data.get("sent") is not False


def status_of(record: Record) -> int:
    return int_of(record.data.get("status"), 200)
