"""Which record of the old call is which of the new one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ivrsim.replay.align import align
from ivrsim.replay.difference import Row
from ivrsim.replay.steps import REPLIES, REPORTED, Course, Step

_SWAPPED = ("webhook.request", "action.started", "prompt.started", "leg.answered")


class Pairing:
    """The records of two courses, paired: ``new_of`` and ``old_of`` by ``seq``.

    ``swapped`` are pairs that were found at another place. ``whole``: both calls have an end.
    """

    def __init__(self, old: Course, new: Course, *, whole: bool = True) -> None:
        self.old = old
        self.new = new
        self.new_of: dict[int, Step] = {}
        self.old_of: dict[int, Step] = {}
        self.swapped: list[tuple[Step, Step]] = []
        self._whole = whole
        for lane in ("main", "beside"):
            self._lane(lane)
        self._aside()
        self._find_swapped()

    def __iter__(self) -> Iterator[tuple[Step, Step]]:
        """All pairs, in the order of the old call."""
        for step in self.old.steps:
            other = self.new_of.get(step.record.seq)
            if other is not None:
                yield step, other

    def rows(self, differing: set[int]) -> Iterator[Row]:
        """All records side by side in the order of the old call. ``differing``: the ``seq`` of old
        records that are not the same as their counterparts."""
        after: dict[int, list[int]] = {}
        last = 0
        for step in self.new.steps:
            pair = self.old_of.get(step.record.seq)
            if pair is None:
                after.setdefault(last, []).append(step.record.seq)
            elif pair.record.seq > last:
                last = pair.record.seq
        for seq in (0, *(step.record.seq for step in self.old.steps)):
            if seq:
                other = self.new_of.get(seq)
                yield Row(
                    seq,
                    None if other is None else other.record.seq,
                    other is not None and seq not in differing,
                )
            for new in after.get(seq, ()):
                yield Row(None, new, False)

    def _pair(self, old: Step, new: Step) -> None:
        self.new_of[old.record.seq] = new
        self.old_of[new.record.seq] = old

    def _lane(self, lane: str) -> None:
        old = [step for step in self.old.steps if step.lane == lane]
        new = [step for step in self.new.steps if step.lane == lane]
        pairs = align(
            [step.exact for step in old],
            [step.exact for step in new],
            [step.alike for step in old],
            [step.alike for step in new],
            whole=self._whole,
        )
        i = j = 0
        for a, b in [*pairs, (len(old), len(new))]:
            self._replaced(old[i:a], new[j:b])
            if a < len(old):
                self._pair(old[a], new[b])
            i, j = a + 1, b + 1

    def _replaced(self, old: list[Step], new: list[Step]) -> None:
        """One action in the place of another."""
        kind = "action.started"
        for a, b in zip(
            (step for step in old if step.record.kind == kind),
            (step for step in new if step.record.kind == kind),
            strict=False,
        ):
            self._pair(a, b)

    def _aside(self) -> None:
        """Replies go with their requests, settings with their names."""
        waiting: dict[Any, list[Step]] = {}
        for step in self.new.steps:
            if step.lane == "aside":
                waiting.setdefault(self._place(step, None), []).append(step)
        for step in self.old.steps:
            if step.lane == "aside":
                known = waiting.get(self._place(step, self.new_of))
                if known:
                    self._pair(step, known.pop(0))

    def _place(self, step: Step, pairs: dict[int, Step] | None) -> Any:
        record = step.record
        if record.kind == "setting.decided":
            return step.alike
        cause = record.cause
        if cause is not None and pairs is not None:
            cause = pairs[cause].record.seq if cause in pairs else -1
        return ("reply" if record.kind in REPLIES else record.kind, cause)

    def _find_swapped(self) -> None:
        """What has no counterpart in its place, but one elsewhere."""
        left: dict[Any, list[Step]] = {}
        for step in self.new.steps:
            if _may_swap(step, self.old_of):
                left.setdefault(step.exact, []).append(step)
        for step in self.old.steps:
            if _may_swap(step, self.new_of) and left.get(step.exact):
                other = left[step.exact].pop(0)
                self._pair(step, other)
                self.swapped.append((step, other))
        if self.swapped:
            self._aside()


def _may_swap(step: Step, pairs: dict[int, Step]) -> bool:
    record = step.record
    return record.kind in _SWAPPED and step.lane != "aside" and record.seq not in pairs


def is_told(step: Step) -> bool:
    """Whether it is part of the course, and worth a line."""
    return step.lane == "main" and step.record.kind in REPORTED
