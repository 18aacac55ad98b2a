"""The breakpoints: what stops a call, how often it has, and a line to type another."""

from __future__ import annotations

from typing import Any, Final

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.widgets import Input

from ivrsim.errors import IvrsimError
from ivrsim.trace.view_text import one_line_of, visible
from ivrsim.tui.debug.modal import CLOSE, DebugModal, Hints, PickList
from ivrsim.tui.debug.protocol import Breakpoint, Breakpoints
from ivrsim.tui.keymap import BREAKPOINTS, bindings
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.spans import Row, both_ends, cut, wrap

EXAMPLES: Final = (
    ("request purpose:VCA hit:2", "before the second VCA webhook goes out"),
    ("reply status:>=500", "before a reply that failed is used"),
    ("action talk", "when a talk action begins"),
    ("pointer /2", "when the third action of a document begins"),
    ('kind:prompt.started text:"hours"', "when a prompt says hours"),
    ("digit:1", "when 1 is pressed"),
    ("slower:500ms", "when a reply took longer than that"),
)
_WORDS: Final = {"record": "at", "request": "before", "reply": "before the reply"}


class PointList(PickList[Breakpoint]):
    def rows_of(self, thing: Breakpoint, here: bool, width: int) -> list[Row]:
        sign = ("● ", "red") if thing.enabled else ("○ ", "faint")
        style = "text" if thing.enabled else "faint"
        hits = "" if not thing.hits else f"{thing.hits} hit{'s' * (thing.hits != 1)}"
        left = [(f"{thing.number:>2} ", "muted"), sign, (one_line_of(thing.text), style)]
        right = [(hits if thing.enabled else "off", "accent" if thing.enabled else "faint")]
        return [both_ends(left, right, width)]

    def rows_without(self, width: int) -> list[Row]:
        rows: list[Row] = [
            [("Nothing stops a call yet. Type what is to, for example:", "muted")],
            [],
        ]
        for text, about in EXAMPLES:
            if width >= 68:
                rows.append([(f"{text:<35}", "text"), (cut(about, width - 35), "faint")])
            else:
                rows.append([(cut(text, width), "text")])
        return rows


class Problem(LineWidget):
    """What is wrong with the line above it, and a sign under the place."""

    DEFAULT_CSS = "Problem { height: 3; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._message = ""
        self._column: int | None = None

    def show(self, message: str, column: int | None = None) -> None:
        self._message, self._column = message, column
        self.refresh()

    def rows(self, width: int) -> list[Row]:
        if not self._message:
            return [[], [("record filters, request …, reply …, action NAME, pointer /0", "faint")]]
        at = self._column if self._column is not None and self._column < width else None
        sign: list[Row] = [[] if at is None else [(" " * at + "▲", "red")]]
        lines = [line for _, line in wrap(one_line_of(self._message), width)][:2]
        return sign + [[(line, "red")] for line in lines]


class BreakpointsScreen(DebugModal[None]):
    COMMANDS_HERE = BREAKPOINTS
    TITLE_HERE = "breakpoints"
    BINDINGS = [*bindings(BREAKPOINTS)]

    def __init__(self, points: Breakpoints, call: Any = None) -> None:
        super().__init__(call)
        self._points = points

    def inside(self) -> ComposeResult:
        yield PointList(id="points")
        yield Input(placeholder="add: a filter, request, reply, action or pointer", id="new")
        yield Problem()
        yield Hints(*BREAKPOINTS, CLOSE)

    def on_mount(self) -> None:
        self.query_one("#new").styles.margin = (1, 0, 0, 0)
        self._show()
        self.query_one(PointList if self._points.points else Input).focus()

    def lines_around(self) -> int:
        return 11

    def _show(self) -> None:
        self.query_one(PointList).show(list(self._points.points))

    @on(Input.Changed)
    def _typing(self) -> None:
        self.query_one(Problem).show("")

    @on(Input.Submitted)
    def _add(self, event: Input.Submitted) -> None:
        text = event.value
        if not text.strip():
            return
        try:
            self._points.add(text)
        except IvrsimError as error:
            self.query_one(Problem).show(str(error), _place(text, error))
            return
        event.input.value = ""
        self._show()
        points = self.query_one(PointList)
        points.move_to(len(points.things) - 1)

    def action_breakpoint_add(self) -> None:
        self.set_focus(self.query_one(Input))

    def action_breakpoint_switch(self) -> None:
        current = self.query_one(PointList).current
        if current is not None:
            self._points.toggle(current.number)
            self._show()

    def action_breakpoint_delete(self) -> None:
        current = self.query_one(PointList).current
        if current is not None:
            self._points.remove(current.number)
            self._show()
            if not self._points.points:
                self.set_focus(self.query_one(Input))

    def key_down(self) -> None:
        """From the line that is typed back into the list."""
        if isinstance(self.focused, Input) and self._points.points:
            self.set_focus(self.query_one(PointList))

    def key_up(self) -> None:
        self.key_down()


def _place(typed: str, error: IvrsimError) -> int | None:
    """The cell under what a filter does not understand; None: the error names no place."""
    column, part = getattr(error, "column", None), getattr(error, "text", "")
    if not isinstance(column, int) or not isinstance(part, str):
        return None
    before = max(0, typed.find(part)) + column - 1
    return cell_len(visible(typed[:before]))
