"""Where a file stops being readable: one line, there as long as that is so."""

from __future__ import annotations

from ivrsim.trace.view_text import one_line_of
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.spans import Row, cut


class DamageLine(LineWidget):
    DEFAULT_CSS = """
    DamageLine { display: none; height: 1; padding: 0 1; background: $ivr-back; }
    DamageLine.-shown { display: block; }
    """

    def __init__(self) -> None:
        super().__init__(id="damage")
        self._said = ""

    def show(self, text: str | None) -> None:
        """``text`` names file and line; None: nothing is wrong (any more)."""
        said = one_line_of(text or "", 1000)
        if said != self._said:
            self._said = said
            self.set_class(bool(said), "-shown")
            self.refresh()

    def rows(self, width: int) -> list[Row]:
        return [[("✕ ", "red"), (cut(self._said, max(0, width - 2)), "red")]]
