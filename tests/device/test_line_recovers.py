"""The sound server is killed and started again in mid-call; line and microphone go on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.sound.virtual_card import VirtualCard

CALL = """
import json, sys, time
import numpy as np
from ivrsim.sound import tones
from ivrsim.sound.input import Microphone
from ivrsim.sound.line import Line

said, times, peaks = [], [], []

def tap(left, right):
    times.append((time.monotonic(), len(left)))
    peaks.append((float(np.abs(left).max()), float(np.abs(right).max())))

def wait(true):
    for _ in range(3000):
        if true():
            return
        time.sleep(0.01)
    raise SystemExit("it did not happen: " + "; ".join(said))

line = Line()
line.tap = tap
line.start(say=said.append)
microphone = Microphone(line.hear, say=said.append)
began = time.monotonic()
line.platform.play(tones.progress("dial"), loop=0)
wait(lambda: len(peaks) > 100 and peaks[-1][1] > 0.05)
print("playing", flush=True)
wait(lambda: line.trouble and microphone.trouble)
print("gone", flush=True)
wait(lambda: not line.trouble and not microphone.trouble)
again = len(peaks)
wait(lambda: peaks[-1][1] > 0.05 and len(peaks) > again + 100)
seconds = times[-1][0] - times[0][0]
frames = sum(frames for _, frames in times)
microphone.close()
line.close()
print(json.dumps({
    "said": said,
    "late": seconds - frames / 48000,
    "silent blocks": sum(peak[0] < 0.05 for peak in peaks[40:]),
}))
"""


@pytest.mark.device
def test_a_call_survives_the_death_of_the_sound_server(virtual_card: VirtualCard) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CALL], env=virtual_card.env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "playing\n"
        virtual_card.unplug()
        assert process.stdout.readline() == "gone\n"
        virtual_card.plug_in()
        stdout, stderr = process.communicate()
    assert stderr == ""  # nothing of PortAudio's on the screen
    assert process.returncode == 0
    told = json.loads(stdout)
    assert sorted(told["said"]) == [
        "sound again, on “default”",
        "the microphone works again: “default”",
        "the microphone “default” is gone; keys come from the keypad alone",
        "the output device “default” is gone; the call goes on silent",
    ]
    # The recording has no gap: as much sound as time, and the tone in every block of it.
    assert abs(told["late"]) < 0.25
    assert told["silent blocks"] == 0
