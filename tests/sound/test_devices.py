"""Which devices there are, and which of them is meant."""

from __future__ import annotations

import subprocess
import sys
import threading
from ctypes.util import find_library

import pytest

from ivrsim.errors import SoundUnavailable
from ivrsim.sound import devices
from ivrsim.sound.devices import Device
from tests.sound.fake_sounddevice import fake_devices


def named(*names: str, api: str = "ALSA") -> list[Device]:
    return [Device(n, name, api, n == 0, 2, 48000) for n, name in enumerate(names)]


def test_without_portaudio_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoPortAudio:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library\nnot found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [NoPortAudio(), *sys.meta_path])
    with pytest.raises(SoundUnavailable) as caught:
        devices.outputs()
    line = str(caught.value)
    assert "PortAudio library not found" in line
    assert "install" in line
    assert "\n" not in line
    assert str(devices.available()) == line


def test_without_sounddevice_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert "pip install sounddevice" in str(devices.available())


def test_without_a_device() -> None:
    with fake_devices():
        assert (devices.outputs(), devices.inputs()) == ([], [])
        assert "no output device" in str(devices.available())


def test_devices_are_listed_by_direction_with_the_default() -> None:
    with fake_devices("speakers", "headset\nmic", "headset"):
        assert devices.outputs() == [
            Device(0, "speakers", "Fake", True, 2, 44100),
            Device(2, "headset", "Fake", False, 2, 44100),
        ]
        assert devices.inputs() == [Device(1, "headset mic", "Fake", True, 1, 44100)]
        assert devices.available() is None


def test_what_was_plugged_in_since_is_listed() -> None:
    with fake_devices("speakers") as (module, _):
        assert len(devices.outputs()) == 1
        module.plug_in("headset")
        assert len(devices.outputs()) == 2


def test_a_portaudio_that_does_not_start_is_said_and_may_start_later() -> None:
    with fake_devices("speakers") as (module, _):
        module.starts = False
        with pytest.raises(SoundUnavailable, match=r"PortAudio does not start \(error -9999\)"):
            devices.outputs()
        module.starts = True
        assert len(devices.outputs()) == 1


def test_a_device_is_chosen_by_number_name_part_or_as_listed() -> None:
    found = named("Speakers", "USB Headset", "HDMI")
    assert devices.pick(found, None, "output").name == "Speakers"
    assert devices.pick(found, 2, "output").name == "HDMI"
    assert devices.pick(found, "usb", "output").name == "USB Headset"
    moved = Device(7, "HDMI", "ALSA", False, 2, 48000)
    assert devices.pick(found, moved, "output").index == 2


def test_a_name_that_fits_exactly_wins() -> None:
    found = named("default", "default headset")
    assert devices.pick(found, "Default", "output").index == 0


def test_one_name_under_several_host_apis_is_that_of_the_default() -> None:
    found = [
        Device(0, "Headset", "MME", False, 2, 44100),
        Device(1, "Speakers", "Windows WASAPI", True, 2, 48000),
        Device(2, "Headset", "Windows WASAPI", False, 2, 48000),
    ]
    assert devices.pick(found, "headset", "output").index == 2
    assert devices.pick(found, found[0], "output").index == 0


@pytest.mark.parametrize(
    ("wanted", "line"),
    [
        ("tape", "no output device 'tape'; `ivrsim doctor` lists them"),
        (9, "no output device 9; `ivrsim doctor` lists them"),
        (
            "headset",
            "2 output devices have 'headset' in their name: USB Headset, BT Headset;"
            " give more of the name, or the number",
        ),
    ],
)
def test_none_or_several_are_an_error_of_one_line(wanted: str | int, line: str) -> None:
    with pytest.raises(SoundUnavailable) as caught:
        devices.pick(named("Speakers", "USB Headset", "BT Headset"), wanted, "output")
    assert str(caught.value) == line


def test_a_sound_system_that_hangs_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_ANSWER_S", 0.01)
    thread = devices.PortAudioThread()
    with pytest.raises(SoundUnavailable, match="does not answer"):
        thread.call(threading.Event().wait)


IMPORT = """
import os
moved, dup2 = [], os.dup2
os.dup2 = lambda *arguments: moved.append(arguments) or dup2(*arguments)
from ivrsim.sound import devices
trouble = devices.available()
import sys
print(moved if "sounddevice" in sys.modules else trouble)
"""


@pytest.mark.device  # where CI has PortAudio; the other tests run with it hidden
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere C's stderr cannot be assigned")
@pytest.mark.skipif(find_library("portaudio") is None, reason="PortAudio is not installed")
def test_the_terminal_stays_writable_while_portaudio_starts_and_nothing_is_written_to_it() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
