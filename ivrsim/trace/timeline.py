"""The view of a call at any of its records.

A view is folded over the records once, in pieces, and a copy of it is put aside every so often;
the view at a record is the copy before it, folded on. The copies together have a bound: when it
is reached every second one goes, and they are made half as often from there on. Around the place
asked for last some more are kept, so that going on or back by one costs next to nothing.
"""

from __future__ import annotations

import pickle
import zlib
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from typing import Final, cast

from ivrsim.trace.dead_air import LIMIT_MS
from ivrsim.trace.source import RecordSource
from ivrsim.trace.view import CallView
from ivrsim.trace.view_keys import Past

KEEP: Final = 120
"""How many items of the conversation a view of a timeline has, a few screens of them: each costs
whoever thaws the view, and whoever lays it out."""
BUDGET: Final = 4 << 20
"""Bytes for all copies together; those near the place asked for last take up to NEARBY more."""
NEARBY: Final = 1 << 20

_STRIDE = 64
_NEAR = (64, 256, 1024)
"""So often copies are made on the way to a place, in records before it."""


class Timeline:
    """The view at any record of ``source``; memory does not grow with its length.

    For one thread at a time. ``keep`` and ``dead_air_ms`` are those of the views.
    """

    def __init__(self, source: RecordSource, keep: int = KEEP, dead_air_ms: int = LIMIT_MS) -> None:
        self.source = source
        self._head = CallView(keep, dead_air_ms)
        self._folded = 0
        self._stride = _STRIDE
        # Copies by how many records they know of, rising; the first knows of none.
        self._counts = [0]
        self._copies = [frozen(self._head)]
        self._bytes = 0
        self._nearby: OrderedDict[int, bytes] = OrderedDict()
        self._nearby_bytes = 0

    @property
    def folded(self) -> int:
        """How many records are folded in so far."""
        return self._folded

    @property
    def copied_bytes(self) -> int:
        """What the copies take: at most about ``BUDGET`` and ``NEARBY`` together."""
        return self._bytes + self._nearby_bytes

    def advance(self, records: int = 2000) -> bool:
        """Fold up to ``records`` further; True when nothing is left of what there is now.

        A source that grows has more to fold later.
        """
        self._fold_to(self._folded + max(0, records))
        return self._folded >= len(self.source)

    def view_at(self, count: int) -> CallView:
        """The view after the first ``count`` records, as if it had been folded live.

        It is the caller's own. What is not folded yet is folded first, however long that takes:
        ``folded`` tells. ``count`` beyond the records there are means all of them.
        """
        count = max(0, min(count, len(self.source)))
        if count > self._folded:
            self._fold_to(count)
            count = min(count, self._folded)
        near = self._nearest(count)
        view, at = self._thawed(near), near
        for stop in self._stops(near, count):
            at = self._apply(view, at, stop)
            if at == stop < count:
                self._keep_nearby(at, view)
        return view

    # ------------------------------------------------------------------ folding

    def _fold_to(self, count: int) -> None:
        """Fold the head on to ``count`` records, or as far as they can be read."""
        count = min(count, len(self.source))
        while self._folded < count:
            after = (self._folded // self._stride + 1) * self._stride
            stop = min(after, count)
            self._folded = self._apply(self._head, self._folded, stop)
            if self._folded < stop:
                return  # damage: the source ends here
            if stop == after:
                self._put_aside()

    def _apply(self, view: CallView, at: int, stop: int) -> int:
        """Apply the records from ``at`` to before ``stop``; how far they could be read."""
        apply = view.apply
        for record in self.source.records(at, stop):
            apply(record)
            at += 1
        return at

    def _put_aside(self) -> None:
        copy = frozen(self._head)
        self._counts.append(self._folded)
        self._copies.append(copy)
        self._bytes += len(copy)
        while self._bytes > BUDGET and len(self._counts) > 1:
            self._stride *= 2
            kept = [n for n, count in enumerate(self._counts) if count % self._stride == 0]
            self._counts = [self._counts[n] for n in kept]
            self._copies = [self._copies[n] for n in kept]
            self._bytes = sum(map(len, self._copies))

    # ------------------------------------------------------------------ going there

    def _nearest(self, count: int) -> int:
        """The copy to begin with: the last that knows of no more than ``count`` records."""
        near = self._counts[bisect_right(self._counts, count) - 1]
        return max((at for at in self._nearby if near < at <= count), default=near)

    def _thawed(self, at: int) -> CallView:
        copy = self._nearby.get(at)
        if copy is None:
            copy = self._copies[bisect_left(self._counts, at)]
        else:
            self._nearby.move_to_end(at)
        view = cast(CallView, pickle.loads(zlib.decompress(copy)))  # our own, never from a file
        view.script.past = self._head.script.past
        return view

    def _stops(self, start: int, count: int) -> list[int]:
        """Where to stop between ``start`` and ``count``: at places worth a copy, and at the end."""
        stops = {count}
        for each in _NEAR:
            last = count // each * each
            stops.update(place for place in (last, last - each) if start < place < count)
        if count - start <= _NEAR[0]:
            stops = {count}  # near enough as it is
        return sorted(stops)

    def _keep_nearby(self, at: int, view: CallView) -> None:
        copy = frozen(view)
        self._nearby_bytes += len(copy) - len(self._nearby.pop(at, b""))
        self._nearby[at] = copy
        while self._nearby_bytes > NEARBY:
            self._nearby_bytes -= len(self._nearby.popitem(last=False)[1])


def frozen(view: CallView) -> bytes:
    """``view`` without the past of its script: all share that of the head, which is no shorter."""
    past, view.script.past = view.script.past, _NOTHING
    try:
        return zlib.compress(pickle.dumps(view, pickle.HIGHEST_PROTOCOL), 1)
    finally:
        view.script.past = past


_NOTHING: Final = Past()
