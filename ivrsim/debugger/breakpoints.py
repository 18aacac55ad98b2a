"""Breakpoints and steps: where a call stops to be looked at.

A breakpoint is written as it is typed:

``kind:digit digit:1``             a filter: stops at each record that matches
``request purpose:VCA hit:2``      before a webhook goes out that matches, the second time
``reply status:>=500``             before a reply is used; the fields of its request match, too
``action talk``                    when an action begins
``pointer /2``, ``pointer d2/0``   when the action there begins, in any document or in ``d2``
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ivrsim.engine.events import WebhookFailed, WebhookReplied
from ivrsim.errors import InputError
from ivrsim.runtime.stopping import Stop, StopKind
from ivrsim.trace.filter import Filter, parse_filter
from ivrsim.trace.record import Record
from ivrsim.trace.view_words import words

STEPS: Final = {
    "action": "the next action",
    "webhook": "the next webhook",
    "prompt": "the next prompt",
    "record": "the next record",
}
"""Where ``Debugger.step`` can lead."""

_HIT = re.compile(r"\s+hit:(\S*)\s*$")
_POINTER = re.compile(r"(?:(d\d+))?(/\d+(?:/[^\s/]+)*)")


@dataclass(slots=True)
class Breakpoint:
    """One breakpoint. ``what`` is record, request or reply; ``hit`` 0 stops every time.

    ``hits`` counts the matches in the call that goes on.
    """

    number: int
    text: str
    what: str
    filter: Filter
    hit: int = 0
    enabled: bool = True
    hits: int = 0

    def strikes(self, record: Record, record_of: Callable[[int], Record | None]) -> bool:
        """Whether the call is to stop at ``record``."""
        if not self.enabled or not self.filter.matches(record, record_of):
            return False
        self.hits += 1
        return self.hit in (0, self.hits)


@dataclass(slots=True)
class Breakpoints:
    """The breakpoints of a person; they stay from call to call."""

    points: list[Breakpoint] = field(default_factory=list)
    _count: int = 0

    def add(self, text: str) -> Breakpoint:
        """Set one. FilterError points at what it does not understand; else InputError."""
        what, terms, hit = _read(text)
        made = parse_filter(terms)
        self._count += 1
        point = Breakpoint(self._count, " ".join(text.split()), what, made, hit)
        self.points.append(point)
        return point

    def remove(self, number: int) -> None:
        """Take one away; harmless when it is not there."""
        self.points = [point for point in self.points if point.number != number]

    def toggle(self, number: int) -> None:
        """Switch one off, or on again."""
        for point in self.points:
            if point.number == number:
                point.enabled = not point.enabled

    def begin(self) -> None:
        """A new call: nothing has been hit."""
        for point in self.points:
            point.hits = 0


class Debugger:
    """The watcher of one call: breakpoints, and one step or goal at a time."""

    def __init__(self, breakpoints: Breakpoints | None = None) -> None:
        self.all = Breakpoints() if breakpoints is None else breakpoints
        self.all.begin()
        self._records: list[Record] = []
        self._step: str | None = None
        self._until: int | None = None

    @property
    def breakpoints(self) -> list[Breakpoint]:
        return self.all.points

    def add(self, text: str) -> Breakpoint:
        """See ``Breakpoints.add``."""
        return self.all.add(text)

    def remove(self, number: int) -> None:
        self.all.remove(number)

    def toggle(self, number: int) -> None:
        self.all.toggle(number)

    def step(self, to: str) -> None:
        """Stop at the next ``action``, ``webhook``, ``prompt`` or ``record``."""
        if to not in STEPS:
            raise InputError(f"a step leads to {', '.join(STEPS)}: found {to!r}")
        self._step, self._until = to, None

    def run_to(self, seq: int) -> None:
        """Stop when record ``seq`` has been written."""
        self._until, self._step = seq, None

    def go(self) -> None:
        """No step any more: only breakpoints stop the call."""
        self._step = self._until = None

    # ------------------------------------------------------------------ as a watcher

    def lived(self, records: Sequence[Record]) -> None:
        """What a branch has behind it: known, but nothing to stop at."""
        self._records.extend(records)

    def after(self, records: Sequence[Record]) -> Stop | None:
        """See ``Watcher``."""
        self._records.extend(records)
        stop: Stop | None = None
        for record in records:
            sent = record.kind == "webhook.request" and record.data.get("sent") is not False
            for point in self.all.points:
                if point.what == "reply" or (point.what == "request" and not sent):
                    continue
                if point.what == "request" and record.kind != "webhook.request":
                    continue
                if point.strikes(record, self._record_of) and stop is None:
                    kind: StopKind = "request" if sent else "record"
                    webhook = str(record.data.get("webhook")) if sent else None
                    stop = Stop(kind, self._why(record, sent), record.seq, webhook, point.number)
            if stop is None and self._steps_to(record, sent):
                webhook = str(record.data.get("webhook")) if sent else None
                stop = Stop("step", self._why(record, sent), record.seq, webhook)
        if stop is not None:
            self.go()
        return stop

    def before_reply(
        self, reply: WebhookReplied | WebhookFailed, request: Record | None
    ) -> Stop | None:
        """See ``Watcher``."""
        if not any(point.what == "reply" and point.enabled for point in self.all.points):
            return None
        coming = _as_record(reply, request, len(self._records) + 1)
        replies = [point for point in self.all.points if point.what == "reply"]
        struck = [point for point in replies if point.strikes(coming, self._record_of)]
        if not struck:
            return None
        self.go()
        title = reply.webhook if request is None else str(request.data.get("title"))
        seq = 0 if request is None else request.seq
        why = f"before the reply to {title} is used"
        return Stop("reply", why, seq, reply.webhook, struck[0].number)

    def _steps_to(self, record: Record, sent: bool) -> bool:
        if self._until is not None:
            return record.seq >= self._until
        match self._step:
            case "action":
                return record.kind == "action.started"
            case "webhook":
                return sent
            case "prompt":
                return record.kind == "prompt.started" and not record.data.get("ignored")
            case "record":
                return True
        return False

    def _record_of(self, seq: int) -> Record | None:
        return self._records[seq - 1] if 0 < seq <= len(self._records) else None

    def _why(self, record: Record, sent: bool) -> str:
        if sent:
            return f"before {record.data.get('title')} goes out"
        return f"at {record.kind} {words(record)}".rstrip()


def _read(text: str) -> tuple[str, str, int]:
    """What kind of breakpoint, its filter, and which hit. Raises InputError."""
    text = text.strip()
    hit = 0
    found = _HIT.search(f" {text}")
    if found is not None:
        if not found[1].isdecimal() or int(found[1]) < 1:
            raise InputError(f"breakpoint: expected a number after hit:, found {found[1]!r}")
        hit = int(found[1])
        text = f" {text}"[: found.start()].strip()
    word, _, rest = text.partition(" ")
    rest = rest.strip()
    match word:
        case "request" | "reply" | "record":
            return word, rest, hit
        case "action":
            if not rest or " " in rest:
                raise InputError(f"breakpoint: expected the name of an action, found {rest!r}")
            return "record", f"kind:action.started action:{rest}", hit
        case "pointer":
            place = _POINTER.fullmatch(rest)
            if place is None:
                raise InputError(
                    f"breakpoint: expected a pointer into a document such as /0 or d2/0, "
                    f"found {rest!r}"
                )
            document = f" document:{place[1]}" if place[1] else ""
            return "record", f"kind:action.started pointer:{place[2]}{document}", hit
    if not text:
        raise InputError("breakpoint: expected a filter, request, reply, action or pointer")
    return "record", text, hit


def _as_record(reply: WebhookReplied | WebhookFailed, request: Record | None, seq: int) -> Record:
    """The record that ``reply`` would have, for a filter to look at."""
    t = 0 if request is None else request.t
    if isinstance(reply, WebhookFailed):
        data = {
            "webhook": reply.webhook, "reason": reply.reason, "message": reply.message,
            "phase": reply.phase, "elapsed_ms": reply.elapsed_ms,
        }  # fmt: skip
    else:
        data = {
            "webhook": reply.webhook, "status": reply.status, "headers": dict(reply.headers),
            "body": reply.body, "encoding": reply.encoding, "elapsed_ms": reply.elapsed_ms,
            "page": reply.page,
        }  # fmt: skip
    cause = None if request is None else request.seq
    return Record(seq, t, reply.kind, None, cause, True, data)
