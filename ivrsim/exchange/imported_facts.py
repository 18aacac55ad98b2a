"""Who called whom: what the webhooks of one call say about it, read before its records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ivrsim.exchange.grouping import Group
from ivrsim.exchange.recognise import VONAGE, Sighting, id_of


@dataclass(slots=True)
class LegFacts:
    """One telephone, as far as any webhook tells."""

    leg: str
    direction: str | None = None
    from_: str | None = None
    to: str | None = None


@dataclass(slots=True)
class CallFacts:
    """``caller`` is the leg of the person at the keypad, None when no webhook names a leg."""

    platform: str
    caller: str | None
    direction: str
    from_: str
    to: str
    ids: dict[str, str]
    legs: dict[str, LegFacts] = field(default_factory=dict)


def facts_of(group: Group) -> CallFacts:
    """Reads all webhooks of ``group``."""
    legs: dict[str, LegFacts] = {}
    for sighting in group.sightings:
        for found in _legs(sighting):
            known = legs.setdefault(found.leg, found)
            known.direction = known.direction or found.direction
            known.from_, known.to = known.from_ or found.from_, known.to or found.to
    caller = _caller(group, legs)
    facts = legs[caller] if caller else LegFacts("")
    direction = facts.direction or "inbound"
    return CallFacts(
        group.platform, caller, direction, with_plus(facts.from_ or ""), with_plus(facts.to or ""),
        _ids(group, caller), legs,
    )  # fmt: skip


def _legs(sighting: Sighting) -> list[LegFacts]:
    body = sighting.body
    if sighting.platform == VONAGE:
        if sighting.leg is None:
            return []
        direction = id_of(body.get("direction"))
        near = id_of(body.get("from")) or id_of(body.get("from_user"))
        if direction not in ("inbound", "outbound"):
            direction = None
        return [LegFacts(sighting.leg, direction, near, id_of(body.get("to")))]
    payload = body["payload"]
    if sighting.purpose == "VSS":
        return [_eight_leg(leg) for _, leg in summarised(payload) if id_of(leg.get("callId"))]
    return [_eight_leg(payload)] if sighting.leg else []


def summarised(payload: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The legs of a VSS by name, callA first ([disputed] CallA)."""
    details = payload.get("details")
    found = details.items() if isinstance(details, dict) else ()
    legs = [(str(name), leg) for name, leg in found if isinstance(leg, dict)]
    return sorted(legs, key=lambda item: item[0].lower())


def _eight_leg(payload: dict[str, Any]) -> LegFacts:
    direction = str(payload.get("callDirection") or "").lower()
    return LegFacts(
        str(payload["callId"]),
        direction if direction in ("inbound", "outbound") else None,
        id_of(payload.get("source")),
        id_of(payload.get("destination")),
    )


def _caller(group: Group, legs: dict[str, LegFacts]) -> str | None:
    """The leg that came in; else the one that the answer webhook is about; else the first."""
    if group.platform == VONAGE:
        for leg in legs.values():
            if leg.direction == "inbound":
                return leg.leg
        for sighting in group.sightings:
            if sighting.purpose == "answer" and sighting.leg:
                return sighting.leg
    else:
        for sighting in group.sightings:
            if sighting.purpose == "VSS":
                for _, summary in summarised(sighting.body["payload"]):
                    if id_of(summary.get("callId")):
                        return str(summary["callId"])
    return next(iter(legs), None)


def _ids(group: Group, caller: str | None) -> dict[str, str]:
    ids: dict[str, str] = {}
    name = "conversation_uuid" if group.platform == VONAGE else "sessionId"
    for sighting in group.sightings:
        body = sighting.body if group.platform == VONAGE else sighting.body["payload"]
        found = id_of(body.get(name)) or id_of(body.get(f"{name}_from"))
        if found:
            ids[name] = found
            break
    if caller:
        ids["uuid" if group.platform == VONAGE else "callId"] = caller
    return ids


def with_plus(number: str) -> str:
    """A telephone number as E.164 with ``+``; anything else (a user, a SIP address) as it is."""
    digits = number.strip().removeprefix("+")
    plain = digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15
    return f"+{digits}" if plain else number
