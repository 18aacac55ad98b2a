"""The debugger's windows, one by one."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App
from textual.pilot import Pilot
from textual.screen import ModalScreen, Screen

from ivrsim.errors import InputError, IvrsimError
from ivrsim.trace.record import Record
from ivrsim.tui.app import IvrsimApp
from ivrsim.tui.debug.assumptions import AssumptionsScreen
from ivrsim.tui.debug.compare import CompareScreen, Difference, Pairs, Sides
from ivrsim.tui.debug.diff import rows_of_diff
from ivrsim.tui.debug.editor import Changes, Editor, Verdict
from ivrsim.tui.debug.outside import edit_outside, editor
from ivrsim.tui.debug.protocol import Assumption, Bar, Comparison, Pair, Side, Tried, Workshop
from ivrsim.tui.debug.resend import ResendScreen
from ivrsim.tui.debug.waterfall import BarList, Scale, WaterfallScreen, style_of
from ivrsim.tui.debug.workshop import RealDrafts
from ivrsim.tui.protocol import Placed, Services
from ivrsim.tui.spans import text_of_row
from tests.tui.debug.fake import REPLY_DRAFT, REQUEST, DebugDesk, bars, comparison
from tests.tui.fake import FakeCall, begin, finish, until

SIZE = (120, 36)
GOODBYE = replace(REPLY_DRAFT, body='{"callflow": [{"action": "hangup"}]}')


class Alone(IvrsimApp):
    """An application with one window open."""

    def __init__(self, screen: Callable[[], Screen[Any]]) -> None:
        super().__init__(Services(lambda: (), _nobody_calls))
        self._first = screen

    def on_ready(self) -> None:
        self.push_screen(self._first())


def _nobody_calls(target: str, keys: str | None) -> Placed:
    raise AssertionError("nobody calls")


class over:  # noqa: N801 - reads as `run_test` does
    def __init__(self, screen: Callable[[], Screen[Any]]) -> None:
        self._app = Alone(screen)

    @contextlib.asynccontextmanager
    async def run_test(self, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[Any]]:
        async with self._app.run_test(size=size) as pilot:
            await until(pilot, lambda: isinstance(pilot.app.screen, ModalScreen))
            await pilot.pause()
            yield pilot


def lines(rows: Sequence[Any]) -> str:
    return "\n".join(text_of_row(row) for row in rows)


# diffs


def test_a_diff_in_rows() -> None:
    diff = RealDrafts().difference('{\n "a": 1\n}', '{\n "a": 2\n}')
    rows = rows_of_diff(diff, 40)
    assert [text_of_row(row) for row in rows] == [
        "@@ -1,3 +1,3 @@", "  {", '-  "a": 1', '+  "a": 2', "  }",
    ]  # fmt: skip
    assert rows[2][1][1] == "red"
    assert rows[3][1][1] == "green"
    assert text_of_row(rows_of_diff("", 40)[0]) == "Nothing was changed."


@given(st.text(), st.text(), st.integers(10, 200))
def test_any_diff_fits_and_is_harmless(old: str, new: str, width: int) -> None:
    for row in rows_of_diff(RealDrafts().difference(old, new), width):
        text = text_of_row(row)
        assert cell_len(text) <= width + 2
        assert "\x1b" not in text


# the editor


async def test_the_editor_says_what_is_wrong_and_where() -> None:
    async with over(
        lambda: Editor(RealDrafts(), GOODBYE, lambda made, diff: None, platform="8x8")
    ).run_test(size=SIZE) as pilot:
        verdict = pilot.app.screen.query_one(Verdict)
        area: Any = pilot.app.screen.query_one("#draft")
        assert lines(verdict.rows(100)) == "It can be used as it is."
        area.load_text(area.text.replace('"action": "hangup"', '"action": "hngup"'))
        await pilot.pause()
        assert "hngup" in lines(verdict.rows(100))
        area.load_text("2x0\n\n{}")
        await pilot.pause()
        assert lines(verdict.rows(100)).startswith("1:1: expected a status")
        await pilot.press("ctrl+s")
        assert isinstance(pilot.app.screen, Editor)
        await pilot.press("ctrl+r")
        assert area.text == RealDrafts().text(GOODBYE)
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, Editor)


async def test_the_editor_shows_what_has_been_changed() -> None:
    async with over(lambda: Editor(RealDrafts(), REQUEST, lambda made, diff: None)).run_test(
        size=SIZE
    ) as pilot:
        await pilot.press("end", "2", "ctrl+t")
        changes = pilot.app.screen.query_one(Changes)
        assert changes.display
        assert "+ POST http://127.0.0.1:5000/vca2" in lines(
            [changes.row(y, 100)[0] for y in range(changes._count)]
        )
        await pilot.press("ctrl+t", "3")
        assert "vca23" in pilot.app.screen.query_one("#draft").text  # type: ignore[attr-defined]


async def test_what_is_written_is_not_lost_by_one_key() -> None:
    async with over(lambda: Editor(RealDrafts(), REQUEST, lambda made, diff: None)).run_test(
        size=SIZE
    ) as pilot:
        await pilot.press("x", "escape")
        assert isinstance(pilot.app.screen, Editor)
        assert "once more" in lines(pilot.app.screen.query_one(Verdict).rows(100))
        await pilot.press("y", "escape")
        assert isinstance(pilot.app.screen, Editor)
        await pilot.press("escape")
        assert not isinstance(pilot.app.screen, Editor)


async def test_nothing_changed_is_nothing_used() -> None:
    used: list[object] = []
    async with over(
        lambda: Editor(RealDrafts(), REQUEST, lambda made, diff: used.append(made))
    ).run_test(size=SIZE) as pilot:
        await pilot.press("ctrl+s")
        assert not isinstance(pilot.app.screen, Editor)
    assert used == []


async def test_the_editor_bears_any_text() -> None:
    text = "200\nX: \x1b[31m\u202e\n\n" + '{"a": "\ud800 ✓ 漢字", "b": [1, 2.5e3, null]}' * 20
    async with over(lambda: Editor(RealDrafts(), REPLY_DRAFT, lambda made, diff: None)).run_test(
        size=(80, 24)
    ) as pilot:
        area: Any = pilot.app.screen.query_one("#draft")
        area.load_text(text)
        await pilot.press("pagedown", "x", "up", "end", "y")
        assert len(area.text) == len(text) + 2


# an editor outside


@pytest.fixture
def lent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(App, "suspend", lambda self: contextlib.nullcontext())


def by_script(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f'"{sys.executable}" -c "{code}"')


async def test_editing_outside(monkeypatch: pytest.MonkeyPatch, lent: None) -> None:
    by_script(
        monkeypatch,
        "import sys, pathlib; p = pathlib.Path(sys.argv[1]); "
        "assert p.stat().st_mode & 0o77 == 0; "
        "p.write_text(p.read_text().replace('press 1', 'press 7'))",
    )
    async with over(
        lambda: Editor(RealDrafts(), REPLY_DRAFT, lambda made, diff: None, platform="8x8")
    ).run_test(size=SIZE) as pilot:
        await pilot.press("ctrl+o")
        await pilot.pause()
        assert "press 7" in pilot.app.screen.query_one("#draft").text  # type: ignore[attr-defined]


async def test_what_cannot_be_edited_outside(monkeypatch: pytest.MonkeyPatch, lent: None) -> None:
    app: Any = App()
    by_script(monkeypatch, "raise SystemExit(3)")
    with pytest.raises(IvrsimError, match="ended with 3: nothing is changed"):
        edit_outside(app, "x")
    monkeypatch.setenv("EDITOR", "/nowhere/at-all")
    with pytest.raises(InputError, match=r"/nowhere/at-all: cannot be run"):
        edit_outside(app, "x")
    monkeypatch.setenv("EDITOR", "'")
    with pytest.raises(InputError, match=r"\$EDITOR is"):
        editor()
    monkeypatch.setenv("EDITOR", "")
    with pytest.raises(InputError, match="set VISUAL or EDITOR"):
        editor()
    monkeypatch.setenv("VISUAL", "code -w")
    assert editor() == ["code", "-w"]


async def test_a_terminal_that_cannot_be_lent(monkeypatch: pytest.MonkeyPatch) -> None:
    by_script(monkeypatch, "pass")
    async with over(lambda: Editor(RealDrafts(), REQUEST, lambda made, diff: None)).run_test(
        size=SIZE
    ) as pilot:
        await pilot.press("ctrl+o")
        said = lines(pilot.app.screen.query_one(Verdict).rows(100))
        assert "cannot be lent to an editor" in said


# two calls side by side


def two_calls() -> tuple[FakeCall, FakeCall]:
    calls = FakeCall(), FakeCall()
    for call, failed in zip(calls, (False, True), strict=True):
        begin(call)
        finish(call, failed=failed)
    return calls


async def test_from_difference_to_difference() -> None:
    made = comparison(*two_calls())
    async with over(lambda: CompareScreen(made)).run_test(size=SIZE) as pilot:
        pairs = pilot.app.screen.query_one(Pairs)
        detail = pilot.app.screen.query_one(Difference)
        seen = [pairs.cursor]
        for key in ("n", "n", "n", "p", "p", "p"):
            await pilot.press(key)
            seen.append(pairs.cursor)
        assert seen == [9, 11, 13, 13, 11, 9, 9]
        assert "field: key 1 digit" in lines(detail._rows)
        await pilot.press("a")
        await pilot.pause()
        assert pairs._count == 3
        await pilot.press("down", "down", "down")
        assert pairs.cursor == 13
        assert "only the call after has it" in lines(detail._rows)
        await pilot.press("a", "home")
        assert pairs.cursor == 0
        assert "The same, but for ids and times." in lines(detail._rows)
        assert "3 differences" in lines(pilot.app.screen.query_one(Sides).rows(100))


async def test_two_calls_that_are_the_same() -> None:
    call = two_calls()[0]
    side = Side("one", lambda seq: call.records[seq - 1])
    made = Comparison(side, side, [Pair(seq, seq) for seq in range(1, 10)], 0)
    async with over(lambda: CompareScreen(made)).run_test(size=SIZE) as pilot:
        await pilot.press("n", "p", "a", "down", "end")
        pairs = pilot.app.screen.query_one(Pairs)
        assert text_of_row(pairs.row(0, 80)[0]) == "The two calls are the same."
        assert "no difference" in lines(pilot.app.screen.query_one(Sides).rows(100))


async def test_a_comparison_of_nothing() -> None:
    side = Side("", lambda seq: None)
    async with over(lambda: CompareScreen(Comparison(side, side, []))).run_test() as pilot:
        await pilot.press("n", "a", "down", "a", "up", "escape")


async def test_a_long_comparison_is_drawn_line_by_line() -> None:
    asked: list[int] = []

    def record(seq: int) -> Record:
        asked.append(seq)
        return Record(seq, seq, "mark", None, None, True, {"text": str(seq)})

    side = Side("long", record)
    pairs = [Pair(seq, seq, seq != 90_000) for seq in range(1, 100_001)]
    async with over(lambda: CompareScreen(Comparison(side, side, pairs))).run_test(
        size=SIZE
    ) as pilot:
        await pilot.pause()
        assert pilot.app.screen.query_one(Pairs).cursor == 89_999
        assert len(set(asked)) < 200


# the waterfall


@given(
    st.lists(st.tuples(st.integers(0, 10**7), st.none() | st.integers(0, 10**6)), max_size=6),
    st.integers(20, 200),
)
def test_bars_stay_in_their_room(spans: list[tuple[int, int | None]], width: int) -> None:
    made = [
        Bar(n + 1, "prompts", "漢字" * 20, start, None if size is None else start + size, "quiet")
        for n, (start, size) in enumerate(spans)
    ]
    scale = Scale(made)
    listed = BarList(scale)
    for bar in made:
        for row in listed.rows_of(bar, False, width):
            assert cell_len(text_of_row(row)) <= width
    for x, said in scale.ticks(width):
        assert 0 <= x <= width
        assert said.endswith(" s")


async def test_dead_air_is_red_and_told() -> None:
    async with over(lambda: WaterfallScreen(bars(()))).run_test(size=SIZE) as pilot:
        await pilot.pause()
        box = pilot.app.screen.query_one("#box")
        assert "dead air once, the longest 3.5 s" in str(box.border_subtitle)
    tones = {bar.label: style_of(bar) for bar in bars(())}
    assert tones["silence"] == "red"
    assert tones["VCA ACTION_COMPLETED"] == "red"
    assert tones["VCA CALL_RECEIVED"] == "blue"


async def test_a_waterfall_of_nothing() -> None:
    async with over(lambda: WaterfallScreen([])).run_test(size=(80, 24)) as pilot:
        await pilot.press("down", "enter", "escape")


# assumptions, and a webhook sent again


async def test_every_reading_takes_the_same_course() -> None:
    async def try_all(path: object, tell: Callable[[Tried], None]) -> None:
        tell(Tried("a.b", "no", False, False, "the same course"))

    found = [Assumption("a.b", "yes", ("yes", "no"), "assumed")]
    shop = Workshop(try_all=try_all)  # type: ignore[arg-type]  # any path will do
    screen = AssumptionsScreen(found, shop, Path("x.jsonl"))
    async with over(lambda: screen).run_test(size=(80, 24)) as pilot:
        await pilot.press("a")
        await pilot.pause()
        said = str(screen.query_one("#progress").content)  # type: ignore[attr-defined]
        assert said == "The call takes the same course under every reading"


async def test_no_setting_has_decided_anything() -> None:
    screen = AssumptionsScreen([], Workshop(), None)
    async with over(lambda: screen).run_test(size=(80, 24)) as pilot:
        await pilot.press("a", "enter", "down", "escape")


async def test_the_new_reply_is_compared_with_the_recorded_one() -> None:
    desk = DebugDesk()
    call = two_calls()[0]
    desk.reply = replace(
        desk.reply,
        body=desk.reply.body.replace('"maxDigits": 1', '"maxDigits": 4'),
        headers={"Content-Type": "application/json", "Date": "now"},
    )
    placed = desk.place("restaurant", None)
    screen = ResendScreen(desk.shop, placed, REQUEST, call.records[3])
    async with over(lambda: screen).run_test(size=SIZE) as pilot:
        await pilot.press("r")
        await until(pilot, lambda: desk.asked)
        await pilot.pause()
        said = lines(screen.query_one("#replies").rows)  # type: ignore[attr-defined]
        assert "200  41 ms now, 38 ms in the call" in said
        assert '+         "maxDigits": 4' in said
        assert "now" not in said.replace("ms now", "")  # the date says nothing
        desk.problem = "connection refused"
        await pilot.press("r")
        await pilot.pause()
        assert "connection refused" in lines(screen.query_one("#replies").rows)  # type: ignore[attr-defined]
