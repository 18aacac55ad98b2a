"""Call progress tones and the tones of the keys.

A tone that lasts is one period of its cadence, to be looped: all frequencies are whole
numbers of Hz and all periods begin with a tone, so a loop goes on without a step in phase.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ivrsim.sound.clip import Clip, Samples

LOW_HZ = (697, 770, 852, 941)
HIGH_HZ = (1209, 1336, 1477, 1633)
KEYPAD = ("123A", "456B", "789C", "*0#D")
DTMF_HZ = {
    key: (LOW_HZ[row], HIGH_HZ[column])
    for row, keys in enumerate(KEYPAD)
    for column, key in enumerate(keys)
}
"""The frequencies of each key in Hz, low group first (ITU-T Q.23)."""

_EDGE_MS = 5  # a raised cosine at both ends of every tone, against clicks
_DTMF_PEAK = 0.16  # of each of the two tones: well heard, not louder than a voice
_PROGRESS_PEAK = 0.2  # of all frequencies together


@dataclass(frozen=True, slots=True)
class Cadence:
    """``hz`` sounding together; ``on_off_ms`` in turn on, off, on…; empty: without a break.

    ``warble_hz`` is the rate at which the level of the tone swings, 0 for a steady one.
    """

    hz: tuple[int, ...]
    on_off_ms: tuple[int, ...] = ()
    warble_hz: int = 0


# As ITU-T E.180 supplement 2 lists them; the European row is that of Germany.
COUNTRIES: dict[str, dict[str, Cadence]] = {
    "US": {
        "dial": Cadence((350, 440)),
        "ringback": Cadence((440, 480), (2000, 4000)),
        "busy": Cadence((480, 620), (500, 500)),
        "congestion": Cadence((480, 620), (250, 250)),
    },
    "EU": {
        "dial": Cadence((425,)),
        "ringback": Cadence((425,), (1000, 4000)),
        "busy": Cadence((425,), (480, 480)),
        "congestion": Cadence((425,), (240, 240)),
    },
    "SG": {
        "dial": Cadence((425,)),
        "ringback": Cadence((425,), (400, 200, 400, 2000), warble_hz=24),
        "busy": Cadence((425,), (750, 750)),
        "congestion": Cadence((425,), (250, 250)),
    },
}
DEFAULT_COUNTRY = "EU"
PROGRESS_TONES = tuple(COUNTRIES[DEFAULT_COUNTRY])


def dtmf(key: str, duration_ms: int = 120, rate: int = 48000) -> Clip:
    """The tone of one key, 0-9 * # A-D, with soft edges. ValueError for anything else."""
    try:
        pair = DTMF_HZ[key.upper()]
    except KeyError:
        raise ValueError(f"no such key: {key!r}; a telephone has 0-9 * # A-D") from None
    return Clip(_burst(pair, duration_ms, rate, _DTMF_PEAK), rate)


def beep(duration_ms: int = 400, rate: int = 48000) -> Clip:
    """The beep before a recording, 1000 Hz."""
    return Clip(_burst((1000,), duration_ms, rate, _PROGRESS_PEAK), rate)


def progress(name: str, country: str = DEFAULT_COUNTRY, rate: int = 48000) -> Clip:
    """One period of a call progress tone, to be played with ``loop=0``.

    ``name`` is one of ``PROGRESS_TONES`` (ValueError otherwise); ``country`` a two-letter
    code, the European tone when it is not in ``COUNTRIES``.
    """
    cadences = COUNTRIES.get(country.upper(), COUNTRIES[DEFAULT_COUNTRY])
    if name not in cadences:
        raise ValueError(f"no such tone: {name!r}; known are {', '.join(cadences)}")
    cadence = cadences[name]
    peak = _PROGRESS_PEAK / len(cadence.hz)
    if not cadence.on_off_ms:
        return Clip(_sines(cadence.hz, rate, rate, peak), rate)
    parts = []
    for index, duration_ms in enumerate(cadence.on_off_ms):
        if index % 2:
            parts.append(np.zeros(duration_ms * rate // 1000, np.float32))
        else:
            parts.append(_burst(cadence.hz, duration_ms, rate, peak, cadence.warble_hz))
    return Clip(np.concatenate(parts), rate)


def _burst(
    hz: Iterable[int], duration_ms: int, rate: int, peak: float, warble_hz: int = 0
) -> Samples:
    samples = _sines(hz, duration_ms * rate // 1000, rate, peak)
    if warble_hz:
        swing = _sines((warble_hz,), len(samples), rate, 0.5)
        samples *= 0.5 + swing
    edge = min(_EDGE_MS * rate // 1000, len(samples) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / max(edge, 1))).astype(np.float32)
    samples[:edge] *= ramp
    samples[len(samples) - edge :] *= ramp[::-1]
    return samples


def _sines(hz: Iterable[int], count: int, rate: int, peak: float) -> Samples:
    turns = 2 * np.pi * np.arange(count) / rate
    total = np.zeros(count)
    for frequency in hz:
        total += np.sin(frequency * turns)
    return (peak * total).astype(np.float32)
