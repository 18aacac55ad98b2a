from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import pytest

from ivrsim.errors import SoundUnavailable
from ivrsim.sound.clip import Samples
from ivrsim.sound.espeak import Synthesizer
from ivrsim.sound.words import PRE_ROLL_S, Heard, WordListener
from ivrsim.sound.words_pronounce import pronounce

RATE = 48_000
MENU = ["Sales", "support", "billing", "Opening hours", "speak to an agent"]


def _has_extra() -> bool:
    if os.environ.get("CI"):
        return True  # dev brings it along: there the tests fail without it
    try:
        import pocketsphinx  # noqa: F401  (is it there?)
    except ImportError:
        return False
    return True


with_extra = pytest.mark.skipif(
    not _has_extra(), reason="needs pocketsphinx: pip install 'ivrsim[speech]'"
)


@cache
def spoken(text: str, rate: int = RATE, language: str = "en-US", variant: str = "f2") -> Samples:
    """``text`` in a quiet room: -50 dBFS of noise, half a second before and after."""
    samples = Synthesizer(rate).render(text, language=language, variant=variant).samples
    samples = np.pad(samples, rate // 2)
    noise = np.random.default_rng(0).normal(0, 0.003, len(samples))
    return (samples * np.float32(0.5) + noise).astype(np.float32)


def hear(listener: WordListener, samples: Samples, block: int = RATE // 50) -> Heard:
    listener.start()
    for start in range(0, len(samples), block):
        listener.feed(samples[start : start + block])
    return listener.finish()


@pytest.fixture(scope="module")
def menu() -> WordListener:
    return WordListener(MENU, RATE)


@with_extra
@pytest.mark.parametrize("phrase", MENU)
def test_a_listed_phrase_is_heard_as_it_was_listed(menu: WordListener, phrase: str) -> None:
    heard = hear(menu, spoken(phrase))
    assert heard.text == phrase
    assert 0.5 <= heard.confidence <= 1
    assert phrase not in [text for text, _ in heard.alternatives]


@with_extra
def test_what_is_not_in_the_list_is_rejected_but_now_and_then(menu: WordListener) -> None:
    """bench/words.py measures how often: this voice's "elephant" is taken for an agent."""
    others = ["banana", "elephant", "where are my keys", "weather"]
    accepted = {}
    for other in others:
        heard = hear(menu, spoken(other))
        assert (heard.text is None) == (heard.confidence < 0.5)
        if heard.text is not None:
            accepted[other] = heard.text
    assert len(accepted) <= 1, accepted


@with_extra
def test_the_nearest_is_told_with_a_rejection(menu: WordListener) -> None:
    heard = hear(menu, spoken("banana"))
    nearest, sure = heard.alternatives[0]
    assert nearest in MENU
    assert sure == heard.confidence < 0.5


@with_extra
@pytest.mark.parametrize("said", ["thirty", "forty"])
def test_further_readings_follow_in_order(said: str) -> None:
    heard = hear(WordListener(["thirteen", "thirty", "forty", "thirsty"], RATE), spoken(said))
    assert heard.text == said
    readings = [(said, heard.confidence), *heard.alternatives]
    assert 2 <= len(readings) <= 3
    assert len({text for text, _ in readings}) == len(readings)
    confidences = [sure for _, sure in readings]
    assert confidences == sorted(set(confidences), reverse=True)


@with_extra
def test_digits_are_ranked_by_the_whole_utterance() -> None:
    digits = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    heard = hear(WordListener(digits, RATE), spoken("seven", variant="m3"))
    assert heard.text == "seven"
    assert all(sure < heard.confidence for _, sure in heard.alternatives)


@with_extra
@pytest.mark.parametrize("name", ["nothing", "silence", "noise", "a tone", "too short", "too long"])
def test_what_is_no_word_is_rejected(menu: WordListener, name: str) -> None:
    at = np.arange(RATE, dtype=np.float32) / RATE
    sound = {
        "nothing": np.zeros(0, np.float32),
        "silence": np.zeros(RATE, np.float32),
        "noise": np.random.default_rng(1).normal(0, 0.1, RATE).astype(np.float32),
        "a tone": np.sin(2 * np.pi * 425 * at) * np.float32(0.3),
        "too short": spoken("support")[: RATE // 1000],
        "too long": np.tile(spoken("support"), 12),
    }[name]
    assert hear(menu, sound).text is None


@with_extra
def test_after_silence_and_noise_it_goes_on_working(menu: WordListener) -> None:
    hear(menu, np.zeros(RATE, np.float32))
    hear(menu, np.random.default_rng(1).normal(0, 0.1, RATE // 2).astype(np.float32))
    assert hear(menu, spoken("support")).text == "support"


@with_extra
def test_blocks_of_any_size_give_the_same(menu: WordListener) -> None:
    samples = spoken("billing")
    first, *others = [hear(menu, samples, block) for block in (17, 441, 10**6)]
    assert others == [first, first]


@with_extra
def test_what_was_said_before_does_not_matter() -> None:
    said = spoken("sales")
    first = hear(WordListener(MENU, RATE), said)
    listener = WordListener(MENU, RATE)
    hear(listener, spoken("billing", variant="m3") * np.float32(0.1))
    hear(listener, np.random.default_rng(1).normal(0, 0.3, RATE // 2).astype(np.float32))
    assert hear(listener, said) == first


@with_extra
@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
def test_other_rates(rate: int) -> None:
    listener = WordListener(MENU, rate)
    assert hear(listener, spoken("billing", rate)).text == "billing"


@with_extra
def test_whole_numbers_and_quiet_microphones(menu: WordListener) -> None:
    whole = (spoken("opening hours") * 0.05 * 32767).astype(np.int16)
    menu.start()
    menu.feed(whole)
    assert menu.finish().text == "Opening hours"


@with_extra
def test_the_beginning_of_the_word_is_kept(menu: WordListener) -> None:
    samples = spoken("support")
    began = int(np.argmax(np.abs(samples) > 0.05)) + round(PRE_ROLL_S * RATE * 0.75)
    menu.feed(np.zeros(60 * RATE, np.float32))
    for start in range(0, began, 960):
        menu.feed(samples[start : min(began, start + 960)])
    menu.start()
    menu.feed(samples[began:])
    assert menu.finish().text == "support"


@with_extra
def test_nothing_is_heard_without_a_start(menu: WordListener) -> None:
    menu.feed(spoken("support"))
    assert menu.finish() == Heard(None)


@with_extra
def test_calls_of_several_threads_do_not_disturb_each_other() -> None:
    lists = [["yes", "no"], MENU, ["red", "green"]]
    said = ["no", "billing", "green"]
    samples = [spoken(text) for text in said]
    together = threading.Barrier(len(lists))

    def call(number: int) -> str | None:
        together.wait()
        return hear(WordListener(lists[number], RATE), samples[number]).text

    with ThreadPoolExecutor(len(lists)) as pool:
        assert list(pool.map(call, range(len(lists)))) == said


@with_extra
def test_words_without_an_entry_in_the_dictionary_are_heard() -> None:
    listener = WordListener(["Nexmo", "24", "Wi-Fi", "Zürich"], RATE)
    assert listener.notes == []
    for said, listed in [("nexmo", "Nexmo"), ("twenty four", "24"), ("wi fi", "Wi-Fi")]:
        assert hear(listener, spoken(said)).text == listed


@with_extra
def test_phrases_that_cannot_be_spoken_are_named() -> None:
    listener = WordListener(["yes", "???", "", "<sil>", "(2)", "Yes!"], RATE)
    assert [note.split(":")[0] for note in listener.notes] == [
        "no pronunciation for '???'",
        "no pronunciation for ''",
    ]
    assert hear(listener, spoken("yes")).text == "yes"


@with_extra
@pytest.mark.parametrize(
    ("phrases", "language", "says"),
    [
        ([], "en-US", "speech.context"),
        (["…"], "en-US", "speech.context"),
        (["ja"], "de-DE", "de-DE"),
    ],
)
def test_what_cannot_work_is_one_line(phrases: list[str], language: str, says: str) -> None:
    with pytest.raises(SoundUnavailable, match=says) as refused:
        WordListener(phrases, RATE, language)
    assert "type what is said" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("language", ["en", "en-GB", "EN_us", "en-SG"])
@with_extra
def test_any_english_will_do(language: str) -> None:
    assert WordListener(["yes"], RATE, language).notes == []


@with_extra
def test_nothing_is_written_to_the_terminal() -> None:
    code = (
        "import numpy as np\n"
        "from ivrsim.sound.words import WordListener\n"
        "listener = WordListener(['speak to an agent', 'Nexmo'], 16000)\n"
        "for sound in (np.zeros(8000), np.random.default_rng(1).normal(0, 0.1, 16000)):\n"
        "    listener.start(); listener.feed(sound.astype(np.float32)); listener.finish()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_without_the_extra_it_says_what_to_install() -> None:
    code = (
        "import sys\n"
        "sys.modules['pocketsphinx'] = None\n"
        "from ivrsim.errors import SoundUnavailable\n"
        "from ivrsim.sound.words import WordListener\n"
        "try:\n"
        "    WordListener(['yes'], 16000)\n"
        "except SoundUnavailable as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "words from the microphone need pocketsphinx; try: pip install 'ivrsim[speech]'\n"
    )


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("nexmo", "N EH K S M OW"),
        ("24", "T W EH N T IY F AO R"),
        ("wi-fi", "W AY F AY"),
        ("judges", "JH AH JH IH Z"),
        ("delivery", "D IH L IH V ER IY"),
        ("???", None),
        ("", None),
    ],
)
def test_the_embedded_voice_knows_how_words_sound(word: str, phones: str | None) -> None:
    assert pronounce(word) == phones
