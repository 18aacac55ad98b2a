"""The debugger by keys, on real calls of a sample: nothing below the screen is a fake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from ivrsim.flows.target import TargetOptions
from ivrsim.runtime.place import CallOptions
from ivrsim.trace.reader import TraceReader
from ivrsim.trace.record import Header, Record
from ivrsim.tui.app import IvrsimApp
from ivrsim.tui.debug.assumptions import AssumptionsScreen
from ivrsim.tui.debug.compare import CompareScreen, Pairs, Sides
from ivrsim.tui.debug.editor import Editor
from ivrsim.tui.debug.resend import ResendScreen
from ivrsim.tui.debug.tree import BranchList, TreeScreen
from ivrsim.tui.debug.waterfall import WaterfallScreen
from ivrsim.tui.spans import text_of_row
from ivrsim.tui.start import real_services
from ivrsim.tui.traces.recorded import open_recorded
from tests.tui.fake import screen_of, until

WIDE = (160, 50)


def application(folder: Path, keys: str, *breakpoints: str) -> IvrsimApp:
    """A call of the restaurant in virtual time, with somebody at the keypad."""
    options = CallOptions(
        clock="virtual", keys=keys, person=True, seed=7, trace_path=folder / "first.jsonl"
    )
    services = real_services("restaurant", TargetOptions(), options)
    assert services.workshop is not None
    points = services.workshop().breakpoints
    assert points is not None
    for text in breakpoints:
        points.add(text)
    return IvrsimApp(services, services.place("restaurant", None))


def read(path: Path) -> tuple[Header, list[Record]]:
    with TraceReader(path) as reader:
        reader.index_all()
        return reader.header, list(reader.records())


def digits(records: list[Record]) -> str:
    return "".join(str(record.data["digit"]) for record in records if record.kind == "digit")


async def stands_still(pilot: Pilot[Any], kind: str) -> None:
    def there() -> bool:
        call = getattr(pilot.app.screen, "call", None)
        stopped = getattr(call, "stopped", None)
        return stopped is not None and stopped.kind == kind

    await until(pilot, there)


async def is_over(pilot: Pilot[Any]) -> None:
    """The call has ended, and the screen has caught up with it: its last webhook is selected."""
    await until(pilot, lambda: screen_of(pilot.app).call.ended)
    await until(pilot, lambda: screen_of(pilot.app).detail.record is not None)
    await pilot.pause()


async def test_stop_edit_go_on_go_back_branch_and_compare(tmp_path: Path) -> None:
    async with application(tmp_path, "1 1").run_test(size=WIDE) as pilot:
        await is_over(pilot)
        # A breakpoint before the second reply is used, and the same call once more.
        await pilot.press("f21", *"reply purpose:VCA hit:2", "enter", "escape", "r")
        await stands_still(pilot, "reply")
        # The reply is edited, and the call goes on.
        await pilot.press("E")
        assert isinstance(pilot.app.screen, Editor)
        area: Any = pilot.app.screen.query_one("#draft")
        assert "For a table today, press 1." in area.text
        area.load_text(area.text.replace("For a table today", "For a table outside"))
        await pilot.press("ctrl+s", "f5")
        await is_over(pilot)
        first = screen_of(pilot.app).call
        _, made = read(tmp_path / "first.jsonl")
        edit = next(record for record in made if record.kind == "reply.edited")
        assert "For a table outside" in edit.data["diff"]
        heard = " ".join(str(r.data.get("text")) for r in made if r.kind == "prompt.started")
        assert "For a table outside" in heard
        assert digits(made) == "11"
        # Back before the edit, to the first key, and on from there with another one.
        key = next(record.seq for record in made if record.kind == "digit")
        screen_of(pilot.app).go_to(key)
        await pilot.press("f3", "enter")
        await stands_still(pilot, "branch")
        await pilot.press("f21", "delete", "escape")  # no breakpoint any more
        await pilot.press("3")
        assert screen_of(pilot.app).call.held == 1  # type: ignore[attr-defined]
        await pilot.press("f5")
        await is_over(pilot)
        branch = screen_of(pilot.app).call
        assert branch is not first
        assert branch.trace_path is not None
        header, other = read(branch.trace_path)
        assert header.parent is not None
        assert (header.parent["trace"], header.parent["seq"]) == ("first.jsonl", key)
        assert digits(other)[0] == "3"
        assert [r.data for r in other[: key - 1]] == [r.data for r in made[: key - 1]]
        # Both side by side, from the tree.
        await pilot.press("f2")
        assert isinstance(pilot.app.screen, TreeScreen)
        await pilot.pause()
        rows = [text_of_row(row) for row, _ in pilot.app.screen.query_one(BranchList)._rows]
        assert len(rows) == 2
        assert "recorded replies" in rows[1]
        await pilot.press("home", "c")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
        await pilot.pause()
        pairs = pilot.app.screen.query_one(Pairs)
        assert pairs.current is not None
        assert pairs.current.old == key
        assert "difference" in text_of_row(pilot.app.screen.query_one(Sides).rows(150)[0])


async def test_steps_of_a_real_call(tmp_path: Path) -> None:
    async with application(tmp_path, "1 1", "request purpose:VCA").run_test(size=WIDE) as pilot:
        await stands_still(pilot, "request")
        kinds = []
        for key in ("f10", "f8", "f11", "f23"):
            before = len(screen_of(pilot.app).call.records)
            await pilot.press(key)
            await until(
                pilot,
                lambda before=before: (
                    len(screen_of(pilot.app).call.records) > before
                    and screen_of(pilot.app).live is not None
                    and screen_of(pilot.app).live.stopped is not None
                ),
            )
            stopped = screen_of(pilot.app).live.stopped  # type: ignore[union-attr]
            record = screen_of(pilot.app).record_of(stopped.seq)
            kinds.append(record.kind if record is not None else None)
        assert kinds[:3] == ["action.started", "prompt.started", "webhook.request"]
        await pilot.press("h")
        await is_over(pilot)


async def test_a_recorded_trace_goes_on_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVRSIM_HISTORY", str(tmp_path / "history"))
    async with application(tmp_path, "1 1").run_test(size=WIDE) as pilot:
        await is_over(pilot)
    services = real_services()
    placed = open_recorded(tmp_path / "first.jsonl")
    async with IvrsimApp(services, placed).run_test(size=WIDE) as pilot:
        await pilot.pause()
        screen = screen_of(pilot.app)
        await pilot.press("T")
        await until(pilot, lambda: isinstance(pilot.app.screen, WaterfallScreen))
        await pilot.press("escape")
        _, records = read(tmp_path / "first.jsonl")
        webhook = [
            record for record in records if record.kind == "webhook.request" and record.data["sent"]
        ][-1]
        screen.go_to(webhook.seq)
        await pilot.press("f9")
        assert services.workshop is not None
        points = services.workshop().breakpoints
        assert points is not None
        assert points.points[0].text.startswith("request title:")
        await pilot.press("f5", "enter")
        await stands_still(pilot, "branch")  # in real time from here on
        made = screen_of(pilot.app).call
        assert made.trace_path is not None
        assert made.trace_path.parent == tmp_path / "history"
        assert not screen_of(pilot.app).recorded
        await pilot.press("h")
        await is_over(pilot)
        header, branch = read(made.trace_path)
        assert header.parent is not None
        assert header.parent["trace"] == str(tmp_path / "first.jsonl")
        assert [r.kind for r in branch[: webhook.seq]] == [r.kind for r in records[: webhook.seq]]


async def test_other_readings_of_a_real_call(tmp_path: Path) -> None:
    async with application(tmp_path, "1 1").run_test(size=WIDE) as pilot:
        await is_over(pilot)
        await pilot.press("q", "a")
        screen = pilot.app.screen
        assert isinstance(screen, AssumptionsScreen)
        await until(pilot, lambda: "course" in str(screen.query_one("#progress").content))  # type: ignore[attr-defined]
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))


async def test_scripted_pages_cannot_be_asked_out_of_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(
        IvrsimApp, "say", lambda self, text, severity="information": said.append(text)
    )
    async with application(tmp_path, "1 1").run_test(size=WIDE) as pilot:
        await is_over(pilot)
        await pilot.press("ctrl+r")
        assert not isinstance(pilot.app.screen, ResendScreen)
        assert "scripted pages" in said[-1]
