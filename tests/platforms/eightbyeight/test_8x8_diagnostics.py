"""Every remark about a callflow: what provokes it, how bad it is, where it points."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.platforms.eightbyeight.actions import ACTIONS
from ivrsim.platforms.eightbyeight.codes import REQUEST_CODES, SESSION_CODES
from ivrsim.platforms.eightbyeight.documents import Callflow, read_callflow

VOICE = "en-US-BenjaminRUS"
CALL: dict[str, Any] = {
    "action": "makeCall",
    "params": {"source": "6512345678", "destination": "+6590000000"},
}
HANGUP = {"action": "hangup"}


def say(**params: Any) -> dict[str, Any]:
    return {"action": "say", "params": {"text": "Hello", "voiceProfile": VOICE, **params}}


def play(url: Any) -> dict[str, Any]:
    return {"action": "playFile", "params": {"fileUrl": url}}


def capture(**params: Any) -> dict[str, Any]:
    menu = {"promptMessage": "Press 1", "voiceProfile": VOICE, **params}
    return {"action": "sayAndCapture", "params": menu}


def call(**params: Any) -> dict[str, Any]:
    return {"action": "makeCall", "params": {**CALL["params"], **params}}


def without(action: dict[str, Any], key: str) -> dict[str, Any]:
    action = copy.deepcopy(action)
    del action["params"][key]
    return action


def reply(*actions: Any, **settings: str) -> Callflow:
    chosen = {f"8x8.{name}": choice for name, choice in settings.items()}
    return read_callflow(list(actions), settings=chosen, where="reply")


def request(*actions: Any, has_vca: bool = True, **settings: str) -> Callflow:
    chosen = {f"8x8.{name}": choice for name, choice in settings.items()}
    return read_callflow(list(actions), settings=chosen, where="api", has_vca=has_vca)


def only(callflow: Callflow) -> Diagnostic:
    assert len(callflow.diagnostics) == 1, callflow.diagnostics
    return callflow.diagnostics[0]


# code, pointer, and what of the rest of the diagnostic matters: a piece of the suggestion
WARNINGS = [
    (say(Voice="x"), "unknown-key", "/0/params/Voice", "voiceProfile"),
    (say(Speed=1), "unknown-key", "/0/params/Speed", "speed"),
    (say(repetitoin=2), "unknown-key", "/0/params/repetitoin", "repetition"),
    (say(**{"a/b~": 2}), "unknown-key", "/0/params/a~1b~0", None),
    ({**say(), "text": "Hi"}, "unknown-key", "/0/text", "into params"),
    ({**say(), "parameters": {}}, "unknown-key", "/0/parameters", "params"),
    ({"action": "hangup", "params": {"why": 1}}, "unknown-key", "/0/params/why", None),
    (say(repetition="2"), "number-as-text", "/0/params/repetition", "write 2"),
    (say(speed="1.5"), "number-as-text", "/0/params/speed", "write 1.5"),
    (capture(completeOnHash="true"), "boolean-as-text", "/0/params/completeOnHash", "true"),
    (call(destination=6590000000), "text-as-number", "/0/params/destination", '"6590000000"'),
    (say(repetition=None), "null", "/0/params/repetition", "leave it out"),
    (say(text=""), "empty-text", "/0/params/text", None),
    (capture(promptMessage=" \n"), "empty-text", "/0/params/promptMessage", None),
    (say(voiceProfile="Benjamin"), "voice-profile", "/0/params/voiceProfile", None),
    (play("https://x.example/a.ogg"), "file-type", "/0/params/fileUrl", None),
    (capture(overallTimeout=5), "timeout-in-seconds", "/0/params/overallTimeout", "5000"),
    (capture(digitTimeout=900), "digit-timeout-alone", "/0/params/digitTimeout", "strict"),
    (
        capture(digitTimeout=900, overallTimeout=800),
        "digit-timeout-greater",
        "/0/params/digitTimeout",
        "strict",
    ),
]


@pytest.mark.parametrize(("action", "code", "pointer", "suggestion"), WARNINGS)
def test_what_is_accepted_with_a_warning(
    action: dict[str, Any], code: str, pointer: str, suggestion: str | None
) -> None:
    callflow = reply(action)
    found = only(callflow)
    assert (found.code, found.severity, found.pointer) == (f"8x8.{code}", "warning", pointer)
    if suggestion is None:
        assert found.suggestion is None
    else:
        assert suggestion in (found.suggestion or "")
    assert callflow.usable
    assert callflow.code is None
    assert len(callflow.actions) == 1


INFOS = [
    (call(callRecording=True), "not-simulated", "/0/params/callRecording", "callRecording"),
    (say(language="en"), "not-simulated", "/0/params/language", "language"),
    (play("sounds/hello.wav"), "local-file", "/0/params/fileUrl", "http and https"),
    (play("file:///tmp/a.mp3"), "local-file", "/0/params/fileUrl", "http and https"),
    (play("C:\\sounds\\a.wav"), "local-file", "/0/params/fileUrl", "http and https"),
]


@pytest.mark.parametrize(("action", "code", "pointer", "words"), INFOS)
def test_what_is_only_said(action: dict[str, Any], code: str, pointer: str, words: str) -> None:
    callflow = reply(action)
    found = only(callflow)
    assert (found.code, found.severity, found.pointer) == (f"8x8.{code}", "info", pointer)
    assert words in found.message
    assert callflow.usable


# the entry after a good makeCall of a request: code, pointer, request code, a piece of its words
ERRORS = [
    ("hangup", "not-an-action", "/1", -1009, "$.callflow[1]: string found, object expected"),
    ({}, "missing", "/1", -1009, "$.callflow[1].action: is missing but it is required"),
    ({"Action": "say"}, "missing", "/1", -1009, "$.callflow[1].action: is missing"),
    ({"action": "Say", "params": {}}, "unknown-action", "/1/action", -1007, "should be one of: "),
    ({"action": 7}, "unknown-action", "/1/action", -1007, "$.callflow[1].action should be one of"),
    ({"action": "say"}, "missing", "/1", -1009, "$.callflow[1].params: is missing but it is req"),
    ({"action": "say", "params": []}, "wrong-type", "/1/params", -1009, "array found, object"),
    (without(say(), "text"), "missing", "/1/params", -1009, "$.callflow[1].params.text: is miss"),
    (without(say(), "voiceProfile"), "missing", "/1/params", -1009, "voiceProfile: is missing"),
    (without(play(""), "fileUrl"), "missing", "/1/params", -1009, "fileUrl: is missing"),
    (say(text=["a"]), "wrong-type", "/1/params/text", -1009, "array found, string expected"),
    (say(text=None), "wrong-type", "/1/params/text", -1009, "null found, string expected"),
    (say(repetition=1.5), "wrong-type", "/1/params/repetition", -1009, "number found, integer ex"),
    (say(repetition="two"), "wrong-type", "/1/params/repetition", -1009, "string found, integer"),
    (say(repetition=True), "wrong-type", "/1/params/repetition", -1009, "boolean found, integer"),
    (say(text="x" * 3001), "text-too-long", "/1/params/text", -1009, "only be 3000 characters"),
    (
        capture(failureMessage="x" * 3001),
        "text-too-long",
        "/1/params/failureMessage",
        -1009,
        "3000",
    ),
    (say(repetition=4), "out-of-range", "/1/params/repetition", -1009, "maximum value of 3"),
    (say(repetition=0), "out-of-range", "/1/params/repetition", -1009, "minimum value of 1"),
    (say(speed=0.4), "out-of-range", "/1/params/speed", -1009, "minimum value of 0.5"),
    (say(speed=2.1), "out-of-range", "/1/params/speed", -1009, "maximum value of 2"),
    (say(speed=float("nan")), "wrong-type", "/1/params/speed", -1009, "number expected"),
    (say(voiceProfile=" "), "voice-profile", "/1/params/voiceProfile", -1002, "Speech profile"),
    (capture(maxDigits=0), "out-of-range", "/1/params/maxDigits", -1009, "minimum value of 1"),
    (capture(maxDigits=26), "out-of-range", "/1/params/maxDigits", -1009, "maximum value of 25"),
    (capture(minDigits=1, maxDigits=0), "out-of-range", "/1/params/maxDigits", -1003, "maxDigits"),
    (
        capture(completeOnHash=False, maxDigits=0),
        "out-of-range",
        "/1/params/maxDigits",
        -1008,
        "completeOnHash",
    ),
    (capture(minDigits=2), "min-digits-alone", "/1/params/minDigits", -1003, "maxDigits required"),
    (capture(minDigits=3, maxDigits=2), "min-above-max", "/1/params/minDigits", -1003, "maxDigits"),
    (
        capture(completeOnHash=False),
        "complete-on-hash",
        "/1/params/completeOnHash",
        -1008,
        "maxDigits is required",
    ),
    (call(destination="911"), "not-msisdn", "/1/params/destination", -1017, "MSISDN"),
    (call(source="Bank"), "not-msisdn", "/1/params/source", -1014, "caller ID"),
    (
        call(destination=["6590000000"]),
        "several-destinations",
        "/1/params/destination",
        -1011,
        "Multiple",
    ),
    (
        call(destination="6590000000, 6590000001"),
        "several-destinations",
        "/1/params/destination",
        -1011,
        "Multiple",
    ),
    (play("ftp://x.example/a.wav"), "file-url", "/1/params/fileUrl", -1009, "fileUrl"),
    (play(""), "file-url", "/1/params/fileUrl", -1009, "fileUrl"),
    (play("http://[::1/a.wav"), "file-url", "/1/params/fileUrl", -1009, "fileUrl"),
    (play("https://"), "file-url", "/1/params/fileUrl", -1009, "fileUrl"),
]


@pytest.mark.parametrize(("action", "code", "pointer", "number", "words"), ERRORS)
def test_what_is_refused(action: Any, code: str, pointer: str, number: int, words: str) -> None:
    callflow = request(CALL, action)
    found = only(callflow)
    assert (found.code, found.severity, found.pointer) == (f"8x8.{code}", "error", pointer)
    assert callflow.code == number
    assert words in (callflow.code_message or "")
    assert found.reason == f"{number} {callflow.code_message}"
    assert not callflow.usable
    assert callflow.actions == ()
    assert number in REQUEST_CODES

    answered = reply(action)
    assert (answered.code, answered.code_message) == (-2003, SESSION_CODES[-2003])
    assert only(answered).code == f"8x8.{code}"


def test_the_platforms_own_words_for_the_documented_example() -> None:
    callflow = request(without(say(), "text"))
    assert callflow.code == -1009
    assert callflow.code_message == (
        "Invalid call flow entry provided. $.callflow[0].params.text: is missing but it is required"
    )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SayAndCapture", "sayAndCapture"),
        ("sayandcapture", "sayAndCapture"),
        ("makecal", "makeCall"),
        ("hang up", "hangup"),
        ("talk", "say"),
        ("stream", "playFile"),
        ("input", "sayAndCapture"),
        ("connect", "makeCall"),
        ("zzz", None),
    ],
)
def test_did_you_mean_for_actions(name: str, meant: str | None) -> None:
    found = only(reply({"action": name, "params": {}}))
    assert found.suggestion == (f"did you mean {meant}?" if meant else None)
    assert meant is None or meant in ACTIONS


def test_a_misspelt_required_key_is_named_twice_over() -> None:
    misspelt = without(say(Text="Hello"), "text")
    unknown, missing = reply(misspelt).diagnostics
    assert (unknown.code, unknown.suggestion) == ("8x8.unknown-key", "did you mean text?")
    assert (missing.code, missing.severity) == ("8x8.missing", "error")


def test_a_number_as_text_is_held_to_the_limits() -> None:
    warned, refused = reply(say(repetition="9")).diagnostics
    assert warned.code == "8x8.number-as-text"
    assert refused.code == "8x8.out-of-range"


def test_a_number_with_blanks_gets_a_suggestion() -> None:
    assert only(reply(call(destination="00 65 9000-0000"))).suggestion == (
        "did you mean +6590000000?"
    )


def test_hangup_right_after_a_capture() -> None:
    callflow = reply(capture(), HANGUP)
    found = only(callflow)
    assert (found.code, found.severity) == ("8x8.hangup-after-capture", "warning")
    assert found.pointer == "/1"
    assert callflow.usable


def test_what_follows_a_capture_never_runs() -> None:
    found = only(reply(say(), capture(), say(), HANGUP))
    assert (found.code, found.severity, found.pointer) == ("8x8.after-capture", "warning", "/2")
    assert not reply(say(), capture()).diagnostics


def test_actions_after_hangup() -> None:
    in_reply = reply(HANGUP, say(), say())
    assert only(in_reply).code == "8x8.after-hangup"
    assert (only(in_reply).severity, only(in_reply).pointer) == ("warning", "/1")
    assert "2 actions after hangup never run" in only(in_reply).message
    in_request = request(CALL, HANGUP, say())
    assert (only(in_request).severity, only(in_request).pointer) == ("error", "/2")
    assert "1 action after hangup never runs" in only(in_request).message
    assert in_request.code == -1012


@pytest.mark.parametrize(
    ("actions", "pointer"), [([say()], "/0/action"), ([], ""), ([HANGUP], "/0/action")]
)
def test_a_request_begins_with_make_call(actions: list[Any], pointer: str) -> None:
    callflow = request(*actions)
    found = only(callflow)
    assert (found.code, found.pointer, callflow.code) == ("8x8.first-action", pointer, -1013)
    assert not reply(*actions).diagnostics


def test_a_third_leg() -> None:
    assert not request(CALL, CALL).diagnostics
    asked = request(CALL, CALL, CALL)
    assert (only(asked).code, only(asked).pointer) == ("8x8.too-many-calls", "/2")
    assert asked.code == -1010
    assert not reply(CALL).diagnostics
    answered = reply(CALL, CALL)
    assert (only(answered).pointer, answered.code) == ("/1", -2003)
    late = read_callflow([CALL], settings={}, where="reply", legs=2)
    assert (only(late).pointer, late.usable) == ("/0", False)


def test_a_third_leg_passed_over() -> None:
    callflow = reply(CALL, CALL, say(), third_make_call="ignored")
    assert only(callflow).severity == "warning"
    assert list(callflow.decided) == ["8x8.third_make_call"]
    assert [act.pointer for act in callflow.actions] == ["/0", "/2"]


def test_a_capture_without_vca() -> None:
    callflow = request(CALL, capture(), has_vca=False)
    assert (only(callflow).code, only(callflow).pointer) == ("8x8.no-vca", "/1")
    assert callflow.code == -1004


@pytest.mark.parametrize(
    ("timeouts", "number"),
    [
        ({"digitTimeout": 900}, -1005),
        ({"digitTimeout": 900, "overallTimeout": 900}, -1006),
        ({"digitTimeout": 901, "overallTimeout": 900}, -1006),
    ],
)
def test_strict_timeouts(timeouts: dict[str, int], number: int) -> None:
    callflow = request(CALL, capture(**timeouts), strict_timeouts="yes")
    assert callflow.code == number
    assert only(callflow).basis == "disputed"
    assert list(callflow.decided) == ["8x8.strict_timeouts"]


def test_equal_timeouts_of_the_samples_need_no_remark() -> None:
    assert not reply(capture(digitTimeout=10000, overallTimeout=10000)).diagnostics


@pytest.mark.parametrize("thing", [None, {}, "x", 7, {"action": "hangup"}])
def test_a_callflow_that_is_no_list(thing: object) -> None:
    callflow = read_callflow(thing, settings={}, where="api")
    assert (only(callflow).code, only(callflow).pointer) == ("8x8.callflow-not-a-list", "")
    assert callflow.code == -1009
    assert callflow.listing() == []


def test_the_first_error_gives_the_code_and_all_are_told() -> None:
    callflow = request(say(repetition=9), {"action": "sing"})
    assert [found.code for found in callflow.diagnostics] == [
        "8x8.out-of-range",
        "8x8.unknown-action",
        "8x8.first-action",
    ]
    assert callflow.code == -1009


def test_an_unusable_callflow_still_lists_its_entries() -> None:
    callflow = reply(say(), 7, {"action": "sing"}, {})
    assert [entry["action"] for entry in callflow.listing()] == ["say", "7", "sing", "null"]
    assert [entry["pointer"] for entry in callflow.listing()] == ["/0", "/1", "/2", "/3"]
