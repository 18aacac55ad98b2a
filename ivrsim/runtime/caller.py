"""The caller as a script: ``--keys``.

Groups split as a shell does; each try of a capture takes one group, and so does a recording that
the call waits for, when a key can end it. One that only silence ends takes the next group when it
is ``say:``.

``12``            typed when the prompt has ended and the capture listens, 200 ms apart
``^12``           barges in half a second after the last interruptible prompt began
``-``             silence
``1,2``           a comma waits a second
``say:"words"``   answers a capture of speech, or speaks into a recording
``^say:"words"``  barges in with words
``hangup``        hangs up when its turn comes; ``hangup@12.5`` at that second of the call
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ivrsim.engine.commands import Speech
from ivrsim.engine.events import (
    ApiCommand,
    DigitPressed,
    Event,
    SpeechHeard,
    SpeechStarted,
    SpeechStopped,
)
from ivrsim.errors import InputError
from ivrsim.runtime.prompts import estimate_ms
from ivrsim.trace.record import Record

KEY_GAP_MS = 200
PAUSE_MS = 1000
BARGE_IN_MS = 500

_TYPED = re.compile(r"[0-9*#A-Da-d,]+")
_HANGUP_AT = re.compile(r"hangup@(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Group:
    """``what`` is keys, barge-in, silence, say, barge-in-say or hangup; ``text`` keys or words."""

    what: str
    text: str = ""

    @property
    def barges_in(self) -> bool:
        return self.what.startswith("barge-in")

    @property
    def speaks(self) -> bool:
        return self.what.endswith("say")

    def __str__(self) -> str:
        words = f'say:"{self.text}"' if self.speaks else self.text or self.what
        return "^" * self.barges_in + words


@dataclass(frozen=True, slots=True)
class KeyScript:
    """Parsed ``--keys``; ``hangup_at_ms`` is call time or None."""

    groups: tuple[Group, ...] = ()
    hangup_at_ms: int | None = None
    text: str = ""

    @classmethod
    def parse(cls, text: str | Sequence[str]) -> KeyScript:
        """Raises InputError naming the group that is not one."""
        try:
            words = shlex.split(text) if isinstance(text, str) else list(text)
        except ValueError as error:
            raise InputError(f"--keys {text!r}: {error}; quote as in a shell") from None
        groups: list[Group] = []
        hangup_at: int | None = None
        for number, word in enumerate(words, 1):
            at = _HANGUP_AT.fullmatch(word)
            if at:
                hangup_at = round(float(at[1]) * 1000)
            elif word == "-":
                groups.append(Group("silence"))
            elif word == "hangup":
                groups.append(Group("hangup"))
            elif word.startswith(("say:", "^say:")) and not word.endswith("say:"):
                what, _, said = word.partition("say:")
                groups.append(Group("barge-in-say" if what else "say", said))
            elif _TYPED.fullmatch(word.removeprefix("^")):
                barge_in = word.startswith("^")
                groups.append(
                    Group("barge-in" if barge_in else "keys", word.removeprefix("^").upper())
                )
            else:
                raise InputError(
                    f"--keys: group {number} is {word!r}: expected keys of a telephone "
                    '(0-9 * # A-D), ^keys, -, say:"words", ^say:"words", hangup or hangup@SECONDS'
                )
        joined = text if isinstance(text, str) else shlex.join(words)
        return cls(tuple(groups), hangup_at, joined)


def utterance(
    text: str, leg: str, t: int, source: str, duration_ms: int | None = None
) -> list[tuple[int, Event]]:
    """Somebody on ``leg`` says ``text`` from ``t`` on: what happens when, in milliseconds.

    The same for what is typed and for scripts (``source``); understood without a doubt.
    ``duration_ms`` where it is known: of what is secret only the length is left.
    """
    duration = estimate_ms(Speech(text, text)) if duration_ms is None else duration_ms
    over = t + duration
    return [
        (t, SpeechStarted(leg, source, text, duration)),
        (over, SpeechHeard(leg, text, source, duration, 1.0)),
        (over, SpeechStopped(leg, source)),
    ]


class ScriptedCaller:
    """Follows a call by its records: presses the keys of a script and says its words.

    ``schedule(t, event)`` puts an event on the agenda. ``problem`` is set when the script
    could not be followed: the call is then hung up.
    """

    def __init__(self, script: KeyScript, schedule: Callable[[int, Event], None]) -> None:
        self._groups = list(script.groups)
        self._schedule = schedule
        self._current: Group | None = None
        self._leg = ""
        self._types: list[str] = []
        self._barged = False
        self._cut_in: tuple[int, int] | None = None
        self.problem: str | None = None
        if script.hangup_at_ms is not None:
            schedule(script.hangup_at_ms, hang_up())

    @property
    def left_over(self) -> int:
        """Groups that no capture has taken."""
        return len(self._groups)

    @property
    def warnings(self) -> list[str]:
        """What is to be said of a call that this script was too long for."""
        left = self.left_over
        groups = "group" if left == 1 else "groups"
        return [f"--keys: {left} {groups} left over: no capture took them"] if left else []

    def resume(self, past: Sequence[Record], t: int) -> None:
        """The call goes on at ``t``, after ``past``: a capture that is open, or a recording that
        waits for the caller, is the first to take a group."""
        groups, self._groups = self._groups, []
        opened: Record | None = None
        recording: Record | None = None
        listening = False
        for record in past:
            if record.kind == "capture.opened":
                opened, listening = record, False
            elif record.kind == "capture.listening":
                listening = True
            elif record.kind == "capture.closed":
                opened = None
            elif record.kind == "recording.started":
                recording = record
            elif record.kind == "recording.stopped":
                recording = None
            elif record.kind in ("leg.created", *_PROMPTS):
                self.see(record)
        self._groups = groups
        if recording is not None:
            self._recording(recording._replace(t=t))
        if opened is None:
            return
        self._types = opened.data["types"]
        self._take_turn()
        if listening:
            self._act(t)
        elif self._cut_in is not None and self._is_barge_in():
            self._barge_in(self._cut_in[0] + BARGE_IN_MS, t)

    def see(self, record: Record) -> None:
        """Look at one record of the call, in order."""
        handler = _WATCHED.get(record.kind)
        if handler is not None:
            handler(self, record)

    def _leg_created(self, record: Record) -> None:
        if record.data["role"] == "caller":
            self._leg = record.leg or ""

    def _opened(self, record: Record) -> None:
        self._types = record.data["types"]
        self._take_turn()
        if self._cut_in is not None and self._is_barge_in():
            self._barge_in(self._cut_in[0] + BARGE_IN_MS, record.t)

    def _take_turn(self) -> None:
        self._current = self._groups.pop(0) if self._groups else None
        self._barged = False

    def _is_barge_in(self) -> bool:
        return self._current is not None and self._current.barges_in

    def _prompt_started(self, record: Record) -> None:
        data: dict[str, Any] = record.data
        last = data.get("interruptible") and not data.get("queued") and not data.get("ignored")
        self._cut_in = (record.t, record.seq) if last else None
        if last and self._is_barge_in() and not self._barged:
            self._barge_in(record.t + BARGE_IN_MS, record.t)

    def _prompt_over(self, record: Record) -> None:
        self._cut_in = None

    def _barge_in(self, at: int, now: int) -> None:
        self._barged = True
        self._act(max(at, now))

    def _listening(self, record: Record) -> None:
        if self._is_barge_in() and not self._barged:
            self._give_up("there is no interruptible prompt to cut here", record.t)
        elif not self._barged:
            self._act(record.t)

    def _act(self, t: int) -> None:
        """Do what the group says, from ``t`` on."""
        group = self._current
        if group is None or group.what == "silence":
            return
        if group.what == "hangup":
            self._schedule(t, hang_up())
        elif not group.speaks:
            self._type(group.text, t)
        elif "speech" not in self._types:
            self._give_up("this capture takes keys, not words", t)
        else:
            for at, event in utterance(group.text, self._leg, t, "script"):
                self._schedule(at, event)

    def _recording(self, record: Record) -> None:
        """A recording: when the call waits for its end, it is the caller's turn."""
        data = record.data
        speaks = bool(self._groups) and self._groups[0].what == "say"
        if data["background"] or not (data["terminator"] or speaks):
            return
        self._types = ["dtmf", "speech"]
        self._take_turn()
        self._listening(record)
        if speaks and data["terminator"] and not data["silence_ms"]:
            assert self._current is not None
            spoken = utterance(self._current.text, self._leg, record.t, "script")
            self._type(data["terminator"], spoken[-1][0] + KEY_GAP_MS)

    def _closed(self, record: Record) -> None:
        self._current = None

    def _give_up(self, why: str, t: int) -> None:
        self.problem = f"--keys: {self._current}: {why}"
        self._schedule(t, hang_up())

    def _type(self, keys: str, t: int) -> None:
        for key in keys:
            if key == ",":
                t += PAUSE_MS
            else:
                self._schedule(t, DigitPressed(key, "script"))
                t += KEY_GAP_MS


def hang_up() -> ApiCommand:
    """The caller puts the receiver down, by script."""
    return ApiCommand("hangup", "hangup", {}, "script")


_PROMPTS = ("prompt.started", "prompt.finished", "prompt.interrupted")

_WATCHED: dict[str, Callable[[ScriptedCaller, Record], None]] = {
    "leg.created": ScriptedCaller._leg_created,
    "recording.started": ScriptedCaller._recording,
    "recording.stopped": ScriptedCaller._closed,
    "capture.opened": ScriptedCaller._opened,
    "capture.listening": ScriptedCaller._listening,
    "capture.closed": ScriptedCaller._closed,
    "prompt.started": ScriptedCaller._prompt_started,
    "prompt.finished": ScriptedCaller._prompt_over,
    "prompt.interrupted": ScriptedCaller._prompt_over,
}
