from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrsim.sound.clip import Clip
from ivrsim.sound.telephone import Telephone, through_telephone


def sine(hz: float, rate: int, peak: float = 0.5, seconds: float = 0.5) -> np.ndarray:
    return (peak * np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate)).astype("f4")


def gain_db(hz: float, rate: int) -> float:
    """What a line does to a sine, in all that comes out: aliases and noise count too."""
    heard = through_telephone(Clip(sine(hz, rate), rate)).samples
    inner = heard[rate // 10 : -rate // 10].astype(float)
    return float(10 * np.log10(np.mean(inner**2) / 0.125 + 1e-12))


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
def test_the_pass_band(rate: int) -> None:
    for hz in (300, 400, 1020, 2000, 3000, 3400):  # the corners of ITU-T G.712
        assert -1.0 < gain_db(hz, rate) < 0.5, hz
    assert gain_db(250, rate) == pytest.approx(-3, abs=0.2)
    assert gain_db(3560, rate) == pytest.approx(-3, abs=0.6)


@pytest.mark.parametrize("rate", [16000, 22050, 44100, 48000])
@pytest.mark.parametrize("hz", [16.7, 50, 60, 4600, 5000, 6000, 7900, 8000, 10000, 15000, 20000])
def test_what_a_telephone_does_not_carry(rate: int, hz: float) -> None:
    if hz < rate / 2:
        assert gain_db(hz, rate) < -35


def test_images_above_4_khz_are_gone() -> None:
    """The samples of a line at 8 kHz would repeat 3 kHz at 5, 11, 13… kHz."""
    rate = 48000
    heard = through_telephone(Clip(sine(3000, rate), rate)).samples[4800:-4800]
    spectrum = np.abs(np.fft.rfft(heard * np.blackman(len(heard)), rate))
    assert 20 * np.log10(spectrum[4600:].max() / spectrum.max()) < -38


@pytest.mark.parametrize("law", ["mu", "a"])
def test_the_noise_of_the_coding(law: str) -> None:
    """ITU-T G.712: 33 dB between a sine and its distortion, from 0 down to -30 dBm0."""
    rate = 8000
    for peak_db in (-3.14, -13.14, -23.14, -33.14):
        heard = through_telephone(Clip(sine(1020, rate, 10 ** (peak_db / 20)), rate), law).samples
        inner = heard[800:-800].astype(float)
        turns = 2 * np.pi * 1020 * np.arange(len(inner)) / rate
        waves = np.stack([np.sin(turns), np.cos(turns)], 1)
        rest = inner - waves @ np.linalg.lstsq(waves, inner, rcond=None)[0]
        assert 33 < 10 * np.log10(np.mean(inner**2) / np.mean(rest**2)) < 45


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 44100, 48000])
def test_it_is_late_by_two_milliseconds(rate: int) -> None:
    telephone = Telephone(rate)
    assert 0.002 <= telephone.delay / rate < 0.0022
    noise = np.random.default_rng(7).normal(0, 0.1, rate // 10).astype(np.float32)
    late = telephone.process(np.pad(noise, (0, rate // 50)))
    shifts = [np.dot(late[at : at + len(noise)], noise) for at in range(rate // 100)]
    assert np.argmax(shifts) == pytest.approx(telephone.delay, abs=1)


def test_the_one_shot_is_not_late() -> None:
    clip = Clip(sine(3000, 48000), 48000, note="said")
    heard = through_telephone(clip)
    assert len(heard.samples) == len(clip.samples)
    assert heard.note == "said"
    assert np.corrcoef(heard.samples[4800:], clip.samples[4800:])[0, 1] > 0.95


SPEECH = np.random.default_rng(4).normal(0, 0.1, 2500).astype(np.float32)


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from([8000, 16000, 44100, 48000]),
    st.sampled_from(["mu", "a"]),
    st.lists(st.integers(0, 700), max_size=10),
)
def test_blocks_of_any_size_give_the_same(rate: int, law: str, sizes: list[int]) -> None:
    whole = Telephone(rate, law).process(SPEECH)
    telephone = Telephone(rate, law)
    parts, at = [], 0
    for size in [*sizes, len(SPEECH)]:
        block = SPEECH[at : at + size]
        parts.append(telephone.process(block))
        assert len(parts[-1]) == len(block)
        at += len(block)
    assert np.array_equal(np.concatenate(parts), whole)


def test_silence_stays_silence_and_loud_sound_stays_within_bounds() -> None:
    telephone = Telephone(48000, "a")
    assert not telephone.process(np.zeros(4800, np.float32)).any()
    loud = telephone.process(np.sign(sine(440, 48000)).astype("f4") * 4)
    assert np.isfinite(loud).all() and np.abs(loud).max() < 1.5
    telephone.process(np.zeros(9600, np.float32))
    assert not telephone.process(np.zeros(4800, np.float32)).any()


def test_rates_below_the_line() -> None:
    with pytest.raises(ValueError, match="8000 Hz or more, not 6000"):
        Telephone(6000)
    assert through_telephone(Clip(sine(440, 6000), 6000)).rate == 8000


def test_nothing_in_nothing_out() -> None:
    assert len(Telephone(48000).process(np.zeros(0, np.float32))) == 0
    assert len(through_telephone(Clip(np.zeros(0, np.float32), 48000)).samples) == 0
