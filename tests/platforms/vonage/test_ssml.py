"""What is heard of a text."""

from __future__ import annotations

import pytest

from ivrsim.platforms.vonage.ssml import plain_text

HEARD = [
    ("Hello\n  there", "Hello there", 0),
    ("2 < 3", "2 < 3", 0),
    ("<speak>My name is <break time='1s' />Slim.</speak>", "My name is Slim.", 1000),
    ("<speak>a<break time='250ms'/>b</speak>", "a b", 250),
    ("<speak>a<break strength='none'/>b</speak>", "a b", 0),
    ("<speak>a<break strength='weak'/>b</speak>", "a b", 250),
    ("<speak><p>Hello.</p><p>You?</p></speak>", "Hello. You?", 1500),
    ("<speak>The <sub alias='United States'>US</sub>.</speak>", "The United States.", 0),
    ("<speak><sub alias='x'>a<emphasis>b</emphasis></sub>c</speak>", "xc", 0),
    ("<speak>fish &amp; chips &#233;</speak>", "fish & chips é", 0),
    ("<speak><lang xml:lang='it-IT'>Buongiorno</lang></speak>", "Buongiorno", 0),
    (" <speak>x</speak> ", "x", 0),
    ("<?xml version='1.0'?><speak>x</speak>", "x", 0),
]


@pytest.mark.parametrize(("text", "words", "pause_ms"), HEARD)
def test_heard(text: str, words: str, pause_ms: int) -> None:
    spoken = plain_text(text)
    assert (spoken.ok, spoken.words, spoken.pause_ms) == (True, words, pause_ms)


BROKEN = [
    ("<speak>fish & chips</speak>", "line 1, column"),
    ("<speak>a", "no element found"),
    ("<speak>a</p></speak>", "mismatched tag"),
    ("<speak>&nbsp;</speak>", "undefined entity"),
    ("<speak>a</speak>b", "junk after document element"),
    ("<?xml version='1.0'?><p>a</p>", "outermost tag is <p>"),
    ("<!DOCTYPE s [<!ENTITY a 'b'>]><speak>&a;</speak>", "document type"),
    ("<speak>\ud800</speak>", "surrogate"),
]


@pytest.mark.parametrize(("text", "why"), BROKEN)
def test_broken_is_not_spoken(text: str, why: str) -> None:
    spoken = plain_text(text)
    assert (spoken.ok, spoken.words, spoken.pause_ms) == (False, "", 0)
    assert spoken.error is not None and why in spoken.error


def test_entities_are_never_expanded() -> None:
    laughs = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 10))
    bomb = f"<!DOCTYPE speak [<!ENTITY l0 'ha'>{laughs}]><speak>&l9;</speak>"
    assert not plain_text(bomb).ok


def test_characters_do_not_count_tags() -> None:
    assert plain_text("<speak><emphasis level='strong'>abc</emphasis></speak>").characters == 3
    assert plain_text("abc").characters == 3


def test_unknown_tags_and_breaks_are_named() -> None:
    spoken = plain_text("<speak><audio/><audio/><break time='soon'/><break strength='x'/></speak>")
    assert spoken.ok
    assert spoken.unknown_tags == ("audio",)
    assert spoken.bad_breaks == ("soon", "x")
