"""Clips kept by content: in memory while the process lives, and on disk from day to day."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import struct
import sys
import tempfile
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Hashable
from pathlib import Path
from typing import Final

import numpy as np

from ivrsim.sound.clip import Clip, pcm16

_MAGIC: Final = b"ivrclip1"
_HEADER = struct.Struct("<8sIdII")  # magic, rate in Hz, full scale, bytes of the note, CRC-32
_NAME = re.compile(r"[0-9a-f]{32,128}\.clip")
_UNFINISHED: Final = "unfinished-"
_UNFINISHED_S: Final = 3600.0
"""A file that is older than this was left behind by a process that was killed."""


class ClipMemory:
    """The clips used last, up to ``limit_bytes`` of samples. May be used from several threads."""

    def __init__(self, limit_bytes: int = 64 * 2**20) -> None:
        self._limit = limit_bytes
        self._clips: OrderedDict[Hashable, Clip] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Clip | None:
        with self._lock:
            clip = self._clips.get(key)
            if clip is not None:
                self._clips.move_to_end(key)
            return clip

    def put(self, key: Hashable, clip: Clip) -> None:
        with self._lock:
            if key in self._clips or clip.samples.nbytes > self._limit:
                return
            self._clips[key] = clip
            self._bytes += clip.samples.nbytes
            while self._bytes > self._limit:
                _, oldest = self._clips.popitem(last=False)
                self._bytes -= oldest.samples.nbytes


class ClipFolder:
    """Clips as files of a folder of its own, up to ``limit_bytes``; the least recently used go
    first. Samples are kept with 16 bits.

    Several processes may use one folder. What cannot be read is as good as not there; what
    cannot be written is not kept, and ``trouble`` says why, in one line.
    """

    def __init__(self, folder: Path, limit_bytes: int = 256 * 2**20) -> None:
        self.folder = folder
        self.trouble: str | None = None
        self._limit = limit_bytes

    def get(self, key: str) -> Clip | None:
        """The clip of ``key`` (hexadecimal digits), None when there is none, or it is damaged."""
        path = self._path(key)
        try:
            data = path.read_bytes()
            clip = _unpacked(data)
            os.utime(path)  # used now: see _prune
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            return None  # it is made, and written, again
        return clip

    def put(self, key: str, clip: Clip) -> None:
        """Keep ``clip``; the file is there whole or not at all."""
        try:
            self._make_folder()
            handle, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=self.folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_packed(clip))
                os.replace(name, self._path(key))
            except BaseException:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(name)
                raise
            self._prune()
        except OSError as error:
            self.trouble = (
                f"{self.folder}: cannot keep spoken prompts: {error.strerror or error};"
                " set IVRSIM_CACHE to a folder that can be written"
            )

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.clip"

    def _make_folder(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sys.platform != "win32":
            status = self.folder.stat()
            if status.st_uid == os.geteuid() and stat.S_IMODE(status.st_mode) & 0o077:
                self.folder.chmod(0o700)  # prompts may hold names and numbers

    def _prune(self) -> None:
        found: list[tuple[float, int, str]] = []
        with os.scandir(self.folder) as files:
            for file in files:
                # Another process may remove it meanwhile.
                with contextlib.suppress(FileNotFoundError):
                    status = file.stat()
                    if _NAME.fullmatch(file.name):
                        found.append((status.st_mtime, status.st_size, file.path))
                    elif file.name.startswith(_UNFINISHED) and _is_old(status):
                        os.unlink(file.path)
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= self._limit:
                return
            total -= size
            # Gone already by another process; or, on Windows, open in one: next time.
            with contextlib.suppress(FileNotFoundError, PermissionError):
                os.unlink(path)


def _is_old(status: os.stat_result) -> bool:
    return time.time() - status.st_mtime > _UNFINISHED_S


def _packed(clip: Clip) -> bytes:
    """A header, the note, then 16-bit samples, little-endian."""
    scale = max(1.0, float(np.abs(clip.samples).max(initial=0.0)))
    samples = pcm16(clip.samples / np.float32(scale)).astype("<i2").tobytes()
    note = clip.note.encode("utf-8", "replace")
    checksum = zlib.crc32(samples, zlib.crc32(note))
    return _HEADER.pack(_MAGIC, clip.rate, scale, len(note), checksum) + note + samples


def _unpacked(data: bytes) -> Clip:
    """ValueError when it is not what was written."""
    if len(data) < _HEADER.size:
        raise ValueError("too short")
    magic, rate, scale, length, checksum = _HEADER.unpack_from(data)
    body = data[_HEADER.size :]
    if magic != _MAGIC or zlib.crc32(body) != checksum:
        raise ValueError("damaged")
    integers = np.frombuffer(body, "<i2", offset=length).astype(np.float32)
    return Clip(integers * np.float32(scale / 32768), rate, body[:length].decode())
