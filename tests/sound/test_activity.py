"""Voice activity: real speech (of the embedded voice) over noise, at many levels."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrsim.sound import tones
from ivrsim.sound.activity import HANG_S, VoiceActivity
from ivrsim.sound.espeak import Espeak
from ivrsim.sound.voices import Voice

RATE = 16000
LEAD_S = 0.7
WORDS = ("I would like to book a table.", "yes", "six", "What are your opening hours?")


@cache
def spoken(words: str, male: bool = False, rate: int = RATE) -> np.ndarray:
    """Speech whose loud parts have an RMS of 1, and the silence before and after it cut."""
    samples = Espeak().render(words, Voice("en-GB", male)).resample(rate).samples
    levels = by_10_ms(samples, rate)
    samples = samples / np.sqrt((levels[levels > 0.03 * levels.max()] ** 2).mean())
    heard = np.flatnonzero(np.abs(samples) > 0.03)
    return samples[heard[0] : heard[-1] + 1]


def by_10_ms(samples: np.ndarray, rate: int) -> np.ndarray:
    """RMS."""
    size = rate // 100
    return np.sqrt((samples[: len(samples) // size * size].reshape(-1, size) ** 2).mean(axis=1))


@cache
def noise(kind: str, frames: int, rate: int, seed: int = 1) -> np.ndarray:
    """An RMS of 1."""
    samples = np.random.default_rng(seed).standard_normal(frames)
    if kind == "pink":
        spectrum = np.fft.rfft(samples)
        spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
        samples = np.fft.irfft(spectrum, frames)
    if kind == "hum":
        turns = 2 * np.pi * 50 * np.arange(frames) / rate
        samples = sum(np.sin(number * turns) / number for number in range(1, 7)) + samples / 50
    return samples / np.sqrt((samples**2).mean())


def decibels(level: float) -> float:
    return 10 ** (level / 20)


def watch(
    samples: np.ndarray, rate: int = RATE, *, keys: bool = True
) -> list[tuple[bool, float, float]]:
    """What was told, and when: blocks of 10 ms."""
    activity = VoiceActivity(rate, keys=keys)
    size = rate // 100
    return [
        (speaking, at, (first + size) / rate)
        for first in range(0, len(samples), size)
        for speaking, at in activity.feed(samples[first : first + size].astype(np.float32))
    ]


@pytest.mark.parametrize("level", [-10, -30, -45])
@pytest.mark.parametrize(("kind", "snr"), [
    ("white", 40), ("white", 20), ("white", 15), ("pink", 20), ("pink", 10), ("hum", 10),
    ("hum", 0),
])  # fmt: skip
def test_speech_over_noise(kind: str, snr: int, level: int) -> None:
    for number, words in enumerate(WORDS):
        speech = spoken(words, male=bool(number % 2))
        frames = int(LEAD_S * RATE)
        sound = np.concatenate([np.zeros(frames), speech, np.zeros(RATE)])
        sound += noise(kind, len(sound), RATE, number) * decibels(-snr)
        told = watch(sound * decibels(level))
        assert [speaking for speaking, *_ in told] == [True, False], words
        (_, began, began_told), (_, ended, ended_told) = told
        # What lies below the noise, or the floor, cannot be heard: the truth is what is above.
        least = max(0.03, decibels(-snr) if kind != "hum" else 0, decibels(-60 - level))
        loud = np.flatnonzero(by_10_ms(speech, RATE) > least)
        assert began == pytest.approx(LEAD_S + loud[0] / 100, abs=0.1)
        assert began_told - (LEAD_S + loud[0] / 100) <= 0.15
        assert ended == pytest.approx(LEAD_S + (loud[-1] + 1) / 100, abs=0.1)
        assert ended_told - ended == pytest.approx(HANG_S, abs=0.06)


@pytest.mark.parametrize("rate", [8000, 11025, 44100, 48000])
def test_any_rate_and_speech_from_the_first_sample(rate: int) -> None:
    speech = spoken(WORDS[0], rate=rate)
    told = watch(np.concatenate([speech, np.zeros(rate)]) * 0.05, rate)
    assert [speaking for speaking, *_ in told] == [True, False]
    assert told[0][1] < 0.1
    # What is noise and what a soft voice only a pause could have told.
    assert told[1][1] == pytest.approx(len(speech) / rate, abs=0.15)


@pytest.mark.parametrize("level", [-60, -40, -20, -6])
@pytest.mark.parametrize("kind", ["white", "pink", "hum"])
def test_steady_noise_is_silence_at_any_level(kind: str, level: int) -> None:
    assert watch(noise(kind, 20 * 8000, 8000) * decibels(level), 8000) == []


def test_noise_that_begins_is_silence_within_three_seconds() -> None:
    sound = noise("white", 8 * RATE, RATE) * 0.02
    sound[:RATE] = 0
    told = watch(sound)
    assert [speaking for speaking, *_ in told] == [True, False]
    assert told[1][2] < 1 + 3.2


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(3 * RATE),
        np.full(3 * RATE, 0.5),
        np.sin(np.arange(3 * RATE) * 2 * np.pi * 440 / RATE) / 5,
        spoken(WORDS[0]) * decibels(-75),
    ],
    ids=["nothing", "dc", "one tone", "below the floor"],
)
def test_what_is_no_activity(sound: np.ndarray) -> None:
    assert watch(sound) == []


def test_a_click_is_no_beginning() -> None:
    sound = np.zeros(3 * RATE)
    sound[RATE : RATE + RATE // 200] = 0.5
    assert watch(sound) == []


@pytest.mark.parametrize("level", [0.0, 0.0003, 0.003])
def test_keys_are_sound_but_not_speech(level: float) -> None:
    pause = np.zeros(RATE // 10)
    keys = [part for key in "159*0#D" for part in (tones.dtmf(key, 100, RATE).samples, pause)]
    sound = np.concatenate([np.zeros(RATE), *keys, np.zeros(RATE)])
    sound += noise("white", len(sound), RATE) * level
    assert watch(sound, keys=False) == []
    told = watch(sound)
    assert [speaking for speaking, *_ in told] == [True, False]
    assert told[0][1] == pytest.approx(1.0, abs=0.05)
    assert told[1][1] == pytest.approx(len(sound) / RATE - 1.1, abs=0.1)


def test_speech_counts_where_keys_do_not() -> None:
    sound = np.concatenate([np.zeros(RATE // 2), spoken(WORDS[3]), np.zeros(RATE)]) * 0.05
    assert watch(sound, keys=False) == watch(sound)


def test_long_speech_is_not_taken_for_noise() -> None:
    """No pause of a sentence without commas is a silence, however long it is."""
    words = "and then we went to the station and we took the train to another town " * 4
    sound = np.concatenate([np.zeros(RATE), spoken(words), np.zeros(RATE)]) * 0.05
    sound += noise("white", len(sound), RATE) * 0.0005
    assert [speaking for speaking, *_ in watch(sound)] == [True, False]


def test_a_rate_below_the_telephones_is_refused() -> None:
    with pytest.raises(ValueError, match="8000 Hz or more, not 4000"):
        VoiceActivity(4000)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([8000, 11025]), st.lists(st.integers(0, 4000), max_size=20), st.booleans())
def test_blocks_do_not_matter(rate: int, sizes: list[int], keys: bool) -> None:
    parts = [np.zeros(rate // 3), spoken("yes", rate=rate) * 0.1, np.zeros(rate // 2)]
    sound = np.concatenate([*parts, tones.dtmf("5", 100, rate).samples, np.zeros(rate // 2)])
    sound += noise("white", len(sound), rate) * 0.001
    sound = sound.astype(np.float32)
    activity = VoiceActivity(rate, keys=keys)
    told = []
    for part in np.split(sound, np.minimum(np.cumsum(sizes), len(sound)).astype(int)):
        told += activity.feed(part)
    whole = VoiceActivity(rate, keys=keys)
    assert told == whole.feed(sound)
    assert activity.speaking is whole.speaking
    assert len(told) == (4 if keys else 2)
