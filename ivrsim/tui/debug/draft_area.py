"""The text of a request or a reply while it is edited: JSON in colours."""

from __future__ import annotations

from rich.style import Style
from textual.widgets import TextArea
from textual.widgets.text_area import TextAreaTheme

from ivrsim.tui.json_spans import json_line
from ivrsim.tui.lines import paint_of

_LINES_IN_COLOUR = 3000
"""Beyond this many lines there are no colours: making them holds each key up."""
_THEME = "ivrsim"


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

    def __init__(self, text: str) -> None:
        super().__init__(
            text, id="draft", show_line_numbers=True, soft_wrap=True, tab_behavior="focus"
        )

    def on_mount(self) -> None:
        self._colour()

    def _colour(self) -> None:
        """Take the colours of the theme that is on."""
        paint = paint_of(self)
        styles: dict[str, Style] = {
            name: paint[name] for name in ("blue", "green", "yellow", "purple", "muted", "accent")
        }
        self.register_theme(TextAreaTheme(_THEME, syntax_styles=styles))
        self.theme = _THEME
        self._build_highlight_map()

    def _build_highlight_map(self) -> None:
        """Textual's own needs a parser that is not installed; it asks for bytes of each line."""
        super()._build_highlight_map()
        if self.document.line_count > _LINES_IN_COLOUR:
            return
        body = False
        for number, line in enumerate(self.document.lines):
            if not body and not line.strip():
                body = True
                continue
            if body:
                spans = json_line(line)
            elif number == 0:
                spans = [(line, "accent")]
            else:
                name, colon, value = line.partition(":")
                spans = [(name + colon, "blue"), (value, "")]
            at = 0
            for text, style in spans:
                end = at + len(text.encode("utf-8", "surrogatepass"))
                if style:
                    self._highlights[number].append((at, end, style))
                at = end
