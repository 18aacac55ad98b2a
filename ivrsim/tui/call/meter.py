"""How loud prompts and microphone are, the tone that is heard, and why nothing sounds."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from time import monotonic

from ivrsim.trace.view_text import one_line_of
from ivrsim.tui.keymap import ALL
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.protocol import Call
from ivrsim.tui.spans import Row, Span, cut, wrap

_BARS = " ▁▂▃▄▅▆▇█"
_NAME = 4
"""Cells for ``♪`` and ``mic``."""
_TAIL = 4
"""Cells for the tone that is heard, else the key of the line."""
_SHOWN_S = 0.5
"""So long a tone stays, however short it was."""

_SILENT, _DEAF = "no sound", "no microphone"
ABSENT = (_SILENT, _DEAF)
"""How the notices begin that say what is not there, and why."""


class Meter(LineWidget):
    """Two lines that run from right to left with each ``take``, then the notices."""

    DEFAULT_CSS = "Meter { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__()
        self._line: deque[float] = deque(maxlen=40)
        self._microphone: deque[float] = deque(maxlen=40)
        self._words: tuple[str, str] | None = None
        self._commands: tuple[str, ...] = ()
        self._tone: str | None = None
        self._heard = ("", 0.0)
        self._notices: tuple[str, ...] = ()

    def heard(self, digit: str) -> None:
        """The microphone heard a key: it is shown even when its tone is over already."""
        self._heard = (digit, monotonic())

    def take(self, levels: tuple[float, float]) -> None:
        """The levels of line and microphone now, 0 to 1: one step of the meters."""
        for steps, level in zip((self._line, self._microphone), levels, strict=True):
            steps.append(max(0.0, min(1.0, level)))

    def show(self, call: Call, muted: bool, goes_on: bool, secret: bool) -> None:
        """``goes_on``: there is something to measure; ``secret``: do not name the tone."""
        there = ((_SILENT, call.speakers), (_DEAF, call.microphone))
        over = tuple(begin for begin, device in there if device is not None)
        self._notices = tuple(line for line in reversed(call.notices) if not line.startswith(over))
        self._words, self._commands = None, ()
        if goes_on:
            sound = "off" if call.speakers is None else "muted" if muted else ""
            mic = "off" if call.microphone is None else "muted" if call.microphone_muted else ""
            self._words = (sound, mic)
            self._commands = (
                "devices" if sound == "off" else "mute",
                "devices" if mic == "off" else "mute_microphone",
            )
            if sound:
                self._line.clear()
            if mic:
                self._microphone.clear()
            digit, since = self._heard
            tone = call.hearing or (digit if monotonic() - since < _SHOWN_S else None)
            self._tone = None if tone is None or mic else "•" if secret else tone
        self.refresh()

    def rows(self, width: int) -> list[Row]:
        rows: list[Row] = []
        if self._words is not None:
            sound, mic = self._words
            lines = (
                ("♪", sound, self._line, "accent", None),
                ("mic", mic, self._microphone, "purple", self._tone),
            )
            for command, (name, word, levels, style, tone) in zip(
                self._commands, lines, strict=True
            ):
                room = max(1, width - _NAME - _TAIL)
                said: Span = (_bars(levels, room), style)
                if word:
                    said = (word.ljust(room), "yellow" if word == "muted" else "faint")
                tail: list[Span] = [(f"{ALL[command].shown:>{_TAIL}}", "faint")]
                if word:
                    tail = [(tail[0][0], "bold accent")]
                if tone is not None:
                    tail = [(" ", ""), (f" {tone} ", "bold on-accent on accent")]
                rows.append([(name.ljust(_NAME), "faint"), said, *tail])
        return [*rows, *self._noticed(width, self.size.height - len(rows))]

    def _noticed(self, width: int, room: int) -> list[Row]:
        """The latest first: what came earlier may be over."""
        lines: list[str] = []
        for notice in self._notices:
            said = wrap(one_line_of(notice), width)
            if notice.startswith(_SILENT) and len(said) > room - len(lines):
                said = wrap(f"{_SILENT}: `ivrsim doctor` says what to install", width)
            lines += [line for _, line in said]
        if len(lines) > room > 0:
            lines[room - 1] = cut(f"{lines[room - 1]} …", width)
        return [[(line, "faint")] for line in lines[: max(0, room)]]

    def target(self, x: int, y: int) -> str | None:
        return self._commands[y] if y < len(self._commands) else None


def _bars(levels: Sequence[float], width: int) -> str:
    shown = list(levels)[-width:]
    return "".join(_BARS[max(1, round(level * 8))] for level in shown).rjust(width, "▁")
