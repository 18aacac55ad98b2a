"""Sessions on 8x8 as transcripts: in, out, capture, bridge, endings, and what VSS says of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ivrsim.engine import events as ev
from tests.desk import LATE, Application, Desk, Failed, replies, setup

URLS = {name: f"http://app/{name}" for name in ("vca", "vcs", "vss")}
PARTY = "+6531589338"


def say(text: str = "Hello", **more: Any) -> dict[str, Any]:
    return {"action": "say", "params": {"text": text, "voiceProfile": "en-US-BenjaminRUS", **more}}


def ask(**more: Any) -> dict[str, Any]:
    params = {"promptMessage": "Menu", "voiceProfile": "en-US-BenjaminRUS", **more}
    return {"action": "sayAndCapture", "params": params}


def make_call(destination: str = PARTY) -> dict[str, Any]:
    params = {"source": "+6568332048", "destination": destination}
    return {"action": "makeCall", "params": params}


HANGUP = {"action": "hangup"}
FILE = {"action": "playFile", "params": {"fileUrl": "http://app/a.mp3"}}


def flow(*actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"callflow": list(actions), **more}


def call(*vca: Any, settings: dict[str, str] | None = None, **changes: Any) -> Desk:
    """A session whose VCAs are answered by ``vca``, one after another. Not run yet."""
    changes.setdefault("urls", URLS)
    return Desk(setup("8x8", settings=settings or {}, **changes), replies(VCA=list(vca)))


def out(*actions: dict[str, Any], vca: Any = (), **changes: Any) -> Desk:
    """A session begun by the API: the person at the keypad is called first."""
    first = make_call("+6591178965")
    return call(*vca, direction="outbound", document=[first, *actions], **changes)


def summary(desk: Desk) -> dict[str, Any]:
    payload: dict[str, Any] = desk.bodies("VSS")[0]["payload"]
    return payload


def legs(desk: Desk) -> list[str]:
    return [leg["callStatus"] for leg in summary(desk)["details"].values()]


def captured(desk: Desk) -> list[Any]:
    """What the VCAs after the first carried in eventData."""
    return [
        body["payload"]["eventData"]["dtmf"]
        for body in desk.bodies("VCA")
        if body["payload"]["callStatus"] == "ACTION_COMPLETED"
    ]


# ------------------------------------------------------------------ a session in and out


def test_a_call_in() -> None:
    desk = call(flow(say(), HANGUP)).run()
    assert desk.lines() == [
        "0 → VCS CALL_RECEIVED",
        "0 → VCA CALL_RECEIVED",
        "1000 ☎ A answered",
        "1000 → VCS CALL_CONNECTED",
        "1000 ▸ Hello",
        "2000 ☎ A completed",
        "2000 → VCS CALL_DISCONNECTED",
        "2000 → VSS COMPLETED",
        "2000 ☎ COMPLETED by application",
    ]
    vss = summary(desk)
    assert (vss["lastAction"], vss["callCount"]) == ("HANGUP", 1)
    assert vss["startTime"] == "2026-11-21T09:00:00Z"
    assert vss["endTime"] == "2026-11-21T09:00:02Z"
    assert vss["details"]["callA"]["callDuration"] == 1
    first = desk.bodies("VCA")[0]["payload"]
    assert (first["source"], first["destination"]) == ("+6591178965", "+6568332048")
    assert first["callDirection"] == "INBOUND"
    assert "clientActionId" not in first


def test_a_call_out() -> None:
    desk = out(say(), HANGUP).run()
    assert desk.lines() == [
        "0 → VCS CALL_INITIATED",
        "500 ☎ A answered",
        "500 → VCS CALL_CONNECTED",
        "500 ▸ Hello",
        "1500 ☎ A completed",
        "1500 → VCS CALL_DISCONNECTED",
        "1500 → VSS COMPLETED",
        "1500 ☎ COMPLETED by application",
    ]
    leg = summary(desk)["details"]["callA"]
    assert (leg["callDirection"], leg["destination"]) == ("OUTBOUND", "+6591178965")


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (ev.LegBusy, "BUSY"),
        (ev.LegUnanswered, "NO_ANSWER"),
        (lambda leg: None, "NO_ANSWER"),
        (lambda leg: ev.LegUnanswered(leg, "rejected"), "FAILED"),
        (lambda leg: ev.LegUnanswered(leg, "unreachable"), "FAILED"),
    ],
    ids=["busy", "unanswered", "timeout", "rejected", "unreachable"],
)
def test_a_call_out_that_is_not_answered(outcome: Any, status: str) -> None:
    desk = out(ask())
    desk.party = outcome
    desk.run()
    assert desk.lines("→▸")[1:] == [
        f"{desk.records[-1].t} → VCS CALL_DISCONNECTED",
        f"{desk.records[-1].t} → VSS {status}",
    ]
    assert legs(desk) == [status]
    assert summary(desk)["lastAction"] == "MAKE_CALL"
    assert "connectedTimestamp" not in summary(desk)["details"]["callA"]
    assert not desk.end["failed"]


def test_the_api_gives_up_while_the_person_is_rung() -> None:
    desk = out(ask())
    desk.party = lambda leg: None
    desk.hang_up(3000, "api").run()
    assert summary(desk)["sessionStatus"] == "CANCELED"
    assert legs(desk) == ["CANCELED"]
    assert desk.lines("→")[-2:] == ["3000 → VCS CALL_DISCONNECTED", "3000 → VSS CANCELED"]


@pytest.mark.parametrize("document", [[], [say()], [ask(minDigits=2)], "x", [{"action": "sya"}]])
def test_a_request_that_is_refused(document: Any) -> None:
    desk = call(direction="outbound", document=document).run()
    assert desk.end["status"] == "NOT_CREATED"
    assert desk.end["failed"]
    assert desk.sent == []


def test_a_callflow_instead_of_the_first_vca() -> None:
    desk = call(document=[say(), HANGUP], urls={}).run()
    assert desk.spoken() == ["Hello"]
    assert desk.end["status"] == "COMPLETED"


@pytest.mark.parametrize("seconds", ["10", "90"])
def test_ring_timeout(seconds: str) -> None:
    desk = out(settings={"8x8.ring_timeout": seconds})
    desk.party = lambda leg: None
    desk.run()
    assert desk.end["duration_ms"] == int(seconds) * 1000
    assert desk.decided()["8x8.ring_timeout"] == seconds


# ------------------------------------------------------------------ sayAndCapture


@pytest.mark.parametrize(
    ("params", "keys", "closed", "dtmf"),
    [
        ({"maxDigits": 1}, [(2500, "1")], ["2500 = 1 by max_digits"], "1"),
        ({"maxDigits": 1}, [(1400, "1")], ["1400 = 1 by max_digits"], "1"),
        ({"maxDigits": 4}, [(2500, "12#")], ["2900 = 12 by terminator"], "12"),
        (
            {"maxDigits": 2, "completeOnHash": False},
            [(2500, "#1")],
            ["2700 = #1 by max_digits"],
            "#1",
        ),
        (
            {"noOfTries": 2, "overallTimeout": 3000},
            [],
            ["5000 = nothing by overall", "9000 = nothing by overall"],
            None,
        ),
        (
            {"noOfTries": 1, "minDigits": 3, "maxDigits": 4},
            [(2500, "12#")],
            ["2900 = 12 by terminator"],
            None,
        ),
        (
            {"noOfTries": 1, "digitTimeout": 1000, "overallTimeout": 9000},
            [(2500, "12")],
            ["3700 = 12 by inter_digit"],
            None,
        ),
        (
            {"noOfTries": 1, "digitTimeout": 1000, "overallTimeout": 9000},
            [(10_000, "1#")],
            ["10200 = 1 by terminator"],
            "1",
        ),
        (
            {"noOfTries": 2, "minDigits": 2, "maxDigits": 2, "overallTimeout": 3000},
            [(2500, "1"), (6500, "34")],
            ["5000 = 1 by overall", "6700 = 34 by max_digits"],
            "34",
        ),
    ],
)
def test_capture(
    params: dict[str, Any], keys: list[tuple[int, str]], closed: list[str], dtmf: str | None
) -> None:
    desk = call(flow(ask(**params)))
    for t, digits in keys:
        desk.press(t, digits)
    desk.run()
    assert desk.lines("=") == closed
    assert captured(desk) == [dtmf]


def test_success_and_failure_messages() -> None:
    params = {"maxDigits": 1, "noOfTries": 3, "overallTimeout": 1000}
    messages = {"successMessage": "Thanks", "failureMessage": "Sorry"}
    desk = call(flow(ask(**params, **messages))).press(8500, "7").run()
    assert desk.lines("▸=→")[3:] == [
        "1000 ▸ Menu",
        "3000 = nothing by overall",
        "3000 ▸ Sorry",
        "4000 ▸ Menu",
        "6000 = nothing by overall",
        "6000 ▸ Sorry",
        "7000 ▸ Menu",
        "8500 = 7 by max_digits",
        "8500 ▸ Thanks",
        "9500 → VCA ACTION_COMPLETED",
        "9500 → VCS CALL_DISCONNECTED",
        "9500 → VSS COMPLETED",
    ]


@pytest.mark.parametrize(
    ("settings", "params", "keys", "closed", "dtmf"),
    [
        ({"8x8.barge_in": "yes"}, {"maxDigits": 1}, [(1400, "1")], ["1400 = 1 by max_digits"], "1"),
        ({"8x8.barge_in": "no"}, {"maxDigits": 1}, [(1400, "1")], ["2000 = 1 by max_digits"], "1"),
        (
            {"8x8.barge_in": "no", "8x8.early_digits": "keep"},
            {"maxDigits": 2},
            [(1400, "1"), (2500, "2")],
            ["2500 = 12 by max_digits"],
            "12",
        ),
        (
            {"8x8.barge_in": "no", "8x8.early_digits": "drop"},
            {"maxDigits": 1},
            [(1400, "1"), (2500, "2")],
            ["2500 = 2 by max_digits"],
            "2",
        ),
        (
            {"8x8.capture_defaults": "guide"},
            {},
            [],
            [
                "32000 = nothing by overall",
                "63000 = nothing by overall",
                "94000 = nothing by overall",
            ],
            None,
        ),
        ({"8x8.capture_defaults": "openapi"}, {}, [(2500, "1")], ["2500 = 1 by max_digits"], "1"),
        (
            {"8x8.overall_timeout_from": "prompt_end"},
            {"noOfTries": 1, "overallTimeout": 3000},
            [],
            ["5000 = nothing by overall"],
            None,
        ),
        (
            {"8x8.overall_timeout_from": "action_start"},
            {"noOfTries": 1, "overallTimeout": 3000},
            [],
            ["4000 = nothing by overall"],
            None,
        ),
        (
            {"8x8.digit_timeout_from": "first_key"},
            {"noOfTries": 1, "digitTimeout": 1000, "overallTimeout": 3000},
            [],
            ["5000 = nothing by overall"],
            None,
        ),
        (
            {"8x8.digit_timeout_from": "prompt_end"},
            {"noOfTries": 1, "digitTimeout": 1000, "overallTimeout": 3000},
            [],
            ["3000 = nothing by first_digit"],
            None,
        ),
        (
            {"8x8.max_digits_ends": "yes"},
            {"maxDigits": 1, "noOfTries": 1},
            [(2500, "12#")],
            ["2500 = 1 by max_digits"],
            "1",
        ),
        (
            {"8x8.max_digits_ends": "no"},
            {"maxDigits": 1, "noOfTries": 1},
            [(2500, "12#")],
            ["2900 = 12 by terminator"],
            None,
        ),
        (
            {"8x8.max_digits_ends": "no"},
            {"maxDigits": 2, "noOfTries": 1},
            [(2500, "12#")],
            ["2900 = 12 by terminator"],
            "12",
        ),
        ({"8x8.hash_in_digits": "no"}, {}, [(2500, "1#")], ["2700 = 1 by terminator"], "1"),
        ({"8x8.hash_in_digits": "yes"}, {}, [(2500, "1#")], ["2700 = 1# by terminator"], "1#"),
        (
            {"8x8.plain_hash": "digit"},
            {"completeOnHash": False, "maxDigits": 2},
            [(2500, "1#2")],
            ["2700 = 1# by max_digits"],
            "1#",
        ),
        (
            {"8x8.plain_hash": "ignored"},
            {"completeOnHash": False, "maxDigits": 2},
            [(2500, "1#2")],
            ["2900 = 12 by max_digits"],
            "12",
        ),
        (
            {"8x8.partial_digits": "null"},
            {"noOfTries": 1, "minDigits": 3, "maxDigits": 3},
            [(2500, "1#")],
            ["2700 = 1 by terminator"],
            None,
        ),
        (
            {"8x8.partial_digits": "digits"},
            {"noOfTries": 1, "minDigits": 3, "maxDigits": 3},
            [(2500, "1#")],
            ["2700 = 1 by terminator"],
            "1",
        ),
    ],
)
def test_settings_of_capture(
    settings: dict[str, str],
    params: dict[str, Any],
    keys: list[tuple[int, str]],
    closed: list[str],
    dtmf: str | None,
) -> None:
    desk = call(flow(ask(**params)), settings=settings)
    for t, digits in keys:
        desk.press(t, digits)
    desk.run()
    assert desk.lines("=") == closed
    assert captured(desk) == [dtmf]
    assert set(settings.items()) <= set(desk.decided().items())


@pytest.mark.parametrize(("value", "spoken"), [("yes", ["Menu", "Sorry"]), ("no", ["Menu"])])
def test_last_failure_message(value: str, spoken: list[str]) -> None:
    asking = ask(noOfTries=1, failureMessage="Sorry")
    desk = call(flow(asking), settings={"8x8.last_failure_message": value}).run()
    assert desk.spoken() == spoken
    assert desk.decided()["8x8.last_failure_message"] == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("both", {"eventData": {"dtmf": "12"}, "dtmf": "12"}),
        ("event_data", {"eventData": {"dtmf": "12"}}),
        ("payload", {"dtmf": "12"}),
        ("string", {"eventData": "12"}),
    ],
)
@pytest.mark.parametrize("secret", [False, True])
def test_dtmf_shape(value: str, expected: dict[str, Any], secret: bool) -> None:
    desk = call(flow(ask(maxDigits=2)), settings={"8x8.dtmf_shape": value}, secret=secret)
    desk.press(2500, "12").run()
    sent = json.loads([c for c in desk.sent if c.purpose == "VCA"][1].body or b"")["payload"]
    assert {key: sent[key] for key in ("eventData", "dtmf") if key in sent} == expected
    written = desk.bodies("VCA")[1]["payload"]
    if secret:
        assert "12" not in str({key: written[key] for key in expected})
    else:
        assert written == sent
    assert desk.decided()["8x8.dtmf_shape"] == value


def test_a_hangup_right_after_a_capture_loses_the_digits() -> None:
    desk = call(flow(ask(maxDigits=1), HANGUP)).press(2500, "1").run()
    assert captured(desk) == []
    assert summary(desk)["lastAction"] == "HANGUP"
    assert any("hangup" in code for code in desk.diagnostics())


def test_repetition_and_speed() -> None:
    desk = call(flow(say(repetition=2, speed=1.5), ask(repetition=3, maxDigits=1))).run()
    assert [play.loop for play in desk.played[:2]] == [2, 3]
    assert desk.played[0].sound.speed == 1.5  # type: ignore[union-attr]  # it is Speech
    assert [play.interruptible for play in desk.played[:2]] == [False, True]


@pytest.mark.parametrize("value", ["drop", "keep"])
def test_type_ahead(value: str) -> None:
    desk = call(flow(say(), ask(maxDigits=1)), settings={"8x8.type_ahead": value})
    desk.press(1500, "5").press(3500, "6").run()
    assert captured(desk) == ["5" if value == "keep" else "6"]
    assert desk.decided()["8x8.type_ahead"] == value
    assert ("8x8.key-ignored" in desk.diagnostics()) is (value == "drop")


def test_a_key_that_its_capture_drops_is_not_kept_for_the_next_one() -> None:
    settings = {"8x8.type_ahead": "keep", "8x8.barge_in": "no", "8x8.early_digits": "drop"}
    desk = call(flow(ask(maxDigits=1)), settings=settings).press(1500, "5").press(2500, "6").run()
    assert captured(desk) == ["6"]
    assert "8x8.type_ahead" not in desk.decided()


@pytest.mark.parametrize("value", ["drop", "keep"])
def test_secret_keys_outside_a_capture_are_masked_too(value: str) -> None:
    desk = call(flow(say(), ask(maxDigits=2)), settings={"8x8.type_ahead": value}, secret=True)
    desk.press(1500, "7").press(3500, "4").press(3600, "9").run()
    assert [command.context["digits"] for command in desk.sent if "digits" in command.context] == [
        "74" if value == "keep" else "49"
    ]
    assert {record.data["digit"] for record in desk.all("digit")} == {"•"}
    assert not any("key 7" in record.data["message"] for record in desk.all("diagnostic"))


# ------------------------------------------------------------------ VCA and its reply


def test_client_action_id_is_that_of_the_previous_reply() -> None:
    desk = call(
        flow(say(), clientActionId="one"), flow(say(), clientActionId="two"), flow(say()), flow()
    ).run()
    ids = [body["payload"].get("clientActionId") for body in desk.bodies("VCA")]
    assert ids == [None, "one", "two", None]


def test_client_action_id_keeps() -> None:
    settings = {"8x8.client_action_id": "keeps"}
    desk = call(flow(say(), clientActionId="one"), flow(say()), flow(), settings=settings).run()
    ids = [body["payload"].get("clientActionId") for body in desk.bodies("VCA")]
    assert ids == [None, "one", "one"]
    assert desk.decided()["8x8.client_action_id"] == "keeps"


@pytest.mark.parametrize(
    ("value", "actions", "at"),
    [
        ("last_action", [say(), say()], [0, 3000]),
        ("last_action", [say(), HANGUP], [0]),
        ("last_action", [say(), ask(maxDigits=1)], [0, 3500]),
        ("capture", [say(), say()], [0]),
        ("capture", [say(), ask(maxDigits=1)], [0, 3500]),
        ("every_action", [say(), say()], [0, 2000, 3000]),
        ("every_action", [say(), HANGUP], [0]),
    ],
)
def test_vca_after(value: str, actions: list[dict[str, Any]], at: list[int]) -> None:
    desk = call(flow(*actions), settings={"8x8.vca_after": value}).press(3500, "1").run()
    asked = [r.t for r in desk.all("webhook.request") if r.data["purpose"] == "VCA"]
    assert asked == at
    due = actions[-1] == say()  # only then, or between two says, does the setting decide
    assert (desk.decided().get("8x8.vca_after") == value) is due


@pytest.mark.parametrize("reply", [None, {}, flow()], ids=["no body", "{}", "no actions"])
@pytest.mark.parametrize("value", ["completed", "error"])
def test_empty_replies(reply: Any, value: str) -> None:
    desk = call(flow(say()), reply, settings={"8x8.empty_reply": value}).run()
    assert any("empty" in code for code in desk.diagnostics())
    assert desk.decided()["8x8.empty_reply"] == value
    vss = summary(desk)
    if value == "completed":
        assert vss["sessionStatus"] == "COMPLETED"
        assert "errorDetails" not in vss
        assert not desk.end["failed"]
    else:
        assert vss["sessionStatus"] == "ERROR"
        assert vss["errorDetails"]["errorCode"] == -2003
        assert desk.end["failed"]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Failed("timeout"), -2002),
        (Failed("refused"), -2002),
        (404, -2003),
        (500, -2003),
        ("<html>", -2003),
        ("[]", -2003),
        ({"callflow": [{"action": "sya"}]}, -2003),
        ({"callflow": [ask(minDigits=2)]}, -2003),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_vca_that_fails(reply: Any, code: int, first: bool) -> None:
    desk = call(*([] if first else [flow(say())]), reply).run()
    vss = summary(desk)
    assert vss["sessionStatus"] == "ERROR"
    details = vss["errorDetails"]
    assert details["errorCode"] == code
    assert details["errorMsg"]
    assert details["callFlowRequestId"]
    assert desk.end["failed"]
    assert str(code) in desk.end["why"]
    count = len(desk.bodies("VCA"))
    assert count == (1 if first else 2), "a VCA is not sent again"


@pytest.mark.parametrize("seconds", ["10", "3"])
def test_vca_timeout(seconds: str) -> None:
    desk = call(Failed("timeout"), settings={"8x8.vca_timeout": seconds}).run()
    sent = next(command for command in desk.sent if command.purpose == "VCA")
    assert sent.read_ms == int(seconds) * 1000
    assert desk.decided()["8x8.vca_timeout"] == seconds


@pytest.mark.parametrize("value", ["accept", "refuse"])
def test_content_type(value: str) -> None:
    reply = (flow(say(), HANGUP), 200, "text/html")
    desk = call(reply, settings={"8x8.content_type": value}).run()
    assert desk.end["failed"] is (value == "refuse")
    assert desk.decided()["8x8.content_type"] == value


def test_webhook_auth_is_masked() -> None:
    desk = call(flow(say(), HANGUP), authorized=True).run()
    assert {r.data["headers"]["Authorization"] for r in desk.all("webhook.request")} == {"•••"}


def test_status_webhooks_that_fail_are_remarked_and_change_nothing() -> None:
    desk = Desk(
        setup("8x8", urls=URLS),
        replies(VCA=[flow(say(), HANGUP)], told=[500, Failed("refused"), 404, 500]),
    ).run()
    assert desk.end["status"] == "COMPLETED"
    assert not desk.end["failed"]
    assert desk.diagnostics() == ["8x8.vcs-failed"] * 3 + ["8x8.vss-failed"]


# ------------------------------------------------------------------ makeCall in a reply


@pytest.mark.parametrize(
    ("value", "then"),
    [
        ("yes", ["4000 → VCA ACTION_COMPLETED", "4000 ▸ Hello", "5000 ☎ A completed"]),
        ("no", ["4000 ☎ A completed"]),
    ],
)
def test_a_bridge_before_anything_else(value: str, then: list[str]) -> None:
    settings = {"8x8.vca_after_bridge": value}
    desk = call(flow(make_call()), flow(say(), HANGUP), settings=settings).leaves_at(4000).run()
    assert [line for line in desk.lines("→▸✂☎") if "VCS" not in line] == [
        "0 → VCA CALL_RECEIVED",
        "0 ▸ ringback",
        "500 ☎ B answered",
        "500 ✂ ringback by action",
        "500 ☎ A answered",
        "500 ☎ bridged",
        "4000 ☎ B hangup",
        "4000 ☎ B completed",
        *then,
        f"{desk.records[-1].t} → VSS COMPLETED",
        f"{desk.records[-1].t} ☎ COMPLETED by {'application' if value == 'yes' else 'party'}",
    ]
    assert legs(desk) == ["COMPLETED", "COMPLETED"]
    assert desk.decided()["8x8.vca_after_bridge"] == value
    vcs = [(r.data["title"], r.t) for r in desk.all("webhook.request") if "VCS" in r.data["title"]]
    assert [title for title, _ in vcs] == [
        "VCS CALL_RECEIVED",
        "VCS CALL_INITIATED",
        "VCS CALL_CONNECTED",
        "VCS CALL_CONNECTED",
        "VCS CALL_DISCONNECTED",
        "VCS CALL_DISCONNECTED",
    ]


def test_a_callflow_goes_on_after_its_bridge() -> None:
    desk = call(flow(make_call(), say("Rate us"), ask()), None).leaves_at(4000).run()
    spoken = [text for text in desk.spoken() if text]
    assert spoken[:2] == ["Rate us", "Menu"]


def test_a_callflow_that_hangs_up_after_its_bridge_is_not_asked_about() -> None:
    desk = call(flow(make_call(), HANGUP)).leaves_at(4000).run()
    assert len(desk.bodies("VCA")) == 1
    assert summary(desk)["lastAction"] == "HANGUP"


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (ev.LegBusy, "BUSY"),
        (ev.LegUnanswered, "NO_ANSWER"),
        (lambda leg: ev.LegUnanswered(leg, "rejected"), "FAILED"),
    ],
)
def test_a_bridge_that_is_not_answered(outcome: Any, status: str) -> None:
    desk = call(flow(ask(maxDigits=1)), flow(make_call()), flow(say())).press(2500, "1")
    desk.party = outcome
    desk.run()
    assert len(desk.bodies("VCA")) == 2
    vss = summary(desk)
    assert (vss["sessionStatus"], vss["lastAction"], vss["callCount"]) == (status, "MAKE_CALL", 2)
    assert legs(desk) == ["COMPLETED", status]
    assert not desk.end["failed"]


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("by", ["caller", "api"])
def test_the_caller_leaves_while_the_other_side_is_rung(answered: bool, by: str) -> None:
    first = [flow(ask(maxDigits=1))] if answered else []
    desk = call(*first, flow(make_call())).press(2500, "1").hang_up(2800 if answered else 300, by)
    desk.run()
    assert summary(desk)["sessionStatus"] == "CANCELED"
    assert legs(desk) == ["CANCELED", "CANCELED"]
    titles = [r.data["title"] for r in desk.all("webhook.request")]
    assert titles.count("VCS CALL_DISCONNECTED") == 2
    assert titles[-1] == "VSS CANCELED"


def test_the_caller_leaves_a_bridge() -> None:
    desk = call(flow(make_call())).hang_up(5000).run()
    assert desk.lines("☎")[-4:] == [
        "5000 ☎ A hangup",
        "5000 ☎ B completed",
        "5000 ☎ A completed",
        "5000 ☎ COMPLETED by caller",
    ]
    assert legs(desk) == ["COMPLETED", "COMPLETED"]
    assert len(desk.bodies("VCA")) == 1


@pytest.mark.parametrize("value", ["error", "ignored"])
def test_a_third_make_call(value: str) -> None:
    settings = {"8x8.third_make_call": value}
    third = flow(make_call(), say(), HANGUP)
    desk = call(flow(make_call()), third, settings=settings).leaves_at(4000).run()
    assert desk.decided()["8x8.third_make_call"] == value
    vss = summary(desk)
    if value == "error":
        assert vss["errorDetails"]["errorCode"] == -2003
        assert desk.end["failed"]
    else:
        assert vss["sessionStatus"] == "COMPLETED"
        assert desk.spoken()[-1] == "Hello"
    assert vss["callCount"] == 2


# ------------------------------------------------------------------ files, and leaving


def test_a_file_that_cannot_be_played() -> None:
    desk = call(flow(FILE, say()))
    desk.bad_prompts = frozenset({1})
    desk.run()
    vss = summary(desk)
    assert (vss["sessionStatus"], vss["lastAction"]) == ("ERROR", "PLAY_FILE")
    assert vss["errorDetails"]["errorCode"] == -2006
    assert vss["errorDetails"]["action"] == "PLAY_FILE"
    assert desk.lines("▸!")[:2] == ["1000 ▸ http://app/a.mp3 failed", "1000 ! playFile failed"]
    assert desk.end["failed"]


@pytest.mark.parametrize("reply", [{}, {"callflow": []}])
def test_a_callflow_goes_on_after_an_empty_reply_in_its_middle(reply: dict[str, Any]) -> None:
    settings = {"8x8.vca_after": "every_action"}
    desk = call(flow(say("one"), say("two"), HANGUP), reply, settings=settings).run()
    assert desk.spoken() == ["one", "two"]


def test_the_caller_leaves_before_being_connected() -> None:
    desk = call(flow(say())).hang_up(600).run()
    vss = summary(desk)
    assert vss["sessionStatus"] == vss["details"]["callA"]["callStatus"] == "CANCELED"
    assert "connectedTimestamp" not in vss["details"]["callA"]


@pytest.mark.parametrize("value", ["ACTION_COMPLETED", "DTMF_RECEIVED"])
def test_the_status_of_a_vca_with_digits(value: str) -> None:
    settings = {"8x8.digits_status": value}
    desk = call(flow(ask()), flow(say(), HANGUP), settings=settings).press(2500, "1").run()
    assert [body["payload"]["callStatus"] for body in desk.bodies("VCA")] == [
        "CALL_RECEIVED",
        value,
    ]
    assert desk.decided()["8x8.digits_status"] == value


def test_the_answer_to_the_request_of_an_outbound_call() -> None:
    desk = call(flow(say(), HANGUP), direction="outbound", document=[make_call(), say()]).run()
    answer = desk.one("api.response").data
    assert answer["ok"]
    assert answer["result"]["status"] == 200
    assert answer["result"]["body"]["sessionStatus"] == "CREATED"
    desk = call(direction="outbound", document=[say()]).run()
    answer = desk.one("api.response").data
    assert not answer["ok"]
    assert answer["result"]["status"] == 422
    assert answer["result"]["body"]["statusCode"] == -1013


@pytest.mark.parametrize(
    ("actions", "at"),
    [
        ([say()], 1400),
        ([ask()], 1400),
        ([ask()], 3000),
        ([ask(noOfTries=2, overallTimeout=1000, failureMessage="Sorry")], 3500),
    ],
    ids=["say", "prompt", "capture", "failure message"],
)
@pytest.mark.parametrize("value", ["last_started", "HANGUP"])
def test_the_caller_leaves_a_menu(actions: list[dict[str, Any]], at: int, value: str) -> None:
    settings = {"8x8.last_action_on_hangup": value}
    desk = call(flow(*actions), flow(say()), settings=settings).hang_up(at).run()
    vss = summary(desk)
    assert vss["sessionStatus"] == "COMPLETED"
    started = "SAY" if actions[0]["action"] == "say" else "SAY_AND_CAPTURE"
    assert vss["lastAction"] == (started if value == "last_started" else "HANGUP")
    assert len(desk.bodies("VCA")) == 1
    assert desk.lines("!")[-1].endswith("interrupted")
    assert desk.end["by"] == "caller"
    assert desk.end["duration_ms"] == at
    assert desk.decided()["8x8.last_action_on_hangup"] == value


def test_the_caller_leaves_while_the_application_thinks() -> None:
    desk = call(flow(ask(maxDigits=1)), LATE).press(2500, "1").hang_up(2600).run()
    assert desk.lines("→←")[-4:] == [
        "2500 → VCA ACTION_COMPLETED",
        "2600 → VCS CALL_DISCONNECTED",
        "2600 → VSS COMPLETED",
        "2900 ← 200, ignored",
    ]


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("vss_version", "5", lambda body: body["version"] == 5),
        ("vss_version", "absent", lambda body: "version" not in body),
        ("vss_leg_names", "callA", lambda body: list(body["payload"]["details"]) == ["callA"]),
        ("vss_leg_names", "CallA", lambda body: list(body["payload"]["details"]) == ["CallA"]),
        ("say_word", "SAY", lambda body: body["payload"]["lastAction"] == "SAY"),
        ("say_word", "PLAY_TTS", lambda body: body["payload"]["lastAction"] == "PLAY_TTS"),
    ],
)
def test_settings_of_the_summary(name: str, value: str, check: Any) -> None:
    desk = call(flow(say()), flow(), settings={f"8x8.{name}": value}).run()
    assert check(desk.bodies("VSS")[0])
    assert desk.decided()[f"8x8.{name}"] == value


def test_any_application() -> None:
    application: Application = replies()
    desk = Desk(setup("8x8", urls={"vca": "http://app/vca"}), application).run()
    assert desk.lines("→") == [
        "0 → VCS CALL_RECEIVED, not sent",
        "0 → VCA CALL_RECEIVED",
        "0 → VCS CALL_DISCONNECTED, not sent",
        "0 → VSS COMPLETED, not sent",
    ]
