from __future__ import annotations

import numpy as np
import pytest

from ivrsim.sound.clip import Clip, gain, silence
from ivrsim.sound.segment import from_segment, to_segment


def sine(hz: float, rate: int, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate).astype(np.float32)


@pytest.mark.parametrize(
    ("old", "new"),
    [(22050, 48000), (8000, 48000), (44100, 48000), (48000, 8000), (11111, 48000), (48000, 44100)],
)
@pytest.mark.parametrize("part", [0.02, 0.2, 0.42])
def test_a_sine_stays_a_sine(old: int, new: int, part: float) -> None:
    hz = min(old, new) * part
    out = Clip(sine(hz, old), old).resample(new).samples
    assert len(out) == new
    inner = slice(new // 20, -new // 20)
    wanted = sine(hz, new)[inner]
    error = out[inner] - wanted
    assert 10 * np.log10(np.mean(wanted**2) / np.mean(error**2)) > 60


def test_what_the_lower_rate_cannot_hold_is_removed() -> None:
    out = Clip(sine(5000, 48000), 48000).resample(8000).samples[400:-400]
    assert np.abs(out).max() < 10 ** (-60 / 20)


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_resampling_very_short_clips(count: int) -> None:
    clip = Clip(np.ones(count, np.float32), 22050).resample(48000)
    assert len(clip.samples) == -(-count * 48000 // 22050)


def test_gain_of_levels() -> None:
    assert [gain(level) for level in (-1, -0.5, 0, 1, 7, -7)] == [0, 0.5, 1, 2, 2, 0]


def test_duration_and_bad_samples() -> None:
    clip = Clip(np.array([np.nan, np.inf, 0.5] * 16, np.float32), 48)
    assert clip.duration_ms == 1000
    assert clip.samples.max() == 0.5
    assert silence(20).duration_ms == 20
    with pytest.raises(ValueError, match="mono"):
        Clip(np.zeros((2, 2), np.float32), 8000)
    with pytest.raises(ValueError, match="positive rate"):
        Clip(np.zeros(2, np.float32), 0)


def test_a_clip_survives_pydub() -> None:
    clip = Clip(0.5 * sine(440, 16000), 16000)
    back = from_segment(to_segment(clip))
    assert back.rate == clip.rate
    assert np.abs(back.samples - clip.samples).max() < 1e-4
