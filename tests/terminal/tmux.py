"""A terminal for tests: tmux runs a program, keys are typed, the screen is read."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

DEADLINE_S = 30.0


class Terminal:
    """One pane. ``type`` sends real keys; ``screen`` is what a person would read."""

    def __init__(self, socket: str) -> None:
        self._tmux = ("tmux", "-S", socket)

    def _run(self, *arguments: str) -> str:
        done = subprocess.run([*self._tmux, *arguments], capture_output=True, text=True, check=True)
        return done.stdout

    def type(self, *keys: str) -> None:
        self._run("send-keys", "-t", "test", *keys)

    def resize(self, columns: int, lines: int) -> None:
        self._run("resize-window", "-t", "test", "-x", str(columns), "-y", str(lines))

    @property
    def screen(self) -> str:
        return self._run("capture-pane", "-t", "test", "-p")

    def pid_of(self, name: str) -> int:
        """The process of that name below the pane's shell."""
        shell = self._run("display-message", "-t", "test", "-p", "#{pane_pid}").strip()
        done = subprocess.run(
            ["pgrep", "-P", shell, "-f", name], capture_output=True, text=True, check=True
        )
        return int(done.stdout.split()[0])

    def wait(self, what: Callable[[], bool], why: str) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            if what():
                return
            time.sleep(0.05)
        raise AssertionError(f"{why}; the screen:\n{self.screen}")

    def wait_for(self, text: str) -> None:
        self.wait(lambda: text in self.screen, f"{text!r} did not appear")


@contextmanager
def terminal(
    folder: Path, *command: str, columns: int = 160, lines: int = 50
) -> Iterator[Terminal]:
    """Run ``command`` in a terminal; afterwards the screen shows ``EXIT STATUS`` and a shell."""
    if shutil.which("tmux") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("tmux is missing: apt install tmux")
        pytest.skip("tmux is missing")
    socket = str(folder / "tmux")
    shell = f"{shlex.join(command)}; echo EXIT $?; stty -a | grep -o '[-]*echo ' ; exec cat"
    environment = dict(
        os.environ, TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8",
        IVRSIM_HISTORY=str(folder / "history"),
    )  # fmt: skip
    # pytest's workers say how large their own output is, and Textual would believe it.
    for name in ("TMUX", "COLUMNS", "LINES"):
        environment.pop(name, None)
    subprocess.run(
        ["tmux", "-S", socket, "-f", os.devnull, "new-session", "-d", "-s", "test",
         "-x", str(columns), "-y", str(lines), "sh", "-c", shell],
        env=environment, check=True,
    )  # fmt: skip
    try:
        yield Terminal(socket)
    finally:
        subprocess.run(["tmux", "-S", socket, "kill-server"], check=False, capture_output=True)
