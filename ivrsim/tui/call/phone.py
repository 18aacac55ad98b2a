"""The phone pane: status, keypad, buttons, meters."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical

from ivrsim.trace.view import CallView
from ivrsim.tui.call.keypad import Keypad
from ivrsim.tui.call.meter import Meter
from ivrsim.tui.call.status import Status
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.spans import Row, Span


class Buttons(LineWidget):
    """Hang up or call again; the other telephone while it rings."""

    DEFAULT_CSS = """
    Buttons { height: 3; margin-top: 1; }
    Buttons.-compact { height: 2; margin-top: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._ended = False
        self._party: str | None = None
        self._places: list[tuple[int, int, int, str]] = []

    def show(self, view: CallView, over: bool) -> None:
        """``over``: the call itself has ended, whatever moment of it is looked at."""
        ringing = [leg for leg in view.legs.values() if leg.state == "ringing"]
        party = next((leg.leg for leg in ringing if leg.role != "caller"), None)
        if (over, party) != (self._ended, self._party):
            self._ended, self._party = over, party
            self.refresh()

    def rows(self, width: int) -> list[Row]:
        self._places = []
        if self._ended:
            first = self._button(0, width, "Call again  R", "bold on-accent on accent", "redial")
        else:
            first = self._button(0, width, "Hang up  H", "bold pane on red", "hang_up")
        rows: list[Row] = [first]
        if self._party is not None and not self._ended:
            row: list[Span] = []
            x = 0
            for key, word, command in (
                ("A", "nswer", "answer"), ("b", "Usy", "busy"), ("re", "Ject", "reject"),
            ):  # fmt: skip
                text = f" {key}{word} "
                row.append((text, "text on raised"))
                row.append((" ", ""))
                self._places.append((1, x, x + len(text), command))
                x += len(text) + 1
            rows.append(row)
        return rows

    def _button(self, y: int, width: int, text: str, style: str, command: str) -> list[Span]:
        self._places.append((y, 0, width, command))
        return [(text.center(width), style)]

    def target(self, x: int, y: int) -> str | None:
        return next((c for line, a, b, c in self._places if line == y and a <= x < b), None)


class Phone(Vertical):
    DEFAULT_CSS = """
    Phone { width: 25; padding: 0 1; }
    Phone.-compact { width: 21; }
    """

    def __init__(self, view: CallView) -> None:
        super().__init__(id="phone", classes="pane")
        self.border_title = "phone"
        self._view = view
        self.status = Status(view)
        self.keypad = Keypad()
        self.buttons = Buttons()
        self.meter = Meter()

    def compose(self) -> ComposeResult:
        yield self.status
        yield self.keypad
        yield self.buttons
        yield self.meter

    def compact(self, on: bool) -> None:
        for widget in (self, self.status, self.keypad, self.buttons):
            widget.set_class(on, "-compact")
        self.status.refresh(layout=True)
