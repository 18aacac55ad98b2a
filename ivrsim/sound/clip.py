"""A piece of sound in memory, and its conversion to another sampling rate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil, gcd

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Samples = NDArray[np.float32]

_ZERO_CROSSINGS = 32  # of the sinc on each side
_KAISER_BETA = 9.0  # about 90 dB down in the stop band
_ROLLOFF = 0.95  # pass band ends here, as a part of the lower Nyquist frequency
_GROUP = 32  # outputs of one matrix product, for each of its rows
_SMALL = 2**18  # multiplications that BLAS does in one thread: more of them wait for each other


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Mono sound: ``samples`` float32, shape (n,), full scale ±1; ``rate`` in Hz.

    ``note`` says in one line what differs from what was asked (a voice that does not exist…),
    and is empty when nothing does. Samples that are no numbers become silence.
    """

    samples: Samples
    rate: int
    note: str = ""

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise ValueError(f"a clip needs a positive rate, not {self.rate}")
        samples = np.asarray(self.samples, dtype=np.float32)
        if samples.ndim != 1:
            raise ValueError(f"a clip is mono: one dimension, not {samples.ndim}")
        if not np.isfinite(samples).all():
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        object.__setattr__(self, "samples", samples)

    @property
    def duration_ms(self) -> int:
        """Length in whole milliseconds, rounded."""
        return round(len(self.samples) * 1000 / self.rate)

    def resample(self, rate: int) -> Clip:
        """The same sound at ``rate`` Hz, by a windowed sinc (passes 95 % of the band).

        Ten seconds take some milliseconds; resample long music before it is needed.
        """
        if rate == self.rate:
            return self
        return replace(self, samples=_resample(self.samples, self.rate, rate), rate=rate)

    def level(self, level: float) -> Clip:
        """The same sound louder or quieter: ``level`` from -1 to 1 as ``gain`` has it."""
        return replace(self, samples=self.samples * np.float32(gain(level)))


def gain(level: float) -> float:
    """The factor of a Vonage ``level``: -1 silent, 0 unchanged, 1 twice the amplitude (+6 dB).

    The platform documents only the ends and the middle; between them it is linear.
    Values outside are clamped.
    """
    return 1.0 + min(1.0, max(-1.0, level))


def silence(duration_ms: int, rate: int = 48000) -> Clip:
    """Nothing to hear, for ``duration_ms``."""
    return Clip(np.zeros(duration_ms * rate // 1000, np.float32), rate)


def pcm16(samples: NDArray[np.floating] | NDArray[np.int16]) -> NDArray[np.int16]:
    """Samples of any shape as 16-bit integers; those that are integers stay as they are.

    Floating point is finite with full scale ±1, and is rounded and clipped. What came from
    16-bit integers, divided by 32768, becomes the same integers again.
    """
    if samples.dtype == np.int16:
        return samples.astype(np.int16, copy=False)
    pcm: NDArray[np.int16] = np.clip(np.rint(samples * 32768), -32768, 32767).astype(np.int16)
    return pcm


def _resample(samples: Samples, old: int, new: int) -> Samples:
    """Polyphase interpolation as matrix products.

    With up/down the reduced ratio, each ``up`` outputs stand over ``down`` inputs in the same
    way again, so all periods of the signal are multiplied at once by one matrix of filter
    taps per group of outputs. A period of few outputs is taken several times at once.
    """
    divisor = gcd(old, new)
    at_once = max(1, _GROUP * divisor // new)
    up, down = new // divisor * at_once, old // divisor * at_once
    total = ceil(len(samples) * up / down)
    half = ceil(_ZERO_CROSSINGS * max(1.0, down / up))
    periods = ceil(total / up)
    out = np.empty((periods, up), np.float32)
    padded = np.concatenate(
        [np.zeros(half, np.float32), samples, np.zeros(2 * half + down + _GROUP, np.float32)]
    )
    for first in range(0, up, _GROUP):
        offset, taps = _taps(up, down, first, half)
        needed = (periods - 1) * down + offset + taps.shape[0]
        if needed > len(padded):
            padded = np.pad(padded, (0, needed - len(padded)))
        windows = sliding_window_view(padded, taps.shape[0])[offset::down][:periods]
        rows = max(1, _SMALL // taps.size)
        for row in range(0, periods, rows):
            made = windows[row : row + rows] @ taps
            out[row : row + rows, first : first + taps.shape[1]] = made
    return out.reshape(-1)[:total]


@lru_cache(maxsize=64)
def _taps(up: int, down: int, first: int, half: int) -> tuple[int, Samples]:
    """Offset into the padded input, and taps (inputs, outputs) for outputs from ``first`` on."""
    outputs = np.arange(first, min(first + _GROUP, up))
    offset = first * down // up
    positions = outputs * down / up - offset + half
    width = int(positions[-1]) + half + 2
    distance = positions[np.newaxis, :] - np.arange(width)[:, np.newaxis]
    cutoff = _ROLLOFF * min(1.0, up / down)
    inside = np.clip(1.0 - (distance / half) ** 2, 0.0, None)
    window = np.i0(_KAISER_BETA * np.sqrt(inside)) / np.i0(_KAISER_BETA) * (inside > 0)
    return offset, (cutoff * np.sinc(cutoff * distance) * window).astype(np.float32)
