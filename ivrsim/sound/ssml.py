"""Speech Synthesis Markup as words, each with the manner in which they are spoken, and pauses.

Markup is read here, once for all voices: a voice that has no markup of its own can speak the
words and keep the pauses, and eSpeak NG is given markup that it does understand (its own reading
takes ``1.5s`` for a second, ``+6dB`` for six percent, ignores ``lang`` and most of ``say-as``,
drops CDATA, and opens files that an ``<audio>`` names).

The tags are those on Vonage's page on customising spoken text (documented); how much louder
``loud`` is, or how long a ``strong`` break lasts, it does not say (assumed).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import Final
from xml.parsers import expat

from ivrsim.errors import AudioError
from ivrsim.sound.phonemes import from_x_sampa
from ivrsim.sound.say_as import say_as

_LONGEST_BREAK_MS: Final = 10_000
_STRENGTH_MS: Final = {
    "none": 0, "x-weak": 0, "weak": 250, "medium": 250, "strong": 750, "x-strong": 750,
}  # fmt: skip
_END_MS: Final = {"p": 750, "s": 400}
_TIME = re.compile(r"\+?(\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})(ms|s)")

_RATES: Final = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "fast": 1.3, "x-fast": 1.7}
_PITCHES: Final = {"x-low": 0.6, "low": 0.8, "medium": 1.0, "high": 1.25, "x-high": 1.6}
_VOLUMES: Final = {
    "silent": 0.0, "x-soft": 0.3, "soft": 0.6, "medium": 1.0, "loud": 1.4, "x-loud": 2.0,
}  # fmt: skip
_EMPHASIS: Final = {  # volume, rate: louder and slower, or quieter and faster
    "strong": (1.8, 0.75), "moderate": (1.4, 0.88), "none": (1.0, 1.0), "reduced": (0.6, 1.15),
}  # fmt: skip
_NUMBER = re.compile(r"([+-]?)(\d{1,4}(?:\.\d{0,4})?|\.\d{1,4})(%|dB|st|Hz|)", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_TYPICAL_HZ: Final = 180.0  # of the voice that ``+20Hz`` is added to

_ENDS_A_SENTENCE: Final = tuple(".!?:;,…。！？、।")


@dataclass(frozen=True, slots=True)
class Words:
    """Words spoken in one manner.

    ``language`` None is that of the prompt. ``speed``, ``pitch``, ``range`` (of the pitch) and
    ``volume`` are factors, 1.0 as the voice would. ``phonemes`` is how they are pronounced, in
    the International Phonetic Alphabet, None as they are written.
    """

    text: str
    language: str | None = None
    speed: float = 1.0
    pitch: float = 1.0
    range: float = 1.0
    volume: float = 1.0
    phonemes: str | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is said for ``ms`` milliseconds."""

    ms: int


Part = Words | Pause


def read(text: str, language: str = "en-US") -> list[Part]:
    """The parts of ``text``, which is SSML in ``language``, in the order they are heard.

    Raises AudioError, one line, when it is not well-formed XML inside ``<speak>``; the platform
    speaks nothing of it then. Unknown tags are ignored, their content is spoken.
    """
    reader = _Reader(language)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(text.lstrip().encode(), True)
    except UnicodeEncodeError:
        raise AudioError("SSML: it holds half a character (a lone surrogate)") from None
    except expat.ExpatError as error:
        raise AudioError(
            f"SSML:{error.lineno}:{error.offset + 1}: {expat.ErrorString(error.code)};"
            " expected well-formed XML inside <speak>…</speak>"
        ) from error
    if reader.root != "speak":
        raise AudioError(f"SSML: the outermost tag is <{reader.root}>; expected <speak>…</speak>")
    return reader.parts


def _refuse_doctype(*_: object) -> None:
    # It could define entities without end; speech never needs one.
    raise AudioError("SSML: a document type is not allowed; remove <!DOCTYPE …>")


@dataclass(slots=True)
class _Open:
    """An element that is not yet closed, and the manner in which its content is spoken."""

    tag: str
    manner: Words
    as_what: tuple[str, str] | None = None


class _Reader:
    def __init__(self, language: str) -> None:
        self.parts: list[Part] = []
        self.root = ""
        self._language = language
        self._open: list[_Open] = [_Open("", Words(""))]
        self._silent = 0  # depth below an element whose own words are replaced or not spoken

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.root = self.root or tag
        outer = self._open[-1]
        inner = _Open(tag, _manner(tag, attributes, outer.manner), as_what=outer.as_what)
        self._open.append(inner)
        if self._silent or tag in ("desc", "metadata", "meta"):
            self._silent += 1
        elif tag == "break":
            self._pause(_break_ms(attributes))
        elif tag == "sub" and "alias" in attributes:
            self._say(attributes["alias"], inner)
            self._silent = 1
        elif tag == "say-as":
            inner.as_what = (attributes.get("interpret-as", ""), attributes.get("format", ""))
        elif tag in _END_MS:
            self._end_sentence()

    def end(self, tag: str) -> None:
        self._open.pop()
        if self._silent:
            self._silent -= 1
        elif tag in _END_MS:
            self._end_sentence()
            self._pause(_END_MS[tag])

    def text(self, data: str) -> None:
        if not self._silent:
            self._say(data, self._open[-1])

    def _say(self, data: str, element: _Open) -> None:
        if element.as_what is not None and data.strip():
            kind, form = element.as_what
            said = say_as(data.strip(), kind, form, element.manner.language or self._language)
            data = f" {said} "  # apart from its neighbours, as numbers may stand side by side
        text = _SPACES.sub(" ", data)
        last = self.parts[-1] if self.parts else None
        if isinstance(last, Words):
            same = replace(last, text="") == element.manner and last.phonemes is None
            if same or text == " ":
                self.parts[-1] = replace(last, text=_SPACES.sub(" ", last.text + text))
                return
        if text.strip():
            self.parts.append(replace(element.manner, text=text))

    def _end_sentence(self) -> None:
        """As a full stop would: the voice falls."""
        last = self.parts[-1] if self.parts else None
        if isinstance(last, Words) and not last.text.rstrip().endswith(_ENDS_A_SENTENCE):
            self.parts[-1] = replace(last, text=f"{last.text.rstrip()}. ")

    def _pause(self, ms: int) -> None:
        last = self.parts[-1] if self.parts else None
        if isinstance(last, Pause):
            self.parts[-1] = Pause(last.ms + ms)
        elif ms:
            self.parts.append(Pause(ms))


def _manner(tag: str, attributes: dict[str, str], outer: Words) -> Words:
    """How the content of an element is spoken; an attribute that is not understood is ignored."""
    manner = outer
    language = attributes.get("xml:lang", attributes.get("lang", "")).strip()
    if language:
        manner = replace(manner, language=language)
    if tag == "prosody":
        manner = replace(
            manner,
            speed=_within(manner.speed * _rate(attributes.get("rate", "")), 0.2, 5.0),
            pitch=_within(manner.pitch * _pitch(attributes.get("pitch", "")), 0.1, 3.0),
            range=_within(manner.range * _pitch(attributes.get("range", "")), 0.0, 3.0),
            volume=_within(manner.volume * _volume(attributes.get("volume", "")), 0.0, 4.0),
        )
    elif tag == "emphasis":
        volume, rate = _EMPHASIS.get(attributes.get("level", "moderate"), (1.0, 1.0))
        manner = replace(
            manner,
            volume=_within(manner.volume * volume, 0.0, 4.0),
            speed=_within(manner.speed * rate, 0.2, 5.0),
        )
    elif tag == "phoneme" and attributes.get("ph", "").strip():
        written = attributes["ph"].strip()
        sampa = attributes.get("alphabet", "ipa").lower() == "x-sampa"
        manner = replace(manner, phonemes=from_x_sampa(written) if sampa else written)
    return manner


def _within(value: float, least: float, most: float) -> float:
    return min(max(value, least), most)


def _break_ms(attributes: dict[str, str]) -> int:
    time = attributes.get("time")
    if time is None:
        return _STRENGTH_MS.get(attributes.get("strength", "medium").strip().lower(), 0)
    match = _TIME.fullmatch(time.strip())
    if match is None:
        return 0
    ms = float(match[1]) * (1 if match[2] == "ms" else 1000)
    return min(round(ms), _LONGEST_BREAK_MS)


def _rate(text: str) -> float:
    """``fast``, ``120%`` or ``1.2`` (a factor), ``+20%`` (a change)."""
    return _factor(text, _RATES, percent_alone=False)


def _pitch(text: str) -> float:
    """``high``, ``+20%``, ``120%``, ``+2st`` (semitones), ``+20Hz`` or ``200Hz``."""
    return _factor(text, _PITCHES, percent_alone=False)


def _volume(text: str) -> float:
    """``loud``, ``+6dB``, and from older SSML ``50`` (of 100)."""
    return _factor(text, _VOLUMES, percent_alone=True)


def _factor(text: str, labels: dict[str, float], *, percent_alone: bool) -> float:
    text = text.strip()
    match = _NUMBER.fullmatch(text)
    if match is None:
        return labels.get(text.lower(), 1.0)
    sign, unit = match[1], match[3].lower()
    number = float(match[2]) * (-1 if sign == "-" else 1)
    if unit == "db":
        return math.pow(10, min(number, 60) / 20)
    if unit == "st":
        return math.pow(2, min(number, 60) / 12)
    if unit == "hz":
        return max(0.0, (_TYPICAL_HZ if sign else 0) + number) / _TYPICAL_HZ
    if unit == "%" or percent_alone:
        return max(0.0, (1.0 if sign else 0.0) + number / 100)
    return max(0.0, number)
