"""A call that is stopped and goes on, and a recording that is played, as they are heard."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivrsim.sound.files import decode_channels
from ivrsim.sound.wav_writer import WavWriter
from tests.sound.virtual_card import RATE, VirtualCard

pytestmark = pytest.mark.device

PAUSED = """
import sys, time
from pathlib import Path
import numpy as np
from ivrsim.runtime.handset import Handset
from ivrsim.sound.clip import Clip

class Desk:
    caller_leg, secret, records, now_ms = "leg", False, [], 0
    def notice(self, line, *, again=False): print(line)
    def post(self, job): job()

phone = Handset(Desk(), Path(sys.argv[1]), speakers="auto")
phone.begin()
turn = 2 * np.pi * 440 * np.arange(48000) / 48000  # a second of it loops without a seam
phone.play("p1", Clip((0.3 * np.sin(turn)).astype(np.float32), 48000), 0, 0.0)
time.sleep(1)
phone.pause()
time.sleep(1)
assert phone.levels[0] < 0.01, phone.levels
phone.resume()
time.sleep(1)
phone.close()
"""

PLAYED = """
import json, sys, time
from pathlib import Path
from ivrsim.runtime.playback import Playback

said, places = [], []
heard = Playback(Path(sys.argv[1]), say=said.append)

def wait_for(position):
    began = time.monotonic()
    while heard.position_ms < position:
        time.sleep(0.002)
    note()
    return time.monotonic() - began

def note():
    places.append((heard.position_ms, heard.playing))

heard.play(1000)
wait_for(1001)
took = wait_for(1800)
heard.pause()
time.sleep(0.5)
note()
heard.play(3000)  # the device is open: this is at once
took_again = wait_for(3400)
heard.play(500)
wait_for(900)
heard.play(3500)
while heard.playing:
    time.sleep(0.002)
note()
heard.close()
print(json.dumps({"said": said, "places": places, "took": [took, took_again]}))
"""


def run(card: VirtualCard, code: str, path: Path) -> tuple[np.ndarray, str]:
    """What was heard and what was printed."""
    with card.recording() as heard:
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)],
            env=card.env, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return heard.samples, done.stdout


def stretches(samples: np.ndarray) -> list[tuple[bool, float]]:
    """Sound and silence in turn, with their seconds."""
    size = RATE // 100
    loud = np.abs(samples[: len(samples) // size * size]).reshape(-1, size).max(axis=1) > 0.01
    edges = [0, *(np.flatnonzero(np.diff(loud)) + 1), len(loud)]
    return [(bool(loud[a]), float(b - a) / 100) for a, b in pairwise(edges)]


def strongest_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * RATE / len(samples))


def test_a_paused_call_is_silent_and_its_recording_has_no_gap(
    virtual_card: VirtualCard, tmp_path: Path
) -> None:
    samples, printed = run(virtual_card, PAUSED, tmp_path / "call.wav")
    assert printed == ""
    sounding = [seconds for loud, seconds in stretches(samples) if loud]
    between = [seconds for loud, seconds in stretches(samples)[1:-1] if not loud]
    assert sounding == [pytest.approx(1.0, abs=0.1), pytest.approx(1.0, abs=0.15)]
    assert between == [pytest.approx(1.0, abs=0.1)]
    steepest = 0.3 * 2 * np.pi * 440 / RATE + 0.3 / (RATE // 200)
    assert np.abs(np.diff(samples)).max() < 1.2 * steepest, "it clicks"
    kept, rate = decode_channels((tmp_path / "call.wav").read_bytes(), "call.wav")
    assert len(kept) / rate == pytest.approx(2.0, abs=0.2)
    # One wave from its start to its end, without a jump: it is what one sine explains.
    wave = kept[rate // 10 :, 0]
    turn = 2 * np.pi * 440 * np.arange(len(wave)) / rate
    basis = np.stack([np.sin(turn), np.cos(turn)], axis=1)
    fitted = basis @ np.linalg.lstsq(basis, wave, rcond=None)[0]
    assert np.abs(wave - fitted).max() < 0.01
    assert np.abs(wave).max() == pytest.approx(0.3, abs=0.01)


def test_a_recording_is_heard_from_where_it_is_played(
    virtual_card: VirtualCard, tmp_path: Path
) -> None:
    """Each half second of it has a tone of its own, on the one side or the other."""
    path = tmp_path / "call.wav"
    with WavWriter(path, 16_000, 2) as writer:
        for number in range(8):
            tone = 0.3 * np.sin(2 * np.pi * (400 + 100 * number) * np.arange(8000) / 16_000)
            side = np.zeros((8000, 2), np.float32)
            side[:, number % 2] = tone
            writer.write(side)
    samples, printed = run(virtual_card, PLAYED, path)
    told: dict[str, Any] = json.loads(printed)
    assert told["said"] == []
    positions, playing = zip(*told["places"], strict=True)
    assert positions[1:] == pytest.approx([1800, 1800, 3400, 900, 4000], abs=30)
    assert playing == (True, True, False, True, True, False)
    # Its time is that of the clock; from the order to the ear the device adds some 60 ms.
    assert told["took"] == [pytest.approx(0.8, abs=0.1), pytest.approx(0.47, abs=0.1)]
    size = RATE // 10
    tones = [
        round(strongest_hz(part) / 100) * 100
        for at in range(0, len(samples) - size, size // 2)
        if np.sqrt(((part := samples[at : at + size]) ** 2).mean()) > 0.15
    ]
    heard = [hz for number, hz in enumerate(tones) if number == 0 or hz != tones[number - 1]]
    assert heard == [600, 700, 1000, 500, 1100]
