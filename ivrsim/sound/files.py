"""Audio files: wav (all common codings), mp3, flac and Ogg Vorbis, as clips."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ivrsim.errors import AudioError
from ivrsim.sound.clip import Clip

if TYPE_CHECKING:
    import miniaudio

EXPECTED = "expected wav, mp3, flac or ogg"
MAX_SECONDS = 3600
"""Nothing longer is decoded: a few kilobytes can claim to be days of sound."""

_LOOKS_LIKE = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a zip archive or office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"#!AMR", "AMR audio, which is not supported"),
    (b"FORM", "AIFF audio, which is not supported"),
    (b"version https://git-lfs", "a Git LFS pointer; run: git lfs pull"),
)


def decode(data: bytes, name: str, max_bytes: int | None = None) -> Clip:
    """The sound in ``data``, mixed down to mono, at its own rate.

    ``name`` (path or URL) is used in errors only. AudioError when ``data`` is empty, larger
    than ``max_bytes``, not audio, damaged, without samples, or longer than an hour.
    """
    _check_size(data, name, max_bytes)
    kind = _kind(data)
    _check_length(data, name, kind)
    try:
        sound = _decoders()[kind][1](data)
    except _decode_error() as error:
        raise AudioError(f"{name}: {_what(data, kind)}; {EXPECTED}") from error
    samples = np.asarray(sound.samples)
    if samples.dtype == np.int16:
        samples = samples.astype(np.float32) / np.float32(32768)
    mono = samples.reshape(-1, sound.nchannels).mean(axis=1, dtype=np.float32)
    if not len(mono):
        raise AudioError(f"{name}: the {kind} file holds no sound (zero samples)")
    return Clip(mono, sound.sample_rate)


def duration_ms(data: bytes, name: str = "audio") -> int:
    """How long the sound in ``data`` lasts, from its headers (mp3: by counting its frames).

    AudioError as from ``decode``.
    """
    _check_size(data, name, None)
    kind = _kind(data)
    duration = _check_length(data, name, kind)
    if duration <= 0:
        raise AudioError(f"{name}: the {kind} file holds no sound (zero samples)")
    return max(1, round(duration * 1000))


def read(path: Path | str, max_bytes: int | None = None) -> bytes:
    """The bytes of a local audio file. AudioError: missing, a folder, unreadable, too large."""
    path = Path(path)
    try:
        if max_bytes is not None and path.stat().st_size > max_bytes:
            _check_size(path.stat().st_size, str(path), max_bytes)
        return path.read_bytes()
    except FileNotFoundError:
        raise AudioError(f"{path}: no such audio file") from None
    except IsADirectoryError:
        raise AudioError(f"{path}: is a folder; expected an audio file") from None
    except OSError as error:
        raise AudioError(f"{path}: cannot be read: {error.strerror or error}") from error


def load(path: Path | str, max_bytes: int | None = None) -> Clip:
    """``read`` and ``decode`` in one."""
    return decode(read(path, max_bytes), str(path), max_bytes)


def _check_size(data: bytes | int, name: str, max_bytes: int | None) -> None:
    size = data if isinstance(data, int) else len(data)
    if not size:
        raise AudioError(f"{name}: the file is empty; {EXPECTED}")
    if max_bytes is not None and size > max_bytes:
        raise AudioError(
            f"{name}: {size:,} bytes is more than the platform's limit of {max_bytes:,};"
            " shorten it or use mp3"
        )


def _check_length(data: bytes, name: str, kind: str) -> float:
    """Seconds by the headers."""
    try:
        seconds = float(_decoders()[kind][0](data).duration)
    except _decode_error() as error:
        raise AudioError(f"{name}: {_what(data, kind)}; {EXPECTED}") from error
    if seconds > MAX_SECONDS:
        raise AudioError(f"{name}: {seconds:,.0f} s of sound, more than {MAX_SECONDS:,} s")
    return seconds


def _kind(data: bytes) -> str:
    if data[:4] in (b"RIFF", b"RIFX", b"RF64", b"riff"):
        return "wav"
    if data[:4] == b"fLaC":
        return "flac"
    if data[:4] == b"OggS":
        return "ogg"
    return "mp3"  # has no signature of its own: the decoder looks for its frames


Info = Callable[[bytes], "miniaudio.SoundFileInfo"]
Decode = Callable[[bytes], "miniaudio.DecodedSoundFile"]


def _decoders() -> dict[str, tuple[Info, Decode]]:
    import miniaudio

    return {
        "wav": (miniaudio.wav_get_info, miniaudio.wav_read_f32),
        "mp3": (miniaudio.mp3_get_info, miniaudio.mp3_read_f32),
        "flac": (miniaudio.flac_get_info, miniaudio.flac_read_f32),
        "ogg": (miniaudio.vorbis_get_info, miniaudio.vorbis_read),
    }


def _decode_error() -> Any:
    import miniaudio

    return miniaudio.DecodeError


def _what(data: bytes, kind: str) -> str:
    """What undecodable bytes seem to be."""
    start = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    lower = start.lower()
    if lower.startswith((b"<!doctype html", b"<html")) or b"<html" in lower:
        return "not audio but an HTML page (a login or error page, perhaps)"
    if start.startswith(b"<"):
        return "not audio but XML"
    if start.startswith((b"{", b"[")):
        return "not audio but JSON"
    if data[4:8] == b"ftyp":
        return "m4a/mp4, which is not supported"
    if kind == "ogg" and b"OpusHead" in data[:512]:
        return "Ogg Opus, which is not supported"
    for signature, name in _LOOKS_LIKE:
        if data.startswith(signature):
            return name if "supported" in name else f"not audio but {name}"
    if kind != "mp3":
        return f"a damaged {kind} file, or a coding that is not supported"
    printable = all(byte >= 32 or byte in b"\t\r\n" for byte in start)
    return "not audio but text" if start and printable else "not audio, or damaged"
