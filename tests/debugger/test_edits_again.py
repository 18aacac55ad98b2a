"""Edits in a past that is gone back to: kept where they are behind, told again where they come."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from aiohttp import web

from ivrsim.debugger.branch import branch
from ivrsim.debugger.breakpoints import Breakpoints, Debugger
from ivrsim.flows.target import TargetOptions, load_target
from ivrsim.runtime.live import LiveCall
from ivrsim.runtime.place import CallOptions, place_call
from ivrsim.trace.record import Record
from tests.debugger.test_stopping import Stops, made

SAY = {"action": "say", "params": {"text": "By hand.", "voiceProfile": "en-US"}}
BY_HAND = json.dumps({"callflow": [SAY]})


def edited_call() -> LiveCall:
    async def play(call: LiveCall, stops: Stops) -> None:
        await stops.next()
        draft = call.reply_draft()
        assert draft is not None
        call.edit_reply(replace(draft, body=BY_HAND), "the difference")
        call.go_on()

    return made("restaurant", ['reply title:"VCA ACTION_COMPLETED" hit:1'], play, keys="1")


def gone_back(old: LiveCall, seq: int, play: Callable[[LiveCall], None] | None = None) -> LiveCall:
    options = CallOptions(person=play is not None)
    target = load_target("restaurant", TargetOptions())
    call = branch(old.records, old.header, seq, target, options)

    async def main() -> None:
        making = asyncio.ensure_future(call.run())
        if play is not None:
            await Stops(call, making).next()
            play(call)
        await making

    asyncio.run(main())
    return call


def only(call: LiveCall, kind: str) -> Record:
    (found,) = [record for record in call.records if record.kind == kind]
    return found


def test_an_edited_reply_that_comes_after_the_branch_is_told_of_again() -> None:
    old = edited_call()
    edit = only(old, "reply.edited")
    assert edit.cause is not None
    call = gone_back(old, edit.cause)
    again = only(call, "reply.edited")
    assert again.data == edit.data
    after = call.records[again.seq]
    assert (after.kind, after.data["edited"]) == ("webhook.response", True)
    assert after.data["body"] == BY_HAND


def test_gone_back_to_an_edit_the_reply_is_held_as_it_came() -> None:
    old = edited_call()
    edit = only(old, "reply.edited")

    def play(call: LiveCall) -> None:
        draft = call.reply_draft()
        assert draft is not None
        assert (draft.body, draft.status) == (edit.data["was"]["body"], 200)
        call.go_on()
        asyncio.get_running_loop().call_later(0.05, call.hang_up)

    call = gone_back(old, edit.seq, play)
    assert not [record for record in call.records if record.kind == "reply.edited"]
    response = call.records[edit.seq - 1]
    assert (response.kind, response.data.get("edited")) == ("webhook.response", None)
    assert response.data["body"] == edit.data["was"]["body"]


@pytest.mark.parametrize("token", ["", "?token=abc"])
async def test_an_edited_request_that_had_no_reply_goes_out_edited(token: str) -> None:
    seen: list[tuple[str, str, str]] = []

    async def vca(request: web.Request) -> web.Response:
        body = await request.json()
        by_hand = request.headers.get("X-By-Hand", "")
        seen.append((by_hand, str(request.rel_url), body["payload"]["callStatus"]))
        return web.json_response({"callflow": [{"action": "hangup"}]})

    app = web.Application()
    app.router.add_post("/vca", vca)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    target = load_target(
        f"http://127.0.0.1:{runner.addresses[0][1]}/vca{token}", TargetOptions(platform="8x8")
    )
    points = Breakpoints()
    points.add("request VCA hit:1")
    call = place_call(target, CallOptions(seed=1), watcher=Debugger(points))
    making = asyncio.ensure_future(call.run())
    await Stops(call, making).next()
    (draft,) = call.request_drafts()
    assert draft.url.endswith(token)
    assert draft.body is not None
    body = draft.body.replace("CALL_RECEIVED", "DTMF_RECEIVED")
    call.edit_request(replace(draft, headers={**draft.headers, "X-By-Hand": "yes"}, body=body))
    call.mark("here")
    mark = call.records[-1]
    again = branch(list(call.records), call.header, mark.seq, target, CallOptions())
    call.leave("")
    await making
    assert not seen
    await again.run()
    await runner.cleanup()
    assert seen == [("yes", f"/vca{token}", "DTMF_RECEIVED")]
    edit = only(again, "request.edited")
    assert edit.seq == mark.seq - 1
    assert "abc" not in json.dumps([record.to_json() for record in again.records])
