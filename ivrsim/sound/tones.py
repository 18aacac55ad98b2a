"""Tones: of the network (dial, ringback, busy…), of the keys, and the beep before a recording.

Levels are in dBm0: 0 dBm0 is a sine with a peak of -3.14 dB of full scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from ivrsim.sound.clip import Clip, Samples
from ivrsim.sound.countries import COUNTRIES, Tones

LOW_HZ = (697, 770, 852, 941)
HIGH_HZ = (1209, 1336, 1477, 1633)
KEYPAD = ("123A", "456B", "789C", "*0#D")
DTMF_HZ = {
    key: (LOW_HZ[row], HIGH_HZ[column])
    for row, keys in enumerate(KEYPAD)
    for column, key in enumerate(keys)
}
"""The frequencies of each key in Hz, low group first (ITU-T Q.23)."""

DTMF_EDGE_MS = 2
"""Rise and fall of a key's tone, a raised cosine before and after its duration at full level."""

PAUSES_MS = {",": 1000, "p": 500, "w": 500}
"""What else a sequence of digits may hold. ``,`` as ``--keys`` has it, ``p`` as Vonage's
``dtmfAnswer``, ``w`` as the dial strings of exchanges."""

DEFAULT_COUNTRY = "EU"
PROGRESS_TONES = Tones._fields

_PROGRESS_DBM0 = -10.0  # of all frequencies together; the nominal level of ITU-T E.180
_BEEP_HZ = 1000
_EDGE_MS = 5  # of all other tones, within their durations; against clicks
_STEADY_S = range(1, 11)  # lengths to choose from for the loop of a steady tone
_WHOLE = 0.01  # so near a whole number of turns in a loop the frequency is moved to have one


def dtmf(
    key: str,
    duration_ms: float = 120,
    rate: int = 48000,
    *,
    level_dbm0: float = -12.0,
    twist_db: float = 2.0,
) -> Clip:
    """The tone of one key, 0-9 * # A-D, by ITU-T Q.23. ValueError for anything else.

    The tone is at its full level for ``duration_ms``; the clip is longer by ``DTMF_EDGE_MS`` at
    both ends. The tone of the low group has ``level_dbm0``, that of the high group
    ``twist_db`` more. (By default as loud as telephones send, whose high group is louder to
    make up for the line.)
    """
    try:
        low, high = DTMF_HZ[key.upper()]
    except KeyError:
        raise ValueError(f"no such key: {key!r}; a telephone has 0-9 * # A-D") from None
    edge = round(DTMF_EDGE_MS * rate / 1000)
    count = round(duration_ms * rate / 1000) + 2 * edge
    samples = peak(level_dbm0) * _sine(low, count, rate)
    samples += peak(level_dbm0 + twist_db) * _sine(high, count, rate)
    return Clip(_edged(samples, edge), rate)


def dtmf_sequence(
    digits: str,
    on_ms: float = 100,
    off_ms: float = 100,
    rate: int = 48000,
    *,
    level_dbm0: float = -12.0,
    twist_db: float = 2.0,
) -> Clip:
    """The tones of ``digits`` one after another, with ``PAUSES_MS`` where they say so.

    Each tone is at full level for ``on_ms``, and ``off_ms`` lie between two of them, edges
    included; a pause comes on top. Blanks are ignored. The first tone begins at once.
    ValueError for what is neither key nor pause, and for ``off_ms`` too short for the edges.
    """
    if off_ms < 2 * DTMF_EDGE_MS:
        raise ValueError(f"expected at least {2 * DTMF_EDGE_MS} ms between digits, not {off_ms}")
    starts: list[tuple[float, str]] = []
    now = 0.0
    for char in "".join(digits.split()):
        if char.lower() in PAUSES_MS:
            now += PAUSES_MS[char.lower()]
        else:
            starts.append((now, char))
            now += on_ms + off_ms
    edges = round(2 * DTMF_EDGE_MS * rate / 1000)
    samples = np.zeros(round(now * rate / 1000) + edges, np.float32)
    for start_ms, key in starts:
        tone = dtmf(key, on_ms, rate, level_dbm0=level_dbm0, twist_db=twist_db).samples
        start = round(start_ms * rate / 1000)
        samples[start : start + len(tone)] = tone
    return Clip(samples, rate)


def beep(duration_ms: int = 400, rate: int = 48000) -> Clip:
    """The beep before a recording, 1000 Hz."""
    step = Step((_BEEP_HZ,), duration_ms)
    return Clip(_sounded(step, duration_ms * rate // 1000, rate), rate)


def progress(name: str, country: str = DEFAULT_COUNTRY, rate: int = 48000) -> Clip:
    """One period of a call progress tone, to be played with ``loop=0``.

    ``name`` is one of ``PROGRESS_TONES`` (ValueError otherwise); ``country`` a two-letter
    code, the European tone when it is not in ``COUNTRIES``. The tone has -10 dBm0 (ITU-T
    E.180), and the end of the period goes on into its beginning without a click.
    """
    tones = COUNTRIES.get(country.upper(), COUNTRIES[DEFAULT_COUNTRY])
    if name not in PROGRESS_TONES:
        raise ValueError(f"no such tone: {name!r}; known are {', '.join(PROGRESS_TONES)}")
    steps = cadence(getattr(tones, name))
    if len(steps) == 1 and not steps[0].ms:
        return Clip(_steady(steps[0], rate), rate)
    ends = np.rint(np.cumsum([step.ms for step in steps]) * rate / 1000).astype(int)
    counts = np.diff(ends, prepend=0)
    return Clip(
        np.concatenate([_sounded(*pair, rate) for pair in zip(steps, counts, strict=True)]), rate
    )


@dataclass(frozen=True, slots=True)
class Step:
    """``hz`` sounding together for ``ms`` (0: for ever); no ``hz`` is silence.

    ``swing_hz``: how often the level swings between nothing and full, 0 when it is steady.
    """

    hz: tuple[float, ...]
    ms: int
    swing_hz: float = 0.0
    level_db: float = 0.0


def cadence(text: str) -> list[Step]:
    """The steps of a tone as ``countries`` writes it."""
    return [_step(part) for part in text.split()]


def _step(text: str) -> Step:
    tone, _, ms = text.partition("/")
    tone, _, level = tone.partition("@")
    tone, _, swing = tone.partition("*")
    hz = tuple(float(part) for part in tone.split("+") if float(part))
    return Step(hz, int(ms or 0), float(swing or 0), float(level or 0))


def peak(dbm0: float) -> float:
    """The peak of a sine of that level, full scale 1."""
    return float(10 ** ((dbm0 - 3.14) / 20))


def _steady(step: Step, rate: int) -> Samples:
    """A loop in which all frequencies have whole turns; they move a little where it must be."""
    turns = (*step.hz, step.swing_hz)
    seconds = next(
        (s for s in _STEADY_S if all(abs(hz * s - round(hz * s)) <= _WHOLE for hz in turns)),
        _STEADY_S[-1],
    )
    hz = tuple(round(hz * seconds) / seconds for hz in step.hz)
    swing = round(step.swing_hz * seconds) / seconds
    return _tone(Step(hz, 0, swing, step.level_db), seconds * rate, rate).astype(np.float32)


def _sounded(step: Step, count: int, rate: int) -> Samples:
    """``count`` samples with soft edges."""
    edge = min(round(_EDGE_MS * rate / 1000), count // 2)
    return _edged(_tone(step, count, rate), edge)


def _tone(step: Step, count: int, rate: int) -> np.ndarray:
    total = np.zeros(count)
    for hz in step.hz:
        total += _sine(hz, count, rate)
    if step.swing_hz:
        swing = 0.5 - 0.5 * np.cos(2 * np.pi * step.swing_hz * np.arange(count) / rate)
        total *= swing / sqrt(3 / 8)  # the swing's power: the tone keeps the level of the others
    return total * peak(_PROGRESS_DBM0 + step.level_db) / sqrt(max(1, len(step.hz)))


def _sine(hz: float, count: int, rate: int) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(count) / rate)


def _edged(samples: np.ndarray, edge: int) -> Samples:
    """Raised cosines of ``edge`` samples over both ends."""
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(edge) + 0.5) / max(edge, 1))
    samples[:edge] *= ramp
    samples[len(samples) - edge :] *= ramp[::-1]
    return samples.astype(np.float32)
