"""The table at the head of ``engine/speech.py``, to the millisecond.

One prompt of 1000 ms, then the capture listens. ``voice`` is (begin, end, noticed so much later).
"""

from __future__ import annotations

from typing import Any

import pytest

from ivrsim.engine import commands as cmd
from ivrsim.engine import events as ev
from ivrsim.engine.capture import Captured
from ivrsim.engine.speech import SpeechSpec
from tests.desk import Desk
from tests.engine.test_capture import make

RULES = SpeechSpec(5000, 2000, 10_000, "en-GB", ("sales", "support"))
BOTH: dict[str, Any] = {"types": ("dtmf", "speech"), "first_digit_ms": 3000, "inter_digit_ms": 1000}
WORDS: dict[str, Any] = {"types": ("speech",)}


def listen(rules: SpeechSpec = RULES, **spec: Any) -> Desk:
    return make(**{**WORDS, "speech": rules, **spec})


def captured(desk: Desk) -> Captured:
    result = desk.session.platform.captured  # type: ignore[attr-defined]  # Toy
    assert isinstance(result, Captured)
    return result


@pytest.mark.parametrize(
    ("voices", "line"),
    [
        # nobody speaks: start_ms, from the end of the prompt
        ([], "6000 = nothing by start_timeout"),
        # silence ends it, counted from when it truly began
        ([(2000, 3000, 0)], "5000 = nothing by end_on_silence"),
        ([(2000, 3000, 600)], "5000 = nothing by end_on_silence"),
        ([(2000, 3000, 2500)], "5500 = nothing by end_on_silence"),
        # a voice again ends that wait
        ([(2000, 3000, 0), (4999, 5500, 0)], "7500 = nothing by end_on_silence"),
        ([(2000, 3000, 0), (5001, 5500, 0)], "5000 = nothing by end_on_silence"),
        # a voice ends the wait for one
        ([(5999, 7000, 0)], "9000 = nothing by end_on_silence"),
        ([(6001, 7000, 0)], "6000 = nothing by start_timeout"),
        # a voice cuts the prompt
        ([(300, 800, 0)], "2800 = nothing by end_on_silence"),
        # the longest, from when it began; then the words may take a moment
        ([(2000, 30_000, 0)], "13000 = nothing by max_duration"),
        ([(300, 30_000, 0)], "11300 = nothing by max_duration"),
        ([(2000, 11_500, 0)], "12000 = nothing by max_duration"),
    ],
)
def test_timing(voices: list[tuple[int, int, int]], line: str) -> None:
    desk = listen()
    for begin, end, ago in voices:
        desk.voice(begin, end, ago)
    desk.run()
    assert desk.lines("=") == [line]
    assert desk.session.keys.capture is None
    assert desk.session.hearing.capture is None
    started = {r.data["timer"] for r in desk.all("timer.started")}
    over = {r.data["timer"] for r in desk.records if r.kind in ("timer.fired", "timer.cancelled")}
    assert started == over, "a timer was left running"


@pytest.mark.parametrize(
    ("voices", "line"),
    [
        ([], "800 = nothing by start_timeout"),
        ([(700, 750, 0)], "2750 = nothing by end_on_silence"),
    ],
)
def test_the_wait_for_a_voice_may_begin_at_once(voices: Any, line: str) -> None:
    desk = listen(SpeechSpec(800, 2000, 9000), first_from="open")
    for begin, end, ago in voices:
        desk.voice(begin, end, ago)
    assert desk.run().lines("=") == [line]


def test_what_is_said_is_the_result() -> None:
    desk = listen().say(2000, "opening hours", 900, 0.75).run()
    spoken = captured(desk).spoken
    assert spoken.readings == (("opening hours", 0.75),)
    assert (spoken.text, spoken.voice, spoken.overridden) == ("opening hours", True, False)
    closed = desk.one("capture.closed").data
    assert (closed["text"], closed["valid"], closed["timed_out"]) == ("opening hours", True, False)
    began, heard = desk.one("speech.started"), desk.one("speech")
    assert closed["speech_seqs"] == [began.seq, heard.seq]
    assert {began.data["capture"], heard.data["capture"]} == {closed["capture"]}


def test_several_utterances_are_joined_and_as_sure_as_the_least() -> None:
    desk = (
        listen().say(2000, "a table", 500, 0.9).say(3000, None, 300).say(4000, "for two", 400, 0.6)
    )
    desk.run()
    assert desk.lines("=") == ["6400 = a table for two by end_on_silence"]
    assert captured(desk).spoken.readings == (("a table for two", 0.6),)


def test_further_readings_of_one_utterance() -> None:
    heard = ev.SpeechHeard("a", "sales", "microphone", 500, 0.9, (("sails", 0.4),))
    desk = listen().at(2500, heard).voice(2000, 2500).run()
    assert captured(desk).spoken.readings == (("sales", 0.9), ("sails", 0.4))
    assert desk.one("speech").data["alternatives"] == [["sails", 0.4]]


def test_a_voice_without_words_is_no_result() -> None:
    desk = listen().say(2000, None, 500).run()
    spoken = captured(desk).spoken
    assert (spoken.readings, spoken.voice) == ((), True)
    assert not desk.one("capture.closed").data["valid"]


def test_words_alone_count_although_no_voice_was_noticed() -> None:
    desk = listen().at(2500, ev.SpeechHeard("a", "sales", "microphone", 500, 0.9)).run()
    assert desk.lines("=") == ["4500 = sales by end_on_silence"]


def test_typed_words_cut_short_are_those_said_so_far() -> None:
    desk = listen(SpeechSpec(5000, 2000, 1000))
    desk.say(2000, "one two three four", 1800, source="typed").run()
    assert desk.lines("=") == ["3000 = one two by max_duration"]


def test_words_of_the_microphone_cut_short_are_waited_for() -> None:
    desk = listen(SpeechSpec(5000, 2000, 1000)).at(2000, ev.SpeechStarted("a"))
    desk.at(3300, ev.SpeechHeard("a", "one two", "microphone", 1000, 0.8)).run()
    assert desk.lines("=") == ["3300 = one two by max_duration"]


def test_a_voice_whose_words_never_come_is_not_waited_for_when_it_is_silent() -> None:
    desk = listen(SpeechSpec(5000, 2000, 1500)).voice(2000, 3000).run()
    assert desk.lines("=") == ["3500 = nothing by max_duration"]


# ------------------------------------------------------------------ keys beside words


@pytest.mark.parametrize(
    ("at", "said", "lines"),
    [
        (2000, None, ["3000 = 1 by inter_digit"]),
        (2500, (2000, "sales"), ["3500 = 1 by inter_digit"]),
        (3500, (2000, "sales"), ["4500 = 1 by inter_digit"]),
        (300, None, ["1300 = 1 by inter_digit"]),
    ],
)
def test_a_key_overrides_what_is_said(at: int, said: Any, lines: list[str]) -> None:
    desk = listen(**BOTH).press(at, "1")
    if said is not None:
        desk.say(*said)
    desk.run()
    assert desk.lines("=") == lines
    assert captured(desk).spoken.overridden
    assert captured(desk).spoken.readings == ()
    closed = desk.one("capture.closed").data
    assert (closed["text"], closed["timed_out"], closed["digits"]) == (None, True, "1")


def test_nobody_does_anything_the_later_of_both_waits_ends_it() -> None:
    desk = listen(**BOTH).run()
    assert desk.lines("=") == ["6000 = nothing by start_timeout"]
    assert captured(desk).timed_out
    desk = listen(SpeechSpec(2000, 2000, 9000), **BOTH).run()
    assert desk.lines("=") == ["4000 = nothing by start_timeout"]


def test_words_after_a_key_are_ignored_with_one_remark() -> None:
    desk = listen(**BOTH).press(2000, "1").say(2100, "sales", 200).say(2500, "please", 200).run()
    assert {r.data["ignored"] for r in desk.all("speech.started")} == {"speech-over"}
    assert desk.diagnostics() == ["toy.speech-ignored"]


def test_keys_where_only_words_are_asked_for_have_no_effect() -> None:
    desk = listen().press(2000, "12").say(3000, "sales").run()
    assert desk.lines("⌨=") == [
        "2000 ⌨ 1 not-a-digit-here",
        "2200 ⌨ 2 not-a-digit-here",
        "6000 = sales by end_on_silence",
    ]


def test_words_where_only_keys_are_asked_for_have_no_effect() -> None:
    desk = make(first_digit_ms=3000).say(1500, "sales").run()
    assert desk.lines("“=") == ["2500 “ sales not-speech", "4000 = nothing by first_digit"]
    assert desk.diagnostics() == ["toy.speech-ignored"]


# ------------------------------------------------------------------ commands, secrets, the end


def test_the_world_is_asked_to_listen_and_to_stop() -> None:
    desk = listen().say(2000, "sales").run()
    asked = [c for c in desk.asked if isinstance(c, cmd.Listen | cmd.StopListening)]
    assert asked == [cmd.Listen("a", "en-GB", ("sales", "support")), cmd.StopListening("a")]
    asked = [c for c in make(first_digit_ms=500).run().asked if isinstance(c, cmd.Listen)]
    assert asked == []


def test_secret_words_are_not_in_the_trace() -> None:
    desk = listen(secret=True).say(2000, "swordfish", 500, source="typed")
    desk.at(2500, ev.SpeechHeard("a", "sword", "typed", 1, 0.5, (("swordfish", 0.1),))).run()
    assert captured(desk).spoken.text == "swordfish sword"
    assert "sword" not in str(desk.records)
    assert desk.one("capture.closed").data["text"] == "•••"


@pytest.mark.parametrize("at", [500, 1500, 2500])
def test_the_caller_leaves(at: int) -> None:
    desk = listen().voice(1400, 9000).hang_up(at).run()
    assert desk.lines("=") == [f"{at} = nothing by hangup"]
    assert desk.session.hearing.capture is None
