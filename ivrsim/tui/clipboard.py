"""Copying, on terminals that can and on those that cannot.

The text goes to the terminal (OSC 52) and into a private file, because a program cannot know
whether its terminal took it.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import tempfile
from pathlib import Path
from typing import Final

OSC52_LIMIT: Final = 70_000
"""Terminals drop longer clipboard sequences (xterm and tmux take about 74 kB of base64)."""


class CopyFile:
    """One file per process, readable by its owner alone, gone when the process ends."""

    def __init__(self) -> None:
        self._path: Path | None = None

    def write(self, text: str) -> Path:
        """Raises OSError when the temporary folder cannot be written."""
        if self._path is None:
            handle, name = tempfile.mkstemp(prefix="ivrsim-copied-", suffix=".txt")
            os.close(handle)
            self._path = Path(name)
            atexit.register(self._remove)
        self._path.write_text(text, encoding="utf-8")
        return self._path

    def _remove(self) -> None:
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
