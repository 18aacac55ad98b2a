"""Breakpoints: set where the cursor stands, and listed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ivrsim.errors import IvrsimError
from ivrsim.trace.record import Record
from ivrsim.trace.view_words import text_of
from ivrsim.tui.debug.here import Here

_AT: Final = {
    "request": ("webhook.request",),
    "reply": ("webhook.response", "webhook.failed"),
}
"""Where breakpoints that are not for any record stop."""


class Points(Here):
    def action_toggle_breakpoint(self) -> None:
        points = self.workshop.breakpoints
        record = self.record_of(self.at)
        if points is None:
            self.missing("A breakpoint")
        elif record is None:
            self.action_breakpoints()
        else:
            text = breakpoint_at(record, self.pairs.request_of)
            there = next((point for point in points.points if point.text == text), None)
            if there is not None:
                points.remove(there.number)
                self.trace.refresh()
                self.say(f"No breakpoint any more: {text}")
                return
            try:
                made = points.add(text)
            except IvrsimError as error:
                self.complain(error)
            else:
                self.say(f"Breakpoint {made.number}: {text}")
                self.trace.refresh()

    def stops_at(self, record: Record) -> bool:
        """Whether a breakpoint that is on would have stopped the call at ``record``."""
        points = self.workshop.breakpoints
        return points is not None and any(
            point.enabled
            and record.kind in _AT.get(point.what, (record.kind,))
            and not (point.what == "request" and record.data.get("sent") is False)
            and point.filter.matches(record, self.record_of)
            for point in points.points
        )

    def action_breakpoints(self) -> None:
        points = self.workshop.breakpoints
        if points is None:
            self.missing("A breakpoint")
        else:
            from ivrsim.tui.debug.breakpoints import BreakpointsScreen

            def closed(_: None) -> None:
                self.trace.refresh()  # with the dots of those that are there now

            self.app.push_screen(BreakpointsScreen(points, self.call), closed)


def breakpoint_at(
    record: Record, request_of: Callable[[Record], Record | None] = lambda reply: None
) -> str:
    """A breakpoint that stops where something like ``record`` happens again."""
    data = record.data
    kind = record.kind
    if kind in ("webhook.request", "webhook.response", "webhook.failed"):
        request = record if kind == "webhook.request" else request_of(record) or record
        what = "request" if kind == "webhook.request" else "reply"
        title = text_of(request.data.get("title"))
        return f"{what} title:{_quoted(title)}" if title else what
    if kind in ("action.started", "action.finished"):
        pointer = text_of(data.get("pointer"))
        document = text_of(data.get("document"))
        if pointer.startswith("/"):
            return f"pointer {document}{pointer}"
    if kind == "digit" and text_of(data.get("digit")) not in ("", "•"):
        return f"kind:digit digit:{data['digit']}"
    if kind == "diagnostic" and data.get("code"):
        return f"kind:diagnostic code:{_quoted(text_of(data['code']))}"
    if kind == "prompt.started" and data.get("text"):
        return f"kind:prompt.started text:{_quoted(text_of(data['text'])[:40])}"
    return f"kind:{kind}"


def _quoted(text: str) -> str:
    plain = text.replace("\\", "").replace('"', "")
    return f'"{plain}"'
