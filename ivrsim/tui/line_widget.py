"""Small widgets drawn line by line, with places that can be clicked."""

from __future__ import annotations

from textual.events import Click
from textual.strip import Strip
from textual.widget import Widget

from ivrsim.tui.lines import paint_of
from ivrsim.tui.messages import RunCommand
from ivrsim.tui.spans import Row, strip_of
from ivrsim.tui.themes import Paint


class LineWidget(Widget):
    """Subclasses give ``rows``; ``targets`` says which command a click at a place runs."""

    ALLOW_SELECT = False

    def rows(self, width: int) -> list[Row]:
        raise NotImplementedError

    def target(self, x: int, y: int) -> str | None:
        """The command under the mouse."""
        return None

    @property
    def paint(self) -> Paint:
        return paint_of(self)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        rows = self.rows(width)
        row = rows[y] if y < len(rows) else ()
        return strip_of(row, self.paint, width).apply_style(self.rich_style)

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        command = self.target(offset.x, offset.y) if offset is not None else None
        if command is not None:
            event.stop()
            self.post_message(RunCommand(command))
