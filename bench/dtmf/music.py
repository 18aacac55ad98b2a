"""Sung vowels and hold music, synthesised: what else is on a line when nobody keys anything.

Both at 8 kHz. A note is a sum of partials below 3.8 kHz, so nothing is folded back.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bench.dtmf.signals import Signal, active_power, power

RATE = 8000
_HIGHEST_HZ = 3800.0

# Formants in Hz of a man's vowels (Peterson and Barney 1952, and the fourth near 3.4 kHz).
_VOWELS = {
    "a": (730, 1090, 2440, 3400),
    "e": (530, 1840, 2480, 3400),
    "i": (270, 2290, 3010, 3500),
    "o": (570, 840, 2410, 3300),
    "u": (300, 870, 2240, 3300),
    "ö": (490, 1350, 1690, 3300),
}
_BANDWIDTHS = (70, 90, 130, 200)
_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 7, 9))


def hertz(note: float) -> float:
    """Of a MIDI note number: 69 is 440 Hz."""
    return float(440 * 2 ** ((note - 69) / 12))


def song(rng: np.random.Generator, seconds: float, dbm0: float = -15.0) -> Signal:
    """Vowels sung by one to three people from bass to soprano, in chords when there are more."""
    total = np.zeros(round(seconds * RATE))
    at = 0
    while at < len(total):
        voices = int(rng.choice([1, 1, 2, 3]))
        scale = _SCALES[rng.integers(len(_SCALES))]
        base, tract = _singer(rng)
        degree = int(rng.integers(7))
        for _ in range(rng.integers(6, 16)):
            degree = int(np.clip(degree + rng.integers(-2, 3), 0, 13))
            length = rng.uniform(0.2, 2.5)
            for voice in range(voices):
                octave, step = divmod(degree + 2 * voice, len(scale))
                sung = _vowel(rng, hertz(base + 12 * octave + scale[step]), length, tract)
                part = total[at : at + len(sung)]
                part += sung[: len(part)]
            at += round(length * RATE)
        at += round(rng.uniform(0.1, 0.6) * RATE)
    return total * np.sqrt(power(dbm0) / active_power(total, RATE))


def _singer(rng: np.random.Generator) -> tuple[float, float]:
    """Lowest note, and how much higher than a man's the formants are."""
    lowest = float(rng.choice([41, 48, 53, 60, 65]))
    return lowest + rng.uniform(-0.5, 0.5), 1.0 if lowest < 50 else rng.uniform(1.1, 1.35)


def _vowel(rng: np.random.Generator, hz: float, seconds: float, tract: float) -> Signal:
    """A vowel that turns into another one, with vibrato, from a voice of harmonics at -9 dB an
    octave (glottis and lips together)."""
    names = list(_VOWELS)
    first, last = (np.array(_VOWELS[names[i]]) * tract for i in rng.integers(len(names), size=2))
    count = round(seconds * RATE)
    grid = np.linspace(0, seconds, max(2, count // 40))
    time = np.arange(count) / RATE
    depth = rng.uniform(0.0, 0.03) * np.minimum(1, time / 0.4)
    pitch = hz * (1 + depth * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * time))
    turns = np.cumsum(pitch) / RATE + rng.random()
    formants = first + (last - first) * (grid / seconds)[:, np.newaxis]
    total = np.zeros(count)
    for number in range(1, int(_HIGHEST_HZ / (hz * 1.03)) + 1):
        gains = number**-1.5 * _tract(np.interp(grid, time, pitch) * number, formants)
        total += np.interp(time, grid, gains) * np.sin(2 * np.pi * number * turns)
    edge = np.minimum(1, np.minimum(time, seconds - time) / 0.04)
    return total * edge / (np.sqrt(np.mean(total**2)) or 1.0)


def _tract(hz: Signal, formants: Signal) -> Signal:
    """How loud a harmonic becomes: ``hz`` (n,), ``formants`` (n, 4)."""
    gain = np.ones(len(hz))
    for formant, bandwidth in zip(formants.T, _BANDWIDTHS, strict=True):
        gain *= formant**2 / np.hypot(formant**2 - hz**2, bandwidth * hz)
    return gain


@dataclass(frozen=True, slots=True)
class Instrument:
    """``partials``: (multiple of the frequency, part of the amplitude); ``decay_s``: until the
    first has fallen by 60 dB, 0 when it stays; upper partials die earlier."""

    partials: tuple[tuple[float, float], ...]
    attack_s: float = 0.005
    decay_s: float = 0.0
    vibrato: float = 0.0
    chorus: float = 0.0


def _series(tilt: float, count: int = 12, step: int = 1, stretch: float = 0.0) -> tuple[
    tuple[float, float], ...
]:  # fmt: skip
    numbers = range(1, count * step + 1, step)
    return tuple((n * (1 + stretch * n * n) ** 0.5, n**-tilt) for n in numbers)


_ORGAN = tuple((multiple, 1.0) for multiple in (0.5, 1, 1.5, 2, 3, 4))
INSTRUMENTS = {
    "piano": Instrument(_series(1.3, stretch=0.0004), 0.003, 3.0),
    "electric piano": Instrument(((1, 1.0), (2, 0.1), (14, 0.05)), 0.003, 2.5),
    "guitar": Instrument(_series(1.1), 0.002, 2.0),
    "harp": Instrument(_series(1.8, 6), 0.002, 1.5),
    "vibraphone": Instrument(((1, 1.0), (3.9, 0.25), (10, 0.05)), 0.002, 2.5, vibrato=0.002),
    "music box": Instrument(((1, 1.0), (6.27, 0.15)), 0.001, 1.0),
    "organ": Instrument(_ORGAN, 0.01, vibrato=0.004),
    "flute": Instrument(((1, 1.0), (2, 0.2), (3, 0.05)), 0.05, vibrato=0.006),
    "clarinet": Instrument(_series(1.0, 8, 2), 0.03),
    "trumpet": Instrument(_series(0.7, 14), 0.02, vibrato=0.004),
    "strings": Instrument(_series(1.0, 16), 0.12, vibrato=0.006, chorus=0.004),
    "pad": Instrument(_series(1.5, 6), 0.3, chorus=0.006),
    "saxophone": Instrument(_series(0.9, 12), 0.03, vibrato=0.005),
}


@lru_cache(maxsize=4096)
def _note(name: str, note: int, count: int) -> Signal:
    instrument = INSTRUMENTS[name]
    time = np.arange(count) / RATE
    wobble = instrument.vibrato * np.sin(2 * np.pi * 5.3 * time) / (2 * np.pi * 5.3)
    total = np.zeros(count)
    for multiple, part in instrument.partials:
        hz = hertz(note) * multiple
        if hz > _HIGHEST_HZ:
            continue
        fall = np.exp(-6.9 * time * multiple**0.5 / instrument.decay_s) if instrument.decay_s else 1
        for detune in (-instrument.chorus, instrument.chorus) if instrument.chorus else (0.0,):
            start = (multiple * 0.37 + detune * 100) % 1  # phases that are not all the same
            turns = hz * (1 + detune) * (time + wobble) + start
            total += part * fall * np.sin(2 * np.pi * turns)
    length = count / RATE
    edge = np.minimum(1, np.minimum(time / instrument.attack_s, (length - time) / 0.03))
    return total * edge / sum(part for _, part in instrument.partials)


_PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (0, 3, 4, 4), (1, 4, 0, 0), (0, 2, 3, 4), (5, 3, 0, 4))


def hold_music(rng: np.random.Generator, seconds: float, dbm0: float = -15.0) -> Signal:
    """Pieces of half a minute: chords, a bass, a melody, sometimes two, sometimes drums."""
    pieces = []
    missing = round(seconds * RATE)
    while missing > 0:
        piece = _piece(rng, 30.0)
        pieces.append(piece[:missing])
        missing -= len(piece)
    total = np.concatenate(pieces)
    return total * np.sqrt(power(dbm0) / active_power(total, RATE))


def _piece(rng: np.random.Generator, seconds: float) -> Signal:
    beat = round(60 / rng.uniform(66, 150) * RATE)
    out = np.zeros(round(seconds * RATE))
    key, scale = int(rng.integers(12)), _SCALES[rng.integers(2)]
    chords = _PROGRESSIONS[rng.integers(len(_PROGRESSIONS))]
    bass, middle, lead, second = rng.choice(list(INSTRUMENTS), 4).tolist()
    broken, duet, drums = rng.random(3) < (0.5, 0.4, 0.5)

    def pitch(degree: int, lowest: int) -> int:
        octave, step = divmod(degree, 7)
        return lowest + key + 12 * octave + scale[step]

    def add(at: int, name: str, note: int, count: int, loud: float) -> None:
        part = out[at : at + count]
        part += loud * _note(name, note, count)[: len(part)]

    degree, lowest = int(rng.integers(4, 10)), int(rng.choice([48, 60, 67]))
    for bar, at in enumerate(range(0, len(out), 4 * beat)):
        root = chords[bar % len(chords)]
        add(at, bass, pitch(root, 31), 4 * beat, 1.0)
        for i in range(8 if broken else 1):
            tones = (root + 2 * (i % 3),) if broken else (root, root + 2, root + 4)
            for tone in tones:
                add(at + i * beat // 2, middle, pitch(tone, 52), beat if broken else 4 * beat, 0.4)
        step = 0
        while step < 8:  # in half beats
            length = int(rng.choice([1, 1, 2, 2, 3, 4]))
            if rng.random() < 0.85:
                degree = int(np.clip(degree + rng.integers(-3, 4), 0, 14))
                start, count = at + step * beat // 2, length * beat // 2
                add(start, lead, pitch(degree, lowest), count, 0.9)
                if duet:
                    add(start, second, pitch(degree + 2, lowest), count, 0.6)
            step += length
        if drums:
            _drums(rng, out, at, beat)
    return out


def _drums(rng: np.random.Generator, out: Signal, at: int, beat: int) -> None:
    for i in range(4):
        hit = rng.normal(0, 0.5, 800) * np.exp(-np.arange(800) / (60 if i % 2 else 15))
        part = out[at + i * beat : at + i * beat + 800]
        part += hit[: len(part)]
