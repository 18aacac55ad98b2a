"""The door of a session: commands from outside, what comes twice, too early or too late."""

from __future__ import annotations

from typing import Any

import pytest

from ivrsim.engine import events as ev
from ivrsim.engine.commands import Command, EndCall, ReplyApi
from tests.desk import Desk, replies, setup

TALK = [{"action": "talk", "text": "Hello"}]


def make(**changes: Any) -> Desk:
    return Desk(setup("vonage", **changes), replies(answer=[TALK]))


def hangup(request: str = "r1", op: str = "hangup", source: str = "api") -> ev.ApiCommand:
    return ev.ApiCommand(request, op, {}, source)


@pytest.mark.parametrize(
    ("source", "by"), [("button", "caller"), ("script", "caller"), ("api", "api")]
)
def test_hanging_up_by_api(source: str, by: str) -> None:
    desk = make().at(300, hangup(source=source)).run()
    assert desk.one("api.response").data == {"request": "r1", "ok": True, "result": {}}
    assert desk.one("api.response").cause == desk.one("api.request").seq
    assert desk.end["by"] == by
    assert len(desk.all("leg.hangup")) == (by == "caller")


def test_what_the_api_cannot_do_yet_is_said_by_name() -> None:
    desk = make().at(300, hangup(op="transfer")).run()
    assert desk.one("api.response").data["result"] == {"error": "not yet simulated: transfer"}
    assert desk.end["by"] == "platform"


def test_hanging_up_before_the_call_and_twice() -> None:
    desk = make()
    desk.feed(hangup("early"), 0)
    desk.at(300, hangup("one")).at(300, hangup("two")).run()
    answers = {r.data["request"]: r.data["ok"] for r in desk.all("api.response")}
    assert answers == {"early": False, "one": True, "two": False}


@pytest.mark.parametrize(
    "event",
    [
        ev.CallStarted(),
        ev.DigitPressed("1"),
        ev.SpeechStarted("nobody", "typed", "hello", 500),
        ev.SpeechStopped("nobody"),
        ev.SpeechHeard("nobody", "hello", alternatives=(("yellow", 0.1),)),
        ev.RecordingStored("r1", "http://x/f", 1, 1),
        ev.RecordingFailed("r1", "disk full"),
        ev.PromptEnded("p1"),
        ev.TimerFired("t1"),
        ev.WebhookReplied("w1", 200, {"Set-Cookie": "swordfish"}, "[]"),
        ev.WebhookFailed("w1", "timeout", "late"),
        ev.LegAnswered("nobody"),
        ev.HungUp("nobody"),
        ev.LimitReached(),
        hangup(),
        ev.Marked("too late"),
    ],
    ids=lambda event: event.kind,
)
def test_after_the_end_everything_is_written_down_and_ignored(event: ev.Event) -> None:
    desk = make().run()
    records, commands = desk.session.feed(event, 99_000)
    (record,) = records
    assert (record.kind, record.is_input, record.t) == (event.kind, True, 99_000)
    assert record.data["ignored"]
    assert "swordfish" not in str(record.data)
    expected: list[Command] = []
    if isinstance(event, ev.ApiCommand):
        expected = [ReplyApi("r1", False, {"error": "the call is over"})]
    assert commands == expected
    assert ev.event_from_record(record).kind == event.kind


def test_time_never_falls() -> None:
    desk = make()
    desk.feed(ev.CallStarted(), 500)
    desk.feed(ev.Marked("earlier"), 100)
    assert desk.records[-1].t == 500


def test_a_call_that_does_not_end_is_cut_off_at_the_second_limit() -> None:
    desk = Desk(setup("vonage"), lambda command: ev.WebhookReplied("nothing", 200, {}, ""))
    desk.at(1000, ev.LimitReached("max_time", 1000)).at(2000, ev.LimitReached("grace", 1000))
    desk.run()
    assert (desk.end["status"], desk.end["by"], desk.records[-1].t) == ("completed", "limit", 2000)
    assert desk.lines("☎")[-1] == "2000 ☎ completed by limit"


def test_a_runaway_application_has_failed() -> None:
    desk = Desk(setup("8x8"), replies())
    desk.feed(ev.CallStarted(), 0)
    desk.feed(ev.LimitReached("runaway"), 0)
    assert "8x8.runaway" in desk.diagnostics()


@pytest.mark.parametrize(
    ("body", "encoding", "size"), [("é[]", "utf-8", 4), ("//8=", "base64", 2), ("", "utf-8", 0)]
)
def test_the_size_of_a_reply_is_in_bytes(body: str, encoding: str, size: int) -> None:
    desk = make()
    desk.feed(ev.WebhookReplied("w1", 200, {}, body, encoding), 0)
    assert desk.one("webhook.response").data["size"] == size


@pytest.mark.parametrize("value", [2**70, "\ud800", float("nan"), [[[[]]]]])
def test_anything_a_document_holds_can_be_sent(value: Any) -> None:
    note = {"action": "notify", "payload": {"id": value}, "eventUrl": ["http://app/note"]}
    desk = make(document=[note]).run()
    (sent,) = [command for command in desk.sent if command.purpose == "notify"]
    assert (sent.body or b"").startswith(b'{"id":')
    assert b"NaN" not in (sent.body or b"")


def test_the_last_command_of_a_call_is_its_end() -> None:
    desk = make()
    commands: list[Command] = []
    feed = desk.session.feed

    def listen(event: ev.Event, t: int) -> Any:
        records, asked = feed(event, t)
        commands.extend(asked)
        return records, asked

    desk.session.feed = listen  # type: ignore[method-assign]  # only to look
    desk.run()
    assert commands[-1] == EndCall("completed", False)
