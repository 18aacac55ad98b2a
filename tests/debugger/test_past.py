"""What lies behind a branch: traces that break off or are no good, and what goes on from them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ivrsim.debugger.branch import branch
from ivrsim.engine.commands import SendWebhook
from ivrsim.errors import InputError
from ivrsim.flows.target import Target, TargetOptions, load_target
from ivrsim.runtime.live import LiveCall
from ivrsim.runtime.past import check, past_of
from ivrsim.runtime.place import CallOptions, _addresses, _readdressed, place_call
from ivrsim.trace.record import Header, Record
from tests.debugger.test_stopping import Stops


def restaurant(keys: str = "1 1") -> LiveCall:
    call = place_call(load_target("restaurant", TargetOptions()), CallOptions(keys=keys, seed=7))
    asyncio.run(call.run())
    return call


def gone_back(records: list[Record], header: Header, seq: int, keys: str = "1") -> LiveCall:
    target = load_target("restaurant", TargetOptions())
    call = branch(records, header, seq, target, CallOptions(keys=keys))
    asyncio.run(call.run())
    return call


def test_a_trace_that_breaks_off_in_the_middle_of_a_step_goes_on() -> None:
    old = restaurant()
    digit = next(record for record in old.records if record.kind == "digit")
    step = [r for r in old.records if r.cause is not None and r.t == digit.t and r.seq > digit.seq]
    assert not step[0].is_input and not step[1].is_input
    call = gone_back(old.records[: step[0].seq], old.header, step[0].seq)
    assert call.records[step[0].seq : step[1].seq] == old.records[step[0].seq : step[1].seq]
    assert call.records[-1].kind == "call.ended"


def test_a_record_too_many_at_the_end_of_a_step_is_a_difference() -> None:
    old = restaurant()
    digit = next(record for record in old.records if record.kind == "digit")
    past = past_of(old.records, digit.seq, "old.jsonl")
    more = replace(past, expected=[*past.expected, digit._replace(is_input=False)])
    assert list(check(past, iter(past.expected))) == past.expected
    with pytest.raises(InputError, match=rf"record {digit.seq}: .*gives nothing more where digit"):
        list(check(more, iter(past.expected)))


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("digit", {"digit": 5}),
        ("webhook.response", {"status": None, "headers": None}),
        ("prompt.started", {"duration_ms": "long"}),
    ],
)
def test_a_record_that_cannot_be_fed_is_named(kind: str, change: dict[str, Any]) -> None:
    old = restaurant()
    bad = next(record for record in old.records if record.kind == kind)
    records = [r._replace(data={**r.data, **change}) if r is bad else r for r in old.records]
    with pytest.raises(InputError, match=rf"record {bad.seq}: cannot go back"):
        gone_back(records, old.header, bad.seq + 1)
    lacking = [r._replace(data={}) if r is bad else r for r in old.records]
    with pytest.raises(InputError, match=rf"record {bad.seq}: cannot go back: expected a {kind}"):
        gone_back(lacking, old.header, bad.seq + 1)


@pytest.mark.parametrize(
    "change", [{"caller": 5}, {"urls": []}, {"urls": {"vca": 1}}, {"seed": []}]
)
def test_a_header_that_does_not_say_how_the_call_was_placed(change: dict[str, Any]) -> None:
    old = restaurant()
    header = old.header._replace(setup={**old.header.setup, **change})
    with pytest.raises(InputError, match=f"its header does not say .*{next(iter(change))}"):
        gone_back(old.records, header, 10)


def test_a_webhook_goes_where_its_own_url_is_today_and_not_where_one_that_begins_like_it() -> None:
    old = {"answer": "http://a:1/in", "event": "http://a:1/info", "fallback": None}
    new = {"answer": "http://b/one", "event": "http://b/two", "fallback": "http://b/three"}
    addresses = _addresses(old, new)

    def today(url: str) -> str:
        command = SendWebhook("w1", "event", "GET", url, {}, None, 1, 1, {}, None)
        return _readdressed(addresses, command).url

    assert today("http://a:1/in?x=1") == "http://b/one?x=1"
    assert today("http://a:1/in") == "http://b/one"
    assert today("http://a:1/info") == "http://b/two"
    assert today("http://a:1/input/1") == "http://b/input/1"
    assert today("http://c/in") == "http://c/in"


async def test_a_request_that_is_held_in_a_branch_has_the_address_of_today() -> None:
    def at(port: int) -> Target:
        options = TargetOptions(platform="8x8")
        return load_target(f"http://127.0.0.1:{port}/vca?token=abc", options)

    old = place_call(at(1), CallOptions(seed=7))
    asked = next_of_kind(old, "webhook.request")
    making = asyncio.ensure_future(old.run())
    request = await asked
    old.leave("")
    await making
    records = old.records[: request.seq]
    call = branch(records, old.header, request.seq, at(2), CallOptions(person=True))
    again = asyncio.ensure_future(call.run())
    await Stops(call, again).next()
    (draft,) = call.request_drafts()
    assert draft.url == "http://127.0.0.1:2/vca?token=abc"
    call.edit_request(replace(draft, body=draft.body and draft.body.replace("INBOUND", "BY_HAND")))
    call.hang_up()
    await again


def next_of_kind(call: LiveCall, kind: str) -> asyncio.Future[Record]:
    found: asyncio.Future[Record] = asyncio.get_running_loop().create_future()

    def look(records: Sequence[Record]) -> None:
        for record in records:
            if record.kind == kind and record.data["sent"] and not found.done():
                found.set_result(record)

    call.subscribe(look)
    return found


BY_HAND = """
platform: vonage
parties: {"+447700900001": by_hand}
faults: [{fault: dead, by: 20, number: "+447700900001"}]
app:
  pages:
    dial:
      reply:
        - action: connect
          endpoint: [{type: phone, number: "447700900001"}]
"""


async def test_a_telephone_answered_by_hand_is_cut_in_the_branch_too(tmp_path: Path) -> None:
    flow = tmp_path / "flow.yaml"
    flow.write_text(BY_HAND)
    target = load_target(str(flow), TargetOptions())
    old = place_call(target, CallOptions(seed=7, person=True))

    def answers(records: Sequence[Record]) -> None:
        for record in records:
            if record.kind == "leg.ringing":
                old.party(record.leg or "", "answer")

    old.subscribe(answers)
    await old.run()
    gone = next(r for r in old.records if r.kind == "leg.hangup")
    bridged = next(r for r in old.records if r.kind == "leg.bridged")
    assert gone.t - bridged.t == 20_000
    call = branch(old.records, old.header, bridged.seq, target, CallOptions(max_time_s=60))
    await call.run()
    strip = [json.dumps(r.to_json()) for r in call.records]
    assert strip == [json.dumps(r.to_json()) for r in old.records]


def test_what_is_said_in_secret_takes_as_long_as_it_did() -> None:
    from ivrsim.runtime.caller import utterance

    assert [t for t, _ in utterance("•••", "leg", 100, "typed", 2500)] == [100, 2600, 2600]
