"""Records on standard output, a line each: in words, or as the trace has them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import BinaryIO, Final, TextIO

import orjson

from ivrsim.trace.filter import Filter
from ivrsim.trace.record import Record
from ivrsim.trace.titles import RecordOf, Titles
from ivrsim.trace.view_words import one_line

QUIET: Final = frozenset(
    {
        "timer.started", "timer.fired", "timer.cancelled", "capture.listening",
        "action.finished", "api.response",
    }
)  # fmt: skip
"""Kinds that are printed only when every record is asked for, or a filter asks for them."""


def words_of(record: Record, titles: Mapping[str, str]) -> str:
    """The line for ``record``: call time in seconds, and what it says."""
    return f"{record.t / 1000:9.2f}  {one_line(record, titles)}\n"


def json_of(record: Record) -> bytes:
    """The line that the trace has for ``record``."""
    try:
        return orjson.dumps(record.to_json(), option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # an integer over 64 bits, half a surrogate pair
        return json.dumps(record.to_json()).encode() + b"\n"


class Printer:
    """Prints what happens in words, a line each.

    Kinds of little interest are left out, unless ``verbose`` or ``filter`` wants them.
    """

    def __init__(
        self,
        out: TextIO,
        verbose: bool = False,
        filter: Filter | None = None,
        record_of: RecordOf | None = None,
    ) -> None:
        self._out = out
        self._filter = filter
        self._record_of = record_of
        self._all = verbose or bool(filter)
        self._titles = Titles()

    def __call__(self, records: Sequence[Record]) -> None:
        lines: list[str] = []
        for record in records:
            self._titles.apply(record)
            if not self._all and record.kind in QUIET:
                continue
            if self._filter is None or self._filter.matches(record, self._record_of):
                lines.append(words_of(record, self._titles))
        if lines:
            self._out.write("".join(lines))
            self._out.flush()


class JsonPrinter:
    """Prints the records that ``filter`` lets pass as lines of JSON."""

    def __init__(self, out: BinaryIO, filter: Filter, record_of: RecordOf | None = None) -> None:
        self._out = out
        self._filter = filter
        self._record_of = record_of

    def __call__(self, records: Sequence[Record]) -> None:
        lines = [json_of(r) for r in records if self._filter.matches(r, self._record_of)]
        if lines:
            self._out.write(b"".join(lines))
            self._out.flush()
