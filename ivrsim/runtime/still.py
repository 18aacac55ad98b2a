"""What is held while a call stands still, and how it is changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from ivrsim.engine import commands as cmd
from ivrsim.engine import events as ev
from ivrsim.errors import InputError
from ivrsim.runtime.allow import HostPolicy, web_url
from ivrsim.runtime.stopping import ReplyDraft, RequestDraft, Stop, Watcher
from ivrsim.trace.masking import MASK, mask_headers, mask_url
from ivrsim.trace.record import Record

Reply = ev.WebhookReplied | ev.WebhookFailed

BESIDE: Final = (
    ev.Marked,
    ev.RequestEdited,
    ev.ReplyEdited,
    ev.WebhookResent,
    ev.FaultInjected,
    ev.DuplicateReplied,
    ev.CallLeft,
)
"""Events that may happen to a call that stands still: they bring nothing about in it."""


class Still:
    """Holds commands, the reply that is not yet used, and what people did meanwhile.

    ``stop`` says why the call stands still, None while it goes on.
    """

    def __init__(self, watcher: Watcher | None) -> None:
        self.watcher = watcher
        self.stop: Stop | None = None
        self.todo: list[cmd.Command | ev.Event] = []
        self.reply: Reply | None = None
        self.acts: list[ev.Event] = []
        self._passed: ev.Event | None = None

    def before(self, reply: Reply, request_of: Callable[[str], Record | None]) -> Stop | None:
        """Whether to stop before ``reply`` is used, and why; asked once for each."""
        if self.watcher is None or reply is self._passed:
            return None
        stop = self.watcher.before_reply(reply, request_of(reply.webhook))
        if stop is not None:
            self.reply = reply
        return stop

    def after(self, records: Sequence[Record]) -> Stop | None:
        """Whether to stop after a step that wrote ``records``, and why."""
        if self.watcher is None or not records:
            return None
        if self.stop is not None:  # a bookmark, an edit: known, but nothing to stop at once more
            self.watcher.lived(records)
            return None
        return self.watcher.after(records)

    def hold_reply(self, webhook: str | None) -> None:
        """Take the reply to ``webhook`` out of what is to be done, to be looked at."""
        for item in self.todo:
            if isinstance(item, Reply) and item.webhook == webhook:
                self.todo.remove(item)
                self.reply = item
                return

    def release(self) -> tuple[Reply | None, list[cmd.Command | ev.Event]]:
        """The call goes on: the reply whose turn it was, and what is to be done and to be fed
        after what waits already, in this order."""
        todo: list[cmd.Command | ev.Event] = [*self.todo, *self.acts]
        self.todo, self.acts, self.stop = [], [], None
        reply, self.reply = self.reply, None
        if reply is not None:
            self._passed = reply
        return reply, todo

    # ------------------------------------------------------------------ changing what is held

    def request_drafts(self, request_of: Callable[[str], Record | None]) -> list[RequestDraft]:
        """The webhooks that are about to go out; ``request_of`` finds the record of one."""
        return [
            _request_draft(command, request_of(command.webhook))
            for command in self.todo
            if isinstance(command, cmd.SendWebhook)
        ]

    def reply_draft(self, request: Record | None) -> ReplyDraft | None:
        """The reply that is about to be used."""
        reply = self.reply
        if reply is None:
            return None
        title = reply.webhook if request is None else str(request.data.get("title"))
        if isinstance(reply, ev.WebhookFailed):
            return ReplyDraft(reply.webhook, title, 200, _JSON, "", reply.message)
        body = reply.body if reply.encoding == "utf-8" else ""
        return ReplyDraft(reply.webhook, title, reply.status, dict(reply.headers), body)

    def change_request(
        self, draft: RequestDraft, drafts: Sequence[RequestDraft], policy: HostPolicy, diff: str
    ) -> ev.RequestEdited:
        """Send ``draft`` instead. InputError, HostNotAllowed: it cannot be."""
        before = next((each for each in drafts if each.webhook == draft.webhook), None)
        index = next(
            (
                index
                for index, command in enumerate(self.todo)
                if isinstance(command, cmd.SendWebhook) and command.webhook == draft.webhook
            ),
            None,
        )
        if before is None or index is None:
            raise InputError(f"webhook {draft.webhook} is not about to be sent: nothing to edit")
        if before.secret:
            raise InputError(
                f"{before.title} holds digits of a secret capture, which are shown nowhere: "
                "it cannot be edited; its reply can"
            )
        if before.url.startswith("pages:"):
            raise InputError(
                f"{before.title} goes to the scripted pages, which answer what the caller did, not "
                "what the request says: edit the reply instead"
            )
        policy.check(web_url(draft.url))
        command = self.todo[index]
        assert isinstance(command, cmd.SendWebhook)
        edit = ev.RequestEdited(
            draft.webhook, draft.method, draft.url, dict(draft.headers), draft.body, diff
        )
        self.todo[index] = edited(command, edit)
        return edit

    def change_reply(self, draft: ReplyDraft, diff: str) -> ev.ReplyEdited:
        """Use ``draft`` instead of what came. InputError: there is no such reply."""
        reply = self.reply
        if reply is None or reply.webhook != draft.webhook:
            raise InputError(f"no reply to webhook {draft.webhook} is held: nothing to edit")
        if isinstance(reply, ev.WebhookFailed):
            was: dict[str, Any] = {"status": None, "headers": {}, "body": reply.message}
            was.update(reason=reply.reason, phase=reply.phase)
            secret, page = False, None
        else:
            was = {"status": reply.status, "headers": dict(reply.headers), "body": reply.body}
            if reply.encoding != "utf-8":
                was["encoding"] = reply.encoding
            secret, page = reply.secret, reply.page
        self.reply = ev.WebhookReplied(
            draft.webhook,
            draft.status,
            dict(draft.headers),
            draft.body,
            elapsed_ms=reply.elapsed_ms,
            page=page,
            secret=secret,
            edited=True,
        )
        return ev.ReplyEdited(draft.webhook, was, diff)


def edited(command: cmd.SendWebhook, edit: ev.RequestEdited) -> cmd.SendWebhook:
    """``command`` as it goes out after ``edit``.

    An edit that comes from a trace has its secrets masked: those that ``command`` has are kept,
    others are left out.
    """
    url = command.url if edit.url == mask_url(command.url) else edit.url
    masked = mask_headers(command.headers)
    headers = {
        name: command.headers[name] if masked.get(name) == value else value
        for name, value in edit.headers.items()
        if MASK not in value or masked.get(name) == value
    }
    query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    return replace(
        command,
        method=edit.method,
        url=url,
        headers=headers,
        body=None if edit.body is None else edit.body.encode("utf-8", "surrogatepass"),
        query=query if command.query is not None else None,
    )


_JSON: Final[Mapping[str, str]] = {"Content-Type": "application/json"}


def _request_draft(command: cmd.SendWebhook, request: Record | None) -> RequestDraft:
    body = None if command.body is None else command.body.decode("utf-8", "replace")
    title, secret = command.purpose, False
    if request is not None:
        title = str(request.data.get("title"))
        shown = request.data.get("body") if command.body is not None else request.data.get("query")
        sent: Any = json.loads(command.body) if command.body is not None else command.query
        if command.body is None and isinstance(shown, Mapping) and isinstance(sent, Mapping):
            sent = {name: sent[name] for name in shown if name in sent}  # not the URL's own
        secret = bool(shown) and shown != sent
    return RequestDraft(
        command.webhook, title, command.method, command.url, dict(command.headers), body, secret
    )
