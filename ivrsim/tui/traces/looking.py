"""The state of a call at the record that is looked at."""

from __future__ import annotations

from time import monotonic

from ivrsim.trace.dead_air import LIMIT_MS
from ivrsim.trace.timeline import Timeline
from ivrsim.trace.view import CallView
from ivrsim.tui.traces.source import Source

_PIECE = 200
"""Records folded before the clock is looked at."""


class Looking:
    """Views of ``source``, folded as far as somebody has wanted them."""

    def __init__(self, source: Source, dead_air_ms: int = LIMIT_MS) -> None:
        self._source = source
        self._timeline = Timeline(source, dead_air_ms=dead_air_ms)
        self._wanted = 0

    @property
    def folded(self) -> int:
        """So many records have been folded."""
        return self._timeline.folded

    def want(self, count: int) -> None:
        """The view after ``count`` records is to be shown."""
        self._wanted = count

    @property
    def ready(self) -> bool:
        """The view that is wanted is there."""
        return self._timeline.folded >= min(self._wanted, len(self._source))

    def advance(self, until: float) -> bool:
        """Fold on until ``monotonic()`` is ``until``; True when the wanted view is there."""
        while not self.ready:
            before = self._timeline.folded
            self._timeline.advance(_PIECE)
            if self._timeline.folded == before:
                return True  # damage: the source is shorter now
            if monotonic() >= until:
                break
        return self.ready

    def view(self) -> CallView:
        """The wanted view; while it is not there, the one as far as it goes."""
        return self._timeline.view_at(min(self._wanted, self._timeline.folded))
