"""Recognising listed words and phrases in speech: the optional ``ivrsim[speech]``.

pocketsphinx 5 with the model of American English in its wheel. An utterance is decoded twice: by
a grammar that knows nothing but the phrases, and by a free loop over all phones of the language.
Speech that is in the list fits the phrases about as well as the loop; other words fit the loop
far better, and are rejected. How much better is too much was measured (``bench/words.py``).
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from ivrsim.errors import SoundUnavailable
from ivrsim.sound.clip import Clip, Samples
from ivrsim.sound.words_pronounce import pronounce

if TYPE_CHECKING:
    from pocketsphinx import Decoder

RATE: Final = 16_000
"""Hz: of the model."""
PRE_ROLL_S: Final = 0.4
"""Sound kept from before ``start``: voice activity is noticed when a word has already begun."""
REJECTED_BELOW: Final = -3.6
"""Natural logarithm of the likelihood ratio of phrase to loop, for each frame of 10 ms."""

_LONGEST_S: Final = 60.0  # Vonage's largest maxDuration
_STEEPNESS: Final = 1.5  # a nat: the median ratio of words in the list, -1.7, then counts 0.95
_READINGS: Final = 3  # as many as Vonage's examples show
_FAINTEST: Final = 0.05  # readings with less confidence are none
_SLOWEST_PHONE_S: Final = 0.25
_BREATH_S: Final = 1.0  # what may be said (er…) beside a phrase
_MARGIN_S: Final = 0.2  # of the silence around the words, left for the model
_TELEPHONE_HZ: Final = 4200  # what is below may be a telephone's
_EMPTY: Final = 1e-5  # of all power
_FILL: Final = 0.1  # of the amplitude: 20 dB below the voice, by measurement
_CHUNK: Final = 2 * RATE // 50  # bytes. The decoder holds Python up for 2 ms with each


@dataclass(frozen=True, slots=True)
class Heard:
    """``text``: the phrase as it was listed, or None when it was none of them.

    ``confidence`` 0 to 1, at least 0.5 where there is a text. ``alternatives``: further readings,
    the likeliest first, and their confidence, which is less (the same for phrases that sound the
    same); without a text, what came nearest.
    """

    text: str | None
    confidence: float = 0.0
    alternatives: list[tuple[str, float]] = field(default_factory=list)


_NOTHING = Heard(None)


@dataclass(frozen=True, slots=True)
class _Phrase:
    text: str  # as it was listed
    words: tuple[str, ...]  # as the decoder's dictionary has them
    phones: int


class WordListener:
    """Recognises ``phrases`` in utterances whose start and end somebody else finds.

    ``rate`` in Hz is that of the samples. ``notes`` has a line for each phrase that cannot be
    recognised. SoundUnavailable without the extra, for a language other than English, or when no
    phrase is left. The first listener of a process loads the model (some 0.2 s).

    One listener for each call; it is not thread safe, but several may work at once in threads of
    their own: they take turns at the one model. ``finish`` takes some 0.2 s for each second of
    speech, and lets other threads run every few milliseconds.
    """

    def __init__(self, phrases: Sequence[str], rate: int, language: str = "en-US") -> None:
        if rate <= 0:
            raise ValueError(f"a listener needs a positive rate, not {rate}")
        if not re.fullmatch(r"en([-_].*)?", language.strip(), re.IGNORECASE):
            raise SoundUnavailable(
                f"words from the microphone: only English is recognised, not {language[:40]!r};"
                " type what is said instead"
            )
        self.rate = rate
        self.notes: list[str] = []
        with _lock:
            self._phrases = self._known(_loaded(), phrases)
        if not self._phrases:
            raise SoundUnavailable(
                "words from the microphone: only those listed in speech.context are recognised,"
                " and none is there that could be; type what is said instead"
            )
        self._blocks: list[Samples] = []
        self._kept = 0  # samples in the blocks
        self._started = False

    def _known(self, recogniser: _Recogniser, phrases: Iterable[str]) -> list[_Phrase]:
        found: dict[tuple[str, ...], _Phrase] = {}
        for text in phrases:
            words = [recogniser.word(word) for word in _words(text)]
            if not words or None in words:
                self.notes.append(f"no pronunciation for {text[:40]!r}: it is not recognised")
                continue
            known = tuple(word for word in words if word is not None)
            phones = sum(recogniser.phones(word) for word in known)
            found.setdefault(known, _Phrase(text.strip(), known, phones))
        return list(found.values())

    def start(self) -> None:
        """An utterance begins, or began up to ``PRE_ROLL_S`` ago if that was fed."""
        self._started = True

    def feed(self, samples: Samples | NDArray[np.int16]) -> None:
        """The next sound, mono, shape (n,): float32 with full scale ±1, or int16.

        Also before ``start``: the last moments are kept.
        """
        block = np.array(samples, np.float32)
        if samples.dtype == np.int16:
            block /= np.float32(32768)
        if self._started and self._kept > _LONGEST_S * self.rate:
            return
        self._blocks.append(block)
        self._kept += len(block)
        if not self._started:
            while self._kept - len(self._blocks[0]) > PRE_ROLL_S * self.rate:
                self._kept -= len(self._blocks.pop(0))

    def finish(self) -> Heard:
        """The utterance is over: which phrase was it?"""
        blocks, self._blocks, self._kept = self._blocks, [], 0
        started, self._started = self._started, False
        if not started or not blocks:
            return _NOTHING
        clip = Clip(np.concatenate(blocks), self.rate).resample(RATE)
        speech, speech_s = _speech(clip.samples)
        longest_s = max(phrase.phones for phrase in self._phrases) * _SLOWEST_PHONE_S + _BREATH_S
        if not speech_s or speech_s > longest_s:
            return _NOTHING
        with _lock:
            readings = _loaded().readings(speech, self._phrases)
        if not readings:
            return _NOTHING
        best, sure = readings[0]
        if sure < 0.5:
            return Heard(None, sure, readings)
        return Heard(best, sure, readings[1:])


def _words(text: str) -> list[str]:
    """``Opening-hours, please!`` → opening, hours, please. Numerals and spoken signs stay."""
    pieces = re.split(r"[^\w'.&%+@#$€£]|_", text.lower().replace("’", "'"))
    return [word for piece in pieces if (word := piece.strip(".'"))]


def _speech(samples: Samples) -> tuple[bytes, float]:
    """16-bit samples from the first to the last sound, with a margin; and how long in seconds
    without it. Loud enough, whatever the microphone's level; nothing when all is silent."""
    size = RATE // 50
    frames = samples[: len(samples) // size * size].reshape(-1, size)
    if not len(frames):
        return b"", 0.0
    level = 10 * np.log10(np.mean(np.square(frames, dtype=np.float64), axis=1) + 1e-10)
    floor, top = np.percentile(level, (5, 98))
    loud = np.flatnonzero(level > max(top - 35.0, floor + 0.3 * (top - floor)))
    if not len(loud):
        return b"", 0.0
    margin = round(_MARGIN_S * RATE)
    first, last = int(loud[0]) * size, (int(loud[-1]) + 1) * size
    cut = _whole_band(samples[max(0, first - margin) : last + margin])
    peak = max(float(np.abs(cut).max()), 1e-6)
    scaled = np.rint(cut * np.float32(16384 / peak)).astype("<i2")
    return scaled.tobytes(), (last - first) / RATE


def _whole_band(samples: Samples) -> Samples:
    """With a little noise if nothing is above the telephone's band (a Bluetooth headset, a device
    at 8 kHz): the model knows voices up to 6.8 kHz, and takes such emptiness for another sound."""
    power = np.square(np.abs(np.fft.rfft(samples)))
    if power[round(_TELEPHONE_HZ * len(samples) / RATE) :].sum() > _EMPTY * power.sum():
        return samples
    rms = np.sqrt(np.mean(np.square(samples, dtype=np.float64)))
    noise = np.random.default_rng(0).normal(0, rms * _FILL, len(samples))
    return (samples + noise).astype(np.float32)


class _Recogniser:
    """The model, once in the process; ``_lock`` is held by whoever uses it."""

    def __init__(self) -> None:
        try:
            import pocketsphinx
        except ImportError as error:
            raise SoundUnavailable(
                "words from the microphone need pocketsphinx; try: pip install 'ivrsim[speech]'"
            ) from error
        pocketsphinx.set_loglevel("FATAL")  # it writes to stderr, where the screen is drawn
        # Scores of the grammar and of the loop can be compared when every frame is measured by
        # the best of all senones (compallsen), and no silence or noise fills what does not fit.
        common = {
            "lm": None, "compallsen": True, "fsgusefiller": False, "bestpath": False, "lw": 1.0,
            "beam": 1e-100, "pbeam": 1e-100, "wbeam": 1e-80, "loglevel": "FATAL",
        }  # fmt: skip
        try:
            self._decoder: Decoder = pocketsphinx.Decoder(**common)
            # Finds the mean of an utterance's features, and does next to nothing else.
            self._means: Decoder = pocketsphinx.Decoder(**common | {"dict": None})
        except RuntimeError as error:
            raise SoundUnavailable(
                f"pocketsphinx does not start ({error}); try: pip install --force-reinstall"
                " pocketsphinx"
            ) from error
        self._decoder.add_allphone_file("loop", None)
        silence = self._means.create_fsg("silence", 0, 1, [(0, 1, 1.0, _SILENCE)])
        self._means.add_fsg("silence", silence)
        self._means.activate_search("silence")

    def word(self, word: str) -> str | None:
        """``word`` as the dictionary has it, added if need be; None without a pronunciation."""
        if self._decoder.lookup_word(word) is None:
            phones = pronounce(word)
            if phones is None:
                return None
            self._decoder.add_word(word, phones, update=False)
        return word

    def phones(self, word: str) -> int:
        return len(self._decoder.lookup_word(word).split())

    def readings(self, speech: bytes, phrases: Sequence[_Phrase]) -> list[tuple[str, float]]:
        """Up to three phrases, the likeliest first, and their confidence."""
        mean = self._mean(speech)
        loop = self._decode(speech, mean, "loop")
        if loop is None:
            return []
        left = list(phrases)
        readings: list[tuple[str, float]] = []
        frames = 0
        while left and len(readings) < _READINGS:
            self._decoder.add_fsg("list", self._grammar(left))
            found = self._decode(speech, mean, "list")
            if found is None:
                break
            # Scores are of the whole utterance: one divisor for all of them keeps their order.
            frames = frames or found.frames
            sure = confidence((found.score - loop.score) / frames)
            best = next(phrase for phrase in left if phrase.words == found.words)
            left.remove(best)
            if not readings or sure >= _FAINTEST:
                readings.append((best.text, round(sure, 4)))
            if sure < _FAINTEST:
                break  # the others are fainter
        return sorted(readings, key=lambda reading: -reading[1])  # the beam may lose one at first

    def _grammar(self, phrases: Iterable[_Phrase]) -> object:
        """One of the phrases, between silences, and with short ones between its words."""
        start, before, after, end = range(4)
        arcs: list[tuple[object, ...]] = [
            (start, before, 1.0), (start, before, 1.0, _SILENCE),
            (after, end, 1.0), (after, end, 1.0, _SILENCE),
        ]  # fmt: skip
        state = end
        for phrase in phrases:
            here = before
            for word in phrase.words[:-1]:
                state += 1
                arcs += [(here, state, 1.0, word), (state, state, 0.1, _SILENCE)]
                here = state
            arcs.append((here, after, 1.0, phrase.words[-1]))
        return self._decoder.create_fsg("list", start, end, arcs)

    def _mean(self, speech: bytes) -> str:
        """Of the features of the whole: with it, decoding in small pieces gives what decoding
        at once would."""
        self._means.reinit_feat()
        self._means.start_utt()
        self._means.process_raw(speech, full_utt=True)
        self._means.end_utt()
        return str(self._means.get_cmn())

    def _decode(self, speech: bytes, mean: str, search: str) -> _Decoded | None:
        decoder = self._decoder
        decoder.reinit_feat()  # forgets the noise of earlier utterances
        decoder.set_cmn(mean)
        decoder.activate_search(search)
        decoder.start_utt()
        for start in range(0, len(speech), _CHUNK):
            decoder.process_raw(speech[start : start + _CHUNK])
        decoder.end_utt()
        best = decoder.hyp()
        if best is None:  # it is too short for the phrase, or hopeless
            return None
        spoken = [part for part in decoder.seg() if part.word not in _SILENCES]
        if not spoken:
            return None
        words = tuple(re.sub(r"\(\d+\)$", "", part.word) for part in spoken)
        frames = spoken[-1].end_frame - spoken[0].start_frame + 1
        # The decoder's scores are 1024 times the logarithm; hyp() has taken the exponential.
        return _Decoded(words, math.log(best.score) * 1024, frames)


_SILENCE: Final = "<sil>"
_SILENCES: Final = {_SILENCE, "SIL", "(NULL)"}


@dataclass(frozen=True, slots=True)
class _Decoded:
    words: tuple[str, ...]
    score: float  # nats
    frames: int  # between silences


def confidence(ratio: float) -> float:
    """0 to 1 for a ``ratio`` as ``REJECTED_BELOW`` is one; a half there."""
    return 1 / (1 + math.exp(min(50.0, _STEEPNESS * (REJECTED_BELOW - ratio))))


_lock = threading.Lock()
_recogniser: _Recogniser | None = None


def _loaded() -> _Recogniser:
    """The model, loaded at first use. The lock must be held."""
    global _recogniser
    if _recogniser is None:
        _recogniser = _Recogniser()
    return _recogniser
