"""The webhooks of one session: who is told what of its legs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.engine.events import WebhookFailed
from ivrsim.engine.leg import Leg
from ivrsim.engine.platform import Steps
from ivrsim.engine.session import Session
from ivrsim.engine.setup import CallSetup
from ivrsim.engine.steps import Answer, Request, request
from ivrsim.platforms.eightbyeight import pages
from ivrsim.platforms.eightbyeight.bodies import (
    LegFacts,
    SessionError,
    SessionFacts,
    epoch_ms,
    new_id,
    vca_body,
    vcs_body,
    vss_body,
)
from ivrsim.platforms.eightbyeight.codes import SIP_CODES
from ivrsim.platforms.eightbyeight.numbers import with_plus
from ivrsim.platforms.eightbyeight.settings import value

SUB_ACCOUNT: Final = "ivrsim"
STATUS: Final[Mapping[str, str]] = {
    "busy": "BUSY",
    "timeout": "NO_ANSWER",
    "unanswered": "NO_ANSWER",
    "cancelled": "CANCELED",
}
"""How a leg that was not answered ended, in the platform's words; else FAILED (rejected:
assumed)."""

_EVENT_MS: Final = 10_000


class Webhooks:
    """Sends VCA, VCS and VSS of one session. ``legs`` are those tried, callA first;
    ``client_action_id`` is the one that the next VCA carries."""

    def __init__(self, setup: CallSetup) -> None:
        self._setup = setup
        self._base = epoch_ms(setup.started_at)
        self._session = SessionFacts("", SUB_ACCOUNT)
        self.legs: list[Leg] = []
        self.client_action_id: str | None = None

    @property
    def session_id(self) -> str:
        return self._session.session_id

    def begin(self, call: Session) -> str:
        """Make the id of the session."""
        self._session = SessionFacts(new_id(call.random), SUB_ACCOUNT)
        return self._session.session_id

    def setting(self, name: str) -> str:
        """The value of a setting by its full name."""
        return value(self._setup.settings, name)

    def new_leg(
        self, call: Session, role: str, direction: str, source: str, destination: str
    ) -> Leg:
        """A leg of the session, put into the call."""
        name = "AB"[len(self.legs)]
        leg = Leg(
            new_id(call.random),
            role,
            name,
            direction,
            with_plus(source),
            with_plus(destination),
            call.t,
        )
        self.legs.append(leg)
        call.add_leg(leg)
        return leg

    def vca(
        self,
        call: Session,
        status: str,
        context: dict[str, Any],
        digits: str | None = None,
        shown: str | None = None,
    ) -> Steps[Answer | None]:
        """Ask the application what to do; None when there is no URL."""
        setup = self._setup
        limit_ms = round(float(self.setting("8x8.vca_timeout")) * 1000)
        leg = self.legs[0]
        event_id = new_id(call.random)
        word = status
        if context.get("event") == "digits":
            word = call.decide("8x8.digits_status", "a VCA carries the digits")

        def body(dtmf: str | None) -> dict[str, Any]:
            return vca_body(
                self._session,
                self._facts(leg),
                call_status=word,
                event_id=event_id,
                at_ms=self._base + call.t,
                settings=setup.settings,
                digits=dtmf,
                client_action_id=self.client_action_id,
            )

        what = Request(
            "VCA",
            f"VCA {word}",
            setup.urls.get("vca"),
            body(digits),
            shown=body(shown) if shown != digits else None,
            connect_ms=limit_ms,
            read_ms=limit_ms,
            context={**context, "from": setup.caller, "to": setup.callee},
        )
        return (yield from request(call, what))

    def vcs(self, call: Session, leg: Leg, status: str) -> None:
        """A call status webhook: beside the call, never delaying it."""
        facts = self._facts(leg)
        sip = SIP_CODES[facts.status] if status == "CALL_DISCONNECTED" else 200
        body = vcs_body(
            self._session,
            facts,
            call_status=status,
            event_id=new_id(call.random),
            at_ms=self._base + call.t,
            sip_code=sip,
        )
        what = Request(
            "VCS",
            f"VCS {status}",
            self._setup.urls.get("vcs"),
            body,
            connect_ms=_EVENT_MS,
            read_ms=_EVENT_MS,
            context={"event": status, "informational": True},
        )
        call.spawn(self._notify(call, what))

    def vss(
        self, call: Session, status: str, last_action: str, error: SessionError | None
    ) -> Steps[None]:
        """The session summary, at its very end."""
        if self._setup.urls.get("vss"):
            call.decide("8x8.vss_version", "a session summary is sent")
            call.decide("8x8.vss_leg_names", "a session summary is sent")
            if last_action == self.setting("8x8.say_word"):
                call.decide("8x8.say_word", "the last action was say")
        legs = [self._facts(leg, status) for leg in self.legs]
        body = vss_body(
            self._session,
            legs,
            status=status,
            started_ms=self._base + (self.legs[0].created_at if self.legs else 0),
            ended_ms=self._base + call.t,
            last_action=last_action,
            settings=self._setup.settings,
            error=error,
        )
        what = Request(
            "VSS",
            f"VSS {status}",
            self._setup.urls.get("vss"),
            body,
            connect_ms=_EVENT_MS,
            read_ms=_EVENT_MS,
            context={"event": "summary", "informational": True},
        )
        yield from self._notify(call, what)

    def _notify(self, call: Session, what: Request) -> Steps[None]:
        """Send a webhook whose reply means nothing; only that it failed is worth a remark."""
        answer = yield from request(call, what)
        if isinstance(answer, WebhookFailed):
            found = answer.message
        elif answer is not None and not 200 <= answer.status < 300:
            found = f"HTTP {answer.status}"
        else:
            return
        call.diagnose(
            Diagnostic(
                f"8x8.{what.purpose.lower()}-failed",
                "warning",
                f"{what.title} was not taken: {found}",
                expected="HTTP 200",
                found=found,
                basis="assumed",
                page=pages.VCS if what.purpose == "VCS" else pages.VSS,
            )
        )

    def _facts(self, leg: Leg, session_status: str | None = None) -> LegFacts:
        """A leg as bodies want it; with the session's status when that is over."""
        status = STATUS.get(leg.outcome or "completed", "FAILED")
        if leg.outcome in (None, "completed"):
            status = "COMPLETED"
            if session_status is not None and leg.answered_at is None:
                status = session_status if session_status in SIP_CODES else "FAILED"
        if session_status == "CANCELED":
            status = "CANCELED"  # documented: session and both legs
        return LegFacts(
            leg.id,
            leg.direction.upper(),
            leg.from_,
            leg.to,
            initiated_ms=self._base + leg.created_at,
            connected_ms=None if leg.answered_at is None else self._base + leg.answered_at,
            disconnected_ms=None if leg.ended_at is None else self._base + leg.ended_at,
            status=status,
        )
