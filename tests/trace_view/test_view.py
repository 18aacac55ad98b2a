"""The view of a call, folded over records."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    story(1000, "speech", text="opening hours", source="typed")
    story(1000, "capture.closed", capture="c1")
    assert story.view.keys() == "say:'opening hours'"


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
    "message", "limit_ms", "types", "max_digits", "secret", "headers", "body", "played_ms",
]  # fmt: skip
_DATA = st.dictionaries(st.sampled_from(_KEYS), _JSON, max_size=6)
_RECORDS = st.lists(
    st.tuples(
        st.sampled_from([*KINDS, "recording.started", "new.kind", "odd"]),
        st.sampled_from([None, "A", "B"]),
        _DATA,
    ),
    max_size=30,
)


@given(_RECORDS)
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
