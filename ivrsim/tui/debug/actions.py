"""What the debugger's commands do on the call screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from textual.binding import BindingType

from ivrsim.tui.call.titles import looking_keys
from ivrsim.tui.debug.branching import Branching
from ivrsim.tui.debug.changing import Changing
from ivrsim.tui.debug.points import Points
from ivrsim.tui.debug.stepping import Stepping
from ivrsim.tui.keymap import ALL, CALL, DEBUG, Command, bindings
from ivrsim.tui.keys import keys_of

_STOPPED: Final[tuple[str, ...]] = (
    "continue_call", "edit_draft", "step_action", "step_webhook", "hang_up", "step_prompt",
    "step_back", "toggle_breakpoint", "faults", "branches",
)  # fmt: skip
_PAST: Final[tuple[str, ...]] = (
    "continue_call", "step_back", "step_action", "step_webhook", "step_prompt", "run_here",
    "toggle_breakpoint", "compare", "branches", "follow",
)  # fmt: skip
_RECORDED: Final = ("branches", "toggle_breakpoint")
_OVER: Final = (
    "redial", "branch_here", "step_back", "compare", "branches", "waterfall",
    "redial_here", "copy_payload", "copy_curl", "filter", "zoom", "leave",
)  # fmt: skip
"""What is left to do with a call that has ended; the keys of a telephone are not."""
_GOES_ON: Final[tuple[str, ...]] = ("hang_up", "pause_call", "toggle_breakpoint")


class DebugActions(Branching, Changing, Points, Stepping):
    """A base of ``CallScreen``: one ``action_…`` for each command of ``keymap.DEBUG``."""

    DEBUG_HERE: ClassVar[tuple[Command, ...]] = DEBUG
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(DEBUG)]

    def on_mount(self) -> None:
        keys_of(self).apply(self)
        self.before, self.workshop.latest = self.workshop.latest, self.trace_path
        if self.before == self.trace_path:
            self.before = None

    def telephone_works(self) -> bool:
        return self.recorded or not self.call.ended  # a recorded call has other keys there

    def keys_that_matter(self) -> Sequence[Command]:
        """What the key bar shows now: first what this moment is for."""
        if self.recorded:
            return [*looking_keys(), *(ALL[name] for name in _RECORDED)]
        live = self.live
        if self.looks_back:
            names = _PAST
        elif self.call.ended:
            return [ALL[name] for name in _OVER]
        elif live is None or live.stopped is None:
            names = _GOES_ON
        else:
            holds = self.held_draft() is not None
            names = tuple(name for name in _STOPPED if holds or name != "edit_draft")
        return list(dict.fromkeys((*(ALL[name] for name in names), *CALL)))
