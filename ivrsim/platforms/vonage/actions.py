"""The actions of an NCCO as typed models: keys, defaults and limits of the platform.

Attributes are the platform's keys in snake_case (``time_out`` is ``timeOut``). Models are
strict: what they accept needs no remark about its form; ``documents.read_ncco`` explains and
repairs everything else. Basis: NCCO reference (documented) unless a comment says otherwise.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AliasChoices, Discriminator, Field, PrivateAttr

from ivrsim.engine.commands import AudioFile, RecordingFormat, Speech
from ivrsim.platforms.vonage.parts import (
    AdvancedMachineDetection,
    DtmfSettings,
    Endpoint,
    Method,
    Part,
    PhoneEndpoint,
    SpeechSettings,
    Transcription,
)
from ivrsim.platforms.vonage.ssml import PlainText, plain_text

WAIT_SHORTEST_S: Final = 0.1
WAIT_LONGEST_S: Final = 7200.0
TEXT_LIMIT: Final = 1500
"""Characters of a talk, SSML tags not counted."""


class Action(Part):
    """One action; ``pointer`` is its place in the document (``/0``)."""

    action: str
    _pointer: str = PrivateAttr("")

    @property
    def pointer(self) -> str:
        return self._pointer

    @property
    def summary(self) -> str:
        """One short line for people."""
        return self.action


class Hooked(Action):
    """An action with an event URL of its own (else the application's is used)."""

    event_url: list[str] | None = None
    event_method: Method = "POST"

    @property
    def event_address(self) -> str | None:
        """The URL its events go to, None when it names none."""
        return self.event_url[0] if self.event_url else None


class Prompt(Action):
    """What talk and stream share. ``loop`` is plays in all, 0 for ever; ``level`` -1 to 1."""

    level: float = Field(0.0, ge=-1, le=1)
    loop: int = Field(1, ge=0)
    barge_in: bool = False
    _interruptible: bool = PrivateAttr(False)

    @property
    def interruptible(self) -> bool:
        """bargeIn as it holds here: once true it stays true until an input [documented]."""
        return self._interruptible

    @property
    def sound(self) -> Speech | AudioFile | None:
        """What is played; None when its SSML is broken."""
        raise NotImplementedError


class Talk(Prompt):
    action: Literal["talk"]
    text: str
    language: str = "en-US"
    style: int = Field(0, ge=0)
    premium: bool = False
    voice_name: str | None = None  # deprecated by the platform, still accepted

    @property
    def spoken(self) -> PlainText:
        """The words and pauses; nothing is spoken when it is not ``ok``."""
        return plain_text(self.text)

    @property
    def sound(self) -> Speech | None:
        spoken = self.spoken
        if not spoken.ok:
            return None
        return Speech(
            self.text,
            spoken.words,
            self.language,
            self.style,
            self.voice_name,
            ssml=spoken.ssml,
        )

    @property
    def summary(self) -> str:
        return f"talk “{_shortened(self.spoken.words or self.text)}”"


class Stream(Prompt):
    action: Literal["stream"]
    stream_url: list[str] = Field(min_length=1, max_length=1)

    @property
    def url(self) -> str:
        return self.stream_url[0]

    @property
    def sound(self) -> AudioFile:
        return AudioFile(self.url)

    @property
    def summary(self) -> str:
        return f"stream {_shortened(_file_name(self.url))}"


class Input(Hooked):
    """Digits or speech of the caller.

    ``legacy`` is the older form [observed]: no ``type``, and the dtmf settings at the top.
    Its webhook body is the older one too.
    """

    action: Literal["input"]
    type: list[Literal["dtmf", "speech"]] | None = Field(None, min_length=1)
    dtmf: DtmfSettings | None = None
    speech: SpeechSettings | None = None
    mode: Literal["synchronous", "asynchronous"] = "synchronous"
    time_out: float = Field(3.0, ge=0, le=10)
    max_digits: int = Field(4, ge=1, le=20)
    submit_on_hash: bool = False

    @property
    def legacy(self) -> bool:
        return self.type is None and self.dtmf is None and self.speech is None

    @property
    def types(self) -> tuple[str, ...]:
        """What is listened for. Without ``type``: what there are settings for [assumed]."""
        if self.type is not None:
            return tuple(self.type)
        if self.dtmf is None and self.speech is not None:
            return ("speech",)
        return ("dtmf",) if self.speech is None else ("dtmf", "speech")

    @property
    def wants_dtmf(self) -> bool:
        return "dtmf" in self.types

    @property
    def wants_speech(self) -> bool:
        return "speech" in self.types

    @property
    def capture(self) -> DtmfSettings:
        """The dtmf settings that hold, of either form."""
        if self.legacy:
            return DtmfSettings.model_construct(
                time_out=self.time_out,
                max_digits=self.max_digits,
                submit_on_hash=self.submit_on_hash,
            )
        return self.dtmf if self.dtmf is not None else DtmfSettings.model_construct()

    @property
    def words(self) -> SpeechSettings:
        """The speech settings that hold."""
        return self.speech if self.speech is not None else SpeechSettings.model_construct()

    @property
    def summary(self) -> str:
        if not self.wants_dtmf:
            return "input speech"
        digits = self.capture.max_digits
        keys = f"{digits} digit{'' if digits == 1 else 's'}"
        return f"input {' and '.join(self.types)}, {keys}"


class Notify(Hooked):
    action: Literal["notify"]
    payload: dict[str, Any]

    @property
    def summary(self) -> str:
        return f"notify {_shortened(', '.join(map(str, self.payload)))}".rstrip()


class Wait(Action):
    """``timeout`` in seconds; the platform clamps it [documented]."""

    action: Literal["wait"]
    timeout: float = 10.0

    @property
    def timeout_ms(self) -> int:
        return round(min(max(self.timeout, WAIT_SHORTEST_S), WAIT_LONGEST_S) * 1000)

    @property
    def summary(self) -> str:
        return f"wait {self.timeout_ms / 1000:g} s"


class Connect(Hooked):
    """``timeout`` (ringing) and ``limit`` (talking) in seconds."""

    action: Literal["connect"]
    endpoint: list[Annotated[Endpoint, Discriminator("type")]] = Field(min_length=1, max_length=1)
    from_: str | None = Field(None, alias="from")
    random_from_number: bool = False
    timeout: int = Field(60, ge=1)
    limit: int = Field(7200, ge=1, le=7200)
    event_type: Literal["synchronous"] | None = None
    machine_detection: Literal["continue", "hangup"] | None = None
    advanced_machine_detection: AdvancedMachineDetection | None = Field(
        None,
        validation_alias=AliasChoices("advancedMachineDetection", "advanced_machine_detection"),
    )
    ringback_tone: str | None = None

    @property
    def to(self) -> Endpoint:
        return self.endpoint[0]

    @property
    def phone(self) -> PhoneEndpoint | None:
        """The endpoint when it is a phone, the only kind simulated so far."""
        return self.to if isinstance(self.to, PhoneEndpoint) else None

    @property
    def synchronous(self) -> bool:
        """Whether a reply to its events may replace the running NCCO."""
        return self.event_type is not None

    @property
    def summary(self) -> str:
        return f"connect {self.to.type} {_shortened(self.to.target)}"


class Record(Hooked):
    """Times in seconds."""

    action: Literal["record"]
    format: RecordingFormat | None = None
    split: Literal["conversation"] | None = None
    channels: int | None = Field(None, ge=1, le=32)
    end_on_silence: float | None = Field(None, ge=3, le=10)
    end_on_key: str | None = Field(None, pattern=r"^[0-9*#]$")
    time_out: float | None = Field(None, ge=3, le=7200)
    beep_start: bool = False
    transcription: Transcription | None = None

    @property
    def blocks(self) -> bool:
        """Whether the NCCO waits for its end [documented]."""
        return self.end_on_silence is not None or self.end_on_key is not None

    @property
    def only_time_out(self) -> bool:
        return not self.blocks and self.time_out is not None

    @property
    def endless(self) -> bool:
        """Nothing in the action ends it."""
        return not self.blocks and self.time_out is None

    @property
    def file_channels(self) -> int:
        """One, unless it is split; a split one has two where it names no number [documented]."""
        if self.split is None:
            return 1
        return 2 if self.channels is None else self.channels

    @property
    def file_format(self) -> RecordingFormat:
        """mp3, or wav for more than two channels [documented], which mp3 cannot hold."""
        if self.file_channels > 2 and self.format in (None, "mp3"):
            return "wav"
        return self.format or "mp3"

    @property
    def summary(self) -> str:
        ends = []
        if self.end_on_silence is not None:
            ends.append(f"{self.end_on_silence:g} s of silence")
        if self.end_on_key is not None:
            ends.append(f"key {self.end_on_key}")
        if self.time_out is not None:
            ends.append(f"{self.time_out:g} s")
        return f"record {self.file_format}, until {' or '.join(ends) or 'the end'}"


class Conversation(Hooked):
    """Not simulated yet."""

    action: Literal["conversation"]
    name: str
    music_on_hold_url: str | list[str] | None = None
    start_on_enter: bool = True
    end_on_exit: bool = False
    record: bool = False
    can_speak: list[str] | None = None
    can_hear: list[str] | None = None
    mute: bool = False

    @property
    def summary(self) -> str:
        return f"conversation “{_shortened(self.name)}”"


class Transfer(Action):
    """Not simulated yet."""

    action: Literal["transfer"]
    conversation_id: str
    mute: bool = False
    can_speak: list[str] | None = None
    can_hear: list[str] | None = None

    @property
    def summary(self) -> str:
        return f"transfer to {_shortened(self.conversation_id)}"


AnyAction = Talk | Stream | Input | Notify | Wait | Connect | Record | Conversation | Transfer

ACTIONS: Final[dict[str, type[Action]]] = {
    "talk": Talk,
    "stream": Stream,
    "input": Input,
    "notify": Notify,
    "wait": Wait,
    "connect": Connect,
    "record": Record,
    "conversation": Conversation,
    "transfer": Transfer,
}


def _shortened(text: str, width: int = 48) -> str:
    text = " ".join(text[: width * 8].split())
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def _file_name(url: str) -> str:
    try:
        path = urlsplit(url).path
    except ValueError:
        return url
    return path.rstrip("/").rpartition("/")[2] or url
