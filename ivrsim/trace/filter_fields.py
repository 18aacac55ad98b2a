"""The fields of the filter language: what may be written after each, and what it tests."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple

from ivrsim.trace.filter_terms import (
    Body,
    Field,
    Flag,
    Kind,
    KindPattern,
    Leg,
    Measure,
    Own,
    Term,
    TextTest,
)
from ivrsim.trace.filter_values import (
    Item,
    Wrong,
    found,
    longer_test,
    number_test,
    time_test,
)
from ivrsim.trace.kinds import KINDS
from ivrsim.trace.view_words import IGNORED

_KEYS: Final = frozenset("0123456789*#ABCD•")
_YES: Final = {"yes": True, "true": True, "no": False, "false": False}
_SEVERITIES: Final = ("error", "warning", "info")


class FieldKind(NamedTuple):
    """One field. ``makes`` turns what was typed into a term, or raises Wrong."""

    makes: Callable[[Item, str], Term]
    about: str


def _contains(*keys: str, follows: bool = False, kinds: Sequence[str] = ()) -> FieldKind:
    """Text within the field's text."""

    def make(item: Item, field: str) -> Term:
        _something(item, field)
        within = frozenset(kinds) or None
        if item.form == "regex":
            return Field(keys, _pattern(item).search_in, follows=follows, kinds=within)
        test = _containing(item.text)
        return Field(keys, test, value=item.text, follows=follows, kinds=within)

    return FieldKind(make, "text in it")


def _word(
    *keys: str, follows: bool = False, kinds: Sequence[str] = (), known: Sequence[str] = ()
) -> FieldKind:
    """The field's text as a whole."""

    def make(item: Item, field: str) -> Term:
        _something(item, field)
        within = frozenset(kinds) or None
        if item.form == "regex":
            return Field(keys, _pattern(item).search_in, follows=follows, kinds=within)
        text = item.text.lower()
        if known and item.form == "plain" and text not in known:
            raise Wrong(item.column, f"expected {_one_of(known)}{_meant(text, known, found(item))}")
        return Field(
            keys, lambda value: value.lower() == text, value=text, follows=follows, kinds=within
        )

    return FieldKind(make, "the word")


def _number(key: str, *, follows: bool = False) -> FieldKind:
    def make(item: Item, field: str) -> Term:
        _no_pattern(item, field, "a number")
        return Measure(key, number_test(item, field), follows=follows)

    return FieldKind(make, "a number")


def _yes_no(key: str) -> FieldKind:
    def make(item: Item, field: str) -> Term:
        return Flag(key, _is_yes(item, field))

    return FieldKind(make, "yes or no")


def _make_kind(item: Item, field: str) -> Term:
    _something(item, field)
    if item.form == "regex":
        return KindPattern(_pattern(item).pattern)
    kind = item.text.lower().removesuffix(".*")
    known = {".".join(name.split(".")[:n]) for name in KINDS for n in (1, 2)}
    if item.form == "plain" and kind not in known:
        raise Wrong(item.column, f"there is no kind {found(item)}{_meant(kind, sorted(known))}")
    return Kind(item.text)


def _make_digit(item: Item, field: str) -> Term:
    if item.form == "regex":
        return Field(("digit",), _pattern(item).search_in, kinds=frozenset({"digit"}))
    key = item.text.upper()
    if key not in _KEYS:
        more = ", separated by commas" if len(key) > 1 and _KEYS.issuperset(key) else ""
        raise Wrong(
            item.column, f"expected one key (0-9 * # A-D) after {field}:{more}, found {found(item)}"
        )
    return Field(("digit",), lambda value: value.upper() == key, kinds=frozenset({"digit"}))


def _make_leg(item: Item, field: str) -> Term:
    _something(item, field)
    _no_pattern(item, field, "the beginning of a leg's id, caller or party")
    return Leg(item.text)


def _make_pointer(item: Item, field: str) -> Term:
    if item.form == "regex":
        return Field(("pointer",), _pattern(item).search_in)
    if not item.text.startswith("/"):
        raise Wrong(item.column, f"expected a pointer such as /0 after {field}:, {_found(item)}")
    pointer = item.text.lower()

    def test(value: str) -> bool:
        value = value.lower()
        return value == pointer or value.startswith(f"{pointer.removesuffix('/')}/")

    return Field(
        ("pointer",),
        test,
        value=pointer,
    )


def _make_ignored(item: Item, field: str) -> Term:
    word = item.text.lower()
    if item.form == "plain" and word in IGNORED:
        return Field(("ignored",), lambda value: value == word, value=word)
    if item.form == "regex" or word not in _YES:
        reasons = ("yes", "no", *IGNORED)
        raise Wrong(item.column, f"expected {_one_of(reasons)} after {field}:, {_found(item)}")
    return Flag("ignored", _YES[word])


def _make_in(item: Item, field: str) -> Term:
    yes = _is_yes(item, field)
    return Own(lambda record: record.is_input is yes)


def _make_seq(item: Item, field: str) -> Term:
    _no_pattern(item, field, "a number")
    test = number_test(item, field)
    return Own(lambda record: test(record.seq))


def _make_cause(item: Item, field: str) -> Term:
    _no_pattern(item, field, "the number of a record")
    test = number_test(item, field)
    return Own(lambda record: record.cause is not None and test(record.cause))


def _make_t(item: Item, field: str) -> Term:
    _no_pattern(item, field, "a time")
    test = time_test(item, field)
    return Own(lambda record: test(record.t))


def _make_slower(item: Item, field: str) -> Term:
    _no_pattern(item, field, "a time such as 500ms")
    return Measure("elapsed_ms", longer_test(item, field))


def _make_body(item: Item, field: str) -> Term:
    _something(item, field)
    if item.form == "regex":
        return Body(_pattern(item).search_in, "")
    return Body(_containing(item.text), item.text)


FIELDS: Final[dict[str, FieldKind]] = {
    # any record
    "kind": FieldKind(_make_kind, "a kind, or what several begin with: webhook, prompt.failed"),
    "leg": FieldKind(_make_leg, "caller, party, or the beginning of a leg's id"),
    "t": FieldKind(_make_t, "call time: 12s, >500ms, 1:30..2:00"),
    "seq": FieldKind(_make_seq, "the record's number"),
    "cause": FieldKind(_make_cause, "the number of the record that brought it about"),
    "in": FieldKind(_make_in, "yes: it was fed to the engine"),
    # what the caller hears and does
    "text": _contains("text"),
    "digit": FieldKind(_make_digit, "a key: 0-9 * # A-D"),
    "ignored": FieldKind(_make_ignored, "yes, no, or why a key had no effect"),
    "mark": _contains("text", kinds=("mark",)),
    # webhooks: of the request, and of what follows from it
    "title": _contains("title", follows=True),
    "purpose": _word("purpose", follows=True),
    "url": _contains("url", follows=True),
    "method": _word("method", follows=True),
    "role": _word("role", follows=True),
    "attempt": _number("attempt", follows=True),
    "webhook": _word("webhook"),
    "status": _number("status"),
    "slower": FieldKind(_make_slower, "longer than this for a reply or a failure"),
    "body": FieldKind(_make_body, "text in the body"),
    "sent": _yes_no("sent"),
    "edited": _yes_no("edited"),
    "fault": _word("fault", kinds=("fault.injected",)),
    # documents, actions and remarks
    "page": _word("page"),
    "document": _word("document"),
    "action": _word("action"),
    "pointer": FieldKind(_make_pointer, "a pointer into the document, and what is below it"),
    "outcome": _word("outcome"),
    "code": _contains("code"),
    "severity": _word("severity", known=_SEVERITIES),
    "message": _contains("message"),
    "reason": _contains("reason"),
    "setting": _contains("name", kinds=("setting.decided",)),
    "source": _word("source"),
    "by": _word("by"),
    "prompt": _word("prompt"),
    "capture": _word("capture"),
    "timer": _word("timer", "name", kinds=("timer.started", "timer.fired", "timer.cancelled")),
    "recording": _word("recording"),
}
"""Field to what may be written after it. docs/filter.md explains each."""


def field_term(name: str, column: int, item: Item) -> Term:
    """The term ``name:item``; ``column`` is where the name begins. Raises Wrong."""
    field = FIELDS.get(name.lower())
    if field is None:
        raise Wrong(column, f"there is no field {name!r}{_meant(name.lower(), list(FIELDS))}")
    return field.makes(item, name)


def unknown_field(name: str) -> bool:
    """Whether no field has this name."""
    return name.lower() not in FIELDS


class _Pattern:
    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern

    def search_in(self, value: str) -> bool:
        return self.pattern.search(value) is not None


def _pattern(item: Item) -> _Pattern:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what a later Python may read otherwise
            return _Pattern(re.compile(item.text, re.IGNORECASE))
    except (re.error, OverflowError, RecursionError) as error:
        at = getattr(error, "pos", None) or 0
        what = getattr(error, "msg", None) or str(error)
        raise Wrong(item.column + at, f"the regular expression is wrong: {what}") from error


def _containing(text: str) -> TextTest:
    needle = " ".join(text.lower().split())

    def test(value: str) -> bool:
        value = value.lower()
        return needle in value or (" " in needle and needle in " ".join(value.split()))

    return test


def _something(item: Item, field: str) -> None:
    if not item.text.strip():
        raise Wrong(item.column, f"expected something after {field}:, found nothing")


def _no_pattern(item: Item, field: str, expected: str) -> None:
    if item.form == "regex":
        raise Wrong(
            item.column - 1, f"expected {expected} after {field}:, found a regular expression"
        )


def _is_yes(item: Item, field: str) -> bool:
    if item.form == "regex" or item.text.lower() not in _YES:
        raise Wrong(item.column, f"expected yes or no after {field}:, {_found(item)}")
    return _YES[item.text.lower()]


def _found(item: Item) -> str:
    return f"found {found(item)}"


def _one_of(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _meant(word: str, known: Sequence[str], shown: str = "") -> str:
    close = get_close_matches(word, known, 1, 0.6)
    start = f", found {shown}" if shown else ""
    return f"{start}; did you mean {close[0]}?" if close else start
