"""The line: everything that is heard in a call, mixed into one stream.

Control calls (``play``, ``stop``, ``level``) come from any thread and never wait; they are left
in a queue that ``render``, called by the audio callback, empties at the start of each block.
Only ``render`` touches what is playing, so no lock is held while sound is made.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ivrsim.sound.clip import Clip, Samples

_FADE_MS = 5
_KNEE = 0.8  # below it the mix is untouched, above it bent so that it never reaches ±1


class Handle:
    """One sound that is, or was, on the line. Read from any thread, change by the mixer."""

    __slots__ = (
        "_fade_from",
        "_frames",
        "_gain",
        "_loop",
        "_rate",
        "_samples",
        "_stopping",
        "finished",
        "on_end",
    )

    def __init__(
        self,
        clip: Clip,
        loop: int,
        gain: float,
        on_end: Callable[[Handle], None] | None,
    ) -> None:
        self._samples = clip.samples
        self._rate = clip.rate
        self._loop = loop
        self._gain = gain
        self._frames = 0
        self._stopping = False
        self._fade_from = -1
        self.on_end = on_end
        self.finished = False
        """True once nothing more of it is heard, ended or stopped."""

    @property
    def played_ms(self) -> int:
        """How much of it went to the line, in milliseconds, all loops counted."""
        return self._frames * 1000 // self._rate


class Mixer:
    """Mixes clips at ``rate`` Hz; ``block`` is the usual number of frames of one ``render``."""

    def __init__(self, rate: int = 48000, block_ms: int = 20) -> None:
        self.rate = rate
        self.block = rate * block_ms // 1000
        self.peak = 0.0
        """The largest sample of the last block, 0 to 1, for a level meter."""
        self._fade = rate * _FADE_MS // 1000
        self._orders: deque[Callable[[], None]] = deque()
        self._playing: list[Handle] = []
        self._ended: deque[Handle] = deque()
        self._gain = 1.0
        self._muted = False
        self._gain_heard = 1.0

    def play(
        self,
        clip: Clip,
        *,
        loop: int = 1,
        gain: float = 1.0,
        on_end: Callable[[Handle], None] | None = None,
    ) -> Handle:
        """Put ``clip`` on the line from the next block on, ``loop`` times, 0 for ever.

        ``on_end`` is called by ``ended()`` when it was played to its end, not when stopped.
        An empty clip ends at once. A clip of another rate is resampled here, in the caller's
        thread.
        """
        if loop < 0:
            raise ValueError(f"loop is 0 (for ever) or more, not {loop}")
        handle = Handle(clip.resample(self.rate), loop, gain, on_end)
        self._orders.append(lambda: self._playing.append(handle))
        return handle

    def stop(self, handle: Handle) -> None:
        """Silence it from the next block on, by a fade of 5 ms. Again, or too late: no effect."""

        def order() -> None:
            handle._stopping = True

        self._orders.append(order)

    def stop_all(self) -> None:
        """Stop everything that was played until now."""

        def order() -> None:
            for handle in self._playing:
                handle._stopping = True

        self._orders.append(order)

    def set_gain(self, gain: float) -> None:
        """The factor for the whole line, reached within one block."""
        self._gain = gain

    def mute(self, muted: bool) -> None:
        """Silence the line; what plays goes on unheard."""
        self._muted = muted

    def ended(self) -> list[Handle]:
        """What was played to its end since the last call; their ``on_end`` have been called."""
        handles: list[Handle] = []
        while self._ended:
            handles.append(self._ended.popleft())
        for handle in handles:
            if handle.on_end is not None:
                handle.on_end(handle)
        return handles

    def render(self, frames: int) -> Samples:
        """The next ``frames`` of the mix: float32, shape (frames,), all within ±1."""
        while self._orders:
            self._orders.popleft()()
        mix = np.zeros(frames, np.float32)
        for handle in self._playing:
            self._add(handle, mix)
        self._playing = [handle for handle in self._playing if not handle.finished]
        target = 0.0 if self._muted else self._gain
        if target != self._gain_heard:
            mix *= np.linspace(self._gain_heard, target, frames, dtype=np.float32)
            self._gain_heard = target
        elif target != 1.0:
            mix *= np.float32(target)
        _limit(mix)
        self.peak = float(np.abs(mix).max(initial=0.0))
        return mix

    def _add(self, handle: Handle, mix: Samples) -> None:
        """Add the next frames of one sound, and note when it is over."""
        length = len(handle._samples)
        begin = handle._frames
        if handle._stopping and handle._fade_from < 0:
            handle._fade_from = begin
            if begin == 0:
                handle.finished = True  # stopped before it was heard
                return
        last = length * handle._loop if handle._loop or not length else None
        faded = handle._fade_from + self._fade if handle._stopping else None
        limits = [begin + len(mix), *(end for end in (last, faded) if end is not None)]
        end = max(begin, min(limits))
        if end > begin:
            positions = np.arange(begin, end)
            part = handle._samples[positions % length] * np.float32(handle._gain)
            part *= self._envelope(handle, positions, last)
            mix[: end - begin] += part
        handle._frames = end
        if end == last and not handle._stopping:
            handle.finished = True
            self._ended.append(handle)
        elif end in (last, faded):
            handle.finished = True

    def _envelope(self, handle: Handle, positions: NDArray[np.int64], last: int | None) -> Samples:
        """The fades: in at its start, out at its end and at a stop; 1 between them."""
        edge = self._fade if last is None else min(self._fade, last // 2)
        envelope = np.ones(len(positions))
        if edge and positions[0] < edge:
            envelope = np.minimum(envelope, (positions + 0.5) / edge)
        if edge and last is not None and positions[-1] >= last - edge:
            envelope = np.minimum(envelope, (last - positions - 0.5) / edge)
        if handle._stopping:
            left = handle._fade_from + self._fade - positions - 0.5
            envelope *= np.clip(left / self._fade, 0.0, 1.0)
        return envelope.astype(np.float32)


def _limit(mix: Samples) -> None:
    """Bend what is above the knee, in place, so that loud moments neither wrap nor crackle."""
    loud = np.abs(mix) > _KNEE
    if loud.any():
        over = (np.abs(mix[loud]) - _KNEE) / (1.0 - _KNEE)
        mix[loud] = np.sign(mix[loud]) * (_KNEE + (1.0 - _KNEE) * np.tanh(over))
