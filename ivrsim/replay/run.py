"""Replay: the recorded caller calls the application of today, and both calls are compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ivrsim.replay.again import How, again
from ivrsim.replay.compare import TOLERANCE_MS, compare
from ivrsim.replay.difference import Comparison
from ivrsim.replay.traces import Source, Trace, read_trace
from ivrsim.runtime.live import LiveCall
from ivrsim.runtime.result import CallResult
from ivrsim.trace.record import Record


@dataclass(frozen=True, slots=True)
class Replayed:
    """A call that was made again, compared with the recorded one.

    ``target`` is what was called, ``new`` its trace, ``result`` how it ended; None when it was
    stopped at a difference.
    """

    comparison: Comparison
    target: str
    new: Trace
    result: CallResult | None


async def replay(
    source: Source,
    how: How | None = None,
    *,
    ignore: Sequence[str] = (),
    tolerance_ms: int = TOLERANCE_MS,
    first: bool = False,
) -> Replayed:
    """Make the call of ``source`` again in virtual time, and compare.

    ``first``: the caller hangs up at the first difference, and it alone is told. Raises
    IvrsimError where the call cannot be made again.
    """
    old = read_trace(source)
    made = again(old, how or How())
    placed = made.place()
    watch = _Watch(placed, old, ignore, tolerance_ms) if first else None
    result: CallResult | None = await placed.run()
    records: Sequence[Record] = placed.records
    if watch is not None and watch.stopped_at is not None:
        records, result = records[: watch.stopped_at], None
    new = Trace(records, placed.header, "the new call")
    stopped = watch is not None and watch.stopped_at is not None
    comparison = compare(old, new, ignore=ignore, tolerance_ms=tolerance_ms, partial=stopped)
    if first:
        comparison = replace(comparison, differences=comparison.differences[:1])
    notes = (*made.notes, *placed.notices, *comparison.notes, *made.undone() * (not stopped))
    return Replayed(replace(comparison, notes=notes), made.target.name, new, result)


class _Watch:
    """Hangs up when the call that is made is not what was recorded.

    What a call has that the other has not yet come to is no difference.
    """

    def __init__(
        self, placed: LiveCall, old: Trace, ignore: Sequence[str], tolerance_ms: int
    ) -> None:
        self._placed = placed
        self._old = old
        self._ignore = ignore
        self._tolerance = tolerance_ms
        self._next = 0
        self.stopped_at: int | None = None
        placed.subscribe(self)

    def __call__(self, records: Sequence[Record]) -> None:
        if self.stopped_at is not None or self._placed.ended:
            return
        made = self._placed.records
        if len(made) < self._next or not any(record.kind in _TELLING for record in records):
            return
        self._next = len(made) + len(made) // 20  # so that a long call takes no longer for it
        new = Trace(tuple(made), self._placed.header)
        found = compare(
            self._old, new, ignore=self._ignore, tolerance_ms=self._tolerance, partial=True
        )
        if found:
            self.stopped_at = len(made)
            self._placed.hang_up()


_TELLING = frozenset({"document.received", "prompt.started", "capture.closed", "leg.ended"})
"""Kinds after which the call so far is compared; all of them are steps of a course."""
