"""What the people of a recorded call did, and what each thing belonged to.

An act is anchored to what it answered: the n-th capture opened or listening, a recording, a
prompt after the n-th capture, a telephone that was rung or joined. ``Marks`` names these anchors
while it reads a call, a recorded one or one that is being made, so that both speak of the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ivrsim.engine import events as ev
from ivrsim.engine.keys import SECRET
from ivrsim.errors import InputError
from ivrsim.trace.masking import MASK
from ivrsim.trace.record import Record

Anchor = tuple[Any, ...]
Identity = tuple[Any, ...]

_IDS = ("prompt", "timer", "webhook", "recording")
_ANSWERS = frozenset(
    {
        "webhook.response", "webhook.failed", "prompt.started", "prompt.failed",
        "recording.stored", "recording.failed",
    }
)  # fmt: skip
_SPEECH = frozenset({"speech.started", "speech", "speech.stopped"})
_OF_LEGS = frozenset({"leg.ringing", "leg.answered", "leg.busy", "leg.unanswered", "leg.hangup"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where an act finds itself in the new call: the caller's leg, its own, and the prompt."""

    caller: str
    leg: str
    prompt: str


@dataclass(eq=False, slots=True)
class Act:
    """Something that somebody did at ``t`` of the recorded call, record ``seq``.

    ``anchors``: what it belongs to with the time after it, the first that comes counts.
    ``after`` is what happened just before it at the same moment, None: nothing. ``at_once``: what
    was under way then was answered later. ``capture``: the n-th one, which it was meant for, or 0.
    ``words`` say it to people.
    """

    kind: str
    seq: int
    t: int
    make: Callable[[Place], ev.Event]
    words: str
    anchors: tuple[tuple[Anchor, int], ...]
    after: Identity | None = None
    at_once: bool = False
    capture: int = 0
    due: int | None = None
    leg: str = ""
    prompt: str = ""

    @property
    def key(self) -> str:
        return f"act:{self.seq}"


@dataclass(slots=True)
class Marks:
    """Names the anchors of a call, record by record."""

    captures: int = 0
    recordings: int = 0
    prompts: int = 0
    open: bool = False
    listening: bool = False
    legs: dict[str, int] = field(default_factory=dict)
    caller: str = ""
    prompt: str = ""
    _seen: Counter[Identity] = field(default_factory=Counter)

    def see(self, record: Record) -> tuple[Anchor, ...]:
        """What may be anchored to the next record of the call."""
        kind, data = record.kind, record.data
        if kind == "call.started":
            return (("start",),)
        if kind == "leg.created":
            index = self.legs.setdefault(record.leg or "", len(self.legs))
            if data.get("role") == "caller" and not self.caller:
                self.caller = record.leg or ""
            return (("created", index),)
        if kind == "capture.opened":
            self.captures += 1
            self.prompts, self.open, self.listening = 0, True, False
            return (("opened", self.captures),)
        if kind == "capture.listening":
            self.listening = True
            return (("listening", self.captures),)
        if kind == "capture.closed":
            self.prompts, self.open, self.listening = 0, False, False
            return (("closed", self.captures),)
        if kind == "recording.started" and not data.get("background"):
            self.recordings += 1
            return (("recording", self.recordings),)
        if kind == "prompt.started" and not data.get("ignored"):
            self.prompts += 1
            self.prompt = str(data.get("prompt"))
            return (("prompt", self.captures, self.open, self.prompts),)
        if kind in ("prompt.finished", "prompt.interrupted"):
            return (("prompt over", self.captures, self.open, self.prompts),)
        if kind == "leg.bridged":
            index = self.legs.get(str(data.get("with")), -1)
            return (("bridged", index),)
        if kind == "leg.answered":
            return (("answered", self.legs.get(record.leg or "", -1)),)
        return ()

    def identify(self, record: Record) -> Identity:
        """An input by its kind, what it is about, and which of its like it is."""
        data = record.data
        about: Any = next((str(data[name]) for name in _IDS if name in data), None)
        if about is None and record.leg is not None and record.kind in _OF_LEGS:
            about = self.legs.get(record.leg)
        like = (record.kind, about)
        self._seen[like] += 1
        return (*like, self._seen[like])


@dataclass(frozen=True, slots=True)
class RecordedLeg:
    """A telephone that was rung: its ``number`` (digits only) and the ``index`` of its leg.

    ``by_rule``: something went wrong with it on purpose, by a rule of the flow.
    """

    number: str
    index: int
    by_rule: bool = False


@dataclass(frozen=True, slots=True)
class Acts:
    """All that people did in a recorded call, and which telephones were rung."""

    acts: tuple[Act, ...]
    legs: tuple[RecordedLeg, ...]


def digits_of(number: str) -> str:
    return "".join(char for char in number if char.isdigit())


def read_acts(records: Sequence[Record], secret: str = "") -> Acts:
    """What people did in ``records``. ``secret``: the keys that the trace shows as ``•``, in order.

    Raises InputError where something secret was pressed or said that nobody gives.
    """
    return _Reader(records, secret).read()


class _Reader:
    def __init__(self, records: Sequence[Record], secret: str) -> None:
        self._records = records
        self._hidden = sum(
            record.kind == "digit" and record.data.get("digit") == SECRET for record in records
        )
        if secret and len(secret) != self._hidden:
            raise InputError(
                f"--secret: expected {self._hidden} keys, as many as the trace hides, "
                f"found {len(secret)}"
            )
        self._secret: Iterator[str] = iter(secret)
        self._marks = Marks()
        self._last: tuple[Anchor, int] = (("start",), 0)
        self._voices: dict[str, tuple[tuple[tuple[Anchor, int], ...], int]] = {}
        self._created: dict[str, int] = {}
        self._bridged: dict[str, int] = {}
        self._late = _late_answers(records)

    def read(self) -> Acts:
        acts: list[Act] = []
        legs: list[RecordedLeg] = []
        faulty = {
            record.leg
            for record in self._records
            if record.kind == "fault.injected" and record.data.get("source") == "rule"
        }
        before: tuple[Identity, int] | None = None
        marks = self._marks
        for record in self._records:
            if record.is_input:
                act = self._checked(record)
                if act is not None:
                    if before is not None and before[1] == record.t:
                        act.after = before[0]
                        act.at_once = any(
                            asked < record.seq < answered
                            for asked, answered in self._late.get(record.t, ())
                        )
                    acts.append(act)
                before = (marks.identify(record), record.t)
            for anchor in marks.see(record):
                self._last = (anchor, record.t)
            leg = record.leg or ""
            if record.kind == "leg.created":
                self._created[leg] = record.t
                number = digits_of(str(record.data.get("to", "")))
                if record.data.get("direction") == "outbound":
                    legs.append(RecordedLeg(number, marks.legs[leg], leg in faulty))
            elif record.kind == "leg.bridged":
                self._bridged[str(record.data.get("with"))] = record.t
        return Acts(tuple(acts), tuple(legs))

    def _checked(self, record: Record) -> Act | None:
        try:
            return self._act(record)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"record {record.seq}: expected a {record.kind} as ivrsim writes them, found one "
                f"that cannot be done again: {error!r}"
            ) from None

    def _act(self, record: Record) -> Act | None:
        kind, data, leg = record.kind, record.data, record.leg or ""
        of_caller = leg == self._marks.caller
        if kind in _OF_LEGS or (kind in _SPEECH and not of_caller):
            return self._of_leg(record)
        if kind == "digit":
            digit = str(data["digit"])
            if digit == SECRET:
                digit = self._reveal(record)
            source = str(data.get("source", "script"))
            return self._mine(record, lambda _: ev.DigitPressed(digit, source), f"the key {digit}")
        if kind in _SPEECH:
            if data.get("text") == MASK:
                raise InputError(
                    f"record {record.seq}: something secret was said, and a trace does not keep "
                    "it: make the call again by hand, and compare both traces with "
                    "`ivrsim replay OLD NEW`"
                )
            event = ev.event_from_record(record)
            return self._spoken(record, event)
        if kind == "api.request":
            made = ev.event_from_record(record)
            return self._mine(record, lambda _: made, f"{data.get('op')} ({data.get('source')})")
        if kind == "mark":
            made = ev.event_from_record(record)
            return self._mine(record, lambda _: made, "a bookmark")
        if kind == "prompt.finished" and data.get("skipped"):
            return self._mine(
                record, lambda at: ev.PromptEnded(at.prompt, skipped=True), "a prompt was skipped"
            )
        return None

    def _reveal(self, record: Record) -> str:
        digit = next(self._secret, None)
        if digit is None:
            raise InputError(
                f"record {record.seq}: a secret key was pressed, and a trace does not keep it "
                f"(•): add --secret with the {self._hidden} hidden keys in order, or call again "
                "and compare both traces with `ivrsim replay OLD NEW`"
            )
        return digit

    def _mine(self, record: Record, make: Callable[[Place], ev.Event], words: str) -> Act:
        anchors, capture = self._anchors(record)
        return Act(record.kind, record.seq, record.t, make, words, anchors, capture=capture)

    def _anchors(self, record: Record) -> tuple[tuple[tuple[Anchor, int], ...], int]:
        """What an act of the caller belongs to, and the capture that it is meant for."""
        marks, (anchor, since) = self._marks, self._last
        anchors = [(anchor, record.t - since)]
        capture = marks.captures if marks.open else 0
        if capture and not marks.listening:
            # The prompt that was cut may not come: then it answers the question all the same.
            anchors.append((("listening", capture), 0))
        return tuple(anchors), capture

    def _spoken(self, record: Record, event: Any) -> Act:
        """The parts of what is said stay together, whatever happens in between."""
        source = str(record.data.get("source"))
        known = self._voices.get(source)
        if record.kind == "speech.started" or known is None:
            known = self._voices[source] = (self._anchors(record)[0], record.t)
        anchors, since = known
        capture = self._marks.captures if self._marks.open else 0
        moved = tuple((anchor, offset + record.t - since) for anchor, offset in anchors)

        def make(at: Place) -> ev.Event:
            return _on(event, at.caller)

        text = record.data.get("text")
        words = f"the words {text!r}" if text else "a voice"
        return Act(record.kind, record.seq, record.t, make, words, moved, capture=capture)

    def _of_leg(self, record: Record) -> Act | None:
        """What another telephone did, or the caller's when it was rung."""
        leg = record.leg or ""
        index = self._marks.legs.get(leg)
        if index is None or leg not in self._created:
            return None
        event: Any = ev.event_from_record(record)

        def make(at: Place) -> ev.Event:
            return _on(event, at.leg)

        if leg in self._bridged:
            anchor: Anchor = ("bridged", index)
            since = self._bridged[leg]
        else:
            anchor, since = ("rung", index), self._created[leg]
        number = f"telephone {index + 1}: {record.kind}"
        return Act(record.kind, record.seq, record.t, make, number, ((anchor, record.t - since),))


def _on(event: Any, leg: str) -> ev.Event:
    moved: ev.Event = replace(event, leg=leg)
    return moved


def _late_answers(records: Iterable[Record]) -> dict[int, list[tuple[int, int]]]:
    """By moment, what was asked and answered at that moment, as ``seq`` of both.

    An act between the two came while that was under way.
    """
    times: dict[int, int] = {}
    late: dict[int, list[tuple[int, int]]] = {}
    for record in records:
        times[record.seq] = record.t
        if record.kind in _ANSWERS and record.cause and times.get(record.cause) == record.t:
            late.setdefault(record.t, []).append((record.cause, record.seq))
    return late
