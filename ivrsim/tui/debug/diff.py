"""Unified diffs as rows: what was is red, what is is green."""

from __future__ import annotations

from ivrsim.trace.view_text import visible
from ivrsim.tui.spans import Row, Span, cut, wrap, wrap_spans

_SHOWN = 4000
"""Lines that are laid out."""


def rows_of_diff(text: str, width: int) -> list[Row]:
    """A unified diff laid out in ``width`` cells. Nothing in it: nothing was changed."""
    lines = text.splitlines()
    rows: list[Row] = []
    for line in lines[:_SHOWN]:
        if line.startswith(("--- ", "+++ ")) and not rows:
            continue
        if line.startswith("@@"):
            rows += [[]] * bool(rows)
            rows.append([(cut(visible(line), width), "faint")])
            continue
        sign, rest = line[:1], visible(line[1:])
        style = {"+": "green", "-": "red"}.get(sign, "muted")
        spans: list[Span] = [(f"{sign or ' '} ", f"bold {style}"), (rest, style)]
        rows += wrap_spans(spans, width, 2)
    if len(lines) > _SHOWN:
        rows.append([(cut(f"… {len(lines) - _SHOWN} more lines", width), "yellow")])
    return rows or [[(line, "faint")] for _, line in wrap("Nothing was changed.", width)]
