"""One filter language for records: of the list, of breakpoints, of the command line.

``kind:webhook status:>=500 or -leg:party "opening hours"``: terms side by side must all match,
``or`` binds less, ``not`` or ``-`` turns a term round, brackets group. docs/filter.md tells it
to people. A filter that is wrong says where: ``FilterError.pointing``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final, NoReturn

from ivrsim.errors import InputError
from ivrsim.trace.filter_fields import FIELDS, field_term, unknown_field
from ivrsim.trace.filter_look import ALWAYS, Look
from ivrsim.trace.filter_terms import All, AnyOf, Not, Term, Words
from ivrsim.trace.filter_values import Item, Wrong
from ivrsim.trace.record import Record
from ivrsim.trace.titles import FOLLOWERS
from ivrsim.trace.view_text import one_line_of, visible

_DEEPEST: Final = 50
_SPACE: Final = re.compile(r"\s*")
_NAME: Final = re.compile(r"([A-Za-z_][A-Za-z_0-9-]*):")
_COMPARED: Final = re.compile(r"([A-Za-z_]+)(>=|<=|==|!=|>|<|=)")
_BARE: Final = re.compile(r'[^\s()"]+')
_PLAIN: Final = re.compile(r'[^\s()",]+')
_KEYWORD: Final = re.compile(r'(or|and|not)(?=[\s()"]|$)', re.IGNORECASE)
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED: Final = re.compile(r'\\(["\\])')
_REGEX: Final = re.compile(r"/((?:[^/\\]|\\.)*)/(?=[\s(),]|$)", re.DOTALL)
# Of what begins with a slash itself, a regular expression is only what also ends with one.
_SLASHED: Final = frozenset({"pointer", "url"})
_SLASHED_REGEX: Final = re.compile(r"/((?:[^/\\\s]|\\\S)+)/(?=[\s(),]|$)")


class FilterError(InputError):
    """A filter that cannot be read: ``column`` (from 1) of ``text`` is where.

    ``pointing`` shows the text, and a caret beneath the place.
    """

    def __init__(self, text: str, column: int, what: str) -> None:
        super().__init__(f"filter: column {column}: {what}")
        self.text = text
        self.column = column
        self.what = what

    @property
    def pointing(self) -> str:
        """The text of the filter and, on a second line, a caret under the column."""
        before = visible(self.text[: self.column - 1])
        cells = sum(1 + (unicodedata.east_asian_width(char) in "WF") for char in before)
        return f"{visible(self.text)}\n{' ' * cells}^"


class Filter:
    """A test for records, made by ``parse_filter``. False when it lets everything pass."""

    def __init__(self, text: str, term: Term) -> None:
        self.text = text
        self._term = term
        self._everything = isinstance(term, All) and not term.terms
        self.by_kind = term.by_kind
        """The kind alone decides: ``may_match_kind`` is exact."""
        look = term.look
        self.look = look and Look((*look.needles, *ALWAYS), look.follows)
        """What the line of a matching record holds, or with ``follows`` that of its request."""

    def __bool__(self) -> bool:
        return not self._everything

    def __repr__(self) -> str:
        return f"parse_filter({self.text!r})"

    def matches(
        self, record: Record, record_of: Callable[[int], Record | None] | None = None
    ) -> bool:
        """Whether ``record`` passes.

        ``record_of`` gives the record with a ``seq``: by its causes a reply finds its request,
        and by the first records a leg is known as the caller's. Without it a reply has no title.
        """
        return self._term.matches(record, record_of)

    def may_match_kind(self, kind: str) -> bool:
        """False when no record of this kind can pass."""
        return self._term.may_match_kind(kind)

    def may_match_line(self, line: bytes) -> bool:
        """False when the record in this line of a trace cannot pass. Costs no parsing."""
        look = self.look
        if look is None:
            return True
        lowered = line.lower()
        if any(needle in lowered for needle in look.needles):
            return True
        return look.follows and any(kind in lowered for kind in _FOLLOWERS)


_FOLLOWERS: Final = tuple(f'"{kind}"'.encode() for kind in sorted(FOLLOWERS))


def parse_filter(text: str) -> Filter:
    """The filter that ``text`` describes; an empty one lets everything pass.

    Raises FilterError, which names the column.
    """
    try:
        return Filter(text, _Parser(text).whole())
    except Wrong as wrong:
        raise FilterError(text, wrong.column, wrong.what) from wrong.__cause__


class _Parser:
    """Reads from left to right; ``at`` is the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.open: list[int] = []

    def whole(self) -> Term:
        self._skip()
        if self.at == len(self.text):
            return All(())
        term = self._alternatives()
        if self.at < len(self.text):
            self._wrong(self.at, "there is nothing to close with ')'")
        return term

    def _alternatives(self) -> Term:
        terms = [self._together("")]
        while self._keyword("or"):
            terms.append(self._together("or"))
        return terms[0] if len(terms) == 1 else AnyOf(terms)

    def _together(self, after: str) -> Term:
        terms: list[Term] = []
        while True:
            self._skip()
            if self.at == len(self.text) or self.text[self.at] == ")" or self._is("or"):
                break
            if terms and self._keyword("and"):
                after = "and"
                self._skip()
                if self.at == len(self.text) or self.text[self.at] == ")" or self._is("or"):
                    self._missing(after)
            terms.append(self._negated())
        if not terms:
            self._missing(after)
        return terms[0] if len(terms) == 1 else All(terms)

    def _negated(self) -> Term:
        negated = False
        while True:
            if self._keyword("not"):
                after = "not"
                self._skip()
            elif self.text.startswith("-", self.at):
                after = "-"
                self.at += 1
            else:
                break
            negated = not negated
            if self.at == len(self.text) or self.text[self.at] in " \t\n)" or self._is("or"):
                self._missing(after)
        term = self._single()
        return Not(term) if negated else term

    def _single(self) -> Term:
        char = self.text[self.at]
        if char == "(":
            return self._group()
        if char == '"':
            start = self.at
            phrase = self._quoted()
            if not phrase.strip():
                self._wrong(start, 'expected text in the quotes, found ""')
            return Words(phrase)
        if self._is("and"):
            self._wrong(self.at, f"expected a term, found {self._shown()}; quote it to search it")
        if name := _NAME.match(self.text, self.at):
            return self._field(name)
        if (compared := _COMPARED.match(self.text, self.at)) and not unknown_field(compared[1]):
            self._wrong(
                compared.end(1),
                f"expected a colon after {compared[1]}, found {compared[2]!r}: "
                f"{compared[1]}:{compared[2].removeprefix('=')}…",
            )
        bare = _BARE.match(self.text, self.at)
        if bare is None:
            self._wrong(self.at, f"expected a term, found {self._shown()}")
        self.at = bare.end()
        return Words(bare[0])

    def _group(self) -> Term:
        if len(self.open) == _DEEPEST:
            self._wrong(self.at, f"more than {_DEEPEST} brackets inside each other")
        self.open.append(self.at)
        self.at += 1
        term = self._alternatives()
        if self.at == len(self.text):
            self._wrong(self.at, f"expected ')' for the '(' in column {self.open[-1] + 1}")
        self.at += 1
        self.open.pop()
        return term

    def _field(self, name: re.Match[str]) -> Term:
        start, self.at = self.at, name.end()
        field = name[1].lower()
        if unknown_field(field):
            self._unknown(name, start)
        terms = [field_term(name[1], start + 1, self._item(field))]
        while self.text.startswith(",", self.at):
            self.at += 1
            terms.append(field_term(name[1], start + 1, self._item(field)))
        return terms[0] if len(terms) == 1 else AnyOf(terms)

    def _unknown(self, name: re.Match[str], start: int) -> NoReturn:
        try:
            field_term(name[1], start + 1, Item("", self.at + 1, "plain"))
        except Wrong as wrong:
            if "did you mean" in wrong.what:
                raise
            word = _BARE.match(self.text, start)
            quoted = one_line_of(word[0] if word else name[0], 40)
            self._wrong(start, f'{wrong.what}; to search for text put it in quotes: "{quoted}"')
        raise AssertionError("an unknown field is refused")

    def _item(self, field: str) -> Item:
        start = self.at
        if self.text.startswith('"', start):
            return Item(self._quoted(), start + 2, "quoted")
        if self.text.startswith("/", start):
            pattern = _SLASHED_REGEX if field in _SLASHED else _REGEX
            if regex := pattern.match(self.text, start):
                self.at = regex.end()
                return Item(regex[1], start + 2, "regex")
            if field not in _SLASHED:
                self._wrong(start, "the regular expression that begins here has no '/' at its end")
        plain = _PLAIN.match(self.text, start)
        if plain is None:
            return Item("", start + 1, "plain")
        self.at = plain.end()
        return Item(plain[0], start + 1, "plain")

    def _quoted(self) -> str:
        quoted = _QUOTED.match(self.text, self.at)
        if quoted is None:
            self._wrong(self.at, "the quotes that open here are not closed")
        self.at = quoted.end()
        return _ESCAPED.sub(r"\1", quoted[1])

    def _skip(self) -> None:
        space = _SPACE.match(self.text, self.at)
        assert space is not None  # it matches nothing, too
        self.at = space.end()

    def _is(self, word: str) -> bool:
        found = _KEYWORD.match(self.text, self.at)
        return found is not None and found[1].lower() == word

    def _keyword(self, word: str) -> bool:
        if not self._is(word):
            return False
        self.at += len(word)
        return True

    def _shown(self) -> str:
        if self.at == len(self.text):
            return "the end"
        if self.text[self.at].isspace():
            return "a space"
        bare = _BARE.match(self.text, self.at)
        return repr(one_line_of(bare[0] if bare else self.text[self.at], 40))

    def _missing(self, after: str) -> NoReturn:
        self._wrong(
            self.at, f"expected a term{f' after {after!r}' if after else ''}, found {self._shown()}"
        )

    def _wrong(self, at: int, what: str) -> NoReturn:
        raise Wrong(at + 1, what)


__all__ = ["FIELDS", "Filter", "FilterError", "parse_filter"]
