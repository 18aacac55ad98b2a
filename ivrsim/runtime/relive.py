"""The hands of a call that is lived again: nothing is done, but what is under way is kept in mind.

``UnderWay`` is told the commands and events of the past; then ``todo`` and ``sound`` go on with
what it has left under way. What is scheduled by the rules of a flow (when a telephone
answers, what its person says) is scheduled as in a live call, and taken off the agenda when the
past says what came of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ivrsim.engine import commands as cmd
from ivrsim.engine import events as ev
from ivrsim.errors import AudioError, SoundUnavailable
from ivrsim.runtime.caller import utterance
from ivrsim.runtime.still import edited
from ivrsim.trace.record import Record

if TYPE_CHECKING:
    from ivrsim.runtime.hands import Desk, Hands

Reply = ev.WebhookReplied | ev.WebhookFailed

_LEFT_OUT: Final = (cmd.ReplyApi, cmd.EndCall, cmd.SendDtmf)


class UnderWay:
    """What a past has begun and not ended. ``unsent`` are webhooks that have yet to go out."""

    def __init__(self, hands: Hands, desk: Desk, unsent: Collection[str] = ()) -> None:
        self._hands = hands
        self._desk = desk
        self._unsent = unsent
        self._open: dict[str, cmd.Command | ev.Event] = {}  # what has no answer yet, in order
        self._pages: dict[str, tuple[int, Reply]] = {}
        self._sounding: cmd.Play | None = None
        self._since = 0
        self._picked_up = False

    # ------------------------------------------------------------------ the past

    def command(self, command: cmd.Command, t: int) -> None:
        """The call asked for ``command`` at ``t``."""
        if not isinstance(command, _LEFT_OUT):
            _COMMANDS[type(command)](self, command, t)

    def event(self, event: ev.Event, t: int) -> None:
        """``event`` was fed at ``t``: what was waited for has come."""
        handler = _EVENTS.get(type(event))
        if handler is not None:
            handler(self, event, t)

    def _plays(self, command: cmd.Play, t: int) -> None:
        self._open[command.prompt] = command
        self._hands.playing = command.prompt
        self._hands.plays[command.prompt] = command

    def picked_up(self) -> None:
        """The caller has heard something: no ringback any more."""
        self._picked_up = True

    def _sounds(self, event: ev.PromptStarted, t: int) -> None:
        play = self._open.pop(event.prompt, None)
        if not isinstance(play, cmd.Play):
            return  # it had been stopped while it was made
        self._sounding, self._since = play, t
        if event.duration_ms is not None:
            ends = t + event.duration_ms
            self._desk.schedule(ends, ev.PromptEnded(event.prompt), f"prompt:{event.prompt}")

    def _silent(self, prompt: str) -> None:
        self._desk.drop(f"prompt:{prompt}")
        self._open.pop(prompt, None)
        if self._sounding is not None and self._sounding.prompt == prompt:
            self._sounding = None
        if self._hands.playing == prompt:
            self._hands.playing = None

    def _asks(self, command: cmd.SendWebhook, t: int) -> None:
        self._open[command.webhook] = command
        if command.webhook in self._unsent:
            return
        # Scripted pages turn over with each webhook: they must be where they were.
        page = self._hands.outbox.page_reply(self._hands.readdressed(command))
        if page is not None:
            self._pages[command.webhook] = (t + page[1], page[0])

    def _is_edited(self, event: ev.RequestEdited, t: int) -> None:
        command = self._open.get(event.webhook)
        if isinstance(command, cmd.SendWebhook):
            self._open[event.webhook] = edited(command, event)

    def _is_answered(self, event: ev.WebhookReplied | ev.WebhookFailed, t: int) -> None:
        self._open.pop(event.webhook, None)

    def _bridges(self, command: cmd.BridgeLegs, t: int) -> None:
        self._hands.parties.bridged(command.other, t)

    def _rings(self, command: cmd.RingLeg, t: int) -> None:
        told = self._hands.rings(command, t)
        if told is not None:
            self._open[f"fault {command.leg}"] = told

    def _is_told(self, event: ev.FaultInjected, t: int) -> None:
        self._open.pop(f"fault {event.leg}", None)
        self._desk.drop(f"fault:{event.leg}")

    def _records(self, command: cmd.StartRecording, t: int) -> None:
        self._hands.recordings.start(command, t)

    def _stops_recording(self, command: cmd.StopRecording, t: int) -> None:
        self._open[f"stop {command.recording}"] = command

    def _is_stored(self, event: ev.RecordingStored | ev.RecordingFailed, t: int) -> None:
        self._open.pop(f"stop {event.recording}", None)
        self._hands.recordings.forget(event.recording)

    def _listens(self, command: cmd.Listen, t: int) -> None:
        self._open["listen"] = command

    def _stops_listening(self, command: cmd.StopListening, t: int) -> None:
        self._open.pop("listen", None)

    def _drops(self, command: cmd.DropLeg, t: int) -> None:
        self._hands.drops(command)

    def _speaks(self, event: ev.SpeechStarted, t: int) -> None:
        """What is typed or scripted takes its time: its end comes by itself."""
        if event.text is None:
            return
        for at, rest in utterance(event.text, event.leg, t, event.source, event.duration_ms)[1:]:
            self._desk.schedule(at, rest, f"{rest.kind}:{event.source}")

    def _spoke(self, event: ev.SpeechHeard | ev.SpeechStopped, t: int) -> None:
        if event.source == "party":
            self._desk.drop(f"says:{event.leg}")
        else:
            self._desk.drop(f"{event.kind}:{event.source}")

    def _answered(self, event: ev.LegAnswered | ev.LegBusy | ev.LegUnanswered, t: int) -> None:
        self._desk.drop(f"outcome:{event.leg}")
        if isinstance(event, ev.LegAnswered):
            self._hands.parties.relived_answer(event.leg, t)

    # ------------------------------------------------------------------ from now on

    def todo(
        self, later: Mapping[str, Record], t: int, told: Sequence[Record] = ()
    ) -> list[cmd.Command | ev.Event]:
        """What is to be done and to be fed first, at ``t``, in the order in which it was asked for.

        ``later`` are the replies that came to webhooks of the past: they come again, when they
        came, and what was ``told`` of them before. A webhook whose reply nobody has recorded is
        sent.
        """
        found: list[cmd.Command | ev.Event] = []
        asked = {c.webhook for c in self._open.values() if isinstance(c, cmd.SendWebhook)}
        about = [*told, *later.values()]
        # A fault may have let one webhook overtake another: the order is that of the records.
        recorded = sorted((r for r in about if r.data["webhook"] in asked), key=lambda r: r.seq)
        come_again = deque(recorded)
        for command in self._open.values():
            if not isinstance(command, cmd.SendWebhook):
                found.append(command)
            elif command.webhook in later:
                for _ in range(sum(r.data["webhook"] == command.webhook for r in recorded)):
                    record = come_again.popleft()
                    self._comes(found, record.t, ev.event_from_record(record), t)
            elif command.webhook in self._pages:
                self._comes(found, *self._pages[command.webhook], t)
            else:
                found.append(self._hands.readdressed(command))  # before somebody edits it
        return found

    def _comes(self, found: list[cmd.Command | ev.Event], at: int, event: ev.Event, t: int) -> None:
        """``event`` is due ``at``: it is one of what is ``found`` to be done at ``t``, or later."""
        if at > t:
            self._desk.schedule(at, event)
        else:
            found.append(event)

    async def sound(self) -> None:
        """Let the caller hear what sounds now, from its middle."""
        hands, handset, play = self._hands, self._hands.handset, self._sounding
        if handset is None:
            return
        if not self._picked_up and hands.inbound:
            hands.ringback()
        if play is None:
            return
        if isinstance(play.sound, cmd.Tone):
            hands.tone(play.prompt, play.sound.name)
        elif play.leg == self._desk.caller_leg:
            try:
                clip = await hands.clip(play.sound)
            except (AudioError, SoundUnavailable) as error:
                self._desk.notice(str(error))  # it ends when it ended; it is only not heard
            else:
                if hands.playing == play.prompt:  # else it is over: making the sound takes a while
                    gone = self._desk.now_ms - self._since
                    handset.play(play.prompt, clip, play.loop, play.level, from_ms=gone)


_COMMANDS: Final[dict[type[Any], Callable[[UnderWay, Any, int], None]]] = {
    cmd.Play: UnderWay._plays,
    cmd.StopPlaying: lambda way, command, t: way._silent(command.prompt),
    cmd.StartTimer: lambda way, command, t: way._hands.do(command),
    cmd.CancelTimer: lambda way, command, t: way._hands.do(command),
    cmd.SendWebhook: UnderWay._asks,
    cmd.RingLeg: UnderWay._rings,
    cmd.BridgeLegs: UnderWay._bridges,
    cmd.DropLeg: UnderWay._drops,
    cmd.Listen: UnderWay._listens,
    cmd.StopListening: UnderWay._stops_listening,
    cmd.StartRecording: UnderWay._records,
    cmd.StopRecording: UnderWay._stops_recording,
}

_EVENTS: Final[dict[type[Any], Callable[[UnderWay, Any, int], None]]] = {
    ev.PromptStarted: UnderWay._sounds,
    ev.PromptEnded: lambda way, event, t: way._silent(event.prompt),
    ev.PromptFailed: lambda way, event, t: way._silent(event.prompt),
    ev.TimerFired: lambda way, event, t: way._desk.drop(event.timer),
    ev.FaultInjected: UnderWay._is_told,
    ev.RequestEdited: UnderWay._is_edited,
    ev.WebhookReplied: UnderWay._is_answered,
    ev.WebhookFailed: UnderWay._is_answered,
    ev.RecordingStored: UnderWay._is_stored,
    ev.RecordingFailed: UnderWay._is_stored,
    ev.LegRinging: lambda way, event, t: way._desk.drop(f"ring:{event.leg}"),
    ev.LegAnswered: UnderWay._answered,
    ev.LegBusy: UnderWay._answered,
    ev.LegUnanswered: UnderWay._answered,
    ev.HungUp: lambda way, event, t: way._desk.drop(f"hangup:{event.leg}"),
    ev.SpeechStarted: UnderWay._speaks,
    ev.SpeechHeard: UnderWay._spoke,
    ev.SpeechStopped: UnderWay._spoke,
}
