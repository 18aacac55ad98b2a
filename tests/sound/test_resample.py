"""A change of rate while the sound comes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrsim.sound.resample import Resampler

RATES = (8000, 16000, 44100, 48000)


def sine(hz: float, rate: int, seconds: float) -> np.ndarray:
    turns = 2 * np.pi * hz * np.arange(int(rate * seconds)) / rate
    return np.sin(turns).astype(np.float32)


@pytest.mark.parametrize("old", RATES)
@pytest.mark.parametrize("new", RATES)
def test_a_sine_stays_one(old: int, new: int) -> None:
    out = Resampler(old, new).feed(sine(1000, old, 0.5))
    assert len(out) == pytest.approx(new / 2, abs=1)
    late = 16 / min(old, new)
    turns = 2 * np.pi * 1000 * (np.arange(len(out)) / new - late)
    settled = slice(int(new * 2 * late) + 1, None)
    fit = np.vdot(np.exp(1j * turns)[settled], out[settled].astype(complex)) * 2 / len(out[settled])
    assert abs(fit) == pytest.approx(1, abs=0.01)
    wave = (np.exp(1j * turns) * fit).real[settled]
    assert np.abs(out[settled] - wave).max() < 2e-3


def test_what_the_lower_rate_cannot_hold_is_gone() -> None:
    out = Resampler(48000, 16000).feed(sine(11000, 48000, 0.5))
    assert np.abs(out[100:]).max() < 1e-3


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(RATES),
    st.sampled_from(RATES),
    st.lists(st.integers(0, 700), max_size=12),
)
def test_blocks_do_not_matter(old: int, new: int, sizes: list[int]) -> None:
    sound = np.random.default_rng(1).standard_normal(sum(sizes)).astype(np.float32)
    resampler = Resampler(old, new)
    parts = np.split(sound, np.cumsum(sizes)[:-1]) if sizes else []
    pieces = [resampler.feed(part) for part in parts]
    whole = Resampler(old, new).feed(sound)
    assert np.array_equal(np.concatenate([np.zeros(0, np.float32), *pieces]), whole)
