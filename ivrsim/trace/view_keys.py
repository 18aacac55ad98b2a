"""What the caller did, written as the script that ``--keys`` takes."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Final


@dataclass(slots=True)
class KeyGroup:
    """One try of a capture, or a recording that the call waits for.

    ``barged``: the first key or word came while the prompt was playing. ``end_key`` is the key that
    ends a recording: one that has none takes words alone.
    """

    seq: int
    secret: bool
    barged: bool = False
    listening: bool = False
    closed_seq: int | None = None
    digits: list[tuple[int, str]] = field(default_factory=list)
    speech: list[tuple[int, str]] = field(default_factory=list)
    is_recording: bool = False
    end_key: str | None = None

    def written(self, end: float) -> str | None:
        """The group as it was up to record ``end``; None when there is none to write."""
        pressed = "".join(digit for seq, digit in self.digits if seq <= end)
        spoken = " ".join(text for seq, text in self.speech if seq <= end)
        if self.is_recording and self.end_key is None:
            pressed = ""  # only words take its turn
            if not spoken:
                return None
        if pressed and not (self.is_recording and spoken):
            return "^" * self.barged + pressed
        if spoken:
            return "^" * self.barged + f"say:{shlex.quote(spoken)}"
        return "-" if self.closed_seq is not None and self.closed_seq <= end else None


class Past:
    """What is written of groups that no longer change: text that is only added to, so that the
    copies of a view can share it, each knowing how much of it is its own."""

    __slots__ = ("_text",)

    def __init__(self, text: bytes | bytearray = b"") -> None:
        self._text = bytearray(text)

    def after(self, end: int, group: str) -> tuple[Past, int]:
        """The past whose first ``end`` bytes are followed by ``group``, and its end then."""
        more = group.encode("utf-8", "surrogatepass") + _BETWEEN
        stop = end + len(more)
        past = self
        if end == len(self._text):
            self._text += more
        elif self._text[end:stop] != more:  # another view went on otherwise
            past = Past(self._text[:end] + more)
        return past, stop

    def groups(self, end: int) -> list[str]:
        written = bytes(self._text[:end]).split(_BETWEEN)[:-1]
        return [group.decode("utf-8", "surrogatepass") for group in written]


_BETWEEN: Final = b"\xff"
"""Stands in no text."""


class KeyScript:
    """Collects groups; every method takes the ``seq`` of the record that tells of it."""

    def __init__(self) -> None:
        self._groups: list[KeyGroup] = []
        self._by_capture: dict[str, KeyGroup] = {}
        self._hangup_seq: int | None = None
        self.past = Past()
        self._past_end = 0
        self._past_seq = 0
        self._secret = False

    def opened(self, seq: int, capture: str, secret: bool) -> None:
        group = KeyGroup(seq, secret)
        self._groups.append(group)
        self._by_capture[capture] = group

    def recording(self, seq: int, recording: str, end_key: str | None) -> None:
        group = KeyGroup(seq, False, listening=True, is_recording=True, end_key=end_key)
        self._groups.append(group)
        self._by_capture[recording] = group

    def listening(self, capture: str) -> None:
        if capture in self._by_capture:
            self._by_capture[capture].listening = True

    def closed(self, seq: int, capture: str) -> None:
        if capture in self._by_capture:
            self._by_capture[capture].closed_seq = seq

    def digit(self, seq: int, capture: str, digit: str) -> None:
        group = self._by_capture.get(capture)
        if group is not None:
            if not group.digits and not group.listening:
                group.barged = True
            group.digits.append((seq, digit))

    def said(self, seq: int, text: str, taker: str | None) -> None:
        """``taker`` is the capture or recording that took it, where the record says so."""
        group = self._by_capture.get(taker or "")
        if group is None and self._groups and self._groups[-1].closed_seq is None:
            group = self._groups[-1]
        if group is not None:
            if not group.digits and not group.speech and not group.listening:
                group.barged = True
            group.speech.append((seq, text))

    def hung_up(self, seq: int) -> None:
        self._hangup_seq = seq

    def forget(self, keep: int) -> None:
        """Keep no more of the groups before the last ``keep`` than what is written of them."""
        going = self._groups[: max(0, len(self._groups) - keep)]
        if not going:
            return
        del self._groups[: len(going)]
        kept = {id(group) for group in self._groups}
        self._by_capture = {n: g for n, g in self._by_capture.items() if id(g) in kept}
        if self._secret:
            return
        for group in going:
            self._secret = self._secret or group.secret
            written = None if self._secret else group.written(float("inf"))
            if written is not None:
                self.past, self._past_end = self.past.after(self._past_end, written)
        self._past_seq = self._groups[0].seq if self._groups else going[-1].seq

    def groups(self, up_to: int | None = None) -> list[str]:
        """The groups up to record ``up_to`` (None: all).

        A secret capture ends them: its digits are nowhere written down. Raises ValueError when
        ``up_to`` lies in what was forgotten.
        """
        end = up_to if up_to is not None else float("inf")
        if end < self._past_seq:
            raise ValueError(f"record {up_to}: the script is whole from {self._past_seq} on only")
        groups = self.past.groups(self._past_end)
        if self._secret:
            return groups
        for group in self._groups:
            if group.seq > end:
                break
            if group.secret:
                return groups
            written = group.written(end)
            if written is not None:
                groups.append(written)
        while groups and groups[-1] == "-":
            groups.pop()
        if self._hangup_seq is not None and self._hangup_seq <= end:
            groups.append("hangup")
        return groups
