"""The action connect, to a phone: ring it, join it with the caller, go on when it hangs up."""

from __future__ import annotations

from ivrsim.engine.commands import AudioFile, SendDtmf, Tone
from ivrsim.engine.leg import Leg
from ivrsim.engine.line import Prompt
from ivrsim.engine.platform import CallerGone, Steps
from ivrsim.engine.session import Session
from ivrsim.engine.setup import CallSetup
from ivrsim.engine.steps import bridge, dial, play, wait
from ivrsim.platforms.vonage import actions as act
from ivrsim.platforms.vonage import bodies, parts
from ivrsim.platforms.vonage.diagnostics import not_in_on_answer
from ivrsim.platforms.vonage.legs import STATUS, LegEvents
from ivrsim.platforms.vonage.outcomes import End, Result, take
from ivrsim.platforms.vonage.webhooks import Webhooks


class Connects:
    """Runs the connects of one call."""

    def __init__(self, setup: CallSetup, webhooks: Webhooks, legs: LegEvents) -> None:
        self._setup = setup
        self._webhooks = webhooks
        self._legs = legs
        self._held: list[tuple[Leg, act.Connect]] = []

    def run(self, call: Session, action: act.Connect, phone: parts.PhoneEndpoint) -> Steps[Result]:
        """Ring another phone and bridge it, until it hangs up or ``limit`` is over."""
        call.line.stop("action")
        leg = Leg(
            bodies.new_uuid(call.random),
            "party",
            _next_name(call),
            "outbound",
            action.from_ or self._own_number(),
            phone.e164,
            call.t,
        )
        call.add_leg(leg)
        self._legs.event(call, leg, "started", action)
        self._ringback(call, action.ringback_tone)
        try:
            outcome = yield from dial(
                call,
                leg,
                timeout_ms=action.timeout * 1000,
                number=f"+{phone.e164}",
                on_ringing=lambda: self._legs.event(call, leg, "ringing", action),
            )
        except CallerGone:
            if call.decide("vonage.connect_abandoned", "the caller left while it rang") == (
                "cancelled"
            ):
                self._legs.event(call, leg, "cancelled", action)
            self._legs.completed(call, leg, "user", action)
            raise
        if outcome != "answered":
            call.line.stop("action")
            return (yield from self._unreached(call, action, leg, outcome))
        self._legs.answered(call, leg, action)
        try:
            yield from self._joined(call, action, phone, leg)
        finally:
            self._legs.completed(
                call, leg, "user" if leg.ended_by == "party" else "platform", action
            )
        if leg.ended_by == "party" and (
            call.decide("vonage.connect_hangup", "the other side has left") == "end_call"
        ):
            raise End("party")
        return "done", None

    def _joined(
        self, call: Session, action: act.Connect, phone: parts.PhoneEndpoint, leg: Leg
    ) -> Steps[None]:
        if phone.dtmf_answer:
            call.record("dtmf.sent", {"digits": phone.dtmf_answer}, leg.id)
            call.command(SendDtmf(leg.id, phone.dtmf_answer))
        if phone.on_answer is not None:
            if phone.on_answer.ringback_tone is not None:
                call.line.stop("action")
                self._ringback(call, phone.on_answer.ringback_tone)
            yield from self._announce(call, phone.on_answer, leg)
        call.line.stop("action")
        if not leg.ended:
            yield from bridge(call, leg, limit_ms=action.limit * 1000)

    def _announce(self, call: Session, on_answer: parts.OnAnswer, leg: Leg) -> Steps[None]:
        """What the other side hears before it is joined: the NCCO of ``onAnswer.url``."""
        asked = yield from self._webhooks.on_answer(call, self._legs.facts(leg), on_answer.url)
        if asked.ncco is None:
            return
        for step in asked.ncco.actions:
            if leg.ended:
                return
            if isinstance(step, act.Prompt):
                sound = step.sound
                if sound is not None:
                    call.line.stop("action")
                    loop = step.loop or 1
                    prompt = Prompt(sound, loop, step.level, purpose="onAnswer", leg=leg.id)
                    yield from play(call, prompt)
            elif isinstance(step, act.Wait):
                yield from wait(call, step.timeout_ms)
            elif isinstance(step, act.Input | act.Notify | act.Connect | act.Record):
                call.diagnose(not_in_on_answer(step.action, step.pointer), self._webhooks.document)

    def _unreached(
        self, call: Session, action: act.Connect, leg: Leg, outcome: str
    ) -> Steps[Result]:
        """Busy, unanswered …: with eventType synchronous the reply may replace the NCCO."""
        if not action.synchronous:
            self._legs.not_answered(call, leg, outcome, action)
            return "done", None
        status, body = self._legs.status_event(call, leg, outcome)
        event = status if status in ("busy", "unanswered") else "unanswered"
        self._held.append((leg, action))  # documented: until the NCCO of the reply is over
        asked = yield from self._webhooks.ask(
            call,
            f"event {status}",
            body,
            {"event": event},
            url=action.event_address,
            method=action.event_method,
        )
        if asked.ncco is None:
            self._held.pop()
            self._legs.ended_unanswered(call, leg, status, action)
        return take(call, asked)

    def _ringback(self, call: Session, url: str | None) -> None:
        sound = Tone("ringback") if url is None else AudioFile(url)
        call.line.play(Prompt(sound, loop=0, purpose="ringback"))

    def finish(self, call: Session) -> None:
        """The call is over: what was held back for a fallback NCCO is told now."""
        for party, source in self._held:
            self._legs.ended_unanswered(
                call, party, STATUS.get(party.outcome or "", "failed"), source
            )

    def _own_number(self) -> str:
        setup = self._setup
        return setup.callee if setup.direction == "inbound" else setup.caller


def _next_name(call: Session) -> str:
    return chr(ord("A") + min(len(call.legs), 25))
