"""The caller's keys: which capture takes them, and why one has no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ivrsim.engine.events import DigitPressed

if TYPE_CHECKING:
    from ivrsim.engine.session import Session

SECRET: Final = "•"

# Reasons why a key came ahead of a capture: it may wait for the next one (``type_ahead``).
_AHEAD: Final = frozenset({"prompt-plays", "webhook-pending", "no-capture", "capture-full"})


class OpenCapture:
    """What must be known of a capture to judge a key.

    ``refused`` are keys without effect; ``deaf``: no key has any while a prompt plays.
    """

    __slots__ = ("deaf", "full", "id", "refused", "secret", "terminator")

    def __init__(
        self, id: str, terminator: str | None, secret: bool, refused: str, deaf: bool
    ) -> None:
        self.id = id
        self.terminator = terminator
        self.secret = secret
        self.refused = refused
        self.deaf = deaf
        self.full = False


class Keys:
    """Gives each key to the open capture (key ``digit``), or says what became of it.

    ``ahead`` are keys kept for the next capture, with the ``seq`` of their records. ``secret``:
    the document that runs asks for something secret, so that keys outside its captures, which
    came too early or too late, are masked too.
    """

    def __init__(self, call: Session) -> None:
        self._call = call
        self._said: str | None = None
        self.capture: OpenCapture | None = None
        self.ahead: list[tuple[str, int]] = []
        self.secret = call.setup.secret

    def shown(self, digit: str) -> str:
        """``digit`` as the trace has it."""
        capture = self.capture
        if capture is None:
            return SECRET if self.secret and digit != "#" else digit
        plain = digit == capture.terminator or digit in capture.refused
        return SECRET if capture.secret and not plain else digit

    def pressed(self, event: DigitPressed) -> None:
        """A key of the caller."""
        call, capture = self._call, self.capture
        if capture is not None and self._takes(capture, event.digit):
            seq = self._record(event, None, capture.id)
            self._said = None
            call.wake("digit", (event.digit, seq))
            return
        why = self._why_ignored(event.digit)
        ahead = why in _AHEAD and (capture is None or capture.full)
        if ahead and call.setting(self._type_ahead) == "keep":
            seq = self._record(event, None, None, typed_ahead=True)
            call.decide(self._type_ahead, "a key was pressed ahead of its capture")
            self.ahead.append((event.digit, seq))
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
        if capture.full or digit in capture.refused:
            return False
        return not (capture.deaf and self._call.line.busy)

    def _record(
        self, event: DigitPressed, ignored: str | None, capture: str | None, **more: bool
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
        if call.closing:
            return "call-ended"
        if not call.started:
            return "no-capture"
        if call.bridged:
            return None
        if capture is not None:
            if capture.full:
                return "capture-full"
            return "not-a-digit-here" if digit in capture.refused else "prompt-plays"
        if call.webhook_pending:
            return "webhook-pending"
        prompt = call.line.current
        if prompt is None or prompt.interruptible or prompt.purpose == "ringback":
            return "no-capture"
        return "prompt-plays"
