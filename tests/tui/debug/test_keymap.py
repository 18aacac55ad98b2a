"""Each command has a key of its own, a method, and a line in help and palette."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.command import Hits
from textual.screen import Screen

from ivrsim.tui.app import IvrsimApp
from ivrsim.tui.call.screen import CallScreen
from ivrsim.tui.debug.assumptions import AssumptionsScreen
from ivrsim.tui.debug.breakpoints import BreakpointsScreen
from ivrsim.tui.debug.compare import CompareScreen
from ivrsim.tui.debug.editor import Editor
from ivrsim.tui.debug.resend import ResendScreen
from ivrsim.tui.debug.tree import TreeScreen
from ivrsim.tui.help import HelpScreen
from ivrsim.tui.home.screen import HomeScreen
from ivrsim.tui.keymap import ALL, DIGITS, EVERYTHING, TOGETHER
from ivrsim.tui.palette import Commands
from tests.tui.debug.fake import DebugDesk
from tests.tui.test_keys import shown

SCREENS: dict[str, type[Screen[object]]] = {
    "on the list": HomeScreen,
    "in a call": CallScreen,
    "debugger": CallScreen,
    "breakpoints": BreakpointsScreen,
    "editing a request or a reply": Editor,
    "the tree of branches": TreeScreen,
    "two calls side by side": CompareScreen,
    "assumptions": AssumptionsScreen,
    "a webhook sent again": ResendScreen,
}  # type: ignore[dict-item]  # screens close with different things


def on_one_screen() -> list[tuple[str, ...]]:
    alone = [title for title in EVERYTHING if not any(title in group for group in TOGETHER)]
    return [*TOGETHER, *((title, "everywhere") for title in alone if title != "everywhere")]


@pytest.mark.parametrize("titles", on_one_screen(), ids=lambda titles: titles[0])
def test_no_key_means_two_things(titles: tuple[str, ...]) -> None:
    seen: dict[str, str] = dict.fromkeys(DIGITS, "the telephone")
    for title in titles:
        for command in EVERYTHING[title]:
            for key in filter(None, command.keys.split(",")):
                assert key not in seen, f"{key}: {command.id} and {seen[key]}"
                seen[key] = command.id


def test_ids_are_unique() -> None:
    assert len(ALL) == sum(len(group) for group in EVERYTHING.values())


@pytest.mark.parametrize("title", EVERYTHING)
def test_each_command_has_a_method(title: str) -> None:
    for command in EVERYTHING[title]:
        owner = SCREENS.get(title, IvrsimApp)
        assert hasattr(owner, f"action_{command.id}") or hasattr(
            IvrsimApp, f"action_{command.id}"
        ), command.id


async def test_help_shows_every_command() -> None:
    async with DebugDesk().app().run_test(size=(160, 50)) as pilot:
        await pilot.press("question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        lines = " ".join(shown(pilot.app.screen.query_one("#help")).split())  # type: ignore[arg-type]
        for title, group in EVERYTHING.items():
            assert title in lines
            for command in group:
                assert f"{command.shown} {command.about}" in lines, command.id


async def test_the_palette_has_every_command_of_a_call() -> None:
    async with DebugDesk().app().run_test() as pilot:
        provider = Commands(pilot.app.screen)
        hits: Hits = provider.discover()
        texts = [str(hit.text) async for hit in hits]
        for title in ("in a call", "debugger"):
            for command in EVERYTHING[title]:
                assert f"{command.about}  ·  {command.shown}" in texts


async def test_letters_for_keys_that_terminals_keep() -> None:
    for letter, command in (("n", "step_action"), ("g", "step_webhook"), ("p", "step_back")):
        assert letter in ALL[command].keys.split(",")


def test_shifted_keys_by_both_names() -> None:
    """xterm says f22 for Shift+F10, kitty shift+f10."""
    for command, number in (("breakpoints", 9), ("step_back", 10), ("step_record", 11)):
        keys = ALL[command].keys.split(",")
        assert f"shift+f{number}" in keys
        assert f"f{number + 12}" in keys


def test_the_page_about_the_application_names_every_command() -> None:
    page = (Path(__file__).parents[3] / "docs" / "application.md").read_text("utf-8")
    missing = [
        command.id for command in ALL.values() if command.keys and f"`{command.id}`" not in page
    ]
    assert missing == []
