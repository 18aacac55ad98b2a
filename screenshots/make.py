"""Make the pictures in this folder from the real application: ``python screenshots/make.py``.

Headless, on the sample flows, in real time, and so that they come out the same each time:
seed, time of day, keys and the moments are fixed. Writes SVG, and PNG where rsvg-convert
(librsvg) is installed.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

from textual.pilot import Pilot
from textual.widgets import Input

from ivrsim.runtime.place import CallOptions
from ivrsim.trace.record import Record
from ivrsim.tui.app import IvrsimApp
from ivrsim.tui.call.screen import CallScreen
from ivrsim.tui.protocol import Entry, Services
from ivrsim.tui.start import entries, real_services

HERE = Path(__file__).parent
WIDTH = 1600
"""Pixels of a PNG."""
FONT = "DejaVu Sans Mono"


class Shot(NamedTuple):
    name: str
    size: tuple[int, int]
    target: str | None
    play: Callable[[Pilot[Any]], Awaitable[None]]


def screen_of(pilot: Pilot[Any]) -> CallScreen:
    screen = pilot.app.screen
    assert isinstance(screen, CallScreen)
    return screen


async def until(pilot: Pilot[Any], what: Callable[[list[Record]], bool]) -> None:
    """Wait for something in the trace, at most 30 seconds."""
    for _ in range(600):
        if what(screen_of(pilot).call.records):
            return
        await pilot.pause(0.05)
    raise SystemExit("the call did not come to the moment of the picture")


def count(kind: str, number: int) -> Callable[[list[Record]], bool]:
    return lambda records: sum(record.kind == kind for record in records) >= number


async def home(pilot: Pilot[Any]) -> None:
    await pilot.pause(0.3)


async def menu(pilot: Pilot[Any]) -> None:
    """The welcome, a key into it, and half of the next prompt."""
    await until(pilot, count("prompt.started", 1))
    await pilot.pause(4.0)
    await pilot.press("1")
    await until(pilot, count("prompt.started", 2))
    await pilot.pause(1.6)


async def light(pilot: Pilot[Any]) -> None:
    await menu(pilot)
    await pilot.press("d")
    await pilot.pause(0.2)


async def ended(pilot: Pilot[Any]) -> None:
    """A whole call, and why the last webhook was sent."""
    await menu(pilot)
    await pilot.press("1")
    await until(pilot, count("prompt.started", 3))
    await pilot.pause(0.8)
    await pilot.press("s")
    await until(pilot, count("call.ended", 1))
    screen = screen_of(pilot)
    screen.trace.select(max(r.seq for r in screen.call.records if r.kind == "webhook.response"))
    screen.trace.focus()
    await pilot.press("t")
    await pilot.pause(0.3)


async def say(pilot: Pilot[Any], words: str) -> None:
    await pilot.press("w")
    pilot.app.screen.query_one("#say", Input).value = words  # typed at once: the call goes on
    await pilot.press("enter")


async def speech(pilot: Pilot[Any]) -> None:
    """Words typed into a prompt, and a message that is being recorded."""
    await until(pilot, count("prompt.started", 1))
    await pilot.pause(6.0)
    await say(pilot, "leave a message")
    await until(pilot, count("recording.started", 1))
    await pilot.pause(0.4)
    await say(pilot, "this is Ada, please call me back tomorrow")
    await pilot.pause(1.6)


SHOTS = (
    Shot("home", (120, 36), None, home),
    Shot("call", (160, 50), "restaurant", menu),
    Shot("call-light", (160, 50), "restaurant", light),
    Shot("small", (80, 24), "restaurant", menu),
    Shot("speech", (120, 36), "voicemail", speech),
    Shot("ended", (140, 44), "restaurant", ended),
)


def samples_only() -> list[Entry]:
    """The list without what was called on this machine, and without its paths."""
    found = (entry for entry in entries() if entry.group != "recent")
    return [
        Entry(e.group, e.target, e.title, e.platform, e.about, e.keys, f"flows/{Path(e.path).name}")
        for e in found
    ]


async def take(shot: Shot) -> str:
    options = CallOptions(clock="real", seed=7, at="2026-11-20T18:30:00Z", person=True)
    real = real_services(shot.target, None, options)
    services = Services(samples_only, real.place)
    placed = services.place(shot.target, None) if shot.target else None
    app = IvrsimApp(services, placed)
    async with app.run_test(size=shot.size) as pilot:
        await shot.play(pilot)
        return app.export_screenshot(title="ivrsim")


def for_any_renderer(svg: str) -> str:
    """Spaces kept as they are, and a font that is there."""
    svg = svg.replace("&#160;", " ").replace("<text ", '<text xml:space="preserve" ')
    return svg.replace("font-family: Fira Code", f"font-family: {FONT}, Fira Code")


def main() -> None:
    wanted = set(sys.argv[1:])
    convert = shutil.which("rsvg-convert")
    for shot in SHOTS:
        if wanted and shot.name not in wanted:
            continue
        file = HERE / f"{shot.name}.svg"
        file.write_text(for_any_renderer(asyncio.run(take(shot))), encoding="utf-8")
        print(file.name)
        if convert:
            picture = file.with_suffix(".png")
            command = [convert, "-w", str(WIDTH), str(file), "-o", str(picture)]
            subprocess.run(command, check=True)
            print(picture.name)
    if not convert:
        print("no PNG: rsvg-convert is not installed (Debian: librsvg2-bin)")


if __name__ == "__main__":
    main()
