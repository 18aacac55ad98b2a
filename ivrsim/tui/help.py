"""All keys on one page."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding

from ivrsim.tui.keymap import EVERYTHING, Command
from ivrsim.tui.keys import keys_of
from ivrsim.tui.lines import Lines
from ivrsim.tui.spans import Row, wrap
from ivrsim.tui.window import Window

_MORE = {
    "on the list": (("↑ ↓", "Choose a sample or a recent call"),),
    "in a call": (
        ("0-9 * #", "Press a key of the telephone, unless a text field has the focus"),
        ("Tab", "Go to the next pane; arrows and page keys move in it"),
        ("End", "In the trace: follow the end again"),
    ),
    "the tree of branches": (("⏎", "Open the call under the cursor"),),
    "two calls side by side": (("⏎", "See what differs there in full"),),
    "assumptions": (("⏎", "Call again with the other value, and compare"),),
}
"""What is no command: keys that only move and choose."""


class HelpLines(Lines):
    def __init__(self, first: str) -> None:
        super().__init__(id="help")
        self._first = first
        self._rows: list[Row] = []

    def on_resize(self) -> None:
        keys = keys_of(self)
        rows: list[Row] = []
        titles = sorted(EVERYTHING, key=lambda title: title != self._first)  # stable
        for title in titles:
            rows.append([(title, "bold accent")])
            lines = [*_MORE.get(title, ()), *(self._line(each) for each in EVERYTHING[title])]
            for key, about in lines:
                for index, (_, piece) in enumerate(wrap(about, max(10, self.width - 11))):
                    rows.append([(f"{'' if index else key:>8}   ", "bold text"), (piece, "muted")])
            rows.append([])
        changed = "; yours are in keys.yaml" if keys.changed else "; keys.yaml changes them"
        said = f"Everything can be clicked, and found by name with ^P{changed}."
        rows += [[(piece, "faint")] for _, piece in wrap(said, self.width)]
        self._rows = rows
        self.set_count(len(rows))

    def _line(self, command: Command) -> tuple[str, str]:
        return keys_of(self).shown(command), command.about

    def row(self, y: int, width: int) -> tuple[Row, str]:
        return self._rows[y], ""


class HelpScreen(Window[None]):
    """``on_home``: opened from the list of samples, whose keys come first then."""

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
        self._first = "on the list" if on_home else "in a call"

    def compose(self) -> ComposeResult:
        lines = HelpLines(self._first)
        lines.border_title = "keys"
        lines.border_subtitle = "Esc closes"
        yield lines
