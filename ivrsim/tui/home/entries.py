"""The list of samples, recorded calls and recent targets, drawn line by line."""

from __future__ import annotations

from collections.abc import Sequence

from textual.binding import Binding
from textual.events import Click

from ivrsim.trace.view_text import one_line_of
from ivrsim.tui.lines import Lines
from ivrsim.tui.messages import EntryChosen, EntryHighlighted
from ivrsim.tui.protocol import Entry
from ivrsim.tui.spans import Row, both_ends

_MARK = {"8x8": "8x8", "vonage": "Vonage"}


class Entries(Lines):
    """Groups with a heading each; the cursor moves over entries only."""

    ALLOW_SELECT = False
    BINDINGS = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("home,g", "move(-999)", "First", show=False),
        Binding("end,G", "move(999)", "Last", show=False),
        Binding("enter", "choose", "Call", show=False),
    ]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.entries: list[Entry] = []
        self.cursor = 0
        self._plan: list[int | str] = []

    def show(self, entries: Sequence[Entry]) -> None:
        """The cursor stays where it was, if that is still there."""
        current = self.current
        was = (current.group, current.target, current.trace) if current else None
        self.entries = list(entries)
        self._plan = []
        group = None
        for index, entry in enumerate(self.entries):
            if entry.group != group:
                if group is not None:
                    self._plan.append("")
                group = entry.group
                self._plan.append(group)
            self._plan.append(index)
        names = [(entry.group, entry.target, entry.trace) for entry in self.entries]
        self.cursor = names.index(was) if was in names else 0
        self.set_count(len(self._plan))

    @property
    def current(self) -> Entry | None:
        return self.entries[self.cursor] if self.entries else None

    def row(self, y: int, width: int) -> tuple[Row, str]:
        item = self._plan[y]
        if isinstance(item, str):
            return [(f" {item}", "bold muted")], ""
        entry = self.entries[item]
        here = item == self.cursor
        back = " on cursor" if here else ""
        bar = ("▌ ", f"accent{back}") if here and self.has_focus else ("  ", f"accent{back}")
        name = one_line_of(entry.target if not (entry.path or entry.trace) else entry.title)
        side = one_line_of(entry.target) if entry.path else _MARK.get(entry.platform, "")
        if entry.trace:
            side = one_line_of(entry.remark)
        left = [bar, (name, f"{'bold ' if here else ''}text{back}")]
        row = both_ends(left, [(f"{side} ", f"faint{back}")], width)
        return [(text, style or (f"text{back}" if here else "")) for text, style in row], ""

    def action_move(self, by: int) -> None:
        if self.entries:
            self.highlight(max(0, min(len(self.entries) - 1, self.cursor + by)))

    def highlight(self, index: int) -> None:
        self.cursor = index
        line = self._plan.index(index)
        self.show_line(max(0, line - 1) if index == 0 else line)
        self.refresh()
        self.post_message(EntryHighlighted(index))

    def action_choose(self) -> None:
        if self.current is not None:
            self.post_message(EntryChosen(self.current.target))

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        line = offset.y + self.scroll_offset.y if offset is not None else -1
        if 0 <= line < len(self._plan) and isinstance(item := self._plan[line], int):
            again = item == self.cursor and event.chain == 2
            self.highlight(item)
            if again:
                self.action_choose()

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()
