"""What can happen to a call: everything the engine is told.

Each class names the ``kind`` of the record that is written for it, and its fields are keys of
that record's ``data`` (``leg`` is the record's own field), so that a recorded event can be
fed again: ``event_from_record(record)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from ivrsim.trace.record import Record


@dataclass(frozen=True, slots=True)
class CallStarted:
    """The first event of every call."""

    kind: ClassVar[str] = "call.started"


@dataclass(frozen=True, slots=True)
class LimitReached:
    """The call has used up its time, or makes records without end: the caller hangs up."""

    kind: ClassVar[str] = "call.limit"
    limit: str = "max_time"
    limit_ms: int = 0


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """One key of the keypad, one digit heard by the microphone, or one from a script."""

    kind: ClassVar[str] = "digit"
    digit: str
    source: str = "keypad"


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Somebody on ``leg`` begins to speak.

    What is typed or comes from a script is known before it is spoken: ``text``, and how long
    it takes. The microphone only knows that there is a voice.
    """

    kind: ClassVar[str] = "speech.started"
    leg: str
    source: str = "microphone"
    text: str | None = None
    duration_ms: int | None = None


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """Silence again on ``leg``; ``ago_ms`` is how long it has lasted when it is noticed."""

    kind: ClassVar[str] = "speech.stopped"
    leg: str
    source: str = "microphone"
    ago_ms: int = 0


@dataclass(frozen=True, slots=True)
class SpeechHeard:
    """Somebody on ``leg`` said ``text``.

    The other side's words (source ``party``) are told when they begin, the caller's (``typed``,
    ``script``, ``microphone``) when they have ended, before their SpeechStopped: then
    ``duration_ms`` is already over.
    ``text`` None: a voice, but no words that could be recognised. ``alternatives`` are further
    readings, the likeliest first, as ``[text, confidence]``.
    """

    kind: ClassVar[str] = "speech"
    leg: str
    text: str | None
    source: str = "party"
    duration_ms: int = 0
    confidence: float | None = None
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class RecordingStored:
    """The answer to ``StopRecording``: the file is there, ``size`` bytes, at ``url``."""

    kind: ClassVar[str] = "recording.stored"
    recording: str
    url: str
    size: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class RecordingFailed:
    """The answer to ``StopRecording`` when there is no file: ivrsim could not make it."""

    kind: ClassVar[str] = "recording.failed"
    recording: str
    message: str


@dataclass(frozen=True, slots=True)
class PromptStarted:
    """The answer to ``Play``: it sounds now, for ``duration_ms`` with all its repetitions.

    ``note`` says in one line how what is heard differs from what was asked (a voice that does
    not exist here), and is empty when nothing does.
    """

    kind: ClassVar[str] = "prompt.started"
    prompt: str
    duration_ms: int | None
    basis: str = "estimated"
    note: str = ""


@dataclass(frozen=True, slots=True)
class PromptEnded:
    """The prompt has come to its end, or the person has skipped it."""

    kind: ClassVar[str] = "prompt.finished"
    prompt: str
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class PromptFailed:
    """The prompt cannot be played: its file is missing, too large, or not audio."""

    kind: ClassVar[str] = "prompt.failed"
    prompt: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer started by ``StartTimer`` is due."""

    kind: ClassVar[str] = "timer.fired"
    timer: str


@dataclass(frozen=True, slots=True)
class WebhookReplied:
    """An HTTP reply, whatever its status. ``body`` is base64 when ``encoding`` says so."""

    kind: ClassVar[str] = "webhook.response"
    webhook: str
    status: int
    headers: Mapping[str, str]
    body: str
    encoding: str = "utf-8"
    elapsed_ms: int = 0
    page: str | None = None
    secret: bool = False
    edited: bool = False


@dataclass(frozen=True, slots=True)
class WebhookFailed:
    """No HTTP reply: see ``webhook.failed`` in ``trace.kinds`` for the reasons."""

    kind: ClassVar[str] = "webhook.failed"
    webhook: str
    reason: str
    message: str
    phase: str = "connect"
    elapsed_ms: int = 0


@dataclass(frozen=True, slots=True)
class LegRinging:
    """The other telephone rings."""

    kind: ClassVar[str] = "leg.ringing"
    leg: str


@dataclass(frozen=True, slots=True)
class LegAnswered:
    """The other telephone was picked up."""

    kind: ClassVar[str] = "leg.answered"
    leg: str
    machine: bool = False


@dataclass(frozen=True, slots=True)
class LegBusy:
    """The other telephone is engaged."""

    kind: ClassVar[str] = "leg.busy"
    leg: str


@dataclass(frozen=True, slots=True)
class LegUnanswered:
    """The other telephone was not reached: unanswered, rejected, unreachable."""

    kind: ClassVar[str] = "leg.unanswered"
    leg: str
    outcome: str = "unanswered"


@dataclass(frozen=True, slots=True)
class HungUp:
    """The person on ``leg`` put the receiver down."""

    kind: ClassVar[str] = "leg.hangup"
    leg: str
    by: str = "caller"


@dataclass(frozen=True, slots=True)
class ApiCommand:
    """A command from outside: REST API, a button, a script (``hangup`` for now)."""

    kind: ClassVar[str] = "api.request"
    request: str
    op: str
    args: Mapping[str, Any]
    source: str = "api"


@dataclass(frozen=True, slots=True)
class Marked:
    """A bookmark."""

    kind: ClassVar[str] = "mark"
    text: str


@dataclass(frozen=True, slots=True)
class RequestEdited:
    """Somebody changed a webhook before it went out; ``diff`` says what.

    A remark for the trace: what is sent is the runtime's. ``body`` is text, None: none.
    """

    kind: ClassVar[str] = "request.edited"
    webhook: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None
    diff: str


@dataclass(frozen=True, slots=True)
class ReplyEdited:
    """Somebody changed a reply before it was used: ``was`` is the one that came.

    Comes before the WebhookReplied that is used in its place, which says ``edited``.
    """

    kind: ClassVar[str] = "reply.edited"
    webhook: str
    was: Mapping[str, Any]
    diff: str


@dataclass(frozen=True, slots=True)
class WebhookResent:
    """A webhook was sent once more by hand; the call takes no notice of the reply."""

    kind: ClassVar[str] = "webhook.resent"
    webhook: str
    edited: bool
    method: str
    url: str
    body: str | None
    status: int | None
    reply: str | None
    message: str = ""
    elapsed_ms: int = 0


@dataclass(frozen=True, slots=True)
class FaultInjected:
    """Something goes wrong on purpose: see ``fault.injected`` in ``trace.kinds``.

    What comes of it is an event of its own (a failed webhook, a busy leg).
    """

    kind: ClassVar[str] = "fault.injected"
    leg: str | None
    fault: str
    detail: str
    source: str = "rule"
    webhook: str | None = None


@dataclass(frozen=True, slots=True)
class DuplicateReplied:
    """The reply to the second delivery of a webhook, which the platform does not use."""

    kind: ClassVar[str] = "duplicate.response"
    webhook: str
    status: int | None
    body: str
    same: bool
    message: str = ""
    elapsed_ms: int = 0


@dataclass(frozen=True, slots=True)
class CallLeft:
    """Somebody has gone back to go on in another trace: nothing more happens to this call."""

    kind: ClassVar[str] = "call.left"
    branch: str


Event = (
    CallStarted
    | LimitReached
    | DigitPressed
    | SpeechStarted
    | SpeechStopped
    | SpeechHeard
    | RecordingStored
    | RecordingFailed
    | PromptStarted
    | PromptEnded
    | PromptFailed
    | TimerFired
    | WebhookReplied
    | WebhookFailed
    | LegRinging
    | LegAnswered
    | LegBusy
    | LegUnanswered
    | HungUp
    | ApiCommand
    | Marked
    | RequestEdited
    | ReplyEdited
    | WebhookResent
    | FaultInjected
    | DuplicateReplied
    | CallLeft
)

EVENTS: dict[str, type[Any]] = {cls.kind: cls for cls in Event.__args__}
_FIELDS = {kind: tuple(f.name for f in fields(cls)) for kind, cls in EVENTS.items()}


def event_from_record(record: Record) -> Event:
    """The event that was fed when ``record`` was written.

    Raises ValueError when the record was not an input.
    """
    cls = EVENTS.get(record.kind)
    if cls is None or not record.is_input:
        raise ValueError(f"record {record.seq} ({record.kind}) was not fed to the engine")
    data = record.data
    values = {name: data[name] for name in _FIELDS[record.kind] if name in data}
    if "leg" in _FIELDS[record.kind]:
        values["leg"] = record.leg
    event: Event = cls(**values)
    return event
