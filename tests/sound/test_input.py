"""The microphone: what it gives, and what it says when it gives nothing."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from ivrsim.errors import SoundUnavailable
from ivrsim.sound import input as sound_input
from ivrsim.sound.input import Microphone
from tests.sound.fake_sounddevice import FakeSoundDevice, fake_devices, wait_until
from tests.sound.virtual_card import VirtualCard

HEAR = """
import json, threading
import numpy as np
from ivrsim.sound import tones
from ivrsim.sound.input import Microphone
from ivrsim.sound.line import Line
blocks, enough = [], threading.Event()
def hear(block):
    blocks.append(block)
    if len(blocks) > 75:
        enough.set()
line = Line()
line.start()
line.platform.play(tones.progress("dial", "EU"), loop=0)
microphone = Microphone(hear)
assert enough.wait(30)
microphone.close()
line.close()
heard = np.concatenate(blocks)[-24000:]
spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
print(json.dumps([sorted({len(block) for block in blocks}),
                  float(np.argmax(spectrum) * 48000 / len(heard)), float(np.abs(heard).max())]))
"""


class Ears:
    def __init__(self) -> None:
        self.blocks: list[np.ndarray] = []
        self.said: list[str] = []

    def hear(self, block: np.ndarray) -> None:
        self.blocks.append(block)


@contextmanager
def listening(module: FakeSoundDevice, ears: Ears, **settings: object) -> Iterator[Microphone]:
    microphone = Microphone(ears.hear, say=ears.said.append, **settings)  # type: ignore[arg-type]
    try:
        yield microphone
    finally:
        microphone.close()
    assert not module.streams


def bring(module: FakeSoundDevice, ears: Ears, count: int = 1) -> None:
    """Have ``count`` blocks heard."""
    for first in range(0, count, 25):  # no more than wait for the listener
        wanted = len(ears.blocks) + min(25, count - first)
        for _ in range(min(25, count - first)):
            module.tick()
        wait_until(lambda wanted=wanted: len(ears.blocks) >= wanted)


def test_blocks_come_in_a_thread_of_their_own() -> None:
    threads: list[str] = []

    class Named(Ears):
        def hear(self, block: np.ndarray) -> None:
            threads.append(threading.current_thread().name)
            super().hear(block)

    ears = Named()
    with fake_devices("speakers", "mic") as (module, _), listening(module, ears) as microphone:
        module.sound = np.full(10, 0.5, np.float32)
        bring(module, ears, 3)
        assert microphone.device == "mic"
        assert microphone.latency_ms == 100
        assert 0.1 < microphone.level <= 0.5
        assert microphone.trouble is None
    assert set(threads) == {"ivrsim-microphone"}
    assert all(np.array_equal(block, np.full(960, 0.5, np.float32)) for block in ears.blocks)


@pytest.mark.parametrize("own", [16000, 44100])
def test_a_device_with_a_rate_of_its_own_is_resampled(own: int) -> None:
    ears = Ears()
    with fake_devices("mic") as (module, _):
        module.rates = {44100} if own == 44100 else {16000, 44100}
        module.sound = np.full(10, 0.5, np.float32)
        with listening(module, ears, rate=48000) as microphone:
            bring(module, ears, 10)
            assert microphone.rate == 48000
    heard = np.concatenate(ears.blocks)
    assert len(heard) == pytest.approx(10 * 960, abs=2)
    assert heard[960:] == pytest.approx(0.5, abs=1e-4)


def test_muted_it_hears_silence() -> None:
    ears = Ears()
    with fake_devices("mic") as (module, _), listening(module, ears) as microphone:
        module.sound = np.full(10, 0.5, np.float32)
        microphone.mute(True)
        bring(module, ears)
        assert not ears.blocks[-1].any()
        assert microphone.level < 0.01
        microphone.mute(False)
        bring(module, ears)
        assert ears.blocks[-1].any()


def test_samples_that_are_no_numbers_do_not_come_through() -> None:
    ears = Ears()
    with fake_devices("mic") as (module, _), listening(module, ears):
        module.sound = np.array([np.nan, np.inf, -np.inf, 0.5], np.float32)
        bring(module, ears)
        assert np.abs(ears.blocks[0]).max() <= 1


def test_without_a_microphone_it_is_refused_in_one_line() -> None:
    with (
        fake_devices("speakers") as (module, _),
        pytest.raises(SoundUnavailable, match="no microphone: no input device"),
        listening(module, Ears()),
    ):
        pass


def test_a_microphone_that_does_not_open_is_refused_and_released() -> None:
    with fake_devices("mic") as (module, _):
        module.refuses = {"mic"}
        with pytest.raises(SoundUnavailable, match="input device “mic” does not start"):
            Microphone(Ears().hear)
        assert module.streams == []


def test_unplugged_and_plugged_in_again() -> None:
    ears = Ears()
    with fake_devices("mic") as (module, _), listening(module, ears) as microphone:
        bring(module, ears)
        module.unplug("mic")
        wait_until(lambda: microphone.trouble is not None)
        assert ears.said == ["the microphone “mic” is gone; keys come from the keypad alone"]
        module.plug_in("mic")
        wait_until(lambda: microphone.device == "mic")
        bring(module, ears)
        wait_until(lambda: microphone.trouble is None)
        assert ears.said[1:] == ["the microphone works again: “mic”"]


def test_another_one_in_mid_call() -> None:
    ears = Ears()
    with fake_devices("mic", "headset mic") as (module, _), listening(module, ears) as microphone:
        microphone.change_input("headset")
        wait_until(lambda: microphone.device == "headset mic")
        bring(module, ears)
        wait_until(lambda: bool(ears.said))
        assert ears.said == ["the microphone is “headset mic” now"]


@pytest.mark.parametrize(
    ("platform", "hint"),
    [
        ("darwin", "System Settings, Privacy & Security, Microphone"),
        ("win32", "desktop apps in Settings, Privacy & security, Microphone"),
        ("linux", "muted in the system's sound settings?"),
    ],
)
def test_nothing_but_zeros_for_seconds_is_said_once(
    platform: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sound_input.sys, "platform", platform)
    ears = Ears()
    with fake_devices("mic") as (module, _), listening(module, ears):
        bring(module, ears, 190)
        assert ears.said == []
        bring(module, ears, 60)
        assert len(ears.said) == 1
        assert ears.said[0].startswith("the microphone gives nothing, not even noise: ")
        assert hint in ears.said[0]


def test_a_pause_of_zeros_is_nothing_to_say() -> None:
    """Headsets and noise suppression give zeros while nobody speaks."""
    ears = Ears()
    with fake_devices("mic") as (module, _), listening(module, ears):
        module.sound = np.full(10, 0.5, np.float32)
        bring(module, ears)
        module.sound = np.zeros(10, np.float32)
        bring(module, ears, 250)
        assert ears.said == []


def test_one_who_hears_and_fails_is_told_of_once_and_hears_on() -> None:
    class Broken(Ears):
        def hear(self, block: np.ndarray) -> None:
            super().hear(block)
            raise ZeroDivisionError("division by zero")

    ears = Broken()
    with fake_devices("mic") as (module, _), listening(module, ears):
        bring(module, ears, 3)
        assert ears.said == [
            "the microphone is not understood: ZeroDivisionError: division by zero"
        ]


def test_one_who_hears_too_slowly_loses_blocks_not_the_device() -> None:
    go_on = threading.Event()

    class Slow(Ears):
        def hear(self, block: np.ndarray) -> None:
            go_on.wait()
            super().hear(block)

    ears = Slow()
    with fake_devices("mic") as (module, _), listening(module, ears) as microphone:
        for _ in range(200):
            module.tick()
        go_on.set()
        wait_until(lambda: len(ears.blocks) >= 50)
        assert len(ears.blocks) <= 52
        assert microphone.trouble is None


@pytest.mark.device
def test_what_the_card_plays_the_microphone_hears(virtual_card: VirtualCard) -> None:
    done = subprocess.run(
        [sys.executable, "-c", HEAR], env=virtual_card.env, capture_output=True, text=True
    )
    assert done.stderr == ""
    lengths, hz, peak = json.loads(done.stdout)
    assert lengths == [960]
    assert hz == pytest.approx(425, abs=2)
    assert peak > 0.05
