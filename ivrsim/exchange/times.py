"""Times as logs write them, as epoch milliseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

_SPAN_S: Final = (0, 253_402_300_000)  # years 1970 to 9999
# 2026-11-21T08:00:42.125Z, 2026-11-21 08:00:42,125, 2026/11/21 08:00:42 +0100
_ISO: Final = re.compile(
    r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
    r"\s?(Z|UTC|[+-]\d\d:?\d\d)?(?!\d)"
)
# 21/Nov/2026:08:00:42 +0000: the common log format
_COMMON: Final = re.compile(
    r"(\d{1,2})[/ -]([A-Z][a-z]{2})[/ -](\d{4})[: ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?"
    r"\s?(GMT|UTC|[+-]\d\d:?\d\d)?"
)
_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"


def epoch_of(value: Any) -> int | None:
    """Epoch milliseconds of a field: ISO 8601 text, seconds, milliseconds, micro- or nanoseconds.

    Text without a zone is UTC. None for anything else.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _of_number(value)
    if isinstance(value, str):
        if re.fullmatch(r"\s*\d{9,19}(\.\d{1,9})?\s*", value):
            return _of_number(float(value) if "." in value else int(value))
        found = find_time(value[:80])
        return None if found is None else found[0]
    return None


def find_time(text: str) -> tuple[int, int] | None:
    """The first time in ``text`` as (epoch milliseconds, where it ends), or None."""
    iso, common = _ISO.search(text), _COMMON.search(text)
    if iso and not (common and common.start() < iso.start()):
        year, month, day, *clock, fraction, zone = iso.groups()
        at = _moment(year, month, day, clock, fraction, zone)
        return None if at is None else (at, iso.end())
    if common:
        day, name, year, *clock, fraction, zone = common.groups()
        index = _MONTHS.find(name)
        if index % 3:
            return None
        at = _moment(year, str(index // 3 + 1), day, clock, fraction, zone)
        return None if at is None else (at, common.end())
    return None


class NoTimeError(ValueError):
    """A number that is no time of day."""


def iso_of(ms: int) -> str:
    """``2026-11-21T08:00:42.125Z``. Raises NoTimeError beyond the year 9999."""
    try:
        moment = datetime.fromtimestamp(ms // 1000, UTC)
    except (OverflowError, OSError, ValueError) as error:
        raise NoTimeError(f"expected a time before the year 10000, found {ms} ms") from error
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def _of_number(value: float) -> int | None:
    if value != value or value < 100_000_000:  # NaN, and what is a count rather than a time
        return None
    for unit in (1, 1_000, 1_000_000, 1_000_000_000):
        if value / unit < _SPAN_S[1] / 60:  # seconds up to the year 2103
            if isinstance(value, int):
                return value * 1000 // unit
            return round(value * 1000 / unit)
    return None


def _moment(
    year: str, month: str, day: str, clock: list[str], fraction: str | None, zone: str | None
) -> int | None:
    hour, minute, second = clock
    try:
        at = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC
        )
    except ValueError:
        return None
    ms = int(at.timestamp()) * 1000 + int(((fraction or "") + "000")[:3])
    if zone and zone[0] in "+-":
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        ms -= (1 if zone[0] == "+" else -1) * minutes * 60_000
    return ms if ms >= 0 else None
