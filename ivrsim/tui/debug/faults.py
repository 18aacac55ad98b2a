"""Faults by hand: what the next webhook, or the telephone that is dialled, is to suffer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from ivrsim.errors import IvrsimError
from ivrsim.trace.view_text import one_line_of
from ivrsim.tui.debug.modal import CLOSE, ENTER, Chosen, DebugModal, Hints, Moved, PickList
from ivrsim.tui.spans import Row, cut, wrap

_NAME = 16
_STARTS = {"slow": "slow 7", "status": "status 503", "dead": "dead 5"}
"""What stands in the line when a fault is chosen, where a value makes it clearer."""


class FaultList(PickList[tuple[str, str]]):
    def rows_of(self, thing: tuple[str, str], here: bool, width: int) -> list[Row]:
        name, about = thing
        lines = [line for _, line in wrap(about, max(10, width - _NAME))]
        if not here:
            lines = [cut(about, width - _NAME)]
        rows: list[Row] = [[(f"{name:<{_NAME}}", "bold text" if here else "text")]]
        rows[0] = [*rows[0], (lines[0], "muted")]
        return rows + [[(" " * _NAME, ""), (line, "muted")] for line in lines[1:]]


class FaultsScreen(DebugModal[Any]):
    """Closes with the rule that was made; None: it was left."""

    TITLE_HERE = "let something fail"
    WIDTH = 100
    DEFAULT_CSS = """
    FaultsScreen #fault { margin: 1 0 0 0; }
    FaultsScreen #remark { height: 2; color: $ivr-muted; padding: 0 1; }
    FaultsScreen #remark.-wrong { color: $ivr-red; }
    """

    def __init__(
        self, faults: Sequence[tuple[str, str]], read: Callable[[str], Any], call: Any = None
    ) -> None:
        super().__init__(call)
        self._faults = faults
        self._read = read

    def inside(self) -> ComposeResult:
        yield FaultList(id="faults")
        yield Input(id="fault")
        yield Static(id="remark", markup=False)
        yield Hints(
            (ENTER, "next webhook or telephone", "inject"), ("Tab", "change it", "type"), CLOSE
        )

    def on_mount(self) -> None:
        listed = self.query_one(FaultList)
        listed.show(self._faults)
        listed.focus()
        self._offer(0)

    def lines_around(self) -> int:
        return 9

    def _offer(self, index: int) -> None:
        name = self._faults[index][0] if self._faults else ""
        field = self.query_one("#fault", Input)
        field.value = _STARTS.get(name, name)
        field.cursor_position = len(field.value)

    @on(Moved)
    def _moved(self, event: Moved) -> None:
        self._offer(event.index)

    @on(Input.Changed)
    def _typing(self, event: Input.Changed) -> None:
        remark = self.query_one("#remark", Static)
        try:
            rule = self._read(event.value)
        except IvrsimError as error:
            remark.update(one_line_of(str(error), 300))
            remark.set_class(True, "-wrong")
        else:
            often = "each one from now on" if "every" in event.value.split() else "the next one"
            extra = "" if getattr(rule, "of_leg", False) else "; when FILTER says which webhook"
            remark.update(f"{often}{extra}; every: not only once")
            remark.set_class(False, "-wrong")

    @on(Chosen)
    @on(Input.Submitted)
    def action_inject(self) -> None:
        try:
            rule = self._read(self.query_one("#fault", Input).value)
        except IvrsimError as error:
            self.say(str(error), "error")
        else:
            self.dismiss(rule)

    def action_type(self) -> None:
        self.set_focus(self.query_one("#fault", Input))
