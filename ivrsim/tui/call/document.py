"""The running document: its actions, the current one marked and shown in full."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.content import Content
from textual.events import Click

from ivrsim.trace.record import Record
from ivrsim.trace.view import CallView
from ivrsim.trace.view_items import ActionState, DocumentState
from ivrsim.trace.view_text import one_line_of
from ivrsim.tui.json_spans import payload_rows
from ivrsim.tui.lines import Lines
from ivrsim.tui.messages import RecordSelected
from ivrsim.tui.spans import Row

_SIGNS = {
    "pending": ("·", "faint"), "current": ("▶", "accent"), "done": ("✓", "green"),
    "failed": ("✕", "red"), "interrupted": ("◐", "yellow"), "replaced": ("↷", "muted"),
    "skipped": ("↷", "muted"), "not-simulated": ("○", "yellow"),
}  # fmt: skip


class DocumentPane(Lines):
    def __init__(self, record: Callable[[int], Record | None]) -> None:
        super().__init__(id="document")
        self.add_class("pane")
        self.border_title = "document"
        self._record = record
        self._rows: list[tuple[Row, str]] = []
        self._seqs: list[int | None] = []
        self._shown: object = None
        self._document: DocumentState | None = None

    def show(self, view: CallView) -> None:
        document = view.document
        self._document = document
        states = () if document is None else tuple(action.state for action in document.actions)
        key = (document.document if document else None, states, self.width)
        if key == self._shown:
            return
        self._shown = key
        self._lay_out()

    def on_resize(self) -> None:
        self._shown = None
        self._lay_out()

    def _lay_out(self) -> None:
        document, width = self._document, self.width
        self._rows, self._seqs = [], []
        if document is None:
            self.border_subtitle = ""
            self._add([(" The application has not sent a document yet.", "faint")])
        else:
            page = f" · page {document.page}" if document.page else ""
            self.border_subtitle = Content(one_line_of(f"{document.origin}{page}"))
            current = None
            for action in document.actions:
                if action.state == "current":
                    current = action
                self._add(*self._action(action, width), action.seq)
            if not document.actions:
                self._add([(" An empty document: nothing to do.", "faint")])
            shown = current or (document.actions[-1] if document.actions else None)
            if shown is not None:
                self._add([(" " + "─" * (width - 2), "line")])
                for row in payload_rows(self._body(document, shown), max(10, width - 2)):
                    self._add([(" ", ""), *row])
        self.set_count(len(self._rows))
        if not self.has_focus:
            place = (
                next((i for i, a in enumerate(document.actions) if a.state == "current"), 0)
                if document is not None
                else 0
            )
            self.scroll_to(y=max(0, place - 2), animate=False, force=True, immediate=True)

    def _add(self, row: Row, fill: str = "", seq: int | None = None) -> None:
        self._rows.append((row, fill))
        self._seqs.append(seq)

    def _action(self, action: ActionState, width: int) -> tuple[Row, str]:
        sign, style = _SIGNS.get(action.state, ("·", "muted"))
        back = " on cursor" if action.state == "current" else ""
        name = one_line_of(action.action)
        summary = one_line_of(action.summary).removeprefix(name).strip()
        weight = "bold text" if back else "muted" if action.state == "pending" else "text"
        return [
            (f" {sign} ", f"{style}{back}"),
            (name, f"{weight}{back}"),
            (f"  {summary}", f"muted{back}"),
        ], f"text{back}" if back else ""

    def _body(self, document: DocumentState, action: ActionState) -> Any:
        record = self._record(document.seq)
        body = record.data.get("body") if record is not None else None
        try:
            for part in action.pointer.split("/")[1:]:
                body = body[int(part)] if isinstance(body, list) else (body or {})[part]
        except (ValueError, IndexError, KeyError, TypeError):
            return None  # a pointer that leads nowhere: there is nothing to show
        return body

    def row(self, y: int, width: int) -> tuple[Row, str]:
        return self._rows[y]

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        line = offset.y + self.scroll_offset.y if offset is not None else -1
        if 0 <= line < len(self._seqs) and (seq := self._seqs[line]) is not None:
            self.post_message(RecordSelected(seq))
