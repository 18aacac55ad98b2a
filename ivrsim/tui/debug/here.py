"""Where the debugger's commands find themselves: which call, at which record."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Any, cast

from ivrsim.errors import IvrsimError
from ivrsim.trace.record import Record
from ivrsim.tui.call.scrub import ScrubActions
from ivrsim.tui.debug.protocol import Stoppable, Workshop
from ivrsim.tui.traces.pairs import Pairs
from ivrsim.tui.traces.source import record_at


class Here(ScrubActions):
    """The base of ``DebugActions``: what each part of it asks about the screen of a call."""

    pairs: Pairs
    before: Path | None = None
    """The trace of the call that was on the screen before this one."""

    @property
    def workshop(self) -> Workshop:
        make = self.services.workshop
        return _EMPTY if make is None else make()

    @property
    def live(self) -> Stoppable | None:
        """The call, while it goes on or stands still; None for one that is over."""
        over = self.call.ended or getattr(self, "crashed", None) is not None
        return cast("Stoppable", self.call) if hasattr(self.call, "go_on") and not over else None

    @property
    def looks_back(self) -> bool:
        """Somebody looks at the past of the call, and not at its end."""
        cursor = self.cursor
        return cursor is not None and cursor < self.last

    @property
    def last(self) -> int:
        return len(self.source)

    @property
    def at(self) -> int:
        """The record that is looked at: the one that was chosen, or the last."""
        cursor = self.cursor
        return self.last if cursor is None else cursor

    def record_of(self, seq: int) -> Record | None:
        return record_at(self.source, seq - 1)

    def say(self, text: str, severity: Any = "information") -> None:
        self.application.say(text, severity)

    def complain(self, error: IvrsimError) -> None:
        self.application.say(str(error), "error")

    def missing(self, what: str) -> None:
        self.say(f"{what} is not there for this call", "warning")

    def in_background(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """Do something that takes a while; one such thing at a time. Its error is told."""
        self.run_worker(self._told(work), name=what, group="debug", exclusive=True)

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except IvrsimError as error:
            self.complain(error)


_EMPTY = Workshop()
