"""Request and reply of a webhook, found in the records themselves."""

from __future__ import annotations

from ivrsim.trace.record import Record
from ivrsim.trace.titles import FOLLOWERS, request_of
from ivrsim.trace.view_items import WebhookPair
from ivrsim.trace.view_words import request_title, text_of
from ivrsim.tui.traces.source import Source, record_at

_ANSWERS = frozenset({"webhook.response", "webhook.failed"})
_FAR = 20_000
"""How many records a reply may lie behind its request to be found; more is no call."""


class Pairs:
    """Finds pairs, remembering those it has found; works for records that are still to come."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._replies: dict[int, int] = {}
        self._looked: dict[int, int] = {}

    def of(self, record: Record) -> WebhookPair | None:
        """The request and reply that ``record`` is one of; None when it is neither."""
        if record.kind == "webhook.request":
            request: Record | None = record
        elif record.kind in _ANSWERS:
            request = self.request_of(record)
        else:
            return None
        name = text_of(record.data.get("webhook"))
        if request is None:
            return WebhookPair(name, "", None, record.seq)
        reply = record.seq if record is not request else self._reply_to(request)
        return WebhookPair(name, request_title(request), request.seq, reply)

    def titles(self, record: Record) -> dict[str, str]:
        """What ``view_words.words`` wants for ``record``: the title of the webhook that it is a
        reply to, or speaks of."""
        request = self.request_of(record) if record.kind in FOLLOWERS else None
        return (
            {} if request is None else {text_of(record.data.get("webhook")): request_title(request)}
        )

    def request_of(self, reply: Record) -> Record | None:
        """The request whose reply this is: the one it follows from, or the one of that id."""
        found = request_of(reply, lambda seq: record_at(self._source, seq - 1))
        if found is not None:
            return found
        name = reply.data.get("webhook")
        stop = min(reply.seq - 1, len(self._source))
        for i in range(stop - 1, max(-1, stop - _FAR), -1):
            if self._source.kind(i) == "webhook.request":
                record = record_at(self._source, i)
                if record is not None and _asks(record, name):
                    return record
        return None

    def _reply_to(self, request: Record) -> int | None:
        if request.seq in self._replies:
            return self._replies[request.seq]
        name = request.data.get("webhook")
        start = self._looked.get(request.seq, request.seq)
        stop = min(len(self._source), request.seq + _FAR)
        for i in range(start, stop):
            if self._source.kind(i) in _ANSWERS:
                record = record_at(self._source, i)
                if record is not None and record.data.get("webhook") == name:
                    self._replies[request.seq] = record.seq
                    return record.seq
        self._looked[request.seq] = max(start, stop)
        return None


def _asks(record: Record, webhook: object) -> bool:
    return record.kind == "webhook.request" and record.data.get("webhook") == webhook
