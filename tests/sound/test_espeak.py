from __future__ import annotations

import itertools
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrsim.errors import AudioError, SoundUnavailable
from ivrsim.sound import espeak
from ivrsim.sound.clip import Clip
from ivrsim.sound.espeak import Espeak, Synthesizer
from ivrsim.sound.voices import Voice, nearest

HELLO = "Welcome to the Lakeside clinic. For opening hours press 1."


def test_a_prompt_is_spoken_at_the_pace_of_an_announcement() -> None:
    clip = Synthesizer().render(HELLO)
    assert 12 < len(HELLO) / (clip.duration_ms / 1000) < 17  # characters a second
    assert 0.2 < np.abs(clip.samples).max() <= 1.0
    assert clip.note == ""


def test_speed_is_a_factor() -> None:
    synthesizer = Synthesizer()
    normal, slow, fast = (
        synthesizer.render(HELLO, speed=speed).duration_ms for speed in (1.0, 0.5, 2.0)
    )
    assert slow / normal == pytest.approx(2, rel=0.2)
    assert normal / fast == pytest.approx(2, rel=0.2)


@pytest.mark.parametrize(
    ("asked", "found", "noted"),
    [
        ("en-US", "en-us", False),
        ("en-GB", "en-gb", False),
        ("en-SG", "en-gb", True),
        ("en-CA", "en-us", True),
        ("zh-CN", "cmn", False),
        ("zh-HK", "yue", False),
        ("cmn-CN", "cmn", False),
        ("cmn-TW", "cmn", True),
        ("nb-NO", "nb", False),
        ("no-NO", "nb", False),
        ("da-DK", "da", False),
        ("de-DE", "de", False),
        ("de-AT", "de", True),
        ("pt-BR", "pt-br", False),
        ("es-US", "es-419", True),
        ("fil-PH", "id", True),
        ("tlh-KX", "en-us", True),
        ("", "en-us", True),
    ],
)
def test_the_nearest_language_speaks(asked: str, found: str, noted: bool) -> None:
    tag, note = nearest(asked, espeak.languages())
    assert tag == found
    assert bool(note) == noted
    assert Synthesizer().render("7", language=asked).note == note


def test_another_language_does_not_speak_with_the_voice_before() -> None:
    synthesizer = Synthesizer()
    german = synthesizer.render("1 2 3 4 5", language="de-DE").duration_ms
    synthesizer.render("1 2 3 4 5", language="en-US")
    again = Synthesizer().render("1 2 3 4 5", language="de-DE").duration_ms
    assert german == pytest.approx(again, abs=5)
    assert german != synthesizer.render("1 2 3 4 5", language="fr-FR").duration_ms


def _pitch(clip: Clip) -> float:
    """Hz, of the middle of what is voiced."""
    size, found = clip.rate // 10, []
    for start in range(0, len(clip.samples) - size, size // 2):
        piece = clip.samples[start : start + size]
        correlation = np.fft.irfft(np.abs(np.fft.rfft(piece, 4 * size)) ** 2)
        lags = slice(clip.rate // 400, clip.rate // 60)
        lag = int(correlation[lags].argmax()) + clip.rate // 400
        if (piece**2).mean() > 1e-3 and correlation[lag] > 0.5 * correlation[0]:
            found.append(clip.rate / lag)
    return float(np.median(found))


def test_men_and_women_differ() -> None:
    words = "all around the world"
    woman, man = (Espeak().render(words, Voice(male=male)) for male in (False, True))
    assert _pitch(woman) > 1.3 * _pitch(man)
    assert _pitch(Espeak().render(words, Voice(number=1))) != _pitch(woman)


def _marked(text: str) -> Clip:
    return Synthesizer().render(f"<speak>{text}</speak>", ssml=True)


def _loudness(clip: Clip) -> float:
    return float(np.sqrt((clip.samples**2).mean()))


@pytest.mark.parametrize("pause_ms", [300, 1500, 4000])
def test_a_break_lasts_what_it_says(pause_ms: int) -> None:
    plain = _marked("one two").duration_ms
    for time in (f"{pause_ms}ms", f"{pause_ms / 1000}s"):
        paused = _marked(f'one <break time="{time}"/> two').duration_ms
        assert paused - plain == pytest.approx(pause_ms, abs=100)


def test_prosody_is_heard() -> None:
    words = "loud and proud"
    plain = _marked(words)
    for volume, factor in (("+6dB", 2.0), ("-6dB", 0.5), ("x-soft", 0.3), ("x-loud", 2.0)):
        clip = _marked(f"<prosody volume='{volume}'>{words}</prosody>")
        assert _loudness(clip) / _loudness(plain) == pytest.approx(factor, rel=0.15)
    assert _loudness(_marked(f"<prosody volume='silent'>{words}</prosody>")) == 0.0
    fast = _marked(f"<prosody rate='x-fast'>{words}</prosody>")
    slow = _marked(f"<prosody rate='slow'>{words}</prosody>")
    assert fast.duration_ms < 0.8 * plain.duration_ms < 0.7 * slow.duration_ms
    high = _marked(f"<prosody pitch='x-high'>{words}</prosody>")
    low = _marked(f"<prosody pitch='x-low'>{words}</prosody>")
    assert _pitch(high) > 1.15 * _pitch(plain) > 1.25 * _pitch(low)


def test_emphasis_is_louder_and_slower() -> None:
    clips = [
        _marked(f"<emphasis level='{level}'>this is important</emphasis>")
        for level in ("reduced", "none", "moderate", "strong")
    ]
    for less, more in itertools.pairwise(clips):
        assert _loudness(less) < _loudness(more)
        assert less.duration_ms < more.duration_ms


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("<sub alias='United States'>US</sub>", "United States"),
        ("<say-as interpret-as='character'>IATA</say-as>", "I A T A"),
        ("<say-as interpret-as='digits'>747</say-as>", "7 4 7"),
        ("<say-as interpret-as='ordinal'>33</say-as>", "33rd"),
        ("<phoneme alphabet='ipa' ph='təˈmeɪtoʊ'>x</phoneme>", "tomato"),
        ("<phoneme alphabet='x-sampa' ph='t@&quot;meItoU'>x</phoneme>", "tomato"),
        ("<![CDATA[one]]> two", "one two"),
        ("one<audio src='/etc/passwd'> two</audio>", "one two"),
    ],
)
def test_markup_sounds_like_the_words_it_stands_for(marked: str, plain: str) -> None:
    one, two = _marked(marked), _marked(plain)
    assert one.duration_ms == pytest.approx(two.duration_ms, abs=40)
    assert _loudness(one) == pytest.approx(_loudness(two), rel=0.1)


def test_a_phoneme_is_not_how_the_word_is_written() -> None:
    one, two = (
        _marked(f"<phoneme alphabet='ipa' ph='{ph}'>x</phoneme>") for ph in ("biːt", "ˈæpəlpaɪ")
    )
    assert two.duration_ms > one.duration_ms + 200


def test_another_language_inside() -> None:
    count = "1 2 3 4 5 6 7 8 9"
    german = _marked(f"<lang xml:lang='de-DE'>{count}</lang>").duration_ms
    alone = Synthesizer().render(f"<speak>{count}</speak>", language="de-DE", ssml=True)
    english = _marked(count).duration_ms
    assert abs(german - alone.duration_ms) < abs(german - english) / 3
    between = _marked(f"One <lang xml:lang='de-DE'>{count}</lang><break time='2s'/> two.")
    assert between.duration_ms == pytest.approx(german + 2000 + 1000, abs=500)
    assert "'xx-XX'" in _marked("<lang xml:lang='xx-XX'>what</lang>").note


def test_broken_ssml_is_not_spoken() -> None:
    for bad in ("<speak>one", "<speak>a & b</speak>", "just words", "", "<!DOCTYPE a><a/>", "<p/>"):
        with pytest.raises(AudioError, match=r"^SSML"):
            Synthesizer().render(bad, ssml=True)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_any_text_is_a_clip(text: str) -> None:
    assert Synthesizer().render(text).rate == 22050


@pytest.mark.parametrize(
    "text",
    ["😀🎉", "مرحبا بك", "\x1b[31m\a\0\x7f", "\ud800", "x" * 10_000, "hello there " * 800, ""],
    ids=["emoji", "right-to-left", "control", "half a surrogate", "one word", "10k", "empty"],
)
def test_unusual_texts(text: str) -> None:
    assert Synthesizer().render(text).duration_ms < 600_000


def test_a_prompt_of_hours_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(espeak, "_LONGEST_S", 2)
    clip = Synthesizer().render("This takes rather longer than two seconds. " * 5)
    assert 1900 < clip.duration_ms < 2500
    assert "cut after 2 s" in clip.note


def test_the_same_prompt_is_rendered_once_and_old_ones_are_dropped() -> None:
    synthesizer = Synthesizer(rate=48000, cache_bytes=1_000_000)
    first = synthesizer.render("one")
    assert first.rate == 48000
    assert synthesizer.render("one") is first
    for number in range(20):
        synthesizer.render(f"prompt number {number}")
    assert synthesizer.render("one") is not first


def test_many_threads() -> None:
    synthesizer = Synthesizer(cache_bytes=0)
    texts = [f"this is prompt {number}" for number in range(12)] * 2
    alone = [synthesizer.render(text).duration_ms for text in texts]
    with ThreadPoolExecutor(6) as pool:
        together = [clip.duration_ms for clip in pool.map(synthesizer.render, texts)]
    assert together == pytest.approx(alone, abs=20)


def test_nothing_is_written_to_the_terminal() -> None:
    program = (
        "from ivrsim.sound.espeak import Synthesizer, languages\n"
        "for tag in languages(): Synthesizer().render('12 😀 да 你好', language=tag)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_data_in_a_very_long_path(tmp_path: Path) -> None:
    program = (
        "import espeakng_loader, pathlib, sys\n"
        "data = espeakng_loader.get_data_path()\n"
        "link = pathlib.Path(sys.argv[1]) / ('x' * 170) / 'espeak-ng-data'\n"
        "link.parent.mkdir(); link.symlink_to(data)\n"
        "espeakng_loader.get_data_path = lambda: str(link)\n"
        "from ivrsim.sound.espeak import Synthesizer\n"
        "print(Synthesizer().render('hello').duration_ms > 300)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_the_same_words_are_the_same_samples_whatever_was_said_before() -> None:
    texts = ["hello there", "Hush, she sells sea shells", "one, two; three."]
    first = {text: Synthesizer().render(text).samples for text in texts}
    for text in [*reversed(texts), *texts]:
        disturbing = "<prosody rate='fast' pitch='x-high'>what</prosody>"
        Synthesizer().render(f"<speak>{disturbing}</speak>", language="de-DE", ssml=True)
        assert np.array_equal(Synthesizer().render(text).samples, first[text])


def test_two_processes_render_the_same_samples() -> None:
    program = (
        "import hashlib, sys\n"
        "from ivrsim.sound.espeak import Synthesizer\n"
        "import time; time.sleep(float(sys.argv[1]))\n"
        "samples = Synthesizer().render('Hush, she sells sea shells.').samples\n"
        "print(hashlib.sha256(samples.tobytes()).hexdigest())\n"
    )
    # The library seeds its noise from the seconds of the clock, unless told otherwise.
    one, two = (
        subprocess.run([sys.executable, "-c", program, wait], capture_output=True, text=True)
        for wait in ("0", "1.1")
    )
    assert len(one.stdout) == 65
    assert one.stdout == two.stdout


def test_no_voice_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import espeakng_loader

    monkeypatch.setattr(espeak, "_library", None)
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(tmp_path))
    with pytest.raises(SoundUnavailable, match="embedded voice does not work: no voice data in"):
        Synthesizer().render("hello")
