"""Make the sample sounds: python sounds/make.py [FOLDER]

Speech comes from the embedded voice, the music is composed here, so all of it may be given
away.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from ivrsim.sound.clip import Clip
from ivrsim.sound.encode import Format, encode
from ivrsim.sound.espeak import Synthesizer
from ivrsim.sound.segment import from_segment, to_segment

SPEECH_RATE = 16000
MUSIC_RATE = 8000  # the telephone's own; keeps the loop small

TEXTS = {
    "welcome.mp3": (
        "Welcome to the Lakeside clinic. For opening hours press 1. To speak to somebody press 2."
    ),
    "opening-hours.wav": (
        "We are open from Monday to Friday, from 8 to 6, and on Saturday from 9 to 1."
    ),
    "thanks.wav": "Thank you for calling. Goodbye.",
}

# Four bars of C, A minor, F, G, as notes over a bass, in semitones from A4 = 440 Hz.
BARS = (
    (-21, (3, 7, 10, 15, 10, 7)),
    (-24, (0, 3, 7, 12, 7, 3)),
    (-28, (-4, 0, 3, 8, 3, 0)),
    (-26, (-2, 2, 5, 10, 5, 2)),
)
BAR_S = 3.0


def speak(synthesizer: Synthesizer, text: str) -> Clip:
    """The text at the files' rate and a common loudness, with a breath around it."""
    segment = to_segment(synthesizer.render(text, language="en-GB"))
    from pydub import AudioSegment  # to_segment has silenced its warning about ffmpeg

    pause = AudioSegment.silent(120, frame_rate=segment.frame_rate)
    segment = pause + segment.apply_gain(-2.0 - segment.max_dBFS) + pause
    return from_segment(segment).resample(SPEECH_RATE)


def hold_music() -> Clip:
    """Twelve seconds of soft broken chords. What rings on at the end sounds on at the start."""
    length = round(len(BARS) * BAR_S * MUSIC_RATE)
    mix = np.zeros(length)
    for bar, (bass, notes) in enumerate(BARS):
        _pluck(mix, bar * BAR_S, bass, 0.35, 2.4)
        for step, note in enumerate(notes):
            _pluck(mix, bar * BAR_S + step * BAR_S / len(notes), note - 12, 0.2, 1.2)
    return Clip((0.5 * mix / np.abs(mix).max()).astype(np.float32), MUSIC_RATE)


def _pluck(mix: np.ndarray, start_s: float, semitones: int, peak: float, decay_s: float) -> None:
    time = np.arange(round(3 * decay_s * MUSIC_RATE)) / MUSIC_RATE
    turns = 2 * np.pi * 440 * 2 ** (semitones / 12) * time
    tone = np.sin(turns) + 0.3 * np.sin(2 * turns) + 0.1 * np.sin(3 * turns)
    release = np.clip((time[-1] - time) / 0.2, 0.0, 1.0)  # silence at the end, not nearly so
    tone *= np.exp(-2 * time / decay_s) * np.clip(time / 0.02, 0.0, 1.0) * release * peak
    np.add.at(mix, (round(start_s * MUSIC_RATE) + np.arange(len(tone))) % len(mix), tone)


def main(folder: Path) -> None:
    synthesizer = Synthesizer()
    clips = {name: speak(synthesizer, text) for name, text in TEXTS.items()}
    clips["hold.wav"] = hold_music()
    for name, clip in clips.items():
        kind: Format = "mp3" if name.endswith(".mp3") else "wav"
        (folder / name).write_bytes(encode(clip.samples, clip.rate, kind))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
