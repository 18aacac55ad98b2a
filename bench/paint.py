"""First paint of the terminal application at 160×50, against an empty Textual application.

Each is started in a terminal of its own (a pty), by turns. A frame is whole when everything
that belongs to it has been written: its words, and its bottom line.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from typing import NamedTuple

from bench.timing import Row, in_turn

TITLE = "First paint at 160×50"
LIMIT = 1.8
_COLUMNS, _LINES = 160, 50
_PATIENCE_S = 30
_NOT_OURS = ("CI", "NO_COLOR", "COLUMNS", "LINES")
"""Variables that change what is painted, or how large (pytest's workers set the last two)."""
_BOTTOM = re.compile(rb"\x1b\[%d;\d+H" % _LINES)
_CONTROL = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|[\r\n]")

_EMPTY = "empty Textual application"
_APPLICATION = "ivrsim"
_CASES = {
    _EMPTY: (("bench/empty_app.py",), ()),
    _APPLICATION: (("-m", "ivrsim"), ("ABC Restaurant", "Riverside Dental", "help")),
    "ivrsim run restaurant": (
        ("-m", "ivrsim", "run", "restaurant", "--no-history"),
        ("ABC Restaurant", "Hang up", "conversation", "help"),
    ),
}
"""Arguments of the interpreter, and words that the frame must show."""


def run(short: bool) -> list[Row]:
    rounds = 1 if short else 15
    times: dict[str, list[Paint]] = {name: [] for name in _CASES}
    with tempfile.TemporaryDirectory() as home:
        for number in range(rounds + 1):
            for name in in_turn(_CASES, number):
                arguments, words = _CASES[name]
                paint = first_paint(arguments, words, Path(home))
                if number:  # the first round reads the files into memory
                    times[name].append(paint)
    wall = {name: statistics.median(p.wall_ms for p in paints) for name, paints in times.items()}
    cpu = {name: statistics.median(p.cpu_ms for p in paints) for name, paints in times.items()}
    rows = [Row(name, f"{wall[name]:.0f} ms (CPU: {cpu[name]:.0f} ms)") for name in _CASES]
    for name in _CASES:
        if name != _EMPTY:
            ratio, of_cpu = wall[name] / wall[_EMPTY], cpu[name] / cpu[_EMPTY]
            figure = f"{ratio:.2f} × (CPU: {of_cpu:.2f} ×)"
            if name == _APPLICATION:
                rows.append(Row(f"{name} / empty", figure, f"≤ {LIMIT} ×", ratio <= LIMIT))
            else:
                rows.append(Row(f"{name} / empty", figure))  # loads a flow, prepares a call
    return rows


class Paint(NamedTuple):
    """Milliseconds from the start of the process until its first whole frame."""

    wall_ms: float
    cpu_ms: float


def first_paint(arguments: tuple[str, ...], words: tuple[str, ...], home: Path) -> Paint:
    """Start an application in a terminal of its own, and end it when it has painted.

    Raises RuntimeError with what was written when that takes longer than half a minute.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", _LINES, _COLUMNS, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    environment = {
        **kept,
        "TERM": "xterm-256color",
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_CACHE_HOME": str(home / "cache"),
    }
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env=environment,
        cwd=Path(__file__).parent.parent,
    )
    os.close(theirs)
    try:
        painted = _painted(ours, words, began)
    finally:
        process.kill()
        _, _, used = os.wait4(process.pid, 0)
        process.returncode = -signal.SIGKILL  # it has been waited for
        os.close(ours)
    return Paint((painted - began) * 1000, (used.ru_utime + used.ru_stime) * 1000)


def _painted(terminal: int, words: tuple[str, ...], began: float) -> float:
    """When the frame was whole."""
    written, missing = b"", [*words, "the bottom line"]
    while (left := began + _PATIENCE_S - time.perf_counter()) > 0:
        if not select.select([terminal], [], [], left)[0]:
            break
        try:
            part = os.read(terminal, 65536)
        except OSError:  # EIO: the process has ended
            break
        now = time.perf_counter()
        written += part
        text = _CONTROL.sub(b"", written).decode("utf-8", "replace")
        missing = [word for word in words if word not in text]
        if not _BOTTOM.search(written):
            missing.append("the bottom line")
        if not missing:
            return now
    raise RuntimeError(f"the frame was not whole: {missing} missing from {written[:4000]!r} …")
