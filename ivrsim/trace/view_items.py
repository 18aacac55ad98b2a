"""What a view holds: plain data that a screen draws and ``json`` can write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Tone = Literal["quiet", "good", "warn", "error"]


@dataclass(slots=True)
class PromptItem:
    """Something the caller hears. Times are milliseconds of call time.

    ``duration_ms`` covers all ``loop`` plays; None sounds for ever. ``state`` is playing,
    finished, skipped, interrupted or failed; ``remark`` says by whom or why.
    """

    seq: int
    t: int
    prompt: str
    text: str | None
    url: str | None
    duration_ms: int | None
    loop: int = 1
    purpose: str = "prompt"
    state: str = "playing"
    ended_t: int | None = None
    remark: str | None = None
    version: int = 0
    type: Literal["prompt"] = "prompt"


@dataclass(slots=True)
class KeysItem:
    """Keys pressed one after another for the same capture, or ignored for the same reason."""

    seq: int
    t: int
    digits: str
    capture: str | None
    ignored: str | None
    source: str
    version: int = 0
    type: Literal["keys"] = "keys"


@dataclass(slots=True)
class SpeechItem:
    """Somebody said something: ``who`` is a number, or None for the caller.

    ``text`` is ``…`` while a voice is heard and its words are not known yet. ``source`` is party,
    typed, script or microphone; ``confidence`` 0 to 1; ``ignored`` says why nobody took it.
    """

    seq: int
    t: int
    who: str | None
    text: str
    source: str = "party"
    confidence: float | None = None
    ignored: str | None = None
    version: int = 0
    type: Literal["speech"] = "speech"


@dataclass(slots=True)
class EventItem:
    """What happened, in plain words."""

    seq: int
    t: int
    text: str
    tone: Tone = "quiet"
    version: int = 0
    type: Literal["event"] = "event"


Item = PromptItem | KeysItem | SpeechItem | EventItem


@dataclass(slots=True)
class ActionState:
    """One action of a document. ``state`` is pending, current, done, or the outcome."""

    pointer: str
    action: str
    summary: str
    state: str = "pending"
    seq: int | None = None


@dataclass(slots=True)
class DocumentState:
    """One NCCO or callflow as it was received."""

    document: str
    seq: int
    t: int
    origin: str
    page: str | None
    actions: list[ActionState] = field(default_factory=list)


@dataclass(slots=True)
class LegState:
    """One telephone, dialled at ``t`` by the record ``seq``. ``state`` is created, ringing,
    answered, or how it ended."""

    leg: str
    role: str
    number: str
    state: str = "created"
    answered_t: int | None = None
    ended_t: int | None = None
    bridged: str | None = None
    seq: int = 0
    t: int = 0


@dataclass(slots=True)
class CaptureState:
    """An open capture; ``listening`` once its timers run."""

    capture: str
    seq: int
    try_: int = 1
    tries: int = 1
    max_digits: int | None = None
    terminator: str | None = None
    types: list[str] = field(default_factory=list)
    secret: bool = False
    barge_in: bool = False
    digits: str = ""
    listening: bool = False
    t: int = 0


@dataclass(slots=True)
class RecordingState:
    """A recording. ``by`` says what ended it, None while it runs; times in milliseconds, ``size``
    in bytes. ``background``: the call goes on beside it. ``purpose`` is record or speech."""

    recording: str
    seq: int
    t: int
    format: str
    background: bool = True
    purpose: str = "record"
    by: str | None = None
    ended_t: int | None = None
    duration_ms: int = 0
    url: str | None = None
    size: int = 0


@dataclass(slots=True)
class WebhookPair:
    """The ``seq`` of a request, and of its response or failure once there is one."""

    webhook: str
    title: str
    request: int | None = None
    reply: int | None = None


@dataclass(slots=True)
class TimerState:
    """A timer that runs, until ``due`` (milliseconds of call time)."""

    timer: str
    name: str
    due: int


@dataclass(slots=True)
class Awaited:
    """A webhook that was sent, by the record ``seq`` at ``sent_t``, and has no reply yet.

    The platform waits ``connect_ms`` for the connection and then ``read_ms`` for the reply; None
    where the trace does not say.
    """

    webhook: str
    title: str
    seq: int
    sent_t: int
    connect_ms: int | None = None
    read_ms: int | None = None

    @property
    def until_t(self) -> int | None:
        """When the platform gives up at the latest, None where that is not known."""
        if self.read_ms is None:
            return None
        return self.sent_t + (self.connect_ms or 0) + self.read_ms


@dataclass(slots=True)
class SettingState:
    """A reading of the platform that has decided something. ``page`` and ``why`` as recorded."""

    name: str
    seq: int
    value: str
    default: str
    choices: list[str]
    basis: str
    page: str
    why: str


@dataclass(slots=True)
class MarkState:
    """A bookmark."""

    seq: int
    t: int
    text: str


@dataclass(slots=True)
class EditState:
    """A change by hand. ``what`` is request or reply."""

    seq: int
    t: int
    what: str
    webhook: str


@dataclass(slots=True)
class FaultState:
    """Something that went wrong on purpose. ``webhook`` or ``leg`` says where."""

    seq: int
    t: int
    fault: str
    detail: str
    source: str
    webhook: str | None = None
    leg: str | None = None
