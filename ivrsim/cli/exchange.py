"""``ivrsim import`` and ``ivrsim export``."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path


def import_files(options: Namespace) -> int:
    """Make traces of what other tools have recorded, and say which. Raises InputError."""
    from ivrsim.exchange.importing import platform_of, read_calls, write_calls
    from ivrsim.trace.view_text import one_line_of, visible
    from ivrsim.trace.view_words import number_words

    imported = read_calls(options.files, platform_of(options.platform))
    folder = None if options.output is None else Path(options.output)
    for path, call in zip(write_calls(imported, folder), imported.calls, strict=True):
        numbers = f"{number_words(call.from_) or '?'} → {number_words(call.to) or '?'}"
        found = f"{_count(call.webhooks, 'webhook')}, {_count(call.gaps, 'gap')}"
        print(f"{visible(str(path))}  {call.header.platform}  {one_line_of(numbers)}  {found}")
    for reason, count in sorted(imported.left_out.items()):
        print(f"left out: {visible(reason)} ({count})")
    for broken in imported.broken:
        print(f"ivrsim: warning: {visible(broken)}", file=sys.stderr)
    return 0


def export(options: Namespace) -> int:
    """A trace for other tools and for people. Raises InputError."""
    from ivrsim.exchange.exporting import export_trace
    from ivrsim.trace.view_text import visible

    output = None if options.output in (None, "-") else Path(options.output)
    sys.stdout.flush()
    for warning in export_trace(Path(options.trace), options.format, output, sys.stdout.buffer):
        print(f"ivrsim: warning: {visible(warning)}", file=sys.stderr)
    return 0


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
