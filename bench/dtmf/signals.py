"""What the material is made of: tones, noise, hum, echoes, codecs, and how loud they are.

Samples are float64 with full scale ±1. 0 dBm0 is a sine whose peak is -3.14 dB of full scale.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ivrsim.sound.clip import Clip

Signal = NDArray[np.float64]

LOW_HZ = (697, 770, 852, 941)
HIGH_HZ = (1209, 1336, 1477, 1633)
DIGITS = "123A456B789C*0#D"
PAIRS = {digit: (LOW_HZ[i // 4], HIGH_HZ[i % 4]) for i, digit in enumerate(DIGITS)}
"""ITU-T Q.23: the two frequencies of each digit."""

FULL_SCALE_DBM0 = 3.14
TELEPHONE_HZ = 4000
"""The band in which the noise of a signal-to-noise ratio is counted: 0 to 4 kHz."""


def amplitude(dbm0: ArrayLike) -> NDArray[np.float64]:
    """The peak of a sine at that level."""
    return np.asarray(10 ** ((np.asarray(dbm0, np.float64) - FULL_SCALE_DBM0) / 20))


def power(dbm0: float) -> float:
    """The mean square of a sine at that level."""
    return float(amplitude(dbm0)) ** 2 / 2


def factor(db: float) -> float:
    return float(10 ** (db / 20))


def sines(
    rng: np.random.Generator,
    hz: Sequence[float],
    seconds: float,
    rate: int,
    dbm0: float | Sequence[float],
) -> Signal:
    """Sines that sound together, each at the level ``dbm0``, from phases of ``rng`` on."""
    time = np.arange(round(seconds * rate)) / rate
    peaks = np.broadcast_to(amplitude(dbm0), len(hz))
    phases = rng.uniform(0, 2 * np.pi, len(hz))
    total = np.zeros(len(time))
    for frequency, peak, phase in zip(hz, peaks, phases, strict=True):
        total += peak * np.sin(2 * np.pi * frequency * time + phase)
    return total


def silence(seconds: float, rate: int) -> Signal:
    return np.zeros(round(seconds * rate))


def white(rng: np.random.Generator, count: int, rate: int, band_power: float) -> Signal:
    """White Gaussian noise with the mean square ``band_power`` within 0 to 4 kHz."""
    return rng.normal(0.0, np.sqrt(band_power * rate / 2 / TELEPHONE_HZ), count)


def coloured(rng: np.random.Generator, count: int, exponent: float) -> Signal:
    """Noise whose power falls with 1/f**exponent: 1 is pink, 2 is brown; mean square 1."""
    spectrum = np.fft.rfft(rng.normal(0.0, 1.0, count))
    spectrum[1:] /= np.arange(1, len(spectrum)) ** (exponent / 2)
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, count)
    return noise / np.sqrt(np.mean(noise**2))


def hum(rng: np.random.Generator, hz: float, count: int, rate: int, mean_square: float) -> Signal:
    """Mains hum: the fundamental and its 2nd, 3rd and 5th harmonic (10, 6 and 14 dB below)."""
    levels = (0.0, -10.0, -6.0, -14.0)
    tones = sines(rng, [hz, 2 * hz, 3 * hz, 5 * hz], count / rate, rate, levels)
    return tones * np.sqrt(mean_square / np.mean(tones**2))


def echo(rate: int, ms: float, db: float) -> Signal:
    """What a line with an echo ``ms`` later and ``db`` (negative) louder makes of a click."""
    response = np.zeros(round(ms * rate / 1000) + 1)
    response[0], response[-1] = 1.0, factor(db)
    return response


def room(rng: np.random.Generator, rate: int, seconds: float, db: float) -> Signal:
    """What a room makes of a click: the click, and noise that falls by 60 dB in ``seconds``, all
    of it together ``db`` (negative) louder."""
    time = np.arange(round(seconds * rate)) / rate
    tail = rng.normal(0, 1, len(time)) * 10 ** (-3 * time / seconds)
    tail *= factor(db) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return tail


def convolved(signal: Signal, response: Signal) -> Signal:
    """What a room with that response makes of the signal; as long as the signal."""
    size = 1 << (len(signal) + len(response)).bit_length()  # quick for the FFT
    spectrum = np.fft.rfft(signal, size) * np.fft.rfft(response, size)
    return np.fft.irfft(spectrum, size)[: len(signal)]


def gain_db(response: Signal, rate: int, hz: float) -> float:
    """How much louder a lasting tone of ``hz`` becomes."""
    turns = np.exp(-2j * np.pi * hz * np.arange(len(response)) / rate)
    return float(20 * np.log10(abs(np.sum(response * turns))))


def codec(signal: Signal, *subtypes: str, rate: int = 8000) -> Signal:
    """Through ULAW, ALAW (G.711) or GSM610 (GSM 06.10 full rate) of libsndfile, in turn."""
    import soundfile

    for subtype in subtypes:
        file = io.BytesIO()
        soundfile.write(file, np.clip(signal, -1, 1), rate, subtype, format="WAV")
        file.seek(0)
        coded, _ = soundfile.read(file)
        signal = coded[: len(signal)]
    return signal


def active_power(signal: Signal, rate: int) -> float:
    """The mean square of speech while somebody speaks: of the blocks of 20 ms that are at most
    25 dB below the loud ones (95th percentile)."""
    size = rate // 50
    blocks = signal[: len(signal) // size * size].reshape(-1, size)
    powers = (blocks**2).mean(axis=1)
    return float(powers[powers > np.percentile(powers, 95) * 10 ** (-25 / 10)].mean())


def resampled(signal: Signal, old: int, new: int) -> Signal:
    return Clip(signal.astype(np.float32), old).resample(new).samples.astype(np.float64)
