"""The last line of the screen: the keys that matter here, each of them a place to click."""

from __future__ import annotations

from rich.cells import cell_len

from ivrsim.tui.keymap import EVERYWHERE, Command
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.spans import Row, Span


class KeyBar(LineWidget):
    DEFAULT_CSS = """
    KeyBar { height: 1; dock: bottom; background: $ivr-back; padding: 0 1; }
    """

    def __init__(self, commands: tuple[Command, ...], lead: tuple[str, str] | None = None) -> None:
        super().__init__()
        shown = [command for command in (*commands, *EVERYWHERE) if command.label]
        # The way to all others stays in sight when the line is too short for the rest.
        self._last = [command for command in shown if command.id in _KEPT]
        self._first = [command for command in shown if command.id not in _KEPT]
        self._lead = lead
        self._places: list[tuple[int, int, str]] = []

    def rows(self, width: int) -> list[Row]:
        row: list[Span] = []
        self._places = []
        x = 0
        if self._lead is not None:
            x = self._put(row, x, *self._lead, None)
        room = width - sum(_width(command) for command in self._last)
        for command in self._first:
            if x + _width(command) > room:
                break
            x = self._put(row, x, command.shown, command.label or "", command.id)
        for command in self._last:
            x = self._put(row, x, command.shown, command.label or "", command.id)
        return [row]

    def _put(self, row: list[Span], x: int, key: str, label: str, command: str | None) -> int:
        row += [(key, "bold accent"), (f" {label}   ", "muted")]
        end = x + cell_len(key) + cell_len(label) + 4
        if command is not None:
            self._places.append((x, end - 2, command))
        return end

    def target(self, x: int, y: int) -> str | None:
        return next((name for start, end, name in self._places if start <= x < end), None)


_KEPT = ("leave", "command_palette", "show_help")


def _width(command: Command) -> int:
    return cell_len(command.shown) + cell_len(command.label or "") + 4
