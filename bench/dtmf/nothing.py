"""Rows that must give no digit."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from bench.dtmf import signals
from bench.dtmf.digits import white_noise
from bench.dtmf.keying import LEVEL, Row, finished, generator, keyed, shuffled
from bench.dtmf.progress import progress_tones
from bench.dtmf.signals import HIGH_HZ, LOW_HZ, Signal

_RATE = 8000
_FAR_OFF = 0.035


def nothing_rows(seed_set: str, short: bool = False) -> Iterator[Row]:
    def row(
        name: str,
        make: Callable[..., Signal],
        *args: object,
        rate: int = _RATE,
        noise_db: float | None = None,
    ) -> Row:
        """``make`` has the row's generator, ``args``, and the rate where it is not 8 kHz."""
        rng = generator(seed_set, name)
        signal = make(rng, *args, **({} if rate == _RATE else {"rate": rate}))
        if noise_db is not None:
            signal = white_noise(noise_db)(rng, signal, rate)
        return Row("nothing", name, rate, finished(signal))

    times, seconds = (2, 20) if short else (10, 200)
    for ms in (5, 10, 15, 20, 23):
        yield row(f"tones of {ms} ms", _short_tones, times, ms)
    for level in (-3.0, -30.0):
        yield row(f"tones of 23 ms, {level:.0f} dBm0", _short_tones, times, 23, level)
    yield row("tones of 23 ms, noise, 15 dB", _short_tones, times, 23, noise_db=15)
    yield row("tones of 23 ms, 48 kHz", _short_tones, times, 23, rate=48_000)
    for ms in (50, 100, 300):
        yield row(f"one or both tones off by ±3.5 %, {ms} ms", _far_off, times, ms)
    far_off = "one or both tones off by ±3.5 %, 100 ms"
    yield row(f"{far_off}, noise, 15 dB", _far_off, times, 100, noise_db=15)
    yield row(f"{far_off}, 48 kHz", _far_off, times, 100, rate=48_000)
    yield row("white noise", _noise, seconds, 0.0)
    yield row("pink noise", _noise, seconds, 1.0)
    yield row("brown noise", _noise, seconds, 2.0)
    yield row("clicks", _clicks, seconds)
    yield row("call progress tones of many countries", progress_tones, short)
    yield row("single tones", _single, times)
    yield row("single tones, clipped", _single, times, 4.0)
    yield row("single tones, noise, 9 dB", _single, times, noise_db=9)
    yield row("sweeps of one tone", _sweeps, short)
    yield row("two tones of one group", _one_group, times)


def _short_tones(
    rng: np.random.Generator, times: int, ms: float, level: float = LEVEL, rate: int = _RATE
) -> Signal:
    return keyed(rng, shuffled(rng, times), ms, level=level, rate=rate)[0]


def _far_off(rng: np.random.Generator, times: int, ms: float, rate: int = _RATE) -> Signal:
    ways = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1) if (a, b) != (0, 0)]
    text = shuffled(rng, times)
    off = np.resize(ways, (len(text), 2)) * _FAR_OFF
    return keyed(rng, text, ms, 50.0, low_off=off[:, 0], high_off=off[:, 1], rate=rate)[0]


def _noise(rng: np.random.Generator, seconds: int, exponent: float) -> Signal:
    """Every second at another level, -50 to -5 dBm0."""
    noise = signals.coloured(rng, seconds * _RATE, exponent).reshape(seconds, _RATE)
    levels = signals.amplitude(rng.uniform(-50, -5, seconds)) / np.sqrt(2)
    return (noise * levels[:, np.newaxis]).reshape(-1)


def _clicks(rng: np.random.Generator, seconds: int) -> Signal:
    """Eight a second, up to 10 ms long."""
    signal = rng.normal(0, 1e-4, seconds * _RATE)
    for at in rng.integers(0, len(signal) - 80, seconds * 8):
        length = int(rng.integers(1, 80))
        signal[at : at + length] += rng.uniform(-1, 1) * np.exp(
            -np.arange(length) / rng.uniform(1, 20)
        )
    return signal


def _single(rng: np.random.Generator, times: int, gain: float = 1.0) -> Signal:
    """Each of the eight frequencies, up to 1.5 % off, 50 to 500 ms, -36 to 0 dBm0, ``gain`` times
    that before it is clipped."""
    pieces = [signals.silence(0.1, _RATE)]
    for hz in rng.permutation([*LOW_HZ, *HIGH_HZ] * (2 * times)):
        seconds, level = rng.uniform(0.05, 0.5), rng.uniform(-36, 0)
        tone = signals.sines(rng, [hz * rng.uniform(0.985, 1.015)], seconds, _RATE, level)
        pieces += [gain * tone, signals.silence(rng.uniform(0, 0.1), _RATE)]
    return np.concatenate(pieces)


def _sweeps(rng: np.random.Generator, short: bool) -> Signal:
    """From 200 to 3,800 Hz and back, in a tenth of a second to twenty seconds."""
    pieces = []
    for seconds in (0.1, 0.3, 1.0, 3.0) if short else (0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10, 20):
        for first, last in ((200.0, 3800.0), (3800.0, 200.0)):
            hz = np.geomspace(first, last, round(seconds * _RATE))
            turns = np.cumsum(hz) / _RATE
            pieces.append(signals.amplitude(rng.uniform(-25, -3)) * np.sin(2 * np.pi * turns))
    return np.concatenate(pieces)


def _one_group(rng: np.random.Generator, times: int) -> Signal:
    """Every pair of a group, -20 to -3 dBm0, one up to 8 dB stronger than the other."""
    pieces = [signals.silence(0.1, _RATE)]
    for group in (LOW_HZ, HIGH_HZ):
        for i, first in enumerate(group):
            for second in group[i + 1 :]:
                for _ in range(2 * times):
                    level, twist = rng.uniform(-20, -3), rng.uniform(-8, 8)
                    pair = [level - twist / 2, level + twist / 2]
                    tone = signals.sines(rng, [first, second], rng.uniform(0.05, 0.3), _RATE, pair)
                    pieces += [tone, signals.silence(0.05, _RATE)]
    return np.concatenate(pieces)
