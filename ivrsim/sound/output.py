"""The loudspeaker: a mixer played by PortAudio through sounddevice, and what works here.

sounddevice is imported when first needed. Its import starts PortAudio, which points the process's
standard error elsewhere for a moment: a terminal application calls ``available()`` before it
takes the screen.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from ivrsim.errors import IvrsimError, SoundUnavailable
from ivrsim.sound.mixer import Mixer

_WATCH_S = 0.1
_STALLED_LOOKS = 10  # that often in a row without a callback: the device is gone
_CLOSE_S = 1.0  # a dead sound server can hold a close for ever; do not wait with it


def available() -> SoundUnavailable | None:
    """Why nothing can be heard here, None when something can. Cheap when asked again."""
    try:
        _default_output(_sounddevice(), None)
    except SoundUnavailable as error:
        return error
    return None


def open_output(mixer: Mixer, device: int | str | None = None) -> Output:
    """Start to play ``mixer``; ``device`` is a name, a part of one, or an index of PortAudio.

    SoundUnavailable (one line: why, and what to do) without PortAudio or a device, or when the
    device does not play at the mixer's rate.
    """
    sounddevice = _sounddevice()
    _default_output(sounddevice, device)
    return Output(sounddevice, mixer, device)


class Output:
    """A running stream. Should the device fail, time goes on for the mixer, unheard."""

    def __init__(self, sounddevice: Any, mixer: Mixer, device: int | str | None) -> None:
        self.xruns = 0
        """How often the device ran out of sound."""
        self.failed: str | None = None
        """One line once the device is gone, None while it plays."""
        self._mixer = mixer
        self._turn = threading.Lock()  # who renders: the device, or after its failure the watch
        self._closing = threading.Event()
        self._calls = 0
        self._stop_callback = sounddevice.CallbackStop
        self._quiet = contextlib.ExitStack()
        self._quiet.enter_context(_quiet_libraries())
        try:
            self._stream = self._open(sounddevice, device)
        except BaseException:
            self._quiet.close()
            raise
        self._watcher = threading.Thread(target=self._watch, name="ivrsim-sound", daemon=True)
        self._watcher.start()

    def _open(self, sounddevice: Any, device: int | str | None) -> Any:
        try:
            stream = sounddevice.OutputStream(
                samplerate=self._mixer.rate,
                blocksize=self._mixer.block,
                device=device,
                channels=1,
                dtype="float32",
                latency="low",
                callback=self._fill,
            )
            try:
                stream.start()
            except sounddevice.PortAudioError:
                stream.close()
                raise
        except (sounddevice.PortAudioError, ValueError) as error:
            raise SoundUnavailable(
                f"no sound: the output device does not start ({_one_line(error)});"
                " choose another or close what is using it; `ivrsim doctor` lists them"
            ) from error
        return stream

    @property
    def latency_ms(self) -> int:
        """What the device adds between the mixer and the ear, as it states itself."""
        return round(float(self._stream.latency) * 1000)

    def close(self) -> None:
        """Silence at once, and release the device. Never waits more than about a second."""
        if self._closing.is_set():
            return
        self._closing.set()
        closer = threading.Thread(target=self._close_stream, name="ivrsim-close", daemon=True)
        closer.start()
        closer.join(_CLOSE_S)

    def _close_stream(self) -> None:
        import sounddevice

        # A device that is gone cannot be stopped properly; there is nobody left to tell.
        with contextlib.suppress(sounddevice.PortAudioError):
            self._stream.abort()
        with contextlib.suppress(sounddevice.PortAudioError):
            self._stream.close()
        self._quiet.close()

    def _fill(self, out: Any, frames: int, _time: Any, status: Any) -> None:
        self._calls += 1
        if status.output_underflow:
            self.xruns += 1
        with self._turn:
            if self.failed is not None:
                out.fill(0)
                raise self._stop_callback
            out[:, 0] = self._mixer.render(frames)

    def _watch(self) -> None:
        # Looks are counted, not seconds: a process that was suspended (Ctrl+Z, a closed lid)
        # wakes up late, but its device plays on.
        calls, looks = 0, 0
        while not self._closing.wait(_WATCH_S):
            looks = looks + 1 if calls == self._calls else 0
            calls = self._calls
            if looks >= _STALLED_LOOKS or not self._stream.active:
                if self._closing.is_set():
                    return
                with self._turn:
                    self.failed = "the sound device is gone; the call goes on silent"
                self._go_on_silent()

    def _go_on_silent(self) -> None:
        """Render in real time to nobody, so that prompts still come to their end."""
        block_s = self._mixer.block / self._mixer.rate
        due = time.monotonic()
        while not self._closing.wait(max(0.0, due - time.monotonic())):
            self._mixer.render(self._mixer.block)
            due += block_s


def probe() -> list[tuple[str, bool, str]]:
    """(what, whether it works, one line about it), for ``ivrsim doctor``. Never raises."""
    return [*_probe_devices(), _probe_voices(), _probe_decoder()]


def _probe_devices() -> list[tuple[str, bool, str]]:
    try:
        sounddevice = _sounddevice()
    except SoundUnavailable as error:
        return [("PortAudio", False, str(error))]
    rows = [("PortAudio", True, sounddevice.get_portaudio_version()[1])]
    devices = list(sounddevice.query_devices())
    for what, channels, advice in (
        ("speakers", "max_output_channels", _no_device()),
        ("microphone", "max_input_channels", "no input device; keys come from the keypad alone"),
    ):
        names = [device["name"] for device in devices if device[channels] > 0]
        rows.append((what, bool(names), ", ".join(names) if names else advice))
    return rows


def _probe_voices() -> tuple[str, bool, str]:
    from ivrsim.sound import espeak

    try:
        return ("voices", True, f"{len(espeak.languages())} languages, embedded (eSpeak NG)")
    except IvrsimError as error:
        return ("voices", False, str(error))


def _probe_decoder() -> tuple[str, bool, str]:
    try:
        import miniaudio
    except (ImportError, OSError) as error:
        return ("audio files", False, f"{_one_line(error)}; try: pip install miniaudio")
    return ("audio files", True, f"wav, mp3, flac, ogg (miniaudio {miniaudio.__version__})")


def _sounddevice() -> Any:
    try:
        import sounddevice
    except OSError as error:
        raise SoundUnavailable(f"no sound: {_one_line(error)}; {_install()}") from error
    except ImportError as error:
        raise SoundUnavailable(
            f"no sound: {_one_line(error)}; try: pip install sounddevice"
        ) from error
    # PortAudio itself would not start; sounddevice names no class of its own before its import.
    except Exception as error:
        if type(error).__name__ != "PortAudioError":
            raise
        raise SoundUnavailable(f"no sound: {_one_line(error)}; {_install()}") from error
    return sounddevice


def _default_output(sounddevice: Any, device: int | str | None) -> None:
    try:
        sounddevice.query_devices(device, "output")
    except (sounddevice.PortAudioError, ValueError) as error:
        if device is None:
            raise SoundUnavailable(f"no sound: {_no_device()}") from error
        raise SoundUnavailable(
            f"no sound: no output device {device!r}; `ivrsim doctor` lists them"
        ) from error


def _install() -> str:
    if sys.platform == "linux":
        return "install PortAudio: apt install libportaudio2 (dnf install portaudio)"
    if sys.platform == "darwin":
        return "install PortAudio: brew install portaudio"
    return "reinstall it: pip install --force-reinstall sounddevice"


def _no_device() -> str:
    if sys.platform == "linux":
        return (
            "no output device; plug one in, or with PipeWire or PulseAudio:"
            " apt install libasound2-plugins (pipewire-alsa)"
        )
    return "no output device; plug one in and choose it in the system's sound settings"


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


_stderr_users = 0
_stderr_lock = threading.Lock()
_stderr_kept: int | None = None


@contextlib.contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Keep PortAudio and ALSA from writing to the terminal while a stream exists.

    They print to C's ``stderr`` when a device fails, in the middle of a terminal application's
    screen, which itself goes to file descriptor 2: so the descriptor must stay, and the C
    variable is pointed at the null device (glibc allows assigning it). Elsewhere: no effect.
    """
    _hold_stderr(+1)
    try:
        yield
    finally:
        _hold_stderr(-1)


def _hold_stderr(change: int) -> None:
    global _stderr_users, _stderr_kept
    if sys.platform != "linux":
        return
    with _stderr_lock:
        try:
            libc = ctypes.CDLL(None)
            libc.gnu_get_libc_version  # noqa: B018 - only glibc has it, and assignable streams
            variable = ctypes.c_void_p.in_dll(libc, "stderr")
        except (AttributeError, ValueError, OSError):
            return
        _stderr_users += change
        if _stderr_users == 1 and change > 0:
            libc.fopen.restype = ctypes.c_void_p
            _stderr_kept = variable.value
            variable.value = libc.fopen(b"/dev/null", b"w") or _stderr_kept
        elif _stderr_users == 0 and _stderr_kept is not None:
            libc.fclose.argtypes = (ctypes.c_void_p,)
            null, variable.value = variable.value, _stderr_kept
            if null != _stderr_kept:
                libc.fclose(null)
            _stderr_kept = None
