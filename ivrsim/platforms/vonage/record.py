"""The action record: until silence, a key or its time is over, or beside the call to its end.

With endOnSilence or endOnKey the NCCO waits for the end [documented]; timeOut alone only limits
it. The event goes out when the file is there, before the next action of an NCCO that waited; its
reply changes nothing.
"""

from __future__ import annotations

from typing import Final

from ivrsim.engine.commands import Tone
from ivrsim.engine.events import RecordingFailed, TimerFired
from ivrsim.engine.keys import Key
from ivrsim.engine.line import Prompt
from ivrsim.engine.platform import CallerGone, Steps
from ivrsim.engine.recordings import Recording, stored
from ivrsim.engine.session import Session
from ivrsim.engine.steps import play
from ivrsim.platforms.vonage import actions as act
from ivrsim.platforms.vonage import bodies
from ivrsim.platforms.vonage.diagnostics import recording_failed
from ivrsim.platforms.vonage.webhooks import Webhooks

KEY_TAIL_MS: Final = 120
"""So long the tone of a key has sounded when the microphone's detector reports it, at most."""


class Records:
    """Runs the records of one call. Several may run at once [assumed]."""

    def __init__(self, webhooks: Webhooks) -> None:
        self._webhooks = webhooks
        self._background: list[Recording] = []

    def run(self, call: Session, action: act.Record) -> Steps[str]:
        """Start it and, where it blocks, wait for its end; the outcome of the action."""
        if action.endless and call.decide("vonage.record_no_end", "a record has no end") == (
            "nothing"
        ):
            return "skipped"
        blocks = action.blocks
        if action.only_time_out:
            blocks = call.decide("vonage.record_time_out", "a record has timeOut only") == "blocks"
        if action.beep_start:
            yield from play(call, Prompt(Tone("beep"), purpose="beep"))
        recording = Recording(
            action.file_format,
            action.file_channels,
            split=action.split is not None,
            background=not blocks,
            silence_ms=_ms(action.end_on_silence),
            limit_ms=_ms(action.time_out),
            terminator=action.end_on_key,
            transcription=action.transcription is not None,
            uuid=bodies.new_uuid(call.random),
        )
        call.recordings.start(recording)
        if not blocks:
            self._background.append(recording)
            call.spawn(self._beside(call, action, recording))
            return "done"
        try:
            by, tail_ms = yield from self._until_its_end(call, recording)
        except CallerGone:
            call.recordings.stop(recording, "hangup")
            call.spawn(self._tell(call, action, recording))
            raise
        call.recordings.stop(recording, by, tail_ms)
        call.spawn(self._tell(call, action, recording))
        yield (f"told:{recording.id}",)
        return "done"

    def end(self, call: Session, by: str) -> None:
        """The call is over, and with it what is still being recorded."""
        for recording in list(self._background):
            call.wake(f"stop:{recording.id}", by)
        call.recordings.stop_all(by)

    def _until_its_end(self, call: Session, recording: Recording) -> Steps[tuple[str, int]]:
        """What ended it, and how much of its end is the tone of the key that did."""
        limit = silence = None
        if recording.limit_ms is not None:
            limit = call.start_timer("recording limit", recording.limit_ms)
        if recording.silence_ms is not None and not call.hearing.speaking:
            why = "a record with endOnSilence begins in silence"
            if call.decide("vonage.record_initial_silence", why) == "ends":
                silence = _start_silence(call, recording)
        try:
            while True:
                timers = [timer for timer in (limit, silence) if timer is not None]
                event = yield ("digit", "speech", *timers)
                if isinstance(event, TimerFired):
                    return ("limit" if event.timer == limit else "silence"), 0
                if isinstance(event, Key) and event.digit == recording.terminator:
                    return "key", KEY_TAIL_MS if event.source == "microphone" else 0
                call.cancel_timer(silence)
                silence = None
                if recording.silence_ms is not None and not call.hearing.speaking:
                    silence = _start_silence(call, recording)
        finally:
            call.cancel_timer(limit)
            call.cancel_timer(silence)

    def _beside(self, call: Session, action: act.Record, recording: Recording) -> Steps[None]:
        """A recording that nothing waits for: until timeOut, or the end of the call."""
        stop, limit = f"stop:{recording.id}", None
        if recording.limit_ms is not None:
            limit = call.start_timer("recording limit", recording.limit_ms)
        event = yield (stop,) if limit is None else (stop, limit)
        call.cancel_timer(limit)
        self._background.remove(recording)
        call.recordings.stop(recording, "limit" if isinstance(event, TimerFired) else event)
        yield from self._tell(call, action, recording)

    def _tell(self, call: Session, action: act.Record, recording: Recording) -> Steps[None]:
        """The event of a recording, once its file is there."""
        answer = yield from stored(recording)
        if isinstance(answer, RecordingFailed):
            call.diagnose(recording_failed(answer.message, "its event is not sent"))
        else:
            times = call.decide("vonage.record_times", "the event of a recording is sent")
            body = bodies.record_body(
                self._webhooks.conversation,
                call.time(),
                started=call.time(recording.started_at),
                ended=call.time(recording.stopped_at),
                url=answer.url,
                size=answer.size,
                recording=recording.uuid,
                milliseconds=times == "milliseconds",
            )
            self._webhooks.recorded(call, body, action)
        call.wake(f"told:{recording.id}", None)


def _start_silence(call: Session, recording: Recording) -> str:
    assert recording.silence_ms is not None
    since = max(call.hearing.silent_since, recording.started_at)
    return call.start_timer("silence", max(0, since + recording.silence_ms - call.t))


def _ms(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
