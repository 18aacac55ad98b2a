"""Webhook bodies against the samples of the guides and the examples of the OpenAPI file."""

from __future__ import annotations

import random
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from ivrsim.platforms.eightbyeight import numbers
from ivrsim.platforms.eightbyeight.bodies import (
    LegFacts,
    SessionError,
    SessionFacts,
    created_body,
    epoch_ms,
    last_action_word,
    new_id,
    not_created_body,
    timestamp,
    timestamp_s,
    vca_body,
    vcs_body,
    vss_body,
)
from ivrsim.platforms.eightbyeight.codes import REQUEST_CODES, http_status

AT = epoch_ms("2026-01-13T08:29:07.217Z")
SESSION = SessionFacts("ece96728-f059-11f0-baa6-c147150ab00e", "8x8_test")
CALLER = LegFacts(
    "ece96727-f059-11f0-baa6-c93abb37794a",
    "INBOUND",
    "6591178965",
    "+6568332048",
    ref_id="virtual-number-trunk-01",
    initiated_ms=epoch_ms("2026-01-13T08:29:06.100Z"),
    connected_ms=epoch_ms("2026-01-13T08:29:07.900Z"),
    disconnected_ms=epoch_ms("2026-01-13T08:29:43.800Z"),
)
AGENT = LegFacts(
    "faa4dfc1-f059-11f0-816b-2daade7d6599",
    "OUTBOUND",
    "+6568332048",
    "+6531589338",
    ref_id="virtual-number-trunk-01",
    initiated_ms=epoch_ms("2026-01-13T08:29:29Z"),
    disconnected_ms=epoch_ms("2026-01-13T08:29:43Z"),
    status="BUSY",
)
# The fields of the guides' samples, in their order.
LEG_KEYS = [
    "eventId",
    "callId",
    "sessionId",
    "subAccountId",
    "callStatus",
    "callDirection",
    "callType",
    "source",
    "destination",
    "sourceFormat",
    "destinationFormat",
    "sourceCountryCode",
    "destinationCountryCode",
]
VSS_LEG_KEYS = [
    "callId",
    "callDirection",
    "callType",
    "initiatedTimestamp",
    "connectedTimestamp",
    "disconnectedTimestamp",
    "source",
    "destination",
    "sourceFormat",
    "destinationFormat",
    "sourceCountryCode",
    "destinationCountryCode",
    "destinationRefId",
    "callStatus",
    "callDuration",
    "callQuality",
]


def chosen(**settings: str) -> dict[str, str]:
    return {f"8x8.{name}": choice for name, choice in settings.items()}


def vca(digits: str | None = "1", action_id: str | None = None, **settings: str) -> dict[str, Any]:
    body = vca_body(
        SESSION,
        AGENT,
        call_status="ACTION_COMPLETED",
        event_id="e1",
        at_ms=AT,
        settings=chosen(**settings),
        digits=digits,
        client_action_id=action_id,
    )
    payload: dict[str, Any] = body["payload"]
    return payload


def vss(*legs: LegFacts, error: SessionError | None = None, **settings: str) -> dict[str, Any]:
    return vss_body(
        SESSION,
        legs,
        status="BUSY",
        started_ms=CALLER.initiated_ms,
        ended_ms=epoch_ms("2026-01-13T08:29:43.999Z"),
        last_action="MAKE_CALL",
        settings=chosen(**settings),
        error=error,
    )


def test_vca_of_the_guide() -> None:
    payload = vca(action_id="ivr1_level1", dtmf_shape="event_data")
    assert list(payload) == [
        *LEG_KEYS, "sourceRefId", "callDuration", "eventData", "sipCode", "timestamp",
        "clientActionId",
    ]  # fmt: skip
    assert payload["eventData"] == {"dtmf": "1"}
    assert (payload["callDuration"], payload["sipCode"]) == (0, 200)
    assert payload["timestamp"] == "2026-01-13T08:29:07.217Z"
    assert payload["clientActionId"] == "ivr1_level1"
    assert payload["sourceFormat"] == payload["destinationFormat"] == "MSISDN"


def test_vca_of_a_call_that_comes_in() -> None:
    body = vca_body(
        SESSION, CALLER, call_status="CALL_RECEIVED", event_id="e1", at_ms=AT, settings={}
    )
    assert list(body) == ["namespace", "eventType", "description", "payload"]
    assert (body["namespace"], body["eventType"]) == ("VOICE", "CALL_ACTION")
    assert list(body["payload"]) == [
        *LEG_KEYS, "destinationRefId", "callDuration", "sipCode", "timestamp",
    ]  # fmt: skip
    assert body["payload"]["source"] == "+6591178965"
    assert body["payload"]["callDirection"] == "INBOUND"


@pytest.mark.parametrize(
    ("shape", "digits", "expected"),
    [
        ("both", "12", {"eventData": {"dtmf": "12"}, "dtmf": "12"}),
        ("both", None, {"eventData": {"dtmf": None}, "dtmf": None}),
        ("event_data", "12", {"eventData": {"dtmf": "12"}}),
        ("payload", "12", {"dtmf": "12"}),
        ("string", "12", {"eventData": "12"}),
        ("string", None, {"eventData": None}),
    ],
)
def test_where_the_digits_are(shape: str, digits: str | None, expected: dict[str, Any]) -> None:
    payload = vca(digits, dtmf_shape=shape)
    assert {key: payload[key] for key in ("eventData", "dtmf") if key in payload} == expected


def test_no_client_action_id_is_absent_and_no_ref_id_too() -> None:
    assert "clientActionId" not in vca()
    body = vca_body(
        SESSION,
        replace(CALLER, ref_id=None),
        call_status="CALL_RECEIVED",
        event_id="e",
        at_ms=AT,
        settings={},
    )
    assert not [key for key in body["payload"] if key.endswith("RefId")]


def test_vcs_of_the_guide() -> None:
    body = vcs_body(SESSION, CALLER, call_status="CALL_RECEIVED", event_id="e1", at_ms=AT)
    assert list(body) == ["payload", "namespace", "eventType", "description"]
    assert body["eventType"] == "CALL_STATUS"
    assert list(body["payload"]) == [*LEG_KEYS, "callDuration", "sipCode", "timestamp"]
    assert body["payload"]["callDuration"] == 0


def test_vcs_at_the_end_of_a_leg() -> None:
    talking = replace(CALLER, disconnected_ms=None)
    at = epoch_ms("2026-01-13T08:29:10.899Z")
    body = vcs_body(
        SESSION, talking, call_status="CALL_DISCONNECTED", event_id="e", at_ms=at, sip_code=486
    )
    assert (body["payload"]["callDuration"], body["payload"]["sipCode"]) == (2, 486)


def test_vss_of_the_guide() -> None:
    body = vss(CALLER, AGENT)
    assert list(body) == ["payload", "namespace", "eventType", "description", "version"]
    assert (body["eventType"], body["version"]) == ("SESSION_SUMMARY", 5)
    payload = body["payload"]
    assert list(payload) == [
        "sessionId", "subAccountId", "sessionStatus", "startTime", "endTime", "lastAction",
        "callCount", "details",
    ]  # fmt: skip
    assert (payload["startTime"], payload["endTime"]) == (
        "2026-01-13T08:29:06Z",
        "2026-01-13T08:29:43Z",
    )
    assert (payload["callCount"], list(payload["details"])) == (2, ["callA", "callB"])
    first, second = payload["details"].values()
    assert list(first) == VSS_LEG_KEYS
    assert list(second) == [
        key.replace("destinationRefId", "sourceRefId")
        for key in VSS_LEG_KEYS
        if key not in ("connectedTimestamp", "callQuality")
    ]
    assert list(first["callQuality"]) == ["mos", "packetLossRate", "jitter"]
    assert (second["callStatus"], second["callDuration"]) == ("BUSY", 0)


def test_a_duration_is_cut_not_the_difference_of_the_printed_seconds() -> None:
    leg = vss(CALLER)["payload"]["details"]["callA"]
    assert leg["connectedTimestamp"] == "2026-01-13T08:29:07Z"
    assert leg["disconnectedTimestamp"] == "2026-01-13T08:29:43Z"
    assert leg["callDuration"] == 35


def test_vss_of_a_failed_session() -> None:
    error = SessionError.of(-2003, call_flow_request_id="r1", action="say")
    payload = vss(CALLER, error=error)["payload"]
    assert list(payload).index("errorDetails") == list(payload).index("details") - 1
    assert payload["errorDetails"] == {
        "errorMsg": "The call flow provided is invalid",
        "errorCode": -2003,
        "callFlowRequestId": "r1",
        "action": "say",
    }
    bare = vss(CALLER, error=SessionError.of(-2004))["payload"]["errorDetails"]
    assert list(bare) == ["errorMsg", "errorCode"]
    with pytest.raises(KeyError):
        SessionError.of(-1)


def test_vss_settings() -> None:
    body = vss(CALLER, AGENT, vss_version="absent", vss_leg_names="CallA")
    assert "version" not in body
    assert list(body["payload"]["details"]) == ["CallA", "CallB"]
    assert last_action_word("say", {}) == "SAY"
    assert last_action_word("say", chosen(say_word="PLAY_TTS")) == "PLAY_TTS"
    assert last_action_word("sayAndCapture", {}) == "SAY_AND_CAPTURE"


def test_vss_with_a_client_request_id() -> None:
    session = replace(SESSION, client_request_id="Request-1200")
    body = vss_body(
        session,
        [CALLER],
        status="COMPLETED",
        started_ms=AT,
        ended_ms=AT,
        last_action="SAY",
        settings={},
    )
    keys = list(body["payload"])
    assert keys[keys.index("callCount") + 1] == "clientRequestId"


def test_call_quality_is_the_same_for_the_same_call() -> None:
    one, two = (vss(CALLER)["payload"]["details"]["callA"]["callQuality"] for _ in range(2))
    assert one == two
    assert 1 <= one["mos"] <= 5
    assert 18 <= one["jitter"] <= 22


def test_answers_to_a_request() -> None:
    assert created_body("s", "r") == {
        "sessionId": "s",
        "sessionStatus": "CREATED",
        "callFlowRequestId": "r",
        "statusCode": 1,
        "statusMessage": "Created",
    }
    assert list(created_body("s", "r", "2024-07-01T05:50:23.550Z"))[3] == "validUntil"
    assert not_created_body("r", -1013, REQUEST_CODES[-1013]) == {
        "sessionStatus": "NOT_CREATED",
        "callFlowRequestId": "r",
        "statusCode": -1013,
        "statusMessage": "Invalid Callflow : First action should be a MakeCall action",
    }


@pytest.mark.parametrize(
    ("code", "status"), [(1, 200), (-1007, 400), (-1013, 422), (401, 401), (404, 404), (-9999, 500)]
)
def test_http_status(code: int, status: int) -> None:
    assert http_status(code) == status


def test_every_request_code_has_an_http_status() -> None:
    assert {http_status(code) for code in REQUEST_CODES} == {200, 400, 422, 500}


def test_ids_come_from_the_seed() -> None:
    one, other = (new_id(random.Random(7)) for _ in range(2))
    assert one == other
    rng = random.Random(7)
    ids = [new_id(rng) for _ in range(200)]
    assert len(set(ids)) == 200
    assert {uuid.UUID(text).version for text in ids} == {4}
    assert {uuid.UUID(text).variant for text in ids} == {uuid.RFC_4122}
    assert all(str(uuid.UUID(text)) == text for text in ids)


def test_times() -> None:
    assert timestamp(AT) == "2026-01-13T08:29:07.217Z"
    assert timestamp_s(AT) == "2026-01-13T08:29:07Z"
    assert timestamp(epoch_ms("2026-01-01T00:00:00Z") + 7) == "2026-01-01T00:00:00.007Z"
    there = datetime(2026, 1, 13, 16, 29, 7, 217_999, timezone(timedelta(hours=8)))
    assert epoch_ms(there) == epoch_ms(there.astimezone(UTC)) == AT
    assert epoch_ms(datetime(2026, 1, 13, 8, 29, 7, 217_000)) == AT
    with pytest.raises(ValueError, match="Invalid isoformat"):
        epoch_ms("yesterday")


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+6591178965", "SG"),
        ("6568332048", "SG"),
        ("+65123456789", "SG"),
        ("+94778066434", "LK"),
        ("+12314377870", "US"),
        ("+16135550123", "CA"),
        ("+442071838750", "GB"),
        ("+390612345678", "IT"),
        ("+85221234567", "HK"),
        ("+80012345678", None),
        ("anonymous", None),
        ("+", None),
        ("", None),
        ("0", None),
        ("٣٣٣٣٣٣٣", None),
    ],
)
def test_countries(number: str, country: str | None) -> None:
    assert numbers.country_code(number) == country


def test_the_short_cut_agrees_with_phonenumbers() -> None:
    import phonenumbers

    for prefix, country in numbers._SINGLE.items():
        assert phonenumbers.region_codes_for_country_code(int(prefix)) == (country,)


def test_plus() -> None:
    assert [numbers.with_plus(text) for text in ("65", "+65", "anonymous", "")] == [
        "+65", "+65", "anonymous", "",
    ]  # fmt: skip
