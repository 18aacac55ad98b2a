"""Webhooks into calls: by conversation, session and leg; then in order of time.

A body that names only a leg goes to that leg's call; a Vonage transfer joins conversations. Twins
(8x8: the same eventId; Vonage: the same body) are one webhook seen by two logs, a retry, or a
duplicate delivery.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from ivrsim.exchange.recognise import EIGHT, Sighting
from ivrsim.exchange.values import json_inside

# A log whose clock differs by more is corrected; less is the way of the webhook.
SKEW_MS: Final = 5_000
RETRIED: Final = (429, 503, 504)
DUPLICATE_MS: Final = 1_000
"""A duplicate delivery comes at once; nobody hears a menu and presses a key in less."""


@dataclass(slots=True)
class Group:
    """The webhooks of one call in order of time. ``again`` maps the position of a twin to retry or
    duplicate; ``skew_ms`` is by how much the log's clock was ahead of the platform's."""

    platform: str
    sightings: list[Sighting] = field(default_factory=list)
    again: dict[int, str] = field(default_factory=dict)
    skew_ms: int = 0


class _Sets:
    """Which ids belong together (union-find)."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._parent

    def find(self, key: str) -> str:
        root = self._parent.setdefault(key, key)
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[key] != root:
            self._parent[key], key = root, self._parent[key]
        return root

    def join(self, keys: Iterable[str]) -> None:
        first, *others = keys
        root = self.find(first)
        for other in others:
            self._parent[self.find(other)] = root


def group(sightings: list[Sighting], others: list[Sighting], left_out: Counter[str]) -> list[Group]:
    """The calls, in order of their first webhook.

    ``others`` have no id at all: they are taken where a document of a call says that it would
    send them (notify). What belongs to no call is counted in ``left_out``.
    """
    sets = _Sets()
    for sighting in sightings:
        if not sighting.weak:
            sets.join(_scoped(sighting))
    groups: dict[str, Group] = {}
    for sighting in sightings:
        known = [key for key in _scoped(sighting) if key in sets]
        if not known:
            left_out["bodies that name a call of which nothing else is known"] += 1
            continue
        root = sets.find(known[0])
        groups.setdefault(root, Group(sighting.platform)).sightings.append(sighting)
    _take_notified(list(groups.values()), others, left_out)
    for each in groups.values():
        _order(each)
        _twins(each, left_out)
    return sorted(groups.values(), key=lambda each: each.sightings[0].at_ms)


def _scoped(sighting: Sighting) -> list[str]:
    return [f"{sighting.platform} {key}" for key in sighting.keys]


def _take_notified(groups: list[Group], others: list[Sighting], left_out: Counter[str]) -> None:
    """A notify payload is the whole body [documented]: only the NCCO tells whose it is."""
    payloads: dict[str, list[Group]] = {}
    for each in groups if others else ():
        for sighting in each.sightings:
            for payload in _notify_payloads(sighting):
                owners = payloads.setdefault(payload, [])
                if each not in owners:
                    owners.append(each)
    for other in others:
        owners = payloads.get(_canonical(other.body), [])
        if len(owners) == 1:
            owners[0].sightings.append(other)
        else:
            left_out["other requests"] += 1


def _notify_payloads(sighting: Sighting) -> list[str]:
    answer = sighting.captured.answer
    if answer is None or not answer.body or '"notify"' not in answer.body:
        return []
    ncco = json_inside(answer.body)
    return [
        _canonical(item.get("payload"))
        for item in (ncco if isinstance(ncco, list) else ())
        if isinstance(item, dict) and item.get("action") == "notify"
    ]


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=True)


def _order(each: Group) -> None:
    """Gives every webhook its time: its own, else the log's, else that of its neighbour."""
    pairs = [
        s.captured.at_ms - s.own_ms
        for s in each.sightings
        if s.captured.at_ms is not None and s.own_ms is not None and s.purpose != "VSS"
    ]
    skew = round(median(pairs)) if pairs else 0
    each.skew_ms = skew if abs(skew) > SKEW_MS else 0
    before: int | None = None
    for sighting in each.sightings:
        at = sighting.own_ms
        if at is None and sighting.captured.at_ms is not None:
            at = sighting.captured.at_ms - each.skew_ms
        if at is not None and sighting.purpose == "VSS" and before is not None:
            at = max(at, before)  # it has whole seconds
        sighting.inferred = at is None
        sighting.at_ms = -1 if at is None else at
        before = at if at is not None else before
    known = [s.at_ms for s in each.sightings if not s.inferred]
    last = known[0] if known else 0
    for sighting in each.sightings:
        if sighting.inferred:
            sighting.at_ms = last
        last = sighting.at_ms
    each.sightings.sort(key=lambda s: s.at_ms)


def _twins(each: Group, left_out: Counter[str]) -> None:
    """The n-th time that a file tells of a webhook is the n-th time that any other does."""
    seen: dict[str, list[Sighting]] = {}
    times: Counter[tuple[str, str]] = Counter()
    kept: list[Sighting] = []
    for sighting in each.sightings:
        identity, file = _identity(sighting), sighting.captured.place.file
        twins = seen.setdefault(identity, [])
        nth = times[identity, file]
        times[identity, file] += 1
        if nth < len(twins):
            left_out["webhooks that another file holds too"] += 1
            _merge(twins[nth], sighting)
            continue
        if twins and _failed(twins[-1]):
            each.again[len(kept)] = "retry"
        elif twins and not _pressed_again(twins[-1], sighting):
            each.again[len(kept)] = "duplicate"
        twins.append(sighting)
        kept.append(sighting)
    each.sightings = kept


def _pressed_again(before: Sighting, sighting: Sighting) -> bool:
    """The older input webhook has no time in it: the same key at the next menu has the same body,
    and is told from a duplicate by when it came."""
    if sighting.purpose != "input" or sighting.own_ms is not None:
        return False
    timed = not (before.inferred or sighting.inferred)
    return not timed or sighting.at_ms - before.at_ms >= DUPLICATE_MS


def _identity(sighting: Sighting) -> str:
    if sighting.platform == EIGHT:
        event = sighting.body["payload"].get("eventId")
        if isinstance(event, str):
            return f"{sighting.purpose} {event}"
    return f"{sighting.purpose} {_canonical(sighting.body)}"


def _merge(twin: Sighting, other: Sighting) -> None:
    """What the other log knows of the same webhook and ours does not."""
    ours, theirs = twin.captured, other.captured
    if ours.answer is None and ours.failure is None:
        ours.answer, ours.failure, ours.elapsed_ms = (
            theirs.answer,
            theirs.failure,
            theirs.elapsed_ms,
        )
    elif ours.answer and theirs.answer and ours.answer.body is None:
        ours.answer = theirs.answer
    ours.url = ours.url or theirs.url
    ours.headers = ours.headers or theirs.headers


def _failed(sighting: Sighting) -> bool:
    captured = sighting.captured
    if captured.failure is not None:
        return True
    return captured.answer is not None and captured.answer.status in RETRIED
