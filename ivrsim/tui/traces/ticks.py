"""What stands on the line of time: keys, words, webhooks, marks, and where prompts sound.

A call of ordinary length is read whole, piece by piece. A long one is never: each column then
shows what the kinds of its records tell.
"""

from __future__ import annotations

from time import monotonic
from typing import Final, NamedTuple

from ivrsim.trace.record import Record
from ivrsim.trace.view_text import one_line_of
from ivrsim.trace.view_words import text_of
from ivrsim.tui.traces.places import Scale, index_at, time_of
from ivrsim.tui.traces.source import Source, status_of

EXACT: Final = 20_000
"""Records that are read for their ticks; a call of more is shown by its kinds."""
_PIECE: Final = 200


class Tick(NamedTuple):
    """One sign; where several meet in one column, the highest ``rank`` is shown."""

    sign: str
    style: str
    rank: int


_BY_KIND: Final = {
    "webhook.request": Tick("→", "blue", 1),
    "webhook.failed": Tick("✕", "bold red", 6),
    "digit": Tick("•", "bold accent", 3),
    "speech": Tick("“", "bold purple", 3),
    "mark": Tick("⚑", "purple", 4),
    "fault": Tick("✕", "red", 5),
    "fault.injected": Tick("✕", "yellow", 5),
    "request.edited": Tick("✎", "purple", 5),
    "reply.edited": Tick("✎", "purple", 5),
    "call.ended": Tick("■", "muted", 2),
}
_FAILED: Final = Tick("✕", "bold red", 6)
_OVER: Final = frozenset({"prompt.finished", "prompt.interrupted", "prompt.failed"})


def tick_of(record: Record) -> Tick | None:
    """The sign of one record, None for most."""
    tick = _BY_KIND.get(record.kind)
    match record.kind:
        case "webhook.request":
            return None if record.data.get("sent") is False else tick
        case "webhook.response":
            return _FAILED if status_of(record) >= 400 else None
        case "digit":
            sign = one_line_of(text_of(record.data.get("digit")))[:1] or "•"
            style = "yellow" if record.data.get("ignored") else "bold accent"
            return Tick(sign, style, 3)
        case "diagnostic":
            severity = record.data.get("severity")
            if severity == "error":
                return Tick("▲", "red", 5)
            return Tick("▲", "yellow", 2) if severity == "warning" else None
    return tick


class Line(NamedTuple):
    """One tick or none for each column, and in which of them a prompt sounds."""

    ticks: list[Tick | None]
    sounds: list[bool]


class Ticks:
    """Takes in the records of ``source`` as far as they are there."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._read = 0
        self._moments: list[tuple[int, int, Tick]] = []
        self._prompts: dict[str, int] = {}
        self._spans: list[tuple[int, int]] = []
        self._coarse = _Coarse(source)

    @property
    def exact(self) -> bool:
        return len(self._source) <= EXACT

    def advance(self, until: float) -> bool:
        """Read on until ``monotonic()`` is ``until``; True when there is nothing more to read."""
        if not self.exact:
            return self._coarse.advance(until)
        end = len(self._source)
        while self._read < end:
            stop = min(end, self._read + _PIECE)
            before = self._read
            for record in self._source.records(before, stop):
                self._take(record)
                self._read = record.seq
            if self._read == before or monotonic() >= until:  # damage, or enough for now
                break
        return self._read >= min(end, len(self._source))

    def _take(self, record: Record) -> None:
        tick = tick_of(record)
        if tick is not None:
            self._moments.append((record.t, record.seq - 1, tick))
        name = text_of(record.data.get("prompt")) if record.kind.startswith("prompt.") else ""
        if record.kind == "prompt.started":
            self._prompts[name] = record.t
        elif record.kind in _OVER and name in self._prompts:
            self._spans.append((self._prompts.pop(name), record.t))
        elif record.kind == "call.ended":
            self._spans += [(begun, record.t) for begun in self._prompts.values()]
            self._prompts.clear()

    def line(self, scale: Scale) -> Line:
        """What is known by now, in the columns of ``scale``."""
        if not self.exact:
            return self._coarse.line(scale)
        line = Line([None] * scale.width, [False] * scale.width)
        for t, i, tick in self._moments:
            _put(line, scale.column(i, t), tick)
        if scale.last_t > 0:
            open_spans = [(begun, scale.last_t) for begun in self._prompts.values()]
            for begun, over in (*self._spans, *open_spans):
                for column in range(scale.column(0, begun), scale.column(0, over) + 1):
                    line.sounds[column] = True
        return line


def _put(line: Line, column: int, tick: Tick) -> None:
    there = line.ticks[column]
    if there is None or there.rank < tick.rank:
        line.ticks[column] = tick


class _Coarse:
    """The columns of a long trace, each from the kinds of its records."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._for: Scale | None = None
        self._line = Line([], [])
        self._next = 0
        self._at = 0

    def line(self, scale: Scale) -> Line:
        known = self._for
        if known is None or known.width != scale.width or scale.count > known.count * 1.02:
            self._for, self._next, self._at = scale, 0, 0
            self._line = Line([None] * scale.width, [False] * scale.width)
        return self._line

    def advance(self, until: float) -> bool:
        scale = self._for
        if scale is None:
            return True  # nobody has asked yet
        while self._next < scale.width:
            stop = self._end_of(scale, self._next)
            numbers, names = self._source.kinds(self._at, stop)
            for kind in {names[number] for number in set(numbers)}:
                if kind in _BY_KIND:
                    _put(self._line, self._next, _BY_KIND[kind])
                if kind == "prompt.started":
                    self._line.sounds[self._next] = True
            self._at, self._next = stop, self._next + 1
            if monotonic() >= until:
                break
        return self._next >= scale.width

    def _end_of(self, scale: Scale, column: int) -> int:
        """The first record that lies beyond ``column``."""
        if column >= scale.width - 1:
            return scale.count
        share = (column + 0.5) / max(1, scale.width - 1)
        if scale.last_t <= 0:
            return max(self._at, min(scale.count, round(share * (scale.count - 1))))
        t = round(share * scale.last_t)
        found = index_at(self._source, t, self._at, scale.count)
        return found + (time_of(self._source, found) <= t)
