"""The announcer with the embedded voice: what is made once, kept, and told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ivrsim.errors import AudioError, InputError, SoundUnavailable
from ivrsim.sound import espeak, speech
from ivrsim.sound.clip import Clip
from ivrsim.sound.clip_cache import ClipMemory
from ivrsim.sound.speech import Announcer, Utterance
from ivrsim.sound.voices import Voice


@pytest.fixture(autouse=True)
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that were rendered, in order; nothing is remembered from before."""
    texts: list[str] = []
    real = espeak._render

    def render(text: str, *rest: object) -> Clip:
        texts.append(text)
        return real(text, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(espeak, "_render", render)
    monkeypatch.setattr(speech, "_memory", ClipMemory())
    return texts


def test_the_same_words_are_rendered_once(rendered: list[str]) -> None:
    hello = Utterance("hello")
    clip = Announcer().clip(hello, 48_000)
    assert clip.rate == 48_000
    assert Announcer().clip(Utterance("hello"), 48_000) is clip  # the next call
    assert Announcer().clip(Utterance("hello", Voice("en-GB")), 48_000) is not clip
    assert Announcer().clip(Utterance("hello", speed=1.5), 48_000) is not clip
    assert len(rendered) == 3


def test_what_differs_is_noted(rendered: list[str]) -> None:
    note = Announcer().clip(Utterance("hello", Voice("en-SG")), 8000).note
    assert note == "no voice for 'en-SG': spoken by the nearest, en-gb"
    with pytest.raises(AudioError, match=r"^SSML"):
        Announcer().clip(Utterance("<speak>", ssml=True), 8000)
    with pytest.raises(InputError, match="no voice 'ghost'"):
        Announcer("ghost").clip(Utterance("hello"), 8000)


def test_only_what_is_prepared_is_on_disk(
    rendered: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    announcer = Announcer(folder=tmp_path / "prompts")
    announcer.clip(Utterance("not kept"), 8000)
    assert not (tmp_path / "prompts").exists()
    spoken, made = announcer.keep(Utterance("kept"))
    assert made
    assert not announcer.keep(Utterance("kept"))[1]
    assert rendered == ["not kept", "kept"]
    clip = Announcer(folder=tmp_path / "prompts").clip(Utterance("kept"), spoken.rate)
    assert np.array_equal(clip.samples, spoken.samples)
    assert rendered == ["not kept", "kept"]
    monkeypatch.setattr(espeak, "_MARKUP", 99)  # a version that speaks differently
    assert announcer.keep(Utterance("kept"))[1]


def test_what_cannot_be_kept_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SoundUnavailable, match="cannot keep spoken prompts"):
        Announcer(folder=tmp_path / "file" / "prompts").keep(Utterance("kept"))
    with pytest.raises(SoundUnavailable, match="IVRSIM_CACHE"):
        Announcer().keep(Utterance("kept"))


def test_no_voice_at_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import espeakng_loader

    monkeypatch.setattr(espeak, "_library", None)
    monkeypatch.setattr(espeakng_loader, "get_data_path", lambda: str(tmp_path))
    announcer = Announcer(folder=tmp_path)
    announcer.warm(8000)  # says nothing
    with pytest.raises(SoundUnavailable, match="embedded voice does not work"):
        announcer.clip(Utterance("hello"), 8000)


def test_many_threads(rendered: list[str]) -> None:
    announcer = Announcer()
    utterances = [Utterance(f"this is prompt {number}") for number in range(8)] * 3
    alone = [Announcer().clip(utterance, 16_000).duration_ms for utterance in utterances]
    with ThreadPoolExecutor(6) as pool:
        clips = list(pool.map(lambda utterance: announcer.clip(utterance, 16_000), utterances))
    assert [clip.duration_ms for clip in clips] == alone
    assert len(rendered) == 8


def test_half_a_surrogate_is_spoken_and_kept(tmp_path: Path) -> None:
    assert Announcer(folder=tmp_path).keep(Utterance("a \ud800 b"))[1]
    assert not Announcer(folder=tmp_path).keep(Utterance("a \ud800 b"))[1]
