"""Reads a trace of any length: an index of lines is kept in memory, never the records.

Most of the index is made without parsing: the writer's lines begin alike, so number
and kind of a record are where a pattern expects them. Such a line is parsed when it is asked
for, and damage inside it is found then.
"""

from __future__ import annotations

import io
import os
import re
import stat
import threading
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from ivrsim.errors import TraceError
from ivrsim.trace.lines import parse_header, parse_record
from ivrsim.trace.record import Header, Record

_BLOCK = 1 << 18
_LONGEST_LINE = 1 << 28
_LONGEST_HEADER = 1 << 26

# A whole line, as the writer writes it. Possessive: no line is looked at twice.
_RECORD = re.compile(
    rb'\{"type":"record","seq":([0-9]{1,18}+),"t":[0-9]++,"kind":"([^"\\\n]++)",.*+(?<=\})\n'
)


class Damage(NamedTuple):
    """Where a trace stops being readable: ``line`` counts from 1, the header is line 1."""

    line: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


class Lines(NamedTuple):
    """Some lines of a trace as they are in the file: those of records ``start`` to ``stop``.

    ``offsets`` are places in the file, one more than there are lines; ``block`` begins at the
    first of them. The last line of a file may have no line end.
    """

    start: int
    stop: int
    block: bytes
    offsets: array[int]

    def line(self, i: int) -> bytes:
        """The line of record ``i``."""
        begin, at = self.offsets[0], i - self.start
        return self.block[self.offsets[at] - begin : self.offsets[at + 1] - begin]

    def index_at(self, place: int) -> int:
        """The record in whose line the byte ``block[place]`` is."""
        return self.start + bisect_right(self.offsets, self.offsets[0] + place) - 1


class TraceReader:
    """A trace file, opened on its header; the index is made by ``index_more``.

    Record ``i`` counts from 0 and has ``seq`` ``i + 1``. ``len`` is how many are indexed so
    far. A truncated or damaged file is readable up to ``damage``; a file that still grows is
    indexed further by calling ``index_more`` again. Several threads may use one reader.

    Raises TraceError, naming file and line, when the file cannot be opened, is no ivrsim
    trace, or was written by a newer version.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._lock = threading.RLock()
        self._offsets = array("Q")
        self._kinds = array("B")  # a byte each, as long as there are no more of them
        self._names: list[str] = []
        self._numbers: dict[bytes | str, int] = {}
        self._damage: Damage | None = None
        self._tail: Damage | None = None
        self._open_tail = False
        self._file = _open(self.path)
        try:
            line = self._first_line()
            self.header = parse_header(self.path, line)
        except BaseException:
            self._file.close()
            raise
        self._end = len(line)

    @property
    def damage(self) -> Damage | None:
        """The first thing that cannot be read, as far as the file has been indexed or read."""
        return self._damage or self._tail

    def index_more(self, budget_bytes: int = _BLOCK) -> bool:
        """Index about ``budget_bytes`` further; True when the end (or damage) is reached."""
        with self._lock:
            if self._damage:
                return True
            self._reopen_tail()
            want = budget_bytes
            while want > 0:
                block = self._read(self._end, min(want, _BLOCK))
                whole = block.rfind(b"\n") + 1
                while not whole and len(block) < _LONGEST_LINE:
                    more = self._read(self._end + len(block), max(len(block), _BLOCK))
                    if not more:
                        return self._index_tail(block)
                    whole = more.rfind(b"\n") + 1
                    whole += len(block) if whole else 0
                    block += more
                if not whole:
                    self._cut(len(self), f"longer than {_LONGEST_LINE >> 20} MiB")
                    return True
                if not self._index_block(block, whole):
                    return True
                want -= len(block)  # the rest of a block is no reason to read again
            return False

    def index_all(self) -> None:
        """Index up to the end of the file as it is now, or to its damage."""
        while not self.index_more():
            pass

    def __len__(self) -> int:
        return len(self._kinds)

    def kind(self, i: int) -> str:
        """The kind of record ``i``. Raises IndexError when it is not indexed."""
        with self._lock:
            self._check(i)
            return self._names[self._kinds[i]]

    def kinds(self, start: int = 0, stop: int | None = None) -> tuple[array[int], list[str]]:
        """The kinds of the records ``start`` to ``stop`` as numbers: places in the list of names
        that comes with them. What has to look at a million kinds looks at these."""
        with self._lock:
            return self._kinds[start:stop], list(self._names)

    def record(self, i: int) -> Record:
        """Record ``i``. Raises IndexError when it is not indexed, TraceError when damaged."""
        with self._lock:
            self._check(i)
            start, end = self._offset(i), self._offset(i + 1)
            return self.parsed(i, self._read(start, end - start))

    def parsed(self, i: int, line: bytes) -> Record:
        """Record ``i``, whose ``line`` has been read. Raises TraceError when it is damaged: the
        trace then ends before it.
        """
        try:
            return parse_record(line, i + 1)
        except ValueError as error:
            with self._lock:
                self._cut(i, str(error))
        raise TraceError(f"{self.path}: {self._damage}")

    def lines(self, start: int, stop: int, limit_bytes: int = _BLOCK) -> Lines:
        """The lines from record ``start``, at most up to ``stop``: as many as fit
        ``limit_bytes``, at least one. Raises IndexError when ``start`` is not indexed.
        """
        with self._lock:
            self._check(start)
            limit = self._offsets[start] + limit_bytes
            last = min(stop, len(self))
            # The first line that begins after the limit, so that the one before is too long.
            over = bisect_right(self._offsets, limit, start, len(self))
            if over < len(self) or self._end > limit:
                last = min(last, over - 1)
            last = max(last, start + 1)
            offsets = self._offsets[start:last]
            offsets.append(self._offset(last))
            block = self._read(offsets[0], offsets[-1] - offsets[0])
        return Lines(start, last, block, offsets)

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[Record]:
        """The records from ``start`` up to ``stop`` (None: all indexed), in blocks of lines.

        Ends at damage, which ``damage`` then names.
        """
        i = max(start, 0)
        while True:
            with self._lock:
                last = len(self) if stop is None else min(stop, len(self))
                if stop is None:
                    stop = last
                if i >= last:
                    return
                batch = self._batch(i, last)
            yield from batch
            i += len(batch)

    def close(self) -> None:
        """Close the file. May be called again."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _first_line(self) -> bytes:
        line = bytearray()
        while b"\n" not in line and len(line) < _LONGEST_HEADER:
            more = self._read(len(line), max(len(line), 4096))
            if not more:
                break
            line += more
            if not line.startswith(b"{"):
                break  # no trace: do not look for the end of its line
        return bytes(line[: line.find(b"\n") + 1] or line)

    def _read(self, start: int, size: int) -> bytes:
        try:
            self._file.seek(start)
            return self._file.read(size) or b""
        except OSError as error:
            raise TraceError(f"{self.path}: cannot be read: {error.strerror or error}") from error

    def _index_block(self, block: bytes, whole: int) -> bool:
        """Index the lines of ``block[:whole]``, which begins at ``_end``; False at damage."""
        base, start = self._end, 0
        while start < whole:
            start = self._index_alike(block, start, whole, base)
            # What is written otherwise, one by one: to search the rest of the block again after
            # each such line would take for ever.
            while start < whole and not self._is_next(block, start, whole):
                after = block.index(b"\n", start) + 1
                try:
                    record = parse_record(block[start:after], len(self._kinds) + 1)
                except ValueError as error:
                    self._end = base + start
                    self._cut(len(self), str(error))
                    return False
                self._add(base + start, record.kind)
                start = after
        self._end = base + whole
        return True

    def _is_next(self, block: bytes, start: int, whole: int) -> bool:
        found = _RECORD.match(block, start, whole)
        return found is not None and int(found[1]) == len(self._kinds) + 1

    def _index_alike(self, block: bytes, start: int, whole: int, base: int) -> int:
        """Index lines that are written as expected; where the first begins that is not."""
        add, add_kind, get = self._offsets.append, self._kinds.append, self._numbers.get
        seq = len(self._kinds) + 1
        for found in _RECORD.finditer(block, start, whole):
            if found.start() != start or int(found[1]) != seq:
                break
            number = get(found[2])
            if number is None:
                number = self._number(found[2].decode(errors="replace"))
                self._numbers[found[2]] = number
                add_kind = self._kinds.append
            add(base + start)
            add_kind(number)
            start = found.end()
            seq += 1
        return start

    def _index_tail(self, tail: bytes) -> bool:
        """What comes after the last line end: a whole record, or one that breaks off."""
        if tail:
            try:
                record = parse_record(tail, len(self) + 1)
            except ValueError:
                self._tail = Damage(
                    len(self) + 2, f"breaks off after {len(tail)} bytes; the record is incomplete"
                )
            else:
                self._add(self._end, record.kind)
                self._end += len(tail)
                self._open_tail = True
        return True

    def _reopen_tail(self) -> None:
        """Forget what was said of the last line without an end: the file may have grown."""
        self._tail = None
        if self._open_tail and self._read(self._end, 1):
            self._end = self._offsets.pop()
            self._kinds.pop()
            self._open_tail = False

    def _number(self, kind: str) -> int:
        number = self._numbers.get(kind)
        if number is None:
            number = self._numbers[kind] = len(self._names)
            self._names.append(kind)
            if number == 256:
                self._kinds = array("I", self._kinds)
        return number

    def _add(self, offset: int, kind: str) -> None:
        number = self._number(kind)
        self._offsets.append(offset)
        self._kinds.append(number)

    def _check(self, i: int) -> None:
        if not 0 <= i < len(self):
            raise IndexError(f"record {i} of {self.path}: {len(self)} are indexed")

    def _offset(self, i: int) -> int:
        """Where record ``i`` begins, or the one before it ends."""
        return self._offsets[i] if i < len(self) else self._end

    def _batch(self, start: int, last: int) -> list[Record]:
        """The records from ``start``: as many whole lines as fit a block, at least one."""
        lines = self.lines(start, last)
        batch: list[Record] = []
        for i in range(lines.start, lines.stop):
            try:
                batch.append(parse_record(lines.line(i), i + 1))
            except ValueError as error:
                self._cut(i, str(error))
                break
        return batch

    def _cut(self, i: int, what: str) -> None:
        """The trace ends before record ``i``."""
        if i < len(self):
            self._end = self._offsets[i]
            del self._kinds[i:], self._offsets[i:]
        self._damage = Damage(i + 2, what)


def read_header(path: Path | str) -> Header:
    """The header of the trace at ``path``, nothing else read. Raises TraceError."""
    with TraceReader(path) as reader:
        return reader.header


def load_inputs(trace: TraceReader | Path | str) -> Iterator[Record]:
    """The records that were fed to the engine, to be fed again, up to the end or damage.

    Raises TraceError when ``trace`` is a path that cannot be opened as a trace.
    """
    if isinstance(trace, TraceReader):
        trace.index_all()
        yield from (record for record in trace.records() if record.is_input)
    else:
        with TraceReader(trace) as reader:
            yield from load_inputs(reader)


def _open(path: Path) -> io.FileIO:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise TraceError(f"{path}: expected a trace file, found a folder or a device")
        return path.open("rb", buffering=0)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise TraceError(f"{path}: cannot be opened: {reason}") from error
