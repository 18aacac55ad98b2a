"""The recording of a call in real time: stereo, written while it goes on.

The line's tap is called in the audio callback, which must not wait for a disk: blocks go
through a queue to a thread that brings them to ``RATE`` and writes them.
"""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivrsim.errors import AudioError
from ivrsim.sound.clip import Samples
from ivrsim.sound.resample import Resampler
from ivrsim.sound.wav_writer import WavWriter, read_slice

RATE = 16_000
_LINE_RATE = 48_000
_WAIT_S = 5.0
_MOST = 6000  # blocks that wait for the disk: a minute or two, some 25 MB
_TOO_SLOW = "the disk does not keep up with the recording"


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
        self._blocks: queue.SimpleQueue[tuple[Samples, Samples] | threading.Event | None] = (
            queue.SimpleQueue()
        )
        self._resamplers = (Resampler(_LINE_RATE, RATE), Resampler(_LINE_RATE, RATE))
        self._thread = threading.Thread(target=self._run, name="ivrsim-recorder", daemon=True)
        self._thread.start()

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
        if not written.wait(_WAIT_S):
            raise AudioError(f"{self.path}: {_TOO_SLOW}")
        return read_slice(self.path, start_ms * RATE // 1000, end_ms * RATE // 1000)

    def close(self) -> None:
        """Write what was taken, and end the file."""
        self._blocks.put(None)
        self._thread.join(_WAIT_S)
        if self._thread.is_alive() and self.trouble is None:
            self.trouble = f"{self.path}: {_TOO_SLOW}; its end may be missing"

    def _run(self) -> None:
        while (item := self._blocks.get()) is not None:
            if isinstance(item, threading.Event):
                item.set()
            elif self.trouble is None:
                try:
                    self._writer.write(
                        np.column_stack(
                            [to.feed(side) for to, side in zip(self._resamplers, item, strict=True)]
                        )
                    )
                except AudioError as error:
                    self.trouble = str(error)
        try:
            self._writer.close()
        except AudioError as error:
            self.trouble = self.trouble or str(error)
