"""A call on 8x8, top to bottom, as the platform's own pages tell it.

Inbound: VCA CALL_RECEIVED → its callflow. Outbound: the callflow of the request, which begins
with makeCall. Then action by action, with a VCA where ``8x8.vca_after`` puts one, until a
callflow hangs up, is empty, fails, or somebody leaves; VSS last. VCS webhooks run beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ivrsim.engine.capture import Captured, capture
from ivrsim.engine.commands import AudioFile, Speech, Tone
from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.engine.events import PromptFailed, WebhookFailed
from ivrsim.engine.leg import Leg
from ivrsim.engine.line import Prompt
from ivrsim.engine.platform import CallerGone, Outcome, Steps
from ivrsim.engine.session import Session
from ivrsim.engine.setting import Setting
from ivrsim.engine.setup import CallSetup
from ivrsim.engine.steps import body_bytes, bridge, content_type_of, dial, play, wait
from ivrsim.platforms.eightbyeight import pages
from ivrsim.platforms.eightbyeight.actions import (
    FILE_LIMIT_BYTES,
    Action,
    Hangup,
    MakeCall,
    PlayFile,
    Say,
    SayAndCapture,
)
from ivrsim.platforms.eightbyeight.bodies import (
    SessionError,
    created_body,
    last_action_word,
    new_id,
    not_created_body,
)
from ivrsim.platforms.eightbyeight.codes import (
    CALLFLOW_INVALID,
    CREATED,
    DOWNLOAD_FAILED,
    SYNTHESIS_FAILED,
    UNREACHABLE,
    http_status,
)
from ivrsim.platforms.eightbyeight.documents import Callflow, read_callflow
from ivrsim.platforms.eightbyeight.numbers import with_plus
from ivrsim.platforms.eightbyeight.replies import Reply, read_reply
from ivrsim.platforms.eightbyeight.settings import SETTINGS
from ivrsim.platforms.eightbyeight.tries import Way, tell_what_decided
from ivrsim.platforms.eightbyeight.webhooks import STATUS, Webhooks

CONNECT_MS: Final = 1000
"""With a prompt first, the caller is connected about a second after initiation (observed)."""


class _End(Exception):
    """The session ends with ``status``; ``by`` as in Outcome; ``error`` when it is ERROR."""

    def __init__(self, status: str, by: str, error: SessionError | None = None) -> None:
        super().__init__(status)
        self.status, self.by, self.error = status, by, error


class EightByEight:
    """The 8x8 Voice API for one session."""

    name = "8x8"
    settings: Mapping[str, Setting] = SETTINGS

    def __init__(self, setup: CallSetup) -> None:
        self._setup = setup
        self._webhooks = Webhooks(setup)
        self._request_id = ""
        self._last_action = ""
        self._dialling = False
        self._document = ""

    def ids(self, call: Session) -> dict[str, str]:
        session_id = self._webhooks.begin(call)
        self._request_id = new_id(call.random)
        return {"sessionId": session_id, "callFlowRequestId": self._request_id}

    def key_ignored(self, digit: str, why: str) -> Diagnostic | None:
        return Diagnostic(
            "8x8.key-ignored",
            "warning",
            f"the key {digit} had no effect: {_WHY_IGNORED.get(why, why)}",
            suggestion="set 8x8.type_ahead=keep to try the other reading"
            if why != "call-ended"
            else None,
            basis="assumed",
            page=pages.ACTIONS,
        )

    # ------------------------------------------------------------------ the call

    def main(self, call: Session) -> Steps[Outcome]:
        try:
            if self._setup.direction == "inbound":
                yield from self._inbound(call)
            else:
                yield from self._outbound(call)
            end = _End("COMPLETED", "platform")
        except _End as reached:
            end = reached
        except CallerGone as gone:
            legs = self._webhooks.legs
            # Documented for a leg that rings; before the caller is connected it is assumed.
            early = self._dialling or (bool(legs) and legs[0].answered_at is None)
            end = _End("CANCELED" if early else "COMPLETED", gone.by)
        call.closing = True
        return (yield from self._finish(call, end))

    def _inbound(self, call: Session) -> Steps[None]:
        setup = self._setup
        leg = self._webhooks.new_leg(call, "caller", "inbound", setup.caller, setup.callee)
        self._webhooks.vcs(call, leg, "CALL_RECEIVED")
        callflow: Callflow | None
        if setup.document is not None:
            callflow = self._given(call, "reply")
        else:
            callflow = yield from self._vca(call, "CALL_RECEIVED", {"event": "start"})
        # The whole session is this loop: a callflow, and the callflow that follows from it.
        yield from self._run_all(call, callflow)

    def _outbound(self, call: Session) -> Steps[None]:
        callflow = self._given(call, "api")
        first = callflow.actions[0]
        assert isinstance(first, MakeCall)  # -1013 otherwise
        yield from self._run_all(call, callflow)

    def _given(self, call: Session, where: Any) -> Callflow:
        """The callflow of the request, or of the file."""
        callflow = read_callflow(
            self._setup.document,
            settings=self._setup.settings,
            where=where,
            has_vca=bool(self._setup.urls.get("vca")),
        )
        self._received(call, callflow, self._setup.document_origin or "flow", None)
        if where == "api":
            self._answer_request(call, callflow)
        if not callflow.usable:
            code = callflow.code or CALLFLOW_INVALID
            error = SessionError(code, callflow.code_message or "", self._request_id)
            raise _End("NOT_CREATED" if where == "api" else "ERROR", "application", error)
        return callflow

    def _answer_request(self, call: Session, callflow: Callflow) -> None:
        """What POST …/callflows would answer at once: CREATED, or NOT_CREATED and its code."""
        if callflow.usable:
            code, body = CREATED, created_body(self._webhooks.session_id, self._request_id)
        else:
            code = callflow.code or CALLFLOW_INVALID
            body = not_created_body(self._request_id, code, callflow.code_message or "")
        result = {"status": http_status(code), "body": body}
        data = {"request": "POST callflows", "ok": callflow.usable, "result": result}
        call.record("api.response", data, leads=True)

    def _received(self, call: Session, callflow: Callflow, origin: str, page: str | None) -> str:
        document = call.new_id("d")
        call.record(
            "document.received",
            {
                "document": document,
                "origin": origin,
                "page": page,
                "body": callflow.raw,
                "actions": callflow.listing(),
            },
            call.caller_leg or None,
            leads=True,
        )
        for name, why in callflow.decided.items():
            call.decide(name, why)
        for diagnostic in callflow.diagnostics:
            call.diagnose(diagnostic, document)
        self._document = document
        return document

    def _run_all(self, call: Session, callflow: Callflow | None) -> Steps[None]:
        while callflow is not None:
            callflow = yield from self._run(call, callflow)

    def _run(self, call: Session, callflow: Callflow) -> Steps[Callflow | None]:
        """Run one callflow; the one that follows from it, or None when nothing does."""
        document = self._document
        actions = callflow.actions
        for index, action in enumerate(actions):
            last = index == len(actions) - 1
            hangup_next = not last and isinstance(actions[index + 1], Hangup)
            place = {"document": document, "pointer": action.pointer, "action": action.action}
            call.record(
                "action.started",
                {**place, "summary": action.summary},
                call.caller_leg or None,
                leads=True,
            )
            self._last_action = last_action_word(action.action, self._setup.settings)
            outcome = "failed"
            try:
                vca = yield from self._do(call, action, last=last, hangup_next=hangup_next)
                outcome = "done"
            except CallerGone:
                outcome = "interrupted"
                raise
            except _End as end:
                outcome = "done" if end.error is None else "failed"
                raise
            finally:
                call.record("action.finished", {**place, "outcome": outcome}, leads=True)
            if vca is not None:
                digits, shown, context = vca
                following = yield from self._vca(call, "ACTION_COMPLETED", context, digits, shown)
                if following is None and not last and context["event"] == "done":
                    continue  # nothing new to do: the callflow goes on (assumed)
                return following
        return None

    def _do(
        self, call: Session, action: Action, *, last: bool, hangup_next: bool
    ) -> Steps[tuple[str | None, str | None, dict[str, Any]] | None]:
        """One action; digits (as sent, as shown) and context of the VCA that is due, or None."""
        captured: Captured | None = None
        if isinstance(action, MakeCall):
            if not self._webhooks.legs:
                yield from self._call_out(call, action)
            else:
                yield from self._bridge(call, action)
                if hangup_next:
                    return None
                if call.decide("8x8.vca_after_bridge", "the other side has hung up") == "no":
                    raise _End("COMPLETED", "party")
                if last:
                    return None, None, {"event": "done"}
        else:
            yield from self._connect(call)
            if isinstance(action, Hangup):
                raise _End("COMPLETED", "application")
            if isinstance(action, SayAndCapture):
                captured = yield from self._say_and_capture(call, action)
            elif isinstance(action, Say):
                speech = action.params.spoken(action.params.text)
                yield from self._play(call, speech, action.params.repetition)
            else:
                assert isinstance(action, PlayFile)
                sound = AudioFile(action.params.file_url, FILE_LIMIT_BYTES)
                yield from self._play(call, sound, action.params.repetition)
        if captured is not None:
            if hangup_next:
                return None  # documented: the digits are lost
            return self._digits(call, captured)
        if hangup_next:
            return None
        if last or call.setting("8x8.vca_after") == "every_action":
            after = call.decide("8x8.vca_after", "an action without digits has ended")
            if after != "capture":
                return None, None, {"event": "done"}
        return None

    # ------------------------------------------------------------------ actions

    def _connect(self, call: Session) -> Steps[None]:
        """Pick up, if this is the first thing that an incoming caller hears."""
        leg = self._webhooks.legs[0]
        if leg.state == "answered":
            return
        yield from wait(call, max(0, leg.created_at + CONNECT_MS - call.t), "connect")
        call.answer_leg(leg)
        self._webhooks.vcs(call, leg, "CALL_CONNECTED")

    def _call_out(self, call: Session, action: MakeCall) -> Steps[None]:
        """The first makeCall of a session that was asked for by the API."""
        params = action.params
        leg = self._webhooks.new_leg(call, "caller", "outbound", params.source, params.destination)
        outcome = yield from self._ring(call, leg)
        if outcome != "answered":
            raise _End(STATUS.get(outcome, "FAILED"), "party")
        self._webhooks.vcs(call, leg, "CALL_CONNECTED")

    def _ring(self, call: Session, leg: Leg) -> Steps[str]:
        """Ring ``leg``; one that does not answer is disconnected. While it rings, a caller who
        leaves cancels the session."""
        self._webhooks.vcs(call, leg, "CALL_INITIATED")
        seconds = float(self._webhooks.setting("8x8.ring_timeout"))
        self._dialling = True
        try:
            outcome = yield from dial(
                call, leg, timeout_ms=round(seconds * 1000), number=with_plus(leg.to)
            )
        except CallerGone:
            self._webhooks.vcs(call, leg, "CALL_DISCONNECTED")
            raise
        self._dialling = False
        if outcome != "answered":
            self._webhooks.vcs(call, leg, "CALL_DISCONNECTED")
        if outcome == "timeout":
            call.decide("8x8.ring_timeout", "nobody answered")
        return outcome

    def _bridge(self, call: Session, action: MakeCall) -> Steps[None]:
        """Call a second party and connect it with the caller, until it hangs up.

        Not answered: no VCA, the first leg drops too, the session has the status of the second
        leg. The caller hears ringback; one who was not yet connected is connected when the
        other side answers.
        """
        params = action.params
        caller = self._webhooks.legs[0]
        leg = self._webhooks.new_leg(call, "party", "outbound", params.source, params.destination)
        call.line.play(Prompt(Tone("ringback"), loop=0, purpose="ringback"))
        outcome = yield from self._ring(call, leg)
        call.line.stop("action")
        if outcome != "answered":
            raise _End(STATUS.get(outcome, "FAILED"), "party")
        if caller.state != "answered":
            call.answer_leg(caller)
            self._webhooks.vcs(call, caller, "CALL_CONNECTED")
        self._webhooks.vcs(call, leg, "CALL_CONNECTED")
        try:
            yield from bridge(call, leg)
        finally:
            self._webhooks.vcs(call, leg, "CALL_DISCONNECTED")

    def _play(
        self,
        call: Session,
        sound: Speech | AudioFile,
        loop: int = 1,
        purpose: str = "prompt",
    ) -> Steps[None]:
        prompt = yield from play(call, Prompt(sound, loop, purpose=purpose))
        self._check_played(prompt)

    def prompt_failed(self, failure: PromptFailed) -> Diagnostic:
        return Diagnostic(
            "8x8.file-not-played",
            "error",
            failure.message,
            expected="a wav or mp3 file below 5 MB",
            reason="Unable to download file for playback",
            basis="documented",
            page=pages.ACTIONS,
        )

    def _check_played(self, prompt: Prompt) -> None:
        if prompt.failure is None:
            return
        spoken = isinstance(prompt.sound, Speech)
        code = SYNTHESIS_FAILED if spoken else DOWNLOAD_FAILED
        raise _End("ERROR", "platform", self._session_error(code))

    def _say_and_capture(self, call: Session, action: SayAndCapture) -> Steps[Captured]:
        """Prompt and collect, up to ``noOfTries``; the messages belong to it."""
        params, tries = action.params, action.rules.tries
        way = Way.of(call, action.rules)
        for attempt in range(1, tries + 1):
            prompt = Prompt(
                params.spoken(params.prompt_message),
                params.repetition,
                interruptible=way.barge_in,
            )
            captured = yield from capture(call, way.spec(call, prompt, attempt))
            tell_what_decided(call, action.rules, captured)
            self._check_played(prompt)
            if captured.valid:
                if params.success_message:
                    yield from self._play(
                        call, params.spoken(params.success_message), purpose="success"
                    )
                return captured
            if params.failure_message and self._failure_message_is_due(call, attempt, tries):
                yield from self._play(
                    call, params.spoken(params.failure_message), purpose="failure"
                )
        return captured

    def _failure_message_is_due(self, call: Session, attempt: int, tries: int) -> bool:
        if attempt < tries:
            return True
        return call.decide("8x8.last_failure_message", "the last try has failed") == "yes"

    def _digits(
        self, call: Session, captured: Captured
    ) -> tuple[str | None, str | None, dict[str, Any]]:
        digits: str | None = captured.digits
        shown: str | None = captured.shown
        if not captured.valid:
            partial = bool(digits) and (
                call.decide("8x8.partial_digits", "every try has failed") == "digits"
            )
            if not partial:
                digits = shown = None
        call.decide("8x8.dtmf_shape", "a VCA carries the digits")
        return digits, shown, {"event": "digits", "digits": digits}

    # ------------------------------------------------------------------ webhooks

    def _vca(
        self,
        call: Session,
        status: str,
        context: dict[str, Any],
        digits: str | None = None,
        shown: str | None = None,
    ) -> Steps[Callflow | None]:
        """Ask the application what to do. None: nothing more to do, the session ends."""
        answer = yield from self._webhooks.vca(call, status, context, digits, shown)
        if answer is None:
            return None
        if isinstance(answer, WebhookFailed):
            if answer.reason == "timeout":
                call.decide("8x8.vca_timeout", "the application did not answer in time")
            call.diagnose(
                Diagnostic(
                    "8x8.vca-failed",
                    "error",
                    answer.message,
                    expected="HTTP 200 with a callflow",
                    found=answer.reason,
                    reason="An internal connectivity error has occurred",
                    basis="assumed",
                    page=pages.ACTIONS,
                )
            )
            raise _End("ERROR", "application", self._session_error(UNREACHABLE))
        content_type = content_type_of(answer)
        raw = body_bytes(answer)
        reply = read_reply(
            raw, content_type, answer.status, self._setup.settings, legs=len(self._webhooks.legs)
        )
        return self._take(call, reply, answer.page, answer.secret)

    def _take(self, call: Session, reply: Reply, page: str | None, secret: bool) -> Callflow | None:
        """What the reply to a VCA means."""
        for name, why in reply.decided.items():
            call.decide(name, why)
        for diagnostic in reply.diagnostics:
            call.diagnose(diagnostic)
        if reply.has_client_action_id:
            self._webhooks.client_action_id = reply.client_action_id
        elif self._webhooks.client_action_id is not None and (
            call.decide("8x8.client_action_id", "the reply has no clientActionId") == "clears"
        ):
            self._webhooks.client_action_id = None
        if reply.empty is not None and reply.usable:
            return None
        if reply.callflow is not None:
            self._received(call, reply.callflow, "reply", page)
        if not reply.usable or reply.callflow is None:
            code = reply.code or CALLFLOW_INVALID
            last = self._last_action or None
            error = SessionError(code, reply.code_message or "", self._request_id, last)
            raise _End("ERROR", "application", error)
        call.keys.secret = secret
        return reply.callflow

    # ------------------------------------------------------------------ the end

    def _finish(self, call: Session, end: _End) -> Steps[Outcome]:
        """End the legs, send the session summary."""
        call.line.stop("hangup")
        for leg in self._webhooks.legs:
            if not leg.ended:
                call.end_leg(leg, "completed", end.by)
                self._webhooks.vcs(call, leg, "CALL_DISCONNECTED")
        error = end.error
        why = None if error is None else f"{error.code} {error.message}"
        if end.status != "NOT_CREATED":
            last = self._last_action
            left = end.by in ("caller", "limit") and end.status == "COMPLETED"
            if left and call.decide("8x8.last_action_on_hangup", "the caller hung up") == "HANGUP":
                last = "HANGUP"
            yield from self._webhooks.vss(call, end.status, last, error)
        return Outcome(end.status, end.by, error is not None, why)

    # ------------------------------------------------------------------ small things

    def _session_error(self, code: int) -> SessionError:
        return SessionError.of(
            code, call_flow_request_id=self._request_id, action=self._last_action or None
        )


_WHY_IGNORED: Final = {
    "prompt-plays": "a prompt plays that does not take keys",
    "webhook-pending": "the application is being asked",
    "capture-full": "the capture has all its digits",
    "not-a-digit-here": "the capture does not take this key",
    "no-capture": "nothing listens",
    "call-ended": "the call is over",
}
