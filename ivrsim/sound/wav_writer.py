"""A wav file that is written while a call runs, and whole at any moment (``wav_reader``)."""

from __future__ import annotations

import os
import stat
import struct
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ivrsim.errors import AudioError
from ivrsim.sound.clip import Samples, pcm16

LARGEST = 0xFFFFFFFF
"""Bytes of a RIFF file, by its 32-bit sizes."""

# RIFF, size, WAVE; fmt, 16, PCM = 1, channels, rate, bytes a second, bytes a frame, bits;
# data, size
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


class WavWriter:
    """Appends samples to a new 16-bit PCM file, which its owner alone may read.

    Every ``write`` has reached the operating system when it returns. The sizes in the header
    are brought up to date once in each second of sound and at the end, so a process that is
    killed leaves a file that plays, but for its last second at most.

    Raises AudioError when the file cannot be made, cannot be written any more (disk full) or
    has reached 4 GiB: it then ends with what was written until there.
    """

    def __init__(self, path: Path, rate: int, channels: int) -> None:
        self.path = path
        self._rate = rate
        self._channels = channels
        self._frame = 2 * channels
        self._bytes = 0
        self._in_header = 0
        try:
            _put_aside(path)
            # unbuffered: what could not be written must not be tried again when closing
            self._file = open(path, "wb", buffering=0, opener=_private)  # noqa: SIM115 (held)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            raise AudioError(f"{path}: cannot write the recording: {_reason(error)}") from error
        try:
            self._append(self._header())
        except OSError as error:
            raise self._failed(error) from error

    def write(self, samples: NDArray[np.int16] | Samples) -> None:
        """Append frames: shape (n, channels), or (n,) for mono; int16, or float ±1."""
        data = _frames(samples, self._channels).astype("<i2").tobytes()
        if _HEADER.size + self._bytes + len(data) > LARGEST:
            self.close()
            raise AudioError(
                f"{self.path}: the recording has reached 4 GiB, the most that a wav file can hold;"
                " it ends here"
            )
        try:
            self._append(data)
            self._bytes += len(data)
            if self._bytes - self._in_header >= self._rate * self._frame:
                self._update()
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Complete the header and close the file. May be called again."""
        if self._file.closed:
            return
        try:
            self._update()
            self._file.close()
        except OSError as error:
            raise self._failed(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _append(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def _update(self) -> None:
        self._file.seek(0)
        self._append(self._header())
        self._file.seek(0, os.SEEK_END)
        self._in_header = self._bytes

    def _header(self) -> bytes:
        second = self._rate * self._frame
        return _HEADER.pack(
            b"RIFF", _HEADER.size - 8 + self._bytes, b"WAVE",
            b"fmt ", 16, 1, self._channels, self._rate, second, self._frame, 16,
            b"data", self._bytes,
        )  # fmt: skip

    def _failed(self, error: OSError) -> AudioError:
        """Ends the file as well as it goes, and says why."""
        with suppress(OSError):  # the first failure is the one to tell
            if not self._file.closed:
                self._update()
        with suppress(OSError):
            self._file.close()
        return AudioError(
            f"{self.path}: cannot write the recording any further: {_reason(error)};"
            " what was recorded until now can be heard"
        )


def _frames(samples: NDArray[np.int16] | Samples, channels: int) -> NDArray[np.int16]:
    frames = pcm16(samples)
    if frames.ndim == 1:
        frames = frames.reshape(-1, 1)
    if frames.ndim != 2 or frames.shape[1] != channels:
        raise ValueError(f"expected frames of {channels} channels, got shape {samples.shape}")
    return frames


def _put_aside(path: Path) -> None:
    """Remove an older recording: who still writes it, or plays it, has one of its own then."""
    with suppress(OSError):  # then it is overwritten
        if stat.S_ISREG(os.lstat(path).st_mode):
            os.unlink(path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)
