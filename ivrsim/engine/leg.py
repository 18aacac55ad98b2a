"""One telephone's part in a conversation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Leg:
    """``state`` goes new → ringing → answered → ended; times are call time in milliseconds.

    ``role`` is ``caller`` for the person at the keypad, whoever dialled, else ``party``.
    ``outcome`` once ended: completed, busy, unanswered, rejected, unreachable, timeout,
    cancelled, voicemail; ``facts`` is the platform's own.
    """

    id: str
    role: str
    name: str
    direction: str
    from_: str
    to: str
    created_at: int
    state: str = "new"
    answered_at: int | None = None
    ended_at: int | None = None
    outcome: str | None = None
    ended_by: str | None = None
    facts: Any = None
    causes: dict[str, int | None] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        return self.state == "ended"

    def talked_ms(self) -> int:
        """From answer to end; 0 when it was not answered."""
        if self.answered_at is None or self.ended_at is None:
            return 0
        return self.ended_at - self.answered_at
