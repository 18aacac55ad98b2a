"""``place_call``: what is refused before a call begins, and what the header says."""

from __future__ import annotations

import asyncio
import re
import threading
from pathlib import Path
from typing import Any

import pytest

from ivrsim.errors import InputError, TraceError
from ivrsim.flows.target import TargetOptions, load_target
from ivrsim.runtime.clock import Agenda, Clock
from ivrsim.runtime.place import CallOptions, place_call
from tests.runtime.place import MENU_8X8, MENU_VONAGE, call, run


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"clock": "slow"}, "--clock: expected virtual, real or a factor"),
        ({"clock": "0x"}, "--clock"),
        ({"clock": "-1x"}, "--clock"),
        ({"clock": "nanx"}, "--clock"),
        ({"clock": "infx"}, "--clock"),
        ({"clock": "2"}, "--clock"),
        ({"clock": "2000x"}, "--clock"),
        ({"max_time_s": 0}, "--max-time: expected seconds above 0"),
        ({"max_time_s": -1}, "--max-time"),
        ({"max_time_s": float("nan")}, "--max-time"),
        ({"max_time_s": float("inf")}, "--max-time"),
        ({"at": "noon"}, "--at: expected a time such as 09:30"),
        ({"at": "25:00"}, "--at"),
        ({"at": "2026-13-01"}, "--at"),
        ({"keys": "x"}, "--keys: group 1 is 'x'"),
    ],
)
def test_what_is_refused(tmp_path: Path, options: dict[str, Any], part: str) -> None:
    with pytest.raises(InputError) as caught:
        call(tmp_path, MENU_8X8, **options)
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 2


@pytest.mark.parametrize(
    ("at", "started"),
    [
        ("2026-11-21T09:30:00Z", r"2026-11-21T09:30:00\.000Z"),
        ("2026-11-21T09:30:00+08:00", r"2026-11-21T01:30:00\.000Z"),
        ("2026-11-21 09:30", r"2026-11-21T09:30:00\.000Z"),
        ("2026-11-21", r"2026-11-21T00:00:00\.000Z"),
        ("09:30", r"\d{4}-\d\d-\d\dT09:30:00\.000Z"),
        ("9:30:15", r"\d{4}-\d\d-\d\dT09:30:15\.000Z"),
        (None, r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
    ],
)
def test_the_time_of_day(tmp_path: Path, at: str | None, started: str) -> None:
    made = call(tmp_path, MENU_8X8, at=at)
    assert re.fullmatch(started, made.header.started_at)
    assert made.header.setup["started_at"] == made.header.started_at


def test_the_seed(tmp_path: Path) -> None:
    assert call(tmp_path, MENU_8X8, seed=7).header.seed == 7
    seeds = {call(tmp_path, MENU_8X8, seed=None).header.seed for _ in range(3)}
    assert len(seeds) == 3


@pytest.mark.parametrize(
    ("flow", "option"),
    [(MENU_VONAGE, "signature_secret"), (MENU_8X8, "webhook_auth")],
)
def test_secrets_are_not_in_the_trace(tmp_path: Path, flow: str, option: str) -> None:
    path = tmp_path / "call.jsonl"
    changes: dict[str, Any] = {option: "Bearer swordfish-of-sixteen"}
    target = TargetOptions(**changes)
    made = call(tmp_path, flow, target=target, trace_path=path)
    asyncio.run(made.run())
    assert "swordfish" not in path.read_text()
    assert '"Authorization":"•••"' in path.read_text()


def test_settings_of_the_flow_are_in_the_header(tmp_path: Path) -> None:
    made = call(tmp_path, MENU_8X8 + 'settings: {8x8.barge_in: "no"}\n')
    assert made.header.settings == {"8x8.barge_in": "no"}
    assert made.header.setup["settings"] == {"8x8.barge_in": "no"}


def test_a_trace_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write the trace"):
        call(tmp_path, MENU_8X8, trace_path=tmp_path / "no" / "such" / "folder.jsonl")


def test_a_changed_flow_can_be_called_again(tmp_path: Path) -> None:
    one, _ = run(tmp_path, MENU_8X8)
    two, _ = run(tmp_path, MENU_8X8.replace("noOfTries: 2", "noOfTries: 1"))
    assert len(one.records) > len(two.records)


# ------------------------------------------------------------------ the clock


@pytest.mark.parametrize(
    ("text", "factor"),
    [("virtual", None), ("real", 1.0), ("REAL", 1.0), ("4x", 4.0), ("0.5x", 0.5), (" 4x ", 4.0)],
)
def test_clocks(text: str, factor: float | None) -> None:
    clock = Clock.parse(text)
    assert clock.factor == factor
    assert clock.virtual is (factor is None)


def test_the_agenda_keeps_the_order_of_ties_and_forgets_what_was_dropped() -> None:
    agenda = Agenda()
    for due, what, key in [(5, "a", None), (1, "b", "k"), (5, "c", "x"), (1, "d", None)]:
        agenda.put(due, what, key)
    agenda.drop("x")
    agenda.drop("unknown")
    agenda.put(7, "e", "k")  # put down again: the earlier one is forgotten
    found = []
    while agenda.next_due() is not None:
        found.append(agenda.pop())
    assert found == [(1, "d"), (5, "a"), (7, "e")]


def test_an_application_is_let_go_when_the_trace_cannot_be_made(tmp_path: Path) -> None:
    before = {thread.name for thread in threading.enumerate()}
    target = load_target("flows/fastapi_8x8.yaml", TargetOptions())
    with pytest.raises(TraceError, match="cannot write the trace"):
        place_call(target, CallOptions(trace_path=tmp_path / "no" / "call.jsonl"))
    assert {thread.name for thread in threading.enumerate()} <= before
