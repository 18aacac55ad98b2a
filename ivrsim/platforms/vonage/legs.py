"""What is told about a leg: its events, in the order of its life."""

from __future__ import annotations

from typing import Any, Final, Literal

from ivrsim.engine.leg import Leg
from ivrsim.engine.session import Session
from ivrsim.platforms.vonage import actions as act
from ivrsim.platforms.vonage import bodies
from ivrsim.platforms.vonage.webhooks import Webhooks

STATUS: Final[dict[str, bodies.Status]] = {
    "busy": "busy",
    "timeout": "timeout",
    "unanswered": "unanswered",
    "rejected": "rejected",
    "unreachable": "failed",
    "cancelled": "cancelled",
}
"""The event of a leg that was not answered (documented); rejected has no completed after it."""


class LegEvents:
    """Sends the event webhooks of legs.

    ``source`` is the connect whose eventUrl is told, None for the application's event URL.
    """

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks

    def facts(self, leg: Leg) -> bodies.LegFacts:
        """A leg as bodies want it."""
        direction: Literal["inbound", "outbound"] = (
            "inbound" if leg.direction == "inbound" else "outbound"
        )
        return bodies.LegFacts(leg.id, self._webhooks.conversation, leg.from_, leg.to, direction)

    def event(
        self, call: Session, leg: Leg, status: bodies.Status, source: act.Connect | None = None
    ) -> None:
        """One of the plain events: started, ringing, cancelled …"""
        body = bodies.event_body(self.facts(leg), status, call.time())
        self._webhooks.event(call, status, body, source)

    def answered(self, call: Session, leg: Leg, source: act.Connect | None = None) -> None:
        """It was picked up."""
        body = bodies.answered_body(self.facts(leg), call.time())
        self._webhooks.event(call, "answered", body, source)

    def status_event(
        self, call: Session, leg: Leg, outcome: str
    ) -> tuple[bodies.Status, dict[str, Any]]:
        """Status and body of the event of a leg that was not answered."""
        status = STATUS.get(outcome, "failed")
        detail = None
        if status == "unanswered":
            detail = call.decide("vonage.unanswered_detail", "nobody answered")
        body = bodies.event_body(self.facts(leg), status, call.time(), detail=detail)
        return status, body

    def not_answered(
        self, call: Session, leg: Leg, outcome: str, source: act.Connect | None = None
    ) -> None:
        """The event of a leg that was not answered, and completed after it."""
        status, body = self.status_event(call, leg, outcome)
        self._webhooks.event(call, status, body, source)
        self.ended_unanswered(call, leg, status, source)

    def ended_unanswered(
        self, call: Session, leg: Leg, status: str, source: act.Connect | None
    ) -> None:
        """The completed of a leg that was not answered, where there is one."""
        if status != "rejected":  # documented: no completed after it
            self.completed(call, leg, "platform", source)

    def completed(
        self,
        call: Session,
        leg: Leg,
        by: Literal["platform", "user"],
        source: act.Connect | None = None,
    ) -> None:
        """The last event of a leg, which is ended if it was not."""
        if leg.ended_at is None:
            call.end_leg(leg, "completed", "platform")
        body = bodies.completed_body(
            self.facts(leg),
            call.time(),
            answered_at=None if leg.answered_at is None else call.time(leg.answered_at),
            ended_at=call.time(leg.ended_at),
            disconnected_by=by,
        )
        self._webhooks.event(call, "completed", body, source)
