"""Speech Synthesis Markup as Vonage takes it: the plain words of it and its pauses.

Basis: the platform's page on customising spoken text, for the tags (documented). How long a
``break`` by strength, a paragraph or a sentence pauses is not documented: rough values
(assumed), good enough to estimate how long a prompt lasts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

TAGS: Final = frozenset(
    {"speak", "break", "emphasis", "lang", "phoneme", "prosody", "say-as", "s", "p", "sub"}
)

_STRENGTH_MS: Final = {
    "none": 0,
    "x-weak": 0,
    "weak": 250,
    "medium": 250,
    "strong": 750,
    "x-strong": 750,
}
_END_MS: Final = {"p": 750, "s": 400}
_TIME = re.compile(r"\+?(\d{1,6}(?:\.\d{1,6})?|\.\d{1,6})(ms|s)")
_SPEAK = re.compile(r"\s*<(?:speak(?:[\s/>]|$)|\?xml\s|!DOCTYPE\s)")


@dataclass(frozen=True, slots=True)
class PlainText:
    """What is heard of a text.

    ``words`` without tags, spaces collapsed; ``pause_ms`` the pauses asked for in all;
    ``characters`` what counts against the limit of 1,500 (text outside tags). When ``ok``
    is false the markup is broken, ``error`` says where, and nothing is spoken.
    """

    words: str
    pause_ms: int = 0
    ok: bool = True
    error: str | None = None
    ssml: bool = False
    characters: int = 0
    unknown_tags: tuple[str, ...] = ()
    bad_breaks: tuple[str, ...] = ()


class _DoctypeRefused(Exception):
    """A document type could define entities without end; speech never needs one."""


class _Listener:
    """Collects words and pauses from the events of an expat parser."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.root = ""
        self.pause_ms = 0
        self.characters = 0
        self.unknown: dict[str, None] = {}
        self.bad_breaks: list[str] = []
        self._substituted = 0  # depth below a <sub alias>, whose own text is not spoken

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.root = self.root or tag
        if tag not in TAGS:
            self.unknown[tag] = None
        elif tag == "break":
            self._pause(attributes)
        if self._substituted:
            self._substituted += 1
        elif tag == "sub" and "alias" in attributes:
            self.words.append(attributes["alias"])
            self._substituted = 1
        elif tag in ("p", "s", "break"):
            self.words.append(" ")

    def end(self, tag: str) -> None:
        if self._substituted:
            self._substituted -= 1
        if tag in _END_MS:
            self.words.append(" ")
            self.pause_ms += _END_MS[tag]

    def text(self, data: str) -> None:
        self.characters += len(data)
        if not self._substituted:
            self.words.append(data)

    def doctype(self, *_: object) -> None:
        raise _DoctypeRefused

    def _pause(self, attributes: dict[str, str]) -> None:
        time, strength = attributes.get("time"), attributes.get("strength", "medium")
        if time is not None:
            match = _TIME.fullmatch(time.strip())
            if match is None:
                self.bad_breaks.append(time)
                return
            self.pause_ms += round(float(match[1]) * (1 if match[2] == "ms" else 1000))
        elif strength in _STRENGTH_MS:
            self.pause_ms += _STRENGTH_MS[strength]
        else:
            self.bad_breaks.append(strength)


def is_ssml(text: str) -> bool:
    """Only a text inside ``<speak>`` is read as markup [documented]."""
    return _SPEAK.match(text) is not None


def plain_text(text: str) -> PlainText:
    """The words and pauses of ``text``, be it plain or SSML. Never raises."""
    if not is_ssml(text):
        return PlainText(" ".join(text.split()), characters=len(text))
    listener = _Listener()
    parser = expat.ParserCreate()
    parser.StartElementHandler = listener.start
    parser.EndElementHandler = listener.end
    parser.CharacterDataHandler = listener.text
    parser.StartDoctypeDeclHandler = listener.doctype
    try:
        parser.Parse(text.lstrip(), True)
    except expat.ExpatError as broken:
        return _broken(listener, _explain(broken))
    except _DoctypeRefused:
        return _broken(listener, "a document type (<!DOCTYPE …>) is not allowed")
    except UnicodeEncodeError:
        return _broken(listener, "it holds half a character (a lone surrogate)")
    if listener.root != "speak":
        return _broken(listener, f"the outermost tag is <{listener.root}>, not <speak>")
    return PlainText(
        " ".join("".join(listener.words).split()),
        listener.pause_ms,
        ssml=True,
        characters=listener.characters,
        unknown_tags=tuple(listener.unknown),
        bad_breaks=tuple(listener.bad_breaks),
    )


def _broken(listener: _Listener, error: str) -> PlainText:
    return PlainText("", 0, False, error, ssml=True, characters=listener.characters)


def _explain(broken: expat.ExpatError) -> str:
    what = expat.ErrorString(broken.code) or "not well-formed"
    return f"{what} at line {broken.lineno}, column {broken.offset + 1}"
