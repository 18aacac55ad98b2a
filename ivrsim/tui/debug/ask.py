"""One line to type: a bookmark's text, a record's number."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from ivrsim.errors import IvrsimError
from ivrsim.trace.view_text import one_line_of
from ivrsim.tui.debug.modal import CLOSE, ENTER, DebugModal, Hints


class Ask(DebugModal[str]):
    """Closes with what was typed, once ``check`` has nothing against it; None: it was left."""

    DEFAULT_CSS = """
    Ask #problem { height: auto; max-height: 4; color: $ivr-red; margin: 1 0 0 0; display: none; }
    Ask #problem.-shown { display: block; }
    """
    WIDTH = 64

    def __init__(
        self, title: str, placeholder: str, check: Callable[[str], object] = lambda text: None
    ) -> None:
        super().__init__()
        self._title = title
        self._placeholder = placeholder
        self._check = check

    def inside(self) -> ComposeResult:
        yield Input(placeholder=self._placeholder, id="answer")
        yield Static(id="problem", markup=False)
        yield Hints((ENTER, "done", "done"), CLOSE)

    def on_mount(self) -> None:
        self.query_one("#box").border_title = self._title
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _typing(self) -> None:
        self.query_one("#problem").remove_class("-shown")

    @on(Input.Submitted)
    def action_done(self) -> None:
        text = self.query_one(Input).value.strip()
        try:
            self._check(text)
        except IvrsimError as error:
            line = self.query_one("#problem", Static)
            line.update(one_line_of(str(error), 400))
            line.add_class("-shown")
        else:
            self.dismiss(text)
