"""One line of a trace read with care: what is wrong with it is said, and shown safely."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NoReturn

import orjson

from ivrsim.errors import TraceError
from ivrsim.trace.record import FORMAT, VERSION, Header, Record

COMPACT: Final = b'{"type":"record",'
"""How the writer's lines begin, all but those that orjson cannot write."""


def _parse(line: bytes) -> Any:
    """Raises ValueError. Lines that orjson cannot read are those that it could not write."""
    if line.startswith(COMPACT):
        try:
            return orjson.loads(line)
        except ValueError:
            pass
    try:
        return json.loads(line)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def parse_record(line: bytes, seq: int) -> Record:
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


def parse_header(path: Path, line: bytes) -> Header:
    """The header of the trace at ``path``. Raises TraceError naming what was found instead."""

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
    for name, kind in _OPTIONAL_TYPES.items():
        if not isinstance(value.get(name), kind | None):
            refuse(f"a wrong {name!r} in it")
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
_OPTIONAL_TYPES: dict[str, type] = {"parent": dict, "setup": dict, "arguments": list}


def _reason(error: ValueError) -> str:
    return str(error).partition(": line ")[0]


def _excerpt(line: bytes) -> str:
    """The beginning of ``line``, safe to print."""
    text = repr(line[:60].decode(errors="replace").strip())
    return f"{text}…" if len(line) > 60 else text
