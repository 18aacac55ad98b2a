"""Opening and scrolling recorded calls of 10^3 to 10^6 records of 300 bytes, in a terminal at
160×50, beside an empty Textual application and toolong (PyPI) on the same file.

toolong needs an older Textual than ours: it gets an environment of its own, made in a temporary
folder. Without a package index its rows say so.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import NamedTuple

from bench.long_trace import LAST, STEP_MS, Steps, prompt_at, write_trace
from bench.screen import LINES, Screen
from bench.timing import Row, in_turn
from ivrsim.tui.traces.places import Scale

TITLE = "Opening and scrolling a trace at 160×50"
PAINT_LIMIT = 2.0
MEMORY_LIMIT_MIB = 80
END_LIMIT_MS = 50
KEY_LIMIT_MS = 50
FILTER_LIMIT_S = 8.0
_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_ROUNDS = 7
_PAGES = 20
_PAUSE_S = 0.4
"""Between two keys, as a person leaves it."""
_END, _HOME, _PAGE_UP, _DOWN = "\x1b[F", "\x1b[H", "\x1b[5~", "\x1b[B"
_BOTTOM = rb"\x1b\[%d;\d+H" % LINES
_BAR, _BAR_AT = 138, 12
"""The line of time: how many columns it has, and the first of them (from 1)."""


class Seen(NamedTuple):
    """Of one start: milliseconds until the first whole frame, and the memory at that time."""

    paint_ms: float
    memory_mib: float


def run(short: bool) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        toolong = None if short else _toolong(home)
        rows: list[Row] = []
        for size in _SIZES[:1] if short else _SIZES:
            path = home / f"{size}.jsonl"
            write_trace(path, size)
            rows += _opening(path, size, toolong, home, 1 if short else _ROUNDS)
            rows += _moving(path, size, home, short)
            if toolong is not None:
                rows += _moving_toolong(path, size, toolong, home)
            path.unlink()
        if toolong is None:
            rows.append(Row("toolong", "not measured: it could not be installed"))
        return rows


def _ours(path: Path, *options: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "ivrsim", "open", str(path), *options)


def _opening(path: Path, size: int, toolong: str | None, home: Path, rounds: int) -> list[Row]:
    empty, ours, theirs = "empty Textual application", "ivrsim open", "toolong"
    cases: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
        empty: ((sys.executable, "bench/empty_app.py"), ()),
        ours: (_ours(path), ("restaurant", "records", "conversation", "help")),
    }
    if toolong is not None:
        cases[theirs] = ((toolong, str(path)), ('type"',))
    seen: dict[str, list[Seen]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name in in_turn(cases, number):
            arguments, words = cases[name]
            with Screen(arguments, home) as screen:
                painted = screen.wait_for(*words, raw=_BOTTOM)
                paint = Seen((painted - screen.began) * 1000, screen.memory_mib())
            if number:  # the first round reads the files into memory
                seen[name].append(paint)
    ms = {name: statistics.median(each.paint_ms for each in seen[name]) for name in cases}
    mib = {name: statistics.median(each.memory_mib for each in seen[name]) for name in cases}
    what, ratio = f"{size:,} records", ms[ours] / ms[empty]
    others = [name for name in cases if name != ours]
    return [
        Row(
            f"{what}: first paint", f"{ms[ours]:.0f} ms, {mib[ours]:.0f} MiB",
            "; ".join(f"{name}: {ms[name]:.0f} ms, {mib[name]:.0f} MiB" for name in others),
        ),
        Row(
            f"{what}: first paint / empty", f"{ratio:.2f} ×", f"≤ {PAINT_LIMIT:g} ×",
            ratio <= PAINT_LIMIT,
        ),
    ]  # fmt: skip


def _moving(path: Path, size: int, home: Path, short: bool) -> list[Row]:
    """What keys take while the file is being read and once the list is there, and the most memory
    that all of it took."""
    what, whole = f"{size:,} records", f" {size:,} records"
    rows: list[Row] = []
    if size == _SIZES[-1]:
        rows += [_keys_meanwhile(path, size, home)]
    with Screen(_ours(path, "--at", "1"), home) as screen:
        indexed = (screen.wait_for("E follows the end", whole) - screen.began) * 1000
        rows.append(Row(f"{what}: all of them in the list", f"{indexed:.0f} ms", "after the start"))
        time.sleep(_PAUSE_S)
        ends = []
        for _ in range(1 if short else 5):
            pressed = screen.press(_END)
            ends.append((screen.wait_for(LAST) - pressed) * 1000)
            time.sleep(_PAUSE_S)
            screen.press(_HOME)
            time.sleep(_PAUSE_S)
        screen.press(_END)
        time.sleep(_PAUSE_S)
        pages = []
        for _ in range(3 if short else _PAGES):
            pressed = screen.press(_PAGE_UP)
            pages.append((screen.wait_for("by script", "prompt") - pressed) * 1000)
            time.sleep(_PAUSE_S / 4)
        end, page = statistics.median(ends), statistics.median(pages)
        rows += [
            _at_most(f"{what}: to the end of the list", end, END_LIMIT_MS, "ms"),
            Row(f"{what}: a page up", f"{page:.0f} ms", f"worst: {max(pages):.0f} ms"),
            *_jumping(screen, size),
        ]
        if size == _SIZES[-1] or short:
            rows += _filtering(screen, size)
        memory = screen.memory_mib()
    return [*rows, _at_most(f"{what}: memory at its most", memory, MEMORY_LIMIT_MIB, "MiB")]


def _keys_meanwhile(path: Path, size: int, home: Path) -> Row:
    """From a key to the cursor elsewhere, while the index is being made."""
    taken = []
    for _ in range(3):
        with Screen(_ours(path, "--at", "1"), home) as screen:
            screen.wait_for("reading…", "E follows the end")
            for _ in range(5):
                pressed = screen.press(_DOWN)
                taken.append((screen.wait_for("▌") - pressed) * 1000)
                time.sleep(0.05)
    name = f"{size:,} records: a key while they are read"
    return _at_most(name, statistics.median(taken), KEY_LIMIT_MS, "ms", max(taken))


def _jumping(screen: Screen, size: int) -> list[Row]:
    """A click in the middle of the line of time: to the list, and to the conversation as it was,
    the first time and when the whole call has been gone through."""
    column = _BAR // 2
    there = Scale(size, size * STEP_MS, _BAR).at_column(Steps(size), column)
    prompt = prompt_at(there + 1)
    click = f"\x1b[<0;{_BAR_AT + column};3M\x1b[<0;{_BAR_AT + column};3m"
    shown, followed = [], []
    for _ in range(2):
        screen.press(_HOME)
        time.sleep(_PAUSE_S)
        pressed = screen.press(click)
        shown.append((screen.wait_for(prompt) - pressed) * 1000)
        followed.append((screen.wait_for(prompt, "talk") - pressed) * 1000)
        time.sleep(_PAUSE_S)
        screen.press(_END)
        time.sleep(_PAUSE_S)
        screen.wait_idle()
    what = f"{size:,} records: a jump to the middle"
    return [
        Row(what, f"{shown[-1]:.0f} ms", f"the first time: {shown[0]:.0f} ms"),
        Row(
            f"{what}, all panes", f"{followed[-1]:.0f} ms",
            f"the first time: {followed[0]:.0f} ms",
        ),
    ]  # fmt: skip


def _filtering(screen: Screen, size: int) -> list[Row]:
    what = f"{size:,} records"
    screen.press("/")
    time.sleep(_PAUSE_S)
    pressed = screen.press("nowhere")  # a word: in none of them
    took = screen.wait_for("nothing matches") - pressed
    rows = [_at_most(f"{what}: a word that is nowhere in them", took, FILTER_LIMIT_S, "s")]
    if size < _SIZES[-1]:
        return rows
    screen.press("\x15")
    time.sleep(_PAUSE_S)
    screen.press("text:nothing")
    screen.wait_for("Esc stops")
    pressed = screen.press("\x1b")
    stopped = (screen.wait_for(f"· {what}") - pressed) * 1000
    return [*rows, Row(f"{what}: a filter stopped by Esc", f"{stopped:.0f} ms")]


def _at_most(what: str, value: float, limit: float, unit: str, worst: float | None = None) -> Row:
    """The limit is for ``value``, a median where there are several; ``worst`` stands beside it."""
    figure = f"{value:.1f} {unit}" if unit == "s" else f"{value:.0f} {unit}"
    if worst is not None:
        figure += f", worst: {worst:.0f} {unit}"
    return Row(what, figure, f"≤ {limit:g} {unit}", value <= limit)


def _moving_toolong(path: Path, size: int, toolong: str, home: Path) -> list[Row]:
    """The same of toolong. It goes to the end by itself when it has read the file."""
    what = f"toolong, {size:,} records"
    with Screen((toolong, str(path)), home) as screen:
        try:
            whole = (screen.wait_for(LAST, patience_s=120) - screen.began) * 1000
            time.sleep(2)
            ends = []
            for _ in range(5):
                screen.press(_HOME)
                screen.wait_for("call.started")
                time.sleep(_PAUSE_S)
                pressed = screen.press(_END)
                ends.append((screen.wait_for(LAST, patience_s=20) - pressed) * 1000)
                time.sleep(_PAUSE_S)
        except RuntimeError as error:
            return [Row(what, f"not measured: {str(error)[:60]}")]
        return [
            Row(f"{what}: all of them in the list", f"{whole:.0f} ms", "after the start"),
            Row(f"{what}: to the end of the list", f"{statistics.median(ends):.0f} ms"),
            Row(f"{what}: memory at its most", f"{screen.memory_mib():.0f} MiB"),
        ]


def _toolong(home: Path) -> str | None:
    """The program, in an environment of its own below ``home``; None: it cannot be had."""
    folder = home / "toolong"
    try:
        venv.create(folder, with_pip=True)
        subprocess.run(
            [folder / "bin" / "pip", "install", "-q", "toolong==1.5.0"],
            check=True, capture_output=True, timeout=300,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    program = folder / "bin" / "tl"
    return str(program) if program.exists() else None
