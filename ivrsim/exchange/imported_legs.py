"""Legs out of status webhooks: Vonage events, 8x8 VCS and VSS."""

from __future__ import annotations

from typing import Any, Final

from ivrsim.exchange.drafts import IMPORTED, INFERRED, Draft, Drafts
from ivrsim.exchange.imported_facts import CallFacts, LegFacts, summarised
from ivrsim.exchange.recognise import VONAGE, Sighting

# Events of Vonage that end a ring, as the engine's outcomes.
_UNANSWERED: Final = {
    "timeout": "timeout",
    "unanswered": "unanswered",
    "rejected": "rejected",
    "failed": "unreachable",
    "cancelled": "cancelled",
}
# callStatus of a leg in a VSS likewise.
_EIGHT: Final = {
    "COMPLETED": "completed",
    "BUSY": "busy",
    "NO_ANSWER": "unanswered",
    "FAILED": "unreachable",
    "CANCELED": "cancelled",
}


class Legs:
    """Writes ``leg.*`` records as webhooks tell of them, each once."""

    def __init__(self, drafts: Drafts, facts: CallFacts) -> None:
        self._drafts = drafts
        self._facts = facts
        self._created: dict[str, Draft] = {}
        self._answered: dict[str, int] = {}
        self._outcome: dict[str, str] = {}
        self._ended: set[str] = set()

    @property
    def count(self) -> int:
        """How many legs the call has had until now."""
        return len(self._created)

    def begin(self, cause: Draft) -> None:
        if self._facts.caller is not None:
            self._create(self._facts.caller, 0, cause)

    def before(self, sighting: Sighting, t: int) -> Draft | None:
        """Of legs that this webhook is the first to name; the cause of its request."""
        if sighting.leg is not None and sighting.purpose != "VSS":
            return self._create(sighting.leg, t, None)
        return None

    def after(self, sighting: Sighting, t: int, cause: Draft) -> dict[str, Any] | None:
        """What follows from a status; how the call ended when it says so."""
        if sighting.platform == VONAGE:
            return self._vonage(sighting, t, cause)
        payload, leg = sighting.body["payload"], sighting.leg
        if sighting.purpose == "VCS" and leg is not None:
            self._status(str(payload.get("callStatus")), leg, payload, t, cause)
        elif sighting.purpose == "VSS":
            return self._summary(payload, t, cause)
        return None

    def party_is_over(self, sighting: Sighting) -> bool:
        """The other side of a connect hung up, or could not be reached."""
        return (
            sighting.leg is not None
            and sighting.leg != self._facts.caller
            and sighting.title in ("event completed", "event rejected")
        )

    def surely_answered(self, t: int, cause: Draft) -> None:
        """A document was received, so somebody was on the line: no webhook says since when."""
        caller = self._facts.caller
        if caller and caller not in self._answered and caller not in self._outcome:
            self._answer(caller, t, cause, INFERRED)

    def _create(self, leg: str, t: int, cause: Draft | None) -> Draft | None:
        if leg in self._created:
            return None
        facts = self._facts.legs.get(leg) or LegFacts(leg)
        index = len(self._created)
        data = {
            "role": "caller" if leg == self._facts.caller else "party",
            "name": chr(ord("A") + min(index, 25)),
            "direction": facts.direction or ("inbound" if not index else "outbound"),
            "from": facts.from_ or "",
            "to": facts.to or "",
            "endpoint": "phone",
            "basis": IMPORTED,
        }
        self._created[leg] = self._drafts.add(t, "leg.created", data, leg, cause)
        return self._created[leg]

    def _answer(self, leg: str, t: int, cause: Draft, basis: str, machine: bool = False) -> None:
        if leg in self._answered:
            return
        self._answered[leg] = t
        self._drafts.add(t, "leg.answered", {"machine": machine, "basis": basis}, leg, cause)
        caller = self._facts.caller
        if caller and leg != caller and caller in self._answered and caller not in self._ended:
            data = {"with": leg, "basis": INFERRED}
            self._drafts.add(t, "leg.bridged", data, caller, cause)

    def _end(self, leg: str, t: int, cause: Draft, by: str | None, outcome: str) -> None:
        if leg in self._ended:
            return
        self._ended.add(leg)
        lasted = t - self._answered[leg] if leg in self._answered else 0
        data = {"outcome": outcome, "by": by, "duration_ms": max(0, lasted), "basis": IMPORTED}
        self._drafts.add(t, "leg.ended", data, leg, cause)

    def _vonage(self, sighting: Sighting, t: int, cause: Draft) -> dict[str, Any] | None:
        leg, body = sighting.leg, sighting.body
        status = body.get("status")
        if sighting.purpose != "event" or leg is None or not isinstance(status, str):
            return None
        if status == "ringing":
            self._drafts.add(t, "leg.ringing", {"basis": IMPORTED}, leg, cause)
        elif status == "answered":
            self._answer(leg, t, cause, IMPORTED)
        elif status == "busy":
            self._outcome[leg] = "busy"
            self._drafts.add(t, "leg.busy", {"basis": IMPORTED}, leg, cause)
        elif status in _UNANSWERED:
            self._outcome[leg] = _UNANSWERED[status]
            data = {"outcome": self._outcome[leg], "basis": IMPORTED}
            self._drafts.add(t, "leg.unanswered", data, leg, cause)
        if status not in ("completed", "rejected"):
            return None
        by = {"user": "caller", "platform": "platform"}.get(str(body.get("disconnected_by")))
        if leg != self._facts.caller and by == "caller":
            by = "party"
        self._end(leg, t, cause, by, self._outcome.get(leg, "completed"))
        if leg != self._facts.caller:
            return None
        return {"status": self._outcome.get(leg, status), "by": by}

    def _status(self, status: str, leg: str, payload: dict[str, Any], t: int, cause: Draft) -> None:
        if status in ("CALL_INITIATED", "CALL_RECEIVED"):
            self._drafts.add(t, "leg.ringing", {"basis": IMPORTED}, leg, cause)
        elif status == "CALL_CONNECTED":
            self._answer(leg, t, cause, IMPORTED)
        elif status == "CALL_DISCONNECTED" and leg in self._answered:
            self._end(leg, t, cause, None, "completed")

    def _summary(self, payload: dict[str, Any], t: int, cause: Draft) -> dict[str, Any]:
        for _, summary in summarised(payload):
            leg = summary.get("callId")
            if not isinstance(leg, str) or not leg:
                continue
            self._create(leg, t, cause)
            outcome = _EIGHT.get(str(summary.get("callStatus")), "completed")
            if outcome == "busy" and leg not in self._answered:
                self._drafts.add(t, "leg.busy", {"basis": IMPORTED}, leg, cause)
            elif outcome != "completed" and leg not in self._answered:
                data = {"outcome": outcome, "basis": IMPORTED}
                self._drafts.add(t, "leg.unanswered", data, leg, cause)
            if outcome != "completed":
                self._outcome[leg] = outcome
            self._end(leg, t, cause, None, outcome)
        error = payload.get("errorDetails")
        why = error.get("errorMsg") if isinstance(error, dict) else None
        by = "application" if payload.get("lastAction") == "HANGUP" else None
        return {
            "status": str(payload.get("sessionStatus") or "COMPLETED"),
            "by": by,  # [disputed]: HANGUP, too, when the caller hung up
            "why": why if isinstance(why, str) else None,
        }
