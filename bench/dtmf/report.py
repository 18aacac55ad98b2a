"""Runs the detectors over everything, and says in tables what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.dtmf.detectors import Detector, Multimon, Ours, Spandsp
from bench.dtmf.keying import SEED_SETS, Row
from bench.dtmf.material import rows
from bench.dtmf.measure import delay_rows, delays, growth, speed_material, speeds
from bench.dtmf.score import score
from bench.dtmf.talkoff import KINDS, talk_off
from bench.timing import markdown

BLOCK_S = 0.01
"""How the material is fed; also how exactly spandsp's digits are placed in time."""

DELAY_LIMIT_S = 0.045
FALSE_LIMIT = 1.0  # an hour
SPEED_LIMITS = {"blocks": 300.0, "file": 2000.0}  # times real time
OURS = Ours.name
DETECTORS: tuple[Detector[Any], ...] = (Ours(), Spandsp(), Multimon())

GROWTH_LIMIT = 4096  # bytes: what a list of all digits would need is far more
VERDICTS = {None: "", True: "PASS", False: "FALLS SHORT"}
KNOWN = ("over speech, as strong as it",)
"""Rows that are known to fall short on some seeds: shown as such, but no failure for CI."""


@dataclass(frozen=True, slots=True)
class Options:
    """``hours`` of talk-off material for each set of seeds."""

    seed_sets: tuple[str, ...] = tuple(SEED_SETS)
    short: bool = False
    hours: float = 2.0


@dataclass(frozen=True, slots=True)
class Line:
    """``cells``: one for each detector, ours first. ``met`` is None where there is no limit."""

    what: str
    cells: tuple[str, ...]
    limit: str = ""
    met: bool | None = None

    @property
    def fails(self) -> bool:
        """It falls short, and that is news."""
        return self.met is False and not self.what.startswith(KNOWN)


@dataclass(frozen=True, slots=True)
class Section:
    """A table. ``brief``: the lines of it, and others, that matter to somebody in a hurry."""

    title: str
    lines: list[Line]
    brief: list[Line]

    def __str__(self) -> str:
        header = ("", *(one.name for one in DETECTORS), "limit", "verdict")
        cells = [(line.what, *line.cells, line.limit, VERDICTS[line.met]) for line in self.lines]
        return markdown(self.title, [header, *cells])


def sections(options: Options) -> Iterator[Section]:
    """The tables, each when it is measured."""
    for seed_set in options.seed_sets:
        yield _material(seed_set, options.short)
    for seed_set in options.seed_sets:
        yield _delay(seed_set, options.short)
    for seed_set in options.seed_sets:
        yield _talk_off(seed_set, options.hours)
    yield _speed(options.short)


def _there() -> list[Detector[Any]]:
    return [one for one in DETECTORS if not one.missing]


def _cells(figures: Mapping[str, object]) -> tuple[str, ...]:
    """By the names of the detectors; a dash for those that have none."""
    return tuple(str(figures.get(one.name, "–")) for one in DETECTORS)


def _material(seed_set: str, short: bool) -> Section:
    lines = []
    passed: Counter[str] = Counter()
    for row in rows(seed_set, short):
        scores = {
            one.name: score(row.digits, one.hear(one.prepare(row.samples, row.rate), BLOCK_S))
            for one in _there()
        }
        passed.update(name for name, one in scores.items() if one.passes(row))
        lines.append(Line(row.name, _cells(scores), _needed(row), scores[OURS].passes(row)))
    counts = {one.name: f"{passed[one.name]} of {len(lines)}" for one in _there()}
    known = all(not line.fails for line in lines)
    total = Line("rows passed", _cells(counts), "all but known", known)
    failed = [line for line in lines if not line.met]
    return Section(f"The digits, seeds: {seed_set}", [*lines, total], [total, *failed])


def _needed(row: Row) -> str:
    if not row.digits:
        return "none"
    return "all, none added" if row.needed == 1 else f"{row.needed:.0%}, none added"


def _delay(seed_set: str, short: bool) -> Section:
    lines = []
    for row in delay_rows(seed_set, short):
        found = {one.name: delays(one, row) for one in _there() if one.tells_when}
        shown = {name: _waited(seconds) for name, seconds in found.items()}
        met = max(found[OURS]) <= DELAY_LIMIT_S
        lines.append(Line(row.name, _cells(shown), f"≤ {_ms(DELAY_LIMIT_S)}", met))
    return Section(f"From a tone's start to its report, seeds: {seed_set}", lines, lines)


def _waited(seconds: list[float]) -> str:
    never = seconds.count(float("inf"))
    if never:
        return f"{never} of {len(seconds)} never"
    return f"{_ms(median(seconds))}, at most {_ms(max(seconds))}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"


def _talk_off(seed_set: str, hours: float) -> Section:
    false = {kind: {one.name: 0 for one in _there()} for kind in KINDS}
    minutes: Counter[str] = Counter()
    for row in talk_off(seed_set, hours):
        minutes[row.group] += 1
        for one in _there():
            false[row.group][one.name] += len(one.hear(one.prepare(row.samples, row.rate)))
    lines = [Line(f"{kind}, {minutes[kind]} min", _cells(false[kind])) for kind in KINDS]
    an_hour = {
        one.name: sum(counts[one.name] for counts in false.values()) * 60 / minutes.total()
        for one in _there()
    }
    total = Line(
        f"false digits an hour, in {minutes.total() / 60:.1f} hours",
        _cells({name: f"{count:.1f}" for name, count in an_hour.items()}),
        f"≤ {FALSE_LIMIT:g}",
        an_hour[OURS] <= FALSE_LIMIT,
    )
    return Section(f"Talk-off, seeds: {seed_set}", [*lines, total], [total])


def _speed(short: bool) -> Section:
    samples = speed_material(short)
    seconds = len(samples) / 8000
    times = speeds(_there(), samples, 3 if short else 7)
    lines = []
    for how, words in (("blocks", "in blocks of 20 ms"), ("file", "a whole file")):
        shown = {
            one.name: f"{seconds / times[key].wall_s:,.0f} ×"
            for one in _there()
            if (key := f"{one.name}, {how}") in times
        }
        # On one core: the CPU time of all threads there may be.
        rate = seconds / times[f"{OURS}, {how}"].cpu_s
        met = None if short else rate >= SPEED_LIMITS[how]
        what = f"times real time, 8 kHz, {words} (CPU: {rate:,.0f} ×)"
        lines.append(Line(what, _cells(shown), f"≥ {SPEED_LIMITS[how]:,.0f} ×", met))
    grown = growth(short)
    what = f"bytes held more after {1 if short else 10} min than after a tenth"
    met = grown <= GROWTH_LIMIT
    lines.append(Line(what, _cells({OURS: grown}), f"≤ {GROWTH_LIMIT:,}", met))
    return Section("Speed and memory", lines, lines)
