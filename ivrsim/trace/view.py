"""The state a screen shows, folded over records one at a time.

A live call, a recorded call and a test show the same thing because all of them show a
``CallView``. Each record costs the same however long the call already is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from ivrsim.trace.record import Record
from ivrsim.trace.view_caller import CALLER_FOLDS, end_prompt
from ivrsim.trace.view_items import (
    ActionState,
    CaptureState,
    DocumentState,
    EventItem,
    Item,
    LegState,
    PromptItem,
    RecordingState,
    SpeechItem,
    Tone,
    WebhookPair,
)
from ivrsim.trace.view_keys import KeyScript
from ivrsim.trace.view_words import UNANSWERED, category, int_of, number_words, text_of

# The timers that say how long a capture still listens.
_LISTENING: Final = frozenset(
    {"first digit", "inter-digit", "overall", "start", "end of speech", "max duration"}
)


class CallView:
    """What is known about a call after the records applied so far.

    ``state`` is placing, ringing, connected, reaching (a second leg rings), talking
    (bridged) or ended. Times are milliseconds of call time.
    """

    def __init__(self) -> None:
        self.state = "placing"
        self.direction = "inbound"
        self.caller = ""
        self.callee = ""
        self.last_seq = 0
        self.last_t = 0
        self.connected_t: int | None = None
        self.ended_t: int | None = None
        self.status = ""
        self.ended_by = ""
        self.why = ""
        self.failed = False
        self.items: list[Item] = []
        self.legs: dict[str, LegState] = {}
        self.documents: dict[str, DocumentState] = {}
        self.document: DocumentState | None = None
        self.prompt: PromptItem | None = None
        self.capture: CaptureState | None = None
        self.recordings: dict[str, RecordingState] = {}
        self.webhook_pairs: dict[str, WebhookPair] = {}
        self.titles: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.severities: Counter[str] = Counter()
        self.key_presses = 0
        self.webhooks_sent = 0
        self.last_webhook: int | None = None
        self.prompts: dict[str, PromptItem] = {}
        self.speaking: dict[str, SpeechItem] = {}
        self._timers: dict[str, tuple[str, int]] = {}
        self._actions: dict[tuple[str, str], ActionState] = {}
        self.script = KeyScript()

    # reading

    @property
    def ended(self) -> bool:
        return self.state == "ended"

    def connected_ms(self, now_ms: int) -> int | None:
        """How long the caller has been connected at ``now_ms``, None before that."""
        if self.connected_t is None:
            return None
        return max(0, (now_ms if self.ended_t is None else self.ended_t) - self.connected_t)

    def listening_until(self) -> int | None:
        """When the open capture stops waiting, None when nobody listens or nothing limits it."""
        if self.capture is None or not self.capture.listening:
            return None
        dues = [due for name, due in self._timers.values() if name in _LISTENING]
        return min(dues, default=None)

    @property
    def speech_open(self) -> bool:
        """A capture that takes words is open, and no key has ended that."""
        capture = self.capture
        return capture is not None and "speech" in capture.types and not capture.digits

    @property
    def recording(self) -> RecordingState | None:
        """The recording begun last of those that run."""
        running = (each for each in reversed(self.recordings.values()) if each.by is None)
        return next(running, None)

    def pair_of(self, record: Record) -> WebhookPair | None:
        """The request and reply that ``record`` is one of."""
        return self.webhook_pairs.get(text_of(record.data.get("webhook")))

    def keys(self, up_to: int | None = None) -> str:
        """The script for ``--keys`` that does what the caller did, up to record ``up_to``.

        A secret capture ends it: its digits are not in the trace.
        """
        return " ".join(self.script.groups(up_to))

    def to_json(self) -> dict[str, Any]:
        """The whole view as plain data."""
        return {
            "state": self.state,
            "direction": self.direction,
            "caller": self.caller,
            "callee": self.callee,
            "last_seq": self.last_seq,
            "last_t": self.last_t,
            "connected_t": self.connected_t,
            "ended_t": self.ended_t,
            "status": self.status,
            "ended_by": self.ended_by,
            "why": self.why,
            "failed": self.failed,
            "items": [asdict(item) for item in self.items],
            "legs": {leg: asdict(state) for leg, state in self.legs.items()},
            "documents": {name: asdict(state) for name, state in self.documents.items()},
            "document": self.document.document if self.document else None,
            "prompt": self.prompt.prompt if self.prompt else None,
            "capture": asdict(self.capture) if self.capture else None,
            "listening_until": self.listening_until(),
            "speech_open": self.speech_open,
            "recordings": {name: asdict(state) for name, state in self.recordings.items()},
            "webhooks": {name: asdict(pair) for name, pair in self.webhook_pairs.items()},
            "counts": dict(self.counts),
            "severities": dict(self.severities),
            "keys": self.keys(),
        }

    # folding

    def apply(self, record: Record) -> None:
        """Take one record in. Unknown kinds and missing data are borne, never an error."""
        self.last_seq = record.seq
        self.last_t = max(self.last_t, record.t)
        self.counts["all"] += 1
        group = category(record.kind)
        if group is not None:
            self.counts[group] += 1
        fold = _FOLDS.get(record.kind)
        if fold is not None:
            fold(self, record)

    def say(self, record: Record, text: str, tone: Tone = "quiet") -> None:
        self.items.append(EventItem(record.seq, record.t, text, tone))

    def _leg(self, record: Record) -> LegState:
        name = record.leg or ""
        leg = self.legs.get(name)
        if leg is None:
            role = "party" if self.legs else "caller"
            leg = self.legs[name] = LegState(name, role, "")
        return leg

    def _number(self, leg: LegState) -> str:
        return number_words(leg.number) if leg.number else "The other side"

    def _call_started(self, record: Record) -> None:
        data = record.data
        self.direction = text_of(data.get("direction"), "inbound")
        self.caller, self.callee = text_of(data.get("from")), text_of(data.get("to"))
        self.state = "ringing"
        if self.direction == "outbound":
            self.say(record, f"{number_words(self.caller)} is calling")
        else:
            self.say(record, f"Calling {number_words(self.callee)}")

    def _call_limit(self, record: Record) -> None:
        seconds = int_of(record.data.get("limit_ms")) / 1000
        runaway = record.data.get("limit") == "runaway"
        what = "It went on without end" if runaway else f"The time is over: {seconds:g} s"
        self.say(record, f"{what}; the caller hangs up", "warn")

    def _call_ended(self, record: Record) -> None:
        data = record.data
        end_prompt(self, self.prompt, record, "finished", None)
        self.state = "ended"
        self.ended_t = record.t
        self.capture = None
        self._timers.clear()
        for recording in self.recordings.values():
            recording.by = recording.by or "end"
        self.status = text_of(data.get("status"), "ended")
        self.ended_by, self.why = text_of(data.get("by")), text_of(data.get("why"))
        self.failed = bool(data.get("failed"))

    def _leg_created(self, record: Record) -> None:
        data = record.data
        role = text_of(data.get("role"), "party" if self.legs else "caller")
        number = text_of(data.get("to"))
        if role == "caller" and text_of(data.get("direction")) == "inbound":
            number = text_of(data.get("from"))
        self.legs[record.leg or ""] = LegState(record.leg or "", role, number)
        if role != "caller":
            self.state = "reaching"
            self.say(record, f"Reaching {number_words(number)}…")

    def _leg_ringing(self, record: Record) -> None:
        leg = self._leg(record)
        leg.state = "ringing"
        if leg.role == "caller":
            self.state = "ringing"

    def _leg_answered(self, record: Record) -> None:
        leg = self._leg(record)
        leg.state, leg.answered_t = "answered", record.t
        if leg.role == "caller":
            if self.state != "reaching":
                self.state = "connected"
            if self.connected_t is None:
                self.connected_t = record.t
                self.say(record, "Connected", "good")
            return
        self._back_to_call()
        machine = " (a machine)" if record.data.get("machine") else ""
        self.say(record, f"{self._number(leg)} answered{machine}", "good")

    def _back_to_call(self) -> None:
        if self.state in ("reaching", "talking"):
            self.state = "connected" if self.connected_t is not None else "ringing"

    def _leg_busy(self, record: Record) -> None:
        leg = self._leg(record)
        leg.state = "busy"
        self._back_to_call()
        self.say(record, f"{self._number(leg)} is busy", "warn")

    def _leg_unanswered(self, record: Record) -> None:
        leg = self._leg(record)
        leg.state = text_of(record.data.get("outcome"), "unanswered")
        self._back_to_call()
        words = UNANSWERED.get(leg.state, leg.state)
        self.say(record, f"{self._number(leg)} {words}", "warn")

    def _leg_hangup(self, record: Record) -> None:
        if text_of(record.data.get("by"), "caller") == "caller":
            self.script.hung_up(record.seq)
            self.say(record, "You hung up")
        else:
            self.say(record, f"{self._number(self._leg(record))} hung up")

    def _leg_bridged(self, record: Record) -> None:
        leg, other = self._leg(record), self.legs.get(text_of(record.data.get("with")))
        party = leg if leg.role != "caller" else other
        already = leg.bridged is not None
        leg.bridged = text_of(record.data.get("with"))
        if other is not None:
            other.bridged = leg.leg
        self.state = "talking"
        if not already:
            number = self._number(party) if party is not None else "the other side"
            self.say(record, f"You are talking to {number}", "good")

    def _leg_ended(self, record: Record) -> None:
        leg = self._leg(record)
        leg.ended_t = record.t
        leg.state = text_of(record.data.get("outcome"), "completed")
        for other in self.legs.values():
            if other.bridged == leg.leg:
                other.bridged = None
        leg.bridged = None
        if leg.role != "caller":
            self._back_to_call()

    def _document_received(self, record: Record) -> None:
        data = record.data
        name = text_of(data.get("document"), f"#{record.seq}")
        page = data.get("page")
        document = DocumentState(
            name, record.seq, record.t, text_of(data.get("origin")),
            None if page is None else text_of(page),
        )  # fmt: skip
        actions = data.get("actions")
        for action in actions if isinstance(actions, list) else ():
            if isinstance(action, dict):
                state = ActionState(
                    text_of(action.get("pointer")),
                    text_of(action.get("action")),
                    text_of(action.get("summary")),
                )
                document.actions.append(state)
                self._actions[name, state.pointer] = state
        self.documents[name] = self.document = document

    def _action(self, record: Record) -> ActionState | None:
        data = record.data
        return self._actions.get((text_of(data.get("document")), text_of(data.get("pointer"))))

    def _action_started(self, record: Record) -> None:
        document = self.documents.get(text_of(record.data.get("document")))
        if document is not None:
            self.document = document
        action = self._action(record)
        if action is not None:
            action.state, action.seq = "current", record.seq

    def _action_finished(self, record: Record) -> None:
        action = self._action(record)
        if action is not None:
            action.state = text_of(record.data.get("outcome"), "done")
            action.seq = action.seq or record.seq

    def _timer_started(self, record: Record) -> None:
        data = record.data
        self._timers[text_of(data.get("timer"))] = (
            text_of(data.get("name")),
            int_of(data.get("due"), record.t + int_of(data.get("ms"))),
        )

    def _timer_over(self, record: Record) -> None:
        self._timers.pop(text_of(record.data.get("timer")), None)

    def _pair(self, record: Record) -> WebhookPair:
        name = text_of(record.data.get("webhook"), f"#{record.seq}")
        pair = self.webhook_pairs.get(name)
        if pair is None:
            pair = self.webhook_pairs[name] = WebhookPair(name, "")
        return pair

    def _webhook_request(self, record: Record) -> None:
        pair = self._pair(record)
        data = record.data
        pair.request = record.seq
        pair.title = text_of(data.get("title")) or text_of(data.get("purpose"), "webhook")
        if int_of(data.get("attempt"), 1) > 1:
            pair.title += ", second attempt"
        self.titles[pair.webhook] = pair.title
        if data.get("sent") is not False:
            self.webhooks_sent += 1
            self.last_webhook = record.seq

    def _webhook_response(self, record: Record) -> None:
        pair = self._pair(record)
        pair.reply = self.last_webhook = record.seq
        status = int_of(record.data.get("status"), 200)
        if status >= 400:
            self.say(record, f"The application replied {status} to {pair.title}", "error")

    def _webhook_failed(self, record: Record) -> None:
        pair = self._pair(record)
        pair.reply = self.last_webhook = record.seq
        message = text_of(record.data.get("message")) or text_of(record.data.get("reason"))
        self.say(record, f"No reply to {pair.title}: {message}", "error")

    def _diagnostic(self, record: Record) -> None:
        severity = text_of(record.data.get("severity"), "warning")
        self.severities[severity] += 1
        said = text_of(record.data.get("message"))
        last = self.items[-1] if self.items else None
        if isinstance(last, EventItem) and last.text.endswith(said):
            return  # the failure of a webhook has just been told
        if severity != "info":
            tone: Tone = "error" if severity == "error" else "warn"
            self.say(record, said, tone)

    def _fault(self, record: Record) -> None:
        self.severities["error"] += 1
        self.say(record, text_of(record.data.get("message")), "error")

    def _mark(self, record: Record) -> None:
        self.say(record, f"⚑ {text_of(record.data.get('text'))}")


_FOLDS: Final[dict[str, Callable[[CallView, Record], None]]] = {
    kind: getattr(CallView, f"_{kind.replace('.', '_')}")
    for kind in (
        "call.started", "call.limit", "call.ended", "leg.created", "leg.ringing",
        "leg.answered", "leg.busy", "leg.unanswered", "leg.hangup", "leg.bridged", "leg.ended",
        "document.received", "action.started", "action.finished", "timer.started",
        "webhook.request", "webhook.response", "webhook.failed", "diagnostic", "fault", "mark",
    )
}  # fmt: skip
_FOLDS["timer.fired"] = _FOLDS["timer.cancelled"] = CallView._timer_over
_FOLDS.update(CALLER_FOLDS)
