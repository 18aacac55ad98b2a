"""Searching a call of any length in steps: what has been found can be shown meanwhile."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from typing import Final

from ivrsim.errors import TraceError
from ivrsim.trace.filter import Filter
from ivrsim.trace.lines import COMPACT
from ivrsim.trace.reader import Lines, TraceReader
from ivrsim.trace.record import Record
from ivrsim.trace.source import RecordSource
from ivrsim.trace.titles import FOLLOWERS

_BLOCK: Final = 1 << 20
_REMEMBERED: Final = 256
_CAUSE: Final = re.compile(rb'"cause":([0-9]{1,18}),')


class Search:
    """Which records of ``source`` pass ``filter``: ``found`` holds their places, ascending.

    ``advance`` looks further, and may be called again when the source has grown; to cancel a
    search, drop it. In a trace file most lines are never parsed: the kinds in the index and a
    look at the bytes rule them out. A line that is found damaged ends the trace, and what was
    found beyond it is dropped at the next ``advance``.
    """

    def __init__(self, source: RecordSource, filter: Filter) -> None:
        self.source = source
        self.filter = filter
        self.found: array[int] = array("I")
        self.scanned = 0
        self._near: dict[int, Record] = {}
        self._may: list[bool] = []

    def advance(self, records: int = 20_000) -> bool:
        """Look at about ``records`` more; True when all that the source holds have been seen."""
        self._forget()
        stop = min(len(self.source), self.scanned + max(records, 1))
        while self.scanned < min(stop, len(self.source)):
            start = self.scanned
            if not self.filter:
                self.found.extend(range(start, stop))
                self.scanned = stop
            elif isinstance(self.source, TraceReader):
                self._advance_file(self.source, start, stop)
            else:
                self.found.extend(
                    i
                    for i, record in enumerate(self.source.records(start, stop), start)
                    if self._matches(record)
                )
                self.scanned = stop
            self._forget()
        return self.scanned >= len(self.source)

    def record_of(self, seq: int) -> Record | None:
        """The record with that ``seq``: the context that a filter asks for."""
        record = self._near.get(seq)
        if record is None and 0 < seq <= len(self.source):
            try:
                record = self.source.record(seq - 1)
            except (TraceError, IndexError):  # the trace ends before it, as the source will say
                return None
            self._remember(record)
        return record

    def _remember(self, record: Record) -> None:
        if len(self._near) >= _REMEMBERED:
            self._near.clear()
        self._near[record.seq] = record

    def _forget(self) -> None:
        """Drop what lies beyond the end of a trace that has turned out to be damaged."""
        end = len(self.source)
        if self.scanned > end:
            self.scanned = end
            while self.found and self.found[-1] >= end:
                self.found.pop()

    def _matches(self, record: Record) -> bool:
        return self.filter.may_match_kind(record.kind) and self.filter.matches(
            record, self.record_of
        )

    def _advance_file(self, reader: TraceReader, start: int, stop: int) -> None:
        numbers, names = reader.kinds(start, stop)
        self._may += map(self.filter.may_match_kind, names[len(self._may) :])
        may = self._may
        if self.filter.by_kind:
            self.found.extend(i for i, number in enumerate(numbers, start) if may[number])
            self.scanned = stop
        elif not any(may[number] for number in set(numbers)):
            self.scanned = stop
        else:
            self._advance_lines(reader, reader.lines(start, stop, _BLOCK), numbers, names)

    def _advance_lines(
        self, reader: TraceReader, lines: Lines, numbers: array[int], names: list[str]
    ) -> None:
        may = self._may
        candidates: Iterable[int] = range(lines.start, lines.stop)
        if self.filter.look is not None:
            candidates = self._looked_at(lines, numbers, names)
        for i in candidates:
            if not may[numbers[i - lines.start]]:
                continue
            try:
                record = reader.parsed(i, lines.line(i))
            except TraceError:  # the trace ends here: reader.damage says why
                break
            if record.kind == "webhook.request":
                self._remember(record)  # its reply will ask for it
            if self.filter.matches(record, self.record_of):
                self.found.append(i)
        self.scanned = lines.stop

    def _looked_at(self, lines: Lines, numbers: array[int], names: Iterable[str]) -> list[int]:
        """The lines that may match by their bytes, or by those of the request they reply to."""
        look = self.filter.look
        assert look is not None
        lowered = lines.block.lower()
        near: set[int] = set()
        for needle in look.needles:
            place = lowered.find(needle)
            while place >= 0:
                near.add(lines.index_at(place))
                end = lowered.find(b"\n", place)
                place = lowered.find(needle, end) if end >= 0 else -1
        if look.follows:
            following = {n for n, name in enumerate(names) if name in FOLLOWERS}
            requests = {n for n, name in enumerate(names) if name == "webhook.request"}
            for i, number in enumerate(numbers[: lines.stop - lines.start], lines.start):
                if number in following and i not in near:
                    at = self._cause(lines, i) - lines.start
                    inside = at >= 0 and numbers[at] in requests
                    if not inside or lines.start + at in near:
                        near.add(i)
        return sorted(near)

    def _cause(self, lines: Lines, i: int) -> int:
        """The place of the record that brought ``i`` about, -1 where that takes parsing."""
        begin = lines.offsets[i - lines.start] - lines.offsets[0]
        if not lines.block.startswith(COMPACT, begin):
            return -1
        found = _CAUSE.search(lines.block, begin, begin + 400)
        cause = int(found[1]) if found else 0
        return cause - 1 if cause <= i else -1
