"""What the caller hears and does, as a chat. Captions light up as they are spoken."""

from __future__ import annotations

from bisect import bisect_right

from rich.cells import cell_len

from ivrsim.trace.view import CallView
from ivrsim.trace.view_items import EventItem, Item, KeysItem, PromptItem, SpeechItem
from ivrsim.trace.view_text import one_line_of
from ivrsim.trace.view_words import clock_words
from ivrsim.tui.call.closing import closing_rows
from ivrsim.tui.lines import Lines
from ivrsim.tui.spans import Row, Span, centred, width_of, wrap

_KEPT = 2000
"""Items laid out; what came earlier is in the trace."""
_BUBBLE = 66
_NO_WORDS = ("…", "(not understood)")
"""What a view says for a voice whose words are not known yet, or never will be."""
_TONES = {"quiet": "muted", "good": "green", "warn": "yellow", "error": "red"}
_SIGNS = {"warn": "▲ ", "error": "✕ "}


class Conversation(Lines):
    ALLOW_SELECT = True
    FOLLOWS = True

    def __init__(self, view: CallView) -> None:
        super().__init__(id="conversation")
        self._view = view
        self._now = 0
        self._crashed: str | None = None
        self._ending: list[Row] = []
        self._ending_at = 0
        self._laid: list[tuple[Item, int, list[Row]]] = []
        self._starts: list[int] = []
        self._dropped = 0
        self._forgotten = 0  # by the view
        self._for_width = 0

    def show(self, view: CallView, now_ms: int, crashed: str | None) -> None:
        """``crashed`` says why the call could not go on."""
        self._view, self._now, self._crashed = view, now_ms, crashed
        self._lay_out()

    def on_resize(self) -> None:
        if self.width != self._for_width:
            self._lay_out()

    def _lay_out(self) -> None:
        width = self.width
        if width <= 0:
            return
        items = self._view.items
        dropped = max(0, len(items) - _KEPT)
        too_few = self._dropped > 0 and len(items) - self._dropped < _KEPT // 2  # gone back
        first = bool(self._forgotten) != bool(self._view.items_dropped)  # a line more, or less
        if width != self._for_width or dropped > self._dropped or too_few or first:
            # Drop a good piece at once, so that this is rare.
            self._dropped = min(len(items), dropped + (_KEPT // 4 if dropped else 0))
            self._for_width, self._laid, self._starts = width, [], []
        self._forgotten = self._view.items_dropped
        fresh = len(self._laid)
        for index, (item, version, _) in enumerate(self._laid):
            place = self._dropped + index
            now = items[place] if place < len(items) else None
            # At another moment of the call the same items are other objects.
            if (now is not item and now != item) or item.version != version:
                fresh = index
                break
        del self._laid[fresh:], self._starts[fresh:]
        earlier = self._dropped + self._forgotten
        line = self._starts[-1] + len(self._laid[-1][2]) if self._laid else int(earlier > 0)
        for item in items[self._dropped + fresh :]:
            rows = rows_of(item, width)
            self._laid.append((item, item.version, rows))
            self._starts.append(line)
            line += len(rows)
        self._ending_at = line
        self._ending = closing_rows(self._view, self._crashed, width)
        self.set_count(line + len(self._ending))

    def row(self, y: int, width: int) -> tuple[Row, str]:
        earlier = self._dropped + self._forgotten
        if earlier and y == 0:
            return centred([(f"… {earlier:,} earlier: see the trace", "faint")], width), ""
        if y >= self._ending_at:
            return centred(self._ending[y - self._ending_at], width), ""
        index = bisect_right(self._starts, y) - 1
        item, _, rows = self._laid[index]
        line = y - self._starts[index]
        if isinstance(item, PromptItem) and item.state == "playing":
            rows = rows_of(item, width, spoken_characters(item, self._now))
        return rows[line], ""


def spoken_characters(item: PromptItem, now_ms: int) -> int:
    """How far into its text a prompt has come at ``now_ms``, to the end of a word."""
    text = caption(item)
    if item.duration_ms is None or item.duration_ms <= 0:
        return len(text)
    once = item.duration_ms / max(1, item.loop)
    played = max(0, now_ms - item.t)
    if played >= item.duration_ms:
        return len(text)
    at = round(len(text) * (played % once) / once)
    space = text.find(" ", at)
    return len(text) if space < 0 else space


def caption(item: PromptItem) -> str:
    if item.text:
        return one_line_of(item.text, 4000)
    return f"♪ {one_line_of(item.url or 'sound')}"


def rows_of(item: Item, width: int, spoken: int | None = None) -> list[Row]:
    """The lines of one item; ``spoken`` characters of a prompt are lit, None: all."""
    match item:
        case PromptItem():
            return _prompt(item, width, spoken)
        case KeysItem():
            return _keys(item, width)
        case SpeechItem():
            return _speech(item, width)
        case EventItem():
            return _event(item, width)


def _prompt(item: PromptItem, width: int, spoken: int | None) -> list[Row]:
    text = caption(item)
    playing = item.state == "playing"
    if item.state in ("interrupted", "skipped") and item.ended_t is not None:
        spoken = spoken_characters(item, item.ended_t)
    edge = "accent" if playing else "red" if item.state == "failed" else "faint"
    remark = {
        "interrupted": f"interrupted by {_cause(item.remark)}",
        "skipped": "skipped",
        "failed": "could not be played",
    }.get(item.state, "")
    if item.duration_ms is None and playing:
        remark = "for ever"
    elif item.loop > 1:
        remark = f"{remark}, {item.loop} times".removeprefix(", ")
    rows = _bubble(text, width, edge, clock_words(item.t), spoken)
    if remark:
        rows.append([(f"   {remark}", "faint")])
    return [*rows, []]


def _cause(by: str | None) -> str:
    return {"digit": "a key", "speech": "speech", "hangup": "hang-up"}.get(by or "", by or "")


def _bubble(
    text: str, width: int, edge: str, time: str, spoken: int | None = None, who: str = ""
) -> list[Row]:
    room = max(8, min(width - 5 - len(time) - 1, _BUBBLE))
    lines = wrap(text, room)
    inner = max((cell_len(line) for _, line in lines), default=0)
    inner = max(inner, cell_len(who))
    rows: list[Row] = []
    if who:
        pad = " " * (inner - cell_len(who) + 2)
        rows.append([("▌", f"{edge} on raised"), (f" {who}{pad}", "bold purple on raised")])
    for number, (start, line) in enumerate(lines):
        lit = len(line) if spoken is None else max(0, min(len(line), spoken - start))
        row: list[Span] = [("▌", f"{edge} on raised"), (" ", "text on raised")]
        if lit:
            row.append((line[:lit], "text on raised"))
        if lit < len(line):
            row.append((line[lit:], "faint on raised"))
        row.append((" " * (inner - cell_len(line) + 2), "text on raised"))
        if number == len(lines) - 1:
            row.append((f" {time}", "faint"))
        rows.append([(" ", ""), *row])
    return rows if not who else [[(" ", ""), *rows[0]], *rows[1:]]


def _right(row: list[Span], width: int) -> list[Span]:
    return [(" " * max(0, width - width_of(row) - 1), ""), *row]


def _keys(item: KeysItem, width: int) -> list[Row]:
    style = "muted on raised" if item.ignored is not None else "bold text on key"
    room = max(1, (width - 12) // 4)
    digits = one_line_of(item.digits)
    rows: list[Row] = []
    for start in range(0, len(digits), room):
        chips: list[Span] = []
        for digit in digits[start : start + room]:
            chips += [(" ", ""), (f" {digit} ", style)]
        time: list[Span] = [(clock_words(item.t), "faint")] if start == 0 else []
        rows.append(_right([*time, *chips], width))
    return [*rows, *_ignored(item, width), []]


def _speech(item: SpeechItem, width: int) -> list[Row]:
    text = one_line_of(item.text, 2000)
    if item.who is not None:
        return [*_bubble(text, width, "purple", clock_words(item.t), None, item.who), []]
    words = item.text not in _NO_WORDS
    lines = wrap(f"“{text}”" if words else text, max(8, min(width - 14, _BUBBLE)))
    inner = max(cell_len(line) for _, line in lines)
    style = "muted on raised" if item.ignored or not words else "text on key"
    time: list[Span] = [(f"{clock_words(item.t)}  ", "faint")]
    rows: list[Row] = []
    for _, line in lines:
        pad = " " * (inner - cell_len(line))
        rows.append(_right([*time, (f" {line}{pad} ", style)], width))
        time = []
    if item.confidence is not None and item.source == "microphone":
        rows.append(_right([(f"{item.confidence:.0%} sure", "faint")], width))
    return [*rows, *_ignored(item, width), []]


def _ignored(item: KeysItem | SpeechItem, width: int) -> list[Row]:
    if item.ignored is None:
        return []
    lines = wrap(f"ignored: {one_line_of(item.ignored)}", max(10, width - 6))
    return [_right([(line, "yellow")], width) for _, line in lines]


def _event(item: EventItem, width: int) -> list[Row]:
    text = _SIGNS.get(item.tone, "") + one_line_of(item.text, 1000)
    style = _TONES[item.tone]
    return [
        *(centred([(line, style)], width) for _, line in wrap(text, max(10, width - 8))),
        [],
    ]
