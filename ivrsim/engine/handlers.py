"""What each event does to a session, in the order of ``engine.events``.

A handler writes the record of its event, and wakes the program that waited for it. What concerns
keys, the caller's voice, prompts or recordings is handed on to those.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from ivrsim.engine import events as ev
from ivrsim.engine.commands import ReplyApi
from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.trace.masking import mask_headers, mask_url

if TYPE_CHECKING:
    from ivrsim.engine.session import Session

Remark = (
    ev.RequestEdited | ev.ReplyEdited | ev.WebhookResent | ev.FaultInjected | ev.DuplicateReplied
)


def too_late(call: Session, event: ev.Event) -> None:
    """The call is over: write down what happened, and that it changes nothing."""
    data = _without_secrets(event)
    leg = data.pop("leg", None)
    data["ignored"] = True
    if isinstance(event, ev.DigitPressed):
        data["digit"], data["ignored"] = call.keys.shown(event.digit), "call-ended"
    elif isinstance(event, ev.SpeechStarted | ev.SpeechHeard):
        data["text"], data["ignored"] = call.hearing.shown(event.text), "call-ended"
        if isinstance(event, ev.SpeechHeard):
            data["text"] = call.hearing.words(event)
            data["alternatives"] = call.hearing.alternatives(event)
    call.input_record(event.kind, data, None, leg)
    if isinstance(event, ev.ApiCommand):
        call.command(ReplyApi(event.request, False, {"error": "the call is over"}))


def _on_call_started(call: Session, event: ev.CallStarted) -> None:
    if call.started:
        call.input_record(event.kind, {"ignored": True}, None)
        return
    setup = call.setup
    data = {
        "platform": call.platform.name,
        "direction": setup.direction,
        "from": setup.caller,
        "to": setup.callee,
        "ids": call.platform.ids(call),
    }
    call.input_record(event.kind, data, None)
    call.begin()


def _on_limit(call: Session, event: ev.LimitReached) -> None:
    data: dict[str, Any] = {"limit": event.limit, "limit_ms": event.limit_ms}
    if not call.started:
        data["ignored"] = True
    call.input_record(event.kind, data, None)
    if not call.started:
        return
    if event.limit == "runaway":
        call.diagnose(
            Diagnostic(
                f"{call.platform.name}.runaway",
                "error",
                "the application answers itself for ever: records without end while no time "
                "goes by; the caller is made to hang up",
                expected="a prompt, a wait or an input now and then",
            )
        )
    if call.closing:
        call.abort()
    else:
        call.caller_gone("limit")


def _on_timer(call: Session, event: ev.TimerFired) -> None:
    entry = call.timer_over(event.timer)
    if entry is None:
        call.input_record(event.kind, {"timer": event.timer, "ignored": True}, None)
        return
    name, cause = entry
    call.input_record(event.kind, {"timer": event.timer, "name": name}, cause)
    call.wake(event.timer, event)


def _on_reply(call: Session, event: ev.WebhookReplied) -> None:
    cause = call.webhook_over(event.webhook)
    late = not call.awaits(event.webhook)
    size = _size(event.body, event.encoding)
    data = {
        "webhook": event.webhook,
        "status": event.status,
        "headers": mask_headers(event.headers),
        "body": event.body,
        "encoding": event.encoding,
        "size": size,
        "elapsed_ms": event.elapsed_ms,
        "page": event.page,
        "secret": event.secret,
        "ignored": late,
    }
    if event.edited:
        data["edited"] = True
    call.input_record(event.kind, data, cause)
    if not late:
        call.wake(event.webhook, event)


def _on_webhook_failed(call: Session, event: ev.WebhookFailed) -> None:
    cause = call.webhook_over(event.webhook)
    late = not call.awaits(event.webhook)
    data = {
        "webhook": event.webhook,
        "reason": event.reason,
        "message": event.message,
        "phase": event.phase,
        "elapsed_ms": event.elapsed_ms,
        "ignored": late,
    }
    call.input_record(event.kind, data, cause)
    if not late:
        call.wake(event.webhook, event)


def _on_leg(
    call: Session, event: ev.LegRinging | ev.LegAnswered | ev.LegBusy | ev.LegUnanswered
) -> None:
    leg = call.legs.get(event.leg)
    data: dict[str, Any] = {}
    if isinstance(event, ev.LegAnswered):
        data["machine"] = event.machine
    elif isinstance(event, ev.LegUnanswered):
        data["outcome"] = event.outcome
    key = f"leg:{event.leg}"
    awaited = call.awaits(key)
    if isinstance(event, ev.LegRinging):
        known = leg is not None and leg.state == "new"
    else:
        known = leg is not None and leg.state in ("new", "ringing") and awaited
    if leg is None or not known:
        data["ignored"] = True
        call.input_record(event.kind, data, None, event.leg)
        return
    seq = call.input_record(event.kind, data, leg.causes.get("ring"), event.leg)
    if isinstance(event, ev.LegRinging):
        leg.state = "ringing"
    elif isinstance(event, ev.LegAnswered):
        leg.state = "answered"
        leg.answered_at = call.t
        leg.causes["answered"] = seq
    call.wake(key, event)


def _on_hangup(call: Session, event: ev.HungUp) -> None:
    leg = call.legs.get(event.leg)
    data: dict[str, Any] = {"by": event.by}
    up = leg is not None and (leg.state == "answered" or (leg.role == "caller" and not leg.ended))
    if leg is None or not up:
        data["ignored"] = True
        call.input_record(event.kind, data, None, event.leg)
        return
    call.input_record(event.kind, data, leg.causes.get("bridged"), event.leg)
    if leg.role == "caller":
        call.caller_gone(event.by)
        return
    prompt = call.line.current
    if prompt is not None and prompt.leg == leg.id:
        call.line.stop("hangup")
    call.end_leg(leg, "completed", event.by)
    if not call.wake(f"leg:{leg.id}", event) and not call.line.busy:
        call.wake("line", event)


def _on_api(call: Session, event: ev.ApiCommand) -> None:
    data: dict[str, Any] = {
        "request": event.request,
        "op": event.op,
        "args": dict(event.args),
        "source": event.source,
    }
    call.input_record(event.kind, data, None)
    if event.op != "hangup":
        result: dict[str, Any] = {"error": f"not yet simulated: {event.op}"}
    elif call.closing or not call.started:
        result = {"error": "the call is not in progress"}
    else:
        result = {}
    ok = not result
    call.record("api.response", {"request": event.request, "ok": ok, "result": result})
    call.command(ReplyApi(event.request, ok, result))
    if ok:
        by = "caller" if event.source in ("button", "script") else "api"
        if by == "caller":
            call.record("leg.hangup", {"by": by}, call.caller_leg or None, leads=True)
        call.caller_gone(by)


def _on_mark(call: Session, event: ev.Marked) -> None:
    call.input_record(event.kind, {"text": event.text}, None)


def _on_remark(call: Session, event: Remark) -> None:
    """What happened beside the call: it is written down, and changes nothing."""
    data = _without_secrets(event)
    leg = data.pop("leg", None)
    cause = call.request_of(data["webhook"]) if data.get("webhook") else None
    call.input_record(event.kind, data, cause, leg)


def _on_left(call: Session, event: ev.CallLeft) -> None:
    call.input_record(event.kind, {"branch": event.branch}, None)
    call.leave()


def _without_secrets(event: ev.Event) -> dict[str, Any]:
    """The fields of ``event`` by name, as a trace may keep them."""
    data = {item.name: getattr(event, item.name) for item in fields(event)}
    if "headers" in data:
        data["headers"] = mask_headers(data["headers"])
    if "url" in data:
        data["url"] = mask_url(data["url"])
    if isinstance(event, ev.ReplyEdited):
        data["was"] = {**event.was, "headers": mask_headers(event.was.get("headers", {}))}
    return data


def _size(body: str, encoding: str) -> int:
    """Bytes of a reply as it came over the wire."""
    if encoding == "base64":
        return len(body) // 4 * 3 - body.count("=")
    return len(body) if body.isascii() else len(body.encode("utf-8", "surrogatepass"))


HANDLERS: Mapping[type[Any], Callable[[Session, Any], None]] = {
    ev.CallStarted: _on_call_started,
    ev.LimitReached: _on_limit,
    ev.DigitPressed: lambda call, event: call.keys.pressed(event),
    ev.SpeechStarted: lambda call, event: call.hearing.started(event),
    ev.SpeechStopped: lambda call, event: call.hearing.stopped(event),
    ev.SpeechHeard: lambda call, event: call.hearing.heard(event),
    ev.RecordingStored: lambda call, event: call.recordings.answered(event),
    ev.RecordingFailed: lambda call, event: call.recordings.answered(event),
    ev.PromptStarted: lambda call, event: call.line.started(event),
    ev.PromptEnded: lambda call, event: call.line.ended(event),
    ev.PromptFailed: lambda call, event: call.line.failed(event),
    ev.TimerFired: _on_timer,
    ev.WebhookReplied: _on_reply,
    ev.WebhookFailed: _on_webhook_failed,
    ev.LegRinging: _on_leg,
    ev.LegAnswered: _on_leg,
    ev.LegBusy: _on_leg,
    ev.LegUnanswered: _on_leg,
    ev.HungUp: _on_hangup,
    ev.ApiCommand: _on_api,
    ev.Marked: _on_mark,
    ev.RequestEdited: _on_remark,
    ev.ReplyEdited: _on_remark,
    ev.WebhookResent: _on_remark,
    ev.FaultInjected: _on_remark,
    ev.DuplicateReplied: _on_remark,
    ev.CallLeft: _on_left,
}
