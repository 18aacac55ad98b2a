from __future__ import annotations

import numpy as np
import pytest

from ivrsim.sound import tones
from ivrsim.sound.clip import Clip

RATE = 48000


def spectrum_db(clip: Clip) -> np.ndarray:
    """Level per bin against the largest, after a window with low side lobes."""
    samples = clip.samples[RATE // 50 : -RATE // 50]
    spectrum = np.abs(np.fft.rfft(samples * np.blackman(len(samples)), RATE))  # 1 Hz a bin
    return 20 * np.log10(spectrum / spectrum.max() + 1e-12)


@pytest.mark.parametrize("key", list("1234567890*#ABCD"))
def test_a_key_has_its_two_frequencies_and_nothing_else(key: str) -> None:
    levels = spectrum_db(tones.dtmf(key, 500))
    low, high = tones.DTMF_HZ[key]
    assert levels[low] > -0.5
    assert levels[high] > -0.5
    elsewhere = np.ones(len(levels), bool)
    for hz in (low, high):
        elsewhere[hz - 10 : hz + 11] = False
    assert levels[elsewhere].max() < -40


def test_the_keypad_of_q23() -> None:
    assert tones.DTMF_HZ["1"] == (697, 1209)
    assert tones.DTMF_HZ["#"] == (941, 1477)
    assert tones.DTMF_HZ["D"] == (941, 1633)
    assert len(tones.DTMF_HZ) == 16
    with pytest.raises(ValueError, match="no such key"):
        tones.dtmf("E")


@pytest.mark.parametrize("country", tones.COUNTRIES)
@pytest.mark.parametrize("name", tones.PROGRESS_TONES)
def test_progress_tones_loop_without_a_step(country: str, name: str) -> None:
    clip = tones.progress(name, country)
    cadence = tones.COUNTRIES[country][name]
    assert clip.duration_ms == (sum(cadence.on_off_ms) or 1000)
    twice = np.concatenate([clip.samples, clip.samples])
    steepest = 0.2 * 2 * np.pi * max(cadence.hz) / RATE * 1.2
    assert np.abs(np.diff(twice)).max() < steepest


def test_cadence_of_the_american_busy_tone() -> None:
    clip = tones.progress("busy", "us")
    on, off = clip.samples[: RATE // 2], clip.samples[RATE // 2 :]
    assert np.abs(on).max() == pytest.approx(0.2, rel=0.02)
    assert not off.any()


def test_unknown_countries_hear_the_european_tone() -> None:
    ours = tones.progress("ringback", "XX").samples
    assert np.array_equal(ours, tones.progress("ringback", "EU").samples)
    with pytest.raises(ValueError, match="known are dial, ringback"):
        tones.progress("moo")


def test_the_beep_begins_and_ends_softly() -> None:
    samples = tones.beep().samples
    assert abs(samples[0]) < 0.001
    assert abs(samples[-1]) < 0.001
