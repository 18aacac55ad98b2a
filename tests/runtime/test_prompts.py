"""How long prompts last, who speaks them, and which can be spoken before a call."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from ivrsim.engine.commands import Command, Play, Speech
from ivrsim.errors import InputError
from ivrsim.flows.target import Target, TargetOptions, load_target
from ivrsim.runtime.allow import HostPolicy
from ivrsim.runtime.downloads import AudioCache
from ivrsim.runtime.hands import Hands
from ivrsim.runtime.place import CallOptions, place_call
from ivrsim.runtime.prepare import Outcome, prepare, prompts_of
from ivrsim.runtime.prompts import PromptMaker, cache_folder, estimate_ms, speak


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IVRSIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "prompts"


def ssml(marked: str, speed: float = 1.0) -> Speech:
    return Speech(f"<speak>{marked}</speak>", "", speed=speed, ssml=True)


@pytest.mark.parametrize(
    ("speech", "ms"),
    [
        (Speech("x" * 34, "x" * 34), 2000),
        (Speech("x" * 34, "x" * 34, speed=2.0), 1000),
        (ssml("x" * 34), 2000),
        (ssml("x" * 34, speed=0.5), 4000),
        (ssml(f"{'x' * 17}<break time='1.5s'/>{'x' * 17}"), 3500),
        (ssml(f"{'x' * 17}<prosody rate='200%'>{'x' * 17}</prosody>"), 1500),
        (ssml(f"<sub alias='{'x' * 17}'>a</sub>"), 1000),
        (ssml("<break strength='strong'/>"), 750),
        (ssml("<broken"), 0),
    ],
)
def test_the_estimate(speech: Speech, ms: int) -> None:
    assert estimate_ms(speech) == ms


def test_the_estimate_is_near_what_is_heard() -> None:
    words = "Welcome to ABC Restaurant. To book a table, press 1. To talk to one of us, press 2."
    for speech in (Speech(words, words), ssml(f"{words}<break time='2s'/><p>{words}</p>")):
        assert estimate_ms(speech) == pytest.approx(speak(speech, 8000).duration_ms, rel=0.3)


async def _no_client() -> Any:
    raise AssertionError("nothing is to be fetched")


async def test_a_prompt_is_spoken_by_the_voice_of_its_platform() -> None:
    maker = PromptMaker(None, HostPolicy(None, ()), AudioCache("hour"), False)
    await maker.warm(16_000)
    clip = await maker.clip(Speech("hello", "hello", voice="en-SG-WayneNeural"), _no_client, 16_000)
    assert clip.rate == 16_000
    assert clip.note == "no voice for 'en-SG': spoken by the nearest, en-gb"


def test_nobody_waits_for_a_voice_after_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    from ivrsim.sound.speech import Announcer

    over, came = threading.Event(), threading.Event()

    def clip(self: Announcer, *_: Any) -> Any:
        if over.wait(60):
            came.set()

    monkeypatch.setattr(Announcer, "clip", clip)

    async def hang_up() -> None:
        maker = PromptMaker(None, HostPolicy(None, ()), AudioCache("hour"), False, "gtts")
        prompt = asyncio.create_task(maker.clip(Speech("hello", "hello"), _no_client, 8000))
        await asyncio.sleep(0.05)
        prompt.cancel()
        await asyncio.wait([prompt])

    asyncio.run(hang_up())
    assert not over.is_set()
    over.set()
    assert came.wait(60)  # what it still said is kept


def test_where_prompts_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert cache_folder() == tmp_path / "cache" / "prompts"
    monkeypatch.delenv("IVRSIM_CACHE")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "ivrsim" / "prompts"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert cache_folder() == tmp_path / "me" / ".cache" / "ivrsim" / "prompts"
    monkeypatch.setattr("sys.platform", "darwin")
    assert cache_folder() == tmp_path / "me" / "Library" / "Caches" / "ivrsim" / "prompts"


def test_an_unknown_voice_is_told_before_the_call() -> None:
    with pytest.raises(InputError, match="no voice 'ghost': expected one of espeak, gtts"):
        place_call(load_target("restaurant"), CallOptions(voice="ghost"))


# ------------------------------------------------------------------ spoken ahead


def flow(folder: Path, text: str) -> Target:
    path = folder / "flow.yaml"
    path.write_text(dedent(text))
    return load_target(str(path))


def prepared(target: Target, voice: str = "espeak") -> list[Outcome]:
    async def collect() -> list[Outcome]:
        return [outcome async for outcome in prepare(target, prompts_of(target), voice)]

    return asyncio.run(collect())


@pytest.mark.parametrize(
    ("sample", "keys"),
    [
        ("restaurant", "1 1"),
        ("restaurant", "9 9 9"),
        ("restaurant", "2"),
        ("parcel", "^12# 0#"),
        ("clinic", "7 1"),
        ("callback", "2 99 20"),
        ("reminder", "1"),
        ("pin", "4711# 2580"),
    ],
)
def test_what_a_call_plays_was_prepared_before(
    sample: str, keys: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[Any] = []
    real = Hands.do

    def do(self: Hands, command: Command) -> None:
        if isinstance(command, Play):
            played.append(command.sound)
        real(self, command)

    monkeypatch.setattr(Hands, "do", do)
    target = load_target(sample)
    asyncio.run(place_call(target, CallOptions(keys=keys, seed=1)).run())
    prompts = prompts_of(target)
    known = {prompt.sound for prompt in prompts}
    skipped = any(prompt.sound is None for prompt in prompts)
    speeches = [sound for sound in played if isinstance(sound, Speech)]
    assert speeches
    unknown = [sound.text for sound in speeches if sound not in known]
    assert not unknown or skipped
    assert len(unknown) <= sum(prompt.expected for prompt in prompts)


def test_every_text_of_a_flow_of_8x8(tmp_path: Path, cache: Path) -> None:
    target = flow(
        tmp_path,
        """
        platform: 8x8
        parties: {"+6531589338": {says: Good evening}, default: busy}
        app:
          pages:
            menu:
              reply:
                callflow:
                  - action: sayAndCapture
                    params: {promptMessage: Press 1, successMessage: Thanks, failureMessage: Oh,
                             voiceProfile: en-GB-George, speed: 1.5, maxDigits: 1}
              next: {"1": echo, other: menu}
            echo:
              reply:
                callflow:
                  - {action: say, params: {text: "You pressed ${digits}", voiceProfile: en-US}}
                  - {action: say, params: {text: "$$5", voiceProfile: xx-XX}}
                  - {action: playFile, params: {fileUrl: missing.wav}}
                  - {action: hangup}
        """,
    )
    outcomes = prepared(target)
    assert [(outcome.status, outcome.prompt.words) for outcome in outcomes] == [
        ("spoken", "Press 1"),
        ("spoken", "Thanks"),
        ("spoken", "Oh"),
        ("skipped", "You pressed …"),
        ("spoken", "$5"),
        ("failed", "missing.wav"),
        ("spoken", "Good evening"),
    ]
    assert outcomes[0].prompt.sound == Speech(
        "Press 1", "Press 1", "en-GB", voice="en-GB-George", speed=1.5
    )
    assert outcomes[0].prompt.place.endswith("flow.yaml:10:37")
    assert "'xx-XX'" in outcomes[4].detail
    assert "no such audio file" in outcomes[5].detail
    assert len(list(cache.iterdir())) == 5
    again = prepared(target)
    assert {outcome.status for outcome in again} == {"kept", "skipped", "failed"}
    assert again[0].duration_ms == outcomes[0].duration_ms


def test_every_text_of_an_ncco(tmp_path: Path) -> None:
    path = tmp_path / "ncco.json"
    path.write_text(
        '[{"action": "talk", "text": "<speak>one<break time=\'1s\'/></speak>", "style": 3},\n'
        ' {"action": "talk", "text": "<speak>a & b</speak>"},\n'
        ' {"action": "talk", "text": "I owe ${digits}", "language": "de-DE"},\n'
        ' {"action": "talk", "text": "I owe ${digits}", "language": "de-DE"},\n'
        ' {"action": "stream", "streamUrl": ["http://example.com/a.mp3"]}]'
    )
    outcomes = prepared(load_target(str(path)))
    assert [outcome.status for outcome in outcomes] == ["spoken", "failed", "spoken", "failed"]
    assert "SSML: not well-formed" in outcomes[1].detail
    assert outcomes[2].prompt.words == "I owe ${digits}"  # a document is sent as it stands
    assert "--allow example.com" in outcomes[3].detail


def test_a_document_that_the_platform_refuses(tmp_path: Path) -> None:
    path = tmp_path / "ncco.json"
    path.write_text('[{"action": "shout", "text": "hello"}]')
    (outcome,) = prepared(load_target(str(path)))
    assert outcome.status == "failed"
    assert "shout" in outcome.detail


def test_what_an_application_says_is_not_known(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not known before it is called"):
        prompts_of(load_target("http://localhost:1/x", TargetOptions(platform="vonage")))


def test_a_voice_that_fails_is_not_asked_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ivrsim.errors import SoundUnavailable
    from ivrsim.sound.gtts_voice import Gtts

    asked: list[str] = []

    def render(self: Gtts, text: str, *_: Any, **__: Any) -> Any:
        asked.append(text)
        raise SoundUnavailable("gtts: Google cannot be reached")

    monkeypatch.setattr(Gtts, "render", render)
    talks = "\n".join(f"  - {{action: talk, text: prompt {number}}}" for number in range(4))
    outcomes = prepared(flow(tmp_path, f"platform: vonage\nncco:\n{talks}\n"), "gtts")
    assert [outcome.detail for outcome in outcomes] == [
        "gtts: Google cannot be reached",
        "gtts: Google cannot be reached",
        "gtts is not asked any more",
        "gtts is not asked any more",
    ]
    assert asked == ["prompt 0", "prompt 1"]
