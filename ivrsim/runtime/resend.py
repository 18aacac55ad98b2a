"""One webhook sent again by hand, outside of the course of its call."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from ivrsim.engine.commands import SendWebhook
from ivrsim.engine.events import WebhookFailed, WebhookResent
from ivrsim.errors import InputError
from ivrsim.runtime.allow import HostPolicy
from ivrsim.runtime.stopping import RequestDraft
from ivrsim.runtime.webhooks import WebhookClient
from ivrsim.trace.record import Record

CONNECT_MS: Final = 1000
READ_MS: Final = 10_000
"""Nobody waits on the line: as long as the most patient of the platforms' webhooks."""


@dataclass(frozen=True, slots=True)
class Resent:
    """What came back. ``status`` is None when nothing did, and ``message`` says why."""

    status: int | None
    headers: Mapping[str, str]
    body: str
    message: str
    elapsed_ms: int


def draft_of(request: Record) -> RequestDraft:
    """The request of a recorded webhook, to be sent again. Raises InputError when it cannot be.

    Masked headers are left out: what they held is in no trace.
    """
    data = request.data
    url, title = data.get("url"), str(data.get("title") or data.get("purpose"))
    if request.kind != "webhook.request" or not isinstance(url, str):
        raise InputError(f"record {request.seq} is no webhook with a URL: select its request")
    if url.startswith("pages:"):
        raise InputError(
            f"{title} went to the scripted pages of the flow, which answer within a call only"
        )
    headers = {
        str(name): str(value)
        for name, value in (data.get("headers") or {}).items()
        if "•" not in str(value)
    }
    body = data.get("body")
    text = None if body is None else body if isinstance(body, str) else json.dumps(body)
    return RequestDraft(
        str(data.get("webhook")), title, str(data.get("method") or "POST"), url, headers, text,
        "•" in f"{url}{text}",
    )  # fmt: skip


async def send_again(
    draft: RequestDraft,
    *,
    policy: HostPolicy,
    headers: Mapping[str, str] | None = None,
    authorize: Callable[[SendWebhook], Mapping[str, str]] | None = None,
    insecure: bool = False,
    client: WebhookClient | None = None,
) -> Resent:
    """Send ``draft`` once. Never raises for what network or application do."""
    query = dict(parse_qsl(urlsplit(draft.url).query, keep_blank_values=True))
    command = SendWebhook(
        draft.webhook,
        "resent",
        draft.method,
        draft.url,
        dict(draft.headers),
        None if draft.body is None else draft.body.encode("utf-8", "surrogatepass"),
        CONNECT_MS,
        READ_MS,
        {},
        query or None,
    )
    more = dict(headers or {})
    if authorize is not None:
        more.update(authorize(command))
    own = client or WebhookClient()
    try:
        event = await own.send(command, more, policy=policy, insecure=insecure)
    finally:
        if client is None:
            await own.close()
    if isinstance(event, WebhookFailed):
        return Resent(None, {}, "", event.message, event.elapsed_ms)
    return Resent(event.status, event.headers, event.body, "", event.elapsed_ms)


def resent_event(draft: RequestDraft, edited: bool, what: Resent) -> WebhookResent:
    """What the trace of the call is told."""
    return WebhookResent(
        draft.webhook,
        edited,
        draft.method,
        draft.url,
        draft.body,
        what.status,
        what.body if what.status is not None else None,
        what.message,
        what.elapsed_ms,
    )
