"""How the debugger looks. After a wanted change: ``pytest tests/tui/debug --snapshot-update``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from ivrsim.tui.debug.waterfall import WaterfallScreen
from tests.tui.debug.fake import (
    REPLY_DRAFT,
    STOPPED_REPLY,
    DebugDesk,
    comparison,
    decide,
)
from tests.tui.fake import begin, finish, screen_of, settle, until

Compare = Callable[..., bool]
Before = Callable[[Pilot[Any]], Awaitable[None]]

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (160, 50)], ids=lambda size: f"{size[0]}"
)


@pytest.fixture
def desk() -> DebugDesk:
    return DebugDesk()


@pytest.fixture(autouse=True)
def no_blinking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)
    monkeypatch.setattr(TextArea, "_toggle_cursor_blink_visible", lambda self: None)


def after(desk: DebugDesk, *keys: str, over: bool = False) -> Before:
    """A call in its first prompt, or one that is over, and then ``keys``."""

    async def play(pilot: Pilot[Any]) -> None:
        begin(desk.call)
        decide(desk.call)
        if over:
            finish(desk.call)
        await settle(pilot)
        await pilot.pause(0.25)  # the line of time is drawn by the clock
        for key in keys:
            await pilot.press(key)
            if key == "T":
                await until(pilot, lambda: isinstance(pilot.app.screen, WaterfallScreen))
        await settle(pilot)

    return play


def test_stopped(snap_compare: Compare, desk: DebugDesk) -> None:
    async def stopped(pilot: Pilot[Any]) -> None:
        await after(desk)(pilot)
        desk.call.stopped, desk.call.held, desk.call.held_reply = STOPPED_REPLY, 2, REPLY_DRAFT
        await until(pilot, lambda: pilot.app.screen.query_one("DebugBar").has_class("-shown"))
        await pilot.pause(0.3)
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=(120, 36), run_before=stopped)


def test_looking_back(snap_compare: Compare, desk: DebugDesk) -> None:
    async def back(pilot: Pilot[Any]) -> None:
        await after(desk)(pilot)
        screen_of(pilot.app).go_to(6)
        await until(pilot, lambda: pilot.app.screen.query_one("DebugBar").has_class("-shown"))
        await pilot.pause(0.3)
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=(120, 36), run_before=back)


@SIZES
def test_no_breakpoints(snap_compare: Compare, desk: DebugDesk, size: tuple[int, int]) -> None:
    keys = ("f21", *"request status:>=x", "enter")
    assert snap_compare(desk.app(), terminal_size=size, run_before=after(desk, *keys))


def test_breakpoints(snap_compare: Compare, desk: DebugDesk) -> None:
    points: Any = desk.shop.breakpoints
    points.add("request purpose:VCA hit:2").hits = 3
    points.add("action talk")
    points.toggle(2)
    before = after(desk, "f21")
    assert snap_compare(desk.app(), terminal_size=(80, 24), run_before=before)


@SIZES
def test_editor(snap_compare: Compare, desk: DebugDesk, size: tuple[int, int]) -> None:
    async def editing(pilot: Pilot[Any]) -> None:
        await after(desk)(pilot)
        desk.call.stopped, desk.call.held_reply = STOPPED_REPLY, REPLY_DRAFT
        await pilot.press("E")
        await until(pilot, lambda: isinstance(pilot.app.focused, TextArea))
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=size, run_before=editing)


def test_changes(snap_compare: Compare, desk: DebugDesk) -> None:
    async def editing(pilot: Pilot[Any]) -> None:
        await after(desk)(pilot)
        desk.call.stopped, desk.call.held_reply = STOPPED_REPLY, REPLY_DRAFT
        await pilot.press("E")
        area: Any = pilot.app.screen.query_one("#draft")
        area.load_text(area.text.replace("press 1", "press 2"))
        await pilot.press("ctrl+t")
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=(120, 36), run_before=editing)


def test_faults(snap_compare: Compare, desk: DebugDesk) -> None:
    before = after(desk, "f12", "down", "down", "down")
    assert snap_compare(desk.app(), terminal_size=(80, 24), run_before=before)


def test_ways_back(snap_compare: Compare, desk: DebugDesk) -> None:
    assert snap_compare(desk.app(), terminal_size=(80, 24), run_before=after(desk, "f3"))


@SIZES
def test_tree(snap_compare: Compare, desk: DebugDesk, size: tuple[int, int]) -> None:
    assert snap_compare(desk.app(), terminal_size=size, run_before=after(desk, "f2", over=True))


@SIZES
def test_two_calls(snap_compare: Compare, desk: DebugDesk, size: tuple[int, int]) -> None:
    desk.compared = lambda: comparison(desk.calls[0], desk.calls[0])

    async def comparing(pilot: Pilot[Any]) -> None:
        await after(desk, "f2", over=True)(pilot)
        await pilot.press("home", "c")
        await until(pilot, lambda: pilot.app.screen.query("CompareScreen #pairs"))
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=size, run_before=comparing)


@SIZES
def test_assumptions(snap_compare: Compare, desk: DebugDesk, size: tuple[int, int]) -> None:
    before = after(desk, "q", "a", "down", over=True)
    assert snap_compare(desk.app(), terminal_size=size, run_before=before)


@SIZES
def test_waterfall(snap_compare: Compare, desk: DebugDesk, size: tuple[int, int]) -> None:
    before = after(desk, "T", "down", "down", "down", over=True)
    assert snap_compare(desk.app(), terminal_size=size, run_before=before)


def test_sent_again(snap_compare: Compare, desk: DebugDesk) -> None:
    async def sent(pilot: Pilot[Any]) -> None:
        await after(desk)(pilot)
        screen_of(pilot.app).go_to(3)
        await pilot.press("ctrl+r", "enter")
        await until(pilot, lambda: desk.asked)
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=(120, 36), run_before=sent)


def test_light(snap_compare: Compare, desk: DebugDesk) -> None:
    before = after(desk, "d", "T", "down", "down", "down", over=True)
    assert snap_compare(desk.app(), terminal_size=(120, 36), run_before=before)


def test_light_editor(snap_compare: Compare, desk: DebugDesk) -> None:
    async def editing(pilot: Pilot[Any]) -> None:
        await after(desk, "d")(pilot)
        desk.call.stopped, desk.call.held_reply = STOPPED_REPLY, REPLY_DRAFT
        await pilot.press("E")
        await until(pilot, lambda: isinstance(pilot.app.focused, TextArea))
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=(120, 36), run_before=editing)
