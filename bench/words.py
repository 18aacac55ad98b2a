"""How well the listed words of ``ivrsim[speech]`` are told apart, and from words not listed.

The speakers are the embedded voice in several variants, accents and speeds: a stand-in for
people, who differ from it and from each other far more. ``python -m bench words`` measures with
lists, words and voices that were not used when the threshold was chosen; ``python -m bench.words``
shows what other thresholds would do to those that were.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import cycle, islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.timing import Row, at_least, at_most, markdown
from ivrsim.errors import SoundUnavailable
from ivrsim.sound.clip import Samples
from ivrsim.sound.espeak import Synthesizer
from ivrsim.sound.words import REJECTED_BELOW, Heard, WordListener, confidence

TITLE = "Words from the microphone"
RATE = 48_000


class Voice(NamedTuple):
    language: str
    variant: str
    speed: float


class Material(NamedTuple):
    """What is said, and by whom. ``similar`` sounds like a word of the list with that number."""

    lists: list[list[str]]
    others: list[str]
    similar: list[tuple[str, int]]
    voices: list[Voice]


_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
HELD_OUT = Material(
    lists=[
        ["yes", "no"],
        ["sales", "support", "billing"],
        ["opening hours", "speak to an agent"],
        _DIGITS,
        ["red", "green", "blue", "yellow", "orange", "purple", "black", "white"],
    ],
    others=[
        "elephant", "kitchen", "perhaps", "bicycle", "garden", "river", "potato", "sorry", "who",
        "birthday", "movie", "hundred", "sweater", "answer", "pencil", "sunshine", "breakfast",
        "brother", "airport", "tomorrow", "summer", "sandwich", "where are my keys",
        "just a second please", "i am not sure", "let me think about it", "happy new year",
        "turn left at the bridge", "there is somebody at the door",
    ],
    similar=[
        ("guess", 0), ("yet", 0), ("note", 0), ("now", 0), ("tales", 1), ("snails", 1),
        ("report", 1), ("export", 1), ("building", 1), ("filling", 1), ("opening doors", 2),
        ("closing hours", 2),
        ("speak to a parent", 2), ("hero", 3), ("tree", 3), ("mine", 3), ("fire", 3), ("eleven", 3),
        ("bed", 4), ("queen", 4), ("glue", 4), ("fellow", 4), ("people", 4), ("wide", 4),
    ],
    voices=[
        Voice("en-US", "f2", 1.0), Voice("en-US", "m7", 0.85),
        Voice("en-GB", "m3", 0.9), Voice("en-GB", "f4", 1.1),
    ],
)  # fmt: skip
TUNING = Material(
    lists=[
        ["reservation", "cancel", "delivery"],
        ["main menu", "repeat", "operator", "goodbye"],
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
        ["north", "south", "east", "west"],
        ["check my balance", "report a problem", "technical help"],
        ["small", "medium", "large"],
        ["ten", "ninety", "twelve", "twenty", "thirty", "forty", "fifty"],
        ["start", "stop", "left", "right", "up", "down"],
        ["first", "second", "third", "fourth", "fifth"],
        ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot"],
    ],
    others=[
        "banana", "window", "maybe", "telephone", "computer", "mountain", "chicken", "thank you",
        "what", "holiday", "music", "seventeen", "jacket", "question", "paper", "weather",
        "coffee", "sister", "pizza", "hello", "winter", "the dog is barking",
        "please wait a moment", "i don't know", "can you say that again", "my name is peter",
        "shoe", "bread", "house", "apple",
    ],
    similar=[
        ("preservation", 0), ("handle", 0), ("slippery", 0), ("main venue", 1), ("defeat", 1),
        ("alligator", 1), ("someday", 2), ("chewsday", 2), ("fourth", 3), ("mouse", 3),
        ("yeast", 3), ("best", 3), ("check my ballots", 4), ("technical yelp", 4),
        ("report a program", 4), ("wall", 5), ("tedium", 5), ("barge", 5), ("hen", 6),
        ("shelf", 6), ("plenty", 6), ("sporty", 6), ("dart", 7), ("shop", 7), ("light", 7),
        ("cup", 7), ("town", 7), ("thirst", 8), ("bird", 8), ("forth", 8), ("gecko", 9),
        ("barley", 9),
    ],
    voices=[
        Voice("en-US", "m3", 1.0),
        Voice("en-US", "f3", 1.1),
        Voice("en-GB", "f2", 1.0),
        Voice("en-GB", "m1", 0.9),
        Voice("en-GB", "m2", 1.1),
    ],
)  # fmt: skip


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
        self._said: dict[tuple[str, Voice], Samples] = {}
        self.spoken_s = 0.0

    def say(self, text: str, voice: Voice, room: Room) -> Samples:
        if (text, voice) not in self._said:
            self._said[text, voice] = self._clean(text, voice)
        samples: Samples = self._said[text, voice]
        samples = samples + self._noise(len(samples), 0.07 * 10 ** (-45 / 20), (50, 15_000))
        if room.snr_db is not None:
            samples = samples + self._noise(len(samples), 0.07 * 10 ** (-room.snr_db / 20), _PHONE)
        if room.telephone:
            spectrum = np.fft.rfft(samples)
            inside = spectrum * _inside(len(samples), _PHONE)
            samples = np.fft.irfft(inside, len(samples)).astype(np.float32)
        self.spoken_s += len(samples) / RATE
        return samples

    def _clean(self, text: str, voice: Voice) -> Samples:
        samples = self._voice.render(
            text, language=voice.language, variant=voice.variant, speed=voice.speed
        ).samples
        sounding = np.flatnonzero(np.abs(samples) > 0.003)
        samples = samples[sounding[0] : sounding[-1] + 1]
        samples = samples * np.float32(0.07 / np.sqrt(np.mean(samples**2)))
        return np.pad(samples, (RATE // 4, RATE // 2))

    def _noise(self, count: int, rms: float, band: tuple[int, int]) -> Samples:
        spectrum = np.fft.rfft(self._random.normal(size=count))
        noise = np.fft.irfft(spectrum * _inside(count, band), count)
        noise *= rms / np.sqrt(np.mean(noise**2))
        return noise.astype(np.float32)


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


class Hearing:
    """One material, its speakers, and a listener for each of its lists."""

    def __init__(self, material: Material) -> None:
        before = time.perf_counter()
        self.listeners = [WordListener(phrases, RATE) for phrases in material.lists]
        self.loading_s = time.perf_counter() - before
        self.speaker = Speaker()
        self.busy_s = 0.0
        self._material = material
        self._lists = material.lists
        self.listed = [(text, n) for n, phrases in enumerate(self._lists) for text in phrases]
        self.others = list(zip(material.others, cycle(range(len(self._lists))), strict=False))

    def each(self, said: Iterable[tuple[str, int]], room: Room, voices: int) -> Iterator[_Result]:
        """What is heard of each word, said by so many of the voices, which take turns."""
        turns = cycle(self._material.voices)
        for text, number in said:
            wanted = text if text in self._lists[number] else None
            for voice in islice(turns, voices):
                samples = self.speaker.say(text, voice, room)
                start = time.thread_time()  # other work on the machine is not counted
                heard = hear(self.listeners[number], samples)
                self.busy_s += time.thread_time() - start
                yield _Result(wanted, heard)


class _Result(NamedTuple):
    wanted: str | None
    heard: Heard

    @property
    def right(self) -> bool:
        return self.heard.text == self.wanted

    def accepted(self, threshold: float) -> str | None:
        """The best reading, were the threshold another one."""
        nearest = self.heard.text or next((text for text, _ in self.heard.alternatives), None)
        return nearest if self.heard.confidence >= confidence(threshold) else None


def run(short: bool) -> list[Row]:
    try:
        hearing = Hearing(HELD_OUT)
    except SoundUnavailable as error:
        return [Row("not measured", str(error))]
    listed, others, similar = hearing.listed, hearing.others, HELD_OUT.similar
    if short:
        listed, others, similar = listed[:7], others[:6], similar[:4]
    everybody = 1 if short else len(HELD_OUT.voices)
    rows: list[Row] = []
    for room in ROOMS[:1] if short else ROOMS:
        voices = everybody if room.limited else 1
        results = list(hearing.each(listed, room, voices))
        hits = [result.right for result in results]
        rows.append(_share(f"in the list: right, {room.name}", hits, 90, room.limited))
        if room.limited and not short:
            rows += _kinds(results)
        wrong = [not result.right for result in hearing.each(others, room, voices)]
        rows.append(
            _share(f"not in the list: accepted, {room.name}", wrong, 10, room.limited, True)
        )
    wrong = [not result.right for result in hearing.each(similar, ROOMS[0], min(2, everybody))]
    rows.append(_share("sounds like the list: accepted, quiet", wrong, 10, False, True))
    noises = zip(islice(sounds(), 2 if short else None), cycle(hearing.listeners), strict=False)
    wrong = [hear(listener, noise).text is not None for noise, listener in noises]
    rows.append(_share("no speech: accepted", wrong, 10, True, True))
    each_s = hearing.busy_s / hearing.speaker.spoken_s
    rows.append(at_most("CPU seconds for a second of sound", each_s, 0.5, "s"))
    if not short:
        rows.append(_long_list(hearing.speaker))
    return [*rows, Row("the model is loaded in", f"{hearing.loading_s * 1000:.0f} ms")]


def tuning() -> str:
    """A table of thresholds: what each would do to the words that it is chosen by."""
    hearing = Hearing(TUNING)
    everybody = len(TUNING.voices)
    said = (hearing.listed, everybody), (hearing.others, everybody), (TUNING.similar, 2)
    listed, *outside = [list(hearing.each(words, ROOMS[0], voices)) for words, voices in said]
    lines = [["nats a frame", "in the list: right", "others: accepted", "similar: accepted"]]
    for threshold in (number / 10 for number in range(-44, -26, 2)):
        shares = [
            np.mean([one.accepted(threshold) == one.wanted for one in listed]),
            *(np.mean([one.accepted(threshold) is not None for one in out]) for out in outside),
        ]
        chosen = " (chosen)" if threshold == REJECTED_BELOW else ""
        lines.append([f"{threshold}{chosen}", *(f"{100 * share:.1f} %" for share in shares)])
    counts = ", ".join(str(len(results)) for results in (listed, *outside))
    return markdown(f"Thresholds, by {counts} utterances in quiet", lines)


def _kinds(results: list[_Result]) -> list[Row]:
    """The digits, which are the shortest and the most in one list, and what goes wrong."""
    digits = [result.right for result in results if result.wanted in _DIGITS]
    others = [result.right for result in results if result.wanted not in _DIGITS]
    wrong = [result for result in results if not result.right]
    rejected = sum(result.heard.text is None for result in wrong)
    return [
        _share("of these the digits", digits, 90, False),
        _share("of these all others", others, 90, False),
        Row("of the wrong: rejected, taken for another", f"{rejected}, {len(wrong) - rejected}"),
    ]


def _share(what: str, hits: list[bool], limit: float, limited: bool, low: bool = False) -> Row:
    share, of = 100 * float(np.mean(hits)), f" of {len(hits)}"
    if not limited:
        return Row(what, f"{share:.0f} %{of}")
    return (at_most if low else at_least)(what, share, limit, "%", of)


def _long_list(speaker: Speaker) -> Row:
    hundreds = [str(number) for number in range(100, 600)]
    listener = WordListener(hundreds, RATE)
    samples = speaker.say("two hundred and thirty four", HELD_OUT.voices[0], ROOMS[0])
    start = time.thread_time()
    hear(listener, samples)
    factor = (time.thread_time() - start) / (len(samples) / RATE)
    return Row("the same with 500 phrases", f"{factor:.2f} s")


if __name__ == "__main__":
    print(tuning())
