"""Which webhook of which platform a request is, told by what it holds.

Basis: PLATFORMS and ``platforms/*/bodies.py``: the webhook references of Vonage and 8x8, older
shapes of both included [observed].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from ivrsim.exchange.captured import Captured
from ivrsim.exchange.times import epoch_of
from ivrsim.exchange.values import json_inside

VONAGE: Final = "vonage"
EIGHT: Final = "8x8"

STATUSES: Final = frozenset(
    {
        "started", "ringing", "answered", "completed", "busy", "timeout", "unanswered", "rejected",
        "failed", "cancelled", "human", "machine", "disconnected",
    }
)  # fmt: skip
_EVENT_TYPES: Final = {"CALL_ACTION": "VCA", "CALL_STATUS": "VCS", "SESSION_SUMMARY": "VSS"}
# What an application itself calls: requests there are no webhooks, whatever they hold.
_API_HOSTS: Final = ("nexmo.com", "vonage.com", "wavecell.com", "8x8.com")


@dataclass(slots=True)
class Sighting:
    """One webhook. ``keys`` are the ids that tell its call; ``body`` is what it says, wherever it
    stood (body or query). ``weak``: it has an id, but nothing else says that it is a webhook."""

    captured: Captured
    platform: str
    purpose: str
    title: str
    keys: tuple[str, ...]
    leg: str | None
    body: dict[str, Any]
    own_ms: int | None = None
    weak: bool = False
    at_ms: int = 0
    inferred: bool = False
    copies: list[Sighting] = field(default_factory=list)


def recognise(captured: Captured, platform: str | None = None) -> Sighting | None:
    """The webhook that ``captured`` is, or None. ``platform`` allows one alone."""
    if _to_the_platform(captured.url):
        return None
    for body in (captured.body, _opened(captured.query)):
        if isinstance(body, dict):
            found = recognise_body(body)
            if found is not None and platform in (None, found[0]):
                own = _own_time(found[0], found[1], body)
                return Sighting(captured, *found, own, weak=_is_weak(found[0], found[1], body))
    return None


def recognise_body(
    body: dict[str, Any],
) -> tuple[str, str, str, tuple[str, ...], str | None, dict[str, Any]] | None:
    """(platform, purpose, title, keys, leg, body) of a webhook's body, or None."""
    if isinstance(body.get("payload"), dict):
        found = _eight(body, body["payload"])
        if found is not None:
            return (EIGHT, *found, body)
    found = _vonage(body)
    return None if found is None else (VONAGE, *found, body)


def is_strong(body: dict[str, Any]) -> bool:
    """A webhook's body beyond doubt: not a payload of the application's own that names a call."""
    found = recognise_body(body)
    return found is not None and not _is_weak(found[0], found[1], body)


def _is_weak(platform: str, purpose: str, body: dict[str, Any]) -> bool:
    """Others, too, have a uuid and a status: it is a call's if more of a call is in it."""
    if platform != VONAGE or purpose == "answer":
        return False
    if purpose == "notify":
        return True
    names = ("conversation_uuid", "conversation_uuid_from", "call_uuid", "direction", "dtmf")
    return not any(name in body for name in names)


def id_of(value: Any) -> str | None:
    """An id of a platform: text of a sensible length, or None."""
    return value if isinstance(value, str) and 0 < len(value) <= 200 else None


Found = tuple[str, str, tuple[str, ...], str | None]


def _vonage(body: Mapping[str, Any]) -> Found | None:
    conversation = id_of(body.get("conversation_uuid"))
    leg = id_of(body.get("uuid")) or id_of(body.get("call_uuid"))
    old, new = id_of(body.get("conversation_uuid_from")), id_of(body.get("conversation_uuid_to"))
    if old and new:
        return "event", "event transfer", _keys(old, new, leg=leg), leg
    keys = _keys(conversation, leg=leg)
    if not keys:
        return None
    status = body.get("status")
    if isinstance(body.get("original_request"), dict) and "reason" in body:
        return "fallback", "fallback", keys, leg
    if ("dtmf" in body or "speech" in body) and not isinstance(status, str):
        return "input", "input", keys, leg
    if "recording_url" in body and "recording_uuid" in body:
        return "record", "record", keys, leg
    if "transcription_url" in body and "recording_uuid" in body:
        return "record", "record transcription", keys, leg
    if isinstance(status, str) and (status in STATUSES or (conversation and leg)):
        return "event", f"event {status}", keys, leg
    if isinstance(body.get("reason"), str) and conversation and "to" not in body:
        return "event", "event error", keys, leg
    if leg and conversation and "to" in body and "timestamp" not in body:
        return "answer", "answer", keys, leg
    return "notify", "notify", keys, leg


def _keys(*conversations: str | None, leg: str | None) -> tuple[str, ...]:
    keys = [f"conversation {each}" for each in conversations if each]
    return tuple([*keys, f"leg {leg}"] if leg else keys)


def _eight(body: Mapping[str, Any], payload: Mapping[str, Any]) -> Found | None:
    session, leg = id_of(payload.get("sessionId")), id_of(payload.get("callId"))
    if not (session or leg):
        return None
    kind, status = body.get("eventType"), payload.get("callStatus")
    keys = ((f"session {session}",) if session else ()) + ((f"call {leg}",) if leg else ())
    purpose = _EVENT_TYPES.get(kind) if isinstance(kind, str) else None
    if purpose is None:
        if "sessionStatus" in payload:
            purpose = "VSS"
        elif isinstance(kind, str) and body.get("namespace") == "VOICE":
            return "event", f"event {kind}", keys, leg
        elif not isinstance(status, str):
            return None
        else:  # older samples [observed]: only the payload tells
            digits = "eventData" in payload or "dtmf" in payload or "clientActionId" in payload
            purpose = "VCA" if digits or status == "ACTION_COMPLETED" else "VCS"
    word = payload.get("sessionStatus") if purpose == "VSS" else status
    return purpose, f"{purpose} {word}" if isinstance(word, str) else purpose, keys, leg


def _own_time(platform: str, purpose: str, body: dict[str, Any]) -> int | None:
    if platform == VONAGE:
        return epoch_of(body.get("timestamp"))
    payload = body["payload"]
    return epoch_of(payload.get("endTime" if purpose == "VSS" else "timestamp"))


def _opened(query: dict[str, Any] | None) -> dict[str, Any] | None:
    """A query whose nested values are JSON: what an event by GET holds [assumed]."""
    if not query:
        return None
    opened = {}
    for name, value in query.items():
        inner = json_inside(value)
        opened[name] = inner if isinstance(inner, dict | list) else value
    return opened


def _to_the_platform(url: str | None) -> bool:
    if not url or "://" not in url:
        return False
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return False
    return any(host == name or host.endswith(f".{name}") for name in _API_HOSTS)
