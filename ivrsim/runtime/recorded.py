"""The caller of a recorded call, and the other telephones, act once more in a new call.

Where the new call runs as the recorded one did, everything happens at the very same moment and
in the same order. Where the application differs, each act keeps its distance to what it belonged
to: a key answers the same question, whenever that is asked. ``RecordedCall`` is made from a
trace, and ``place_call(…, recorded=…)`` puts it into a call.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from ivrsim.engine.commands import Speech
from ivrsim.engine.events import Event, SpeechHeard
from ivrsim.runtime.parties import Parties
from ivrsim.runtime.recorded_acts import (
    Act,
    Acts,
    Anchor,
    Identity,
    Marks,
    Place,
    RecordedLeg,
    digits_of,
    read_acts,
)
from ivrsim.trace.record import Record

if TYPE_CHECKING:
    from ivrsim.flows.model import Party
    from ivrsim.runtime.plan import CallPlan

FIRST = -1
"""Rank on the agenda: before everything else that is due at the same moment; 1 is after it."""


class Desk(Protocol):
    """The call that is made, as far as whoever acts in it knows."""

    def schedule(self, t: int, event: Event, key: str | None = None, rank: int = 0) -> None: ...
    def drop(self, key: str) -> None: ...
    def answer(self, event: Event) -> None: ...


class RecordedCaller:
    """Does the acts of a recorded call in a new one, following it by its records."""

    problem: str | None = None
    """A recorded caller has nothing that cannot be followed: see ``undone``."""

    def __init__(self, acts: Acts, latencies: Mapping[Identity, int], desk: Desk) -> None:
        self._desk = desk
        self._acts = acts.acts
        self._waiting: dict[Anchor, list[Act]] = defaultdict(list)
        for act in acts.acts:
            for anchor, _ in act.anchors:
                self._waiting[anchor].append(act)
        self._unrung = list(acts.legs)
        self._acts_of_leg: dict[int, set[int]] = defaultdict(set)
        for act in acts.acts:
            if act.anchors[0][0][0] in ("rung", "bridged"):
                self._acts_of_leg[act.anchors[0][0][1]].add(act.seq)
        self._pending: dict[str, Act] = {}
        self._follows: dict[Identity, Act] = {
            act.after: act for act in acts.acts if act.after is not None
        }
        self._done: set[int] = set()
        self._marks = Marks()
        self._before: tuple[Identity, int] | None = None
        self._latencies = latencies
        self._asked: Counter[Identity] = Counter()
        self._latency: dict[str, int] = {}

    # ------------------------------------------------------------------ what is left

    @property
    def left_over(self) -> int:
        """How many acts could not be done: what they belonged to never came."""
        return len(self.undone)

    @property
    def undone(self) -> list[Act]:
        """The acts that could not be done."""
        return [act for act in self._acts if act.seq not in self._done]

    @property
    def warnings(self) -> list[str]:
        """A line for each thing that the recorded caller did and could not do now."""
        return [
            f"record {act.seq}: {act.words}: what it belonged to has not come, or was over"
            for act in self.undone
            if act.kind not in ("speech", "speech.stopped", "leg.ringing")
        ]

    # ------------------------------------------------------------------ following the call

    def resume(self, past: Sequence[Record], t: int) -> None:
        """A call that is made again from its beginning has no past."""
        for record in past:
            self.see(record)

    def see(self, record: Record) -> None:
        """Look at one record of the call, in order."""
        marks = self._marks
        if record.is_input:
            self._happened(record)
        elif record.kind == "webhook.request":
            self._remember_latency(record)
        elif record.kind == "capture.closed":
            self._over(marks.captures)
        for anchor in marks.see(record):
            self._reached(anchor, record.t)

    def latency(self, webhook: str) -> int:
        """How long the recorded application took for this request, in milliseconds."""
        return self._latency.get(webhook, 0)

    def _remember_latency(self, record: Record) -> None:
        like = request_like(record)
        self._asked[like] += 1
        known = self._latencies.get((*like, self._asked[like]))
        if known:
            self._latency[record.data["webhook"]] = known

    def _happened(self, record: Record) -> None:
        for key, act in self._pending.items():
            if act.kind == record.kind and act.due == record.t:
                del self._pending[key]
                self._done.add(act.seq)
                break
        identity = self._marks.identify(record)
        self._before = (identity, record.t)
        follower = self._follows.get(identity)
        if follower is not None and follower.key in self._pending and follower.due == record.t:
            self._next(follower)

    def _reached(self, anchor: Anchor, t: int, leg: str = "") -> None:
        for act in self._waiting.pop(anchor, ()):
            if act.seq in self._done or act.key in self._pending:
                continue
            offset = next(after for known, after in act.anchors if known == anchor)
            act.due, act.leg, act.prompt = t + offset, leg or act.leg, self._marks.prompt
            self._pending[act.key] = act
            if act.after is not None and self._before == (act.after, act.due):
                self._next(act)
            else:
                rank = FIRST if act.after is None else 1
                self._desk.schedule(act.due, self._event(act), act.key, rank)

    def _next(self, act: Act) -> None:
        """It is its turn: what it followed has just happened."""
        assert act.due is not None
        if act.at_once:
            self._desk.drop(act.key)
            self._desk.answer(self._event(act))
        else:
            self._desk.schedule(act.due, self._event(act), act.key, FIRST)

    def _event(self, act: Act) -> Event:
        return act.make(Place(self._marks.caller, act.leg, act.prompt))

    def _over(self, capture: int) -> None:
        """What was meant for a question that is over is not done."""
        for key, act in list(self._pending.items()):
            if act.capture == capture and act.kind != "api.request":
                self._desk.drop(key)
                del self._pending[key]

    # ------------------------------------------------------------------ the other telephones

    def ring(self, leg: str, number: str, t: int, *, or_any: bool) -> bool:
        """A telephone is rung: the one that was recorded. ``or_any``: the next of them, if none
        had that number. False: there is none."""
        same = digits_of(number)
        found = next((one for one in self._unrung if one.number == same), None)
        if found is None and or_any and self._unrung:
            found = self._unrung[0]
        if found is None:
            return False
        self._unrung.remove(found)
        if found.by_rule:  # the rule of the flow does it again
            self._done |= self._acts_of_leg[found.index]
            return False
        self._marks.legs[leg] = found.index
        for act in self._waiting.get(("bridged", found.index), ()):
            act.leg = leg
        self._reached(("rung", found.index), t, leg)
        return True

    def dropped(self, leg: str) -> None:
        """The telephone is rung, or heard, no more."""
        for key, act in list(self._pending.items()):
            if act.leg == leg:
                self._desk.drop(key)
                del self._pending[key]


class RecordedParties(Parties):
    """The other telephones as they were recorded; those that were not, by the rules of a flow."""

    def __init__(
        self,
        caller: RecordedCaller,
        rules: Mapping[str, Party],
        default: Party,
        schedule: Callable[[int, Event, str], None],
        drop: Callable[[str], None],
        person_present: bool,
    ) -> None:
        super().__init__(rules, default, schedule, drop, person_present)
        self._caller = caller
        self._ruled = {digits_of(number) for number in rules}
        self._recorded: set[str] = set()

    def ring(self, leg: str, number: str, role: str, t: int) -> Event | None:
        or_any = role == "caller" or digits_of(number) not in self._ruled
        if not self._caller.ring(leg, number, t, or_any=or_any):
            return super().ring(leg, number, role, t)
        self._recorded.add(leg)
        return None

    def bridged(self, leg: str, t: int) -> SpeechHeard | None:
        # What a recorded person says comes with the record of the connection.
        return None if leg in self._recorded else super().bridged(leg, t)

    def dropped(self, leg: str) -> None:
        self._caller.dropped(leg)
        super().dropped(leg)


class RecordedCall:
    """A trace as something to be called with again: ``records`` with what was fed marked.

    ``secret``: the keys that the trace shows as ``•``, in order. Raises InputError where something
    is missing that only the caller knew.
    """

    def __init__(self, records: Sequence[Record], secret: str = "") -> None:
        self._records = records
        self._secret = secret
        self.acts: Acts = read_acts(records, secret)
        self.caller: RecordedCaller | None = None
        """Who acts in the call that was placed last."""

    @classmethod
    def of_acts(cls, records: Sequence[Record], acts: Acts) -> RecordedCall:
        """A trace whose acts are known from elsewhere."""
        made = cls.__new__(cls)
        made._records, made._secret, made.acts, made.caller = records, "", acts, None
        return made

    def join(self, plan: CallPlan, rules: Mapping[str, Party], default: Party) -> None:
        """Let the people of the recorded call act in the call of ``plan``.

        ``rules`` and ``default`` are for telephones that the recorded call did not ring.
        """
        lengths = _lengths(self._records)
        limit = next((r for r in self._records if _is_max_time(r)), None)
        if limit is not None and limit.data.get("limit_ms"):
            plan.max_time_ms = int(limit.data["limit_ms"])

        def caller(desk: Desk) -> RecordedCaller:
            self.caller = RecordedCaller(self.acts, _latencies(self._records), desk)
            return self.caller

        def parties(**desk: Any) -> Parties:
            assert self.caller is not None  # a call makes its caller first
            return RecordedParties(self.caller, rules, default, **desk)

        def latency(webhook: str) -> int:
            return 0 if self.caller is None else self.caller.latency(webhook)

        def durations(speech: Speech, loop: int) -> tuple[int | None, str, str] | None:
            return lengths.get((speech.plain, str(speech.language), str(loop)))

        plan.caller, plan.parties = caller, parties
        plan.latency, plan.durations = latency, durations


def request_like(record: Record) -> Identity:
    """What makes a request the same as another one."""
    return tuple(str(record.data.get(name)) for name in ("title", "role", "attempt"))


def _is_max_time(record: Record) -> bool:
    return record.kind == "call.limit" and record.data.get("limit") == "max_time"


def _latencies(records: Sequence[Record]) -> dict[Identity, int]:
    """Milliseconds of call time until each reply came, where that was not at once.

    One that was late on purpose is late again by its rule, or was so by hand.
    """
    asked: Counter[Identity] = Counter()
    known: dict[int, tuple[Identity, int]] = {}
    found: dict[Identity, int] = {}
    faulty = {
        str(record.data.get("webhook")) for record in records if record.kind == "fault.injected"
    }
    for record in records:
        if record.kind == "webhook.request":
            like = request_like(record)
            asked[like] += 1
            known[record.seq] = ((*like, asked[like]), record.t)
        elif record.kind == "webhook.response" and record.cause in known:
            like, since = known[record.cause]
            if record.t > since and str(record.data.get("webhook")) not in faulty:
                found[like] = record.t - since
    return found


def _lengths(records: Sequence[Record]) -> dict[Any, tuple[int | None, str, str]]:
    """How long prompts were that a voice has really spoken: (milliseconds, basis, note)."""
    found: dict[Any, tuple[int | None, str, str]] = {}
    for record in records:
        data = record.data
        if record.kind == "prompt.started" and data.get("basis") == "rendered":
            ms = data.get("duration_ms")
            if type(ms) is int or ms is None:
                what = (str(data.get("text")), str(data.get("language")), str(data.get("loop")))
                found[what] = (ms, "rendered", str(data.get("note") or ""))
    return found


__all__ = ["RecordedCall", "RecordedCaller", "RecordedLeg", "RecordedParties"]
