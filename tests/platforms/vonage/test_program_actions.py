"""The actions of an NCCO as transcripts: prompts, input, notify, connect, wait."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from ivrsim.engine import events as ev
from tests.desk import LATE, Desk, replies, setup

HELLO = {"action": "talk", "text": "Hello"}
MENU = {"action": "talk", "text": "Menu", "bargeIn": True}
BYE = {"action": "talk", "text": "Bye"}
OTHER = [{"action": "talk", "text": "Other"}]


def ask(**dtmf: Any) -> dict[str, Any]:
    return {"action": "input", "type": ["dtmf"], "dtmf": dtmf}


def connect(number: str = "447700900001", **more: Any) -> dict[str, Any]:
    endpoint = {"type": "phone", "number": number, **more.pop("endpoint", {})}
    return {"action": "connect", "endpoint": [endpoint], **more}


def call(*ncco: dict[str, Any], settings: Any = None, **answers: Any) -> Desk:
    """A call in whose answer webhook gives ``ncco``; ``answers`` by purpose. Not run yet."""
    return Desk(setup("vonage", settings=settings or {}), replies(answer=[list(ncco)], **answers))


def events(desk: Desk, name: str = "B") -> list[str]:
    """The statuses of the event webhooks about one leg."""
    uuid = next(r.leg for r in desk.all("leg.created") if r.data["name"] == name)
    bodies = [r.data["body"] for r in desk.all("webhook.request") if r.data["body"]]
    return [b["status"] for b in bodies if b.get("uuid") == uuid and "status" in b]


def _is(body: Any, status: str, leg: int) -> bool:
    """Whether ``body`` is the event ``status`` of the caller (0) or the other side (1)."""
    ours = body and body.get("direction") == ("inbound", "outbound")[leg]
    return bool(ours) and body.get("status") == status


# ------------------------------------------------------------------ prompts


def test_prompts_play_one_after_another() -> None:
    desk = call(HELLO, {**HELLO, "loop": 2}, {"action": "stream", "streamUrl": ["http://a/b.mp3"]})
    desk.run()
    assert desk.lines("▸") == ["0 ▸ Hello", "1000 ▸ Hello", "3000 ▸ http://a/b.mp3"]
    assert desk.end["duration_ms"] == 4000


def test_what_is_played() -> None:
    desk = call({**HELLO, "level": -0.5, "language": "de-DE", "style": 2, "loop": 3}).run()
    (play,) = desk.played
    assert (play.loop, play.level, play.interruptible) == (3, -0.5, False)
    assert play.sound.language == "de-DE"  # type: ignore[union-attr]  # it is Speech


@pytest.mark.parametrize(
    ("ncco", "interruptible"),
    [
        ([MENU, HELLO, ask()], [True, True]),
        ([HELLO, MENU, ask()], [False, True]),
        ([MENU, ask(), HELLO, ask()], [True, False]),
    ],
)
def test_barge_in_stays_true_until_an_input(
    ncco: list[dict[str, Any]], interruptible: list[bool]
) -> None:
    desk = call(*ncco).run()
    assert [play.interruptible for play in desk.played] == interruptible


def test_a_key_cuts_all_barge_in_prompts_before_the_input() -> None:
    desk = call(MENU, {**MENU, "text": "More"}, ask(maxDigits=1), BYE).press(500, "1").run()
    assert desk.lines("▸✂⌨=") == [
        "0 ▸ Menu",
        "500 ⌨ 1",
        "500 ✂ Menu by digit",
        "500 = 1 by max_digits",
        "500 ▸ Bye",
    ]


def test_loop_0_with_barge_in_plays_until_a_key() -> None:
    desk = call({**MENU, "loop": 0}, ask(maxDigits=1), BYE).press(30_000, "1").run()
    assert desk.lines("✂=▸")[1:] == [
        "30000 ✂ Menu by digit",
        "30000 = 1 by max_digits",
        "30000 ▸ Bye",
    ]


def test_loop_0_without_barge_in_never_ends() -> None:
    desk = call({**HELLO, "loop": 0}, BYE).hang_up(100_000).run()
    assert desk.spoken() == ["Hello"]
    assert "vonage.unreachable-after-loop" in desk.diagnostics()


@pytest.mark.parametrize(("value", "ends"), [("finish", 1000), ("cut", 0)])
def test_a_barge_in_prompt_as_the_last_action(value: str, ends: int) -> None:
    desk = call(MENU, settings={"vonage.barge_in_end": value}).run()
    assert desk.end["duration_ms"] == ends
    assert desk.decided()["vonage.barge_in_end"] == value


def test_a_file_that_cannot_be_played_is_passed_over() -> None:
    desk = call({"action": "stream", "streamUrl": ["http://a/b.mp3"]}, BYE)
    desk.bad_prompts = frozenset({1})
    desk.run()
    assert desk.lines("▸!") == ["0 ▸ http://a/b.mp3 failed", "0 ! stream failed", "0 ▸ Bye"]
    assert "vonage.stream-not-played" in desk.diagnostics()


def test_malformed_ssml_is_not_spoken() -> None:
    desk = call({**HELLO, "text": "<speak>a<break"}, BYE).run()
    assert desk.lines("▸!") == ["0 ! talk skipped", "0 ▸ Bye"]


@pytest.mark.parametrize(
    "action",
    [
        {"action": "conversation", "name": "room"},
        {"action": "connect", "endpoint": [{"type": "app", "user": "ann"}]},
        {"action": "input", "type": ["dtmf"], "mode": "asynchronous"},
    ],
)
def test_what_is_not_simulated_yet_is_said_by_name_and_the_call_goes_on(
    action: dict[str, Any],
) -> None:
    desk = call(action, BYE).run()
    assert desk.lines("▸!") == [f"0 ! {action['action']} not-simulated", "0 ▸ Bye"]
    (remark,) = [r.data for r in desk.all("diagnostic") if r.data["code"] == "vonage.not-simulated"]
    assert remark["pointer"].startswith("/0")


# ------------------------------------------------------------------ input


@pytest.mark.parametrize(
    ("dtmf", "keys", "lines", "sent"),
    [
        ({"maxDigits": 1}, [(1500, "1")], "1500 = 1 by max_digits", ("1", False)),
        ({"maxDigits": 1}, [(400, "1")], "400 = 1 by max_digits", ("1", False)),
        ({}, [(1500, "12")], "4700 = 12 by inter_digit", ("12", True)),
        ({}, [(400, "12")], "3600 = 12 by inter_digit", ("12", True)),
        ({}, [], "4000 = nothing by first_digit", (None, True)),
        ({"timeOut": 10}, [(10_900, "1")], "20900 = 1 by inter_digit", ("1", True)),
        ({"timeOut": 10}, [(11_100, "1")], "11000 = nothing by first_digit", (None, True)),
        ({"submitOnHash": True}, [(1500, "12#")], "1900 = 12 by terminator", ("12", False)),
        ({"submitOnHash": True}, [(1500, "#")], "1500 = nothing by terminator", (None, False)),
        ({}, [(1500, "1#2")], "4900 = 1#2 by inter_digit", ("1#2", True)),
        ({}, [(1500, "*0#9")], "2100 = *0#9 by max_digits", ("*0#9", False)),
        ({"timeOut": 0}, [], "1000 = nothing by first_digit", (None, True)),
    ],
)
def test_input(
    dtmf: dict[str, Any], keys: list[Any], lines: str, sent: tuple[str | None, bool]
) -> None:
    desk = call(MENU, ask(**dtmf))
    for t, digits in keys:
        desk.press(t, digits)
    desk.run()
    assert desk.lines("=") == [lines]
    (body,) = desk.bodies("input")
    assert body["dtmf"] == {"digits": sent[0], "timed_out": sent[1]}


@pytest.mark.parametrize(
    ("settings", "dtmf", "keys", "lines", "digits"),
    [
        (
            {"vonage.input_timer": "prompt_end"},
            {"timeOut": 1},
            "",
            "3000 = nothing by first_digit",
            None,
        ),
        (
            {"vonage.input_timer": "input_start"},
            {"timeOut": 1},
            "",
            "1000 = nothing by first_digit",
            None,
        ),
        (
            {"vonage.max_digits_end": "at_once"},
            {"maxDigits": 1},
            "1",
            "2500 = 1 by max_digits",
            "1",
        ),
        (
            {"vonage.max_digits_end": "time_out"},
            {"maxDigits": 1},
            "12",
            "5500 = 1 by inter_digit",
            "1",
        ),
        (
            {"vonage.hash_in_digits": "drop"},
            {"submitOnHash": True},
            "1#",
            "2700 = 1 by terminator",
            "1",
        ),
        (
            {"vonage.hash_in_digits": "keep"},
            {"submitOnHash": True},
            "1#",
            "2700 = 1# by terminator",
            "1#",
        ),
        ({"vonage.hash_without_submit": "digit"}, {}, "1#", "5700 = 1# by inter_digit", "1#"),
        ({"vonage.hash_without_submit": "ignore"}, {}, "1#", "5500 = 1 by inter_digit", "1"),
        ({"vonage.no_digits": "null"}, {}, "", "5000 = nothing by first_digit", None),
        ({"vonage.no_digits": ""}, {}, "", "5000 = nothing by first_digit", ""),
    ],
)
def test_settings_of_input(
    settings: dict[str, str], dtmf: dict[str, Any], keys: str, lines: str, digits: str | None
) -> None:
    desk = call({**MENU, "loop": 2}, ask(**dtmf), settings=settings).press(2500, keys).run()
    assert desk.lines("=") == [lines]
    assert desk.bodies("input")[0]["dtmf"]["digits"] == digits
    assert set(settings.items()) <= set(desk.decided().items())


@pytest.mark.parametrize(
    ("value", "speech"),
    [("results", {"results": []}), ("error", {"error": "Speech was not enabled"})],
)
def test_speech_off(value: str, speech: dict[str, Any]) -> None:
    desk = call(ask(), settings={"vonage.speech_off": value}).run()
    body = desk.bodies("input")[0]
    assert body["speech"] == speech
    assert list(body) == [
        "speech",
        "dtmf",
        "from",
        "to",
        "uuid",
        "conversation_uuid",
        "timestamp",
    ]
    assert desk.decided()["vonage.speech_off"] == value


def test_keys_or_speech() -> None:
    both = {"action": "input", "type": ["dtmf", "speech"], "speech": {"startTimeout": 5}}
    silent = call(both).run().bodies("input")[0]
    assert silent["speech"] == {"timeout_reason": "start_timeout"}
    assert silent["dtmf"]["timed_out"]
    keyed = call(both).press(100, "1234").run().bodies("input")[0]
    assert keyed["speech"] == {"error": "Speech overridden by DTMF"}
    assert keyed["dtmf"] == {"digits": "1234", "timed_out": False}


def test_the_legacy_input() -> None:
    desk = call({"action": "input", "maxDigits": 2, "timeOut": 2}).press(100, "12").run()
    body = desk.bodies("input")[0]
    assert (body["dtmf"], body["timed_out"]) == ("12", False)
    assert "vonage.legacy-input" in desk.diagnostics()


def test_an_input_by_get() -> None:
    asking = {**ask(maxDigits=1), "eventUrl": ["http://app/in?x=1"], "eventMethod": "GET"}
    desk = call(asking).press(100, "1").run()
    sent = next(command for command in desk.sent if command.purpose == "input")
    query = {name: item[0] for name, item in parse_qs(urlsplit(sent.url).query).items()}
    assert (sent.method, sent.body, query["x"]) == ("GET", None, "1")
    assert json.loads(query["dtmf"]) == {"digits": "1", "timed_out": False}


def test_secret_digits_by_get_and_by_fallback_are_masked() -> None:
    asking = {**ask(maxDigits=4), "eventMethod": "GET"}
    urls = {name: f"http://app/{name}" for name in ("answer", "event", "fallback")}
    desk = Desk(setup("vonage", secret=True, urls=urls), replies(answer=[[asking]], input=[404]))
    desk.press(100, "7391").run()
    told = [r for r in desk.all("webhook.request") if r.data["title"] in ("input", "fallback")]
    assert len(told) == 2
    sent = [command for command in desk.sent if command.purpose in ("input", "fallback")]
    for record, command in zip(told, sent, strict=True):
        assert "7391" in command.url
        assert "7391" not in str(record.data)
        assert record.data["url"].count("=") == command.url.count("=")
        assert set(record.data["query"]) == set(command.query or {})
        assert json.loads(record.data["query"]["dtmf"])["digits"] == "••••"


@pytest.mark.parametrize(
    ("reply", "spoken"),
    [
        (OTHER, ["Other"]),
        ([], []),
        (None, ["Bye"]),
        ({}, ["Bye"]),
        ("OK", ["Bye"]),
        (("OK", 200, "text/plain"), ["Bye"]),
        ((OTHER, 200, "text/html"), ["Bye"]),
        (204, ["Bye"]),
        (404, ["Bye"]),
        ([{"action": "tlak"}], ["Bye"]),
    ],
)
@pytest.mark.parametrize("action", ["input", "notify"])
def test_a_reply_that_holds_an_ncco_replaces_the_rest(
    action: str, reply: Any, spoken: list[str]
) -> None:
    first = (
        ask(maxDigits=1)
        if action == "input"
        else {
            "action": "notify",
            "payload": {"id": 7},
            "eventUrl": ["http://app/note"],
        }
    )
    desk = call(first, BYE, **{action: [reply]}).press(100, "1").run()
    assert desk.spoken() == spoken
    replaced = f"{action} replaced" in " ".join(desk.lines("!"))
    assert replaced is (spoken != ["Bye"])


@pytest.mark.parametrize("reply", [OTHER, None])
def test_a_replacing_ncco_cuts_what_still_plays(reply: Any) -> None:
    note = {"action": "notify", "payload": {"id": 7}, "eventUrl": ["http://app/note"]}
    desk = call(MENU, note, ask(maxDigits=1), notify=[reply]).press(400, "1").run()
    if reply is None:
        assert "400 ✂ Menu by digit" in desk.lines()
    else:
        assert desk.lines("▸✂=") == ["0 ✂ Menu by action", "0 ▸ Other"] or desk.lines("▸✂=") == [
            "0 ▸ Menu",
            "0 ✂ Menu by action",
            "0 ▸ Other",
        ]


def test_notify_sends_its_payload_and_nothing_else() -> None:
    note = {"action": "notify", "payload": {"a": [1, None]}, "eventUrl": ["http://app/note"]}
    desk = call(note).run()
    sent = next(command for command in desk.sent if command.purpose == "notify")
    assert (sent.url, json.loads(sent.body or b"")) == ("http://app/note", {"a": [1, None]})
    assert "vonage.notify-without-id" in desk.diagnostics()


# ------------------------------------------------------------------ keys that are ignored


@pytest.mark.parametrize(
    ("ncco", "at", "why"),
    [
        ([HELLO, ask(maxDigits=1)], 500, "prompt-plays"),
        ([{"action": "wait", "timeout": 5}, ask(maxDigits=1)], 500, "no-capture"),
    ],
)
@pytest.mark.parametrize("value", ["drop", "keep"])
def test_type_ahead(ncco: list[dict[str, Any]], at: int, why: str, value: str) -> None:
    desk = call(*ncco, settings={"vonage.type_ahead": value}).press(at, "1").run()
    (digit,) = desk.all("digit")
    assert desk.decided()["vonage.type_ahead"] == value
    if value == "drop":
        assert digit.data["ignored"] == why
        assert "vonage.key-ignored" in desk.diagnostics()
        assert desk.bodies("input")[0]["dtmf"]["digits"] is None
    else:
        assert digit.data["ignored"] is None
        assert "vonage.key-ignored" not in desk.diagnostics()
        assert desk.bodies("input")[0]["dtmf"]["digits"] == "1"


def test_a_key_typed_ahead_that_the_input_does_not_take() -> None:
    settings = {"vonage.type_ahead": "keep", "vonage.hash_without_submit": "ignore"}
    desk = call(HELLO, ask(maxDigits=2), settings=settings).press(200, "#12").run()
    assert desk.bodies("input")[0]["dtmf"]["digits"] == "12"


def test_ignored_keys_are_remarked_once_for_each_reason() -> None:
    desk = call(HELLO, ask(maxDigits=1), BYE).press(200, "111").press(1500, "1234").run()
    assert desk.lines("⌨") == [
        "200 ⌨ 1 prompt-plays",
        "400 ⌨ 1 prompt-plays",
        "600 ⌨ 1 prompt-plays",
        "1500 ⌨ 1",
        "1700 ⌨ 2 prompt-plays",
        "1900 ⌨ 3 prompt-plays",
        "2100 ⌨ 4 prompt-plays",
    ]
    assert desk.diagnostics().count("vonage.key-ignored") == 2


# ------------------------------------------------------------------ connect and wait


def test_wait() -> None:
    desk = call({"action": "wait", "timeout": 2.5}, BYE).run()
    assert desk.lines("▸") == ["2500 ▸ Bye"]


@pytest.mark.parametrize(("timeout", "ms"), [(0, 100), (9999, 7_200_000)])
def test_wait_is_clamped(timeout: float, ms: int) -> None:
    desk = call({"action": "wait", "timeout": timeout}).run(until=8_000_000)
    assert desk.end["duration_ms"] == ms
    assert "vonage.wait-clamped" in desk.diagnostics()


def test_connect_until_the_other_side_hangs_up() -> None:
    desk = call(connect(eventUrl=["http://app/leg"]), BYE)
    desk.leaves_at(4000).run()
    assert desk.lines("▸✂☎") == [
        "0 ☎ A answered",
        "0 ▸ ringback",
        "500 ☎ B answered",
        "500 ✂ ringback by action",
        "500 ☎ bridged",
        "4000 ☎ B hangup",
        "4000 ☎ B completed",
        "4000 ▸ Bye",
        "5000 ☎ A completed",
        "5000 ☎ completed by platform",
    ]
    assert events(desk) == ["started", "ringing", "answered", "completed"]
    sent = [c for c in desk.sent if c.url == "http://app/leg"]
    assert len(sent) == 4
    done = desk.bodies("event completed")[0]
    assert (done["duration"], done["disconnected_by"], done["to"]) == ("4", "user", "447700900001")
    a, b = (r.leg for r in desk.all("leg.created"))
    assert a != b
    assert {body["conversation_uuid"] for body in desk.bodies("event answered")} == {
        done["conversation_uuid"]
    }


def test_connect_limit() -> None:
    desk = call(connect(limit=7), BYE).run()
    assert desk.lines("☎▸")[4:6] == ["7500 ☎ B completed", "7500 ▸ Bye"]
    assert desk.bodies("event completed")[0]["disconnected_by"] == "platform"


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (ev.LegBusy, ["busy", "completed"]),
        (lambda leg: ev.LegUnanswered(leg, "unanswered"), ["unanswered", "completed"]),
        (lambda leg: ev.LegUnanswered(leg, "rejected"), ["rejected"]),
        (lambda leg: ev.LegUnanswered(leg, "unreachable"), ["failed", "completed"]),
        (lambda leg: None, ["timeout", "completed"]),
    ],
    ids=["busy", "unanswered", "rejected", "unreachable", "timeout"],
)
@pytest.mark.parametrize("synchronous", [False, True])
@pytest.mark.parametrize("reply", [None, OTHER])
def test_connect_that_is_not_answered(
    outcome: Any, told: list[str], synchronous: bool, reply: Any
) -> None:
    more = {"eventType": "synchronous"} if synchronous else {}
    answers = {"event": [reply]} if synchronous else {"told": [None] * 6 + [reply]}
    desk = call(connect(timeout=20, **more), BYE, **answers)
    desk.party = outcome
    desk.run()
    assert events(desk) == ["started", "ringing", *told]
    replaced = synchronous and reply is not None
    if told[-1] == "completed":  # held back until the NCCO that was returned is over
        (end,) = [r for r in desk.all("webhook.request") if _is(r.data["body"], "completed", 1)]
        assert end.t - desk.all("leg.ended")[0].t == (1000 if replaced else 0)
    assert [text for text in desk.spoken() if text] == (["Other"] if replaced else ["Bye"])
    ended = 20_000 if told[0] == "timeout" else 500
    assert desk.all("leg.ended")[0].t == ended


def test_completed_of_a_leg_comes_though_the_caller_leaves_while_its_event_is_under_way() -> None:
    desk = call(connect(eventType="synchronous"), event=[LATE]).hang_up(700)
    desk.party = ev.LegBusy
    desk.run()
    assert events(desk) == ["started", "ringing", "busy", "completed"]


def test_the_limit_of_a_connect_is_no_hangup() -> None:
    desk = call(connect(limit=1), BYE, settings={"vonage.connect_hangup": "end_call"}).run()
    assert [text for text in desk.spoken() if text] == ["Bye"]
    assert "vonage.connect_hangup" not in desk.decided()


def test_events_of_a_connect_go_where_and_how_it_says() -> None:
    hooks = {"eventUrl": ["http://app/legs?token=t0p"], "eventMethod": "GET"}
    desk = call(connect(limit=1, **hooks)).run()
    sent = [command for command in desk.sent if command.url.startswith("http://app/legs")]
    assert {command.method for command in sent} == {"GET"}
    told = [parse_qs(urlsplit(command.url).query) for command in sent]
    assert [query["status"][0] for query in told] == [
        *("started", "ringing", "answered", "completed")
    ]
    # What is signed is what the application sees; what is written has no token.
    assert all(command.query and command.query["token"] == "t0p" for command in sent)
    shown = [record.data["url"] for record in desk.all("webhook.request")]
    assert sum("token=•••" in url for url in shown) == 4 and "t0p" not in "".join(shown)


def test_on_answer_has_a_ringback_tone_and_what_it_cannot_do_is_said() -> None:
    on_answer = {"url": "http://app/whisper", "ringbackTone": "http://app/tone.wav"}
    whisper = [ask(maxDigits=1), {"action": "talk", "text": "A call for you"}]
    desk = call(connect(limit=1, endpoint={"onAnswer": on_answer}), told=[])
    desk.application = replies(
        answer=[[connect(limit=1, endpoint={"onAnswer": on_answer})], whisper]
    )
    desk.run()
    assert [record.data["url"] for record in desk.all("prompt.started")].count(
        "http://app/tone.wav"
    ) == 1
    (remark,) = desk.all("diagnostic")
    assert remark.data["code"] == "vonage.not-simulated"
    assert remark.data["message"].startswith("input in the NCCO of onAnswer")


@pytest.mark.parametrize("value", ["next_action", "end_call"])
def test_connect_hangup(value: str) -> None:
    desk = call(connect(), BYE, settings={"vonage.connect_hangup": value}).leaves_at(3000).run()
    assert [text for text in desk.spoken() if text] == (["Bye"] if value == "next_action" else [])
    assert desk.decided()["vonage.connect_hangup"] == value
    assert not desk.end["failed"]


@pytest.mark.parametrize(("value", "told"), [("cancelled", ["cancelled"]), ("completed", [])])
def test_connect_abandoned(value: str, told: list[str]) -> None:
    desk = call(connect(), settings={"vonage.connect_abandoned": value}).hang_up(300).run()
    assert events(desk) == ["started", "ringing", *told, "completed"]
    assert desk.decided()["vonage.connect_abandoned"] == value
    assert desk.lines("☎")[-3:] == [
        "300 ☎ B cancelled",
        "300 ☎ A completed",
        "300 ☎ completed by caller",
    ]


@pytest.mark.parametrize("value", ["timeout", "carrier_timeout"])
def test_unanswered_detail(value: str) -> None:
    desk = call(connect(), settings={"vonage.unanswered_detail": value})
    desk.party = ev.LegUnanswered
    desk.run()
    body = desk.bodies("event unanswered")[0]
    assert (body["detail"], body["sip_code"]) == (value, 480)
    assert desk.decided()["vonage.unanswered_detail"] == value


def test_connect_dials_digits_and_says_something_first() -> None:
    whisper = [{"action": "talk", "text": "A call for you"}]
    endpoint = {"dtmfAnswer": "1p2", "onAnswer": {"url": "http://app/whisper"}}

    def application(command: Any) -> Any:
        if command.context.get("informational"):
            return None
        return whisper if "whisper" in command.url else [connect(endpoint=endpoint, limit=1), BYE]

    desk = Desk(setup("vonage"), application).run()
    assert desk.one("dtmf.sent").data == {"digits": "1p2"}
    assert desk.lines("▸✂☎")[1:5] == [
        "0 ▸ ringback",
        "500 ☎ B answered",
        "500 ✂ ringback by action",
        "500 ▸ A call for you",
    ]
    assert "1500 ☎ bridged" in desk.lines()
    assert desk.lines("▸")[-1] == "2500 ▸ Bye"


def test_the_other_side_leaves_while_it_is_told_something() -> None:
    whisper = [{"action": "talk", "text": "A call for you"}, {"action": "talk", "text": "More"}]
    endpoint = {"onAnswer": {"url": "http://app/whisper"}}

    def application(command: Any) -> Any:
        if command.context.get("informational"):
            return None
        return whisper if "whisper" in command.url else [connect(endpoint=endpoint), BYE]

    desk = Desk(setup("vonage"), application).leaves_at(900).run()
    assert desk.lines("▸✂")[-2:] == ["900 ✂ A call for you by hangup", "900 ▸ Bye"]
    assert events(desk) == ["started", "ringing", "answered", "completed"]
    assert not desk.all("leg.bridged")


def test_keys_go_through_a_bridge() -> None:
    desk = call(connect(limit=2)).press(1000, "12").run()
    assert desk.lines("⌨") == ["1000 ⌨ 1", "1200 ⌨ 2"]
    assert "vonage.key-ignored" not in desk.diagnostics()
