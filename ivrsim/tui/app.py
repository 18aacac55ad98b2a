"""The application: themes, copying, signals, and the way out."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual.app import App
from textual.binding import BindingType

from ivrsim.trace.view_text import one_line_of
from ivrsim.tui.clipboard import OSC52_LIMIT, CopyFile
from ivrsim.tui.keymap import EVERYWHERE, bindings
from ivrsim.tui.keys import DEFAULT, Keys
from ivrsim.tui.protocol import Placed, Services
from ivrsim.tui.themes import DARK, LIGHT, THEMES, Paint
from ivrsim.tui.traces.recorded import RecordedCall

if TYPE_CHECKING:
    from ivrsim.tui.call.screen import CallScreen

Severity = Literal["information", "warning", "error"]
_HANG_UP_S = 3.0
"""How long a call may take to end when the application is told to go."""
_LOOK_S = 1.0


def _commands() -> Any:
    from ivrsim.tui.palette import Commands

    return Commands


class IvrsimApp(App[int]):
    """``placed`` is a call to begin with; without one the list of samples opens. ``at`` and
    ``filter`` are for its screen."""

    TITLE = "ivrsim"
    COMMANDS = {_commands}
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(EVERYWHERE)]
    CSS = """
    * { scrollbar-size-vertical: 1; scrollbar-size-horizontal: 1; }
    /* A field of one line has no room for a bar under a long text. */
    Input { scrollbar-size-horizontal: 0; }
    Toast { background: $ivr-raised; color: $ivr-text; }
    """

    def __init__(
        self,
        services: Services,
        placed: Placed | None = None,
        theme: str = DARK,
        keys: Keys = DEFAULT,
        *,
        at: int | None = None,
        filter: str = "",
    ) -> None:
        super().__init__()
        self._at, self._filter = at, filter
        self.keys = keys
        keys.apply(self)
        self.services = services
        self.placed = placed
        self.exit_status = 0
        self.crash: Exception | None = None
        self._copies = CopyFile()
        self._paint = Paint(theme)
        for known in THEMES:
            self.register_theme(known)
        self.theme = theme

    @property
    def paint(self) -> Paint:
        """The styles of the theme that is on."""
        return self._paint

    def on_mount(self) -> None:
        self._catch_signals()
        if self.placed is None or not isinstance(self.placed.call, RecordedCall):
            self.call_after_refresh(self.painted)
        if self.placed is None:
            from ivrsim.tui.home.screen import HomeScreen

            self.push_screen(HomeScreen(self.services))
        elif isinstance(call := self.placed.call, RecordedCall):
            from ivrsim.tui.traces.opening import OpeningScreen

            title, source = self.placed.title, call.source
            self.push_screen(OpeningScreen(title, source, self._at, self.show_call))
        else:
            self.push_screen(self._call_screen())

    def _call_screen(self) -> CallScreen:
        from ivrsim.tui.call.screen import CallScreen

        assert self.placed is not None
        return CallScreen(self.services, self.placed, at=self._at, filter=self._filter)

    def show_call(self) -> None:
        """Put the whole screen in the place of the opening one, which has been painted."""
        screen = self._call_screen()
        self.painted()
        self.switch_screen(screen)

    def painted(self) -> None:
        """The first frame is there: from now on garbage is looked for, see ``cli.application``."""
        if not gc.isenabled():
            gc.freeze()  # modules are never garbage: to look through them takes 50 ms each time
            gc.enable()

    def go_home(self) -> None:
        """Back to the list of samples, which is made now if the application began with a call."""
        from ivrsim.tui.home.screen import HomeScreen

        if any(isinstance(screen, HomeScreen) for screen in self.screen_stack):
            self.pop_screen()
        else:
            self.switch_screen(HomeScreen(self.services))

    def _watch_theme(self, theme_name: str) -> None:
        self._paint = Paint(theme_name)
        super()._watch_theme(theme_name)

    # commands

    def action_toggle_theme(self) -> None:
        self.theme = LIGHT if self.theme == DARK else DARK

    def action_show_help(self) -> None:
        from ivrsim.tui.help import HelpScreen
        from ivrsim.tui.home.screen import HomeScreen

        self.push_screen(HelpScreen(isinstance(self.screen, HomeScreen)))

    def action_interrupt(self) -> None:
        """A selection was copied before this is reached."""
        call = self._live_call()
        if call is not None:
            call.hang_up()
        else:
            self.exit(self.exit_status)

    async def action_quit(self) -> None:
        await self.leave(self.exit_status)

    def _live_call(self) -> Any:
        for screen in reversed(self.screen_stack):
            call = getattr(screen, "call", None)
            if call is not None:
                return None if call.ended or getattr(screen, "crashed", None) else call
        return None

    async def leave(self, status: int) -> None:
        """Hang up, let the call write its end, and go."""
        call = self._live_call()
        if call is not None:
            call.hang_up()
            for _ in range(round(_HANG_UP_S / 0.05)):
                if call.ended:
                    break
                await asyncio.sleep(0.05)
        self.exit(status)

    def say(self, text: str, severity: Severity = "information") -> None:
        """One remark, for a moment. Foreign text is not markup."""
        self.notify(one_line_of(text), severity=severity, markup=False, timeout=5)

    def copy(self, text: str, what: str) -> None:
        """Copy ``text``, and say where it is."""
        # A body may hold half a surrogate pair, which has no bytes of its own.
        text = text.encode("utf-8", "replace").decode()
        if len(text) <= OSC52_LIMIT:
            super().copy_to_clipboard(text)
        else:
            self._clipboard = text
        try:
            path = self._copies.write(text)
        except OSError as error:
            self.say(f"Copied {what}; no file for it: {error.strerror or error}", "warning")
            return
        self.say(f"Copied {what}, also to {path}")

    def copy_to_clipboard(self, text: str) -> None:
        """What Textual calls for a selection."""
        self.copy(text, "the selection")
        self.call_later(self._deselect)  # not now: cutting still needs it

    def _deselect(self) -> None:
        """Ctrl+C again means something else: hang up, or leave."""
        from textual.widgets import Input
        from textual.widgets.input import Selection

        self.screen.clear_selection()
        if isinstance(self.focused, Input):
            self.focused.selection = Selection.cursor(self.focused.cursor_position)

    # the way out

    def _catch_signals(self) -> None:
        if sys.platform == "win32" or self.is_headless:
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._told_to_go, 128 + number)
        self.set_interval(_LOOK_S, self._look_for_the_terminal)

    def _look_for_the_terminal(self) -> None:
        """A terminal can vanish without a signal: then nobody is left to draw for."""
        if sys.__stdin__ is None or not sys.__stdin__.isatty():
            self._told_to_go(128 + signal.SIGHUP)

    def _told_to_go(self, status: int) -> None:
        self.run_worker(self.leave(status), name="leave", exclusive=True)

    def _handle_exception(self, error: Exception) -> None:
        # Textual would print a page of traceback; who wants it says --debug.
        if self.crash is None:
            self.crash = error
        if self.is_headless or self.services.debug:
            super()._handle_exception(error)
            return
        self._return_code = 1
        self._exception = self._exception or error
        self._close_messages_no_wait()
