"""What a detector heard, against what was keyed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.dtmf.keying import Expected, Row

LATE = 0.02
"""Seconds by which what was heard may lie beside what was keyed."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A digit that a detector reported, when ``reported`` seconds had been fed.

    It says that it sounded from ``start`` to ``end`` seconds; None where it does not tell.
    """

    digit: str
    start: float | None = None
    end: float | None = None
    reported: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """Digits found and missed; those ``added`` are false, or wrong, or were found before: then
    they are ``doubled``, too."""

    found: int
    missed: int
    added: int
    doubled: int = 0

    def passes(self, row: Row) -> bool:
        return self.added == 0 and self.found >= row.needed * len(row.digits)

    def __str__(self) -> str:
        expected = self.found + self.missed
        if not expected:
            return f"{self.added} false" if self.added else "none"
        words = [f"{self.found} of {expected}"]
        if self.added - self.doubled:
            words.append(f"{self.added - self.doubled} added")
        if self.doubled:
            words.append(f"{self.doubled} doubled")
        return ", ".join(words)


def score(expected: Sequence[Expected], heard: Sequence[Heard]) -> Score:
    """By time where the detector tells it, otherwise by the longest common sequence."""
    if any(one.start is None for one in heard):
        found = _in_common([one.digit for one in expected], [one.digit for one in heard])
        return Score(found, len(expected) - found, len(heard) - found)
    found_at, added, doubled = set[int](), 0, 0
    for one in heard:
        places = [i for i, digit in enumerate(expected) if is_it(one, digit)]
        free = [i for i in places if i not in found_at]
        if free:
            found_at.add(free[0])
        else:
            added += 1
            doubled += bool(places)
    return Score(len(found_at), len(expected) - len(found_at), added, doubled)


def is_it(heard: Heard, expected: Expected) -> bool:
    """The same digit, at the same time."""
    if heard.digit != expected.digit or heard.start is None:
        return False
    end = heard.start if heard.end is None else heard.end
    return heard.start < expected.end + LATE and end > expected.start - LATE


def _in_common(first: Sequence[str], second: Sequence[str]) -> int:
    """The length of the longest common subsequence."""
    row = [0] * (len(second) + 1)
    for one in first:
        before = 0
        for column, other in enumerate(second, 1):
            best = before + 1 if one == other else max(row[column], row[column - 1])
            before, row[column] = row[column], best
    return row[-1]
