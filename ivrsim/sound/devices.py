"""The sound devices of this machine, as PortAudio sees them through sounddevice.

PortAudio is not made for threads, keeps the list of devices that it found when it started, and
can hang for ever in a call to a dead sound server. So one thread of ours does all that touches
it (``portaudio``), everybody else waits for that thread with a limit, and ``look_again`` makes
PortAudio look for devices anew.

sounddevice is imported when first needed: it starts PortAudio, which takes its time.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar

from ivrsim.errors import SoundUnavailable

T = TypeVar("T")
Kind = Literal["output", "input"]

_ANSWER_S = 5.0
_EXIT_S = 1.0  # a dead sound server can hold PortAudio for ever; ivrsim does not wait with it


@dataclass(frozen=True, slots=True)
class Device:
    """One direction of a device. ``channels`` at most, ``rate`` its own in Hz.

    ``index`` is PortAudio's, and changes when devices come and go; ``name`` and ``host_api``
    (ALSA, Core Audio, Windows WASAPI …) stay.
    """

    index: int
    name: str
    host_api: str
    is_default: bool
    channels: int
    rate: int


Wanted = Device | int | str | None
"""How a device is chosen: as listed, by index, by name or a part of it; None is the default."""


def outputs(*, interrupt: bool = False) -> list[Device]:
    """What can play, as it is now. SoundUnavailable without PortAudio; empty without a device.

    While a call uses a device the list is that of its beginning; ``interrupt`` brings it up to
    date all the same: what plays and listens pauses for some 50 ms.
    """
    return portaudio.call(lambda: _looked("output", interrupt))


def inputs(*, interrupt: bool = False) -> list[Device]:
    """What can be listened to; otherwise as ``outputs``."""
    return portaudio.call(lambda: _looked("input", interrupt))


def available() -> SoundUnavailable | None:
    """Why nothing can be heard here, None when something can. Cheap when asked again."""
    try:
        pick(outputs(), None, "output")
    except SoundUnavailable as error:
        return error
    return None


def pick(devices: Sequence[Device], wanted: Wanted, kind: Kind) -> Device:
    """The one of ``devices`` that is meant. SoundUnavailable when there is none, or several.

    A name that fits exactly wins over parts of names; of one name under several host APIs
    (Windows lists each device under each) the default's host API wins, else the first.
    """
    if wanted is None:
        default = next((device for device in devices if device.is_default), None)
        if default is None and not devices:
            raise SoundUnavailable(_no_device(kind))
        return default or devices[0]
    if isinstance(wanted, Device):
        same = [d for d in devices if (d.name, d.host_api) == (wanted.name, wanted.host_api)]
    elif isinstance(wanted, int):
        same = [device for device in devices if device.index == wanted]
    else:
        part = wanted.casefold()
        same = [device for device in devices if device.name.casefold() == part]
        same = same or [device for device in devices if part in device.name.casefold()]
    if not same:
        name = wanted.name if isinstance(wanted, Device) else wanted
        raise SoundUnavailable(f"no {kind} device {name!r}; `ivrsim doctor` lists them")
    names = list(dict.fromkeys(device.name for device in same))
    if len(names) > 1:
        raise SoundUnavailable(
            f"{len(names)} {kind} devices have {wanted!r} in their name:"
            f" {', '.join(names)}; give more of the name, or the number"
        )
    home = next((device.host_api for device in devices if device.is_default), "")
    return next((device for device in same if device.host_api == home), same[0])


# ------------------------------------------------------------- in PortAudio's own thread


def sounddevice() -> Any:
    """The module; SoundUnavailable says what to install. In PortAudio's thread only."""
    ours = "sounddevice" not in sys.modules
    try:
        with _stderr_in_place() if _quiet_libraries() else contextlib.nullcontext():
            import sounddevice
    except OSError as error:
        raise SoundUnavailable(f"no sound: {one_line(error)}; {_install()}") from error
    except ImportError as error:
        raise SoundUnavailable(
            f"no sound: {one_line(error)}; try: pip install sounddevice"
        ) from error
    # PortAudio itself would not start; sounddevice names no class of its own before its import.
    except Exception as error:
        if type(error).__name__ != "PortAudioError":
            raise
        raise SoundUnavailable(f"no sound: {one_line(error)}; {_install()}") from error
    if ours:
        global _just_started
        _just_started = True
        # Its own exit would wait for ever where this thread does, in the main thread.
        atexit.unregister(sounddevice._exit_handler)
        atexit.register(_end, sounddevice)
    return sounddevice


def listed(kind: Kind) -> list[Device]:
    """As ``outputs`` and ``inputs``. In PortAudio's thread only."""
    module = sounddevice()
    try:
        apis = module.query_hostapis()
        default = _default_index(module, kind)
        return [
            Device(
                number,
                one_line(device["name"]),
                apis[device["hostapi"]]["name"],
                number == default,
                device[f"max_{kind}_channels"],
                round(device["default_samplerate"]),
            )
            for number, device in enumerate(module.query_devices())
            if device[f"max_{kind}_channels"] > 0
        ]
    except module.PortAudioError as error:
        raise SoundUnavailable(f"no sound: {one_line(error)}") from error


class Stream(Protocol):
    """An open stream, as seen from here."""

    def suspend(self) -> None:
        """Close it, to be resumed soon."""

    def resume(self) -> None:
        """Open it again; never raises."""


streams: list[Stream] = []
"""All that are open. Read and changed in PortAudio's thread only."""

_just_started = False


def look_again(*, interrupt: bool) -> None:
    """Let PortAudio look for devices anew: it does so only when it starts.

    Open streams are in the way: with ``interrupt`` they are closed and opened again, without
    it nothing happens. SoundUnavailable when PortAudio does not start. In its thread only.
    """
    global _just_started
    module = sounddevice()
    if _just_started or (streams and not interrupt):
        _just_started = False
        return
    for stream in streams:
        stream.suspend()
    # Not sounddevice's own _terminate and _initialize: they point file descriptor 2 elsewhere
    # (see _stderr_in_place). Not running is as good as ended.
    module._lib.Pa_Terminate()
    code = module._lib.Pa_Initialize()
    for stream in tuple(streams):
        stream.resume()
    if code:
        raise SoundUnavailable(f"no sound: PortAudio does not start (error {code})")


def _looked(kind: Kind, interrupt: bool) -> list[Device]:
    look_again(interrupt=interrupt)
    return listed(kind)


def _end(module: Any) -> None:
    with contextlib.suppress(TimeoutError):
        portaudio.submit(module._lib.Pa_Terminate).result(_EXIT_S)


def _default_index(module: Any, kind: Kind) -> int | None:
    try:
        return int(module.query_devices(kind=kind)["index"])
    except (module.PortAudioError, ValueError):
        return None


class PortAudioThread:
    """Runs what touches PortAudio, one job after another, in a thread made when first needed."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Have ``job`` done; the future holds its result or its error."""
        future: Future[T] = Future()

        def run() -> None:
            try:
                future.set_result(job())
            except BaseException as error:  # whatever it is, it belongs to who asked
                future.set_exception(error)

        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="ivrsim-portaudio", daemon=True
                )
                self._thread.start()
        self._jobs.put(run)
        return future

    def call(self, job: Callable[[], T]) -> T:
        """Do ``job`` and wait for it. SoundUnavailable when the sound system does not answer."""
        future = self.submit(job)
        try:
            return future.result(_ANSWER_S)
        except TimeoutError:
            raise SoundUnavailable(
                "no sound: the sound system does not answer; restart it, then ivrsim"
            ) from None

    def _run(self) -> None:
        while True:
            self._jobs.get()()


portaudio = PortAudioThread()
"""The thread of this process in which PortAudio lives."""


def one_line(error: object) -> str:
    """The text of an error, or of a device's name, without line breaks."""
    return " ".join(str(error).split()) or type(error).__name__


def _install() -> str:
    if sys.platform == "linux":
        return "install PortAudio: apt install libportaudio2 (dnf install portaudio)"
    if sys.platform == "darwin":
        return "install PortAudio: brew install portaudio"
    return "reinstall it: pip install --force-reinstall sounddevice"


def _no_device(kind: Kind) -> str:
    if kind == "input":
        return "no microphone: no input device; keys come from the keypad alone"
    if sys.platform == "linux":
        return (
            "no sound: no output device; plug one in, or with PipeWire or PulseAudio:"
            " apt install libasound2-plugins (pipewire-alsa)"
        )
    return "no sound: no output device; plug one in and choose it in the system's sound settings"


_quiet = False


def _quiet_libraries() -> bool:
    """Keep PortAudio, ALSA and JACK from writing to the terminal, from now on; whether it works.

    They print to C's ``stderr`` whenever a device fails, in the middle of a terminal
    application's screen, which itself goes to file descriptor 2: so the descriptor must stay,
    and the C variable is pointed at the null device (glibc allows assigning it; Python does
    not use it).
    """
    global _quiet
    if _quiet or sys.platform != "linux":
        return _quiet
    try:
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018 - only glibc has it, and assignable streams
        variable = ctypes.c_void_p.in_dll(libc, "stderr")
    except (AttributeError, ValueError, OSError):
        return False
    libc.fopen.restype = ctypes.c_void_p
    variable.value = libc.fopen(b"/dev/null", b"w") or variable.value
    _quiet = True
    return True


@contextlib.contextmanager
def _stderr_in_place() -> Iterator[None]:
    """Keep sounddevice from pointing file descriptor 2 at the null device while it is imported.

    It does so to silence what is silenced already, and a screen drawn meanwhile would be lost.
    It goes without where the descriptor cannot be duplicated, which is what it is told here.
    """
    duplicate, here = os.dup, threading.get_ident()

    def refuse(descriptor: int, /) -> int:
        if descriptor == 2 and threading.get_ident() == here:
            raise OSError("standard error stays where it is")
        return duplicate(descriptor)

    os.dup = refuse
    try:
        yield
    finally:
        os.dup = duplicate
