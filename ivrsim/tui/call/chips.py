"""The chips above the trace: which kinds of records are shown."""

from __future__ import annotations

from textual.events import Click

from ivrsim.trace.view_words import CATEGORIES
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.messages import FilterChosen
from ivrsim.tui.spans import Row, Span


class Chips(LineWidget):
    DEFAULT_CSS = "Chips { height: 1; padding: 0 1; background: $ivr-pane; }"

    def __init__(self) -> None:
        super().__init__(id="chips")
        self.category = CATEGORIES[0]
        self._counts: tuple[int, ...] = ()
        self._places: list[tuple[int, int, str]] = []

    def show(self, counts: tuple[int, ...]) -> None:
        """``counts`` of records in the order of ``CATEGORIES``."""
        if counts != self._counts:
            self._counts = counts
            self.refresh()

    def choose(self, category: str) -> None:
        self.category = category
        self.refresh()

    def rows(self, width: int) -> list[Row]:
        row: list[Span] = []
        self._places = []
        x = 0
        counts = self._counts or (0,) * len(CATEGORIES)
        full = sum(len(f" {n} {c} ") for n, c in zip(CATEGORIES, counts, strict=True)) <= width
        for name, count in zip(CATEGORIES, counts, strict=True):
            text = f" {name} {count} " if full else f" {name} "
            if name == self.category:
                row.append((text, "bold on-accent on accent"))
            else:
                row.append((text, "muted" if count or name == "all" else "faint"))
            self._places.append((x, x + len(text), name))
            x += len(text)
        return [row]

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        for start, end, name in self._places if offset is not None else ():
            if offset is not None and start <= offset.x < end:
                event.stop()
                self.post_message(FilterChosen(name))
