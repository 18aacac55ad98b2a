"""Prompts: how long they last when nobody hears them, and their sound when somebody does."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import cache
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

from ivrsim.engine.commands import AudioFile, Speech
from ivrsim.runtime.allow import HostPolicy
from ivrsim.runtime.downloads import AudioCache, fetch_audio
from ivrsim.runtime.webhooks import WebhookClient

if TYPE_CHECKING:
    from ivrsim.sound.clip import Clip
    from ivrsim.sound.espeak import Synthesizer

Http = Callable[[], Awaitable[WebhookClient]]

CHARACTERS_A_SECOND = 17.0
"""The pace of an announcement at normal speed: an estimate, used without sound."""

_BREAK = re.compile(r"<break\b([^>]*)>", re.IGNORECASE)
_TIME = re.compile(r"""time\s*=\s*["']\s*(\d+(?:\.\d+)?)\s*(ms|s)\s*["']""", re.IGNORECASE)
_STRENGTH = re.compile(r"""strength\s*=\s*["']([\w-]+)["']""", re.IGNORECASE)
_RATE = re.compile(r"""<prosody\b[^>]*\brate\s*=\s*["']\s*([\w.%-]+)\s*["']""", re.IGNORECASE)
_STRENGTH_MS = {
    "none": 0, "x-weak": 100, "weak": 250, "medium": 400, "strong": 700, "x-strong": 1000,
}  # fmt: skip
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "fast": 1.3, "x-fast": 1.7}


def estimate_ms(speech: Speech) -> int:
    """Milliseconds of one playing: 17 characters a second, speed and SSML pauses counted."""
    words = unescape(speech.plain)
    speed = speech.speed if speech.speed > 0 else 1.0
    pauses = 0.0
    if speech.ssml:
        for attributes in _BREAK.findall(speech.text):
            pauses += _pause_ms(attributes)
        rate = _RATE.search(speech.text)
        if rate:
            speed *= _rate(rate[1])
    return round(len(words) / CHARACTERS_A_SECOND / speed * 1000 + pauses)


def _pause_ms(attributes: str) -> float:
    time = _TIME.search(attributes)
    if time:
        return min(float(time[1]) * (1 if time[2].lower() == "ms" else 1000), 10_000)
    strength = _STRENGTH.search(attributes)
    return _STRENGTH_MS.get(strength[1].lower() if strength else "medium", 400)


def _rate(text: str) -> float:
    if text.endswith("%"):
        try:
            return min(max(float(text[:-1]) / 100, 0.2), 5.0)
        except ValueError:
            return 1.0
    return _RATES.get(text.lower(), 1.0)


class PromptMaker:
    """Fetches, measures and speaks the prompts of one call.

    ``folder``: where relative paths of audio files begin; None when the document came from
    elsewhere and may not name files of this machine.
    """

    def __init__(
        self, folder: Path | None, policy: HostPolicy, cache: AudioCache, insecure: bool
    ) -> None:
        self._folder = folder
        self._policy = policy
        self._cache = cache
        self._insecure = insecure

    async def measure(self, file: AudioFile, http: Http) -> int:
        """Milliseconds of one playing. Raises AudioError."""
        from ivrsim.sound.files import duration_ms

        data = await self._bytes(file, http)
        return await asyncio.to_thread(duration_ms, data, file.url)

    async def clip(self, sound: Speech | AudioFile, http: Http, rate: int) -> Clip:
        """The sound of one playing, at ``rate`` Hz. Raises AudioError, SoundUnavailable."""
        if isinstance(sound, Speech):
            return await asyncio.to_thread(speak, sound, rate)
        from ivrsim.sound.files import decode

        data = await self._bytes(sound, http)
        return await asyncio.to_thread(lambda: decode(data, sound.url).resample(rate))

    async def _bytes(self, file: AudioFile, http: Http) -> bytes:
        return await fetch_audio(
            file.url,
            max_bytes=file.max_bytes,
            base_folder=self._folder,
            policy=self._policy,
            client=await http(),
            cache=self._cache,
            insecure=self._insecure,
        )


@cache
def _synthesizer(rate: int) -> Synthesizer:
    from ivrsim.sound.espeak import Synthesizer

    return Synthesizer(rate)


def speak(speech: Speech, rate: int) -> Clip:
    """``speech`` by the embedded voice, at ``rate`` Hz. Raises AudioError, SoundUnavailable."""
    from ivrsim.sound.voices import choose

    voice = choose(speech.language, speech.style, speech.voice)
    return _synthesizer(rate).render(
        speech.text,
        language=voice.language,
        variant=voice.variant,
        speed=speech.speed,
        ssml=speech.ssml,
    )
