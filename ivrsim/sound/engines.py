"""Voice engines: what one must be able to do, and which there are.

Another engine is one class in one package, named as an entry point of the group
``ivrsim.voices``; ``docs/sound.md`` shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, Protocol

from ivrsim.errors import InputError, SoundUnavailable

if TYPE_CHECKING:
    from ivrsim.sound.clip import Clip
    from ivrsim.sound.voices import Voice

EMBEDDED: Final = "espeak"
"""The engine that is always there, and takes over when another one fails."""

GROUP: Final = "ivrsim.voices"

_OURS: Final = {EMBEDDED: "ivrsim.sound.espeak:Espeak", "gtts": "ivrsim.sound.gtts_voice:Gtts"}


@dataclass(frozen=True, slots=True)
class Offer:
    """A language that an engine speaks: its tag in the engine's own writing, and its name."""

    tag: str
    name: str


class VoiceEngine(Protocol):
    """Speaks. Made once in a process, without arguments; used from several threads.

    ``about`` is one line for people. ``online``: the words leave this machine. ``version``
    names what else a clip depends on: clips of another version on disk are made again.
    """

    @property
    def name(self) -> str: ...
    @property
    def about(self) -> str: ...
    @property
    def online(self) -> bool: ...
    @property
    def version(self) -> str: ...

    def offers(self) -> Sequence[Offer]:
        """The languages. Raises SoundUnavailable."""
        ...

    def nearest(self, language: str) -> tuple[str, str]:
        """The tag that speaks ``language``, and what a listener would notice of it, or ''."""
        ...

    def render(self, text: str, voice: Voice, *, speed: float = 1.0, ssml: bool = False) -> Clip:
        """``text`` spoken, ``speed`` a factor; ``clip.note`` says what differs from what was asked.

        Raises SoundUnavailable when it cannot speak now; AudioError when the text cannot be
        spoken at all, such as SSML that is not well-formed (``ivrsim.sound.ssml`` reads it).
        """
        ...


def engine_names() -> list[str]:
    """The names of all engines, ours first."""
    return [*_OURS, *_others()]


def check_engine(name: str) -> None:
    """InputError when there is no engine of that name."""
    if name not in _OURS and name not in _others():
        known = ", ".join(engine_names())
        raise InputError(f"there is no voice {name!r}: expected one of {known}")


@cache
def open_engine(name: str) -> VoiceEngine:
    """The engine of that name.

    InputError when there is none; SoundUnavailable when it does not load.
    """
    check_engine(name)
    module, _, attribute = (_OURS.get(name) or _others()[name]).partition(":")
    try:
        made: VoiceEngine = getattr(import_module(module), attribute)()
    except Exception as error:  # whatever a package of others raises when it is imported
        why = " ".join(str(error).split()) or type(error).__name__
        raise SoundUnavailable(f"the voice {name!r} does not load: {why}") from error
    return made


@cache
def _others() -> dict[str, str]:
    from importlib.metadata import entry_points  # 30 ms, and seldom needed

    found = entry_points(group=GROUP)
    return {entry.name: entry.value for entry in found if entry.name not in _OURS}
