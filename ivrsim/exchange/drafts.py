"""Records of an imported call while they are collected: they get their numbers last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ivrsim.trace.record import Record

IMPORTED = "imported"
INFERRED = "inferred"


@dataclass(slots=True, eq=False)
class Draft:
    """A record to be. ``cause`` is the draft that brought it about; ``last`` puts it behind all
    others of its millisecond."""

    t: int
    kind: str
    data: dict[str, Any]
    leg: str | None = None
    cause: Draft | None = None
    last: bool = False
    seq: int = 0


class Drafts:
    """Collects drafts in any order of time."""

    def __init__(self) -> None:
        self._drafts: list[Draft] = []
        self._ids: dict[str, int] = {}

    def new_id(self, letter: str) -> str:
        number = self._ids[letter] = self._ids.get(letter, 0) + 1
        return f"{letter}{number}"

    def add(
        self,
        t: int,
        kind: str,
        data: dict[str, Any],
        leg: str | None = None,
        cause: Draft | None = None,
        last: bool = False,
    ) -> Draft:
        draft = Draft(max(0, t), kind, data, leg, cause, last)
        self._drafts.append(draft)
        return draft

    def gap(self, t: int, code: str, message: str, cause: Draft | None = None) -> Draft:
        """A remark that something is not in the log."""
        return self.add(t, "diagnostic", remark(code, "warning", message), cause=cause)

    def records(self) -> list[Record]:
        """All of them in order of time, those of one millisecond as they were added."""
        ordered = sorted(self._drafts, key=lambda draft: (draft.t, draft.last))
        for seq, draft in enumerate(ordered, 1):
            draft.seq = seq
        for draft in ordered:
            for name in ("digit_seqs", "speech_seqs"):
                if name in draft.data:  # drafts until now
                    draft.data[name] = [other.seq for other in draft.data[name]]
        return [
            Record(
                draft.seq,
                draft.t,
                draft.kind,
                draft.leg,
                draft.cause.seq if draft.cause and draft.cause.seq < draft.seq else None,
                False,
                draft.data,
            )
            for draft in ordered
        ]


def remark(code: str, severity: str, message: str, expected: str | None = None) -> dict[str, Any]:
    """The data of a ``diagnostic`` of the importer: nothing that a platform's page would say."""
    return {
        "code": f"import.{code}",
        "severity": severity,
        "message": message,
        "pointer": None,
        "document": None,
        "expected": expected,
        "found": None,
        "suggestion": None,
        "reason": None,
        "basis": None,
        "page": None,
    }
