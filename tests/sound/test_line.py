"""The line: who hears what of a call, and what its recording holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrsim.sound.clip import Clip
from ivrsim.sound.line import Line
from tests.sound.fake_sounddevice import fake_devices, wait_until

RATE = 48000
BLOCK = 960
FADE = RATE * 5 // 1000


class Tape:
    """What a tap was given."""

    def __init__(self) -> None:
        self.left: list[np.ndarray] = []
        self.right: list[np.ndarray] = []

    def take(self, left: np.ndarray, right: np.ndarray) -> None:
        self.left.append(left)
        self.right.append(right)

    @property
    def platform(self) -> np.ndarray:
        return np.concatenate(self.left)

    @property
    def caller(self) -> np.ndarray:
        return np.concatenate(self.right)


def steady(value: float, frames: int = RATE) -> Clip:
    return Clip(np.full(frames, value, np.float32), RATE)


def render(line: Line, blocks: int) -> np.ndarray:
    return np.concatenate([line.render(BLOCK) for _ in range(blocks)])


@pytest.fixture
def tape() -> Tape:
    return Tape()


@pytest.fixture
def line(tape: Tape) -> Line:
    line = Line()
    line.tap = tape.take
    return line


def test_the_caller_hears_the_platform_and_softly_himself(line: Line, tape: Tape) -> None:
    line.platform.play(steady(0.3))
    line.caller.play(steady(0.2), at=2 * BLOCK)
    heard = render(line, 4)
    assert heard[FADE : 2 * BLOCK] == pytest.approx(0.3)
    assert heard[2 * BLOCK + FADE :] == pytest.approx(0.3 + 0.1)
    assert tape.platform[FADE:] == pytest.approx(0.3)
    assert tape.caller[2 * BLOCK + FADE :] == pytest.approx(0.2)
    assert not tape.caller[: 2 * BLOCK].any()


def test_the_microphone_is_recorded_and_not_played_back(line: Line, tape: Tape) -> None:
    for _ in range(5):
        line.hear(np.full(BLOCK, 0.4, np.float32))
    assert not render(line, 5).any()
    assert tape.caller == pytest.approx(0.4)
    assert not tape.platform.any()


def test_mute_and_volume_are_the_loudspeakers_alone(line: Line, tape: Tape) -> None:
    line.platform.play(steady(0.4))
    line.mute(True)
    render(line, 2)
    assert not line.render(BLOCK).any()
    line.mute(False)
    line.set_volume(0.5)
    line.render(BLOCK)
    assert line.render(BLOCK) == pytest.approx(0.2)
    assert tape.platform[FADE:] == pytest.approx(0.4)


def test_the_telephone_is_heard_and_recorded(tape: Tape) -> None:
    class Halves:
        def process(self, block: np.ndarray) -> np.ndarray:
            return block / 2

    line = Line(telephone=Halves())
    line.tap = tape.take
    line.platform.play(steady(0.4))
    line.caller.play(steady(0.2))
    heard = render(line, 2)
    assert heard[FADE:] == pytest.approx(0.2 + 0.1)
    assert tape.platform[FADE:] == pytest.approx(0.2)
    assert tape.caller[FADE:] == pytest.approx(0.2)


def test_the_loudspeaker_tap_has_what_can_come_back(line: Line) -> None:
    played: list[np.ndarray] = []
    line.loudspeaker_tap = played.append
    line.platform.play(steady(0.4))
    heard = render(line, 2)
    line.mute(True)
    heard = np.concatenate([heard, render(line, 2)])
    assert np.array_equal(np.concatenate(played), heard)
    assert not played[-1].any()


def test_the_blocks_of_a_tap_are_its_own(line: Line, tape: Tape) -> None:
    line.platform.play(steady(0.4))
    line.set_volume(0.0)
    line.render(BLOCK)
    heard = line.render(BLOCK)
    heard.fill(9)
    assert tape.left[-1] == pytest.approx(0.4)


def test_a_tap_that_fails_is_said_and_the_call_goes_on() -> None:
    said: list[str] = []

    def full(left: np.ndarray, right: np.ndarray) -> None:
        raise OSError("No space left\non device")

    with fake_devices("speakers") as (module, _):
        line = Line()
        line.tap = line.loudspeaker_tap = full  # type: ignore[assignment]
        line.start(say=said.append)
        line.platform.play(steady(0.4))
        module.tick()
        module.tick()
        line.close()
        assert module.heard[1][1] == pytest.approx(0.4)
    assert said[0] == "the call is recorded no further: OSError: No space left on device"
    assert len(said) == 2


def test_loud_sides_stay_within_bounds(line: Line, tape: Tape) -> None:
    for _ in range(3):
        line.platform.play(steady(0.9))
        line.caller.play(steady(0.9))
    for _ in range(5):
        line.hear(np.full(BLOCK, 1.0, np.float32))
    assert np.abs(render(line, 5)).max() <= 1
    assert np.abs(tape.caller).max() <= 1
    assert np.abs(tape.platform).max() <= 1


def test_the_level_falls_slowly(line: Line) -> None:
    line.platform.play(steady(0.5, BLOCK))
    line.render(BLOCK)
    assert line.level == pytest.approx(0.5)
    render(line, 5)
    assert 0.2 < line.level < 0.3
    render(line, 50)
    assert line.level < 0.01


def test_a_line_without_devices_runs_and_says_why() -> None:
    said: list[str] = []
    with fake_devices():
        line = Line()
        line.start(say=said.append)
        assert "no output device" in str(line.trouble)
        assert (line.device, line.latency_ms, line.xruns) == (None, 0, 0)
        line.close()
    assert said == []  # whoever starts it asks


def test_another_device_in_mid_call() -> None:
    with fake_devices("speakers", "headset") as (module, _):
        line = Line()
        line.start("speak")
        assert line.device == "speakers"
        assert line.latency_ms == 60
        line.change_output("head")
        wait_until(lambda: line.device == "headset")
        line.turn_output_off()
        wait_until(lambda: not module.in_use)
        line.close()


def microphone_blocks(count: int, size: int = BLOCK) -> list[np.ndarray]:
    return [np.full(size, (number + 1) / 100, np.float32) for number in range(count)]


def test_the_microphone_waits_until_some_of_it_is_in_hand(line: Line, tape: Tape) -> None:
    blocks = microphone_blocks(6)
    for block in blocks[:2]:
        line.hear(block)
        line.render(BLOCK)
    assert not tape.caller.any()
    for block in blocks[2:]:
        line.hear(block)
        line.render(BLOCK)
    assert np.array_equal(tape.caller[2 * BLOCK :], np.concatenate(blocks[:4]))


def test_a_microphone_that_pauses_is_silence_and_then_goes_on(line: Line, tape: Tape) -> None:
    for block in microphone_blocks(3):
        line.hear(block)
    render(line, 6)
    assert not tape.caller[3 * BLOCK :].any()
    for block in microphone_blocks(3):
        line.hear(block)
    render(line, 3)
    assert np.array_equal(tape.caller[6 * BLOCK :], tape.caller[: 3 * BLOCK])


def test_of_a_microphone_too_fast_the_oldest_is_dropped(line: Line, tape: Tape) -> None:
    blocks = microphone_blocks(11)
    for block in blocks:
        line.hear(block)
    render(line, 3)
    assert np.array_equal(tape.caller, np.concatenate(blocks[-3:]))


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("hear"), st.integers(0, 3000)),
            st.tuples(st.just("render"), st.integers(0, 3000)),
        ),
        max_size=40,
    )
)
def test_the_microphone_keeps_its_order_in_blocks_of_any_size(
    story: list[tuple[str, int]],
) -> None:
    """A ramp goes in; what comes out never goes back, and is silent where it waits."""
    line, tape = Line(), Tape()
    line.tap = tape.take
    heard = 0
    for what, frames in story:
        if what == "hear":
            ramp = (np.arange(heard, heard + frames) + 1) / 200_000
            line.hear(ramp.astype(np.float32))
            heard += frames
        else:
            assert line.render(frames).shape == (frames,)
    if tape.right:
        loud = tape.caller[tape.caller > 0]
        assert (np.diff(loud) > 0).all()
        assert len(tape.caller) == sum(frames for what, frames in story if what == "render")
