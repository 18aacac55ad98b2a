"""What the screen shows of microphone and loudspeakers, and the keys that rule them."""

from __future__ import annotations

import pytest
from textual.events import Paste
from textual.widgets import Input

from ivrsim.tui.app import IvrsimApp
from ivrsim.tui.call.devices import DeviceList, DevicesScreen
from ivrsim.tui.call.screen import CallScreen
from ivrsim.tui.home.screen import HomeScreen
from ivrsim.tui.spans import text_of_row
from tests.tui.fake import Desk, begin, screen_of, settle, until

WIDE = (160, 50)
NO_SOUND = "no sound: PortAudio was not found, so that nothing can be played on this machine"


@pytest.fixture
def desk() -> Desk:
    return Desk()


def meters(app: IvrsimApp) -> list[str]:
    """The lines of the meter, without the room between their parts."""
    meter = screen_of(app).phone.meter
    return [" ".join(text_of_row(row).split()) for row in meter.rows(meter.size.width)]


def list_of(app: IvrsimApp) -> list[str]:
    assert isinstance(app.screen, DevicesScreen)
    lines = app.screen.query_one(DeviceList)
    return [text_of_row(lines.row(y, lines.width)[0]).rstrip() for y in range(lines._count)]


async def test_both_levels_run_through_their_meters(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE):
        begin(desk.call)
        desk.call.microphone = "USB Headset"
        for line, microphone in ((0.5, 0.25), (1.0, 0.5), (0.0, 1.0)):
            desk.call.levels = (line, microphone)
            screen_of(app)._tick()
        prompts, microphone_line = meters(app)[:2]
        assert "▄█▁" in prompts
        assert "▂▄█" in microphone_line


async def test_a_tone_is_shown_and_its_key_lit_while_it_is_heard(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.microphone = "USB Headset"
        desk.call.hearing = "5"
        await settle(pilot)
        keypad = screen_of(app).phone.keypad
        assert meters(app)[1].endswith("▁ 5")
        assert [digit for digit in "0123456789*#" if keypad._is_lit(digit)] == ["5"]
        desk.call.hearing = None
        await settle(pilot)
        assert meters(app)[1].endswith("▁ I")
        assert not keypad._is_lit("5")


async def test_a_tone_too_short_for_the_eye_is_shown_for_a_moment(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivrsim.tui.call.keypad._LIT_S", 60.0)
    monkeypatch.setattr("ivrsim.tui.call.meter._SHOWN_S", 60.0)
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.microphone = "USB Headset"
        desk.call.press("7", "microphone")
        await settle(pilot)
        assert meters(app)[1].endswith("▁ 7")
        assert screen_of(app).phone.keypad._is_lit("7")


async def test_a_secret_tone_is_not_named(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.microphone = "USB Headset"
        desk.call.happen(4000, "capture.opened", capture="c2", types=["dtmf"], secret=True)
        desk.call.hearing = "5"
        await pilot.press("6")
        await settle(pilot)
        assert meters(app)[1].endswith("▁ •")
        keypad = screen_of(app).phone.keypad
        assert not [digit for digit in "0123456789*#" if keypad._is_lit(digit)]


async def test_the_microphone_is_muted_by_key_and_by_mouse(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.microphone = "USB Headset"
        desk.call.hearing = "5"
        await pilot.press("i")
        await settle(pilot)
        assert meters(app)[1] == "mic muted I"
        assert not screen_of(app).phone.keypad._is_lit("5")
        await pilot.click(screen_of(app).phone.meter, offset=(2, 1))
        await settle(pilot)
        assert desk.call.done == [("mute_microphone", True), ("mute_microphone", False)]
        await pilot.click(screen_of(app).phone.meter, offset=(2, 0))
        await settle(pilot)
        assert meters(app)[0] == "♪ muted M"


async def test_what_is_off_says_so_and_leads_to_the_devices(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.speakers = None
        await pilot.press("i", "m")
        await settle(pilot)
        assert len(app._notifications) == 2
        assert desk.call.done == []  # there is nothing to mute
        assert meters(app)[:2] == ["♪ off O", "mic off O"]
        await pilot.click(screen_of(app).phone.meter, offset=(2, 1))
        await pilot.pause()
        assert isinstance(app.screen, DevicesScreen)


async def test_devices_are_chosen_by_keys(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("o")
        await pilot.pause()
        assert list_of(app) == [
            "loudspeakers", "▌ ● Desk Speakers", "    HDMI 1", "    off", "",
            "microphone", "    Built-in Microphone", "    USB Headset", "  ● off",
        ]  # fmt: skip
        await pilot.press("end", "up", "enter", "home", "down", "down", "enter")
        assert desk.call.done == [
            ("use_device", "microphone", "USB Headset"), ("use_device", "speakers", None),
        ]  # fmt: skip
        assert list_of(app)[3] == "▌ ● off"
        assert list_of(app)[7] == "  ● USB Headset"
        await pilot.press("escape")
        assert not desk.call.ended
        await settle(pilot)
        assert meters(app)[0] == "♪ off O"


async def test_devices_are_chosen_by_mouse_and_digits_still_go_to_the_call(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("o")
        await pilot.pause()
        await pilot.click(DeviceList, offset=(10, 8))  # below border and padding
        await pilot.press("4")
        assert desk.call.done == [
            ("use_device", "microphone", "Built-in Microphone"), ("press", "4"),
        ]  # fmt: skip


async def test_a_device_that_refuses_says_why_and_nothing_changes(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("o", "down", "enter")
        await pilot.pause()
        assert "HDMI 1: in use by another program" in " ".join(list_of(app))
        assert list_of(app)[1] == "  ● Desk Speakers"


async def test_a_list_without_devices_and_one_that_is_gone(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.on_desk = {"speakers": ["HDMI 1"], "microphone": []}
        await pilot.press("o")
        await pilot.pause()
        assert list_of(app) == [
            "loudspeakers", "▌ ● Desk Speakers", "    HDMI 1", "    off", "",
            "microphone", "    none found: `ivrsim doctor` says why", "  ● off",
        ]  # fmt: skip
        desk.call.speakers = None  # it failed meanwhile
        await until(pilot, lambda: list_of(app)[1:3] == ["    HDMI 1", "  ● off"])
        await pilot.press("down", "enter")
        assert desk.call.done == [("use_device", "speakers", None)]


async def test_the_list_goes_when_the_call_ends(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("o")
        desk.call.hang_up()
        await until(pilot, lambda: isinstance(app.screen, CallScreen))
        screen_of(app)
        await pilot.press("o", "w")
        screen_of(app)
        assert len(app._notifications) == 2


async def test_why_there_is_no_sound_stands_in_the_phone_pane(desk: Desk) -> None:
    app = desk.app()
    desk.call.speakers = None
    async with app.run_test(size=WIDE) as pilot:
        no_microphone = "no microphone: no input device"
        desk.call.notices += [no_microphone, NO_SOUND]  # when the call opens its devices
        begin(desk.call)
        why = f"{NO_SOUND} {no_microphone}"
        await until(pilot, lambda: " ".join(meters(app)[2:]) == why)
        assert len(app._notifications) == 0


@pytest.mark.parametrize("size", [(80, 24), (120, 30), (160, 50)], ids=str)
async def test_a_device_that_fails_in_a_call_is_told_at_once(
    desk: Desk, size: tuple[int, int]
) -> None:
    app = desk.app()
    async with app.run_test(size=size) as pilot:
        begin(desk.call)
        desk.call.microphone = "USB Headset"
        notices = ["USB Headset: unplugged, the call goes on without a microphone", NO_SOUND]
        for count, notice in enumerate(notices, 1):
            desk.call.speakers = desk.call.microphone = None
            desk.call.notices.append(notice)
            await until(pilot, lambda count=count: len(app._notifications) >= count)
            await until(pilot, lambda notice=notice: " ".join(meters(app)[2:])[:8] == notice[:8])
            assert [toast.message for toast in app._notifications][count - 1] == notice
            shown = meters(app)[2:]
            assert shown
            assert " ".join(shown)[:8] == notice[:8]  # the latest first
            assert len(meters(app)) <= screen_of(app).phone.meter.size.height
        desk.call.speakers = "Desk Speakers"
        await settle(pilot)
        assert not any(line.startswith("no sound") for line in meters(app))


async def test_a_long_target_can_be_read_where_it_is_typed(desk: Desk) -> None:
    app = desk.app(calling=False)
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.press("slash")
        assert isinstance(app.screen, HomeScreen)
        field = app.screen.query_one("#target", Input)
        field.post_message(Paste("long-folder/" * 25))
        await pilot.press(*"end")
        strips = app.screen._compositor.render_strips()
        assert any("folder/end" in "".join(part.text for part in strip) for strip in strips)
