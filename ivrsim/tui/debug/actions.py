"""What the debugger's commands do on the call screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from textual.binding import BindingType

from ivrsim.tui.call.titles import looking_keys
from ivrsim.tui.debug.branching import Branching
from ivrsim.tui.debug.changing import Changing
from ivrsim.tui.debug.points import Points
from ivrsim.tui.debug.stepping import Stepping
from ivrsim.tui.keymap import ALL, CALL, DEBUG, Command, bindings
from ivrsim.tui.keys import keys_of

_STOPPED: Final = (
    "continue_call", "edit_draft", "step_action", "step_webhook", "step_prompt", "step_back",
    "toggle_breakpoint", "faults", "branches",
)  # fmt: skip
_PAST: Final = (
    "continue_call", "step_back", "step_action", "step_webhook", "step_prompt", "run_here",
    "toggle_breakpoint", "compare", "branches", "follow",
)  # fmt: skip
_RECORDED: Final = ("branches", "toggle_breakpoint")
_GOES_ON: Final = ("hang_up", "pause_call", "toggle_breakpoint")


class DebugActions(Branching, Changing, Points, Stepping):
    """A base of ``CallScreen``: one ``action_…`` for each command of ``keymap.DEBUG``."""

    DEBUG_HERE: ClassVar[tuple[Command, ...]] = DEBUG
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(DEBUG)]

    def on_mount(self) -> None:
        keys_of(self).apply(self)
        self.before, self.workshop.latest = self.workshop.latest, self.trace_path
        if self.before == self.trace_path:
            self.before = None

    def keys_that_matter(self) -> Sequence[Command]:
        """What the key bar shows now: first what this moment is for."""
        if self.recorded:
            return [*looking_keys(), *(ALL[name] for name in _RECORDED)]
        return list(dict.fromkeys((*self._first(), *CALL)))

    def _first(self) -> Iterator[Command]:
        live = self.live
        if live is not None and live.stopped is not None and not self.looks_back:
            names: tuple[str, ...] = _STOPPED
            if self.held_draft() is None:
                names = tuple(name for name in names if name != "edit_draft")
        elif self.looks_back:
            names = _PAST
        elif live is not None:
            names = _GOES_ON
        else:
            names = ()
        yield from (ALL[name] for name in names)
