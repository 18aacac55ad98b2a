"""Where the time between two steps differs, and where webhooks beside the call have moved."""

from __future__ import annotations

import bisect
from collections.abc import Iterator

from ivrsim.replay import words
from ivrsim.replay.difference import Difference, difference
from ivrsim.replay.pairing import Pairing, is_told
from ivrsim.replay.steps import REPLIES, Step

_ALSO_TOLD = ("prompt.finished", "capture.listening")
_TAKE_THEIR_TIME = {"prompt.started", *REPLIES}
_CUTS = ("prompt.interrupted", "digit", "speech.started", "api.request")


def moved(pairing: Pairing, tolerance_ms: int) -> Iterator[Difference]:
    """Webhooks beside the call that come before or after other things than they did."""
    main = [(old, new) for old, new in pairing if is_told(old)]
    old_seqs = [old.record.seq for old, _ in main]
    new_seqs = sorted(new.record.seq for _, new in main)
    swapped = {old.record.seq for old, _ in pairing.swapped}
    for old, new in pairing:
        if old.lane != "beside" or old.record.seq in swapped:
            continue
        before = bisect.bisect(old_seqs, old.record.seq)
        after = bisect.bisect(new_seqs, new.record.seq)
        crossed = main[min(before, after) : max(before, after)]
        if any(_far(old, new, a, b) > tolerance_ms for a, b in crossed):
            what = words.about(old.record)
            side = "before" if after < before else "after"
            yield difference(
                "order", old, new, what, old.record.seq, new.record.seq,
                f"{what} comes {side} {words.about(crossed[0][0].record)} now",
            )  # fmt: skip


def _far(old: Step, new: Step, a: Step, b: Step) -> int:
    return max(abs(old.record.t - a.record.t), abs(new.record.t - b.record.t))


class Timing:
    """Compares the time from one step to the next, so that a delay is told once.

    How long an application takes to reply is not compared, nor how long a voice takes to begin,
    nor what follows from a text that is longer now.
    """

    def __init__(self, pairing: Pairing, tolerance_ms: int, differing: set[int]) -> None:
        self._pairing = pairing
        self._tolerance = tolerance_ms
        self._differing = differing
        alone = (step for step in pairing.new.steps if step.record.seq not in pairing.old_of)
        self._extra = [step.record.seq for step in alone if is_told(step)]

    def differences(self) -> Iterator[Difference]:
        shift, clean, last_new = 0, True, 0
        longer: dict[str, int] = {}
        for old in self._pairing.old.steps:
            record = old.record
            new = self._pairing.new_of.get(record.seq)
            if new is None:
                clean = clean and not is_told(old)
                continue
            now = new.record.t - record.t
            if record.kind in REPLIES:
                shift = now
            if old.lane != "main" or new.record.seq < last_new:
                continue
            clean = clean and not self._something_new(last_new, new.record.seq)
            last_new = new.record.seq
            prompt = str(record.data.get("prompt"))
            expected = shift + longer.pop(prompt, 0)
            told = is_told(old) or record.kind in _ALSO_TOLD
            told = told and record.kind not in _TAKE_THEIR_TIME
            told = told and record.seq not in self._differing
            if clean and told and self._late(old, new, now - expected):
                yield self._tell(old, new, now - expected)
            if record.kind == "prompt.started":
                yield from self._length(old, new)
                longer[prompt] = _grown(old, new)
            elif record.kind in _CUTS:
                longer.clear()
            shift, clean = now, True

    def _something_new(self, low: int, high: int) -> bool:
        return bisect.bisect(self._extra, low) != bisect.bisect(self._extra, high)

    def _late(self, old: Step, new: Step, by: int) -> bool:
        """Whether it is at another time than what went before, or brought it about, says."""
        tolerance = self._tolerance
        if abs(by) <= tolerance or abs(new.record.t - old.record.t) <= tolerance:
            return False
        cause, other = old.record.cause, new.record.cause
        if cause is None or other is None:
            return True
        above, beside = self._pairing.old.by_seq.get(cause), self._pairing.new.by_seq.get(other)
        if above is None or beside is None or self._pairing.new_of.get(cause) is not beside:
            return True
        gap = old.record.t - above.record.t
        return abs(new.record.t - beside.record.t - gap) > tolerance

    def _length(self, old: Step, new: Step) -> Iterator[Difference]:
        """A prompt with the same words that lasts longer or shorter."""
        data, other = old.record.data, new.record.data
        same = old.exact == new.exact and old.record.seq not in self._differing
        same = same and data.get("basis") == other.get("basis")
        if same and abs(_grown(old, new)) > self._tolerance:
            self._differing.add(old.record.seq)
            what = words.about(old.record)
            was, now = data["duration_ms"], other["duration_ms"]
            yield difference(
                "time", old, new, f"{what} duration_ms", was, now,
                f"{what} lasts {words.seconds(was)} → {words.seconds(now)}",
            )  # fmt: skip

    def _tell(self, old: Step, new: Step, by: int) -> Difference:
        self._differing.add(old.record.seq)
        what = words.about(old.record)
        side = "later" if by > 0 else "earlier"
        return difference(
            "time", old, new, what, old.record.t, new.record.t,
            f"{what} comes {words.seconds(abs(by))} {side} after what went before",
        )  # fmt: skip


def _grown(old: Step, new: Step) -> int:
    was, now = old.record.data.get("duration_ms"), new.record.data.get("duration_ms")
    return now - was if type(was) is int and type(now) is int else 0
