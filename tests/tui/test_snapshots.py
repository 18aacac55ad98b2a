"""How the screens look. After a wanted change: ``pytest tests/tui --snapshot-update``, and look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from ivrsim.tui.app import IvrsimApp
from ivrsim.tui.call.screen import CallScreen
from ivrsim.tui.protocol import Entry
from tests.tui.fake import (
    ENTRIES,
    Desk,
    FakeCall,
    begin,
    finish,
    listen_for_words,
    screen_of,
    settle,
    until,
)  # fmt: skip
from tests.tui.recorded import Shelf, a_call, write

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


@pytest.mark.parametrize("size", [(80, 24), (120, 30), (160, 50)], ids=lambda size: f"{size[0]}")
def test_a_tone_is_heard(snap_compare: Compare, desk: Desk, size: tuple[int, int]) -> None:
    async def heard(pilot: Pilot[Any]) -> None:
        begin(desk.call)
        desk.call.microphone, desk.call.hearing = "USB Headset", "5"
        desk.call.levels = (0.75, 0.4)
        for _ in range(50):
            screen_of(pilot.app)._tick()
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=size, run_before=heard)


def test_nothing_sounds(snap_compare: Compare, desk: Desk) -> None:
    async def silent(pilot: Pilot[Any]) -> None:
        desk.call.speakers = None
        desk.call.notices.append("no sound: PortAudio was not found: apt install libportaudio2")
        begin(desk.call)
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=(80, 24), run_before=silent)


def test_devices(snap_compare: Compare, desk: Desk) -> None:
    async def choosing(pilot: Pilot[Any]) -> None:
        begin(desk.call)
        desk.call.microphone = "USB Headset"
        await settle(pilot)
        await pilot.press("o", "down", "enter")
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=(120, 36), run_before=choosing)


def said_and_recorded(call: FakeCall) -> None:
    """Words of all kinds, and a recording that still runs."""
    begin(call)
    listen_for_words(call, ["opening hours", "a table"], "dtmf")
    call.happen(8200, "speech.started", source="typed", text="a table for two", duration_ms=900)
    call.happen(9100, "speech", text="a table for two", source="typed")
    call.happen(9300, "speech.started", source="microphone", text=None, capture="c2")
    call.happen(9900, "speech", text="a table", source="microphone", confidence=0.83)
    call.happen(10500, "speech.started", source="microphone", text=None, capture="c2")
    call.happen(11000, "speech", text=None, source="microphone")
    call.happen(11100, "speech.started", source="typed", text="hello?", ignored="speech-over")
    call.happen(
        11200, "recording.started", recording="r1", format="mp3", background=False, purpose="record"
    )
    call.now_ms = 14000


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=lambda size: f"{size[0]}")
def test_words_and_a_recording(snap_compare: Compare, desk: Desk, size: tuple[int, int]) -> None:
    async def talking(pilot: Pilot[Any]) -> None:
        said_and_recorded(desk.call)
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=size, run_before=talking)


def test_the_field_for_words(snap_compare: Compare, desk: Desk) -> None:
    async def typing(pilot: Pilot[Any]) -> None:
        begin(desk.call)
        listen_for_words(desk.call, ["opening hours", "a table"])
        await settle(pilot)
        pilot.app.screen.query_one("#say", Input).cursor_blink = False
        await pilot.press("w", *"a ta")
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=(120, 36), run_before=typing)


async def looked_at(pilot: Pilot[Any], seq: int | None) -> None:
    """The recorded call is there, and the record with ``seq`` is looked at."""
    await until(pilot, lambda: isinstance(pilot.app.screen, CallScreen))
    screen = screen_of(pilot.app)
    await until(pilot, lambda: screen._indexed and not screen.slices.running)
    if seq is not None:
        screen.go_to(seq)
    await settle(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 50)], ids=lambda size: f"{size[0]}")
def test_a_recorded_call(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    async def opened(pilot: Pilot[Any]) -> None:
        await looked_at(pilot, None)

    file = write(tmp_path / "call.jsonl", a_call(failed=True).records)
    assert snap_compare(Shelf().opened(file), terminal_size=size, run_before=opened)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=lambda size: f"{size[0]}")
def test_looking_back(snap_compare: Compare, tmp_path: Path, size: tuple[int, int]) -> None:
    async def back(pilot: Pilot[Any]) -> None:
        await looked_at(pilot, 10)

    file = write(tmp_path / "call.jsonl", a_call(failed=True).records)
    assert snap_compare(Shelf().opened(file), terminal_size=size, run_before=back)


def test_a_damaged_file_and_a_filter_that_is_wrong(snap_compare: Compare, tmp_path: Path) -> None:
    async def wrong(pilot: Pilot[Any]) -> None:
        await looked_at(pilot, 9)
        pilot.app.screen.query_one("#needle", Input).cursor_blink = False
        await pilot.press("slash", *"kind:prompt or stat:5")
        await settle(pilot)

    file = write(tmp_path / "call.jsonl", a_call().records)
    file.write_bytes(file.read_bytes()[:-500])
    assert snap_compare(Shelf().opened(file), terminal_size=(120, 40), run_before=wrong)


def test_looking_back_in_a_live_call(snap_compare: Compare, desk: Desk) -> None:
    async def back(pilot: Pilot[Any]) -> None:
        begin(desk.call)
        await settle(pilot)
        screen_of(pilot.app).go_to(7)
        await settle(pilot)

    assert snap_compare(desk.app(), terminal_size=(160, 50), run_before=back)


def test_home_with_recorded_calls(snap_compare: Compare) -> None:
    group = "recorded calls"
    entries = (
        ENTRIES[0],
        Entry(
            group, "a.jsonl", "ABC Restaurant", "8x8",
            "Called 26 Nov 11:18. It ended: COMPLETED 0:42. Its sound is kept.",
            trace="a.jsonl", remark="COMPLETED 0:42  26 Nov 11:18",
        ),
        Entry(
            group, "b.jsonl", "http://127.0.0.1:5000/vca", "vonage",
            "Called 25 Nov 9:05. It has no end: it goes on, or was cut off.",
            trace="b.jsonl", remark="no end  25 Nov 9:05",
        ),
        Entry(
            group, "c.jsonl", "20261124-080000-000-x.jsonl", "",
            "c.jsonl: line 1: expected an ivrsim trace header, found '{'", trace="c.jsonl",
            remark="damaged",
        ),
        ENTRIES[2],
    )  # fmt: skip

    async def down(pilot: Pilot[Any]) -> None:
        await pilot.pause()
        await pilot.press("down")
        await pilot.pause()

    app = IvrsimApp(Shelf(entries=entries).services())
    assert snap_compare(app, terminal_size=(120, 36), run_before=down)
