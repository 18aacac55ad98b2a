"""What the engine asks for, done: prompts, timers, webhooks, telephones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ivrsim.engine import commands as cmd
from ivrsim.engine import events as ev
from ivrsim.errors import AudioError, SoundUnavailable
from ivrsim.runtime.outbox import Outbox
from ivrsim.runtime.plan import CallPlan
from ivrsim.runtime.prompts import estimate_ms
from ivrsim.runtime.recordings import Recordings, SoundSource
from ivrsim.runtime.regions import region_of
from ivrsim.runtime.rendering import PICKED_UP, RATE, CallSound, caller_voice, party_voice
from ivrsim.trace.record import Record

if TYPE_CHECKING:
    from ivrsim.runtime.handset import Handset
    from ivrsim.sound.clip import Clip

BEEP_MS = 400
"""The beep before a recording: the tone that is made for it."""
_WAITING = "waiting"  # no prompt: ringback until a call that comes in is picked up
RELEASED_S = 1.5
"""How long the caller hears that the platform has hung up."""


class Desk(Protocol):
    """Where answers go: the call that the hands work for."""

    records: list[Record]

    @property
    def now_ms(self) -> int: ...
    @property
    def caller_leg(self) -> str: ...
    @property
    def secret(self) -> bool: ...
    def press(self, digit: str, source: str = "keypad") -> None: ...
    def happen(self, event: ev.Event) -> None: ...
    def notice(self, line: str, *, again: bool = False) -> None: ...
    def post(self, job: Callable[[], None]) -> None: ...
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
        self._jobs: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        self.outbox = Outbox(plan, desk, self._start)
        self.parties = plan.parties(
            schedule=desk.schedule, drop=desk.drop, person_present=plan.person
        )
        self.parties.faults = plan.faults
        self.recordings = Recordings(plan.trace_path)
        self.plays: dict[str, cmd.Play] = {}
        self._made = CallSound(
            desk.records,
            self.plays,
            plan.prompts,
            self.outbox.http,
            plan.setup.callee,
            desk.notice,
            plan.telephone,
        )
        self._sound: SoundSource = self._made
        self._country = region_of(plan.setup.callee)
        self._dropped: set[str] = set()
        self.handset: Handset | None = None
        self.playing: str | None = None
        """The prompt that plays, or is being made."""

    async def open(self) -> None:
        """Take the telephone in the hand, where the call is made in real time."""
        if self._plan.handset is None:
            return
        # In a thread: starting PortAudio can take a while, and the screen must not wait.
        making = asyncio.ensure_future(asyncio.to_thread(self._plan.handset, self._desk))
        try:
            self.handset = await asyncio.shield(making)
        except asyncio.CancelledError:
            self.handset = await making  # it is there all the same, to be closed
            raise
        self._sound = self.handset
        try:
            await self._plan.prompts.warm(self.handset.rate)
        except SoundUnavailable as error:
            self._desk.notice(str(error))

    # ------------------------------------------------------------------ what a past has left

    def readdressed(self, command: cmd.SendWebhook) -> cmd.SendWebhook:
        """A webhook of a recorded call, with the address it has today."""
        return command if self._plan.readdress is None else self._plan.readdress(command)

    @property
    def inbound(self) -> bool:
        return self._plan.setup.direction == "inbound"

    def ringback(self) -> None:
        """Whoever calls in hears it until the call is picked up."""
        if self.handset is not None:
            self.handset.tone(_WAITING, "ringback", self._country)

    def tone(self, prompt: str, name: str) -> None:
        """A call progress tone, as the country called has it."""
        if self.handset is not None:
            self.handset.tone(prompt, name, self._country)

    async def clip(self, sound: cmd.Speech | cmd.AudioFile) -> Clip:
        """The sound of a prompt. Raises AudioError or SoundUnavailable."""
        rate = RATE if self.handset is None else self.handset.rate
        return await self._plan.prompts.clip(sound, self.outbox.http, rate)

    def rings(self, command: cmd.RingLeg, t: int) -> ev.Event | None:
        """A telephone is rung at ``t``; what the trace is told when it does not even ring."""
        self._country = region_of(command.number)
        return self.parties.ring(command.leg, command.number, command.role, t)

    def drops(self, command: cmd.DropLeg) -> None:
        """A telephone is rung no more, or hung up on."""
        self.parties.dropped(command.leg)
        self._dropped.add(command.leg)

    async def close(self) -> None:
        """End what is under way and let go of devices and connections."""
        for task in self._jobs:
            task.cancel()
        if self._jobs:
            await asyncio.wait(self._jobs)
        if self.handset is not None:
            await asyncio.to_thread(self.handset.close)
        await self.outbox.close()

    @property
    def busy(self) -> bool:
        """Something is under way that virtual time waits for."""
        return bool(self.outbox.busy or self._jobs or self._failure)

    async def work(self) -> None:
        """Bring one thing that is under way to its end."""
        self.check()
        if self._jobs:  # before requests: else it would be chance which is answered first
            await asyncio.wait(set(self._jobs), return_when=asyncio.FIRST_COMPLETED)
        elif self.outbox.busy:
            await self.outbox.work()

    def check(self) -> None:
        """Raise what a job has died of: a mistake of ours."""
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def do(self, command: cmd.Command) -> None:
        """Do what the engine asks for; the answer, if any, goes to the desk."""
        if isinstance(command, cmd.SendWebhook):
            command = self.readdressed(command)
        _DO[type(command)](self, command)

    def happened(self, event: ev.Event, records: Sequence[Record]) -> Sequence[cmd.Command]:
        """An event was fed, and gave these records. Returns what else is to be done now."""
        if isinstance(event, ev.PromptEnded | ev.PromptFailed) and event.prompt == self.playing:
            self.playing = None
        if self.handset is not None:
            self._sounds(self.handset, event, records)
        return self.outbox.happened(event)

    def _sounds(self, handset: Handset, event: ev.Event, records: Sequence[Record]) -> None:
        """Let it be heard that ``event`` was fed."""
        if isinstance(event, ev.CallStarted) and self._plan.setup.direction == "inbound":
            self.ringback()
        if any(record.kind in PICKED_UP for record in records):
            handset.stop(_WAITING)
        if isinstance(event, ev.DigitPressed):
            secret = records[0].data["digit"] != event.digit
            handset.key(event.digit, event.source, secret=secret)
        elif isinstance(event, ev.SpeechHeard) and event.source == "party" and event.text:
            self._start(self._voice(party_voice(event.text), partial(self._party_says, event.leg)))
        elif isinstance(event, ev.SpeechStarted) and event.text:
            secret = records[0].data["text"] != event.text
            if not secret:  # else no voice is asked: it may be another company's
                self._start(self._voice(caller_voice(event.text), handset.caller_says))
        handset.keep_secret(self._desk.secret)

    def _start(self, steps: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(steps)
        self._jobs.add(task)
        task.add_done_callback(self._finished)
        return task

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._jobs.discard(task)
        if not task.cancelled():
            self._failure = self._failure or task.exception()
        self._desk.nudge()

    # ------------------------------------------------------------------ prompts

    def _play(self, command: cmd.Play) -> None:
        self.playing = command.prompt
        self.plays[command.prompt] = command
        sound = command.sound
        if isinstance(sound, cmd.Tone):
            self.tone(command.prompt, sound.name)
            if sound.name == "beep":
                self._begins(command.prompt, BEEP_MS, "measured")
            else:
                self._begins(command.prompt, None, "estimated")
        elif not self._rendered and isinstance(sound, cmd.Speech):
            durations = self._plan.durations
            known = None if durations is None else durations(sound, command.loop)
            total = estimate_ms(sound) * command.loop or None
            self._begins(command.prompt, *(known or (total, "estimated")))
        else:
            self._start(self._make(command, sound))

    @property
    def _rendered(self) -> bool:
        """Whether the sound of prompts is made, and not only their length estimated."""
        return self.handset is not None or self._plan.audio_path is not None

    async def _make(self, command: cmd.Play, sound: cmd.Speech | cmd.AudioFile) -> None:
        """Fetch or synthesise a prompt, then let it sound."""
        clip, note = None, ""
        prompts = self._plan.prompts
        try:
            if self._rendered:
                rate = RATE if self.handset is None else self.handset.rate
                clip = await prompts.clip(sound, self.outbox.http, rate)
                if self.handset is None and isinstance(sound, cmd.AudioFile):
                    self._made.keep(sound, clip)
                once, note = clip.duration_ms, clip.note
                basis = "rendered" if isinstance(sound, cmd.Speech) else "measured"
            else:
                assert isinstance(sound, cmd.AudioFile)
                once, basis = await prompts.measure(sound, self.outbox.http), "measured"
        except AudioError as error:
            if self.playing == command.prompt:  # else it was stopped while it was fetched
                self._desk.answer(ev.PromptFailed(command.prompt, "file", str(error)))
            return
        except SoundUnavailable as error:
            assert isinstance(sound, cmd.Speech)
            self._desk.notice(str(error))
            once, basis = estimate_ms(sound), "estimated"
        if self.playing != command.prompt:
            return  # it was stopped while it was being made
        # What the other side is told before it is joined, the caller does not hear.
        if clip is not None and self.handset is not None and command.leg == self._desk.caller_leg:
            self.handset.play(command.prompt, clip, command.loop, command.level)
        self._begins(command.prompt, once * command.loop or None, basis, note)

    def _begins(self, prompt: str, total: int | None, basis: str, note: str = "") -> None:
        """A prompt sounds now, for ``total`` milliseconds or for ever."""
        self._desk.answer(ev.PromptStarted(prompt, total, basis, note))
        if total is not None:
            self._desk.schedule(
                self._desk.now_ms + total, ev.PromptEnded(prompt), f"prompt:{prompt}"
            )

    def _stop(self, command: cmd.StopPlaying) -> None:
        self._desk.drop(f"prompt:{command.prompt}")
        if self.playing == command.prompt:
            self.playing = None
        if self.handset is not None:
            self.handset.stop(command.prompt)

    # ------------------------------------------------------------------ speech and recordings

    async def _voice(self, words: cmd.Speech, say: Callable[[Clip], None]) -> None:
        """Let somebody on the line be heard."""
        assert self.handset is not None
        try:
            clip = await self._plan.prompts.clip(words, self.outbox.http, self.handset.rate)
        except (AudioError, SoundUnavailable) as error:
            self._desk.notice(str(error))  # the words are in the trace and on the screen
        else:
            say(clip)

    def _party_says(self, leg: str, clip: Clip) -> None:
        if leg not in self._dropped and self.handset is not None:
            self.handset.party_says(leg, clip)

    def _listen(self, command: cmd.Listen) -> None:
        if self.handset is not None:
            self.handset.listen(command)

    def _stop_listening(self, command: cmd.StopListening) -> None:
        if self.handset is not None:
            self.handset.stop_listening()

    def _start_recording(self, command: cmd.StartRecording) -> None:
        self.recordings.start(command, self._desk.now_ms)

    def _stop_recording(self, command: cmd.StopRecording) -> None:
        self._start(self._store(command, self._desk.now_ms))

    async def _store(self, command: cmd.StopRecording, now: int) -> None:
        self._desk.answer(await self.recordings.stop(command, now, self._sound))

    async def released(self) -> None:
        """The platform has hung up: let the caller hear it, as telephones do."""
        if self.handset is not None:
            self.handset.end()
            if self.handset.speakers is not None:
                self.handset.tone("released", "busy", self._country)
                await asyncio.sleep(RELEASED_S)

    async def write_audio(self, path: Path, end_ms: int) -> None:
        """The sound of a call that was not heard, as a file. Raises AudioError."""
        from ivrsim.sound.wav_writer import WavWriter

        stereo = await self._sound.read(0, end_ms)

        def write() -> None:
            with WavWriter(path, RATE, 2) as file:
                file.write(stereo)

        await asyncio.to_thread(write)

    # ------------------------------------------------------------------ timers and telephones

    def _start_timer(self, command: cmd.StartTimer) -> None:
        self._desk.schedule(command.due, ev.TimerFired(command.timer), command.timer)

    def _cancel_timer(self, command: cmd.CancelTimer) -> None:
        self._desk.drop(command.timer)

    def _ring(self, command: cmd.RingLeg) -> None:
        told = self.rings(command, self._desk.now_ms)
        if told is not None:
            self._desk.answer(told)

    def _bridge(self, command: cmd.BridgeLegs) -> None:
        self.parties.bridged(command.other, self._desk.now_ms)

    def _drop_leg(self, command: cmd.DropLeg) -> None:
        self.drops(command)
        if self.handset is not None:
            self.handset.stop(f"says:{command.leg}")

    def _nothing(self, command: cmd.Command) -> None:
        """Its record in the trace is all there is to it here."""


_DO: dict[type[Any], Callable[[Hands, Any], None]] = {
    cmd.Play: Hands._play,
    cmd.StopPlaying: Hands._stop,
    cmd.StartTimer: Hands._start_timer,
    cmd.CancelTimer: Hands._cancel_timer,
    cmd.SendWebhook: lambda hands, command: hands.outbox.send(command),
    cmd.RingLeg: Hands._ring,
    cmd.BridgeLegs: Hands._bridge,
    cmd.DropLeg: Hands._drop_leg,
    cmd.SendDtmf: Hands._nothing,
    cmd.Listen: Hands._listen,
    cmd.StopListening: Hands._stop_listening,
    cmd.StartRecording: Hands._start_recording,
    cmd.StopRecording: Hands._stop_recording,
    cmd.ReplyApi: Hands._nothing,
    cmd.EndCall: Hands._nothing,
}
