"""Recordings that an application asks for, from their start until their files are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ivrsim.engine.commands import RecordingFormat, StartRecording, StopRecording
from ivrsim.engine.events import RecordingFailed, RecordingStored
from ivrsim.engine.platform import Steps

if TYPE_CHECKING:
    from ivrsim.engine.session import Session


@dataclass(slots=True)
class Recording:
    """``channels``: see StartRecording. Times in milliseconds; None where there is no such limit.

    ``background``: the program goes on beside it, so that neither keys nor silence end it.
    ``purpose`` is ``record``, or ``speech`` for the audio of what an input recognises.
    """

    format: RecordingFormat
    channels: int = 1
    split: bool = False
    background: bool = True
    silence_ms: int | None = None
    limit_ms: int | None = None
    terminator: str | None = None
    transcription: bool = False
    purpose: str = "record"
    uuid: str = ""
    id: str = ""
    started_at: int = 0
    stopped_at: int = 0


class Recordings:
    """Those of one call. ``awaited`` is the one that the program waits for: it hears all keys.

    Who stops one waits for its file with the key ``recording:ID``.
    """

    def __init__(self, call: Session) -> None:
        self._call = call
        self._stopped: dict[str, int] = {}
        self.running: dict[str, Recording] = {}
        self.awaited: Recording | None = None

    def start(self, recording: Recording) -> None:
        """Record from now on."""
        call = self._call
        recording.id = call.new_id("r")
        recording.started_at = call.t
        self.running[recording.id] = recording
        if not recording.background:
            self.awaited = recording
        data = {
            "recording": recording.id,
            "uuid": recording.uuid,
            "format": recording.format,
            "channels": recording.channels,
            "split": recording.split,
            "background": recording.background,
            "silence_ms": recording.silence_ms,
            "limit_ms": recording.limit_ms,
            "terminator": recording.terminator,
            "transcription": recording.transcription,
            "purpose": recording.purpose,
        }
        call.record("recording.started", data, call.caller_leg or None, leads=True)
        call.command(StartRecording(recording.id, recording.format, recording.channels))

    def stop(self, recording: Recording, by: str, tail_ms: int = 0) -> None:
        """End it: ``by`` silence, key, limit, hangup or end. Harmless when it was over."""
        if self.running.pop(recording.id, None) is None:
            return
        if self.awaited is recording:
            self.awaited = None
        call = self._call
        recording.stopped_at = max(recording.started_at, call.t - tail_ms)
        data = {
            "recording": recording.id,
            "by": by,
            "started": recording.started_at,
            "duration_ms": recording.stopped_at - recording.started_at,
        }
        seq = call.record("recording.stopped", data, call.caller_leg or None, leads=True)
        self._stopped[recording.id] = seq
        call.command(StopRecording(recording.id, tail_ms))

    def stop_all(self, by: str) -> None:
        for recording in list(self.running.values()):
            self.stop(recording, by)

    def answered(self, event: RecordingStored | RecordingFailed) -> None:
        """The file is there, or could not be made."""
        call = self._call
        cause = self._stopped.pop(event.recording, None)
        data: dict[str, Any] = {"recording": event.recording}
        if isinstance(event, RecordingStored):
            data.update(url=event.url, size=event.size, duration_ms=event.duration_ms)
        else:
            data["message"] = event.message
        if cause is None:
            data["ignored"] = True
        call.input_record(event.kind, data, cause, call.caller_leg or None)
        if cause is not None:
            call.wake(f"recording:{event.recording}", event)


def stored(recording: Recording) -> Steps[RecordingStored | RecordingFailed]:
    """Wait for the file of a recording that was stopped."""
    answer: RecordingStored | RecordingFailed = yield (f"recording:{recording.id}",)
    return answer
