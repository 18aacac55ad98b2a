"""A recorded call on the screen: opened, scrubbed, filtered, damaged, growing, heard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from ivrsim.errors import TraceError
from ivrsim.trace.view import CallView
from ivrsim.tui.app import IvrsimApp
from ivrsim.tui.call.conversation import rows_of
from ivrsim.tui.call.filter_field import FilterField, FilterNote
from ivrsim.tui.call.screen import CallScreen
from ivrsim.tui.home.screen import HomeScreen
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.lines import Lines
from ivrsim.tui.protocol import Entry
from ivrsim.tui.spans import text_of_row
from ivrsim.tui.title_bar import TitleBar
from ivrsim.tui.traces.damage_line import DamageLine
from tests.tui.fake import PROMPT, begin, screen_of, settle, until
from tests.tui.recorded import HEADER, Shelf, a_call, write

WIDE = (160, 50)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "call.jsonl", a_call().records)


def shown(lines: Lines) -> str:
    return "\n".join(text_of_row(lines.row(y, lines.width)[0]) for y in range(lines._count))


def lines_of(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines(keepends=True)


def change(file: Path, number: int, line: bytes) -> None:
    """Put ``line`` in the place of line ``number``, which counts from 1."""
    lines = lines_of(file)
    lines[number - 1] = line
    file.write_bytes(b"".join(lines))


def line_of(widget: LineWidget) -> str:
    return "\n".join(text_of_row(row) for row in widget.rows(widget.size.width))


def said(app: IvrsimApp) -> list[str]:
    return [notice.message for notice in app._notifications]


async def there(pilot: Pilot[Any]) -> CallScreen:
    """The call screen, when all of the file has been read."""
    await until(pilot, lambda: isinstance(pilot.app.screen, CallScreen))
    screen = pilot.app.screen
    assert isinstance(screen, CallScreen)
    await until(pilot, lambda: screen._indexed and not screen.slices.running)
    await settle(pilot)
    return screen


# opening


async def test_a_trace_opens_on_its_end_as_a_call_that_was_just_made(
    shelf: Shelf, file: Path
) -> None:
    async with shelf.opened(file).run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        assert "call ended" in shown(screen.conversation)
        assert "COMPLETED by application" in shown(screen.trace)
        assert screen.recorded
        assert screen.trace_path == file
        assert screen.cursor is None
        assert len(screen.source) == len(screen.trace.shown) == 14
        title = line_of(screen.query_one(TitleBar))
        assert "restaurant  ·  8x8  ·  +65 6833 2048" in title
        assert "recorded   ■ ended" in title


async def test_the_first_frame_shows_the_records_where_the_list_will_be(
    shelf: Shelf, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = IvrsimApp.show_call
    monkeypatch.setattr(IvrsimApp, "show_call", lambda self: None)
    app = shelf.opened(file)
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause(0.05)
        first = screen_text(app)
        whole(app)
        await there(pilot)
        second = screen_text(app)
    for record in ("0.00 ← 200 VCA CALL_RECEIVED", "4.20 ● took 1", "4.21 ☎ COMPLETED"):
        (before,) = [row for row in first if record in row]
        (after,) = [row for row in second if record in row]
        assert first.index(before) == second.index(after)
        assert before.index(record) == after.index(record)
    for pane in ("─ conversation ─", "─ trace ─", "─ document ─", "─ detail ─"):
        (before,) = [row for row in first if pane in row]
        (after,) = [row for row in second if pane in row]
        assert (first.index(before), before.index(pane)) == (
            second.index(after), after.index(pane),
        )  # fmt: skip


def screen_text(app: IvrsimApp) -> list[str]:
    strips = app.screen._compositor.render_strips()
    return ["".join(part.text for part in strip) for strip in strips]


async def test_at_and_filter_of_the_command_line(shelf: Shelf, file: Path) -> None:
    app = shelf.opened(file, at=10, filter="kind:digit")
    async with app.run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        assert screen.cursor == 10
        assert list(screen.trace.shown) == [9]
        assert screen.query_one(FilterField).value == "kind:digit"


async def test_a_record_that_is_not_there_says_so(shelf: Shelf, file: Path) -> None:
    app = shelf.opened(file, at=900)
    async with app.run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        await until(pilot, lambda: screen.cursor == 14)
        assert said(app) == ["There is no record 900: this is the last"]


# looking at another moment


async def test_the_panes_show_the_state_at_the_cursor(shelf: Shelf, file: Path) -> None:
    async with shelf.opened(file).run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        screen.go_to(9)  # the prompt begins
        await settle(pilot)
        assert screen.cursor == 9
        conversation = shown(screen.conversation)
        assert "Welcome to ABC Restaurant" in conversation
        assert "call ended" not in conversation
        assert screen.shown.state == "connected"
        assert "▶ sayAndCapture" in shown(screen.document)
        assert "looking at 0:01.0 of 0:04 · E back to its end" in line_of(
            screen.query_one(TitleBar)
        )
        await pilot.press("e")
        await settle(pilot)
        assert screen.cursor is None
        assert "call ended" in shown(screen.conversation)


async def test_every_record_shows_what_a_view_folded_up_to_it_shows(
    shelf: Shelf, tmp_path: Path
) -> None:
    records = a_call(failed=True).records
    file = write(tmp_path / "call.jsonl", records)
    async with shelf.opened(file).run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        for seq in (*range(14, 0, -1), 3, 12, 1, 14, 7):
            screen.go_to(seq)
            await settle(pilot)
            view = CallView()
            for record in records[:seq]:
                view.apply(record)
            assert screen.shown.to_json() == view.to_json()
            width = screen.conversation.width
            wanted = [text_of_row(row) for item in view.items for row in rows_of(item, width)]
            assert shown(screen.conversation).split("\n")[: len(wanted)] == (wanted or [""])


async def test_landmarks_records_and_seconds(shelf: Shelf, file: Path) -> None:
    app = shelf.opened(file)
    async with app.run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        seen = []
        for key in (
            "left_square_bracket", "left_square_bracket", "left_square_bracket", "comma",
            "full_stop", "shift+left", "shift+right", "right_square_bracket",
        ):  # fmt: skip
            await pilot.press(key)
            await settle(pilot)
            seen.append(screen.cursor)
        # the webhook, the digit, the first webhook; its neighbours; a second more, and back
        assert seen == [13, 10, 3, 2, 3, 1, 9, 10]
        screen.go_to(1)
        await pilot.press("left_square_bracket")
        assert said(app)[-1] == "Nothing before this: the call begins here"
        assert screen.cursor == 1


async def test_keys_that_come_faster_than_frames_end_where_the_last_one_says(
    shelf: Shelf, file: Path
) -> None:
    async with shelf.opened(file).run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        drawn: list[int | None] = []
        draw = screen._draw
        screen._draw = lambda: (drawn.append(screen.cursor), draw())[1]  # type: ignore[method-assign]
        for seq in (9, 3, 12, 4, 7):
            screen.go_to(seq)
        await until(pilot, lambda: screen.shown.last_seq == 7)
        await settle(pilot)
        assert screen.cursor == 7
        assert len(drawn) < 20  # they do not call each other back
        count = len(drawn)
        await pilot.pause(0.3)
        assert len(drawn) == count


async def test_the_line_of_time_is_clicked_and_dragged(shelf: Shelf, file: Path) -> None:
    async with shelf.opened(file).run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        bar = screen.time_bar
        above, below = line_of(bar).split("\n")
        assert above.count("1") == 1  # the key that was pressed
        assert above.index("→") == 10
        assert below.count("━") > 50  # while the prompt sounds
        assert "◆" not in below
        left, right = 11, bar.size.width - 9
        await pilot.mouse_down(bar, offset=(left, 1))
        await settle(pilot)
        assert screen.cursor == 6  # the last record of the first moment
        await pilot.hover(bar, offset=(right, 1))
        await pilot.mouse_up(bar, offset=(right, 1))
        await settle(pilot)
        assert screen.cursor == 14
        assert "◆ 0:04.2" in line_of(bar)
        bar.focus()
        await pilot.press("left", "left")
        await settle(pilot)
        assert screen.cursor == 12


async def test_looking_back_in_a_live_call_while_it_goes_on(shelf: Shelf) -> None:
    async with shelf.app().run_test(size=WIDE) as pilot:
        begin(shelf.call)
        await settle(pilot)
        screen = screen_of(pilot.app)
        assert not screen.recorded
        screen.go_to(7)  # answered: nothing is heard yet
        await settle(pilot)
        assert "Welcome" not in shown(screen.conversation)
        title = line_of(screen.query_one(TitleBar))
        assert "looking at 0:01.0 of 0:04 · E back to live   ● connected" in title
        assert screen.detail.record == shelf.call.records[6]
        assert "→" in line_of(screen.time_bar)
        await pilot.press("1")
        assert shelf.call.done == [("press", "1")]  # the keypad acts on the call of now
        await settle(pilot)
        assert screen.cursor == 7
        assert "Welcome" not in shown(screen.conversation)
        await pilot.press("e")
        await settle(pilot)
        assert "Welcome" in shown(screen.conversation)
        assert screen.shown is screen.view


async def test_a_small_screen_has_one_line_of_time_when_somebody_looks_back(shelf: Shelf) -> None:
    async with shelf.app().run_test(size=(80, 24)) as pilot:
        begin(shelf.call)
        await settle(pilot)
        screen = screen_of(pilot.app)
        assert not screen.time_bar.display
        screen.go_to(9)
        await settle(pilot)
        assert screen.time_bar.display
        assert "┃" in line_of(screen.time_bar)
        assert screen.time_bar.size.height == 1


# the filter


async def test_an_error_points_at_its_place_and_the_list_stays(shelf: Shelf, file: Path) -> None:
    async with shelf.opened(file).run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        await pilot.press("slash", *"kind:digit st:5")
        await settle(pilot)
        note = line_of(screen.query_one(FilterNote))
        assert note.startswith(" " * len("kind:digit ") + "▲ ")
        assert "st" in note
        await pilot.press("escape")
        await settle(pilot)
        assert len(screen.trace.shown) == 14
        assert not screen.query_one(FilterNote).display


async def test_words_search_in_texts(shelf: Shelf, file: Path) -> None:
    async with shelf.opened(file).run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        await pilot.press("slash", *"welcome")
        await until(pilot, lambda: len(screen.trace.shown) < 14)
        kinds = {screen.source.kind(i) for i in screen.trace.shown}
        assert kinds == {"webhook.response", "document.received", "prompt.started"}
        screen.filter_category("prompts")
        await settle(pilot)
        assert [screen.source.kind(i) for i in screen.trace.shown] == ["prompt.started"]


@pytest.mark.slow
async def test_a_search_goes_on_between_frames_and_can_be_stopped(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = a_call()
    for number in range(3000):
        call.happen(5000, "mark", None, text=f"n{number}")
    file = write(tmp_path / "call.jsonl", call.records)
    async with shelf.opened(file).run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        monkeypatch.setattr("ivrsim.tui.call.trace_list._AT_ONCE_S", 0.0)
        monkeypatch.setattr("ivrsim.tui.traces.slices.SLICE_S", 0.0)
        await pilot.press("slash", "n")
        await settle(pilot)
        assert screen.trace.shown.searching is not None
        assert "Esc stops" in line_of(screen.query_one(FilterNote))
        await pilot.press("escape")
        await settle(pilot)
        assert screen.trace.shown.searching is None
        assert len(screen.trace.shown) == 3014


# files


async def test_a_damaged_file_is_shown_up_to_the_damage(shelf: Shelf, file: Path) -> None:
    change(file, 7, b"\x1b[2J rubbish\n")
    async with shelf.opened(file).run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        assert len(screen.trace.shown) == 5
        damage = line_of(screen.query_one(DamageLine))
        assert damage.startswith("✕ call.jsonl: line 7: not JSON")
        assert screen.query_one(DamageLine).display


async def test_damage_inside_a_line_is_found_when_it_is_looked_at(shelf: Shelf, file: Path) -> None:
    change(file, 11, lines_of(file)[10].replace(b'"digit":"1"', b'"digit":,1"'))
    async with shelf.opened(file).run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        await until(pilot, lambda: screen.query_one(DamageLine).display)
        assert "call.jsonl: line 11: not JSON" in line_of(screen.query_one(DamageLine))
        assert len(screen.trace.shown) == 9
        assert "Welcome" in shown(screen.conversation)


async def test_a_file_that_is_still_written_grows_on_the_screen(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivrsim.tui.call.screen.GROWTH_S", 0.05)
    records = a_call().records
    file = write(tmp_path / "call.jsonl", records[:9])
    whole = lines_of(write(tmp_path / "whole.jsonl", records))
    async with shelf.opened(file).run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        assert "call ended" not in shown(screen.conversation)
        with file.open("ab") as writing:
            writing.write(whole[10][:40])
            writing.flush()
            await until(pilot, lambda: screen.query_one(DamageLine).display)
            assert "line 11: breaks off" in line_of(screen.query_one(DamageLine))
            writing.write(whole[10][40:] + b"".join(whole[11:]))
        await until(pilot, lambda: len(screen.trace.shown) == 14)
        await until(pilot, lambda: not screen.query_one(DamageLine).display)
        await until(pilot, lambda: "call ended" in shown(screen.conversation))


def test_what_is_no_trace_or_too_new_is_one_line(shelf: Shelf, tmp_path: Path) -> None:
    newer = write(tmp_path / "newer.jsonl", [], HEADER._replace(version=99))
    with pytest.raises(TraceError, match="version 99 is newer"):
        shelf.opened(newer)
    (tmp_path / "notes.txt").write_text("shopping\n")
    with pytest.raises(TraceError, match="expected an ivrsim trace header"):
        shelf.opened(tmp_path / "notes.txt")


# sound


async def test_the_sound_plays_from_the_cursor_which_goes_along(shelf: Shelf, file: Path) -> None:
    file.with_suffix(".wav").write_bytes(b"")
    async with shelf.opened(file).run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        screen.go_to(7)
        await settle(pilot)
        await pilot.press("space")
        (player,) = shelf.players
        assert player.path == file.with_suffix(".wav")
        assert player.done == ["play 1000"]
        player.position_ms = 4199
        await until(pilot, lambda: "▶ 0:04.1" in line_of(screen.time_bar))
        assert screen.cursor == 9
        player.position_ms = 4205
        await until(pilot, lambda: screen.cursor == 13)
        assert player.done == ["play 1000"]
        await pilot.press("comma")  # somebody moves the cursor: the sound goes there
        await settle(pilot)
        assert player.done[-1] == "play 4200"
        await pilot.press("space")
        assert player.done[-1] == "pause"
        player.say("the loudspeakers are gone")
        await until(pilot, lambda: "the loudspeakers are gone" in said(screen.application))
    assert player.done[-1] == "close"


async def test_without_sound_it_is_said_how_to_get_one(shelf: Shelf, file: Path) -> None:
    app = shelf.opened(file)
    async with app.run_test(size=WIDE) as pilot:
        await there(pilot)
        await pilot.press("space")
        assert said(app)[-1].startswith("there is no sound beside this trace")
        assert "--audio" in said(app)[-1]


# what can and cannot be done with it


async def test_what_makes_no_sense_is_said(shelf: Shelf, file: Path) -> None:
    app = shelf.opened(file)
    async with app.run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        for key in ("h", "1", "s", "m", "i", "o", "w", "b", "a"):
            app.clear_notifications()
            await pilot.press(key)
            assert said(app) == ["This is a recorded call: F3 branches here"], key
        assert screen.is_current


async def test_calling_again_takes_target_options_and_keys_of_the_trace(
    shelf: Shelf, file: Path
) -> None:
    async with shelf.opened(file).run_test(size=WIDE) as pilot:
        await there(pilot)
        await pilot.press("r")
        await pilot.pause()
        assert shelf.placed == [("restaurant --set a=b", "^1")]
        assert screen_of(pilot.app).call is shelf.call


async def test_calling_another_target_up_to_here(shelf: Shelf, file: Path) -> None:
    async with shelf.opened(file, against="http://127.0.0.1:9/x").run_test(size=WIDE) as pilot:
        (await there(pilot)).go_to(9)
        await settle(pilot)
        await pilot.press("R")
        await pilot.pause()
        assert shelf.placed == [("http://127.0.0.1:9/x", "")]


async def test_from_the_list_and_back(shelf: Shelf, file: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text("no trace")
    shelf.entries = (
        Entry("recorded calls", str(file), "ABC Restaurant", "8x8", trace=str(file), remark="x"),
        Entry("recorded calls", str(broken), "broken.jsonl", "", trace=str(broken)),
    )
    app = IvrsimApp(shelf.services())
    async with app.run_test(size=WIDE) as pilot:
        await pilot.pause()
        await pilot.press("enter")
        await there(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)
        await pilot.press("down", "enter")
        await pilot.pause()
        problem = str(app.screen.query_one("#problem").render())
        assert "broken.jsonl: line 1: expected an ivrsim trace header" in problem
        assert shelf.placed == []


async def test_an_opened_trace_leaves_to_the_list_and_with_control_c(
    shelf: Shelf, file: Path
) -> None:
    app = shelf.opened(file)
    async with app.run_test(size=WIDE) as pilot:
        await there(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)
        await pilot.press("ctrl+c")
    assert app.return_value == 0


async def test_a_long_trace_shows_its_kinds_on_the_line_of_time(
    shelf: Shelf, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivrsim.tui.traces.ticks.EXACT", 5)
    async with shelf.opened(file).run_test(size=WIDE) as pilot:
        screen = await there(pilot)
        screen.slices.wake()
        await until(pilot, lambda: "•" in line_of(screen.time_bar))
        above, below = line_of(screen.time_bar).split("\n")
        assert above.index("→") == 10
        assert "━" in below
        assert PROMPT[:7] in shown(screen.conversation)
