"""One record as a line of the trace."""

from __future__ import annotations

from ivrsim.trace.record import Record
from ivrsim.trace.view_text import one_line_of
from ivrsim.trace.view_words import icon, int_of
from ivrsim.tui.spans import Row, Span, both_ends

_STYLES = {
    "webhook.request": "blue", "webhook.response": "blue", "webhook.failed": "red",
    "digit": "accent", "speech.started": "purple", "speech": "purple", "recording.started": "red",
    "recording.stopped": "red", "recording.failed": "red", "prompt.started": "green",
    "diagnostic": "yellow", "fault": "red", "mark": "purple", "action.started": "text",
    "document.received": "text", "prompt.failed": "red", "call.started": "text",
    "call.ended": "text", "request.edited": "purple", "reply.edited": "purple",
    "fault.injected": "yellow", "webhook.resent": "blue", "duplicate.response": "blue",
}  # fmt: skip
_QUIET = frozenset(
    {
        "timer.started", "timer.fired", "timer.cancelled", "action.finished", "prompt.finished",
        "capture.listening", "capture.opened", "setting.decided", "api.response",
        "speech.stopped",
    }
)  # fmt: skip


def record_row(
    record: Record, said: str, here: bool, chosen: bool, width: int, stops: bool = False
) -> tuple[Row, str]:
    """What ``Lines.row`` gives for a record that says ``said`` (``view_words.words``).

    ``here``: it is the one in the detail pane, and ``chosen`` by a person; ``stops``: a breakpoint
    sits there.
    """
    back = " on cursor" if here else ""
    quiet = record.kind in _QUIET
    sign = _STYLES.get(record.kind, "muted")
    if record.kind == "diagnostic" and record.data.get("severity") == "error":
        sign = "red"
    bar = "▌" if here and chosen else " "
    left: list[Span] = [
        ("●" if stops else bar, f"{'red' if stops else 'accent'}{back}"),
        (f"{record.t / 1000:7.2f} ", f"faint{back}"),
        (f"{icon(record.kind)} ", f"{sign}{back}"),
        (said or one_line_of(record.kind), f"{'faint' if quiet else 'text'}{back}"),
    ]
    right: list[Span] = []
    if record.kind in ("webhook.response", "webhook.failed"):
        status = int_of(record.data.get("status"), 0)
        good = record.kind == "webhook.response" and status < 400
        elapsed = record.data.get("elapsed_ms")  # nothing where a log did not say
        if elapsed is not None:
            took = f"{int_of(elapsed)} ms "
            right = [(took, f"{'faint' if good else 'red'}{back}")]
    row = both_ends(left, right, width)
    fill = f"text{back}" if here else ""
    return [(text, style or fill) for text, style in row], fill
