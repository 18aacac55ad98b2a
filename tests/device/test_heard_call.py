"""A whole call through the loudspeakers of a virtual card, in real time."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from tests.sound.virtual_card import RATE, VirtualCard

CALL = """
import asyncio, json, sys
from ivrsim.flows.target import load_target
from ivrsim.runtime.place import CallOptions, place_call

target = load_target("flows/restaurant.yaml")
call = place_call(target, CallOptions(clock="real", speakers="auto", seed=1))
pressed = []

async def press_in_the_middle_of_the_welcome():
    while not any(record.kind == "prompt.started" for record in call.records):
        await asyncio.sleep(0.01)
    await asyncio.sleep(1.5)
    call.press("3")
    pressed.append(call.now_ms)
    await asyncio.sleep(2.5)
    call.hang_up()

async def main():
    await asyncio.gather(call.run(), press_in_the_middle_of_the_welcome())

asyncio.run(main())
print(json.dumps({
    "notices": call.notices,
    "bases": [r.data["basis"] for r in call.records if r.kind == "prompt.started"],
    "interrupted": [r.data["by"] for r in call.records if r.kind == "prompt.interrupted"],
    "pressed": pressed,
}))
"""

pytestmark = pytest.mark.device


def loudness(samples: np.ndarray, block_s: float = 0.05) -> np.ndarray:
    """RMS of each block."""
    size = int(RATE * block_s)
    blocks = samples[: len(samples) // size * size].reshape(-1, size)
    return np.sqrt((blocks**2).mean(axis=1))


def strongest_hz(samples: np.ndarray, low: int, high: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE)
    band = (frequencies > low) & (frequencies < high)
    return float(frequencies[band][spectrum[band].argmax()])


def test_a_prompt_is_heard_and_a_key_cuts_it_and_is_heard_itself(
    virtual_card: VirtualCard,
) -> None:
    with virtual_card.recording() as heard:
        done = subprocess.run(
            [sys.executable, "-c", CALL],
            env=virtual_card.env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["notices"] == []
    assert said["bases"] == ["rendered", "rendered"]
    assert said["interrupted"] == ["digit", "hangup"]

    samples = heard.samples
    loud = loudness(samples) > 0.003
    assert loud.sum() * 0.05 > 2.5, "too little was heard"
    # The key's own tone: 697 Hz and 1477 Hz for 3, side by side in one block.
    size = int(RATE * 0.05)
    found = [
        index
        for index in range(len(samples) // size)
        if abs(strongest_hz(part := samples[index * size : (index + 1) * size], 600, 1000) - 697)
        < 25
        and abs(strongest_hz(part, 1150, 1700) - 1477) < 25
        and np.sqrt((part**2).mean()) > 0.01
    ]
    assert found, "the tone of the key was not heard"
