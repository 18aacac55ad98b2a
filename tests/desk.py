"""A desk for engine tests: a session, an agenda, and an application that is a function.

Prompts last 1000 ms a time, a beep 500 ms, dialled telephones answer after 500 ms. Nothing else
of ivrsim's runtime is used.
"""

from __future__ import annotations

import heapq
import itertools
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ivrsim.engine import commands as cmd
from ivrsim.engine import events as ev
from ivrsim.engine.session import Session
from ivrsim.engine.setup import CallSetup
from ivrsim.trace.record import Record

if TYPE_CHECKING:
    from tests.engine.strategies import Script

STARTED_AT = "2026-11-21T09:00:00.000Z"


def setup(platform: str, **changes: Any) -> CallSetup:
    """A call from +6591178965 to +6568332048."""
    values: dict[str, Any] = {
        "platform": platform,
        "direction": "inbound",
        "caller": "+6591178965",
        "callee": "+6568332048",
        "started_at": STARTED_AT,
        "seed": 1,
        "urls": {
            "vca": "http://app/vca",
            "answer": "http://app/answer",
            "event": "http://app/event",
        },
    }
    values.update(changes)
    return CallSetup(**values)


def make_session(call_setup: CallSetup) -> Session:
    from ivrsim.platforms import make_platform

    return Session(make_platform(call_setup), call_setup)


Application = Callable[[cmd.SendWebhook], Any]

URL = "http://127.0.0.1:8/v1/files/"
SIZE = 4321
BEEP = cmd.Tone("beep")

LATE = object()
LATE_MS = 400
"""An application may answer ``LATE``: an empty 200 after that time."""

_OUTCOMES: dict[str, Callable[[str], ev.Event | None]] = {
    "answers": ev.LegAnswered,
    "leaves": ev.LegAnswered,
    "busy": ev.LegBusy,
    "rejected": lambda leg: ev.LegUnanswered(leg, "rejected"),
    "unreachable": lambda leg: ev.LegUnanswered(leg, "unreachable"),
    "silent": lambda leg: None,
}


class Desk:
    """``application(command)`` answers a body (list, dict, str), an event, or None (empty 200)."""

    def __init__(self, call_setup: CallSetup, application: Application) -> None:
        self.session = make_session(call_setup)
        self.application = application
        self.records: list[Record] = []
        self.sent: list[cmd.SendWebhook] = []
        self.played: list[cmd.Play] = []
        self.asked: list[cmd.Command] = []
        self.bad_prompts: frozenset[int] = frozenset()
        self.bad_recordings: frozenset[str] = frozenset()
        self.lost_recordings: frozenset[str] = frozenset()
        self.party: Callable[[str], ev.Event | None] = ev.LegAnswered
        self._heap: list[tuple[int, int, Happening]] = []
        self._order = itertools.count()
        self._off: set[str] = set()

    @classmethod
    def of(cls, script: Script) -> Desk:
        """The desk for a call of ``tests.engine.strategies``."""
        desk = cls(script.setup, script.reply)
        desk.bad_prompts = script.bad_prompts
        desk.bad_recordings = script.bad_recordings
        outcomes = list(script.parties)

        def party(leg: str) -> ev.Event | None:
            word = outcomes.pop(0) if outcomes else "answers"
            if word == "leaves":
                desk.at(desk.session.t + 3000, ev.HungUp(leg, "party"))
            return _OUTCOMES[word](leg)

        desk.party = party
        for t, keys in script.keys:
            desk.press(t, keys)
        for t, ms, text, source in script.voices:
            desk.say(t, text, ms, source=source)
        for t, by_caller in script.hangups:
            desk.hang_up(t, "caller" if by_caller else "api")
        return desk

    def at(self, t: int, event: Happening) -> Desk:
        heapq.heappush(self._heap, (t, next(self._order), event))
        return self

    def press(self, t: int, digits: str, gap: int = 200) -> Desk:
        for index, digit in enumerate(digits):
            self.at(t + index * gap, ev.DigitPressed(digit, "script"))
        return self

    def say(
        self,
        t: int,
        text: str | None,
        ms: int = 1000,
        confidence: float = 1.0,
        source: str = "microphone",
    ) -> Desk:
        """The caller speaks for ``ms`` from ``t`` on; None: what nobody can understand.

        What is ``typed``, or comes from a ``script``, is known when it begins.
        """
        self.words(t + ms, text, confidence, ms, source)
        self.at(t, _Voice(True, 0, source, text if source != "microphone" else None, ms))
        return self.at(t + ms, _Voice(False, 0, source))

    def words(
        self,
        t: int,
        text: str | None,
        confidence: float = 1.0,
        ms: int = 1000,
        source: str = "microphone",
    ) -> Desk:
        """What somebody said until ``t`` is understood."""
        return self.at(t, _Heard(text, ms, confidence, source))

    def voice(self, t: int, end: int, ago_ms: int = 0) -> Desk:
        """A voice from ``t`` to ``end``, and no words; its end is noticed ``ago_ms`` later."""
        self.at(t, _Voice(True))
        return self.at(end + ago_ms, _Voice(False, ago_ms))

    def leaves_at(self, t: int) -> Desk:
        """Whoever is called answers, and hangs up at ``t``."""

        def party(leg: str) -> ev.Event:
            self.at(t, ev.HungUp(leg, "party"))
            return ev.LegAnswered(leg)

        self.party = party
        return self

    def hang_up(self, t: int, by: str = "caller") -> Desk:
        """The person at the keypad leaves at ``t``; ``by`` api: somebody else ends the call."""
        source = "button" if by == "caller" else "api"
        return self.at(t, ev.ApiCommand("bye", "hangup", {}, source))

    def run(self, until: int = 600_000) -> Desk:
        self.feed(ev.CallStarted(), 0)
        while self._heap and not self.session.ended and self._heap[0][0] <= until:
            self.step()
        return self

    def step(self) -> None:
        """The next thing that is due, if anything is."""
        if not self._heap:
            return
        t, _, event = heapq.heappop(self._heap)
        if isinstance(event, ev.TimerFired) and event.timer in self._off:
            return
        if isinstance(event, ev.PromptEnded) and event.prompt in self._off:
            return
        self.feed(event, t)

    def feed(self, event: Happening, t: int) -> None:
        if isinstance(event, _Heard | _Voice):
            event = event.on(self.session.caller_leg)
        records, commands = self.session.feed(event, t)
        self.records += records
        for command in commands:
            self._do(command, self.session.t)

    def _do(self, command: cmd.Command, t: int) -> None:
        self.asked.append(command)
        if isinstance(command, cmd.Play):
            duration = None if command.loop == 0 else 1000 * command.loop
            if command.sound == BEEP:
                duration = 500
            self.played.append(command)
            if len(self.played) in self.bad_prompts:
                self.at(t, ev.PromptFailed(command.prompt, "file", "a.mp3: not audio"))
                return
            self.at(t, ev.PromptStarted(command.prompt, duration))
            if duration is not None:
                self.at(t + duration, ev.PromptEnded(command.prompt))
        elif isinstance(command, cmd.StopPlaying):
            self._off.add(command.prompt)
        elif isinstance(command, cmd.StartTimer):
            self.at(command.due, ev.TimerFired(command.timer))
        elif isinstance(command, cmd.CancelTimer):
            self._off.add(command.timer)
        elif isinstance(command, cmd.StopRecording):
            name = command.recording
            if name in self.bad_recordings:
                self.at(t, ev.RecordingFailed(name, "the disk is full"))
            elif name not in self.lost_recordings:
                self.at(t, ev.RecordingStored(name, URL + name, SIZE, 1))
        elif isinstance(command, cmd.RingLeg):
            self.at(t, ev.LegRinging(command.leg))
            outcome = self.party(command.leg)
            if outcome is not None:
                self.at(t + 500, outcome)
        elif isinstance(command, cmd.SendWebhook):
            self.sent.append(command)
            answer = self.application(command)
            if answer is LATE:
                t, answer = t + LATE_MS, None
            if isinstance(answer, ev.WebhookReplied | ev.WebhookFailed):
                self.at(t, answer)
            else:
                self.at(t, reply(command, answer, secret=self.session.setup.secret))

    # what tests ask

    def kinds(self) -> list[str]:
        return [record.kind for record in self.records]

    def all(self, kind: str) -> list[Record]:
        return [record for record in self.records if record.kind == kind]

    def one(self, kind: str) -> Record:
        found = self.all(kind)
        assert len(found) == 1, f"{len(found)} records of kind {kind}"
        return found[0]

    def bodies(self, purpose: str) -> list[Any]:
        return [
            record.data["body"]
            for record in self.all("webhook.request")
            if purpose in (record.data["purpose"], record.data["title"])
        ]

    def diagnostics(self) -> list[str]:
        return [record.data["code"] for record in self.all("diagnostic")]

    def decided(self) -> dict[str, str]:
        return {r.data["name"]: r.data["value"] for r in self.all("setting.decided")}

    def spoken(self) -> list[str]:
        return [r.data["text"] for r in self.all("prompt.started")]

    def lines(self, marks: str = "→←▸✂⌨“=●☎!") -> list[str]:
        """The call as a transcript: ``1000 ⌨ 1``; only lines with one of ``marks``.

        → webhook, ← reply that is not a plain 200, ▸ prompt, ✂ prompt cut, ⌨ key, “ words, = what a
        capture took, ● recording, ☎ legs and the end, ! an action that was not simply done.
        """
        names = {r.leg: r.data["name"] for r in self.all("leg.created")}
        said: dict[str, str] = {}
        found = []
        for record in self.records:
            line = _line(record, names, said)
            if line is not None and line[0] in marks:
                found.append(f"{record.t} {line}")
        return found

    @property
    def end(self) -> dict[str, Any]:
        return self.one("call.ended").data


def _line(record: Record, names: Mapping[str | None, str], said: dict[str, str]) -> str | None:
    """One line of a transcript, or None. ``said`` remembers the prompts by id."""
    data, kind = record.data, record.kind
    leg = names.get(record.leg, "?")
    match kind:
        case "webhook.request":
            role = "" if data["role"] == "main" else f" ({data['role']} {data['attempt']})"
            return f"→ {data['title']}{role}" + ("" if data["sent"] else ", not sent")
        case "webhook.response":
            late = ", ignored" if data.get("ignored") else ""
            return f"← {data['status']}{late}" if late or data["status"] != 200 else None
        case "webhook.failed":
            return f"← {data['reason']}"
        case "prompt.started":
            said[data["prompt"]] = data["text"] or data["url"] or data["tone"]
            return f"▸ {said[data['prompt']]}"
        case "prompt.failed":
            return f"▸ {data['url']} failed"
        case "prompt.interrupted":
            return f"✂ {said[data['prompt']]} by {data['by']}"
        case "digit":
            return f"⌨ {data['digit']}" + (f" {data['ignored']}" if data["ignored"] else "")
        case "speech":
            return f"“ {data['text']}" + (f" {data['ignored']}" if data["ignored"] else "")
        case "capture.closed":
            return f"= {data['digits'] or data['text'] or 'nothing'} by {data['ended_by']}"
        case "recording.started":
            return f"● {data['recording']} {data['format']}"
        case "recording.stopped":
            return f"● {data['recording']} by {data['by']} after {data['duration_ms']}"
        case "recording.failed":
            return f"● {data['recording']} failed"
        case "leg.answered" | "leg.busy" | "leg.unanswered" | "leg.hangup" | "leg.ended":
            return f"☎ {leg} {data.get('outcome') or kind[4:]}"
        case "leg.bridged":
            return "☎ bridged"
        case "action.finished":
            return None if data["outcome"] == "done" else f"! {data['action']} {data['outcome']}"
        case "call.ended":
            return f"☎ {data['status']} by {data['by']}" + (" failed" if data["failed"] else "")
    return None


def replies(**by_purpose: list[Any]) -> Application:
    """An application that answers by purpose, each time the next; a plain 200 when it has none.

    A number is an HTTP status, ``Failed("timeout")`` no reply at all. ``told`` are the event
    webhooks whose reply means nothing.
    """
    left = {purpose: list(answers) for purpose, answers in by_purpose.items()}

    def answer(command: cmd.SendWebhook) -> Any:
        purpose = "told" if command.context.get("informational") else command.purpose
        queue = left.get(purpose)
        if not queue:
            return None
        given = queue.pop(0)
        if isinstance(given, int):
            return reply(command, None, given)
        if isinstance(given, Failed):
            return ev.WebhookFailed(command.webhook, given.reason, f"it was {given.reason}")
        if isinstance(given, tuple):
            return reply(command, *given)
        return given

    return answer


class _Voice(NamedTuple):
    """The caller's voice begins or ends: whose leg it is shows only when the call runs."""

    begins: bool
    ago_ms: int = 0
    source: str = "microphone"
    text: str | None = None
    duration_ms: int = 0

    def on(self, leg: str) -> ev.Event:
        if not self.begins:
            return ev.SpeechStopped(leg, self.source, self.ago_ms)
        known = None if self.text is None else self.duration_ms
        return ev.SpeechStarted(leg, self.source, self.text, known)


class _Heard(NamedTuple):
    text: str | None
    duration_ms: int
    confidence: float
    source: str

    def on(self, leg: str) -> ev.Event:
        sure = None if self.text is None else self.confidence
        return ev.SpeechHeard(leg, self.text, self.source, self.duration_ms, sure)


Happening = ev.Event | _Voice | _Heard


class Failed(NamedTuple):
    """No reply, for a reason of ``webhook.failed``."""

    reason: str


def reply(
    command: cmd.SendWebhook,
    answer: Any,
    status: int = 200,
    content_type: str = "application/json",
    secret: bool = False,
) -> ev.WebhookReplied:
    body = "" if answer is None else answer if isinstance(answer, str) else json.dumps(answer)
    headers = {"Content-Type": content_type}
    return ev.WebhookReplied(command.webhook, status, headers, body, secret=secret)


def leads_to(records: list[Record], digit: Record, later: Record) -> bool:
    """Whether ``digit`` (or a word) brought ``later`` about: by cause, or listed by a capture
    that did."""
    by_seq = {record.seq: record for record in records}
    at: Record | None = later
    while at is not None:
        listed = (*at.data.get("digit_seqs", ()), *at.data.get("speech_seqs", ()))
        if at.seq == digit.seq or digit.seq in listed:
            return True
        at = by_seq[at.cause] if at.cause is not None else None
    return False
