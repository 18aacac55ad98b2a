"""Folds of the telephones of a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ivrsim.trace.record import Record
from ivrsim.trace.view_items import LegState
from ivrsim.trace.view_words import UNANSWERED, number_words, text_of

if TYPE_CHECKING:
    from ivrsim.trace.view import CallView


def _leg_of(view: CallView, record: Record) -> LegState:
    name = record.leg or ""
    leg = view.legs.get(name)
    if leg is None:
        role = "party" if view.legs else "caller"
        leg = view.legs[name] = LegState(name, role, "", seq=record.seq, t=record.t)
    return leg


def _number(leg: LegState) -> str:
    return number_words(leg.number) if leg.number else "The other side"


def _created(view: CallView, record: Record) -> None:
    data = record.data
    role = text_of(data.get("role"), "party" if view.legs else "caller")
    number = text_of(data.get("to"))
    if role == "caller" and text_of(data.get("direction")) == "inbound":
        number = text_of(data.get("from"))
    name = record.leg or ""
    view.legs[name] = LegState(name, role, number, seq=record.seq, t=record.t)
    if role != "caller":
        view.state = "reaching"
        view.say(record, f"Reaching {number_words(number)}…")


def _ringing(view: CallView, record: Record) -> None:
    leg = _leg_of(view, record)
    leg.state = "ringing"
    if leg.role == "caller":
        view.state = "ringing"


def _answered(view: CallView, record: Record) -> None:
    leg = _leg_of(view, record)
    leg.state, leg.answered_t = "answered", record.t
    if leg.role == "caller":
        if view.state != "reaching":
            view.state = "connected"
        if view.connected_t is None:
            view.connected_t = record.t
            view.say(record, "Connected", "good")
        return
    _back_to_call(view)
    machine = " (a machine)" if record.data.get("machine") else ""
    view.say(record, f"{_number(leg)} answered{machine}", "good")


def _back_to_call(view: CallView) -> None:
    if view.state in ("reaching", "talking"):
        view.state = "connected" if view.connected_t is not None else "ringing"


def _busy(view: CallView, record: Record) -> None:
    leg = _leg_of(view, record)
    leg.state = "busy"
    _back_to_call(view)
    view.say(record, f"{_number(leg)} is busy", "warn")


def _unanswered(view: CallView, record: Record) -> None:
    leg = _leg_of(view, record)
    leg.state = text_of(record.data.get("outcome"), "unanswered")
    _back_to_call(view)
    view.say(record, f"{_number(leg)} {UNANSWERED.get(leg.state, leg.state)}", "warn")


def _hangup(view: CallView, record: Record) -> None:
    if text_of(record.data.get("by"), "caller") == "caller":
        view.script.hung_up(record.seq)
        view.say(record, "You hung up")
    else:
        view.say(record, f"{_number(_leg_of(view, record))} hung up")


def _bridged(view: CallView, record: Record) -> None:
    leg, other = _leg_of(view, record), view.legs.get(text_of(record.data.get("with")))
    party = leg if leg.role != "caller" else other
    already = leg.bridged is not None
    leg.bridged = text_of(record.data.get("with"))
    if other is not None:
        other.bridged = leg.leg
    view.state = "talking"
    if not already:
        number = _number(party) if party is not None else "the other side"
        view.say(record, f"You are talking to {number}", "good")


def _ended(view: CallView, record: Record) -> None:
    leg = _leg_of(view, record)
    leg.ended_t = record.t
    leg.state = text_of(record.data.get("outcome"), "completed")
    for other in view.legs.values():
        if other.bridged == leg.leg:
            other.bridged = None
    leg.bridged = None
    if leg.role != "caller":
        _back_to_call(view)


LEG_FOLDS: Final[Mapping[str, Callable[[CallView, Record], None]]] = {
    "leg.created": _created,
    "leg.ringing": _ringing,
    "leg.answered": _answered,
    "leg.busy": _busy,
    "leg.unanswered": _unanswered,
    "leg.hangup": _hangup,
    "leg.bridged": _bridged,
    "leg.ended": _ended,
}
