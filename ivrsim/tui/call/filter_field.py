"""The field for the filter of the trace, and the line below it: an error that points, or how far
the search has come."""

from __future__ import annotations

from rich.cells import cell_len
from textual.widgets import Input

from ivrsim.trace.view_text import one_line_of
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.spans import Row, cut, wrap


class FilterField(Input):
    """Hidden until it is wanted. The screen hears of changes by ``Input.Changed``."""

    def __init__(self, text: str = "") -> None:
        super().__init__(
            text, placeholder='a word, or kind:webhook status:>=500 digit:1 text:"hours"',
            id="needle",
        )  # fmt: skip

    async def action_submit(self) -> None:
        self.screen.leave_needle()  # type: ignore[attr-defined]  # the screen of a call

    async def key_down(self) -> None:
        await self.action_submit()


class FilterNote(LineWidget):
    """Nothing, an error with an arrow at its column, or one quiet line."""

    DEFAULT_CSS = """
    FilterNote { display: none; height: auto; padding: 0 1; background: $ivr-raised; }
    FilterNote.-shown { display: block; }
    """

    def __init__(self) -> None:
        super().__init__(id="filter-note")
        self._error: tuple[str, int] | None = None
        self._said = ""

    def point(self, message: str, column: int) -> None:
        """``message`` is about what stands at ``column`` (cells from 0) of the field above."""
        self._set((one_line_of(message), column), "")

    def say(self, text: str) -> None:
        """``text`` stands there quietly; nothing: the line goes away."""
        self._set(None, text)

    def _set(self, error: tuple[str, int] | None, said: str) -> None:
        if (error, said) != (self._error, self._said):
            self._error, self._said = error, said
            self.set_class(bool(error or said), "-shown")
            self.refresh(layout=True)

    def get_content_height(self, _container: object, _viewport: object, width: int) -> int:
        return max(1, len(self.rows(width)))

    def rows(self, width: int) -> list[Row]:
        if self._error is None:
            return [[(cut(self._said, width), "muted")]] if self._said else []
        message, column = self._error
        column = min(column, max(0, width - 1))
        if column + 2 + cell_len(message) <= width:
            return [[(" " * column, ""), (f"▲ {message}", "red")]]
        arrow: Row = [(" " * column, ""), ("▲", "red")]
        return [arrow, *([(line, "red")] for _, line in wrap(message, width))]
