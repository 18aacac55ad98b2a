"""What is held while a call stands still: nothing is lost, overtaken or done twice."""

from __future__ import annotations

import asyncio

import pytest

from ivrsim.engine.events import Marked
from ivrsim.runtime.faults import parse_fault
from ivrsim.runtime.live import LiveCall
from tests.debugger.test_stopping import Stops, kinds, made


def test_a_bookmark_while_a_call_stands_still_does_not_blind_its_breakpoints() -> None:
    seen: list[int] = []

    async def play(call: LiveCall, stops: Stops) -> None:
        for _ in range(2):
            stop = await stops.next()
            seen.append(stop.seq)
            assert call.records[stop.seq - 1].kind == "webhook.request"
            call.mark("here")  # the filter looks up the request of a reply by its number
            call.go_on()
        call.debugger.go()

    made("restaurant", ['reply title:"VCA ACTION_COMPLETED" body:callflow'], play)
    assert len(set(seen)) == 2


def test_a_reply_that_is_held_is_used_before_what_came_after_it() -> None:
    async def play(call: LiveCall, stops: Stops) -> None:
        stop = await stops.next()
        assert stop.kind == "reply"
        call.answer(Marked("behind it"))
        call.go_on()

    call = made("restaurant", ["reply VCA hit:1"], play)
    mark = next(record for record in call.records if record.kind == "mark")
    first = next(record for record in call.records if record.kind == "webhook.response")
    assert first.seq < mark.seq


def test_who_hangs_up_is_not_stopped_by_what_was_held() -> None:
    async def play(call: LiveCall, stops: Stops) -> None:
        assert (await stops.next()).kind == "reply"
        call.hang_up()
        assert call.stopped is None

    call = made("restaurant", ["reply VCA hit:1", "kind:webhook.response hit:1"], play)
    gone = kinds(call).index("leg.hangup")
    assert gone < kinds(call).index("webhook.response")


def test_who_leaves_a_call_does_nothing_more_in_it() -> None:
    async def play(call: LiveCall, stops: Stops) -> None:
        await stops.next()
        call.schedule(call.now_ms, Marked("due at the same moment"))
        call.leave("branch.jsonl")

    call = made("restaurant", ["kind:digit"], play)
    assert "mark" not in kinds(call)
    assert kinds(call)[-1] == "call.left"


def test_each_breakpoint_on_replies_counts_its_own_hits() -> None:
    async def play(call: LiveCall, stops: Stops) -> None:
        assert (await stops.next()).breakpoint == 1
        call.go_on()
        assert (await stops.next()).breakpoint == 1
        assert [point.hits for point in call.debugger.breakpoints] == [2, 2]
        call.debugger.remove(1)
        call.go_on()
        assert (await stops.next()).breakpoint == 2
        call.go_on()

    made("restaurant", ["reply VCA", "reply VCA hit:3"], play)


def test_a_face_may_go_on_as_soon_as_it_is_told_of_the_stop() -> None:
    async def play(call: LiveCall, stops: Stops) -> None:
        def again(records: object) -> None:
            if call.stopped is not None:
                call.go_on()

        call.subscribe(again)
        await asyncio.sleep(0)

    call = made("restaurant", ["kind:webhook.request", "reply VCA"], play)

    async def nothing(call: LiveCall, stops: Stops) -> None:
        await asyncio.sleep(0)

    assert kinds(call) == kinds(made("restaurant", [], nothing))


@pytest.mark.parametrize(
    ("target", "keys"),
    [("restaurant", "1 1"), ("parcel", "1 2 1"), ("storm", "1 2"), ("ferry", "1 12 1")],
)
def test_a_call_that_stops_at_everything_is_the_same_call(target: str, keys: str) -> None:
    stops = 0

    async def play(call: LiveCall, _: Stops) -> None:
        def again(records: object) -> None:
            nonlocal stops
            if call.stopped is not None:
                stops += 1
                call.debugger.step("record")
                asyncio.get_running_loop().call_soon(call.go_on)

        call.subscribe(again)
        await asyncio.sleep(0)

    async def nothing(call: LiveCall, _: Stops) -> None:
        await asyncio.sleep(0)

    at = "2026-11-21T09:30:00Z"
    stopped = made(target, ["reply", "kind:call.started"], play, keys=keys, at=at)
    assert stops > 10
    assert stopped.records == made(target, [], nothing, keys=keys, at=at).records


def test_a_webhook_that_a_fault_held_back_does_not_go_out_while_the_call_stands_still() -> None:
    async def play(call: LiveCall, stops: Stops) -> None:
        call.inject(parse_fault("out-of-order when purpose:answer"))
        stop = await stops.next()
        assert "sent now" in call.records[stop.seq - 1].data["detail"]
        (draft,) = call.request_drafts()
        assert draft.title == "answer"
        call.hang_up()

    made("parcel", ["kind:fault.injected hit:2"], play)
