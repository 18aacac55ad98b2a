"""What Vonage sends: ids, parameters of the answer webhook, bodies of events.

Pure functions of facts and times; the order of keys is that of the documentation's samples.
Basis: webhook reference (documented), but for ``disconnected_by`` and ``sip_code``
(observed). Prices are plausible, not the platform's: 0.0045 EUR a minute, by the second.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Literal

from ivrsim.engine.speech import Spoken
from ivrsim.platforms.vonage.diagnostics import SYNTAX_ERROR
from ivrsim.platforms.vonage.settings import value

Body = dict[str, Any]
Status = Literal[
    "started", "ringing", "busy", "timeout", "unanswered", "rejected", "failed", "cancelled"
]

RATE: Final = Decimal("0.00450000")
NETWORK: Final = "GB-FIXED"
REGION_URL: Final = "https://api-eu-3.vonage.com"

SIP_CODES: Final = {"busy": 486, "unanswered": 480, "rejected": 603, "failed": 404}
"""By status [observed]."""
DETAILS: Final[dict[str, tuple[str, ...]]] = {
    "unanswered": ("unavailable", "timeout", "carrier_timeout"),
    "rejected": ("invalid_number", "restricted", "declined"),
    "failed": ("cannot_route", "number_out_of_service", "internal_error"),
}


@dataclass(frozen=True, slots=True)
class LegFacts:
    """One leg of a call. Numbers may have their ``+``: Vonage's own have none.

    ``from_user`` is the name of an app user who calls (then there is no ``from``),
    ``custom_data`` what its SDK sent, ``sip_headers`` the ``X-…`` headers of a SIP caller.
    """

    uuid: str
    conversation_uuid: str
    from_: str
    to: str
    direction: Literal["inbound", "outbound"]
    endpoint_type: str = "phone"
    region_url: str = REGION_URL
    from_user: str | None = None
    custom_data: Mapping[str, Any] | None = None
    sip_headers: Mapping[str, str] = field(default_factory=dict)


def new_uuid(source: random.Random) -> str:
    return str(uuid.UUID(int=source.getrandbits(128), version=4))


def new_conversation_uuid(source: random.Random) -> str:
    return f"CON-{new_uuid(source)}"


def bare_number(number: str) -> str:
    """A number as Vonage writes it: E.164 without ``+`` [documented]."""
    return number.removeprefix("+")


def iso(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds and Z. ``at`` must know its time zone."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_seconds(at: datetime) -> str:
    """As ``iso``, in whole seconds."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def created_body(leg: LegFacts) -> Body:
    """What POST /v1/calls answers at once, with HTTP 201 [documented]."""
    return {
        "uuid": leg.uuid,
        "status": "started",
        "direction": leg.direction,
        "conversation_uuid": leg.conversation_uuid,
    }


# --- the answer webhook


def answer_body(leg: LegFacts) -> Body:
    """The JSON of an answer webhook by POST; ``to`` is who was called, both ways."""
    caller = (
        {"from": bare_number(leg.from_)} if leg.from_user is None else {"from_user": leg.from_user}
    )
    body: Body = {
        **caller,
        "to": bare_number(leg.to),
        "uuid": leg.uuid,
        "conversation_uuid": leg.conversation_uuid,
        "endpoint_type": leg.endpoint_type,
        "region_url": leg.region_url,
    }
    if leg.custom_data is not None:
        body["custom_data"] = dict(leg.custom_data)
    body.update({f"SipHeader_{name}": text for name, text in leg.sip_headers.items()})
    return body


def answer_query(leg: LegFacts) -> dict[str, str]:
    """The parameters of an answer webhook by GET: the same as by POST [documented]."""
    body = answer_body(leg)
    first = ("to", "from", "from_user", "conversation_uuid", "uuid")  # as in the sample
    keys = [key for key in first if key in body] + [key for key in body if key not in first]
    return {key: _query_text(body[key]) for key in keys}


# --- events


def event_body(leg: LegFacts, status: Status, at: datetime, *, detail: str | None = None) -> Body:
    """The body of every event but answered and completed, at the moment ``at``.

    ``detail`` belongs to unanswered, rejected and failed (see ``DETAILS``) and has the first
    of them as its default.
    """
    body = _leg(leg)
    body["status"] = status
    if status in DETAILS:
        body["detail"] = detail if detail is not None else DETAILS[status][0]
    body["direction"] = leg.direction
    body["timestamp"] = iso(at)
    if status in SIP_CODES:
        body["sip_code"] = SIP_CODES[status]
    return body


def answered_body(leg: LegFacts, at: datetime) -> Body:
    """start_time, rate and network are sent empty [documented]."""
    return {
        "start_time": None,
        "rate": None,
        **_leg(leg),
        "status": "answered",
        "direction": leg.direction,
        "network": None,
        "timestamp": iso(at),
    }


def completed_body(
    leg: LegFacts,
    at: datetime,
    *,
    answered_at: datetime | None,
    ended_at: datetime,
    disconnected_by: Literal["platform", "user"],
    sip_code: int = 200,
) -> Body:
    """The last event of a leg. ``answered_at`` is None for one that was never answered.

    ``duration`` is in whole seconds, rounded up [assumed]; numbers are strings [documented].
    """
    seconds = 0
    if answered_at is not None:
        milliseconds = round((ended_at - answered_at).total_seconds() * 1000)
        seconds = max(0, -(-milliseconds // 1000))
    return {
        "end_time": iso(ended_at),
        "uuid": leg.uuid,
        "network": NETWORK if answered_at is not None else None,
        "duration": str(seconds),
        "start_time": None if answered_at is None else iso(answered_at),
        "rate": f"{RATE:.8f}",
        "price": f"{RATE * seconds / 60:.8f}",
        "from": bare_number(leg.from_),
        "to": bare_number(leg.to),
        "conversation_uuid": leg.conversation_uuid,
        "status": "completed",
        "direction": leg.direction,
        "timestamp": iso(at),
        "disconnected_by": disconnected_by,
        "sip_code": sip_code,
    }


def _leg(leg: LegFacts) -> Body:
    return {
        "from": bare_number(leg.from_),
        "to": bare_number(leg.to),
        "uuid": leg.uuid,
        "conversation_uuid": leg.conversation_uuid,
    }


# --- actions


def input_body(
    leg: LegFacts,
    at: datetime,
    *,
    digits: str,
    timed_out: bool,
    settings: Mapping[str, str],
    speech: Body | None = None,
) -> Body:
    """The result of an input. No key at all: ``vonage.no_digits``. ``speech`` is a ``speech_part``;
    None, it was not asked for: ``vonage.speech_off``."""
    if speech is None:
        speech = {"results": []}
        if value(settings, "vonage.speech_off") == "error":
            speech = {"error": "Speech was not enabled"}
    pressed = digits or (None if value(settings, "vonage.no_digits") == "null" else "")
    return {
        "speech": speech,
        "dtmf": {"digits": pressed, "timed_out": timed_out},
        **_leg(leg),
        "timestamp": iso(at),
    }


_TIMEOUT_REASONS: Final = {
    "end_on_silence": "end_on_silence_timeout",
    "max_duration": "max_duration",
    "start_timeout": "start_timeout",
}


def speech_part(
    spoken: Spoken,
    ended_by: str,
    settings: Mapping[str, str],
    *,
    text: str | None = None,
    url: str | None = None,
) -> Body:
    """The ``speech`` of an input that listened for words.

    ``ended_by`` is that of the capture. ``text`` stands for all that was said where it must not be
    shown; ``url`` is where the audio is (saveAudio). A key came first: ``vonage.speech_overridden``
    [observed]; nothing was said: ``vonage.no_speech``; no words: ``vonage.speech_unrecognised``.
    """
    if spoken.overridden:
        if value(settings, "vonage.speech_overridden") == "results":
            return {"results": []}
        return {"error": "Speech overridden by DTMF"}
    saved: Body = {} if url is None else {"recording_url": url}
    unclear = spoken.voice and not spoken.readings
    if unclear and value(settings, "vonage.speech_unrecognised") == "error":
        return {**saved, "error": "ERR1: Failed to analyze audio"}
    part: Body = {**saved, "timeout_reason": _TIMEOUT_REASONS[ended_by]}
    if spoken.voice or value(settings, "vonage.no_speech") == "empty":
        part["results"] = [
            {"confidence": _confidence(sure), "text": words if text is None else text}
            for words, sure in spoken.readings
        ]
    return part


def _confidence(sure: float) -> str:
    """A string, as in ``"0.9405097"`` [documented]."""
    return str(round(min(max(float(sure), 0.0), 1.0), 7))


def legacy_input_body(leg: LegFacts, at: datetime, *, digits: str, timed_out: bool) -> Body:
    """The result of an input of the older form: dtmf is a string [observed: the older
    reference, and applications still in use]."""
    return {
        "uuid": leg.uuid,
        "conversation_uuid": leg.conversation_uuid,
        "timed_out": timed_out,
        "dtmf": digits,
        "from": bare_number(leg.from_),
        "to": bare_number(leg.to),
        "timestamp": iso(at),
    }


def record_body(
    conversation_uuid: str,
    at: datetime,
    *,
    started: datetime,
    ended: datetime,
    url: str,
    size: int,
    recording: str,
    milliseconds: bool = False,
) -> Body:
    """The event of a recording: no status, no leg [documented]. ``size`` in bytes;
    ``milliseconds``: see ``vonage.record_times``."""
    time = iso if milliseconds else iso_seconds
    return {
        "start_time": time(started),
        "recording_url": url,
        "size": size,
        "recording_uuid": recording,
        "end_time": time(ended),
        "conversation_uuid": conversation_uuid,
        "timestamp": iso(at),
    }


def notify_body(payload: Mapping[str, Any]) -> Body:
    """The payload is the whole body, nothing is added [documented]."""
    return dict(payload)


# --- when something failed


def fallback_body(
    original: Mapping[str, Any], *, reason: str, url: str, kind: Literal["answer", "event"]
) -> Body:
    """What goes to the fallback URL: the original data, the reason, and where it should have
    gone. ``reason`` as in ``delivery.fallback_reason``, ``INVALID_NCCO``, ``INVALID_STATUS``."""
    return {**original, "reason": reason, "original_request": {"url": url, "type": kind}}


def ncco_error_body(conversation_uuid: str, at: datetime, reason: str = SYNTAX_ERROR) -> Body:
    """The event about an NCCO that was refused. It names no place [documented]."""
    return {"reason": reason, "conversation_uuid": conversation_uuid, "timestamp": iso(at)}


def event_query(body: Mapping[str, Any]) -> dict[str, str]:
    """An event by GET (eventMethod, the fallback of a GET): nested values as compact JSON
    [assumed]."""
    return {key: _query_text(item) for key, item in body.items()}


def _query_text(item: Any) -> str:
    if item is None:
        return ""
    if isinstance(item, str):
        return item
    return json.dumps(item, separators=(",", ":"), ensure_ascii=False)
