"""What each key of the debugger does, on a call that a test plays by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from ivrsim.runtime.stopping import Stop
from ivrsim.trace.record import Record
from ivrsim.tui.debug.ask import Ask
from ivrsim.tui.debug.assumptions import AssumptionsScreen
from ivrsim.tui.debug.bar import DebugBar
from ivrsim.tui.debug.branch import BranchScreen
from ivrsim.tui.debug.breakpoints import BreakpointsScreen
from ivrsim.tui.debug.compare import CompareScreen
from ivrsim.tui.debug.editor import Editor
from ivrsim.tui.debug.faults import FaultsScreen
from ivrsim.tui.debug.points import breakpoint_at
from ivrsim.tui.debug.resend import ResendScreen
from ivrsim.tui.debug.tree import TreeScreen
from ivrsim.tui.debug.waterfall import WaterfallScreen
from ivrsim.tui.key_bar import KeyBar
from ivrsim.tui.spans import text_of_row
from tests.tui.debug.fake import (
    REPLY_DRAFT,
    REQUEST,
    STOPPED_REPLY,
    TREE,
    DebugDesk,
    comparison,
    decide,
)
from tests.tui.fake import begin, finish, screen_of, settle, until

WIDE = (160, 50)


@pytest.fixture
def desk() -> DebugDesk:
    return DebugDesk()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    from ivrsim.tui.app import IvrsimApp

    lines: list[str] = []
    monkeypatch.setattr(
        IvrsimApp, "say", lambda self, text, severity="information": lines.append(text)
    )
    return lines


def bar(pilot: Pilot[Any], width: int = 158) -> str:
    widget = pilot.app.screen.query_one(DebugBar)
    widget.look()
    return text_of_row(widget.rows(width)[0]) if widget.has_class("-shown") else ""


def footer(pilot: Pilot[Any], width: int = 158) -> str:
    return text_of_row(pilot.app.screen.query_one(KeyBar).rows(width)[0])


def looked_at(pilot: Pilot[Any]) -> Record:
    screen = screen_of(pilot.app)
    return screen.source.record(screen.at - 1)


# stopping and going on


async def test_pause_and_go_on(desk: DebugDesk, said: list[str]) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("f5")
        assert said == ["The call goes on already"]
        await pilot.press("f6")
        assert "paused" in bar(pilot)
        await pilot.press("f6", "f6", "f5")
        assert desk.call.done == [("pause",), ("go_on",), ("pause",), ("go_on",)]
        assert bar(pilot) == ""


@pytest.mark.parametrize(
    ("key", "to"),
    [("f10", "action"), ("n", "action"), ("f11", "webhook"), ("g", "webhook"), ("f8", "prompt"),
     ("f23", "record"), ("shift+f11", "record")],
)  # fmt: skip
async def test_steps(desk: DebugDesk, key: str, to: str) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.stopped = STOPPED_REPLY
        await pilot.press(key)
        assert desk.call.done == [("step", to), ("go_on",)]


async def test_the_bar_says_why_and_what_waits(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.stopped, desk.call.held = STOPPED_REPLY, 2
        desk.call.held_reply = REPLY_DRAFT
        line = bar(pilot)
        assert "stopped before the reply to VCA ACTION_COMPLETED is used" in line
        assert "breakpoint 2" in line
        assert "held: 2" in line
        assert "F5 go on" in line
        assert "⇧E edit" in line
        assert "F5 go on   ⇧E edit" in footer(pilot)
        for width in (40, 78):
            assert "stopped before" in bar(pilot, width)
            assert len(bar(pilot, width)) == width


async def test_the_bar_can_be_clicked(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.stopped = Stop("pause", "paused", 9)
        line = bar(pilot)
        await pilot.pause()
        await pilot.click(DebugBar, offset=(line.index("F5") + 1 + 1, 0))
        await pilot.pause()
        assert desk.call.done == [("go_on",)]


async def test_a_reply_that_is_long_in_coming_is_counted_down(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.happen(
            5000, "webhook.request", webhook="w2", title="VCA ACTION_COMPLETED", sent=True,
            method="POST", url="http://h/vca", connect_ms=1000, read_ms=4000,
        )  # fmt: skip
        desk.call.now_ms = 5200
        assert bar(pilot) == ""
        desk.call.now_ms = 7500
        assert "waiting for the reply to VCA ACTION_COMPLETED  2.5 s" in bar(pilot)
        assert "the platform gives up in 2.5 s" in bar(pilot)


async def test_digits_still_go_to_a_call_that_stands_still(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.stopped = STOPPED_REPLY
        await pilot.press("4")
        assert desk.call.done == [("press", "4")]


async def test_the_key_bar_of_a_call_that_is_over(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        finish(desk.call)
        await settle(pilot)
        line = footer(pilot)
        assert "F3 branch" in line
        assert "hang up" not in line


# looking back


async def test_one_step_back_stops_a_call_and_goes_from_place_to_place(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        places = []
        for key in ("f22", "shift+f10", "p", "p", "p", "p"):
            await pilot.press(key)
            places.append(looked_at(pilot).kind)
        assert desk.call.done == [("pause",)]
        assert places == [
            "leg.answered", "action.started", "webhook.response", "webhook.request",
            "call.started", "call.started",
        ]  # fmt: skip
        assert "looking back" in bar(pilot)


async def test_steps_in_the_past_only_look(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        screen_of(pilot.app).go_to(1)
        await pilot.press("f11")
        assert looked_at(pilot).kind == "webhook.request"
        await pilot.press("f10")
        assert looked_at(pilot).kind == "action.started"
        await pilot.press("f8")
        assert looked_at(pilot).kind == "prompt.started"
        assert desk.call.done == []


async def test_steps_past_the_end_come_back_to_now(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        screen_of(pilot.app).go_to(7)
        await pilot.press("f10")
        await settle(pilot)
        assert screen_of(pilot.app).cursor is None


async def test_nothing_comes_after_the_end_of_a_call(desk: DebugDesk, said: list[str]) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        finish(desk.call)
        await settle(pilot)
        await pilot.press("f10", "f8")
        assert said == ["No action comes after this", "No prompt comes after this"]


async def test_marks(desk: DebugDesk, said: list[str]) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.happen(4100, "mark", None, text="here")
        desk.call.happen(4200, "digit", digit="1", source="keypad", ignored=None)
        await settle(pilot)
        await pilot.press("quotation_mark")
        assert looked_at(pilot).kind == "mark"
        await pilot.press("quotation_mark")
        screen_of(pilot.app).go_to(2)
        await pilot.press("apostrophe")
        assert looked_at(pilot).kind == "mark"
        await pilot.press("apostrophe")
        assert said == [
            "No bookmark comes before this: B sets one",
            "No bookmark comes after this: B sets one",
        ]


async def test_a_bookmark_with_a_text(desk: DebugDesk, said: list[str]) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("B", *"see 1", "enter")
        await pilot.press("B", "enter", "B", "escape", "b")
        assert desk.call.done == [("mark", "see 1"), ("mark", "bookmark"), ("mark", "bookmark")]
        finish(desk.call)
        await pilot.press("B")
        assert said == ["The call has ended: its trace is closed"]


# breakpoints


async def test_a_breakpoint_where_the_cursor_stands(desk: DebugDesk, said: list[str]) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        screen_of(pilot.app).go_to(3)
        await pilot.press("f9")
        points = desk.shop.breakpoints
        assert points is not None
        assert [point.text for point in points.points] == ['request title:"VCA CALL_RECEIVED"']
        await pilot.press("f9")
        assert list(points.points) == []
        assert said[-1] == 'No breakpoint any more: request title:"VCA CALL_RECEIVED"'


def record(kind: str, **data: Any) -> Record:
    return Record(5, 0, kind, None, 3, False, data)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (record("webhook.request", title='a "b" c'), 'request title:"a b c"'),
        (record("webhook.response", webhook="w1"), 'reply title:"VCA"'),
        (record("webhook.failed", webhook="w1"), 'reply title:"VCA"'),
        (record("webhook.request"), "request"),
        (record("action.started", pointer="/0", document="d2"), "pointer d2/0"),
        (record("action.finished", pointer="/1/x", document="d1"), "pointer d1/1/x"),
        (record("digit", digit="1"), "kind:digit digit:1"),
        (record("digit", digit="•"), "kind:digit"),
        (record("diagnostic", code="vonage.x"), 'kind:diagnostic code:"vonage.x"'),
        (record("prompt.started", text='Say "yes"'), 'kind:prompt.started text:"Say yes"'),
        (record("prompt.started", text=None), "kind:prompt.started"),
        (record("leg.answered"), "kind:leg.answered"),
    ],
)
def test_the_breakpoint_that_is_made_is_understood(made: Record, text: str) -> None:
    from ivrsim.debugger.breakpoints import Breakpoints

    request = record("webhook.request", title="VCA")
    assert breakpoint_at(made, lambda reply: request) == text
    assert Breakpoints().add(text).text == text


async def test_the_list_of_breakpoints(desk: DebugDesk) -> None:
    points = desk.shop.breakpoints
    assert points is not None
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("f21")
        assert isinstance(pilot.app.screen, BreakpointsScreen)
        await pilot.press(*"digit:1", "enter")
        assert [point.text for point in points.points] == ["digit:1"]
        await pilot.press("up", "space")
        assert not points.points[0].enabled
        await pilot.press("space", "a", *"action talk", "enter", "down", "delete")
        assert [point.text for point in points.points] == ["digit:1"]
        await pilot.press("5")  # a key of the telephone, when nothing is typed
        assert desk.call.done == [("press", "5")]
        await pilot.press("delete", "escape")
        assert list(points.points) == []
        assert screen_of(pilot.app)


async def test_a_mistake_in_a_breakpoint_is_pointed_at(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("shift+f9", *"request status:>=x", "enter")
        from ivrsim.tui.debug.breakpoints import Problem

        rows = pilot.app.screen.query_one(Problem).rows(60)
        assert "expected a number after status:" in text_of_row(rows[1])
        assert text_of_row(rows[0]).index("▲") == len("request status:>=")
        await pilot.press("backspace")
        assert "▲" not in text_of_row(pilot.app.screen.query_one(Problem).rows(60)[0])


async def test_breakpoints_stay_when_it_is_called_again(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("f21", *"digit:1", "enter", "escape", "r")
        await pilot.pause()
        await pilot.press("f21")
        screen = pilot.app.screen
        assert isinstance(screen, BreakpointsScreen)
        assert "digit:1" in text_of_row(screen.query_one("#points").row(0, 60)[0])  # type: ignore[attr-defined]


# edits


async def test_a_reply_is_edited(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.stopped, desk.call.held_reply = STOPPED_REPLY, REPLY_DRAFT
        await pilot.press("E")
        assert isinstance(pilot.app.screen, Editor)
        area = pilot.app.screen.query_one("#draft")
        area.load_text(area.text.replace("press 1", "press 9"))  # type: ignore[attr-defined]
        await pilot.press("ctrl+s")
        what, draft, diff = desk.call.done[-1]
        assert what == "edit_reply"
        assert "press 9" in draft.body
        assert "+" in diff
        assert "press 9" in diff


async def test_a_request_is_edited_and_refused(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.stopped = Stop("request", "before VCA CALL_RECEIVED goes out", 3, "w1")
        desk.call.held_requests = [REQUEST]
        await pilot.press("E")
        area = pilot.app.screen.query_one("#draft")
        area.load_text(area.text.replace("127.0.0.1", "nowhere"))  # type: ignore[attr-defined]
        await pilot.press("ctrl+s")
        assert isinstance(pilot.app.screen, Editor)  # it says why, and keeps the text
        area.load_text(area.text.replace("nowhere", "localhost"))  # type: ignore[attr-defined]
        await pilot.press("ctrl+s")
        assert desk.call.done[-1][0] == "edit_request"
        assert desk.call.done[-1][1].url == "http://localhost:5000/vca"


async def test_nothing_to_edit(desk: DebugDesk, said: list[str]) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("E")
        desk.call.stopped = Stop("pause", "paused", 9)
        await pilot.press("E")
        from dataclasses import replace

        desk.call.held_requests = [replace(REQUEST, secret=True)]
        await pilot.press("E")
        assert [line.partition(":")[0] for line in said] == [
            "Only a call that stands still can be edited",
            "No request and no reply is held here",
            "It holds digits of a secret capture",
        ]


async def test_faults(desk: DebugDesk, said: list[str]) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("f12")
        assert isinstance(pilot.app.screen, FaultsScreen)
        await pilot.press("down", "down", "down", "enter")
        assert desk.call.done == [("inject", "status 503")]
        await pilot.press("f12", "tab", "end", *" every when purpose:VCA", "enter")
        assert desk.call.done[-1] == ("inject", "slow 7 every when purpose:VCA")
        await pilot.press("f12", "tab", "end", *"x", "enter")
        assert isinstance(pilot.app.screen, FaultsScreen)
        assert "slow: expected" in said[-1]
        await pilot.press("escape")
        finish(desk.call)
        await pilot.press("f12")
        assert "The call is over" in said[-1]


# branches


async def test_going_back_asks_how(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        finish(desk.call)
        await settle(pilot)
        screen_of(pilot.app).go_to(10)
        await pilot.press("f3")
        assert isinstance(pilot.app.screen, BranchScreen)
        await pilot.press("down", "enter")
        await until(pilot, lambda: len(desk.calls) == 2)
        assert desk.asked == [("branch", 10, True)]
        await until(pilot, lambda: screen_of(pilot.app).call is desk.call)


async def test_f5_in_the_past_goes_on_from_there(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        screen_of(pilot.app).go_to(4)
        await pilot.press("f5", "enter")
        await until(pilot, lambda: len(desk.calls) == 2)
        assert desk.asked == [("branch", 4, False)]
        assert desk.calls[0].done == [("pause",), ("leave", "/traces/call-1.jsonl")]
        await until(pilot, lambda: screen_of(pilot.app).call is desk.call)


async def test_or_the_past_was_only_looked_at(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.stopped = STOPPED_REPLY
        await settle(pilot)
        screen_of(pilot.app).go_to(4)
        await pilot.press("f5", "end", "enter")
        await settle(pilot)
        assert desk.call.done == [("go_on",)]
        assert desk.asked == []
        assert screen_of(pilot.app).cursor is None


async def test_a_branch_that_cannot_be_made(desk: DebugDesk, said: list[str]) -> None:
    desk.problem = "the application of today does not come to record 4"
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        screen_of(pilot.app).go_to(4)
        await pilot.press("f3", "enter")
        await until(pilot, lambda: desk.problem in said)
        assert desk.call.done == [("pause",), ("go_on",)]
        assert screen_of(pilot.app).call is desk.call


async def test_run_to_a_record(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        await pilot.press("f7")
        assert isinstance(pilot.app.screen, Ask)
        await pilot.press("x", "enter")
        assert isinstance(pilot.app.screen, Ask)  # no number
        await pilot.press("backspace", *"40", "enter")
        assert desk.call.done == [("run_to", 40), ("go_on",)]
        screen_of(pilot.app).go_to(4)
        await pilot.press("f7")
        await until(pilot, lambda: desk.asked)
        assert desk.asked == [("branch", 4, False)]


async def test_the_tree(desk: DebugDesk) -> None:
    desk.compared = lambda: comparison(desk.calls[0], desk.calls[0])
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        await pilot.press("f2")
        assert isinstance(pilot.app.screen, TreeScreen)
        await pilot.pause()
        await pilot.press("home", "c")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        assert desk.asked[-1] == ("compare", TREE[0].path, Path("/traces/call-0.jsonl"))
        await pilot.press("escape", "f2")
        await pilot.pause()
        await pilot.press("end", "enter")
        await until(pilot, lambda: len(desk.calls) == 2)
        assert desk.asked[-1] == ("open", TREE[2].path)


async def test_after_a_redial_both_calls_are_compared(desk: DebugDesk, said: list[str]) -> None:
    desk.compared = lambda: comparison(desk.calls[0], desk.calls[1])
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        finish(desk.call)
        await pilot.press("f4")
        assert "Nothing to compare with" in said[-1]
        await pilot.press("r")
        await until(pilot, lambda: screen_of(pilot.app).call is desk.calls[-1])
        begin(desk.call)
        await pilot.press("f4")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        paths = (Path("/traces/call-0.jsonl"), Path("/traces/call-1.jsonl"))
        assert desk.asked[-1] == ("compare", *paths)


# time, readings, once more


async def test_the_waterfall_goes_to_a_record(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        await pilot.press("T")
        await until(pilot, lambda: isinstance(pilot.app.screen, WaterfallScreen))
        await pilot.press("down", "down", "down", "enter")
        await settle(pilot)
        assert screen_of(pilot.app).cursor == 7


async def test_assumptions_of_a_call_that_goes_on(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        decide(desk.call)
        await settle(pilot)
        await pilot.press("q")
        assert isinstance(pilot.app.screen, AssumptionsScreen)
        await pilot.press("a", "enter")  # not while it goes on; not the value that it has
        assert desk.asked == []
        await pilot.press("down", "enter")
        await until(pilot, lambda: len(desk.calls) == 2)
        assert desk.asked == [("call_with", "", {"8x8.barge_in": "no"})]


async def test_assumptions_of_a_call_that_is_over(desk: DebugDesk) -> None:
    desk.compared = lambda: comparison(desk.calls[0], desk.calls[0])
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        decide(desk.call)
        finish(desk.call)
        await settle(pilot)
        path = Path("/traces/call-0.jsonl")
        await pilot.press("q", "a")
        await until(pilot, lambda: desk.asked)
        await pilot.pause()
        screen = pilot.app.screen
        assert isinstance(screen, AssumptionsScreen)
        lines = "\n".join(text_of_row(row) for row, _ in screen.query_one("#readings")._rows)  # type: ignore[attr-defined]
        assert "another course from 4.20 s" in lines
        assert "1 of 1 other readings change" in str(screen.query_one("#progress").content)  # type: ignore[attr-defined]
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        assert desk.asked == [("try_all", path), ("reading", path, "8x8.barge_in", "no")]


async def test_a_webhook_is_sent_again(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        screen_of(pilot.app).go_to(4)  # from its reply
        await pilot.press("ctrl+r")
        assert isinstance(pilot.app.screen, ResendScreen)
        assert desk.asked == []  # not before somebody says so
        await pilot.press("enter")
        await until(pilot, lambda: desk.asked)
        what, draft, edited = desk.asked[-1]
        assert (what, draft.url, edited) == ("resend", "http://127.0.0.1:5000/vca", False)
        assert "Authorization" not in draft.headers  # masked in the trace
        await pilot.press("e")
        area = pilot.app.screen.query_one("#draft")
        area.load_text(area.text.replace("vca", "other"))  # type: ignore[attr-defined]
        await pilot.press("ctrl+s")
        await until(pilot, lambda: len(desk.asked) == 2)
        assert desk.asked[-1][1].url == "http://127.0.0.1:5000/other"
        assert desk.asked[-1][2] is True


async def test_only_a_webhook_can_be_sent_again(desk: DebugDesk, said: list[str]) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        screen_of(pilot.app).go_to(7)
        await pilot.press("ctrl+r")
        assert said == ["Select a webhook in the trace first"]


async def test_without_a_debugger_each_command_says_so() -> None:
    from tests.tui.fake import Desk

    plain = Desk()
    async with plain.app().run_test(size=WIDE) as pilot:
        begin(plain.call)
        await settle(pilot)
        for key in ("f2", "f3", "f4", "f5", "f6", "f8", "f9", "f10", "f11", "f12", "f21", "f22",
                    "f23", "T", "E", "ctrl+r", "apostrophe", "quotation_mark"):  # fmt: skip
            await pilot.press(key)
            assert screen_of(pilot.app), key
        assert plain.call.done == []


async def test_a_mark_is_found_in_a_long_call(desk: DebugDesk) -> None:
    app = desk.app()
    kinds = ["timer.started"] * 20_000
    for seq in (5, 8192, 8193, 20_000):
        kinds[seq - 1] = "mark"
    desk.call.records += [
        Record(n, n, kind, None, None, True, {}) for n, kind in enumerate(kinds, 1)
    ]
    async with app.run_test(size=WIDE) as pilot:
        found = []
        for key in ("quotation_mark", "quotation_mark", "quotation_mark", "apostrophe"):
            await pilot.press(key)
            found.append(screen_of(pilot.app).at)
        assert found == [8193, 8192, 5, 8192]


async def test_the_detail_of_an_edit_shows_what_was_changed(desk: DebugDesk) -> None:
    from ivrsim.tui.call.detail import DetailBody
    from tests.tui.test_keys import shown

    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        diff = "--- as it was\n+++ as edited\n@@ -1 +1 @@\n-200\n+503"
        desk.call.happen(4100, "reply.edited", None, webhook="w1", was={}, diff=diff)
        await settle(pilot)
        screen_of(pilot.app).go_to(len(desk.call.records))
        await settle(pilot)
        lines = shown(pilot.app.screen.query_one(DetailBody))
        assert "changed by hand" in lines
        assert "- 200" in lines
        assert "+ 503" in lines
