"""The detectors side by side: ours, spandsp's by ctypes, multimon-ng's as a process."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from typing import Generic, Protocol, TypeVar

import numpy as np

from bench.dtmf.score import Heard
from ivrsim.sound.clip import Clip, Samples
from ivrsim.sound.dtmf import Digit, DtmfDetector

Data = TypeVar("Data")


class Detector(Protocol, Generic[Data]):
    """``missing`` says in a line why it cannot be asked, and is empty when it can.
    ``tells_when``: it takes blocks, and reports a digit with its time."""

    name: str
    missing: str
    tells_when: bool

    def prepare(self, samples: Samples, rate: int) -> Data:
        """Samples (float32, full scale ±1) at ``rate`` Hz as the detector takes them."""

    def hear(self, data: Data, block_s: float | None = None) -> list[Heard]:
        """A new detector's digits, the data given in blocks of that many seconds, or at once."""


class Ours:
    name, missing, tells_when = "ivrsim", "", True

    def prepare(self, samples: Samples, rate: int) -> tuple[Samples, int]:
        return samples, rate

    def hear(self, data: tuple[Samples, int], block_s: float | None = None) -> list[Heard]:
        samples, rate = data
        size = len(samples) if block_s is None else round(block_s * rate)
        detector = DtmfDetector(rate)
        digits: list[tuple[Digit, float]] = []
        for first in range(0, len(samples), size):
            reported = detector.feed(samples[first : first + size])
            if reported:
                fed = min(first + size, len(samples)) / rate
                digits += [(digit, fed) for digit in reported]
        digits += [(digit, len(samples) / rate) for digit in detector.flush()]
        return [Heard(one.digit, one.start, one.end, fed) for one, fed in digits]


def pcm(samples: Samples, old: int, new: int) -> bytes:
    """16 bits, native byte order, at the rate of a peer."""
    at_rate = Clip(samples, old).resample(new).samples
    return np.clip(np.round(at_rate * 32768), -32768, 32767).astype(np.int16).tobytes()


_OnChange = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_int, ctypes.c_int)


class Spandsp:
    """Its realtime callback tells a digit's beginning and end, but not when they were: that is
    known to a block."""

    name, tells_when = "spandsp", True
    rate = 8000

    def __init__(self) -> None:
        self.missing = ""
        try:
            library = ctypes.CDLL("libspandsp.so.2")
        except OSError:
            self.missing = "not installed (Debian: libspandsp2)"
            return
        pointer, integer = ctypes.c_void_p, ctypes.c_int
        library.dtmf_rx_init.restype = pointer
        library.dtmf_rx_init.argtypes = (pointer, pointer, pointer)
        library.dtmf_rx.argtypes = (pointer, pointer, integer)
        library.dtmf_rx_set_realtime_callback.argtypes = (pointer, _OnChange, pointer)
        library.dtmf_rx_free.argtypes = (pointer,)
        self._library = library

    def prepare(self, samples: Samples, rate: int) -> bytes:
        return pcm(samples, rate, self.rate)

    def hear(self, data: bytes, block_s: float | None = None) -> list[Heard]:
        size = len(data) if block_s is None else 2 * round(block_s * self.rate)
        heard: list[Heard] = []
        fed = 0

        def change(_user: int | None, code: int, _level: int, _delay: int) -> None:
            now = fed / 2 / self.rate
            if heard and heard[-1].end is None:
                heard[-1] = Heard(heard[-1].digit, heard[-1].start, now, heard[-1].start)
            if code:
                heard.append(Heard(chr(code), now, None, now))

        on_change = _OnChange(change)
        state = self._library.dtmf_rx_init(None, None, None)
        try:
            self._library.dtmf_rx_set_realtime_callback(state, on_change, None)
            for first in range(0, len(data), size):
                block = data[first : first + size]
                fed += len(block)
                self._library.dtmf_rx(state, block, len(block) // 2)
        finally:
            self._library.dtmf_rx_free(state)
        return heard


class Multimon:
    """It reads from a pipe and tells no times."""

    name, tells_when = "multimon-ng", False
    rate = 22_050

    def __init__(self) -> None:
        self._program = shutil.which("multimon-ng")
        self.missing = "" if self._program else "not installed (Debian: multimon-ng)"

    def prepare(self, samples: Samples, rate: int) -> bytes:
        tail = np.zeros(rate // 2, np.float32)  # it reads whole buffers only
        return pcm(np.concatenate([samples, tail]), rate, self.rate)

    def hear(self, data: bytes, _block_s: float | None = None) -> list[Heard]:
        command = [self._program or "", "-q", "-a", "DTMF", "-t", "raw", "-"]
        done = subprocess.run(command, input=data, capture_output=True, check=True)
        lines = done.stdout.decode().splitlines()
        return [Heard(line.split()[1]) for line in lines if line.startswith("DTMF: ")]
