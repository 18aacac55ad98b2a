"""What both platforms do, written once: request, dial, bridge, wait, play.

Each is a generator to be used with ``yield from`` in a platform's program. When the caller
hangs up, CallerGone passes through them; each leaves its own things in order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson

from ivrsim.engine.commands import BridgeLegs, RingLeg, SendWebhook
from ivrsim.engine.events import (
    HungUp,
    LegAnswered,
    LegBusy,
    LegRinging,
    LegUnanswered,
    PromptFailed,
    TimerFired,
    WebhookFailed,
    WebhookReplied,
)
from ivrsim.engine.leg import Leg
from ivrsim.engine.line import Prompt
from ivrsim.engine.platform import CallerGone, Steps
from ivrsim.engine.session import Session
from ivrsim.trace.masking import mask_url

Answer = WebhookReplied | WebhookFailed

JSON_HEADERS: Mapping[str, str] = {"Content-Type": "application/json"}


@dataclass(slots=True)
class Request:
    """One webhook, before it is sent.

    ``body`` and ``query`` are as sent; ``shown`` replaces the body (the query when there is no
    body) in the trace when it holds secret digits. Timeouts in milliseconds: see
    ``SendWebhook``. ``context`` is for scripted pages. ``url`` None: nothing is set, the trace
    says that it was not sent and ``why_not``.
    """

    purpose: str
    title: str
    url: str | None
    body: Any = None
    query: Mapping[str, Any] | None = None
    shown: Any = None
    method: str = "POST"
    connect_ms: int = 1000
    read_ms: int = 5000
    context: Mapping[str, Any] = field(default_factory=dict)
    why_not: str | None = None


def request(
    call: Session, what: Request, *, role: str = "main", attempt: int = 1
) -> Steps[Answer | None]:
    """One attempt at a webhook. None when it has no URL and was not sent."""
    webhook = call.new_id("w")
    url = _with_query(what.url, what.query)
    query = what.shown if what.body is None and what.shown is not None else what.query
    masked = None if what.url is None else mask_url(what.url)
    same = masked == what.url and query is what.query
    shown_url = url if same else _with_query(masked, query)
    headers: dict[str, str] = {}
    body: bytes | None = None
    if what.body is not None:
        headers.update(JSON_HEADERS)
        body = _json(what.body)
    shown_headers = dict(headers, Authorization="•••") if call.setup.authorized else headers
    data = {
        "webhook": webhook,
        "purpose": what.purpose,
        "title": what.title,
        "role": role,
        "attempt": attempt,
        "method": what.method,
        "url": shown_url,
        "headers": shown_headers,
        "query": query,
        "body": what.body if what.shown is None or what.body is None else what.shown,
        "sent": url is not None,
        "why_not": None if url is not None else what.why_not or "no URL is set",
        "connect_ms": what.connect_ms,
        "read_ms": what.read_ms,
    }
    seq = call.record("webhook.request", data, call.caller_leg or None)
    if url is None:
        return None
    call.expect_webhook(webhook, seq)
    call.command(
        SendWebhook(
            webhook,
            what.purpose,
            what.method,
            url,
            headers,
            body,
            what.connect_ms,
            what.read_ms,
            what.context,
            None if what.query is None else {**_own_query(what.url or ""), **what.query},
        )
    )
    answer: Answer = yield (webhook,)
    return answer


def content_type_of(answer: WebhookReplied) -> str | None:
    """The ``Content-Type`` of a reply, however its name is spelled."""
    return next(
        (value for name, value in answer.headers.items() if name.lower() == "content-type"), None
    )


def body_bytes(answer: WebhookReplied) -> bytes:
    """The body of a reply. One that is not UTF-8 stays so: what it is exactly changes nothing."""
    return b"\xff" if answer.encoding != "utf-8" else answer.body.encode("utf-8", "surrogatepass")


def _json(body: Any) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:  # an integer over 64 bits or half a surrogate pair, from a document
        return json.dumps(body, separators=(",", ":")).encode()


def _own_query(url: str) -> dict[str, str]:
    """The parameters that the application's URL has already."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True)) if "?" in url else {}


def _with_query(url: str | None, query: Mapping[str, Any] | None) -> str | None:
    if url is None or not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def play(call: Session, prompt: Prompt) -> Steps[Prompt]:
    """Play a prompt to its end; its ``outcome`` says how that was."""
    call.line.play(prompt)
    yield from line_idle(call)
    return prompt


def line_idle(call: Session) -> Steps[PromptFailed | None]:
    """Wait until nothing plays; the first failure among the prompts, or None."""
    failure: PromptFailed | None = None
    while call.line.busy:
        event = yield ("line",)
        if isinstance(event, PromptFailed) and failure is None:
            failure = event
    return failure


def wait(call: Session, ms: int, name: str = "wait") -> Steps[None]:
    """Let ``ms`` milliseconds of call time go by."""
    timer = call.start_timer(name, ms)
    try:
        yield (timer,)
    finally:
        call.cancel_timer(timer)


def dial(
    call: Session,
    leg: Leg,
    *,
    timeout_ms: int,
    number: str,
    on_ringing: Callable[[], None] | None = None,
) -> Steps[str]:
    """Ring ``leg``. Answers answered, busy, timeout, or the outcome of LegUnanswered.

    A leg that does not answer is ended; one that still rings when the caller goes is ended as
    ``cancelled``, and CallerGone passes on.
    """
    call.command(RingLeg(leg.id, number, leg.role))
    leg.causes["ring"] = leg.causes.get("created")
    timer = call.start_timer("ring", timeout_ms)
    key = f"leg:{leg.id}"
    outcome = "timeout"
    try:
        while True:
            event = yield (key, timer)
            if isinstance(event, LegRinging):
                if on_ringing is not None:
                    on_ringing()
                continue
            if isinstance(event, LegAnswered):
                return "answered"
            if isinstance(event, LegBusy):
                outcome = "busy"
            elif isinstance(event, LegUnanswered):
                outcome = event.outcome
            elif not isinstance(event, TimerFired):
                continue
            break
    except CallerGone as gone:
        call.end_leg(leg, "cancelled", gone.by)
        raise
    finally:
        call.cancel_timer(timer)
    call.end_leg(leg, outcome, "platform" if outcome == "timeout" else "party")
    return outcome


def bridge(call: Session, leg: Leg, *, limit_ms: int | None = None) -> Steps[str]:
    """Let caller and ``leg`` talk until the other side hangs up (``party``) or ``limit``.

    When the caller hangs up, the other leg is ended and CallerGone passes on.
    """
    seq = call.record("leg.bridged", {"with": leg.id}, call.caller_leg, leads=True)
    leg.causes["bridged"] = seq
    call.legs[call.caller_leg].causes["bridged"] = seq
    call.command(BridgeLegs(call.caller_leg, leg.id))
    timer = None if limit_ms is None else call.start_timer("limit", limit_ms)
    key = f"leg:{leg.id}"
    keys = (key,) if timer is None else (key, timer)
    call.bridged = True
    try:
        while not leg.ended:
            event = yield keys
            if isinstance(event, HungUp):
                return "party"
            if isinstance(event, TimerFired):
                call.end_leg(leg, "completed", "platform")
                return "limit"
        return "party"
    except CallerGone as gone:
        call.end_leg(leg, "completed", gone.by)
        raise
    finally:
        call.bridged = False
        call.cancel_timer(timer)
