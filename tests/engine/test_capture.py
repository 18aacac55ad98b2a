"""The table at the head of ``engine/capture.py``, to the millisecond.

One prompt of 1000 ms, then whatever the capture does; keys as ``(ms, digits)``, 200 ms apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ivrsim.engine import events as ev
from ivrsim.engine.capture import Captured, CaptureSpec, capture
from ivrsim.engine.commands import Speech
from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.engine.events import PromptFailed
from ivrsim.engine.leg import Leg
from ivrsim.engine.line import Prompt
from ivrsim.engine.platform import CallerGone, Outcome, Steps
from ivrsim.engine.session import Session
from ivrsim.engine.setting import Setting
from tests.desk import Desk, setup

_TYPE_AHEAD = Setting("toy.type_ahead", "drop", ("drop", "keep"), "assumed", "", "")


class Toy:
    """A platform that knows one capture."""

    name = "toy"
    settings: Mapping[str, Setting] = {"toy.type_ahead": _TYPE_AHEAD}

    def __init__(self, spec: CaptureSpec) -> None:
        self.spec = spec
        self.captured: Captured | None = None

    def ids(self, call: Session) -> dict[str, str]:
        return {}

    def main(self, call: Session) -> Steps[Outcome]:
        leg = Leg("a", "caller", "A", "inbound", "1", "2", 0)
        call.add_leg(leg)
        call.answer_leg(leg)
        try:
            self.captured = yield from capture(call, self.spec)
        except CallerGone:
            return Outcome("gone", "caller")
        return Outcome("done", "platform")

    def key_ignored(self, digit: str, why: str) -> Diagnostic | None:
        return None

    def prompt_failed(self, failure: PromptFailed) -> Diagnostic:
        return Diagnostic("toy.failed", "error", failure.message)


def make(*keys: tuple[int, str], prompts: int = 1, **spec: Any) -> Desk:
    words = [Prompt(Speech(f"P{n}", f"P{n}"), interruptible=True) for n in range(1, prompts + 1)]
    desk = Desk(setup("vonage"), lambda command: None)
    toy = Toy(CaptureSpec(prompts=tuple(words), **spec))
    desk.session = Session(toy, setup("vonage"))
    desk.session.platform = toy
    for t, digits in keys:
        desk.press(t, digits)
    return desk


# during_prompt, timers and limits, keys, how and when it ends
INTER: dict[str, Any] = {"inter_digit_ms": 700}
FIRST: dict[str, Any] = {"first_digit_ms": 500, **INTER}
TABLE: list[tuple[str, dict[str, Any], list[tuple[int, str]], str]] = [
    # first key while the prompt plays
    ("interrupt", INTER, [(300, "1")], "1000 = 1 by inter_digit"),
    ("collect", INTER, [(300, "1")], "1700 = 1 by inter_digit"),
    ("ignore", {**FIRST}, [(300, "1")], "1500 = nothing by first_digit"),
    # first key after it
    ("interrupt", FIRST, [(1499, "1")], "2199 = 1 by inter_digit"),
    ("collect", FIRST, [(1499, "1")], "2199 = 1 by inter_digit"),
    ("ignore", FIRST, [(1499, "1")], "2199 = 1 by inter_digit"),
    ("interrupt", FIRST, [(1501, "1")], "1500 = nothing by first_digit"),
    # each key starts the inter-digit timer again
    ("interrupt", INTER, [(1500, "1"), (2199, "2"), (2900, "3")], "2899 = 12 by inter_digit"),
    # max_digits and the terminator
    ("interrupt", {"max_digits": 2}, [(300, "12")], "500 = 12 by max_digits"),
    ("interrupt", {"max_digits": 1}, [(300, "1")], "300 = 1 by max_digits"),
    ("collect", {"max_digits": 2}, [(300, "12")], "1000 = 12 by max_digits"),
    ("collect", {"max_digits": 2}, [(300, "123")], "1000 = 12 by max_digits"),
    ("collect", {"max_digits": 2}, [(900, "12")], "1100 = 12 by max_digits"),
    ("ignore", {"max_digits": 2}, [(900, "123")], "1300 = 23 by max_digits"),
    ("interrupt", {"terminator": "#"}, [(300, "1#")], "500 = 1 by terminator"),
    (
        "interrupt",
        {"terminator": "#", "keep_terminator": True},
        [(300, "1#")],
        "500 = 1# by terminator",
    ),
    ("interrupt", {"terminator": "#"}, [(300, "#")], "300 = nothing by terminator"),
    ("collect", {"terminator": "#"}, [(300, "1#2")], "1000 = 1 by terminator"),
    (
        "interrupt",
        {"max_digits": 1, "max_digits_ends": False, **INTER},
        [(300, "12")],
        "1200 = 12 by inter_digit",
    ),
    ("interrupt", {"refused": "#", **INTER}, [(1300, "1#")], "2000 = 1 by inter_digit"),
    (
        "interrupt",
        {"refused": "#", "first_digit_ms": 500},
        [(300, "#")],
        "1500 = nothing by first_digit",
    ),
    # where timers run from
    ("interrupt", {**FIRST, "first_from": "open"}, [], "500 = nothing by first_digit"),
    ("interrupt", {**FIRST, "first_from": "open"}, [(499, "1")], "1199 = 1 by inter_digit"),
    ("interrupt", {"overall_ms": 2000}, [], "3000 = nothing by overall"),
    ("interrupt", {"overall_ms": 2000}, [(300, "1")], "2300 = 1 by overall"),
    ("collect", {"overall_ms": 2000}, [(300, "1")], "3000 = 1 by overall"),
    ("interrupt", {"overall_ms": 2000, "overall_from": "open"}, [], "2000 = nothing by overall"),
    ("interrupt", {"overall_ms": 800, "overall_from": "open"}, [], "800 = nothing by overall"),
    ("interrupt", {"overall_ms": 800, "overall_from": "open"}, [(300, "1")], "800 = 1 by overall"),
    # a timer due at the moment of a key: what was put down first comes first
    (
        "interrupt",
        {"first_digit_ms": 500, "max_digits": 1},
        [(1500, "1")],
        "1500 = 1 by max_digits",
    ),
]


@pytest.mark.parametrize(("during", "spec", "keys", "line"), TABLE)
def test_timing(during: str, spec: dict[str, Any], keys: list[tuple[int, str]], line: str) -> None:
    desk = make(*keys, during_prompt=during, **spec).run()
    assert desk.lines("=") == [line]
    assert desk.session.keys.capture is None
    started = {r.data["timer"] for r in desk.all("timer.started")}
    over = {r.data["timer"] for r in desk.records if r.kind in ("timer.fired", "timer.cancelled")}
    assert started == over, "a timer was left running"


@pytest.mark.parametrize(
    ("spec", "keys", "valid"),
    [
        ({"min_digits": 2, **INTER}, "1", False),
        ({"min_digits": 2, **INTER}, "12", True),
        ({"min_digits": 2, "timeout_fails": True, **INTER}, "12", False),
        ({"min_digits": 1, "terminator": "#"}, "#", False),
        ({"min_digits": 1, "terminator": "#", "keep_terminator": True}, "#", False),
        ({"min_digits": 1, "terminator": "#", "timeout_fails": True}, "1#", True),
        ({"max_digits": 1, "max_digits_ends": False, "terminator": "#"}, "12#", False),
        ({"max_digits": 2, "max_digits_ends": False, "terminator": "#"}, "12#", True),
        ({"min_digits": 2, "max_digits": 2, "timeout_fails": True}, "12", True),
    ],
)
def test_what_is_valid(spec: dict[str, Any], keys: str, valid: bool) -> None:
    desk = make((1500, keys), **spec).run()
    assert desk.one("capture.closed").data["valid"] is valid


@pytest.mark.parametrize(("at", "seqs"), [(300, 1), (1500, 1)])
def test_a_capture_lists_its_digits(at: int, seqs: int) -> None:
    desk = make((at, "1"), max_digits=1).run()
    assert desk.one("capture.closed").data["digit_seqs"] == [desk.one("digit").seq]


def test_a_key_cuts_every_prompt_that_is_queued() -> None:
    desk = make((300, "1"), prompts=3, max_digits=1).run()
    assert desk.lines("▸✂=") == ["0 ▸ P1", "300 ✂ P1 by digit", "300 = 1 by max_digits"]


def test_a_prompt_that_is_cut_by_a_timer() -> None:
    desk = make(first_digit_ms=500, first_from="open").run()
    assert desk.lines("▸✂=") == ["0 ▸ P1", "500 ✂ P1 by action", "500 = nothing by first_digit"]
    assert desk.one("prompt.interrupted").data["played_ms"] == 500


def test_prompts_that_fail_do_not_hold_the_capture_up() -> None:
    desk = make(prompts=2, first_digit_ms=500)
    desk.bad_prompts = frozenset({1})
    desk.run()
    assert desk.lines("▸=")[1:] == ["0 ▸ P2", "1500 = nothing by first_digit"]
    captured = desk.session.platform.captured  # type: ignore[attr-defined]  # Toy
    assert captured.failure.message == "a.mp3: not audio"


def test_a_skipped_prompt_counts_as_heard() -> None:
    desk = make(first_digit_ms=500).at(300, ev.PromptEnded("p1", skipped=True)).run()
    assert desk.lines("=") == ["800 = nothing by first_digit"]
    assert desk.one("prompt.finished").data["skipped"]


@pytest.mark.parametrize("at", [300, 1300])
def test_the_caller_leaves(at: int) -> None:
    desk = make((200, "1"), during_prompt="collect").hang_up(at).run()
    assert desk.lines("=") == [f"{at} = 1 by hangup"]
    assert desk.end["status"] == "gone"
    assert not desk.one("capture.closed").data["valid"]


@pytest.mark.parametrize(
    ("during", "keys", "digits", "shown"),
    [
        ("interrupt", "12#", "12", "••"),
        ("collect", "12#3", "12", "••"),
        ("ignore", "12", "", ""),
    ],
)
def test_secret_digits(during: str, keys: str, digits: str, shown: str) -> None:
    desk = make(
        (300, keys), during_prompt=during, secret=True, terminator="#", first_digit_ms=500
    ).run()
    captured = desk.session.platform.captured  # type: ignore[attr-defined]  # Toy
    assert (captured.digits, captured.shown) == (digits, shown)
    assert desk.one("capture.closed").data["digits"] == shown
    assert {r.data["digit"] for r in desk.all("digit")} <= {"•", "#"}
