"""Folds of what is remarked about a call: diagnostics, settings, marks, and where it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ivrsim.trace.record import Record
from ivrsim.trace.view_caller import end_prompt
from ivrsim.trace.view_items import EventItem, MarkState, SettingState, Tone
from ivrsim.trace.view_words import text_of

if TYPE_CHECKING:
    from ivrsim.trace.view import CallView


def _diagnostic(view: CallView, record: Record) -> None:
    severity = text_of(record.data.get("severity"), "warning")
    view.severities[severity] += 1
    said = text_of(record.data.get("message"))
    last = view.items[-1] if view.items else None
    if isinstance(last, EventItem) and last.text.endswith(said):
        return  # the failure of a webhook has just been told
    if severity != "info":
        tone: Tone = "error" if severity == "error" else "warn"
        view.say(record, said, tone)


def _setting(view: CallView, record: Record) -> None:
    data = record.data
    choices = data.get("choices")
    name = text_of(data.get("name"))
    view.decided[name] = SettingState(
        name,
        record.seq,
        text_of(data.get("value")),
        text_of(data.get("default")),
        [text_of(choice) for choice in choices] if isinstance(choices, list) else [],
        text_of(data.get("basis")),
        text_of(data.get("page")),
        text_of(data.get("why")),
    )


def _fault(view: CallView, record: Record) -> None:
    view.severities["error"] += 1
    view.say(record, text_of(record.data.get("message")), "error")


def _mark(view: CallView, record: Record) -> None:
    mark = MarkState(record.seq, record.t, text_of(record.data.get("text")))
    view.marks.append(mark)
    view.say(record, f"⚑ {mark.text}")


def _left(view: CallView, record: Record) -> None:
    end_prompt(view, view.prompt, record, "finished", None)
    view.stop_all()
    view.state = "left"
    view.left, view.left_t = text_of(record.data.get("branch")), record.t
    branch = f": {view.left}" if view.left else ""
    view.say(record, f"You went back, and the call goes on in another trace{branch}")


REMARK_FOLDS: Final[Mapping[str, Callable[[CallView, Record], None]]] = {
    "diagnostic": _diagnostic,
    "setting.decided": _setting,
    "fault": _fault,
    "mark": _mark,
    "call.left": _left,
}
