"""One call in progress: where the engine's commands meet clock, network, parties and sound.

One path for everything: something happens → ``_feed`` tells the session → its records are
written to the trace, then shown to subscribers, then its commands are done. Commands that
are answered at once put their answer on ``_ready``, the others on the agenda (``runtime.hands``
does them). Sound only follows: prompts end by the clock, so that a device that fails never
changes a call.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from ivrsim.engine import commands as cmd
from ivrsim.engine import events as ev
from ivrsim.errors import AudioError, IvrsimError, TraceError
from ivrsim.runtime.caller import ScriptedCaller
from ivrsim.runtime.clock import Agenda
from ivrsim.runtime.controls import Controls
from ivrsim.runtime.faults import unsent
from ivrsim.runtime.hands import Hands
from ivrsim.runtime.past import Past, check, not_as_written
from ivrsim.runtime.plan import Caller, CallPlan
from ivrsim.runtime.relive import UnderWay
from ivrsim.runtime.rendering import PICKED_UP
from ivrsim.runtime.result import CallResult as CallResult
from ivrsim.runtime.result import Findings
from ivrsim.runtime.still import BESIDE, Still
from ivrsim.runtime.stopping import Stop
from ivrsim.trace.record import Record
from ivrsim.trace.writer import TraceWriter

RUNAWAY_RECORDS = 5000
"""So many records at one moment of call time: an application that answers itself for ever."""
GRACE_MS = 60_000
"""How long the platform may still deliver webhooks after the caller was made to hang up."""
_BREATH = 256

Subscriber = Callable[[Sequence[Record]], None]


class LiveCall(Controls):
    """A call from its first event to its last. Made by ``place_call``."""

    def __init__(self, plan: CallPlan) -> None:
        self._plan = plan
        self._clock = plan.clock
        self._agenda = Agenda()
        self._ready: deque[ev.Event] = deque()
        self._subscribers: list[Subscriber] = []
        self._wake: asyncio.Event | None = None
        self._caller: Caller = (
            ScriptedCaller(plan.script, self.schedule) if plan.caller is None else plan.caller(self)
        )
        self.records: list[Record] = []
        self._hands = Hands(plan, self)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writer = TraceWriter(plan.trace_path, plan.stream)
        self._feeding = False
        self._over = False
        self._findings = Findings()
        self._still = Still(plan.watcher)
        self._same_t = 0
        self._last_t = -1
        self._t = 0
        self._api_count = 0
        self._speaks_until = 0
        self.header = plan.header
        self.trace_path = plan.trace_path
        self.audio_path = plan.audio_path
        """The sound of the call, stereo: left the platform, right the caller. Or None."""
        self.notices = plan.notices
        self.result: CallResult | None = None

    # ------------------------------------------------------------------ running

    def notice(self, line: str, *, again: bool = False) -> None:
        """Something that whoever makes the call should know; once, unless it is told ``again``."""
        if again or line not in self.notices:
            self.notices.append(line)

    def post(self, job: Callable[[], None]) -> None:
        """Do ``job`` in the call's own thread; from any thread. Nothing once the call is over."""
        if self._loop is not None and not self._over:
            with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
                self._loop.call_soon_threadsafe(job)

    async def run(self) -> CallResult:
        """Make the call and return how it ended.

        When cancelled, the caller hangs up, the trace is closed, and CancelledError passes on.
        """
        self._loop = asyncio.get_running_loop()
        plan = self._plan
        try:
            self._write(lambda: self._writer.header(plan.header))
            await self._hands.open()
            self._agenda.put(
                plan.max_time_ms, ev.LimitReached("max_time", plan.max_time_ms), "limit"
            )
            session = self._session  # its imports take a while, too
            if plan.past is None:
                self._begin(0)
                self._feed(ev.CallStarted(), session.t)
            else:
                await self._go_back(plan.past)
            if self._clock.virtual:
                await self._run_virtual()
            else:
                await self._run_real()
                end = self._findings.end
                if end is not None and end.data.get("by", "caller") not in ("caller", "limit"):
                    await self._hands.released()
        except asyncio.CancelledError:
            self._still.watcher = None  # nobody looks any more
            self.go_on()
            self._api("hangup", "script")
            if not self.ended:  # webhooks are under way, and nobody waits for them any more
                self.happen(ev.LimitReached("interrupted", 0))
            raise
        finally:
            self._over = True
            await self._close()
        self.result = self._make_result()
        return self.result

    def _begin(self, at: int) -> None:
        """Call time is ``at`` now. Nothing happens to a call before it has begun."""
        self._wake = asyncio.Event()
        self._clock.start(at)
        if self.handset is not None:
            past = self._plan.past
            self.handset.begin(at, None if past is None else past.audio)

    async def _go_back(self, past: Past) -> None:
        """Live the past again, and go on from its end. InputError: it cannot be."""
        way = UnderWay(self._hands, self, past.open)
        self._hands.outbox.unsent = unsent([*past.inputs, *past.told])
        lived = list(check(past, self._lived(past, way)))
        self._hands.outbox.unsent = frozenset()
        sent = [r for r in [*lived, *past.told] if r.data.get("webhook") not in past.open]
        self._plan.faults.relived(sent)
        self._write(lambda: self._writer.append(lived))
        self.records.extend(lived)
        for record in lived:
            self._findings.see(record)
            if record.kind in PICKED_UP:
                way.picked_up()
            if record.kind == "speech.started" and record.data["text"] is not None:
                self._speaks_until = record.t + (record.data["duration_ms"] or 0)
        for subscriber in self._subscribers:
            subscriber(lived)
        if self._still.watcher is not None:
            self._still.watcher.lived(lived)
        self._t = past.at
        self._begin(past.at)
        self._limit_again(past)
        todo = way.todo(past.later, past.at, past.told)
        if self._plan.stopped:
            self._still.todo = todo
            self._still.hold_reply(past.reply)
            self._stand_still(Stop("branch", f"back at {past.at / 1000:.2f} s", past.seq))
        else:
            self._work_off(todo)
        self._caller.resume(lived, past.at)
        await way.sound()  # last: what happens while the sound is made finds all in place

    def _limit_again(self, past: Past) -> None:
        """The call's time is limited, or over already, as it was; a new one has its full time."""
        limit = self._plan.max_time_ms
        over = [record for record in past.inputs if record.kind == "call.limit"]
        if over:
            grace = over[-1].t + GRACE_MS
            self._agenda.put(grace, ev.LimitReached("grace", GRACE_MS), "limit")
        elif limit < past.at or (limit == past.at and self._plan.stopped):
            self._agenda.put(past.at + limit, ev.LimitReached("max_time", limit), "limit")

    def _lived(self, past: Past, way: UnderWay) -> Iterator[Record]:
        """Feed what was fed, and keep in mind what it leaves under way."""
        session = self._session
        for record in past.inputs:
            try:
                event = ev.event_from_record(record)
                records, commands = session.feed(event, record.t)
                way.event(event, session.t)
                for command in commands:
                    way.command(command, session.t)
            except (AttributeError, LookupError, TypeError, ValueError) as error:
                raise not_as_written(past, record, error) from error
            yield from records

    def _work_off(self, todo: Sequence[cmd.Command | ev.Event]) -> None:
        """Do and feed what had to wait, in order."""
        feeding, self._feeding = self._feeding, True  # what comes of the commands waits its turn
        try:
            for item in todo:
                if isinstance(item, ev.Event):
                    self._ready.append(item)
                else:
                    self._hands.do(item)
        finally:
            self._feeding = feeding

    async def _wait(self) -> None:
        """Until something has happened, or the call goes on."""
        assert self._wake is not None
        self._wake.clear()
        await self._wake.wait()

    async def _run_virtual(self) -> None:
        steps = 0
        session, agenda, hands = self._session, self._agenda, self._hands
        while not session.ended:
            steps += 1
            if self._still.stop is not None:
                await self._wait()
            elif self._ready:
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
            if self._still.stop is not None:
                await self._wait()
                continue
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

    def happen(self, event: ev.Event, *, first: bool = False) -> None:
        """Something from outside happens now: at once, unless we are in the middle of a step.

        What is due comes before it, unless it is to be ``first``.
        """
        if self.ended or self._over or self._wake is None:
            return
        if self._feeding:
            (self._ready.appendleft if first else self._ready.append)(event)
            return
        now = self._t if self._clock.virtual else self._clock.now()
        while not first and not self.ended and self._still.stop is None:
            if self._ready:
                self._feed(self._ready.popleft(), now)
                continue
            due = self._agenda.next_due()
            if due is None or due > now:
                break
            due, earlier = self._agenda.pop()
            self._feed(earlier, due)
        if self._still.stop is not None and not isinstance(event, BESIDE):
            self._still.acts.append(event)
            self._look_again()
            return
        if not self.ended:
            self._feed(event, now)
        while self._ready and not self.ended and self._still.stop is None:
            self._feed(self._ready.popleft(), now)
        self.nudge()

    def drop(self, key: str) -> None:
        """Take what was scheduled under ``key`` off."""
        self._agenda.drop(key)

    def schedule(self, t: int, event: ev.Event, key: str | None = None, rank: int = 0) -> None:
        """Put an event down for call time ``t``; ``key`` lets it be dropped again, ``rank`` says
        whether it comes before (below 0) or after what else is due then."""
        self._agenda.put(t, event, key, rank)
        self.nudge()

    # ------------------------------------------------------------------ standing still

    def _stand_still(self, stop: Stop) -> None:
        self._still.stop = stop
        self._clock.stand()
        if self.handset is not None:
            self.handset.pause()
        self._look_again()

    def _look_again(self) -> None:
        """Faces are to draw, and the call to go on, if there is anything new."""
        for subscriber in self._subscribers:
            subscriber(())
        self.nudge()

    def _request_of(self, webhook: str) -> Record | None:
        seq = self._session.request_of(webhook)
        return None if seq is None else self.records[seq - 1]

    # ------------------------------------------------------------------ one step

    def _feed(self, event: ev.Event, t: int) -> None:
        still = self._still
        if isinstance(event, ev.WebhookReplied | ev.WebhookFailed):
            stop = still.before(event, self._request_of)
            if stop is not None:
                self._stand_still(stop)
                return
        self._feeding = True
        try:
            records, commands = self._session.feed(event, t)
            self._t = self._session.t
            if records:
                self._publish(records)
            commands += self._hands.happened(event, records)
            if still.watcher is not None and not self._session.ended:
                stop = still.after(records)
                if stop is not None:
                    self._stand_still(stop)
            if still.stop is None:
                for command in commands:
                    self._hands.do(command)
            else:
                still.todo.extend(commands)
        finally:
            self._feeding = False
        if type(event) is ev.LimitReached and not self._session.ended:
            self.schedule(self._t + GRACE_MS, ev.LimitReached("grace", GRACE_MS), "limit")

    def _write(self, step: Callable[[], None]) -> None:
        try:
            step()
        except TraceError as error:  # disk full: the call goes on, and says so
            self.notice(str(error))

    def _publish(self, records: list[Record]) -> None:
        self._write(lambda: self._writer.append(records))
        self.records.extend(records)
        see = self._caller.see
        for record in records:
            see(record)
            self._findings.see(record)
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
        async with contextlib.AsyncExitStack() as last:  # each, whatever becomes of the others
            if self._plan.release is not None:
                last.push_async_callback(asyncio.to_thread, self._plan.release)
            if self._plan.past is not None and not self.records:
                last.callback(self._leave_no_trace)
            last.callback(self._write, self._writer.close)
            last.push_async_callback(self._hands.close)
            await self._keep_audio()

    def _leave_no_trace(self) -> None:
        """A branch that was refused is no call: the history is not to show it."""
        for path in (self.trace_path, self.audio_path):
            if path is not None and path.is_file():  # no device
                with contextlib.suppress(OSError):  # then it stays, and holds nothing
                    path.unlink()

    async def _keep_audio(self) -> None:
        """``--audio``: a call that nobody heard is rendered when it is over."""
        if self.audio_path is not None and self.handset is None:
            try:
                await self._hands.write_audio(self.audio_path, self._session.t)
            except AudioError as error:
                self.notice(str(error))

    def _make_result(self) -> CallResult:
        warnings = list(self._hands.parties.notices)
        warnings.extend(self._caller.warnings)
        return self._findings.result(
            self._session.t,
            warnings=warnings,
            strict=self._plan.strict,
            problem=self._caller.problem,
        )
