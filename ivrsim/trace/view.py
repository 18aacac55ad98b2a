"""The state a screen shows, folded over records one at a time.

A live call, a recorded call and a test show the same thing because all of them show a
``CallView``. Each record costs the same however long the call already is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

from ivrsim.trace.dead_air import LIMIT_MS, DeadAir, DeadAirFold
from ivrsim.trace.record import Record
from ivrsim.trace.view_caller import CALLER_FOLDS, end_prompt
from ivrsim.trace.view_items import (
    ActionState,
    Awaited,
    CaptureState,
    DocumentState,
    EditState,
    EventItem,
    FaultState,
    Item,
    LegState,
    MarkState,
    PromptItem,
    RecordingState,
    SettingState,
    SpeechItem,
    TimerState,
    Tone,
    WebhookPair,
)
from ivrsim.trace.view_keep import EVERY, forget
from ivrsim.trace.view_keys import KeyScript
from ivrsim.trace.view_legs import LEG_FOLDS
from ivrsim.trace.view_remarks import REMARK_FOLDS
from ivrsim.trace.view_webhooks import WEBHOOK_FOLDS
from ivrsim.trace.view_words import category, int_of, number_words, text_of

# The timers that say how long a capture still listens.
_LISTENING: Final = frozenset(
    {"first digit", "inter-digit", "overall", "start", "end of speech", "max duration"}
)


class CallView:
    """What is known about a call after the records applied so far.

    ``state`` is placing, ringing, connected, reaching (a second leg rings), talking
    (bridged), ended, or left (the call goes on in the trace that ``left`` names: it has neither
    ended nor failed). Times are milliseconds of call time.

    ``keep`` bounds the size: the view has about the last so many items of the conversation, and
    forgets answered webhooks, ended prompts and earlier documents beyond what a screen shows.
    Without it everything is kept. Silence longer than ``dead_air_ms`` is told in the conversation.
    """

    def __init__(self, keep: int | None = None, dead_air_ms: int = LIMIT_MS) -> None:
        self.keep = keep
        self.dead_air_ms = dead_air_ms
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
        self.left: str | None = None
        self.left_t: int | None = None
        self.items: list[Item] = []
        self.items_dropped = 0
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
        self.running_timers: dict[str, TimerState] = {}
        self.open_webhooks: dict[str, Awaited] = {}
        self.actions: dict[tuple[str, str], ActionState] = {}
        self.decided: dict[str, SettingState] = {}
        self.marks: list[MarkState] = []
        self.edits: list[EditState] = []
        self.faults: list[FaultState] = []
        self.script = KeyScript()
        self._air = DeadAirFold()

    # reading

    @property
    def ended(self) -> bool:
        return self.state == "ended"

    def connected_ms(self, now_ms: int) -> int | None:
        """How long the caller has been connected at ``now_ms``, None before that."""
        if self.connected_t is None:
            return None
        over = self.left_t if self.ended_t is None else self.ended_t
        return max(0, (now_ms if over is None else over) - self.connected_t)

    def listening_until(self) -> int | None:
        """When the open capture stops waiting, None when nobody listens or nothing limits it."""
        if self.capture is None or not self.capture.listening:
            return None
        dues = [timer.due for timer in self.running_timers.values() if timer.name in _LISTENING]
        return min(dues, default=None)

    @property
    def timers(self) -> list[TimerState]:
        """The timers that run, the next one first."""
        return sorted(self.running_timers.values(), key=lambda timer: timer.due)

    @property
    def awaiting(self) -> list[Awaited]:
        """The webhooks that were sent and have no reply yet, the oldest first."""
        return list(self.open_webhooks.values())

    @property
    def settings(self) -> list[SettingState]:
        """What has decided something so far, in that order."""
        return list(self.decided.values())

    @property
    def dead_air(self) -> list[DeadAir]:
        """Every silence in which the caller waited, however short: see ``trace.dead_air``."""
        return self._air.stretches

    @property
    def silent_since(self) -> int | None:
        """Since when the caller waits and hears nothing; None when he does not."""
        return self._air.since

    @property
    def silent_after(self) -> int | None:
        """The record of the key or the words that the caller waits after, while it is silent."""
        return None if self._air.since is None else self._air.waits

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
            "left": self.left,
            "left_t": self.left_t,
            "items_dropped": self.items_dropped,
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
            "timers": [asdict(timer) for timer in self.timers],
            "awaiting": [asdict(webhook) for webhook in self.awaiting],
            "settings": [asdict(setting) for setting in self.settings],
            "marks": [asdict(mark) for mark in self.marks],
            "edits": [asdict(edit) for edit in self.edits],
            "faults": [asdict(fault) for fault in self.faults],
            "dead_air": [asdict(air) for air in self.dead_air],
            "silent_since": self.silent_since,
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
        air = self._air.apply(record)
        if air is not None and air.ms > self.dead_air_ms:
            self.say(record, air.in_words(), "warn")
        fold = _FOLDS.get(record.kind)
        if fold is not None:
            fold(self, record)
        if self.keep is not None and not self.counts["all"] % EVERY:
            forget(self, self.keep)

    def say(self, record: Record, text: str, tone: Tone = "quiet") -> None:
        self.items.append(EventItem(record.seq, record.t, text, tone))

    def stop_all(self) -> None:
        """The call is over, or goes on elsewhere: nothing runs, listens or is awaited here."""
        self.capture = None
        self.running_timers.clear()
        self.open_webhooks.clear()
        for recording in self.recordings.values():
            recording.by = recording.by or "end"

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
        self.stop_all()
        self.status = text_of(data.get("status"), "ended")
        self.ended_by, self.why = text_of(data.get("by")), text_of(data.get("why"))
        self.failed = bool(data.get("failed"))

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
                self.actions[name, state.pointer] = state
        self.documents[name] = self.document = document

    def _action(self, record: Record) -> ActionState | None:
        data = record.data
        return self.actions.get((text_of(data.get("document")), text_of(data.get("pointer"))))

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
        name = text_of(data.get("timer"))
        self.running_timers[name] = TimerState(
            name,
            text_of(data.get("name")),
            int_of(data.get("due"), record.t + int_of(data.get("ms"))),
        )

    def _timer_over(self, record: Record) -> None:
        self.running_timers.pop(text_of(record.data.get("timer")), None)


_FOLDS: Final[dict[str, Callable[[CallView, Record], None]]] = {
    "call.started": CallView._call_started,
    "call.limit": CallView._call_limit,
    "call.ended": CallView._call_ended,
    "document.received": CallView._document_received,
    "action.started": CallView._action_started,
    "action.finished": CallView._action_finished,
    "timer.started": CallView._timer_started,
    "timer.fired": CallView._timer_over,
    "timer.cancelled": CallView._timer_over,
    **LEG_FOLDS,
    **WEBHOOK_FOLDS,
    **CALLER_FOLDS,
    **REMARK_FOLDS,
}
