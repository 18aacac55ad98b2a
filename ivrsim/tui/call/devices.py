"""Which loudspeakers and which microphone the call uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Click

from ivrsim.errors import IvrsimError
from ivrsim.trace.view_text import one_line_of
from ivrsim.tui.keymap import digit_bindings
from ivrsim.tui.lines import Lines
from ivrsim.tui.protocol import Call
from ivrsim.tui.spans import Row, wrap
from ivrsim.tui.window import Window

_KINDS: Final = ("speakers", "microphone")
_TITLES: Final = {"speakers": "loudspeakers", "microphone": "microphone"}
_OFF: Final = "off"
_LOOK_S: Final = 0.2
"""How often the marks follow what the call uses: a change takes a moment, and may fail."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What ``Call.use_device`` takes; ``name`` None is off."""

    kind: str
    name: str | None


class DeviceList(Lines):
    BINDINGS = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("home", "move(-1000)", "First", show=False),
        Binding("end", "move(1000)", "Last", show=False),
        Binding("enter,space", "choose", "Use it", show=False),
    ]

    def __init__(self, call: Call) -> None:
        super().__init__(id="devices")
        self._call = call
        self._names = {kind: call.devices(kind) for kind in _KINDS}
        self._lines: list[Row | Choice | None] = []
        self._cursor = Choice(_KINDS[0], call.speakers)
        self._problem = ""

    def on_resize(self) -> None:
        self.lay_out()

    def _in_use(self, kind: str) -> str | None:
        return self._call.speakers if kind == "speakers" else self._call.microphone

    def lay_out(self) -> None:
        lines: list[Row | Choice | None] = []
        for kind in _KINDS:
            lines += [None] * bool(lines)
            lines.append([(_TITLES[kind], "bold accent")])
            names, used = self._names[kind], self._in_use(kind)
            if used is not None and used not in names:
                names = [used, *names]
            if not names:
                said = "none found: `ivrsim doctor` says why"
                lines += [[(f"    {line}", "faint")] for _, line in wrap(said, self.width - 4)]
            lines += [Choice(kind, name) for name in (*names, None)]
        if self._problem:
            lines.append(None)
            lines += [[(line, "red")] for _, line in wrap(self._problem, self.width)]
        self._lines = lines
        self.styles.height = len(lines) + 4
        self.set_count(len(lines))

    @property
    def _choices(self) -> list[Choice]:
        return [line for line in self._lines if isinstance(line, Choice)]

    def row(self, y: int, width: int) -> tuple[Row, str]:
        line = self._lines[y]
        if line is None:
            return (), ""
        if not isinstance(line, Choice):
            return line, ""
        name = line.name
        used = self._in_use(line.kind) == name
        back = " on cursor" if line == self._cursor else ""
        weight = "bold text" if used else "text"
        return [
            ("▌ " if back else "  ", f"accent{back}"),
            ("● " if used else "  ", f"accent{back}"),
            (_OFF if name is None else one_line_of(name), f"{weight}{back}"),
        ], f"text{back}" if back else ""

    def action_move(self, by: int) -> None:
        choices = self._choices
        here = choices.index(self._cursor) if self._cursor in choices else 0
        self._move_to(choices[max(0, min(len(choices) - 1, here + by))])

    def _move_to(self, choice: Choice) -> None:
        self._cursor = choice
        self.show_line(self._lines.index(choice))
        self.refresh()

    def action_choose(self) -> None:
        try:
            self._call.use_device(self._cursor.kind, self._cursor.name)
        except IvrsimError as error:
            self._problem = one_line_of(str(error))
        else:
            self._problem = ""
        self.lay_out()

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        y = offset.y + self.scroll_offset.y if offset is not None else -1
        line = self._lines[y] if 0 <= y < len(self._lines) else None
        if isinstance(line, Choice):
            self._move_to(line)
            self.action_choose()


class DevicesScreen(Window[None]):
    """Stays open, so that both can be chosen; the keys of the telephone go on to the call."""

    BINDINGS = [Binding("escape,o,O,q", "dismiss", "Close", show=False), *digit_bindings()]
    DEFAULT_CSS = """
    DevicesScreen { align: center middle; background: $ivr-back 60%; }
    DevicesScreen #devices {
        width: 60; max-width: 96%; max-height: 90%; padding: 1 2;
        border: round $ivr-accent; background: $ivr-pane;
        border-title-color: $ivr-accent; border-subtitle-color: $ivr-muted;
    }
    """

    def __init__(self, call: Call) -> None:
        super().__init__()
        self._call = call

    def compose(self) -> ComposeResult:
        lines = DeviceList(self._call)
        lines.border_title = "devices"
        lines.border_subtitle = "Enter uses it · Esc closes"
        yield lines

    def on_mount(self) -> None:
        self.set_interval(_LOOK_S, self._look)

    def _look(self) -> None:
        if self._call.ended:
            self.dismiss()
        else:
            self.query_one(DeviceList).lay_out()

    def action_press(self, digit: str) -> None:
        self._call.press(digit)
