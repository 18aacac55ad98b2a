"""How Vonage delivers a webhook: deadlines, what is tried again, and what it calls a failure.

Basis: webhook reference (fallback URL, answer webhook), documented, but for the deadlines,
where two pages disagree (``vonage.timeouts``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from ivrsim.platforms.vonage.settings import value

Purpose = Literal["answer", "fallback", "event"]


class Deadlines(NamedTuple):
    """Milliseconds until the connection stands, and from then until the reply is read."""

    connect_ms: int
    read_ms: int


_DEADLINES: Final[dict[str, dict[Purpose, Deadlines]]] = {
    "current": {
        "answer": Deadlines(1000, 5000),
        "fallback": Deadlines(1000, 5000),
        "event": Deadlines(1000, 10000),
    },
    "older": {
        "answer": Deadlines(3000, 5000),
        "fallback": Deadlines(3000, 5000),
        "event": Deadlines(3000, 5000),
    },
}

ATTEMPTS: Final = 2
"""How often a URL is tried in all: once, and one retry."""

RETRIED_STATUSES: Final = frozenset({429, 503, 504})
RETRIED_FAILURES: Final = frozenset({"timeout", "closed", "reset", "refused"})
"""Reasons of ``webhook.failed``. ``refused`` counts as a closed connection (assumed)."""

INVALID_NCCO: Final = "Invalid NCCO."
INVALID_STATUS: Final = "Invalid response code."


def deadlines(purpose: Purpose, settings: Mapping[str, str]) -> Deadlines:
    return _DEADLINES[value(settings, "vonage.timeouts")][purpose]


def succeeded(status: int) -> bool:
    """200 to 205 are success [documented]."""
    return 200 <= status <= 205


def status_is_retried(status: int) -> bool:
    return status in RETRIED_STATUSES


def failure_is_retried(reason: str) -> bool:
    """``reason`` is that of a ``webhook.failed`` record."""
    return reason in RETRIED_FAILURES


def fallback_reason(reason: str) -> str:
    """The platform's words, sent to the fallback URL, for a ``webhook.failed`` reason."""
    if reason == "timeout":
        return "Socket timeout."
    if reason == "reset":
        return "Connection reset."
    return "Connection closed."
