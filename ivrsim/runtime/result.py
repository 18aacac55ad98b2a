"""How a call ended: what its records have said of it, for whoever made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.trace.record import Record


@dataclass(frozen=True, slots=True)
class CallResult:
    """How a call ended. ``exit_status`` as the command line's: 0, 1, 2, 3 or 130."""

    status: str
    failed: bool
    exit_status: int
    why: str | None
    warnings: tuple[str, ...]
    duration_ms: int
    summary: str


class Findings:
    """Collects what decides how a call is judged, record by record. ``end`` is the last one."""

    def __init__(self) -> None:
        self.end: Record | None = None
        self._warnings: list[str] = []
        self._errors: list[dict[str, Any]] = []

    def see(self, record: Record) -> None:
        """The next record of the call."""
        data = record.data
        if record.kind == "diagnostic" and data["severity"] == "warning":
            self._warnings.append(data["message"])
        elif record.kind == "diagnostic" and data["severity"] == "error":
            self._errors.append(data)
        elif record.kind in ("call.ended", "call.left"):
            self.end = record
        elif record.kind == "call.limit" and data["limit"] == "max_time":
            self._warnings.append(
                f"the call reached {record.t / 1000:g} s (--max-time): the caller hung up"
            )

    def result(
        self,
        duration_ms: int,
        *,
        warnings: Sequence[str],
        strict: bool,
        problem: str | None,
    ) -> CallResult:
        """The end of it all. ``warnings``: more than the records have; ``strict``: any of them
        fails the call. ``problem``: why the script of the caller could not be followed."""
        end: Mapping[str, Any] = {"status": "aborted", "failed": True}
        if self.end is not None and self.end.kind == "call.left":
            end = {"status": "left", "failed": False}
        elif self.end is not None:
            end = self.end.data
        every = (*self._warnings, *warnings)
        failed = bool(end["failed"]) or (strict and bool(every))
        exit_status = 1 if failed else 0
        why: str | None = end.get("why")
        if self._errors:
            first = Diagnostic.from_json(self._errors[0]).in_words()
            why = first if why is None or why in first else f"{why}: {first}"
        if problem is not None:
            exit_status, why = 2, problem
        status: str = end["status"]
        summary = f"{status} after {duration_ms / 1000:.1f} s" + (f": {why}" if why else "")
        return CallResult(status, failed, exit_status, why, every, duration_ms, summary)
