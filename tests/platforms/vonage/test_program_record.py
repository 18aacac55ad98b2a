"""The action record as transcripts: what ends it, when its event goes out, what it says."""

from __future__ import annotations

from typing import Any

import pytest

from ivrsim.engine import commands as cmd
from ivrsim.engine import events as ev
from tests.desk import SIZE, URL, Desk, replies, setup

BYE = {"action": "talk", "text": "Bye"}
HELLO = {"action": "talk", "text": "Hello"}
WAIT = {"action": "wait", "timeout": 5}


def record(**more: Any) -> dict[str, Any]:
    return {"action": "record", **more}


def call(*ncco: dict[str, Any], settings: Any = None, **changes: Any) -> Desk:
    made = setup("vonage", settings=settings or {}, **changes)
    return Desk(made, replies(answer=[list(ncco)]))


def started(desk: Desk) -> cmd.StartRecording:
    (command,) = [c for c in desk.asked if isinstance(c, cmd.StartRecording)]
    return command


def stopped(desk: Desk) -> cmd.StopRecording:
    (command,) = [c for c in desk.asked if isinstance(c, cmd.StopRecording)]
    return command


# ------------------------------------------------------------------ what ends one that blocks


@pytest.mark.parametrize(
    ("rules", "voices", "keys", "ends"),
    [
        # silence, from the beginning too, and counted from when it truly began
        ({"endOnSilence": 3}, [], "", "3000 ● r1 by silence after 3000"),
        ({"endOnSilence": 3}, [(1000, 5000, 0)], "", "8000 ● r1 by silence after 8000"),
        ({"endOnSilence": 3}, [(1000, 5000, 700)], "", "8000 ● r1 by silence after 8000"),
        (
            {"endOnSilence": 3},
            [(1000, 5000, 0), (7900, 9000, 0)],
            "",
            "12000 ● r1 by silence after 12000",
        ),
        # a key is a sound
        ({"endOnSilence": 3}, [], "1", "5000 ● r1 by silence after 5000"),
        ({"endOnSilence": 3}, [(1000, 1500, 0)], "1", "5000 ● r1 by silence after 5000"),
        ({"endOnSilence": 3}, [(1000, 6000, 0)], "1", "9000 ● r1 by silence after 9000"),
        # a key ends it, others do not
        ({"endOnKey": "#"}, [], "1#", "2200 ● r1 by key after 2200"),
        (
            {"endOnKey": "#", "endOnSilence": 3},
            [(500, 9000, 0)],
            "#",
            "2000 ● r1 by key after 2000",
        ),
        ({"endOnKey": "#", "endOnSilence": 3}, [], "1", "5000 ● r1 by silence after 5000"),
        # its time
        ({"endOnKey": "#", "timeOut": 7}, [], "1", "7000 ● r1 by limit after 7000"),
        (
            {"endOnSilence": 3, "timeOut": 7},
            [(100, 60_000, 0)],
            "",
            "7000 ● r1 by limit after 7000",
        ),
    ],
)
def test_what_ends_it(rules: Any, voices: list[tuple[int, int, int]], keys: str, ends: str) -> None:
    desk = call(record(**rules), BYE)
    for voice in voices:
        desk.voice(*voice)
    desk.press(2000, keys).run()
    assert desk.lines("●") == ["0 ● r1 mp3", ends]
    assert desk.diagnostics() == []
    assert {r.data["ignored"] for r in desk.all("digit")} <= {None}
    assert {r.data["recording"] for r in desk.all("digit")} <= {"r1"}


def test_silence_may_have_to_follow_a_sound() -> None:
    settings = {"vonage.record_initial_silence": "waits"}
    desk = call(record(endOnSilence=3), settings=settings).voice(20_000, 21_000).run()
    assert desk.lines("●")[1] == "24000 ● r1 by silence after 24000"
    assert desk.decided()["vonage.record_initial_silence"] == "waits"


def test_somebody_who_speaks_before_the_recording() -> None:
    desk = call(HELLO, record(endOnSilence=3)).voice(500, 2500).run()
    assert desk.lines("●") == ["1000 ● r1 mp3", "5500 ● r1 by silence after 4500"]


@pytest.mark.parametrize(("source", "tail"), [("script", 0), ("microphone", 120)])
def test_the_key_is_not_in_the_audio(source: str, tail: int) -> None:
    desk = call(record(endOnKey="*")).at(2000, ev.DigitPressed("*", source)).run()
    assert stopped(desk) == cmd.StopRecording("r1", tail)
    assert desk.one("recording.stopped").data["duration_ms"] == 2000 - tail


def test_the_event_goes_out_before_the_next_action() -> None:
    desk = call(record(endOnSilence=3), BYE).run()
    assert desk.lines("→▸●")[-4:] == [
        "3000 ● r1 by silence after 3000",
        "3000 → record",
        "3000 ▸ Bye",
        "4000 → event completed",
    ]


def test_what_the_event_says() -> None:
    own = {"eventUrl": ["http://app/recordings"]}
    desk = call(HELLO, record(endOnSilence=3, **own)).voice(1500, 2500).run()
    uuid = desk.one("recording.started").data["uuid"]
    (sent,) = [command for command in desk.sent if command.purpose == "record"]
    assert sent.url == "http://app/recordings"
    assert sent.context["event"] == "record"
    assert desk.bodies("record") == [
        {
            "start_time": "2026-11-21T09:00:01Z",
            "recording_url": URL + "r1",
            "size": SIZE,
            "recording_uuid": uuid,
            "end_time": "2026-11-21T09:00:05Z",
            "conversation_uuid": desk.one("call.started").data["ids"]["conversation_uuid"],
            "timestamp": "2026-11-21T09:00:05.500Z",
        }
    ]


def test_an_ncco_in_reply_to_the_event_changes_nothing() -> None:
    desk = Desk(setup("vonage"), replies(answer=[[record(endOnSilence=3), BYE]], record=[[HELLO]]))
    assert desk.run().lines("▸") == ["3000 ▸ Bye"]
    assert desk.diagnostics() == ["vonage.reply-without-effect"]


def test_times_with_milliseconds() -> None:
    desk = call(record(endOnSilence=3), settings={"vonage.record_times": "milliseconds"}).run()
    assert desk.bodies("record")[0]["end_time"] == "2026-11-21T09:00:03.000Z"


def test_without_an_event_url_it_is_not_sent() -> None:
    desk = call(record(endOnSilence=3), BYE, urls={"answer": "http://app/answer"}).run()
    assert "3000 → record, not sent" in desk.lines("→")


# ------------------------------------------------------------------ in the background


def test_beside_the_call_to_its_end() -> None:
    desk = call(record(), HELLO, WAIT).run()
    assert desk.lines("▸●") == ["0 ● r1 mp3", "0 ▸ Hello", "6000 ● r1 by end after 6000"]
    assert desk.lines("→")[-2:] == ["6000 → event completed", "6000 → record"]
    assert desk.decided()["vonage.record_no_end"] == "records"


def test_the_caller_hangs_up() -> None:
    desk = call(record(), HELLO, WAIT).hang_up(3000).run()
    assert desk.lines("●")[1] == "3000 ● r1 by hangup after 3000"
    assert len(desk.bodies("record")) == 1


def test_the_caller_hangs_up_on_one_that_blocks() -> None:
    desk = call(record(endOnSilence=3), BYE).voice(500, 9000).hang_up(2000).run()
    assert desk.lines("●▸!") == [
        "0 ● r1 mp3",
        "2000 ● r1 by hangup after 2000",
        "2000 ! record interrupted",
    ]
    assert len(desk.bodies("record")) == 1


def test_nothing_ends_it_and_nothing_is_recorded() -> None:
    desk = call(record(), BYE, settings={"vonage.record_no_end": "nothing"}).run()
    assert desk.lines("●▸!") == ["0 ! record skipped", "0 ▸ Bye"]


@pytest.mark.parametrize(
    ("value", "lines"),
    [
        ("background", ["0 ● r1 mp3", "0 ▸ Bye", "4000 ● r1 by limit after 4000"]),
        ("blocks", ["0 ● r1 mp3", "4000 ● r1 by limit after 4000", "4000 ▸ Bye"]),
    ],
)
def test_a_time_alone(value: str, lines: list[str]) -> None:
    desk = call(record(timeOut=4), BYE, WAIT, settings={"vonage.record_time_out": value}).run()
    assert desk.lines("●▸") == lines
    assert len(desk.bodies("record")) == 1


def test_the_call_ends_before_its_time() -> None:
    desk = call(record(timeOut=60), BYE).run()
    assert desk.lines("●")[1] == "1000 ● r1 by end after 1000"


def test_keys_and_words_are_the_inputs_own_beside_a_recording() -> None:
    ask = {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}}
    desk = call(record(), HELLO, ask, WAIT).press(1500, "7").say(2000, "well", 500).run()
    assert desk.lines("=⌨“") == ["1500 ⌨ 7", "1500 = 7 by max_digits", "2500 “ well"]
    assert desk.diagnostics() == []


def test_several_at_once() -> None:
    desk = call(record(), record(endOnSilence=3, format="wav"), BYE).run()
    assert desk.lines("●") == [
        "0 ● r1 mp3",
        "0 ● r2 wav",
        "3000 ● r2 by silence after 3000",
        "4000 ● r1 by end after 4000",
    ]
    urls = [body["recording_url"] for body in desk.bodies("record")]
    assert urls == [URL + "r2", URL + "r1"]


# ------------------------------------------------------------------ the file


@pytest.mark.parametrize(
    ("rules", "format", "channels"),
    [
        ({}, "mp3", 1),
        ({"format": "ogg"}, "ogg", 1),
        ({"split": "conversation"}, "mp3", 2),
        ({"split": "conversation", "channels": 3}, "wav", 3),
        ({"split": "conversation", "channels": 3, "format": "mp3"}, "wav", 3),
        ({"split": "conversation", "channels": 3, "format": "ogg"}, "ogg", 3),
        ({"split": "conversation", "channels": 1}, "mp3", 1),
        ({"channels": 3}, "mp3", 1),
    ],
)
def test_formats(rules: Any, format: Any, channels: int) -> None:
    assert started(call(record(**rules), HELLO).run()) == cmd.StartRecording("r1", format, channels)


def test_it_begins_after_the_beep() -> None:
    desk = call(HELLO, record(beepStart=True, endOnSilence=3), BYE).run()
    assert desk.lines("▸●") == [
        "0 ▸ Hello",
        "1000 ▸ beep",
        "1500 ● r1 mp3",
        "4500 ● r1 by silence after 3000",
        "4500 ▸ Bye",
    ]
    assert [r.data["purpose"] for r in desk.all("prompt.started")][1] == "beep"


def test_one_that_could_not_be_made_is_a_remark_and_the_call_goes_on() -> None:
    desk = call(record(endOnSilence=3), BYE)
    desk.bad_recordings = frozenset({"r1"})
    desk.run()
    assert desk.diagnostics() == ["vonage.recording-failed"]
    assert desk.lines("▸") == ["3000 ▸ Bye"]
    assert desk.bodies("record") == []
    assert not desk.end["failed"]


def test_an_answer_that_never_comes_does_not_hold_the_call_for_ever() -> None:
    desk = call(record(), HELLO)
    desk.lost_recordings = frozenset({"r1"})
    desk.at(5000, ev.LimitReached("max_time", 5000)).run()
    assert desk.session.ended
    assert desk.end["by"] == "platform"
    (late, _) = desk.session.feed(ev.RecordingStored("r1", "x", 1, 1), 6000)
    assert late[0].data["ignored"] is True


def test_an_answer_that_nobody_asked_for() -> None:
    desk = call(HELLO).at(500, ev.RecordingStored("r7", "x", 1, 1)).run()
    assert desk.one("recording.stored").data["ignored"] is True


def test_what_a_limit_cuts_off_is_no_longer_recorded() -> None:
    desk = call(record(), HELLO, {"action": "wait", "timeout": 900})
    desk.at(2000, ev.LimitReached("max_time", 2000)).run()
    assert desk.lines("●")[1] == "2000 ● r1 by hangup after 2000"


def test_keys_of_a_secret_document_are_masked_but_for_the_one_that_ends_it() -> None:
    desk = call(record(endOnKey="5"), secret=True).press(1000, "125").run()
    assert [r.data["digit"] for r in desk.all("digit")] == ["•", "•", "5"]
    assert desk.lines("●")[1] == "1400 ● r1 by key after 1400"
