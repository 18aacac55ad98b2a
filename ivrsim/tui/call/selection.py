"""Which records the trace shows: all, those of a category, those that match a filter."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING, Final, overload

from ivrsim.trace.view_words import CATEGORIES, category
from ivrsim.tui.traces.source import Source

if TYPE_CHECKING:
    from ivrsim.trace.search import Search

_KINDS_AT_ONCE: Final = 50_000
_FIRST_PIECE: Final = 200
_PIECE_S: Final = 0.004
"""What a piece of a search is to take; its size follows."""


class Shown(Sequence[int]):
    """Records counted from 0, rising. ``advance`` looks through what has come since."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.category = CATEGORIES[0]
        self.text = ""
        self._search: Search | None = None
        self._found: array[int] | None = None  # None: all of them
        self._taken = 0
        self._piece = _FIRST_PIECE

    def choose(self, category: str, text: str) -> None:
        """Begin anew. Raises FilterError; what was chosen before stays then."""
        # Imported with the first filter: a trace can be opened and looked at without.
        from ivrsim.trace.filter import parse_filter
        from ivrsim.trace.search import Search

        search = Search(self._source, parse_filter(text)) if text.strip() else None
        self.category, self.text, self._search = category, text, search
        self._taken, self._piece = 0, _FIRST_PIECE
        everything = category == CATEGORIES[0] and search is None
        self._found = None if everything else array("I")

    @property
    def searching(self) -> int | None:
        """How many records a search has looked at, None when there is no search to wait for."""
        if self._search is None or self._search.scanned >= len(self._source):
            return None
        return self._search.scanned

    def advance(self, until: float) -> bool:
        """Go on until ``monotonic()`` is ``until``; True when everything has been looked at."""
        if self._found is None:
            return True
        if self._search is None:
            return self._advance_kinds(self._found, until)
        return self._advance_search(self._search, self._found, until)

    def _advance_kinds(self, found: array[int], until: float) -> bool:
        while self._taken < len(self._source):
            stop = min(len(self._source), self._taken + _KINDS_AT_ONCE)
            numbers, names = self._source.kinds(self._taken, stop)
            wanted = {n for n, name in enumerate(names) if category(name) == self.category}
            found.extend(i for i, n in enumerate(numbers, self._taken) if n in wanted)
            self._taken = stop
            if monotonic() >= until:
                break
        return self._taken >= len(self._source)

    def _advance_search(self, search: Search, found: array[int], until: float) -> bool:
        done = search.scanned >= len(self._source)
        while not done:
            began, before = monotonic(), search.scanned
            if began >= until:
                break
            done = search.advance(self._piece)
            took = monotonic() - began
            if search.scanned - before >= self._piece:  # not the rest, which says nothing
                self._piece = max(50, round(self._piece * min(4.0, _PIECE_S / max(took, 1e-6))))
        new = search.found[self._taken :]
        self._taken += len(new)
        if self.category != CATEGORIES[0]:
            kind = self._source.kind
            new = array("I", (i for i in new if category(kind(i)) == self.category))
        found.extend(new)
        return done

    def __len__(self) -> int:
        count = len(self._source)
        if self._found is None:
            return count
        while self._found and self._found[-1] >= count:  # damage was found, the trace is shorter
            self._found.pop()
        return len(self._found)

    @overload
    def __getitem__(self, line: int) -> int: ...
    @overload
    def __getitem__(self, line: slice) -> Sequence[int]: ...
    def __getitem__(self, line: int | slice) -> int | Sequence[int]:
        if self._found is None:
            return range(len(self._source))[line]
        return self._found[line]


class Counts:
    """How many records of each category there are by now."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._counted = 0
        self._counts: Counter[str] = Counter()

    def now(self) -> tuple[int, ...]:
        """In the order of ``CATEGORIES``."""
        numbers, names = self._source.kinds(self._counted)
        for number, count in Counter(numbers).items():
            group = category(names[number])
            if group is not None:
                self._counts[group] += count
        self._counted += len(numbers)
        self._counts[CATEGORIES[0]] = self._counted
        return tuple(self._counts[name] for name in CATEGORIES)
