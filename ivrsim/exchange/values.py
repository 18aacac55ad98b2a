"""JSON out of foreign text, without surprises."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

_DECODER = json.JSONDecoder()
_WINDOW = 4096
NOTHING: Any = object()
DEEPEST = 100
"""Levels of nesting; no body of a platform has ten."""


def parse(text: str | bytes) -> Any:
    """The JSON value of ``text``. Raises ValueError for what is none, nested too deep included."""
    try:
        value = orjson.loads(text)
    except ValueError:  # it may hold what only Python's own reader takes: integers over 64 bits
        try:
            value = json.loads(text)
        except RecursionError as error:
            raise ValueError("nested too deep") from error
    _check_depth(value, text)
    return value


class Broken(ValueError):
    """Text that is no JSON at ``pos``."""

    def __init__(self, msg: str, pos: int) -> None:
        super().__init__(msg)
        self.msg = msg
        self.pos = pos


def parse_at(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that begins at ``start``, and where it ends. Raises Broken.

    Python's error counts the lines before it, so that each one costs as much as there is text: a
    window of it is tried first.
    """
    window = text[start : start + _WINDOW]
    try:
        value, end = _DECODER.raw_decode(window)
        end += start
    except json.JSONDecodeError as error:
        cut_short = error.pos > len(window) - 16 or error.msg.startswith("Unterminated")
        if not cut_short or start + len(window) >= len(text):
            raise Broken(error.msg, start + error.pos) from None
        try:
            value, end = _DECODER.raw_decode(text, start)
        except json.JSONDecodeError as error:
            raise Broken(error.msg, error.pos) from None
        except (RecursionError, ValueError):
            raise Broken("nested too deep", start) from None
    except (RecursionError, ValueError):  # ValueError: an integer of thousands of digits
        raise Broken("nested too deep", start) from None
    try:
        _check_depth(value, text[start:end])
    except ValueError as error:
        raise Broken(str(error), start) from None
    return value, end


def _check_depth(value: Any, text: str | bytes) -> None:
    """Raises ValueError for what is nested deeper than a trace can hold."""
    opened = (
        text.count("[") + text.count("{")
        if isinstance(text, str)
        else text.count(b"[") + text.count(b"{")
    )
    if opened <= DEEPEST:
        return
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise ValueError("nested too deep")


def json_or_text(text: str) -> Any:
    """JSON where it is an object or array, else the text; None for nothing."""
    stripped = text.strip()
    if not stripped:
        return None
    if stripped[0] in "{[":
        try:
            return parse(stripped)
        except ValueError:
            return text
    return text


def json_inside(value: Any) -> Any:
    """``value``, or the JSON that is written into it as text (``NOTHING`` when there is none)."""
    if isinstance(value, dict | list):
        return value
    if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
        try:
            return parse(value)
        except ValueError:
            return NOTHING
    return NOTHING


def query_of(url: str | None) -> dict[str, Any] | None:
    """The query of ``url``; a name that stands there twice has a list. None without a query."""
    if not url or "?" not in url:
        return None
    try:
        text = urlsplit(url).query
    except ValueError:
        text = url.partition("?")[2]
    return pairs_of(text) or None


def pairs_of(text: str) -> dict[str, Any]:
    """``a=1&b=2`` as an object."""
    found: dict[str, Any] = {}
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return {}
    for name, value in pairs:
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def header_of(headers: dict[str, str] | None, name: str) -> str | None:
    """The value of a header, whatever the case of its name."""
    for key, value in (headers or {}).items():
        if key.lower() == name:
            return value
    return None
