"""Which step of one call is which of another: an alignment that keeps the order of both.

First what is exactly alike and happens once in each call holds the two together (the longest
rising sequence of such pairs); between those, steps that are alike in kind are matched with as few
left over as possible (Myers). Time and memory stay near the length of the calls, whatever they
hold: where they have too little in common, the next one alike nearby is taken.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

_EFFORT = 4_000_000
"""Steps that the exact matching of a stretch may take."""
_NEARBY = 64

Pair = tuple[int, int]


def align(
    old_exact: Sequence[Hashable],
    new_exact: Sequence[Hashable],
    old_alike: Sequence[Hashable],
    new_alike: Sequence[Hashable],
    *,
    whole: bool = True,
) -> list[Pair]:
    """Pairs of indexes, rising in both. ``exact`` are keys of content, ``alike`` of kind.

    ``whole``: both calls have an end, so that their ends may be the same.
    """
    pairs: list[Pair] = []
    i = j = 0
    for a, b in [*_anchors(old_exact, new_exact, whole), (len(old_exact), len(new_exact))]:
        pairs += _between(old_exact, new_exact, old_alike, new_alike, i, a, j, b)
        if a < len(old_exact):
            pairs.append((a, b))
        i, j = a + 1, b + 1
    return pairs


def _anchors(old: Sequence[Hashable], new: Sequence[Hashable], whole: bool) -> list[Pair]:
    """The ends that are alike, and in between what occurs once in both, rising."""
    low, high_old, high_new = 0, len(old), len(new)
    while low < min(high_old, high_new) and old[low] == new[low]:
        low += 1
    while whole and low < min(high_old, high_new) and old[high_old - 1] == new[high_new - 1]:
        high_old -= 1
        high_new -= 1
    head = [(i, i) for i in range(low)]
    tail = list(zip(range(high_old, len(old)), range(high_new, len(new)), strict=True))
    counts_old = Counter(old[low:high_old])
    counts_new = Counter(new[low:high_new])
    where = {new[j]: j for j in range(low, high_new) if counts_new[new[j]] == 1}
    once = [
        (i, where[old[i]])
        for i in range(low, high_old)
        if counts_old[old[i]] == 1 and old[i] in where
    ]
    return [*head, *_rising(once), *tail]


def _rising(pairs: list[Pair]) -> list[Pair]:
    """The longest part of ``pairs`` whose second numbers rise."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for index, (_, j) in enumerate(pairs):
        place = bisect_left(ends, j)
        before.append(last[place - 1] if place else -1)
        if place == len(ends):
            ends.append(j)
            last.append(index)
        else:
            ends[place], last[place] = j, index
    chain: list[Pair] = []
    index = last[-1] if last else -1
    while index >= 0:
        chain.append(pairs[index])
        index = before[index]
    return chain[::-1]


def _between(
    old_exact: Sequence[Hashable],
    new_exact: Sequence[Hashable],
    old_alike: Sequence[Hashable],
    new_alike: Sequence[Hashable],
    i: int,
    a: int,
    j: int,
    b: int,
) -> Iterator[Pair]:
    """The pairs within a stretch without anchors."""
    if i >= a or j >= b:
        return
    found = _myers(old_alike[i:a], new_alike[j:b])
    if found is None:
        found = _nearby(old_alike[i:a], new_alike[j:b])
    for x, y in _straightened(found, old_exact[i:a], new_exact[j:b]):
        yield i + x, j + y


def _straightened(
    pairs: list[Pair], old: Sequence[Hashable], new: Sequence[Hashable]
) -> list[Pair]:
    """Where a run of pairs could as well be shifted to steps that are exactly alike, do so.

    Of two questions of the same kind one may be new: the other is known by its words.
    """
    free_new = set(range(len(new))) - {y for _, y in pairs}
    if not free_new:
        return pairs
    moved = dict(pairs)
    wanted: dict[Hashable, list[int]] = {}
    for y in sorted(free_new):
        wanted.setdefault(new[y], []).append(y)
    ordered = [x for x, _ in pairs]
    for position, x in enumerate(ordered):
        if old[x] == new[moved[x]]:
            continue
        low = moved[ordered[position - 1]] if position else -1
        high = moved[ordered[position + 1]] if position + 1 < len(ordered) else len(new)
        for y in wanted.get(old[x], ()):
            if low < y < high:
                moved[x] = y
                break
    return sorted(moved.items())


def _myers(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Pair] | None:
    """The longest common subsequence as pairs; None: it would take too long."""
    n, m = len(old), len(new)
    edge: dict[int, int] = {1: 0}
    trail: list[dict[int, int]] = []
    spent = 0
    for d in range(n + m + 1):
        trail.append(dict(edge))
        spent += 2 * d + 1
        if spent > _EFFORT // 4:
            return None
        for k in range(-d, d + 1, 2):
            down = k == -d or (k != d and edge.get(k - 1, -1) < edge.get(k + 1, -1))
            x = edge.get(k + 1, 0) if down else edge.get(k - 1, 0) + 1
            y = x - k
            while x < n and y < m and old[x] == new[y]:
                x += 1
                y += 1
            edge[k] = x
            if x >= n and y >= m:
                return _walk_back(trail, n, m)
    return []


def _walk_back(trail: list[dict[int, int]], n: int, m: int) -> list[Pair]:
    pairs: list[Pair] = []
    x, y = n, m
    for d in range(len(trail) - 1, -1, -1):
        edge, k = trail[d], x - y
        down = k == -d or (k != d and edge.get(k - 1, -1) < edge.get(k + 1, -1))
        before = k + 1 if down else k - 1
        from_x = edge.get(before, 0)
        from_y = from_x - before
        while x > from_x and y > from_y and x > 0 and y > 0:
            x -= 1
            y -= 1
            pairs.append((x, y))
        if d == 0:
            break
        x, y = from_x, from_y
    return pairs[::-1]


def _nearby(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[Pair]:
    """Take for each step the next one alike that is near."""
    pairs: list[Pair] = []
    j = 0
    for i, key in enumerate(old):
        for y in range(j, min(j + _NEARBY, len(new))):
            if new[y] == key:
                pairs.append((i, y))
                j = y + 1
                break
    return pairs
