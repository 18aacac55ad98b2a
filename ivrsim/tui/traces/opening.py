"""The first frame of ``ivrsim open``: the list of the trace in its place, before anything else is
imported, folded or laid out. The call screen takes its place at once."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.screen import Screen

from ivrsim.trace.view_text import one_line_of
from ivrsim.trace.view_words import words
from ivrsim.tui.call.record_row import record_row
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.spans import Row, Span, width_of
from ivrsim.tui.traces.pairs import Pairs
from ivrsim.tui.traces.source import Source, record_at

PHONE = 25
_TITLE, _TIME, _KEYS = 1, 2, 1
"""Lines above and below the panes."""
_SMALL = (110, 33)
"""Below this many columns or lines the call screen looks otherwise."""


class Frame(LineWidget):
    """The panes of the call screen as boxes: roughly where they will be, the list filled in."""

    DEFAULT_CSS = "Frame { height: 1fr; width: 1fr; background: $ivr-pane; }"

    def __init__(self, title: str, source: Source, at: int | None) -> None:
        super().__init__()
        self._title = title
        self._source = source
        self._pairs = Pairs(source)
        self._at = at

    def rows(self, width: int) -> list[Row]:
        height = self.size.height - _TITLE - _TIME - _KEYS
        blank: Row = [(" " * width, "text on back")]
        title: list[Span] = [
            (" ivrsim", "bold accent on back"), ("  ", "text on back"),
            (one_line_of(self._title), "bold text on back"), (" " * width, "text on back"),
        ]  # fmt: skip
        if width < _SMALL[0] or self.size.height < _SMALL[1]:
            return [title]  # one pane at a time: which, is for the call screen to say
        rest = max(0, width - PHONE)
        middle = int(rest / 2.2)
        detail = round(height * 0.42)
        low = 14 if self.size.height >= 44 else max(6, self.size.height // 4)
        columns = (
            _box("phone", PHONE, height),
            [*_box("conversation", middle, height - low), *_box("document", middle, low)],
            [*self._list(rest - middle, height - detail), *_box("detail", rest - middle, detail)],
        )
        body = [[*a, *b, *c] for a, b, c in zip(*columns, strict=False)]
        keys: Row = [
            (" Esc", "bold accent on back"), (" back   ", "muted on back"),
            ("?", "bold accent on back"), (" help", "muted on back"), blank[0],
        ]  # fmt: skip
        return [title, blank, blank, *body, keys]

    def _list(self, width: int, height: int) -> list[list[Span]]:
        source = self._source
        room = max(0, height - 3)
        end = len(source) if self._at is None else min(len(source), max(room, self._at))
        box = _box("trace", width, height, f"{len(source):,} records")
        for line, i in enumerate(range(max(0, end - room), end), 2):
            record = record_at(source, i)
            if record is None:
                break  # damage: the call screen says where
            said = words(record, self._pairs.titles(record))
            row, _ = record_row(record, said, False, False, width - 3)
            box[line] = [("│", "line"), *row, (" ", ""), ("│", "line")]
        return box


def _box(title: str, width: int, height: int, below: str = "") -> list[list[Span]]:
    if width < 4 or height < 2:
        return [[] for _ in range(height)]
    top: list[Span] = [("╭─ ", "line"), (title, "muted"), (" ", "line")]
    top += [("─" * (width - 1 - width_of(top)), "line"), ("╮", "line")]
    inside = max(0, width - 2 - len(below) - 3) if below else width - 2
    bottom: list[Span] = [("╰" + "─" * inside, "line")]
    bottom += [(f" {below} ", "faint"), ("─╯", "line")] if below else [("╯", "line")]
    between: list[Span] = [("│", "line"), (" " * (width - 2), ""), ("│", "line")]
    return [top, *(list(between) for _ in range(height - 2)), bottom]


class OpeningScreen(Screen[None]):
    """Shows ``Frame``, and asks for the call screen when it has been painted."""

    DEFAULT_CSS = "OpeningScreen { background: $ivr-back; }"

    def __init__(
        self, title: str, source: Source, at: int | None, ready: Callable[[], None]
    ) -> None:
        super().__init__()
        self._frame = Frame(title, source, at)
        self._ready = ready

    def compose(self) -> ComposeResult:
        yield self._frame

    def on_mount(self) -> None:
        self.call_after_refresh(self.set_timer, 0.001, self._ready)
