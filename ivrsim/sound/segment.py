"""Hand clips over to pydub for editing (fades, silence, joining) and export, and back."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ivrsim.sound.clip import Clip

if TYPE_CHECKING:
    from pydub import AudioSegment


def to_segment(clip: Clip) -> AudioSegment:
    """The clip as a 16-bit mono ``pydub.AudioSegment``; what exceeds ±1 is clipped."""
    with warnings.catch_warnings():
        # pydub warns on import that ffmpeg is missing; wav and raw samples do not need it.
        warnings.simplefilter("ignore")
        from pydub import AudioSegment
    data = to_int16(clip).tobytes()
    return AudioSegment(data=data, sample_width=2, frame_rate=clip.rate, channels=1)


def from_segment(segment: AudioSegment) -> Clip:
    """A pydub segment as a clip, mixed down to mono."""
    mono = segment.set_channels(1).set_sample_width(2)
    return Clip(
        np.frombuffer(mono.raw_data, np.int16).astype(np.float32) / np.float32(32768),
        mono.frame_rate,
    )


def to_int16(clip: Clip) -> NDArray[np.int16]:
    """The samples as 16-bit integers, rounded and clipped."""
    return np.clip(np.rint(clip.samples * 32767), -32768, 32767).astype(np.int16)
