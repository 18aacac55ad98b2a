"""What differs between two calls.

The steps of both calls are paired (``pairing``), then compared pair by pair. A step that only one
call has is told once, without what followed from it; a prompt or an input that differs because
its document does is not told again, nor a time that follows from an earlier one (``timing``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from ivrsim.replay import words
from ivrsim.replay.difference import Comparison, Difference, difference
from ivrsim.replay.pairing import Pairing
from ivrsim.replay.steps import REPORTED, SAID, Course, Step, read_course
from ivrsim.replay.timing import Timing, moved
from ivrsim.replay.traces import Source, Trace, read_trace
from ivrsim.replay.values import NOTHING, Ids, Ignored, Leaf, Origins, Values

TOLERANCE_MS: Final = 250

_TEXTS: Final = frozenset(
    {"text", "promptMessage", "successMessage", "failureMessage", "url", "fileUrl", "streamUrl"}
)
_ENDS: Final = ("call.ended", "call.limit")
_OF_ACTIONS: Final = ("action.started", "action.finished")
_WITH_BODY: Final = ("webhook.response", "document.received")
_REPLIED: Final = (*_WITH_BODY, "webhook.failed")
_OF_DOCUMENTS: Final = frozenset(
    {
        *_OF_ACTIONS, "document.received", "prompt.started", "prompt.failed", "capture.opened",
        "diagnostic", "recording.started", "leg.created",
    }
)  # fmt: skip
"""What is as the document says: it differs when that does."""
_AHEAD: Final = 20
_NAMED: Final = {"diagnostic": "code", "setting.decided": "name"}


def compare(
    old: Source,
    new: Source,
    *,
    ignore: Sequence[str] = (),
    tolerance_ms: int = TOLERANCE_MS,
    course_only: bool = False,
    partial: bool = False,
) -> Comparison:
    """Compare two recorded calls: paths, readers, or records.

    ``ignore`` are names of fields, JSON pointers (``*`` stands for one part), kinds of
    differences, codes of diagnostics or names of settings that may differ. Times may differ by
    ``tolerance_ms``. ``course_only``: not the wording of webhooks, nor times, nor remarks.
    ``partial``: the new call is not over yet. Raises TraceError.
    """
    a, b = read_trace(old), read_trace(new)
    if partial:  # what comes later cannot be the same yet
        a = replace(a, records=a.records[: len(b.records) + _AHEAD])
    return _Comparing(a, b, Ignored(ignore), course_only, partial).compare(tolerance_ms)


class _Comparing:
    """Collects in ``found`` what differs.

    ``differing`` are the ``seq`` of old records whose counterpart is not the same, ``changed`` the
    pointers that differ in a reply or document, by the ``seq`` of the new one.
    """

    def __init__(
        self, old: Trace, new: Trace, ignored: Ignored, course_only: bool, partial: bool
    ) -> None:
        self._traces = old, new
        self._ignored = ignored
        self._course_only = course_only
        self._partial = partial
        self._webhooks_only = old.imported or new.imported
        origins = Origins(old.urls), Origins(new.urls)
        self._pairing = Pairing(
            read_course(old.records, origins[0], roughly=course_only),
            read_course(new.records, origins[1], roughly=course_only),
            whole=old.whole and new.whole,
        )
        # Up to here one call can be compared with another that breaks off.
        self._last_paired = (
            max(self._pairing.new_of, default=0), max(self._pairing.old_of, default=0)
        )  # fmt: skip
        self._ids = Ids()
        self._values = Values(self._ids, ignored, *origins)
        self.found: list[Difference] = []
        self.differing: set[int] = set()
        self.changed: dict[int, list[str]] = {}
        self._follows: Counter[int] = Counter()

    def compare(self, tolerance_ms: int) -> Comparison:
        pairing = self._pairing
        for old, new in pairing.swapped:
            if self._webhooks_only and old.record.kind != "webhook.request":
                continue
            what = words.about(old.record)
            self._tell(
                "order", old, new, what, old.record.seq, new.record.seq,
                f"{what} comes at another place",
            )  # fmt: skip
        for old, new in pairing:
            if not self._quickly_same(old, new):
                self._compare(old, new)
        self._alone(pairing.old, missing=True)
        self._alone(pairing.new, missing=False)
        if (
            not self.found and not self._webhooks_only
        ):  # else that other settings decide follows from what differs
            self._settings()
        if not self._course_only and not self._webhooks_only:
            self.found += moved(pairing, tolerance_ms)
            self.found += Timing(pairing, tolerance_ms, self.differing).differences()
        kept = sorted(
            (one for one in self.found if not self._ignored.name(one.kind)), key=_position
        )
        kept = self._counted(kept)
        self.differing |= {one.old_seq for one in kept if one.old_seq is not None}
        rows = tuple(pairing.rows(self.differing))
        return Comparison(tuple(kept), rows, tuple(self._notes()))

    def _counted(self, found: list[Difference]) -> list[Difference]:
        """The first difference of each reply says how much follows from it."""
        counted: list[Difference] = []
        for one in found:
            more = self._follows.pop(one.old_seq or 0, 0)
            counted.append(replace(one, follows=more) if more else one)
        return counted

    def _tell(
        self, kind: str, old: Step | None, new: Step | None, where: str, was: object,
        now: object, text: str, follows: int = 0,
    ) -> None:  # fmt: skip
        self.found.append(difference(kind, old, new, where, was, now, text, follows))

    # ------------------------------------------------------------------ pair by pair

    def _quickly_same(self, old: Step, new: Step) -> bool:
        if old.exact != new.exact or len(old.ids) != len(new.ids):
            return False
        return not old.ids or self._ids.all_same(old.ids, new.ids)

    def _compare(self, old: Step, new: Step) -> None:
        record, kind = old.record, old.record.kind
        if self._webhooks_only and not kind.startswith("webhook."):
            return
        if kind != new.record.kind:  # a reply, and none
            was, now = words.outcome(record), words.outcome(new.record)
            self.changed[new.record.seq] = [""]
            self._leaf(old, new, Leaf("", was, now))
            return
        if self._is_ignored(old) or (self._course_only and kind == "setting.decided"):
            return
        shift = None if kind in SAID else new.record.t - record.t
        as_before = old.values.get("ended_by") == new.values.get("ended_by")
        derived = () if as_before else ("timed_out", "valid")
        for name, value in old.values.items():
            other = new.values.get(name)
            if name == "page" and (value is None or other is None):
                continue  # one of both is no scripted page
            if name == "url" and self._webhooks_only and (value is None or other is None):
                continue  # the log did not hold it
            if self._ignored.name(name) or name in derived:
                continue
            inside = name in ("body", "query")
            also = "/callflow" if kind == "document.received" else ""
            begin = "" if inside else f"/{name}"
            for leaf in self._values.leaves(value, other, begin, also, shift):
                if inside or name in ("status", "sent"):
                    self.changed.setdefault(new.record.seq, []).append(leaf.pointer)
                if not leaf.ignored:
                    self._leaf(old, new, leaf)

    def _is_ignored(self, step: Step) -> bool:
        """Whether a diagnostic or setting is ignored by its name."""
        name = _NAMED.get(step.record.kind)
        return name is not None and self._ignored.name(str(step.record.data.get(name)))

    def _leaf(self, old: Step, new: Step, leaf: Leaf) -> None:
        """One value that differs, unless it follows from what has been told."""
        one_side = leaf.old is NOTHING or leaf.new is NOTHING
        if self._webhooks_only and one_side and old.record.kind == "webhook.request":
            return  # the platform itself sends more than the simulator, or less
        self.differing.add(old.record.seq)
        if not self._follows_from_document(old, new):
            self._tell(
                _kind_of(old, leaf), old, new, words.where(old.record, leaf.pointer),
                leaf.old, leaf.new, words.changed(old.record, leaf),
            )  # fmt: skip

    def _follows_from_document(self, old: Step, new: Step) -> bool:
        """Whether a prompt, input or action differs because what its document says does."""
        if old.record.kind not in _OF_DOCUMENTS:
            return False
        changed = self._changed_above(new)
        started = new if new.record.kind in _OF_ACTIONS else None
        started = started or self._pairing.new.above(new, "action.started")
        if started is None:
            return bool(changed)
        at = str(started.record.data.get("pointer"))
        places = (at, f"/callflow{at}")
        return any(
            pointer in ("", "/callflow", *places)
            or pointer.startswith(tuple(f"{place}/" for place in places))
            for pointer in changed
        )

    def _changed_above(self, step: Step) -> list[str]:
        for above in self._pairing.new.ancestors(step):
            if above.record.seq in self.changed and above.record.kind in _REPLIED:
                return self.changed[above.record.seq]
            if above.record.kind == "webhook.response":
                break
        return []

    # ------------------------------------------------------------------ only in one of them

    def _alone(self, course: Course, *, missing: bool) -> None:
        """Tell the first of what only one call has, and count what followed from it."""
        pairs = self._pairing.new_of if missing else self._pairing.old_of
        reached: dict[int, int | None] = {}
        follow: Counter[int] = Counter()
        for step in course.steps:
            record = step.record
            root = reached.get(step.parent or 0)
            pair = pairs.get(record.seq)
            told = record.kind in REPORTED and record.kind != "setting.decided"
            if pair is None and told and not self._is_expected(step, missing=missing):
                if root is None:
                    root = record.seq
                follow[root] += 1
            elif pair is not None and told:
                new, old = (pair, step) if missing else (step, pair)
                if new.record.seq in self.changed:
                    root = -old.record.seq
                elif record.kind == "action.started" and old.record.seq in self.differing:
                    root = self._reply_that_differs(new)
                elif record.kind != "document.received":
                    root = None
            reached[record.seq] = root
        for seq, count in follow.items():
            if seq > 0:
                self._tell_alone(course.by_seq[seq], count - 1, missing=missing)
            else:  # of a reply that differs, and has been told
                self._follows[-seq] += count

    def _reply_that_differs(self, new: Step) -> int | None:
        """Minus the ``seq`` of the old reply above a new step, if that has been told to differ."""
        for above in self._pairing.new.ancestors(new):
            if above.record.seq in self.changed and above.record.kind in _REPLIED:
                old = self._pairing.old_of.get(above.record.seq)
                return None if old is None else -old.record.seq
        return None

    def _settings(self) -> None:
        """Settings that have decided something in one of the calls only."""
        pairing = self._pairing
        for course, pairs, missing in (
            (pairing.old, pairing.new_of, True),
            (pairing.new, pairing.old_of, False),
        ):
            for step in course.steps:
                record = step.record
                alone = record.kind == "setting.decided" and record.seq not in pairs
                if alone and not self._is_expected(step, missing=missing):
                    self._tell_alone(step, 0, missing=missing)

    def _is_expected(self, step: Step, *, missing: bool) -> bool:
        """Whether one of the calls could not have it, or it is ignored."""
        record, (old_trace, new_trace) = step.record, self._traces
        if self._is_ignored(step):
            return True
        if self._webhooks_only:
            other = self._pairing.new if missing else self._pairing.old
            known = (above.alike for above in other.steps)
            return record.kind != "webhook.request" or (not missing and step.alike not in known)
        if self._course_only and record.kind in ("diagnostic", "setting.decided"):
            return record.data.get("severity") != "error"
        if missing:
            return self._partial or (not new_trace.whole and record.seq > self._last_paired[0])
        return not old_trace.whole and record.seq > self._last_paired[1]

    def _tell_alone(self, step: Step, follows: int, *, missing: bool) -> None:
        record = step.record
        kind, only = ("missing", "is not there any more") if missing else ("extra", "is new")
        if record.kind in _OF_ACTIONS:
            kind = "action"
        elif record.kind in _ENDS:
            kind = "end"
        what, shown = words.about(record), words.short(record)
        text = f"{what} {only}"
        if missing:
            self._tell(kind, step, None, what, shown, NOTHING, text, follows)
        else:
            self._tell(kind, None, step, what, NOTHING, shown, text, follows)

    # ------------------------------------------------------------------ what was not looked at

    def _notes(self) -> Iterator[str]:
        for trace, which in zip(self._traces, ("old", "new"), strict=True):
            if trace.damage:
                yield f"the {which} trace is damaged: {trace.damage}; compared up to there"
            elif not trace.whole and not self._partial:
                yield f"the {which} trace breaks off without an end: compared up to there"
        spoken = [
            {
                str(record.data.get("basis"))
                for record in trace.records
                if record.kind == "prompt.started" and record.data.get("text")
            }
            for trace in self._traces
        ]
        if spoken[0] and spoken[1] and not spoken[0] & spoken[1]:
            yield (
                "prompts were spoken in one call, and their lengths estimated in the other: how "
                "long they last is not compared"
            )


def _kind_of(old: Step, leaf: Leaf) -> str:
    """The kind of a difference in a value."""
    record = old.record
    if record.kind in _ENDS:
        return "end"
    if record.kind in _OF_ACTIONS or (record.kind in _WITH_BODY and _in_actions(leaf)):
        return "action"
    texts = (*_WITH_BODY, "prompt.started")
    name = leaf.pointer.rpartition("/")[2]
    parent = leaf.pointer.rpartition("/")[0].rpartition("/")[2]
    if record.kind in texts and (name in _TEXTS or parent in _TEXTS):
        return "text"
    return "field"


def _in_actions(leaf: Leaf) -> bool:
    """Whether the leaf is a whole action, or the name of one."""
    name = leaf.pointer.rpartition("/")[2]
    return name == "action" or (
        name.isdigit()
        and any(isinstance(value, dict) and "action" in value for value in (leaf.old, leaf.new))
    )


def _position(one: Difference) -> tuple[int, int, int]:
    times = [t for t in (one.old_t, one.new_t) if t is not None]
    return (min(times, default=0), one.old_seq or 10**9, one.new_seq or 10**9)
