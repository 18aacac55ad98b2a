"""One call in progress: where the engine's commands meet clock, network, parties and sound.

One path for everything: something happens → ``_feed`` tells the session → its records are
written to the trace, then shown to subscribers, then its commands are done. Commands that
are answered at once put their answer on ``_ready``; the others on the agenda, or in the
outbox of webhooks. Sound only follows: prompts end by the clock, so that a device that
fails never changes a call.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from ivrsim.engine import commands as cmd
from ivrsim.engine import events as ev
from ivrsim.engine.platform import Platform
from ivrsim.engine.session import Session
from ivrsim.engine.setup import CallSetup
from ivrsim.errors import AudioError, HostNotAllowed, InputError, IvrsimError
from ivrsim.runtime.allow import HostPolicy
from ivrsim.runtime.caller import KeyScript, ScriptedCaller
from ivrsim.runtime.clock import Agenda, Clock
from ivrsim.runtime.parties import Parties
from ivrsim.runtime.prompts import PromptMaker, estimate_ms
from ivrsim.runtime.webhooks import WebhookClient
from ivrsim.trace.record import Header, Record
from ivrsim.trace.writer import TraceWriter

RUNAWAY_RECORDS = 5000
"""So many records at one moment of call time: an application that answers itself for ever."""
GRACE_MS = 60_000
"""How long the platform may still deliver webhooks after the caller was made to hang up."""
_BREATH = 256

Subscriber = Callable[[Sequence[Record]], None]


class Pages(Protocol):
    """A scripted application, as ``flows.pages.ScriptedSession`` is."""

    def reply(self, command: cmd.SendWebhook) -> Any: ...


class Loudspeakers(Protocol):
    """What plays: ``runtime.speakers.Speakers``, or nothing at all."""

    def play(self, prompt: str, clip: Any, loop: int, level: float) -> None: ...
    def tone(self, prompt: str, name: str) -> None: ...
    def stop(self, prompt: str) -> None: ...
    def key(self, digit: str) -> None: ...
    def mute(self, on: bool) -> None: ...
    def close(self) -> None: ...
    @property
    def level(self) -> float: ...
    @property
    def trouble(self) -> str | None: ...


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


@dataclass(slots=True)
class CallPlan:
    """Everything a call needs, collected by ``place_call``."""

    header: Header
    setup: CallSetup
    platform: Platform
    clock: Clock
    script: KeyScript
    parties: Callable[..., Parties]
    policy: HostPolicy
    prompts: PromptMaker
    pages: Pages | None = None
    authorize: Callable[[cmd.SendWebhook], Mapping[str, str]] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    insecure: bool = False
    max_time_ms: int = 600_000
    trace_path: Path | None = None
    stream: Any = None
    person: bool = False
    speakers: Callable[[], Loudspeakers] | None = None
    notices: list[str] = field(default_factory=list)
    describe: Callable[[str], str] = lambda keys: ""
    release: Callable[[], None] | None = None
    application_error: Callable[[], str | None] | None = None
    strict: bool = False


class LiveCall:
    """A call from its first event to its last. Made by ``place_call``."""

    def __init__(self, plan: CallPlan) -> None:
        self._plan = plan
        self._session = Session(plan.platform, plan.setup)
        self._clock = plan.clock
        self._agenda = Agenda()
        self._ready: deque[ev.Event] = deque()
        self._outbox: deque[cmd.SendWebhook] = deque()
        self._jobs: set[asyncio.Task[None]] = set()
        self._subscribers: list[Subscriber] = []
        self._caller = ScriptedCaller(plan.script, self._schedule)
        self._parties = plan.parties(
            schedule=self._schedule, drop=self._agenda.drop, person_present=plan.person
        )
        self._client: WebhookClient | None = None
        self._speakers: Loudspeakers | None = None
        self._writer = TraceWriter(plan.trace_path, plan.stream)
        self._wake: asyncio.Event | None = None
        self._feeding = False
        self._warnings: list[str] = []
        self._same_t = 0
        self._last_t = -1
        self._limits = 0
        self._t = 0
        self._playing: str | None = None
        self._api_count = 0
        self._end: Record | None = None
        self.header = plan.header
        self.records: list[Record] = []
        self.trace_path = plan.trace_path
        self.notices = plan.notices
        self.result: CallResult | None = None

    # ------------------------------------------------------------------ for faces

    @property
    def ended(self) -> bool:
        """The last record has been written."""
        return self._session.ended

    @property
    def now_ms(self) -> int:
        """The running clock of the call, in milliseconds."""
        if self._wake is None or self._session.ended or self._clock.virtual:
            return self._session.t
        return max(self._session.t, self._clock.now())

    @property
    def levels(self) -> tuple[float, float]:
        """How loud prompts and microphone are now, 0 to 1."""
        return (self._speakers.level if self._speakers is not None else 0.0, 0.0)

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """``callback(records)`` after each step, once its records are on disk."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def press(self, digit: str, source: str = "keypad") -> None:
        """Press a key now. When this returns, a prompt that it cuts has been stopped."""
        if digit not in "0123456789*#ABCD" or len(digit) != 1:
            raise InputError(f"{digit!r} is not a key of a telephone: expected 0-9 * # A-D")
        if self._speakers is not None:
            self._speakers.key(digit)
        self._happen(ev.DigitPressed(digit, source))

    def hang_up(self) -> None:
        """The person at the keypad puts the receiver down."""
        self._api("hangup", "button")

    def skip_prompt(self) -> bool:
        """End the prompt that plays, as if it had been heard. False when nothing plays."""
        if self._playing is None or self.ended:
            return False
        self._happen(ev.PromptEnded(self._playing, skipped=True))
        return True

    def party(self, leg: str, what: str) -> None:
        """The other telephone, by hand: answer, busy, reject or hang_up."""
        if self._parties.act(leg, what, self.now_ms):
            self._nudge()

    def mark(self, text: str) -> None:
        """Put a bookmark into the trace."""
        self._happen(ev.Marked(text))

    def mute(self, on: bool) -> None:
        """Loudspeakers off or on."""
        if self._speakers is not None:
            self._speakers.mute(on)

    def command_line(self, keys: str) -> str:
        """This call as a command line with the given ``--keys``."""
        return self._plan.describe(keys)

    # ------------------------------------------------------------------ running

    async def run(self) -> CallResult:
        """Make the call and return how it ended.

        When cancelled, the caller hangs up, the trace is closed, and CancelledError passes on.
        """
        self._wake = asyncio.Event()
        plan = self._plan
        try:
            self._writer.header(plan.header)
            self._open_speakers()
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
            self._ready.clear()
            if not self.ended:
                self._api("hangup", "script")
            raise
        finally:
            await self._close()
        self.result = self._make_result()
        return self.result

    async def _run_virtual(self) -> None:
        steps = 0
        session, agenda = self._session, self._agenda
        while not session.ended:
            steps += 1
            if self._ready:
                self._feed(self._ready.popleft(), self._t)
            elif self._outbox:
                await self._send_one(self._outbox.popleft())
            elif self._jobs:
                await asyncio.wait(set(self._jobs), return_when=asyncio.FIRST_COMPLETED)
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

    def _nudge(self) -> None:
        if self._wake is not None:
            self._wake.set()

    def _happen(self, event: ev.Event) -> None:
        """Something from outside happens now: at once, unless we are in the middle of a step."""
        if self.ended or self._wake is None:
            return
        if self._feeding:
            self._ready.append(event)
            return
        if self._clock.virtual:
            self._feed(event, self._t)
        else:
            now = self._clock.now()
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
        self._nudge()

    def _schedule(self, t: int, event: ev.Event, key: str | None = None) -> None:
        self._agenda.put(t, event, key)
        self._nudge()

    def _api(self, op: str, source: str) -> None:
        self._api_count += 1
        self._happen(ev.ApiCommand(f"{source}-{self._api_count}", op, {}, source))

    # ------------------------------------------------------------------ one step

    def _feed(self, event: ev.Event, t: int) -> None:
        self._feeding = True
        try:
            records, commands = self._session.feed(event, t)
            if records:
                self._publish(records)
            self._t = self._session.t
            for command in commands:
                _DO[type(command)](self, command)
        finally:
            self._feeding = False
        if type(event) is ev.LimitReached and not self._session.ended:
            self._schedule(self._t + GRACE_MS, ev.LimitReached("grace", GRACE_MS), "limit")

    def _publish(self, records: list[Record]) -> None:
        self._writer.append(records)
        self.records.extend(records)
        see = self._caller.see
        for record in records:
            see(record)
            if record.kind == "diagnostic" and record.data["severity"] == "warning":
                self._warnings.append(record.data["message"])
            elif record.kind == "call.ended":
                self._end = record
        for subscriber in self._subscribers:
            subscriber(records)
        last = records[-1].t
        if last == self._last_t:
            self._same_t += len(records)
            if self._same_t > RUNAWAY_RECORDS:
                self._same_t = 0
                self._limits += 1
                if self._limits == 1:
                    self._warnings.append(
                        f"{RUNAWAY_RECORDS} records without time going by: the application "
                        "answers itself for ever; the caller hung up"
                    )
                self._ready.append(ev.LimitReached("runaway", 0))
        else:
            self._last_t, self._same_t = last, len(records)

    # ------------------------------------------------------------------ commands

    def _do_play(self, command: cmd.Play) -> None:
        self._playing = command.prompt
        sound = command.sound
        if isinstance(sound, cmd.Tone):
            if self._speakers is not None:
                self._speakers.tone(command.prompt, sound.name)
            self._ready.append(ev.PromptStarted(command.prompt, None, "estimated"))
            return
        if self._speakers is None and isinstance(sound, cmd.Speech):
            self._prompt_sounds(command, estimate_ms(sound), "estimated", None)
        else:
            self._start_job(self._render(command))

    async def _render(self, command: cmd.Play) -> None:
        """Fetch or synthesise a prompt, then let it sound."""
        sound = command.sound
        assert not isinstance(sound, cmd.Tone)
        try:
            if self._speakers is None:
                assert isinstance(sound, cmd.AudioFile)
                once = await self._plan.prompts.measure(sound, self._http)
                clip = None
                basis = "measured"
            else:
                clip = await self._plan.prompts.clip(sound, self._http)
                once = clip.duration_ms
                basis = "rendered" if isinstance(sound, cmd.Speech) else "measured"
        except AudioError as error:
            self._ready.append(ev.PromptFailed(command.prompt, "file", str(error)))
            return
        self._prompt_sounds(command, once, basis, clip)

    def _prompt_sounds(self, command: cmd.Play, once: int, basis: str, clip: Any) -> None:
        prompt = command.prompt
        if self._playing != prompt:
            return  # it was stopped while it was being made
        now = self._t if self._clock.virtual else self._clock.now()
        total = None if command.loop == 0 else once * command.loop
        if clip is not None and self._speakers is not None:
            self._speakers.play(prompt, clip, command.loop, command.level)
        self._ready.append(ev.PromptStarted(prompt, total, basis))
        if total is not None:
            self._schedule(now + total, ev.PromptEnded(prompt), f"prompt:{prompt}")

    def _do_stop(self, command: cmd.StopPlaying) -> None:
        self._agenda.drop(f"prompt:{command.prompt}")
        if self._playing == command.prompt:
            self._playing = None
        if self._speakers is not None:
            self._speakers.stop(command.prompt)

    def _do_start_timer(self, command: cmd.StartTimer) -> None:
        self._agenda.put(command.due, ev.TimerFired(command.timer), command.timer)

    def _do_cancel_timer(self, command: cmd.CancelTimer) -> None:
        self._agenda.drop(command.timer)

    def _do_send(self, command: cmd.SendWebhook) -> None:
        if command.url.startswith("pages:") and self._plan.pages is not None:
            reply = self._plan.pages.reply(command)
            event = ev.WebhookReplied(
                command.webhook,
                reply.status,
                reply.headers,
                reply.body.decode(),
                page=reply.page,
                secret=reply.secret,
            )
            if reply.delay_ms:
                self._schedule(self.now_ms + reply.delay_ms, event)
            else:
                self._ready.append(event)
            return
        try:
            self._plan.policy.check(command.url)
        except HostNotAllowed as error:
            self._ready.append(
                ev.WebhookFailed(command.webhook, "not-allowed", str(error), "connect", 0)
            )
            return
        if self._clock.virtual:
            self._outbox.append(command)
        else:
            self._start_job(self._send_one(command))

    async def _send_one(self, command: cmd.SendWebhook) -> None:
        client = self._client or await self._http()
        headers = dict(self._plan.headers)
        if self._plan.authorize is not None:
            headers.update(self._plan.authorize(command))
        event = await client.send(
            command, headers, insecure=self._plan.insecure, policy=self._plan.policy
        )
        if (
            self._clock.virtual
            and isinstance(event, ev.WebhookFailed)
            and event.reason == "timeout"
        ):
            # The time that was really waited is the time that passes in the call.
            nominal = command.connect_ms if event.phase == "connect" else command.read_ms
            self._schedule(self._t + nominal, replace(event, elapsed_ms=nominal))
        else:
            self._ready.append(event)

    async def _http(self) -> WebhookClient:
        if self._client is None:
            self._client = WebhookClient()
        return self._client

    def _start_job(self, steps: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(steps)
        self._jobs.add(task)
        task.add_done_callback(self._job_done)

    def _job_done(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = error
        self._nudge()

    def _do_ring(self, command: cmd.RingLeg) -> None:
        self._parties.ring(command.leg, command.number, command.role, self._t)

    def _do_bridge(self, command: cmd.BridgeLegs) -> None:
        self._parties.bridged(command.other, self._t)

    def _do_drop(self, command: cmd.DropLeg) -> None:
        self._parties.dropped(command.leg)

    def _do_nothing(self, command: cmd.Command) -> None:
        """Its record in the trace is all there is to it here."""

    # ------------------------------------------------------------------ the end

    def _open_speakers(self) -> None:
        if self._plan.speakers is None:
            return
        try:
            self._speakers = self._plan.speakers()
        except IvrsimError as error:
            self.notices.append(str(error))

    async def _close(self) -> None:
        for task in list(self._jobs):
            task.cancel()
        if self._jobs:
            await asyncio.wait(self._jobs)
        if self._speakers is not None:
            self._speakers.close()
        if self._client is not None:
            await self._client.close()
        self._writer.close()
        if self._plan.release is not None:
            await asyncio.get_running_loop().run_in_executor(None, self._plan.release)

    def _make_result(self) -> CallResult:
        end = self._end.data if self._end is not None else {"status": "aborted", "failed": True}
        warnings = [*self._warnings, *self._parties.notices]
        left = self._caller.left_over
        if left:
            groups = "group" if left == 1 else "groups"
            warnings.append(f"--keys: {left} {groups} left over: no capture took them")
        failed = bool(end["failed"]) or (self._plan.strict and bool(warnings))
        exit_status = 1 if failed else 0
        why = end.get("why")
        if self._caller.problem is not None:
            exit_status, why = 2, self._caller.problem
        seconds = self._session.t / 1000
        summary = f"{end['status']} after {seconds:.1f} s" + (f": {why}" if why else "")
        return CallResult(
            end["status"], failed, exit_status, why, tuple(warnings), self._session.t, summary
        )


_DO: dict[type[Any], Callable[[LiveCall, Any], None]] = {
    cmd.Play: LiveCall._do_play,
    cmd.StopPlaying: LiveCall._do_stop,
    cmd.StartTimer: LiveCall._do_start_timer,
    cmd.CancelTimer: LiveCall._do_cancel_timer,
    cmd.SendWebhook: LiveCall._do_send,
    cmd.RingLeg: LiveCall._do_ring,
    cmd.BridgeLegs: LiveCall._do_bridge,
    cmd.DropLeg: LiveCall._do_drop,
    cmd.SendDtmf: LiveCall._do_nothing,
    cmd.ReplyApi: LiveCall._do_nothing,
    cmd.EndCall: LiveCall._do_nothing,
}
