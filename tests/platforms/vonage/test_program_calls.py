"""Calls on Vonage as transcripts: placing, events, delivery, hanging up."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ivrsim.engine import events as ev
from tests.desk import LATE, Application, Desk, Failed, replies, setup

TALK: list[Any] = [{"action": "talk", "text": "Hello"}]
INPUT: dict[str, Any] = {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}}
URLS = {"answer": "http://app/answer", "event": "http://app/event"}
FALLBACK = {**URLS, "fallback": "http://app/fallback"}


def call(application: Application | None = None, **changes: Any) -> Desk:
    """Not run yet; a ``document`` instead of an application is an inline NCCO."""
    return Desk(setup("vonage", **changes), application or replies())


def events(desk: Desk) -> list[str]:
    """The statuses of the event webhooks, in order."""
    return [
        record.data["body"]["status"]
        for record in desk.all("webhook.request")
        if record.data["title"].startswith("event ") and "status" in record.data["body"]
    ]


# ------------------------------------------------------------------ placing a call


def test_a_call_in() -> None:
    desk = call(replies(answer=[TALK])).run()
    assert desk.lines() == [
        "0 → event started",
        "0 → event ringing",
        "0 → answer",
        "0 ☎ A answered",
        "0 → event answered",
        "0 ▸ Hello",
        "1000 ☎ A completed",
        "1000 → event completed",
        "1000 ☎ completed by platform",
    ]
    completed = desk.bodies("event completed")[0]
    assert completed["disconnected_by"] == "platform"
    assert (completed["from"], completed["to"]) == ("6591178965", "6568332048")
    assert completed["timestamp"] == "2026-11-21T09:00:01.000Z"


def test_a_call_out_rings_first_and_then_asks() -> None:
    desk = call(replies(answer=[TALK]), direction="outbound").run()
    assert desk.lines("→▸☎") == [
        "0 → event started",
        "0 → event ringing",
        "500 ☎ A answered",
        "500 → event answered",
        "500 → answer",
        "500 ▸ Hello",
        "1500 ☎ A completed",
        "1500 → event completed",
        "1500 ☎ completed by platform",
    ]
    assert desk.bodies("event started")[0]["direction"] == "outbound"


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_an_inline_ncco_needs_no_answer_webhook(direction: str) -> None:
    desk = call(direction=direction, document=TALK, document_origin="flow").run()
    assert "answer" not in {command.purpose for command in desk.sent}
    assert desk.spoken() == ["Hello"]
    assert events(desk) == ["started", "ringing", "answered", "completed"]


@pytest.mark.parametrize(
    ("outcome", "status", "then"),
    [
        (ev.LegBusy, "busy", ["completed"]),
        (lambda leg: ev.LegUnanswered(leg, "unanswered"), "unanswered", ["completed"]),
        (lambda leg: ev.LegUnanswered(leg, "unreachable"), "failed", ["completed"]),
        (lambda leg: ev.LegUnanswered(leg, "rejected"), "rejected", []),
        (lambda leg: None, "timeout", ["completed"]),
    ],
    ids=["busy", "unanswered", "unreachable", "rejected", "timeout"],
)
def test_a_call_out_that_is_not_answered(outcome: Any, status: str, then: list[str]) -> None:
    desk = call(replies(answer=[TALK]), direction="outbound")
    desk.party = outcome
    desk.run()
    assert events(desk) == ["started", "ringing", status, *then]
    assert "answer" not in {command.purpose for command in desk.sent}
    assert (desk.end["by"], desk.end["status"]) == ("party", status)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_answer_webhook(method: str) -> None:
    desk = call(replies(answer=[TALK]), answer_method=method).run()
    sent = next(command for command in desk.sent if command.purpose == "answer")
    assert sent.method == method
    if method == "GET":
        assert sent.body is None
        told = {name: item[0] for name, item in parse_qs(urlsplit(sent.url).query).items()}
        assert dict(sent.query or {}) == told
    else:
        assert sent.url == "http://app/answer"
        told = json.loads(sent.body or b"")
    assert (told["from"], told["to"]) == ("6591178965", "6568332048")
    assert told["conversation_uuid"].startswith("CON-")
    assert told["endpoint_type"] == "phone"
    assert told["uuid"] == desk.bodies("event started")[0]["uuid"]


@pytest.mark.parametrize("value", ["answer_webhook", "before"])
def test_answered_after(value: str) -> None:
    desk = call(replies(answer=[TALK]), settings={"vonage.answered_after": value}).run()
    titles = [r.data["title"] for r in desk.all("webhook.request")]
    before = titles.index("event answered") < titles.index("answer")
    assert before is (value == "before")
    assert desk.decided()["vonage.answered_after"] == value


# ------------------------------------------------------------------ replies to the answer webhook


def test_an_empty_ncco_completes_the_call() -> None:
    desk = call(replies(answer=[[]])).run()
    assert events(desk) == ["started", "ringing", "answered", "completed"]
    assert not desk.end["failed"]
    assert desk.decided()["vonage.empty_ncco"] == "completes"


@pytest.mark.parametrize(
    ("answer", "changes", "failed"),
    [
        ("", {}, True),
        ("", {"vonage.empty_answer": "completes"}, False),
        ([], {"vonage.empty_ncco": "invalid"}, True),
        ((TALK, 200, "text/html"), {}, True),
        ((TALK, 200, "text/html"), {"vonage.content_type": "accept"}, False),
        ((TALK, 200, "text/html; charset=utf-8"), {}, True),
        ((TALK, 201), {}, False),
        ((TALK, 206), {}, True),
        (404, {}, True),
        ([{"action": "tlak", "text": "x"}], {}, True),
        ({"action": "talk", "text": "x"}, {}, True),
        ("<html>", {}, True),
    ],
)
def test_what_an_answer_may_be(answer: Any, changes: dict[str, str], failed: bool) -> None:
    desk = call(replies(answer=[answer]), settings=changes).run()
    assert desk.end["failed"] is failed
    assert desk.end["status"] == "completed"
    assert set(changes.items()) <= set(desk.decided().items())
    if failed:
        assert "answered" not in events(desk)
        assert desk.end["by"] == "application"
        assert desk.end["why"]


def test_a_bad_ncco_is_reported_to_the_event_url() -> None:
    desk = call(replies(answer=[[{"action": "tlak"}]])).run()
    (told,) = desk.bodies("event error")
    assert told["reason"] == "Syntax error in NCCO. Invalid value type or action."
    assert set(told) == {"reason", "conversation_uuid", "timestamp"}
    assert "vonage.unknown-action" in desk.diagnostics()
    assert desk.lines("→☎")[3:] == [
        "0 → event error",
        "0 ☎ A completed",
        "0 → event completed",
        "0 ☎ completed by application failed",
    ]


# ------------------------------------------------------------------ delivery


@pytest.mark.parametrize("trouble", [429, 503, 504, *map(Failed, ("timeout", "closed", "reset"))])
def test_one_retry(trouble: Any) -> None:
    desk = call(replies(answer=[trouble, TALK])).run()
    assert desk.lines("→")[2:4] == ["0 → answer", "0 → answer (retry 2)"]
    assert desk.spoken() == ["Hello"]
    assert not desk.end["failed"]


@pytest.mark.parametrize("trouble", [500, 404, [{"action": "tlak"}], (TALK, 200, "text/html")])
def test_no_retry(trouble: Any) -> None:
    desk = call(replies(answer=[trouble, TALK])).run()
    assert sum(command.purpose == "answer" for command in desk.sent) == 1
    assert desk.end["failed"]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ([503, 503], "Invalid response code."),
        ([404], "Invalid response code."),
        ([Failed("timeout")] * 2, "Socket timeout."),
        ([Failed("reset")] * 2, "Connection reset."),
        ([Failed("closed")] * 2, "Connection closed."),
        ([[{"action": "tlak"}]], "Invalid NCCO."),
        ([""], "Invalid NCCO."),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_fallback_url(trouble: list[Any], reason: str, method: str) -> None:
    application = replies(answer=trouble, fallback=[TALK])
    desk = call(application, urls=FALLBACK, answer_method=method).run()
    sent = next(command for command in desk.sent if command.purpose == "fallback")
    told: Any = sent.query if method == "GET" else json.loads(sent.body or b"")
    assert told["reason"] == reason
    original = told["original_request"]
    if isinstance(original, str):
        original = json.loads(original)
    assert original == {"url": "http://app/answer", "type": "answer"}
    assert told["from"] == "6591178965"
    assert desk.spoken() == ["Hello"]
    # A broken NCCO is an error of the application even where the fallback saves the call.
    assert desk.end["failed"] is isinstance(trouble[0], list)


def test_the_fallback_url_is_tried_twice_and_then_the_call_ends() -> None:
    desk = call(replies(answer=[503, 503], fallback=[503, 503, TALK]), urls=FALLBACK).run()
    assert desk.lines("→")[2:6] == [
        "0 → answer",
        "0 → answer (retry 2)",
        "0 → fallback (fallback 1)",
        "0 → fallback (fallback 2)",
    ]
    assert desk.end["failed"]
    assert desk.end["why"] == "Invalid response code."


@pytest.mark.parametrize("title", ["input", "notify"])
def test_an_event_that_fails_lets_the_ncco_go_on(title: str) -> None:
    first = (
        INPUT
        if title == "input"
        else {
            "action": "notify",
            "payload": {"id": 1},
            "eventUrl": ["http://app/note"],
        }
    )
    application = replies(answer=[[first, *TALK]], **{title: [503, 503]}, fallback=[404])
    desk = call(application, urls=FALLBACK).run()
    assert [
        line.split(" ", 1)[1] for line in desk.lines("→") if title in line or "fall" in line
    ] == [
        f"→ {title}",
        f"→ {title} (retry 2)",
        "→ fallback (fallback 1)",
    ]
    fallback = next(command for command in desk.sent if command.purpose == "fallback")
    assert json.loads(fallback.body or b"")["original_request"]["type"] == "event"
    assert desk.spoken() == ["Hello"]


def test_the_fallback_of_an_event_may_replace_the_ncco() -> None:
    note = {"action": "notify", "payload": {"id": 1}, "eventUrl": ["http://app/note"]}
    other = [{"action": "talk", "text": "Other"}]
    application = replies(answer=[[note, *TALK]], notify=[500], fallback=[other])
    desk = call(application, urls=FALLBACK).run()
    assert desk.spoken() == ["Other"]


def test_an_event_webhook_that_only_tells_is_retried_and_remarked() -> None:
    desk = call(replies(answer=[TALK], told=[503, None, 503])).run()
    assert desk.lines("→")[:3] == ["0 → event started", "0 → event ringing", "0 → answer"]
    assert "0 → event started (retry 2)" in desk.lines()
    assert "vonage.event-failed" in desk.diagnostics()
    assert not desk.end["failed"]


@pytest.mark.parametrize(
    ("value", "connect", "read"), [("current", 1000, 10000), ("older", 3000, 5000)]
)
def test_timeouts(value: str, connect: int, read: int) -> None:
    desk = call(replies(answer=[Failed("timeout")] * 2), settings={"vonage.timeouts": value}).run()
    started = desk.sent[0]
    assert (started.connect_ms, started.read_ms) == (connect, read)
    answer = next(command for command in desk.sent if command.purpose == "answer")
    assert (answer.connect_ms, answer.read_ms) == (connect, 5000)
    assert desk.decided()["vonage.timeouts"] == value


def test_without_an_event_url_events_are_not_sent() -> None:
    desk = call(replies(answer=[TALK]), urls={"answer": "http://app/answer"}).run()
    assert {command.purpose for command in desk.sent} == {"answer"}
    assert desk.lines("→")[0] == "0 → event started, not sent"


def test_signed_webhooks_are_masked() -> None:
    desk = call(replies(answer=[TALK]), authorized=True).run()
    assert {r.data["headers"]["Authorization"] for r in desk.all("webhook.request")} == {"•••"}
    assert all("Authorization" not in command.headers for command in desk.sent)


# ------------------------------------------------------------------ hanging up

MENU = [{"action": "talk", "text": "Menu", "bargeIn": True}, INPUT]
DIAL = {
    "action": "connect",
    "endpoint": [{"type": "phone", "number": "447700900001"}],
}


@pytest.mark.parametrize(
    ("ncco", "at", "lines"),
    [
        (TALK, 400, ["400 ✂ Hello by hangup"]),
        (MENU, 400, ["400 ✂ Menu by hangup", "400 = nothing by hangup"]),
        (MENU, 1400, ["1400 = nothing by hangup"]),
        ([{"action": "wait", "timeout": 5}], 400, []),
        ([DIAL], 200, ["200 ✂ ringback by hangup"]),
        ([DIAL], 900, []),
    ],
    ids=["prompt", "prompt before input", "input", "wait", "ringing", "bridge"],
)
@pytest.mark.parametrize("by", ["caller", "api"])
def test_the_call_is_hung_up(ncco: list[Any], at: int, lines: list[str], by: str) -> None:
    desk = call(replies(answer=[[*ncco, *TALK]])).hang_up(at, by).run()
    assert [line for line in desk.lines("✂=") if line.startswith(f"{at} ")] == lines
    completed = desk.bodies("event completed")[-1]
    assert completed["disconnected_by"] == ("user" if by == "caller" else "platform")
    assert desk.records[-1].t == at
    assert desk.end["by"] == by
    assert desk.bodies("input") == []
    assert desk.lines("!")[-1].endswith("interrupted")
    assert not desk.end["failed"]


def test_a_reply_that_comes_after_the_caller_has_gone_is_recorded_and_ignored() -> None:
    desk = call(replies(answer=[[INPUT, *TALK]], input=[LATE])).press(500, "1").hang_up(700)
    desk.run()
    assert desk.lines()[-7:] == [
        "500 → input",
        "700 ☎ A hangup",
        "700 ! input interrupted",
        "700 ☎ A completed",
        "700 → event completed",
        "900 ← 200, ignored",
        "900 ☎ completed by caller",
    ]
    assert len(desk.all("document.received")) == 1


def test_the_caller_leaves_while_the_answer_webhook_is_under_way() -> None:
    desk = call(replies(answer=[LATE])).hang_up(300).run()
    assert events(desk) == ["started", "ringing", "completed"]
    assert desk.bodies("event completed")[0]["duration"] == "0"
    assert desk.lines("←☎") == [
        "300 ☎ A hangup",
        "300 ☎ A completed",
        "400 ← 200, ignored",
        "400 ☎ completed by caller",
    ]


def test_the_person_of_a_call_out_does_not_pick_up_and_the_api_gives_up() -> None:
    desk = call(replies(answer=[TALK]), direction="outbound")
    desk.party = lambda leg: None
    desk.hang_up(3000, "api").run()
    assert events(desk) == ["started", "ringing", "cancelled", "completed"]
