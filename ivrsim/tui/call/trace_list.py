"""The trace: one line for each record, however many there are. Only those in sight are read."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Final

from textual.binding import Binding
from textual.content import Content
from textual.events import Click
from textual.widget import Widget

from ivrsim.trace.record import Record
from ivrsim.trace.view_words import words
from ivrsim.tui.call.record_row import record_row
from ivrsim.tui.call.selection import Shown
from ivrsim.tui.lines import Lines
from ivrsim.tui.messages import RecordSelected, RunCommand
from ivrsim.tui.spans import Row
from ivrsim.tui.traces.messages import Looked
from ivrsim.tui.traces.pairs import Pairs
from ivrsim.tui.traces.source import Source, is_webhook, record_at

_KEPT: Final = 600
"""Lines remembered: what is in sight, and some pages around it."""
_AT_ONCE_S: Final = 0.01
_LOOKED_BACK: Final = 5000
"""Records in which the latest webhook is looked for."""


class TraceList(Lines):
    """Follows the end, with the latest webhook selected, until somebody moves the cursor."""

    ALLOW_SELECT = False
    FOLLOWS = True
    BINDINGS = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down", "move(1)", "Down", show=False),
        Binding("pageup", "move_page(-1)", "Page up", show=False),
        Binding("pagedown", "move_page(1)", "Page down", show=False),
        Binding("home", "move_to(0)", "First", show=False),
        Binding("end", "follow_end", "Last", show=False),
    ]

    def __init__(self, source: Source, pairs: Pairs) -> None:
        super().__init__(id="trace")
        self._source = source
        self._pairs = pairs
        self.shown = Shown(source)
        self._lines: OrderedDict[int, tuple[Record, str]] = OrderedDict()
        self._webhook: int | None = None
        self._webhooks_seen = 0
        self.selected: int | None = None  # seq
        self._reading = ""
        self._told = ""
        self.chosen = False  # by a person, not by following
        self.stops_at: Callable[[Record], bool] = lambda record: False
        """Whether a breakpoint sits at a record."""

    def filter(self, category: str, text: str) -> None:
        """Show the records of a category that match ``text``. Raises FilterError: nothing is
        changed then."""
        self.shown.choose(category, text)
        self.scan()
        self._show_selected()

    def scan(self) -> None:
        """Take in what is new, as far as that goes at once: ``advance`` does the rest."""
        self.advance(monotonic() + _AT_ONCE_S)
        self._follow_selection()
        self.lay_out()

    def advance(self, until: float) -> bool:
        """Look through more records until ``monotonic()`` is ``until``; True: none are left."""
        return self.shown.advance(until)

    def lay_out(self) -> None:
        """Draw as many lines as there are by now."""
        self.set_count(len(self.shown))
        self._tell_count()

    def show_count(self, reading: str) -> None:
        """Say how many records there are; ``reading``, that more are to come."""
        self._reading = reading
        if len(self.shown) != self._count:
            self.set_count(len(self.shown))
        self._tell_count()

    def _follow_selection(self) -> None:
        start, end = self._webhooks_seen, len(self._source)
        self._webhooks_seen = end
        for i in range(end - 1, max(start, end - _LOOKED_BACK) - 1, -1):
            if is_webhook(self._source, i):
                self._webhook = i + 1
                break
        if self.chosen or self._webhook is None:
            return
        if self.selected != self._webhook:
            self.selected = self._webhook
            self.post_message(RecordSelected(self.selected, by_person=False))

    def _tell_count(self) -> None:
        following = "" if not self.chosen and self.follow else "E follows the end · "
        shown, everything = len(self.shown), len(self._source)
        count = f"{shown:,} of {everything:,}" if shown != everything else f"{everything:,}"
        subtitle = f"{self._reading}{following}{count} records"
        pane = self.parent
        if subtitle != self._told and isinstance(pane, Widget):
            self._told = subtitle
            pane.border_subtitle = Content(subtitle)

    # one line

    def _line(self, i: int) -> tuple[Record, str] | None:
        line = self._lines.get(i)
        if line is not None:
            self._lines.move_to_end(i)
            return line
        record = record_at(self._source, i)
        if record is None:
            return None
        line = self._lines[i] = (record, words(record, self._pairs.titles(record)))
        if len(self._lines) > _KEPT:
            self._lines.popitem(last=False)
        return line

    def row(self, y: int, width: int) -> tuple[Row, str]:
        i = self.shown[y]
        line = self._line(i)
        if line is None:
            return [(f" {i + 1}: cannot be read", "red")], ""
        record, said = line
        here, stops = record.seq == self.selected, self.stops_at(record)
        return record_row(record, said, here, self.chosen, width, stops)

    # choosing

    def select(self, seq: int, tell: bool = True) -> None:
        """Choose a record as a person does; without ``tell`` the screen is not told."""
        self.chosen, self.follow = True, False
        self.selected = seq
        self._show_selected()
        self.refresh()
        self._tell_count()
        if tell:
            self.post_message(Looked())

    def _show_selected(self) -> None:
        if self.selected is None or not self.chosen:
            return
        line = self._line_of_selected()
        if len(self.shown):
            self.show_line(min(line, len(self.shown) - 1))
            self.follow = False

    def _line_of_selected(self) -> int:
        if self.selected is None:
            return len(self.shown)
        return bisect_left(self.shown, self.selected - 1)

    def select_shown(self) -> None:
        """Choose the first shown record from the chosen one on, where that is not shown itself."""
        line = self._line_of_selected() if self.chosen else 0
        if len(self.shown) and (
            not self.chosen or line >= len(self.shown) or self.shown[line] + 1 != self.selected
        ):
            self.action_move_to(line)

    def action_move(self, by: int) -> None:
        self.action_move_to(self._line_of_selected() + by)

    def action_move_page(self, by: int) -> None:
        self.action_move(by * max(1, self.size.height - 1))

    def action_move_to(self, line: int) -> None:
        if len(self.shown):
            self.select(self.shown[max(0, min(len(self.shown) - 1, line))] + 1)

    def action_follow_end(self) -> None:
        """Let go of the chosen record and keep the end in sight."""
        self.let_go()  # at once; the other panes follow
        self.post_message(RunCommand("follow"))

    def let_go(self) -> None:
        """No record is chosen any more."""
        self.chosen, self.follow = False, True
        self.selected = None
        self._follow_selection()
        self.to_end()
        self.refresh()
        self._tell_count()

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and 0 <= offset.x < self.width:
            line = offset.y + self.scroll_offset.y
            if line < len(self.shown):
                self.select(self.shown[line] + 1)
