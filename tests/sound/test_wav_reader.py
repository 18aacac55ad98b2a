"""Recordings are read as far as they are there, whatever became of the process that wrote them."""

from __future__ import annotations

import os
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrsim.errors import AudioError
from ivrsim.sound.encode import encode
from ivrsim.sound.wav_reader import WavReader
from ivrsim.sound.wav_writer import WavWriter

RATE = 16_000


def ramp(frames: int, channels: int = 2) -> np.ndarray:
    counted = np.arange(frames, dtype=np.int16)
    return np.stack([counted + 100 * channel for channel in range(channels)], axis=1)


def written(path: Path, frames: int = 1000) -> bytes:
    with WavWriter(path, RATE, 2) as writer:
        writer.write(ramp(frames))
    return path.read_bytes()


def test_what_was_written_is_read_piece_by_piece(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    written(path)
    with WavReader(path) as reader:
        assert (reader.rate, reader.channels, reader.frames, reader.missing_ms) == (
            RATE,
            2,
            1000,
            0,
        )
        pieces = [reader.read(first, 300) for first in range(0, 1500, 300)]
        assert np.array_equal(np.concatenate(pieces), ramp(1000))
        assert np.array_equal(reader.read(10, 2), ramp(12)[10:])  # and back again
        assert len(reader.read(-5, -1)) == 0
    assert reader.frames == 1000


def test_a_recording_that_grows(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    with WavWriter(path, RATE, 2) as writer:
        writer.write(ramp(20))
        with WavReader(path) as reader:
            assert reader.frames == 20
            writer.write(ramp(30))
            assert reader.frames == 50
            assert np.array_equal(reader.read(20, 99), ramp(30))


@pytest.mark.parametrize("format_of", [1, 0xFFFE])
@pytest.mark.parametrize("channels", [1, 2])
def test_what_other_programs_write(tmp_path: Path, format_of: int, channels: int) -> None:
    """With other chunks before and after the sound: they are not heard."""
    path = tmp_path / "other.wav"
    fmt = struct.pack("<HHIIHH", format_of, channels, 8000, 16000 * channels, 2 * channels, 16)
    fmt += b"\0" * (24 if format_of != 1 else 0)
    sound = ramp(50, channels).tobytes()
    body = b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for name, data in [(b"LIST", b"abc"), (b"fmt ", fmt), (b"data", sound), (b"id3 ", b"xyzzy")]
    )
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body)
    with WavReader(path) as reader:
        assert (reader.rate, reader.frames) == (8000, 50)
        assert np.array_equal(reader.read(0, 99), ramp(50, channels))


def test_recordings_of_an_application(tmp_path: Path) -> None:
    path = tmp_path / "call.r1.wav"
    path.write_bytes(encode(ramp(400, 1), RATE, "wav"))
    with WavReader(path) as reader:
        assert np.array_equal(reader.read(0, 400), ramp(400, 1))


@given(stale=st.integers(0, 1000), lost=st.integers(0, 3))
def test_a_header_from_before_the_process_was_killed(
    tmp_path_factory: pytest.TempPathFactory, stale: int, lost: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "killed.wav"
    data = bytearray(written(path))
    data[4:8] = struct.pack("<I", 36 + 4 * stale)
    data[40:44] = struct.pack("<I", 4 * stale)
    path.write_bytes(data[: len(data) - lost])
    with WavReader(path) as reader:
        assert reader.frames == 1000 - bool(lost)
        assert reader.missing_ms == 0
        assert np.array_equal(reader.read(0, 2000), ramp(1000)[: reader.frames])


def test_a_stream_of_unknown_length_and_a_file_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    data = bytearray(written(path, 16_000))
    path.write_bytes(data[: 44 + 4 * 4000])
    with WavReader(path) as reader:
        assert (reader.frames, reader.missing_ms) == (4000, 750)
    data[4:8] = data[40:44] = b"\xff" * 4
    path.write_bytes(data)
    with WavReader(path) as reader:
        assert (reader.frames, reader.missing_ms) == (16_000, 0)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "no wav file"),
        (b"RIFF", "no wav file"),
        (b"ID3\x04" + bytes(99), "no wav file"),
        (b"RIFF\x24\0\0\0WAVE", "a wav file without sound"),
        (b"RIFF\x24\0\0\0WAVE" + bytes(50), "a wav file without sound"),
        (b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0", "a wav file without sound"),
        (b"RIFF\x24\0\0\0WAVEdata\x10\0\0\0" + bytes(16), "a wav file without sound"),
        (b"RIFF\x24\0\0\0WAVE" + b"junk\0\0\0\0" * 500, "a wav file without sound"),
    ],
)
def test_what_is_no_recording(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "other.wav"
    path.write_bytes(content)
    with pytest.raises(
        AudioError, match=r"other\.wav: expected a recording of ivrsim .*"
    ) as caught:
        WavReader(path)
    assert found in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("at", "value", "found"),
    [
        (20, struct.pack("<H", 3), "coding 3 with 16 bit"),
        (34, struct.pack("<H", 24), "coding 1 with 24 bit"),
        (22, struct.pack("<H", 0), "a damaged one: 0 channels at 16000 Hz, 4 bytes a frame"),
        (24, struct.pack("<I", 0), "a damaged one: 2 channels at 0 Hz"),
        (32, struct.pack("<H", 0), "2 channels at 16000 Hz, 0 bytes a frame"),
    ],
)
def test_a_damaged_header(tmp_path: Path, at: int, value: bytes, found: str) -> None:
    path = tmp_path / "call.wav"
    data = bytearray(written(path))
    data[at : at + len(value)] = value
    path.write_bytes(data)
    with pytest.raises(AudioError) as caught:
        WavReader(path)
    assert found in str(caught.value)


@given(st.binary(max_size=120), st.integers(0, 60))
def test_rubbish_is_an_error_or_sound(
    tmp_path_factory: pytest.TempPathFactory, rubbish: bytes, keep: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    path = folder / "rubbish.wav"
    path.write_bytes(written(folder / "whole.wav", 10)[:keep] + rubbish)
    try:
        reader = WavReader(path)
    except AudioError:
        return
    with reader:
        assert len(reader.read(0, 1000)) == min(reader.frames, 1000)


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"none\.wav: the recording cannot be read: No such file"):
        WavReader(tmp_path / "none.wav")
    with pytest.raises(AudioError, match="found something that is no file"):
        WavReader(tmp_path)
    with pytest.raises(AudioError, match="the recording cannot be read: embedded null"):
        WavReader(Path("a\0b"))


@pytest.mark.skipif(os.name == "nt", reason="no pipes in the file system")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "call.wav")
    with pytest.raises(AudioError, match="found something that is no file"):
        WavReader(tmp_path / "call.wav")


def test_the_standard_library_reads_what_we_write(tmp_path: Path) -> None:
    written(tmp_path / "call.wav")
    with wave.open(str(tmp_path / "call.wav")) as file:
        assert file.getnframes() == 1000
