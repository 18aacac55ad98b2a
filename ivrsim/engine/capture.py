"""Taking digits, and words: one try of a capture, for both platforms.

=================  =========================================  ===============================
                   while the prompt plays                     when it has ended
=================  =========================================  ===============================
first key          ``interrupt``: the prompt is cut           ends the wait for a first key
                   ``collect``: counted, the prompt plays on
                   ``ignore``: no effect
each key           appended, until ``max_digits`` or the terminator; starts ``inter_digit_ms``
``first_digit_ms`` from ``first_from``: prompt_end or open    until the first key
``overall_ms``     from ``overall_from``: open, or            from the prompt's end or cut
complete           ``interrupt``: at once                     at once
                   ``collect``: when the prompt ends
=================  =========================================  ===============================

Where words are taken too, they end it by the rules of ``engine.speech``, unless a key comes
first; when nobody does anything, the later of both waits ends it (``start_timeout``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ivrsim.engine.events import PromptFailed, TimerFired
from ivrsim.engine.hearing import Said
from ivrsim.engine.keys import SECRET, Key, OpenCapture
from ivrsim.engine.line import Prompt
from ivrsim.engine.platform import CallerGone, Steps
from ivrsim.engine.session import Session
from ivrsim.engine.speech import NOTHING_SAID, SpeechSpec, Spoken, SpokenInput


@dataclass(frozen=True, slots=True)
class CaptureSpec:
    """One try. Times in milliseconds, None where there is no such limit.

    ``during_prompt``: ``interrupt`` (barge-in), ``collect`` or ``ignore``. ``max_digits`` is the
    most that is valid; they end the capture unless ``max_digits_ends`` is False: then further
    keys are ignored, or, if it ``takes_more``, count and make the try invalid.
    ``timeout_fails``: a timeout makes the try invalid whatever was typed. ``keep_terminator``:
    it is one of the digits. ``refused``: keys that have no effect. ``first_from`` and
    ``overall_from``: those timers run from ``prompt_end`` or from ``open``. ``on_barge_in`` is
    called before the first prompt that a key cuts. ``types``: dtmf, speech or both; ``speech``
    says how words are taken, None: they are not.
    """

    prompts: tuple[Prompt, ...] = ()
    during_prompt: str = "interrupt"
    min_digits: int = 0
    max_digits: int | None = None
    terminator: str | None = None
    keep_terminator: bool = False
    max_digits_ends: bool = True
    takes_more: bool = True
    refused: str = ""
    first_digit_ms: int | None = None
    inter_digit_ms: int | None = None
    overall_ms: int | None = None
    first_from: str = "prompt_end"
    overall_from: str = "prompt_end"
    timeout_fails: bool = False
    attempt: int = 1
    attempts: int = 1
    types: tuple[str, ...] = ("dtmf",)
    secret: bool = False
    on_barge_in: Callable[[], None] | None = None
    speech: SpeechSpec | None = None


@dataclass(frozen=True, slots=True)
class Captured:
    """``digits`` without the terminator; ``shown`` the same, masked when secret.

    ``timed_out``: a timer for keys has ended it. ``spoken`` is what was said.
    """

    digits: str
    shown: str
    ended_by: str
    timed_out: bool
    valid: bool
    failure: PromptFailed | None = None
    spoken: Spoken = NOTHING_SAID


class _Capture:
    """The state of one try; ``ended_by`` is None while it is open."""

    def __init__(self, call: Session, spec: CaptureSpec) -> None:
        self.call = call
        self.spec = spec
        self.digits: list[str] = []
        self.seqs: list[int] = []
        self.complete: str | None = None
        self.ended_by: str | None = None
        self.listening = False
        self.failure: PromptFailed | None = None
        self.first: str | None = None
        self.inter: str | None = None
        self.overall: str | None = None
        self.open = OpenCapture(
            call.new_id("c"),
            spec.terminator,
            spec.secret,
            spec.refused,
            spec.during_prompt == "ignore",
            "dtmf" in spec.types,
            spec.speech is not None,
        )
        self.speech: SpokenInput | None = None

    def keys(self) -> tuple[str, ...]:
        timers = (self.first, self.inter, self.overall)
        spoken = () if self.speech is None else self.speech.timers
        return ("digit", "line", "speech", *[t for t in timers if t is not None], *spoken)

    def listen(self) -> None:
        """The prompt has ended or was cut: the timers run from here."""
        if self.listening:
            return
        self.listening = True
        if self.complete is not None:
            self.ended_by = self.complete
            return
        self.call.record("capture.listening", {"capture": self.open.id})
        if self.spec.speech is not None and self.spec.speech.on_listen is not None:
            self.spec.speech.on_listen()
        if self.overall is None:
            self.start_overall()
        if self.digits:
            self.start_inter()
        elif self.first is None and (self.speech is None or not self.speech.voice):
            self.start_first()

    def start_overall(self) -> None:
        if self.spec.overall_ms is not None:
            self.overall = self.call.start_timer("overall", self.spec.overall_ms)

    def start_first(self) -> None:
        """The wait for a first key, or, the longer of the two, for a first word."""
        ms, name = self.spec.first_digit_ms, "first digit"
        if self.spec.speech is not None:
            ms, name = max(ms or 0, self.spec.speech.start_ms), "start"
        if ms is not None:
            self.first = self.call.start_timer(name, ms)

    def stop_first(self) -> None:
        self.call.cancel_timer(self.first)
        self.first = None

    def start_inter(self) -> None:
        self.call.cancel_timer(self.inter)
        self.inter = None
        if self.spec.inter_digit_ms is not None:
            self.inter = self.call.start_timer("inter-digit", self.spec.inter_digit_ms)

    def press(self, key: Key) -> None:
        call, spec, digit = self.call, self.spec, key.digit
        self.seqs.append(key.seq)
        if self.speech is not None:
            self.speech.override()
        if call.line.busy and spec.during_prompt == "interrupt":
            if spec.on_barge_in is not None and not self.digits:
                spec.on_barge_in()
            call.line.stop("digit")
        self.stop_first()
        if digit == spec.terminator:
            if spec.keep_terminator:
                self.digits.append(digit)
            self.complete = "terminator"
        else:
            self.digits.append(digit)
            if spec.max_digits is not None and len(self.digits) >= spec.max_digits:
                if spec.max_digits_ends:
                    self.complete = "max_digits"
                self.open.full = not spec.takes_more
        if self.complete is not None:
            self.open.full = True
            if not call.line.busy:
                self.ended_by = self.complete
        elif not call.line.busy and not self.listening:
            self.listen()
        elif self.listening or spec.first_from == "open":
            self.start_inter()

    def hear(self, said: Said) -> None:
        assert self.speech is not None
        self.speech.hear(said)
        self.ended_by = self.speech.ended_by
        self.voiced()
        if self.ended_by is None and not self.call.line.busy:
            self.listen()

    def voiced(self) -> None:
        """A voice, once there is one, cuts the prompt and ends the wait for it."""
        if self.speech is not None and self.speech.voice:
            if self.spec.during_prompt == "interrupt":
                self.call.line.stop("speech")
            self.stop_first()

    def timed_out(self, timer: str) -> None:
        if self.speech is not None and self.speech.fired(timer):
            self.ended_by = self.speech.ended_by
        elif timer == self.first:
            self.first = None
            self.ended_by = "first_digit" if self.speech is None else "start_timeout"
        elif timer == self.inter:
            self.inter, self.ended_by = None, "inter_digit"
        elif timer == self.overall:
            self.overall, self.ended_by = None, "overall"

    def close(self, ended_by: str) -> Captured:
        call, spec = self.call, self.spec
        for timer in (self.first, self.inter, self.overall):
            call.cancel_timer(timer)
        call.keys.capture = None
        spoken = NOTHING_SAID
        if self.speech is not None:
            self.speech.close()
            spoken = self.speech.result()
        timed_out = ended_by in ("first_digit", "inter_digit", "overall") or (
            ended_by == "start_timeout" and self.open.takes_keys
        )
        count = sum(digit != spec.terminator for digit in self.digits)
        enough = spec.min_digits <= count and (spec.max_digits is None or count <= spec.max_digits)
        whole = ended_by in ("max_digits", "terminator") or (timed_out and not spec.timeout_fails)
        if ended_by in ("end_on_silence", "max_duration"):
            whole = bool(spoken.readings)
        valid = enough and whole
        digits = "".join(self.digits)
        shown = "".join(
            SECRET if spec.secret and digit != spec.terminator else digit for digit in self.digits
        )
        data: dict[str, Any] = {
            "capture": self.open.id,
            "digits": shown,
            "ended_by": ended_by,
            "timed_out": timed_out,
            "valid": valid,
            "digit_seqs": self.seqs,
            "text": spoken.shown,
            "speech_seqs": [] if self.speech is None else self.speech.seqs,
        }
        call.record("capture.closed", data, call.caller_leg, leads=True)
        return Captured(digits, shown, ended_by, timed_out, valid, self.failure, spoken)


def capture(call: Session, spec: CaptureSpec) -> Steps[Captured]:
    """One try of a capture: prompts, keys, words, timers.

    When the caller hangs up, the capture is closed (``hangup``) and CallerGone passes on.
    """
    state = _Capture(call, spec)
    call.record(
        "capture.opened",
        {
            "capture": state.open.id,
            "try": spec.attempt,
            "tries": spec.attempts,
            "min_digits": spec.min_digits,
            "max_digits": spec.max_digits,
            "terminator": spec.terminator,
            "first_digit_ms": spec.first_digit_ms,
            "inter_digit_ms": spec.inter_digit_ms,
            "overall_ms": spec.overall_ms,
            "barge_in": spec.during_prompt == "interrupt",
            "types": list(spec.types),
            "secret": spec.secret,
            "speech": _described(spec.speech),
        },
        call.caller_leg,
        leads=True,
    )
    call.keys.capture = state.open
    if spec.speech is not None:
        state.speech = SpokenInput(call, spec.speech, state.open.id, spec.secret)
    for prompt in spec.prompts:
        call.line.play(prompt)
    if spec.first_from == "open":
        state.start_first()
    if spec.overall_from == "open":
        state.start_overall()
    state.voiced()
    try:
        while call.keys.ahead and state.open.takes_keys and not state.open.full:
            key = call.keys.ahead.pop(0)
            if key.digit not in spec.refused:
                state.press(key)
        if not call.line.busy and state.ended_by is None:
            state.listen()
        while state.ended_by is None:
            event = yield state.keys()
            if isinstance(event, Key):
                state.press(event)
            elif isinstance(event, Said):
                state.hear(event)
            elif isinstance(event, TimerFired):
                state.timed_out(event.timer)
            else:
                if isinstance(event, PromptFailed) and state.failure is None:
                    state.failure = event
                if not call.line.busy:
                    state.listen()
    except CallerGone:
        state.close("hangup")
        raise
    call.line.stop("action")
    return state.close(state.ended_by)


def _described(speech: SpeechSpec | None) -> dict[str, Any] | None:
    """What ``capture.opened`` says of it."""
    if speech is None:
        return None
    return {
        "start_ms": speech.start_ms,
        "silence_ms": speech.silence_ms,
        "max_ms": speech.max_ms,
        "language": speech.language,
        "context": list(speech.phrases),
    }
