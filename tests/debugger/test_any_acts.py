"""Whatever people do to a call that stands still and goes on: nothing is lost or done twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrsim.debugger.breakpoints import Breakpoints, Debugger
from ivrsim.engine.events import event_from_record
from ivrsim.engine.session import Session
from ivrsim.engine.setup import CallSetup
from ivrsim.flows.target import TargetOptions, load_target
from ivrsim.platforms import make_platform
from ivrsim.runtime.faults import parse_fault
from ivrsim.runtime.live import LiveCall
from ivrsim.runtime.place import CallOptions, place_call
from ivrsim.trace.record import Record
from tests.engine import strategies as a

TARGETS = ("restaurant", "parcel", "storm", "ferry", "voicemail", "clinic", "callback", "pin")
POINTS = (
    "reply", "request", "kind:digit", "action talk", "kind:prompt.started", "kind:leg.hangup",
    "kind:timer.fired", "kind:webhook.response hit:2", "kind:fault.injected",
)  # fmt: skip


def _edit(call: LiveCall) -> None:
    draft = call.reply_draft()
    if draft is not None:
        call.edit_reply(replace(draft, status=500), "by hand")


def _step(call: LiveCall) -> None:
    call.debugger.step("record")
    call.go_on()


DO: Mapping[str, Callable[[LiveCall], object]] = {
    "wait": lambda call: None,
    "1": lambda call: call.press("1"),
    "#": lambda call: call.press("#"),
    "say": lambda call: call.say("hello"),
    "go": lambda call: call.go_on(),
    "step": _step,
    "pause": lambda call: call.pause(),
    "skip": lambda call: call.skip_prompt(),
    "mark": lambda call: call.mark("here"),
    "edit": _edit,
    "slow": lambda call: call.inject(parse_fault("slow 2")),
    "refused": lambda call: call.inject(parse_fault("refused")),
    "twice": lambda call: call.inject(parse_fault("duplicate")),
    "late": lambda call: call.inject(parse_fault("out-of-order")),
    "hang up": lambda call: call.hang_up(),
}


def made(target: str, points: Sequence[str], acts: Sequence[str], keys: str) -> LiveCall:
    breakpoints = Breakpoints()
    for text in points:
        breakpoints.add(text)
    call = place_call(
        load_target(target, TargetOptions()),
        CallOptions(keys=keys, seed=7, person=True, max_time_s=60),
        watcher=Debugger(breakpoints),
    )

    async def run() -> None:
        making = asyncio.ensure_future(call.run())
        for act in acts:
            await asyncio.sleep(0)
            DO[act](call)
        breakpoints.points.clear()
        call.debugger.go()
        while not making.done():
            call.go_on()
            await asyncio.sleep(0)
        making.result()

    asyncio.run(run())
    return call


def fed_again(call: LiveCall) -> list[Record]:
    setup = CallSetup.from_json(call.header.setup)
    session = Session(make_platform(setup), setup)
    records: list[Record] = []
    for record in call.records:
        if record.is_input:
            records += session.feed(event_from_record(record), record.t)[0]
    return records


@settings(max_examples=40 * a.EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    target=st.sampled_from(TARGETS),
    points=st.lists(st.sampled_from(POINTS), max_size=4, unique=True),
    acts=st.lists(st.sampled_from(sorted(DO)), max_size=40),
    keys=st.sampled_from(["", "1 1", "2 1"]),
)
def test_every_webhook_is_answered_once_and_the_trace_can_be_fed_again(
    target: str, points: list[str], acts: list[str], keys: str
) -> None:
    call = made(target, points, acts, keys)
    records = call.records
    assert records[-1].kind == "call.ended"
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    assert all(one.t <= other.t for one, other in pairwise(records))
    asked = [r.data["webhook"] for r in records if r.kind == "webhook.request" and r.data["sent"]]
    kinds = ("webhook.response", "webhook.failed")
    answered = [r.data["webhook"] for r in records if r.kind in kinds]
    assert sorted(answered) == sorted(asked)
    assert [str(record) for record in fed_again(call)] == [str(record) for record in records]
