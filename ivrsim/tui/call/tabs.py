"""A line of tabs."""

from __future__ import annotations

from collections.abc import Sequence

from textual.events import Click

from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.messages import TabChosen
from ivrsim.tui.spans import Row, Span, both_ends


class Tabs(LineWidget):
    """Posts TabChosen; the one who listens says what is current with ``show``."""

    DEFAULT_CSS = "Tabs { height: 1; padding: 0 1; }"

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._tabs: tuple[str, ...] = ()
        self._current = ""
        self._note: Row = ()
        self._places: list[tuple[int, int, str]] = []

    def show(self, tabs: Sequence[str], current: str, note: Row = ()) -> None:
        state = (tuple(tabs), current, note)
        if state != (self._tabs, self._current, self._note):
            self._tabs, self._current, self._note = state
            self.refresh()

    def rows(self, width: int) -> list[Row]:
        row: list[Span] = []
        self._places = []
        x = 0
        for tab in self._tabs:
            row += [("   ", "")] * bool(row)  # none behind the last: a note needs the room
            row.append((tab, "bold underline accent" if tab == self._current else "muted"))
            self._places.append((x, x + len(tab) + 1, tab))
            x += len(tab) + 3
        return [both_ends(row, self._note, width)]

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        for start, end, name in self._places if offset is not None else ():
            if offset is not None and start <= offset.x < end:
                event.stop()
                self.post_message(TabChosen(name))
