"""All keys on one page."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from ivrsim.tui.keymap import CALL, EVERYWHERE, HOME, Command
from ivrsim.tui.lines import Lines
from ivrsim.tui.spans import Row, wrap

_ALWAYS = (
    ("0-9 * #", "Press a key of the telephone, unless a text field has the focus"),
    ("Tab", "Go to the next pane; arrows and page keys move in it"),
    ("End", "In the trace: follow the end again"),
)


class HelpLines(Lines):
    def __init__(self, on_home: bool) -> None:
        super().__init__(id="help")
        self._on_home = on_home
        self._rows: list[Row] = []

    def on_resize(self) -> None:
        rows: list[Row] = []
        calls = [*((key, about) for key, about in _ALWAYS), *map(_line, CALL)]
        home = [("↑ ↓", "Choose a sample or a recent call"), *map(_line, HOME)]
        parts = [("on the list", home), ("in a call", calls)]
        if not self._on_home:
            parts.reverse()
        parts.append(("everywhere", [*map(_line, EVERYWHERE)]))
        for title, lines in parts:
            rows.append([(title, "bold accent")])
            for key, about in lines:
                for index, (_, piece) in enumerate(wrap(about, max(10, self.width - 11))):
                    rows.append([(f"{'' if index else key:>8}   ", "bold text"), (piece, "muted")])
            rows.append([])
        rows.append([("Everything can be clicked, and found by name with ^P.", "faint")])
        self._rows = rows
        self.set_count(len(rows))

    def row(self, y: int, width: int) -> tuple[Row, str]:
        return self._rows[y], ""


def _line(command: Command) -> tuple[str, str]:
    return command.shown, command.about


class HelpScreen(ModalScreen[None]):
    BINDINGS = [Binding("escape,question_mark,f1,q,enter", "dismiss", "Close", show=False)]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $ivr-back 60%; }
    HelpScreen #help {
        width: 76; max-width: 96%; height: 90%; max-height: 50; padding: 1 2;
        border: round $ivr-accent; background: $ivr-pane; border-title-color: $ivr-accent;
    }
    """

    def __init__(self, on_home: bool = False) -> None:
        super().__init__()
        self._on_home = on_home

    def compose(self) -> ComposeResult:
        lines = HelpLines(self._on_home)
        lines.border_title = "keys"
        lines.border_subtitle = "Esc closes"
        yield lines
