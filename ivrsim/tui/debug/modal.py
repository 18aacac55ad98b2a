"""What the debugger's windows have in common: a frame, a list with a cursor, a line of keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar, cast

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.events import Click, Resize
from textual.message import Message
from textual.widget import Widget

from ivrsim.tui.keymap import Command, digit_bindings
from ivrsim.tui.keys import keys_of
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.lines import Lines
from ivrsim.tui.messages import RunCommand
from ivrsim.tui.palette import run_command
from ivrsim.tui.spans import Row, Span
from ivrsim.tui.window import Window

T = TypeVar("T")

ENTER = "⏎"
CLOSE = ("Esc", "close", "close")


class Hints(LineWidget):
    """The keys of a window, each a place to click: ``(key, label, command)``."""

    DEFAULT_CSS = "Hints { height: 1; margin: 1 0 0 0; }"

    def __init__(self, *hints: Command | tuple[str, str, str]) -> None:
        super().__init__()
        self._hints = hints
        self._places: list[tuple[int, int, str]] = []

    def show(self, *hints: Command | tuple[str, str, str]) -> None:
        if hints != self._hints:
            self._hints = hints
            self.refresh()

    def rows(self, width: int) -> list[Row]:
        keys = keys_of(self)
        row: list[Span] = []
        self._places = []
        x = 0
        for hint in self._hints:
            if isinstance(hint, Command):
                hint = (keys.shown(hint), hint.label or "", hint.id)
            key, label, command = hint
            size = cell_len(key) + cell_len(label) + 1
            if not key or x + size > width:
                continue
            row += [(key, "bold accent"), (f" {label}   ", "muted")]
            self._places.append((x, x + size, command))
            x += size + 3
        return [row]

    def target(self, x: int, y: int) -> str | None:
        return next((name for start, end, name in self._places if start <= x < end), None)


class Chosen(Message):
    """Enter, or a second click, on a line of a list."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self.index = index


class Moved(Message):
    """The cursor of a list stands elsewhere."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self.index = index


class PickList(Lines, Generic[T]):
    """Things to choose from, some lines each; the cursor moves over things."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "move(-10)", "Page up", show=False),
        Binding("pagedown", "move(10)", "Page down", show=False),
        Binding("home", "move(-1000000)", "First", show=False),
        Binding("end", "move(1000000)", "Last", show=False),
        Binding("enter", "choose", "Choose", show=False),
    ]
    DEFAULT_CSS = "PickList { height: auto; }"

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.things: Sequence[T] = ()
        self.cursor = 0
        self._rows: list[tuple[Row, int | None]] = []

    def rows_of(self, thing: T, here: bool, width: int) -> list[Row]:
        """The lines of one thing; ``here``: the cursor stands on it."""
        raise NotImplementedError

    def rows_without(self, width: int) -> list[Row]:
        """What stands there when there is nothing to choose from."""
        return []

    def heading(self, index: int) -> str:
        """What stands above a thing; the same as above the one before: nothing."""
        return ""

    def show(self, things: Sequence[T]) -> None:
        self.things = things
        self.cursor = max(0, min(self.cursor, len(things) - 1))
        self.lay_out()

    @property
    def current(self) -> T | None:
        return self.things[self.cursor] if self.things else None

    def on_resize(self) -> None:
        self.lay_out()

    def lay_out(self) -> None:
        width = self.width
        if width <= 0:
            return
        rows: list[tuple[Row, int | None]] = []
        above = ""
        for index, thing in enumerate(self.things):
            heading = self.heading(index)
            if heading != above:
                above = heading
                rows += [((), None)] * bool(rows)
                rows.append(([(heading, "bold accent")], None))
            here = index == self.cursor
            for row in self.rows_of(thing, here, width - 2):
                bar: Span = ("▌ " if here else "  ", "accent")
                rows.append(([bar, *row], index))
        if not self.things:
            rows = [(row, None) for row in self.rows_without(width)]
        self._rows = rows
        self.set_count(len(rows))

    def row(self, y: int, width: int) -> tuple[Row, str]:
        row, index = self._rows[y]
        if index is None or index != self.cursor:
            return row, ""
        return [(text, f"{style or 'text'} on cursor") for text, style in row], "text on cursor"

    def move_to(self, index: int) -> None:
        if not self.things:
            return
        self.cursor = max(0, min(len(self.things) - 1, index))
        self.lay_out()
        lines = [y for y, (_, at) in enumerate(self._rows) if at == self.cursor]
        for y in (lines[-1], lines[0], 0 if self.cursor == 0 else lines[0]):
            self.show_line(y)
        self.post_message(Moved(self.cursor))

    def action_move(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_choose(self) -> None:
        if self.things:
            self.post_message(Chosen(self.cursor))

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        y = offset.y + self.scroll_offset.y if offset is not None else -1
        index = self._rows[y][1] if 0 <= y < len(self._rows) else None
        if index is not None:
            again = index == self.cursor and event.chain > 1
            self.move_to(index)
            if again:
                self.action_choose()


R = TypeVar("R")


class DebugModal(Window[R]):
    """A window over the call; the keys of the telephone go on to the call."""

    COMMANDS_HERE: ClassVar[tuple[Command, ...]] = ()
    TITLE_HERE: ClassVar[str] = ""
    WIDTH: ClassVar[int] = 84
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False),
        *digit_bindings(),
    ]
    DEFAULT_CSS = """
    DebugModal { align: center middle; background: $ivr-back 60%; }
    DebugModal #box {
        width: 84; max-width: 100%; height: auto; max-height: 100%; padding: 1 2 0 2;
        border: round $ivr-accent; background: $ivr-pane;
        border-title-color: $ivr-accent; border-subtitle-color: $ivr-muted;
    }
    DebugModal Input {
        height: 1; border: none; padding: 0 1; background: $ivr-raised;
    }
    DebugModal Input:focus { border: none; }
    """

    def __init__(self, call: Any = None) -> None:
        super().__init__()
        self.call_below = call

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = self.TITLE_HERE
            yield from self.inside()

    def inside(self) -> ComposeResult:
        """What stands in the frame."""
        raise NotImplementedError

    def on_mount(self) -> None:
        keys_of(self).apply(self)
        self.query_one("#box").styles.width = self.WIDTH

    def on_resize(self, event: Resize) -> None:
        # The frame, its padding, and what stands below the list need their lines.
        self._fit(event.size.height)

    def _fit(self, height: int) -> None:
        for each in self.query(PickList):
            each.styles.max_height = max(3, height - self.lines_around())

    def lines_around(self) -> int:
        """How many lines of the window are no list."""
        return 8

    def say(self, text: str, severity: str = "information") -> None:
        cast("Any", self.app).say(text, severity)

    def action_close(self) -> None:
        self.dismiss()

    def action_press(self, digit: str) -> None:
        if self.call_below is not None and not self.call_below.ended:
            self.call_below.press(digit)

    @on(RunCommand)
    async def _run(self, event: RunCommand) -> None:
        event.stop()
        await run_command(cast("Any", self), event.command)


def nothing(text: str, width: int) -> list[Row]:
    """One quiet remark."""
    from ivrsim.tui.spans import wrap

    return [[(line, "faint")] for _, line in wrap(text, width)]


def parent_of(widget: Widget) -> Any:
    """The screen that ``widget`` is on, as what it is."""
    return widget.screen
