"""A look at the bytes of a record's line, to spare the parsing of most lines of a long trace.

A look is a list of byte strings: a line, with its ASCII letters lowered, that holds none of
them cannot match. It may be too generous and must never be too strict. What makes that hard:

- JSON may write any character as an escape: a line with ``\\u`` is always looked into.
- Lowering makes a plain k of the Kelvin sign and an i of the dotted I.
- The list leaves out the joiners and modifiers of emoji, and shows flags as letters
  (``view_text``); a word may come together that the line does not hold in one piece.
- The list says words of its own. They are collected from the code that says them, so that
  nothing has to be kept in step by hand.
- The list computes numbers: only letters are looked for, and numbers too long to be computed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any, Final, NamedTuple

from ivrsim.trace.view_words import words

# A NUL is in no JSON but that of UTF-16, which a foreign writer might use.
ALWAYS: Final = (b"\\u", b"\x00")
_KELVIN: Final = "\u212a".encode()
_DOTTED: Final = "\u0130".encode()
# Joiner; variation selectors; skin tones and flags; tags and more selectors.
_RECOMBINED: Final = (b"\xe2\x80\x8d", b"\xef\xb8", b"\xf0", b"\xf3")

# How Python writes values that are neither text nor whole numbers.
_VALUES: Final = "none true false infinity nan"
_NUMBER: Final = re.compile(r"\+?[0-9]{7,}")


class Look(NamedTuple):
    """What a matching line holds at least one of; ``follows``: or the line of its request."""

    needles: tuple[bytes, ...]
    follows: bool = False

    def weight(self) -> tuple[int, int]:
        """The heavier of two looks lets fewer lines pass."""
        own = [len(needle) for needle in self.needles if needle[0] < 0x80]
        return min(own, default=0), -len(self.needles)


def either(looks: list[Look | None]) -> Look | None:
    """The look of terms of which one must match."""
    known = [look for look in looks if look is not None]
    if len(known) < len(looks):
        return None
    needles = dict.fromkeys(needle for look in known for needle in look.needles)
    return Look(tuple(needles), any(look.follows for look in known))


def both(looks: list[Look | None]) -> Look | None:
    """The look of terms that must all match: the best of them."""
    return max((look for look in looks if look is not None), key=Look.weight, default=None)


def look_for_key(key: str) -> Look:
    """Lines with a field of this name."""
    return Look((b'"%s"' % key.encode(),))


def look_for_value(text: str, follows: bool = False) -> Look | None:
    """Lines in which a string or whole number holds ``text`` (already lowered)."""
    runs = [run for run in _runs(text) if len(run.encode()) > 1]
    if not runs:
        return None
    run = max(runs, key=len)
    return Look((run.encode(), *_foreign(run)), follows)


def is_long_number(text: str) -> bool:
    """Whether ``text`` is a number that is looked for in the data alone, as a telephone's."""
    return _NUMBER.fullmatch(text) is not None


def look_for_words(text: str) -> Look | None:
    """Lines whose record, or its words in the list, may hold ``text`` (already lowered)."""
    if is_long_number(text):
        return Look((text.lstrip("+").encode(),))
    runs = [run for run in _runs(text) if _tells(run) and not _own(run)]
    if not runs:
        return None
    run = max(runs, key=len)
    return Look((run.encode(), *_foreign(run), *_RECOMBINED), follows=True)


def _runs(text: str) -> Iterator[str]:
    """The pieces of ``text`` that stand in a line as they are."""
    run = ""
    for char in text:
        if char.isalnum() and (char.isascii() or char.lower() == char == char.upper()):
            run += char
        else:
            yield run
            run = ""
    yield run


def _foreign(run: str) -> tuple[bytes, ...]:
    return (_KELVIN,) * ("k" in run) + (_DOTTED,) * ("i" in run)


def _tells(run: str) -> bool:
    """Whether the list cannot have computed ``run``: ``8``, ``1e``."""
    return not run.isascii() or sum(not char.isdigit() for char in run) > 1


def _own(run: str) -> bool:
    """Whether the list says ``run`` of its own accord; it also says the plural."""
    own = _own_words()
    return run in own or (run.endswith("s") and run[:-1] in own)


@lru_cache(1)
def _own_words() -> str:
    """All literals that ``words`` can reach, lowered, a line each."""
    literals = dict.fromkeys([_VALUES, "webhook, second attempt"])
    seen: set[int] = set()
    _collect(words, literals, seen)
    return "\n".join(literal.lower() for literal in literals)


def _collect(value: Any, literals: dict[str, None], seen: set[int]) -> None:
    if isinstance(value, str):
        literals[value] = None
    elif id(value) in seen:
        return
    elif isinstance(value, FunctionType):
        seen.add(id(value))
        if value.__module__.startswith("ivrsim."):
            _collect_code(value.__code__, value.__globals__, value.__doc__, literals, seen)
    elif isinstance(value, Mapping):
        seen.add(id(value))
        for key, item in value.items():
            _collect(key, literals, seen)
            _collect(item, literals, seen)
    elif isinstance(value, list | tuple | set | frozenset):
        seen.add(id(value))
        for item in value:
            _collect(item, literals, seen)


def _collect_code(
    code: CodeType,
    names: Mapping[str, Any],
    doc: str | None,
    literals: dict[str, None],
    seen: set[int],
) -> None:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            _collect_code(constant, names, None, literals, seen)
        elif constant is not doc or doc is None:
            _collect(constant, literals, seen)
    for name in code.co_names:
        if name in names:
            _collect(names[name], literals, seen)
