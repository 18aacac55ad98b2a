"""Calls that stand still, and calls that begin in the middle of another: what the debugger asks
of the telephone. Blocks are taken by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivrsim.errors import AudioError
from ivrsim.runtime import ear, handset
from ivrsim.runtime.handset import Handset
from ivrsim.sound.clip import Clip, Samples
from ivrsim.sound.dtmf import decode
from ivrsim.sound.files import decode_channels
from ivrsim.sound.line import Line
from ivrsim.sound.wav_writer import WavWriter
from tests.runtime.phone import BLOCK, RATE, Card, Desk, tone, until


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(autouse=True)
def _card(monkeypatch: pytest.MonkeyPatch) -> None:
    Card.made = []
    monkeypatch.setattr(handset, "Microphone", Card)
    monkeypatch.setattr(handset, "_chosen", {})


class Quiet(Line):
    """A line without devices, and without the clock that renders in their place."""

    def start(self, *args: Any, **kwargs: Any) -> None: ...


@pytest.fixture
def still(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handset]:
    """A handset whose blocks are taken by hand."""
    monkeypatch.setattr(handset, "Line", Quiet)
    made = Handset(desk, tmp_path / "call.wav", microphone="auto")
    yield made
    made.close()


def blocks(phone: Handset, count: int) -> Samples:
    return np.concatenate([phone._line.render(BLOCK) for _ in range(count)])


def recorded(path: Path) -> Samples:
    samples, _ = decode_channels(path.read_bytes(), path.name)
    return samples


def noise(ms: int) -> Clip:
    made = np.random.default_rng(7).uniform(-0.4, 0.4, RATE * ms // 1000)
    return Clip(made.astype(np.float32), RATE)


def test_a_pause_leaves_no_gap_in_the_recording(
    still: Handset, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two handsets play the same, one with pauses: their recordings are the same to the bit."""
    other = Handset(desk, tmp_path / "other.wav")
    for phone in (still, other):
        phone.begin()
        phone.play("p1", noise(700), 2, -0.5)
        phone.tone("t1", "ringback", "SG")
        for step in range(10):
            blocks(phone, 11)
            if step == 4:
                phone.key("5", "keypad", secret=False)
            if phone is still:
                still.pause()
                assert still.paused
                assert not blocks(still, 5)[RATE // 100 :].any()
                assert still.levels[0] < 0.4
                still.resume()
        phone.end()
        phone.close()
    assert len(recorded(tmp_path / "call.wav")) == pytest.approx(110 * 320, abs=20)
    assert np.array_equal(recorded(tmp_path / "call.wav"), recorded(tmp_path / "other.wav"))
    assert decode(recorded(tmp_path / "call.wav")[:, 1], 16_000) == "5"


def test_in_a_pause_the_microphone_is_not_heard(still: Handset, desk: Desk, tmp_path: Path) -> None:
    (card,) = Card.made
    still.begin()
    still.pause()
    card.level = 0.7
    card.hear(tone("4", 200))
    card.hear(np.zeros(RATE // 4, np.float32))
    assert (still.levels, still.hearing) == ((0.0, 0.0), None)
    still.resume()
    card.hear(tone("7", 200))
    card.hear(np.zeros(RATE // 4, np.float32))
    until(lambda: desk.pressed)
    assert desk.pressed == ["7"]
    assert still.levels[1] == 0.7


def test_a_key_before_a_pause_is_not_heard_as_another_after_it(
    still: Handset, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tone sounds when the call goes on, a minute later, and comes back from the air."""
    now = [1000.0]
    monkeypatch.setattr(still._line, "_wall", lambda: now[0])
    (card,) = Card.made
    still.begin()
    blocks(still, 2)
    still.key("5", "keypad", secret=False)
    still.pause()  # at a breakpoint on that key
    now[0] += 60
    blocks(still, 5)
    still.resume()
    for _ in range(30):
        now[0] += 0.02
        card.hear(blocks(still, 1) * 2)
    assert desk.pressed == []
    now[0] += 1.0
    card.hear(np.concatenate([tone("5", 100), np.zeros(RATE // 4, np.float32)]))
    assert desk.pressed == ["5"]  # a true one


def test_a_voice_before_a_pause_has_not_ceased_in_it(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ivrsim.engine.commands import Speech
    from ivrsim.runtime.prompts import speak

    monkeypatch.setattr(handset, "Line", Quiet)
    monkeypatch.setattr(ear, "GONE_S", 0.1)
    phone = Handset(desk, tmp_path / "call.wav", microphone="auto")
    try:
        quiet = np.random.default_rng(1).normal(0, 1e-4, RATE).astype(np.float32)
        said = speak(Speech("opening hours please", "opening hours please"), RATE).samples
        Card.made[0].hear(np.concatenate([quiet, said[: RATE // 2]]))
        phone.pause()
        until(lambda: desk.events)
        time.sleep(0.4)
        assert [type(event).__name__ for event in desk.events] == ["SpeechStarted"]
        phone.resume()
        until(lambda: len(desk.events) == 2)
        assert type(desk.events[1]).__name__ == "SpeechStopped"
    finally:
        phone.close()


# ------------------------------------------------------------------ a call from the middle on


async def test_a_branch_has_the_sound_of_both_parts(
    still: Handset, desk: Desk, tmp_path: Path
) -> None:
    stereo = np.full((16_000 * 3, 2), [0.1, -0.1], np.float32)
    with WavWriter(tmp_path / "parent.wav", 16_000, 2) as writer:
        writer.write(stereo)
    still.begin(2000, tmp_path / "parent.wav")
    ramp = Clip(np.linspace(0, 0.5, RATE, dtype=np.float32), RATE)
    still.play("p1", ramp, 2, 0.0, from_ms=1500)  # in the middle of its second time
    blocks(still, 50)
    over_both = await still.read(1900, 2400)
    assert over_both[100, 0] == pytest.approx(0.1, abs=0.001)
    assert over_both[100, 1] == pytest.approx(-0.1, abs=0.001)
    assert over_both[1600 + 200 * 16, 0] == pytest.approx(0.5 * 0.7, abs=0.002)
    still.end()
    still.close()
    whole = recorded(tmp_path / "call.wav")
    assert len(whole) == pytest.approx(3000 * 16, abs=20)
    assert whole[2300 * 16, 0] == pytest.approx(0.5 * 0.8, abs=0.002)
    assert not whole[2600 * 16 :, 0].any()  # it is over: its second time was the last
    assert desk.notices == []


async def test_a_branch_whose_parent_has_no_sound_says_so_and_goes_on(
    still: Handset, desk: Desk, tmp_path: Path
) -> None:
    still.begin(1000, tmp_path / "none.wav")
    blocks(still, 10)
    sound = await still.read(900, 1100)
    assert len(sound) == 3200
    (line,) = desk.notices
    assert line.startswith(f"{tmp_path / 'none.wav'}: the recording cannot be read: No such file")


async def test_what_is_read_in_a_pause_comes_when_the_call_goes_on(
    still: Handset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is a block behind the clock when it stops; that block is part of the recording."""
    monkeypatch.setattr(handset, "_CATCH_UP_S", 0.1)
    still.begin()
    blocks(still, 4)
    still.pause()
    reading = asyncio.ensure_future(still.read(0, 100))
    await asyncio.sleep(0.3)
    blocks(still, 30)
    assert not reading.done()
    still.resume()
    blocks(still, 2)
    assert len(await reading) == 1600


async def test_a_call_may_begin_in_the_middle_without_a_recorder(
    desk: Desk, tmp_path: Path
) -> None:
    phone = Handset(desk, tmp_path / "none" / "call.wav")
    phone.begin(1000, tmp_path / "parent.wav")
    with pytest.raises(AudioError, match="not recorded"):
        await phone.read(0, 10)
    phone.close()
    (line,) = desk.notices
    assert "cannot write the recording" in line
