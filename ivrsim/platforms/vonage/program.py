"""A call on Vonage, top to bottom.

Inbound: started, ringing; the answer webhook; answered; the NCCO, action by action, replaced
whenever an event that may return one does; completed. Outbound: started, ringing, answered;
then the answer webhook, or the NCCO that the request held. Event webhooks run beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.engine.events import PromptFailed
from ivrsim.engine.leg import Leg
from ivrsim.engine.line import Prompt
from ivrsim.engine.platform import CallerGone, Outcome, Steps
from ivrsim.engine.session import Session
from ivrsim.engine.setting import Setting
from ivrsim.engine.setup import CallSetup
from ivrsim.engine.steps import dial, line_idle, play, wait
from ivrsim.platforms.vonage import actions as act
from ivrsim.platforms.vonage import bodies, pages
from ivrsim.platforms.vonage.connect import Connects
from ivrsim.platforms.vonage.diagnostics import key_ignored
from ivrsim.platforms.vonage.documents import Ncco, read_ncco
from ivrsim.platforms.vonage.inputs import Inputs
from ivrsim.platforms.vonage.legs import STATUS, LegEvents
from ivrsim.platforms.vonage.outcomes import End, Result, take
from ivrsim.platforms.vonage.record import Records
from ivrsim.platforms.vonage.settings import SETTINGS
from ivrsim.platforms.vonage.webhooks import Webhooks

RING_MS: Final = 60_000
"""How long the person of an outbound call is rung (``ringing_timer`` of the REST API)."""


class Vonage:
    """The Vonage Voice API for one conversation."""

    name = "vonage"
    settings: Mapping[str, Setting] = SETTINGS

    def __init__(self, setup: CallSetup) -> None:
        self._setup = setup
        self._caller_uuid = ""
        self._webhooks = Webhooks(setup)
        self._legs = LegEvents(self._webhooks)
        self._inputs = Inputs(setup, self._webhooks, self._legs)
        self._connects = Connects(setup, self._webhooks, self._legs)
        self._records = Records(self._webhooks)

    def ids(self, call: Session) -> dict[str, str]:
        conversation = bodies.new_conversation_uuid(call.random)
        self._caller_uuid = bodies.new_uuid(call.random)
        self._webhooks.conversation = conversation
        return {"conversation_uuid": conversation, "uuid": self._caller_uuid}

    def key_ignored(self, digit: str, why: str) -> Diagnostic | None:
        return key_ignored(digit, why)

    def prompt_failed(self, failure: PromptFailed) -> Diagnostic:
        return Diagnostic(
            "vonage.stream-not-played",
            "error",
            f"{failure.message}: the call goes on without it",
            expected="an mp3 or 16-bit wav file",
            basis="assumed",
            page=pages.STREAM,
        )

    # ------------------------------------------------------------------ the call

    def main(self, call: Session) -> Steps[Outcome]:
        try:
            ncco = yield from self._place(call)
            yield from self._run_all(call, ncco)
            end = End("platform")
        except End as reached:
            end = reached
        except CallerGone as gone:
            end = End(gone.by)
        call.closing = True
        self._finish(call, end)
        leg = call.legs[self._caller_uuid]
        status = "completed" if leg.answered_at is not None else STATUS.get(leg.outcome or "")
        return Outcome(status or "completed", end.by, end.failed, end.why)

    def _place(self, call: Session) -> Steps[Ncco]:
        """Until the caller is connected and there is an NCCO."""
        setup = self._setup
        leg = Leg(
            self._caller_uuid,
            "caller",
            "A",
            setup.direction,
            setup.caller,
            setup.callee,
            call.t,
        )
        call.add_leg(leg)
        if setup.direction == "outbound":
            result = {"status": 201, "body": bodies.created_body(self._legs.facts(leg))}
            data = {"request": "POST calls", "ok": True, "result": result}
            call.record("api.response", data, leads=True)
        self._legs.event(call, leg, "started")
        if setup.direction == "inbound":
            self._legs.event(call, leg, "ringing")
            early = call.decide("vonage.answered_after", "the call comes in") == "before"
            if early:
                self._pick_up(call, leg)
            ncco = yield from self._first_ncco(call, leg)
            if not early:
                self._pick_up(call, leg)
            return ncco
        try:
            outcome = yield from dial(
                call,
                leg,
                timeout_ms=RING_MS,
                number=leg.to,
                on_ringing=lambda: self._legs.event(call, leg, "ringing"),
            )
        except CallerGone:
            self._legs.not_answered(call, leg, "cancelled")
            raise
        if outcome != "answered":
            self._legs.not_answered(call, leg, outcome)
            raise End("party", outcome)
        self._legs.answered(call, leg)
        return (yield from self._first_ncco(call, leg))

    def _pick_up(self, call: Session, leg: Leg) -> None:
        call.answer_leg(leg)
        self._legs.answered(call, leg)

    def _first_ncco(self, call: Session, leg: Leg) -> Steps[Ncco]:
        """The inline NCCO, or what the answer webhook says."""
        setup = self._setup
        if setup.document is not None:
            ncco = read_ncco(setup.document, settings=setup.settings)
            self._webhooks.received(call, ncco, setup.document_origin or "flow", None)
            if not ncco.usable:
                raise End("application", "the NCCO was refused", failed=True)
            return ncco
        asked = yield from self._webhooks.answer(call, self._legs.facts(leg))
        if asked.ncco is None:
            raise End("application", asked.failure or "no NCCO", failed=True)
        call.keys.secret = asked.secret
        return asked.ncco

    def _run_all(self, call: Session, ncco: Ncco) -> Steps[None]:
        """Run an NCCO, and each one that replaces it, to the end."""
        running: Ncco | None = ncco
        while running is not None:
            running = yield from self._run(call, running)
        if call.line.busy:
            # A bargeIn prompt does not block, and it was the last action.
            if call.decide("vonage.barge_in_end", "the NCCO ends with a bargeIn prompt") == "cut":
                call.line.stop("action")
            yield from line_idle(call)

    def _run(self, call: Session, ncco: Ncco) -> Steps[Ncco | None]:
        """Run one NCCO; the one that replaces it, or None at its end."""
        document = self._webhooks.document
        for action in ncco.actions:
            place = {"document": document, "pointer": action.pointer, "action": action.action}
            call.record(
                "action.started", {**place, "summary": action.summary}, call.caller_leg, leads=True
            )
            outcome = "failed"
            replacement: Ncco | None = None
            try:
                outcome, replacement = yield from self._do(call, action)
            except CallerGone:
                outcome = "interrupted"
                raise
            finally:
                call.record("action.finished", {**place, "outcome": outcome}, leads=True)
            if replacement is not None:
                if call.line.busy:
                    call.line.stop("action")
                return replacement
        return None

    def _do(self, call: Session, action: act.Action) -> Steps[Result]:
        if isinstance(action, act.Prompt):
            return (yield from self._prompt(call, action)), None
        if isinstance(action, act.Input):
            return (yield from self._inputs.run(call, action))
        if isinstance(action, act.Notify):
            asked = yield from self._webhooks.ask(
                call,
                "notify",
                bodies.notify_body(action.payload),
                {"event": "notify"},
                url=action.event_address,
                method=action.event_method,
            )
            return take(call, asked)
        if isinstance(action, act.Wait):
            yield from wait(call, action.timeout_ms)
            return "done", None
        if isinstance(action, act.Connect) and action.phone is not None:
            return (yield from self._connects.run(call, action, action.phone))
        if isinstance(action, act.Record):
            return (yield from self._records.run(call, action)), None
        return "not-simulated", None

    # ------------------------------------------------------------------ prompts

    def _prompt(self, call: Session, action: act.Prompt) -> Steps[str]:
        """Play it; with bargeIn it does not block: the next action begins at once."""
        made = action.sound
        if made is None:
            return "skipped"  # malformed SSML: nothing is spoken, the NCCO's remarks say so
        prompt = Prompt(made, action.loop, action.level, action.interruptible)
        if action.interruptible:
            call.line.play(prompt)
            return "done"
        yield from play(call, prompt)
        return "failed" if prompt.failure is not None else "done"

    # ------------------------------------------------------------------ the end

    def _finish(self, call: Session, end: End) -> None:
        call.line.stop("hangup")
        self._records.end(call, "end" if end.by in ("platform", "application") else "hangup")
        self._connects.finish(call)
        leg = call.legs[self._caller_uuid]
        if not leg.ended:
            call.end_leg(leg, "completed", end.by)
            left = end.by in ("caller", "limit")  # at its limit the caller is made to hang up
            self._legs.completed(call, leg, "user" if left else "platform")
