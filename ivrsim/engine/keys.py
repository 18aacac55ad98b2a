"""The caller's keys: which capture takes them, and why one has no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ivrsim.engine.events import DigitPressed

if TYPE_CHECKING:
    from ivrsim.engine.session import Session

SECRET: Final = "•"

# Reasons why a key came ahead of a capture: it may wait for the next one (``type_ahead``).
_AHEAD: Final = frozenset({"prompt-plays", "webhook-pending", "no-capture", "capture-full"})


class Key(NamedTuple):
    """A key that counts, with the ``seq`` of its record."""

    digit: str
    seq: int
    source: str


class OpenCapture:
    """What must be known of a capture to judge a key.

    ``takes_keys`` and ``takes_speech``: what it was opened for. ``refused`` are keys without
    effect; ``deaf``: no key has any while a prompt plays.
    """

    __slots__ = (
        "deaf", "full", "id", "refused", "secret", "takes_keys", "takes_speech", "terminator",
    )  # fmt: skip

    def __init__(
        self,
        id: str,
        terminator: str | None,
        secret: bool,
        refused: str,
        deaf: bool,
        takes_keys: bool = True,
        takes_speech: bool = False,
    ) -> None:
        self.id = id
        self.terminator = terminator
        self.secret = secret
        self.refused = refused
        self.deaf = deaf
        self.takes_keys = takes_keys
        self.takes_speech = takes_speech
        self.full = False


class Keys:
    """Gives each key to whoever takes it (key ``digit``), or says what became of it.

    That is the open capture, else a recording that the program waits for: there every key is a
    sound, and ``terminator`` ends it. ``ahead`` are keys kept for the next capture. ``secret``:
    the document that runs asks for something secret, so that keys outside its captures, which
    came too early or too late, are masked too.
    """

    def __init__(self, call: Session) -> None:
        self._call = call
        self._said: str | None = None
        self.capture: OpenCapture | None = None
        self.ahead: list[Key] = []
        self.secret = call.setup.secret

    def shown(self, digit: str) -> str:
        """``digit`` as the trace has it."""
        capture = self.capture
        if capture is None:
            recording = self._call.recordings.awaited
            plain = digit == "#" or (recording is not None and digit == recording.terminator)
            return SECRET if self.secret and not plain else digit
        plain = digit == capture.terminator or digit in capture.refused
        return SECRET if capture.secret and not plain else digit

    def pressed(self, event: DigitPressed) -> None:
        """A key of the caller."""
        call, capture = self._call, self.capture
        if call.started and not call.closing:
            call.hearing.sounded()
        if capture is not None and self._takes(capture, event.digit):
            seq = self._record(event, None, capture.id)
            self._said = None
            call.wake("digit", Key(event.digit, seq, event.source))
            return
        recording = call.recordings.awaited
        if capture is None and recording is not None:
            seq = self._record(event, None, None, recording=recording.id)
            call.wake("digit", Key(event.digit, seq, event.source))
            return
        why = self._why_ignored(event.digit)
        ahead = why in _AHEAD and (capture is None or capture.full)
        if ahead and call.setting(self._type_ahead) == "keep":
            seq = self._record(event, None, None, typed_ahead=True)
            call.decide(self._type_ahead, "a key was pressed ahead of its capture")
            self.ahead.append(Key(event.digit, seq, event.source))
            return
        self._record(event, why, None)
        if why is None or why == self._said:
            return
        self._said = why  # a remark for each key would say no more
        if ahead:
            call.decide(self._type_ahead, "a key was pressed ahead of its capture")
        remark = call.platform.key_ignored(self.shown(event.digit), why)
        if remark is not None:
            call.diagnose(remark)

    @property
    def _type_ahead(self) -> str:
        return f"{self._call.platform.name}.type_ahead"

    def _takes(self, capture: OpenCapture, digit: str) -> bool:
        if capture.full or not capture.takes_keys or digit in capture.refused:
            return False
        return not (capture.deaf and self._call.line.busy)

    def _record(
        self, event: DigitPressed, ignored: str | None, capture: str | None, **more: bool | str
    ) -> int:
        data: dict[str, Any] = {
            "digit": self.shown(event.digit),
            "source": event.source,
            "ignored": ignored,
            "capture": capture,
            **more,
        }
        return self._call.input_record(event.kind, data, None, self._call.caller_leg or None)

    def _why_ignored(self, digit: str) -> str | None:
        """Why a key has no effect now; None when it goes through to the other side."""
        call, capture = self._call, self.capture
        if capture is None or call.closing or call.bridged:
            return nobody_listens(call)
        if capture.full:
            return "capture-full"
        refused = not capture.takes_keys or digit in capture.refused
        return "not-a-digit-here" if refused else "prompt-plays"


def nobody_listens(call: Session) -> str | None:
    """Why no capture takes what the caller does; None when it goes through to the other side."""
    if call.closing:
        return "call-ended"
    if not call.started:
        return "no-capture"
    if call.bridged:
        return None
    if call.webhook_pending:
        return "webhook-pending"
    prompt = call.line.current
    if prompt is None or prompt.interruptible or prompt.purpose == "ringback":
        return "no-capture"
    return "prompt-plays"
