"""What the detector hears does not depend on the blocks that the samples come in."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ivrsim.sound.dtmf import DtmfDetector
from ivrsim.sound.tones import DTMF_HZ

Heard = list[tuple[str, float, float | None]]


@lru_cache
def material(rate: int, seed: int) -> NDArray[np.float64]:
    """Digits of any length, level and purity, with noise and wandering tones among them."""
    rng = np.random.default_rng(seed)
    pieces = [np.zeros(rng.integers(rate // 10))]
    digits = list(DTMF_HZ)
    digit = "5"
    for _ in range(12):
        if rng.random() < 0.7:
            digit = digits[rng.integers(16)]
        time = np.arange(round(rng.uniform(0.02, 0.15) * rate)) / rate
        tones = np.zeros(len(time))
        for hz in DTMF_HZ[digit]:
            off = 1 + rng.normal(0, 0.006)
            phase = 2 * np.pi * rng.random()
            tones += rng.uniform(0.6, 1.4) * np.sin(2 * np.pi * hz * off * time + phase)
        pieces += [
            tones * 10 ** rng.uniform(-1.8, -0.3),
            np.zeros(round(rng.uniform(0.005, 0.09) * rate)),
        ]
    signal = np.concatenate(pieces)
    swing = np.sin(2 * np.pi * np.cumsum(700 + 300 * np.sin(np.arange(len(signal)) / rate)) / rate)
    return signal + 10 ** rng.uniform(-4, -1.5) * (rng.normal(0, 1, len(signal)) + swing)


def hear(samples: NDArray[np.float64], rate: int, sizes: list[int]) -> Heard:
    detector = DtmfDetector(rate)
    digits, at = [], 0
    while at < len(samples):
        for size in sizes:
            digits += detector.feed(samples[at : at + size])
            at += size
    digits += detector.flush()
    return [(digit.digit, digit.start, digit.end) for digit in digits]


@settings(max_examples=60, deadline=None)
@given(
    rate=st.sampled_from([8000, 11_025, 16_000, 44_100]),
    seed=st.integers(0, 40),
    sizes=st.lists(st.integers(0, 3000), min_size=1, max_size=6).filter(lambda s: sum(s) > 60),
)
def test_block_sizes_do_not_matter(rate: int, seed: int, sizes: list[int]) -> None:
    samples = material(rate, seed)
    assert hear(samples, rate, sizes) == hear(samples, rate, [len(samples)])


@pytest.mark.parametrize("size", [1, 7, 40, 41, 160])
def test_small_blocks(size: int) -> None:
    samples = material(8000, 99)
    heard = hear(samples, 8000, [size])
    assert heard == hear(samples, 8000, [len(samples)])
    assert len(heard) > 5


def test_a_long_input_is_heard_as_in_blocks() -> None:
    samples = np.concatenate([material(8000, seed) for seed in range(8)])
    assert len(samples) > 8 * 8000
    assert hear(samples, 8000, [len(samples)]) == hear(samples, 8000, [160])


@settings(max_examples=25, deadline=None)
@given(
    samples=st.lists(st.floats(-4, 4, width=32), max_size=300).map(
        lambda values: np.resize(np.array(values or [0.0]), 3000)
    )
)
def test_any_sound_can_be_fed(samples: NDArray[np.float64]) -> None:
    for digit in DtmfDetector(8000).feed(samples):
        assert digit.digit in DTMF_HZ
        assert digit.end is None or digit.end >= digit.start >= 0
