"""A call whose caller is only heard: tones of a second process, through a card's microphone.

The card's microphone hears all that is played to it: the tones, and at full level the prompts of
the call, as with a telephone held between loudspeakers and microphone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivrsim.sound.clip import pcm16
from ivrsim.sound.tones import dtmf
from tests.sound.virtual_card import RATE, VirtualCard

pytestmark = pytest.mark.device

IVRSIM = [sys.executable, "-m", "ivrsim"]


class Call:
    """``ivrsim call restaurant`` in a process of its own, followed by its trace."""

    def __init__(self, card: VirtualCard, folder: Path) -> None:
        self._card = card
        self._trace = folder / "call.jsonl"
        self.recording = folder / "call.wav"
        self._process = subprocess.Popen(
            [*IVRSIM, "call", "restaurant", "--clock", "real", "--speakers", "auto",
             "--microphone", "auto", "--trace", str(self._trace)],
            env=card.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def records(self, kind: str) -> list[dict[str, Any]]:
        lines = self._trace.read_text().splitlines() if self._trace.exists() else []
        found = [json.loads(line) for line in lines if line.endswith("}")]
        return [line for line in found if line.get("kind") == kind]

    def wait_for(self, kind: str, count: int) -> None:
        self._until(lambda: len(self.records(kind)) >= count, f"{count} × {kind}")

    def _until(self, happened: Callable[[], bool], what: str) -> None:
        for _ in range(600):
            if happened():
                return
            assert self._process.poll() is None, self._process.communicate()
            time.sleep(0.05)
        self._process.kill()
        pytest.fail(f"no {what} in 30 s: {self._process.communicate()}")

    def hears(self, key: str) -> None:
        """The tone of ``key``, 120 ms, played by another process."""
        samples = np.repeat(pcm16(dtmf(key, 120, RATE).samples)[:, np.newaxis], 2, axis=1)
        subprocess.run(
            ["pacat", "--raw", "--format=s16le", f"--rate={RATE}", "--channels=2"],
            env=self._card.env, input=samples.tobytes(), check=True, timeout=20,
        )  # fmt: skip

    def end(self) -> tuple[int, str]:
        _, errors = self._process.communicate(timeout=60)
        return self._process.returncode, errors


def test_a_restaurant_call_by_ear(virtual_card: VirtualCard, tmp_path: Path) -> None:
    call = Call(virtual_card, tmp_path)
    call.wait_for("capture.listening", 1)  # the welcome has been heard
    call.hears("1")
    call.wait_for("prompt.started", 2)
    time.sleep(1.0)
    call.hears("2")  # over the prompt, which comes back from the loudspeakers
    status, errors = call.end()
    assert (status, errors) == (0, "")
    heard = [(r["data"]["digit"], r["data"]["source"]) for r in call.records("digit")]
    assert heard == [("1", "microphone"), ("2", "microphone")]
    assert call.records("prompt.interrupted")[0]["data"]["by"] == "digit"
    assert call.records("call.ended")[0]["data"]["status"] == "COMPLETED"
    decoded = subprocess.run(
        [*IVRSIM, "dtmf", str(call.recording)], capture_output=True, text=True, check=True
    )
    assert decoded.stdout == "12\n"
