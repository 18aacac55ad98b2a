"""What a webhook is called, so that a reply can say what it replies to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ivrsim.trace.record import Record
from ivrsim.trace.view_words import request_title, text_of

RecordOf = Callable[[int], Record | None]
"""The record with a ``seq``, or None where there is none."""

FOLLOWERS: Final = frozenset(
    {
        "webhook.response", "webhook.failed", "request.edited", "reply.edited", "webhook.resent",
        "duplicate.response", "fault.injected",
    }
)  # fmt: skip
"""Kinds that speak of a webhook by its id, and know no more of its request."""

# Between a reply and its request lie at most an edit of the one and of the other, and a fault.
_FURTHEST: Final = 8
_KEPT: Final = 4096


def request_of(record: Record, record_of: RecordOf | None) -> Record | None:
    """The request that ``record`` replies to or speaks of, found by its causes; else None."""
    if record_of is None or record.kind not in FOLLOWERS:
        return None
    webhook, at = record.data.get("webhook"), record
    if not isinstance(webhook, str):
        return None
    for _ in range(_FURTHEST):
        if at.cause is None or not 0 < at.cause < at.seq:
            return None
        found = record_of(at.cause)
        if found is None:
            return None
        if found.kind == "webhook.request" and found.data.get("webhook") == webhook:
            return found
        at = found
    return None


class Titles(dict[str, str]):
    """The titles of the latest webhooks by id, however long the call: the older are dropped."""

    def apply(self, record: Record) -> None:
        """Take a record in, whatever it is."""
        if record.kind == "webhook.request":
            self.pop(webhook := text_of(record.data.get("webhook")), None)
            self[webhook] = request_title(record)
            if len(self) > _KEPT:
                del self[next(iter(self))]
