"""Small things that a newcomer looked at and did not believe."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from ivrsim.cli.options import dead_air_ms
from ivrsim.errors import InputError
from ivrsim.trace.record import Record
from ivrsim.trace.view_words import words
from ivrsim.tui.app import IvrsimApp
from ivrsim.tui.call.detail import Detail
from ivrsim.tui.call.record_row import record_row
from ivrsim.tui.protocol import Services
from ivrsim.tui.spans import text_of_row
from tests.tui.debug.fake import DebugDesk
from tests.tui.fake import begin, screen_of, settle

WIDE = (160, 50)


@pytest.fixture
def desk() -> DebugDesk:
    return DebugDesk()


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
