"""Going about in a call of 10,000 records: the view at any of them, and the engine fed again."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import ivrsim
from bench.menu import FLOWS
from bench.timing import Row, at_most, interleaved, percentile
from ivrsim.engine.events import event_from_record
from ivrsim.engine.session import Session
from ivrsim.engine.setup import CallSetup
from ivrsim.platforms import make_platform
from ivrsim.runtime.api import Call
from ivrsim.trace.reader import TraceReader, load_inputs
from ivrsim.trace.timeline import Timeline

TITLE = "Views and going back"
VIEW_MS = 5
FEED_MS = 150
DAY_S = 86_400


def run(short: bool) -> list[Row]:
    count, asked, rounds = (300, 20, 2) if short else (10_000, 500, 11)
    rows = []
    for platform, flow in FLOWS.items():
        with tempfile.TemporaryDirectory() as folder:
            rows += _rows(platform, _long_call(flow, count, Path(folder)), asked, rounds)
    return rows


def _long_call(flow: Path, count: int, folder: Path) -> Path:
    """A call of ``count`` records or a few more: round and round in its first two menus."""
    once = _call(flow, 2, folder / "once.jsonl")
    twice = _call(flow, 3, folder / "twice.jsonl")
    a_round = len(twice.trace) - len(once.trace)
    rounds = 2 + -(-(count - len(once.trace)) // a_round)
    path = folder / "long.jsonl"
    call = _call(flow, rounds, path)
    kinds = Counter(record.kind for record in call.trace)
    assert kinds["capture.closed"] == 2 * rounds, kinds
    assert count <= len(call.trace) <= count + a_round, kinds
    assert not call.failed, call.why
    return path


def _call(flow: Path, rounds: int, path: Path) -> Call:
    keys = "1 2 " * (rounds - 1) + "1 1"
    return ivrsim.call(flow, keys=keys, max_time=DAY_S, trace=path)


def _rows(platform: str, path: Path, asked: int, rounds: int) -> list[Row]:
    with TraceReader(path) as reader:
        reader.index_all()
        count = len(reader)
        setup = CallSetup.from_json(reader.header.setup)

        def build() -> Timeline:
            timeline = Timeline(reader)
            while not timeline.advance():
                pass
            return timeline

        def feed() -> None:
            """The engine up to the last record, from the file: what going back there takes."""
            session = Session(make_platform(setup), setup)
            made = 0
            for record in load_inputs(reader):
                made += len(session.feed(event_from_record(record), record.t)[0])
            assert made == count

        timeline = build()
        anywhere = random.Random(1).sample(range(count + 1), asked)
        one_by_one = range(count // 2, count // 2 - asked // 2, -1)
        views = {
            "anywhere": lambda: [_took(timeline, place) for place in anywhere],
            "back by one": lambda: [_took(timeline, place) for place in one_by_one],
        }
        took: dict[str, list[float]] = {name: [] for name in views}

        def going(name: str) -> Callable[[], None]:
            return lambda: took[name].extend(views[name]())

        cases: dict[str, Callable[[], object]] = {name: going(name) for name in views}
        times = interleaved({**cases, "copies": build, "engine": feed}, rounds)
        what = f"{platform}, {count:,} records"
        rows = []
        for name, ms in took.items():
            for word, percent in (("median", 50), ("p99", 99)):
                value = percentile(ms, percent)
                rows.append(at_most(f"{what}: view {name}, {word}", value, VIEW_MS, "ms"))
        size = timeline.copied_bytes / 1e6
        copies = f"{times['copies'].wall_s * 1000:.0f} ms, {size:.1f} MB"
        rows.append(Row(f"{what}: all copies made", copies))
        fed, cpu = times["engine"].wall_s * 1000, times["engine"].cpu_s * 1000
        note = f" (CPU: {cpu:.0f})"
        rows.append(at_most(f"{what}: engine fed again", fed, FEED_MS, "ms", note))
        return rows


def _took(timeline: Timeline, place: int) -> float:
    """Milliseconds of one view."""
    before = time.perf_counter()
    view = timeline.view_at(place)
    after = time.perf_counter()
    assert view.last_seq == place
    return (after - before) * 1000
