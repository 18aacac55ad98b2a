"""Are two values the same, but for what differs in any two calls?

Ids are matched one to one: where an id of the old call has become another, it must be that one
everywhere. Times of day, addresses of the application and sizes are known to differ. Lengths of
calls follow from their times.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from ivrsim.replay.align import align

_ID: Final = re.compile(
    r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b|\b[0-9a-f]{32}\b"
)
_TOKEN: Final = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*")
_LOOPBACK: Final = re.compile(r"(?<=//)(?:127\.0\.0\.1|localhost|\[::1\]):\d+(?=/v1/)")
_NEW_EACH_TIME: Final = re.compile("|".join(one.pattern for one in (_ID, _TOKEN, _LOOPBACK)))
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?|1\d{9}(?:\d{3})?"
)
_OF_TIME: Final = re.compile(r"time$|Time$|stamp$|Stamp$|[dD]ate$|_at$|At$|^iat$|^exp$|^jti$")
_LENGTHS: Final = frozenset({"duration", "callDuration", "duration_ms", "played_ms"})
_VOLATILE: Final = frozenset({"elapsed_ms", "size", "price", "rate", "callQuality"})

NOTHING: Final = "(nothing)"
"""Stands for a value that is not there, in words and as ``old`` or ``new`` of a difference."""


class Leaf(NamedTuple):
    """One value that differs: ``pointer`` is a JSON pointer below the value compared."""

    pointer: str
    old: Any
    new: Any
    ignored: bool = False


class Ids:
    """Which id of the old call is which of the new one."""

    def __init__(self) -> None:
        self._new: dict[str, str] = {}
        self._old: dict[str, str] = {}

    def same(self, old: str, new: str) -> bool:
        """Whether ``new`` may be ``old`` in the new call; it then is from now on."""
        known, back = self._new.get(old), self._old.get(new)
        if known is None and back is None:
            self._new[old], self._old[new] = new, old
            return True
        return known == new and back == old

    def all_same(self, old: Sequence[str], new: Sequence[str]) -> bool:
        different = [a for a, b in zip(old, new, strict=True) if not self.same(a, b)]
        return not different  # each is asked, so that all are known from now on


class Ignored:
    """What the caller says may differ: field names, JSON pointers with ``*``, kinds, codes."""

    def __init__(self, items: Sequence[str]) -> None:
        self._names = {item for item in items if item and not item.startswith("/")}
        self._pointers = [
            re.compile("/".join(_segment(part) for part in item.split("/")) + r"(?:/.*)?")
            for item in items
            if item.startswith("/")
        ]

    def __bool__(self) -> bool:
        return bool(self._names or self._pointers)

    def name(self, name: str) -> bool:
        return name in self._names

    def pointer(self, *pointers: str) -> bool:
        """Whether any of these ways to point at one value is ignored."""
        names = self._names
        if names and any(_unescaped(part) in names for part in pointers[0].split("/")[1:]):
            return True
        return any(wanted.fullmatch(found) for wanted in self._pointers for found in pointers)


def _segment(part: str) -> str:
    return "[^/]*" if part == "*" else re.escape(part)


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


class Origins:
    """The application's own addresses: ``old`` and ``new`` strings are compared without them."""

    def __init__(self, urls: Mapping[str, Any]) -> None:
        self._origins: list[str] = []
        self._urls: dict[str, str] = {}
        for name, url in urls.items():
            if not isinstance(url, str):
                continue
            self._urls.setdefault(url, name)
            try:
                parts = urlsplit(url)
            except ValueError:  # a URL that never was one, of a log or a damaged trace
                continue
            if parts.scheme in ("http", "https") and parts.netloc:
                self._origins.append(f"{parts.scheme}://{parts.netloc}")
        self._origins = sorted(set(self._origins), key=len, reverse=True)

    def plain(self, text: str) -> str:
        """``text`` with the application's address left out."""
        if "://" in text or text.startswith(("pages:", "/")):
            url, query, rest = text.partition("?")
            name = self._urls.get(text) or self._urls.get(url)
            if name is not None:
                return f"({name} URL){query}{rest}"
            for origin in self._origins:
                text = text.replace(origin, "(application)")
        return text


class Values:
    """Compares values of two calls."""

    def __init__(self, ids: Ids, ignored: Ignored, old: Origins, new: Origins) -> None:
        self._ids = ids
        self._ignored = ignored
        self._old = old
        self._new = new

    def leaves(
        self,
        old: Any,
        new: Any,
        pointer: str = "",
        also: str = "",
        shift_ms: int | None = 0,
    ) -> Iterator[Leaf]:
        """Every value that differs, those that are ignored too.

        ``also`` is another beginning of the pointers, to be ignored by. ``shift_ms``: by so much
        later the new call is than the old one here; None in what the application has said, where
        a length or a size is its own word and not one of the platform's measures.
        """
        if self._ignored and pointer and self._ignored.pointer(pointer, also + pointer):
            if old != new:
                yield Leaf(pointer, old, new, ignored=True)
            return
        if isinstance(old, dict) and isinstance(new, dict):
            for name in [*old, *(name for name in new if name not in old)]:
                inner = f"{pointer}/{escaped(name)}"
                if name not in old or name not in new:
                    ignored = self._ignored.pointer(inner, also + inner)
                    yield Leaf(inner, old.get(name, NOTHING), new.get(name, NOTHING), ignored)
                    continue
                a, b = old[name], new[name]
                if not volatile(name, a, b, shift_ms):
                    yield from self.leaves(a, b, inner, also, shift_ms)
        elif _are_actions(old) and _are_actions(new):
            yield from self._actions(old, new, pointer, also, shift_ms)
        elif isinstance(old, list) and isinstance(new, list):
            for i in range(max(len(old), len(new))):
                inner = f"{pointer}/{i}"
                if i >= len(old) or i >= len(new):
                    yield Leaf(
                        inner,
                        old[i] if i < len(old) else NOTHING,
                        new[i] if i < len(new) else NOTHING,
                        self._ignored.pointer(inner, also + inner),
                    )
                else:
                    yield from self.leaves(old[i], new[i], inner, also, shift_ms)
        elif not self.same(old, new):
            yield Leaf(pointer, old, new)

    def _actions(
        self, old: list[Any], new: list[Any], pointer: str, also: str, shift_ms: int | None
    ) -> Iterator[Leaf]:
        """Actions are matched by their names: one that is new moves the others."""
        names = [[value["action"] for value in values] for values in (old, new)]
        exact = [[repr(value) for value in values] for values in (old, new)]
        pairs = align(*exact, *names)
        i = j = 0
        for a, b in [*pairs, (len(old), len(new))]:
            for x, y in zip_longest(range(i, a), range(j, b)):
                inner = f"{pointer}/{y if x is None else x}"
                yield Leaf(
                    inner,
                    NOTHING if x is None else old[x],
                    NOTHING if y is None else new[y],
                    self._ignored.pointer(inner, also + inner),
                )
            if a < len(old):
                yield from self.leaves(old[a], new[b], f"{pointer}/{b}", also, shift_ms)
            i, j = a + 1, b + 1

    def same(self, old: Any, new: Any) -> bool:
        """Whether two plain values are the same."""
        if isinstance(old, str) and isinstance(new, str):
            return old == new == "" or self.same_text(old, new)
        if isinstance(old, bool) or isinstance(new, bool):
            return old is new
        return bool(old == new) and isinstance(old, str) == isinstance(new, str)

    def same_text(self, old: str, new: str) -> bool:
        old_ids, new_ids = ids_in(old), ids_in(new)
        if old == new and not old_ids:
            return True
        if len(old_ids) != len(new_ids):
            return False
        if without_ids(self._old.plain(old)) != without_ids(self._new.plain(new)):
            return False
        return self._ids.all_same(old_ids, new_ids)


def _are_actions(value: Any) -> bool:
    """Whether it is a list of actions, as documents are."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and isinstance(one.get("action"), str) for one in value)
    )


def volatile(name: str, old: Any, new: Any, shift_ms: int | None) -> bool:
    """Whether two values of a field are expected to differ, and do so as they may."""
    if shift_ms is not None:
        if name in _VOLATILE:
            return True
        if name in _LENGTHS:
            return _follows(name, old, new, shift_ms)
    if _OF_TIME.search(name):
        return is_moment(old) and is_moment(new)
    return False


@lru_cache(maxsize=4096)
def _differs(name: str) -> bool | None:
    """None: if its value is a time of day."""
    if name in _VOLATILE or name in _LENGTHS:
        return True
    return None if _OF_TIME.search(name) else False


def known_to_differ(name: str, value: Any, *, said: bool = False) -> bool:
    """Whether this field is never compared as it is. ``said``: the application has said it."""
    known = _differs(name)
    if said and known:
        return False
    return known if known is not None else is_moment(value)


def _follows(name: str, old: Any, new: Any, shift_ms: int) -> bool:
    """A length that differs as the times of the call do."""
    try:
        before, after = float(old), float(new)
    except (TypeError, ValueError):
        return False
    unit = 1 if name.endswith("_ms") else 1000
    grown = (after - before) * unit
    low, high = sorted((0, shift_ms))
    return low - 1000 <= grown <= high + 1000


def is_moment(value: Any) -> bool:
    """Whether it is a time of day with a date, or seconds or milliseconds since 1970."""
    if isinstance(value, bool) or value is None:
        return False
    return isinstance(value, str | int) and _MOMENT.fullmatch(str(value)) is not None


def ids_in(text: str) -> list[str]:
    return _ID.findall(text) if len(text) >= 32 else []


def without_ids(text: str) -> str:
    """``text`` with placeholders for what is new in each call."""
    return _NEW_EACH_TIME.sub("…", text) if len(text) >= 20 else text


def escaped(name: Any) -> str:
    return str(name).replace("~", "~0").replace("/", "~1")
