"""Does a flow survive every reading of the platform?

Where sources disagree or are silent, a setting decides, and its record says so. The call is made
as it was, then once under each other value of each setting that decided something, and what the
caller hears and the application is asked is compared. How a webhook is worded is the reading
itself, and no other course.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ivrsim.replay.again import Again, How, again
from ivrsim.replay.compare import TOLERANCE_MS, compare
from ivrsim.replay.difference import Difference
from ivrsim.replay.traces import Source, Trace, read_trace
from ivrsim.runtime.result import CallResult


@dataclass(frozen=True, slots=True)
class Outcome:
    """The call under another value of a setting: ``changed`` its course, ``first`` the first
    difference, ``failed`` and ``status`` how it ended; ``text`` says it in a line."""

    value: str
    changed: bool
    first: Difference | None
    failed: bool
    status: str
    text: str

    def to_json(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "changed": self.changed,
            "first": None if self.first is None else self.first.to_json(),
            "failed": self.failed,
            "status": self.status,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Assumption:
    """A setting that decided something in the call. Without ``choices`` any number will do, and
    none was tried."""

    name: str
    value: str
    choices: tuple[str, ...]
    basis: str
    page: str
    why: str
    outcomes: tuple[Outcome, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "value": self.value,
            "choices": list(self.choices),
            "basis": self.basis,
            "page": self.page,
            "why": self.why,
            "outcomes": [outcome.to_json() for outcome in self.outcomes],
        }


@dataclass(frozen=True, slots=True)
class Assumed:
    """``failed``: the call fails under another reading, and does not as it was."""

    assumptions: tuple[Assumption, ...]
    failed: bool
    notes: tuple[str, ...]


def assumptions_of(source: Source) -> list[Assumption]:
    """The settings that decided something in a recorded call; nobody is called. TraceError."""
    return [
        Assumption(
            str(data.get("name")),
            str(data.get("value")),
            tuple(str(choice) for choice in _list(data.get("choices"))),
            str(data.get("basis")),
            str(data.get("page")),
            str(data.get("why")),
        )
        for data in (
            record.data for record in read_trace(source).records if record.kind == "setting.decided"
        )
    ]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


async def assume(
    source: Source,
    how: How | None = None,
    *,
    ignore: Sequence[str] = (),
    tolerance_ms: int = TOLERANCE_MS,
    tell: Callable[[str, Outcome], None] | None = None,
) -> Assumed:
    """Make the call as it was, and once under each other value of what decided something.
    ``tell`` hears of each as it comes: the name of the setting, and what came of the value.

    Raises IvrsimError where the call cannot be made again.
    """
    made = again(read_trace(source), how or How())
    base, result = await _call(made, {})
    notes = [*made.notes, *made.undone()]
    if result.failed:
        notes.append(f"the call fails as it was, too: {result.summary}")
    found: list[Assumption] = []
    failed = False
    for assumption in assumptions_of(base):
        outcomes = []
        for value in assumption.choices:
            if value == assumption.value:
                continue
            new, other = await _call(made, {assumption.name: value})
            outcome = _outcome(base, new, value, result, other, ignore, tolerance_ms)
            failed = failed or (outcome.failed and not result.failed)
            outcomes.append(outcome)
            if tell is not None:
                tell(assumption.name, outcome)
        found.append(replace(assumption, outcomes=tuple(outcomes)))
    return Assumed(tuple(found), failed, tuple(notes))


async def _call(made: Again, settings: dict[str, str]) -> tuple[Trace, CallResult]:
    placed = made.place(settings)
    result = await placed.run()
    return Trace(placed.records, placed.header, "the call"), result


def _outcome(
    base: Trace,
    new: Trace,
    value: str,
    before: CallResult,
    after: CallResult,
    ignore: Sequence[str],
    tolerance_ms: int,
) -> Outcome:
    compared = compare(base, new, ignore=ignore, tolerance_ms=tolerance_ms, course_only=True)
    first = compared.differences[0] if compared.differences else None
    words = "the same course"
    if first is not None:
        t = first.new_t if first.old_t is None else first.old_t
        words = f"another course from {(t or 0) / 1000:.2f} s: {first.text}"
    if after.failed and not before.failed:
        words = f"the call fails: {after.summary}; {words}"
    elif first is not None:
        words += f"; it ends {after.status} after {after.duration_ms / 1000:.1f} s"
    return Outcome(value, first is not None, first, after.failed, after.status, words)
