"""A recording, read piece by piece as it is asked for: it may last hours, and still grow."""

from __future__ import annotations

import os
import stat
import struct
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from ivrsim.errors import AudioError
from ivrsim.sound.clip import Samples

_PCM, _EXTENSIBLE = 1, 0xFFFE
_FMT = struct.Struct("<HHIIHH")  # coding, channels, rate, bytes a second, bytes a frame, bits
_RATES = range(1000, 384_001)
_CHANNELS = range(1, 33)
_MOST_CHUNKS = 100  # before the sound: no program writes so many


class WavReader:
    """The frames of a 16-bit PCM wav file.

    Where the header says less than the file holds, the file is right: a process that is killed
    leaves a header that is up to a second old. Raises AudioError when the file cannot be read,
    or is no such file. For one thread, but for ``frames``.
    """

    rate: int
    """In Hz."""
    channels: int
    _frame: int  # bytes of one
    _start: int  # where in the file the sound begins, and where it ends; None: with the file
    _end: int | None
    _promised: int  # frames, by the header
    _last_size = 0

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            # a pipe of that name would be waited for
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise AudioError(f"{path}: expected a recording, found something that is no file")
            self._file: BinaryIO = open(path, "rb")  # noqa: SIM115 (held)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            raise AudioError(f"{path}: the recording cannot be read: {_reason(error)}") from error
        try:
            self._read_header()
        except OSError as error:
            self._file.close()
            raise AudioError(f"{path}: the recording cannot be read: {_reason(error)}") from error
        except AudioError:
            self._file.close()
            raise

    @property
    def frames(self) -> int:
        """How many there are now; once it is closed or unreachable, how many there were."""
        with suppress(OSError, ValueError):  # ValueError: another thread has just closed it
            self._last_size = os.fstat(self._file.fileno()).st_size
        end = self._last_size if self._end is None else min(self._last_size, self._end)
        return max(0, end - self._start) // self._frame

    @property
    def missing_ms(self) -> int:
        """How much of the sound that the header promises is not there: the file was cut short."""
        return max(0, self._promised - self.frames) * 1000 // self.rate

    def read(self, start: int, count: int) -> NDArray[np.int16]:
        """``count`` frames from ``start`` on: shape (n, channels); fewer where there are no more.

        AudioError when the file cannot be read any further.
        """
        start = max(0, start)
        count = max(0, min(count, self.frames - start))
        try:
            self._file.seek(self._start + start * self._frame)
            data = self._file.read(count * self._frame)
        except OSError as error:
            raise AudioError(
                f"{self.path}: the recording cannot be read: {_reason(error)}"
            ) from error
        whole = len(data) // self._frame * self.channels
        return np.frombuffer(data, "<i2", whole).reshape(-1, self.channels)

    def close(self) -> None:
        """Let go of the file. May be called again."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _read_header(self) -> None:
        riff, size, wave = struct.unpack("<4sI4s", self._file.read(12).ljust(12, b"\0"))
        if (riff, wave) != (b"RIFF", b"WAVE"):
            raise self._unexpected("no wav file")
        described = False
        for _ in range(_MOST_CHUNKS):
            name, length = struct.unpack("<4sI", self._file.read(8).ljust(8, b"\0"))
            begin = self._file.tell()
            if name == b"fmt ":
                self._read_format(self._file.read(_FMT.size))
                described = True
            elif name == b"data" and described:
                self._start = begin
                self._promised = length // self._frame
                # What follows the sound, by the header, is not sound.
                last = begin + length + length % 2 >= size + 8
                self._end = None if last else begin + length
                if size + 8 >= 2**32 or length >= 2**32 - 64:  # a stream of unknown length
                    self._promised = 0
                return
            elif not name.strip(b"\0"):
                break
            self._file.seek(begin + length + length % 2)
        raise self._unexpected("a wav file without sound: it is damaged, or cut short")

    def _read_format(self, fmt: bytes) -> None:
        if len(fmt) < _FMT.size:
            raise self._unexpected("a wav file without sound: it is damaged, or cut short")
        coding, self.channels, self.rate, _, self._frame, bits = _FMT.unpack(fmt)
        if coding not in (_PCM, _EXTENSIBLE) or bits != 16:
            raise self._unexpected(f"a wav file of coding {coding} with {bits} bit")
        if (
            self.rate not in _RATES
            or self.channels not in _CHANNELS
            or self._frame != 2 * self.channels
        ):
            raise self._unexpected(
                f"a damaged one: {self.channels} channels at {self.rate} Hz,"
                f" {self._frame} bytes a frame"
            )

    def _unexpected(self, found: str) -> AudioError:
        return AudioError(
            f"{self.path}: expected a recording of ivrsim (16-bit wav), found {found}"
        )


def read_slice(path: Path, start_frame: int, end_frame: int) -> Samples:
    """The frames from ``start_frame`` up to ``end_frame`` of a recording.

    float32, shape (n, channels), full scale ±1; fewer frames than asked for when the file does
    not have them (yet). The file may still be growing. AudioError when it cannot be read, or is
    no such file.
    """
    start = max(0, start_frame)
    with WavReader(path) as reader:
        frames = reader.read(start, end_frame - start)
    return frames.astype(np.float32) / np.float32(32768)


def _reason(error: OSError | ValueError) -> str:
    return getattr(error, "strerror", None) or str(error)
