"""Writes a trace: one line for each record, in the file before anybody sees the record."""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import orjson

from ivrsim.errors import TraceError, TraceWriteError
from ivrsim.trace.record import Header, Record

# Windows translates line ends unless told not to.
_OPEN = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)


class TraceWriter:
    """Appends records to a new file, to a byte stream, or to both: the same bytes.

    Every ``append`` has reached the operating system when it returns, so a process that is
    killed loses nothing that was shown; it is not synchronised to the disk, so a power cut
    may lose the last lines. The file is new, and readable by its owner only.

    Raises TraceError when the file cannot be made, and once when it cannot be written any
    more (disk full): later records then go to the stream alone, so that the call can go on.
    BrokenPipeError passes up as it is.
    """

    def __init__(self, path: Path | None, stream: BinaryIO | None = None) -> None:
        self.path = path
        self._stream = stream
        self._fd: int | None = None
        if path is not None:
            try:
                _put_aside(path)
                self._fd = os.open(path, _OPEN, 0o600)
            except (OSError, ValueError) as error:  # ValueError: a NUL in the path
                reason = getattr(error, "strerror", None) or error
                raise TraceError(f"{path}: cannot write the trace: {reason}") from error

    def header(self, header: Header) -> None:
        """Write the first line."""
        self._write(_line(header.to_json(), "the header"))

    def append(self, records: Sequence[Record]) -> None:
        """Write ``records``, all of them with one write."""
        if records:
            self._write(b"".join([_line(r.to_json(), r) for r in records]))

    def close(self) -> None:
        """Close the file; the stream belongs to the caller. May be called again."""
        fd, self._fd = self._fd, None
        if fd is not None:
            try:
                os.close(fd)
            except OSError as error:  # network file systems tell of a full disk only now
                raise self._failure(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, lines: bytes) -> None:
        failure: OSError | None = None
        if self._fd is not None:
            try:
                _write_all(self._fd, lines)
            except BrokenPipeError:
                raise
            except OSError as error:
                failure = error
                fd, self._fd = self._fd, None
                os.close(fd)
        if self._stream is not None:
            try:
                self._stream.write(lines)
                self._stream.flush()
            except BrokenPipeError:
                raise
            except OSError as error:
                self._stream = None
                raise TraceWriteError(
                    f"standard output: cannot write the trace: {error.strerror or error}"
                ) from error
        if failure is not None:
            raise self._failure(failure) from failure

    def _failure(self, error: OSError) -> TraceWriteError:
        return TraceWriteError(
            f"{self.path}: cannot write the trace any further: {error.strerror or error}; "
            "what was recorded until now can be opened"
        )


def _put_aside(path: Path) -> None:
    """Remove an older trace: the call that may still be writing it must not write into ours."""
    with suppress(OSError):  # then it is overwritten
        found = os.lstat(path)
        if stat.S_ISREG(found.st_mode) and found.st_size:  # an empty one is a name that is taken
            os.unlink(path)


def _write_all(fd: int, lines: bytes) -> None:
    written = os.write(fd, lines)
    while written < len(lines):
        written += os.write(fd, memoryview(lines)[written:])


def _line(value: dict[str, Any], what: Record | str) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        pass  # an integer over 64 bits, half a surrogate pair, a key that is no string, too deep
    try:
        # Not compact on purpose: by the blanks the reader knows that orjson cannot read it.
        return json.dumps(_plain(value)).encode() + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        place = what if isinstance(what, str) else f"record {what.seq} ({what.kind})"
        raise TraceError(f"{place} cannot be written as JSON: {error}") from error


def _plain(value: Any) -> Any:
    """``value`` as orjson would write it, with text for keys; NaN and infinities are null."""
    if isinstance(value, Mapping):
        return {k if isinstance(k, str) else json.dumps(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
