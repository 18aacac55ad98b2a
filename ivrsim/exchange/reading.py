"""Opens a file of any kind that can be imported; its kind is found by its content."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any, Final

from ivrsim.errors import InputError
from ivrsim.exchange.captured import FileRead, Place
from ivrsim.exchange.har_reader import is_har, read_har
from ivrsim.exchange.request_log import RequestLog
from ivrsim.exchange.values import NOTHING, parse
from ivrsim.trace.record import FORMAT

LARGEST: Final = 512 << 20
"""Bytes of a file; beyond that it is refused."""


def read_file(path: Path | str) -> FileRead:
    """The requests in the file at ``path``.

    Raises InputError, naming file, line and column, for a file that cannot be read, is no text,
    is a trace already, or holds broken JSON.
    """
    path = Path(path)
    text = _text(path)
    file = str(path)
    value = _whole(text)
    if is_har(value):
        return read_har(file, value, text)
    if value is NOTHING and '"log"' in text[:2000] and '"entries"' in text[:100_000]:
        _refuse_broken_har(file, text)
    log = RequestLog(file, text)
    read = log.run()
    if not read.captured:
        if read.broken:
            raise InputError(read.broken)
        place = log.first_unknown or Place(file)
        raise InputError(
            f"{place}: expected a HAR file, JSON Lines of webhook bodies or a log of requests, "
            f"found {_excerpt(text, place.line)}"
        )
    return read


def _text(path: Path) -> str:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path}: expected a file, found a folder or a device")
        if status.st_size > LARGEST:
            raise InputError(f"{path}: larger than {LARGEST >> 20} MiB; split it first")
        content = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read: {reason}") from None
    powershell = content.startswith((b"\xff\xfe", b"\xfe\xff"))  # as Windows PowerShell writes it
    encoding = "utf-16" if powershell else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{_place(path, content, error.start)}: expected text in UTF-8, found the byte "
            f"0x{content[error.start]:02x}"
        ) from None
    if "\0" in text:
        index = text.index("\0")
        before = text[:index]
        place = Place(str(path), before.count("\n") + 1, index - before.rfind("\n"))
        raise InputError(f"{place}: expected text, found a NUL: this is a binary file")
    if not text.strip():
        raise InputError(f"{path}:1:1: expected requests, found an empty file")
    first = text[: text.find("\n")] if "\n" in text else text
    if f'"{FORMAT}"' in first[:400]:
        raise InputError(f"{path}:1:1: this is a trace already: ivrsim open {path}")
    return text


def _place(path: Path, content: bytes, offset: int) -> Place:
    line = content.count(b"\n", 0, offset) + 1
    before = content[content.rfind(b"\n", 0, offset) + 1 : offset]
    return Place(str(path), line, len(before.decode("utf-8", "replace")) + 1)


def _whole(text: str) -> Any:
    """The file as one JSON value, where it looks like an object; else NOTHING."""
    if text.lstrip()[:1] != "{":
        return NOTHING
    first = text.lstrip().partition("\n")[0].rstrip()
    if first.endswith("}") and len(first) > 1 and '"log"' not in first[:200]:
        return NOTHING  # one object a line: no need to try them all at once
    try:
        return parse(text)
    except ValueError:
        return NOTHING


def _refuse_broken_har(file: str, text: str) -> None:
    import json

    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        place = Place(file, error.lineno, error.colno)
        raise InputError(f"{place}: expected a HAR file, found broken JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{file}:1:1: expected a HAR file, found JSON nested too deep") from error


def _excerpt(text: str, line: int) -> str:
    from ivrsim.trace.view_text import one_line_of

    lines = text.split("\n", line)
    found = lines[line - 1] if line <= len(lines) else ""
    return repr(one_line_of(found, 60))
