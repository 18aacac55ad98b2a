"""sounddevice as far as ivrsim uses it, without any sound, and with devices that misbehave.

A test moves time by hand: ``FakeSoundDevice.tick`` lets each running stream call back once.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
import pytest

from ivrsim.sound import devices

T = TypeVar("T")


class Status:
    """The flags of a callback."""

    def __init__(self, *, missed: bool = False) -> None:
        self.output_underflow = missed
        self.input_overflow = missed


class FakeSoundDevice:
    """What is plugged in, and how it behaves; the list of devices is that of the last start."""

    class PortAudioError(Exception):
        pass

    class CallbackStop(Exception):
        pass

    def __init__(self, *names: str) -> None:
        self.plugged = list(names)
        self.rates = {16000, 44100, 48000}  # at which devices open
        self.refuses: set[str] = set()  # they are listed, and do not open
        self.stalled: set[str] = set()  # they call no more, and say nothing
        self.starts = True  # whether PortAudio itself does
        self.missed = False
        self.heard: list[tuple[str, np.ndarray]] = []
        self.sound = np.zeros(0, np.float32)  # what microphones hear, again and again
        self.streams: list[FakeStream] = []
        self.initialised = 1
        self.starts_counted = 0
        self._listed = list(names)
        self._lib = self

    # what ivrsim calls

    def Pa_Terminate(self) -> int:  # noqa: N802 - PortAudio's name
        assert not any(stream.open for stream in self.streams), "a stream is still open"
        self.initialised -= 1
        return 0

    def Pa_Initialize(self) -> int:  # noqa: N802
        self.starts_counted += 1
        if not self.starts:
            self._listed = []
            return -9999
        self.initialised = 1
        self._listed = list(self.plugged)
        return 0

    def query_hostapis(self) -> list[dict[str, Any]]:
        return [{"name": "Fake"}]

    def query_devices(self, device: int | None = None, kind: str | None = None) -> Any:
        if self.initialised < 1:
            raise self.PortAudioError("PortAudio not initialized")
        entries = [
            {
                "name": name, "hostapi": 0, "index": number, "default_samplerate": 44100.0,
                "default_low_output_latency": 0.01, "default_low_input_latency": 0.1,
                "max_output_channels": 0 if "mic" in name else 2,
                "max_input_channels": 1 if "mic" in name else 0,
            }
            for number, name in enumerate(self._listed)
        ]  # fmt: skip
        if device is not None:
            return entries[device]
        if kind is None:
            return entries
        for entry in entries:
            if entry[f"max_{kind}_channels"]:
                return entry
        raise self.PortAudioError("Error querying device -1")

    def OutputStream(self, **settings: Any) -> FakeStream:  # noqa: N802
        return FakeStream(self, **settings)

    InputStream = OutputStream

    # what tests do

    def tick(self) -> None:
        """20 ms pass: every running stream asks for, or brings, its blocks."""
        for stream in tuple(self.streams):
            for _ in range(stream.rate // 50 // stream.block):
                stream.tick()

    def unplug(self, name: str) -> None:
        """PortAudio ends its streams."""
        if name in self.plugged:
            self.plugged.remove(name)
        for stream in tuple(self.streams):
            if stream.name == name:
                stream.end()

    def plug_in(self, name: str) -> None:
        if name not in self.plugged:
            self.plugged.append(name)

    def listed_name(self, index: int) -> str:
        return self._listed[index]

    @property
    def in_use(self) -> list[str]:
        return [stream.name for stream in self.streams if stream.running]


class FakeStream:
    def __init__(
        self, module: FakeSoundDevice, *, samplerate: int, blocksize: int, device: int,
        channels: int, dtype: str, latency: float, callback: Callable[..., None],
        finished_callback: Callable[[], None],
    ) -> None:  # fmt: skip
        assert (channels, dtype) == (1, "float32")
        self.latency = latency
        self.module = module
        self.name = module.listed_name(device)
        self.rate, self.block = samplerate, blocksize
        self.running = False
        self._callback = callback
        self._finished = finished_callback
        if samplerate not in module.rates:
            raise module.PortAudioError("Invalid sample rate [PaErrorCode -9997]")
        self.open = True
        module.streams.append(self)

    def start(self) -> None:
        if self.name not in self.module.plugged or self.name in self.module.refuses:
            raise self.module.PortAudioError("Unanticipated host error\n[PaErrorCode -9999]")
        self.running = True

    def tick(self) -> None:
        if not self.running or self.name in self.module.stalled:
            return
        block = np.full((self.block, 1), np.nan, np.float32)
        is_input = "mic" in self.name
        if is_input:
            block[:, 0] = np.resize(self.module.sound, self.block) if len(self.module.sound) else 0
        try:
            self._callback(block, self.block, None, Status(missed=self.module.missed))
        except self.module.CallbackStop:
            self.end()
        if not is_input:
            assert np.isfinite(block).all(), "the callback left the block as it was"
            self.module.heard.append((self.name, block[:, 0]))

    def end(self) -> None:
        if self.running:
            self.running = False
            self._finished()

    def abort(self) -> None:
        self.end()

    def close(self) -> None:
        self.open = self.running = False
        self.module.streams.remove(self)


class HandThread:
    """PortAudio's thread, run by hand: a sound system that hangs leaves its jobs undone."""

    def __init__(self) -> None:
        self.hangs = False
        self._undone: list[Callable[[], None]] = []

    def submit(self, job: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(job())
            except Exception as error:  # whatever it is, it belongs to who asked
                future.set_exception(error)

        self._undone.append(run)
        self.work()
        return future

    def call(self, job: Callable[[], T]) -> T:
        return self.submit(job).result(0)

    def work(self) -> None:
        while self._undone and not self.hangs:
            self._undone.pop(0)()


@contextmanager
def fake_devices(*names: str) -> Iterator[tuple[FakeSoundDevice, HandThread]]:
    """A machine with these devices; those with ``mic`` in their name are microphones."""
    module, thread = FakeSoundDevice(*names), HandThread()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "sounddevice", module)
        patch.setattr(devices, "portaudio", thread)
        patch.setattr(devices, "streams", [])
        patch.setattr(devices, "_just_started", False)
        patch.setattr("ivrsim.sound.stream.PLAY_OUT_S", 0)  # no time passes here
        yield module, thread


def wait_until(true: Callable[[], bool]) -> None:
    """For what another thread does soon."""
    for _ in range(3000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")
