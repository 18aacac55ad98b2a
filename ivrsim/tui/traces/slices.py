"""Long work in short pieces between the frames, so that keys never wait for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final

from textual.widget import Widget

Advance = Callable[[float], bool]
"""Work in pieces: goes on until a moment of ``monotonic()``; True when all is done."""

SLICE_S: Final = 0.008
"""How long a piece may take."""
FIRST_S: Final = 0.012
"""How long one may take of what everybody waits for: a key is still answered within 50 ms."""
_BREATH_S: Final = 0.002
"""What lies between two pieces: time for keys and for painting."""
_SHORT_BREATH_S: Final = 0.0005
"""The same while everybody waits."""
_POLITE_S: Final = 0.2
"""How long after a key pieces are short again: the next key may follow, and panes are drawn."""
_YIELDS: Final = 10
"""How often in a row the work steps back for what waits: not for ever."""


class Slices:
    """Runs ``first``, then ``jobs`` in turn, the first that has something to do first."""

    def __init__(
        self, widget: Widget, first: Advance, jobs: Sequence[Advance], done: Callable[[], None]
    ) -> None:
        """``first`` gets nearly all the time until it is through. ``done`` is called when a run
        has come to its end."""
        self._widget = widget
        self._first = first
        self._jobs = jobs
        self._done = done
        self.running = False
        self._yielded = 0
        self._polite_until = 0.0

    def give_way(self) -> None:
        """A key has come."""
        self._polite_until = monotonic() + _POLITE_S

    def wake(self) -> None:
        """There is something to do again."""
        if not self.running:
            self.running = True
            self._run()

    def _somebody_waits(self) -> bool:
        """A key, or something that it has brought about, is on its way through the widgets."""
        widget = self._widget
        pumps = (widget.app, widget.screen, widget.screen.focused)
        return any(pump is not None and pump.message_queue_size > 0 for pump in pumps)

    def _run(self) -> None:
        if not self._widget.is_attached:
            self.running = False
            return
        if self._somebody_waits() and self._yielded < _YIELDS:
            self._yielded += 1
            self._widget.set_timer(_BREATH_S, self._run)
            return
        self._yielded = 0
        began = monotonic()
        polite = began < self._polite_until
        if not self._first(began + (SLICE_S if polite else FIRST_S)):
            self._widget.set_timer(_BREATH_S if polite else _SHORT_BREATH_S, self._run)
            return
        # One after the other: most of them can do nothing before the one before is through.
        until = max(began + SLICE_S, monotonic())
        if all(job(until) for job in self._jobs):
            self.running = False
            self._done()
        else:
            self._widget.set_timer(_BREATH_S, self._run)
