"""Long work in short pieces between the frames, so that keys never wait for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final

from textual.widget import Widget

Advance = Callable[[float], bool]
"""Work in pieces: goes on until a moment of ``monotonic()``; True when all is done."""

SLICE_S: Final = 0.01
"""How long a piece may take."""
_BREATH_S: Final = 0.002
"""What lies between two pieces: time for keys and for painting."""


class Slices:
    """Runs ``jobs`` in turn, the first that has something to do first."""

    def __init__(self, widget: Widget, jobs: Sequence[Advance], done: Callable[[], None]) -> None:
        """``done`` is called when a run has come to its end."""
        self._widget = widget
        self._jobs = jobs
        self._done = done
        self.running = False

    def wake(self) -> None:
        """There is something to do again."""
        if not self.running:
            self.running = True
            self._run()

    def _run(self) -> None:
        if not self._widget.is_attached:
            self.running = False
            return
        until = monotonic() + SLICE_S
        # One after the other: most of them can do nothing before the index is there.
        finished = all(job(until) for job in self._jobs)
        if finished:
            self.running = False
            self._done()
        else:
            self._widget.set_timer(_BREATH_S, self._run)
