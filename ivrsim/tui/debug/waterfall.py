"""The waterfall: webhooks, prompts and dead air as bars over call time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult

from ivrsim.trace.view_text import one_line_of
from ivrsim.tui.debug.modal import CLOSE, ENTER, Chosen, DebugModal, Hints, Moved, PickList, nothing
from ivrsim.tui.debug.protocol import Bar
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.spans import Row, Span, cut

_SILENCE: Final = "dead air"
_LANES: Final = {
    "legs": "purple", "prompts": "green", "captures": "accent", _SILENCE: "muted",
    "webhooks": "blue", "recordings": "red",
}  # fmt: skip
_STEPS_S: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)


def style_of(bar: Bar) -> str:
    """A lane has its colour, unless there is something to warn of."""
    if bar.tone in ("warn", "error"):
        return "red" if bar.lane == _SILENCE or bar.tone == "error" else "yellow"
    return _LANES.get(bar.lane, "muted")


class Scale:
    """Call time in cells."""

    def __init__(self, bars: Sequence[Bar]) -> None:
        self.start = min((bar.start_ms for bar in bars), default=0)
        ends = (bar.end_ms if bar.end_ms is not None else bar.start_ms for bar in bars)
        self.end = max(max(ends, default=0), self.start + 1)

    def cell(self, ms: int, width: int) -> float:
        return (ms - self.start) * width / (self.end - self.start)

    def ticks(self, width: int) -> list[tuple[int, str]]:
        """Cells and what is written there, far enough from each other to be read."""
        span = (self.end - self.start) / 1000
        step = next((s for s in _STEPS_S if span / s * 9 <= width), _STEPS_S[-1])
        first = -(-self.start // int(step * 1000))
        marks = []
        for n in range(int(first), int(first) + width):
            ms = round(n * step * 1000)
            if ms > self.end:
                break
            marks.append((int(self.cell(ms, width)), f"{n * step:g} s"))
        return marks


def label_width(width: int) -> int:
    return max(14, min(44, width // 3))


class Ruler(LineWidget):
    DEFAULT_CSS = "Ruler { height: 1; }"

    def __init__(self, scale: Scale) -> None:
        super().__init__()
        self._scale = scale

    def rows(self, width: int) -> list[Row]:
        names = label_width(width - 3) + 2
        room = width - 3 - names
        text = [" "] * max(0, room)
        free = 0
        for x, said in self._scale.ticks(room):
            if x >= free and x + len(said) <= room:
                text[x : x + len(said)] = said
                free = x + len(said) + 1
        return [[(" " * names, ""), ("".join(text), "faint")]]


class BarList(PickList[Bar]):
    DEFAULT_CSS = "BarList { height: 1fr; }"

    def __init__(self, scale: Scale) -> None:
        super().__init__(id="bars")
        self._scale = scale

    def rows_of(self, thing: Bar, here: bool, width: int) -> list[Row]:
        names = label_width(width)
        style = style_of(thing)
        label = cut(one_line_of(thing.label), names - 1)
        loud = thing.tone in ("warn", "error")
        row: list[Span] = [
            (
                label + " " * (names - cell_len(label)),
                "bold text" if here else style if loud else "text",
            )
        ]
        room = width - names
        end = self._scale.end if thing.end_ms is None else thing.end_ms
        left = min(room - 1, int(self._scale.cell(thing.start_ms, room)))
        right = max(left + 1, round(self._scale.cell(end, room)))
        point = end - thing.start_ms <= 0
        sign = "◆" if point else "█" * (right - left)
        if thing.end_ms is None:
            sign = "▒" * (right - left)
        row += [(" " * left, ""), (sign, style)]
        spent = "" if point else f" {_seconds(end - thing.start_ms)}"
        if point and thing.elapsed_ms is not None:
            spent = f" {_seconds(thing.elapsed_ms)} on the wall"
        after = room - left - len(sign)
        if len(spent) <= after:
            row.append((spent, "faint"))
        elif len(spent) < left:
            row[-2] = (f"{spent.strip():>{left - 1}} ", "faint")
        return [row]

    def rows_without(self, width: int) -> list[Row]:
        return nothing("No webhook and no prompt so far.", width)


class BarDetail(LineWidget):
    DEFAULT_CSS = "BarDetail { height: 2; margin: 1 0 0 0; }"

    def __init__(self) -> None:
        super().__init__()
        self._bar: Bar | None = None

    def show(self, bar: Bar | None) -> None:
        self._bar = bar
        self.refresh()

    def rows(self, width: int) -> list[Row]:
        bar = self._bar
        if bar is None:
            return []
        when = f"{bar.start_ms / 1000:.2f} s"
        if bar.end_ms is None:
            when += ", goes on"
        elif bar.end_ms > bar.start_ms:
            when += f" to {bar.end_ms / 1000:.2f} s: {_seconds(bar.end_ms - bar.start_ms)}"
        first: Row = [(f"{bar.lane}  ", style_of(bar)), (when, "text")]
        return [first, [(cut(one_line_of(bar.detail or bar.label), width), "muted")]]


class WaterfallScreen(DebugModal[int]):
    """Closes with the record to go to; None: it was left."""

    TITLE_HERE = "waterfall"
    WIDTH = 400
    DEFAULT_CSS = "WaterfallScreen #box { height: 100%; padding: 0 1; }"

    def __init__(self, bars: Sequence[Bar], call: Any = None, piece: str = "") -> None:
        """``piece`` says which part of a long trace the bars are of."""
        super().__init__(call)
        self._bars = bars
        self._piece = piece
        self._scale = Scale(bars)

    def inside(self) -> ComposeResult:
        yield Ruler(self._scale)
        yield BarList(self._scale)
        yield BarDetail()
        yield Hints((ENTER, "go to the record", "choose"), CLOSE)

    def on_mount(self) -> None:
        listed = self.query_one(BarList)
        listed.show(self._bars)
        listed.focus()
        self.query_one(BarDetail).show(listed.current)
        if self._piece:
            self.query_one("#box").border_title = f"{self.TITLE_HERE}: {self._piece}"
        dead = [bar for bar in self._bars if bar.lane == _SILENCE and bar.tone != "quiet"]
        if dead:
            longest = max((b.end_ms or self._scale.end) - b.start_ms for b in dead)
            times = "once" if len(dead) == 1 else f"{len(dead)} times"
            said = f"dead air {times}, the longest {_seconds(longest)}"
            self.query_one("#box").border_subtitle = said

    def lines_around(self) -> int:
        return 8

    @on(Moved)
    def _moved(self) -> None:
        self.query_one(BarDetail).show(self.query_one(BarList).current)

    @on(Chosen)
    def action_choose(self) -> None:
        current = self.query_one(BarList).current
        if current is not None:
            self.dismiss(current.seq)


def _seconds(ms: int) -> str:
    return f"{ms} ms" if ms < 1000 else f"{ms / 1000:.1f} s"
