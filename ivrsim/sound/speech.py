"""Who speaks the prompts of a call: the chosen engine, what is kept, and who takes over."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from concurrent.futures import Future
from dataclasses import astuple, replace
from pathlib import Path
from typing import Final, NamedTuple

from ivrsim.errors import AudioError, SoundUnavailable
from ivrsim.sound.clip import Clip
from ivrsim.sound.clip_cache import ClipFolder, ClipMemory
from ivrsim.sound.engines import EMBEDDED, VoiceEngine, check_engine, open_engine
from ivrsim.sound.voices import Voice

DEADLINE_S: Final = 10.0
"""How long one prompt may take in all, in seconds, by an engine that is not embedded."""

_memory = ClipMemory()  # of the process: the next call speaks the same prompts


class Utterance(NamedTuple):
    """What is to be spoken."""

    text: str
    voice: Voice = Voice()
    speed: float = 1.0
    ssml: bool = False


class Announcer:
    """Speaks the prompts of one call by ``engine``.

    What was spoken is kept in memory, by content. ``folder``: where clips are kept on disk, None
    for nowhere. There ``keep`` puts them, and whatever an engine that is not embedded has made; the
    embedded one makes ten seconds in some ten milliseconds, which is hardly worth half a megabyte.

    When another engine fails, or takes longer than ``deadline_s``, the embedded voice speaks for
    the rest of the call, and the note of the first such clip says why; what is kept goes on
    being used. May be used from several threads.

    Raises InputError when there is no such engine.
    """

    def __init__(
        self,
        engine: str = EMBEDDED,
        folder: Path | None = None,
        *,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        check_engine(engine)
        self._name = engine
        self._folder = None if folder is None else ClipFolder(folder)
        self._deadline_s = deadline_s
        self._lock = threading.Lock()
        self._failed: str | None = None
        self._untold: list[str] = []

    def clip(self, utterance: Utterance, rate: int) -> Clip:
        """``utterance`` at ``rate`` Hz. Raises AudioError, SoundUnavailable."""
        clip = None if self._name == EMBEDDED else self._by_another(utterance, rate)
        if clip is None:
            clip = self._kept(EMBEDDED, utterance, rate) or self._embedded(utterance, rate)
        return self._with_news(clip)

    def warm(self, rate: int) -> None:
        """Load what the first prompt, at ``rate`` Hz, would have to wait for."""
        # What does not load is told when a prompt needs it.
        with contextlib.suppress(SoundUnavailable):
            _render(open_engine(EMBEDDED), Utterance("a")).resample(rate)
        with contextlib.suppress(SoundUnavailable):
            open_engine(self._name)

    def keep(self, utterance: Utterance) -> tuple[Clip, bool]:
        """Have a clip of it on disk; the clip, and whether it was made now. Nobody takes over.

        Raises AudioError, SoundUnavailable (that it cannot be kept is one, too).
        """
        if self._folder is None:
            raise SoundUnavailable("there is no folder for spoken prompts: set IVRSIM_CACHE")
        clip = self._folder.get(self._key(utterance))
        if clip is not None:
            return clip, False
        if self._name != EMBEDDED:
            clip = self._in_time(utterance)
        else:
            clip = _render(open_engine(EMBEDDED), utterance)
            self._put(utterance, clip)
        if self._folder.trouble is not None:
            raise SoundUnavailable(self._folder.trouble)
        return clip, True

    def _kept(self, engine: str, utterance: Utterance, rate: int) -> Clip | None:
        clip = _memory.get((engine, utterance, rate))
        if clip is None and self._folder is not None and engine == self._name:
            clip = self._folder.get(self._key(utterance))
            if clip is not None:
                clip = self._remembered(engine, utterance, clip, rate)
        return clip

    def _remembered(self, engine: str, utterance: Utterance, clip: Clip, rate: int) -> Clip:
        clip = clip.resample(rate)
        _memory.put((engine, utterance, rate), clip)
        return clip

    def _embedded(self, utterance: Utterance, rate: int) -> Clip:
        clip = _render(open_engine(EMBEDDED), utterance)
        return self._remembered(EMBEDDED, utterance, clip, rate)

    def _by_another(self, utterance: Utterance, rate: int) -> Clip | None:
        """None when it cannot; it is not asked again in this call, what it said before is used."""
        try:
            clip = self._kept(self._name, utterance, rate)
            if clip is not None or self._failed is not None:
                return clip
            return self._remembered(self._name, utterance, self._in_time(utterance), rate)
        except SoundUnavailable as error:
            with self._lock:
                if self._failed is None:
                    self._failed = str(error)
                    self._untold.append(
                        f"{error}; the embedded voice speaks for the rest of the call"
                    )
            return None

    def _in_time(self, utterance: Utterance) -> Clip:
        """By a thread of its own: what hangs is left alone, and kept if it comes after all."""
        made: Future[Clip] = Future()

        def make() -> None:
            try:
                clip = _render(open_engine(self._name), utterance)
                self._put(utterance, clip)
                made.set_result(clip)
            except (AudioError, SoundUnavailable) as error:
                made.set_exception(error)
            except Exception as error:  # another package's: the call goes on without it
                why = " ".join(str(error).split()) or type(error).__name__
                made.set_exception(SoundUnavailable(f"{self._name}: {why}"))

        threading.Thread(target=make, name=f"voice {self._name}", daemon=True).start()
        try:
            return made.result(self._deadline_s)
        except TimeoutError:
            raise SoundUnavailable(
                f"{self._name}: no speech within {self._deadline_s:g} s"
            ) from None

    def _put(self, utterance: Utterance, clip: Clip) -> None:
        folder = self._folder
        if folder is None:
            return
        known = folder.trouble
        folder.put(self._key(utterance), clip)
        if folder.trouble is not None and known is None:
            with self._lock:
                self._untold.append(folder.trouble)

    def _key(self, utterance: Utterance) -> str:
        engine = open_engine(self._name)
        text, voice, speed, ssml = utterance
        content = [engine.name, engine.version, text, astuple(voice), speed, ssml]
        # Half a surrogate pair is no text, but may be in a document: JSON escapes it.
        return hashlib.blake2b(json.dumps(content).encode(), digest_size=20).hexdigest()

    def _with_news(self, clip: Clip) -> Clip:
        with self._lock:
            news, self._untold = self._untold, []
        if not news:
            return clip
        return replace(clip, note="; ".join(filter(None, (*news, clip.note))))


def _render(engine: VoiceEngine, utterance: Utterance) -> Clip:
    text, voice, speed, ssml = utterance
    return engine.render(text, voice, speed=speed, ssml=ssml)
