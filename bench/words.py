"""How well the listed words of ``ivrsim[speech]`` are told apart, and from words not listed.

The speakers are the embedded voice in several variants, accents and speeds: a stand-in for
people, who differ from it and from each other far more. Neither these lists, nor the words that
are not in them, nor these voices were used when the threshold was chosen.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import cycle, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.timing import Row, at_least, at_most
from ivrsim.errors import SoundUnavailable
from ivrsim.sound.clip import Samples
from ivrsim.sound.espeak import Synthesizer
from ivrsim.sound.words import Heard, WordListener

TITLE = "Words from the microphone"
RATE = 48_000

LISTS = [
    ["yes", "no"],
    ["sales", "support", "billing"],
    ["opening hours", "speak to an agent"],
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
    ["red", "green", "blue", "yellow", "orange", "purple", "black", "white"],
]
OTHERS = [
    "elephant", "kitchen", "perhaps", "bicycle", "garden", "river", "potato", "sorry", "who",
    "birthday", "movie", "hundred", "sweater", "answer", "pencil", "sunshine", "breakfast",
    "brother", "airport", "tomorrow", "summer", "sandwich", "where are my keys",
    "just a second please", "i am not sure", "let me think about it", "happy new year",
    "turn left at the bridge", "there is somebody at the door",
]  # fmt: skip
SIMILAR = [
    ("guess", 0), ("yet", 0), ("note", 0), ("now", 0), ("tales", 1), ("snails", 1), ("report", 1),
    ("export", 1), ("building", 1), ("filling", 1), ("opening doors", 2), ("closing hours", 2),
    ("speak to a parent", 2), ("hero", 3), ("tree", 3), ("mine", 3), ("fire", 3), ("eleven", 3),
    ("bed", 4), ("queen", 4), ("glue", 4), ("fellow", 4), ("people", 4), ("wide", 4),
]  # fmt: skip


class Voice(NamedTuple):
    language: str
    variant: str
    speed: float


VOICES = [
    Voice("en-US", "f2", 1.0), Voice("en-US", "m7", 0.85),
    Voice("en-GB", "m3", 0.9), Voice("en-GB", "f4", 1.1),
]  # fmt: skip


class Room(NamedTuple):
    name: str
    snr_db: float | None = None  # over noise in the telephone's band; None: 45 dB below, all bands
    telephone: bool = False  # nothing passes but the telephone's band
    limited: bool = False  # a limit stands beside the figure


ROOMS = [
    Room("quiet", limited=True), Room("quiet, 300 to 3400 Hz", telephone=True),
    Room("20 dB SNR", 20), Room("10 dB SNR", 10),
]  # fmt: skip
_PHONE = (300, 3400)  # Hz


def _inside(count: int, band: tuple[int, int]) -> NDArray[np.bool_]:
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    return (hertz >= band[0]) & (hertz <= band[1])


class Speaker:
    """Says words into a microphone: the voice at -23 dBFS, in a room with noise."""

    def __init__(self) -> None:
        self._voice = Synthesizer(RATE)
        self._random = np.random.default_rng(1)
        self.spoken_s = 0.0

    def say(self, text: str, voice: Voice, room: Room) -> Samples:
        samples = self._voice.render(
            text, language=voice.language, variant=voice.variant, speed=voice.speed
        ).samples
        sounding = np.flatnonzero(np.abs(samples) > 0.003)
        samples = samples[sounding[0] : sounding[-1] + 1]
        samples = samples * np.float32(0.07 / np.sqrt(np.mean(samples**2)))
        samples = np.pad(samples, (RATE // 4, RATE // 2))
        samples = samples + self._noise(len(samples), 0.07 * 10 ** (-45 / 20), (50, 15_000))
        if room.snr_db is not None:
            samples = samples + self._noise(len(samples), 0.07 * 10 ** (-room.snr_db / 20), _PHONE)
        if room.telephone:
            spectrum = np.fft.rfft(samples)
            samples = np.fft.irfft(spectrum * _inside(len(samples), _PHONE), len(samples))
        self.spoken_s += len(samples) / RATE
        return samples.astype(np.float32)

    def _noise(self, count: int, rms: float, band: tuple[int, int]) -> Samples:
        spectrum = np.fft.rfft(self._random.normal(size=count))
        noise = np.fft.irfft(spectrum * _inside(count, band), count)
        return (noise * (rms / np.sqrt(np.mean(noise**2)))).astype(np.float32)


def sounds() -> Iterator[Samples]:
    """What a microphone hears when nobody speaks: keys, noise, knocks, a melody."""
    random = np.random.default_rng(2)
    at = np.arange(RATE) / RATE
    for low, high in ((697, 1209), (770, 1477), (941, 1336)):
        keys = np.sin(2 * np.pi * low * at) + np.sin(2 * np.pi * high * at)
        yield (0.1 * keys * (at % 0.5 < 0.2)).astype(np.float32)
    for _ in range(3):
        yield random.normal(0, 0.05, RATE).astype(np.float32)
        decay = np.exp(-40 * (at % 0.4))
        yield (0.2 * decay * random.normal(size=RATE)).astype(np.float32)
        notes = 220 * 2 ** (random.integers(0, 12, 4) / 12)
        tune = sum(np.sin(2 * np.pi * notes[(at * 4).astype(int)] * k * at) / k for k in (1, 2, 3))
        yield (0.1 * tune).astype(np.float32)


def hear(listener: WordListener, samples: Samples) -> Heard:
    """One utterance in blocks of 20 ms, as the microphone gives it."""
    listener.start()
    for start in range(0, len(samples), RATE // 50):
        listener.feed(samples[start : start + RATE // 50])
    return listener.finish()


def run(short: bool) -> list[Row]:
    before = time.perf_counter()
    try:
        listeners = [WordListener(phrases, RATE) for phrases in LISTS]
    except SoundUnavailable as error:
        return [Row("not measured", str(error))]
    loading = Row("the model is loaded in", f"{(time.perf_counter() - before) * 1000:.0f} ms")
    speaker = Speaker()
    rows: list[Row] = []
    busy_s = 0.0

    def right(said: Iterable[tuple[str, int]], voices: list[Voice], room: Room) -> list[bool]:
        """For each word and voice, whether what was heard is what should have been."""
        nonlocal busy_s
        results = []
        for text, number in said:
            wanted = text if text in LISTS[number] else None
            for voice in voices:
                samples = speaker.say(text, voice, room)
                start = time.thread_time()  # other work on the machine is not counted
                results.append(hear(listeners[number], samples).text == wanted)
                busy_s += time.thread_time() - start
        return results

    listed = [(text, number) for number, phrases in enumerate(LISTS) for text in phrases]
    turns = cycle(range(len(LISTS)))
    others = [(text, next(turns)) for text in OTHERS]
    similar, voices = SIMILAR, VOICES
    if short:
        listed, others, similar, voices = listed[:7], others[:6], similar[:4], voices[:1]
    for room in ROOMS[:1] if short else ROOMS:
        hits = right(listed, voices, room)
        rows.append(_share(f"in the list: right, {room.name}", hits, 90, room.limited))
        wrong = [not ok for ok in right(others, voices, room)]
        rows.append(
            _share(f"not in the list: accepted, {room.name}", wrong, 10, room.limited, True)
        )
    wrong = [not ok for ok in right(similar, voices, ROOMS[0])]
    rows.append(_share("sounds like the list: accepted, quiet", wrong, 10, False, True))
    noises = list(islice(sounds(), 2 if short else None))
    wrong = [hear(one, noise).text is not None for noise in noises for one in listeners]
    rows.append(_share("no speech: accepted", wrong, 10, True, True))
    rows.append(at_most("CPU seconds for a second of sound", busy_s / speaker.spoken_s, 0.5, "s"))
    if not short:
        rows.append(_long_list(speaker))
    return [*rows, loading]


def _share(what: str, hits: list[bool], limit: float, limited: bool, low: bool = False) -> Row:
    share, of = 100 * float(np.mean(hits)), f" of {len(hits)}"
    if not limited:
        return Row(what, f"{share:.0f} %{of}")
    return (at_most if low else at_least)(what, share, limit, "%", of)


def _long_list(speaker: Speaker) -> Row:
    hundreds = [str(number) for number in range(100, 600)]
    listener = WordListener(hundreds, RATE)
    samples = speaker.say("two hundred and thirty four", VOICES[0], ROOMS[0])
    start = time.thread_time()
    hear(listener, samples)
    factor = (time.thread_time() - start) / (len(samples) / RATE)
    return Row("the same with 500 phrases", f"{factor:.2f} s")
