"""A row of material, and digits keyed into it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bench.dtmf import signals
from bench.dtmf.signals import DIGITS, PAIRS, Signal

SEED_SETS = {"tuning": 1, "held-out": 777_003}
LEVEL = -10.0
"""dBm0 of each tone, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A digit that was keyed, from ``start`` to ``end`` in seconds."""

    digit: str
    start: float
    end: float


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """Material and what must be heard in it.

    ``samples``: float32, shape (n,), full scale ±1, at ``rate`` Hz. ``needed`` is the part of
    ``digits`` that must be found (1: all of them); nothing may be added in any row.
    """

    group: str
    name: str
    rate: int
    samples: NDArray[np.float32]
    digits: tuple[Expected, ...] = ()
    needed: float = 1.0

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


def generator(seed_set: str, name: str) -> np.random.Generator:
    """Of the row with that name, and of no other."""
    return np.random.default_rng([SEED_SETS[seed_set], zlib.crc32(name.encode())])


def finished(signal: Signal) -> NDArray[np.float32]:
    """Clipped at full scale, and of 16 bits."""
    return (np.round(np.clip(signal, -1, 1) * 32767) / 32768).astype(np.float32)


def shuffled(rng: np.random.Generator, times: int, digits: str = DIGITS) -> str:
    """Every digit that many times, in any order."""
    return "".join(rng.permutation(list(digits * times)).tolist())


def digit_power(level: float = LEVEL) -> float:
    """The mean square of a digit whose two tones have that level."""
    return 2 * signals.power(level)


def keyed(
    rng: np.random.Generator,
    digits: str,
    on_ms: ArrayLike = 50.0,
    off_ms: ArrayLike = 50.0,
    *,
    rate: int = 8000,
    level: ArrayLike = LEVEL,
    twist: ArrayLike = 0.0,
    low_off: ArrayLike = 0.0,
    high_off: ArrayLike = 0.0,
) -> tuple[Signal, tuple[Expected, ...]]:
    """The digits, keyed: each number may be one for all or one for each digit.

    ``level``: dBm0 of each tone, the mean of both in dB where there is ``twist`` (dB of the high
    group over the low one); ``low_off``, ``high_off``: parts by which a frequency is off.
    """
    count = len(digits)
    on, off, levels, twists, lows, highs = (
        np.broadcast_to(np.asarray(value, np.float64), count)
        for value in (on_ms, off_ms, level, twist, low_off, high_off)
    )
    pieces = [signals.silence(0.1, rate)]
    at = len(pieces[0])
    expected = []
    for i, digit in enumerate(digits):
        low, high = PAIRS[digit]
        hz = [low * (1 + lows[i]), high * (1 + highs[i])]
        pair = [levels[i] - twists[i] / 2, levels[i] + twists[i] / 2]
        tone = signals.sines(rng, hz, on[i] / 1000, rate, pair)
        pieces += [tone, signals.silence(off[i] / 1000, rate)]
        expected.append(Expected(digit, at / rate, (at + len(tone)) / rate))
        at += len(tone) + len(pieces[-1])
    pieces.append(signals.silence(0.2, rate))
    return np.concatenate(pieces), tuple(expected)
