"""Faults: what goes wrong on purpose, and what the platform sees of it.

``Faults`` says which webhook or telephone meets a fault, a ``Fault`` what becomes of it. The
hands send, and ask here on the way. What comes of a fault is always an ordinary event (a reply, a
failure, a busy leg), so that a trace fed again needs no faults; that it was on purpose is told by
``FaultInjected``, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from ivrsim.engine.commands import SendWebhook
from ivrsim.engine.events import (
    DuplicateReplied,
    Event,
    FaultInjected,
    LegBusy,
    LegUnanswered,
    WebhookFailed,
    WebhookReplied,
)
from ivrsim.flows.faults import FAULTS as FAULTS
from ivrsim.flows.faults import FaultRule as FaultRule
from ivrsim.flows.faults import parse_fault as parse_fault
from ivrsim.trace.masking import mask_url
from ivrsim.trace.record import Record

HOLD_MS: Final = 1000
"""How long a webhook that is to come out of order waits for another one, in call time."""
LEG_MS: Final = 1000
"""When the network says that a telephone is busy or cannot be reached."""
ON_PURPOSE: Final = "a fault on purpose"

Answer = WebhookReplied | WebhookFailed


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that a webhook or a telephone has met. ``source``: ``hand`` or ``rule``."""

    rule: FaultRule
    source: str

    def told(self, detail: str, *, webhook: str | None = None, leg: str | None = None) -> Event:
        """What the trace is told of it."""
        return FaultInjected(leg, self.rule.fault, detail, self.source, webhook)

    # ------------------------------------------------------------------ webhooks

    @property
    def holds(self) -> bool:
        """The webhook waits until another one has been sent."""
        return self.rule.fault == "out-of-order"

    @property
    def twice(self) -> bool:
        """It is delivered a second time."""
        return self.rule.fault == "duplicate"

    @property
    def forges(self) -> bool:
        """It is signed with a wrong secret."""
        return self.rule.fault == "wrong-signature"

    def met(self, command: SendWebhook, useless: str = "") -> Event:
        """What the trace is told when ``command`` is about to be sent. ``useless`` is why the fault
        has no effect, or empty."""
        rule = self.rule
        detail = f"no effect: {useless}" if useless else _DETAILS.get(rule.fault, "")
        if rule.fault == "slow":
            by = rule.by_ms or 0
            detail = f"its reply comes {_seconds(by)} later"
            if by >= command.read_ms:
                detail += f", and the platform waits {_seconds(command.read_ms)}"
        elif rule.fault == "status":
            detail = f"HTTP {rule.status} comes back, and it is not sent"
        return self.told(detail, webhook=command.webhook)

    def instead(self, command: SendWebhook) -> Answer | None:
        """What the platform sees when the webhook is not sent; None: it is sent."""
        rule = self.rule
        if rule.fault == "refused":
            return _failed(command, "refused", "connect", "connection refused")
        if rule.fault != "status":
            return None
        body = rule.body or f"{rule.status} {_phrase(rule.status)}: {ON_PURPOSE}".replace(" :", ":")
        is_json = rule.body.lstrip().startswith(("{", "["))
        headers = {"Content-Type": "application/json" if is_json else "text/plain; charset=utf-8"}
        if rule.status == 429:
            headers["Retry-After"] = "1"
        return WebhookReplied(command.webhook, rule.status, headers, body)

    def second(self, first: WebhookReplied, again: Answer) -> DuplicateReplied:
        """What came back for the second delivery."""
        if isinstance(again, WebhookFailed):
            message = again.message
            return DuplicateReplied(again.webhook, None, "", False, message, again.elapsed_ms)
        same = (first.status, first.encoding, first.body) == (
            again.status,
            again.encoding,
            again.body,
        )
        body = again.body if again.encoding == "utf-8" else ""
        message = "" if again.encoding == "utf-8" else "its body is not UTF-8 text"
        return DuplicateReplied(again.webhook, again.status, body, same, message, again.elapsed_ms)

    def arrived(
        self, command: SendWebhook, event: Answer, came_at: int, asked_at: int
    ) -> tuple[Answer, int]:
        """What the platform sees of what came at ``came_at`` (call time), and when.

        An application that could not be reached is not made worse.
        """
        if isinstance(event, WebhookFailed):
            return event, came_at
        fault = self.rule.fault
        if fault == "reset":
            reset = _failed(command, "reset", "read", "connection reset", event.elapsed_ms)
            return reset, came_at
        if fault == "content-type":
            html = _replaced(event.headers, "Content-Type", "text/html; charset=utf-8")
            return replace(event, headers=html), came_at
        if fault == "broken-json":
            body = _cut(event)
            headers = event.headers
            if any(name.lower() == "content-length" for name in headers):
                headers = _replaced(headers, "Content-Length", str(len(body.encode())))
            return replace(event, headers=headers, body=body, encoding="utf-8"), came_at
        if fault == "slow":
            by = self.rule.by_ms or 0
            gives_up_at = asked_at + command.read_ms
            if came_at + by >= gives_up_at:
                what = f"no whole reply within {command.read_ms} ms"
                timeout = _failed(command, "timeout", "read", what, command.read_ms)
                return timeout, gives_up_at
            return replace(event, elapsed_ms=event.elapsed_ms + by), came_at + by
        return event, came_at

    def forged(self, headers: Mapping[str, str]) -> dict[str, str]:
        """``headers``, which authorize a webhook, with a wrong secret in them."""
        return {name: _forged(value) for name, value in headers.items()}

    # ------------------------------------------------------------------ telephones

    @property
    def cut_ms(self) -> int | None:
        """The telephone answers, and is cut so long after it; None: it does not answer."""
        return self.rule.by_ms if self.rule.fault == "dead" else None

    def leg_met(self, leg: str) -> Event:
        """What the trace is told of a telephone that is busy, dead, or cut now."""
        if self.cut_ms is not None:
            return self.told(f"it is cut {_seconds(self.cut_ms)} after it answered", leg=leg)
        return self.told(_DETAILS[self.rule.fault], leg=leg)

    def of_leg(self, leg: str) -> LegBusy | LegUnanswered:
        """What becomes of a telephone that does not answer."""
        return LegBusy(leg) if self.rule.fault == "busy" else LegUnanswered(leg, "unreachable")


class _Armed:
    """A rule, and how often it has matched."""

    __slots__ = ("count", "fault", "matches")

    def __init__(self, rule: FaultRule, source: str) -> None:
        self.fault = Fault(rule, source)
        self.count = 0
        self.matches: Callable[[Record], bool] | None = None
        if rule.when:
            from ivrsim.trace.filter import parse_filter  # lazily: most calls have no faults

            self.matches = parse_filter(rule.when).matches

    @property
    def due(self) -> bool:
        nth = self.fault.rule.nth
        return nth is None or self.count >= nth


class Faults:
    """The faults of one call: those of its flow, and those that somebody adds.

    A webhook or telephone meets one fault at most: added ones come first, then the flow's in
    their order. A fault that is due but finds another one there waits for the next match.
    Raises FilterError (InputError) for a ``when`` that is no filter.
    """

    def __init__(self, rules: Iterable[FaultRule] = ()) -> None:
        self._rules = tuple(rules)
        self._armed = [_Armed(rule, "rule") for rule in self._rules]
        self._by_hand = 0
        self._met: dict[str, Fault | None] = {}

    def anew(self) -> Faults:
        """Those of the flow, for another call."""
        return Faults(self._rules)

    @property
    def armed(self) -> bool:
        """Something is to go wrong yet, or has."""
        return bool(self._armed or self._met)

    @property
    def waiting(self) -> list[FaultRule]:
        """What is to go wrong yet, in the order in which it is looked at."""
        return [armed.fault.rule for armed in self._armed]

    def add(self, rule: FaultRule) -> None:
        """Let ``rule`` hold from now on, by hand."""
        self._armed.insert(self._by_hand, _Armed(rule, "hand"))
        self._by_hand += 1

    def of_webhook(
        self, webhook: str, records: Sequence[Record], *, holding: bool = False
    ) -> Fault | None:
        """The fault that a webhook meets, whose request is among ``records``. ``holding``: another
        one is held back already, and waits for this one."""
        if webhook in self._met:
            return self._met[webhook]
        request = next((each for each in reversed(records) if _is_request(each, webhook)), None)
        if request is None:
            return None
        return self._meets_request(request, lambda fault: not (holding and fault.holds))

    def _meets_request(self, request: Record, may: Callable[[Fault], bool]) -> Fault | None:
        def matches(armed: _Armed) -> bool:
            passes = armed.matches is None or armed.matches(request)
            return passes and not armed.fault.rule.of_leg

        fault = self._met[request.data["webhook"]] = self._meets(matches, may)
        return fault

    def of_leg(self, number: str, role: str) -> Fault | None:
        """The fault that a telephone meets when it is dialled. The one of the person at the keypad
        (``role`` caller) does so only when a rule names its number."""
        dialled = number.lstrip("+")

        def matches(armed: _Armed) -> bool:
            rule = armed.fault.rule
            if not rule.of_leg:
                return False
            return rule.number.lstrip("+") == dialled if rule.number else role != "caller"

        return self._meets(matches, lambda fault: True)

    def relived(self, records: Sequence[Record]) -> None:
        """A past was lived again: its webhooks were sent, and met what ``records`` say."""
        if not self._armed:
            return
        met = {
            record.data.get("webhook"): record.data.get("fault")
            for record in records
            if record.kind == "fault.injected" and record.data.get("source") == "rule"
        }
        for record in records:
            if record.kind == "webhook.request" and record.data["sent"]:
                name = met.get(record.data["webhook"])
                self._meets_request(record, partial(_has_name, name))

    def _meets(
        self, matches: Callable[[_Armed], bool], may: Callable[[Fault], bool]
    ) -> Fault | None:
        found: _Armed | None = None
        for armed in self._armed:
            if matches(armed):
                armed.count += 1
                if found is None and armed.due and may(armed.fault):
                    found = armed
        if found is None:
            return None
        if found.fault.rule.nth is not None:
            self._take(found)
        return found.fault

    def _take(self, armed: _Armed) -> None:
        self._armed.remove(armed)
        if armed.fault.source == "hand":
            self._by_hand -= 1


@dataclass(frozen=True, slots=True)
class Held:
    """A webhook that is held back; ``alarm`` is what the trace is told when time is over."""

    command: SendWebhook
    fault: Fault
    alarm: Event

    @classmethod
    def back(cls, command: SendWebhook, fault: Fault) -> Held:
        late = f"sent now: no other webhook within {_seconds(HOLD_MS)}"
        return cls(command, fault, fault.told(late, webhook=command.webhook))

    def after(self, other: SendWebhook) -> Event:
        """What the trace is told when it is sent after ``other``."""
        return self.fault.told(f"sent now, after {other.webhook}", webhook=self.command.webhook)


def unsent(records: Iterable[Record]) -> frozenset[str]:
    """The webhooks among ``records`` that a fault kept from being sent."""
    return frozenset(
        str(record.data.get("webhook"))
        for record in records
        if record.kind == "fault.injected" and record.data.get("fault") in ("refused", "status")
    )


_DETAILS: Final[Mapping[str, str]] = {
    "refused": "the connection is refused, and it is not sent",
    "reset": "it is sent, and the connection is reset before the reply",
    "content-type": "its reply says Content-Type: text/html",
    "broken-json": "the body of its reply is cut off in the middle",
    "duplicate": "it is delivered twice",
    "out-of-order": "it is held back until another webhook has been sent",
    "wrong-signature": "it is signed with a wrong secret",
    "busy": "the telephone is busy",
    "dead": "the telephone cannot be reached",
}


def _has_name(name: str | None, fault: Fault) -> bool:
    return fault.rule.fault == name


def _is_request(record: Record, webhook: str) -> bool:
    return record.kind == "webhook.request" and record.data["webhook"] == webhook


def _failed(
    command: SendWebhook, reason: str, phase: str, what: str, elapsed_ms: int = 0
) -> WebhookFailed:
    where = mask_url(command.url).partition("?")[0]
    message = f"{command.method} {where}: {what} ({ON_PURPOSE})"
    return WebhookFailed(command.webhook, reason, message, phase, elapsed_ms)


def _phrase(status: int) -> str:
    from http import HTTPStatus

    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _replaced(headers: Mapping[str, str], name: str, value: str) -> dict[str, str]:
    """``headers`` with one of them changed, however its name is spelled."""
    kept = {key: old for key, old in headers.items() if key.lower() != name.lower()}
    return {**kept, name: value}


def _cut(reply: WebhookReplied) -> str:
    """The first half of a body, which is then no JSON; ``{`` where there is nothing to cut."""
    text = reply.body.strip() if reply.encoding == "utf-8" else ""
    return text[: len(text) // 2] if text[:1] in ("{", "[") and len(text) > 1 else "{"


def _forged(value: str) -> str:
    """A value of ``Authorization`` that is as good as ``value``, but for the secret."""
    scheme, blank, rest = value.partition(" ")
    signed, dot, _ = rest.rpartition(".")
    if scheme == "Bearer" and dot and "." in signed:  # a JWT: the claims stay, the secret is wrong
        import base64
        import hashlib
        import hmac

        mac = hmac.new(b"a wrong secret", signed.encode(), hashlib.sha256).digest()
        return f"{scheme} {signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    wrong = "wrong-on-purpose"
    return f"{scheme} {wrong}" if blank else wrong


def _seconds(ms: int) -> str:
    return f"{ms / 1000:g} s"
