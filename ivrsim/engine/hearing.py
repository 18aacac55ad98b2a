"""The caller's voice: who takes what is said, and how long it has been silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.engine.events import SpeechHeard, SpeechStarted, SpeechStopped
from ivrsim.engine.keys import nobody_listens
from ivrsim.trace.masking import MASK

if TYPE_CHECKING:
    from ivrsim.engine.session import Session

_REASONS: Final = {
    "not-speech": "the input takes keys only",
    "speech-over": "a key has ended the recognition of speech",
    "prompt-plays": "a prompt without barge-in is playing",
    "webhook-pending": "a webhook is under way",
    "no-capture": "nobody is listening",
}


class Said(NamedTuple):
    """Something of the caller's voice that counts, with the ``seq`` of its record.

    ``hidden``: words that were said to something secret before.
    """

    event: SpeechStarted | SpeechStopped | SpeechHeard
    seq: int
    hidden: bool = False


class OpenSpeech:
    """What must be known of a capture to judge what is said."""

    __slots__ = ("id", "secret")

    def __init__(self, id: str, secret: bool) -> None:
        self.id = id
        self.secret = secret


class Hearing:
    """Gives the caller's voice to whoever takes it (key ``speech``), or says what became of it.

    That is ``capture``, the open capture when it takes speech, else a recording that the program
    waits for. ``silent_since`` is call time; the tone of a key is a sound, too.
    """

    def __init__(self, call: Session) -> None:
        self._call = call
        self._speaking: set[str] = set()
        self._hidden: set[str] = set()
        self._said: set[str] = set()
        self.capture: OpenSpeech | None = None
        self.silent_since = 0

    @property
    def speaking(self) -> bool:
        """Whether the caller's voice is heard now."""
        return bool(self._speaking)

    def sounded(self) -> None:
        """Something was heard, such as a key, and now it is silent again."""
        self.silent_since = self._call.t

    def close(self) -> None:
        """The capture takes no more words. Those under way to a secret one may come yet."""
        if self.capture is not None and self.capture.secret:
            self._hidden |= self._speaking
        self.capture = None

    def started(self, event: SpeechStarted) -> None:
        data: dict[str, Any] = {
            "source": event.source,
            "text": self.shown(event.text),
            "duration_ms": event.duration_ms,
            "ignored": None,
            "capture": None,
        }
        if not self._is_caller(event.leg):
            self._pass_by(event, data)
            return
        self._speaking.add(event.source)
        if self._secret:
            self._hidden.add(event.source)
        else:
            self._hidden.discard(event.source)
        self._take(event, data)

    def stopped(self, event: SpeechStopped) -> None:
        data: dict[str, Any] = {"source": event.source, "ago_ms": event.ago_ms}
        if not self._is_caller(event.leg):
            self._pass_by(event, data)
            return
        self._speaking.discard(event.source)
        self._hidden.discard(event.source)
        if not self._speaking:
            self.silent_since = max(self.silent_since, self._call.t - event.ago_ms)
        seq = self._call.input_record(event.kind, data, None, event.leg)
        if self._taken:
            self._call.wake("speech", Said(event, seq))

    def heard(self, event: SpeechHeard) -> None:
        data: dict[str, Any] = {
            "text": self.words(event) if self._is_caller(event.leg) else event.text,
            "source": event.source,
            "duration_ms": event.duration_ms,
            "confidence": event.confidence,
            "alternatives": self.alternatives(event),
            "ignored": None,
            "capture": None,
        }
        if not self._is_caller(event.leg):
            self._pass_by(event, data)
            return
        if not self._speaking:
            self.sounded()  # told when it was over
        self._take(event, data)

    @property
    def _taken(self) -> bool:
        listens = self.capture is not None or self._call.recordings.awaited is not None
        return listens and not self._call.closing

    def _is_caller(self, leg: str) -> bool:
        return leg == self._call.caller_leg != ""

    def _pass_by(self, event: SpeechStarted | SpeechStopped | SpeechHeard, data: Any) -> None:
        """Somebody else's voice: the caller hears it, nothing waits for it."""
        leg = self._call.legs.get(event.leg)
        cause = leg.causes.get("bridged") if leg else None
        self._call.input_record(event.kind, data, cause, event.leg)

    def _take(self, event: SpeechStarted | SpeechHeard, data: dict[str, Any]) -> None:
        call, taken = self._call, self._taken
        why = None if taken else self._why_ignored()
        data["ignored"] = why
        if taken and self.capture is not None:
            data["capture"] = self.capture.id
        seq = call.input_record(event.kind, data, None, event.leg)
        if taken:
            call.wake("speech", Said(event, seq, event.source in self._hidden))
        elif why in _REASONS and why not in self._said and type(event) is SpeechStarted:
            self._said.add(why)
            call.diagnose(
                Diagnostic(
                    f"{call.platform.name}.speech-ignored",
                    "info",
                    f"what was said was ignored: {_REASONS[why]}",
                    expected="an input of type speech that listens",
                )
            )

    def _why_ignored(self) -> str | None:
        """None: the other side hears it, or a recording that runs in the background."""
        call = self._call
        keys = call.keys.capture
        if call.closing or call.bridged or not call.started:
            return nobody_listens(call)
        if any(recording.purpose == "record" for recording in call.recordings.running.values()):
            return None
        if keys is not None:
            return "speech-over" if keys.takes_speech else "not-speech"
        return nobody_listens(call)

    def alternatives(self, event: SpeechHeard) -> list[list[Any]]:
        """Further readings as the trace has them."""
        hidden = event.source in self._hidden
        return [[self.shown(text, hidden), sure] for text, sure in event.alternatives]

    def words(self, event: SpeechHeard) -> str | None:
        """What was understood as the trace has it."""
        return self.shown(event.text, event.source in self._hidden)

    def shown(self, text: str | None, hidden: bool = False) -> str | None:
        """``text`` as the trace has it. ``hidden``: it was said to something secret."""
        return MASK if (self._secret or hidden) and text else text

    @property
    def _secret(self) -> bool:
        """Whether what is said now is said to something secret."""
        return self._call.keys.secret if self.capture is None else self.capture.secret
