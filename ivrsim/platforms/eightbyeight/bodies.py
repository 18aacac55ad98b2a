"""What the platform sends: bodies of VCA, VCS and VSS webhooks, answers to POST …/callflows.

Fields and their order are those of the documentation's samples. Times are given in epoch
milliseconds (``epoch_ms``). Bodies are plain dicts, ready for JSON.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from zlib import crc32

from ivrsim.platforms.eightbyeight.codes import CREATED, REQUEST_CODES, SESSION_CODES
from ivrsim.platforms.eightbyeight.numbers import country_code, with_plus
from ivrsim.platforms.eightbyeight.settings import value

NAMESPACE: Final = "VOICE"
LEG_NAMES: Final = ("callA", "callB")

_ACTION_WORDS: Final[dict[str, str]] = {
    "makeCall": "MAKE_CALL",
    "say": "SAY",
    "sayAndCapture": "SAY_AND_CAPTURE",
    "playFile": "PLAY_FILE",
    "hangup": "HANGUP",
}


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What every body of a session holds. ``client_request_id`` is of the POST that began it."""

    session_id: str
    sub_account_id: str
    client_request_id: str | None = None


@dataclass(frozen=True, slots=True)
class LegFacts:
    """One leg. ``direction`` INBOUND or OUTBOUND; numbers with or without ``+``.

    ``ref_id`` names the account's own number on this leg: sourceRefId outbound,
    destinationRefId inbound. Times in epoch milliseconds; ``connected_ms`` is None when it was
    not answered. ``status`` is the final COMPLETED, BUSY, NO_ANSWER, FAILED, CANCELED or ERROR.
    """

    call_id: str
    direction: str
    source: str
    destination: str
    ref_id: str | None = None
    call_type: str = "PSTN"
    initiated_ms: int = 0
    connected_ms: int | None = None
    disconnected_ms: int | None = None
    status: str = "COMPLETED"

    def duration_s(self, until_ms: int) -> int:
        """Whole seconds from answer to end, or to ``until_ms`` while it lasts; 0 unanswered.

        Cut, not rounded, and not the difference of the printed seconds (basis: observed).
        """
        if self.connected_ms is None:
            return 0
        gone = until_ms if self.disconnected_ms is None else self.disconnected_ms
        return (gone - self.connected_ms) // 1000


@dataclass(frozen=True, slots=True)
class SessionError:
    """``errorDetails`` of a session; the last two as observed, left out when None."""

    code: int
    message: str
    call_flow_request_id: str | None = None
    action: str | None = None

    @classmethod
    def of(
        cls, code: int, *, call_flow_request_id: str | None = None, action: str | None = None
    ) -> SessionError:
        """With the platform's words for ``code``. Raises KeyError for an unknown code."""
        return cls(code, SESSION_CODES[code], call_flow_request_id, action)


def new_id(rng: random.Random) -> str:
    """A UUID (version 4) from the call's seeded generator."""
    bits = rng.getrandbits(128) & ~(0xF << 76 | 0x3 << 62) | (0x4 << 76 | 0x2 << 62)
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def epoch_ms(at: str | datetime) -> int:
    """Epoch milliseconds of an ISO 8601 text or a datetime; without a zone it is UTC.

    Raises ValueError for a text that is not ISO 8601.
    """
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * 1000 + moment.microsecond // 1000


@lru_cache(maxsize=256)
def _second(epoch_s: int) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def timestamp(ms: int) -> str:
    """``2024-05-16T04:12:11.217Z``, as VCA and VCS have it."""
    return f"{_second(ms // 1000)}.{ms % 1000:03d}Z"


def timestamp_s(ms: int) -> str:
    """``2024-05-16T04:12:11Z``, as VSS has it: the milliseconds are cut."""
    return f"{_second(ms // 1000)}Z"


def last_action_word(action: str, settings: Mapping[str, str]) -> str:
    """``lastAction`` for an action of a callflow: SAY_AND_CAPTURE for sayAndCapture."""
    return value(settings, "8x8.say_word") if action == "say" else _ACTION_WORDS[action]


def vca_body(
    session: SessionFacts,
    leg: LegFacts,
    *,
    call_status: str,
    event_id: str,
    at_ms: int,
    settings: Mapping[str, str],
    digits: str | None = None,
    client_action_id: str | None = None,
) -> dict[str, Any]:
    """VCA: CALL_RECEIVED for a call that comes in, else ACTION_COMPLETED with ``digits``.

    CALL_RECEIVED has no eventData, as in the sample of Number Masking. callDuration is 0 as in
    every sample.
    """
    payload = _leg_payload(session, leg, call_status, event_id)
    if leg.ref_id is not None:
        payload[_ref_key(leg)] = leg.ref_id
    payload["callDuration"] = 0
    if call_status != "CALL_RECEIVED":
        shape = value(settings, "8x8.dtmf_shape")
        if shape == "string":
            payload["eventData"] = digits
        if shape in ("both", "event_data"):
            payload["eventData"] = {"dtmf": digits}
        if shape in ("both", "payload"):
            payload["dtmf"] = digits
    payload["sipCode"] = 200
    payload["timestamp"] = timestamp(at_ms)
    if client_action_id is not None:
        payload["clientActionId"] = client_action_id
    return {
        "namespace": NAMESPACE,
        "eventType": "CALL_ACTION",
        "description": "Action request of a call",
        "payload": payload,
    }


def vcs_body(
    session: SessionFacts,
    leg: LegFacts,
    *,
    call_status: str,
    event_id: str,
    at_ms: int,
    sip_code: int = 200,
) -> dict[str, Any]:
    """VCS: CALL_INITIATED, CALL_RECEIVED, CALL_CONNECTED, CALL_DISCONNECTED of one leg."""
    payload = _leg_payload(session, leg, call_status, event_id)
    payload["callDuration"] = leg.duration_s(at_ms) if call_status == "CALL_DISCONNECTED" else 0
    payload["sipCode"] = sip_code
    payload["timestamp"] = timestamp(at_ms)
    return {
        "payload": payload,
        "namespace": NAMESPACE,
        "eventType": "CALL_STATUS",
        "description": "Status update of a call",
    }


def vss_body(
    session: SessionFacts,
    legs: Sequence[LegFacts],
    *,
    status: str,
    started_ms: int,
    ended_ms: int,
    last_action: str,
    settings: Mapping[str, str],
    error: SessionError | None = None,
) -> dict[str, Any]:
    """VSS: ``status`` COMPLETED, BUSY, NO_ANSWER, FAILED, CANCELED or ERROR (with ``error``).

    ``legs`` are all that were tried, callA first. ``last_action`` is the platform's word
    (``last_action_word``).
    """
    payload: dict[str, Any] = {
        "sessionId": session.session_id,
        "subAccountId": session.sub_account_id,
        "sessionStatus": status,
        "startTime": timestamp_s(started_ms),
        "endTime": timestamp_s(ended_ms),
        "lastAction": last_action,
        "callCount": len(legs),
    }
    if session.client_request_id is not None:
        payload["clientRequestId"] = session.client_request_id
    if error is not None:
        payload["errorDetails"] = _error_details(error)
    capital = value(settings, "8x8.vss_leg_names") == "CallA"
    payload["details"] = {
        ("C" if capital else "c") + name[1:]: _summary(leg, ended_ms)
        for name, leg in zip(LEG_NAMES, legs, strict=False)
    }
    body: dict[str, Any] = {
        "payload": payload,
        "namespace": NAMESPACE,
        "eventType": "SESSION_SUMMARY",
        "description": "Summary of a completed call session",
    }
    if value(settings, "8x8.vss_version") == "5":
        body["version"] = 5
    return body


def created_body(
    session_id: str, call_flow_request_id: str, valid_until: str | None = None
) -> dict[str, Any]:
    """The answer to a good POST …/callflows (HTTP 200)."""
    body: dict[str, Any] = {
        "sessionId": session_id,
        "sessionStatus": "CREATED",
        "callFlowRequestId": call_flow_request_id,
    }
    if valid_until is not None:
        body["validUntil"] = valid_until
    body["statusCode"] = CREATED
    body["statusMessage"] = REQUEST_CODES[CREATED]
    return body


def not_created_body(call_flow_request_id: str, code: int, message: str) -> dict[str, Any]:
    """The answer to a bad POST …/callflows; its HTTP status is ``codes.http_status(code)``."""
    return {
        "sessionStatus": "NOT_CREATED",
        "callFlowRequestId": call_flow_request_id,
        "statusCode": code,
        "statusMessage": message,
    }


def _leg_payload(
    session: SessionFacts, leg: LegFacts, call_status: str, event_id: str
) -> dict[str, Any]:
    return {
        "eventId": event_id,
        "callId": leg.call_id,
        "sessionId": session.session_id,
        "subAccountId": session.sub_account_id,
        "callStatus": call_status,
        "callDirection": leg.direction,
        "callType": leg.call_type,
        **_ends(leg),
    }


def _ends(leg: LegFacts) -> dict[str, str | None]:
    return {
        "source": with_plus(leg.source),
        "destination": with_plus(leg.destination),
        "sourceFormat": "MSISDN",
        "destinationFormat": "MSISDN",
        "sourceCountryCode": country_code(leg.source),
        "destinationCountryCode": country_code(leg.destination),
    }


def _ref_key(leg: LegFacts) -> str:
    return "sourceRefId" if leg.direction == "OUTBOUND" else "destinationRefId"


def _summary(leg: LegFacts, ended_ms: int) -> dict[str, Any]:
    summary: dict[str, Any] = {
        "callId": leg.call_id,
        "callDirection": leg.direction,
        "callType": leg.call_type,
        "initiatedTimestamp": timestamp_s(leg.initiated_ms),
    }
    if leg.connected_ms is not None:
        summary["connectedTimestamp"] = timestamp_s(leg.connected_ms)
    gone = ended_ms if leg.disconnected_ms is None else leg.disconnected_ms
    summary["disconnectedTimestamp"] = timestamp_s(gone)
    summary.update(_ends(leg))
    if leg.ref_id is not None:
        summary[_ref_key(leg)] = leg.ref_id
    summary["callStatus"] = leg.status
    summary["callDuration"] = leg.duration_s(ended_ms)
    if leg.connected_ms is not None:
        summary["callQuality"] = _quality(leg.call_id)
    return summary


def _quality(call_id: str) -> dict[str, float]:
    """A good line, the same for the same call: jitter of 18 to 22 ms as in the samples."""
    return {"mos": 4.5, "packetLossRate": 0, "jitter": 18 + crc32(call_id.encode()) % 5}


def _error_details(error: SessionError) -> dict[str, Any]:
    details: dict[str, Any] = {"errorMsg": error.message, "errorCode": error.code}
    if error.call_flow_request_id is not None:
        details["callFlowRequestId"] = error.call_flow_request_id
    if error.action is not None:
        details["action"] = error.action
    return details
