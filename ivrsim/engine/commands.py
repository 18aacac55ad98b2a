"""What the engine asks of the world. It never does any of it itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Speech:
    """Words to be spoken.

    ``text`` is what the document says (SSML when ``ssml``), ``plain`` the words alone.
    ``voice`` is the platform's name of a voice (8x8 ``voiceProfile``, Vonage ``voiceName``)
    or None; ``speed`` a factor, 1.0 is normal.
    """

    text: str
    plain: str
    language: str = "en-US"
    style: int = 0
    voice: str | None = None
    speed: float = 1.0
    ssml: bool = False


@dataclass(frozen=True, slots=True)
class AudioFile:
    """An audio file by URL. ``max_bytes``: the platform's limit, None when it has none."""

    url: str
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Tone:
    """A call progress tone: ``ringback``, ``busy`` … for as long as it is played.

    ``beep`` comes to an end by itself (PromptEnded), as a prompt does.
    """

    name: str


Sound = Speech | AudioFile | Tone


@dataclass(frozen=True, slots=True)
class Play:
    """Play ``sound`` to the caller; answered by PromptStarted, then PromptEnded, or PromptFailed.

    ``loop`` is how often in all, 0 for ever; ``level`` -1 (silent) to 1 (loudest), 0 normal.
    """

    prompt: str
    leg: str
    sound: Sound
    loop: int = 1
    level: float = 0.0
    interruptible: bool = False


@dataclass(frozen=True, slots=True)
class StopPlaying:
    """Silence, now. PromptEnded is not sent for it."""

    prompt: str


@dataclass(frozen=True, slots=True)
class StartTimer:
    """TimerFired is to come at ``due`` (milliseconds of call time)."""

    timer: str
    due: int


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """TimerFired must not come any more."""

    timer: str


@dataclass(frozen=True, slots=True)
class SendWebhook:
    """One HTTP request; answered by exactly one WebhookReplied or WebhookFailed.

    ``body`` is the exact bytes (None: no body); ``url`` is complete, ``query`` repeats the
    parameters it was given, for the signature. Timeouts in milliseconds: until the connection
    stands, and from then until the whole reply is read. ``purpose`` and ``context`` are for
    scripted pages: what happened.
    """

    webhook: str
    purpose: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    connect_ms: int
    read_ms: int
    context: Mapping[str, Any]
    query: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RingLeg:
    """Ring ``number``; answered by LegRinging, then LegAnswered, LegBusy or LegUnanswered.

    ``role`` is ``caller`` when the telephone is that of the person at the keypad.
    """

    leg: str
    number: str
    role: str


@dataclass(frozen=True, slots=True)
class BridgeLegs:
    """The two legs hear each other from now on."""

    leg: str
    other: str


@dataclass(frozen=True, slots=True)
class DropLeg:
    """The leg is over: stop ringing it, or hang up on it. Nothing is sent back."""

    leg: str


@dataclass(frozen=True, slots=True)
class SendDtmf:
    """Play digits into ``leg`` (``p`` is a pause of 500 ms)."""

    leg: str
    digits: str


@dataclass(frozen=True, slots=True)
class Listen:
    """Recognise speech on ``leg`` from now on.

    SpeechStarted and SpeechStopped come whether or not somebody listens, SpeechHeard only then.
    ``language`` is a tag such as ``en-US``; ``phrases`` are what is likely to be said, empty when
    nothing is known.
    """

    leg: str
    language: str
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StopListening:
    """What is said on ``leg`` needs no words any more. Harmless when nobody listened.

    While somebody still speaks, SpeechHeard with what was understood so far may answer it.
    """

    leg: str


RecordingFormat = Literal["wav", "mp3", "ogg"]


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Record from now on, until StopRecording.

    ``channels``: 1 mixes all; from 2 on the first is the
    caller's, the second what the caller hears, further ones stay silent.
    """

    recording: str
    format: RecordingFormat
    channels: int = 1


@dataclass(frozen=True, slots=True)
class StopRecording:
    """Make the file; answered by RecordingStored or RecordingFailed.

    ``tail_ms``: leave so much out at the end, such as the tone of the key that ended it.
    """

    recording: str
    tail_ms: int = 0


@dataclass(frozen=True, slots=True)
class ReplyApi:
    """The answer to an ApiCommand."""

    request: str
    ok: bool
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EndCall:
    """Nothing more will come of this session."""

    status: str
    failed: bool


Command = (
    Play
    | StopPlaying
    | StartTimer
    | CancelTimer
    | SendWebhook
    | RingLeg
    | BridgeLegs
    | DropLeg
    | SendDtmf
    | Listen
    | StopListening
    | StartRecording
    | StopRecording
    | ReplyApi
    | EndCall
)
