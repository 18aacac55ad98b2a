"""One bus of the line: clips mixed into one stream of samples.

Control calls (``play``, ``stop``, ``mute`` …) come from any thread and never wait; they are left
in a queue that ``render``, called by the audio callback, empties at the start of each block.
Only ``render`` touches what is playing, so no lock is held while sound is made.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ivrsim.sound.clip import Clip, Samples

RATE = 48000
BLOCK_MS = 20
_FADE_MS = 5
_KNEE = 0.8  # below it the mix is untouched, above it bent so that it never reaches ±1


class Handle:
    """One sound that is, will be or was on the line. Read from any thread, change by the mixer."""

    __slots__ = (
        "_begin",
        "_frames",
        "_gain",
        "_loop",
        "_rate",
        "_samples",
        "_skipped",
        "_stop_at",
        "finished",
        "on_end",
    )

    def __init__(
        self,
        clip: Clip,
        loop: int,
        gain: float,
        on_end: Callable[[Handle], None] | None,
        skip: int,
    ) -> None:
        self._samples = clip.samples
        self._rate = clip.rate
        self._loop = loop
        self._gain = gain
        self._begin = 0  # the frame of the mixer that is the first of it that is heard
        self._skipped = skip if not loop else min(skip, loop * len(self._samples))
        self._frames = self._skipped
        self._stop_at: int | None = None
        self.on_end = on_end
        self.finished = False
        """True once nothing more of it is heard, ended or stopped."""

    @property
    def played_ms(self) -> int:
        """How much of it is over, in milliseconds, all loops counted, and what was skipped."""
        return self._frames * 1000 // self._rate


class Fader:
    """A factor that is changed from any thread and reached within one block, without a step."""

    def __init__(self) -> None:
        self.gain = 1.0
        self.muted = False
        self._heard = 1.0

    def apply(self, block: Samples) -> None:
        """Multiply ``block`` in place."""
        target = 0.0 if self.muted else self.gain
        if target != self._heard:
            block *= np.linspace(self._heard, target, len(block), dtype=np.float32)
            self._heard = target
        elif target != 1.0:
            block *= np.float32(target)


class Mixer:
    """Mixes clips at ``rate`` Hz; ``block`` is the usual number of frames of one ``render``."""

    def __init__(self, rate: int = RATE, block_ms: int = BLOCK_MS) -> None:
        self.rate = rate
        self.block = rate * block_ms // 1000
        self.now = 0
        """Frames rendered so far: the first frame of the next block. ``at`` counts by it."""
        self.peak = 0.0
        """The largest sample of the last block, 0 to 1, for a level meter."""
        self._fade = rate * _FADE_MS // 1000
        self._orders: deque[Callable[[], None]] = deque()
        self._playing: list[Handle] = []
        self._ended: deque[Handle] = deque()
        self._fader = Fader()

    def play(
        self,
        clip: Clip,
        *,
        loop: int = 1,
        gain: float = 1.0,
        at: int | None = None,
        skip: int = 0,
        on_end: Callable[[Handle], None] | None = None,
    ) -> Handle:
        """Put ``clip`` on the line from the next block on, ``loop`` times, 0 for ever.

        ``at`` is the frame of the mixer it begins with, exactly; one that is past is the next
        block. Its first ``skip`` frames, all loops counted, are taken as played. ``on_end`` is
        called by ``ended()`` when it was played to its end, not when stopped. An empty clip ends
        at once. A clip of another rate is resampled here, in the caller's thread.
        """
        if loop < 0:
            raise ValueError(f"loop is 0 (for ever) or more, not {loop}")
        if skip < 0:
            raise ValueError(f"what is skipped is 0 frames or more, not {skip}")
        handle = Handle(clip.resample(self.rate), loop, gain, on_end, skip)

        def order() -> None:
            handle._begin = self._from(at)
            self._playing.append(handle)

        self._orders.append(order)
        return handle

    def stop(self, handle: Handle, *, at: int | None = None) -> None:
        """Silence it from the next block, or the frame ``at``, on, by a fade of 5 ms.

        Again, or too late: no effect. Stopped before it began, nothing of it is heard.
        """
        self._orders.append(lambda: self._stop(handle, self._from(at)))

    def stop_all(self) -> None:
        """Stop everything that was played until now."""

        def order() -> None:
            for handle in self._playing:
                self._stop(handle, self.now)

        self._orders.append(order)

    def set_gain(self, gain: float) -> None:
        """The factor for the whole bus, reached within one block."""
        self._fader.gain = gain

    def mute(self, muted: bool) -> None:
        """Silence the bus; what plays goes on unheard."""
        self._fader.muted = muted

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
        self.now += frames
        self._fader.apply(mix)
        limit(mix)
        self.peak = float(np.abs(mix).max(initial=0.0))
        return mix

    def _from(self, at: int | None) -> int:
        return self.now if at is None else max(at, self.now)

    def _stop(self, handle: Handle, at: int) -> None:
        handle._stop_at = at if handle._stop_at is None else min(at, handle._stop_at)

    def _add(self, handle: Handle, mix: Samples) -> None:
        """Add what falls into this block of one sound, and note when it is over."""
        length = len(handle._samples)
        last = length * handle._loop if handle._loop or not length else None
        first = handle._skipped
        stop = faded = None
        if handle._stop_at is not None:
            stop = faded = first + max(0, handle._stop_at - handle._begin)
            if stop > first:  # there is nothing to fade before it began
                faded = stop + self._fade
        offset = max(0, handle._begin - self.now)
        begin = handle._frames
        limits = [begin + len(mix) - offset, *(end for end in (last, faded) if end is not None)]
        end = max(begin, min(limits))
        if end > begin:
            positions = np.arange(begin, end)
            part = handle._samples[positions % length] * np.float32(handle._gain)
            part *= self._envelope(positions, first, last, stop)
            mix[offset : offset + end - begin] += part
        handle._frames = end
        if end == faded:
            handle.finished = True
        elif end == last and offset < len(mix):
            handle.finished = True
            self._ended.append(handle)

    def _envelope(
        self, positions: NDArray[np.int64], first: int, last: int | None, stop: int | None
    ) -> Samples:
        """The fades: in at its start, out at its end and at a stop; 1 between them."""
        edge = self._fade if last is None else min(self._fade, (last - first) // 2)
        envelope = np.ones(len(positions))
        if edge and positions[0] < first + edge:
            envelope = np.minimum(envelope, (positions - first + 0.5) / edge)
        if edge and last is not None and positions[-1] >= last - edge:
            envelope = np.minimum(envelope, (last - positions - 0.5) / edge)
        if stop is not None:
            envelope *= np.clip((stop + self._fade - positions - 0.5) / self._fade, 0.0, 1.0)
        return envelope.astype(np.float32)


def limit(mix: Samples) -> None:
    """Bend what is above the knee, in place, so that loud moments neither wrap nor crackle."""
    loud = np.abs(mix) > _KNEE
    if loud.any():
        over = (np.abs(mix[loud]) - _KNEE) / (1.0 - _KNEE)
        mix[loud] = np.sign(mix[loud]) * (_KNEE + (1.0 - _KNEE) * np.tanh(over))
