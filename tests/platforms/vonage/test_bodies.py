"""Bodies against the tables of the webhook reference (names, order, examples).

Types follow the platform's OpenAPI file (voice 1.6.1, GetCallResponse): rate, price and
duration are strings, direction is inbound or outbound, uuid a UUID.
"""

from __future__ import annotations

import json
import random
import re
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from ivrsim.engine.speech import Spoken
from ivrsim.platforms.vonage import bodies
from ivrsim.platforms.vonage.bodies import LegFacts

LEG = LegFacts(
    uuid="aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
    conversation_uuid="CON-aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
    from_="+442079460000",
    to="447700900000",
    direction="outbound",
)
AT = datetime(2020, 1, 1, 12, 0, 0, tzinfo=UTC)
LEG_FIELDS = {"from", "to", "uuid", "conversation_uuid"}
EVENT = LEG_FIELDS | {"status", "direction", "timestamp"}


def test_time_is_utc_with_milliseconds() -> None:
    singapore = datetime(2020, 1, 1, 20, 0, 0, 5999, tzinfo=timezone(timedelta(hours=8)))
    assert bodies.iso(singapore) == "2020-01-01T12:00:00.005Z"
    assert bodies.iso(AT) == "2020-01-01T12:00:00.000Z"


def test_ids_come_from_the_seed() -> None:
    one, same, other = random.Random(7), random.Random(7), random.Random(8)
    first = bodies.new_uuid(one)
    assert first == bodies.new_uuid(same) != bodies.new_uuid(other)
    assert uuid.UUID(first).version == 4
    assert re.fullmatch(r"CON-[0-9a-f-]{36}", bodies.new_conversation_uuid(one))


def test_answer_by_get_and_by_post() -> None:
    query = bodies.answer_query(LEG)
    assert list(query)[:4] == ["to", "from", "conversation_uuid", "uuid"]
    assert query["from"] == "442079460000"
    body = bodies.answer_body(LEG)
    assert list(body)[:4] == ["from", "to", "uuid", "conversation_uuid"]
    assert set(body) == LEG_FIELDS | {"endpoint_type", "region_url"}
    assert query == body


def test_answer_for_an_app_user_and_a_sip_caller() -> None:
    app = LegFacts("u", "CON-u", "", "1", "inbound", "app", from_user="Jane", custom_data={"a": 1})
    assert "from" not in bodies.answer_body(app)
    assert bodies.answer_query(app)["custom_data"] == '{"a":1}'
    sip = LegFacts("u", "CON-u", "2", "1", "inbound", "sip", sip_headers={"X-UserId": "1938ND9"})
    assert bodies.answer_body(sip)["SipHeader_X-UserId"] == "1938ND9"


EXTRA: dict[str, dict[str, Any]] = {
    "started": {},
    "ringing": {},
    "cancelled": {},
    "timeout": {},
    "busy": {"sip_code": 486},
    "unanswered": {"detail": "unavailable", "sip_code": 480},
    "rejected": {"detail": "invalid_number", "sip_code": 603},
    "failed": {"detail": "cannot_route", "sip_code": 404},
}


@pytest.mark.parametrize("status", EXTRA)
def test_events(status: Any) -> None:
    body = bodies.event_body(LEG, status, AT)
    assert set(body) == EVENT | set(EXTRA[status])
    assert body["status"] == status and body["direction"] == "outbound"
    assert {key: body[key] for key in EXTRA[status]} == EXTRA[status]
    assert list(body)[:5] == ["from", "to", "uuid", "conversation_uuid", "status"]


def test_detail_can_be_chosen() -> None:
    assert bodies.event_body(LEG, "rejected", AT, detail="declined")["detail"] == "declined"
    assert "detail" not in bodies.event_body(LEG, "busy", AT, detail="declined")


def test_answered() -> None:
    body = bodies.answered_body(LEG, AT)
    assert list(body) == [
        *("start_time", "rate", "from", "to", "uuid", "conversation_uuid"),
        *("status", "direction", "network", "timestamp"),
    ]
    assert (body["start_time"], body["rate"], body["network"]) == (None, None, None)


def test_completed() -> None:
    body = bodies.completed_body(
        LEG,
        AT,
        answered_at=AT - timedelta(milliseconds=1001),
        ended_at=AT,
        disconnected_by="user",
    )
    assert list(body) == [
        *("end_time", "uuid", "network", "duration", "start_time", "rate", "price", "from", "to"),
        *("conversation_uuid", "status", "direction", "timestamp", "disconnected_by", "sip_code"),
    ]
    # the documentation's own sample: 2 seconds at 0.0045 a minute
    assert (body["duration"], body["rate"], body["price"]) == ("2", "0.00450000", "0.00015000")
    assert body["start_time"] == "2020-01-01T11:59:58.999Z"
    assert (body["disconnected_by"], body["sip_code"]) == ("user", 200)


def test_completed_without_an_answer() -> None:
    body = bodies.completed_body(
        LEG, AT, answered_at=None, ended_at=AT, disconnected_by="platform", sip_code=486
    )
    assert (body["duration"], body["price"], body["start_time"]) == ("0", "0.00000000", None)


def test_input() -> None:
    body = bodies.input_body(LEG, AT, digits="1234", timed_out=True, settings={})
    assert body == {
        "speech": {"results": []},
        "dtmf": {"digits": "1234", "timed_out": True},
        "from": "442079460000",
        "to": "447700900000",
        "uuid": LEG.uuid,
        "conversation_uuid": LEG.conversation_uuid,
        "timestamp": "2020-01-01T12:00:00.000Z",
    }
    assert list(body)[:2] == ["speech", "dtmf"]


def test_input_settings() -> None:
    silent = bodies.input_body(LEG, AT, digits="", timed_out=True, settings={})
    assert silent["dtmf"]["digits"] is None
    other = {"vonage.no_digits": "", "vonage.speech_off": "error"}
    silent = bodies.input_body(LEG, AT, digits="", timed_out=True, settings=other)
    assert silent["dtmf"]["digits"] == ""
    assert silent["speech"] == {"error": "Speech was not enabled"}


SAID = Spoken((("sales", 0.94050971), ("sails", 2)), "sales", True)


@pytest.mark.parametrize(
    ("spoken", "ended_by", "more", "speech"),
    [
        (
            SAID,
            "end_on_silence",
            {"url": "http://x/f"},
            {
                "recording_url": "http://x/f",
                "timeout_reason": "end_on_silence_timeout",
                "results": [
                    {"confidence": "0.9405097", "text": "sales"},
                    {"confidence": "1.0", "text": "sails"},
                ],
            },
        ),
        (
            SAID,
            "max_duration",
            {"text": "•••"},
            {
                "timeout_reason": "max_duration",
                "results": [
                    {"confidence": "0.9405097", "text": "•••"},
                    {"confidence": "1.0", "text": "•••"},
                ],
            },
        ),
        (Spoken(), "start_timeout", {}, {"timeout_reason": "start_timeout"}),
        (
            Spoken(voice=True),
            "end_on_silence",
            {"url": "http://x/f"},
            {
                "recording_url": "http://x/f",
                "timeout_reason": "end_on_silence_timeout",
                "results": [],
            },
        ),
        (
            Spoken(voice=True, overridden=True),
            "max_digits",
            {},
            {"error": "Speech overridden by DTMF"},
        ),
    ],
)
def test_speech(spoken: Spoken, ended_by: str, more: Any, speech: Any) -> None:
    part = bodies.speech_part(spoken, ended_by, {}, **more)
    assert part == speech
    assert list(part) == list(speech)


def test_older_input() -> None:
    body = bodies.legacy_input_body(LEG, AT, digits="12", timed_out=False)
    assert list(body)[:4] == ["uuid", "conversation_uuid", "timed_out", "dtmf"]
    assert (body["dtmf"], body["timed_out"]) == ("12", False)
    assert set(body) == LEG_FIELDS | {"timed_out", "dtmf", "timestamp"}


def test_notify_is_the_payload_alone() -> None:
    assert bodies.notify_body({"foo": "bar"}) == {"foo": "bar"}


def test_fallback() -> None:
    original = bodies.answer_body(LEG)
    url = "https://api.example.com/webhooks/event"
    body = bodies.fallback_body(original, reason="Connection closed.", url=url, kind="event")
    assert {k: v for k, v in body.items() if k in original} == original
    assert body["reason"] == "Connection closed."
    assert body["original_request"] == {"url": url, "type": "event"}
    query = bodies.event_query(body)
    assert json.loads(query["original_request"]) == {"url": url, "type": "event"}


def test_error_about_an_ncco() -> None:
    assert bodies.ncco_error_body("CON-1", AT) == {
        "reason": "Syntax error in NCCO. Invalid value type or action.",
        "conversation_uuid": "CON-1",
        "timestamp": "2020-01-01T12:00:00.000Z",
    }


def test_an_event_by_get_is_text() -> None:
    body = bodies.input_body(LEG, AT, digits="", timed_out=True, settings={})
    query = bodies.event_query(body)
    assert query["dtmf"] == '{"digits":null,"timed_out":true}'
    assert bodies.event_query(bodies.answered_body(LEG, AT))["rate"] == ""
