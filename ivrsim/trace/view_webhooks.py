"""Folds of webhooks: what is sent, what is awaited, and what is done to either by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ivrsim.trace.record import Record
from ivrsim.trace.view_items import Awaited, EditState, FaultState, WebhookPair
from ivrsim.trace.view_words import int_of, request_title, text_of

if TYPE_CHECKING:
    from ivrsim.trace.view import CallView


def _pair(view: CallView, record: Record) -> WebhookPair:
    name = text_of(record.data.get("webhook"), f"#{record.seq}")
    pair = view.webhook_pairs.get(name)
    if pair is None:
        pair = view.webhook_pairs[name] = WebhookPair(name, "")
    return pair


def _request(view: CallView, record: Record) -> None:
    pair = _pair(view, record)
    data = record.data
    pair.request = record.seq
    pair.title = view.titles[pair.webhook] = request_title(record)
    if data.get("sent") is not False:
        view.webhooks_sent += 1
        view.last_webhook = record.seq
        connect, read = data.get("connect_ms"), data.get("read_ms")
        view.open_webhooks[pair.webhook] = Awaited(
            pair.webhook,
            pair.title,
            record.seq,
            record.t,
            None if connect is None else int_of(connect),
            None if read is None else int_of(read),
        )


def _replied(view: CallView, record: Record) -> None:
    pair = _pair(view, record)
    pair.reply = view.last_webhook = record.seq
    view.open_webhooks.pop(pair.webhook, None)


def _response(view: CallView, record: Record) -> None:
    _replied(view, record)
    status = int_of(record.data.get("status"), 200)
    if status >= 400:
        view.say(record, f"The application replied {status} to {_title(view, record)}", "error")


def _failed(view: CallView, record: Record) -> None:
    _replied(view, record)
    message = text_of(record.data.get("message")) or text_of(record.data.get("reason"))
    view.say(record, f"No reply to {_title(view, record)}: {message}", "error")


# ------------------------------------------------------------------ by hand, and on purpose


def _title(view: CallView, record: Record) -> str:
    name = text_of(record.data.get("webhook"))
    return view.titles.get(name) or name or "a webhook"


def _request_edited(view: CallView, record: Record) -> None:
    _edited(view, record, "request")
    view.say(record, f"Changed by hand before it was sent: {_title(view, record)}", "warn")


def _reply_edited(view: CallView, record: Record) -> None:
    _edited(view, record, "reply")
    view.say(record, f"The reply to {_title(view, record)} was changed by hand", "warn")


def _edited(view: CallView, record: Record, what: str) -> None:
    webhook = text_of(record.data.get("webhook"))
    view.edits.append(EditState(record.seq, record.t, what, webhook))


def _resent(view: CallView, record: Record) -> None:
    changed = ", changed" if record.data.get("edited") else ""
    view.say(record, f"Sent again by hand{changed}: {_title(view, record)}, {_came(record)}")


def _duplicate(view: CallView, record: Record) -> None:
    came = _came(record)
    if record.data.get("status") is not None:
        came += ", as before" if record.data.get("same") else ", another reply than before"
    view.say(record, f"Delivered twice: {_title(view, record)}, {came}")


def _came(record: Record) -> str:
    status = record.data.get("status")
    if status is not None:
        return text_of(status)
    message = text_of(record.data.get("message"))
    return f"no reply: {message}" if message else "no reply"


def _fault(view: CallView, record: Record) -> None:
    data = record.data
    webhook = data.get("webhook")
    fault = FaultState(
        record.seq, record.t,
        text_of(data.get("fault")), text_of(data.get("detail")), text_of(data.get("source")),
        None if webhook is None else text_of(webhook), record.leg,
    )  # fmt: skip
    view.faults.append(fault)
    where = ""
    if webhook is not None:
        where = f", {_title(view, record)}"
    view.say(record, f"On purpose: {fault.detail or fault.fault}{where}", "warn")


WEBHOOK_FOLDS: Final[Mapping[str, Callable[[CallView, Record], None]]] = {
    "webhook.request": _request,
    "webhook.response": _response,
    "webhook.failed": _failed,
    "request.edited": _request_edited,
    "reply.edited": _reply_edited,
    "webhook.resent": _resent,
    "duplicate.response": _duplicate,
    "fault.injected": _fault,
}
