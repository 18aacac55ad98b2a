"""Prompts: how long they last when nobody hears them, and their sound when somebody does."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ivrsim.engine.commands import AudioFile, Speech
from ivrsim.errors import AudioError
from ivrsim.runtime.allow import HostPolicy
from ivrsim.runtime.downloads import AudioCache, fetch_audio
from ivrsim.runtime.webhooks import WebhookClient
from ivrsim.sound.engines import EMBEDDED

if TYPE_CHECKING:
    from ivrsim.sound.clip import Clip
    from ivrsim.sound.speech import Announcer, Utterance

_T = TypeVar("_T")
Http = Callable[[], Awaitable[WebhookClient]]

CHARACTERS_A_SECOND = 17.0
"""The pace of an announcement at normal speed: an estimate, used without sound."""


def estimate_ms(speech: Speech) -> int:
    """Milliseconds of one playing: 17 characters a second, speed and SSML pauses counted."""
    speed = speech.speed if speech.speed > 0 else 1.0
    characters, pauses_ms = float(len(unescape(speech.plain))), 0
    if speech.ssml:
        characters, pauses_ms = _marked_up(speech)
    return round(characters / CHARACTERS_A_SECOND / speed * 1000 + pauses_ms)


def _marked_up(speech: Speech) -> tuple[float, int]:
    """Characters, fewer where the markup says them faster, and milliseconds of its pauses."""
    from ivrsim.sound.ssml import Pause, read

    try:
        parts = read(speech.text, speech.language)
    except AudioError:
        return 0.0, 0  # nothing of it is spoken
    characters, pauses_ms = 0.0, 0
    for part in parts:
        if isinstance(part, Pause):
            pauses_ms += part.ms
        else:
            characters += len(part.text) / part.speed
    return characters, pauses_ms


class PromptMaker:
    """Fetches, measures and speaks the prompts of one call.

    ``folder``: where relative paths of audio files begin; None when the document came from
    elsewhere and may not name files of this machine. ``voice``: the engine that speaks.
    """

    def __init__(
        self,
        folder: Path | None,
        policy: HostPolicy,
        cache: AudioCache,
        insecure: bool,
        voice: str = EMBEDDED,
    ) -> None:
        self._folder = folder
        self._policy = policy
        self._cache = cache
        self._insecure = insecure
        self._voice = voice
        self._announcer: Announcer | None = None
        self._lock = threading.Lock()  # prompts are made in threads, several at a time

    async def measure(self, file: AudioFile, http: Http) -> int:
        """Milliseconds of one playing. Raises AudioError."""
        from ivrsim.sound.files import duration_ms

        data = await self._bytes(file, http)
        return await asyncio.to_thread(duration_ms, data, file.url)

    async def clip(self, sound: Speech | AudioFile, http: Http, rate: int) -> Clip:
        """The sound of one playing, at ``rate`` Hz. Raises AudioError, SoundUnavailable.

        ``clip.note`` says in one line how it differs from what was asked; that a voice failed,
        once.
        """
        if isinstance(sound, Speech):
            speak_it = partial(self._speak, sound, rate)
            if self._voice == EMBEDDED:
                return await asyncio.to_thread(speak_it)
            return await leaving_behind(speak_it)
        from ivrsim.sound.files import decode

        data = await self._bytes(sound, http)
        return await asyncio.to_thread(lambda: decode(data, sound.url).resample(rate))

    async def warm(self, rate: int) -> None:
        """Load the voice, so that the first prompt (at ``rate`` Hz) is as quick as the others."""
        await asyncio.to_thread(lambda: self._announcing().warm(rate))

    def _speak(self, speech: Speech, rate: int) -> Clip:
        return self._announcing().clip(utterance(speech), rate)

    def _announcing(self) -> Announcer:
        from ivrsim.sound.speech import Announcer

        with self._lock:
            if self._announcer is None:
                self._announcer = Announcer(self._voice, cache_folder())
            return self._announcer

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


async def leaving_behind(work: Callable[[], _T]) -> _T:
    """``work`` in a thread that nobody waits for when the call, or the process, ends before it.

    A thread of asyncio's own would hold up the end until the network has answered.
    """
    done: Future[_T] = Future()
    done.set_running_or_notify_cancel()  # whoever waits may give up; the thread goes on

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # raised again where it is waited for
            done.set_exception(error)

    threading.Thread(target=run, name="voice", daemon=True).start()
    return await asyncio.wrap_future(done)


def utterance(speech: Speech) -> Utterance:
    """The words of an action as ``sound`` takes them, with the voice for its fields."""
    from ivrsim.sound.speech import Utterance
    from ivrsim.sound.voices import choose

    voice = choose(speech.language, speech.style, speech.voice)
    return Utterance(speech.text, voice, speech.speed, speech.ssml)


def speak(speech: Speech, rate: int) -> Clip:
    """``speech`` by the embedded voice, at ``rate`` Hz. Raises AudioError, SoundUnavailable."""
    from ivrsim.sound.speech import Announcer

    return Announcer().clip(utterance(speech), rate)


def cache_folder() -> Path | None:
    """Where spoken prompts are kept: ``$IVRSIM_CACHE/prompts``, or the place for such things on
    this system; None for a user without a home folder."""
    if folder := os.environ.get("IVRSIM_CACHE"):
        return Path(folder) / "prompts"
    try:
        if sys.platform == "win32":
            local = os.environ.get("LOCALAPPDATA")
            base = (Path(local) if local else Path.home() / "AppData" / "Local") / "ivrsim/cache"
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Caches" / "ivrsim"
        else:
            cache = os.environ.get("XDG_CACHE_HOME", "")
            # The XDG Base Directory Specification: a relative path is to be ignored.
            base = (Path(cache) if os.path.isabs(cache) else Path.home() / ".cache") / "ivrsim"
    except RuntimeError:
        return None
    return base / "prompts"
