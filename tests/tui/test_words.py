"""What the caller says, typed or heard, and what is recorded: how the screen shows it."""

from __future__ import annotations

import re

import pytest
from textual.widgets import Input

from ivrsim.tui.app import IvrsimApp
from ivrsim.tui.call.say import Offer
from ivrsim.tui.spans import text_of_row
from tests.tui.fake import Desk, begin, listen_for_words, screen_of, settle

WIDE = (160, 50)
MARK = re.compile(r"● rec\b")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def conversation(app: IvrsimApp) -> list[str]:
    """Its lines, without the room between their parts."""
    lines = screen_of(app).conversation
    rows = (text_of_row(lines.row(y, lines.width)[0]) for y in range(lines._count))
    return [" ".join(row.split()) for row in rows]


def screen_text(app: IvrsimApp) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(part.text for part in strip) for strip in strips)


async def test_what_is_typed_is_said(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("w", *"floor", "space", "2", "enter")
        assert desk.call.done == [("say", "floor 2")]
        await pilot.press("2", "w", "enter", "3")  # nothing typed: nothing said
        assert desk.call.done[1:] == [("press", "2"), ("press", "3")]


async def test_escape_closes_the_field_and_not_the_call(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        await pilot.press("w", "h", "escape")
        assert desk.call.done == []
        field = screen_of(app).query_one("#say", Input)
        assert not field.display
        await pilot.press("w")
        assert field.display
        assert field.value == ""
        desk.call.hang_up()
        await settle(pilot)
        assert not field.display


async def test_the_field_is_found_from_every_view(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=(80, 24)) as pilot:
        begin(desk.call)
        await pilot.press("v", "w", "1", "enter")
        assert desk.call.done == [("say", "1")]
        await pilot.resize_terminal(*WIDE)
        screen_of(app).trace.focus()
        await pilot.press("z", "w", *"2", "enter")
        assert desk.call.done[1:] == [("say", "2")]
        assert not screen_of(app).has_class("-zoom")


@pytest.mark.parametrize(
    ("size", "offer"),
    [
        ((80, 24), "listening for speech: press W to type the words"),
        ((120, 36), "listening for speech: W types it"),
    ],
)
async def test_typed_words_are_offered_while_somebody_listens(
    desk: Desk, size: tuple[int, int], offer: str
) -> None:
    app = desk.app()
    async with app.run_test(size=size) as pilot:
        begin(desk.call)
        await settle(pilot)
        assert "listening for speech" not in screen_text(app)
        listen_for_words(desk.call, ["opening hours", "a table"])
        await settle(pilot)
        assert offer in screen_text(app)
        await pilot.click(Offer, offset=(5, 0))
        await settle(pilot)
        assert "listening for speech" not in screen_text(app)
        assert "say… opening hours, a table" in screen_text(app)
        await pilot.press(*"a", "enter")
        assert desk.call.done == [("say", "a")]
        desk.call.happen(9000, "capture.closed", capture="c2", digits="", text="a")
        await settle(pilot)
        assert "listening for speech" not in screen_text(app)


async def test_the_phone_says_what_a_prompt_can_be_interrupted_with(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        words = []
        for types in (["dtmf"], ["dtmf", "speech"], ["speech"]):
            desk.call.happen(
                4000, "capture.opened", capture="c2", types=types, max_digits=4, barge_in=True
            )
            await settle(pilot)
            rows = screen_of(app).phone.status.rows(21)
            words.append([" ".join(text_of_row(row).split()) for row in rows[4:]])
        assert words == [
            ["a key interrupts", "digits ····"],
            ["you may interrupt", "digits ····"],
            ["speech interrupts", ""],
        ]


async def test_what_is_typed_appears_at_once_and_stays_one_bubble(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        listen_for_words(desk.call)
        await pilot.press("w", *"hello", "enter")
        await settle(pilot)
        assert "0:08 “hello”" in conversation(app)
        desk.call.happen(9200, "speech", text="hello", source="typed", confidence=1.0)
        await settle(pilot)
        assert "sure" not in " ".join(conversation(app))  # nothing was recognised: it is known
        assert len([line for line in conversation(app) if "hello" in line]) == 1


async def test_what_the_microphone_hears_grows_into_words(desk: Desk) -> None:
    app = desk.app()
    call = desk.call
    async with app.run_test(size=WIDE) as pilot:
        begin(call)
        listen_for_words(call)
        call.happen(8000, "speech.started", source="microphone", text=None, capture="c2")
        await settle(pilot)
        assert conversation(app)[-2] == "0:08 …"
        call.happen(9000, "speech.stopped", source="microphone", ago_ms=300)
        call.happen(9500, "speech", text="a table", source="microphone", confidence=0.83)
        call.happen(9600, "speech.started", source="microphone", text=None, capture="c2")
        call.happen(9900, "speech", text=None, source="microphone", confidence=None)
        await settle(pilot)
        assert conversation(app)[-5:-1] == [
            "0:08 “a table”", "83% sure", "", "0:09 (not understood)",
        ]  # fmt: skip


async def test_words_that_nobody_takes_are_shown_with_the_reason(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=WIDE) as pilot:
        begin(desk.call)
        desk.call.happen(
            4500, "speech.started", source="typed", text="hello?", ignored="no-capture"
        )
        await settle(pilot)
        assert conversation(app)[-3:-1] == ["0:04 “hello?”", "ignored: nobody is listening"]


@pytest.mark.parametrize("size", [(80, 24), (160, 50)], ids=str)
async def test_a_recording_is_marked_while_it_runs(desk: Desk, size: tuple[int, int]) -> None:
    app = desk.app()
    call = desk.call
    async with app.run_test(size=size) as pilot:
        begin(call)
        call.happen(5000, "recording.started", recording="r0", format="wav", purpose="speech")
        await settle(pilot)
        assert not MARK.search(screen_text(app))  # what is said is heard, not kept
        call.happen(
            5000, "recording.started", recording="r1", format="mp3", background=False,
            purpose="record", terminator="#", limit_ms=60000,
        )  # fmt: skip
        call.now_ms = 17300
        await settle(pilot)
        title, *below = screen_text(app).splitlines()
        assert "● rec   ● connected" in title
        assert any(MARK.search(line) and "0:12" in line for line in below)
        assert any("recording: press W to type the words" in line for line in below)
        call.happen(17300, "recording.stopped", recording="r1", by="silence", duration_ms=12300)
        call.happen(
            17400, "recording.stored", recording="r1", url="http://127.0.0.1:4000/r1.mp3",
            size=98000,
        )  # fmt: skip
        await settle(pilot)
        assert not MARK.search(screen_text(app))
        text = " ".join(conversation(app))
        assert "Recorded 12.3 s, ended by silence: mp3, 98.0 kB, http://127.0" in text


async def test_the_offer_does_not_hide_the_end_of_the_conversation(desk: Desk) -> None:
    app = desk.app()
    async with app.run_test(size=(80, 24)) as pilot:
        begin(desk.call)
        for number in range(30):
            desk.call.happen(4000, "mark", text=f"n{number}")
        await settle(pilot)
        lines = screen_of(app).conversation
        assert lines.scroll_offset.y == lines.max_scroll_y > 0
        listen_for_words(desk.call)
        await settle(pilot)
        height = lines.size.height
        await pilot.press("w", "escape")
        await settle(pilot)
        assert lines.size.height == height
        assert lines.scroll_offset.y == lines.max_scroll_y
        assert lines.follow
