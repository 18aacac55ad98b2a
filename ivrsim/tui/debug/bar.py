"""The line that says where a call stands still, and what can be done there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from rich.cells import cell_len

from ivrsim.trace.view_items import Awaited
from ivrsim.trace.view_text import one_line_of
from ivrsim.tui.debug.here import Here
from ivrsim.tui.key_bar import KeyBar
from ivrsim.tui.keymap import ALL
from ivrsim.tui.keys import keys_of
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.spans import Row, Span, cut, width_of

if TYPE_CHECKING:
    from ivrsim.runtime.stopping import Stop
    from ivrsim.tui.debug.actions import DebugActions

_LOOK_S: Final = 0.1
_PATIENCE_MS: Final = 700
"""An application that answers sooner than this makes nobody look at a countdown."""
_SOON_MS: Final = 1500
"""When so little is left, the countdown turns red."""


class DebugBar(LineWidget):
    """Hidden while nothing is stopped, nobody looks back, and no reply is long in coming."""

    DEFAULT_CSS = """
    DebugBar { height: 1; display: none; background: $ivr-raised; padding: 0 1; }
    DebugBar.-shown { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._left: list[Span] = []
        self._commands: tuple[str, ...] = ()
        self._places: list[tuple[int, int, str]] = []
        self._told: object = None

    def on_mount(self) -> None:
        self.set_interval(_LOOK_S, self.look)

    def look(self) -> None:
        """See how the call stands, and say it."""
        screen = cast("DebugActions", self.screen)
        if not isinstance(screen, Here) or not screen.is_attached:
            return
        left, commands = self._state(screen)
        keys = tuple(command.id for command in screen.keys_that_matter())
        told = (left, commands, keys)
        if told == self._told:
            return
        self._told = told
        self._left, self._commands = left, commands
        self.set_class(bool(left), "-shown")
        self.refresh()
        for bar in screen.query(KeyBar):
            bar.refresh()

    def _state(self, screen: DebugActions) -> tuple[list[Span], tuple[str, ...]]:
        live = screen.live
        stop = live.stopped if live is not None else None
        if screen.looks_back and not screen.recorded:
            return self._past(screen)
        if live is not None and stop is not None:
            commands: tuple[str, ...] = ("continue_call", "step_action", "step_webhook")
            draft = screen.held_draft()
            if draft is not None:
                commands = (commands[0], "edit_draft", *commands[1:])
            note = str((live.header.parent or {}).get("note") or "")
            return _stopped(stop, live.held, note), commands
        if live is not None:
            awaited = next(iter(getattr(screen.view, "awaiting", ())), None)
            if awaited is not None:
                waiting = _waiting(awaited, screen.call.now_ms)
                return waiting, ("pause_call",) if waiting else ()
        return [], ()

    def _past(self, screen: DebugActions) -> tuple[list[Span], tuple[str, ...]]:
        left: list[Span] = [
            ("◀ ", "bold purple"), ("looking back", "bold text"),
            (f"  at record {screen.at} of {screen.last}", "muted"),
        ]  # fmt: skip
        commands: tuple[str, ...] = ("continue_call", "follow")
        live = screen.live
        if live is not None and live.stopped is None:
            left.append(("  the call goes on meanwhile", "yellow"))
        return left, commands

    def rows(self, width: int) -> list[Row]:
        keys = keys_of(self)
        hints: list[tuple[str, str, str]] = []
        room = width - width_of([span for span in self._left if span[1] != "faint"]) - 2
        for name in self._commands:
            command = ALL[name]
            key, label = keys.shown(command), _LABELS.get(name, command.label or "")
            size = cell_len(key) + cell_len(label) + 3
            # All of why, and then the keys: they stand in the last line, too.
            if key and (size <= room or not hints):
                hints.append((key, label, name))
                room -= size
        right: list[Span] = []
        for key, label, _ in hints:
            right += [("  ", ""), (key, "bold accent"), (f" {label}", "muted")]
        room = width - width_of(right)
        row: list[Span] = []
        for text, style in self._left:
            piece = cut(text, room - width_of(row) - 1)
            if piece:
                row.append((piece, style))
        row.append((" " * max(0, room - width_of(row)), ""))
        self._places, x = [], room
        for key, label, name in hints:
            end = x + 3 + cell_len(key) + cell_len(label)
            self._places.append((x + 2, end, name))
            x = end
        return [[*row, *right]]

    def target(self, x: int, y: int) -> str | None:
        return next((name for start, end, name in self._places if start <= x < end), None)


_LABELS: Final = {
    "continue_call": "go on", "edit_draft": "edit", "follow": "to the end",
    "step_action": "action", "step_webhook": "webhook", "pause_call": "pause",
}  # fmt: skip


def _stopped(stop: Stop, held: int, note: str) -> list[Span]:
    left: list[Span] = [("■ ", "bold red"), ("stopped ", "bold text")]
    if stop.kind == "pause":
        left[1] = ("paused", "bold text")
    elif stop.kind == "branch":
        left = [("◀ ", "bold purple"), (one_line_of(stop.why), "text")]
    else:
        left.append((one_line_of(stop.why), "text"))
    if stop.breakpoint is not None:
        left.append((f"  breakpoint {stop.breakpoint}", "accent"))
    if held:
        left.append((f"  held: {held}", "yellow"))
    if stop.kind == "branch" and note:
        left.append((f"  {one_line_of(note)}", "faint"))
    return left


def _waiting(awaited: Awaited, now_ms: int) -> list[Span]:
    """A reply that is long in coming, and how long the platform still waits."""
    spent = now_ms - awaited.sent_t
    if spent < _PATIENCE_MS:
        return []
    left: list[Span] = [
        ("◷ ", "bold yellow"), ("waiting for the reply to ", "muted"),
        (one_line_of(awaited.title, 60), "text"), (f"  {spent / 1000:.1f} s", "bold text"),
    ]  # fmt: skip
    until = awaited.until_t
    if until is not None:
        over = until - now_ms
        style = "red" if over <= _SOON_MS else "muted"
        left.append((f", the platform gives up in {max(0, over) / 1000:.1f} s", style))
    return left
