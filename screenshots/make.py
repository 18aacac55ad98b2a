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
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from textual.pilot import Pilot
from textual.widgets import Input, TextArea

import ivrsim
from ivrsim.flows.target import TargetOptions
from ivrsim.runtime.place import CallOptions
from ivrsim.trace.record import Record
from ivrsim.tui.app import IvrsimApp
from ivrsim.tui.call.screen import CallScreen
from ivrsim.tui.protocol import Entry, Services
from ivrsim.tui.start import entries, real_services
from ivrsim.tui.traces.recorded import open_recorded

HERE = Path(__file__).parent
WIDTH = 1600
"""Pixels of a PNG."""
FONT = "DejaVu Sans Mono"
AT = "2026-11-20T18:30:00Z"


class Shot(NamedTuple):
    name: str
    size: tuple[int, int]
    target: str | None
    play: Callable[[Pilot[Any]], Awaitable[None]]


def screen_of(pilot: Pilot[Any]) -> CallScreen:
    screen = pilot.app.screen
    assert isinstance(screen, CallScreen)
    return screen


async def until(pilot: Pilot[Any], what: Callable[[Sequence[Record]], bool]) -> None:
    """Wait for something in the trace, at most 30 seconds."""
    for _ in range(600):
        if what(screen_of(pilot).call.records):
            return
        await pilot.pause(0.05)
    raise SystemExit("the call did not come to the moment of the picture")


def count(kind: str, number: int) -> Callable[[Sequence[Record]], bool]:
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


async def tour(folder: Path) -> AsyncIterator[tuple[str, str]]:
    """The pictures of docs/debugging.md, one after another: name and SVG.

    A call that went wrong is opened, gone back in, and put right by another reply.
    """
    trace = folder / "ferry.jsonl"
    made = ivrsim.acall("ferry", keys="1 12 1", trace=trace, seed=7, at=AT)
    records = (await made).trace
    options = CallOptions(clock="real", person=True, at=AT, trace_path=folder / "branch.jsonl")

    def parse(line: str) -> tuple[str, TargetOptions, CallOptions]:
        return line.split()[0], TargetOptions(), options

    app = IvrsimApp(real_services(parse=parse), open_recorded(trace))

    def picture(name: str) -> tuple[str, str]:
        return name, app.export_screenshot(title="ivrsim")

    def seq_of(kind: str, number: int) -> int:
        return [record.seq for record in records if record.kind == kind][number - 1]

    asked = next(
        r.seq for r in records if r.kind == "webhook.response" and r.data["page"] == "tickets"
    )
    async with app.run_test(size=(150, 46)) as pilot:
        await pilot.pause(0.5)
        yield picture("tour-open")
        screen = screen_of(pilot)
        await pilot.press("slash")
        screen.query_one("#needle", Input).value = "kind:digit t:>5s"
        await pilot.press("enter")
        await pilot.pause(0.3)
        screen.go_to(seq_of("digit", 3))
        await pilot.pause(0.5)
        yield picture("tour-found")
        screen.query_one("#needle", Input).value = ""
        await pilot.press("escape")
        screen.go_to(asked)
        await pilot.press("f3")
        await pilot.pause(0.3)
        await pilot.press("enter")
        while app.screen is screen or not isinstance(app.screen, CallScreen):
            await pilot.pause(0.05)
        branch = screen_of(pilot)
        while branch.call.stopped is None:
            await pilot.pause(0.05)
        await pilot.press("E")
        await pilot.pause(0.3)
        area = app.screen.query_one(TextArea)
        area.load_text(area.text.replace('"maxDigits": 1', '"maxDigits": 2'))
        await pilot.pause(0.8)
        yield picture("tour-edit")
        await pilot.press("ctrl+s")
        await pilot.press("f5")
        await until(pilot, count("prompt.started", 2))
        await pilot.pause(1.2)
        await pilot.press("1")
        await pilot.press("2")
        await until(pilot, count("prompt.started", 3))
        await pilot.pause(2.5)
        yield picture("tour-right")
        await pilot.press("1")
        await until(pilot, count("call.ended", 1))
        await pilot.press("f4")
        await pilot.pause(1.0)
        await pilot.press("n")
        await pilot.pause(0.3)
        yield picture("tour-compare")
        await pilot.press("escape")
        await pilot.press("T")
        await pilot.pause(0.6)
        yield picture("waterfall")
        await pilot.press("escape")
        await pilot.press("q")
        await pilot.pause(0.4)
        yield picture("assumptions")


TOUR = (
    "tour-open", "tour-found", "tour-edit", "tour-right", "tour-compare", "waterfall",
    "assumptions",
)  # fmt: skip


def samples_only() -> list[Entry]:
    """The list without what was called on this machine, and without its paths."""
    found = (entry for entry in entries() if entry.group.endswith("samples"))
    return [
        Entry(e.group, e.target, e.title, e.platform, e.about, e.keys, f"flows/{Path(e.path).name}")
        for e in found
    ]


async def take(shot: Shot) -> str:
    options = CallOptions(clock="real", seed=7, at=AT, person=True)
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


def keep(name: str, svg: str) -> None:
    """Write a picture, as SVG and, if that can be made, as PNG."""
    file = HERE / f"{name}.svg"
    file.write_text(for_any_renderer(svg), encoding="utf-8")
    print(file.name)
    convert = shutil.which("rsvg-convert")
    if convert:
        picture = file.with_suffix(".png")
        subprocess.run([convert, "-w", str(WIDTH), str(file), "-o", str(picture)], check=True)
        print(picture.name)


async def keep_tour(wanted: set[str]) -> None:
    with TemporaryDirectory() as folder:
        async for name, svg in tour(Path(folder)):
            if not wanted or name in wanted:
                keep(name, svg)


def main() -> None:
    wanted = set(sys.argv[1:])
    for shot in SHOTS:
        if not wanted or shot.name in wanted:
            keep(shot.name, asyncio.run(take(shot)))
    if not wanted or wanted & set(TOUR):
        asyncio.run(keep_tour(wanted))
    if not shutil.which("rsvg-convert"):
        print("no PNG: rsvg-convert is not installed (Debian: librsvg2-bin)")


if __name__ == "__main__":
    main()
