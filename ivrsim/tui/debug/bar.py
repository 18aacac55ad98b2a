"""The line that says where a call stands still, and what can be done there."""

from __future__ import annotations

from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.spans import Row


class DebugBar(LineWidget):
    """Hidden while nothing is stopped and nobody looks back."""

    DEFAULT_CSS = """
    DebugBar { height: 1; display: none; background: $ivr-raised; padding: 0 1; }
    DebugBar.-shown { display: block; }
    """

    def rows(self, width: int) -> list[Row]:
        return []
