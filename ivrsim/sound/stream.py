"""A stream of a sound device that is opened again when the device fails.

What can happen to a device: it does not open, it is unplugged (PortAudio ends the stream, or
simply calls no more), its server is restarted, it never answers. None of it reaches the owner
but as one line: ``KeptStream.look``, called every ``LOOK_MS``, notices what happened and has
PortAudio's thread (``ivrsim.sound.devices``) open the device again, or else the default one.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

import numpy as np

from ivrsim.errors import SoundUnavailable
from ivrsim.sound import devices
from ivrsim.sound.clip import Samples
from ivrsim.sound.devices import Device, Kind, Wanted, one_line

LOOK_MS = 10
# Looks are counted, not seconds: a process that was suspended (Ctrl+Z, a closed lid) wakes up
# late, but its device plays on.
_STALLED_LOOKS = 1000 // LOOK_MS  # so long without a callback: the device is gone
_FIRST_TRY_LOOKS = 500 // LOOK_MS
_RETRY_LOOKS = 1500 // LOOK_MS
_PATIENT_LOOKS = 10_000 // LOOK_MS
_SOON = 20  # tries in vain after which it waits longer between them
_LATENCY_S = 0.06  # at least, of the device: with less, a busy machine is late
PLAY_OUT_S = 0.5  # at most, for a device to play what it has before it is closed
FADE_S = 0.005
"""Of every start and stop that is nobody's doing, against clicks."""
_NO_ANSWER_LOOKS = 5000 // LOOK_MS
_XRUN_LOOKS = 60_000 // LOOK_MS  # at most one line a minute about them
_XRUNS = 10  # fewer are not worth a line: each is some hundredths of a second

Fill = Callable[[Samples, int], None]
"""Fills a block, or takes it: float32, shape (frames,), valid during the call; rate in Hz."""

_WORDS: dict[Kind, dict[str, str]] = {
    "output": {
        "lost": "the output device “{}” is gone; the call goes on silent",
        "back": "sound again, on “{}”",
        "now": "sound on “{}” now",
        "xruns": "the output device had to wait for sound {} times: the machine is busy",
    },
    "input": {
        "lost": "the microphone “{}” is gone; keys come from the keypad alone",
        "back": "the microphone works again: “{}”",
        "now": "the microphone is “{}” now",
        "xruns": "sound of the microphone was lost {} times: the machine is busy",
    },
}
_NO_ANSWER = "the sound system does not answer; the call goes on without it"


class OpenStream:
    """One running stream of one device, until it ends. Made and closed in PortAudio's thread."""

    def __init__(self, kind: Kind, device: Device, rate: int, block_ms: int, fill: Fill) -> None:
        """Start it, at ``rate`` or else the device's own. SoundUnavailable when neither does."""
        self.device = device
        self.calls = 0
        self.xruns = 0
        self.ended = False
        """True once nothing comes or goes any more."""
        self.latency_ms = 0
        """What the device adds, as it states itself."""
        self._kind: Kind = kind
        self._rate = rate
        self._block_ms = block_ms
        self._fill = fill
        self._left = False
        self._edge = 0.0  # the last sample that was played
        self._quiet = 0  # frames since it was left
        self._silent = threading.Event()
        self._start()
        devices.streams.append(self)

    def _start(self) -> None:
        self._sounddevice = devices.sounddevice()
        problem: Exception | None = None
        for rate in dict.fromkeys((self._rate, self.device.rate)):
            try:
                self._stream = self._started(rate)
            except (self._sounddevice.PortAudioError, ValueError) as error:
                problem = problem or error
            else:
                self.latency_ms = round(float(self._stream.latency) * 1000)
                return
        raise SoundUnavailable(
            f"the {self._kind} device “{self.device.name}” does not start"
            f" ({one_line(problem)}); choose another, or close what is using it"
        ) from problem

    def _started(self, rate: int) -> Any:
        make = {"output": "OutputStream", "input": "InputStream"}[self._kind]
        about = self._sounddevice.query_devices(self.device.index)
        self._turn = turn = object()  # what a stream closed before still says is not heard
        stream = getattr(self._sounddevice, make)(
            samplerate=rate,
            blocksize=rate * self._block_ms // 1000,
            device=self.device.index,
            channels=1,
            dtype="float32",
            latency=max(about[f"default_low_{self._kind}_latency"], _LATENCY_S),
            callback=partial(self._called, turn, rate),
            finished_callback=partial(self._finished, turn),
        )
        try:
            stream.start()
        except self._sounddevice.PortAudioError:
            stream.close()
            raise
        return stream

    def leave(self) -> None:
        """Have nothing to do with it any more; from any thread. It is silent from now on."""
        self._left = True

    def close(self) -> None:
        """Release the device. That one which is gone cannot be stopped properly is no error."""
        self.leave()
        if self in devices.streams:
            devices.streams.remove(self)
            if self._kind == "output" and self.calls and not self.ended:
                self._silent.wait(PLAY_OUT_S)  # cut off in the middle, sound clicks
            self.suspend()

    def suspend(self) -> None:
        """Close it, to be resumed soon."""
        self._turn = object()
        self._stream.abort()
        self._stream.close()

    def resume(self) -> None:
        """Open the same device again; where that fails it has ended."""
        try:
            self.device = devices.pick(devices.listed(self._kind), self.device, self._kind)
            self._start()
        except SoundUnavailable:
            self.ended = True  # the owner tries again, and says so
            devices.streams.remove(self)

    def _called(
        self, turn: object, rate: int, block: Samples, frames: int, _time: object, status: Any
    ) -> None:
        self.calls += 1
        if status.output_underflow or status.input_overflow:
            self.xruns += 1
        if turn is not self._turn or (self._left and self._kind == "input"):
            block.fill(0)
            raise self._sounddevice.CallbackStop
        if self._left:
            self._fade_out(block[:, 0], rate)
        else:
            self._fill(block[:, 0], rate)
            self._edge = float(block[-1, 0])

    def _fade_out(self, block: Samples, rate: int) -> None:
        """Be silent for as long as the device is late: then nothing of the sound is cut off."""
        if self._quiet >= self.latency_ms * rate // 1000 + len(block):
            block.fill(0)
            self._silent.set()
            raise self._sounddevice.CallbackStop
        fade_from(self._edge, block, rate)
        self._edge = 0.0
        self._quiet += len(block)

    def _finished(self, turn: object) -> None:
        if turn is self._turn:
            self.ended = True
            self._silent.set()  # it was unplugged in that very moment


def fade_from(edge: float, block: Samples, rate: int) -> None:
    """Make ``block``, at ``rate`` Hz, silent, but for a fade from ``edge``, the sample before."""
    fade = min(len(block), round(FADE_S * rate))
    block.fill(0)
    block[:fade] = np.linspace(edge, 0, fade, endpoint=False)


class KeptStream:
    """Plays to, or listens to, a device whenever there is one. Never raises.

    ``fill`` is called in the device's thread. ``say`` takes one line for each thing that
    happens, in the thread that looks. ``wanted`` as ``devices.pick`` takes it.
    """

    def __init__(
        self,
        kind: Kind,
        fill: Fill,
        *,
        rate: int,
        block_ms: int,
        say: Callable[[str], None],
        wanted: Wanted = None,
    ) -> None:
        self.trouble: str | None = None
        """Why no device is used, in one line; None while one is, or none is wanted."""
        self.xruns = 0
        """How often the device ran out of sound, or had too much of it."""
        self._kind: Kind = kind
        self._fill = fill
        self._rate = rate
        self._block_ms = block_ms
        self._say = say
        self._words = _WORDS[kind]
        self._wanted: Wanted = wanted
        self._changed = True  # there is a new wish
        self._off = False
        self._starting = False
        self._last: Device | None = None
        self._open: OpenStream | None = None
        self._job: Future[tuple[OpenStream, str | None]] | None = None
        self._looks = 0  # of the job; without one, until the next try
        self._tries = 0
        self._greeting: str | None = None  # to be said once the device has called
        self._calls = 0
        self._still = 0
        self._xruns = 0
        self._xruns_said = 0
        self._xrun_wait = 0

    @property
    def device(self) -> Device | None:
        """The device in use, None while there is none."""
        opened = self._open
        return None if opened is None else opened.device

    @property
    def latency_ms(self) -> int:
        """What the device in use adds, as it states itself; 0 without one."""
        opened = self._open
        return 0 if opened is None else opened.latency_ms

    def start(self) -> None:
        """Open the device, and wait for it, some seconds at most.

        That it did not work is in ``trouble``, and not said.
        """
        self._starting = True
        self.look()
        if self._job is not None:
            concurrent.futures.wait([self._job], _NO_ANSWER_LOOKS * LOOK_MS / 1000)
            if not self._job.done():
                self._looks = _NO_ANSWER_LOOKS - 1  # waited for long enough
            self.look()
        self._starting = False

    def change(self, wanted: Wanted) -> None:
        """Use another device from now on; what comes of it is said. Any thread; does not wait."""
        self._wanted = wanted
        self._off = False
        self._changed = True

    def turn_off(self) -> None:
        """Release the device, and do without until ``change``. Any thread; does not wait."""
        self._off = True

    def look(self) -> None:
        """See to the stream. To be called every ``LOOK_MS``, by one thread at a time."""
        if self._job is not None:
            self._look_at_job(self._job)
        elif self._off:
            self._release()
            self.trouble = None
        elif self._changed:
            self._changed = False
            self._order([self._wanted, self._last, None], interrupt=self._last is not None)
        elif self._open is not None:
            self._look_at_stream(self._open)
        elif self._looks > 0:
            self._looks -= 1
        else:
            self._tries += 1
            first = self._last if self._wanted is None else self._wanted
            # Others are interrupted for it: ever more rarely, then at each of the rare tries.
            interrupt = self._tries & (self._tries - 1) == 0 or self._tries > _SOON
            self._order([first, self._last, None], interrupt=interrupt)

    def close(self, wait_s: float = 1.0) -> None:
        """Silence at once, without a click, and release the device. Waits ``wait_s`` at most."""
        self._off = True
        done = self._release()
        if self._job is not None:
            done = devices.portaudio.submit(partial(_close_late, self._job))
        with contextlib.suppress(TimeoutError):  # the sound system hangs; the process need not
            done.result(wait_s)

    def _order(self, choices: list[Wanted], *, interrupt: bool) -> None:
        """Have the first of ``choices`` opened that can be."""
        self._release()
        self._looks = 0
        choices = list(dict.fromkeys(choices))
        self._job = devices.portaudio.submit(partial(self._opened, choices, interrupt))

    def _opened(self, choices: list[Wanted], interrupt: bool) -> tuple[OpenStream, str | None]:
        """The first of ``choices`` that opens, and why it is not the first of them."""
        devices.look_again(interrupt=interrupt)
        found = devices.listed(self._kind)
        why: str | None = None
        for wanted in choices:
            try:
                device = devices.pick(found, wanted, self._kind)
                return (
                    OpenStream(self._kind, device, self._rate, self._block_ms, self._fill),
                    why,
                )
            except SoundUnavailable as error:
                why = why or str(error)
        raise SoundUnavailable(why)

    def _look_at_job(self, job: Future[tuple[OpenStream, str | None]]) -> None:
        self._looks += 1
        if job.done():
            self._job = None
            # Whatever comes out of a driver: a call does not end for it.
            error = job.exception()
            if error is None:
                self._took(*job.result())
            else:
                self._failed(one_line(error))
        elif self._looks == _NO_ANSWER_LOOKS:
            self._fail_once(_NO_ANSWER)

    def _took(self, opened: OpenStream, why: str | None) -> None:
        first, lost = self._last is None, self.trouble is not None
        self._open = opened
        self._last = opened.device
        if why is None and self._wanted is not None:
            self._wanted = opened.device  # numbers change, and so may what a part of a name finds
        self._calls = self._still = self._xruns = 0
        words = self._words["back" if lost and not first else "now"].format(opened.device.name)
        self._greeting = f"{why}; {words}" if why is not None else words
        if why is None and first and not lost:
            self._greeting = ""

    def _failed(self, line: str) -> None:
        if self._last is None and not self._tries:
            self._tries = _SOON  # perhaps there is none at all; it may be plugged in later
        self._looks = _RETRY_LOOKS if self._tries < _SOON else _PATIENT_LOOKS
        self._fail_once(line)

    def _fail_once(self, line: str) -> None:
        if self.trouble is None:
            self.trouble = line
            if not self._starting:
                self._say(line)

    def _look_at_stream(self, opened: OpenStream) -> None:
        self._still = self._still + 1 if opened.calls == self._calls else 0
        self._calls = opened.calls
        if self._calls and self._greeting is not None:  # it opens, and it works
            self.trouble = None
            self._tries = 0
            if self._greeting:
                self._say(self._greeting)
            self._greeting = None
        self._count_xruns(opened)
        if opened.ended or self._still >= _STALLED_LOOKS:
            self._release()
            self._looks = _FIRST_TRY_LOOKS
            self._fail_once(self._words["lost"].format(opened.device.name))

    def _count_xruns(self, opened: OpenStream) -> None:
        new, self._xruns = opened.xruns - self._xruns, opened.xruns
        self.xruns += new
        self._xrun_wait = max(0, self._xrun_wait - 1)
        if self.xruns - self._xruns_said >= _XRUNS and not self._xrun_wait:
            self._xruns_said = self.xruns
            self._xrun_wait = _XRUN_LOOKS
            self._say(self._words["xruns"].format(self.xruns))

    def _release(self) -> Future[None]:
        """Have nothing to do with the device any more, and have it closed."""
        opened, self._open = self._open, None
        if opened is None:
            nothing: Future[None] = Future()
            nothing.set_result(None)
            return nothing
        opened.leave()
        return devices.portaudio.submit(opened.close)


def _close_late(job: Future[tuple[OpenStream, str | None]]) -> None:
    """Close what was opened after its owner had gone. In PortAudio's thread, after ``job``."""
    if job.exception() is None:
        job.result()[0].close()
