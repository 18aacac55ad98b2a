"""Which voice is chosen, and which engines there are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ivrsim.errors import InputError, SoundUnavailable
from ivrsim.sound import engines
from ivrsim.sound.engines import EMBEDDED, check_engine, engine_names, open_engine
from ivrsim.sound.speech import Announcer, Utterance
from ivrsim.sound.voices import LANGUAGES, Voice, choose


@pytest.mark.parametrize(
    ("fields", "voice"),
    [
        (("en-US", 0, None), Voice("en-US")),
        (("en-US", 0, "en-US-ZiraRUS"), Voice("en-US", name="en-US-ZiraRUS")),
        (("en-US", 0, "en-US-BenjaminRUS"), Voice("en-US", True, name="en-US-BenjaminRUS")),
        (("en-US", 0, "en-GB-Susan"), Voice("en-GB", name="en-GB-Susan")),
        (("en-US", 0, "en-GB-George"), Voice("en-GB", True, name="en-GB-George")),
        (("en-US", 0, "en-IE-EmilyNeural"), Voice("en-IE", name="en-IE-EmilyNeural")),
        (("en-US", 0, "nb-NO-FinnNeural"), Voice("nb-NO", True, name="nb-NO-FinnNeural")),
        (("en-US", 0, "en-US-Neural2-C"), Voice("en-US", name="en-US-Neural2-C")),
        (("en-US", 0, "Brian"), Voice("en-GB", True, 4, "Brian")),
        (("en-GB", 4, None), Voice("en-GB", True, 4)),
        (("en-GB", 1, None), Voice("en-GB", number=1)),
        (("en-US", 0, "<nonsense>"), Voice("en-US", name="<nonsense>")),
    ],
)
def test_the_platforms_names_of_voices(fields: tuple[str, int, str | None], voice: Voice) -> None:
    assert choose(*fields) == voice


@pytest.mark.parametrize("name", ["espeak", "gtts"])
def test_every_language_of_the_platforms_has_a_nearest_voice(name: str) -> None:
    engine = open_engine(name)
    offered = {offer.tag for offer in engine.offers()}
    for language in LANGUAGES:
        tag, note = engine.nearest(language)
        assert tag in offered
        alone = language.split("-")[0]
        if alone not in ("eu", "fil"):  # gtts, espeak: see below
            assert "English" not in note and "en-US" not in note, (language, note)
    assert "'tlh'" in engine.nearest("tlh")[1]


@pytest.mark.parametrize(
    ("asked", "tag", "noted"),
    [
        ("en-GB", "en", False),
        ("en-SG", "en", True),
        ("cmn-CN", "zh-CN", False),
        ("zh-TW", "zh-TW", False),
        ("zh-HK", "yue", False),
        ("he-IL", "iw", False),
        ("nb-NO", "no", False),
        ("pt-BR", "pt", False),
        ("pt-PT", "pt-PT", False),
        ("fr-CA", "fr-CA", False),
        ("de-AT", "de", False),
        ("tlh-KX", "en", True),
    ],
)
def test_gtts_writes_languages_its_own_way(asked: str, tag: str, noted: bool) -> None:
    found, note = open_engine("gtts").nearest(asked)
    assert (found, bool(note)) == (tag, noted)


def test_an_unknown_engine_names_those_that_exist() -> None:
    with pytest.raises(InputError, match="no voice 'expeak': expected one of espeak, gtts"):
        check_engine("expeak")


_PACKAGE = """
from ivrsim.sound.clip import silence
from ivrsim.sound.engines import Offer

class Hum:
    name, about, online, version = "hum", "hums", False, "1"
    def offers(self): return [Offer("en", "English")]
    def nearest(self, language): return "en", ""
    def render(self, text, voice, *, speed=1.0, ssml=False):
        if text == "sing": raise KeyError("no song")
        return silence(1234, 8000)
"""


def test_another_package_brings_an_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hum_voice.py").write_text(_PACKAGE)
    info = tmp_path / "hum_voice-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hum-voice\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[ivrsim.voices]\nhum = hum_voice:Hum\nespeak = hum_voice:Hum\nlost = hum_voice:Lost\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    engines._others.cache_clear()
    try:
        assert engine_names() == ["espeak", "gtts", "hum", "lost"]
        assert open_engine(EMBEDDED).about.startswith("eSpeak NG")  # ours stays ours
        announcer = Announcer("hum")
        assert announcer.clip(Utterance("hello"), 16000).duration_ms == 1234
        with pytest.raises(SoundUnavailable, match=r"'lost' does not load: .*no attribute"):
            open_engine("lost")
        lost = Announcer("lost", tmp_path / "prompts").clip(Utterance("hello"), 16000)
        assert "no attribute 'Lost'; the embedded voice speaks for the rest" in lost.note
        sung = announcer.clip(Utterance("sing"), 16000)
        assert "hum: 'no song'; the embedded voice speaks for the rest" in sung.note
    finally:
        engines._others.cache_clear()
        open_engine.cache_clear()
        sys.modules.pop("hum_voice", None)
