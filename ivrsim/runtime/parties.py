"""The other telephones: how they answer when an application dials them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ivrsim.engine.commands import Speech
from ivrsim.engine.events import (
    Event,
    HungUp,
    LegAnswered,
    LegBusy,
    LegRinging,
    LegUnanswered,
    SpeechHeard,
)
from ivrsim.runtime.faults import LEG_MS
from ivrsim.runtime.prompts import estimate_ms

if TYPE_CHECKING:
    from ivrsim.flows.model import Party
    from ivrsim.runtime.faults import Fault, Faults

CALLER_ANSWERS_MS = 2000
"""When the platform calls the person at the keypad: picked up after two seconds."""
FIRST_WORDS_MS = 300


class Parties:
    """Plays the other telephones by the rules of a flow.

    ``rules`` by number, with ``default``; ``schedule(t, event, key)`` puts an event on the
    agenda, ``drop(key)`` takes it off. ``by_hand`` legs wait for ``act``. ``faults`` may make a
    telephone busy or dead.
    """

    def __init__(
        self,
        rules: Mapping[str, Party],
        default: Party,
        schedule: Callable[[int, Event, str], None],
        drop: Callable[[str], None],
        person_present: bool,
    ) -> None:
        self._rules = {_digits(number): party for number, party in rules.items()}
        self._default = default
        self._schedule = schedule
        self._drop = drop
        self._person_present = person_present
        self.faults: Faults | None = None  # none, until the call says so
        self._legs: dict[str, Party] = {}
        self._cuts: dict[str, tuple[Fault, HungUp]] = {}
        self.notices: list[str] = []

    def ring(self, leg: str, number: str, role: str, t: int) -> Event | None:
        """A telephone is rung at ``t``; what the trace is told when it does not even ring."""
        if self.faults is not None and self.faults.armed:
            fault = self.faults.of_leg(number, role)
            if fault is not None and fault.cut_ms is None:
                self._schedule(t + LEG_MS, fault.of_leg(leg), f"outcome:{leg}")
                return fault.leg_met(leg)
            if fault is not None:
                self._cuts[leg] = (fault, HungUp(leg, "caller" if role == "caller" else "party"))
        self._schedule(t, LegRinging(leg), f"ring:{leg}")
        if role == "caller":
            self._answers(t + CALLER_ANSWERS_MS, LegAnswered(leg))
        else:
            self._ring_party(leg, number, t)
        return None

    def _ring_party(self, leg: str, number: str, t: int) -> None:
        party = self._rules.get(_digits(number), self._default)
        self._legs[leg] = party
        after = round(party.answers_after * 1000)
        event: Event
        if party.outcome == "answers":
            event = LegAnswered(leg)
        elif party.outcome == "voicemail":
            event = LegAnswered(leg, True)
        elif party.outcome == "busy":
            event = LegBusy(leg)
        elif party.outcome == "by_hand":
            if self._person_present:
                return
            self.notices.append(
                f"{number} is answered by hand, and nobody is here to do it: it was not answered"
            )
            return
        elif party.outcome == "no_answer":
            return
        else:
            event = LegUnanswered(leg, party.outcome)
        if isinstance(event, LegAnswered):
            self._answers(t + after, event)
        else:
            self._schedule(t + after, event, f"outcome:{leg}")

    def _answers(self, t: int, event: LegAnswered) -> None:
        """It will be picked up at ``t``."""
        self._schedule(t, event, f"outcome:{event.leg}")
        self._cut_after(event.leg, t)

    def relived_answer(self, leg: str, t: int) -> None:
        """It was picked up at ``t``: by hand, where no rule has said so when it was rung."""
        party = self._legs.get(leg)
        if party is not None and party.outcome == "by_hand":
            self._cut_after(leg, t)

    def _cut_after(self, leg: str, t: int) -> None:
        """It is picked up at ``t``: cut later when a fault says so."""
        cut = self._cuts.get(leg)
        if cut is not None:
            fault, gone = cut
            t += fault.cut_ms or 0
            self._schedule(t, fault.leg_met(leg), f"fault:{leg}")
            self._schedule(t, gone, f"cut:{leg}")

    def bridged(self, leg: str, t: int) -> SpeechHeard | None:
        """The leg is connected with the caller at ``t``; what its person says, if anything."""
        party = self._legs.get(leg)
        if party is None:
            return None
        if party.hangs_up_after is not None:
            self._schedule(
                t + round(party.hangs_up_after * 1000), HungUp(leg, "party"), f"hangup:{leg}"
            )
        if not party.says:
            return None
        duration = estimate_ms(Speech(party.says, party.says))
        words = SpeechHeard(leg, party.says, "party", duration)
        self._schedule(t + FIRST_WORDS_MS, words, f"says:{leg}")
        return words

    def dropped(self, leg: str) -> None:
        """The leg is over."""
        self._legs.pop(leg, None)
        self._cuts.pop(leg, None)
        for what in ("ring", "outcome", "says", "hangup", "fault", "cut"):
            self._drop(f"{what}:{leg}")

    def act(self, leg: str, what: str, t: int) -> bool:
        """The person decides: answer, busy, reject, hang_up. False when the leg is not there."""
        if leg not in self._legs:
            return False
        events: dict[str, Event] = {
            "answer": LegAnswered(leg),
            "busy": LegBusy(leg),
            "reject": LegUnanswered(leg, "rejected"),
            "hang_up": HungUp(leg, "party"),
        }
        event = events[what]
        if isinstance(event, LegAnswered):
            self._answers(t, event)
        else:
            self._schedule(t, event, f"outcome:{leg}")
        return True


def _digits(number: str) -> str:
    return "".join(char for char in number if char.isdigit())
