"""How Vonage delivers: one retry, then the fallback URL, and what a reply may change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.engine.events import WebhookFailed, WebhookReplied
from ivrsim.engine.platform import Steps
from ivrsim.engine.session import Session
from ivrsim.engine.setup import CallSetup
from ivrsim.engine.steps import Answer, Request, body_bytes, content_type_of, request
from ivrsim.platforms.vonage import bodies, pages
from ivrsim.platforms.vonage.actions import Hooked
from ivrsim.platforms.vonage.delivery import (
    ATTEMPTS,
    Purpose,
    deadlines,
    failure_is_retried,
    fallback_reason,
    status_is_retried,
    succeeded,
)
from ivrsim.platforms.vonage.diagnostics import reply_without_effect
from ivrsim.platforms.vonage.documents import Ncco
from ivrsim.platforms.vonage.replies import Reply, read_reply
from ivrsim.trace.masking import mask_url


class Asked(NamedTuple):
    """The result of a webhook that may return an NCCO. ``ncco`` is usable, or None;
    ``failure`` the platform's reason when it failed for good; ``secret``: mask its captures."""

    ncco: Ncco | None
    failure: str | None = None
    secret: bool = False


class Webhooks:
    """The webhooks of one conversation. ``document`` is the id of the NCCO received last."""

    def __init__(self, setup: CallSetup) -> None:
        self._setup = setup
        self.conversation = ""
        self.document = ""

    # ------------------------------------------------------------------ with an NCCO in reply

    def answer(self, call: Session, leg: bodies.LegFacts) -> Steps[Asked]:
        """The answer webhook; without an NCCO the call ends."""
        setup = self._setup
        url = setup.urls.get("answer")
        get = setup.answer_method == "GET"
        what = self._request(
            "answer",
            "answer",
            url,
            {"event": "start"},
            body=None if get else bodies.answer_body(leg),
            query=bodies.answer_query(leg) if get else None,
        )
        original = bodies.answer_body(leg)
        return (yield from self._ask(call, what, "answer", original, required=True))

    def on_answer(self, call: Session, leg: bodies.LegFacts, url: str) -> Steps[Asked]:
        """``onAnswer.url`` of a connect: an NCCO for the other side; without one it is joined."""
        what = self._request(
            "answer", "onAnswer", url, {"event": "onAnswer"}, query=bodies.answer_query(leg)
        )
        answer = yield from self._attempts(call, what)
        if answer is None:
            return Asked(None)
        reply = self._judge(call, answer, required=False, origin="onAnswer")
        return Asked(reply.ncco if reply.failure is None else None, reply.failure)

    def ask(
        self,
        call: Session,
        purpose: str,
        body: dict[str, Any],
        context: dict[str, Any],
        *,
        url: str | None,
        method: str,
        shown: dict[str, Any] | None = None,
    ) -> Steps[Asked]:
        """An event that may return an NCCO: input, notify, a synchronous connect."""
        what = self._event(purpose, body, context, url, method, shown)
        return (yield from self._ask(call, what, "event", body, required=False, shown=shown))

    def _ask(
        self,
        call: Session,
        what: Request,
        kind: Literal["answer", "event"],
        original: Mapping[str, Any],
        *,
        required: bool,
        shown: Mapping[str, Any] | None = None,
    ) -> Steps[Asked]:
        answer = yield from self._attempts(call, what)
        if answer is None:
            return Asked(None, "no URL is set" if required else None)
        origin = "answer" if required else "reply"
        fallback_url = self._setup.urls.get("fallback")
        final = fallback_url is None
        reply = self._judge(call, answer, required=required, origin=origin, final=final)
        if reply.failure is not None and fallback_url is not None and what.url is not None:

            def about_failure(
                data: Mapping[str, Any], reason: str = reply.failure, url: str = what.url
            ) -> dict[str, Any]:
                return bodies.fallback_body(data, reason=reason, url=url, kind=kind)

            get = what.body is None
            again = self._request(
                "fallback",
                "fallback",
                fallback_url,
                what.context,
                body=None if get else about_failure(original),
                query=bodies.event_query(about_failure(original)) if get else None,
                shown=about_failure(original if shown is None else shown, url=mask_url(what.url)),
            )
            answer = yield from self._attempts(call, again, role="fallback")
            assert answer is not None
            reply = self._judge(call, answer, required=required, origin="fallback")
        secret = isinstance(answer, WebhookReplied) and answer.secret
        if reply.failure is not None:
            return Asked(None, reply.failure)
        return Asked(reply.ncco, None, secret)

    # ------------------------------------------------------------------ events that only tell

    def event(
        self,
        call: Session,
        status: str,
        body: dict[str, Any],
        source: Hooked | None = None,
    ) -> None:
        """Tell the application of something; nothing waits for its reply. ``source``: the action
        whose eventUrl and eventMethod hold."""
        context = {"event": status, "informational": True}
        self._send(call, f"event {status}", body, context, source)

    def recorded(self, call: Session, body: dict[str, Any], source: Hooked) -> None:
        """Tell the application of a recording. Scripted pages may turn over, the call does not."""
        self._send(call, "record", body, {"event": "record"}, source)

    def _send(
        self,
        call: Session,
        title: str,
        body: dict[str, Any],
        context: dict[str, Any],
        source: Hooked | None,
    ) -> None:
        url = None if source is None else source.event_address
        method = "POST" if source is None else source.event_method
        call.spawn(self._tell(call, self._event(title, body, context, url, method)))

    def _tell(self, call: Session, what: Request) -> Steps[None]:
        answer = yield from self._attempts(call, what)
        if isinstance(answer, WebhookFailed):
            found = answer.message
        elif answer is not None and not succeeded(answer.status):
            found = f"HTTP {answer.status}"
        else:
            if (
                answer is not None
                and what.title == "record"
                and answer.body.lstrip().startswith("[{")
            ):
                call.diagnose(reply_without_effect(what.title, answer.body))
            return
        call.diagnose(
            Diagnostic(
                "vonage.event-failed",
                "warning",
                f"{what.title} was not taken: {found}",
                expected="HTTP 200 to 205",
                found=found,
                basis="documented",
                page=pages.EVENTS,
            )
        )

    # ------------------------------------------------------------------ one delivery

    def _request(
        self,
        purpose: Purpose,
        title: str,
        url: str | None,
        context: Mapping[str, Any],
        *,
        body: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
        shown: Any = None,
    ) -> Request:
        limits = deadlines(purpose, self._setup.settings)
        if body is None and shown is not None:
            shown = bodies.event_query(shown)
        return Request(
            title if purpose == "event" and " " not in title else purpose,
            title,
            url,
            body,
            query,
            shown,
            "GET" if body is None else "POST",
            limits.connect_ms,
            limits.read_ms,
            {**context, "from": self._setup.caller, "to": self._setup.callee},
        )

    def _event(
        self,
        title: str,
        body: dict[str, Any],
        context: Mapping[str, Any],
        url: str | None,
        method: str,
        shown: Any = None,
    ) -> Request:
        """An event, to ``url`` or to the application's event URL."""
        get = method == "GET"
        return self._request(
            "event",
            title,
            url or self._setup.urls.get("event"),
            context,
            body=None if get else body,
            query=bodies.event_query(body) if get else None,
            shown=shown,
        )

    def _attempts(self, call: Session, what: Request, role: str = "main") -> Steps[Answer | None]:
        """Try, and once more after what is worth a retry; None when there is no URL."""
        answer = yield from request(call, what, role=role)
        for attempt in range(2, ATTEMPTS + 1):
            if answer is None or not _worth_a_retry(answer):
                break
            if isinstance(answer, WebhookFailed) and answer.reason == "timeout":
                call.decide("vonage.timeouts", "a webhook was not answered in time")
            again = replace(what, context={**what.context, "attempt": attempt})
            answer = yield from request(
                call, again, role="retry" if role == "main" else role, attempt=attempt
            )
        return answer

    def _judge(
        self, call: Session, answer: Answer, *, required: bool, origin: str, final: bool = True
    ) -> Reply:
        """What an answer means, with all that is to be said about it."""
        if isinstance(answer, WebhookFailed):
            reason = fallback_reason(answer.reason)
            call.diagnose(
                Diagnostic(
                    "vonage.answer-failed" if required else "vonage.event-failed",
                    "error" if required and final else "warning",
                    answer.message,
                    expected="an NCCO" if required else "HTTP 200 to 205",
                    found=answer.reason,
                    reason=reason,
                    basis="documented",
                    page=pages.ANSWER if required else pages.EVENTS,
                )
            )
            return Reply(None, reason)
        content_type = content_type_of(answer)
        body = body_bytes(answer)
        reply = read_reply(
            answer.status, content_type, body, self._setup.settings, required=required
        )
        for name in reply.decided:
            call.decide(name, "reading the reply")
        for diagnostic in reply.diagnostics:
            softened = replace(diagnostic, severity="warning")
            soften = not final and diagnostic.severity == "error"
            call.diagnose(softened if soften else diagnostic)
        if reply.ncco is not None:
            self.received(call, reply.ncco, origin, answer.page)
        if reply.failure is not None and succeeded(answer.status):
            body_of_error = bodies.ncco_error_body(self.conversation, call.time())
            self.event(call, "error", body_of_error)
        return reply

    def received(self, call: Session, ncco: Ncco, origin: str, page: str | None) -> None:
        """Write down an NCCO and what is to be said about it."""
        document = call.new_id("d")
        items = ncco.raw if isinstance(ncco.raw, list) else []
        read = {action.pointer: action.summary for action in ncco.actions}
        listing = []
        for index, item in enumerate(items):
            name = item.get("action") if isinstance(item, dict) else None
            name = name if isinstance(name, str) else "?"
            pointer = f"/{index}"
            listing.append({"pointer": pointer, "action": name, "summary": read.get(pointer, name)})
        call.record(
            "document.received",
            {
                "document": document,
                "origin": origin,
                "page": page,
                "body": ncco.raw,
                "actions": listing,
            },
            call.caller_leg or None,
            leads=True,
        )
        for name in ncco.decided:
            call.decide(name, "reading the NCCO")
        for diagnostic in ncco.diagnostics:
            call.diagnose(diagnostic, document)
        self.document = document


def _worth_a_retry(answer: Answer) -> bool:
    if isinstance(answer, WebhookFailed):
        return failure_is_retried(answer.reason)
    return status_is_retried(answer.status)
