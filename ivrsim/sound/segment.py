"""Sound handed over to pydub: for editing (gain, fades, silence, joining) and for export."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ivrsim.sound.clip import Clip, pcm16

if TYPE_CHECKING:
    from pydub import AudioSegment


def segment(pcm: NDArray[np.int16], rate: int) -> AudioSegment:
    """16-bit samples, shape (n,) or (n, channels), at ``rate`` Hz as a pydub segment."""
    with warnings.catch_warnings():
        # pydub warns on import that ffmpeg is missing; wav and raw samples do not need it.
        warnings.simplefilter("ignore")
        from pydub import AudioSegment
    channels = pcm.shape[1] if pcm.ndim == 2 else 1
    return AudioSegment(data=pcm.tobytes(), sample_width=2, frame_rate=rate, channels=channels)


def to_segment(clip: Clip) -> AudioSegment:
    """The clip as a 16-bit mono segment; what exceeds ±1 is clipped."""
    return segment(pcm16(clip.samples), clip.rate)


def from_segment(segment: AudioSegment) -> Clip:
    """A segment as a clip, mixed down to mono."""
    mono = segment.set_channels(1).set_sample_width(2)
    samples = np.frombuffer(mono.raw_data, np.int16)
    return Clip(samples.astype(np.float32) / np.float32(32768), mono.frame_rate)
