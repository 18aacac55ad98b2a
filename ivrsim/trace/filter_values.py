"""The values of a filter: numbers, times, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from ivrsim.trace.view_text import one_line_of

Number = int | float
NumberTest = Callable[[Number], bool]

UNITS: Final = {"ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000}

_OPERATOR: Final = re.compile(r"(>=|<=|>|<|=)?(.*)", re.DOTALL)
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_HUNDREDS: Final = re.compile(r"([1-9])xx", re.IGNORECASE)
_TIME: Final = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,6}))?(ms|s|min|m|h)?", re.IGNORECASE)
_CLOCK: Final = re.compile(r"(?:([0-9]{1,4}):)?([0-9]{1,6}):([0-9]{2})(?:\.([0-9]{1,3}))?")


class Wrong(Exception):
    """What is wrong with a filter, and in which column (counted from 1)."""

    def __init__(self, column: int, what: str) -> None:
        super().__init__(what)
        self.column = column
        self.what = what


class Item(NamedTuple):
    """One of the values after a colon, as it was typed. ``form`` is plain, quoted or regex."""

    text: str
    column: int
    form: str


class Span(NamedTuple):
    """From ``low`` up to, but not including, ``high``: what a time means as it was written."""

    low: int
    high: int


def found(item: Item) -> str:
    """``item`` for the end of a message."""
    return repr(one_line_of(item.text, 40)) if item.text else "nothing"


def number_test(item: Item, field: str) -> NumberTest:
    """A test for ``500``, ``>=500``, ``500..599`` or ``5xx``. Raises Wrong."""
    sign, text = _split(item)
    if hundreds := _HUNDREDS.fullmatch(text):
        low = int(hundreds[1]) * 100
        return _compare(sign, Span(low, low + 100))

    def read(part: str, column: int) -> Span:
        if not _NUMBER.fullmatch(part):
            raise Wrong(column, f"expected a number after {field}:, found {_shown(part)}")
        return Span(int(part), int(part) + 1)

    return _range(text, item, sign, read)


def time_test(item: Item, field: str) -> NumberTest:
    """A test of milliseconds for ``12s``, ``>12s``, ``500ms..2s`` or ``1:30``. Raises Wrong.

    A number without unit is in seconds, as the list shows call time; without a sign all that
    begins with what was written is meant: ``12s`` is from 12 to 13 seconds.
    """
    sign, text = _split(item)
    return _range(text, item, sign, lambda part, column: _time(part, column, field))


def longer_test(item: Item, field: str) -> NumberTest:
    """A test for more milliseconds than ``500ms``; ``>`` or ``>=`` may stand before it."""
    sign, text = _split(item)
    column = item.column + len(item.text) - len(text)
    if sign in ("<", "<=", "="):
        raise Wrong(item.column, f"expected a time after {field}:, such as 500ms, found {sign!r}")
    span = _time(text, column, field)
    if text.replace(".", "").isdigit() and span.low:
        raise Wrong(column, f"expected a unit after {text}: {text}ms or {text}s?")
    return _compare(sign or ">", span)


def _shown(text: str) -> str:
    return repr(one_line_of(text, 40)) if text else "nothing"


def _split(item: Item) -> tuple[str, str]:
    match = _OPERATOR.fullmatch(item.text)
    assert match is not None  # it matches every text
    return match[1] or "", match[2]


def _range(text: str, item: Item, sign: str, read: Callable[[str, int], Span]) -> NumberTest:
    column = item.column + len(item.text) - len(text)
    first, dots, last = text.partition("..")
    low = read(first, column)
    if not dots:
        return _compare(sign, low)
    if sign:
        raise Wrong(item.column, f"expected either {sign!r} or a range, found both")
    high = read(last, column + len(first) + 2)
    if high.low < low.low:
        raise Wrong(column, f"the range ends before it begins: {one_line_of(text, 40)}")
    return lambda value: low.low <= value <= high.low


def _compare(sign: str, span: Span) -> NumberTest:
    low, high = span
    match sign:
        case ">":
            return lambda value: value > low
        case ">=":
            return lambda value: value >= low
        case "<":
            return lambda value: value < low
        case "<=":
            return lambda value: value <= low
    return lambda value: low <= value < high


def _time(text: str, column: int, field: str) -> Span:
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds, fraction = clock.groups(default="")
        ms = (int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)) * 1000
        return _span(ms, fraction, 1000)
    if plain := _TIME.fullmatch(text):
        whole, fraction, unit = plain.groups(default="")
        scale = UNITS[unit.lower() or "s"]
        return _span(int(whole) * scale, fraction, scale)
    raise Wrong(
        column,
        f"expected a time such as 500ms, 2s or 1:30 after {field}:, found {_shown(text)}",
    )


def _span(ms: int, fraction: str, scale: int) -> Span:
    low = ms + int(fraction or 0) * scale // 10 ** len(fraction)
    return Span(low, low + max(1, scale // 10 ** len(fraction)))
