"""The private folder that keeps the traces of the last calls, each with its audio beside it."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shlex
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from ivrsim.errors import TraceError
from ivrsim.trace.masking import mask_url
from ivrsim.trace.reader import read_header

KEPT: Final = 50
"""How many calls are kept."""

# Only files named like this are ever deleted: the folder may be one that the user gave.
_NAME = re.compile(r"\d{8}-\d{6}-\d{3}-.*\.(jsonl|wav|mp3|ogg)")


class Entry(NamedTuple):
    """One call of the history. ``size`` in bytes, without the audio.

    When the trace cannot be read ``damage`` says why, ``target`` is the name of the file, and
    ``platform`` and ``started_at`` are None.
    """

    path: Path
    target: str
    platform: str | None
    started_at: str | None
    size: int
    damage: str | None = None
    arguments: tuple[str, ...] = ()


class History:
    """The last calls, in ``root`` (None: see ``default_folder``).

    Several processes may use one folder. Methods raise TraceError when the folder cannot be
    used; a call can go on without its history.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = default_folder() if root is None else root

    def new_path(self, title: str, started_at: str) -> Path:
        """Make an empty trace file of a name that nobody else has, and delete the oldest calls.

        ``started_at`` is ISO 8601 and begins the name, ``title`` (secrets of a URL left out)
        ends it. Raises ValueError when ``started_at`` is no time.
        """
        start = datetime.fromisoformat(started_at).astimezone(UTC)
        stem = f"{start:%Y%m%d-%H%M%S}-{start.microsecond // 1000:03}-{_slug(title)}"
        try:
            self._make_root()
            path = self.root / f"{stem}.jsonl"
            while not _create(path):
                path = self.root / f"{stem}-{secrets.token_hex(4)}.jsonl"
            self._prune(path)
        except OSError as error:
            raise self._unusable(error) from error
        return path

    def entries(self) -> list[Entry]:
        """The calls, the one last written to first; of each only the header is read."""
        return list(self._entries())

    def recent_targets(self, n: int) -> list[str]:
        """The last ``n`` different targets with their options, as typed, the newest first."""
        targets: dict[str, None] = {}
        for entry in self._entries():
            if len(targets) >= n:
                break
            if entry.damage is None:
                targets[shlex.join((entry.target, *entry.arguments))] = None
        return list(targets)

    def _entries(self) -> Iterator[Entry]:
        try:
            traces = self._traces()
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._unusable(error) from error
        for path, size in traces:
            if not size:
                continue  # made this moment by a call that has yet to write its header
            try:
                header = read_header(path)
            except TraceError as error:
                if path.exists():  # else pruned by another process meanwhile
                    yield Entry(path, path.name, None, None, size, str(error))
            else:
                yield Entry(
                    path,
                    header.target,
                    header.platform,
                    header.started_at,
                    size,
                    arguments=header.arguments,
                )

    def _traces(self) -> list[tuple[Path, int]]:
        """The traces with their sizes, the one last written to first.

        By time of writing, not by name: a call may be placed at any time of day (``--at``),
        and one that is still going on must not count as old.
        """
        found: list[tuple[int, str, int]] = []
        with os.scandir(self.root) as files:
            for file in files:
                if file.name.endswith(".jsonl") and _NAME.fullmatch(file.name):
                    with contextlib.suppress(FileNotFoundError):  # pruned by another process
                        status = file.stat()
                        found.append((status.st_mtime_ns, file.name, status.st_size))
        found.sort(reverse=True)
        return [(self.root / name, size) for _, name, size in found]

    def _prune(self, newest: Path) -> None:
        others = [path for path, _ in self._traces() if path != newest]
        for path in others[KEPT - 1 :]:
            # Its sound and its recordings (NAME.wav, NAME.r1.mp3 …), then itself.
            beside = [
                file
                for file in self.root.glob(f"{path.stem}.*")
                if file != path and _NAME.fullmatch(file.name)
            ]
            for file in (*beside, path):
                # Gone already by another process; or, on Windows, open in one: next time.
                with contextlib.suppress(FileNotFoundError, PermissionError):
                    file.unlink()

    def _make_root(self) -> None:
        try:
            status = self.root.stat()
        except FileNotFoundError:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            return
        if sys.platform == "win32" or not status.st_mode & 0o077:
            return
        # A folder that holds something else, or is everybody's, keeps the mode it has: the
        # traces in it are private all the same.
        mine = status.st_uid == os.geteuid() and not status.st_mode & stat.S_ISVTX
        if mine and all(_NAME.fullmatch(name) for name in os.listdir(self.root)):
            self.root.chmod(0o700)

    def _unusable(self, error: OSError) -> TraceError:
        return TraceError(
            f"{self.root}: cannot keep the history of calls: {error.strerror or error}; "
            "set IVRSIM_HISTORY to a folder that can be written, or use --no-history"
        )


def default_folder() -> Path:
    """``$IVRSIM_HISTORY``, or the place for such things on this system.

    Raises TraceError when there is no home folder.
    """
    if folder := os.environ.get("IVRSIM_HISTORY"):
        return Path(folder)
    try:
        if sys.platform == "win32":
            local = os.environ.get("LOCALAPPDATA")
            base = Path(local) if local else Path.home() / "AppData" / "Local"
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Application Support"
        else:
            state = os.environ.get("XDG_STATE_HOME", "")
            # The XDG Base Directory Specification: a relative path is to be ignored.
            base = Path(state) if os.path.isabs(state) else Path.home() / ".local" / "state"
    except RuntimeError as error:
        raise TraceError(
            "cannot keep the history of calls: this user has no home folder; "
            "set IVRSIM_HISTORY to a folder, or use --no-history"
        ) from error
    return base / "ivrsim" / "history"


def _create(path: Path) -> bool:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return False
    return True


def _slug(title: str) -> str:
    return re.sub(r"[^\w]+", "-", mask_url(title)).strip("-")[:40] or "call"
