"""The records of a call as steps that can be compared: what matters of each, and its place.

Requests beside the call (events, statuses, summaries) have a lane of their own, because they may
come between other things differently each time; replies belong to their requests, and settings
to their names.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from ivrsim.replay.values import Origins, ids_in, known_to_differ, without_ids
from ivrsim.trace.record import Record

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "call.started": ("platform", "direction", "from", "to"),
    "call.limit": ("limit",),
    "call.ended": ("status", "by", "failed", "why"),
    "leg.created": ("role", "direction", "from", "to"),
    "leg.ringing": (),
    "leg.answered": ("machine",),
    "leg.busy": (),
    "leg.unanswered": ("outcome",),
    "leg.hangup": ("by",),
    "leg.bridged": (),
    "leg.ended": ("outcome", "by"),
    "document.received": ("origin", "page", "body"),
    "action.started": ("action",),
    "action.finished": ("action", "outcome"),
    "prompt.started": (
        "text", "url", "tone", "ssml", "language", "loop", "interruptible", "purpose",
    ),
    "prompt.finished": (),
    "prompt.interrupted": ("by",),
    "prompt.failed": ("reason", "url"),
    "capture.opened": (
        "try", "tries", "min_digits", "max_digits", "terminator", "first_digit_ms",
        "inter_digit_ms", "overall_ms", "barge_in", "types", "secret", "speech",
    ),
    "capture.listening": (),
    "capture.closed": ("digits", "ended_by", "timed_out", "valid", "text"),
    "digit": ("digit", "ignored"),
    "speech.started": ("text", "ignored"),
    "speech": ("text", "ignored"),
    "dtmf.sent": ("digits",),
    "recording.started": (
        "format", "channels", "split", "background", "silence_ms", "limit_ms", "terminator",
        "transcription", "purpose",
    ),
    "recording.stopped": ("by",),
    "recording.failed": ("message",),
    "webhook.request": ("title", "method", "url", "sent", "query", "body"),
    "webhook.response": ("status", "page", "body"),
    "webhook.failed": ("reason", "phase"),
    "api.request": ("op", "source"),
    "diagnostic": ("severity", "pointer", "found"),
    "setting.decided": ("value",),
}  # fmt: skip
"""What is compared of a record; kinds that are not here make no course of a call."""

REPORTED: Final = frozenset(FIELDS) - {
    "action.finished", "prompt.finished", "capture.listening", "leg.ringing", "speech.started",
}  # fmt: skip
"""Kinds that are worth a line when one call has them and the other has not."""

REPLIES: Final = frozenset({"webhook.response", "webhook.failed"})
SAID: Final = frozenset({"webhook.response", "document.received"})
"""What the application has said: nothing in it is a measure of the platform's."""
_ASIDE: Final = frozenset(
    {
        "setting.decided", "webhook.resent", "duplicate.response", "request.edited",
        "reply.edited", "fault.injected", "mark", "fault", "call.left", "recording.stored",
    }
)  # fmt: skip
_BESIDE: Final = ("VCS", "VSS", "record")
_CHAIN = 200


@dataclass(slots=True)
class Step:
    """A record, ready to be compared.

    ``lane`` is ``main``, ``beside`` (webhooks that nothing waits for) or ``aside`` (found by what
    it belongs to). ``alike`` is the key of its kind, ``exact`` of its content; ``ids`` are the ids
    in that content. ``parent`` is the ``seq`` of what it belongs to: its cause, or its capture.
    """

    record: Record
    lane: str
    alike: tuple[Any, ...]
    exact: str
    ids: list[str]
    values: dict[str, Any]
    parent: int | None


@dataclass(slots=True)
class Course:
    """The steps of one call in the order of its records."""

    steps: list[Step]
    by_seq: dict[int, Step] = field(default_factory=dict)

    def ancestors(self, step: Step) -> list[Step]:
        """What brought ``step`` about, the nearest first."""
        found: list[Step] = []
        parent = step.parent
        while parent is not None and len(found) < _CHAIN:
            above = self.by_seq.get(parent)
            if above is None:
                break
            found.append(above)
            parent = above.parent
        return found

    def above(self, step: Step, kind: str) -> Step | None:
        """The nearest of that kind among what brought ``step`` about."""
        return next((one for one in self.ancestors(step) if one.record.kind == kind), None)


def read_course(records: Sequence[Record], origins: Origins, *, roughly: bool = False) -> Course:
    """``roughly``: requests count by their purpose only; how they are worded does not matter."""
    course = Course([])
    captures: dict[str, int] = {}
    replies: set[int] = set()
    asked: dict[int, tuple[str, tuple[Any, ...]]] = {}
    for record in records:
        kind, data = record.kind, record.data
        parent = record.cause
        if kind == "capture.opened":
            captures[str(data.get("capture"))] = record.seq
        elif kind in ("digit", "speech", "speech.started") and data.get("capture"):
            parent = captures.get(str(data["capture"]), parent)
        elif kind == "webhook.response":
            replies.add(record.seq)
        values = {name: data.get(name) for name in FIELDS.get(kind, ())}
        if kind == "webhook.response":
            values["body"] = reply_of(data)
        elif kind == "document.received" and parent in replies:
            del values["body"], values["page"]  # compared as the reply
        elif kind == "webhook.request" and roughly:
            values = {}
        lane = _lane(record)
        alike = _alike(record, lane, roughly)
        if kind == "webhook.request":
            asked[record.seq] = (lane, alike)
        elif kind in REPLIES:
            of_lane, of = asked.get(record.cause or 0, ("aside", ()))
            lane, alike = of_lane if of_lane == "main" else "aside", ("reply", *of[1:])
        exact, ids = str(alike), []
        if values:
            try:
                text = dumps(_plain(values, origins, said=kind in SAID))
            except RecursionError:  # nested too deep: its text, where there is one, has to do
                values = {"body": str(data.get("body"))} if kind == "webhook.response" else {}
                text = dumps(values)
            exact, ids = exact + without_ids(text), ids_in(text)
        step = Step(record, lane, alike, exact, ids, values, parent)
        course.steps.append(step)
        course.by_seq[record.seq] = step
    return course


def reply_of(data: Mapping[str, Any]) -> Any:
    """The JSON of a reply, else its text."""
    body = data.get("body")
    if not isinstance(body, str) or data.get("encoding") == "base64" or not body:
        return body
    try:
        return orjson.loads(body)
    except ValueError:
        return body


def dumps(value: Any) -> str:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # a huge integer, or half a surrogate pair
        return json.dumps(value, sort_keys=True)


def _plain(value: Any, origins: Origins, *, said: bool) -> Any:
    """``value`` without what differs in any two calls, but for ids."""
    if isinstance(value, dict):
        return {
            name: _plain(inner, origins, said=said)
            for name, inner in value.items()
            if not known_to_differ(name, inner, said=said)
        }
    if isinstance(value, list):
        return [_plain(inner, origins, said=said) for inner in value]
    return origins.plain(value) if isinstance(value, str) else value


def _lane(record: Record) -> str:
    if record.kind in _ASIDE:
        return "aside"
    if record.kind == "webhook.request":
        data = record.data
        title = str(data.get("title"))
        beside = data.get("purpose") in _BESIDE or title.startswith("event ")
        return "beside" if beside else "main"
    return "main"


def _alike(record: Record, lane: str, roughly: bool) -> tuple[Any, ...]:
    kind = record.kind
    data = _Words(record.data)
    if kind == "webhook.request":
        named = data["purpose"] if lane == "main" or roughly else data["title"]
        return (kind, named, data["role"], data["attempt"])
    if kind in ("action.started", "action.finished"):
        return (kind, data["action"])
    if kind == "prompt.started":
        return (kind, data["purpose"])
    if kind == "diagnostic":
        return (kind, data["code"])
    if kind in ("timer.started", "timer.fired", "timer.cancelled", "setting.decided"):
        return (kind, data["name"])
    if kind == "leg.created":
        return (kind, data["role"])
    return (kind,)


class _Words:
    """The values of a record as texts: a key must be one, whatever a file holds."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    def __getitem__(self, name: str) -> str:
        return str(self._data.get(name))
