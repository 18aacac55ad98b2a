"""Sound as a telephone has it: 300 to 3400 Hz, sampled at 8 kHz, coded by G.711.

The way of the sound is that of a line: a low-pass and 8 kHz samples, a high-pass, the octets of
G.711 and back, a low-pass again. The pass band and the edges follow ITU-T G.712.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from math import ceil, cos, gcd, pi, sin

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ivrsim.sound import g711
from ivrsim.sound.clip import Clip, Samples, pcm16

RATE = 8000
"""Of the line, in Hz."""

_HALF_WIDTH_S = 0.0010  # of both low-pass filters, which is also the delay of each
_CUTOFF_HZ = 3860  # of each low-pass: 6 dB down
_KAISER_BETA = 3.4  # 40 dB down in the stop band
_HIGH_PASS_HZ = 250
_BUTTERWORTH_Q = (0.54120, 1.30656)  # of the two sections of the fourth order


class Telephone:
    """One direction of a line, fed with blocks of any size as the sound comes.

    ``rate`` of the sound in Hz, 8000 or more (ValueError otherwise). What comes out does not
    depend on where the blocks begin and end, and is late by ``delay`` samples, 2 ms.
    """

    def __init__(self, rate: int, law: g711.Law = "a") -> None:
        if rate < RATE:
            raise ValueError(f"a telephone line needs {RATE} Hz or more, not {rate}")
        self._law = law
        # Sample n of the line is n * rate / 8000 of ours, sample m of ours m * 8000 / rate.
        half = ceil(_HALF_WIDTH_S * rate)
        half_line = ceil(_HALF_WIDTH_S * RATE)
        self.delay = half + ceil(half_line * rate / RATE)
        self._to_line = _Interpolator(rate, RATE, half, 0)
        self._from_line = _Interpolator(RATE, rate, half_line, self.delay)
        self._high_pass = [_HighPass(_HIGH_PASS_HZ, q) for q in _BUTTERWORTH_Q]

    def process(self, block: Samples) -> Samples:
        """The next samples, as many as were given: shape (n,), finite, full scale ±1."""
        line = self._to_line.feed(block).tolist()
        for section in self._high_pass:
            line = section.feed(line)
        pcm = pcm16(np.array(line))
        heard = g711.decode(g711.encode(pcm, self._law), self._law)
        heard[pcm == 0] = 0  # A-law has no zero; its idle hiss is not worth hearing
        return self._from_line.feed(heard / 32768, len(block)).astype(np.float32)


def through_telephone(clip: Clip, law: g711.Law = "a") -> Clip:
    """The whole clip as a telephone has it, not late; clips below 8 kHz come out at 8 kHz."""
    clip = clip.resample(max(clip.rate, RATE))
    telephone = Telephone(clip.rate, law)
    samples = np.pad(clip.samples, (0, telephone.delay))
    seconds = range(0, len(samples), clip.rate)  # a second at a time: windows take memory
    late = [telephone.process(samples[first : first + clip.rate]) for first in seconds]
    return replace(clip, samples=np.concatenate(late)[telephone.delay :])


class _Interpolator:
    """Low-pass and change of rate: a windowed sinc, computed where an output falls.

    Output m lies at input ``(m - delay) * in_rate / out_rate`` and is made of the ``half``
    inputs before and after it; before the first input there was silence.
    """

    def __init__(self, in_rate: int, out_rate: int, half: int, delay: int) -> None:
        divisor = gcd(in_rate, out_rate)
        self._up, self._down = out_rate // divisor, in_rate // divisor
        self._half = half
        self._delay = delay
        self._taps = _taps(in_rate, self._up, half)
        before = half + ceil(delay * in_rate / out_rate)
        self._kept = np.zeros(before)
        self._first = -before  # the number of the first kept input
        self._next = 0  # the number of the next output

    def feed(self, block: NDArray[np.floating], count: int | None = None) -> NDArray[np.float64]:
        """The next ``count`` outputs, or all that have their inputs."""
        inputs = self._kept = np.concatenate([self._kept, block])
        if count is None:
            past_last = self._first + len(inputs) - self._half
            count = -(-past_last * self._up // self._down) + self._delay - self._next
        if count <= 0:
            return np.zeros(0)
        outputs = np.arange(self._next, self._next + count + 1) - self._delay
        nearest, phase = np.divmod(outputs * self._down, self._up)
        starts = nearest - self._half + 1 - self._first
        windows = sliding_window_view(inputs, 2 * self._half)[starts[:-1]]
        out: NDArray[np.float64] = np.einsum("ij,ij->i", windows, self._taps[phase[:-1]])
        self._kept = inputs[starts[-1] :]
        self._first += int(starts[-1])
        self._next += count
        return out


@lru_cache(maxsize=8)
def _taps(rate: int, phases: int, half: int) -> NDArray[np.float64]:
    """The filter at each of the places between two inputs where an output can lie."""
    places = np.arange(phases)[:, np.newaxis] / phases
    distance = np.arange(1 - half, half + 1)[np.newaxis, :] - places
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1 - (distance / half) ** 2, 0, None)))
    taps: NDArray[np.float64] = np.sinc(2 * _CUTOFF_HZ / rate * distance) * window
    taps /= taps.sum(axis=1, keepdims=True)
    return taps


class _HighPass:
    """A second-order high-pass at 8 kHz. Plain Python: numpy has no recursive filter."""

    def __init__(self, hz: float, q: float) -> None:
        turn = 2 * pi * hz / RATE
        alpha = sin(turn) / (2 * q)
        self._gain = (1 + cos(turn)) / 2 / (1 + alpha)
        self._a1 = -2 * cos(turn) / (1 + alpha)
        self._a2 = (1 - alpha) / (1 + alpha)
        self._s1 = self._s2 = 0.0

    def feed(self, samples: Iterable[float]) -> list[float]:
        gain, a1, a2, s1, s2 = self._gain, self._a1, self._a2, self._s1, self._s2
        out = []
        for x in samples:
            forward = gain * x
            y = forward + s1
            s1 = s2 - 2 * forward - a1 * y
            s2 = forward - a2 * y
            out.append(y)
        self._s1, self._s2 = s1, s2
        return out
