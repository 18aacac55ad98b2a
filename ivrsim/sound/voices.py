"""Which voice speaks: the names that both platforms give to voices, and languages near others.

A platform has many voices in a language, an engine here few: they are told apart by language,
by whether the voice is a man's or a woman's, and by a number.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Voice:
    """The voice that a platform's fields ask for.

    ``language`` is the tag as the platform writes it (``en-GB``, ``cmn-CN``). ``number`` tells
    voices of one language and sex apart. ``name`` is the platform's own name of the voice where
    it has one (``en-US-JennyNeural``, ``Brian``), for an engine that has the very same.
    """

    language: str = "en-US"
    male: bool = False
    number: int = 0
    name: str | None = None


# Vonage's voices with a name: language, style, sex (Text-to-Speech guide, legacy voice names).
_VONAGE_FEMALE = """
    Aditi:hi-IN:0 Alva:sv-SE:2 Amy:en-GB:0 Astrid:sv-SE:0 Bianca:it-IT:0 Camila:pt-BR:5
    Carla:it-IT:1 Carmen:ro-RO:0 Carmit:he-IL:0 Catarina:pt-PT:3 Celine:fr-FR:0
    Chantal:fr-CA:0 Conchita:es-ES:0 Damayanti:id-ID:1 Dora:is-IS:0 Emma:en-GB:1
    Empar:es-ES:3 Ewa:pl-PL:0 Filiz:tr-TR:0 Gwyneth:cy-GB:0 Ines:pt-PT:0 Ioana:ro-RO:1
    Iveta:cs-CZ:1 Ivy:en-US:1 Joana:pt-PT:4 Joanna:en-US:2 Kanya:th-TH:0 Kendra:en-US:3
    Kimberly:en-US:0 Laila:ar:2 Laura:sk-SK:1 Lea:fr-FR:1 Lekha:hi-IN:2 Liv:nb-NO:0
    Lotte:nl-NL:0 Lucia:es-ES:1 Luciana:pt-BR:2 Lupe:es-US:2 Maja:pl-PL:1 Mariska:hu-HU:1
    Marlene:de-DE:0 Mei-Jia:cmn-TW:0 Melina:el-GR:1 Mia:es-MX:0 Miren:eu-ES:0 Mizuki:ja-JP:0
    Montserrat:ca-ES:0 Naja:da-DK:0 Nicole:en-AU:0 Nora:nb-NO:6 Penelope:es-US:0
    Raveena:en-IN:1 Salli:en-US:4 Satu:fi-FI:1 Seoyeon:ko-KR:0 Sin-Ji:yue-CN:0 Sora:ko-KR:3
    Tatyana:ru-RU:0 Tessa:en-ZA:0 Tian-Tian:cmn-CN:3 Vicki:de-DE:1 Vitoria:pt-BR:0
    Yelda:tr-TR:4 Zeina:ar:0 Zhiyu:cmn-CN:0 Zuzana:cs-CZ:2
"""
_VONAGE_MALE = """
    Brian:en-GB:4 Cem:tr-TR:7 Cristiano:pt-PT:5 Enrique:es-ES:4 Felipe:pt-BR:4
    Geraint:en-GB-WLS:0 Giorgio:it-IT:4 Hans:de-DE:3 Henrik:nb-NO:7 Jacek:pl-PL:5 Jan:pl-PL:6
    Joey:en-US:7 Jordi:ca-ES:1 Justin:en-US:8 Karl:is-IS:1 Mads:da-DK:2 Maged:ar:5
    Mathieu:fr-FR:5 Matthew:en-US:9 Maxim:ru-RU:4 Miguel:es-US:1 Nikos:el-GR:2 Oskar:sv-SE:3
    Ricardo:pt-BR:3 Ruben:nl-NL:4 Russell:en-AU:3 Takumi:ja-JP:3 Tarik:ar:6
"""
# Further names seen in 8x8 voice profiles; only men's are needed, a woman's is the default.
_OTHER_MEN = """
    Adri Andrew Antoine Ben Benjamin Brandon Christopher Christoph Conrad Connor Davis Duarte
    Eric Finn George Guy Guillaume Henri Jacob Jorge Liam Luke Naayf Noah Pablo Paul Ravi Roger
    Ryan Stefan Steffan Thomas Tony William Wayne Yunxi Yunyang Zhiwei
"""


def _named(table: str) -> dict[str, tuple[str, int]]:
    rows = (entry.split(":") for entry in table.split())
    return {name.lower(): (language, int(style)) for name, language, style in rows}


NAMED = _named(_VONAGE_FEMALE) | _named(_VONAGE_MALE)
"""Vonage's legacy ``voiceName`` (lower case): ``language`` and ``style``."""
_LANGUAGES = """
    ar bn-IN ca-ES cmn-CN cmn-TW cs-CZ cy-GB da-DK de-DE el-GR en-AU en-GB en-GB-WLS en-IN en-US
    en-ZA es-ES es-MX es-US eu-ES fi-FI fil-PH fr-CA fr-FR he-IL hi-IN hu-HU id-ID is-IS it-IT
    ja-JP ko-KR ml-IN nb-NO nl-NL pl-PL pt-BR pt-PT ro-RO ru-RU sk-SK sv-SE ta-IN te-IN th-TH
    tr-TR uk-UA vi-VN yue-CN
"""
LANGUAGES = _LANGUAGES.split()
"""Vonage's languages; 8x8's voice profiles begin with tags of the same kind."""
_MEN = set(_named(_VONAGE_MALE)) | {name.lower() for name in _OTHER_MEN.split()}
MALE_STYLES = set(_named(_VONAGE_MALE).values())
_PROFILE = re.compile(r"(?P<language>[a-z]{2,3}-[A-Z]{2}(?:-[A-Z]{3})?)-(?P<name>[A-Za-z]+)")
_SUFFIX = re.compile(r"(rus|neural|apollo|multilingual|standard|wavenet)+$")


def choose(language: str = "en-US", style: int = 0, name: str | None = None) -> Voice:
    """The voice for a platform's fields.

    ``name`` is an 8x8 ``voiceProfile`` (``en-GB-Susan``, ``en-US-ZiraRUS``) or a Vonage
    ``voiceName`` (``Brian``); where it tells, it decides over ``language`` and ``style``. An
    unknown style is a woman's voice, as style 0 of most of Vonage's languages is.
    """
    if name:
        profile = _PROFILE.match(name)
        if profile:
            first = _SUFFIX.sub("", profile["name"].lower())
            return Voice(profile["language"], first in _MEN, 0, name)
        if name.lower() in NAMED:
            language, style = NAMED[name.lower()]
    return Voice(language, (language, style) in MALE_STYLES, style, name)


# Tags that others use for languages, or that have no voice of their own: the nearest one.
_NEAREST = {
    "arb": "ar", "fil": "id", "in": "id", "iw": "he", "no": "nb", "tl": "id", "zh": "cmn",
    "zh-hk": "yue", "zh-mo": "yue", "es-us": "es-419", "en-ca": "en-us", "en-ph": "en-us",
    "en": "en-gb",
}  # fmt: skip
_EUROPEAN = {"de": "de", "fr": "fr", "es": "es", "pt": "pt", "it": "it", "nl": "nl", "cmn": "cn"}


def nearest(language: str, known: Collection[str]) -> tuple[str, str]:
    """The tag among ``known`` (lower case) that is nearest to ``language``, and a note.

    en-SG → en-GB, zh-CN → cmn, nb-NO → nb; English when the language is unknown. The note is
    empty when a listener would not notice, as for nb-NO.
    """
    parts = language.strip().replace("_", "-").lower().split("-")
    for length in range(len(parts), 0, -1):
        tag = "-".join(parts[:length])
        for candidate in (_NEAREST.get(tag), tag):
            if candidate is not None and candidate in known:
                return candidate, _note(language, parts, candidate)
    return "en-us", f"no voice for language {language[:40]!r}: spoken by the one for en-US"


def _note(language: str, asked: list[str], found: str) -> str:
    base, *regions = asked
    if base == "zh":
        base = "yue" if found == "yue" else "cmn"
    same_language = found.split("-")[0] == base or (base, found) in {("no", "nb"), ("iw", "he")}
    # A voice without a region speaks as most of its speakers do; elsewhere that is an accent.
    home = found.partition("-")[2] or _EUROPEAN.get(found, "")
    if same_language and (not regions or not home or regions[0] == home):
        return ""
    return f"no voice for {language[:40]!r}: spoken by the nearest, {found}"
