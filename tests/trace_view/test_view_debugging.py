"""What a view tells whoever looks for a fault, and how little of a long call it keeps."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from ivrsim.trace.record import Record
from ivrsim.trace.view import CallView
from ivrsim.trace.view_items import Awaited, EventItem, KeysItem
from ivrsim.trace.view_words import category, one_line
from tests.trace_view.test_view import RECORDS, Story


@pytest.fixture
def story() -> Story:
    story = Story()
    story.connected()
    return story


def told(story: Story) -> list[tuple[str, str]]:
    """The events of the conversation after "Connected", with their tone."""
    items = [item for item in story.view.items if isinstance(item, EventItem)]
    return [(item.text, item.tone) for item in items[2:]]


def send(story: Story, t: int, webhook: str = "w1", **data: Any) -> Record:
    return story(t, "webhook.request", webhook=webhook, title="input", sent=True, **data)


def test_timers_that_run_the_next_one_first(story: Story) -> None:
    story(1000, "timer.started", timer="t1", name="limit", ms=9000, due=10_000)
    story(1000, "timer.started", timer="t2", name="first digit", ms=3000)
    assert [(timer.name, timer.due) for timer in story.view.timers] == [
        ("first digit", 4000),
        ("limit", 10_000),
    ]
    story(4000, "timer.fired", timer="t2", name="first digit")
    assert story.view.to_json()["timers"] == [{"timer": "t1", "name": "limit", "due": 10_000}]


def test_a_webhook_is_awaited_until_it_is_answered(story: Story) -> None:
    asked = send(story, 2000, connect_ms=5000, read_ms=10_000)
    old = send(story, 2500, "w2")  # of a trace that does not say how long
    story(2500, "webhook.request", webhook="w3", title="event", sent=False)
    assert story.view.awaiting == [
        Awaited("w1", "input", asked.seq, 2000, 5000, 10_000),
        Awaited("w2", "input", old.seq, 2500),
    ]
    assert [each.until_t for each in story.view.awaiting] == [17_000, None]
    story(3000, "webhook.response", webhook="w1", status=200)
    assert [each.webhook for each in story.view.awaiting] == ["w2"]
    story(3000, "webhook.failed", webhook="w2", reason="timeout", message="no reply")
    assert story.view.to_json()["awaiting"] == []


def test_nothing_is_awaited_after_the_end(story: Story) -> None:
    send(story, 2000)
    story(2000, "timer.started", timer="t1", name="limit", due=9000)
    story(3000, "call.ended", None, status="completed", by="caller", failed=False)
    assert (story.view.awaiting, story.view.timers) == ([], [])


def test_settings_that_have_decided_something(story: Story) -> None:
    decided = story(
        2000, "setting.decided", None, name="vonage.input_timer", value="input_start",
        default="prompt_end", choices=["prompt_end", "input_start"], basis="documented",
        page="https://x/", why="the input begins",
    )  # fmt: skip
    (setting,) = story.view.settings
    assert (setting.name, setting.value, setting.seq) == (
        "vonage.input_timer", "input_start", decided.seq,
    )  # fmt: skip
    assert setting.choices == ["prompt_end", "input_start"]
    assert story.view.to_json()["settings"][0]["why"] == "the input begins"


def test_marks_edits_and_faults_with_their_places(story: Story) -> None:
    send(story, 2000)
    mark = story(2000, "mark", None, text="here")
    asked = story(2000, "request.edited", webhook="w1", method="POST", url="http://a/", diff="-a")
    slow = story(2000, "fault.injected", None, fault="slow", detail="2 s late", webhook="w1")
    replied = story(4000, "reply.edited", webhook="w1", was={"status": 500}, diff="-a")
    dead = story(5000, "fault.injected", "B", fault="dead", detail="", source="hand", webhook=None)
    view = story.view
    assert [(each.seq, each.text) for each in view.marks] == [(mark.seq, "here")]
    assert [(each.seq, each.what, each.webhook) for each in view.edits] == [
        (asked.seq, "request", "w1"),
        (replied.seq, "reply", "w1"),
    ]
    assert [(each.seq, each.fault, each.webhook, each.leg) for each in view.faults] == [
        (slow.seq, "slow", "w1", None),
        (dead.seq, "dead", None, "B"),
    ]
    assert told(story) == [
        ("⚑ here", "quiet"),
        ("Changed by hand before it was sent: input", "warn"),
        ("On purpose: 2 s late, input", "warn"),
        ("The reply to input was changed by hand", "warn"),
        ("On purpose: dead", "warn"),
    ]
    plain = view.to_json()
    assert [len(plain[name]) for name in ("marks", "edits", "faults")] == [1, 2, 2]


def test_webhooks_sent_again_and_delivered_twice(story: Story) -> None:
    send(story, 2000)
    story(2000, "webhook.resent", webhook="w1", edited=False, status=200)
    story(2000, "webhook.resent", webhook="w1", edited=True, status=None, message="refused")
    story(2000, "duplicate.response", webhook="w1", status=200, same=True)
    story(2000, "duplicate.response", webhook="w1", status=500, same=False)
    story(2000, "duplicate.response", webhook="w9", status=None, message="")
    assert [text for text, _ in told(story)] == [
        "Sent again by hand: input, 200",
        "Sent again by hand, changed: input, no reply: refused",
        "Delivered twice: input, 200, as before",
        "Delivered twice: input, 500, another reply than before",
        "Delivered twice: w9, no reply",
    ]
    assert [each.webhook for each in story.view.awaiting] == ["w1"]  # its own reply is to come


def test_a_call_that_is_left_has_neither_ended_nor_failed(story: Story) -> None:
    story(2000, "prompt.started", prompt="p1", text="Hello", duration_ms=None)
    story(2000, "capture.opened", capture="c1", types=["dtmf"])
    send(story, 3000)
    story(5000, "call.left", None, branch="branch.jsonl")
    view = story.view
    assert (view.state, view.left, view.ended, view.failed) == (
        "left", "branch.jsonl", False, False,
    )  # fmt: skip
    assert (view.prompt, view.capture, view.awaiting) == (None, None, [])
    assert view.connected_ms(99_000) == 4000  # the clock stands still there
    assert told(story) == [
        ("You went back, and the call goes on in another trace: branch.jsonl", "quiet")
    ]


@pytest.mark.parametrize(
    ("kind", "data", "line"),
    [
        ("request.edited", {}, "✎ input: request changed before it was sent"),
        ("reply.edited", {}, "✎ input: reply changed before it was used"),
        ("webhook.resent", {"status": 200}, "↻ input sent again: 200"),
        (
            "webhook.resent",
            {"status": None, "edited": True, "message": "refused"},
            "↻ input sent again, changed: refused",
        ),
        ("duplicate.response", {"status": 200, "same": True},
         "⇇ input delivered twice: 200, as before"),
        ("duplicate.response", {"status": None}, "⇇ input delivered twice: no reply"),
        ("fault.injected", {"fault": "slow", "detail": "2 s late", "source": "rule"},
         "↯ slow input: 2 s late, by rule"),
        ("fault.injected", {"fault": "dead", "webhook": None}, "↯ dead"),
        ("call.left", {"branch": "a.jsonl"}, "↶ goes on in another trace: a.jsonl"),
        ("call.left", {}, "↶ goes on in another trace"),
        ("webhook.response", {"status": 200, "edited": True}, "← 200 input, changed by hand"),
    ],
)  # fmt: skip
def test_what_is_done_by_hand_in_words(kind: str, data: dict[str, Any], line: str) -> None:
    record = Record(1, 0, kind, None, None, True, {"webhook": "w1", **data})
    assert one_line(record, {"w1": "input"}) == line


def test_what_is_done_to_webhooks_is_filed_with_them() -> None:
    kinds = ["request.edited", "reply.edited", "webhook.resent", "duplicate.response"]
    assert {category(kind) for kind in kinds} == {"webhooks"}
    assert category("fault.injected") == "diagnostics"


def test_a_prompt_that_was_stopped_before_it_began_is_not_shown_as_playing(story: Story) -> None:
    story(2000, "prompt.started", prompt="p1", text="Hello", duration_ms=9000)
    story(2500, "prompt.interrupted", prompt="p1", by="digit")
    story(2600, "prompt.finished", prompt="p1", ignored=True)
    story(2600, "prompt.started", prompt="p2", duration_ms=100, ignored=True)
    assert story.view.prompt is None
    assert [item.state for item in story.view.prompts.values()] == ["interrupted"]


def test_keys_without_end_are_told_in_pieces(story: Story) -> None:
    story(1000, "capture.opened", capture="c1")
    for _ in range(1000):
        story(1000, "digit", digit="1", source="keypad", ignored=None, capture="c1")
    keys = [item for item in story.view.items if isinstance(item, KeysItem)]
    assert "".join(item.digits for item in keys) == "1" * 1000
    assert max(len(item.digits) for item in keys) <= 120
    assert story.view.keys() == "^" + "1" * 1000


def test_the_script_of_a_long_call_is_whole_though_its_captures_are_forgotten() -> None:
    views = [CallView(), CallView(keep=10)]
    seq = 0
    for n in range(500):
        for kind, data in (
            ("capture.opened", {}),
            ("capture.listening", {}),
            ("digit", {"digit": str(n % 10), "ignored": None}),
            ("capture.closed", {"digits": "1"}),
        ):
            seq += 1
            record = Record(seq, seq, kind, "A", None, False, {"capture": f"c{n}", **data})
            for view in views:
                if kind != "digit" or n % 7:
                    view.apply(record)
    whole, bounded = views
    assert bounded.keys() == whole.keys()
    assert len(whole.keys().split()) == 500
    assert bounded.keys(seq - 40) == whole.keys(seq - 40)
    with pytest.raises(ValueError, match="record 8: the script is whole from"):
        bounded.keys(8)


def test_a_secret_capture_ends_the_script_of_a_long_call_too() -> None:
    view = CallView(keep=10)
    seq = 0
    for n in range(300):
        for kind in ("capture.opened", "digit", "capture.closed"):
            seq += 1
            data = {"capture": f"c{n}", "secret": n == 2, "digit": "5", "ignored": None}
            view.apply(Record(seq, seq, kind, "A", None, False, data))
    assert view.keys() == "^5 ^5"


@given(RECORDS)
def test_any_records_leave_a_bounded_view_of_a_bounded_size(
    rows: list[tuple[str, str | None, Any]],
) -> None:
    view = CallView(keep=2)
    for seq in range(1, 400):
        kind, leg, data = rows[seq % len(rows)] if rows else ("mark", None, {"text": "a"})
        named = {name: f"{value}{seq}" for name, value in data.items()}
        view.apply(Record(seq, seq * 10, kind, leg, None, False, named if seq % 2 else data))
    kept = view.to_json()
    for name in ("items", "marks", "edits", "faults", "webhooks", "awaiting", "timers", "dead_air"):
        assert len(kept[name]) <= 8 + 64, name
    assert len(view.prompts) <= 8 + 64
    assert len(kept["documents"]) <= 4 * 16 + 64


def test_a_reply_whose_request_is_forgotten_says_at_least_which_it_was(story: Story) -> None:
    story(0, "webhook.response", webhook="w7", status=500)
    story(1, "webhook.failed", webhook="w8", reason="timeout")
    assert [text for text, _ in told(story)] == [
        "The application replied 500 to w7", "No reply to w8: timeout",
    ]  # fmt: skip
