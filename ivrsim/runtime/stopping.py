"""A call that stands still: why, and what can be changed meanwhile.

While a call is stopped its time stands still, its sound too; what is to be sent is held, a reply
that has come is not yet used. Whether to stop is a watcher's to say (``ivrsim.debugger``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ivrsim.engine.events import WebhookFailed, WebhookReplied
from ivrsim.trace.record import Record

StopKind = Literal["pause", "record", "request", "reply", "step", "branch"]


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a call stands still.

    ``kind``: ``pause`` (by hand), ``record`` (a breakpoint), ``request`` (before a webhook goes
    out), ``reply`` (before a reply is used), ``step``, ``branch`` (a call that has just been gone
    back to). ``why`` is one line for people. ``seq`` is the record it is about; for ``reply``
    the request's, as the reply has no record yet. ``breakpoint`` is its number, or None.
    """

    kind: StopKind
    why: str
    seq: int
    webhook: str | None = None
    breakpoint: int | None = None


@dataclass(frozen=True, slots=True)
class RequestDraft:
    """A webhook that is about to go out, to be changed. ``body`` is text, None when there is none.

    ``secret``: it holds secret digits, which are not shown: it cannot be edited.
    """

    webhook: str
    title: str
    method: str
    url: str
    headers: Mapping[str, str]
    body: str | None
    secret: bool = False


@dataclass(frozen=True, slots=True)
class ReplyDraft:
    """A reply that is about to be used, to be changed.

    ``failure`` is one line when there was no reply at all: an edited one takes its place
    (``status`` is then 200 and ``body`` empty to begin with).
    """

    webhook: str
    title: str
    status: int
    headers: Mapping[str, str]
    body: str
    failure: str | None = None


class Watcher(Protocol):
    """Says where a call stops."""

    def lived(self, records: Sequence[Record]) -> None:
        """What a branch has behind it: there is nothing to stop at in it."""
        ...

    def after(self, records: Sequence[Record]) -> Stop | None:
        """After each step of a call: its records are written, and what they bring about (a
        webhook, a prompt) has not begun."""
        ...

    def before_reply(
        self, reply: WebhookReplied | WebhookFailed, request: Record | None
    ) -> Stop | None:
        """Before a reply is used; ``request`` is the record of its request."""
        ...
