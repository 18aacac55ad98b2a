"""The recording of a call in real time, also of one that begins in the middle of another."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivrsim.errors import AudioError
from ivrsim.sound import recorder
from ivrsim.sound.recorder import RATE, Recorder
from ivrsim.sound.wav_reader import WavReader, read_slice
from ivrsim.sound.wav_writer import WavWriter

LINE_RATE = 48_000
FADE = RATE // 200


def parent(path: Path, ms: int, rate: int = RATE, channels: int = 2) -> np.ndarray:
    noise = np.random.default_rng(1).integers(-9000, 9000, (ms * rate // 1000, channels))
    with WavWriter(path, rate, channels) as writer:
        writer.write(noise.astype(np.int16))
    return noise.astype(np.int16)


def whole(path: Path) -> np.ndarray:
    with WavReader(path) as reader:
        return reader.read(0, reader.frames)


def take(kept: Recorder, ms: int, value: float) -> None:
    block = np.full(LINE_RATE * ms // 1000, value, np.float32)
    kept.take(block, -block)


@pytest.mark.parametrize("piece", [recorder._PIECE, 700])
def test_a_branch_begins_with_what_was_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(recorder, "_PIECE", piece)
    before = parent(tmp_path / "parent.wav", 900)
    said: list[str] = []
    kept = Recorder(tmp_path / "branch.wav")
    kept.begin(523, tmp_path / "parent.wav", said.append)
    take(kept, 300, 0.25)
    over_both = kept.read(500, 600)
    kept.close()
    seam = 523 * RATE // 1000
    found = whole(tmp_path / "branch.wav")
    assert np.array_equal(found[: seam - FADE], before[: seam - FADE])
    assert abs(found[seam - 1]).max() < 500  # faded: no click where the two meet
    assert found[seam + 100 :, 0] / 32768 == pytest.approx(0.25, abs=0.001)
    assert found[seam + 100 :, 1] / 32768 == pytest.approx(-0.25, abs=0.001)
    assert len(found) == pytest.approx(823 * RATE // 1000, abs=20)
    assert np.array_equal(over_both, found[500 * 16 : 600 * 16] / np.float32(32768))
    assert said == []
    assert kept.trouble is None


@pytest.mark.parametrize("ms", [0, 300])
def test_where_the_other_recording_has_no_more_there_is_silence(tmp_path: Path, ms: int) -> None:
    before = parent(tmp_path / "parent.wav", ms)
    said: list[str] = []
    kept = Recorder(tmp_path / "branch.wav")
    kept.begin(1000, tmp_path / "parent.wav", said.append)
    take(kept, 100, 0.25)
    kept.close()
    found = whole(tmp_path / "branch.wav")
    end = max(0, ms * 16 - FADE)
    assert np.array_equal(found[:end], before[:end])
    assert not found[ms * 16 : 16_000].any()
    assert found[16_100, 0] == pytest.approx(8192, abs=30)
    assert said == []


def test_a_branch_of_a_call_without_a_recording(tmp_path: Path) -> None:
    kept = Recorder(tmp_path / "branch.wav")
    kept.begin(500, None, pytest.fail)
    take(kept, 100, 0.25)
    kept.close()
    found = whole(tmp_path / "branch.wav")
    assert not found[:8000].any()
    assert found[8100, 0] == pytest.approx(8192, abs=30)


def test_what_cannot_be_taken_is_said_and_is_silence(tmp_path: Path) -> None:
    parent(tmp_path / "mono.wav", 100, channels=1)
    parent(tmp_path / "narrow.wav", 100, rate=8000)
    (tmp_path / "rubbish.wav").write_bytes(b"\0" * 99)
    for name, why in [
        ("none.wav", "the recording cannot be read: No such file or directory"),
        ("rubbish.wav", "expected a recording of ivrsim (16-bit wav), found no wav file"),
        ("mono.wav", "expected the recording of a call (2 channels at 16000 Hz), found 1 at 16000"),
        ("narrow.wav", "(2 channels at 16000 Hz), found 2 at 8000 Hz"),
    ]:
        said: list[str] = []
        kept = Recorder(tmp_path / "branch.wav")
        kept.begin(50, tmp_path / name, said.append)
        take(kept, 50, 0.25)
        kept.close()
        (line,) = said
        assert line.startswith(f"{tmp_path / name}: ") and why in line
        assert line.endswith("what was heard before is missing in the recording of this call")
        assert not whole(tmp_path / "branch.wav")[:800].any()
        assert kept.trouble is None


def test_a_recording_that_takes_long_to_copy_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as it gets on: a disk that is slow is not one that hangs."""
    before = parent(tmp_path / "parent.wav", 1000)
    monkeypatch.setattr(recorder, "_PIECE", 1600)
    monkeypatch.setattr(recorder, "_WAIT_S", 0.05)
    write, slowly = WavWriter.write, threading.Event()

    def slow(self: WavWriter, samples: Any) -> None:
        slowly.wait(0.02)
        write(self, samples)

    monkeypatch.setattr(WavWriter, "write", slow)
    kept = Recorder(tmp_path / "branch.wav")
    kept.begin(1000, tmp_path / "parent.wav", pytest.fail)
    take(kept, 20, 0.25)
    assert len(kept.read(0, 1010)) == 16_160
    kept.close()
    assert kept.trouble is None
    assert np.array_equal(whole(tmp_path / "branch.wav")[:15_900], before[:15_900])


def test_a_disk_that_hangs_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs = threading.Event()
    monkeypatch.setattr(recorder, "_WAIT_S", 0.02)
    monkeypatch.setattr(WavWriter, "write", lambda self, samples: hangs.wait(10))
    kept = Recorder(tmp_path / "branch.wav")
    kept.begin(1000, None, pytest.fail)
    with pytest.raises(AudioError, match="the disk does not keep up"):
        kept.read(0, 10)
    kept.close()
    assert kept.trouble is not None and "its end may be missing" in kept.trouble
    hangs.set()
    kept._thread.join(10)


def test_a_disk_that_is_full_while_it_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent(tmp_path / "parent.wav", 100)

    def full(self: WavWriter, samples: Any) -> None:
        raise AudioError("branch.wav: cannot write the recording any further: disk full")

    monkeypatch.setattr(WavWriter, "write", full)
    kept = Recorder(tmp_path / "branch.wav")
    kept.begin(100, tmp_path / "parent.wav", pytest.fail)
    take(kept, 20, 0.25)
    kept.close()
    assert kept.trouble == "branch.wav: cannot write the recording any further: disk full"


def test_a_slice_is_in_step_with_what_was_taken(tmp_path: Path) -> None:
    kept = Recorder(tmp_path / "call.wav")
    take(kept, 100, 0.1)
    take(kept, 100, 0.3)
    read = kept.read(50, 150)
    kept.close()
    assert np.array_equal(read, read_slice(tmp_path / "call.wav", 800, 2400))
    assert read[[300, 1300], 0] == pytest.approx([0.1, 0.3], abs=0.001)
