"""The loudspeaker: renders a line in real time, to a device while there is one.

Time never stops for the line. The device asks for its blocks; where it does not (there is none,
it hangs, it is gone), a thread renders as much as the clock has gone on, to nobody.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

import numpy as np

from ivrsim.sound.clip import Samples
from ivrsim.sound.devices import Wanted, one_line
from ivrsim.sound.resample import Resampler
from ivrsim.sound.stream import LOOK_MS, KeptStream, fade_from

_DEVICE_BLOCK_MS = 10  # half a block of the line: so long at most a stop waits for its turn
_LATE_S = 0.2  # a device may call in bursts; later than this, the line goes on without it


class Source(Protocol):
    """What is played: a ``Line``, or a ``Mixer`` alone. Renders any number of frames."""

    rate: int
    block: int

    def render(self, frames: int) -> Samples:
        """The next ``frames``: float32, shape (frames,), within ±1."""


class Output:
    """Renders ``source`` in real time from ``start`` to ``close``; no device error is raised.

    ``say`` is given a line for each thing that happens to the device: gone, back, another one.
    It is called in a thread of the output. ``device`` as ``devices.pick`` takes it.
    """

    def __init__(
        self,
        source: Source,
        device: Wanted = None,
        *,
        silent: bool = False,
        say: Callable[[str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rendered = 0
        """Frames rendered so far."""
        self._source = source
        self._say = say
        self._clock = clock
        self._news: deque[str] = deque()
        self._turn = threading.Lock()  # who renders: the device, or the clock
        self._closing = threading.Event()
        self._began = 0.0
        self._broken = False
        self._resampler: Resampler | None = None
        self._resampled = np.zeros(0, np.float32)
        self._device_rate = source.rate
        self._edge = 0.0  # the last sample that was played
        self._stream = KeptStream(
            "output",
            self._fill,
            rate=source.rate,
            block_ms=_DEVICE_BLOCK_MS,
            say=self._news.append,
            wanted=device,
        )
        if silent:
            self._stream.turn_off()
        self._thread = threading.Thread(target=self._run, name="ivrsim-sound", daemon=True)

    def start(self) -> None:
        """Open the device, if there is one, and begin. Takes a moment, some seconds at most.

        Why none plays then is in ``failed``, and not said.
        """
        self.begin()
        self._thread.start()

    def begin(self) -> None:
        """As ``start``, for those who call ``tick`` themselves."""
        self._stream.start()
        self._began = self._clock()

    @property
    def failed(self) -> str | None:
        """Why nothing is heard, in one line; None while a device plays or none is wanted."""
        return self._stream.trouble

    @property
    def device(self) -> str | None:
        """The name of the device that plays."""
        device = self._stream.device
        return None if device is None else device.name

    @property
    def xruns(self) -> int:
        """How often the device ran out of sound."""
        return self._stream.xruns

    @property
    def latency_ms(self) -> int:
        """What the device adds between the line and the ear, as it states itself."""
        return self._stream.latency_ms

    def change(self, device: Wanted) -> None:
        """Play there from now on; what comes of it is said. Does not wait."""
        self._stream.change(device)

    def turn_off(self) -> None:
        """Release the device and go on unheard, until ``change``. Does not wait."""
        self._stream.turn_off()

    def tell(self, line: str) -> None:
        """Have ``line`` said; for those who must not wait, from any thread."""
        self._news.append(line)

    def close(self) -> None:
        """Silence at once, and release the device. Never waits more than about a second."""
        if self._closing.is_set():
            return
        self._closing.set()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(1.0)
        self._stream.close()
        self._tell_news()

    def _run(self) -> None:
        while not self._closing.wait(LOOK_MS / 1000):
            self.tick()

    def tick(self) -> None:
        """See to the device, and render what it has left undone: every ``LOOK_MS``."""
        self._stream.look()
        due = int((self._clock() - self._began) * self._source.rate)
        late = _LATE_S * self._source.rate if self._stream.device is not None else 0
        if due - self.rendered > late:
            self._catch_up(due)
        self._tell_news()

    def _catch_up(self, due: int) -> None:
        while True:
            with self._turn:  # free between two blocks: a device may be back
                missing = due - self.rendered
                if missing <= 0:
                    return
                self._render(min(self._source.block, missing))

    def _fill(self, out: Samples, rate: int) -> None:
        with self._turn:
            if self._closing.is_set():
                fade_from(self._edge, out, rate)
            elif rate == self._source.rate:
                out[:] = self._render(len(out))
            else:
                out[:] = self._render_at(rate, len(out))
            self._edge = float(out[-1])

    def _render_at(self, rate: int, frames: int) -> Samples:
        """For a device with a rate of its own."""
        if self._resampler is None or self._device_rate != rate:
            self._resampler = Resampler(self._source.rate, rate)
            self._resampled = np.zeros(0, np.float32)
            self._device_rate = rate
        while len(self._resampled) < frames:
            more = self._resampler.feed(self._render(self._source.block))
            self._resampled = np.concatenate([self._resampled, more])
        out, self._resampled = self._resampled[:frames], self._resampled[frames:]
        return out

    def _render(self, frames: int) -> Samples:
        self.rendered += frames
        try:
            return self._source.render(frames)
        # A mistake of ours is said, once; raised here, it would end the device's thread, print
        # a traceback across the screen, and stop the clock of the call's sound.
        except Exception as error:
            if not self._broken:
                self._broken = True
                self.tell(f"the line is silent: {type(error).__name__}: {one_line(error)}")
            return np.zeros(frames, np.float32)

    def _tell_news(self) -> None:
        while self._news:
            line = self._news.popleft()
            if self._say is None:
                continue
            try:
                self._say(line)
            # Who listens may be gone already (an event loop that was closed): the sound goes on.
            except Exception:
                self._say = None
