from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrsim.errors import AudioError
from ivrsim.sound import files

SOUNDS = Path(__file__).parents[2] / "sounds"


def wav(data: bytes, tag: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16) -> bytes:
    frame = channels * bits // 8
    fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * frame, frame, bits)
    chunks = b"fmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def test_wav_16_bit() -> None:
    clip = files.decode(wav(np.array([0, 16384, -32768], "<i2").tobytes()), "a.wav")
    assert clip.rate == 8000
    assert clip.samples.tolist() == [0, 0.5, -1]


def test_stereo_is_mixed_down() -> None:
    data = np.array([[16384, 0], [0, -16384]], "<i2").tobytes()
    assert files.decode(wav(data, channels=2), "a").samples.tolist() == [0.25, -0.25]


@pytest.mark.parametrize(
    ("tag", "bits", "data"),
    [
        (1, 8, bytes([128, 192])),
        (1, 24, b"\0\0\0\0\0\x40"),
        (1, 32, struct.pack("<ii", 0, 2**30)),
        (3, 32, struct.pack("<ff", 0, 0.5)),
        (7, 8, bytes([0xFF, 0x8F])),
        (6, 8, bytes([0xD5, 0xA5])),
    ],
    ids=["8", "24", "32", "float", "mu-law", "A-law"],
)
def test_codings_of_wav(tag: int, bits: int, data: bytes) -> None:
    samples = files.decode(wav(data, tag=tag, bits=bits), "a").samples
    assert samples == pytest.approx([0, 0.5], abs=0.02)


def test_numbers_that_are_none_become_silence() -> None:
    clip = files.decode(wav(struct.pack("<ff", float("nan"), float("inf")), tag=3, bits=32), "a")
    assert clip.samples.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html><body>404", "HTML page"),
        (b"\n  <html lang=en>", "HTML page"),
        (b'{"error": "not found"}', "JSON"),
        (b"<?xml version='1.0'?><Error/>", "XML"),
        (b"Not found", "text"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\0\0\0\x20ftypM4A ", "m4a"),
        (b"OggS" + bytes(24) + b"OpusHead", "Opus"),
        (bytes(1000), "not audio, or damaged"),
        (wav(b"")[:30], "damaged wav"),
        (wav(b""), "zero samples"),
        (b"fLaC" + bytes(100), "damaged flac"),
        (wav(bytes(7300 * 8), rate=2, bits=8), "more than 3,600 s"),
    ],
)
def test_what_is_not_audio_says_what_it_is(data: bytes, said: str) -> None:
    with pytest.raises(AudioError) as caught:
        files.decode(data, "https://example.org/hello.mp3")
    line = str(caught.value)
    assert line.startswith("https://example.org/hello.mp3: ")
    assert said in line
    assert "\n" not in line
    with pytest.raises(AudioError, match=r"^audio: "):
        files.duration_ms(data)


def test_too_large() -> None:
    with pytest.raises(AudioError, match=r"1,044 bytes is more than the platform's limit of 1,000"):
        files.decode(wav(bytes(1000)), "a.wav", max_bytes=1000)


def test_reading(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no such audio file"):
        files.load(tmp_path / "none.wav")
    with pytest.raises(AudioError, match="is a folder"):
        files.load(tmp_path)
    (tmp_path / "big.wav").write_bytes(bytes(20))
    with pytest.raises(AudioError, match="more than the platform's limit of 10"):
        files.read(tmp_path / "big.wav", max_bytes=10)


@given(st.one_of(st.binary(max_size=300), st.binary(max_size=200).map(lambda end: wav(end)[:60])))
def test_any_bytes_are_a_clip_or_an_audio_error(data: bytes) -> None:
    try:
        clip = files.decode(data, "any")
    except AudioError as error:
        message = str(error)
    else:
        assert len(clip.samples) > 0
        return
    assert message.startswith("any: ")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "rate", "seconds"),
    [
        ("welcome.mp3", 16000, (5, 8)),
        ("opening-hours.wav", 16000, (4, 7)),
        ("thanks.wav", 16000, (1.5, 4)),
        ("hold.wav", 8000, (12, 12)),
    ],
)
def test_the_sample_sounds(name: str, rate: int, seconds: tuple[float, float]) -> None:
    clip = files.load(SOUNDS / name)
    assert clip.rate == rate
    assert seconds[0] * 1000 <= clip.duration_ms <= seconds[1] * 1000
    assert 0.1 < np.abs(clip.samples).max() <= 1.0
    assert files.duration_ms(files.read(SOUNDS / name)) == pytest.approx(clip.duration_ms, abs=1)


def test_the_hold_music_loops_without_a_click() -> None:
    samples = files.load(SOUNDS / "hold.wav").samples
    assert abs(samples[0] - samples[-1]) <= np.abs(np.diff(samples)).max()


def test_the_sample_sounds_are_small() -> None:
    assert sum(path.stat().st_size for path in SOUNDS.iterdir() if path.is_file()) < 500_000
