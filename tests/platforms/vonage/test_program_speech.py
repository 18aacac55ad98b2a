"""Input of type speech as transcripts: prompts of 1000 ms, then what is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ivrsim.engine import commands as cmd
from ivrsim.engine import events as ev
from tests.desk import URL, Desk, leads_to, replies, setup

HELLO = {"action": "talk", "text": "Hello"}
MENU = {"action": "talk", "text": "Menu", "bargeIn": True}
BYE = {"action": "talk", "text": "Bye"}
OTHER = [{"action": "talk", "text": "Other"}]


def ask(*types: str, **speech: Any) -> dict[str, Any]:
    return {"action": "input", "type": list(types or ["speech"]), "speech": speech}


def call(*ncco: dict[str, Any], settings: Any = None, secret: bool = False, **more: Any) -> Desk:
    made = setup("vonage", settings=settings or {}, secret=secret)
    return Desk(made, replies(answer=[list(ncco)], **more))


def body(desk: Desk) -> Any:
    """What the application was really sent."""
    (sent,) = [command for command in desk.sent if command.purpose == "input"]
    return json.loads(sent.body or b"")


def test_what_was_said_goes_to_the_application_and_its_reply_replaces() -> None:
    desk = call(MENU, ask(), BYE, input=[OTHER]).say(2000, "opening hours", 900, 0.9405097).run()
    assert desk.lines("▸✂“=") == [
        "0 ▸ Menu",
        "2900 “ opening hours",
        "4900 = opening hours by end_on_silence",
        "4900 ▸ Other",
    ]
    told = body(desk)
    assert told["speech"] == {
        "timeout_reason": "end_on_silence_timeout",
        "results": [{"confidence": "0.9405097", "text": "opening hours"}],
    }
    assert told["dtmf"] == {"digits": None, "timed_out": False}
    assert list(told) == [
        "speech", "dtmf", "from", "to", "uuid", "conversation_uuid", "timestamp",
    ]  # fmt: skip
    request = next(r for r in desk.all("webhook.request") if r.data["title"] == "input")
    assert leads_to(desk.records, desk.one("speech"), request)


def test_a_voice_cuts_a_barge_in_prompt() -> None:
    desk = call(MENU, {**MENU, "text": "More"}, ask(), BYE).say(300, "sales").run()
    assert desk.lines("▸✂=") == [
        "0 ▸ Menu",
        "300 ✂ Menu by speech",
        "3300 = sales by end_on_silence",
        "3300 ▸ Bye",
    ]


def test_a_voice_does_not_cut_other_prompts_but_goes_on_into_the_input() -> None:
    desk = call(HELLO, ask()).say(800, "it is about sales", 1200).run()
    assert desk.lines("✂=") == ["4000 = it is about sales by end_on_silence"]
    assert desk.one("speech.started").data["ignored"] == "prompt-plays"
    assert desk.one("speech").data["ignored"] is None
    assert desk.diagnostics() == ["vonage.speech-ignored"]


def test_a_voice_that_began_before_is_waited_for_when_its_time_is_over() -> None:
    desk = call(HELLO, ask(maxDuration=1)).voice(800, 9000)
    desk.words(2700, "it is about sales").run()
    assert desk.lines("=") == ["2700 = it is about sales by max_duration"]


@pytest.mark.parametrize(
    ("rules", "said", "ends", "reason"),
    [
        ({}, None, 10_000, "start_timeout"),
        ({"startTimeout": 2}, None, 2000, "start_timeout"),
        ({"endOnSilence": 0.5}, (500, "one", 1000), 2000, "end_on_silence_timeout"),
        ({}, (500, "one", 1000), 3500, "end_on_silence_timeout"),
        ({"maxDuration": 1}, (500, "one", 5000), 2500, "max_duration"),
    ],
)
def test_timeouts(rules: Any, said: Any, ends: int, reason: str) -> None:
    desk = call(ask(**rules))
    if said is not None:
        desk.say(*said)
    desk.run()
    assert desk.one("capture.closed").t == ends
    assert body(desk)["speech"]["timeout_reason"] == reason
    assert body(desk)["dtmf"]["timed_out"] is False


def test_start_timeout_where_the_input_names_none() -> None:
    desk = call(ask(), settings={"vonage.speech_start_timeout": "4.5"}).run()
    assert desk.one("capture.closed").t == 4500
    assert desk.decided()["vonage.speech_start_timeout"] == "4.5"
    assert "vonage.speech_start_timeout" not in call(ask(startTimeout=3)).run().decided()


@pytest.mark.parametrize(
    ("settings", "said", "speech"),
    [
        ({}, "no", {"timeout_reason": "start_timeout"}),
        ({"vonage.no_speech": "empty"}, "no", {"timeout_reason": "start_timeout", "results": []}),
        ({}, None, {"timeout_reason": "end_on_silence_timeout", "results": []}),
        (
            {"vonage.speech_unrecognised": "error"},
            None,
            {"error": "ERR1: Failed to analyze audio"},
        ),
    ],
)
def test_no_words(settings: Any, said: str | None, speech: Any) -> None:
    desk = call(ask(), settings=settings)
    if said is None:
        desk.say(500, None)
    assert body(desk.run())["speech"] == speech
    assert set(settings) <= set(desk.decided())


@pytest.mark.parametrize(
    ("value", "speech"),
    [("error", {"error": "Speech overridden by DTMF"}), ("results", {"results": []})],
)
def test_a_key_overrides_speech(value: str, speech: Any) -> None:
    desk = call(MENU, ask("dtmf", "speech"), settings={"vonage.speech_overridden": value})
    desk.say(1200, "sales", 500).press(2000, "25").run()
    assert desk.lines("=") == ["5200 = 25 by inter_digit"]
    assert body(desk)["speech"] == speech
    assert body(desk)["dtmf"] == {"digits": "25", "timed_out": True}
    assert desk.decided()["vonage.speech_overridden"] == value


def test_words_where_keys_would_do_too() -> None:
    desk = call(MENU, ask("dtmf", "speech")).say(2000, "sales", 500).run()
    told = body(desk)
    assert told["speech"]["results"] == [{"confidence": "1.0", "text": "sales"}]
    assert told["dtmf"] == {"digits": None, "timed_out": False}


@pytest.mark.parametrize(("start", "ends"), [(2, 4000), (5, 6000)])
def test_nobody_acts_the_later_timer_ends_it(start: int, ends: int) -> None:
    desk = call(MENU, ask("dtmf", "speech", startTimeout=start)).run()
    assert desk.lines("=") == [f"{ends} = nothing by start_timeout"]
    assert body(desk)["speech"] == {"timeout_reason": "start_timeout"}
    assert body(desk)["dtmf"] == {"digits": None, "timed_out": True}


def test_language_and_context_tell_the_recogniser() -> None:
    desk = call(ask(language="de-DE", context=["Verkauf", "Hilfe"])).run()
    (listen,) = [c for c in desk.asked if isinstance(c, cmd.Listen)]
    assert listen == cmd.Listen(desk.session.caller_leg, "de-DE", ("Verkauf", "Hilfe"))


def test_what_a_scripted_page_is_told() -> None:
    desk = call(ask()).say(500, "sales").run()
    (sent,) = [command for command in desk.sent if command.purpose == "input"]
    assert (sent.context["event"], sent.context["speech"]) == ("speech", "sales")
    assert sent.context["digits"] == ""


def test_secret_words_are_sent_and_not_shown() -> None:
    desk = call(ask(), secret=True).say(500, "swordfish").run()
    assert body(desk)["speech"]["results"][0]["text"] == "swordfish"
    assert "swordfish" not in str(desk.records)
    (shown,) = desk.bodies("input")
    assert shown["speech"]["results"][0]["text"] == "•••"


@pytest.mark.parametrize("source", ["typed", "microphone"])
def test_secret_words_that_come_when_another_document_runs_are_not_shown(source: str) -> None:
    desk = call(ask("dtmf", "speech"), secret=True, input=[[ask(startTimeout=1)]])
    first_reply = desk.application

    def application(command: cmd.SendWebhook) -> Any:
        answer = first_reply(command)
        if command.purpose == "input" and answer is not None:
            return ev.WebhookReplied(
                command.webhook, 200, {"Content-Type": "application/json"}, json.dumps(answer)
            )
        return answer

    desk.application = application
    desk.say(500, "swordfish", 6000, source=source).press(1000, "1").run()
    assert not desk.session.keys.secret
    assert [r.data["text"] for r in desk.all("speech")] == ["•••"]
    assert "swordfish" not in str(desk.records)


def test_words_that_began_in_a_secret_document_stay_secret() -> None:
    asking = {"action": "notify", "payload": {}, "eventUrl": ["http://app/n"]}
    desk = call(HELLO, asking, secret=True, notify=[[HELLO, HELLO, HELLO]])
    desk.say(500, "swordfish", 2000, source="typed")
    first_reply = desk.application

    def application(command: cmd.SendWebhook) -> Any:
        answer = first_reply(command)
        if command.purpose != "notify":
            return answer
        return ev.WebhookReplied(
            command.webhook, 200, {"Content-Type": "application/json"}, json.dumps(answer)
        )

    desk.application = application
    desk.run()
    assert not desk.session.keys.secret
    assert "swordfish" not in str(desk.records)


def test_the_caller_leaves_while_speaking() -> None:
    desk = call(ask(saveAudio=True)).voice(500, 9000).hang_up(2000).run()
    assert desk.lines("=●") == [
        "0 ● r1 wav",
        "2000 = nothing by hangup",
        "2000 ● r1 by hangup after 2000",
    ]
    assert desk.bodies("input") == []
    assert desk.end["status"] == "completed"


# ------------------------------------------------------------------ saveAudio


def test_the_audio_is_saved_from_when_it_listens() -> None:
    desk = call(MENU, ask(saveAudio=True), BYE).say(2000, "sales").run()
    assert desk.lines("▸=●") == [
        "0 ▸ Menu",
        "1000 ● r1 wav",
        "5000 = sales by end_on_silence",
        "5000 ● r1 by silence after 4000",
        "5000 ▸ Bye",
    ]
    assert list(body(desk)["speech"]) == ["recording_url", "timeout_reason", "results"]
    assert body(desk)["speech"]["recording_url"] == URL + "r1"
    assert desk.one("recording.started").data["purpose"] == "speech"


def test_no_audio_of_silence_or_of_keys() -> None:
    desk = call(ask(saveAudio=True)).run()
    assert body(desk)["speech"] == {"timeout_reason": "start_timeout"}
    desk = call(ask("dtmf", "speech", saveAudio=True)).voice(100, 600).press(700, "1").run()
    assert body(desk)["speech"] == {"error": "Speech overridden by DTMF"}


def test_audio_that_could_not_be_saved_is_a_remark() -> None:
    desk = call(ask(saveAudio=True)).say(500, "sales")
    desk.bad_recordings = frozenset({"r1"})
    desk.run()
    assert "recording_url" not in body(desk)["speech"]
    assert desk.diagnostics() == ["vonage.recording-failed"]
    assert not desk.end["failed"]


# ------------------------------------------------------------------ which leg


def test_a_leg_that_is_not_the_callers() -> None:
    assert "vonage.unknown-speech-leg" in call(ask(uuid=["nobody"])).run().diagnostics()


def test_the_callers_own_leg() -> None:
    desk = call(ask())
    leg = next(r.leg for r in call(ask()).run().all("leg.created"))
    desk = call(ask(uuid=[leg])).run()
    assert desk.diagnostics() == []


# ------------------------------------------------------------------ outside an input


@pytest.mark.parametrize(
    ("ncco", "why"),
    [
        ([{**HELLO, "loop": 5}], "prompt-plays"),
        ([{"action": "wait", "timeout": 5}], "no-capture"),
        ([{"action": "input", "type": ["dtmf"]}, HELLO], "not-speech"),
    ],
)
def test_words_that_nobody_asked_for(ncco: list[Any], why: str) -> None:
    desk = call(*ncco).say(500, "sales", 300).say(1000, "again", 300).run()
    assert {r.data["ignored"] for r in desk.all("speech")} == {why}
    assert desk.diagnostics().count("vonage.speech-ignored") == 1
    (remark,) = [r for r in desk.all("diagnostic") if "speech" in r.data["code"]]
    assert remark.data["severity"] == "info"


def test_words_to_the_other_side_are_theirs() -> None:
    connect = {"action": "connect", "endpoint": [{"type": "phone", "number": "447700900001"}]}
    desk = call(connect).say(2000, "hello").leaves_at(5000).run()
    assert desk.one("speech").data["ignored"] is None
    assert "vonage.speech-ignored" not in desk.diagnostics()


def test_words_of_the_other_side_are_nobodys_input() -> None:
    desk = call(ask()).at(500, ev.SpeechHeard("nobody", "hello"))
    assert desk.run().lines("=") == ["10000 = nothing by start_timeout"]
