from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrsim.sound import tones
from ivrsim.sound.clip import Clip
from ivrsim.sound.mixer import Handle, Mixer

RATE = 48000
BLOCK = 960


def sine(hz: float, count: int, peak: float = 0.5) -> Clip:
    samples = peak * np.sin(2 * np.pi * hz * np.arange(count) / RATE + 1.0)
    return Clip(samples.astype(np.float32), RATE)


def render(mixer: Mixer, blocks: int) -> np.ndarray:
    return np.concatenate([mixer.render(BLOCK) for _ in range(blocks)])


def test_stop_is_silent_within_one_block_and_does_not_click() -> None:
    mixer = Mixer()
    handle = mixer.play(sine(300, RATE))
    before = render(mixer, 5)
    mixer.stop(handle)
    after = render(mixer, 2)
    assert not after[BLOCK // 4 :].any()  # 5 ms of fade
    assert handle.finished
    heard = np.concatenate([[0], before, after])
    steepest = 0.5 * 2 * np.pi * 300 / RATE + 0.5 / (RATE * 5 // 1000)
    assert np.abs(np.diff(heard)).max() <= steepest * 1.01
    assert mixer.ended() == []  # stopped, not ended


def test_ends_start_and_stop_softly_and_the_middle_is_exact() -> None:
    clip = sine(1000, 3000)
    mixer = Mixer()
    mixer.play(clip)
    heard = render(mixer, 4)
    fade = RATE * 5 // 1000
    assert np.array_equal(heard[fade : 3000 - fade], clip.samples[fade : 3000 - fade])
    assert np.abs(heard[[0, 2999]]).max() < 0.002
    assert not heard[3000:].any()


def test_loops_are_sample_exact() -> None:
    clip = Clip(np.linspace(-0.5, 0.5, 1234, dtype=np.float32), RATE)
    mixer = Mixer()
    handle = mixer.play(clip, loop=3)
    heard = render(mixer, 5)
    fade = RATE * 5 // 1000
    wanted = np.tile(clip.samples, 3)
    assert np.array_equal(heard[fade : 3702 - fade], wanted[fade : 3702 - fade])
    assert not heard[3702:].any()
    assert handle.played_ms == 3702 * 1000 // RATE
    assert mixer.ended() == [handle]


def test_an_endless_loop_goes_on() -> None:
    mixer = Mixer()
    handle = mixer.play(tones.dtmf("1", 30), loop=0)
    render(mixer, 50)
    assert handle.played_ms == 1000
    assert not handle.finished


def test_on_end_is_called_where_the_ends_are_asked_for() -> None:
    mixer = Mixer()
    ends: list[tuple[Handle, int]] = []
    handle = mixer.play(
        sine(300, 100), on_end=lambda ended: ends.append((ended, threading.get_ident()))
    )
    thread = threading.Thread(target=lambda: render(mixer, 1))
    thread.start()
    thread.join()
    assert ends == []
    assert mixer.ended() == [handle]
    assert ends == [(handle, threading.get_ident())]
    assert mixer.ended() == []


def test_an_empty_clip_ends_at_once() -> None:
    mixer = Mixer()
    for loop in (0, 1):
        handle = mixer.play(Clip(np.zeros(0, np.float32), 8000), loop=loop)
        assert not render(mixer, 1).any()
        assert mixer.ended() == [handle]


def test_stop_before_the_first_block_is_not_heard() -> None:
    mixer = Mixer()
    handle = mixer.play(sine(300, RATE))
    mixer.stop(handle)
    assert not render(mixer, 2).any()
    assert handle.finished


def test_a_sound_begins_and_stops_at_its_frame() -> None:
    mixer = Mixer()
    clip = Clip(np.full(RATE, 0.5, np.float32), RATE)
    mixer.render(BLOCK)
    first = mixer.play(clip, at=BLOCK + 1500)
    mixer.stop(first, at=BLOCK + 5000)
    heard = render(mixer, 7)
    fade = RATE * 5 // 1000
    assert not heard[:1500].any()
    assert heard[1500] > 0
    assert (heard[1500 + fade : 5000] == 0.5).all()
    assert heard[5000 + fade - 1] > 0
    assert not heard[5000 + fade :].any()
    assert first.finished
    assert first.played_ms == (3500 + fade) * 1000 // RATE


def test_what_is_late_begins_with_the_next_block() -> None:
    mixer = Mixer()
    mixer.render(BLOCK)
    handle = mixer.play(sine(300, 100), at=5)
    assert mixer.render(BLOCK)[:100].any()
    assert mixer.ended() == [handle]
    mixer.stop(handle, at=3)
    assert not mixer.render(BLOCK).any()


@given(st.integers(0, 4000), st.integers(0, 4000), st.lists(st.integers(0, 1500), max_size=12))
def test_block_sizes_do_not_matter(begin: int, stop: int, sizes: list[int]) -> None:
    def play(mixer: Mixer) -> None:
        mixer.stop(mixer.play(sine(300, 1000), loop=0, at=begin), at=stop)
        mixer.play(sine(500, 700), at=stop)

    whole, pieces = Mixer(), Mixer()
    play(whole)
    play(pieces)
    parts = [pieces.render(size) for size in sizes]
    assert np.array_equal(
        np.concatenate([np.zeros(0, np.float32), *parts]), whole.render(sum(sizes))
    )


def test_stopped_before_it_began_it_is_not_heard() -> None:
    mixer = Mixer()
    handle = mixer.play(sine(300, RATE), at=3000)
    mixer.stop(handle)
    mixer.render(BLOCK)
    assert handle.finished
    assert not render(mixer, 5).any()
    assert mixer.ended() == []


def test_the_earlier_of_two_stops_counts() -> None:
    mixer = Mixer()
    handle = mixer.play(sine(300, RATE))
    mixer.stop(handle, at=500)
    mixer.stop(handle, at=40000)
    assert not render(mixer, 2)[800:].any()


def test_mute_and_gain_reach_their_value_without_a_step() -> None:
    mixer = Mixer()
    mixer.play(Clip(np.full(RATE, 0.5, np.float32), RATE))
    render(mixer, 1)
    mixer.mute(True)
    assert np.abs(np.diff(mixer.render(BLOCK))).max() < 0.002
    assert not render(mixer, 1).any()
    mixer.mute(False)
    mixer.set_gain(0.5)
    render(mixer, 1)
    assert render(mixer, 1) == pytest.approx(np.full(BLOCK, 0.25))
    assert mixer.peak == pytest.approx(0.25)


def test_loud_sounds_are_bent_not_cut() -> None:
    mixer = Mixer()
    for _ in range(4):
        mixer.play(sine(300, RATE, 0.9))
    heard = render(mixer, 5)
    assert 0.9 < np.abs(heard).max() <= 1.0


def test_clips_of_another_rate_are_resampled() -> None:
    mixer = Mixer()
    handle = mixer.play(Clip(np.zeros(800, np.float32), 8000))
    render(mixer, 5)
    assert handle.played_ms == 100
    assert mixer.ended() == [handle]


actions = st.lists(
    st.one_of(
        st.tuples(
            st.just("play"),
            st.integers(0, 3000),
            st.integers(0, 3),
            st.floats(-1e6, 1e6),
        ),
        st.tuples(st.just("stop"), st.integers(0, 20)),
        st.tuples(st.just("stop_all")),
        st.tuples(st.just("mute"), st.booleans()),
        st.tuples(st.just("gain"), st.floats(0, 100)),
        st.tuples(st.just("render"), st.integers(0, 2000)),
    ),
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(actions)
def test_whatever_is_asked_the_mix_stays_within_bounds(actions: list[tuple[object, ...]]) -> None:
    mixer = Mixer()
    handles: list[Handle] = []
    ended: list[Handle] = []
    for name, *values in actions:
        match name, values:
            case "play", [int(count), int(loop), float(gain)]:
                clip = Clip(np.ones(count, np.float32), RATE)
                handles.append(mixer.play(clip, loop=loop, gain=gain))
            case "stop", [int(index)] if index < len(handles):
                mixer.stop(handles[index])
            case "stop_all", []:
                mixer.stop_all()
            case "mute", [bool(muted)]:
                mixer.mute(muted)
            case "gain", [float(gain)]:
                mixer.set_gain(gain)
            case "render", [int(frames)]:
                mix = mixer.render(frames)
                assert mix.shape == (frames,)
                assert mix.dtype == np.float32
                assert np.abs(mix).max(initial=0) <= 1.0
                ended += mixer.ended()
    mixer.stop_all()
    render(mixer, 1)
    assert not render(mixer, 1).any()
    assert all(handle.finished for handle in handles)
    assert len(ended) == len(set(ended))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 6000), st.integers(0, 3), st.integers(0, 8000))
def test_a_clip_from_the_middle_is_the_rest_of_it(skip: int, loop: int, stop: int) -> None:
    """Beside one that was played from its start: the same, but for the fades where it begins."""
    clip = sine(700, 1500)
    whole, rest = Mixer(), Mixer()
    first = whole.play(clip, loop=loop)
    whole.render(skip)
    second = rest.play(clip, loop=loop, skip=skip)
    if stop:
        whole.stop(first, at=skip + stop)
        rest.stop(second, at=stop)
    fade = RATE * 5 // 1000
    wanted, heard = whole.render(10 * BLOCK), rest.render(10 * BLOCK)
    assert np.abs(heard).max() <= 0.5
    assert np.allclose(heard[fade:], wanted[fade:], atol=1e-6) or loop * 1500 - skip < 2 * fade
    assert second.finished == first.finished
    assert second.played_ms == first.played_ms


def test_what_is_over_before_it_begins_ends_at_once() -> None:
    mixer = Mixer()
    handle = mixer.play(sine(300, 100), loop=2, skip=5000)
    assert not mixer.render(BLOCK).any()
    assert handle.finished
    assert mixer.ended() == [handle]


def test_a_clip_from_the_middle_begins_softly_and_may_be_stopped_before_it_began() -> None:
    mixer = Mixer()
    mixer.play(Clip(np.full(RATE, 0.5, np.float32), RATE), skip=RATE // 2)
    heard = mixer.render(BLOCK)
    assert heard[0] < 0.01 and heard[300] == 0.5
    mixer = Mixer()
    handle = mixer.play(sine(300, RATE), skip=700, at=2 * BLOCK)
    mixer.stop(handle, at=BLOCK)
    assert not render(mixer, 4).any()
    assert handle.finished
    with pytest.raises(ValueError, match="0 frames or more, not -1"):
        mixer.play(sine(300, 10), skip=-1)
