"""Recordings as files: wav, mp3, Ogg Vorbis."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ivrsim.errors import AudioError
from ivrsim.sound.clip import Samples, pcm16
from ivrsim.sound.segment import segment
from ivrsim.sound.sndfile import soundfile

Format = Literal["wav", "mp3", "ogg"]

MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
"""The sampling rates in Hz that the mp3 format has."""

# Of libsndfile, from 0 to 1. Constant 32 kbit/s at 16 kHz, which is how Vonage records:
# voice-api/guides/recording, "File formats". (16 kbit/s at 8 kHz, 80 from 32 kHz on.)
_MP3_COMPRESSION = 0.84

_OPTIONS: dict[str, dict[str, Any]] = {
    "mp3": {"subtype": "MPEG_LAYER_III", "bitrate_mode": "CONSTANT",
            "compression_level": _MP3_COMPRESSION},
    "ogg": {"subtype": "VORBIS"},
}  # fmt: skip


def encode(samples: NDArray[np.int16] | Samples, rate: int, format: Format) -> bytes:
    """The sound as a file: 16-bit PCM wav, mp3 of constant bit rate, or Ogg Vorbis.

    ``samples`` of shape (n,) or (n, channels), int16, or float with full scale ±1; ``rate`` in
    Hz. AudioError when the format cannot hold it (mp3: one or two channels, ``MP3_RATES``), or
    when mp3 or ogg is asked for and libsndfile does not load.
    """
    pcm = pcm16(samples)
    if pcm.ndim == 1:
        pcm = pcm.reshape(-1, 1)
    out = BytesIO()
    if format == "wav":
        segment(pcm, rate).export(out, format="wav")
        return out.getvalue()
    channels = pcm.shape[1]
    if format == "mp3" and (channels > 2 or rate not in MP3_RATES):
        raise AudioError(
            f"mp3 holds one or two channels at {', '.join(map(str, MP3_RATES))} Hz,"
            f" not {channels} at {rate} Hz; use wav"
        )
    library = soundfile(f"encoding {format}")
    # Not as integers: libsndfile 1.2 makes those of stereo four times as loud in mp3.
    floats = pcm.astype(np.float32) / np.float32(32768)
    if not len(floats):
        floats = np.zeros((1, channels), np.float32)  # an mp3 of nothing would be no file
    try:
        with library.SoundFile(
            out, "w", rate, channels, format=format.upper(), **_OPTIONS[format]
        ) as file:
            # a second at a time: libvorbis takes a whole recording on its stack
            for first in range(0, len(floats), rate):
                file.write(floats[first : first + rate])
    except library.LibsndfileError as error:
        raise AudioError(
            f"{channels} channels at {rate} Hz cannot be encoded as {format}: {error}; use wav"
        ) from error
    return out.getvalue()
