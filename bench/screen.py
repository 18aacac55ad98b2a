"""A program in a terminal of its own (a pty): keys are typed, what it writes is read."""

from __future__ import annotations

import fcntl
import os
import pty
import queue
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

COLUMNS, LINES = 160, 50
PATIENCE_S = 60
_WINDOW = 1 << 16
"""Bytes in which words are looked for: more than one frame has."""
_NOT_OURS = ("CI", "NO_COLOR", "COLUMNS", "LINES")
"""Variables that change what is painted, or how large (pytest's workers set the last two)."""
_CONTROL = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07]*\x07|[\r\n]")


class Screen:
    """Starts ``arguments`` with ``home`` for its settings; ends it with the ``with`` block."""

    def __init__(self, arguments: Sequence[str], home: Path) -> None:
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
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
        self._parts: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        self.began = time.perf_counter()
        self._process = subprocess.Popen(
            arguments, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            env=environment, cwd=Path(__file__).parent.parent,
        )  # fmt: skip
        os.close(theirs)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        """Take what is written as it comes: a program that nobody reads stands still."""
        while True:
            try:
                part = os.read(self._ours, 65536)
            except OSError:  # EIO: the process has ended
                part = b""
            self._parts.put((time.perf_counter(), part))
            if not part:
                return

    def wait_for(
        self, *words: str, raw: bytes | None = None, patience_s: float = PATIENCE_S
    ) -> float:
        """When all ``words``, and ``raw`` with its control codes, had been written since the
        last ``press`` (``time.perf_counter``).

        Raises RuntimeError with what was written when that takes longer than ``patience_s``.
        """
        until = time.perf_counter() + patience_s
        missing, written = [*words], b""
        while missing or raw is not None:
            try:
                now, part = self._parts.get(timeout=max(0.0, until - time.perf_counter()))
            except queue.Empty:
                part = b""
            if not part:
                raise RuntimeError(f"{missing or raw!r} missing, {written[-4000:]!r} was written")
            written = written[-_WINDOW:] + part
            text = _CONTROL.sub(b"", written).decode("utf-8", "replace")
            missing = [word for word in missing if word not in text]
            if raw is not None and re.search(raw, written):
                raw = None
        return now

    def press(self, keys: str) -> float:
        """Type ``keys``; when that was. What was written before counts no more."""
        while not self._parts.empty():
            self._parts.get()
        now = time.perf_counter()
        os.write(self._ours, keys.encode())
        return now

    def wait_idle(self) -> None:
        """Until the process has used next to no CPU time for half a second."""
        before = self._ticks()
        for _ in range(2 * PATIENCE_S):
            time.sleep(0.5)
            now = self._ticks()
            if now - before <= 5:  # hundredths of a second
                return
            before = now
        raise RuntimeError("the program never rests")

    def _ticks(self) -> int:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def memory_mib(self) -> float:
        """The most memory (RSS) that the process has had so far."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)
