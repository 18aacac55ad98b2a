"""What people say, sing and play while nobody keys anything: every digit heard in it is false."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from bench.dtmf import signals
from bench.dtmf.keying import Row, finished, generator
from bench.dtmf.music import hold_music, song
from bench.dtmf.signals import Signal
from bench.dtmf.speech import babble, speech

RATE = 8000
MINUTE = 60.0
_LINES: tuple[tuple[str, ...], ...] = ((), ("ULAW",), ("ALAW",), ("GSM610",))

_Make = Callable[[np.random.Generator, float], Signal]
KINDS: dict[str, tuple[_Make, float]] = {
    "speech": (lambda rng, dbm0: speech(rng, MINUTE, RATE, dbm0), 0.5),
    "sung vowels": (lambda rng, dbm0: song(rng, MINUTE, dbm0), 0.125),
    "hold music": (lambda rng, dbm0: hold_music(rng, MINUTE, dbm0), 0.25),
    "babble": (lambda rng, dbm0: babble(rng, MINUTE, RATE, dbm0), 0.125),
}
"""How a minute of each is made, and its part of the whole."""


def talk_off(seed_set: str, hours: float) -> Iterator[Row]:
    """Rows of a minute; ``group`` is the kind. Each has a level of -27 to -9 dBm0, and comes
    through no codec, one of G.711, or GSM 06.10."""
    for kind, (make, part) in KINDS.items():
        for minute in range(max(1, round(hours * 60 * part))):
            name = f"{kind}, minute {minute + 1}"
            rng = generator(seed_set, name)
            signal = make(rng, rng.uniform(-27, -9))
            line = _LINES[rng.integers(len(_LINES))]
            yield Row(kind, name, RATE, finished(signals.codec(signal, *line)))
