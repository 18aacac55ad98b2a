"""The loudspeaker: absent, present (a virtual card), and unplugged in the middle of a prompt."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from ivrsim.errors import SoundUnavailable
from ivrsim.sound import output
from ivrsim.sound.mixer import Mixer
from tests.sound.virtual_card import RATE, VirtualCard

PLAY = """
import time
from ivrsim.sound import tones
from ivrsim.sound.mixer import Mixer
from ivrsim.sound.output import open_output
mixer = Mixer()
out = open_output(mixer)
handle = mixer.play(tones.dtmf("5", 500))
while not mixer.ended():
    time.sleep(0.01)
time.sleep(0.3)
out.close()
print(handle.played_ms, out.failed)
"""

UNPLUG = """
import sys, time
from ivrsim.sound import tones
from ivrsim.sound.mixer import Mixer
from ivrsim.sound.output import open_output
mixer = Mixer()
out = open_output(mixer)
mixer.play(tones.dtmf("5", 3000))
print("playing", flush=True)
while not mixer.ended():
    time.sleep(0.01)
out.close()
print(out.failed)
"""


def test_without_portaudio_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoPortAudio:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name == "sounddevice":
                raise OSError("PortAudio library\nnot found")

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(sys, "meta_path", [NoPortAudio(), *sys.meta_path])
    with pytest.raises(SoundUnavailable) as caught:
        output.open_output(Mixer())
    line = str(caught.value)
    assert "PortAudio library not found" in line
    assert "install" in line
    assert "\n" not in line
    assert str(output.available()) == line
    assert output.probe()[0] == ("PortAudio", False, line)


def test_without_sounddevice_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert "pip install sounddevice" in str(output.available())


class FakePortAudio:
    """PortAudio as it answers on a machine without any card."""

    class PortAudioError(Exception):
        pass

    def query_devices(self, device: object = None, kind: object = None) -> object:
        if kind is None:
            return []
        raise self.PortAudioError("Error querying device -1")

    def get_portaudio_version(self) -> tuple[int, str]:
        return (1, "PortAudio V19")


def test_without_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", FakePortAudio())
    with pytest.raises(SoundUnavailable, match="no output device") as caught:
        output.open_output(Mixer())
    assert "\n" not in str(caught.value)
    with pytest.raises(SoundUnavailable, match="no output device 'headset'"):
        output.open_output(Mixer(), "headset")
    works = {name: ok for name, ok, _ in output.probe()}
    assert works == {
        "PortAudio": True, "speakers": False, "microphone": False, "voices": True,
        "audio files": True,
    }  # fmt: skip


@pytest.mark.device
def test_what_is_played_is_heard(virtual_card: VirtualCard) -> None:
    with virtual_card.recording() as heard:
        done = subprocess.run(
            [sys.executable, "-c", PLAY], env=virtual_card.env, capture_output=True, text=True
        )
    assert (done.stdout, done.stderr) == ("500 None\n", "")
    loud = np.flatnonzero(np.abs(heard.samples) > 0.01)
    assert (loud[-1] - loud[0]) / RATE == pytest.approx(0.5, abs=0.03)
    middle = heard.samples[loud[0] + RATE // 10 : loud[0] + RATE // 10 + RATE // 5]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    peaks = sorted(np.argsort(spectrum)[-6:] * RATE / len(middle))
    assert all(min(abs(peak - 770), abs(peak - 1336)) <= 10 for peak in peaks)


@pytest.mark.device
def test_the_call_goes_on_silent_when_the_device_is_unplugged(virtual_card: VirtualCard) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", UNPLUG], env=virtual_card.env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "playing\n"
        virtual_card.unplug()
        stdout, stderr = process.communicate()
    assert "goes on silent" in stdout
    assert stderr == ""  # nothing of PortAudio's on the screen
    assert process.returncode == 0
