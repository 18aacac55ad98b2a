"""From samples to hops: what the DTMF detector knows about every 5 ms of the line.

Samples of any rate are brought to 8 to 16 kHz by keeping every n-th one behind a low-pass, and
cut into frames of 10 ms, one every 5 ms (a *hop*). The grid of the frames lies on the samples
since the first one, never on the blocks they came in, so that nothing depends on the blocks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LOW_HZ = (697, 770, 852, 941)
HIGH_HZ = (1209, 1336, 1477, 1633)
TONE_HZ = np.array(LOW_HZ + HIGH_HZ, np.float64)
DIAL_HZ = np.array((350.0, 440.0))
"""The dial tone that may sound while digits are keyed (ITU-T Q.24 and GR-506)."""

MIN_RATE, MAX_RATE = 8000, 48000
HOP_S = 0.005
_LOW_BINS = 6  # of 100 Hz from 0 on: the dial tone, mains hum and DC are below 550 Hz
_FIRST_LOUD_BIN = 2  # what speaks or plays down there is above 150 Hz, hum and DC below

# The low-pass before samples are left out: whole at 2800 Hz, 60 dB down at 5200 Hz. What is
# folded back onto the tones (up to 1.7 kHz) was above 6.3 kHz.
_PASS_HZ, _STOP_HZ, _KAISER_BETA, _KAISER_DB = 2800.0, 5200.0, 5.65, 60.0

Real = NDArray[np.float64]
Complex = NDArray[np.complex128]


class Hops:
    """Consecutive hops, the first of them number ``first``. All arrays begin with hops.

    ``tones`` (n, 8): complex amplitude at the eight frequencies, its phase counted from the
    start of the stream: a tone that is exact keeps its phase. A sine of peak ``A`` has ``A``.
    ``dial`` (n, 2): the same at 350 and 440 Hz. ``energy`` (n,): of everything above 550 Hz, and
    ``low`` (n,): between 150 and 550 Hz, both so that a sine of peak ``A`` has ``A**2``.
    """

    COLUMNS = 22

    def __init__(self, first: int, table: Real) -> None:
        self.first = first
        self.table = table
        self.tones: Complex = table[:, :16].view(np.complex128)
        self.dial: Complex = table[:, 16:20].view(np.complex128)
        self.energy = table[:, 20]
        self.low = table[:, 21]

    def __len__(self) -> int:
        return len(self.table)


class Bank:
    """Turns a stream of samples into hops. ``rate`` in Hz; ValueError outside 8 to 48 kHz."""

    def __init__(self, rate: int) -> None:
        if rate not in range(MIN_RATE, MAX_RATE + 1):
            raise ValueError(f"DTMF needs a rate of {MIN_RATE} to {MAX_RATE} Hz, not {rate!r}")
        self._keep = rate // MIN_RATE
        self.rate = rate / self._keep
        self.hop = round(HOP_S * self.rate)
        self._size = 2 * self.hop
        self.hop_s = self.hop / self.rate
        """Seconds between hops."""
        self._low_pass = _low_pass(rate) if rate > MIN_RATE else np.ones(1)
        delay = (len(self._low_pass) - 1) / 2 / rate
        self._middle_s = self.hop_s - delay
        self._turn = np.concatenate([TONE_HZ, DIAL_HZ]) * self.hop_s
        self._columns, self._squares = self._windows()
        self.reset()

    def reset(self) -> None:
        """Ready for another stream."""
        self._raw = np.zeros(len(self._low_pass) - 1)
        self._samples = np.zeros(0)
        self._next = 0

    def middle(self, hop: float) -> float:
        """Seconds from the first sample fed to the middle of the frame of that hop."""
        return hop * self.hop_s + self._middle_s

    def feed(self, samples: Real) -> Real:
        """The hops that these samples complete, as a table for ``Hops``.

        ``samples``: float64, (n,), full scale ±1.
        """
        if len(self._low_pass) > 1:
            samples = self._thin_out(samples)
        samples = np.concatenate((self._samples, samples))
        count = max(0, (len(samples) - self._size) // self.hop + 1)
        self._samples = samples[count * self.hop :].copy()
        table = np.empty((count, Hops.COLUMNS))
        if count:
            self._analyse(samples, table)
        self._next += count
        return table

    def _thin_out(self, samples: Real) -> Real:
        samples = np.concatenate((self._raw, samples))
        taps = len(self._low_pass)
        count = max(0, (len(samples) - taps) // self._keep + 1)
        self._raw = samples[count * self._keep :].copy()
        return _overlapping(samples, count, taps, self._keep) @ self._low_pass

    def _analyse(self, samples: Real, table: Real) -> None:
        count = len(table)
        seen = _overlapping(samples, count, self._size, self.hop) @ self._columns
        turns = np.arange(self._next, self._next + count)[:, np.newaxis] * self._turn
        spectrum: Complex = table[:, :20].view(np.complex128)
        np.exp((turns - np.floor(turns)) * -2j * np.pi, out=spectrum)
        spectrum *= seen[:, :20].view(np.complex128)
        bins = np.square(seen[:, 20:])  # real and imaginary part, of the bins from 0 on
        total = _overlapping(samples * samples, count, self._size, self.hop) @ self._squares
        table[:, 20] = np.maximum(total - bins.sum(axis=1), 1e-15)
        table[:, 21] = bins[:, 2 * _FIRST_LOUD_BIN :].sum(axis=1)

    def _windows(self) -> tuple[Real, Real]:
        """Hann windows with the oscillations under them, as columns; and the one for energy."""
        size = self._size
        position = np.arange(size)
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * position / size)
        from_middle = (position - size / 2) / self.rate
        tones = np.exp(-2j * np.pi * np.outer(from_middle, np.concatenate([TONE_HZ, DIAL_HZ])))
        tones *= hann[:, np.newaxis] * 2 / hann.sum()
        squares = hann**2 * 2 / (hann**2).sum()
        bins = np.exp(-2j * np.pi * np.outer(position, np.arange(_LOW_BINS)) / size)
        bins *= hann[:, np.newaxis] * np.sqrt(4 / size / (hann**2).sum())
        bins[:, 0] /= np.sqrt(2)  # the others stand for negative frequencies too
        columns = np.concatenate([tones, bins], axis=1)
        return np.ascontiguousarray(columns).view(np.float64), squares


def _low_pass(rate: int) -> Real:
    turn = 2 * np.pi * (_STOP_HZ - _PASS_HZ) / rate
    half = int(np.ceil((_KAISER_DB - 8) / (2.285 * turn) / 2))
    position = np.arange(-half, half + 1)
    cut = (_PASS_HZ + _STOP_HZ) / rate
    taps = cut * np.sinc(cut * position) * np.kaiser(2 * half + 1, _KAISER_BETA)
    normal: Real = taps / taps.sum()
    return normal


def _overlapping(samples: Real, count: int, size: int, step: int) -> Real:
    """``count`` pieces of ``size`` samples, each ``step`` later: a view, (count, size)."""
    item = samples.itemsize
    return np.ndarray((count, size), np.float64, samples, 0, (step * item, item))
