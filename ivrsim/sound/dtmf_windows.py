"""Is there a digit in this window? What the DTMF detector measures, and how it weighs it.

A window is six hops (35 ms) or nine (50 ms). The short one is for digits on a usable line, and
its limits are those of the recommendations. The long one finds digits under speech as loud as
they are, where little but this still tells a key from a voice: the key has exact frequencies and
keeps them.

Each measurement says how far the window is from a perfect digit. No real digit is at the limit
in every respect, but much of speech is near it in several. So it is the sum that is limited: a
digit may be 1.5 % off, or in noise, or of much twist, but hardly all at once. The weights were
fitted, and rounded, to digits like those of ``bench/dtmf`` on one side and to eighteen hours of
speech, song, music and babble on the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ivrsim.sound.dtmf_bank import DIAL_HZ, TONE_HZ, Complex, Hops, Real

FLOOR_DBM0 = -50.0
"""Both tones together, at least. Digits down to -36 dBm0 and less are heard with a margin."""
_FULL_SCALE_DBM0 = 3.14
_FLOOR = 10 ** ((FLOOR_DBM0 - _FULL_SCALE_DBM0) / 10)

SHORT, LONG = 6, 9  # hops
_EARLIER = np.arange(3, 14)  # hops before a window: the silence before a key lies there
EARLIEST = LONG - 1 + int(_EARLIER.max())
"""Hops before the first new one that ``Judge.windows`` looks at."""

# To be looked at, the strongest tone of each group must be that part of the energy. A tone off by
# 1.5 % has faded to 0.6 in the three hops that are added up for this in phase.
_SHORT_PART, _LONG_PART = 0.33, 0.22
_MUCH_LOUDER = 9 * 25  # under loud speech a tone may seem to be 14 dB weaker at an end
_RUNNER_UP = 0.15  # of the power of the loudest tone of its group
_GROUPS = np.array([0, 4])  # where they begin among the eight tones
_FURTHEST_OFF = 2.2  # percent: Q.24 has 1.5 to accept and 3.5 to reject
_LEAST_TWIST, _MOST_TWIST = -11.5, 7.5  # dB: CM7291 and GR-506 have -8 and +4 to accept
_MIDDLE_TWIST = -2.0

# A tone of 23 ms or less, wherever it lies in a short window, leaves the first or the last of its
# hops below 0.45 of the mean; one of 40 ms fills all hops of at least one window.
_LEAST_AT_ENDS = 0.55
# Of the energy around a tone that one steady tone must explain in a long window: around the
# better of the two, and around the other. A tone of 35 ms explains 0.72 there.
_STEADY, _SOMEWHAT_STEADY = 0.75, 0.3

_HANN_LOSS = 1.3e-4  # of the power of a tone, for each Hz² that a hop is beside its frequency


class Window(NamedTuple):
    """A window that may be a digit. ``first``: its hop; ``hops``: how many it has."""

    first: int
    hops: int
    row: int
    column: int
    low: float
    """Squared amplitude of the tone of the low group; ``high``: of the other."""
    high: float
    low_off: float
    """Hz by which it is beside its frequency; ``high_off``: the other."""
    high_off: float
    cost: float
    """What speaks against it, added up: a digit below the limit (see ``LIMITS``)."""

    @property
    def end(self) -> int:
        """The hop after it."""
        return self.first + self.hops


def _order(window: Window) -> tuple[int, int, float]:
    return window.end, window.hops, window.cost


LIMITS = {SHORT: (1.0, 1.9), LONG: (0.85, 1.6)}
"""Highest cost of a digit out of the blue, and of one much like another just before: who has
keyed a digit soon keys the next, with the same telephone."""


class Judge:
    """Finds the windows that may be digits. ``hop_s``: seconds between hops."""

    def __init__(self, hop_s: float) -> None:
        # Three hops in phase are nine times as strong.
        self._short = _Shape(SHORT, 72.0, 8.0, hop_s, _SHORT_PART * 9 / SHORT, _short_cost)
        self._long = _Shape(LONG, 24.0, 4.0, hop_s, _LONG_PART * 81 / LONG, _long_cost)

    def windows(self, hops: Hops, begin: int, stop: int, free: int) -> list[Window]:
        """Those whose last hop is one from index ``begin`` to before ``stop``, in that order.

        None of them starts before hop ``free``. ``begin`` is at least ``EARLIEST``.
        """
        start = begin - LONG + 1
        energy = hops.energy[start:stop]
        if np.maximum.reduce(energy) < _FLOOR / 4:
            return []
        tones = hops.tones[start:stop]
        three = tones[:-2] + tones[1:-1] + tones[2:]
        loud = energy[:-2] + energy[1:-1] + energy[2:]
        power = _power(three)
        # A window that the tones do not fill is not measured: at both ends they must be there.
        ends = np.minimum(power[3:-3], power[6:])
        found = self._judged(hops, start + 3, free, self._short, ends, loud[3:-3] + loud[6:])
        ends = np.minimum(power[:-6], power[6:]) * _MUCH_LOUDER
        power = np.minimum(_power(three[:-6] + three[3:-3] + three[6:]), ends)
        found += self._judged(
            hops, start, free, self._long, power, loud[:-6] + loud[3:-3] + loud[6:]
        )
        return sorted(found, key=_order) if found else found

    def _judged(
        self, hops: Hops, start: int, free: int, shape: _Shape, power: Real, energy: Real
    ) -> list[Window]:
        """The windows from index ``start`` on that may be digits, one after the other.

        ``power`` (n, 8): of the tones in phase; ``energy`` (n,): of everything, both as sums.
        """
        groups = np.maximum.reduce(power.reshape(-1, 2, 4), axis=2)
        likely = groups[:, 0] + groups[:, 1] > shape.part * energy
        if not np.logical_or.reduce(likely):
            return []
        at = likely.nonzero()[0]
        at = at[at >= free - hops.first - start]
        if not len(at):
            return []
        pairs = power[at].reshape(-1, 2, 4).argmax(axis=2) + _GROUPS
        if shape is self._long:
            at, pairs = _with_runners_up(power, at, pairs)
        seen = _Measured(hops, start + at, pairs, energy[at] / shape.hops, shape)
        return seen.windows(shape.cost(seen), LIMITS[shape.hops][1])


def _with_runners_up(
    power: Real, at: NDArray[np.intp], pairs: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The windows and pairs, and those in which the second loudest tone of a group takes the
    place of the loudest: a voice may be louder there than the key."""
    others = power[at]
    each = np.arange(len(at))[:, np.newaxis]
    loudest = others[each, pairs]
    others[each, pairs] = 0.0
    second = others.reshape(-1, 2, 4).argmax(axis=2) + _GROUPS
    near = others[each, second] > _RUNNER_UP * loudest
    all_at, all_pairs = [at], [pairs]
    for group in (0, 1):
        which = near[:, group].nonzero()[0]
        if len(which):
            changed = pairs[which]
            changed[:, group] = second[which, group]
            all_at.append(at[which])
            all_pairs.append(changed)
    return np.concatenate(all_at), np.concatenate(all_pairs)


class _Shape:
    """What belongs to a length of window: the frequencies tried, how dial tone leaks."""

    def __init__(
        self,
        hops: int,
        reach_hz: float,
        step_hz: float,
        hop_s: float,
        part: float,
        cost: Callable[[_Measured], Real],
    ) -> None:
        self.part = part
        self.cost = cost
        self.hops = hops
        self.hop_s = hop_s
        self.step_hz = step_hz
        self.each = np.arange(hops)
        self.turns = -2j * np.pi * (self.each - (hops - 1) / 2) * hop_s  # for each Hz
        self.tried = np.arange(-reach_hz, reach_hz + step_hz / 2, step_hz)
        self.steering = np.exp(np.outer(self.turns, self.tried))
        apart = float(DIAL_HZ[1] - DIAL_HZ[0])
        x = apart * 2 * hop_s
        hann = np.sinc(x) / (1 - x * x)
        self.leak = float(hann * np.exp(self.turns * apart).real.mean())
        """How much of one of the tones of the dial tone is seen at the other."""


class _Measured:
    """What is measured in n windows. Arrays are (n,), or (n, 2): low tone and high tone."""

    def __init__(
        self, hops: Hops, at: NDArray[np.intp], pairs: NDArray[np.intp], energy: Real, shape: _Shape
    ) -> None:
        self._first = at + hops.first
        self._pairs, self._shape = pairs, shape
        count = shape.hops
        inside = at[:, np.newaxis] + shape.each
        tones = hops.tones[inside[:, np.newaxis, :], pairs[:, :, np.newaxis]].reshape(-1, count)
        off_hz = _frequencies(tones, shape)
        self._tones = tones * np.exp(off_hz[:, np.newaxis] * shape.turns)
        self._mean = self._tones.sum(axis=1) / count
        power = _power(self._mean)
        self.steady = (power * count / _power(tones).sum(axis=1)).reshape(-1, 2)
        """The part of the energy around each tone that one steady tone explains."""
        self.level = (power * (1 + _HANN_LOSS * off_hz * off_hz)).reshape(-1, 2)
        """Squared amplitude of each tone."""
        self.off_hz = off_hz.reshape(-1, 2)
        off = 100 * np.abs(self.off_hz / TONE_HZ[pairs])
        self.off, self.less_off = np.maximum(off[:, 0], off[:, 1]), np.minimum(off[:, 0], off[:, 1])
        """By how many percent a tone is beside its frequency: the worse and the better one."""
        self.both = self.level[:, 0] + self.level[:, 1]
        self.impure = 1 - self.both / energy
        """The part of the energy above 550 Hz that the two tones are not."""
        self.twist = 10 * np.log10(self.level[:, 1] / self.level[:, 0])
        """dB by which the tone of the high group is louder."""
        self.low = self._low(hops, inside) / self.both
        """What sounds between 150 and 550 Hz, dial tone aside, against both tones."""
        earlier = at[:, np.newaxis] - _EARLIER
        before = _power(hops.tones[earlier[:, np.newaxis, :], pairs[:, :, np.newaxis]])
        before = (before[:, :, 1:] + before[:, :, :-1]).min(axis=2) / (2 * self.level)
        self.before = np.minimum(before[:, 0], before[:, 1])
        """How loud the tones were 15 to 65 ms before, at the quietest moment of either."""

    def _low(self, hops: Hops, inside: NDArray[np.intp]) -> Real:
        count, leak = self._shape.hops, self._shape.leak
        dial = hops.dial[inside].sum(axis=1) / count
        alone = _power((dial - leak * dial[:, ::-1]) / (1 - leak * leak))
        rest: Real = hops.low[inside].sum(axis=1) / count - alone[:, 0] - alone[:, 1]
        return np.maximum(rest, 0.0)

    def at_ends(self) -> Real:
        """How loud the quieter tone is in the first or last hop, against its mean."""
        ends = self._tones[:, [0, -1]] * self._mean.conj()[:, np.newaxis]
        quieter: Real = (ends.real.min(axis=1) / _power(self._mean)).reshape(-1, 2).min(axis=1)
        return quieter

    def drift(self) -> Real:
        """Hz by which the less steady tone moves from the first half to the second."""
        turns = self._tones[:, 1:] * self._tones[:, :-1].conj()
        half = self._shape.hops // 2
        late, early = turns[:, -half + 1 :].sum(axis=1), turns[:, : half - 1].sum(axis=1)
        moved = np.abs(np.angle(late) - np.angle(early)).reshape(-1, 2).max(axis=1)
        hz: Real = moved / (2 * np.pi * self._shape.hop_s)
        return hz

    def windows(self, cost: Real, limit: float) -> list[Window]:
        """Those whose ``cost`` is below the limit, and each measurement within its own."""
        fits = (cost < limit) & (self.off < _FURTHEST_OFF) & (self.both > _FLOOR)
        fits &= (self.twist > _LEAST_TWIST) & (self.twist < _MOST_TWIST)
        return [self._window(i, float(cost[i])) for i in fits.nonzero()[0].tolist()]

    def _window(self, i: int, cost: float) -> Window:
        row, column = self._pairs[i].tolist()
        low, high = self.level[i].tolist()
        low_off, high_off = self.off_hz[i].tolist()
        first, count = int(self._first[i]), self._shape.hops
        return Window(first, count, row, column - 4, low, high, low_off, high_off, cost)


def _frequencies(tones: Complex, shape: _Shape) -> Real:
    """Hz by which each tone is beside its frequency: where it adds up best, between the steps."""
    power = _power(tones @ shape.steering)
    steps = len(shape.tried)
    best = np.minimum(np.maximum(power.argmax(axis=1), 1), steps - 2)
    peak_at = best + np.arange(len(tones)) * steps
    flat = power.reshape(-1)
    left, peak, right = flat[peak_at - 1], flat[peak_at], flat[peak_at + 1]
    between = (right - left) / (2 * np.maximum(2 * peak - left - right, 1e-30))
    hz: Real = shape.tried[best] + shape.step_hz * np.minimum(np.maximum(between, -1), 1)
    return hz


def _power(values: Complex) -> Real:
    return values.real * values.real + values.imag * values.imag


# What speaks against a digit, and how much. Of the digits of 40 ms and more in ``bench/dtmf``, GSM
# 06.10, rooms and speech aside, none has more than 0.9 in its best short window: to be off by
# 1.5 % costs 0.65, the limits of twist 0.3, noise 9 dB below the digit 0.8.


def _short_cost(seen: _Measured) -> Real:
    cost = (
        4.0 * seen.impure
        + 0.29 * seen.off**2
        + 0.32 * ((seen.twist - _MIDDLE_TWIST) / 6) ** 2
        + 0.048 * seen.drift()
        + 4.5 * seen.low
        + 2.5 * seen.before
    )
    return np.where(seen.at_ends() > _LEAST_AT_ENDS, cost, np.inf)


def _long_cost(seen: _Measured) -> Real:
    better = seen.steady.max(axis=1)
    cost = (
        1.0 * seen.impure
        + 0.47 * seen.off
        + 2.43 * seen.less_off
        + 0.33 * ((seen.twist + 1) / 5) ** 2
        + 0.23 * seen.low
        + 0.86 * seen.before
        + 0.21 * np.log10(np.maximum(1000 * (1 - better), 1))
    )
    steady = (better > _STEADY) & (seen.steady.min(axis=1) > _SOMEWHAT_STEADY)
    return np.where(steady, cost, np.inf)
