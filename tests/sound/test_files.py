from __future__ import annotations

import struct
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ivrsim.errors import AudioError
from ivrsim.sound import files

SOUNDS = Path(__file__).parents[2] / "sounds"


def wav(data: bytes, tag: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16) -> bytes:
    frame = channels * bits // 8
    fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * frame, frame, bits)
    chunks = b"fmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def written(samples: np.ndarray, rate: int, format: str, subtype: str) -> bytes:
    """The sound as libsndfile writes it."""
    out = BytesIO()
    soundfile.write(out, samples, rate, format=format, subtype=subtype)
    return out.getvalue()


def sines(rate: int, hz: tuple[float, ...]) -> np.ndarray:
    turns = 2 * np.pi * np.arange(rate) / rate
    return np.stack([0.5 * np.sin(f * turns) for f in hz], axis=1).astype(np.float32)


def claiming(frames: int, channels: int) -> bytes:
    """A flac file of a few bytes whose header speaks of much more sound."""
    data = bytearray(written(np.zeros((1000, channels)), 48000, "FLAC", "PCM_16"))
    data[22:26] = frames.to_bytes(4, "big")
    return bytes(data)


def test_wav_16_bit() -> None:
    clip = files.decode(wav(np.array([0, 16384, -32768], "<i2").tobytes()), "a.wav")
    assert clip.rate == 8000
    assert clip.samples.tolist() == [0, 0.5, -1]


def test_stereo_is_mixed_down_or_not() -> None:
    data = wav(np.array([[16384, 0], [0, -16384]], "<i2").tobytes(), channels=2)
    assert files.decode(data, "a").samples.tolist() == [0.25, -0.25]
    samples, rate = files.decode_channels(data, "a")
    assert (samples.dtype, rate) == (np.float32, 8000)
    assert samples.tolist() == [[0.5, 0], [0, -0.5]]


@pytest.mark.parametrize(
    ("tag", "bits", "data"),
    [
        (1, 8, bytes([128, 192])),
        (1, 24, b"\0\0\0\0\0\x40"),
        (1, 32, struct.pack("<ii", 0, 2**30)),
        (3, 32, struct.pack("<ff", 0, 0.5)),
        (3, 64, struct.pack("<dd", 0, 0.5)),
        (7, 8, bytes([0xFF, 0x8F])),
        (6, 8, bytes([0xD5, 0xA5])),
    ],
    ids=["8", "24", "32", "float", "double", "mu-law", "A-law"],
)
def test_codings_of_wav(tag: int, bits: int, data: bytes) -> None:
    samples = files.decode(wav(data, tag=tag, bits=bits), "a").samples
    assert samples == pytest.approx([0, 0.5], abs=0.02)


LOSSY_DB = {"PCM_U8": 40, "PCM_S8": 40, "ULAW": 30, "ALAW": 30, "MS_ADPCM": 25, "IMA_ADPCM": 20,
            "GSM610": 15, "VORBIS": 15, "OPUS": 8, "MPEG_LAYER_III": 20}  # fmt: skip


def is_written(format: str, subtype: str, rate: int, channels: int) -> bool:
    return not (
        (subtype in ("GSM610", "MPEG_LAYER_III", "MS_ADPCM", "IMA_ADPCM") and channels > 2)
        or (subtype == "GSM610" and (channels, rate) != (1, 8000))
        or (subtype == "OPUS" and rate == 44100)
    )


CODINGS = [
    *(("WAV", subtype) for subtype in (
        "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW",
        "MS_ADPCM", "IMA_ADPCM", "GSM610",
    )),
    *(("WAVEX", subtype) for subtype in ("PCM_16", "PCM_24", "FLOAT", "ULAW", "ALAW")),
    ("RF64", "PCM_16"),
    *(("FLAC", subtype) for subtype in ("PCM_S8", "PCM_16", "PCM_24")),
    *(("OGG", subtype) for subtype in ("VORBIS", "OPUS")),
    ("MP3", "MPEG_LAYER_III"),
]  # fmt: skip
FILES = [
    (*coding, rate, channels)
    for coding in CODINGS for rate in (8000, 16000, 44100) for channels in (1, 2, 4)
    if is_written(*coding, rate, channels)
]  # fmt: skip


@pytest.mark.parametrize(("format", "subtype", "rate", "channels"), FILES)
def test_every_coding_rate_and_number_of_channels(
    format: str, subtype: str, rate: int, channels: int
) -> None:
    wanted = sines(rate, (440, 700, 1000, 300)[:channels])
    data = written(wanted, rate, format, subtype)
    samples, decoded_rate = files.decode_channels(data, "a")
    assert decoded_rate == rate
    assert samples.shape[1] == channels
    length_ms = len(samples) * 1000 / decoded_rate
    assert length_ms == pytest.approx(1000, abs=250 if format == "MP3" else 45)
    assert files.duration_ms(data) == pytest.approx(length_ms, abs=1)
    for channel in range(channels):
        sine, rest = parts(samples[:, channel], (440, 700, 1000, 300)[channel],
                           decoded_rate)  # fmt: skip
        assert sine == pytest.approx(0.5, abs=0.08)
        assert 20 * np.log10(sine / rest) > LOSSY_DB.get(subtype, 80)


def parts(samples: np.ndarray, hz: float, rate: int) -> tuple[float, float]:
    """Peak of the sine, and what else there is, in the middle of the sound."""
    inner = samples[len(samples) // 4 : -len(samples) // 4].astype(float)
    turns = 2 * np.pi * hz * np.arange(len(inner)) / rate
    waves = np.stack([np.sin(turns), np.cos(turns)], 1)
    weights = np.linalg.lstsq(waves, inner, rcond=None)[0]
    rest = inner - waves @ weights
    return float(np.hypot(*weights)), float(np.sqrt(2 * np.mean(rest**2)) + 1e-9)


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
        (b"OggS" + bytes(24) + b"OpusHead", "damaged ogg"),
        (bytes(1000), "not audio, or damaged"),
        (wav(b"")[:30], "damaged wav"),
        (wav(b""), "zero samples"),
        (wav(bytes(1000), tag=0x31, bits=0), "damaged wav"),
        (b"fLaC" + bytes(100), "damaged flac"),
        (
            wav(bytes(7300 * 8), rate=2, bits=8),
            "29,200 s of sound in 1 channels, more than",
        ),
        (wav(bytes(100), rate=999), "a sampling rate of 999 Hz; expected 1,000 to 384,000"),
        (written(np.zeros(9), 655_350, "FLAC", "PCM_16"), "a sampling rate of 655,350 Hz"),
        (claiming(frames=48000 * 1800, channels=8), "1,800 s of sound in 8 channels"),
    ],
    ids=range(18),
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


@pytest.mark.parametrize("size", [0, 0x7FFFF000, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_streamed_wav_does_not_know_its_length(size: int) -> None:
    """What programs write that send a wav while they make it; its end is the end of the file."""
    data = bytearray(wav(np.full(500, 16384, "<i2").tobytes()))
    data[40:44] = struct.pack("<I", size)
    if size:
        assert files.decode(bytes(data), "a").samples.tolist() == [0.5] * 500
    else:
        with pytest.raises(AudioError, match="zero samples"):
            files.decode(bytes(data), "a")


@pytest.mark.parametrize("format", ["WAV", "FLAC"])
def test_a_file_that_is_cut_short(format: str) -> None:
    noise = np.random.default_rng(5).normal(0, 0.1, 16000)
    data = written(noise, 16000, format, "PCM_16")
    with pytest.raises(AudioError, match=r"^a: the \w+ file is cut short: 0\.[2-7] s of the sound"):
        files.decode(data[: len(data) // 2], "a")


def test_a_header_may_be_a_little_wrong() -> None:
    data = wav(bytes(16000))[:-100]
    assert len(files.decode(data, "a").samples) == 7950


def test_an_ogg_file_that_is_cut_short() -> None:
    data = written(np.random.default_rng(5).normal(0, 0.1, 16000), 16000, "OGG", "VORBIS")
    with pytest.raises(AudioError, match=r"^a: the ogg file holds no sound .*cut short"):
        files.decode(data[: len(data) // 2], "a")


def test_an_mp3_that_is_cut_short_plays_what_there_is() -> None:
    data = written(np.random.default_rng(5).normal(0, 0.1, 48000), 16000, "MP3", "MPEG_LAYER_III")
    assert files.decode(data[: len(data) // 2], "a").duration_ms == pytest.approx(1500, abs=250)


def test_rare_codings_without_libsndfile(monkeypatch: pytest.MonkeyPatch) -> None:
    data = written(sines(48000, (440,)), 48000, "OGG", "OPUS")
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(AudioError, match=r"^a\.ogg: ogg needs libsndfile: .*pip install"):
        files.decode(data, "a.ogg")
    assert files.load(SOUNDS / "welcome.mp3").rate == 16000


def test_reading(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="no such audio file"):
        files.load(tmp_path / "none.wav")
    with pytest.raises(AudioError, match="is a folder"):
        files.load(tmp_path)
    (tmp_path / "big.wav").write_bytes(bytes(20))
    with pytest.raises(AudioError, match="more than the platform's limit of 10"):
        files.read(tmp_path / "big.wav", max_bytes=10)


WHOLE = [
    written(sines(8000, (440,))[:800], 8000, *coding)
    for coding in [
        ("WAV", "PCM_16"), ("WAV", "GSM610"), ("WAV", "IMA_ADPCM"), ("WAVEX", "FLOAT"),
        ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"),
    ]
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A real file with some bytes changed, or cut off anywhere."""
    data = bytearray(draw(st.sampled_from(WHOLE)))
    reach = draw(st.sampled_from([64, len(data)]))  # most often in the headers
    for _ in range(draw(st.integers(0, 4))):
        data[draw(st.integers(0, min(reach, len(data)) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(1, len(data)))])


_OF_40_BITS = b"RIFF\0\0\0\0WAVEfmt \0\0\0\0\1\0\0\1\0\0\1" + b"\0" * 6 + b"\1(\0data\0\0\0\0"


@settings(max_examples=300, deadline=None)
@example(_OF_40_BITS)
@given(st.one_of(st.binary(max_size=300), damaged()))
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
