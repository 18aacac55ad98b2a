"""The view of a call, folded over records."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrsim.runtime.caller import KeyScript
from ivrsim.trace.kinds import KINDS
from ivrsim.trace.record import Record
from ivrsim.trace.view import CallView
from ivrsim.trace.view_items import EventItem, KeysItem, PromptItem, SpeechItem
from ivrsim.trace.view_words import icon, number_words, one_line


class Story:
    """Records one after another, applied as they come."""

    def __init__(self) -> None:
        self.view = CallView()
        self.records: list[Record] = []

    def __call__(self, t: int, kind: str, leg: str | None = "A", **data: Any) -> Record:
        record = Record(len(self.records) + 1, t, kind, leg, None, False, data)
        self.records.append(record)
        self.view.apply(record)
        return record

    def connected(self) -> None:
        self(
            0,
            "call.started",
            None,
            direction="inbound",
            **{"from": "+6591178965", "to": "+6568332048"},
        )
        self(
            0,
            "leg.created",
            role="caller",
            direction="inbound",
            **{"from": "+6591178965", "to": "+6568332048"},
        )
        self(1000, "leg.answered", machine=False)


@pytest.fixture
def story() -> Story:
    story = Story()
    story.connected()
    return story


def texts(story: Story) -> list[str]:
    return [item.text for item in story.view.items if isinstance(item, EventItem)]


def test_a_call_is_placed_connected_and_ended(story: Story) -> None:
    view = story.view
    assert (view.state, view.connected_ms(43_000)) == ("connected", 42_000)
    assert texts(story) == ["Calling +65 6833 2048", "Connected"]
    story(50_000, "call.ended", None, status="COMPLETED", by="application", failed=False)
    assert view.ended
    assert view.connected_ms(99_000) == 49_000


def test_a_prompt_plays_and_is_interrupted(story: Story) -> None:
    story(1000, "prompt.started", prompt="p1", text="Welcome", duration_ms=5000, loop=1)
    prompt = story.view.prompt
    assert isinstance(prompt, PromptItem)
    assert prompt.state == "playing"
    story(2500, "prompt.interrupted", prompt="p1", by="digit", played_ms=1500)
    assert story.view.prompt is None
    assert (prompt.state, prompt.remark, prompt.ended_t, prompt.version) == (
        "interrupted", "digit", 2500, 1,
    )  # fmt: skip


def test_keys_of_one_capture_stand_together_and_ignored_ones_apart(story: Story) -> None:
    story(1000, "capture.opened", capture="c1", max_digits=4)
    for digit in "12":
        story(2000, "digit", digit=digit, source="keypad", ignored=None, capture="c1")
    story(2100, "digit", digit="3", source="keypad", ignored="webhook-pending", capture=None)
    keys = [item for item in story.view.items if isinstance(item, KeysItem)]
    assert [(item.digits, item.ignored) for item in keys] == [
        ("12", None),
        ("3", "the application has not replied yet"),
    ]
    assert story.view.capture is not None
    assert story.view.capture.digits == "12"


def test_the_countdown_is_the_nearest_timer_of_the_open_capture(story: Story) -> None:
    story(1000, "timer.started", timer="t0", name="limit", ms=100, due=1100)
    story(1000, "capture.opened", capture="c1", max_digits=1)
    story(1000, "timer.started", timer="t1", name="overall", ms=8000, due=9000)
    assert story.view.listening_until() is None
    story(1000, "capture.listening", capture="c1")
    story(1000, "timer.started", timer="t2", name="first digit", ms=3000, due=4000)
    assert story.view.listening_until() == 4000
    story(4000, "timer.fired", timer="t2")
    assert story.view.listening_until() == 9000
    story(4000, "capture.closed", capture="c1")
    assert story.view.listening_until() is None


def test_a_second_leg_is_told_in_plain_words(story: Story) -> None:
    story(2000, "leg.created", "B", role="party", direction="outbound", to="+6531589338")
    assert story.view.state == "reaching"
    story(2100, "leg.ringing", "B")
    story(9000, "leg.busy", "B")
    story(9000, "leg.created", "C", role="party", direction="outbound", to="+6531589338")
    story(9500, "leg.answered", "C")
    story(9500, "leg.bridged", "A", **{"with": "C"})
    assert story.view.state == "talking"
    story(9600, "speech", "C", text="Hello", source="party", duration_ms=300)
    story(9900, "leg.hangup", "C", by="party")
    story(9900, "leg.ended", "C", outcome="completed")
    assert story.view.state == "connected"
    assert texts(story)[2:] == [
        "Reaching +65 3158 9338…",
        "+65 3158 9338 is busy",
        "Reaching +65 3158 9338…",
        "+65 3158 9338 answered",
        "You are talking to +65 3158 9338",
        "+65 3158 9338 hung up",
    ]
    speech = next(item for item in story.view.items if isinstance(item, SpeechItem))
    assert (speech.who, speech.text) == ("+65 3158 9338", "Hello")


def test_actions_of_a_document_are_pending_current_and_done(story: Story) -> None:
    actions = [
        {"pointer": "/0", "action": "talk", "summary": "talk “Hi”"},
        {"pointer": "/1", "action": "input", "summary": "input dtmf"},
    ]
    story(1000, "document.received", document="d1", origin="answer", page=None, actions=actions)
    story(1000, "action.started", document="d1", pointer="/0", action="talk")
    states = lambda: [action.state for action in story.view.documents["d1"].actions]  # noqa: E731
    assert states() == ["current", "pending"]
    story(2000, "action.finished", document="d1", pointer="/0", action="talk", outcome="done")
    story(2000, "action.started", document="d1", pointer="/1", action="input")
    assert states() == ["done", "current"]


def test_a_request_finds_its_reply_and_the_reply_its_title(story: Story) -> None:
    request = story(1000, "webhook.request", webhook="w1", title="VCA CALL_RECEIVED", sent=True)
    reply = story(1001, "webhook.response", webhook="w1", status=500, elapsed_ms=3)
    pair = story.view.pair_of(reply)
    assert pair is not None
    assert (pair.request, pair.reply) == (request.seq, reply.seq)
    assert one_line(reply, story.view.titles) == "← 500 VCA CALL_RECEIVED"
    assert texts(story)[-1] == "The application replied 500 to VCA CALL_RECEIVED"
    assert story.view.last_webhook == reply.seq


def test_a_webhook_that_is_not_sent_is_not_the_latest(story: Story) -> None:
    story(1000, "webhook.request", webhook="w1", title="VCS", sent=False, url=None)
    assert story.view.last_webhook is None


def _try(
    story: Story, capture: str, digits: str, barge: bool = False, secret: bool = False
) -> None:
    story(1000, "capture.opened", capture=capture, secret=secret)
    if not barge:
        story(1000, "capture.listening", capture=capture)
    for digit in digits:
        story(1000, "digit", digit=digit, capture=capture, ignored=None, source="keypad")
    story(1000, "capture.closed", capture=capture)


def test_the_script_of_the_keys_says_what_the_caller_did(story: Story) -> None:
    _try(story, "c1", "12#")
    _try(story, "c2", "")
    _try(story, "c3", "3", barge=True)
    here = story.view.last_seq
    _try(story, "c4", "")
    assert story.view.keys() == "12# - ^3"
    story(1000, "leg.hangup", by="caller")
    assert story.view.keys() == "12# - ^3 hangup"
    assert story.view.keys(here) == "12# - ^3"
    assert story.view.keys(here - 2) == "12#"


def test_a_secret_capture_ends_the_script(story: Story) -> None:
    _try(story, "c1", "1")
    _try(story, "c2", "••••", secret=True)
    _try(story, "c3", "2")
    assert story.view.keys() == "1"


def test_words_spoken_to_a_capture_are_quoted_in_the_script(story: Story) -> None:
    story(1000, "capture.opened", capture="c1", types=["speech"])
    story(1000, "capture.listening", capture="c1")
    story(1000, "speech", text="opening hours", source="typed")
    story(1000, "capture.closed", capture="c1")
    assert story.view.keys() == "say:'opening hours'"


# ------------------------------------------------------------------ speech and recordings


def speeches(story: Story) -> list[tuple[str, float | None, str | None]]:
    items = [item for item in story.view.items if isinstance(item, SpeechItem)]
    return [(item.text, item.confidence, item.ignored) for item in items]


def say(story: Story, t: int, text: str, capture: str | None = "c1", **more: Any) -> None:
    """Typed words: told when they begin, and again when they are over."""
    told = {"source": "typed", "text": text, "ignored": None, "capture": capture, **more}
    story(t, "speech.started", duration_ms=500, **told)
    story(t + 500, "speech", duration_ms=500, confidence=1.0, alternatives=[], **told)
    story(t + 500, "speech.stopped", source="typed", ago_ms=0)


def test_typed_words_are_shown_when_they_begin_and_sure_when_they_are_over(story: Story) -> None:
    story(1000, "capture.opened", capture="c1", types=["speech"])
    told = {"source": "typed", "ignored": None, "capture": "c1"}
    story(1500, "speech.started", text="sales", duration_ms=500, **told)
    assert speeches(story) == [("sales", None, None)]
    story(2000, "speech", text="sales", confidence=0.9, **told)
    assert speeches(story) == [("sales", 0.9, None)]


def test_words_of_the_microphone_follow_a_voice(story: Story) -> None:
    told = {"source": "microphone", "ignored": None, "capture": "c1"}
    story(1500, "speech.started", text=None, **told)
    assert speeches(story) == [("…", None, None)]
    story(2000, "speech", text=None, confidence=None, **told)
    assert speeches(story) == [("(not understood)", None, None)]
    story(2500, "speech.started", source="microphone", text=None, ignored=None, capture=None)
    story(2600, "speech.started", source="microphone", text=None, ignored="no-capture")
    assert len(speeches(story)) == 1, "a voice that nobody asked for"


def test_words_that_nobody_took(story: Story) -> None:
    say(story, 1000, "hello", None, ignored="not-speech")
    assert speeches(story) == [("hello", 1.0, "this input takes keys only")]
    assert story.view.keys() == ""


def test_words_that_nobody_took_and_nobody_heard_begin(story: Story) -> None:
    story(1000, "speech", text="hello", source="microphone", ignored="no-capture", capture=None)
    assert speeches(story) == [("hello", None, "nobody is listening")]


def test_whether_words_are_taken_now(story: Story) -> None:
    assert not story.view.speech_open
    story(1000, "capture.opened", capture="c1", types=["dtmf", "speech"])
    assert story.view.speech_open
    story(1000, "digit", digit="1", capture="c1", ignored=None, source="keypad")
    assert not story.view.speech_open
    story(1000, "capture.closed", capture="c1")
    story(1000, "capture.opened", capture="c2", types=["dtmf"])
    assert not story.view.speech_open


@pytest.mark.parametrize(
    ("types", "ended_by", "text", "said"),
    [
        (["speech"], "start_timeout", None, ["Nothing was said"]),
        (["dtmf", "speech"], "start_timeout", None, ["Nothing was said or pressed"]),
        (["speech"], "end_on_silence", None, ["No words were recognised"]),
        (["speech"], "end_on_silence", "sales", []),
    ],
)
def test_how_a_capture_of_words_ended(
    story: Story, types: list[str], ended_by: str, text: str | None, said: list[str]
) -> None:
    story(1000, "capture.opened", capture="c1", types=types)
    story(1000, "capture.closed", capture="c1", ended_by=ended_by, text=text, digits="")
    assert texts(story)[2:] == said


def test_the_script_of_what_was_said(story: Story) -> None:
    story(1000, "capture.opened", capture="c1", types=["speech"])
    say(story, 1100, "it's me")
    story(2000, "capture.listening", capture="c1")
    say(story, 3000, "again")
    story(9000, "capture.closed", capture="c1")
    _try(story, "c2", "")
    story(9000, "capture.opened", capture="c3", types=["dtmf", "speech"])
    story(9000, "capture.listening", capture="c3")
    say(story, 9000, "sales", "c3")
    story(9900, "digit", digit="1", capture="c3", ignored=None, source="keypad")
    story(9900, "capture.closed", capture="c3")
    keys = story.view.keys()
    assert keys == """^say:'it'"'"'s me again' - 1"""
    assert [str(group) for group in KeyScript.parse(keys).groups] == [
        """^say:"it's me again\"""", "silence", "1",
    ]  # fmt: skip


def record(story: Story, t: int, name: str = "r1", **data: Any) -> None:
    data = {"format": "mp3", "background": False, "terminator": None, "purpose": "record", **data}
    story(t, "recording.started", recording=name, **data)


def test_a_recording_from_its_start_to_its_file(story: Story) -> None:
    record(story, 1000)
    running = story.view.recording
    assert running is not None
    assert (running.recording, running.by) == ("r1", None)
    story(7200, "recording.stopped", recording="r1", by="silence", started=1000, duration_ms=6200)
    assert story.view.recording is None
    story(7200, "recording.stored", recording="r1", url="http://x/f", size=34_000, duration_ms=6200)
    assert texts(story)[2:] == [
        "Recording",
        "Recorded 6.2 s, ended by silence: mp3, 34.0 kB, http://x/f",
    ]
    assert (running.url, running.size, running.ended_t) == ("http://x/f", 34_000, 7200)


def test_recordings_beside_each_other_and_one_that_failed(story: Story) -> None:
    record(story, 1000, background=True)
    record(story, 2000, "r2", purpose="speech", background=True)
    assert story.view.recording is story.view.recordings["r2"]
    story(3000, "recording.stopped", recording="r2", by="end", duration_ms=1000)
    story(3000, "recording.stored", recording="r2", url="http://x/f", size=1, duration_ms=1)
    assert story.view.recording is story.view.recordings["r1"]
    story(4000, "recording.stopped", recording="r1", by="hangup", duration_ms=3000)
    story(4000, "recording.failed", recording="r1", message="disk full")
    assert texts(story)[2:] == [
        "Recording, the call goes on",
        "The recording could not be made: disk full",
    ]


def test_the_script_of_recordings(story: Story) -> None:
    record(story, 1000, terminator="#")
    say(story, 1100, "my name", None)
    story(2000, "digit", digit="#", capture=None, recording="r1", ignored=None, source="keypad")
    story(2000, "recording.stopped", recording="r1", by="key", duration_ms=1)
    record(story, 3000, "r2", terminator="#")
    for digit in "1#":
        story(3000, "digit", digit=digit, recording="r2", ignored=None, source="keypad")
    story(3000, "recording.stopped", recording="r2", by="key", duration_ms=1)
    record(story, 4000, "r3")
    story(4000, "digit", digit="5", recording="r3", ignored=None, source="keypad")
    story(4000, "recording.stopped", recording="r3", by="silence", duration_ms=1)
    record(story, 5000, "r4")
    say(story, 5000, "bye", None)
    story(6000, "recording.stopped", recording="r4", by="silence", duration_ms=1)
    assert story.view.keys() == "say:'my name' 1# say:bye"


@pytest.mark.parametrize(
    ("kind", "data", "line"),
    [
        ("speech.started", {"text": "sales"}, "“ sales…"),
        ("speech.started", {"text": None}, "“ a voice"),
        ("speech.stopped", {"ago_ms": 600}, "“ silence"),
        ("speech", {"text": "sales", "confidence": 0.94}, "“ sales” 0.94"),
        ("speech", {"text": None, "ignored": "not-speech"},
         "“ not recognised, ignored: this input takes keys only"),
        ("recording.started", {"format": "mp3", "background": True},
         "● recording, mp3, beside the call"),
        ("recording.started", {"format": "wav", "purpose": "speech"}, "● audio of speech, wav"),
        ("recording.stopped", {"by": "key", "duration_ms": 6200},
         "● recorded 6.2 s, ended by a key"),
        ("recording.stored", {"size": 34_000, "url": "http://x/f"}, "● 34.0 kB at http://x/f"),
        ("recording.failed", {"message": "disk full"}, "● not recorded: disk full"),
        ("capture.opened", {"types": ["speech"], "max_digits": None}, "◌ may take words"),
        ("capture.opened", {"types": ["dtmf", "speech"], "min_digits": 0, "max_digits": 4},
         "◌ may take 0 to 4 digits or words"),
        ("capture.closed", {"digits": "", "text": "sales", "ended_by": "end_on_silence"},
         "● took “sales”: silence"),
        ("capture.closed", {"digits": "", "text": None, "ended_by": "start_timeout"},
         "● took nothing: nothing came"),
    ],
)  # fmt: skip
def test_words_for_speech_and_recordings(
    story: Story, kind: str, data: dict[str, Any], line: str
) -> None:
    assert one_line(story(1000, kind, **data)) == line


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("+6531589338", "+65 3158 9338"),
        ("+14155550100", "+1 415 555 0100"),
        ("+447700900123", "+44 770 090 0123"),
        ("+35312345678", "+353 1234 5678"),
        ("sip:bob@example.com", "sip:bob@example.com"),
        ("", ""),
    ],
)
def test_numbers_are_grouped_for_the_eye(number: str, words: str) -> None:
    assert number_words(number) == words


def test_every_kind_of_the_contract_has_an_icon() -> None:
    assert [kind for kind in KINDS if icon(kind) == "·"] == []


_SCALARS = st.none() | st.booleans() | st.integers(-5, 10**6) | st.text(max_size=6) | st.floats()
_JSON = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)
_KEYS = [
    "digit", "capture", "ignored", "prompt", "duration_ms", "text", "loop", "purpose", "url",
    "document", "pointer", "actions", "outcome", "webhook", "title", "status", "sent", "leg",
    "with", "role", "to", "from", "direction", "timer", "name", "ms", "due", "severity", "by",
    "source", "confidence", "recording", "background", "terminator", "size",
    "message", "limit_ms", "types", "max_digits", "secret", "headers", "body", "played_ms",
    "connect_ms", "read_ms", "choices", "value", "branch", "fault", "detail", "edited", "same",
    "ago_ms", "elapsed_ms", "attempt", "limit", "reason", "ok", "result",
]  # fmt: skip
_DATA = st.dictionaries(st.sampled_from(_KEYS), _JSON, max_size=6)
RECORDS = st.lists(
    st.tuples(
        st.sampled_from([*KINDS, "recording.started", "new.kind", "odd"]),
        st.sampled_from([None, "A", "B"]),
        _DATA,
    ),
    max_size=30,
)


@given(RECORDS)
def test_any_records_in_any_order_are_borne(rows: list[tuple[str, str | None, Any]]) -> None:
    view = CallView()
    for seq, (kind, leg, data) in enumerate(rows, 1):
        record = Record(seq, seq * 10, kind, leg, None, False, data)
        view.apply(record)
        assert one_line(record, view.titles)
        assert "\n" not in one_line(record, view.titles)
    assert view.last_seq == len(rows)
    assert isinstance(view.keys(), str)
    json.dumps(view.to_json())
