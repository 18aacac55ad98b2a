"""Speech of many voices and languages, and many people at once, by the embedded voice."""

from __future__ import annotations

import numpy as np

from bench.dtmf.signals import Signal, active_power, power, resampled
from bench.dtmf.speaker import RATE, Sentence, speak
from bench.dtmf.words import WORDS

# Andrea, anika and antonio are left out: they crash the library in Vietnamese, said quickly.
VOICES = (
    "m1 m2 m3 m4 m5 m6 m7 m8 f1 f2 f3 f4 f5 klatt klatt2 klatt3 klatt4 croak whisper whisperf "
    "Alex Alicia marcelo Annie Denis Diogo Gene Hugo Jacky Lee Marco Mario Michael Reed Storm adam "
    "norbert pedro aunty belinda boris caleb david edward grandma grandpa linda max miguel paul "
    "quincy robert shelby steph travis victor zac"
)
_SHORTEST_S = 1.2  # no sentence is said more quickly
_SYLLABLES = "ba ko mi tu re sha lo ni ga we fi zu po le chi da yo hu ke ra so pu mo ti ya je"


def speech(rng: np.random.Generator, seconds: float, rate: int, dbm0: float = -15.0) -> Signal:
    """That many seconds of it, another voice and language with each sentence, while somebody
    speaks as strong as a sine of ``dbm0``."""
    sentences = [_sentence(rng) for _ in range(int(seconds / _SHORTEST_S) + 1)]
    pieces = []
    for spoken in speak(sentences, seconds):
        samples = np.frombuffer(spoken, np.int16) / 32768
        piece = resampled(samples, RATE, rate)
        pieces.append(piece * np.sqrt(power(dbm0) / active_power(piece, rate)))
    return np.concatenate([*pieces, np.zeros(1)])[: round(seconds * rate)]


def babble(rng: np.random.Generator, seconds: float, rate: int, dbm0: float = -15.0) -> Signal:
    """Three to eight people at once, not equally loud."""
    people = int(rng.integers(3, 9))
    total = np.zeros(round(seconds * rate))
    for _ in range(people):
        total += speech(rng, seconds, rate, rng.uniform(-9, 0))
    return total * np.sqrt(power(dbm0) / active_power(total, rate))


def _sentence(rng: np.random.Generator) -> Sentence:
    language = str(rng.choice(list(WORDS)))
    return Sentence(
        _text(rng, language),
        f"{language}+{rng.choice(VOICES.split())}",
        words_a_minute=int(rng.integers(95, 280)),
        pitch=int(rng.integers(15, 96)),
        range=int(rng.integers(10, 96)),
    )


def _text(rng: np.random.Generator, language: str) -> str:
    """Words of the language, numbers that it reads out, and now and then words of nobody's."""
    words = rng.choice(WORDS[language].split(), rng.integers(6, 19)).tolist()
    for _ in range(rng.integers(0, 3)):
        words.insert(rng.integers(len(words)), str(rng.integers(10 ** rng.integers(1, 7))))
    if rng.random() < 0.3:
        words += ["".join(rng.choice(_SYLLABLES.split(), rng.integers(2, 5))) for _ in range(4)]
    words.insert(len(words) // 2, ",")
    return " ".join(words) + rng.choice([".", "?", "!"])
