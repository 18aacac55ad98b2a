"""Small things that a newcomer looked at and did not believe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from textual.widgets import Static

from ivrsim.cli.options import dead_air_ms
from ivrsim.errors import InputError
from ivrsim.replay.assumptions import Outcome
from ivrsim.trace.record import Record
from ivrsim.trace.view_words import words
from ivrsim.tui.app import IvrsimApp
from ivrsim.tui.call.detail import Detail
from ivrsim.tui.call.record_row import record_row
from ivrsim.tui.debug.draft_area import DraftArea
from ivrsim.tui.debug.protocol import Tried
from ivrsim.tui.debug.workshop import try_all
from ivrsim.tui.key_bar import KeyBar
from ivrsim.tui.protocol import Services
from ivrsim.tui.spans import text_of_row
from tests.tui.debug.fake import REPLY_DRAFT, STOPPED_REPLY, TREE, DebugDesk
from tests.tui.fake import begin, finish, screen_of, settle, until

WIDE = (160, 50)


@pytest.fixture
def desk() -> DebugDesk:
    return DebugDesk()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    lines: list[str] = []
    monkeypatch.setattr(
        IvrsimApp, "say", lambda self, text, severity="information": lines.append(text)
    )
    return lines


async def test_the_way_back_names_the_webhook_that_a_reply_is_to(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        screen_of(pilot.app).go_to(4)
        await pilot.press("f3")
        said = str(pilot.app.screen.query_one(Static).content)
        assert "← 200 VCA CALL_RECEIVED" in said


def test_what_a_log_did_not_measure_took_no_time_that_is_known() -> None:
    reply = Record(2, 0, "webhook.response", None, 1, True, {"status": 200, "elapsed_ms": None})
    row, _ = record_row(reply, words(reply), False, False, 60)
    assert " ms" not in text_of_row(row)
    timed = reply._replace(data={"status": 200, "elapsed_ms": 0})
    row, _ = record_row(timed, words(timed), False, False, 60)
    assert text_of_row(row).endswith("0 ms ")


async def test_the_detail_does_not_say_how_long_either(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        reply = desk.call.records[3]
        desk.call.records[3] = reply._replace(data={**reply.data, "elapsed_ms": None})
        await settle(pilot)
        detail = pilot.app.screen.query_one(Detail)
        for _ in range(4):
            rows = [*detail.tabs.rows(60), *(detail.body.row(y, 60)[0] for y in range(8))]
            assert not any(" ms" in text_of_row(row) for row in rows)
            await pilot.press("t")


@pytest.mark.parametrize(("limit_ms", "told"), [(1000, True), (3000, False)])
async def test_dead_air_is_told_beyond_the_limit_that_was_given(
    desk: DebugDesk, limit_ms: int, told: bool
) -> None:
    services = Services(lambda: (), desk.place, workshop=lambda: desk.shop, dead_air_ms=limit_ms)
    app = IvrsimApp(services, desk.place("restaurant", None))
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.happen(4200, "digit", digit="1", source="keypad", ignored=None, capture="c1")
        desk.call.happen(4200, "prompt.interrupted", cause=10, prompt="p1", by="digit")
        desk.call.happen(
            6200, "prompt.started", None, cause=11, prompt="p2", duration_ms=900, text="Thank you",
            url=None, loop=1, purpose="prompt", interruptible=True,
        )  # fmt: skip
        await settle(pilot)
        screen = screen_of(app)
        for _ in range(2):  # now, and as it was at a record
            assert any("2.0 s of silence" in str(item) for item in screen.shown.items) is told
            screen.go_to(12)
            await settle(pilot)


@pytest.mark.parametrize(("given", "ms"), [(None, 3000), (0.5, 500), (0, 0)])
def test_dead_air_on_the_command_line(given: float | None, ms: int) -> None:
    assert dead_air_ms(given) == ms


@pytest.mark.parametrize("given", [-1.0, float("nan")])
def test_dead_air_that_is_no_time(given: float) -> None:
    with pytest.raises(InputError, match="--dead-air: expected seconds"):
        dead_air_ms(given)


async def test_no_sound_is_no_news_where_there_never_was_any(
    desk: DebugDesk, said: list[str]
) -> None:
    app = desk.app()
    desk.call.speakers = None
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)  # devices are looked for while the call begins
        desk.call.notices += ["no sound: no output device", "something else"]
        await until(pilot, lambda: said)
        assert said == ["something else"]


async def test_a_dot_where_a_breakpoint_sits(desk: DebugDesk) -> None:
    def dots() -> list[int]:
        trace = screen_of(pilot.app).trace
        lines = enumerate((trace.row(y, 60)[0] for y in range(len(desk.call.records))), 1)
        return [seq for seq, row in lines if row[0][0] == "●"]

    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        finish(desk.call)
        await settle(pilot)
        points = desk.shop.breakpoints
        assert points is not None
        assert dots() == []
        for text, seqs in (
            ("request", [3, 13]),
            ("reply", [4]),
            ("digit:1", [10]),
            ("action x", []),
        ):
            point = points.add(text)
            assert dots() == seqs
            points.toggle(point.number)
            assert dots() == []
        screen_of(pilot.app).go_to(10)
        await pilot.press("f9")
        assert dots() == [10]
        await pilot.press("f9")
        assert dots() == []


async def test_a_reply_that_is_held_has_come(desk: DebugDesk) -> None:
    def detail() -> str:
        rows = (
            screen_of(pilot.app).detail.body._rows[y][:]
            for y in range(len(screen_of(pilot.app).detail.body._rows))
        )
        return " ".join(text_of_row(row).strip() for row in rows)

    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        request = desk.call.happen(
            4200, "webhook.request", cause=4, webhook="w2", title="VCA ACTION_COMPLETED",
            url="http://h/vca", method="POST", headers={}, body={}, sent=True,
        )  # fmt: skip
        await settle(pilot)
        screen_of(pilot.app).go_to(request.seq)
        await settle(pilot)
        screen_of(pilot.app).detail.next_tab()
        assert detail().startswith("Waiting for the reply")
        desk.call.stopped = STOPPED_REPLY
        desk.call.held_reply = replace(REPLY_DRAFT, webhook="w2")
        await until(pilot, lambda: "Waiting" not in detail())
        assert detail().startswith("The reply has come, and is not used yet: ⇧E")
        desk.call.held_reply = replace(REPLY_DRAFT, webhook="w2", failure="refused: nobody")
        await until(pilot, lambda: detail().startswith("No reply came: refused: nobody. ⇧E"))


async def test_enter_in_the_filter_goes_to_what_it_found(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        finish(desk.call)
        await settle(pilot)
        screen = screen_of(pilot.app)
        await pilot.press("slash", *"kind:digit", "enter")
        assert screen.focused is screen.trace
        assert screen.cursor == 10
        await pilot.press("escape", "[", "slash", *"digit:1")
        assert screen.cursor == 3
        await pilot.press("down")  # into the list, as Enter
        assert screen.cursor == 10
        await pilot.press("escape", "slash", *"kind:webhook", "enter")
        assert screen.cursor == 13  # the next one


async def test_a_filter_leaves_a_live_call_at_its_end(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        await pilot.press("slash", *"webhook", "enter")
        assert screen_of(pilot.app).cursor is None


async def test_the_keys_of_a_telephone_go_with_the_call(desk: DebugDesk) -> None:
    def line() -> str:
        return text_of_row(pilot.app.screen.query_one(KeyBar).rows(158)[0])

    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        await settle(pilot)
        assert "0-9*#" in line()
        desk.call.stopped = STOPPED_REPLY
        assert "H hang up" in line()
        assert "⇧F10 step back" in line()
        desk.call.stopped = None
        finish(desk.call)
        await settle(pilot)
        assert "0-9*#" not in line()


async def test_the_tree_names_the_file_of_a_branch(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        for key, index in (("f2", 1), ("up", 0)):
            await pilot.press(key)
            await settle(pilot)
            said = str(pilot.app.screen.query_one("#file", Static).content)
            assert said == str(TREE[index].path)


async def test_to_the_ends_of_what_is_edited(desk: DebugDesk) -> None:
    async with desk.app().run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.stopped, desk.call.held_reply = STOPPED_REPLY, REPLY_DRAFT
        await pilot.press("E", "ctrl+end")
        area = pilot.app.screen.query_one(DraftArea)
        assert area.cursor_location == area.document.end
        await pilot.press("ctrl+home")
        assert area.cursor_location == (0, 0)


async def test_other_readings_are_told_one_by_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    heard: list[Tried] = []
    first_was_heard = Event()

    async def assume(path: Path, *, tell: Callable[[str, Outcome], None]) -> None:
        tell("8x8.barge_in", Outcome("no", True, None, False, "completed", "another course"))
        assert first_was_heard.wait(10), "the screen waits for all of them"
        tell("8x8.barge_in", Outcome("maybe", False, None, True, "error", "the call fails"))

    def tell(tried: Tried) -> None:
        heard.append(tried)
        first_was_heard.set()

    monkeypatch.setattr("ivrsim.replay.assumptions.assume", assume)
    await try_all(tmp_path / "call.jsonl", tell)
    await asyncio.sleep(0)
    assert [(each.value, each.changed, each.failed) for each in heard] == [
        ("no", True, False), ("maybe", False, True),
    ]  # fmt: skip
