from __future__ import annotations

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
from ivrsim.sound.espeak import Synthesizer
from ivrsim.sound.voices import Voice, choose, nearest

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


@pytest.mark.parametrize(
    ("fields", "voice"),
    [
        (("en-US", 0, None), Voice("en-US", "f2")),
        (("en-US", 0, "en-US-ZiraRUS"), Voice("en-US", "f2")),
        (("en-US", 0, "en-US-BenjaminRUS"), Voice("en-US", "m3")),
        (("en-US", 0, "en-GB-Susan"), Voice("en-GB", "f2")),
        (("en-US", 0, "en-GB-George"), Voice("en-GB", "m3")),
        (("en-US", 0, "en-IE-EmilyNeural"), Voice("en-IE", "f2")),
        (("en-US", 0, "nb-NO-FinnNeural"), Voice("nb-NO", "m3")),
        (("en-US", 0, "Brian"), Voice("en-GB", "m3")),
        (("en-GB", 4, None), Voice("en-GB", "m3")),
        (("en-GB", 1, None), Voice("en-GB", "f3")),
        (("en-US", 0, "<nonsense>"), Voice("en-US", "f2")),
    ],
)
def test_the_platforms_names_of_voices(fields: tuple[str, int, str | None], voice: Voice) -> None:
    assert choose(*fields) == voice


def test_men_and_women_differ() -> None:
    synthesizer = Synthesizer()

    def pitch(variant: str) -> float:
        clip = synthesizer.render("ah", variant=variant)
        middle = clip.samples[len(clip.samples) // 4 :][: clip.rate // 10]
        spectrum = np.abs(np.fft.rfft(middle, clip.rate))
        correlation = np.fft.irfft(spectrum**2)
        lags = slice(clip.rate // 300, clip.rate // 70)
        return clip.rate / (int(correlation[lags].argmax()) + clip.rate // 300)

    assert pitch("f2") > 1.3 * pitch("m3")


def test_ssml_pauses_and_is_checked() -> None:
    synthesizer = Synthesizer()
    plain = synthesizer.render("<speak>one two</speak>", ssml=True).duration_ms
    pause = synthesizer.render('<speak>one <break time="2s"/> two</speak>', ssml=True).duration_ms
    assert pause - plain > 1500
    for bad in ("<speak>one", "<speak>a & b</speak>", "just words", "", "<!DOCTYPE a><a/>"):
        with pytest.raises(AudioError, match=r"^SSML"):
            synthesizer.render(bad, ssml=True)


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
