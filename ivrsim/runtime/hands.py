"""What the engine asks for, done: prompts, timers, webhooks, telephones."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Protocol

from ivrsim.engine import commands as cmd
from ivrsim.engine import events as ev
from ivrsim.errors import AudioError, SoundUnavailable
from ivrsim.runtime.plan import CallPlan, Loudspeakers
from ivrsim.runtime.prompts import estimate_ms, speak
from ivrsim.runtime.webhooks import WebhookClient


class Desk(Protocol):
    """Where answers go: the call that the hands work for."""

    @property
    def now_ms(self) -> int: ...
    def answer(self, event: ev.Event) -> None: ...
    def schedule(self, t: int, event: ev.Event, key: str | None = None) -> None: ...
    def drop(self, key: str) -> None: ...
    def nudge(self) -> None: ...


class Hands:
    """Does the commands of one call.

    In virtual time requests are made one after another, and time stands still meanwhile
    (``busy``, ``work``), so that an application sees the same order in each call. In real time
    each is a task of its own.
    """

    def __init__(self, plan: CallPlan, desk: Desk) -> None:
        self._plan = plan
        self._desk = desk
        self._virtual = plan.clock.virtual
        self._outbox: deque[cmd.SendWebhook] = deque()
        self._jobs: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self._client: WebhookClient | None = None
        self.parties = plan.parties(
            schedule=desk.schedule, drop=desk.drop, person_present=plan.person
        )
        self.speakers: Loudspeakers | None = None
        self.playing: str | None = None
        """The prompt that plays, or is being made."""

    async def open(self) -> None:
        """Open the loudspeakers, or note why there are none."""
        if self._plan.speakers is None:
            return
        try:
            # In a thread: starting PortAudio can take a while, and the screen must not wait.
            self.speakers = await asyncio.to_thread(self._plan.speakers)
        except SoundUnavailable as error:
            self._plan.notices.append(str(error))

    async def close(self) -> None:
        """End what is under way and let go of devices and connections."""
        for task in self._jobs:
            task.cancel()
        if self._jobs:
            await asyncio.wait(self._jobs)
        if self.speakers is not None:
            self.speakers.close()
        if self._client is not None:
            await self._client.close()

    @property
    def busy(self) -> bool:
        """Something is under way that virtual time waits for."""
        return bool(self._outbox or self._jobs or self._failure)

    async def work(self) -> None:
        """Bring one thing that is under way to its end."""
        self.check()
        if self._outbox:
            await self._send(self._outbox.popleft())
        elif self._jobs:
            await asyncio.wait(set(self._jobs), return_when=asyncio.FIRST_COMPLETED)

    def check(self) -> None:
        """Raise what a job has died of: a mistake of ours."""
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def do(self, command: cmd.Command) -> None:
        """Do what the engine asks for; the answer, if any, goes to the desk."""
        _DO[type(command)](self, command)

    def happened(self, event: ev.Event) -> None:
        """An event was fed that the hands must know of."""
        if isinstance(event, ev.PromptEnded | ev.PromptFailed):
            if event.prompt == self.playing:
                self.playing = None
        elif isinstance(event, ev.SpeechHeard) and self.speakers is not None:
            self._start(self._say(event, self.speakers))

    def _start(self, steps: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(steps)
        self._jobs.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        if not task.cancelled():
            self._failure = self._failure or task.exception()
        self._desk.nudge()

    # ------------------------------------------------------------------ prompts

    def _play(self, command: cmd.Play) -> None:
        self.playing = command.prompt
        sound = command.sound
        if isinstance(sound, cmd.Tone):
            if self.speakers is not None:
                self.speakers.tone(command.prompt, sound.name)
            self._desk.answer(ev.PromptStarted(command.prompt, None, "estimated"))
        elif self.speakers is None and isinstance(sound, cmd.Speech):
            self._sounds(command, estimate_ms(sound), "estimated")
        else:
            self._start(self._make(command, sound))

    async def _make(self, command: cmd.Play, sound: cmd.Speech | cmd.AudioFile) -> None:
        """Fetch or synthesise a prompt, then let it sound."""
        clip = None
        try:
            if self.speakers is not None:
                clip = await self._plan.prompts.clip(sound, self._http, self.speakers.rate)
                once = clip.duration_ms
                if clip.note and clip.note not in self._plan.notices:
                    self._plan.notices.append(clip.note)
                basis = "rendered" if isinstance(sound, cmd.Speech) else "measured"
            else:
                assert isinstance(sound, cmd.AudioFile)
                once, basis = await self._plan.prompts.measure(sound, self._http), "measured"
        except AudioError as error:
            self._desk.answer(ev.PromptFailed(command.prompt, "file", str(error)))
            return
        except SoundUnavailable as error:
            assert isinstance(sound, cmd.Speech)
            if str(error) not in self._plan.notices:
                self._plan.notices.append(str(error))
            once, basis = estimate_ms(sound), "estimated"
        self._sounds(command, once, basis, clip)

    def _sounds(self, command: cmd.Play, once: int, basis: str, clip: Any = None) -> None:
        prompt = command.prompt
        if self.playing != prompt:
            return  # it was stopped while it was being made
        total = None if command.loop == 0 else once * command.loop
        if clip is not None and self.speakers is not None:
            self.speakers.play(prompt, clip, command.loop, command.level)
        self._desk.answer(ev.PromptStarted(prompt, total, basis))
        if total is not None:
            self._desk.schedule(
                self._desk.now_ms + total, ev.PromptEnded(prompt), f"prompt:{prompt}"
            )

    def _stop(self, command: cmd.StopPlaying) -> None:
        self._desk.drop(f"prompt:{command.prompt}")
        if self.playing == command.prompt:
            self.playing = None
        if self.speakers is not None:
            self.speakers.stop(command.prompt)

    async def _say(self, event: ev.SpeechHeard, speakers: Loudspeakers) -> None:
        """Let the voice of the other side be heard."""
        try:
            words = cmd.Speech(event.text, event.text, style=1)
            clip = await asyncio.to_thread(speak, words, speakers.rate)
        except (AudioError, SoundUnavailable):
            return  # its words are in the trace and on the screen
        speakers.play(f"says:{event.leg}", clip, 1, 0.0)

    # ------------------------------------------------------------------ webhooks

    def _send_webhook(self, command: cmd.SendWebhook) -> None:
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
                self._desk.schedule(self._desk.now_ms + reply.delay_ms, event)
            else:
                self._desk.answer(event)
        elif self._virtual:
            self._outbox.append(command)
        else:
            self._start(self._send(command))

    async def _send(self, command: cmd.SendWebhook) -> None:
        plan = self._plan
        headers = dict(plan.headers)
        if plan.authorize is not None:
            headers.update(plan.authorize(command))
        client = self._client or await self._http()
        event = await client.send(command, headers, policy=plan.policy, insecure=plan.insecure)
        if isinstance(event, ev.WebhookReplied) and event.status >= 500:
            self._tell_application_error()
        if self._virtual and isinstance(event, ev.WebhookFailed) and event.reason == "timeout":
            # The time that was really waited is the time that passes in the call.
            nominal = command.connect_ms if event.phase == "connect" else command.read_ms
            self._desk.schedule(self._desk.now_ms + nominal, replace(event, elapsed_ms=nominal))
        else:
            self._desk.answer(event)

    def _tell_application_error(self) -> None:
        """What a Python application that is served here died of: HTTP 500 does not say it."""
        said = self._plan.application_error() if self._plan.application_error else None
        if said is not None and said not in self._plan.notices:
            self._plan.notices.append(said)

    async def _http(self) -> WebhookClient:
        if self._client is None:
            self._client = WebhookClient()
        return self._client

    # ------------------------------------------------------------------ timers and telephones

    def _start_timer(self, command: cmd.StartTimer) -> None:
        self._desk.schedule(command.due, ev.TimerFired(command.timer), command.timer)

    def _cancel_timer(self, command: cmd.CancelTimer) -> None:
        self._desk.drop(command.timer)

    def _ring(self, command: cmd.RingLeg) -> None:
        self.parties.ring(command.leg, command.number, command.role, self._desk.now_ms)

    def _bridge(self, command: cmd.BridgeLegs) -> None:
        self.parties.bridged(command.other, self._desk.now_ms)

    def _drop_leg(self, command: cmd.DropLeg) -> None:
        self.parties.dropped(command.leg)
        if self.speakers is not None:
            self.speakers.stop(f"says:{command.leg}")

    def _nothing(self, command: cmd.Command) -> None:
        """Its record in the trace is all there is to it here."""


_DO: dict[type[Any], Callable[[Hands, Any], None]] = {
    cmd.Play: Hands._play,
    cmd.StopPlaying: Hands._stop,
    cmd.StartTimer: Hands._start_timer,
    cmd.CancelTimer: Hands._cancel_timer,
    cmd.SendWebhook: Hands._send_webhook,
    cmd.RingLeg: Hands._ring,
    cmd.BridgeLegs: Hands._bridge,
    cmd.DropLeg: Hands._drop_leg,
    cmd.SendDtmf: Hands._nothing,
    cmd.ReplyApi: Hands._nothing,
    cmd.EndCall: Hands._nothing,
}
