"""What decodes which audio file: miniaudio what the platforms play, libsndfile the rest."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ivrsim.sound.sndfile import soundfile

if TYPE_CHECKING:
    import miniaudio

# PCM, IEEE float, A-law, µ-law, and the extensible form of these. All else that a wav may
# hold (ADPCM, GSM 06.10, mp3…) is libsndfile's.
_COMMON_WAV = (1, 3, 6, 7, 0xFFFE)

# A program that streams a wav, and does not know its length, writes a size from here on.
_UNKNOWN_SIZE = 0x7FFFF000


class Undecodable(Exception):
    """Not a file of the kind that it seems to be, or damaged."""


@dataclass(frozen=True, slots=True)
class Headers:
    """What the headers of a file promise."""

    frames: int
    channels: int
    rate: int

    @property
    def seconds(self) -> float:
        return self.frames / self.rate


def kind(data: bytes) -> str:
    """``wav``, ``flac``, ``ogg``, or ``mp3`` when it is none of them.

    mp3 has no signature of its own: the decoder looks for its frames.
    """
    if data[:4] in (b"RIFF", b"RIFX", b"RF64", b"riff"):
        return "wav"
    return {b"fLaC": "flac", b"OggS": "ogg"}.get(data[:4], "mp3")


def headers(data: bytes, kind: str, name: str) -> Headers:
    """Raises Undecodable; AudioError when libsndfile is needed and does not load."""
    if _is_rare(data, kind):
        with _sound_file(data, kind, name) as file:
            return Headers(file.frames, file.channels, file.samplerate)
    with _miniaudio_errors():
        info = _miniaudio(kind)[0](data)
    return Headers(info.num_frames, info.nchannels, info.sample_rate)


def samples(data: bytes, kind: str, name: str) -> NDArray[np.float32]:
    """All of the sound, shape (n, channels), ±1. Raises as ``headers`` does."""
    if _is_rare(data, kind):
        with _sound_file(data, kind, name) as file:
            read: NDArray[np.float32] = file.read(file.frames, "float32", True)
            return read
    with _miniaudio_errors():
        sound = _miniaudio(kind)[1](data)
    return np.asarray(sound.samples, np.float32).reshape(-1, sound.nchannels)


def missing_part(wav: bytes) -> float:
    """How much of the sound that a wav file promises is not there, as a part of what is."""
    for chunk, start, size in _chunks(wav):
        if chunk == b"data" and size < _UNKNOWN_SIZE:
            there = max(1, len(wav) - start)
            return max(0.0, size / there - 1)
    return 0.0


def _is_rare(data: bytes, kind: str) -> bool:
    if kind != "wav":
        return kind == "ogg"  # miniaudio has no Opus, and mixes up Vorbis of many channels
    fmt = next((start for chunk, start, size in _chunks(data) if chunk == b"fmt "), len(data))
    coding = int.from_bytes(data[fmt : fmt + 2], "little")
    return len(data) > fmt + 2 and coding not in _COMMON_WAV


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and size of the chunks of a RIFF file. (Not of RIFX and RF64: rare.)"""
    position = 12
    while data[:4] == b"RIFF" and position + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, position)
        if not name.strip(b"\0"):
            return  # not a chunk: do not walk through megabytes of zeros
        yield name, position + 8, size
        position += 8 + size + size % 2


Info = Callable[[bytes], "miniaudio.SoundFileInfo"]
Decode = Callable[[bytes], "miniaudio.DecodedSoundFile"]


def _miniaudio(kind: str) -> tuple[Info, Decode]:
    import miniaudio

    return {
        "wav": (miniaudio.wav_get_info, miniaudio.wav_read_f32),
        "mp3": (miniaudio.mp3_get_info, miniaudio.mp3_read_f32),
        "flac": (miniaudio.flac_get_info, miniaudio.flac_read_f32),
    }[kind]


@contextmanager
def _miniaudio_errors() -> Iterator[None]:
    import miniaudio

    try:
        yield
    except miniaudio.MiniaudioError as error:  # DecodeError, and sample widths it does not know
        raise Undecodable(str(error)) from error


@contextmanager
def _sound_file(data: bytes, kind: str, name: str) -> Iterator[Any]:
    coding = "ogg" if kind == "ogg" else "this coding of wav"
    library = soundfile(f"{name}: {coding}")
    try:
        with library.SoundFile(BytesIO(data)) as file:
            yield file
    except library.LibsndfileError as error:
        raise Undecodable(str(error)) from error
