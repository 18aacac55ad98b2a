"""Reads a trace of any length: an index of lines is kept in memory, never the records.

Most of the index is made without parsing: the writer's lines begin alike, so number
and kind of a record are where a pattern expects them. Such a line is parsed when it is asked
for, and damage inside it is found then.
"""

from __future__ import annotations

import io
import json
import os
import re
import stat
import threading
from array import array
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, NoReturn, Self

import orjson

from ivrsim.errors import TraceError
from ivrsim.trace.record import FORMAT, VERSION, Header, Record

_BLOCK = 1 << 18
_LONGEST_LINE = 1 << 28
_LONGEST_HEADER = 1 << 26

_COMPACT = b'{"type":"record",'
_RECORD = re.compile(rb'\{"type":"record","seq":(\d{1,18}),"t":\d+,"kind":"([^"\\]+)",')


class Damage(NamedTuple):
    """Where a trace stops being readable: ``line`` counts from 1, the header is line 1."""

    line: int
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


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
        self._kinds = array("I")
        self._names: list[str] = []
        self._numbers: dict[bytes | str, int] = {}
        self._damage: Damage | None = None
        self._tail: Damage | None = None
        self._open_tail = False
        self._file = _open(self.path)
        try:
            line = self._first_line()
            self.header = _header(self.path, line)
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
                want -= whole
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

    def record(self, i: int) -> Record:
        """Record ``i``. Raises IndexError when it is not indexed, TraceError when damaged."""
        with self._lock:
            self._check(i)
            start, end = self._span(i, i + 1)
            line = self._read(start, end - start)
            try:
                return _record(line, i + 1)
            except ValueError as error:
                self._cut(i, str(error))
            raise TraceError(f"{self.path}: {self._damage}")

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
        match, numbers = _RECORD.match, self._numbers
        while start < whole:
            after = block.index(b"\n", start) + 1
            found = match(block, start, after)
            seq = len(self._kinds) + 1
            if found and int(found[1]) == seq and block[after - 2] == 0x7D:  # }
                number = numbers.get(found[2])
                if number is None:
                    number = self._number(found[2].decode(errors="replace"))
                    numbers[found[2]] = number
            else:
                try:
                    number = self._number(_record(block[start:after], seq).kind)
                except ValueError as error:
                    self._cut(len(self), str(error))
                    return False
            self._offsets.append(base + start)
            self._end = base + after
            self._kinds.append(number)
            start = after
        return True

    def _index_tail(self, tail: bytes) -> bool:
        """What comes after the last line end: a whole record, or one that breaks off."""
        if tail:
            try:
                record = _record(tail, len(self) + 1)
            except ValueError:
                self._tail = Damage(
                    len(self) + 2, f"breaks off after {len(tail)} bytes; the record is incomplete"
                )
            else:
                self._offsets.append(self._end)
                self._end += len(tail)
                self._kinds.append(self._number(record.kind))
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
        return number

    def _check(self, i: int) -> None:
        if not 0 <= i < len(self):
            raise IndexError(f"record {i} of {self.path}: {len(self)} are indexed")

    def _span(self, start: int, stop: int) -> tuple[int, int]:
        end = self._offsets[stop] if stop < len(self) else self._end
        return self._offsets[start], end

    def _batch(self, start: int, last: int) -> list[Record]:
        """The records from ``start``: as many whole lines as fit a block, at least one."""
        stop = start + 1
        limit = self._offsets[start] + _BLOCK
        while stop < last and self._span(start, stop + 1)[1] <= limit:
            stop += 1
        begin, end = self._span(start, stop)
        block = self._read(begin, end - begin)
        batch: list[Record] = []
        for i in range(start, stop):
            left, right = self._span(i, i + 1)
            try:
                batch.append(_record(block[left - begin : right - begin], i + 1))
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


def _parse(line: bytes) -> Any:
    """Raises ValueError. Lines that orjson cannot read are those that it could not write."""
    if line.startswith(_COMPACT):
        try:
            return orjson.loads(line)
        except ValueError:
            pass
    try:
        return json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _record(line: bytes, seq: int) -> Record:
    """Raises ValueError saying what is wrong with ``line`` as the record number ``seq``."""
    try:
        value = _parse(line)
    except ValueError as error:
        raise ValueError(f"not JSON: {_reason(error)}; found {_excerpt(line)}") from error
    if not isinstance(value, dict) or value.get("type") != "record":
        raise ValueError(f"expected a record, found {_excerpt(line)}")
    try:
        record = Record.from_json(value)
    except KeyError as error:
        raise ValueError(f"expected a record, found one without {error}") from error
    if type(record.seq) is not int or record.seq != seq:
        raise ValueError(f"expected the record with seq {seq}, found {record.seq!r}")
    if not (
        type(record.t) is int
        and isinstance(record.kind, str)
        and isinstance(record.data, dict)
        and (record.leg is None or isinstance(record.leg, str))
        and (record.cause is None or type(record.cause) is int)
    ):
        raise ValueError(f"a field of the record has the wrong type: {_excerpt(line)}")
    return record


def _header(path: Path, line: bytes) -> Header:
    def refuse(found: str) -> NoReturn:
        raise TraceError(f"{path}: line 1: expected an ivrsim trace header, found {found}")

    if not line:
        refuse("nothing: the file is empty")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        if line.startswith(b'{"type":"header"') and not line.endswith(b"\n"):
            refuse(f"one that breaks off after {len(line)} bytes")
        refuse(_excerpt(line))
    if not (
        isinstance(value, dict) and value.get("type") == "header" and value.get("format") == FORMAT
    ):
        refuse(_excerpt(line))
    version = value.get("version")
    if type(version) is not int or version < 1:
        refuse(f"one with version {version!r}")
    if version > VERSION:
        raise TraceError(
            f"{path}: line 1: trace version {version} is newer than this ivrsim can read "
            f"({VERSION}); update ivrsim"
        )
    for name, kind in _HEADER_TYPES.items():
        if not isinstance(value.get(name), kind):
            refuse(f"one without {name!r}" if name not in value else f"a wrong {name!r} in it")
    return Header(
        **{name: value[name] for name in _HEADER_TYPES},
        parent=value.get("parent"),
        setup=value.get("setup") or {},
        arguments=tuple(word for word in value.get("arguments") or () if isinstance(word, str)),
        version=version,
    )


_HEADER_TYPES: dict[str, type] = {
    "platform": str,
    "target": str,
    "seed": int,
    "started_at": str,
    "settings": dict,
}


def _reason(error: ValueError) -> str:
    return str(error).partition(": line ")[0]


def _excerpt(line: bytes) -> str:
    """The beginning of ``line``, safe to print."""
    text = repr(line[:60].decode(errors="replace").strip())
    return f"{text}…" if len(line) > 60 else text
