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
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ivrsim.engine import events as ev
from ivrsim.engine.session import Session
from ivrsim.errors import AudioError, InputError, IvrsimError, TraceError
from ivrsim.runtime.caller import ScriptedCaller, utterance
from ivrsim.runtime.clock import Agenda
from ivrsim.runtime.hands import Hands
from ivrsim.runtime.past import Past, check
from ivrsim.runtime.plan import CallPlan
from ivrsim.runtime.relive import UnderWay
from ivrsim.runtime.rendering import PICKED_UP
from ivrsim.runtime.result import CallResult as CallResult
from ivrsim.runtime.result import Findings
from ivrsim.runtime.still import BESIDE, Still
from ivrsim.runtime.stopping import ReplyDraft, RequestDraft, Stop
from ivrsim.trace.record import Record
from ivrsim.trace.view import CallView
from ivrsim.trace.view_curl import curl_command
from ivrsim.trace.writer import TraceWriter

if TYPE_CHECKING:
    from ivrsim.runtime.handset import Handset

RUNAWAY_RECORDS = 5000
"""So many records at one moment of call time: an application that answers itself for ever."""
GRACE_MS = 60_000
"""How long the platform may still deliver webhooks after the caller was made to hang up."""
_BREATH = 256

Subscriber = Callable[[Sequence[Record]], None]


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
    def caller_leg(self) -> str:
        """The leg of the person at the keypad, empty before there is one."""
        return self._session.caller_leg

    @property
    def secret(self) -> bool:
        """The application asks for something secret: what the caller does is not kept."""
        return self._session.keys.secret

    @property
    def handset(self) -> Handset | None:
        """The sound of a call in real time; None before it begins, and in virtual time."""
        return self._hands.handset

    @property
    def levels(self) -> tuple[float, float]:
        """How loud loudspeakers and microphone are now, 0 to 1."""
        return (0.0, 0.0) if self.handset is None else self.handset.levels

    @property
    def hearing(self) -> str | None:
        """The key whose tone the microphone hears now."""
        return None if self.handset is None else self.handset.hearing

    @property
    def speakers(self) -> str | None:
        """The name of the loudspeakers in use; None: silent."""
        return None if self.handset is None else self.handset.speakers

    @property
    def microphone(self) -> str | None:
        """The name of the microphone in use; None: off, or there is none."""
        return None if self.handset is None else self.handset.microphone

    @property
    def microphone_muted(self) -> bool:
        return self.handset is not None and self.handset.microphone_muted

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """``callback(records)`` after each step, once its records are on disk."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def press(self, digit: str, source: str = "keypad") -> None:
        """Press a key now. When this returns, a prompt that it cuts has been stopped."""
        if digit not in "0123456789*#ABCD" or len(digit) != 1:
            raise InputError(f"{digit!r} is not a key of a telephone: expected 0-9 * # A-D")
        self.happen(ev.DigitPressed(digit, source))

    def say(self, text: str) -> None:
        """The caller says ``text``, which takes as long as it would. InputError: no words."""
        if not text.strip():
            raise InputError("nothing to say: expected words")
        if self._wake is None or self.ended:
            return
        begins = max(self.now_ms, self._speaks_until)  # one sentence after the other
        spoken = utterance(text.strip(), self.caller_leg, begins, "typed")
        self._speaks_until = spoken[-1][0]
        for t, event in spoken:
            if t <= self.now_ms:
                self.happen(event)
            else:
                self.schedule(t, event)

    def hang_up(self) -> None:
        """The person at the keypad puts the receiver down; a call that stands still goes on."""
        if self._still.stop is not None:
            self.go_on()
        self._api("hangup", "button")

    def skip_prompt(self) -> bool:
        """End the prompt that plays, as if it had been heard. False when nothing plays."""
        prompt = self._hands.playing
        if prompt is None or self.ended:
            return False
        self.happen(ev.PromptEnded(prompt, skipped=True))
        return True

    def party(self, leg: str, what: str) -> None:
        """The other telephone, by hand: answer, busy, reject or hang_up."""
        self._hands.parties.act(leg, what, self.now_ms)

    def mark(self, text: str) -> None:
        """Put a bookmark into the trace."""
        self.happen(ev.Marked(text))

    def mute(self, on: bool) -> None:
        """Loudspeakers off or on."""
        if self.handset is not None:
            self.handset.mute(on)

    def mute_microphone(self, on: bool) -> None:
        """Hear nothing, or again something."""
        if self.handset is not None:
            self.handset.mute_microphone(on)

    def devices(self, kind: str) -> list[str]:
        """The names of the ``speakers`` or ``microphone`` devices of this machine."""
        return [] if self.handset is None else self.handset.devices(kind)

    def use_device(self, kind: str, name: str | None) -> None:
        """Use another device from now on, None for none; what comes of it is noticed."""
        if self.handset is not None:
            self.handset.use_device(kind, name)

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

    # ------------------------------------------------------------------ standing still

    @property
    def debugger(self) -> Any:
        """The watcher that says where the call stops, or None."""
        return self._still.watcher

    @property
    def stopped(self) -> Stop | None:
        """Why the call stands still; None while it goes on, and when it is over."""
        return None if self.ended else self._still.stop

    @property
    def held(self) -> int:
        """How many keys, words and the like wait for the call to go on."""
        return len(self._still.acts)

    def pause(self) -> None:
        """Stand still now."""
        if self._wake is not None and not self.ended and self._still.stop is None:
            self._stand_still(Stop("pause", "paused", len(self.records)))

    def go_on(self) -> None:
        """Do what was held, and go on; harmless when nothing stands still."""
        if self._still.stop is None or self._over or self._wake is None:
            return
        commands, events = self._still.release()
        self._clock.go_on()
        if self.handset is not None:
            self.handset.resume()
        self._feeding = True  # what comes of the commands waits its turn
        try:
            for command in commands:
                self._hands.do(command)
        finally:
            self._feeding = False
        self._ready.extendleft(reversed(events))
        self._look_again()

    def request_drafts(self) -> list[RequestDraft]:
        """The webhooks that are about to go out, while the call stands still."""
        return self._still.request_drafts(self.records)

    def reply_draft(self) -> ReplyDraft | None:
        """The reply that is about to be used, while the call stands still; None: there is none."""
        reply = self._still.reply
        return None if reply is None else self._still.reply_draft(self._request_of(reply))

    def edit_request(self, draft: RequestDraft, diff: str = "") -> None:
        """Send ``draft`` in place of what is held. Raises InputError, HostNotAllowed."""
        drafts = self.request_drafts()
        self.happen(self._still.change_request(draft, drafts, self._plan.policy, diff))
        self._look_again()

    def edit_reply(self, draft: ReplyDraft, diff: str = "") -> None:
        """Use ``draft`` in place of the reply that is held. Raises InputError."""
        self.happen(self._still.change_reply(draft, diff))
        self._look_again()

    def leave(self, branch: str) -> None:
        """Go no further: the call goes on in another trace, and nobody is told of an end here."""
        if self._wake is None or self.ended or self._over:
            return
        self._still.watcher = None
        self._still.release()
        self._ready.clear()
        self.happen(ev.CallLeft(branch))
        self.nudge()

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

    def _request_of(self, event: ev.Event) -> Record | None:
        if not isinstance(event, ev.WebhookReplied | ev.WebhookFailed):
            return None
        seq = self._session.request_of(event.webhook)
        return None if seq is None else self.records[seq - 1]

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
                if end is not None and end.data["by"] not in ("caller", "limit"):
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
            if past is None:
                self.handset.begin()
            else:
                self.handset.begin(at, past.audio)

    async def _go_back(self, past: Past) -> None:
        """Live the past again, and go on from its end. InputError: it cannot be."""
        way = UnderWay(self._hands, self)
        lived = list(check(past.expected, self._lived(past, way), past.name))
        self._write(lambda: self._writer.append(lived))
        self.records.extend(lived)
        for record in lived:
            self._findings.see(record)
            if record.kind in PICKED_UP:
                way.picked_up()
        for subscriber in self._subscribers:
            subscriber(lived)
        self._t = past.at
        self._begin(past.at)
        limit = self._plan.max_time_ms  # for what is new, too
        self._agenda.put(past.at + limit, ev.LimitReached("max_time", limit), "limit")
        self._ready.extend(await way.go_live(past.later, past.at))
        self._caller.resume(lived, past.at)
        if self._plan.stopped:
            self._still.hold_reply(self._ready)
            self._stand_still(Stop("branch", f"back at {past.at / 1000:.2f} s", past.seq))

    def _lived(self, past: Past, way: UnderWay) -> Iterator[Record]:
        """Feed what was fed, and keep in mind what it leaves under way."""
        session = self._session
        for record in past.inputs:
            event = ev.event_from_record(record)
            records, commands = session.feed(event, record.t)
            way.event(event, session.t)
            for command in commands:
                way.command(command, session.t)
            yield from records

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

    def happen(self, event: ev.Event) -> None:
        """Something from outside happens now: at once, unless we are in the middle of a step."""
        if self.ended or self._over or self._wake is None:
            return
        if self._feeding:
            self._ready.append(event)
            return
        now = self._t if self._clock.virtual else self._clock.now()
        while not self.ended and self._still.stop is None:
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

    def schedule(self, t: int, event: ev.Event, key: str | None = None) -> None:
        """Put an event down for call time ``t``; ``key`` lets it be dropped again."""
        self._agenda.put(t, event, key)
        self.nudge()

    def _api(self, op: str, source: str) -> None:
        self._api_count += 1
        self.happen(ev.ApiCommand(f"{source}-{self._api_count}", op, {}, source))

    # ------------------------------------------------------------------ one step

    def _feed(self, event: ev.Event, t: int) -> None:
        still = self._still
        if still.watcher is not None:
            stop = still.before(event, self._request_of(event))
            if stop is not None:
                self._stand_still(stop)
                return
        self._feeding = True
        try:
            records, commands = self._session.feed(event, t)
            self._t = self._session.t
            if records:
                self._publish(records)
            self._hands.happened(event, records)
            if still.watcher is not None:
                stop = still.after(records)
                if stop is not None:
                    self._stand_still(stop)
            if still.stop is None:
                for command in commands:
                    self._hands.do(command)
            else:
                still.commands.extend(commands)
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
            last.callback(self._write, self._writer.close)
            last.push_async_callback(self._hands.close)
            await self._keep_audio()

    async def _keep_audio(self) -> None:
        """``--audio``: a call that nobody heard is rendered when it is over."""
        if self.audio_path is not None and self.handset is None:
            try:
                await self._hands.write_audio(self.audio_path, self._session.t)
            except AudioError as error:
                self.notice(str(error))

    def _make_result(self) -> CallResult:
        warnings = list(self._hands.parties.notices)
        left = self._caller.left_over
        if left:
            groups = "group" if left == 1 else "groups"
            warnings.append(f"--keys: {left} {groups} left over: no capture took them")
        return self._findings.result(
            self._session.t,
            warnings=warnings,
            strict=self._plan.strict,
            problem=self._caller.problem,
        )
