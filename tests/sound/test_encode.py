from __future__ import annotations

import sys
import wave
from io import BytesIO

import numpy as np
import pytest

from ivrsim.errors import AudioError
from ivrsim.sound import files
from ivrsim.sound.encode import encode


def tones(rate: int, hz: tuple[float, ...], seconds: float = 1.0) -> np.ndarray:
    turns = 2 * np.pi * np.arange(round(rate * seconds)) / rate
    return np.stack([0.5 * np.sin(f * turns) for f in hz], axis=1).astype(np.float32)


def loudest_hz(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate / len(samples))


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("format", ["wav", "mp3", "ogg"])
def test_left_stays_left_and_right_stays_right(format: str, rate: int) -> None:
    data = encode(tones(rate, (440, 1000)), rate, format)
    samples, decoded_rate = files.decode_channels(data, f"a.{format}")
    assert decoded_rate == rate
    assert samples.shape[1] == 2
    assert 0 <= len(samples) - rate <= 3 * 1152  # mp3: whole frames, and its delay
    inner = samples[rate // 4 : rate // 4 + rate // 2]
    for channel, hz in enumerate((440, 1000)):
        assert loudest_hz(inner[:, channel], rate) == pytest.approx(hz, abs=3)
        assert np.abs(inner[:, channel]).max() == pytest.approx(0.5, abs=0.06)


def test_wav_is_16_bit_pcm_sample_by_sample() -> None:
    pcm = np.array([[0, 1], [-1, 32767], [-32768, 5]], np.int16)
    for samples in (pcm, pcm.astype(np.float32) / 32768):
        with wave.open(BytesIO(encode(samples, 16000, "wav"))) as file:
            assert file.getparams()[:4] == (2, 2, 16000, 3)
            assert file.readframes(3) == pcm.tobytes()


def test_32_channels_are_for_wav_alone() -> None:
    samples = np.zeros((100, 32), np.float32)
    assert files.decode_channels(encode(samples, 16000, "wav"), "a")[0].shape == (100, 32)
    with pytest.raises(AudioError, match=r"mp3 holds one or two channels .* not 32 at 16000 Hz"):
        encode(samples, 16000, "mp3")


def test_mp3_as_vonage_records_it() -> None:
    """Constant 32 kbit/s at 16 kHz."""
    samples = np.random.default_rng(3).normal(0, 0.1, 16000 * 10).astype(np.float32)
    assert len(encode(samples, 16000, "mp3")) * 8 / 10 == pytest.approx(32_000, rel=0.02)
    silence = np.zeros(16000 * 10, np.float32)
    assert len(encode(silence, 16000, "mp3")) * 8 / 10 == pytest.approx(32_000, rel=0.02)


def test_rates_that_mp3_does_not_have() -> None:
    with pytest.raises(AudioError, match=r"not 1 at 10000 Hz; use wav"):
        encode(np.zeros(100, np.float32), 10000, "mp3")


@pytest.mark.parametrize("format", ["wav", "mp3", "ogg"])
def test_a_recording_of_nothing_is_a_file(format: str) -> None:
    data = encode(np.zeros((0, 2), np.float32), 16000, format)
    if format == "wav":
        assert len(data) == 44
    else:
        assert files.duration_ms(data) < 200


def test_wav_needs_no_libsndfile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    assert len(encode(np.zeros(100, np.float32), 8000, "wav")) == 244
    with pytest.raises(AudioError) as caught:
        encode(np.zeros(100, np.float32), 8000, "ogg")
    line = str(caught.value)
    assert line.startswith("encoding ogg needs libsndfile: ")
    assert line.endswith("; pip install soundfile")
    assert "\n" not in line
