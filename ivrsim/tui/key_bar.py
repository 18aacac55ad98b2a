"""The last line of the screen: the keys that matter here, each of them a place to click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from rich.cells import cell_len

from ivrsim.tui.keymap import EVERYWHERE, Command
from ivrsim.tui.keys import keys_of
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.spans import Row, Span


@runtime_checkable
class ChangingKeys(Protocol):
    """A screen whose keys depend on what goes on."""

    def keys_that_matter(self) -> Sequence[Command]: ...
    def telephone_works(self) -> bool:
        """Whether what leads the line, the keys of the telephone, has a meaning now."""
        ...


class KeyBar(LineWidget):
    DEFAULT_CSS = """
    KeyBar { height: 1; dock: bottom; background: $ivr-back; padding: 0 1; }
    """

    def __init__(self, commands: tuple[Command, ...], lead: tuple[str, str] | None = None) -> None:
        super().__init__()
        self._commands = commands
        self._lead = lead
        self._places: list[tuple[int, int, str]] = []

    def rows(self, width: int) -> list[Row]:
        row: list[Span] = []
        self._places = []
        screen, keys = self.screen, keys_of(self)
        here = screen.keys_that_matter() if isinstance(screen, ChangingKeys) else self._commands
        every = dict.fromkeys((*here, *EVERYWHERE))
        shown = [(c, keys.shown(c)) for c in every if c.label and keys.shown(c)]
        # The way to all others stays in sight when the line is too short for the rest.
        last = [(command, key) for command, key in shown if command.id in _KEPT]
        x = 0
        works = not isinstance(screen, ChangingKeys) or screen.telephone_works()
        if self._lead is not None and works:
            x = self._put(row, x, *self._lead, None)
        room = width - sum(_width(command, key) for command, key in last)
        for command, key in shown:
            if command.id in _KEPT:
                continue
            if x + _width(command, key) > room:
                break
            x = self._put(row, x, key, command.label or "", command.id)
        for command, key in last:
            x = self._put(row, x, key, command.label or "", command.id)
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


def _width(command: Command, key: str) -> int:
    return cell_len(key) + cell_len(command.label or "") + 4
