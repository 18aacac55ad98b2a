"""What the engine wants of a platform."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.engine.events import PromptFailed
from ivrsim.engine.setting import Setting

if TYPE_CHECKING:
    from ivrsim.engine.session import Session

T = TypeVar("T")

Steps = Generator[tuple[str, ...], Any, T]
"""A generator that yields the keys it waits for and is sent the event that came.

Keys: ``digit``, ``speech``, ``line`` (the prompts have come to an end, or one failed), a timer's
id, a webhook's id, ``leg:ID``, ``recording:ID`` (its file). A program reads like
the platform's page about it, top to bottom:
``event = yield ("line", timer)``.
"""


class CallerGone(Exception):
    """Thrown into the main program, once, wherever it waits: the caller has left.

    ``by`` is ``caller``, ``api`` or ``limit``.
    """

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended. ``status`` is the platform's word; ``by`` who ended it."""

    status: str
    by: str
    failed: bool = False
    why: str | None = None


class Platform(Protocol):
    """A book of rules. One object serves one call.

    First action, actions of a document, bodies of webhooks and the meaning of replies all
    happen inside ``main``, a generator that the session runs.
    """

    name: str
    settings: Mapping[str, Setting]

    def ids(self, call: Session) -> dict[str, str]:
        """The ids of the conversation, made from ``call.random``."""
        ...

    def main(self, call: Session) -> Steps[Outcome]:
        """The whole call. CallerGone is thrown into it at most once."""
        ...

    def key_ignored(self, digit: str, why: str) -> Diagnostic | None:
        """The remark about a key that had no effect."""
        ...

    def prompt_failed(self, failure: PromptFailed) -> Diagnostic:
        """The remark about a prompt that could not be played."""
        ...
