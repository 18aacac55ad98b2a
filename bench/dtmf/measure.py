"""Delay, memory and speed: what the rows of the material do not tell."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from bench.dtmf.detectors import Detector
from bench.dtmf.digits import white_noise
from bench.dtmf.keying import Row, finished, generator, keyed, shuffled
from bench.dtmf.score import is_it
from bench.dtmf.speech import speech
from bench.timing import Times, interleaved
from ivrsim.sound.clip import Samples
from ivrsim.sound.dtmf import DtmfDetector

DELAY_BLOCK_S = 0.005
SPEED_BLOCK_S = 0.02


def delay_rows(seed_set: str, short: bool) -> list[Row]:
    """Digits of 100 ms that begin at any place within a block."""
    rows = []
    for words, rate, level, twist, off, noise_db in (
        ("8 kHz", 8000, -10.0, 0.0, 0.0, None),
        ("8 kHz, -36 dBm0", 8000, -36.0, 0.0, 0.0, None),
        ("8 kHz, twist -8 dB", 8000, -10.0, -8.0, 0.0, None),
        ("8 kHz, twist +4 dB", 8000, -10.0, 4.0, 0.0, None),
        ("8 kHz, tones off by up to ±1.5 %", 8000, -10.0, 0.0, 0.015, None),
        ("8 kHz, noise, 12 dB", 8000, -10.0, 0.0, 0.0, 12.0),
        ("16 kHz", 16_000, -10.0, 0.0, 0.0, None),
        ("44.1 kHz", 44_100, -10.0, 0.0, 0.0, None),
        ("48 kHz", 48_000, -10.0, 0.0, 0.0, None),
    ):
        name = f"delay, {words}"
        rng = generator(seed_set, name)
        text = shuffled(rng, 1 if short else 10)
        pauses = rng.uniform(60, 70, len(text))
        low_off, high_off = rng.uniform(-off, off, (2, len(text)))
        signal, digits = keyed(
            rng,
            text,
            100.0,
            pauses,
            rate=rate,
            level=level,
            twist=twist,
            low_off=low_off,
            high_off=high_off,
        )
        if noise_db is not None:
            signal = white_noise(noise_db)(rng, signal, rate)
        rows.append(Row("delay", name, rate, finished(signal), digits))
    return rows


def delays(detector: Detector[Any], row: Row) -> list[float]:
    """Seconds of sound fed, from the start of each digit's tone until it was reported, in blocks
    of 5 ms; ``inf`` for a digit that was not."""
    heard = detector.hear(detector.prepare(row.samples, row.rate), DELAY_BLOCK_S)
    found = []
    for digit in row.digits:
        reports = [one.reported for one in heard if is_it(one, digit) and one.reported is not None]
        found.append(min(reports, default=float("inf")) - digit.start)
    return found


def growth(short: bool) -> int:
    """Bytes that our detector holds more after ten minutes of a call (one when ``short``) than
    after a tenth of that; a digit a second, in blocks of 20 ms."""
    rng = generator("tuning", "memory")
    signal, _ = keyed(rng, shuffled(rng, 1)[:6], 100.0, 900.0)
    six_seconds = finished(signal)[:48_000]
    tracemalloc.start()
    try:
        detector = DtmfDetector(8000)
        held = []
        for _ in range(10):
            for _ in range(1 if short else 10):
                for first in range(0, len(six_seconds), 160):
                    detector.feed(six_seconds[first : first + 160])
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    return held[-1] - held[0]


def speed_material(short: bool) -> Samples:
    """8 kHz: a third of it four digits a second, a third speech, a third silence."""
    seconds = 10 if short else 200
    rng = generator("tuning", "speed")
    text = (shuffled(rng, 1) * seconds)[: seconds * 4]
    digits, _ = keyed(rng, text, 100.0, 150.0)
    return finished(np.concatenate([digits, speech(rng, seconds, 8000), np.zeros(seconds * 8000)]))


def speeds(detectors: Sequence[Detector[Any]], samples: Samples, rounds: int) -> dict[str, Times]:
    """Of each detector given the whole file (``ivrsim, file``) and, where it takes them, blocks
    of 20 ms (``ivrsim, blocks``). Bringing the samples to its own form is not counted."""
    cases: dict[str, Callable[[], object]] = {}
    for one in detectors:
        data = one.prepare(samples, 8000)
        cases[f"{one.name}, file"] = partial(one.hear, data)
        if one.tells_when:
            cases[f"{one.name}, blocks"] = partial(one.hear, data, SPEED_BLOCK_S)
    return interleaved(cases, rounds)
