"""Rows of breaks and pauses: a short break is one digit, a pause makes two."""

from __future__ import annotations

from collections.abc import Iterator

from bench.dtmf import signals
from bench.dtmf.keying import LEVEL, Row, digit_power, finished, generator, keyed, shuffled
from bench.dtmf.signals import PAIRS, factor


def pause_rows(seed_set: str, short: bool = False) -> Iterator[Row]:
    for ms in (1, 2, 5, 8, 10):
        yield _broken(seed_set, ms, 2 if short else 10)
    for on, level, noise_db in (
        (40, LEVEL, None), (100, LEVEL, None), (300, -3.0, None), (50, LEVEL, 15),
    ):  # fmt: skip
        name = f"pauses of 40 ms between equal digits of {on} ms, {level:g} dBm0"
        name += f", noise, {noise_db} dB" if noise_db else ""
        rng = generator(seed_set, name)
        text = "".join(digit * 5 for digit in shuffled(rng, 1 if short else 2))
        signal, expected = keyed(rng, text, on, 40.0, level=level)
        if noise_db is not None:
            band = digit_power(level) * factor(-noise_db) ** 2
            signal += signals.white(rng, len(signal), 8000, band)
        yield Row("pauses", name, 8000, finished(signal), expected)


def _broken(seed_set: str, ms: int, times: int) -> Row:
    """Tones of 110 ms with a break after 45 to 55 ms; half of them begin anew after it, half go
    on as if they had never stopped."""
    name = f"a break of {ms} ms within a digit"
    rng = generator(seed_set, name)
    signal, expected = keyed(rng, shuffled(rng, times), 110.0, 60.0)
    for digit in expected:
        start = round((digit.start + rng.uniform(0.045, 0.055)) * 8000)
        again, end = start + ms * 8, round(digit.end * 8000)
        signal[start:again] = 0.0
        if rng.random() < 0.5:
            hz, seconds = PAIRS[digit.digit], (end - again) / 8000
            signal[again:end] = signals.sines(rng, hz, seconds, 8000, LEVEL)
    return Row("pauses", name, 8000, finished(signal), expected)
