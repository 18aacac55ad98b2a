"""How an action ends: done, with another NCCO in its place, or with the call."""

from __future__ import annotations

from ivrsim.engine.session import Session
from ivrsim.platforms.vonage.documents import Ncco
from ivrsim.platforms.vonage.webhooks import Asked

Result = tuple[str, Ncco | None]
"""The outcome of an action (``action.finished``), and the NCCO that replaces the running one."""


class End(Exception):
    """The call ends; ``by`` and ``why`` as in Outcome. ``failed``: the application failed it."""

    def __init__(self, by: str, why: str | None = None, *, failed: bool = False) -> None:
        super().__init__(why)
        self.by, self.why, self.failed = by, why, failed


def take(call: Session, asked: Asked) -> Result:
    """What a webhook that may return an NCCO has brought."""
    if asked.ncco is not None:
        call.keys.secret = asked.secret
        return "replaced", asked.ncco
    return "done", None
