"""The whole call from left to right: what happened when, and which moment is looked at."""

from __future__ import annotations

from dataclasses import replace

from textual.binding import Binding
from textual.events import MouseDown, MouseMove, MouseUp

from ivrsim.trace.view_words import clock_words
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.messages import RunCommand
from ivrsim.tui.spans import Row, Span
from ivrsim.tui.traces.messages import Scrubbed
from ivrsim.tui.traces.places import Scale, moment_words
from ivrsim.tui.traces.source import Source
from ivrsim.tui.traces.ticks import Line, Tick, Ticks

_LABEL = 10
"""Cells for the moment on the left, and for the length on the right."""


class TimeBar(LineWidget, can_focus=True):
    """Two lines, ticks above the bar; ``-compact``: one, the ticks on it."""

    DEFAULT_CSS = """
    TimeBar { height: 2; padding: 0 1; background: $ivr-back; }
    TimeBar.-compact { height: 1; }
    TimeBar.-hidden { display: none; }
    """
    BINDINGS = [
        Binding("left", "step(-1)", "A record back", show=False),
        Binding("right", "step(1)", "A record on", show=False),
        Binding("home", "edge(0)", "First", show=False),
        Binding("end", "edge(1)", "Last", show=False),
    ]

    def __init__(self, source: Source) -> None:
        super().__init__(id="time")
        self._source = source
        self.ticks = Ticks(source)
        self._scale = Scale(0, 0, 1)
        self._cursor: tuple[int, int] | None = None
        self._playing = False
        self._drags = False

    def show(self, last_t: int, cursor: tuple[int, int] | None, playing: bool) -> None:
        """``cursor``: record (from 0) and call time of the moment that is looked at, None when
        it is the end. ``last_t``: how long the call is by now."""
        scale = Scale(len(self._source), last_t, max(1, self.size.width - 2 * _LABEL))
        state = (scale, cursor, playing)
        if state != (self._scale, self._cursor, self._playing):
            self._scale, self._cursor, self._playing = state
            self.refresh()

    def rows(self, width: int) -> list[Row]:
        scale = replace(self._scale, width=max(1, width - 2 * _LABEL))
        line = self.ticks.line(scale)
        place = scale.width - 1 if self._cursor is None else scale.column(*self._cursor)
        moment = moment_words(scale.last_t if self._cursor is None else self._cursor[1])
        style = "bold accent" if self._cursor is not None else "faint"
        sign = "▶" if self._playing else "◆" if self._cursor is not None else " "
        if len(moment) > _LABEL - 2:  # hours: without the tenths
            moment = moment.partition(".")[0]
        left: list[Span] = [(f"{sign} {moment}".ljust(_LABEL), style)]
        right: Span = (clock_words(scale.last_t).rjust(_LABEL), "faint")
        if self.has_class("-compact"):
            return [[*left, *_merged(line, place, self._cursor is not None, self.has_focus), right]]
        above = [_tick(tick) for tick in line.ticks]
        bar = _merged(
            Line([None] * scale.width, line.sounds), place, self._cursor is not None, self.has_focus
        )
        return [[(" " * _LABEL, ""), *above], [*left, *bar, right]]

    # scrubbing

    def action_step(self, by: int) -> None:
        self.post_message(RunCommand("record_back" if by < 0 else "record_on"))

    def action_edge(self, last: int) -> None:
        self.post_message(Scrubbed(len(self._source) - 1 if last else 0))

    def on_mouse_down(self, event: MouseDown) -> None:
        self._drags = True
        self.capture_mouse()
        self._scrub(event)

    def on_mouse_move(self, event: MouseMove) -> None:
        if self._drags:
            self._scrub(event)

    def on_mouse_up(self, event: MouseUp) -> None:
        if self._drags:
            self._drags = False
            self.release_mouse()

    def _scrub(self, event: MouseDown | MouseMove) -> None:
        column = event.x - self.styles.padding.left - _LABEL
        event.stop()
        if len(self._source):
            self.post_message(Scrubbed(self._scale.at_column(self._source, column)))

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()


def _tick(tick: Tick | None) -> Span:
    return (tick.sign, tick.style) if tick is not None else (" ", "")


def _merged(line: Line, place: int, is_set: bool, focused: bool) -> list[Span]:
    row: list[Span] = []
    for column, (tick, sounds) in enumerate(zip(line.ticks, line.sounds, strict=True)):
        if column == place and (is_set or focused):
            row.append(("┃", "bold text on key" if focused else "bold accent"))
        elif tick is not None:
            row.append((tick.sign, tick.style))
        elif sounds:
            row.append(("━", "green"))
        else:
            row.append(("─", "line"))
    return row
