"""The recording of a call in real time: stereo, written while it goes on.

The line's tap is called in the audio callback, which must not wait for a disk: blocks go
through a queue to a thread that brings them to ``RATE`` and writes them.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivrsim.errors import AudioError
from ivrsim.sound.clip import Samples
from ivrsim.sound.resample import Resampler
from ivrsim.sound.wav_reader import WavReader, read_slice
from ivrsim.sound.wav_writer import WavWriter

RATE = 16_000
_LINE_RATE = 48_000
_WAIT_S = 5.0
_MOST = 6000  # blocks that wait for the disk: a minute or two, some 25 MB
_TOO_SLOW = "the disk does not keep up with the recording"
_PIECE = 10 * RATE  # frames that are copied at once, 640 kB
_FADE = RATE // 200  # 5 ms


@dataclass(frozen=True, slots=True)
class _Before:
    """What a recording begins with: so much of the recording of another call."""

    frames: int
    path: Path | None
    say: Callable[[str], None]


class Recorder:
    """Records blocks of 48 kHz as 16-bit stereo at 16 kHz (left the platform, right the caller).

    The file is whole at any moment, but for the last second. ``trouble`` is one line once it
    could not be written any more.
    """

    def __init__(self, path: Path) -> None:
        """AudioError when the file cannot be made."""
        self.path = path
        self.trouble: str | None = None
        self._writer = WavWriter(path, RATE, 2)
        self._blocks: queue.SimpleQueue[
            tuple[Samples, Samples] | _Before | threading.Event | None
        ] = queue.SimpleQueue()
        self._written = 0  # frames: while they become more, the disk is not too slow
        self._resamplers = (Resampler(_LINE_RATE, RATE), Resampler(_LINE_RATE, RATE))
        self._thread = threading.Thread(target=self._run, name="ivrsim-recorder", daemon=True)
        self._thread.start()

    def begin(self, at_ms: int, before: Path | None, say: Callable[[str], None]) -> None:
        """Begin with the first ``at_ms`` of the recording ``before``, before the first ``take``.

        Silence where that has none. Does not wait; ``say`` is given, in the recorder's thread,
        one line when it cannot be read. Its end is faded, against a click where the two meet.
        """
        self._blocks.put(_Before(at_ms * RATE // 1000, before, say))

    def take(self, left: Samples, right: Samples) -> None:
        """The next block, from any thread: two arrays of the same length, float32 at 48 kHz."""
        if self._blocks.qsize() < _MOST:
            self._blocks.put((left, right))
        elif self.trouble is None:  # a gap would put all that follows at the wrong time
            self.trouble = f"{self.path}: {_TOO_SLOW}; it ends here"

    def read(self, start_ms: int, end_ms: int) -> NDArray[np.float32]:
        """What was recorded between two moments: shape (n, 2), ±1, at ``RATE``. May be shorter.

        Waits for the blocks taken so far. AudioError when the file cannot be read.
        """
        written = threading.Event()
        self._blocks.put(written)
        before = self._written
        while not written.wait(_WAIT_S):
            if self._written == before:
                raise AudioError(f"{self.path}: {_TOO_SLOW}")
            before = self._written
        return read_slice(self.path, start_ms * RATE // 1000, end_ms * RATE // 1000)

    def close(self) -> None:
        """Write what was taken, and end the file."""
        self._blocks.put(None)
        before = -1
        while self._thread.is_alive() and self._written != before:
            before = self._written
            self._thread.join(_WAIT_S)
        if self._thread.is_alive() and self.trouble is None:
            self.trouble = f"{self.path}: {_TOO_SLOW}; its end may be missing"

    def _run(self) -> None:
        while (item := self._blocks.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
            elif self.trouble is None:
                try:
                    if isinstance(item, _Before):
                        for piece in _pieces(item):
                            self._write(piece)
                    else:
                        sides = zip(self._resamplers, item, strict=True)
                        self._write(np.column_stack([to.feed(side) for to, side in sides]))
                except AudioError as error:
                    self.trouble = str(error)
        try:
            self._writer.close()
        except AudioError as error:
            self.trouble = self.trouble or str(error)

    def _write(self, frames: NDArray[np.int16] | Samples) -> None:
        self._writer.write(frames)
        self._written += len(frames)


def _pieces(before: _Before) -> Iterator[NDArray[np.int16]]:
    """What a recording begins with, piece by piece: exactly as many frames as it is to have."""
    missing = before.frames
    try:
        if before.path is not None:
            with _opened(before.path) as reader:
                there = min(missing, reader.frames)
                for first in range(0, there, _PIECE):
                    piece = reader.read(first, min(_PIECE, there - first))
                    missing -= len(piece)
                    yield piece if first + _PIECE < there else _faded(piece)
    except AudioError as error:
        before.say(f"{error}; what was heard before is missing in the recording of this call")
    while missing:
        piece = np.zeros((min(missing, _PIECE), 2), np.int16)
        missing -= len(piece)
        yield piece


def _opened(path: Path) -> WavReader:
    reader = WavReader(path)
    if (reader.rate, reader.channels) != (RATE, 2):
        reader.close()
        raise AudioError(
            f"{path}: expected the recording of a call (2 channels at {RATE} Hz), found"
            f" {reader.channels} at {reader.rate} Hz"
        )
    return reader


def _faded(piece: NDArray[np.int16]) -> NDArray[np.int16]:
    fade = min(_FADE, len(piece))
    piece = piece.copy()
    piece[len(piece) - fade :] = piece[len(piece) - fade :] * np.linspace(1, 0, fade)[:, None]
    return piece
