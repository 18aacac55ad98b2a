"""Differences in plain words, safe to show."""

from __future__ import annotations

import json
from typing import Any, Final

from ivrsim.replay.values import NOTHING, Leaf
from ivrsim.trace.record import Record
from ivrsim.trace.view_text import one_line_of

_LONGEST: Final = 60
_WITH_POINTERS: Final = ("webhook.request", "webhook.response", "document.received")
_NAMES: Final = {
    "call.started": "the call", "call.limit": "the limit", "call.ended": "the end",
    "leg.answered": "the answer of a telephone", "leg.busy": "a busy telephone",
    "leg.unanswered": "a telephone without an answer", "leg.hangup": "a hang-up",
    "leg.bridged": "the connection of two telephones", "leg.ended": "the end of a leg",
    "leg.ringing": "the ringing of a telephone",
    "prompt.finished": "the end of a prompt", "prompt.interrupted": "the cut of a prompt",
    "capture.listening": "listening for keys", "recording.started": "a recording",
    "recording.stopped": "the end of a recording", "recording.failed": "a recording that failed",
    "speech.started": "a voice",
}  # fmt: skip


def about(record: Record) -> str:
    """What a record is, in a few words."""
    kind, data = record.kind, record.data
    match kind:
        case "webhook.request":
            role = data.get("role")
            again = f" ({role} {data.get('attempt')})" if role not in ("main", None) else ""
            return f"webhook {one_line_of(str(data.get('title')), 60)}{again}"
        case "webhook.response":
            return "the reply"
        case "webhook.failed":
            return "no reply"
        case "document.received":
            page = data.get("page")
            return f"document of page {one_line_of(str(page), 40)}" if page else "a document"
        case "action.started" | "action.finished":
            at = one_line_of(str(data.get("pointer")), 40)
            return f"action {one_line_of(str(data.get('action')), 40)} at {at}"
        case "prompt.started" | "prompt.failed":
            said = data.get("text") or data.get("url") or data.get("tone")
            return f"prompt {short_value(said)}"
        case "capture.opened" | "capture.closed":
            words = "" if kind == "capture.opened" else ", what it took"
            return f"input {one_line_of(str(data.get('capture')), 20)}{words}"
        case "digit":
            return f"key {one_line_of(str(data.get('digit')), 4)}"
        case "speech":
            return f"words {short_value(data.get('text'))}"
        case "leg.created":
            return f"the leg to {one_line_of(str(data.get('to')), 30)}"
        case "diagnostic":
            return f"{data.get('severity')} {one_line_of(str(data.get('code')), 60)}"
        case "setting.decided":
            return f"setting {one_line_of(str(data.get('name')), 60)}"
        case "api.request":
            return f"{one_line_of(str(data.get('op')), 30)} ({data.get('source')})"
    return _NAMES.get(kind, one_line_of(kind, 40))


def short(record: Record) -> str:
    """A record that only one call has: what there is to see of it."""
    data = record.data
    if record.kind == "action.started":
        return one_line_of(str(data.get("summary") or data.get("action")), 100)
    if record.kind == "capture.closed":
        return f"{data.get('digits') or data.get('text') or 'nothing'}, {data.get('ended_by')}"
    if record.kind == "diagnostic":
        return one_line_of(str(data.get("message")), 200)
    if record.kind == "setting.decided":
        return one_line_of(str(data.get("value")), 60)
    return about(record)


def outcome(record: Record) -> str:
    """What came of a webhook."""
    data = record.data
    if record.kind == "webhook.response":
        return f"HTTP {data.get('status')}"
    return one_line_of(f"{data.get('reason')}: {data.get('message')}", 120)


def where(record: Record, pointer: str) -> str:
    """What a value of a record is: the record, and the pointer or the field."""
    what = about(record)
    if record.kind not in _WITH_POINTERS:
        pointer = pointer.removeprefix("/")
        if pointer == "text" and record.kind == "prompt.started":
            what = "prompt"  # its text is told beside it
    return f"{what} {one_line_of(pointer, 200)}".rstrip()


def changed(record: Record, leaf: Leaf) -> str:
    """One value that differs, in a line."""
    return f"{where(record, leaf.pointer)}: {diff(leaf.old, leaf.new)}"


def diff(old: Any, new: Any) -> str:
    """Two values, with what long texts have in common left out."""
    if isinstance(old, str) and isinstance(new, str) and old is not NOTHING and new is not NOTHING:
        begin = _common(old, new)
        if begin > 12 and max(len(old), len(new)) > _LONGEST:
            cut = max(old.rfind(" ", 0, begin), new.rfind(" ", 0, begin), begin - 20, 0)
            old, new = f"…{old[cut:]}", f"…{new[cut:]}"
    return f"{short_value(old)} → {short_value(new)}"


def _common(old: str, new: str) -> int:
    count = 0
    for a, b in zip(old, new, strict=False):
        if a != b:
            break
        count += 1
    return count


def short_value(value: Any) -> str:
    """A value in a few words."""
    if value is NOTHING:
        return "nothing"
    if isinstance(value, str):
        return f"“{one_line_of(value, _LONGEST)}”"
    if isinstance(value, dict) and isinstance(value.get("action"), str):
        return f"action {one_line_of(value['action'], 40)}"
    try:
        return one_line_of(json.dumps(value, ensure_ascii=False), _LONGEST)
    except (TypeError, ValueError):
        return one_line_of(str(value), _LONGEST)


def seconds(ms: int) -> str:
    return f"{ms / 1000:.2f} s"
