"""G.711, the coding of telephone networks: µ-law (North America, Japan) and A-law (elsewhere).

Codes are the octets on the line, as in wav files and RTP. Negative samples are coded by their
one's complement, as the ITU-T's reference software (G.191) does it: 0 is positive, -1 is not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Law = Literal["mu", "a"]

Codes = NDArray[np.uint8]
Pcm = NDArray[np.int16]

_MU_LAW_COUNTRIES = frozenset({"CA", "JP", "US"})


def law_of(country: str) -> Law:
    """The law of a country's network, by its two-letter code; A-law for all but a few."""
    return "mu" if country.upper() in _MU_LAW_COUNTRIES else "a"


def encode(pcm: Pcm, law: Law) -> Codes:
    """16-bit samples of any shape as octets; what is louder than the law can say is clipped."""
    return _encoding(law)[np.asarray(pcm, np.int16).view(np.uint16)]


def decode(codes: Codes, law: Law) -> Pcm:
    """Octets of any shape as 16-bit samples: G.711's output values, times 4 (µ) or 8 (A)."""
    return _decoding(law)[codes]


@cache
def _decoding(law: Law) -> Pcm:
    """The sample of each octet."""
    codes = np.arange(256)
    magnitude = _LAWS[law][0](codes)
    positive = codes & 0x80
    return np.where(positive, magnitude, -magnitude).astype(np.int16)


@cache
def _encoding(law: Law) -> Codes:
    """The octet of each sample, read as unsigned."""
    pcm = np.arange(65536).astype(np.uint16).view(np.int16).astype(np.int32)
    codes = _LAWS[law][1](np.where(pcm < 0, ~pcm, pcm))
    return (codes ^ np.where(pcm < 0, 0x80, 0)).astype(np.uint8)


# Both laws have 8 segments of 16 steps; the steps of a segment are twice those of the one
# before. An octet is sign, segment (3 bits), step (4 bits); µ-law inverts all but the sign,
# A-law every second bit.

_Table = NDArray[np.int64]
_MU_BIAS = 33 << 2  # lets each segment begin at a power of two; in 16-bit samples
_MU_CLIP = 8158 << 2  # one less than the last decision value of G.711 table 2a


def _mu_magnitudes(codes: _Table) -> _Table:
    segment, step = (~codes >> 4) & 7, ~codes & 15
    return (((2 * step + 33) << segment) << 2) - _MU_BIAS


def _mu_codes(magnitudes: _Table) -> _Table:
    """The octet of positive samples."""
    biased = (np.minimum(magnitudes, _MU_CLIP) + _MU_BIAS) >> 3
    segment = np.floor(np.log2(biased)).astype(np.int64) - 4
    step = (biased >> segment) & 15
    codes: _Table = ~(segment << 4 | step) & 0xFF
    return codes


def _a_magnitudes(codes: _Table) -> _Table:
    segment, step = ((codes ^ 0x55) >> 4) & 7, (codes ^ 0x55) & 15
    linear = 2 * step + 1  # segment 0 has the steps of segment 1
    return np.where(segment, (linear + 32) << np.maximum(segment - 1, 0), linear) << 3


def _a_codes(magnitudes: _Table) -> _Table:
    """The octet of positive samples."""
    linear = magnitudes >> 4
    segment = np.maximum(np.floor(np.log2(np.maximum(linear, 1))).astype(np.int64) - 3, 0)
    step = (linear >> np.maximum(segment - 1, 0)) & 15
    codes: _Table = (0x80 | segment << 4 | step) ^ 0x55
    return codes


_LAWS: dict[Law, tuple[Callable[[_Table], _Table], Callable[[_Table], _Table]]] = {
    "mu": (_mu_magnitudes, _mu_codes),
    "a": (_a_magnitudes, _a_codes),
}
