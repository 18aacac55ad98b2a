"""The loudspeaker: the line's time goes on, whatever its device does."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrsim.sound import tones
from ivrsim.sound.clip import Clip
from ivrsim.sound.mixer import Mixer
from ivrsim.sound.output import Output
from ivrsim.sound.stream import LOOK_MS
from tests.sound.fake_sounddevice import FakeSoundDevice, fake_devices
from tests.sound.virtual_card import RATE, VirtualCard

BLOCK = 960

PLAY = """
import time
from ivrsim.sound import tones
from ivrsim.sound.mixer import Mixer
from ivrsim.sound.output import Output
mixer = Mixer()
out = Output(mixer)
out.start()
clip = tones.dtmf("5", 500)
handle = mixer.play(clip)
while not mixer.ended():
    time.sleep(0.01)
time.sleep(0.3)
out.close()
print(handle.played_ms - clip.duration_ms, out.failed)
"""

CUT_OFF = """
import time
from ivrsim.sound import tones
from ivrsim.sound.mixer import Mixer
from ivrsim.sound.output import Output
mixer = Mixer()
out = Output(mixer)
out.start()
mixer.play(tones.dtmf("5", 5000))
time.sleep(1)
out.close()
"""


class Desk:
    """An output whose time is moved by hand, and whose source counts."""

    rate = 48000
    block = BLOCK

    def __init__(self, module: FakeSoundDevice, *, silent: bool = False) -> None:
        self.module = module
        self.now = 100.0
        self.frames = 0
        self.said: list[str] = []
        self.output = Output(self, silent=silent, say=self.said.append, clock=lambda: self.now)
        self.output.begin()

    def render(self, frames: int) -> np.ndarray:
        self.frames += frames
        return np.full(frames, 0.25, np.float32)

    def go_on(self, seconds: float, after_each: Callable[[], None] = lambda: None) -> None:
        for _ in range(round(seconds / 0.02)):
            self.module.tick()
            for _ in range(20 // LOOK_MS):
                self.now += LOOK_MS / 1000
                self.output.tick()
            after_each()

    @property
    def behind(self) -> int:
        """How many frames fewer were rendered than time has passed."""
        return round((self.now - 100) * self.rate) - self.frames


def test_without_a_device_the_line_goes_on_at_the_same_pace() -> None:
    with fake_devices() as (module, _):
        desk = Desk(module)
        desk.go_on(2, lambda: in_time(desk))
        assert abs(desk.behind) <= BLOCK
        assert "no output device" in str(desk.output.failed)
        assert desk.said == []


def test_silent_it_touches_no_device() -> None:
    with fake_devices("speakers") as (module, _):
        desk = Desk(module, silent=True)
        desk.go_on(20)
        assert abs(desk.behind) <= BLOCK
        assert (module.streams, module.starts_counted, desk.said) == ([], 0, [])
        assert desk.output.failed is None


def test_the_device_renders_while_there_is_one() -> None:
    with fake_devices("speakers") as (module, _):
        desk = Desk(module)
        desk.go_on(2)
        assert desk.behind == 0
        assert len(module.heard) == 200
        assert all((block == 0.25).all() for _, block in module.heard)


def test_a_device_with_a_rate_of_its_own_hears_the_same() -> None:
    with fake_devices("speakers") as (module, _):
        module.rates = {44100}
        desk = Desk(module)
        mixer = Mixer()
        desk.render = mixer.render  # type: ignore[method-assign]
        mixer.play(Clip(0.5 * np.sin(np.arange(RATE) * 2 * np.pi * 1000 / RATE), RATE))
        desk.go_on(0.5)
        heard = np.concatenate([block for _, block in module.heard])
        assert len(heard) == 44100 // 2
        middle = heard[4410:-4410]
        spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
        assert np.argmax(spectrum) * 44100 / len(middle) == pytest.approx(1000, abs=2)
        assert np.abs(middle).max() == pytest.approx(0.5, abs=0.005)
        assert abs(round((desk.now - 100) * RATE) - mixer.now) <= 2 * BLOCK


def test_a_stall_shorter_than_a_lost_device_leaves_no_gap() -> None:
    with fake_devices("speakers") as (module, _):
        desk = Desk(module)
        desk.go_on(1)
        module.stalled = {"speakers"}
        desk.go_on(0.9)
        assert desk.behind <= 0.2 * RATE + BLOCK
        module.stalled = set()
        desk.go_on(1)
        assert desk.said == []
        assert desk.behind <= 0.2 * RATE + BLOCK


def test_a_mistake_in_the_source_is_said_once_and_time_goes_on() -> None:
    with fake_devices("speakers") as (module, _):
        desk = Desk(module)

        def broken(frames: int) -> np.ndarray:
            raise ZeroDivisionError("division by zero")

        desk.render = broken  # type: ignore[method-assign]
        desk.go_on(1)
        assert desk.said == ["the line is silent: ZeroDivisionError: division by zero"]
        assert desk.output.rendered == RATE
        assert not any(block.any() for _, block in module.heard)


def test_who_listens_may_be_gone() -> None:
    with fake_devices("speakers") as (module, _):
        desk = Desk(module)

        def closed(line: str) -> None:
            raise RuntimeError("Event loop is closed")

        desk.output._say = closed
        module.unplug("speakers")
        desk.go_on(3)
        assert abs(desk.behind) <= BLOCK


NAMES = ("speakers", "headset", "mic")
names = st.sampled_from(NAMES)
happenings = st.lists(
    st.one_of(
        st.tuples(st.just("unplug"), names),
        st.tuples(st.just("vanish"), names),  # without a word from PortAudio
        st.tuples(st.just("plug in"), names),
        st.tuples(st.just("refuse"), names),
        st.tuples(st.just("accept"), names),
        st.tuples(st.just("stall"), names),
        st.tuples(st.just("call again"), names),
        st.tuples(st.just("rates"), st.sets(st.sampled_from([16000, 44100, 48000]))),
        st.tuples(st.just("starts"), st.booleans()),
        st.tuples(st.just("hangs"), st.booleans()),
        st.tuples(st.just("misses"), st.booleans()),
        st.tuples(st.just("change"), st.sampled_from([None, 0, 1, 7, "head", "nonsense", ""])),
        st.tuples(st.just("off"), st.none()),
        st.tuples(st.just("suspend"), st.floats(0, 30)),
        st.tuples(st.just("go on"), st.floats(0.02, 4)),
    ),
    max_size=25,
)


def happen(desk: Desk, thread: object, what: str, value: object) -> None:
    module = desk.module
    match what:
        case "unplug":
            module.unplug(str(value))
        case "vanish":
            module.stalled.add(str(value))
            module.plugged = [name for name in module.plugged if name != value]
        case "plug in":
            module.plug_in(str(value))
            module.stalled.discard(str(value))
        case "refuse":
            module.refuses.add(str(value))
        case "accept":
            module.refuses.discard(str(value))
        case "stall":
            module.stalled.add(str(value))
        case "call again":
            module.stalled.discard(str(value))
        case "rates":
            module.rates = value  # type: ignore[assignment]
        case "starts":
            module.starts = bool(value)
        case "hangs":
            thread.hangs = value  # type: ignore[attr-defined]
            thread.work()  # type: ignore[attr-defined]
        case "misses":
            module.missed = bool(value)
        case "change":
            desk.output.change(value)  # type: ignore[arg-type]
        case "off":
            desk.output.turn_off()
        case "suspend":
            desk.now += float(value)  # type: ignore[arg-type]
        case "go on":
            desk.go_on(float(value), lambda: in_time(desk))  # type: ignore[arg-type]


def in_time(desk: Desk) -> None:
    assert desk.behind <= 0.2 * RATE + BLOCK
    if desk.output.device is None:
        assert desk.behind <= BLOCK


@settings(max_examples=120, deadline=None)
@given(happenings, st.booleans())
def test_whatever_devices_do_the_line_goes_on_and_takes_them_up_again(
    story: list[tuple[str, object]], silent: bool
) -> None:
    with fake_devices(*NAMES) as (module, thread):
        desk = Desk(module, silent=silent)
        for what, value in story:
            happen(desk, thread, what, value)
        # Without any device: in time, to the block.
        for name in NAMES:
            module.unplug(name)
        desk.go_on(0.1)
        assert -2 * BLOCK <= desk.behind <= BLOCK  # a device may have asked ahead
        # All is well again: the line is heard, within the longest wait between two tries.
        module.refuses, module.stalled, module.rates = set(), set(), {48000}
        module.starts = True
        thread.hangs = False
        thread.work()
        for name in NAMES:
            module.plug_in(name)
        desk.output.change(None)
        desk.go_on(11, lambda: in_time(desk))
        assert module.in_use == [desk.output.device]
        assert desk.output.failed is None
        assert all("\n" not in line for line in desk.said)
        desk.output.close()
        assert module.streams == []


def test_a_real_clock_renders_in_real_time() -> None:
    with fake_devices() as (_, _):
        mixer = Mixer()
        output = Output(mixer, silent=True)
        mixer.play(tones.beep(100))
        began = time.monotonic()
        output.start()
        while not mixer.ended():
            time.sleep(0.005)
        assert time.monotonic() - began >= 0.08
        output.close()
        output.close()


@pytest.mark.device
def test_what_is_played_is_heard(virtual_card: VirtualCard) -> None:
    with virtual_card.recording() as heard:
        done = subprocess.run(
            [sys.executable, "-c", PLAY], env=virtual_card.env, capture_output=True, text=True
        )
    assert (done.stdout, done.stderr) == ("0 None\n", "")
    loud = np.flatnonzero(np.abs(heard.samples) > 0.01)
    assert (loud[-1] - loud[0]) / RATE == pytest.approx(0.5, abs=0.04)
    middle = heard.samples[loud[0] + RATE // 10 : loud[0] + RATE // 10 + RATE // 5]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    peaks = sorted(np.argsort(spectrum)[-6:] * RATE / len(middle))
    assert all(min(abs(peak - 770), abs(peak - 1336)) <= 10 for peak in peaks)


@pytest.mark.device
def test_closed_in_the_middle_of_a_sound_it_does_not_click(virtual_card: VirtualCard) -> None:
    with virtual_card.recording() as heard:
        subprocess.run([sys.executable, "-c", CUT_OFF], env=virtual_card.env, check=True)
    loud = np.flatnonzero(np.abs(heard.samples) > 0.01)
    end = heard.samples[loud[-1] - RATE // 20 : loud[-1] + RATE // 20]
    assert np.abs(end).max() > 0.1
    # Where the fade begins 0.036 at most; a step is ten times as much.
    assert np.abs(np.diff(end, 2)).max() < 0.045
