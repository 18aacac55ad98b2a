"""``ivrsim show``: a recorded call on standard output."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator

from ivrsim.cli.printing import QUIET, words_of
from ivrsim.errors import TraceError
from ivrsim.trace.filter import parse_filter
from ivrsim.trace.reader import TraceReader
from ivrsim.trace.record import Record
from ivrsim.trace.search import Search
from ivrsim.trace.titles import Titles, request_of
from ivrsim.trace.view_text import one_line_of

# What was found is printed after so much of the file: a pipe sees the beginning at once.
_BYTES = 1 << 20
_RECORDS = 4_000


def show(options: Namespace) -> int:
    """Print the records of a trace, all or those that pass a filter; the exit status.

    Raises FilterError before anything is printed, and TraceError when the file is no trace. A
    damaged file is shown up to its damage, and a line on standard error says where that is.
    """
    wanted = parse_filter(options.filter or "")
    with TraceReader(options.trace) as reader:
        search = Search(reader, wanted)
        everything = options.verbose or bool(wanted)
        titles = Titles()
        for places in _places(reader, search):
            found = _read(reader, places)
            if options.json:
                sys.stdout.buffer.write(b"".join(line for _, line in found))
            else:
                sys.stdout.write("".join(_words(found, search, titles, everything)))
            sys.stdout.flush()
        if reader.damage is not None:
            where = one_line_of(f"{reader.path}: {reader.damage}", 1000)
            print(f"ivrsim: warning: {where}; shown up to there", file=sys.stderr)
    return 0


def _places(reader: TraceReader, search: Search) -> Iterator[list[int]]:
    """The places of the records to show, as they are found."""
    taken = 0
    whole = False
    while not whole:
        whole = reader.index_more(_BYTES)
        caught_up = False
        while not caught_up:
            caught_up = search.advance(_RECORDS)
            yield search.found[taken:].tolist()
            taken = len(search.found)


def _read(reader: TraceReader, places: list[int]) -> list[tuple[Record, bytes]]:
    """The records at ``places``, which ascend, with their lines; up to damage."""
    found: list[tuple[Record, bytes]] = []
    lines = None
    for i in places:
        try:
            if lines is None or i >= lines.stop:
                lines = reader.lines(i, places[-1] + 1, _BYTES if len(places) > 100 else 1)
            line = lines.line(i)
            found.append((reader.parsed(i, line), line if line.endswith(b"\n") else line + b"\n"))
        except (TraceError, IndexError):  # reader.damage says why
            break
    return found


def _words(
    found: list[tuple[Record, bytes]], search: Search, titles: Titles, everything: bool
) -> Iterator[str]:
    for record, _ in found:
        titles.apply(record)
        webhook = record.data.get("webhook")
        if webhook is not None and str(webhook) not in titles:
            request = request_of(record, search.record_of)
            if request is not None:
                titles.apply(request)
        if everything or record.kind not in QUIET:
            yield words_of(record, titles)
