"""How a recorded call is read while it is already on the screen: index first, then its state."""

from __future__ import annotations

from time import monotonic

from ivrsim.errors import IvrsimError
from ivrsim.tui.call.layout import CallLayout
from ivrsim.tui.call.selection import Counts
from ivrsim.tui.traces.recorded import RecordedCall
from ivrsim.tui.traces.slices import SLICE_S, Slices


class Reading(CallLayout):
    """A base of ``CallScreen``."""

    _counts: Counts
    _dirty = True
    _indexed = False
    _trouble: str | None = None
    _drawn_at = 0.0
    _drawn_count = -1

    def _show_title(self) -> None:
        raise NotImplementedError

    def make_slices(self) -> Slices:
        """The work of reading, to be woken."""
        jobs = (self.trace.advance, self.time_bar.ticks.advance, self.looking.advance)
        return Slices(self, self._index, jobs, self._all_read)

    def _index(self, until: float) -> bool:
        """Index more of a file; True at its end as it is now."""
        call = self.call
        if not isinstance(call, RecordedCall):
            return True
        try:
            while not call.source.index_more():
                if monotonic() >= until:
                    return False
        except (IvrsimError, ValueError) as error:  # gone with its disk; closed meanwhile
            self._trouble = str(error)
        if self._pending is not None and self._pending <= len(self.source):
            self.go_to(self._pending)
        if not self._indexed:
            self._indexed = True
            self.show_progress()  # the list is whole: that is what people wait for
        return True

    def _all_read(self) -> None:
        if self._pending is not None and self.recorded:
            self.application.say(
                f"There is no record {self._pending:,}: this is the last", "warning"
            )
            self.go_to(len(self.source))
            self._pending = None
        if len(self.source) != self._drawn_count or not self.view_is_whole:
            self._dirty = True
        self.show_progress()  # the end of a search; what is damaged now, or is no longer
        self.time_bar.refresh()  # with the ticks that are known now

    def show_progress(self) -> None:
        """How far a long trace has been read: drawing all panes would take longer than reading."""
        self._drawn_at = monotonic()
        if len(self.source) != self._drawn_count:
            self._drawn_count = len(self.source)
            self.chips.show(self._counts.now())
            self.trace.scan()
        self.show_count()
        self.note_search()
        self._show_title()

    def show_count(self) -> None:
        """How many records the list has, and whether more are to come."""
        self.trace.show_count("" if self._indexed or not self.recorded else "reading… ")

    def look(self) -> None:
        """Bring ``shown``, and ``view`` of a recorded call, to where they are to be."""
        if self.cursor is None and not self.recorded:
            self.shown = self.view
            return
        looking = self.looking
        looking.want(len(self.source) if self.cursor is None else self.cursor)
        if not looking.advance(monotonic() + SLICE_S):
            self.slices.wake()
        self.shown = looking.view()
        if self.recorded and (self.cursor is None or self.shown.last_seq >= self.view.last_seq):
            self.view = self.shown
