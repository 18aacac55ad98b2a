"""The home screen."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Input, Static

from ivrsim.errors import IvrsimError
from ivrsim.trace.view_text import one_line_of
from ivrsim.tui.home.card import Card
from ivrsim.tui.home.entries import Entries
from ivrsim.tui.key_bar import KeyBar
from ivrsim.tui.keymap import HOME, bindings
from ivrsim.tui.keys import keys_of
from ivrsim.tui.messages import EntryChosen, EntryHighlighted, RunCommand
from ivrsim.tui.palette import run_command
from ivrsim.tui.protocol import Services
from ivrsim.tui.title_bar import TitleBar


class HomeScreen(Screen[None]):
    """Choose what to call, or type it."""

    COMMANDS_HERE = HOME
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(HOME)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
    DEFAULT_CSS = """
    HomeScreen { background: $ivr-back; layout: vertical; }
    HomeScreen #target {
        height: 3; border: round $ivr-line; background: $ivr-pane; padding: 0 1;
        border-title-color: $ivr-muted; margin: 0;
    }
    HomeScreen #target:focus { border: round $ivr-accent; border-title-color: $ivr-accent; }
    HomeScreen #problem {
        height: auto; max-height: 4; padding: 0 2; color: $ivr-red; display: none;
    }
    HomeScreen #problem.-shown { display: block; }
    HomeScreen #lists { height: 1fr; }
    HomeScreen Entries {
        width: 1fr; border: round $ivr-line; background: $ivr-pane; padding: 0;
        border-title-color: $ivr-muted;
    }
    HomeScreen Entries:focus { border: round $ivr-accent; border-title-color: $ivr-accent; }
    HomeScreen Card { width: 1fr; }
    HomeScreen.-narrow Card { display: none; }
    """

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services

    def compose(self) -> ComposeResult:
        yield TitleBar()
        target = Input(
            placeholder="a flow, a document, app.py:app/answer, http://localhost:5000/vca "
            "--platform 8x8",
            id="target",
        )
        target.border_title = "call"
        yield target
        yield Static(id="problem", markup=False)
        with Horizontal(id="lists"):
            lists = Entries(id="entries")
            lists.border_title = "samples and calls"
            yield lists
            card = Card()
            card.border_title = "about"
            yield card
        yield KeyBar((HOME[0], HOME[1], HOME[2]), ("↑↓", "choose"))

    def on_mount(self) -> None:
        keys_of(self).apply(self)
        self.query_one(TitleBar).show(
            [("a voice platform on your desk", "muted")], [("8x8 and Vonage", "faint")]
        )
        self.query_one(Entries).focus()

    def on_screen_resume(self) -> None:
        # After the first paint: reading flows and history takes longer than drawing.
        self.call_after_refresh(self._read_entries)

    def _read_entries(self) -> None:
        entries = self.query_one(Entries)
        try:
            entries.show(self._services.entries())
        except IvrsimError as error:
            self.show_problem(str(error))
        self.query_one(Card).show(entries.current)

    def show_problem(self, text: str) -> None:
        line = self.query_one("#problem", Static)
        line.update(one_line_of(text, 800))
        line.set_class(bool(text), "-shown")

    @on(EntryHighlighted)
    def _highlighted(self) -> None:
        self.query_one(Card).show(self.query_one(Entries).current)

    @on(EntryChosen)
    def _chosen(self, event: EntryChosen) -> None:
        entry = self.query_one(Entries).current
        if entry is not None and entry.trace and entry.target == event.target:
            self.open_trace(Path(entry.trace))
        else:
            self.call_target(event.target)

    @on(Input.Submitted, "#target")
    def _typed(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if text:
            self.call_target(text)
        else:
            self.show_problem("Type what to call, or choose a sample below")

    @on(Input.Changed, "#target")
    def _typing(self) -> None:
        self.show_problem("")

    @on(RunCommand)
    async def _run(self, event: RunCommand) -> None:
        event.stop()
        await run_command(self, event.command)

    def call_target(self, text: str) -> None:
        """Call it; what is wrong with it, if anything, stands under the input."""
        from ivrsim.tui.call.screen import CallScreen

        try:
            placed = self._services.place(text, None)
        except IvrsimError as error:
            self.show_problem(str(error))
            return
        self.show_problem("")
        self.app.push_screen(CallScreen(self._services, placed))

    def open_trace(self, path: Path) -> None:
        """Open a recorded call; what is wrong with its file stands under the input."""
        from ivrsim.tui.call.screen import CallScreen
        from ivrsim.tui.traces.recorded import open_recorded

        try:
            placed = open_recorded(path)
        except IvrsimError as error:
            self.show_problem(str(error))
            return
        self.show_problem("")
        self.app.push_screen(CallScreen(self._services, placed))

    def action_call_entry(self) -> None:
        field = self.query_one("#target", Input)
        if self.focused is field and field.value.strip():
            self.call_target(field.value.strip())
        else:
            self.query_one(Entries).action_choose()

    def action_edit_target(self) -> None:
        self.set_focus(self.query_one("#target", Input))  # at once: the next key is for it

    def action_home_quit(self) -> None:
        self.app.exit(0)

    def key_escape(self) -> None:
        self.query_one(Entries).focus()
