"""What a comparison of two calls gives: differences, and both calls side by side."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple

from ivrsim.replay.steps import Step

KINDS: Final = ("action", "text", "field", "order", "time", "missing", "extra", "end")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. ``kind``: see ``KINDS``.

    ``old_seq`` and ``new_seq`` are records of the old and the new call, or None; ``old_t`` and
    ``new_t`` their call times in milliseconds. ``where`` is what they are about, with a JSON
    pointer where there is one; ``old`` and ``new`` the values. ``text`` says it in one line.
    ``follows``: how many further steps differ only because of this.
    """

    kind: str
    old_seq: int | None
    new_seq: int | None
    where: str
    old: Any
    new: Any
    text: str
    old_t: int | None = None
    new_t: int | None = None
    follows: int = 0

    def to_json(self) -> dict[str, Any]:
        return {item.name: getattr(self, item.name) for item in fields(self)}


class Row(NamedTuple):
    """Two records side by side, or one that has no counterpart."""

    old_seq: int | None
    new_seq: int | None
    same: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two calls, compared. ``pairs`` is the alignment of all records, in order; ``notes`` say
    what the comparison could not or did not look at."""

    differences: tuple[Difference, ...]
    pairs: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        return not self.differences

    def __bool__(self) -> bool:
        """Whether there is a difference."""
        return bool(self.differences)

    @property
    def counts(self) -> dict[str, int]:
        """How many differences of each kind there are."""
        found = dict.fromkeys(KINDS, 0)
        for difference in self.differences:
            found[difference.kind] += 1
        return {kind: count for kind, count in found.items() if count}

    def to_json(self) -> dict[str, Any]:
        return {
            "same": self.same,
            "counts": self.counts,
            "differences": [difference.to_json() for difference in self.differences],
            "notes": list(self.notes),
        }


def difference(
    kind: str, old: Step | None, new: Step | None, where: str, was: Any, now: Any, text: str,
    follows: int = 0,
) -> Difference:  # fmt: skip
    """The difference of two steps, or of one that has no counterpart."""
    a, b = (None if step is None else step.record for step in (old, new))
    return Difference(
        kind,
        None if a is None else a.seq,
        None if b is None else b.seq,
        where,
        was,
        now,
        text,
        None if a is None else a.t,
        None if b is None else b.t,
        follows,
    )
