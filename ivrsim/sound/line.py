"""The line: all sound of one call.

Three buses, mixed at 48 kHz in blocks of 20 ms (where a device asks for less, in less):

- ``platform``: what the caller is sent: prompts, ringback, busy, beeps, the other side's voice;
- ``caller``: what the caller sends: tones of keys, typed words spoken by a voice. The microphone
  joins it by ``hear``;
- ``local``: what the loudspeaker alone gets: the tones of keys that are nobody's business.

The loudspeaker gets the platform, and the caller's own sounds more quietly, as the earpiece of a
telephone has them (sidetone), but not the microphone. The recording (``tap``) gets both sides
apart, whatever the loudspeaker's volume.
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
from ivrsim.sound.mixer import BLOCK_MS, RATE, Fader, Mixer, limit
from ivrsim.sound.output import Output
from ivrsim.sound.stream import FADE_S, fade_from

_SIDETONE = 0.5
_FULL_MS = 200  # what of the microphone waits longer than this is dropped
_WAIT_MS = 60  # so much is kept in hand: both devices come and go in bursts
_FALL_S = 0.15  # of the level meter, to a third


class Processor(Protocol):
    """What makes one direction sound as a telephone does: ``ivrsim.sound.telephone``."""

    def process(self, block: Samples) -> Samples:
        """The next samples: as many as were given, within ±1."""


class Line:
    """The sound of one call. ``start`` it, or ``render`` it where there is no need to hear it.

    ``telephone`` works on the platform's bus: loudspeaker and recording both have it. All
    methods may be called from any thread, and none waits but ``start`` and ``close``. ``clock``
    is wall time in seconds.
    """

    def __init__(
        self,
        telephone: Processor | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rate = RATE
        self.block = RATE * BLOCK_MS // 1000
        self.platform = Mixer()
        self.caller = Mixer()
        self.local = Mixer()
        self.tap: Callable[[Samples, Samples], None] | None = None
        """Is called with each block, float32 at 48 kHz, shape (frames,): platform, caller with
        the microphone. In the audio callback: it must not wait for anything; leave the blocks,
        which are yours, in a queue. One that raises is not called again, which is said."""
        self.loudspeaker_tap: Callable[[Samples], None] | None = None
        """As ``tap``, with what goes to the loudspeaker, volume and mute included: what can
        come back into a microphone."""
        self.level = 0.0
        """How loud the loudspeaker is, 0 to 1, falling slowly: for a meter."""
        self._telephone = telephone
        self._fader = Fader()
        self._microphone = _Waiting(self.rate)
        self._output: Output | None = None
        self._wall = clock
        # Since when it is paused, and how long it was before: together, for all threads at once.
        self._pauses: tuple[float | None, float] = (None, 0.0)
        self._stood = 0  # frames it has stood still
        self._fade = round(FADE_S * self.rate)
        self._risen = self._fade  # frames since it went on, up to the length of a fade
        self._edge = 0.0  # the last sample that was heard

    # ------------------------------------------------------------------ devices

    def start(
        self,
        device: Wanted = None,
        *,
        silent: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> None:
        """Begin to render in real time, to ``device`` (see ``devices.pick``; None: the default).

        Never raises: without a device, or ``silent``, the line runs unheard and at the same
        pace, and takes a device when there is one again. ``say`` is given one line for each
        thing that happens from then on, in a thread of the line; ``trouble`` is the state, also
        of this start. Waits until the device plays, some seconds at most.
        """
        output = Output(self, device, silent=silent, say=say)
        self._output = output
        output.start()

    def change_output(self, device: Wanted) -> None:
        """Play there from now on; if that fails, where it played before. Said by ``say``."""
        if self._output is not None:
            self._output.change(device)

    def turn_output_off(self) -> None:
        """Release the loudspeaker and go on unheard, until ``change_output``."""
        if self._output is not None:
            self._output.turn_off()

    @property
    def trouble(self) -> str | None:
        """Why nothing is heard, in one line; None while a device plays or none is wanted."""
        return None if self._output is None else self._output.failed

    @property
    def device(self) -> str | None:
        """The name of the device that plays."""
        return None if self._output is None else self._output.device

    @property
    def latency_ms(self) -> int:
        """What the device adds between the line and the ear, as it states itself."""
        return 0 if self._output is None else self._output.latency_ms

    @property
    def xruns(self) -> int:
        """How often the device ran out of sound."""
        return 0 if self._output is None else self._output.xruns

    def close(self) -> None:
        """Silence at once, and release the device. Never waits more than about two seconds."""
        if self._output is not None:
            self._output.close()

    # ------------------------------------------------------------------ sound

    def mute(self, muted: bool) -> None:
        """The loudspeaker off or on; the recording goes on."""
        self._fader.muted = muted

    def set_volume(self, gain: float) -> None:
        """A factor for the loudspeaker alone, 1 as it is."""
        self._fader.gain = gain

    def pause(self) -> None:
        """Stand still from the next block on: all sound holds its place, unheard.

        The taps get nothing, the microphone is not heard, and what is ordered meanwhile begins
        when the line goes on. Again: no effect.
        """
        since, before = self._pauses
        if since is None:
            self._pauses = (self._wall(), before)

    def resume(self) -> None:
        """Go on with the very next sample. No effect on a line that is not paused.

        Blocks are coarser than time: what the line stood still too short is made up for here, so
        that it keeps in step with a clock that was stopped for the same while.
        """
        since, before = self._pauses
        if since is not None:
            self._pauses = (None, before + self._wall() - since)

    @property
    def paused(self) -> bool:
        """It stands still, between ``pause`` and ``resume``."""
        return self._pauses[0] is not None

    def time(self) -> float:
        """Seconds of a clock that stands still while the line does."""
        since, before = self._pauses
        return (self._wall() if since is None else since) - before

    def hear(self, block: Samples) -> None:
        """The next block of the microphone: float32 at 48 kHz, any length, within ±1.

        It waits some 60 ms for its place. What does not come in time is silence; what waits
        longer than 200 ms is dropped, and so is what comes in a pause.
        """
        if not self.paused:
            self._microphone.put(block)

    def render(self, frames: int) -> Samples:
        """The next ``frames`` for the loudspeaker: float32, shape (frames,), within ±1."""
        still = self._stands_still(frames)
        if still:
            heard = np.empty(frames, np.float32)
            fade_from(self._edge, heard[:still], self.rate)
            self._risen = 0
            if still < frames:
                heard[still:] = self._sound(frames - still)
        else:
            heard = self._sound(frames)
        if frames:
            self._edge = float(heard[-1])
        fall = float(np.exp(-frames / (_FALL_S * self.rate)))
        self.level = max(float(np.abs(heard).max(initial=0.0)), self.level * fall)
        return heard

    def _stands_still(self, frames: int) -> int:
        """How many of the next ``frames`` pass by in silence: first these, then it goes on."""
        since, before = self._pauses
        if since is None:
            frames = min(frames, max(0, int(before * self.rate) - self._stood))
        self._stood += frames
        return frames

    def _sound(self, frames: int) -> Samples:
        """The next ``frames`` of the call."""
        platform = self.platform.render(frames)
        if self._telephone is not None:
            platform = self._telephone.process(platform)
        caller = self.caller.render(frames)
        heard = platform + (caller + self.local.render(frames)) * np.float32(_SIDETONE)
        self._fader.apply(heard)
        if self._risen < self._fade:
            self._rise(heard)
        limit(heard)
        if self.tap is not None:
            sent = caller + self._microphone.take(frames)
            limit(sent)
            self._give(platform, sent)
        if self.loudspeaker_tap is not None:
            self._give_loudspeaker(heard.copy())
        return heard

    def _rise(self, heard: Samples) -> None:
        """Let the loudspeaker come in softly after a pause; the recording knows of none."""
        count = min(len(heard), self._fade - self._risen)
        heard[:count] *= ((self._risen + np.arange(count) + 0.5) / self._fade).astype(np.float32)
        self._risen += count

    def _give(self, platform: Samples, caller: Samples) -> None:
        tap = self.tap  # which another thread may take away
        try:
            if tap is not None:
                tap(platform, caller)
        # Whatever it is: it is said, and the call goes on; the audio callback cannot raise it.
        except Exception as error:
            self.tap = None
            self._tell(f"the call is recorded no further: {_named(error)}")

    def _give_loudspeaker(self, heard: Samples) -> None:
        tap = self.loudspeaker_tap
        try:
            if tap is not None:
                tap(heard)
        except Exception as error:  # as above
            self.loudspeaker_tap = None
            self._tell(f"the echo of the loudspeakers is no longer known: {_named(error)}")

    def _tell(self, line: str) -> None:
        if self._output is not None:
            self._output.tell(line)


class _Waiting:
    """Samples between two devices, neither of which keeps the other's time."""

    def __init__(self, rate: int) -> None:
        self._full = rate * _FULL_MS // 1000
        self._wait = rate * _WAIT_MS // 1000
        self._blocks: deque[Samples] = deque()
        self._count = 0
        self._filling = True
        self._lock = threading.Lock()  # held for some microseconds

    def put(self, block: Samples) -> None:
        with self._lock:
            self._blocks.append(np.array(block, np.float32))
            self._count += len(block)
            if self._count > self._full:
                self._pull(self._count - self._wait)
            if self._count >= self._wait:
                self._filling = False

    def take(self, frames: int) -> Samples:
        """The next ``frames``; zeros where they have not come."""
        out = np.zeros(frames, np.float32)
        with self._lock:
            if not self._filling:
                part = self._pull(frames)
                out[: len(part)] = part
                self._filling = len(part) < frames
        return out

    def _pull(self, frames: int) -> Samples:
        """Up to ``frames`` of the oldest."""
        parts = []
        missing = min(frames, self._count)
        self._count -= missing
        while missing:
            block = self._blocks.popleft()
            parts.append(block[:missing])
            if len(block) > missing:
                self._blocks.appendleft(block[missing:])
            missing -= len(parts[-1])
        return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {one_line(error)}"
