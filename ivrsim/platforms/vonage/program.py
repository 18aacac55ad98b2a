"""A call on Vonage, top to bottom.

Inbound: started, ringing; the answer webhook; answered; the NCCO, action by action, replaced
whenever an event that may return one does; completed. Outbound: started, ringing, answered;
then the answer webhook, or the NCCO that the request held. Event webhooks run beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ivrsim.engine.capture import Captured, CaptureSpec, capture
from ivrsim.engine.commands import AudioFile, SendDtmf, Speech, Tone
from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.engine.events import PromptFailed
from ivrsim.engine.leg import Leg
from ivrsim.engine.line import Prompt
from ivrsim.engine.platform import CallerGone, Outcome, Steps
from ivrsim.engine.session import Session
from ivrsim.engine.setting import Setting
from ivrsim.engine.setup import CallSetup
from ivrsim.engine.steps import bridge, dial, line_idle, play, wait
from ivrsim.platforms.vonage import actions as act
from ivrsim.platforms.vonage import bodies, pages, parts
from ivrsim.platforms.vonage.diagnostics import key_ignored, not_in_on_answer
from ivrsim.platforms.vonage.documents import Ncco, read_ncco
from ivrsim.platforms.vonage.legs import STATUS, LegEvents
from ivrsim.platforms.vonage.settings import SETTINGS, value
from ivrsim.platforms.vonage.webhooks import Asked, Webhooks

RING_MS: Final = 60_000
"""How long the person of an outbound call is rung (``ringing_timer`` of the REST API)."""


class _End(Exception):
    """The call ends; ``by`` and ``why`` as in Outcome. ``failed``: the application failed it."""

    def __init__(self, by: str, why: str | None = None, *, failed: bool = False) -> None:
        super().__init__(why)
        self.by, self.why, self.failed = by, why, failed


class Vonage:
    """The Vonage Voice API for one conversation."""

    name = "vonage"
    settings: Mapping[str, Setting] = SETTINGS

    def __init__(self, setup: CallSetup) -> None:
        self._setup = setup
        self._caller_uuid = ""
        self._webhooks = Webhooks(setup)
        self._legs = LegEvents(self._webhooks)
        self._held: list[tuple[Leg, act.Connect]] = []

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
            end = _End("platform")
        except _End as reached:
            end = reached
        except CallerGone as gone:
            end = _End(gone.by)
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
            raise _End("party", outcome)
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
                raise _End("application", "the NCCO was refused", failed=True)
            return ncco
        asked = yield from self._webhooks.answer(call, self._legs.facts(leg))
        if asked.ncco is None:
            raise _End("application", asked.failure or "no NCCO", failed=True)
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

    def _do(self, call: Session, action: act.Action) -> Steps[tuple[str, Ncco | None]]:
        if isinstance(action, act.Prompt):
            return (yield from self._prompt(call, action)), None
        if isinstance(action, act.Input):
            return (yield from self._input(call, action))
        if isinstance(action, act.Notify):
            asked = yield from self._webhooks.ask(
                call,
                "notify",
                bodies.notify_body(action.payload),
                {"event": "notify"},
                url=action.event_address,
                method=action.event_method,
            )
            return self._take(call, asked)
        if isinstance(action, act.Wait):
            yield from wait(call, action.timeout_ms)
            return "done", None
        if isinstance(action, act.Connect) and action.phone is not None:
            return (yield from self._connect(call, action, action.phone))
        return "not-simulated", None

    def _take(self, call: Session, asked: Asked) -> tuple[str, Ncco | None]:
        if asked.ncco is not None:
            call.keys.secret = asked.secret
            return "replaced", asked.ncco
        return "done", None

    # ------------------------------------------------------------------ prompts

    def _prompt(self, call: Session, action: act.Prompt) -> Steps[str]:
        """Play it; with bargeIn it does not block: the next action begins at once."""
        made = self._sound(action)
        if made is None:
            return "skipped"  # malformed SSML: nothing is spoken, the NCCO's remarks say so
        prompt = Prompt(made, action.loop, action.level, action.interruptible)
        if action.interruptible:
            call.line.play(prompt)
            return "done"
        yield from play(call, prompt)
        return "failed" if prompt.failure is not None else "done"

    def _sound(self, action: act.Action) -> Speech | AudioFile | None:
        if isinstance(action, act.Stream):
            return AudioFile(action.url)
        assert isinstance(action, act.Talk)
        spoken = action.spoken
        if not spoken.ok:
            return None
        return Speech(
            action.text,
            spoken.words,
            action.language,
            action.style,
            action.voice_name,
            ssml=spoken.ssml,
        )

    # ------------------------------------------------------------------ input

    def _input(self, call: Session, action: act.Input) -> Steps[tuple[str, Ncco | None]]:
        if action.mode == "asynchronous":
            return "not-simulated", None
        if action.wants_dtmf:
            captured = yield from self._capture(call, action)
            digits, shown, timed_out = captured.digits, captured.shown, captured.timed_out
        else:
            # Speech alone is not yet simulated: the caller says nothing.
            yield from line_idle(call)
            start = action.speech or parts.SpeechSettings.model_construct()
            yield from wait(call, round(start.start_timeout * 1000), "speech")
            digits, shown, timed_out = "", "", False
        at = call.time()
        leg = self._legs.facts(call.legs[call.caller_leg])

        def body(pressed: str) -> dict[str, Any]:
            if action.legacy:
                return bodies.legacy_input_body(leg, at, digits=pressed, timed_out=timed_out)
            made = bodies.input_body(
                leg, at, digits=pressed, timed_out=timed_out, settings=self._setup.settings
            )
            if action.wants_speech:
                made["speech"] = (
                    {"error": "Speech overridden by DTMF"}
                    if pressed
                    else {"timeout_reason": "start_timeout"}
                )
            return made

        if not action.legacy:
            if not digits:
                call.decide("vonage.no_digits", "no key was pressed")
            if not action.wants_speech:
                call.decide("vonage.speech_off", "the input webhook has a speech part")
        asked = yield from self._webhooks.ask(
            call,
            "input",
            body(digits),
            {"event": "digits", "digits": digits},
            url=action.event_address,
            method=action.event_method,
            shown=body(shown) if shown != digits else None,
        )
        return self._take(call, asked)

    def _capture(self, call: Session, action: act.Input) -> Steps[Captured]:
        settings, rules = self._setup.settings, action.capture
        from_prompt_end = value(settings, "vonage.input_timer") == "prompt_end"
        if call.line.busy:
            call.decide("vonage.input_timer", "an input begins while a bargeIn prompt plays")
        first_ms = rules.time_out_ms
        if action.wants_speech:
            speech = action.speech or parts.SpeechSettings.model_construct()
            first_ms = max(first_ms, round(speech.start_timeout * 1000))
        ignore_hash = (
            not rules.submit_on_hash and value(settings, "vonage.hash_without_submit") == "ignore"
        )
        if ignore_hash:
            call.decide("vonage.hash_without_submit", "an input without submitOnHash begins")
        captured = yield from capture(
            call,
            CaptureSpec(
                max_digits=rules.max_digits,
                max_digits_ends=value(settings, "vonage.max_digits_end") == "at_once",
                takes_more=False,
                terminator="#" if rules.submit_on_hash else None,
                keep_terminator=value(settings, "vonage.hash_in_digits") == "keep",
                refused="#" if ignore_hash else "",
                first_digit_ms=first_ms,
                inter_digit_ms=rules.time_out_ms,
                first_from="prompt_end" if from_prompt_end else "open",
                types=action.types,
                secret=call.keys.secret,
            ),
        )
        if len(captured.digits) >= rules.max_digits:
            call.decide("vonage.max_digits_end", "the last of maxDigits was pressed")
        if captured.ended_by == "terminator":
            call.decide("vonage.hash_in_digits", "# ended the input")
        elif "#" in captured.shown:
            call.decide("vonage.hash_without_submit", "# was pressed")
        return captured

    # ------------------------------------------------------------------ connect

    def _connect(
        self, call: Session, action: act.Connect, phone: parts.PhoneEndpoint
    ) -> Steps[tuple[str, Ncco | None]]:
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
            raise _End("party")
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
                sound = self._sound(step)
                if sound is not None:
                    call.line.stop("action")
                    loop = step.loop or 1
                    prompt = Prompt(sound, loop, step.level, purpose="onAnswer", leg=leg.id)
                    yield from play(call, prompt)
            elif isinstance(step, act.Wait):
                yield from wait(call, step.timeout_ms)
            elif isinstance(step, act.Input | act.Notify | act.Connect):
                call.diagnose(not_in_on_answer(step.action, step.pointer), self._webhooks.document)

    def _unreached(
        self, call: Session, action: act.Connect, leg: Leg, outcome: str
    ) -> Steps[tuple[str, Ncco | None]]:
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
        return self._take(call, asked)

    def _ringback(self, call: Session, url: str | None) -> None:
        sound = Tone("ringback") if url is None else AudioFile(url)
        call.line.play(Prompt(sound, loop=0, purpose="ringback"))

    # ------------------------------------------------------------------ the end

    def _finish(self, call: Session, end: _End) -> None:
        call.line.stop("hangup")
        for party, source in self._held:
            self._legs.ended_unanswered(
                call, party, STATUS.get(party.outcome or "", "failed"), source
            )
        leg = call.legs[self._caller_uuid]
        if not leg.ended:
            call.end_leg(leg, "completed", end.by)
            left = end.by in ("caller", "limit")  # at its limit the caller is made to hang up
            self._legs.completed(call, leg, "user" if left else "platform")

    # ------------------------------------------------------------------ small things

    def _own_number(self) -> str:
        setup = self._setup
        return setup.callee if setup.direction == "inbound" else setup.caller


def _next_name(call: Session) -> str:
    return chr(ord("A") + min(len(call.legs), 25))
