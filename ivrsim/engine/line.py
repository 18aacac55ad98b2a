"""The caller's line: prompts one after another, at most one at a time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ivrsim.engine.commands import AudioFile, Play, Sound, Speech, StopPlaying, Tone
from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.engine.events import PromptEnded, PromptFailed, PromptStarted

if TYPE_CHECKING:
    from ivrsim.engine.session import Session


@dataclass(slots=True)
class Prompt:
    """Something to be played to the caller. ``loop`` is how often in all, 0 for ever.

    ``outcome`` is None until it has ended: finished, skipped, interrupted or failed.
    """

    sound: Sound
    loop: int = 1
    level: float = 0.0
    interruptible: bool = False
    purpose: str = "prompt"
    leg: str | None = None
    id: str = ""
    outcome: str | None = None
    failure: PromptFailed | None = None

    def describe(self) -> dict[str, Any]:
        """What ``prompt.started`` says of it, beside its duration."""
        sound = self.sound
        text = url = None
        ssml = False
        language = None
        if isinstance(sound, Speech):
            text, ssml, language = sound.plain, sound.ssml, sound.language
        elif isinstance(sound, AudioFile):
            url = sound.url
        return {
            "text": text,
            "url": url,
            "tone": sound.name if isinstance(sound, Tone) else None,
            "ssml": ssml,
            "language": language,
            "loop": self.loop,
            "interruptible": self.interruptible,
            "purpose": self.purpose,
        }


class Line:
    """Plays queued prompts in order; tells the program (key ``line``) when it falls silent."""

    def __init__(self, call: Session) -> None:
        self._call = call
        self._queue: deque[Prompt] = deque()
        self._started_at: int | None = None
        self._count = 0
        self._causes: dict[str, int | None] = {}
        self._noted: set[str] = set()
        self.current: Prompt | None = None

    @property
    def busy(self) -> bool:
        """Whether a prompt plays, or is about to."""
        return self.current is not None

    def play(self, prompt: Prompt) -> None:
        """Play ``prompt`` when those before it have ended."""
        if self.current is None:
            self._send(prompt)
        else:
            self._queue.append(prompt)

    def stop(self, by: str) -> None:
        """Silence now, and forget what is queued. ``by``: digit, speech, hangup or action."""
        self._queue.clear()
        prompt, self.current = self.current, None
        if prompt is None:
            return
        prompt.outcome = "interrupted"
        started = self._started_at
        played = 0 if started is None else self._call.t - started
        data = {"prompt": prompt.id, "by": by, "played_ms": played}
        self._call.record("prompt.interrupted", data)
        self._call.command(StopPlaying(prompt.id))

    def _send(self, prompt: Prompt) -> None:
        self._count += 1
        prompt.id = f"p{self._count}"
        self.current = prompt
        self._started_at = None
        call = self._call
        leg = prompt.leg or call.caller_leg
        self._causes[prompt.id] = call.cause
        call.command(
            Play(prompt.id, leg, prompt.sound, prompt.loop, prompt.level, prompt.interruptible)
        )

    def started(self, event: PromptStarted) -> None:
        data: dict[str, Any] = {
            "prompt": event.prompt,
            "duration_ms": event.duration_ms,
            "basis": event.basis,
        }
        cause = self._causes.get(event.prompt)
        prompt = self.current
        if prompt is None or prompt.id != event.prompt or self._started_at is not None:
            data["ignored"] = True
            self._call.input_record(event.kind, data, cause)
            return
        self._started_at = self._call.t
        data.update(prompt.describe())
        data["queued"] = len(self._queue)
        data["note"] = event.note
        seq = self._call.input_record(event.kind, data, cause, prompt.leg)
        self._causes[prompt.id] = seq
        if event.note and event.note not in self._noted:
            self._noted.add(event.note)
            self._call.diagnose(
                Diagnostic(f"{self._call.platform.name}.prompt-differs", "info", event.note)
            )

    def ended(self, event: PromptEnded) -> None:
        prompt = self._over(event, {"prompt": event.prompt, "skipped": event.skipped})
        if prompt is None:
            return
        if event.skipped:
            self._call.command(StopPlaying(prompt.id))
        prompt.outcome = "skipped" if event.skipped else "finished"
        self._next(event)

    def failed(self, event: PromptFailed) -> None:
        data: dict[str, Any] = {
            "prompt": event.prompt,
            "reason": event.reason,
            "message": event.message,
        }
        prompt = self._over(event, data)
        if prompt is None:
            return
        prompt.outcome, prompt.failure = "failed", event
        self._call.diagnose(self._call.platform.prompt_failed(event))
        self._next(event)

    def _over(self, event: PromptEnded | PromptFailed, data: dict[str, Any]) -> Prompt | None:
        """Record the end of a prompt; the prompt, if it is the one that plays."""
        prompt = self.current
        if prompt is None or prompt.id != event.prompt:
            prompt, data["ignored"] = None, True
        elif isinstance(event, PromptFailed):
            data.update(prompt.describe())
        self._call.input_record(event.kind, data, self._causes.get(event.prompt))
        return prompt

    def _next(self, event: PromptEnded | PromptFailed) -> None:
        self.current = None
        if self._queue:
            self._send(self._queue.popleft())
            if isinstance(event, PromptEnded):
                return
        self._call.wake("line", event)
