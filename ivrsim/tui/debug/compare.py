"""Two calls side by side: what stands for what, where they differ, and how."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right

from textual.app import ComposeResult
from textual.binding import Binding
from textual.events import Click, Resize

from ivrsim.trace.record import Record
from ivrsim.trace.view_text import one_line_of
from ivrsim.trace.view_words import icon, words
from ivrsim.tui.debug.diff import rows_of_diff
from ivrsim.tui.debug.modal import CLOSE, DebugModal, Hints, Moved
from ivrsim.tui.debug.protocol import Comparison, Pair, Side
from ivrsim.tui.json_spans import payload_rows
from ivrsim.tui.keymap import COMPARE, bindings
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.lines import Lines
from ivrsim.tui.spans import Row, Span, both_ends, cut, width_of, wrap

_AROUND = 3
"""Lines that stay in sight above and below the cursor."""
_EDITS = frozenset({"request.edited", "reply.edited"})
"""Kinds whose records hold a difference of their own."""
_NARROW = 64
"""Below this many cells a half has no room for its time."""


class Sides(LineWidget):
    """Which call stands on which side, and how much they differ."""

    DEFAULT_CSS = "Sides { height: 2; background: $ivr-pane; }"

    def __init__(self, made: Comparison, different: int) -> None:
        super().__init__()
        self._made = made
        self._different = different

    def rows(self, width: int) -> list[Row]:
        half = (width - 3) // 2
        old, new = (one_line_of(side.title) for side in (self._made.old, self._made.new))
        found = self._made.differences
        count = self._different if found is None else found
        differ = "no difference" if not count else f"{count} difference{'s' * (count != 1)}"
        style = "yellow" if count else "green"
        left: list[Span] = [("before  ", "faint"), (cut(old, half - 8), "bold text")]
        left.append((" " * max(0, half - width_of(left)), ""))
        right = both_ends([("after  ", "faint"), (new, "bold text")], [(differ, style)], half)
        return [[*left, (" │ ", "line"), *right], [("─" * width, "line")]]


class Pairs(Lines):
    ALLOW_SELECT = False
    BINDINGS = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "move(-1000000000)", "First", show=False),
        Binding("end", "move(1000000000)", "Last", show=False),
    ]
    DEFAULT_CSS = "Pairs { height: 1fr; }"

    def __init__(self, made: Comparison) -> None:
        super().__init__(id="pairs")
        self._made = made
        self.different = [i for i, pair in enumerate(made.pairs) if not pair.same]
        self.all = True
        self.cursor = self.different[0] if self.different else 0

    @property
    def current(self) -> Pair | None:
        pairs = self._made.pairs
        return pairs[self.cursor] if self.cursor < len(pairs) else None

    def on_mount(self) -> None:
        self._count_again()
        self.call_after_refresh(self.move_to, self.cursor)

    def _count_again(self) -> None:
        self.set_count(len(self._made.pairs) if self.all else max(1, len(self.different)))

    def show_all(self, on: bool) -> None:
        self.all = on
        if not on and self.different and self.cursor not in self.different:
            self.step(1) if self.cursor < self.different[-1] else self.step(-1)
        self._count_again()
        self.move_to(self.cursor)

    def _line_of(self, index: int) -> int:
        return index if self.all else bisect_left(self.different, index)

    def _index_of(self, line: int) -> int:
        return line if self.all else self.different[line]

    def row(self, y: int, width: int) -> tuple[Row, str]:
        if not self.all and not self.different:
            return [("The two calls are the same.", "green")], ""
        if y >= len(self._made.pairs):
            return (), ""
        index = self._index_of(y)
        pair = self._made.pairs[index]
        here = index == self.cursor
        half = (width - 5) // 2
        old, new = pair.old is not None, pair.new is not None
        sign, tone = ("≠", "yellow") if old and new else ("-", "red") if old else ("+", "green")
        if pair.same:
            sign, tone = " ", "faint"
        left = self._side(self._made.old, pair.old, half, "red" if not pair.same else "")
        right = self._side(self._made.new, pair.new, half, "green" if not pair.same else "")
        pad: Span = (" " * max(0, half - width_of(left)), "")
        row: list[Span] = [
            ("▌" if here else " ", "accent"), *left, pad, (f" {sign} ", f"bold {tone}"), *right,
        ]  # fmt: skip
        if here:
            return [(text, f"{style or 'text'} on cursor") for text, style in row], "text on cursor"
        return row, ""

    def _side(self, side: Side, seq: int | None, width: int, tone: str) -> list[Span]:
        record = side.record(seq) if seq is not None else None
        if record is None:
            return [("·", "faint")]
        quiet = tone or "muted"
        spans: list[Span] = []
        if width >= _NARROW // 2:
            spans.append((f"{record.t / 1000:7.2f} ", "faint"))
        spans += [(f"{icon(record.kind)} ", quiet), (words(record, side.titles), tone or "text")]
        return both_ends(spans, [], width)

    # moving

    def move_to(self, index: int) -> None:
        if not self._made.pairs:
            return
        self.cursor = max(0, min(len(self._made.pairs) - 1, index))
        line = self._line_of(self.cursor)
        around = min(_AROUND, max(0, self.size.height // 2 - 1))
        for y in (min(self._count - 1, line + around), max(0, line - around), line):
            self.show_line(y)
        self.refresh()
        self.post_message(Moved(self.cursor))

    def step(self, way: int) -> bool:
        """To the next difference, or to the one before; False: there is none."""
        if way > 0:
            at = bisect_right(self.different, self.cursor)
        else:
            at = bisect_left(self.different, self.cursor) - 1
        if not 0 <= at < len(self.different):
            return False
        self.move_to(self.different[at])
        return True

    def action_move(self, by: int) -> None:
        last = (len(self._made.pairs) if self.all else len(self.different)) - 1
        if last >= 0:
            self.move_to(self._index_of(max(0, min(last, self._line_of(self.cursor) + by))))

    def action_page(self, by: int) -> None:
        self.action_move(by * max(1, self.size.height - 1))

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        y = offset.y + self.scroll_offset.y if offset is not None else -1
        if 0 <= y < self._count and (self.all or self.different):
            self.move_to(self._index_of(y))


class Difference(Lines):
    """How the records under the cursor differ."""

    DEFAULT_CSS = """
    Difference { height: 38%; border-top: solid $ivr-line; border-title-color: $ivr-muted; }
    """

    def __init__(self, made: Comparison) -> None:
        super().__init__(id="difference")
        self._made = made
        self._rows: list[Row] = []
        self._pair: Pair | None = None

    def on_resize(self) -> None:
        self.show(self._pair)

    def show(self, pair: Pair | None) -> None:
        self._pair = pair
        width = self.width
        if width > 0:
            self._rows = [] if pair is None else self._lay_out(pair, width)
            self.set_count(len(self._rows))
            self.scroll_to(y=0, animate=False, force=True, immediate=True)

    def row(self, y: int, width: int) -> tuple[Row, str]:
        return self._rows[y], ""

    def _lay_out(self, pair: Pair, width: int) -> list[Row]:
        made = self._made
        old = made.old.record(pair.old) if pair.old is not None else None
        new = made.new.record(pair.new) if pair.new is not None else None
        rows: list[Row] = []
        if pair.what or pair.kind:
            said = one_line_of(": ".join(filter(None, (pair.kind, pair.what))), 2000)
            rows += [[(line, "yellow")] for _, line in wrap(said, width)]
            rows.append([])
        if old is not None and new is not None:
            if pair.same:
                rows.append([("The same, but for ids and times.", "green")])
                return [*rows, [], *payload_rows(new.data, width)]
            return rows + rows_of_diff(_diff(old, new), width)
        one = old or new
        if one is None:
            return rows
        only = "only the call before has it" if old is not None else "only the call after has it"
        rows.append([(f"{one.kind}: {only}", "red" if old is not None else "green")])
        changed = one.data.get("diff") if one.kind in _EDITS else None
        if isinstance(changed, str):
            return [*rows, [], *rows_of_diff(changed, width)]
        return [*rows, [], *payload_rows(one.data, width)]


class CompareScreen(DebugModal[None]):
    COMMANDS_HERE = COMPARE
    TITLE_HERE = "two calls side by side"
    WIDTH = 400
    BINDINGS = [*bindings(COMPARE)]
    DEFAULT_CSS = "CompareScreen #box { height: 100%; padding: 0 1; }"

    def __init__(self, made: Comparison) -> None:
        super().__init__()
        self._made = made
        self._pairs = Pairs(made)

    def inside(self) -> ComposeResult:
        yield Sides(self._made, len(self._pairs.different))
        yield self._pairs
        yield Difference(self._made)
        yield Hints(*COMPARE, CLOSE)

    def on_mount(self) -> None:
        self._pairs.focus()

    def _fit(self, height: int) -> None:
        self.query_one(Hints).styles.margin = 0

    def on_resize(self, event: Resize) -> None:
        self._fit(event.size.height)

    def on_moved(self, event: Moved) -> None:
        event.stop()
        self.query_one(Difference).show(self._pairs.current)

    def action_difference_next(self) -> None:
        if not self._pairs.step(1):
            self.say("This is the last difference" if self._pairs.different else "No difference")

    def action_difference_previous(self) -> None:
        if not self._pairs.step(-1):
            self.say("This is the first difference" if self._pairs.different else "No difference")

    def action_compare_all(self) -> None:
        self._pairs.show_all(not self._pairs.all)


def _diff(old: Record, new: Record) -> str:
    """What two records differ in, field by field."""
    import difflib

    def lines(record: Record) -> list[str]:
        shown = {"kind": record.kind, "t": record.t, **_read(record.data)}
        return json.dumps(shown, ensure_ascii=False, indent=2, default=str).splitlines()

    made = difflib.unified_diff(lines(old), lines(new), "before", "after", lineterm="", n=2)
    return "\n".join(made)


def _read(data: dict[str, object]) -> dict[str, object]:
    """A body that is JSON in a text is compared as what it says."""
    body = data.get("body")
    if isinstance(body, str) and body[:1] in "[{":
        try:
            return {**data, "body": json.loads(body)}
        except (ValueError, RecursionError):
            pass
    return data
