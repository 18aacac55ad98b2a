"""Where a screen takes its records from: the list of a live call, or a file of any length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from ivrsim.errors import TraceError
from ivrsim.trace.reader import TraceReader
from ivrsim.trace.record import Record
from ivrsim.trace.source import LiveSource, Source
from ivrsim.trace.view_words import int_of

__all__ = [
    "LiveSource", "RecordsOfTrace", "Source", "is_webhook", "record_at", "status_of",
]  # fmt: skip


class RecordsOfTrace(Sequence[Record]):
    """The records of a file as a sequence that parses what it is asked for."""

    def __init__(self, reader: TraceReader) -> None:
        self._reader = reader

    def __len__(self) -> int:
        return len(self._reader)

    @overload
    def __getitem__(self, i: int) -> Record: ...
    @overload
    def __getitem__(self, i: slice) -> list[Record]: ...
    def __getitem__(self, i: int | slice) -> Record | list[Record]:
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
