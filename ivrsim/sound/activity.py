"""Voice activity: when somebody begins to be heard, and when silence truly began.

The spectrum of each 10 ms is looked at in bands, as an ear has them. In each band the noise
is what the band never falls below for some seconds (minimum statistics: R. Martin, "Noise power
spectral density estimation based on optimal smoothing and minimum statistics", 2001). How much
louder than their noise the bands are makes a likelihood that somebody speaks (J. Sohn, N. S. Kim,
W. Sung, "A statistical model-based voice activity detection", 1999). So steady noise, hum and DC
are silence, and a voice is one, at any level.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ivrsim.sound.clip import Samples
from ivrsim.sound.tones import HIGH_HZ, LOW_HZ

HANG_S = 0.3
"""A pause as short as this (a stop consonant, the gap between two words) is no silence."""
FLOOR_DBFS = -65.0
"""What all bands together do not exceed is silence, whatever it is."""

_HOPS = 100  # a second
_WINDOW_S = 0.032
_AT_ONCE = 500  # hops whose spectra are made together: a whole recording would take gigabytes
_EDGES_HZ = (
    *(200, 300, 400, 510, 630, 770, 920, 1080, 1270, 1480, 1720, 2000, 2320, 2700, 3150, 3700),
    *(4400, 5300, 6400, 7700),  # where the rate has them: much of an s lies there
)
_FLOOR = 10 ** (FLOOR_DBFS / 10)
_SMOOTH = 0.7  # of the power whose minimum is the noise, from one hop to the next
_PIECE_HOPS = 25
_PIECES = 10  # 2.5 s: in no band does a voice go on so long without a gap
_BIAS = 2.0  # white noise is 1.4 (wide bands) to 3 times (narrow ones) its minimum found so
_FOLLOW = 0.5  # how quickly the likelihood follows that of the last hop
_LIKELY = 0.8  # the mean log likelihood ratio of a hop that is speech
_CERTAIN = 4.0  # more does not count, so that the end of a loud word is seen at once
_BEGIN_HOPS, _BEGIN_OF = 5, 8  # so many of so many make a beginning; a click does not
_TONE_PART, _TONE_LEAST = 0.85, 0.03  # of the power: in both frequencies of a key, in each
_KEY_HOPS = 4  # so long after the tone of a key there is something left of it
_TONE_WIDTH_HZ = 65  # of the window's main lobe, to each side


class VoiceActivity:
    """Tells when a caller begins and ceases to be heard. ``rate`` 8000 Hz or more.

    ``keys`` says whether the tones of keys count: they are sound (for the silence that ends a
    recording), but not speech (for the silence that ends a speech input).
    """

    def __init__(self, rate: int, *, keys: bool = True) -> None:
        if rate < 8000:
            raise ValueError(f"voice activity needs 8000 Hz or more, not {rate}")
        self.speaking = False
        self._rate = rate
        self._keys = keys
        self._size = round(rate * _WINDOW_S)
        self._kept: Samples = np.zeros(0, np.float32)
        self._kept_from = 0  # the number of the first sample kept
        self._hop = 0
        self._noise = _Noise()
        self._likely = 0.0
        self._key_hop = -_KEY_HOPS - 1
        self._active: deque[int] = deque(maxlen=_BEGIN_HOPS)  # the last hops with a voice

    def feed(self, block: Samples) -> list[tuple[bool, float]]:
        """What changed: (True, when it began) and (False, when silence began).

        ``block``: float32, shape (n,), any n. Times in seconds from the first sample fed. A
        beginning is told within 0.15 s, a silence once it is longer than ``HANG_S``.
        """
        samples = np.concatenate([self._kept, np.asarray(block, np.float32)])
        behind = self._kept_from + len(samples) - self._size + 1
        hops = np.arange(self._hop, (behind * _HOPS - 1) // self._rate + 1)
        changes = []
        for first in range(0, len(hops), _AT_ONCE):
            starts = hops[first : first + _AT_ONCE] * self._rate // _HOPS - self._kept_from
            windows = sliding_window_view(samples, self._size)[starts]
            for power, key in zip(*_analysed(windows, self._rate), strict=True):
                changes += self._hear(power, bool(key) and not self._keys)
                self._hop += 1
        used = max(0, min(len(samples), self._hop * self._rate // _HOPS - self._kept_from))
        self._kept = samples[used:]
        self._kept_from += used
        return changes

    def _hear(self, power: NDArray[np.float64], is_key: bool) -> list[tuple[bool, float]]:
        noise = self._noise.follow(power)
        ratio = np.maximum(power / noise, 1.0)
        likelihood = min(float((ratio - 1.0 - np.log(ratio)).mean()), _CERTAIN)
        self._likely += _FOLLOW * (likelihood - self._likely)
        if is_key:
            self._key_hop = self._hop
            if not self.speaking:
                self._active.clear()  # that was how the key began
        after_key = self._hop - self._key_hop <= _KEY_HOPS
        if self._likely > _LIKELY and float(power.sum()) > _FLOOR and not after_key:
            self._active.append(self._hop)
        if not self._active:
            return []
        if not self.speaking:
            began = self._active[0]
            if len(self._active) == _BEGIN_HOPS and self._hop - began < _BEGIN_OF:
                self.speaking = True
                return [(True, self._seconds(began))]
        elif self._hop - self._active[-1] > HANG_S * _HOPS:
            silent_from = self._seconds(self._active[-1])
            self.speaking = False
            self._active.clear()
            return [(False, silent_from)]
        return []

    def _seconds(self, hop: int) -> float:
        """The middle of its window."""
        return hop / _HOPS + _WINDOW_S / 2


class _Noise:
    """The power of the noise in each band: the least of some seconds, made a mean."""

    def __init__(self) -> None:
        self._smooth: NDArray[np.float64] | None = None
        self._least: NDArray[np.float64] | None = None
        self._pieces: deque[NDArray[np.float64]] = deque(maxlen=_PIECES)
        self._hops = 0

    def follow(self, power: NDArray[np.float64]) -> NDArray[np.float64]:
        """The noise, after the power of the next hop; never less than the floor's."""
        if self._smooth is None or self._least is None:
            self._smooth = self._least = power
        self._smooth = _SMOOTH * self._smooth + (1 - _SMOOTH) * power
        self._least = np.minimum(self._least, self._smooth)
        self._hops += 1
        noise: NDArray[np.float64] = np.minimum.reduce([self._least, *self._pieces]) * _BIAS
        if self._hops % _PIECE_HOPS == 0:
            self._pieces.append(self._least)
            self._least = self._smooth
        least = _FLOOR / len(noise) / 2
        noise[noise < least] = least
        return noise


def _analysed(
    windows: NDArray[np.float32], rate: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Of each window the power in each band, and whether it is the tone of a key.

    A sine of full scale has a power of 0.5, in the band it falls into.
    """
    size = windows.shape[1]
    window, edges, low, high = _tables(size, rate)
    spectrum = np.abs(np.fft.rfft(windows * window)) ** 2
    power = np.add.reduceat(spectrum, edges, axis=1)[:, :-1]
    whole = power.sum(axis=1)
    low_part, high_part = (
        (spectrum @ near).max(axis=1) / np.maximum(whole, 1e-12) for near in (low, high)
    )
    key = (low_part + high_part > _TONE_PART) & (np.minimum(low_part, high_part) > _TONE_LEAST)
    return power, key


@lru_cache(maxsize=8)
def _tables(
    size: int, rate: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """The window, the first bin of each band, and the bins near the frequencies of keys."""
    window = np.hanning(size + 1)[:-1]
    window /= np.sqrt((window**2).sum() * size / 2)  # so that power is that of the samples
    hz = np.array(_EDGES_HZ)
    edges = np.ceil(hz[hz < rate / 2] * size / rate).astype(np.int64)
    bins = np.arange(size // 2 + 1)[:, np.newaxis] * rate / size
    near = [
        (np.abs(bins - np.array(group)) < _TONE_WIDTH_HZ).astype(float)
        for group in (LOW_HZ, HIGH_HZ)
    ]
    return window, edges, near[0], near[1]
