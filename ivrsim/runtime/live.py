"""One call in progress: where the engine's commands meet clock, network, parties and sound.

One path for everything: something happens → ``_feed`` tells the session → its records are
written to the trace, then shown to subscribers, then its commands are done. Commands that
are answered at once put their answer on ``_ready``, the others on the agenda (``runtime.hands``
does them). Sound only follows: prompts end by the clock, so that a device that fails never
changes a call.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ivrsim.engine import events as ev
from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.engine.session import Session
from ivrsim.errors import InputError, IvrsimError, TraceError
from ivrsim.runtime.caller import ScriptedCaller
from ivrsim.runtime.clock import Agenda
from ivrsim.runtime.hands import Hands
from ivrsim.runtime.plan import CallPlan
from ivrsim.trace.record import Record
from ivrsim.trace.view import CallView
from ivrsim.trace.view_curl import curl_command
from ivrsim.trace.writer import TraceWriter

RUNAWAY_RECORDS = 5000
"""So many records at one moment of call time: an application that answers itself for ever."""
GRACE_MS = 60_000
"""How long the platform may still deliver webhooks after the caller was made to hang up."""
_BREATH = 256

Subscriber = Callable[[Sequence[Record]], None]


@dataclass(frozen=True, slots=True)
class CallResult:
    """How a call ended. ``exit_status`` as the command line's: 0, 1, 2, 3 or 130."""

    status: str
    failed: bool
    exit_status: int
    why: str | None
    warnings: tuple[str, ...]
    duration_ms: int
    summary: str


class LiveCall:
    """A call from its first event to its last. Made by ``place_call``."""

    def __init__(self, plan: CallPlan) -> None:
        self._plan = plan
        self._clock = plan.clock
        self._agenda = Agenda()
        self._ready: deque[ev.Event] = deque()
        self._subscribers: list[Subscriber] = []
        self._wake: asyncio.Event | None = None
        self._caller = ScriptedCaller(plan.script, self.schedule)
        self._hands = Hands(plan, self)
        self._writer = TraceWriter(plan.trace_path, plan.stream)
        self._feeding = False
        self._over = False
        self._warnings: list[str] = []
        self._errors: list[dict[str, Any]] = []
        self._same_t = 0
        self._last_t = -1
        self._t = 0
        self._api_count = 0
        self._end: Record | None = None
        self.header = plan.header
        self.records: list[Record] = []
        self.trace_path = plan.trace_path
        self.notices = plan.notices
        self.result: CallResult | None = None

    @cached_property
    def _session(self) -> Session:
        """Made when the call begins: the platform's models take a while to import, and a screen
        can be there before."""
        return Session(self._plan.platform(), self._plan.setup)

    # ------------------------------------------------------------------ for faces

    @property
    def ended(self) -> bool:
        """The last record has been written."""
        return self._wake is not None and self._session.ended

    @property
    def now_ms(self) -> int:
        """The running clock of the call, in milliseconds."""
        if self._wake is None:
            return 0
        if self._session.ended or self._clock.virtual:
            return self._session.t
        return max(self._session.t, self._clock.now())

    @property
    def levels(self) -> tuple[float, float]:
        """How loud prompts and microphone are now, 0 to 1."""
        speakers = self._hands.speakers
        return (speakers.level if speakers is not None else 0.0, 0.0)

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """``callback(records)`` after each step, once its records are on disk."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def press(self, digit: str, source: str = "keypad") -> None:
        """Press a key now. When this returns, a prompt that it cuts has been stopped."""
        if digit not in "0123456789*#ABCD" or len(digit) != 1:
            raise InputError(f"{digit!r} is not a key of a telephone: expected 0-9 * # A-D")
        if self._hands.speakers is not None:
            self._hands.speakers.key(digit)
        self._happen(ev.DigitPressed(digit, source))

    def hang_up(self) -> None:
        """The person at the keypad puts the receiver down."""
        self._api("hangup", "button")

    def skip_prompt(self) -> bool:
        """End the prompt that plays, as if it had been heard. False when nothing plays."""
        prompt = self._hands.playing
        if prompt is None or self.ended:
            return False
        self._happen(ev.PromptEnded(prompt, skipped=True))
        return True

    def party(self, leg: str, what: str) -> None:
        """The other telephone, by hand: answer, busy, reject or hang_up."""
        self._hands.parties.act(leg, what, self.now_ms)

    def mark(self, text: str) -> None:
        """Put a bookmark into the trace."""
        self._happen(ev.Marked(text))

    def mute(self, on: bool) -> None:
        """Loudspeakers off or on."""
        if self._hands.speakers is not None:
            self._hands.speakers.mute(on)

    def command_line(self, keys: str | None = None) -> str:
        """This call as a command line with ``keys``, by default those pressed so far."""
        return self._plan.describe(self._pressed() if keys is None else keys)

    def curl(self, webhook: str) -> str:
        """The webhook of that id as a curl command. Raises KeyError when there is none."""
        for record in self.records:
            if record.kind == "webhook.request" and record.data["webhook"] == webhook:
                return curl_command(record)
        raise KeyError(webhook)

    def _pressed(self) -> str:
        view = CallView()
        for record in self.records:
            view.apply(record)
        return view.keys()

    # ------------------------------------------------------------------ running

    async def run(self) -> CallResult:
        """Make the call and return how it ended.

        When cancelled, the caller hangs up, the trace is closed, and CancelledError passes on.
        """
        self._wake = asyncio.Event()
        plan = self._plan
        try:
            self._writer.header(plan.header)
            await self._hands.open()
            self._agenda.put(
                plan.max_time_ms, ev.LimitReached("max_time", plan.max_time_ms), "limit"
            )
            self._clock.start()
            self._feed(ev.CallStarted(), 0)
            if self._clock.virtual:
                await self._run_virtual()
            else:
                await self._run_real()
        except asyncio.CancelledError:
            self._api("hangup", "script")
            if not self.ended:  # webhooks are under way, and nobody waits for them any more
                self._happen(ev.LimitReached("interrupted", 0))
            raise
        finally:
            self._over = True
            await self._close()
        self.result = self._make_result()
        return self.result

    async def _run_virtual(self) -> None:
        steps = 0
        session, agenda, hands = self._session, self._agenda, self._hands
        while not session.ended:
            steps += 1
            if self._ready:
                self._feed(self._ready.popleft(), self._t)
            elif hands.busy:
                await hands.work()
            elif agenda.next_due() is not None:
                due, event = agenda.pop()
                self._t = max(self._t, due)
                self._feed(event, self._t)
            else:
                raise IvrsimError("the call waits for something that cannot happen; please report")
            if steps % _BREATH == 0:
                await asyncio.sleep(0)

    async def _run_real(self) -> None:
        assert self._wake is not None
        session, agenda, clock = self._session, self._agenda, self._clock
        while not session.ended:
            self._hands.check()
            if self._ready:
                self._feed(self._ready.popleft(), clock.now())
                continue
            due = agenda.next_due()
            delay = None if due is None else clock.seconds_until(due)
            if delay is not None and delay <= 0:
                due, event = agenda.pop()
                self._feed(event, due)
                # A crowd of due timers must not keep keys and screen waiting.
                await asyncio.sleep(0)
                continue
            self._wake.clear()
            try:
                async with asyncio.timeout(delay):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def answer(self, event: ev.Event) -> None:
        """The world's answer to a command: fed at the moment of call time that it is now."""
        self._ready.append(event)
        self.nudge()

    def nudge(self) -> None:
        """Look again at what is to be done."""
        if self._wake is not None:
            self._wake.set()

    def _happen(self, event: ev.Event) -> None:
        """Something from outside happens now: at once, unless we are in the middle of a step."""
        if self.ended or self._over or self._wake is None:
            return
        if self._feeding:
            self._ready.append(event)
            return
        now = self._t if self._clock.virtual else self._clock.now()
        while not self.ended:
            if self._ready:
                self._feed(self._ready.popleft(), now)
                continue
            due = self._agenda.next_due()
            if due is None or due > now:
                break
            due, earlier = self._agenda.pop()
            self._feed(earlier, due)
        if not self.ended:
            self._feed(event, now)
        while self._ready and not self.ended:
            self._feed(self._ready.popleft(), now)
        self.nudge()

    def drop(self, key: str) -> None:
        """Take what was scheduled under ``key`` off."""
        self._agenda.drop(key)

    def schedule(self, t: int, event: ev.Event, key: str | None = None) -> None:
        """Put an event down for call time ``t``; ``key`` lets it be dropped again."""
        self._agenda.put(t, event, key)
        self.nudge()

    def _api(self, op: str, source: str) -> None:
        self._api_count += 1
        self._happen(ev.ApiCommand(f"{source}-{self._api_count}", op, {}, source))

    # ------------------------------------------------------------------ one step

    def _feed(self, event: ev.Event, t: int) -> None:
        self._feeding = True
        try:
            records, commands = self._session.feed(event, t)
            self._t = self._session.t
            if records:
                self._publish(records)
            self._hands.happened(event)
            for command in commands:
                self._hands.do(command)
        finally:
            self._feeding = False
        if type(event) is ev.LimitReached and not self._session.ended:
            self.schedule(self._t + GRACE_MS, ev.LimitReached("grace", GRACE_MS), "limit")

    def _publish(self, records: list[Record]) -> None:
        try:
            self._writer.append(records)
        except TraceError as error:  # disk full: the call goes on, and says so
            self.notices.append(str(error))
        self.records.extend(records)
        see = self._caller.see
        for record in records:
            see(record)
            if record.kind == "diagnostic" and record.data["severity"] == "warning":
                self._warnings.append(record.data["message"])
            elif record.kind == "diagnostic" and record.data["severity"] == "error":
                self._errors.append(record.data)
            elif record.kind == "call.ended":
                self._end = record
            elif record.kind == "call.limit" and record.data["limit"] == "max_time":
                self._warnings.append(
                    f"the call reached {record.t / 1000:g} s (--max-time): the caller hung up"
                )
        for subscriber in self._subscribers:
            subscriber(records)
        last = records[-1].t
        if last == self._last_t:
            self._same_t += len(records)
            if self._same_t > RUNAWAY_RECORDS:
                self._same_t = 0
                self._ready.append(ev.LimitReached("runaway", 0))
        else:
            self._last_t, self._same_t = last, len(records)

    # ------------------------------------------------------------------ the end

    async def _close(self) -> None:
        try:
            await self._hands.close()
        finally:
            self._writer.close()
            if self._plan.release is not None:
                await asyncio.to_thread(self._plan.release)

    def _make_result(self) -> CallResult:
        end: dict[str, Any] = {"status": "aborted", "failed": True}
        if self._end is not None:
            end = self._end.data
        warnings = [*self._warnings, *self._hands.parties.notices]
        left = self._caller.left_over
        if left:
            groups = "group" if left == 1 else "groups"
            warnings.append(f"--keys: {left} {groups} left over: no capture took them")
        failed = bool(end["failed"]) or (self._plan.strict and bool(warnings))
        exit_status = 1 if failed else 0
        why = end.get("why")
        if self._errors:
            first = Diagnostic.from_json(self._errors[0]).in_words()
            why = first if why is None or why in first else f"{why}: {first}"
        if self._caller.problem is not None:
            exit_status, why = 2, self._caller.problem
        seconds = self._session.t / 1000
        summary = f"{end['status']} after {seconds:.1f} s" + (f": {why}" if why else "")
        return CallResult(
            end["status"], failed, exit_status, why, tuple(warnings), self._session.t, summary
        )
