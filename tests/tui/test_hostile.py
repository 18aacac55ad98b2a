"""Payloads that try to break the screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ivrsim.tui.json_spans import json_line, payload_rows
from ivrsim.tui.spans import both_ends, strip_of, text_of_row, width_of, wrap, wrap_spans
from ivrsim.tui.themes import DARK, Paint
from tests.tui.fake import Desk, begin, listen_for_words, screen_of, settle

HOSTILE = (
    "\x1b[2J\x1b]52;c;AAAA\x07 [red]x[/red] [@click=app.quit]y[/] "
    "\u202etxt שלום 👩\u200d💻 漢字 \ud800"
)
PAINT = Paint(DARK)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_hostile_text_reaches_the_screen_as_signs(size: tuple[int, int]) -> None:
    desk = Desk()
    app = desk.app()
    desk.call.notices.append(HOSTILE)
    async with app.run_test(size=size) as pilot:
        begin(desk.call)
        call = desk.call
        body = '{"k": "' + "\\u001b[31m" + HOSTILE + "x" * 1_000_000 + '"}'
        call.happen(
            4000, "webhook.request", webhook="w5", title=HOSTILE, url=HOSTILE, method=HOSTILE,
            headers={HOSTILE: HOSTILE}, body={HOSTILE: HOSTILE}, sent=True,
        )  # fmt: skip
        call.happen(4000, "webhook.response", webhook="w5", status=200, body=body, headers={})
        call.happen(4000, "prompt.started", prompt="p5", text=HOSTILE, duration_ms=1000)
        call.happen(4000, "speech", "A", text=HOSTILE)
        call.happen(4000, "diagnostic", severity="error", message=HOSTILE)
        call.happen(
            4000, "document.received", document=HOSTILE, origin=HOSTILE, page=HOSTILE,
            actions=[{"pointer": "/0", "action": HOSTILE, "summary": HOSTILE}], body=[HOSTILE],
        )  # fmt: skip
        call.happen(4000, "new.kind" + HOSTILE, thing=HOSTILE)
        await settle(pilot)
        for key in ("t", "t", "t", "t"):
            await pilot.press(key)
        screen = screen_of(app)
        lines = ["".join(s.text for s in strip) for strip in screen._compositor.render_strips()]
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for line in lines for c in line)
        assert {cell_len(line) for line in lines} == {size[0]}
        text = "\n".join(lines)
        assert "[red]x[/red]" in text
        assert "␛[2J" in text
        text.encode()
    assert app.crash is None


async def test_hostile_devices_and_phrases_are_signs_too() -> None:
    desk = Desk()
    app = desk.app()
    async with app.run_test(size=(80, 24)) as pilot:
        begin(desk.call)
        listen_for_words(desk.call, [HOSTILE])
        desk.call.speakers = HOSTILE
        desk.call.on_desk = {"speakers": [HOSTILE], "microphone": [HOSTILE]}
        for keys in ("w", "escape", "o"):
            await pilot.press(keys)
            await settle(pilot)
            strips = app.screen._compositor.render_strips()
            text = "".join(part.text for strip in strips for part in strip)
            assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text)
            assert keys == "escape" or "␛[2J" in text
    assert app.crash is None


@given(st.text(max_size=60), st.integers(1, 40))
def test_a_strip_has_exactly_the_width_it_was_given(text: str, width: int) -> None:
    shown = "".join(char for char in text if char.isprintable())
    strip = strip_of([(shown, "text"), (shown, "muted")], PAINT, width)
    assert sum(cell_len(segment.text) for segment in strip) == width


@given(st.text(alphabet=st.sampled_from("ab 漢👍\u0301"), max_size=80), st.integers(2, 30))
def test_wrapped_lines_fit_and_nothing_but_spaces_is_lost(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for _, line in lines)
    assert "".join(line for _, line in lines).replace(" ", "") == text.replace(" ", "")
    assert all(text[start : start + len(line)] == line for start, line in lines)


@given(st.lists(st.text(alphabet="ab 漢👍", max_size=30), max_size=4), st.integers(8, 30))
def test_wrapped_spans_fit_and_nothing_is_lost(texts: list[str], width: int) -> None:
    lines = wrap_spans([(text, "text") for text in texts], width)
    assert all(width_of(line) <= width for line in lines)
    assert "".join(map(text_of_row, lines)) == "".join(texts)


@given(st.text(max_size=40), st.text(max_size=10), st.integers(1, 40))
def test_both_ends_never_lose_the_right_one(left: str, right: str, width: int) -> None:
    row = both_ends([(left, "")], [(right, "")], width)
    assert text_of_row(row).endswith(right)


@given(st.text(max_size=80))
def test_colouring_keeps_every_character(line: str) -> None:
    flat = line.replace("\n", " ")
    assert text_of_row(json_line(flat)) == flat


def test_a_large_payload_says_what_is_not_shown() -> None:
    rows = payload_rows("x" * 1_000_000, 80)
    assert "880.0 kB more: Y copies all of it" in text_of_row(rows[-1])
    assert len(rows) < 2000
