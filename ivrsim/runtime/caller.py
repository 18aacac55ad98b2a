"""The caller as a script: ``--keys``.

Groups split as a shell does; each try of a capture takes one group.

``12``           typed when the prompt has ended and the capture listens, 200 ms apart
``^12``          barges in half a second after the last interruptible prompt began
``-``            silence
``1,2``          a comma waits a second
``say:"words"``  answers a capture of speech
``hangup``       hangs up when its turn comes; ``hangup@12.5`` at that second of the call
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ivrsim.engine.events import ApiCommand, DigitPressed, Event
from ivrsim.errors import InputError
from ivrsim.trace.record import Record

KEY_GAP_MS = 200
PAUSE_MS = 1000
BARGE_IN_MS = 500

_TYPED = re.compile(r"[0-9*#A-Da-d,]+")
_HANGUP_AT = re.compile(r"hangup@(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Group:
    """``what`` is keys, barge-in, silence, say or hangup; ``text`` the keys or words."""

    what: str
    text: str = ""


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
            elif word.startswith("say:") and len(word) > 4:
                groups.append(Group("say", word[4:]))
            elif _TYPED.fullmatch(word.removeprefix("^")):
                barge_in = word.startswith("^")
                groups.append(
                    Group("barge-in" if barge_in else "keys", word.removeprefix("^").upper())
                )
            else:
                raise InputError(
                    f"--keys: group {number} is {word!r}: expected keys of a telephone "
                    '(0-9 * # A-D), ^keys, -, say:"words", hangup or hangup@SECONDS'
                )
        joined = text if isinstance(text, str) else shlex.join(words)
        return cls(tuple(groups), hangup_at, joined)


class ScriptedCaller:
    """Follows a call by its records and presses the keys of a script.

    ``schedule(t, event)`` puts an event on the agenda. ``problem`` is set when the script
    could not be followed: the call is then hung up.
    """

    def __init__(self, script: KeyScript, schedule: Callable[[int, Event], None]) -> None:
        self._groups = list(script.groups)
        self._schedule = schedule
        self._current: Group | None = None
        self._barged = False
        self._cut_in: tuple[int, int] | None = None
        self.problem: str | None = None
        if script.hangup_at_ms is not None:
            schedule(script.hangup_at_ms, hang_up())

    @property
    def left_over(self) -> int:
        """Groups that no capture has taken."""
        return len(self._groups)

    def see(self, record: Record) -> None:
        """Look at one record of the call, in order."""
        handler = _WATCHED.get(record.kind)
        if handler is not None:
            handler(self, record)

    def _opened(self, record: Record) -> None:
        self._current = self._groups.pop(0) if self._groups else None
        self._barged = False
        if self._cut_in is not None and self._is_barge_in():
            self._type(self._cut_in[0] + BARGE_IN_MS, record.t)
            self._barged = True

    def _is_barge_in(self) -> bool:
        return self._current is not None and self._current.what == "barge-in"

    def _prompt_started(self, record: Record) -> None:
        data: dict[str, Any] = record.data
        last = data.get("interruptible") and not data.get("queued") and not data.get("ignored")
        self._cut_in = (record.t, record.seq) if last else None
        if last and self._is_barge_in() and not self._barged:
            self._type(record.t + BARGE_IN_MS, record.t)
            self._barged = True

    def _prompt_over(self, record: Record) -> None:
        self._cut_in = None

    def _listening(self, record: Record) -> None:
        group = self._current
        if group is None or self._barged:
            return
        if group.what == "keys":
            self._type(record.t, record.t)
        elif group.what == "hangup":
            self._schedule(record.t, hang_up())
        elif group.what == "barge-in":
            self.problem = f"--keys: ^{group.text}: there is no interruptible prompt to cut here"
            self._schedule(record.t, hang_up())
        elif group.what == "say":
            self.problem = (
                f"--keys: say:{group.text!r}: speech input is not yet simulated; "
                "use keys for this capture"
            )
            self._schedule(record.t, hang_up())

    def _closed(self, record: Record) -> None:
        self._current = None

    def _type(self, at: int, now: int) -> None:
        assert self._current is not None
        t = max(at, now)
        for key in self._current.text:
            if key == ",":
                t += PAUSE_MS
            else:
                self._schedule(t, DigitPressed(key, "script"))
                t += KEY_GAP_MS


def hang_up() -> ApiCommand:
    """The caller puts the receiver down, by script."""
    return ApiCommand("hangup", "hangup", {}, "script")


_WATCHED: dict[str, Callable[[ScriptedCaller, Record], None]] = {
    "capture.opened": ScriptedCaller._opened,
    "capture.listening": ScriptedCaller._listening,
    "capture.closed": ScriptedCaller._closed,
    "prompt.started": ScriptedCaller._prompt_started,
    "prompt.finished": ScriptedCaller._prompt_over,
    "prompt.interrupted": ScriptedCaller._prompt_over,
}
