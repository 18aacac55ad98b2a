"""Rows of digits that must be found, all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from bench.dtmf import signals
from bench.dtmf.keying import LEVEL, Row, digit_power, finished, generator, keyed, shuffled
from bench.dtmf.signals import DIGITS, PAIRS, Signal, factor
from bench.dtmf.speech import speech

Change = Callable[[np.random.Generator, Signal, int], Signal]
"""What happens to keyed digits, at a rate in Hz, on their way."""

HIGHEST_TWIST, LOWEST_TWIST = 4.0, -8.0
SHORTEST = (40.0, 40.0)
_OFF = 0.015
BESIDE_SPEECH = -16.0
"""dBm0: so quiet that the loudest vowels, 15 dB above the speech's own level, are not clipped."""


def digit_rows(seed_set: str, short: bool = False) -> Iterator[Row]:
    make = _Maker(seed_set, short)
    for ms in ((50.0, 50.0), SHORTEST):
        yield from _tones(make, ms)
    for part in (_levels, _noises, _codecs, _echoes, _offsets, _rates):
        yield from part(make)
    yield _sequence(seed_set, short)
    yield from _over_speech(make)
    yield from _microphone(make)


class _Maker:
    """Keys all 16 digits ten times (twice when short, unless a part of them may be missed), and
    sends them on a way."""

    def __init__(self, seed_set: str, short: bool) -> None:
        self.seed_set = seed_set
        self.times = 2 if short else 10

    def row(
        self,
        name: str,
        change: Change | None = None,
        *,
        ms: tuple[float, float] = (50.0, 50.0),
        rate: int = 8000,
        needed: float = 1.0,
        digits: str = DIGITS,
        level: ArrayLike = LEVEL,
        twist: tuple[float, float] = (0.0, 0.0),
        off: tuple[float, float] = (0.0, 0.0),
        finger: bool = False,
    ) -> Row:
        """``level``: in turn; ``twist`` and ``off``: each digit takes its own between them;
        ``finger``: each tone and pause is as long as a finger presses, 70 to 150 ms."""
        rng = generator(self.seed_set, name)
        wanted = 16 * (self.times if needed == 1 else 10)
        text = shuffled(rng, -(-wanted // len(digits)), digits)
        count = len(text)
        on, pause = rng.uniform(70, 150, (2, count)) if finger else np.tile(ms, (count, 1)).T
        signal, expected = keyed(
            rng,
            text,
            on,
            pause,
            rate=rate,
            level=np.resize(np.asarray(level, np.float64), count),
            twist=rng.uniform(*twist, count),
            low_off=rng.uniform(*off, count),
            high_off=rng.uniform(*off, count),
        )
        if change is not None:
            signal = change(rng, signal, rate)
        return Row("digits", name, rate, finished(signal), expected, needed)

    def corners(self, name: str, ms: tuple[float, float]) -> Row:
        """Both tones off by 1.5 %, up or down, all four ways for each digit."""
        rng = generator(self.seed_set, name)
        ways = [(digit, low, high) for digit in DIGITS for low in (-1, 1) for high in (-1, 1)]
        chosen = [
            ways[i] for i in rng.permutation(len(ways) * -(-self.times * 16 // 64)) % len(ways)
        ]
        off = np.array([way[1:] for way in chosen]) * _OFF
        text = "".join(way[0] for way in chosen)
        signal, expected = keyed(rng, text, *ms, low_off=off[:, 0], high_off=off[:, 1])
        return Row("digits", name, 8000, finished(signal), expected)


def _tones(make: _Maker, ms: tuple[float, float]) -> Iterator[Row]:
    times = f"{ms[0]:.0f}/{ms[1]:.0f} ms"
    yield make.row(f"16 digits, {times}", ms=ms)
    yield make.row(f"each tone off by up to ±1.5 %, {times}", ms=ms, off=(-_OFF, _OFF))
    yield make.corners(f"both tones off by 1.5 %, all corners, {times}", ms)
    yield make.row(f"twist +4 dB, {times}", ms=ms, twist=(HIGHEST_TWIST, HIGHEST_TWIST))
    yield make.row(f"twist -8 dB, {times}", ms=ms, twist=(LOWEST_TWIST, LOWEST_TWIST))
    yield make.row(f"twist of -8 to +4 dB, {times}", ms=ms, twist=(LOWEST_TWIST, HIGHEST_TWIST))


def _levels(make: _Maker) -> Iterator[Row]:
    yield make.row("0 dBm0, clipped", level=0.0)
    yield make.row("0 dBm0, clipped, 40/40 ms", level=0.0, ms=SHORTEST)
    for level in (-6, -18, -24, -30, -36):
        yield make.row(f"{level} dBm0", level=level)
    yield make.row("-36 dBm0, 40/40 ms", level=-36.0, ms=SHORTEST)
    yield make.row("neighbours 22 dB apart (-3 and -25 dBm0)", level=[-3.0, -25.0])
    yield make.row("edges of 5 ms", _soft)


def _soft(_rng: object, signal: Signal, rate: int) -> Signal:
    """Ramps of 5 ms at both ends of every tone, within it."""
    ramp, near = rate // 200 + 1, rate // 1000
    sounding = np.convolve(signal != 0, np.ones(near + 1), "same") > 0  # closes zero crossings
    within = np.convolve(sounding, np.ones(ramp + near), "same") >= ramp + near
    window = np.hanning(ramp + 2)[1:-1]
    return signal * np.convolve(within, window / window.sum(), "same")


def white_noise(db: float) -> Change:
    """White noise, ``db`` below the digits."""
    band = digit_power() * factor(-db) ** 2
    return lambda rng, signal, rate: signal + signals.white(rng, len(signal), rate, band)


def _noises(make: _Maker) -> Iterator[Row]:
    for db in (24, 18, 15, 12, 9):
        yield make.row(f"white noise, {db} dB", white_noise(db))
    yield make.row("white noise, 9 dB, 40/40 ms", white_noise(9), ms=SHORTEST)
    for db in (-20, -10, -5, 0):
        words = f"{db} dB" if db else "as strong as the digits"
        yield make.row(f"dial tone 350 + 440 Hz, {words}", _dial_tone(LEVEL + db))


def _dial_tone(dbm0: float) -> Change:
    return lambda rng, signal, rate: (
        signal + signals.sines(rng, [350, 440], len(signal) / rate, rate, dbm0)
    )


def _codecs(make: _Maker) -> Iterator[Row]:
    for name, *chain in (
        ("µ-law", "ULAW"),
        ("A-law", "ALAW"),
        ("µ-law, A-law, µ-law", "ULAW", "ALAW", "ULAW"),
    ):
        yield make.row(name, _codec(*chain))
        yield make.row(f"{name}, 40/40 ms, -30 dBm0", _codec(*chain), ms=SHORTEST, level=-30.0)
    for level in (-10, -25):
        name = f"GSM 06.10, 60/60 ms, {level} dBm0"
        yield make.row(name, _codec("GSM610"), ms=(60.0, 60.0), level=level)


def _codec(*chain: str) -> Change:
    return lambda rng, signal, rate: signals.codec(signal, *chain, rate=rate)


def _echoes(make: _Maker) -> Iterator[Row]:
    for ms, db in ((5, -8), (10, -10), (20, -15), (40, -20)):
        echo = signals.echo(8000, ms, db)
        digits = within_twist(echo, 8000)
        yield make.row(f"echo of {ms} ms, {db} dB", _through(echo), digits=digits)


def _through(response: Signal) -> Change:
    return lambda rng, signal, rate: signals.convolved(signal, response)


def within_twist(response: Signal, rate: int) -> str:
    """The digits of which an echo or a room leaves the twist within the limits, while they
    last."""

    def twist(digit: str) -> float:
        low, high = (signals.gain_db(response, rate, hz) for hz in PAIRS[digit])
        return high - low

    return "".join(digit for digit in DIGITS if LOWEST_TWIST <= twist(digit) <= HIGHEST_TWIST)


def _microphone(make: _Maker) -> Iterator[Row]:
    """48 kHz, keys pressed by a finger, in a room that echoes for 0.3 s."""
    for name, prompt in (
        ("microphone in a room", None),
        ("microphone in a room, a prompt 10 dB below", 10.0),
    ):
        room = signals.room(generator(make.seed_set, f"{name}: room"), 48_000, 0.3, -6.0)
        yield make.row(
            f"{name}, 70–150 ms",
            _room(room, prompt),
            rate=48_000,
            digits=within_twist(room, 48_000),
            level=BESIDE_SPEECH,
            finger=True,
        )
    yield make.row("microphone, -45 dBm0", rate=48_000, level=-45.0)


def _room(response: Signal, prompt_db: float | None) -> Change:
    def change(rng: np.random.Generator, signal: Signal, rate: int) -> Signal:
        if prompt_db is not None:
            signal = _speech(prompt_db)(rng, signal, rate)
        return signals.convolved(signal, response)

    return change


def _offsets(make: _Maker) -> Iterator[Row]:
    for part in (0.05, 0.25):
        yield make.row(f"DC offset of {part:g} of full scale", _offset(part))
    for hz in (50, 60):
        yield make.row(f"mains hum of {hz} Hz and harmonics, -12 dB", _hum(hz))


def _offset(part: float) -> Change:
    return lambda rng, signal, rate: signal + part


def _hum(hz: float) -> Change:
    power = digit_power() * factor(-12) ** 2
    return lambda rng, signal, rate: signal + signals.hum(rng, hz, len(signal), rate, power)


def _rates(make: _Maker) -> Iterator[Row]:
    for rate in (16_000, 44_100, 48_000):
        name = f"{rate / 1000:g} kHz"
        yield make.row(name, rate=rate)
        yield make.row(f"{name}, 40/40 ms", rate=rate, ms=SHORTEST)
        yield make.row(f"{name}, noise, 12 dB", white_noise(12), rate=rate)


def _sequence(seed_set: str, short: bool) -> Row:
    name = "1,400 digits of 50 to 200 ms, noise, 12 dB"
    rng = generator(seed_set, name)
    count = 140 if short else 1400
    text = "".join(rng.choice(list(DIGITS), count).tolist())
    on, off = rng.uniform(50, 200, (2, count))
    signal, expected = keyed(
        rng,
        text,
        on,
        off,
        twist=rng.uniform(-3, 3, count),
        low_off=rng.uniform(-0.01, 0.01, count),
        high_off=rng.uniform(-0.01, 0.01, count),
    )
    return Row("digits", name, 8000, finished(white_noise(12)(rng, signal, 8000)), expected)


def _over_speech(make: _Maker) -> Iterator[Row]:
    for db in (20, 15, 10, 5, 0):
        name = f"over speech, {db} dB above it" if db else "over speech, as strong as it"
        for times, finger in (("70–150 ms", True), ("50/50 ms", False)):
            yield make.row(
                f"{name}, {times}",
                _speech(db),
                finger=finger,
                level=BESIDE_SPEECH,
                needed=1.0 if db else 0.99,
            )


def _speech(db: float) -> Change:
    level = 10 * float(np.log10(2)) + BESIDE_SPEECH - db  # as a sine of a digit's whole power
    return lambda rng, signal, rate: signal + speech(rng, len(signal) / rate, rate, level)
