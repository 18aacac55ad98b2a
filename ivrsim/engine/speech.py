"""Taking words: the speech of one try of a capture.

====================  =====================================================================
``start_ms``          nobody speaks (and, where keys count too, presses one) for so long
a voice               ends that wait, cuts an interruptible prompt, starts ``max_ms``
silence               ``silence_ms`` of it end the try, counted from when it truly began
a voice again         ends that wait; what is said in all is one result
a key                 stops it: ``overridden``
====================  =====================================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ivrsim.engine.commands import Listen, StopListening
from ivrsim.engine.events import SpeechHeard, SpeechStarted, SpeechStopped
from ivrsim.engine.hearing import OpenSpeech, Said
from ivrsim.trace.masking import MASK

if TYPE_CHECKING:
    from ivrsim.engine.session import Session

RECOGNITION_MS: Final = 1000
"""How long the words of a voice that ``max_ms`` has cut short may take to come."""


@dataclass(frozen=True, slots=True)
class SpeechSpec:
    """Times in milliseconds. ``phrases`` are likely to be said; ``on_listen`` is called when the
    prompt is over and it listens."""

    start_ms: int
    silence_ms: int
    max_ms: int
    language: str = "en-US"
    phrases: tuple[str, ...] = ()
    on_listen: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said: ``readings`` as (text, confidence), the likeliest first.

    ``shown`` is the text as the trace has it. ``voice``: somebody spoke, though perhaps no words
    were recognised. ``overridden``: a key was pressed, so that nothing said counts.
    """

    readings: tuple[tuple[str, float], ...] = ()
    shown: str | None = None
    voice: bool = False
    overridden: bool = False

    @property
    def text(self) -> str:
        """The likeliest words, ``""`` when there are none."""
        return self.readings[0][0] if self.readings else ""


NOTHING_SAID: Final = Spoken()


class SpokenInput:
    """The state of one try. ``ended_by`` is set when silence or ``max_ms`` has ended it."""

    def __init__(self, call: Session, spec: SpeechSpec, capture: str, secret: bool) -> None:
        self.call = call
        self.spec = spec
        self.seqs: list[int] = []
        self.voice = False
        self.overridden = False
        self.ended_by: str | None = None
        self._secret = secret
        self._heard: list[SpeechHeard] = []
        self._typed: tuple[SpeechStarted, int] | None = None
        self._outstanding = call.hearing.speaking  # its words have not come yet
        self._silence: str | None = None
        self._longest: str | None = None
        self._words: str | None = None
        call.hearing.capture = OpenSpeech(capture, secret)
        call.command(Listen(call.caller_leg, spec.language, spec.phrases))
        if call.hearing.speaking:
            self._begin()

    @property
    def timers(self) -> tuple[str, ...]:
        every = (self._silence, self._longest, self._words)
        return tuple(timer for timer in every if timer is not None)

    def hear(self, said: Said) -> None:
        """The caller's voice: it begins, or is silent again, or has said something."""
        event = said.event
        if isinstance(event, SpeechStopped):
            self._outstanding = self.call.hearing.speaking
            if self.voice and self._words is None and not self._outstanding:
                self._fall_silent(event.ago_ms)
            return
        self.seqs.append(said.seq)
        if isinstance(event, SpeechStarted):
            self._typed = None if event.text is None else (event, self.call.t)
            self._outstanding = True
            self._begin()
            return
        self._heard.append(event)
        self._secret = self._secret or said.hidden
        self._outstanding = False
        if self._words is not None:
            self.ended_by = "max_duration"
        elif not self.call.hearing.speaking:  # told when it was over, and nothing before
            self._begin()
            self._fall_silent(0)

    def fired(self, timer: str) -> bool:
        """Whether the timer is one of these; ``ended_by`` says what follows from it."""
        if timer == self._silence:
            self._silence, self.ended_by = None, "end_on_silence"
        elif timer == self._longest:
            self._longest = None
            self._cut_short()
        elif timer == self._words:
            self._words, self.ended_by = None, "max_duration"
        else:
            return False
        return True

    def override(self) -> None:
        """A key: what was said does not count, and nothing is listened for any more."""
        if not self.overridden:
            self.overridden = True
            self.close()

    def close(self) -> None:
        """Stop listening."""
        for timer in self.timers:
            self.call.cancel_timer(timer)
        self._silence = self._longest = self._words = None
        if self.call.hearing.capture is not None:
            self.call.hearing.close()
            self.call.command(StopListening(self.call.caller_leg))

    def result(self) -> Spoken:
        readings = () if self.overridden else _joined(self._heard)
        shown = None
        if readings:
            shown = MASK if self._secret else readings[0][0]
        return Spoken(readings, shown, self.voice, self.overridden)

    def _begin(self) -> None:
        self.voice = True
        self.call.cancel_timer(self._silence)
        self._silence = None
        if self._longest is None and self._words is None:
            self._longest = self.call.start_timer("max duration", self.spec.max_ms)

    def _fall_silent(self, ago_ms: int) -> None:
        self.call.cancel_timer(self._silence)
        left = max(0, self.spec.silence_ms - ago_ms)
        self._silence = self.call.start_timer("end of speech", left)

    def _cut_short(self) -> None:
        """``max_ms`` is over: what has been said so far counts."""
        if not self._outstanding:
            self.ended_by = "max_duration"
            return
        if self._typed is None:
            # Only the recogniser knows what was said so far.
            self.call.command(StopListening(self.call.caller_leg))
            self._words = self.call.start_timer("words", RECOGNITION_MS)
            return
        event, began = self._typed
        text = event.text or ""
        if not self._secret:  # a trace that is fed again does not know how long that was
            text = _first_words(text, (self.call.t - began) / max(1, event.duration_ms or 1))
        if text:
            self._heard.append(SpeechHeard(event.leg, text, event.source, confidence=1.0))
        self.ended_by = "max_duration"


def _joined(heard: list[SpeechHeard]) -> tuple[tuple[str, float], ...]:
    """Several utterances are one result [observed], as sure as the least sure of them.

    Further readings are those of a single utterance. Without a confidence there was no doubt.
    """
    said = [event for event in heard if event.text]
    if not said:
        return ()
    sure = [1.0 if event.confidence is None else event.confidence for event in said]
    best = (" ".join(event.text or "" for event in said), min(sure))
    return (best, *(said[0].alternatives if len(said) == 1 else ()))


def _first_words(text: str, part: float) -> str:
    """The whole words in the first ``part`` (0 to 1) of ``text``."""
    end = round(len(text) * min(part, 1.0))
    return text if end >= len(text) else text[: end + 1].rpartition(" ")[0]
