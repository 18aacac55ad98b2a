"""The rows: digits that must be found, breaks and pauses, and what must give no digit.

``rows("tuning")`` is for building a detector, ``rows("held-out")`` the same from other seeds.
Every row has a generator of its own, seeded by the set and the row's name: a row stays as it is
when others come and go. Nothing is kept on disk.

As long as a row's name says nothing else: 8 kHz, 50 ms tones and 50 ms pauses, both tones at
-10 dBm0, Q.23 frequencies, edges without a ramp, no noise; 16 bits. What is added to the digits
is measured against the power of a whole digit, both tones together: noise within 0 to 4 kHz,
speech while somebody speaks; the dial tone's two are each measured against one tone.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.dtmf.digits import digit_rows
from bench.dtmf.keying import Row
from bench.dtmf.nothing import nothing_rows
from bench.dtmf.pauses import pause_rows


def rows(seed_set: str, short: bool = False) -> Iterator[Row]:
    """All rows of the seed set; ``short``: the same with a fifth of the digits."""
    for make in (digit_rows, pause_rows, nothing_rows):
        yield from make(seed_set, short)
