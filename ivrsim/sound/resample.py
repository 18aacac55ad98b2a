"""A change of rate while the sound comes, for devices that have a rate of their own."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, gcd

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ivrsim.sound.clip import Samples

_ZERO_CROSSINGS = 16  # of the sinc on each side
_KAISER_BETA = 8.0  # about 80 dB down in the stop band
_ROLLOFF = 0.9  # pass band ends here, as a part of the lower Nyquist frequency


class Resampler:
    """From ``old`` to ``new`` Hz, in blocks of any size, which do not change what comes out.

    What comes out is late by half the filter: 16 periods of the lower rate (1 ms at 16 kHz).
    """

    def __init__(self, old: int, new: int) -> None:
        divisor = gcd(old, new)
        self._up, self._down = new // divisor, old // divisor
        self._half = ceil(_ZERO_CROSSINGS * max(1.0, old / new))
        self.late = self._half
        """How late what comes out is, in frames of the old rate."""
        self._taps = _taps(self._up, self._down, self._half)
        self._kept = np.zeros(2 * self._half - 1, np.float32)
        self._next = 0  # where the next output falls, in parts of ``up`` after the first kept

    def feed(self, block: Samples) -> Samples:
        """The next outputs: all that have their inputs."""
        inputs = np.concatenate([self._kept, block])
        windows = len(inputs) - 2 * self._half + 1
        count = max(0, -(-(windows * self._up - self._next) // self._down))
        places = self._next + np.arange(count + 1) * self._down
        starts, phases = np.divmod(places, self._up)
        used = int(starts[-1])
        out: Samples = np.zeros(0, np.float32)
        if count:
            view = sliding_window_view(inputs, 2 * self._half)[starts[:-1]]
            out = np.einsum("ij,ij->i", view, self._taps[phases[:-1]])
        # A large step down may lie beyond what is there: the rest of it is waited for.
        dropped = min(used, len(inputs))
        self._kept = inputs[dropped:]
        self._next = int(places[-1]) - dropped * self._up
        return out


@lru_cache(maxsize=8)
def _taps(up: int, down: int, half: int) -> NDArray[np.float32]:
    """Filter taps, shape (up, 2 * half): for each place an output can have between inputs."""
    places = np.arange(up)[:, np.newaxis] / up
    distance = np.arange(1 - half, half + 1)[np.newaxis, :] - places
    cutoff = _ROLLOFF * min(1.0, up / down)
    window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1.0 - (distance / half) ** 2, 0.0, None)))
    taps = np.sinc(cutoff * distance) * window
    taps /= taps.sum(axis=1, keepdims=True)
    return np.asarray(taps, np.float32)
