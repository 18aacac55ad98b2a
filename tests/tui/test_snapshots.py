"""How the screens look. After a wanted change: ``pytest tests/tui --snapshot-update``, and look."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.fake import Desk, begin, finish, settle

Compare = Callable[..., bool]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_home(snap_compare: Compare, desk: Desk) -> None:
    assert snap_compare(desk.app(calling=False), terminal_size=(120, 36))


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 50)], ids=lambda size: f"{size[0]}")
def test_live_call(snap_compare: Compare, desk: Desk, size: tuple[int, int]) -> None:
    async def live(pilot: Pilot[Any]) -> None:
        begin(desk.call)
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=size, run_before=live)


def test_light_theme(snap_compare: Compare, desk: Desk) -> None:
    async def live(pilot: Pilot[Any]) -> None:
        begin(desk.call)
        await pilot.press("d")
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=(120, 40), run_before=live)


def test_small_trace(snap_compare: Compare, desk: Desk) -> None:
    async def trace(pilot: Pilot[Any]) -> None:
        begin(desk.call)
        await settle(pilot)
        await pilot.press("v", "up", "up")
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=(80, 24), run_before=trace)


def test_failed_call(snap_compare: Compare, desk: Desk) -> None:
    async def failed(pilot: Pilot[Any]) -> None:
        begin(desk.call)
        finish(desk.call, failed=True)
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=(120, 40), run_before=failed)


def test_no_colour(snap_compare: Compare, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def live(pilot: Pilot[Any]) -> None:
        begin(desk.call)
        await settle(pilot)

    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(desk.app(), terminal_size=(120, 40), run_before=live)
