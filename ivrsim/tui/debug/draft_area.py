"""The text of a request or a reply while it is edited: JSON in colours."""

from __future__ import annotations

from rich.text import Text
from textual.binding import Binding
from textual.widgets import TextArea

from ivrsim.trace.view_text import visible
from ivrsim.tui.json_spans import json_line
from ivrsim.tui.lines import paint_of
from ivrsim.tui.spans import Row

_COLOURED = 4000
"""Characters of a line that get colours: making them takes longer than drawing."""


class DraftArea(TextArea):
    """Lines after the first empty one are the body; above it are names and values."""

    DEFAULT_CSS = """
    DraftArea {
        border: none; padding: 0; background: $ivr-raised; color: $ivr-text; height: 1fr;
    }
    DraftArea:focus { border: none; }
    DraftArea .text-area--cursor-line { background: $ivr-cursor; }
    DraftArea .text-area--gutter { color: $ivr-faint; background: $ivr-raised; }
    DraftArea .text-area--cursor-gutter { color: $ivr-accent; background: $ivr-cursor; }
    DraftArea .text-area--selection { background: $ivr-key; }
    """

    BINDINGS = [
        Binding("ctrl+home", "edge(False)", "To the first line", show=False),
        Binding("ctrl+end", "edge(True)", "To the last line", show=False),
    ]

    def __init__(self, text: str) -> None:
        super().__init__(
            text, id="draft", show_line_numbers=True, soft_wrap=True, tab_behavior="focus"
        )

    def action_edge(self, last: bool) -> None:
        self.move_cursor(self.document.end if last else (0, 0))

    def get_line(self, line_index: int) -> Text:
        """What is drawn of a line: what could act on the terminal is not."""
        shown = safe(self.document.get_line(line_index))
        line = Text(shown, end="", no_wrap=True)
        paint = paint_of(self)
        at = 0
        for text, style in self._spans(line_index, shown[:_COLOURED]):
            if style:
                line.stylize(paint[style], at, at + len(text))
            at += len(text)
        return line

    def _spans(self, index: int, line: str) -> Row:
        if index == 0:
            return [(line, "accent")]
        if index > self._first_empty():
            return json_line(line)
        name, colon, value = line.partition(":")
        return [(name + colon, "blue"), (value, "")]

    def _first_empty(self) -> int:
        lines = self.document.lines
        return next((i for i, line in enumerate(lines) if not line.strip()), len(lines))


def safe(text: str) -> str:
    """``text`` with a sign for each character that is not to reach the terminal: as long as it
    was, so that the cursor stands where it seems to."""
    if visible(text) == text:
        return text
    signs = ((char, visible(char)) for char in text)
    return "".join(sign if len(sign) == 1 else "·" if not sign else "�" for _, sign in signs)
