"""What the caller did, written as the script that ``--keys`` takes."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field


@dataclass(slots=True)
class KeyGroup:
    """One try of a capture. ``barged``: the first key came while the prompt was playing."""

    seq: int
    secret: bool
    barged: bool = False
    listening: bool = False
    closed_seq: int | None = None
    digits: list[tuple[int, str]] = field(default_factory=list)
    speech: tuple[int, str] | None = None


class KeyScript:
    """Collects groups; every method takes the ``seq`` of the record that tells of it."""

    def __init__(self) -> None:
        self._groups: list[KeyGroup] = []
        self._by_capture: dict[str, KeyGroup] = {}
        self._hangup_seq: int | None = None

    def opened(self, seq: int, capture: str, secret: bool) -> None:
        group = KeyGroup(seq, secret)
        self._groups.append(group)
        self._by_capture[capture] = group

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

    def said(self, seq: int, text: str) -> None:
        if self._groups and self._groups[-1].closed_seq is None:
            self._groups[-1].speech = (seq, text)

    def hung_up(self, seq: int) -> None:
        self._hangup_seq = seq

    def groups(self, up_to: int | None = None) -> list[str]:
        """The groups up to record ``up_to`` (None: all).

        A secret capture ends them: its digits are nowhere written down.
        """
        end = up_to if up_to is not None else float("inf")
        groups: list[str] = []
        for group in self._groups:
            if group.seq > end:
                break
            if group.secret:
                return groups
            pressed = "".join(digit for seq, digit in group.digits if seq <= end)
            if pressed:
                groups.append("^" * group.barged + pressed)
            elif group.speech is not None and group.speech[0] <= end:
                groups.append(f"say:{shlex.quote(group.speech[1])}")
            elif group.closed_seq is not None and group.closed_seq <= end:
                groups.append("-")
        while groups and groups[-1] == "-":
            groups.pop()
        if self._hangup_seq is not None and self._hangup_seq <= end:
            groups.append("hangup")
        return groups
