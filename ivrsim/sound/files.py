"""Audio files: wav, mp3, flac and ogg (Vorbis, Opus), as clips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ivrsim.errors import AudioError
from ivrsim.sound import decoders
from ivrsim.sound.clip import Clip
from ivrsim.sound.decoders import Headers, Undecodable

EXPECTED = "expected wav, mp3, flac or ogg"
MAX_SECONDS = 3600
"""Nothing longer is decoded: a few kilobytes can claim to be days of sound."""

_MAX_SAMPLES = 2 * 48_000 * MAX_SECONDS  # of all channels together
_RATES = range(1000, 384_001)
_TOLERANCE_S = 0.1  # of sound that is promised and not there; programs count differently

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
    than ``max_bytes``, not audio, damaged, cut short, without samples, or too long.
    """
    samples, rate = decode_channels(data, name, max_bytes)
    return Clip(samples.mean(axis=1, dtype=np.float32), rate)


def decode_channels(
    data: bytes, name: str, max_bytes: int | None = None
) -> tuple[NDArray[np.float32], int]:
    """As ``decode``, but all channels: float32, shape (n, channels), full scale ±1; and Hz.

    Samples that are no numbers become silence.
    """
    kind, promised = _look(data, name, max_bytes)
    try:
        samples = decoders.samples(data, kind, name)
    except Undecodable as error:
        raise AudioError(f"{name}: {_what(data, kind)}; {EXPECTED}") from error
    if not len(samples):
        raise AudioError(f"{name}: the {kind} file holds no sound (zero samples, or cut short)")
    # Programs that cut an mp3 leave its frame count as it was, and all players play it.
    if kind != "mp3":
        _check_missing(promised.seconds - len(samples) / promised.rate, name, kind)
    if not np.isfinite(samples).all():
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    return samples, promised.rate


def duration_ms(data: bytes, name: str = "audio") -> int:
    """How long the sound in ``data`` lasts, from its headers (mp3: by counting its frames).

    AudioError as from ``decode``, but for damage that only decoding can find.
    """
    return max(1, round(_look(data, name, None)[1].seconds * 1000))


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


def _look(data: bytes, name: str, max_bytes: int | None) -> tuple[str, Headers]:
    """The kind of file, and what its headers promise: some sound, and not too much of it."""
    _check_size(data, name, max_bytes)
    kind = decoders.kind(data)
    try:
        promised = decoders.headers(data, kind, name)
    except Undecodable as error:
        raise AudioError(f"{name}: {_what(data, kind)}; {EXPECTED}") from error
    if promised.frames <= 0:
        raise AudioError(f"{name}: the {kind} file holds no sound (zero samples, or cut short)")
    if promised.seconds > MAX_SECONDS or promised.frames * promised.channels > _MAX_SAMPLES:
        raise AudioError(
            f"{name}: {promised.seconds:,.0f} s of sound in {promised.channels} channels, more"
            f" than {MAX_SECONDS:,} s or an hour of stereo at 48 kHz"
        )
    if promised.rate not in _RATES:
        raise AudioError(
            f"{name}: a sampling rate of {promised.rate:,} Hz;"
            f" expected {_RATES[0]:,} to {_RATES[-1]:,} Hz"
        )
    if kind == "wav":
        _check_missing(promised.seconds * decoders.missing_part(data), name, kind)
    return kind, promised


def _check_missing(seconds: float, name: str, kind: str) -> None:
    if seconds > _TOLERANCE_S:
        raise AudioError(
            f"{name}: the {kind} file is cut short: {seconds:,.1f} s of the sound that it"
            " promises are not there; copy or upload it again"
        )


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
    for signature, name in _LOOKS_LIKE:
        if data.startswith(signature):
            return name if "supported" in name else f"not audio but {name}"
    if kind != "mp3":
        return f"a damaged {kind} file, or a coding that is not supported"
    printable = all(byte >= 32 or byte in b"\t\r\n" for byte in start)
    return "not audio but text" if start and printable else "not audio, or damaged"
