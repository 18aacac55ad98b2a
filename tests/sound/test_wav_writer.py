from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrsim.errors import AudioError
from ivrsim.sound import files, wav_writer
from ivrsim.sound.wav_reader import read_slice
from ivrsim.sound.wav_writer import WavWriter

RATE = 8000


def ramp(frames: int, channels: int = 2, first: int = 0) -> np.ndarray:
    counted = np.arange(first, first + frames, dtype=np.int16)
    return np.stack([counted + 1000 * channel for channel in range(channels)], axis=1)


def frames_of(path: Path) -> np.ndarray:
    """By the standard library, which believes the header."""
    with wave.open(str(path)) as file:
        data = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return data.reshape(-1, file.getnchannels())


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    with WavWriter(path, RATE, 2) as writer:
        writer.write(ramp(300))
        writer.write(ramp(300, first=300).astype(np.float32) / 32768)
    assert np.array_equal(frames_of(path), ramp(600))
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 2, 2)
    assert files.load(path).rate == RATE
    assert os.name == "nt" or stat.S_IMODE(path.stat().st_mode) == 0o600


def test_mono_and_what_is_too_loud(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    with WavWriter(path, RATE, 1) as writer:
        writer.write(np.array([0.5, 2.0, -2.0], np.float32))
        writer.write(np.array([[1], [2]], np.int16))
        with pytest.raises(ValueError, match="frames of 1 channels"):
            writer.write(ramp(3))
    assert frames_of(path).ravel().tolist() == [16384, 32767, -32768, 1, 2]


def test_a_recording_of_nothing_is_a_wav_file(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    writer = WavWriter(path, RATE, 2)
    assert len(frames_of(path)) == 0
    writer.close()
    writer.close()
    assert len(frames_of(path)) == 0


def test_the_header_is_right_in_every_second(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    with WavWriter(path, RATE, 2) as writer:
        for block in range(260):
            writer.write(ramp(160, first=160 * block % 8000))
            written = 160 * (block + 1)
            assert written - RATE < len(frames_of(path)) <= written
            assert len(read_slice(path, 0, 10**9)) == written


@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_a_killed_process_leaves_a_file_that_plays(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    code = """if True:
        import os, signal, sys
        from pathlib import Path
        import numpy as np
        from ivrsim.sound.wav_writer import WavWriter
        writer = WavWriter(Path(sys.argv[1]), 8000, 2)
        for block in range(125):
            writer.write(np.full((160, 2), block + 1, np.int16))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert 2 * RATE <= len(frames_of(path)) <= 2.5 * RATE
    assert files.load(path).duration_ms == pytest.approx(2500, abs=500)
    assert read_slice(path, 124 * 160, 125 * 160)[0, 0] * 32768 == 125


@given(st.integers(-5, 120), st.integers(-5, 120))
def test_slices(tmp_path_factory: pytest.TempPathFactory, start: int, end: int) -> None:
    path = tmp_path_factory.getbasetemp() / "slices.wav"
    if not path.exists():
        with WavWriter(path, RATE, 2) as writer:
            writer.write(ramp(100))
    read = read_slice(path, start, end)
    assert read.dtype == np.float32 and read.shape[1] == 2
    assert np.array_equal(read * 32768, ramp(100)[max(0, start) : max(0, end)])


@pytest.mark.skipif(sys.platform == "win32", reason="a file that is open cannot be replaced there")
def test_two_calls_to_one_file_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    first = WavWriter(path, RATE, 2)
    first.write(ramp(3 * RATE))
    with WavWriter(path, RATE, 2) as second:
        second.write(ramp(20))
        first.write(ramp(RATE))
        first.close()
        second.write(ramp(20, first=20))
    assert np.array_equal(frames_of(path), ramp(40))


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"none\.wav: the recording cannot be read: No such file"):
        read_slice(tmp_path / "none.wav", 0, 1)
    for content in (b"", b"RIFF", bytes(100)):
        (tmp_path / "other.wav").write_bytes(content)
        with pytest.raises(AudioError, match=r"other\.wav: expected a recording of ivrsim"):
            read_slice(tmp_path / "other.wav", 0, 1)


def test_a_file_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"none/call\.wav: cannot write the recording: No such"):
        WavWriter(tmp_path / "none" / "call.wav", RATE, 2)
    with pytest.raises(AudioError, match="cannot write the recording: embedded null"):
        WavWriter(Path("a\0b"), RATE, 2)


@pytest.mark.skipif(os.name == "nt", reason="no limits of file sizes")
def test_a_full_disk(tmp_path: Path) -> None:
    """The limit of the process stands for it: what fits is written, then the system says no."""
    import resource

    path = tmp_path / "call.wav"
    writer = WavWriter(path, RATE, 2)
    writer.write(ramp(1000))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (44 + 4 * 1500 + 2, limits[1]))
    try:
        with pytest.raises(AudioError) as caught:
            writer.write(ramp(1000, first=1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    line = str(caught.value)
    assert line.startswith(f"{path}: cannot write the recording any further: File too large")
    assert "\n" not in line
    assert np.array_equal(frames_of(path), ramp(1000))
    writer.close()


def test_4_gib_are_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wav_writer, "LARGEST", 44 + 4 * 100)
    path = tmp_path / "call.wav"
    writer = WavWriter(path, RATE, 2)
    writer.write(ramp(90))
    with pytest.raises(AudioError, match=r"call\.wav: the recording has reached 4 GiB"):
        writer.write(ramp(11))
    assert np.array_equal(frames_of(path), ramp(90))
    writer.close()
