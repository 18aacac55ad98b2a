"""The trace: one line for each record, however many there are."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence

from textual.binding import Binding
from textual.content import Content
from textual.events import Click
from textual.widget import Widget

from ivrsim.trace.record import Record
from ivrsim.trace.view import CallView
from ivrsim.trace.view_words import category, icon, int_of, words
from ivrsim.tui.lines import Lines
from ivrsim.tui.messages import RecordSelected
from ivrsim.tui.spans import Row, Span, both_ends

_STYLES = {
    "webhook.request": "blue", "webhook.response": "blue", "webhook.failed": "red",
    "digit": "accent", "speech.started": "purple", "speech": "purple", "recording.started": "red",
    "recording.stopped": "red", "recording.failed": "red", "prompt.started": "green",
    "diagnostic": "yellow", "fault": "red", "mark": "purple", "action.started": "text",
    "document.received": "text", "prompt.failed": "red", "call.started": "text",
    "call.ended": "text",
}  # fmt: skip
_QUIET = frozenset(
    {
        "timer.started", "timer.fired", "timer.cancelled", "action.finished", "prompt.finished",
        "capture.listening", "capture.opened", "setting.decided", "api.response",
        "speech.stopped",
    }
)  # fmt: skip
_SCANNED_AT_ONCE = 4000
"""Records looked at for a filter before the screen gets its turn."""


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

    def __init__(self, records: Sequence[Record], view: CallView) -> None:
        super().__init__(id="trace")
        self._records = records
        self._view = view
        self._shown: list[int] = []  # indices into the records
        self._scanned = 0
        self._category = "all"
        self._needle = ""
        self.selected: int | None = None  # seq
        self._told = ""
        self.chosen = False  # by a person, not by following

    def filter(self, category: str, needle: str) -> None:
        self._category, self._needle = category, needle.casefold().strip()
        self._shown, self._scanned = [], 0
        self.scan()
        if self.selected is not None and self.chosen:
            line = bisect_left(self._shown, self.selected - 1)
            self.show_line(min(line, max(0, len(self._shown) - 1)))

    def scan(self) -> None:
        """Take in what is new; with a filter on a long trace, a piece of it each time."""
        records, end = self._records, len(self._records)
        if self._category == "all" and not self._needle:
            self._shown.extend(range(self._scanned, end))
        else:
            end = min(end, self._scanned + _SCANNED_AT_ONCE)
            for index in range(self._scanned, end):
                if self._matches(records[index]):
                    self._shown.append(index)
        self._scanned = end
        if end < len(records):
            self.set_timer(0.01, self.scan)
        self._follow_selection()
        self.set_count(len(self._shown))
        self._tell_count()

    def _follow_selection(self) -> None:
        if self.chosen or self._view.last_webhook is None:
            return
        if self.selected != self._view.last_webhook:
            self.selected = self._view.last_webhook
            self.post_message(RecordSelected(self.selected, by_person=False))

    def _tell_count(self) -> None:
        following = "" if not self.chosen and self.follow else "E follows the end · "
        shown, everything = len(self._shown), len(self._records)
        count = f"{shown} of {everything}" if shown != everything else f"{everything}"
        subtitle = f"{following}{count} records"
        pane = self.parent
        if subtitle != self._told and isinstance(pane, Widget):
            self._told = subtitle
            pane.border_subtitle = Content(subtitle)

    def _matches(self, record: Record) -> bool:
        if self._category != "all" and category(record.kind) != self._category:
            return False
        needle = self._needle
        if not needle or needle in record.kind:
            return True
        if needle in words(record, self._view.titles).casefold():
            return True
        return needle in json.dumps(record.data, ensure_ascii=False, default=str).casefold()

    def row(self, y: int, width: int) -> tuple[Row, str]:
        record = self._records[self._shown[y]]
        here = record.seq == self.selected
        back = " on cursor" if here else ""
        quiet = record.kind in _QUIET
        sign = _STYLES.get(record.kind, "muted")
        if record.kind == "diagnostic" and record.data.get("severity") == "error":
            sign = "red"
        bar = "▌" if here and self.chosen else " "
        left: list[Span] = [
            (bar, f"accent{back}"),
            (f"{record.t / 1000:7.2f} ", f"faint{back}"),
            (f"{icon(record.kind)} ", f"{sign}{back}"),
            (words(record, self._view.titles), f"{'faint' if quiet else 'text'}{back}"),
        ]
        right: list[Span] = []
        if record.kind in ("webhook.response", "webhook.failed"):
            status = int_of(record.data.get("status"), 0)
            good = record.kind == "webhook.response" and status < 400
            elapsed = int_of(record.data.get("elapsed_ms"))
            right = [(f"{elapsed} ms ", f"{'faint' if good else 'red'}{back}")]
        row = both_ends(left, right, width)
        fill = f"text{back}" if here else ""
        return [(text, style or fill) for text, style in row], fill

    # choosing

    def select(self, seq: int) -> None:
        """Choose a record as a person does."""
        self.chosen, self.follow = True, False
        self.selected = seq
        line = bisect_left(self._shown, seq - 1)
        if line < len(self._shown):
            self.show_line(line)
            self.follow = False
        self.refresh()
        self._tell_count()
        self.post_message(RecordSelected(seq))

    def _line_of_selected(self) -> int:
        if self.selected is None:
            return len(self._shown)
        return bisect_left(self._shown, self.selected - 1)

    def action_move(self, by: int) -> None:
        self.action_move_to(self._line_of_selected() + by)

    def action_move_page(self, by: int) -> None:
        self.action_move(by * max(1, self.size.height - 1))

    def action_move_to(self, line: int) -> None:
        if self._shown:
            line = max(0, min(len(self._shown) - 1, line))
            self.select(self._records[self._shown[line]].seq)

    def action_follow_end(self) -> None:
        """Let go of the chosen record and keep the end in sight."""
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
            if line < len(self._shown):
                self.select(self._records[self._shown[line]].seq)
