"""Dead air: the caller has done something, and hears nothing.

The rule. Somebody who has pressed a key, or said something, waits for an answer; what he hears
until it comes is silence, and that is measured.

- It begins with a key that counted: one that a capture, or a recording that a key ends, has
  taken. Keys that are ignored neither begin it nor end it, however often they are pressed. Words
  that a capture has taken count as a key does, from the end of the voice.
- A further key of the same capture moves the beginning: what lay between two digits of a
  number is the caller's own pace, and one capture is one wait.
- While something sounds it is not silent. A key pressed while a prompt goes on playing makes
  dead air from the end of that prompt at the earliest.
- It ends with the next sound that the caller hears: a prompt, a beep or ringback begins, the
  other side speaks, or the caller is put through; or with the end of the call. Who acts again in
  the silence, for another capture, ends one stretch and begins the next.
- A call that goes on in another trace leaves nothing to measure.

Time is call time, in milliseconds. In virtual time a reply takes none, so that what is found
there are the platform's own waits, scripted delays and timeouts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ivrsim.trace.record import Record
from ivrsim.trace.view_words import int_of, seconds_words, text_of

LIMIT_MS: Final = 3000
"""How long a caller bears it: beyond this it is worth a warning."""

_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class DeadAir:
    """Silence from ``t`` on, for ``ms`` milliseconds of call time (never 0).

    ``seq`` is the key's record (or that of the words), ``until_seq`` that of what ended it;
    ``after`` is key or words.
    """

    seq: int
    t: int
    ms: int
    until_seq: int
    after: str = "key"

    def in_words(self) -> str:
        """``3.4 s of silence after the key``"""
        return f"{seconds_words(self.ms)} of silence after the {self.after}"


class DeadAirFold:
    """Measures as records come; each costs the same however long the call already is."""

    def __init__(self) -> None:
        self.stretches: list[DeadAir] = []
        self._waits: int | None = None  # the seq of what the caller did last
        self._taker = ""
        self._acted_t = 0
        self._after = "key"
        self._quiet_t: int | None = 0  # None while something sounds
        self._sounding: dict[str, int | None] = {}
        self._parties: dict[str, int | None] = {}
        self._voices: dict[str, int | None] = {}

    @property
    def waits(self) -> int | None:
        """The record of the key or the words that the caller waits after, None: he does not."""
        return self._waits

    @property
    def since(self) -> int | None:
        """Since when it has been silent now; None when nobody waits, or something sounds."""
        if self._waits is None or self._quiet_t is None:
            return None
        return max(self._acted_t, self._quiet_t)

    def apply(self, record: Record) -> DeadAir | None:
        """Take one record in; the stretch that it ends, if any."""
        fold = _FOLDS.get(record.kind)
        return None if fold is None else fold(self, record)

    def _acted(self, record: Record, taker: str, t: int, after: str) -> DeadAir | None:
        over = self._over(record) if taker != self._taker else None
        self._waits, self._taker, self._acted_t, self._after = record.seq, taker, t, after
        return over

    def _over(self, record: Record) -> DeadAir | None:
        since, seq = self.since, self._waits
        self._waits = None
        if since is None or seq is None or record.t <= since:
            return None
        air = DeadAir(seq, since, record.t - since, record.seq, self._after)
        self.stretches.append(air)
        return air

    def _digit(self, record: Record) -> DeadAir | None:
        data = record.data
        taker = data.get("capture") or data.get("recording")
        if data.get("ignored") or not taker:
            return None
        return self._acted(record, text_of(taker), record.t, "key")

    def _speech(self, record: Record) -> DeadAir | None:
        data = record.data
        source = text_of(data.get("source"), "party")
        if source == "party" or record.leg in self._parties:
            return self._over(record)
        ended = self._voices.pop(source, None)
        if data.get("ignored") or not data.get("capture"):
            return None
        t = record.t if ended is None else ended
        return self._acted(record, text_of(data.get("capture")), t, "words")

    def _voice_began(self, record: Record) -> DeadAir | None:
        if record.leg not in self._parties:
            _remember(self._voices, text_of(record.data.get("source")))
            return None
        return self._over(record)

    def _voice_ended(self, record: Record) -> DeadAir | None:
        if record.leg in self._parties:
            return None
        ended = record.t - max(0, int_of(record.data.get("ago_ms")))
        source = text_of(record.data.get("source"))
        if source in self._voices:
            self._voices[source] = ended  # its words are not known yet
        elif self._after == "words":
            self._acted_t = ended
        return None

    def _prompt_started(self, record: Record) -> DeadAir | None:
        data = record.data
        if data.get("ignored") or data.get("duration_ms") == 0 or record.leg in self._parties:
            return None  # the caller hears nothing of it
        over = self._over(record)
        _remember(self._sounding, text_of(data.get("prompt")))
        self._quiet_t = None
        return over

    def _prompt_over(self, record: Record) -> DeadAir | None:
        name = text_of(record.data.get("prompt"))
        if name in self._sounding and not record.data.get("ignored"):
            del self._sounding[name]
            if not self._sounding:
                self._quiet_t = record.t
        return None

    def _leg_created(self, record: Record) -> DeadAir | None:
        if text_of(record.data.get("role")) == "party" and record.leg is not None:
            _remember(self._parties, record.leg)
        return None

    def _leg_ended(self, record: Record) -> DeadAir | None:
        if record.leg in self._parties:
            return None  # a late word of it is still not the caller's
        return self._over(record)

    def _left(self, record: Record) -> DeadAir | None:
        self._waits = None
        return None


def _remember(names: dict[str, int | None], name: str) -> None:
    """A damaged trace may begin things without end: the oldest are forgotten."""
    names[name] = None
    if len(names) > _REMEMBERED:
        del names[next(iter(names))]


def dead_air_of(records: Iterable[Record], longer_than_ms: int = 0) -> list[DeadAir]:
    """Every stretch of dead air in a call that is longer than ``longer_than_ms``."""
    fold = DeadAirFold()
    for record in records:
        fold.apply(record)
    return [air for air in fold.stretches if air.ms > longer_than_ms]


_FOLDS: Final[Mapping[str, Callable[[DeadAirFold, Record], DeadAir | None]]] = {
    "digit": DeadAirFold._digit,
    "speech": DeadAirFold._speech,
    "speech.started": DeadAirFold._voice_began,
    "speech.stopped": DeadAirFold._voice_ended,
    "prompt.started": DeadAirFold._prompt_started,
    "prompt.finished": DeadAirFold._prompt_over,
    "prompt.interrupted": DeadAirFold._prompt_over,
    "prompt.failed": DeadAirFold._prompt_over,
    "leg.created": DeadAirFold._leg_created,
    "leg.bridged": DeadAirFold._over,
    "leg.hangup": DeadAirFold._leg_ended,
    "leg.ended": DeadAirFold._leg_ended,
    "call.ended": DeadAirFold._over,
    "call.left": DeadAirFold._left,
}
