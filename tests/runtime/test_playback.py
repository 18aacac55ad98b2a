"""The recording of a call, heard again: what is played is taken in blocks by hand."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrsim.errors import AudioError
from ivrsim.runtime import handset, playback
from ivrsim.runtime.playback import Playback
from ivrsim.sound.encode import encode
from ivrsim.sound.wav_reader import WavReader
from ivrsim.sound.wav_writer import WavWriter
from tests.sound.fake_sounddevice import fake_devices

RATE = 48_000
BLOCK = 480
FADE = RATE // 200
FILE_RATE = 16_000


class Card:
    """A device whose time is moved by hand: ``take`` lets it ask for blocks."""

    made: list[Card]
    failed: str | None = None
    latency_ms = 0

    def __init__(self, source: Any, device: Any, *, silent: bool, say: Any) -> None:
        self.source, self.wanted, self.silent, self.say = source, device, silent, say
        self.open = False
        Card.made.append(self)

    def start(self) -> None:
        self.open = True

    def close(self) -> None:
        self.open = False


@pytest.fixture(autouse=True)
def _card(monkeypatch: pytest.MonkeyPatch) -> None:
    Card.made = []
    monkeypatch.setattr(playback, "Output", Card)
    monkeypatch.setattr(handset, "_chosen", {})


def recording(path: Path, ms: int = 3000, rate: int = FILE_RATE) -> Path:
    """Its value says where in the file it is: a slow ramp, the caller above the platform."""
    at = np.arange(ms * rate // 1000) / rate
    stereo = np.stack([at * 0.05, at * 0.05 + 0.1], axis=1)
    with WavWriter(path, rate, 2) as writer:
        writer.write(stereo.astype(np.float32))
    return path


def place_of(sample: float) -> float:
    """Milliseconds in the file at which both sides together have this value."""
    return (sample - 0.1) / 0.1 * 1000


def until(true: Callable[[], object]) -> None:
    for _ in range(2000):
        if true():
            return
        time.sleep(0.005)
    raise AssertionError("it did not happen")


def ready(heard: Playback) -> None:
    """Wait for the thread that reads ahead: a good half of a second is there, or all there is."""
    stretch = heard._player.stretch
    assert stretch is not None
    until(lambda: Card.made and Card.made[-1].open)
    until(lambda: stretch.end_ms is not None or stretch._given - stretch.passed >= RATE // 2)


def take(heard: Playback, ms: int) -> np.ndarray:
    """What the device plays in the next ``ms``."""
    blocks = []
    for _ in range(ms // 10):
        stretch = heard._player.stretch
        if stretch is not None:
            until(lambda s=stretch: s.end_ms is not None or s._given - s.passed >= 2 * BLOCK)
        blocks.append(heard._player.render(BLOCK))
    return np.concatenate(blocks)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def heard(tmp_path: Path, said: list[str]) -> Iterator[Playback]:
    made = Playback(recording(tmp_path / "call.wav"), say=said.append)
    yield made
    made.close()


def test_it_plays_from_any_place_to_the_end(heard: Playback, said: list[str]) -> None:
    assert (heard.duration_ms, heard.position_ms, heard.playing) == (3000, 0, False)
    assert Card.made == []  # no device for a recording that nobody wants to hear
    heard.play(1200)
    assert (heard.position_ms, heard.playing) == (1200, True)
    ready(heard)
    sound = take(heard, 500)
    for ms in (20, 250, 499):
        assert place_of(sound[ms * 48]) == pytest.approx(1200 + ms, abs=1)
    assert (heard.position_ms, heard.playing) == (1700, True)
    sound = take(heard, 1310)
    assert place_of(sound[1290 * 48]) == pytest.approx(2990, abs=1)
    assert not sound[1307 * 48 :].any()
    assert (heard.position_ms, heard.playing) == (3000, False)
    heard.play(0)  # and once more
    ready(heard)
    assert place_of(take(heard, 100)[-1]) == pytest.approx(100, abs=1)
    assert said == []


def test_pause_and_seek_do_not_click_and_keep_their_place(heard: Playback) -> None:
    heard.play(1000)
    ready(heard)
    sound = [take(heard, 100)]
    heard.pause()
    assert (heard.position_ms, heard.playing) == (1100, False)
    sound.append(take(heard, 100))
    assert not sound[1][FADE:].any()
    assert heard.position_ms == 1100
    heard.play(heard.position_ms)
    ready(heard)
    sound.append(take(heard, 100))
    heard.play(200)  # while it plays
    assert heard.position_ms == 200
    ready(heard)
    sound.append(take(heard, 100))
    assert place_of(sound[3][-1]) == pytest.approx(290, abs=1)  # a block of it was the fade
    assert heard.position_ms == 290
    assert np.abs(np.diff(np.concatenate(sound))).max() < 0.5 / FADE


def test_the_position_is_what_is_heard_and_not_what_is_on_its_way(
    heard: Playback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Card, "latency_ms", 60)
    heard.play(2800)
    ready(heard)
    take(heard, 40)
    assert heard.position_ms == 2800
    take(heard, 100)
    assert heard.position_ms == 2880
    take(heard, 100)  # the last of it has been given to the device, but not been heard
    assert (heard.position_ms, heard.playing) == (2980, True)
    take(heard, 20)
    assert (heard.position_ms, heard.playing) == (3000, False)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(-500, 3500), st.integers(1, 30)), min_size=1, max_size=6))
def test_scrubbing_finds_its_place_every_time(
    tmp_path_factory: pytest.TempPathFactory, story: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "scrubbed.wav"
    if not path.exists():
        recording(path)
    heard = Playback(path, say=pytest.fail)
    try:
        for place, blocks in story:
            heard.play(place)
            begin = min(max(place, 0), 3000)
            assert heard.position_ms == begin
            if begin == 3000:
                assert not heard.playing
                continue
            ready(heard)
            take(heard, 20)  # the fades
            before = heard.position_ms
            sound = take(heard, 10 * blocks)
            assert heard.position_ms == min(3000, before + 10 * blocks)
            if heard.position_ms < 3000:
                assert place_of(sound[-1]) == pytest.approx(heard.position_ms, abs=1)
    finally:
        heard.close()


def test_only_a_second_of_a_long_call_is_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    real = WavReader.read

    def count(self: WavReader, start: int, frames: int) -> Any:
        read.append(frames)
        return real(self, start, frames)

    monkeypatch.setattr(WavReader, "read", count)
    heard = Playback(recording(tmp_path / "call.wav", 60_000), say=pytest.fail)
    heard.play(1000)
    stretch = heard._player.stretch
    assert stretch is not None
    until(lambda: stretch._given >= RATE)
    time.sleep(0.1)  # it reads on only when something is taken
    assert sum(read) <= 1.2 * FILE_RATE
    heard.close()


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000])
def test_other_rates(tmp_path: Path, rate: int) -> None:
    heard = Playback(recording(tmp_path / "call.wav", rate=rate), say=pytest.fail)
    heard.play(700)
    ready(heard)
    assert place_of(take(heard, 300)[-1]) == pytest.approx(1000, abs=1)
    heard.close()


def test_a_mono_recording(tmp_path: Path) -> None:
    path = tmp_path / "call.r1.wav"
    path.write_bytes(encode(np.full(FILE_RATE, 0.3, np.float32), FILE_RATE, "wav"))
    heard = Playback(path, say=pytest.fail)
    heard.play(0)
    ready(heard)
    assert take(heard, 100)[FADE * 2 :] == pytest.approx(0.3, abs=0.01)
    heard.close()


def test_loud_sides_are_bent_and_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    with WavWriter(path, FILE_RATE, 2) as writer:
        writer.write(np.full((FILE_RATE, 2), 0.9, np.float32))
    heard = Playback(path, say=pytest.fail)
    heard.play(0)
    ready(heard)
    assert 0.9 < np.abs(take(heard, 200)).max() <= 1
    heard.close()


# ------------------------------------------------------------------ files that are not whole


def test_what_a_killed_process_left_is_played(tmp_path: Path, said: list[str]) -> None:
    path = recording(tmp_path / "call.wav")
    data = bytearray(path.read_bytes())
    data[4:8], data[40:44] = struct.pack("<I", 36), struct.pack("<I", 0)
    path.write_bytes(data[: 44 + 4 * 1600 + 3])
    heard = Playback(path, say=said.append)
    assert heard.duration_ms == 100
    heard.play(20)
    ready(heard)
    sound = take(heard, 100)
    assert place_of(sound[60 * 48]) == pytest.approx(80, abs=1)
    assert (heard.position_ms, heard.playing) == (100, False)
    assert said == []
    heard.close()


def test_a_file_that_was_cut_short_is_played_as_far_as_it_goes(
    tmp_path: Path, said: list[str]
) -> None:
    path = recording(tmp_path / "call.wav")
    path.write_bytes(path.read_bytes()[: 44 + 4 * FILE_RATE])
    heard = Playback(path, say=said.append)
    assert heard.duration_ms == 1000
    assert said == [
        f"{path}: the recording is cut short: 2.0 s of the sound that it promises are not there"
    ]
    heard.close()


def test_a_recording_of_nothing(tmp_path: Path) -> None:
    heard = Playback(recording(tmp_path / "call.wav", 0), say=pytest.fail)
    heard.play(0)
    assert (heard.duration_ms, heard.position_ms, heard.playing) == (0, 0, False)
    heard.close()


def test_no_recording(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"none\.wav: the recording cannot be read: No such file"):
        Playback(tmp_path / "none.wav", say=pytest.fail)
    (tmp_path / "call.wav").write_text("{}")
    with pytest.raises(AudioError, match=r"call\.wav: expected a recording of ivrsim"):
        Playback(tmp_path / "call.wav", say=pytest.fail)


def test_a_recording_that_still_grows(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    with WavWriter(path, FILE_RATE, 2) as writer:
        writer.write(np.full((1600, 2), 0.1, np.float32))
        heard = Playback(path, say=pytest.fail)
        heard.play(0)
        ready(heard)
        take(heard, 120)
        assert (heard.position_ms, heard.playing) == (100, False)
        writer.write(np.full((1600, 2), 0.1, np.float32))
        assert heard.duration_ms == 200
        heard.play(100)
        ready(heard)
        take(heard, 120)
        assert heard.position_ms == 200
        heard.close()


def test_a_disk_that_fails_ends_it_and_is_said(
    heard: Playback, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: WavReader, start: int, frames: int) -> Any:
        raise AudioError("call.wav: the recording cannot be read: Input/output error")

    heard.play(500)
    ready(heard)
    monkeypatch.setattr(WavReader, "read", fail)
    take(heard, 2500)
    assert not heard.playing
    assert 900 < heard.position_ms < 3000
    assert said == ["call.wav: the recording cannot be read: Input/output error"]


def test_a_disk_that_is_late_makes_the_position_wait(
    heard: Playback, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, real = threading.Event(), WavReader.read

    def slow(self: WavReader, start: int, frames: int) -> Any:
        hangs.wait(10)
        return real(self, start, frames)

    monkeypatch.setattr(WavReader, "read", slow)
    heard.play(500)
    assert not heard._player.render(RATE).any()
    assert (heard.position_ms, heard.playing) == (500, True)
    hangs.set()
    ready(heard)
    assert place_of(take(heard, 100)[-1]) == pytest.approx(600, abs=1)


# ------------------------------------------------------------------ devices


def test_without_loudspeakers_the_position_moves_and_the_reason_is_said_once(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Card, "failed", "no output device found")
    monkeypatch.setattr(playback, "_IDLE_S", 0.0)
    heard = Playback(recording(tmp_path / "call.wav"), say=said.append)
    for _ in range(2):
        heard.play(100)
        ready(heard)
        take(heard, 100)
        assert heard.position_ms == 200
        heard.pause()
        take(heard, 20)
        until(lambda: not Card.made[-1].open)  # nobody listens: the device is released
    assert len(Card.made) == 2
    assert said == ["no output device found"]
    heard.close()


@pytest.mark.parametrize(
    ("speakers", "chosen", "device", "silent"),
    [
        ("auto", None, None, False),
        ("auto", "headset", "headset", False),
        ("auto", "off", None, True),
        ("3", "headset", 3, False),
        ("off", "headset", None, True),
    ],
)
def test_devices_are_chosen_as_for_a_call(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    speakers: str,
    chosen: str | None,
    device: Any,
    silent: bool,
) -> None:
    monkeypatch.setattr(handset, "_chosen", {} if chosen is None else {"speakers": chosen})
    heard = Playback(recording(tmp_path / "call.wav"), say=pytest.fail, speakers=speakers)
    heard.play(0)
    until(lambda: Card.made)
    assert (Card.made[0].wanted, Card.made[0].silent) == (device, silent)
    heard.close()


def test_closing_releases_everything_and_is_final(heard: Playback) -> None:
    heard.play(500)
    ready(heard)
    take(heard, 100)
    heard.close()
    heard.close()
    assert not heard._thread.is_alive()
    assert not Card.made[0].open
    heard.play(100)
    assert (heard.position_ms, heard.playing, heard.duration_ms) == (600, False, 3000)


def test_a_device_that_takes_its_time_to_open_keeps_nobody_waiting(
    heard: Playback, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(Card, "start", lambda self: go_on.wait(10))
    monkeypatch.setattr(playback, "_CLOSE_S", 0.01)
    before = time.monotonic()
    heard.play(500)
    until(lambda: Card.made)
    heard.pause()
    heard.close()
    assert time.monotonic() - before < 5
    go_on.set()
    heard._thread.join(10)
    assert not heard._thread.is_alive()


def test_with_a_real_output_and_no_device(tmp_path: Path, said: list[str]) -> None:
    """Time goes on by the clock, to the end of a short recording."""
    from ivrsim.sound.output import Output

    with pytest.MonkeyPatch.context() as patch, fake_devices():
        patch.setattr(playback, "Output", Output)
        heard = Playback(recording(tmp_path / "call.wav", 300), say=said.append)
        heard.play(50)
        until(lambda: not heard.playing)
        assert heard.position_ms == 300
        heard.close()
    (line,) = said
    assert "no output device" in line
