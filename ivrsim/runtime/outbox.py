"""How the webhooks of one call go out and their answers come back: to pages, or over HTTP."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ivrsim.engine import events as ev
from ivrsim.engine.commands import SendWebhook
from ivrsim.runtime.faults import HOLD_MS, Answer, Fault, Held
from ivrsim.runtime.webhooks import WebhookClient

if TYPE_CHECKING:
    from ivrsim.runtime.hands import Desk
    from ivrsim.runtime.plan import CallPlan

Start = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class Outbox:
    """Sends the webhooks of one call; the answers go to the desk.

    Scripted pages answer at once. In virtual time requests are made one after another (``busy``,
    ``work``), in real time each is a task of its own, begun with ``start``.
    """

    def __init__(self, plan: CallPlan, desk: Desk, start: Start) -> None:
        self._plan = plan
        self._desk = desk
        self._start = start
        self._virtual = plan.clock.virtual
        self._waiting: deque[tuple[SendWebhook, Fault | None]] = deque()
        self._client: WebhookClient | None = None
        self._held: Held | None = None
        self._released: Held | None = None
        self._page_missed = False
        self.unsent: frozenset[str] = frozenset()
        """Webhooks of a past that is lived again which a fault kept from being sent."""

    @property
    def busy(self) -> bool:
        """A request waits for its turn."""
        return bool(self._waiting)

    async def work(self) -> None:
        """Make the request whose turn it is."""
        await self._ask_application(*self._waiting.popleft())

    async def http(self) -> WebhookClient:
        """The client of this call, for downloads too."""
        if self._client is None:
            self._client = WebhookClient()
        return self._client

    async def close(self) -> None:
        """Let go of all connections."""
        if self._client is not None:
            await self._client.close()

    def send(self, command: SendWebhook) -> None:
        """Send a webhook."""
        released = self._released
        if released is not None and released.command.webhook == command.webhook:
            self._released = None
            self._deliver(command, released.fault)
        elif self._plan.faults.armed or self._held is not None:
            self._send_with_faults(command)
        else:
            self._deliver(command)

    def happened(self, event: ev.Event) -> Sequence[SendWebhook]:
        """An event was fed: a webhook that is held back may have to be sent now."""
        held = self._held
        if held is None or event is not held.alarm:
            return ()
        self._held, self._released = None, held
        return (held.command,)

    # ------------------------------------------------------------------ what goes wrong

    def _send_with_faults(self, command: SendWebhook) -> None:
        desk, held = self._desk, self._held
        fault = self._plan.faults.of_webhook(
            command.webhook, desk.records, holding=held is not None
        )
        if fault is not None:
            useless = self._unsigned(command) if fault.forges else None
            if useless is not None:
                desk.notice(f"wrong-signature has no effect: {useless}")
            desk.answer(fault.met(command, useless or ""))
            if fault.holds:
                self._held = Held.back(command, fault)
                desk.schedule(desk.now_ms + HOLD_MS, self._held.alarm, "held")
                return
        sending = self._deliver(command, fault)
        if held is not None:
            self._held = None
            desk.drop("held")
            desk.answer(held.after(command))
            self._deliver(held.command, held.fault, after=sending)

    def _unsigned(self, command: SendWebhook) -> str | None:
        """Why nobody would notice a wrong signature; None: the webhook is signed."""
        if self._answered_by_pages(command):
            return "the pages of a flow look at no signature"
        if self._plan.authorize is None:
            return "the webhooks of this call are not signed: there is no secret to sign them with"
        return None

    # ------------------------------------------------------------------ out, and back

    def _deliver(
        self,
        command: SendWebhook,
        fault: Fault | None = None,
        after: asyncio.Task[None] | None = None,
    ) -> asyncio.Task[None] | None:
        """Ask the application, or let it be asked when its turn comes.

        ``after``: once that task is over; what is returned is the task that asks.
        """
        if self._answered_by_pages(command):
            self._ask_pages(command, fault)
        elif self._virtual:
            self._waiting.append((command, fault))
        else:
            return self._start(self._ask_application(command, fault, after))
        return None

    def _comes(
        self,
        command: SendWebhook,
        event: Answer,
        came_at: int,
        fault: Fault | None,
        asked_at: int,
    ) -> None:
        """An answer comes at ``came_at``, which may be later; a fault changes it."""
        if fault is not None:
            event, came_at = fault.arrived(command, event, came_at, asked_at)
        if came_at > self._desk.now_ms:
            self._desk.schedule(came_at, event)
        else:
            self._desk.answer(event)

    # ------------------------------------------------------------------ scripted pages

    def _answered_by_pages(self, command: SendWebhook) -> bool:
        return command.url.startswith("pages:") and self._plan.pages is not None

    def page_reply(self, command: SendWebhook) -> tuple[ev.WebhookReplied, int] | None:
        """What a scripted page answers, and after how many milliseconds; None: it is not asked."""
        pages = self._plan.pages
        if pages is None or not self._answered_by_pages(command):
            return None
        if command.webhook in self.unsent:
            self._miss(command)
            return None
        if not command.context.get("informational"):
            if self._page_missed and command.context.get("attempt", 1) > 1:
                # The pages have not seen the attempt before it: to them it is the first.
                command = replace(command, context={**command.context, "attempt": 1})
            self._page_missed = False
        reply = pages.reply(command)
        event = ev.WebhookReplied(
            command.webhook,
            reply.status,
            reply.headers,
            reply.body.decode(),
            page=reply.page,
            secret=reply.secret,
        )
        return event, reply.delay_ms

    def _miss(self, command: SendWebhook) -> None:
        if not command.context.get("informational"):
            self._page_missed = True

    def _ask_pages(self, command: SendWebhook, fault: Fault | None) -> None:
        asked = self._desk.now_ms
        missed = None if fault is None else fault.instead(command)
        if missed is not None:
            self._miss(command)
            self._comes(command, missed, asked, fault, asked)
            return
        page = self.page_reply(command)
        assert page is not None
        event, delay_ms = page
        if fault is not None and fault.twice:
            # Pages answer a second delivery as they do a second attempt: with the same again.
            again = replace(command, context={**command.context, "attempt": 2})
            second = self.page_reply(again)
            assert second is not None
            self._desk.answer(fault.second(event, second[0]))
        self._comes(command, event, asked + delay_ms, fault, asked)

    # ------------------------------------------------------------------ HTTP

    async def _ask_application(
        self,
        command: SendWebhook,
        fault: Fault | None = None,
        after: asyncio.Task[None] | None = None,
    ) -> None:
        if after is not None:
            await asyncio.wait([after])
        desk = self._desk
        asked = desk.now_ms
        event = None if fault is None else fault.instead(command)
        if event is None:
            event = await self._request(command, fault)
        if fault is not None and fault.twice and isinstance(event, ev.WebhookReplied):
            again = command
            if not self._virtual:  # both within the time that the platform waits for one
                again = replace(command, read_ms=max(1, command.read_ms - event.elapsed_ms))
            desk.answer(fault.second(event, await self._request(again, fault)))
        if self._virtual and isinstance(event, ev.WebhookFailed) and event.reason == "timeout":
            # The time that was really waited is the time that passes in the call.
            nominal = command.connect_ms if event.phase == "connect" else command.read_ms
            desk.schedule(desk.now_ms + nominal, replace(event, elapsed_ms=nominal))
        else:
            took = 0 if self._plan.latency is None else self._plan.latency(command.webhook)
            self._comes(command, event, desk.now_ms + took, fault, asked)

    async def _request(self, command: SendWebhook, fault: Fault | None) -> Answer:
        plan = self._plan
        headers = dict(plan.headers)
        if plan.authorize is not None:
            signed = plan.authorize(command)
            if fault is not None and fault.forges:
                signed = fault.forged(signed)
            headers.update(signed)
        client = self._client or await self.http()
        event = await client.send(command, headers, policy=plan.policy, insecure=plan.insecure)
        if isinstance(event, ev.WebhookReplied) and event.status >= 500:
            self._tell_application_error()
        return event

    def _tell_application_error(self) -> None:
        """What a Python application that is served here died of: HTTP 500 does not say it."""
        said = self._plan.application_error() if self._plan.application_error else None
        if said is not None:
            self._desk.notice(said)
