"""Rows of styled text for widgets that draw themselves line by line.

A span is ``(text, style name)``; names are those of ``Paint``, so that laid out rows stay
good when the theme changes. All widths are terminal cells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.strip import Strip

from ivrsim.tui.themes import Paint

Span = tuple[str, str]
Row = Sequence[Span]


def strip_of(row: Row, paint: Paint, width: int, fill: str = "") -> Strip:
    """``row`` in exactly ``width`` cells; ``fill`` is the style of the room to the right."""
    segments = []
    left = width
    for text, name in row:
        cells = cell_len(text)
        if cells > left:
            text = cut(text, left)
            cells = cell_len(text)
        if cells:
            segments.append(Segment(text, paint[name]))
            left -= cells
        if left <= 0:
            break
    if left > 0:
        segments.append(Segment(" " * left, paint[fill]))
    return Strip(segments, width)


def cut(text: str, width: int) -> str:
    """``text`` in at most ``width`` cells, ending in … when something is missing."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…" if width > 0 else ""


def text_of_row(row: Row) -> str:
    return "".join(text for text, _ in row)


def width_of(row: Iterable[Span]) -> int:
    return sum(cell_len(text) for text, _ in row)


def both_ends(left: Row, right: Row, width: int) -> list[Span]:
    """``left`` and ``right`` at the two ends of a line; ``left`` gives way."""
    room = max(0, width - width_of(right) - 1)
    row: list[Span] = []
    for text, name in left:
        piece = cut(text, room)
        if piece:
            row.append((piece, name))
        room -= cell_len(piece)
    used = width_of(row)
    gap = width - used - width_of(right)
    return [*row, (" " * max(0, gap), ""), *right]


def centred(row: Row, width: int) -> list[Span]:
    return [(" " * max(0, (width - width_of(row)) // 2), ""), *row]


def wrap(text: str, width: int) -> list[tuple[int, str]]:
    """Lines of at most ``width`` cells broken at spaces, each with its offset in ``text``."""
    width = max(2, width)
    if len(text) <= width and text.isascii():
        return [(0, text)]
    lines: list[tuple[int, str]] = []
    start = 0
    while start < len(text):
        end = _fit(text, start, width)
        if end < len(text) and text[end] != " ":
            space = text.rfind(" ", start, end)
            end = space if space > start else end
        lines.append((start, text[start:end]))
        start = end
        while start < len(text) and text[start] == " ":
            start += 1
    return lines or [(0, "")]


def _fit(text: str, start: int, width: int) -> int:
    """How far from ``start`` fits into ``width`` cells, at least one character."""
    end = min(len(text), start + width)
    chunk = text[start:end]
    if chunk.isascii():
        return end
    cells = 0
    for index, char in enumerate(text[start:], start):
        cells += cell_len(char)
        if cells > width:
            return max(index, start + 1)
    return len(text)


def wrap_spans(spans: Row, width: int, indent: int = 0) -> list[list[Span]]:
    """Spans broken into lines, at a space if there is a good one; later lines are indented."""
    width = max(indent + 4, width)
    lines: list[list[Span]] = [[]]
    left = width
    for text, name in spans:
        while text:
            end = _fit(text, 0, left) if left > 0 else 0
            piece = text[:end]
            if left <= 0 or (cell_len(piece) > left and len(lines[-1]) > bool(indent)):
                lines.append([(" " * indent, "")] if indent else [])
                left = width - indent
                continue
            if end < len(text):
                # Rather between words, unless that would leave most of the line empty.
                space = text.rfind(" ", end // 2, end) + 1
                end = space or end
                piece = text[:end]
            lines[-1].append((piece, name))
            left = 0 if end < len(text) else left - cell_len(piece)
            text = text[end:]
    return lines
