"""Whatever happens, in whatever order: the engine does not break, and its records hold."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrsim.engine import events as ev
from ivrsim.engine.setup import CallSetup
from ivrsim.trace.kinds import KINDS
from ivrsim.trace.record import Record
from tests.desk import Desk, setup
from tests.engine import strategies as a

_ID = re.compile(r"[a-z]\d+")


def check_records(records: Sequence[Record]) -> None:
    """What holds for the records of any call."""
    t = 0
    ended_at: int | None = None
    for number, record in enumerate(records, 1):
        assert record.seq == number
        assert record.t >= t, f"{record}: time went back"
        t = record.t
        assert record.cause is None or 1 <= record.cause < number
        assert record.kind in KINDS
        json.dumps(record.data)
        if ended_at is not None:
            assert record.is_input, f"{record} after call.ended"
            assert record.data["ignored"], f"{record} after call.ended"
        if record.kind == "call.ended":
            ended_at = number


def ids_of(desk: Desk) -> list[str]:
    """Every id that is in use, and one that is not."""
    found: dict[str, None] = {"nobody": None, "w1": None, "p1": None, "t1": None}
    for record in desk.records:
        found.update(dict.fromkeys(v for v in record.data.values() if _is_id(v)))
        if record.leg is not None:
            found[record.leg] = None
    return list(reversed(found))  # the newest first: those matter most


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def end(desk: Desk) -> None:
    """The caller has to go, and then the platform too."""
    desk.feed(ev.CallStarted(), 0)
    desk.feed(ev.LimitReached("max_time", 1), 0)
    desk.feed(ev.LimitReached("grace", 1), 0)
    assert desk.session.ended


@settings(max_examples=150 * a.EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    script=a.scripts(),
    steps=st.lists(
        st.tuples(st.integers(0, 12), a.loose_events, st.integers(-10, 20_000)), max_size=30
    ),
)
def test_any_events_in_any_order(
    script: a.Script, steps: list[tuple[int, a.Loose | ev.Event, int]]
) -> None:
    desk = Desk.of(script)
    for natural, loose, t in steps:
        for _ in range(natural):
            desk.step()
        event: Any = loose
        if isinstance(loose, a.Loose):
            ids = ids_of(desk)
            event = loose.make(ids[loose.pick % len(ids)])
        desk.feed(event, desk.session.t + t if t < 10_000 else t - 10_000)
    end(desk)
    check_records(desk.records)


@settings(max_examples=100 * a.EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=a.scripts())
def test_any_call_comes_to_its_end(script: a.Script) -> None:
    desk = Desk.of(script).run(until=36_000_000)
    end(desk)
    check_records(desk.records)
    desk.one("call.ended")


@settings(max_examples=100 * a.EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    call_setup=a.setups(),
    replies=st.lists(a.raw_replies() | a.failures, min_size=1, max_size=3),
)
def test_any_bytes_as_a_reply(call_setup: CallSetup, replies: list[Any]) -> None:
    turns = itertools.cycle(replies)
    desk = Desk(call_setup, lambda command: next(turns)(command.webhook)).run(until=3_600_000)
    end(desk)
    check_records(desk.records)


def test_half_a_surrogate_pair_in_a_reply_is_a_remark() -> None:
    for platform in a.PLATFORMS:
        desk = Desk(setup(platform), lambda command: '["\ud800"]').run()
        assert desk.end["failed"]
        assert any("reply-not-json" in code for code in desk.diagnostics())
