"""The actions of a callflow, typed: what an application wrote, within the platform's limits.

``params`` are pydantic models, strict and closed: a model accepts only what needs no remark.
What an application gets wrong is put right, or refused, with a diagnostic in ``documents``.
An optional value that was not given, or given as null, is None or its documented default.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from ivrsim.engine.commands import Speech
from ivrsim.platforms.eightbyeight.settings import value

TEXT_LIMIT: Final = 3000
FILE_LIMIT_BYTES: Final = 5 * 1024 * 1024
MOST_DIGITS: Final = 25

Text = Annotated[str, Field(max_length=TEXT_LIMIT)]
Repetition = Annotated[int, Field(ge=1, le=3)]
Speed = Annotated[float, Field(ge=0.5, le=2, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class Params(BaseModel):
    """``params`` of an action; keys in the document are camelCase."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, alias_generator=to_camel)


class MakeCallParams(Params):
    """``source`` and ``destination`` as written; ``call_recording`` is not simulated."""

    source: str
    destination: str
    call_recording: bool | None = None


class SpokenParams(Params):
    """Of an action that speaks. ``repetition`` plays in all; ``speed`` a factor."""

    voice_profile: str
    repetition: Repetition = 1
    speed: Speed = 1.0

    def spoken(self, text: str) -> Speech:
        """``text`` by this voice. SSML is not documented: it is spoken as it is written."""
        language = language_of(self.voice_profile) or "en-US"
        return Speech(text, text, language, voice=self.voice_profile, speed=self.speed)


class SayParams(SpokenParams):
    """``language`` is not simulated."""

    text: Text
    language: str | None = None


class PlayFileParams(Params):
    """``file_url`` of a wav or mp3 file, not above ``FILE_LIMIT_BYTES``."""

    file_url: str
    repetition: Repetition = 1


class SayAndCaptureParams(SpokenParams):
    """As written, times in milliseconds; ``SayAndCapture.rules`` is what it comes to."""

    prompt_message: Text
    success_message: Text | None = None
    failure_message: Text | None = None
    min_digits: Count | None = None
    max_digits: Annotated[int, Field(ge=1, le=MOST_DIGITS)] | None = None
    digit_timeout: Count | None = None
    overall_timeout: Count | None = None
    complete_on_hash: bool | None = None
    no_of_tries: Count | None = None


class HangupParams(Params):
    """None is known."""


@dataclass(frozen=True, slots=True)
class CaptureRules:
    """A capture with every default filled in; times in milliseconds.

    ``digit_timeout`` None: no limit between keys but ``overall_timeout``. ``defaulted``: the
    keys for which ``8x8.capture_defaults`` decided, for a ``setting.decided`` record.
    """

    min_digits: int
    max_digits: int
    digit_timeout: int | None
    overall_timeout: int
    complete_on_hash: bool
    tries: int
    defaulted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MakeCall:
    """Call ``params.destination``; the second of a session is bridged to the first."""

    action: ClassVar[str] = "makeCall"
    model: ClassVar[type[Params]] = MakeCallParams
    params: MakeCallParams
    pointer: str

    @property
    def summary(self) -> str:
        return f"makeCall {self.params.destination}"


@dataclass(frozen=True, slots=True)
class Say:
    """Speak ``params.text``."""

    action: ClassVar[str] = "say"
    model: ClassVar[type[Params]] = SayParams
    params: SayParams
    pointer: str

    @property
    def summary(self) -> str:
        return f"say “{_short(self.params.text)}”"


@dataclass(frozen=True, slots=True)
class PlayFile:
    """Play the file at ``params.file_url``."""

    action: ClassVar[str] = "playFile"
    model: ClassVar[type[Params]] = PlayFileParams
    params: PlayFileParams
    pointer: str

    @property
    def summary(self) -> str:
        return f"playFile {self.params.file_url.rstrip('/').rsplit('/', 1)[-1]}"


@dataclass(frozen=True, slots=True)
class SayAndCapture:
    """Speak ``params.prompt_message`` and collect keys by ``rules``."""

    action: ClassVar[str] = "sayAndCapture"
    model: ClassVar[type[Params]] = SayAndCaptureParams
    params: SayAndCaptureParams
    pointer: str
    rules: CaptureRules

    @property
    def summary(self) -> str:
        least, most = self.rules.min_digits, self.rules.max_digits
        digits = f"{most}" if least == most else f"{least} to {most}"
        noun = "digit" if most == 1 else "digits"
        return f"sayAndCapture “{_short(self.params.prompt_message)}” {digits} {noun}"


@dataclass(frozen=True, slots=True)
class Hangup:
    """End all legs and with them the session."""

    action: ClassVar[str] = "hangup"
    model: ClassVar[type[Params]] = HangupParams
    params: HangupParams
    pointer: str

    @property
    def summary(self) -> str:
        return "hangup"


Action = MakeCall | Say | PlayFile | SayAndCapture | Hangup

ACTIONS: Final[dict[str, type[Action]]] = {
    cls.action: cls for cls in (MakeCall, Say, PlayFile, SayAndCapture, Hangup)
}

# What the two readings of an unwritten capture differ in: guide, OpenAPI file.
_DEFAULTS: Final[dict[str, dict[str, int]]] = {
    "guide": {"maxDigits": 25, "overallTimeout": 30_000, "noOfTries": 3},
    "openapi": {"maxDigits": 1, "overallTimeout": 5_000, "noOfTries": 1},
}


def build(kind: type[Action], params: Params, pointer: str, settings: Mapping[str, str]) -> Action:
    """The action of ``kind`` with ``params``, which must be of ``kind.model``."""
    if isinstance(params, SayAndCaptureParams):
        return SayAndCapture(params, pointer, capture_rules(params, settings))
    made: Action = kind(params, pointer)  # type: ignore[arg-type, call-arg]  # kind goes with model
    return made


def capture_rules(params: SayAndCaptureParams, settings: Mapping[str, str]) -> CaptureRules:
    """``params`` with defaults by ``8x8.capture_defaults``.

    Both sources have completeOnHash true. minDigits is 1 in the OpenAPI file and assumed to be
    1 where the guide is silent: no key at all is not an input.
    """
    most, overall, tries = params.max_digits, params.overall_timeout, params.no_of_tries
    defaulted: tuple[str, ...] = ()
    if most is None or overall is None or tries is None:
        defaults = _DEFAULTS[value(settings, "8x8.capture_defaults")]
        written = (most, overall, tries)
        defaulted = tuple(
            key for key, given in zip(defaults, written, strict=True) if given is None
        )
        most, overall, tries = (
            default if given is None else given
            for default, given in zip(defaults.values(), written, strict=True)
        )
    return CaptureRules(
        min_digits=params.min_digits or 1,
        max_digits=most,
        digit_timeout=params.digit_timeout,
        overall_timeout=overall,
        complete_on_hash=params.complete_on_hash is not False,
        tries=tries,
        defaulted=defaulted,
    )


_LOCALE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z]{4})?-[A-Za-z]{2}(?![A-Za-z])")


def language_of(voice_profile: str) -> str | None:
    """The locale that a voice profile begins with: ``en-US`` of ``en-US-BenjaminRUS``."""
    found = _LOCALE.match(voice_profile)
    return found.group() if found else None


def _short(text: str, most: int = 32) -> str:
    words = " ".join(text[: most * 4].split())
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"
