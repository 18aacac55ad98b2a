"""What the microphone hears becomes keys and words; what the loudspeakers play does not."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from ivrsim.engine import events as ev
from ivrsim.engine.commands import Listen, Speech
from ivrsim.runtime import ear as module
from ivrsim.runtime.ear import Ear
from ivrsim.runtime.prompts import speak
from ivrsim.sound.clip import Samples
from ivrsim.sound.tones import dtmf
from ivrsim.sound.words import Heard

RATE = 48_000
BLOCK = RATE // 50


class Desk:
    """Blocks go in, 20 ms of its own time each; what the call is told is kept."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.digits: list[str] = []
        self.events: list[ev.Event] = []
        self.notices: list[str] = []
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)
        self.ear = Ear(
            RATE,
            post=lambda job: job(),
            press=self.digits.append,
            happen=self.events.append,
            notice=self.notices.append,
            leg=lambda: "leg-a",
        )

    def run(self, microphone: Samples, played: Samples | None = None) -> Samples:
        """Returns what of the microphone goes to the line."""
        kept = []
        for at in range(0, len(microphone) - BLOCK + 1, BLOCK):
            if played is not None:
                self.ear.played(played[at : at + BLOCK])
            kept.append(self.ear.hear(microphone[at : at + BLOCK]))
            self.ear.settle()
            self.now += 0.02
        return np.concatenate(kept)

    def spoken(self) -> list[str]:
        """What was told of voices and words, when all was heard out."""
        self.ear.close()
        return [type(event).__name__ for event in self.events]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def noise(seconds: float, level: float = 1e-4) -> Samples:
    made = np.random.default_rng(1).normal(0, level, round(seconds * RATE))
    return made.astype(np.float32)


def tones(digits: str, gap_s: float = 0.2) -> Samples:
    pieces = [piece for digit in digits for piece in (dtmf(digit, 120, RATE).samples, noise(gap_s))]
    return np.concatenate([noise(0.3), *pieces])


def words(text: str, style: int = 0) -> Samples:
    return speak(Speech(text, text, style=style), RATE).samples


def delayed(sound: Samples, seconds: float, gain: float) -> Samples:
    """What comes back of ``sound`` through air and devices."""
    gap = np.zeros(round(seconds * RATE), np.float32)
    return (gain * np.concatenate([gap, sound])[: len(sound)]).astype(np.float32)


def test_keys_are_heard_once_each(desk: Desk) -> None:
    desk.run(tones("11580#*0"))
    assert desk.digits == list("11580#*0")
    assert desk.spoken() == []
    assert desk.ear.hearing is None


def test_a_key_is_shown_while_it_is_held(desk: Desk) -> None:
    desk.run(np.concatenate([noise(0.2), dtmf("5", 200, RATE).samples]))
    assert desk.digits == ["5"]
    assert desk.ear.hearing == "5"
    desk.run(noise(0.2))
    assert desk.ear.hearing is None


@pytest.mark.parametrize("delay_s", [0.02, 0.15, 0.4])
def test_tones_that_the_line_plays_make_no_digits(desk: Desk, delay_s: float) -> None:
    played = np.concatenate([tones("159", 0.6), noise(0.5)])
    desk.run(delayed(played, delay_s, 0.7), played)
    assert desk.digits == []


def test_a_key_of_the_keypad_is_not_heard_a_second_time(desk: Desk) -> None:
    desk.ear.key_pressed("5")
    heard = desk.run(np.concatenate([noise(0.04), dtmf("5", 120, RATE).samples, noise(0.3)]))
    assert desk.digits == []
    assert not heard[: round(0.36 * RATE)].any()
    assert heard[round(0.42 * RATE) :].any()


def test_another_key_is_heard_soon_after_one_of_the_keypad(desk: Desk) -> None:
    desk.ear.key_pressed("5")
    desk.run(np.concatenate([noise(0.5), dtmf("7", 120, RATE).samples, noise(0.1)]))
    assert desk.digits == ["7"]


def test_keys_over_a_prompt_that_leaks(desk: Desk) -> None:
    prompt = words("Welcome to ABC Restaurant. To book a table press 1, to speak to us press 2.")
    heard = delayed(prompt, 0.08, 0.3)
    key = dtmf("2", 120, RATE).samples
    heard[RATE : RATE + len(key)] += key
    desk.run(heard, prompt)
    assert desk.digits == ["2"]


def test_a_voice_begins_and_stops(desk: Desk) -> None:
    desk.run(np.concatenate([noise(1.0), words("I would like to book a table"), noise(1.0)]))
    assert desk.spoken() == ["SpeechStarted", "SpeechStopped"]
    started, stopped = desk.events
    assert isinstance(started, ev.SpeechStarted)
    assert isinstance(stopped, ev.SpeechStopped)
    assert (started.leg, started.source) == ("leg-a", "microphone")
    assert 200 <= stopped.ago_ms <= 700


@pytest.mark.parametrize("delay_s", [0.06, 0.3])
@pytest.mark.parametrize("gain", [0.05, 0.3, 1.0, 1.5])
def test_a_prompt_that_leaks_is_no_voice(desk: Desk, gain: float, delay_s: float) -> None:
    prompt = np.concatenate(
        [words("Thank you for calling. Our opening hours are from nine to five.")] * 2
    )
    played = np.concatenate([prompt, noise(1.0, 1e-6)])
    echo = delayed(played, delay_s, gain) + delayed(played, delay_s + 0.05, gain / 3)
    room = echo + noise(len(played) / RATE)
    desk.run(room, played)
    assert desk.spoken() == []


def test_a_voice_over_a_prompt_that_leaks(desk: Desk) -> None:
    prompt = np.concatenate([words("Thank you for calling. We are open from nine to five.")] * 3)
    caller = words("opening hours please", style=7)
    room = delayed(prompt, 0.06, 0.1) + noise(len(prompt) / RATE)
    at = 2 * len(prompt) // 3
    room[at : at + len(caller)] += caller[: len(room) - at]
    desk.run(np.concatenate([room, noise(1.0)]), np.concatenate([prompt, noise(1.0, 1e-6)]))
    assert desk.spoken()[0] == "SpeechStarted"


def test_words_that_are_wanted_next_are_not_forgotten_with_the_last(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ear may still be busy with the sentence before."""
    started: list[tuple[str, ...]] = []

    class Words:
        notes: tuple[str, ...] = ()

        def __init__(self, phrases: tuple[str, ...], rate: int, language: str) -> None:
            self.phrases = phrases

        def start(self) -> None:
            started.append(self.phrases)

        def feed(self, block: Samples) -> None: ...

        def finish(self) -> Heard:
            return Heard(None)

    monkeypatch.setattr("ivrsim.sound.words.WordListener", Words)
    desk.ear.listen(Listen("leg-a", "en-US", ("first",)))
    desk.ear.settle()
    free = threading.Event()
    desk.ear._jobs.put(lambda: free.wait(10) and None)
    desk.ear.stop_listening()
    desk.ear.listen(Listen("leg-a", "en-US", ("second",)))
    assert desk.ear._loading is not None
    desk.ear._loading.join()
    free.set()
    desk.run(np.concatenate([noise(1.0), words("yes")]))
    assert started == [("second",)]


class TestWords:
    @pytest.fixture(autouse=True)
    def _with_the_extra(self) -> None:
        pytest.importorskip("pocketsphinx", reason="needs ivrsim[speech]")

    def test_what_is_expected_is_understood(self, desk: Desk) -> None:
        desk.ear.listen(Listen("leg-a", "en-US", ("opening hours", "book a table", "agent")))
        desk.ear.settle()
        desk.run(np.concatenate([noise(1.0), words("opening hours"), noise(1.0)]))
        assert desk.spoken() == ["SpeechStarted", "SpeechHeard", "SpeechStopped"]
        heard = desk.events[1]
        assert isinstance(heard, ev.SpeechHeard)
        assert (heard.text, heard.source) == ("opening hours", "microphone")
        assert heard.confidence is not None
        assert 0.5 <= heard.confidence <= 1
        assert 300 < heard.duration_ms < 1500

    def test_what_nobody_waits_for_has_no_words(self, desk: Desk) -> None:
        desk.ear.listen(Listen("leg-a", "en-US", ("yes", "no")))
        desk.ear.stop_listening()  # before the model is there
        desk.run(np.concatenate([noise(1.0), words("yes"), noise(1.0)]))
        assert desk.spoken() == ["SpeechStarted", "SpeechStopped"]

    def test_a_sentence_that_is_cut_off_is_told_as_far_as_it_went(self, desk: Desk) -> None:
        desk.ear.listen(Listen("leg-a", "en-US", ("opening hours", "book a table", "agent")))
        desk.ear.settle()
        desk.run(np.concatenate([noise(1.0), words("opening hours")]))
        desk.ear.stop_listening()
        assert desk.spoken() == ["SpeechStarted", "SpeechHeard", "SpeechStopped"]

    def test_another_language_is_said(self, desk: Desk) -> None:
        desk.ear.listen(Listen("leg-a", "de-DE", ("ja", "nein")))
        desk.ear.settle()
        assert len(desk.notices) == 1
        assert "de-DE" in desk.notices[0]
