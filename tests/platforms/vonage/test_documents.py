"""Every remark about an NCCO: its code, how bad it is, where, and whether it is refused."""

from __future__ import annotations

from typing import Any

import pytest

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.platforms.vonage.actions import Connect, Input, Prompt, Record, Talk, Wait
from ivrsim.platforms.vonage.diagnostics import RULES, SYNTAX_ERROR
from ivrsim.platforms.vonage.documents import Ncco, read_ncco

URL = ["http://localhost/event"]
DTMF = {"action": "input", "type": ["dtmf"], "eventUrl": URL}
HI = {"action": "talk", "text": "Hi"}
PHONE = {"type": "phone", "number": "447700900001"}
APP = {"type": "app", "user": "jo"}
SPLIT = {"split": "conversation"}
NOTIFY = {"action": "notify", "payload": {"uuid": "abc"}, "eventUrl": URL}


def read(*actions: Any, **settings: str) -> Ncco:
    full = {f"vonage.{name}": choice for name, choice in settings.items()}
    return read_ncco(list(actions), settings=full)


def connect(**keys: Any) -> dict[str, Any]:
    return {"action": "connect", "endpoint": [PHONE], **keys}


def talk(**keys: Any) -> dict[str, Any]:
    return {**HI, **keys}


def speech(**keys: Any) -> dict[str, Any]:
    return {**DTMF, "type": ["speech"], "speech": keys}


def record(**keys: Any) -> dict[str, Any]:
    return {"action": "record", **keys}


def stream(url: str) -> dict[str, Any]:
    return {"action": "stream", "streamUrl": [url]}


def phone(**keys: Any) -> dict[str, Any]:
    return connect(endpoint=[{**PHONE, **keys}])


E, W, I = "error", "warning", "info"  # noqa: E741 - a table reads better with short words

# document, code, severity, pointer, refused
TABLE: list[tuple[Any, str, str, str, bool]] = [
    ({}, "not-an-ncco", E, "", True),
    ("[]", "not-an-ncco", E, "", True),
    (None, "not-an-ncco", E, "", True),
    ([], "empty-ncco", I, "", False),
    ([HI, 3], "not-an-object", E, "/1", True),
    ([{"text": "Hi"}], "missing-action", E, "/0", True),
    ([{"action": "tlak", "text": "Hi"}], "unknown-action", E, "/0/action", True),
    ([{"action": ["talk"]}], "unknown-action", E, "/0/action", True),
    ([{"action": "talk"}], "missing-key", E, "/0", True),
    ([phone(onAnswer={})], "missing-key", E, "/0/endpoint/0/onAnswer", True),
    ([talk(txet="x")], "unknown-key", W, "/0/txet", False),
    ([talk(**{"a/b~c": 1})], "unknown-key", W, "/0/a~1b~0c", False),
    ([phone(nubmer="1")], "unknown-key", W, "/0/endpoint/0/nubmer", False),
    ([talk(bargein=False)], "wrong-case", W, "/0/bargein", False),
    ([{**DTMF, "eventMethod": "post"}], "wrong-case", W, "/0/eventMethod", False),
    ([talk(text=3)], "wrong-type", E, "/0/text", True),
    ([phone(number=447700900001)], "wrong-type", E, "/0/endpoint/0/number", True),
    ([talk(level=float("nan"))], "wrong-type", E, "/0/level", True),
    ([talk(loop=10**400)], "", "", "", False),
    ([{"action": "wait", "timeout": 10**400}], "wrong-type", E, "/0/timeout", True),
    ([{**DTMF, "type": "dtmf"}], "not-an-array", E, "/0/type", True),
    ([{**DTMF, "eventUrl": URL[0]}], "event-url-not-array", E, "/0/eventUrl", True),
    ([{"action": "stream", "streamUrl": URL[0]}], "stream-url-not-array", E, "/0/streamUrl", True),
    ([connect(endpoint=PHONE)], "endpoint-not-array", E, "/0/endpoint", True),
    ([{"action": "stream", "streamUrl": URL * 2}], "one-stream-url", E, "/0/streamUrl", True),
    ([connect(endpoint=[PHONE, PHONE])], "one-endpoint", E, "/0/endpoint", True),
    ([connect(endpoint=[])], "one-endpoint", E, "/0/endpoint", True),
    ([{**DTMF, "eventUrl": []}], "one-event-url", W, "/0/eventUrl", False),
    (
        [connect(endpoint=[{"type": "fone", "number": "1"}])],
        "unknown-endpoint-type",
        E,
        "/0/endpoint/0/type",
        True,
    ),
    (
        [connect(endpoint=[{"number": "1"}])],
        "unknown-endpoint-type",
        E,
        "/0/endpoint/0",
        True,
    ),
    ([{**DTMF, "dtmf": {"timeOut": "5"}}], "number-as-text", W, "/0/dtmf/timeOut", False),
    ([{**DTMF, "speech": None, "dtmf": {}}], "", "", "", False),
    ([talk(premium="true")], "boolean-as-text", W, "/0/premium", False),
    ([talk(language=None)], "null-value", W, "/0/language", False),
    ([{**DTMF, "dtmf": {"timeOut": 11}}], "out-of-range", E, "/0/dtmf/timeOut", True),
    ([{**DTMF, "dtmf": {"maxDigits": 0}}], "out-of-range", E, "/0/dtmf/maxDigits", True),
    ([talk(level=1.5)], "out-of-range", E, "/0/level", True),
    ([talk(loop=-1)], "out-of-range", E, "/0/loop", True),
    ([connect(limit=7201)], "out-of-range", E, "/0/limit", True),
    ([{**DTMF, "type": ["dtfm"]}], "invalid-value", E, "/0/type/0", True),
    ([phone(dtmfAnswer="1w2")], "invalid-value", E, "/0/endpoint/0/dtmfAnswer", True),
    ([{**DTMF, "eventUrl": ["/event"]}], "invalid-url", E, "/0/eventUrl", False),
    ([stream("ftp://x/a")], "invalid-url", E, "/0/streamUrl/0", False),
    ([phone(onAnswer={"url": "x"})], "invalid-url", E, "/0/endpoint/0/onAnswer/url", False),
    ([talk(text=" ")], "empty-text", W, "/0/text", False),
    ([talk(text="<speak><break/></speak>")], "empty-text", W, "/0/text", False),
    ([talk(text="a" * 1501)], "text-too-long", E, "/0/text", False),
    ([talk(text="<speak>fish & chips</speak>")], "malformed-ssml", E, "/0/text", False),
    ([talk(text="<speak>a<audio/></speak>")], "unknown-ssml-tag", W, "/0/text", False),
    ([talk(text="<speak>a<break time='1'/></speak>")], "invalid-break", W, "/0/text", False),
    ([talk(text="one <break time='1s'/> two")], "ssml-without-speak", W, "/0/text", False),
    ([talk(voiceName="Amy")], "deprecated-voice-name", W, "/0/voiceName", False),
    ([stream("a/b.mp3")], "local-file", I, "/0/streamUrl/0", False),
    ([stream("file:///b.mp3")], "local-file", I, "/0/streamUrl/0", False),
    ([stream("C:\\b.mp3")], "local-file", I, "/0/streamUrl/0", False),
    ([talk(bargeIn=True)], "barge-in-without-input", W, "/0/bargeIn", False),
    ([talk(bargeIn=True), NOTIFY, DTMF], "barge-in-without-input", W, "/0/bargeIn", False),
    ([talk(loop=0), HI], "unreachable-after-loop", W, "/0/loop", False),
    ([{"action": "input", "maxDigits": 1}], "legacy-input", W, "/0", False),
    ([{"action": "input", "eventUrl": URL}], "input-without-type", W, "/0", False),
    ([{"action": "input", "dtmf": {}}], "input-without-type", W, "/0", False),
    ([{**DTMF, "maxDigits": 1}], "legacy-key", W, "/0/maxDigits", False),
    ([{**DTMF, "speech": {}}], "settings-without-type", W, "/0/speech", False),
    ([{**DTMF, "mode": "asynchronous"}], "not-simulated", I, "/0/mode", False),
    ([{**NOTIFY, "payload": {"step": 1}}], "notify-without-id", W, "/0/payload", False),
    ([{**NOTIFY, "payload": {"uuid": ""}}], "notify-without-id", W, "/0/payload", False),
    ([{"action": "notify", "payload": {"uuid": "a"}}], "notify-without-event-url", E, "/0", False),
    ([{"action": "wait", "timeout": 0.01}], "wait-clamped", W, "/0/timeout", False),
    ([phone(number="+44 7700 900001")], "number-format", W, "/0/endpoint/0/number", False),
    ([phone(number="bob")], "number-format", E, "/0/endpoint/0/number", False),
    ([connect(**{"from": "+447700900001"})], "number-format", W, "/0/from", False),
    (
        [connect(**{"from": "447700900001", "randomFromNumber": True})],
        "from-and-random",
        W,
        "/0/randomFromNumber",
        False,
    ),
    ([connect(machineDetection="hangup")], "not-simulated", I, "/0/machineDetection", False),
    ([connect(advanced_machine_detection={})], "not-simulated", I, "/0", False),
    ([{**DTMF, "type": ["speech"]}], "", "", "", False),
    ([speech(uuid=["a"], context=["one"], saveAudio=True)], "", "", "", False),
    ([speech(uuid=["a", "b"])], "one-speech-uuid", W, "/0/speech/uuid", False),
    ([speech(uuid=[])], "one-speech-uuid", W, "/0/speech/uuid", False),
    ([speech(sensitivity=50)], "sensitivity-unused", I, "/0/speech/sensitivity", False),
    ([speech(sensitivity=5)], "out-of-range", E, "/0/speech/sensitivity", True),
    ([speech(endOnSilence=0.3)], "out-of-range", E, "/0/speech/endOnSilence", True),
    ([record(), HI], "", "", "", False),
    ([record(endOnKey="#")], "", "", "", False),
    ([record()], "record-at-the-end", W, "/0", False),
    ([record(timeOut=9)], "record-at-the-end", W, "/0", False),
    ([record(endOnKey="12")], "invalid-value", E, "/0/endOnKey", True),
    ([record(endOnKey=1)], "wrong-type", E, "/0/endOnKey", True),
    ([record(timeOut=2), HI], "out-of-range", E, "/0/timeOut", True),
    ([record(endOnSilence="3")], "number-as-text", W, "/0/endOnSilence", False),
    ([record(format="flac"), HI], "invalid-value", E, "/0/format", True),
    ([record(channels=2), HI], "channels-without-split", W, "/0/channels", False),
    ([record(**SPLIT, channels=3, format="mp3"), HI], "mp3-channels", W, "/0/format", False),
    ([record(**SPLIT, channels=3), HI], "", "", "", False),
    ([record(endOnSilence=5, timeOut=5)], "record-silence-too-long", W, "/0/endOnSilence", False),
    ([record(endOnKey="#", transcription={})], "not-simulated", I, "/0/transcription", False),
    ([{"action": "conversation", "name": "x"}], "not-simulated", I, "/0", False),
    ([{"action": "transfer", "conversationId": "CON-1"}], "not-simulated", I, "/0", False),
    ([connect(endpoint=[APP])], "not-simulated", I, "/0/endpoint/0/type", False),
]  # fmt: skip


@pytest.mark.parametrize(("document", "code", "severity", "pointer", "refused"), TABLE)
def test_one_finding(document: Any, code: str, severity: str, pointer: str, refused: bool) -> None:
    ncco = read_ncco(document, settings={})
    found = [(d.code, d.severity, d.pointer) for d in ncco.diagnostics]
    assert found == ([(f"vonage.{code}", severity, pointer)] if code else [])
    assert ncco.usable is not refused
    for diagnostic in ncco.diagnostics:
        assert diagnostic.reason == (SYNTAX_ERROR if refused else None)
        assert diagnostic.message and diagnostic.basis and diagnostic.page


def test_two_findings_of_one_key() -> None:
    ncco = read({**DTMF, "mode": "asynchronous", "dtmf": {}})
    assert [d.code for d in ncco.diagnostics] == [
        "vonage.asynchronous-with-dtmf",
        "vonage.not-simulated",
    ]
    ncco = read({"action": "conversation", "name": "x", "mute": True, "canSpeak": []})
    assert [d.pointer for d in ncco.diagnostics] == ["/0", "/0/mute"]
    assert ncco.diagnostics[1].code == "vonage.mute-with-can-speak"
    ncco = read(record(endOnKey="#", transcription={"langauge": "de-DE"}))
    assert [d.pointer for d in ncco.diagnostics] == [
        "/0/transcription/langauge",
        "/0/transcription",
    ]
    ncco = read(record(endOnKey="#", transcription={"eventUrl": ["x"]}))
    assert [d.pointer for d in ncco.diagnostics] == [
        "/0/transcription",
        "/0/transcription/eventUrl",
    ]


def test_every_rule_has_a_test() -> None:
    elsewhere = {
        "asynchronous-with-dtmf",
        "mute-with-can-speak",
        "barge-in-mixed",
        "too-many-findings",
    }
    tested = {f"vonage.{code}" for _, code, *_ in TABLE if code}
    assert set(RULES) == tested | {f"vonage.{code}" for code in elsewhere}


def suggestion(*actions: Any) -> str | None:
    (diagnostic,) = read(*actions).diagnostics
    return diagnostic.suggestion


def test_suggestions_name_what_was_meant() -> None:
    assert suggestion({"action": "tlak"}) == 'did you mean "talk"?'
    assert suggestion({"action": "Talk", "text": "x"}) == 'did you mean "talk"?'
    assert suggestion(talk(lnaguage="x")) == 'did you mean "language"?'
    assert suggestion(talk(bargein=True)) == 'write "bargeIn"'
    assert suggestion({**DTMF, "endOnSilence": 2}) == 'put it into "speech"'
    assert suggestion({**DTMF, "eventUrl": URL[0]}) == f'write ["{URL[0]}"]'
    assert suggestion(phone(number=447700900001)) == 'write "447700900001"'
    assert suggestion(talk(text="<speak>a & b</speak>")) == "write & as &amp; and < as &lt;"


def test_a_typical_document_has_nothing_to_say() -> None:
    ncco = read(talk(bargeIn=True), {**DTMF, "dtmf": {"maxDigits": 6, "timeOut": 5}}, connect())
    assert ncco.usable and not ncco.diagnostics and not ncco.decided
    assert [action.pointer for action in ncco.actions] == ["/0", "/1", "/2"]
    assert [action.summary for action in ncco.actions] == [
        "talk “Hi”",
        "input dtmf, 6 digits",
        "connect phone 447700900001",
    ]


def test_repaired_values_are_used() -> None:
    ncco = read({**DTMF, "dtmf": {"timeOut": "5", "maxDigits": "2", "submitOnHash": "true"}})
    action = ncco.actions[0]
    assert isinstance(action, Input)
    assert (action.capture.time_out_ms, action.capture.max_digits) == (5000, 2)
    assert action.capture.submit_on_hash is True
    assert isinstance(ncco.raw, list) and ncco.raw[0]["dtmf"]["timeOut"] == "5"


def test_the_older_input() -> None:
    (action,) = read({"action": "input", "timeOut": 7, "maxDigits": 1}).actions
    assert isinstance(action, Input) and action.legacy and action.types == ("dtmf",)
    assert (action.capture.time_out_ms, action.capture.max_digits) == (7000, 1)
    (modern,) = read({"action": "input", "dtmf": {"maxDigits": 2}}).actions
    assert isinstance(modern, Input) and not modern.legacy and modern.capture.max_digits == 2


def test_defaults_of_an_input() -> None:
    (action,) = read(DTMF).actions
    assert isinstance(action, Input)
    assert (action.capture.time_out, action.capture.max_digits) == (3.0, 4)
    assert action.capture.submit_on_hash is False
    assert action.event_address == URL[0] and action.event_method == "POST"


def test_barge_in_stays_until_an_input() -> None:
    ncco = read(HI, talk(bargeIn=True), talk(bargeIn=False), DTMF, HI)
    prompts = [a.interruptible for a in ncco.actions if isinstance(a, Prompt)]
    assert prompts == [False, True, True, False]


def test_a_loop_that_can_be_interrupted_is_fine() -> None:
    assert not read(talk(loop=0, bargeIn=True), DTMF).diagnostics
    assert not read(talk(loop=0)).diagnostics
    assert not read(talk(bargeIn=True), talk(loop=0), DTMF).diagnostics


def test_wait_is_clamped() -> None:
    waits = [read({"action": "wait", "timeout": s}).actions[0] for s in (-1, 0.25, 9000)]
    assert [w.timeout_ms for w in waits if isinstance(w, Wait)] == [100, 250, 7_200_000]


def test_connect() -> None:
    (action,) = read(
        connect(
            endpoint=[{**PHONE, "onAnswer": {"url": "http://x/", "ringback": "http://x/r"}}],
            eventType="synchronous",
        )
    ).actions
    assert isinstance(action, Connect) and action.synchronous
    assert (action.timeout, action.limit) == (60, 7200)
    assert action.phone is not None and action.phone.on_answer is not None
    assert action.phone.on_answer.ringback_tone == "http://x/r"
    (plus,) = read(phone(number="+44 7700 900001")).actions
    assert isinstance(plus, Connect) and plus.phone is not None
    assert plus.phone.e164 == "447700900001"


def test_record() -> None:
    ncco = read(record(endOnSilence=3, endOnKey="#", timeOut=60), record(split="conversation"), HI)
    assert [action.summary for action in ncco.actions][:2] == [
        "record mp3, until 3 s of silence or key # or 60 s",
        "record mp3, until the end",
    ]
    first, second = ncco.actions[:2]
    assert isinstance(first, Record) and isinstance(second, Record)
    assert (first.blocks, first.endless, second.blocks, second.endless) == (
        True,
        False,
        False,
        True,
    )
    assert (first.file_channels, second.file_channels) == (1, 2)


def test_templates_of_scripted_pages_are_not_judged() -> None:
    assert not read(phone(number="${from}"), {**DTMF, "eventUrl": ["${base}/x"]}).diagnostics


@pytest.mark.parametrize(
    ("document", "setting", "choice", "usable"),
    [
        ([], "empty_ncco", "invalid", False),
        ([{**DTMF, "eventUrl": URL[0]}], "event_url_text", "accept", True),
        ([talk(level=2)], "out_of_range", "clamp", True),
    ],
)
def test_settings_decide(document: Any, setting: str, choice: str, usable: bool) -> None:
    assert read(*document).usable is not usable
    other = read(*document, **{setting: choice})
    assert other.usable is usable
    assert other.decided == (f"vonage.{setting}",)
    assert all(d.reason is None for d in other.diagnostics) is usable


def test_what_a_setting_accepts_is_used() -> None:
    (accepted,) = read({**DTMF, "eventUrl": URL[0]}, event_url_text="accept").actions
    assert isinstance(accepted, Input) and accepted.event_url == URL
    (clamped,) = read(talk(level=2), out_of_range="clamp").actions
    assert isinstance(clamped, Talk) and clamped.level == 1


def test_barge_in_over_talks_and_streams() -> None:
    mixed = [talk(bargeIn=True), {"action": "stream", "streamUrl": URL}, DTMF]
    accepted = read(*mixed)
    assert not accepted.diagnostics and accepted.decided == ("vonage.barge_in_mixed",)
    (warned,) = read(*mixed, barge_in_mixed="warn").diagnostics
    assert (warned.code, warned.pointer) == ("vonage.barge-in-mixed", "/0/bargeIn")


def test_the_end_after_barge_in_is_for_a_setting_to_decide() -> None:
    assert read(talk(bargeIn=True)).decided == ("vonage.barge_in_end",)


def test_a_refused_document_still_shows_what_could_be_read() -> None:
    ncco = read(HI, {"action": "tlak"}, DTMF)
    assert not ncco.usable
    assert [action.pointer for action in ncco.actions] == ["/0", "/2"]


def test_a_flood_of_findings_is_cut() -> None:
    ncco = read(*[{"action": "tlak"}] * 5000)
    assert len(ncco.diagnostics) == 101
    last: Diagnostic = ncco.diagnostics[-1]
    assert (last.code, last.pointer) == ("vonage.too-many-findings", "")


def test_half_characters_do_not_leave_the_reader() -> None:
    ncco = read({"action": "\ud800"}, talk(**{"\ud800": 1}), talk(text="<speak>\ud800</speak>"))
    for diagnostic in ncco.diagnostics:
        str(diagnostic.to_json()).encode()
