"""The microphone: blocks of 20 ms at 48 kHz, in a thread that may take its time."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable

import numpy as np

from ivrsim.errors import SoundUnavailable
from ivrsim.sound.clip import Samples
from ivrsim.sound.devices import Wanted, one_line
from ivrsim.sound.mixer import BLOCK_MS, RATE
from ivrsim.sound.resample import Resampler
from ivrsim.sound.stream import LOOK_MS, KeptStream

_QUIET_S = 4.0  # of nothing but zeros since it began: what gates noise has begun with some
_FULL_BLOCKS = 50  # a second; whoever hears is too slow, and what comes then is lost
_FALL_S = 0.15  # of the level meter, to a third


class Microphone:
    """Listens from construction to ``close``, and takes the device up again when it was lost.

    ``on_block`` is given blocks as they come: float32, shape (n,), within ±1, at ``rate`` Hz
    whatever the device's own, in a thread of the microphone; zeros while muted. ``say`` is
    given, in the same thread, one line for each thing that happens to the device.

    SoundUnavailable when there is none, or it does not open. Waits for it, some seconds at most.
    """

    def __init__(
        self,
        on_block: Callable[[Samples], None],
        device: Wanted = None,
        *,
        rate: int = RATE,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.rate = rate
        self.level = 0.0
        """How loud it is, 0 to 1, falling slowly: for a meter. 0 while muted."""
        self._on_block = on_block
        self._tell = say
        self._muted = False
        self._deaf = False
        self._blocks: queue.Queue[tuple[Samples, int]] = queue.Queue(_FULL_BLOCKS)
        self._resampler: Resampler | None = None
        self._device_rate = rate
        self._zeros_s = 0.0
        self._alive = False
        self._closing = threading.Event()
        self._stream = KeptStream(
            "input", self._take, rate=rate, block_ms=BLOCK_MS, say=self._say, wanted=device
        )
        self._stream.start()
        if self._stream.trouble is not None:
            self._stream.close()
            raise SoundUnavailable(self._stream.trouble)
        self._thread = threading.Thread(target=self._run, name="ivrsim-microphone", daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str | None:
        """Why nothing is heard, in one line; None while a device listens."""
        return self._stream.trouble

    @property
    def device(self) -> str | None:
        """The name of the device in use."""
        device = self._stream.device
        return None if device is None else device.name

    @property
    def latency_ms(self) -> int:
        """What the device adds between the air and ``on_block``, as it states itself."""
        return self._stream.latency_ms

    def change_input(self, device: Wanted) -> None:
        """Listen there from now on; what comes of it is said. Does not wait."""
        self._stream.change(device)

    def mute(self, muted: bool) -> None:
        """Hear nothing, or again something."""
        self._muted = muted

    def close(self) -> None:
        """Release the device; no block comes after this. Never waits more than two seconds."""
        self._closing.set()
        if self._thread is not threading.current_thread():
            self._thread.join(1.0)
        self._stream.close()

    def _take(self, block: Samples, rate: int) -> None:
        try:
            self._blocks.put_nowait((block.copy(), rate))
        except queue.Full:
            self._stream.xruns += 1

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                block, rate = self._blocks.get(timeout=LOOK_MS / 1000)
            except queue.Empty:
                self._meter(np.zeros(self.rate * LOOK_MS // 1000, np.float32))
            else:
                self._hear(block, rate)
            if self._blocks.empty():  # not once for each block that had waited
                self._stream.look()

    def _hear(self, block: Samples, rate: int) -> None:
        self._note_zeros(block, rate)
        if rate != self.rate:
            if self._resampler is None or rate != self._device_rate:
                self._resampler = Resampler(rate, self.rate)
                self._device_rate = rate
            block = self._resampler.feed(block)
        if self._muted:
            block = np.zeros_like(block)
        block = np.clip(np.nan_to_num(block), -1.0, 1.0)
        self._meter(block)
        try:
            self._on_block(block)
        # Whoever hears has failed, not the device; said once, it goes on for the next block.
        except Exception as error:
            if not self._deaf:
                self._deaf = True
                self._say(f"the microphone is not understood: {type(error).__name__}: {error}")

    def _meter(self, block: Samples) -> None:
        fall = float(np.exp(-len(block) / (_FALL_S * self.rate)))
        self.level = max(float(np.abs(block).max(initial=0.0)), self.level * fall)

    def _note_zeros(self, block: Samples, rate: int) -> None:
        """Say once that a device gives nothing but zeros: so it is where it is not allowed."""
        if self._alive or block.any():
            self._alive = True
            return
        self._zeros_s += len(block) / rate
        if self._zeros_s >= _QUIET_S:
            self._alive = True
            self._say(f"the microphone gives nothing, not even noise: {_permission()}")

    def _say(self, line: str) -> None:
        if self._tell is None:
            return
        try:
            self._tell(one_line(line))
        # Who listens may be gone already (an event loop that was closed).
        except Exception:
            self._tell = None


def _permission() -> str:
    if sys.platform == "darwin":
        return "allow it for this terminal in System Settings, Privacy & Security, Microphone"
    if sys.platform == "win32":
        return "allow it for desktop apps in Settings, Privacy & security, Microphone"
    return "is it muted in the system's sound settings?"
