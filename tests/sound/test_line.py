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


# ------------------------------------------------------------------ standing still


class Wall:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def noise(frames: int = RATE) -> Clip:
    made = np.random.default_rng(4).uniform(-0.5, 0.5, frames)
    return Clip(made.astype(np.float32), RATE)


def test_a_paused_line_is_silent_and_goes_on_with_the_next_sample(line: Line, tape: Tape) -> None:
    clip = noise()
    line.platform.play(clip)
    heard = [render(line, 3)]
    line.pause()
    line.pause()
    still = render(line, 4)
    assert len(tape.platform) == 3 * BLOCK  # nothing is recorded
    line.resume()
    line.resume()
    heard.append(render(line, 3))
    assert not still[FADE:].any()
    assert np.array_equal(tape.platform[FADE:], clip.samples[FADE : 6 * BLOCK])
    assert np.array_equal(heard[1][FADE:], clip.samples[3 * BLOCK + FADE : 6 * BLOCK])


def test_a_pause_does_not_click(line: Line) -> None:
    hz, peak = 300, 0.4
    turn = 2 * np.pi * hz * np.arange(RATE) / RATE
    line.platform.play(Clip((peak * np.sin(turn)).astype(np.float32), RATE))
    heard = []
    for frames in (950, 1003, 37, 1200):  # blocks of any size, anywhere in a wave
        heard.append(line.render(frames))
        line.pause()
        heard += [line.render(480), line.render(480)]
        line.resume()
    steepest = peak * 2 * np.pi * hz / RATE + peak / FADE
    assert np.abs(np.diff(np.concatenate([[0], *heard]))).max() <= steepest * 1.01


def test_a_paused_line_hears_no_microphone_and_its_level_falls(line: Line, tape: Tape) -> None:
    for _ in range(5):
        line.hear(np.full(BLOCK, 0.4, np.float32))
    line.platform.play(steady(0.5))
    line.render(BLOCK)
    line.pause()
    for _ in range(60):
        line.hear(np.full(BLOCK, 0.9, np.float32))
        line.render(BLOCK)
    assert line.level < 0.001
    line.resume()
    render(line, 6)
    assert tape.caller[: 5 * BLOCK] == pytest.approx(0.4)
    assert not tape.caller[5 * BLOCK :].any()


def test_what_is_ordered_in_a_pause_begins_after_it(line: Line, tape: Tape) -> None:
    first = line.platform.play(steady(0.3))
    line.render(BLOCK)
    line.pause()
    line.platform.stop(first)
    line.caller.play(steady(0.2))
    line.local.play(steady(0.2))
    assert not render(line, 3)[FADE:].any()
    line.resume()
    render(line, 1)
    assert not tape.platform[BLOCK + FADE :].any()
    assert tape.caller[BLOCK + FADE :] == pytest.approx(0.2)


def test_the_loudspeaker_tap_gets_nothing_in_a_pause(line: Line) -> None:
    played: list[np.ndarray] = []
    line.loudspeaker_tap = played.append
    line.pause()
    line.render(BLOCK)
    line.resume()
    line.render(BLOCK)
    assert len(played) == 1


def test_the_clock_of_the_line_stands_still_with_it() -> None:
    wall = Wall()
    line = Line(clock=wall)
    assert line.time() == 100.0
    line.pause()
    wall.now += 7
    assert (line.time(), line.paused) == (100.0, True)
    line.resume()
    wall.now += 2
    assert (line.time(), line.paused) == (102.0, False)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 3000), st.integers(0, 3000), st.booleans()),
        min_size=1,
        max_size=25,
    )
)
def test_many_pauses_leave_no_gap_and_the_recording_in_step(
    story: list[tuple[int, int, bool]],
) -> None:
    """Each step: the line runs, then pauses for a while that no block knows of, in time."""
    wall, tape = Wall(), Tape()
    line = Line(clock=wall)
    line.tap = tape.take
    clip = noise(RATE * 4)
    line.platform.play(clip)
    call_time = rendered = 0

    def blocks_until_now() -> None:
        nonlocal rendered
        while rendered + 480 <= round((wall.now - 100.0) * RATE):
            line.render(480)
            rendered += 480

    for running, pausing, seen in story:
        wall.now += running / RATE
        call_time += running
        blocks_until_now()
        line.pause()
        wall.now += pausing / RATE
        if seen:
            blocks_until_now()
        line.resume()
        wall.now += 480 / RATE  # a block in which it may make up for what it owes
        call_time += 480
        blocks_until_now()
        recorded = len(tape.platform) if tape.left else 0
        assert abs(recorded - call_time) <= 3 * 480
    recorded = len(tape.platform) if tape.left else 0
    assert np.array_equal(tape.platform[FADE:], clip.samples[FADE:recorded]) or recorded <= FADE
