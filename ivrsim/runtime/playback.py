"""The recording of a call, heard again from any place.

Three threads meet here. Whoever plays says where (``Playback``); a thread of the playback reads
the file, some time ahead, and sees to the device; the device's own thread takes blocks of what
was read (``_Player``), and waits for nobody. A call may last for hours: never more than a second
of it is in memory.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ivrsim.errors import AudioError
from ivrsim.runtime.handset import AUTO, OFF, as_chosen, device_of
from ivrsim.sound.clip import Samples
from ivrsim.sound.mixer import BLOCK_MS, RATE, limit
from ivrsim.sound.output import Output
from ivrsim.sound.resample import Resampler
from ivrsim.sound.stream import FADE_S, fade_from
from ivrsim.sound.wav_reader import WavReader

_AHEAD = RATE  # frames that are read before they are needed
_PIECE_MS = 100  # is read at once
_LOOK_S = 0.05
_IDLE_S = 5.0  # unused so long, the device is released; scrubbing should not wait for it
_CLOSE_S = 2.0


class Playback:
    """Plays the recording of a call (left the platform, right the caller) to the loudspeakers.

    ``speakers``: ``off``, ``auto`` (the device that was chosen last, else the default one) or a
    device. Without one the position moves as it would, and ``say`` is told why nothing is heard;
    it is given each line once, in any thread. A file that is cut short is played as far as it
    goes, one that still grows as far as it is by then.

    AudioError when the file is missing, damaged or no recording. All methods are for one thread,
    and none waits but ``close``.
    """

    def __init__(self, path: Path, *, say: Callable[[str], None], speakers: str = AUTO) -> None:
        self._reader = WavReader(path)
        self._say = say
        self._said: set[str] = set()
        self._speakers = as_chosen("speakers", speakers)
        self._player = _Player()
        self._position = 0  # where it stands while nothing plays
        self._output: Output | None = None
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="ivrsim-playback", daemon=True)
        self._started = False
        missing = self._reader.missing_ms
        if missing:
            self._tell(
                f"{path}: the recording is cut short: {missing / 1000:,.1f} s of the sound that it"
                " promises are not there"
            )

    @property
    def duration_ms(self) -> int:
        """How long the recording is by now."""
        return self._reader.frames * 1000 // self._reader.rate

    @property
    def playing(self) -> bool:
        """It plays, and has not come to its end."""
        stretch = self._player.stretch
        return stretch is not None and not self._ended(stretch)

    @property
    def position_ms(self) -> int:
        """What is heard now; where it stands, when nothing plays."""
        stretch = self._player.stretch
        if stretch is None:
            return self._position
        heard = stretch.passed - self._latency_ms * RATE // 1000
        position = stretch.begin_ms + max(0, heard) * 1000 // RATE
        end = stretch.end_ms
        return position if end is None else min(position, end)

    def play(self, from_ms: int) -> None:
        """Play from there to the end, at once also where it plays already."""
        if self._closing:
            return
        self._position = min(max(0, from_ms), self.duration_ms)
        if self._position == self.duration_ms:
            self._player.stretch = None
            return
        self._player.stretch = _Stretch(self._reader, self._position)
        if not self._started:
            self._started = True
            self._thread.start()
        self._wake.set()

    def pause(self) -> None:
        """Silence, from the next block on; the position stays."""
        self._position = self.position_ms
        self._player.stretch = None
        self._wake.set()

    def close(self) -> None:
        """Silence, the device and the file released. Waits two seconds at most."""
        if self._closing:
            return
        self.pause()
        self._closing = True
        self._wake.set()
        if not self._started:
            self._reader.close()
        elif self._thread is not threading.current_thread():
            self._thread.join(_CLOSE_S)

    # ------------------------------------------------------------------ a thread of its own

    @property
    def _latency_ms(self) -> int:
        output = self._output
        return 0 if output is None else output.latency_ms

    def _ended(self, stretch: _Stretch) -> bool:
        return stretch.end_ms is not None and self.position_ms >= stretch.end_ms

    def _run(self) -> None:
        idle = 0.0
        try:
            while not self._closing:
                stretch = self._player.stretch
                if stretch is not None and not self._ended(stretch):
                    idle = 0.0
                    self._open()
                    if self._read(stretch):
                        continue  # until there is enough
                else:
                    idle += _LOOK_S
                    if idle >= _IDLE_S:
                        self._release()
                # Nothing comes of itself once the device is released.
                self._wake.wait(_LOOK_S if self._output is not None else None)
                self._wake.clear()
        finally:
            self._release()
            self._reader.close()

    def _open(self) -> None:
        """Have the device play. Takes a moment, some seconds at most."""
        if self._output is not None:
            return
        output = Output(
            self._player,
            device_of(self._speakers),
            silent=self._speakers == OFF,
            say=self._tell,
        )
        output.start()
        self._output = output
        if output.failed is not None:
            self._tell(output.failed)

    def _release(self) -> None:
        output, self._output = self._output, None
        if output is not None:
            output.close()

    def _read(self, stretch: _Stretch) -> bool:
        """Read a piece ahead. False when enough is there, or there is no more."""
        try:
            return stretch.read()
        except AudioError as error:  # it stops here, as at its end
            stretch.end()
            self._tell(str(error))
            return False

    def _tell(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            self._say(line)


class _Stretch:
    """What is played from one place on. One thread reads ahead, another takes."""

    def __init__(self, reader: WavReader, begin_ms: int) -> None:
        self.begin_ms = begin_ms
        self.end_ms: int | None = None
        """Where it ends, once that is known: all that is there has been read."""
        self.passed = 0
        """Frames that were taken, and after the end those of the silence behind it."""
        self._reader = reader
        self._next = begin_ms * reader.rate // 1000  # frame of the file
        self._resampler: Resampler | None = None
        self._drop = 0  # frames that only the resampler needs
        self._pieces: deque[Samples] = deque()
        self._given = 0  # frames that were read, at the rate of the line
        if reader.rate != RATE:
            self._resampler = resampler = Resampler(reader.rate, RATE)
            # With what is before, sound begins as it is there, and not late.
            self._drop = 2 * resampler.late * RATE // reader.rate
            self._next -= resampler.late
            if self._next < 0:
                resampler.feed(np.zeros(-self._next, np.float32))
                self._drop += self._next * RATE // reader.rate
                self._next = 0

    def read(self) -> bool:
        """Read a piece; False when there is enough for now, or no more. Raises AudioError."""
        if self.end_ms is not None or self._given - self.passed >= _AHEAD:
            return False
        frames = self._reader.read(self._next, self._reader.rate * _PIECE_MS // 1000)
        if not len(frames):
            if self._resampler is not None:  # what it holds back, which is less
                self._give(self._resampler.feed(np.zeros(self._reader.rate // 100, np.float32)))
            self.end()
            return False
        self._next += len(frames)
        mono = frames.sum(axis=1, dtype=np.float32) / np.float32(32768)
        self._give(mono if self._resampler is None else self._resampler.feed(mono))
        return True

    def end(self) -> None:
        """There is no more."""
        self.end_ms = self._next * 1000 // self._reader.rate

    def _give(self, mono: Samples) -> None:
        mono, self._drop = mono[self._drop :], max(0, self._drop - len(mono))
        limit(mono)
        self._pieces.append(mono)
        self._given += len(mono)

    def take(self, out: Samples) -> int:
        """Fill ``out`` with what comes next, as far as it was read; how many frames that were."""
        count = 0
        while count < len(out) and self._pieces:
            piece = self._pieces[0]
            part = piece[: len(out) - count]
            out[count : count + len(part)] = part
            count += len(part)
            if len(part) == len(piece):
                self._pieces.popleft()
            else:
                self._pieces[0] = piece[len(part) :]
        # At its end time goes on: the last of it is on its way to the ear. A disk that is late
        # makes it wait.
        self.passed += len(out) if self.end_ms is not None else count
        return count


class _Player:
    """What the device plays: a stretch, or silence, and a fade wherever one meets the other."""

    def __init__(self) -> None:
        self.rate = RATE
        self.block = RATE * BLOCK_MS // 1000
        self.stretch: _Stretch | None = None
        """Is played from the next block on; None: silence. Set by one thread, taken by another."""
        self._last: _Stretch | None = None
        self._edge = 0.0  # the last sample
        self._risen = 0  # frames since it began to sound, up to the length of a fade
        self._fade = round(FADE_S * RATE)

    def render(self, frames: int) -> Samples:
        """The next ``frames``: float32, shape (frames,), within ±1."""
        stretch = self.stretch
        out = np.zeros(frames, np.float32)
        if stretch is not self._last:
            self._last = stretch
            self._risen = 0
            if self._edge:
                fade_from(self._edge, out, RATE)
                self._edge = 0.0
                return out  # the next one begins after it
        count = 0 if stretch is None else stretch.take(out)
        rising = min(count, self._fade - self._risen)
        if rising > 0:
            places = self._risen + np.arange(rising) + 0.5
            out[:rising] *= (places / self._fade).astype(np.float32)
            self._risen += rising
        if count < frames:
            fade_from(float(out[count - 1]) if count else self._edge, out[count:], RATE)
            self._risen = 0
        if frames:
            self._edge = float(out[-1])
        return out
