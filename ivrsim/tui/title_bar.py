"""The first line of the screen: what this is on the left, how it stands on the right."""

from __future__ import annotations

from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.spans import Row, both_ends


class TitleBar(LineWidget):
    DEFAULT_CSS = """
    TitleBar { height: 1; dock: top; background: $ivr-back; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._left: Row = ()
        self._right: Row = ()

    def show(self, left: Row, right: Row = ()) -> None:
        if (left, right) != (self._left, self._right):
            self._left, self._right = left, right
            self.refresh()

    def rows(self, width: int) -> list[Row]:
        return [both_ends([("ivrsim", "bold accent"), ("  ", ""), *self._left], self._right, width)]
