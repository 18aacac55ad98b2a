"""What a filter is made of: terms that a record matches or does not, and how they combine."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from ivrsim.trace.filter_look import (
    Look,
    both,
    either,
    is_long_number,
    look_for_key,
    look_for_value,
    look_for_words,
)
from ivrsim.trace.filter_values import NumberTest
from ivrsim.trace.record import Record
from ivrsim.trace.titles import RecordOf, request_of
from ivrsim.trace.view_words import request_title, text_of, words

TextTest = Callable[[str], bool]

_TALK = ("caller", "party", "a", "b")
# The caller's leg is made when the call starts, before anything else can happen.
_FIRST_RECORDS = 16


class Term:
    """``matches`` decides; the others only spare it work, and may say yes too often.

    ``by_kind``: the kind alone decides, and ``may_match_kind`` is exact. ``look``: what a
    matching record's line holds.
    """

    by_kind = False
    look: Look | None = None

    def matches(self, record: Record, record_of: RecordOf | None) -> bool:
        raise NotImplementedError

    def may_match_kind(self, kind: str) -> bool:
        return True


class All(Term):
    """Every one of ``terms``; without any, everything."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = terms
        self.by_kind = all(term.by_kind for term in terms)
        self.look = both([term.look for term in terms])

    def matches(self, record: Record, record_of: RecordOf | None) -> bool:
        return all(term.matches(record, record_of) for term in self.terms)

    def may_match_kind(self, kind: str) -> bool:
        return all(term.may_match_kind(kind) for term in self.terms)


class AnyOf(Term):
    """At least one of ``terms``."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = terms
        self.by_kind = all(term.by_kind for term in terms)
        self.look = either([term.look for term in terms])

    def matches(self, record: Record, record_of: RecordOf | None) -> bool:
        return any(term.matches(record, record_of) for term in self.terms)

    def may_match_kind(self, kind: str) -> bool:
        return any(term.may_match_kind(kind) for term in self.terms)


class Not(Term):
    """What ``term`` does not match."""

    def __init__(self, term: Term) -> None:
        self.term = term
        self.by_kind = term.by_kind

    def matches(self, record: Record, record_of: RecordOf | None) -> bool:
        return not self.term.matches(record, record_of)

    def may_match_kind(self, kind: str) -> bool:
        return not (self.by_kind and self.term.may_match_kind(kind))


class Kind(Term):
    """A kind, or all that begin with it: ``webhook``, ``webhook.response``."""

    by_kind = True

    def __init__(self, kind: str) -> None:
        self.kind = kind.removesuffix(".*").lower()

    def matches(self, record: Record, record_of: RecordOf | None) -> bool:
        return self.may_match_kind(record.kind)

    def may_match_kind(self, kind: str) -> bool:
        kind = kind.lower()
        return kind == self.kind or kind.startswith(f"{self.kind}.")


class KindPattern(Term):
    """Kinds in which a regular expression is found."""

    by_kind = True

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern

    def matches(self, record: Record, record_of: RecordOf | None) -> bool:
        return self.may_match_kind(record.kind)

    def may_match_kind(self, kind: str) -> bool:
        return self.pattern.search(kind) is not None


class Own(Term):
    """Something that each record has, whatever its kind: its number, time, mark of input."""

    def __init__(self, test: Callable[[Record], bool]) -> None:
        self.test = test

    def matches(self, record: Record, record_of: RecordOf | None) -> bool:
        return self.test(record)


class Leg(Term):
    """A leg by the beginning of its id, by its role (caller, party) or its name (A, B)."""

    def __init__(self, word: str) -> None:
        self.word = word.lower()
        if self.word not in _TALK:
            self.look = look_for_value(self.word)

    def matches(self, record: Record, record_of: RecordOf | None) -> bool:
        leg = record.leg
        if leg is None:
            return False
        if self.word not in _TALK:
            return leg.lower().startswith(self.word)
        caller = self.word in ("caller", "a")
        if record.kind == "leg.created":
            return (text_of(record.data.get("role")) == "caller") is caller
        return record_of is not None and _is_callers(leg, record, record_of) is caller


def _is_callers(leg: str, record: Record, record_of: RecordOf) -> bool | None:
    """Whether ``leg`` is that of the caller: the first that was made. None: not known."""
    for seq in range(1, min(_FIRST_RECORDS, record.seq) + 1):
        first = record_of(seq)
        if first is not None and first.kind == "leg.created":
            return first.leg == leg
    return None


class Field(Term):
    """Text in a field of ``data``; with ``follows`` also in that of the webhook's request."""

    def __init__(
        self,
        keys: Sequence[str],
        test: TextTest,
        *,
        value: str = "",
        follows: bool = False,
        kinds: frozenset[str] | None = None,
    ) -> None:
        self.keys = keys
        self.test = test
        self.follows = follows
        self.kinds = kinds
        look = look_for_value(value.lower(), follows)
        if look is None or look.weight()[0] < 3:
            look = either([look_for_key(key)._replace(follows=follows) for key in keys])
        self.look = look

    def matches(self, record: Record, record_of: RecordOf | None) -> bool:
        if self.kinds is not None and record.kind not in self.kinds:
            return False
        if self._in(record):
            return True
        request = request_of(record, record_of) if self.follows else None
        return request is not None and self._in(request)

    def _in(self, record: Record) -> bool:
        for key in self.keys:
            value = record.data.get(key)
            if isinstance(value, int) and not isinstance(value, bool):
                value = str(value)
            if isinstance(value, str) and self.test(value):
                return True
        return False

    def may_match_kind(self, kind: str) -> bool:
        return self.kinds is None or kind in self.kinds


class Measure(Term):
    """A number in a field of ``data``; with ``follows`` also in that of the request."""

    def __init__(self, key: str, test: NumberTest, *, follows: bool = False) -> None:
        self.key = key
        self.test = test
        self.follows = follows
        self.look = look_for_key(key)._replace(follows=follows)

    def matches(self, record: Record, record_of: RecordOf | None) -> bool:
        if self._in(record):
            return True
        request = request_of(record, record_of) if self.follows else None
        return request is not None and self._in(request)

    def _in(self, record: Record) -> bool:
        value = record.data.get(self.key)
        return isinstance(value, int | float) and type(value) is not bool and self.test(value)


class Flag(Term):
    """A yes or no in ``data``. A reason (``ignored``) is a yes; a field that is not there is
    neither."""

    def __init__(self, key: str, yes: bool) -> None:
        self.key = key
        self.yes = yes
        self.look = look_for_key(key)

    def matches(self, record: Record, record_of: RecordOf | None) -> bool:
        return self.key in record.data and bool(record.data[self.key]) is self.yes


class Words(Term):
    """Text in what the list shows of a record, in its kind, or in its data."""

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.lower().split())
        self.look = look_for_words(self.text)
        self.number = is_long_number(self.text)

    def matches(self, record: Record, record_of: RecordOf | None) -> bool:
        if self.number:
            return self._in(record.data)
        return (
            self.text in record.kind.lower()
            or self.text in self._words(record, record_of)
            or self._in(record.data)
        )

    def _words(self, record: Record, record_of: RecordOf | None) -> str:
        request = request_of(record, record_of)
        titles = (
            None if request is None else {text_of(record.data["webhook"]): request_title(request)}
        )
        return words(record, titles).lower()

    def _in(self, value: Any) -> bool:
        return self.text in "\n".join(texts := texts_in(value)).lower() or (
            " " in self.text and any(self.text in _folded(text) for text in texts)
        )


class Body(Term):
    """Text in the body of a request or reply, its names and its values."""

    def __init__(self, test: TextTest, value: str) -> None:
        self.test = test
        self.look = both([look_for_value(value.lower()), look_for_key("body")])

    def matches(self, record: Record, record_of: RecordOf | None) -> bool:
        return any(map(self.test, texts_in(record.data.get("body"))))


def texts_in(value: Any) -> list[str]:
    """Every text and whole number in plain data, names too."""
    texts: list[str] = []
    waiting = [value]
    for each in waiting:  # which grows meanwhile
        if isinstance(each, str):
            texts.append(each)
        elif isinstance(each, dict):
            texts.extend(each)
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, int) and each is not True and each is not False:
            texts.append(str(each))
    return texts


def _folded(text: str) -> str:
    return " ".join(text.lower().split())
