"""Opening and scrolling recorded calls of 10^3 to 10^6 records of 300 bytes, in a terminal at
160×50, beside an empty Textual application and toolong (PyPI) on the same file.

toolong needs an older Textual than ours: it gets an environment of its own, made in a temporary
folder. Without a package index its rows say so.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench.screen import LINES, Screen
from bench.timing import Row, in_turn

TITLE = "Opening and scrolling a trace at 160×50"
PAINT_LIMIT = 2.0
MEMORY_LIMIT_MIB = 80
END_LIMIT_MS = 50
FILTER_LIMIT_S = 8.0
_SIZES = (1_000, 10_000, 100_000, 1_000_000)
_BYTES = 300
_ROUNDS = 7
_PAGES = 20
_PAUSE_S = 0.4
"""Between two keys, as a person leaves it."""
_END, _HOME, _PAGE_UP = "\x1b[F", "\x1b[H", "\x1b[5~"
_BOTTOM = rb"\x1b\[%d;\d+H" % LINES
_LAST = "the last of them"


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
            if toolong is not None and size == _SIZES[-1]:
                rows += _moving_toolong(path, toolong, home)
            path.unlink()
        if toolong is None:
            rows.append(Row("toolong", "not measured: it could not be installed"))
        return rows


def write_trace(path: Path, size: int) -> None:
    """A call of ``size`` records, each a line of 300 bytes."""
    header = {
        "type": "header", "format": "ivrsim-trace", "version": 1, "platform": "vonage",
        "target": "restaurant", "seed": 0, "started_at": "2026-01-01T00:00:00.000Z",
        "settings": {}, "parent": None, "setup": {}, "arguments": [],
    }  # fmt: skip
    with path.open("w", encoding="ascii") as file:
        file.write(json.dumps(header, separators=(",", ":")) + "\n")
        lines: list[str] = []
        for seq, (kind, leg, cause, data) in enumerate(_records(size), 1):
            line = (
                f'{{"type":"record","seq":{seq},"t":{seq * 40},"kind":"{kind}","leg":{leg},'
                f'"cause":{cause},"data":{{{data},"pad":"'
            )
            lines.append(line.ljust(_BYTES - 4, "x") + '"}}\n')
            if len(lines) == 5000:
                file.writelines(lines)
                lines.clear()
        file.writelines(lines)


def _records(size: int) -> Iterator[tuple[str, str, str, str]]:
    """Kind, leg, cause and data of each: a menu over and over."""
    yield _STARTED
    for seq in range(2, size):
        turn, step = divmod(seq, len(_TURN))
        kind, leg, follows, data = _TURN[step]
        cause = str(seq - 1) if follows else "null"
        yield kind, leg, cause, data.replace("#", str(turn)).replace("%", str(turn % 10))
    yield "mark", "null", "null", f'"text":"{_LAST}"'


_STARTED = (
    "call.started", "null", "null", '"direction":"inbound","from":"+6591178965","to":"+6568332048"',
)  # fmt: skip
_TURN = (
    (
        "webhook.request", "null", False,
        '"webhook":"w#","title":"input #","method":"POST","sent":true,'
        '"url":"http://127.0.0.1:5000/event","headers":{}',
    ),
    (
        "webhook.response", "null", True,
        '"webhook":"w#","status":200,"elapsed_ms":12,"body":"[]"',
    ),
    (
        "document.received", "null", True,
        '"document":"d#","origin":"reply","page":null,"body":[{"action":"talk"}],'
        '"actions":[{"pointer":"/0","action":"talk","summary":"talk"}]',
    ),
    (
        "prompt.started", '"A"', True,
        '"prompt":"p#","text":"This is prompt #.","duration_ms":80,"url":null',
    ),
    (
        "capture.opened", '"A"', False,
        '"capture":"c#","max_digits":1,"types":["dtmf"],"barge_in":true',
    ),
    ("prompt.finished", '"A"', False, '"prompt":"p#","skipped":false'),
    ("digit", '"A"', False, '"digit":"%","source":"script","ignored":null,"capture":"c#"'),
    ("capture.closed", '"A"', True, '"capture":"c#","digits":"%","ended_by":"max_digits"'),
)  # fmt: skip
"""Kind, leg, whether it follows from the one before, data; # is the number of the turn."""


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
    """What keys take once the list is there, while the rest is still being read, and the most
    memory that all of it took."""
    what, whole = f"{size:,} records", f" {size:,} records"
    with Screen(_ours(path, "--at", "1"), home) as screen:
        indexed = (screen.wait_for("E follows the end", whole) - screen.began) * 1000
        time.sleep(_PAUSE_S)
        ends = []
        for _ in range(1 if short else 5):
            pressed = screen.press(_END)
            ends.append((screen.wait_for(_LAST) - pressed) * 1000)
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
        rows = [
            Row(f"{what}: all of them in the list", f"{indexed:.0f} ms", "after the start"),
            _at_most(f"{what}: to the end of the list", end, END_LIMIT_MS, "ms"),
            Row(f"{what}: a page up", f"{page:.0f} ms", f"worst: {max(pages):.0f} ms"),
        ]
        if size == _SIZES[-1] or short:
            rows += _filtering(screen, size)
        memory = screen.memory_mib()
    return [*rows, _at_most(f"{what}: memory at its most", memory, MEMORY_LIMIT_MIB, "MiB")]


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


def _at_most(what: str, value: float, limit: float, unit: str) -> Row:
    figure = f"{value:.1f} {unit}" if unit == "s" else f"{value:.0f} {unit}"
    return Row(what, figure, f"≤ {limit:g} {unit}", value <= limit)


def _moving_toolong(path: Path, toolong: str, home: Path) -> list[Row]:
    with Screen((toolong, str(path)), home) as screen:
        screen.wait_for('type"')
        time.sleep(5)  # until it has read the file
        for _ in range(20):  # it takes no keys for a while
            screen.press(_HOME)  # it goes to the end by itself when it has read the file
            time.sleep(1)
            pressed = screen.press(_END)
            try:
                end = (screen.wait_for(_LAST, patience_s=5) - pressed) * 1000
            except RuntimeError:
                continue
            break
        else:
            return [Row("toolong", "did not come to the end")]
        return [
            Row("toolong: to the end of the same", f"{end:.0f} ms"),
            Row("toolong: memory at its most", f"{screen.memory_mib():.0f} MiB"),
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
