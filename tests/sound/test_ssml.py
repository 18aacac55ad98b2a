from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrsim.errors import AudioError
from ivrsim.sound.phonemes import espeak_mnemonics, from_x_sampa
from ivrsim.sound.say_as import say_as
from ivrsim.sound.ssml import Pause, Words, read


@pytest.mark.parametrize(
    ("marked", "parts"),
    [
        ("fish &amp; <b>chips</b>", [Words("fish & chips")]),
        ("a <break time='1.5s'/> b", [Words("a "), Pause(1500), Words(" b")]),
        ("<break time='.5s'/><break time='250ms'/>a", [Pause(750), Words("a")]),
        ("a<break time='soon'/>b<break strength='none'/>c", [Words("abc")]),
        ("<break strength='weak'/><break/><break strength='x-strong'/>", [Pause(1250)]),
        ("<break time='999999s'/>", [Pause(10_000)]),
        ("<s>one</s>\n<s>two!</s>", [Words("one. "), Pause(400), Words("two!"), Pause(400)]),
        ("a<p>b</p>", [Words("a. b. "), Pause(750)]),
        ("<sub alias='World'>W<i>3</i></sub> <desc>x</desc>C", [Words("World C")]),
        (
            "<lang xml:lang='it-IT'>Ciao <s xml:lang='de'>Du</s></lang>",
            [Words("Ciao. ", "it-IT"), Words("Du. ", "de"), Pause(400)],
        ),
        (
            "<prosody rate='slow' volume='-6dB'>a<prosody rate='200%'>b</prosody></prosody>",
            [Words("a", speed=0.75, volume=10**-0.3), Words("b", speed=1.5, volume=10**-0.3)],
        ),
        ("<prosody pitch='+20%' range='50%'>a</prosody>", [Words("a", pitch=1.2, range=0.5)]),
        ("<prosody rate='1e9' pitch='very' volume='+60dB'>a</prosody>", [Words("a", volume=4.0)]),
        ("<phoneme alphabet='ipa' ph='piˈkɑn'>nut</phoneme>", [Words("nut", phonemes="piˈkɑn")]),
        (
            "<phoneme ph='a'>x</phoneme><phoneme ph='a'>x</phoneme>",
            [Words("x", phonemes="a"), Words("x", phonemes="a")],
        ),
        ("No. <say-as interpret-as='digits'>10</say-as>!", [Words("No. 1 0 !")]),
        ("", []),
    ],
)  # fmt: skip
def test_parts(marked: str, parts: list[object]) -> None:
    found = read(f" <speak>{marked}</speak>\n")
    assert [_near(part) for part in found] == [_near(part) for part in parts]


def _near(part: object) -> object:
    if not isinstance(part, Words):
        return part
    numbers = (part.speed, part.pitch, part.range, part.volume)
    return (part.text, part.language, part.phonemes, *(round(number, 3) for number in numbers))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("<speak>a", "SSML:1:9: no element found"),
        ("<speak>a</b></speak>", "SSML:1:11: mismatched tag"),
        ("<speak>a & b</speak>", "SSML:1:11: not well-formed"),
        ("<p>a</p>", "outermost tag is <p>"),
        ("<!DOCTYPE speak [<!ENTITY a 'b'>]><speak>&a;</speak>", "document type"),
        ("<speak>\ud800</speak>", "surrogate"),
        ("words", "SSML:1:1: syntax error"),
    ],
)
def test_what_is_not_well_formed_is_one_line(text: str, what: str) -> None:
    with pytest.raises(AudioError) as caught:
        read(text)
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=80))
def test_any_text_is_parts_or_one_error(text: str) -> None:
    try:
        parts = read(f"<speak>{text}</speak>")
    except AudioError:
        return
    assert all(part.ms > 0 if isinstance(part, Pause) else part.text for part in parts)


@pytest.mark.parametrize(
    ("text", "kind", "form", "said"),
    [
        ("IATA", "character", "", "I A T A"),
        ("747", "digits", "", "7 4 7"),
        ("1 000", "cardinal", "", "1000"),
        ("1", "ordinal", "", "1st"),
        ("12", "ordinal", "", "12th"),
        ("1/3", "fraction", "", "one third"),
        ("2 4/10", "fraction", "", "2 and 4 tenths"),
        ("3/2", "fraction", "", "3 halves"),
        ("5/17", "fraction", "", "5 over 17"),
        ("1m", "unit", "", "1 metre"),
        ("20kg", "unit", "", "20 kilograms"),
        ("1'30\"", "time", "", "1 minute and 30 seconds"),
        ("10/3", "date", "dm", "March 10th"),
        ("3/10/2019", "date", "mdy", "March 10th, 2019"),
        ("2019/3", "date", "ym", "March, 2019"),
        ("20190310", "date", "yyyymmdd", "March 10th, 2019"),
        ("????0310", "date", "yyyymmdd", "March 10th"),
        ("31/31", "date", "dm", "31/31"),
        ("damn", "expletive", "", "beep"),
        ("2025551234", "telephone", "", "2 0 2, 5 5 5, 1 2 3 4"),
        ("+65 6833 2048", "telephone", "", "plus 6 5, 6 8 3 3, 2 0 4 8"),
        ("whatever", "address", "", "whatever"),
    ],
)
def test_say_as(text: str, kind: str, form: str, said: str) -> None:
    assert say_as(text, kind, form, "en-GB") == said


def test_other_languages_say_numbers_by_themselves() -> None:
    assert say_as("10/3", "date", "dm", "de-DE") == "10/3"
    assert say_as("747", "digits", "", "de-DE") == "7 4 7"


def test_phonetic_alphabets() -> None:
    assert from_x_sampa('t@"meItoU') == "təˈmeɪtoʊ"
    assert from_x_sampa("r\\{S3:") == "ɹæʃɜː"
    assert espeak_mnemonics("təˈmeɪtoʊ") == "t@'meItoU"
    assert espeak_mnemonics("/t͡ʃɛɹ.iː/ ʘ") == "tSEri: "
