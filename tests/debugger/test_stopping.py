"""A call that stands still: breakpoints, steps, edits, and what is held meanwhile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace

import pytest
from aiohttp import web

from ivrsim.debugger.breakpoints import Breakpoints, Debugger
from ivrsim.debugger.drafts import (
    DraftError,
    difference,
    parse_reply,
    parse_request,
    remarks,
    reply_text,
    request_text,
)
from ivrsim.errors import HostNotAllowed, InputError
from ivrsim.flows.target import TargetOptions, load_target
from ivrsim.runtime.live import LiveCall
from ivrsim.runtime.place import CallOptions, place_call
from ivrsim.runtime.stopping import ReplyDraft, RequestDraft, Stop
from ivrsim.trace.filter import FilterError

Play = Callable[[LiveCall, "Stops"], Awaitable[None]]


class Stops:
    """Waits for a call to stand still."""

    def __init__(self, call: LiveCall, making: asyncio.Future[object]) -> None:
        self._call = call
        self._making = making
        self._event = asyncio.Event()
        call.subscribe(lambda records: self._event.set() if call.stopped is not None else None)

    async def next(self) -> Stop:
        if self._call.stopped is None:
            self._event.clear()  # from a stop that has been left
        stopped = asyncio.ensure_future(self._event.wait())
        await asyncio.wait({stopped, self._making}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        self._event.clear()
        if self._making.done():
            raise AssertionError(f"the call ended without a stop: {self._making.result()}")
        assert self._call.stopped is not None
        return self._call.stopped


def made(
    target: str,
    breakpoints: Iterable[str],
    play: Play,
    *,
    keys: str = "1 1",
    options: TargetOptions | None = None,
    clock: str = "virtual",
    at: str | None = None,
) -> LiveCall:
    points = Breakpoints()
    for text in breakpoints:
        points.add(text)
    call = place_call(
        load_target(target, options or TargetOptions()),
        CallOptions(keys=keys, seed=7, clock=clock, at=at),
        watcher=Debugger(points),
    )

    async def run() -> None:
        making = asyncio.ensure_future(call.run())
        try:
            await play(call, Stops(call, making))
            await asyncio.wait_for(making, 20)
        finally:
            making.cancel()

    asyncio.run(run())
    return call


def kinds(call: LiveCall) -> list[str]:
    return [record.kind for record in call.records]


def test_a_breakpoint_on_a_record_stops_before_what_comes_of_it() -> None:
    async def play(call: LiveCall, stops: Stops) -> None:
        stop = await stops.next()
        assert (stop.kind, stop.breakpoint) == ("record", 1)
        assert call.records[stop.seq - 1].kind == "digit"
        # The webhook that the key brings about is written down, and has not gone out.
        assert call.records[-1].kind == "webhook.request"
        assert call.request_drafts()
        before = list(call.records)
        await asyncio.sleep(0.01)
        assert call.records == before
        call.go_on()

    call = made("restaurant", ["kind:digit digit:1 hit:2"], play)
    assert call.result is not None and call.result.status == "COMPLETED"


def test_the_second_webhook_is_edited_before_it_goes() -> None:
    seen: list[tuple[str, object]] = []

    async def vca(request: web.Request) -> web.Response:
        body = await request.json()
        seen.append((request.headers.get("X-By-Hand", ""), body["payload"]["callStatus"]))
        say = {"action": "say", "params": {"text": "Yes.", "voiceProfile": "en-US"}}
        return web.json_response({"callflow": [say, {"action": "hangup"}]})

    async def main() -> LiveCall:
        app = web.Application()
        app.router.add_post("/vca", vca)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        call = place_call(
            load_target(f"http://127.0.0.1:{port}/vca", TargetOptions(platform="8x8")),
            CallOptions(seed=1),
            watcher=Debugger(),
        )
        assert call.debugger.add("request VCA hit:1").number == 1
        making = asyncio.ensure_future(call.run())
        stop = await Stops(call, making).next()
        assert (stop.kind, stop.webhook) == ("request", call.request_drafts()[0].webhook)
        draft = call.request_drafts()[0]
        text = request_text(draft).replace("CALL_RECEIVED", "DTMF_RECEIVED", 1)
        text = text.replace(
            "Content-Type: application/json", "Content-Type: application/json\nX-By-Hand: yes"
        )
        edited = parse_request(text, draft)
        with pytest.raises(HostNotAllowed):
            call.edit_request(replace(edited, url="http://example.com/"))
        call.edit_request(edited, difference(request_text(draft), text))
        call.go_on()
        await making
        await runner.cleanup()
        return call

    call = asyncio.run(main())
    assert seen == [("yes", "DTMF_RECEIVED")]
    (edit,) = [record for record in call.records if record.kind == "request.edited"]
    assert "+" in edit.data["diff"] and "DTMF_RECEIVED" in edit.data["diff"]
    request = call.records[edit.cause - 1]  # type: ignore[operator]  # it has one
    assert request.kind == "webhook.request"


def test_a_reply_is_edited_before_it_is_used() -> None:
    async def play(call: LiveCall, stops: Stops) -> None:
        stop = await stops.next()
        assert (stop.kind, stop.breakpoint) == ("reply", 1)
        assert "webhook.response" not in kinds(call)[stop.seq :]
        draft = call.reply_draft()
        assert draft is not None and draft.title == "VCA ACTION_COMPLETED"
        say = {"action": "say", "params": {"text": "By hand.", "voiceProfile": "en-US"}}
        text = f"200\nContent-Type: application/json\n\n{json.dumps({'callflow': [say]})}"
        call.edit_reply(parse_reply(text, draft), difference(reply_text(draft), text))
        again = call.reply_draft()
        assert again is not None and "By hand." in again.body
        call.go_on()

    call = made("restaurant", ['reply title:"VCA ACTION_COMPLETED" hit:1'], play, keys="1")
    heard = [r.data["text"] for r in call.records if r.kind == "prompt.started"]
    assert heard[-1] == "By hand."
    edited = next(r for r in call.records if r.kind == "reply.edited")
    response = call.records[edit_seq] if (edit_seq := edited.seq) else None
    assert response is not None and response.kind == "webhook.response"
    assert response.data["edited"] is True
    assert response.cause == edited.cause


def test_steps_lead_to_the_next_action_webhook_prompt_and_record() -> None:
    async def play(call: LiveCall, stops: Stops) -> None:
        stop = await stops.next()
        for to, kind in (
            ("action", "action.started"), ("webhook", "webhook.request"),
            ("prompt", "prompt.started"), ("record", None),
        ):  # fmt: skip
            seen = len(call.records)
            call.debugger.step(to)
            call.go_on()
            stop = await stops.next()
            assert stop.kind == "step"
            assert len(call.records) > seen
            assert kind in (None, call.records[stop.seq - 1].kind)
        call.debugger.run_to(len(call.records) + 2)
        target = len(call.records) + 2
        call.go_on()
        stop = await stops.next()
        assert stop.seq == target
        with pytest.raises(InputError, match="a step leads to"):
            call.debugger.step("nowhere")
        call.go_on()

    made("restaurant", ["kind:call.started"], play)


@pytest.mark.parametrize(
    ("point", "action", "document", "pointer"),
    [
        ("action say", "say", "d3", "/0"),
        ("pointer d2/0", "sayAndCapture", "d2", "/0"),
        ("pointer /0", "sayAndCapture", "d1", "/0"),
    ],
)
def test_a_breakpoint_on_an_action_or_a_place_in_a_document(
    point: str, action: str, document: str, pointer: str
) -> None:
    async def play(call: LiveCall, stops: Stops) -> None:
        stop = await stops.next()
        record = call.records[stop.seq - 1]
        assert record.kind == "action.started"
        data = record.data
        found = (data["action"], data["document"], data["pointer"])
        assert found == (action, document, pointer)
        call.debugger.remove(1)
        call.go_on()

    made("restaurant", [point], play)


def test_a_step_that_ends_the_call_has_nothing_left_to_stop() -> None:
    async def play(call: LiveCall, stops: Stops) -> None:
        """Nobody says that it may go on."""

    call = made("restaurant", ["action hangup"], play)  # no webhook is sent after it
    assert call.records[-1].kind == "call.ended"
    assert call.stopped is None
    assert call.debugger.breakpoints[0].hits == 0


def test_time_stands_still_and_keys_wait() -> None:
    async def play(call: LiveCall, stops: Stops) -> None:
        await stops.next()
        then = call.now_ms
        await asyncio.sleep(0.05)
        assert call.now_ms == then
        call.press("1")
        call.mark("here")  # a bookmark brings nothing about: it need not wait
        assert call.held == 1
        assert call.records[-1].kind == "mark"
        call.go_on()
        assert call.held == 0
        await stops.next()  # before the webhook that the key brings about
        digit = next(record for record in call.records if record.kind == "digit")
        assert digit.t - then < 40
        call.go_on()
        call.pause()
        assert call.stopped is not None and call.stopped.kind == "pause"
        call.hang_up()  # nobody who hangs up wants to stand still

    call = made(
        "restaurant", ["kind:prompt.started hit:1", "request ACTION"], play, clock="20x", keys=""
    )
    assert call.result is not None and call.records[-1].kind == "call.ended"


def test_an_interrupted_call_does_not_wait_for_anybody() -> None:
    async def main() -> LiveCall:
        call = place_call(
            load_target("restaurant", TargetOptions()),
            CallOptions(clock="real"),
            watcher=Debugger(_points("request VCA")),
        )
        making = asyncio.ensure_future(call.run())
        await Stops(call, making).next()
        making.cancel()
        with pytest.raises(asyncio.CancelledError):
            await making
        return call

    call = asyncio.run(main())
    assert call.records[-1].kind == "call.ended"


def test_left_for_a_branch_nobody_is_told_of_an_end() -> None:
    async def play(call: LiveCall, stops: Stops) -> None:
        await stops.next()
        call.leave("branch.jsonl")

    call = made("restaurant", ["kind:digit"], play)
    assert call.records[-1].kind == "call.left"
    assert call.records[-1].data == {"branch": "branch.jsonl"}
    assert [record.seq for record in call.records] == list(range(1, len(call.records) + 1))
    assert "call.ended" not in kinds(call)
    assert call.result is not None
    assert (call.result.status, call.result.exit_status) == ("left", 0)


def _points(*texts: str) -> Breakpoints:
    points = Breakpoints()
    for text in texts:
        points.add(text)
    return points


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "expected a filter, request, reply, action or pointer"),
        ("action", "expected the name of an action"),
        ("pointer talk", "expected a pointer into a document"),
        ("kind:digit hit:no", "expected a number after hit:"),
        ("request hit:0", "expected a number after hit:"),
    ],
)
def test_breakpoints_that_are_none(text: str, why: str) -> None:
    with pytest.raises(InputError, match=why):
        Breakpoints().add(text)


def test_a_filter_in_a_breakpoint_points_at_its_mistake() -> None:
    with pytest.raises(FilterError) as found:
        Breakpoints().add("request statu:500")
    assert "status" in str(found.value)


def test_breakpoints_are_switched_off_and_taken_away() -> None:
    points = _points("action say", "pointer d2/0", "request")
    assert [point.what for point in points.points] == ["record", "record", "request"]
    points.toggle(1)
    points.remove(2)
    points.remove(7)
    assert [(point.number, point.enabled) for point in points.points] == [(1, False), (3, True)]
    assert points.add("reply").number == 4


REPLY = ReplyDraft("w1", "VCA", 200, {"Content-Type": "application/json"}, '{"callflow":[]}')
REQUEST = RequestDraft("w1", "VCA", "POST", "http://127.0.0.1/x", {}, '{"a":1}')


def test_drafts_come_back_as_they_were() -> None:
    assert parse_reply(reply_text(REPLY), REPLY) == REPLY
    assert parse_request(request_text(REQUEST), REQUEST).url == REQUEST.url
    get = replace(REQUEST, method="GET", body=None)
    assert parse_request(request_text(get), get) == get


@pytest.mark.parametrize(
    ("text", "line", "column", "why"),
    [
        ("", 1, 1, "expected a first line"),
        ("OK", 1, 1, "expected a status"),
        ("700", 1, 1, "expected a status"),
        ("200\nno header", 2, 1, "expected 'Name: value'"),
        ('200\nContent-Type: application/json\n\n{"a": 1,}', 4, 9, "not JSON"),
        ('200\nContent-Type: application/json\n\n{\n  "a": x}', 5, 8, "not JSON"),
    ],
)
def test_a_reply_that_is_none_says_where(text: str, line: int, column: int, why: str) -> None:
    with pytest.raises(DraftError, match=why) as found:
        parse_reply(text, REPLY)
    assert (found.value.line, found.value.column) == (line, column)


def test_another_content_type_takes_any_text() -> None:
    assert parse_reply("503\nContent-Type: text/html\n\n<oops", REPLY).body == "<oops"


@pytest.mark.parametrize("text", ["TALK http://a/", "POST ftp://a/", "POST", "GET http://a b/"])
def test_a_request_that_is_none_says_where(text: str) -> None:
    with pytest.raises(DraftError, match=r"^1:\d+: expected"):
        parse_request(text, REQUEST)


@pytest.mark.parametrize(
    ("platform", "body", "found"),
    [
        ("8x8", '{"callflow":[{"action":"sai"}]}', "sai"),
        ("8x8", '{"callflow":[{"action":"hangup"}]}', None),
        ("vonage", '[{"action":"tlak"}]', "tlak"),
    ],
)
def test_what_the_platform_would_say_of_a_reply(
    platform: str, body: str, found: str | None
) -> None:
    said = remarks(platform, replace(REPLY, body=body), {})
    assert bool(said) is (found is not None)
    if found is not None:
        assert any(found in line for line in said)


def test_what_unicode_has_for_the_end_of_a_line_stays_in_a_body() -> None:
    draft = replace(
        REPLY, body='{"text":"one\u2028two\x85three\x0bfour"}'.replace("\x0b", "\\u000b")
    )
    assert parse_reply(reply_text(draft), draft) == draft
    assert parse_reply(reply_text(draft).replace("\n", "\r\n"), draft) == draft


def test_a_difference_holds_no_secrets() -> None:
    headers = {"Set-Cookie": "id=abc", "Content-Type": "application/json"}
    draft = replace(REQUEST, headers=headers, url="http://127.0.0.1/x?token=abc", body='{"a":1}')
    old = request_text(draft)
    new = old.replace('"a": 1', '"Cookie": "abc"').replace(
        "Content-", "Authorization: abc\nContent-"
    )
    made = difference(old, new)
    assert "+Authorization: •••" in made
    assert " Set-Cookie: •••" in made
    assert " POST http://127.0.0.1/x?token=•••" in made
    assert '+  "Cookie": "abc"' in made  # a body is shown as it is, as everywhere
    assert made.count("abc") == 1
    assert difference(old, old) == ""


@pytest.mark.parametrize("clock", ["virtual", "50x"])
def test_a_call_that_is_left_ends_in_order_whatever_its_clock(clock: str) -> None:
    async def play(call: LiveCall, stops: Stops) -> None:
        await stops.next()
        call.leave("branch.jsonl")

    call = made("ferry", ["kind:prompt.started"], play, clock=clock)
    assert call.result is not None and call.result.summary.startswith("left after")


def test_a_text_comes_back_with_its_blanks_and_a_mistake_is_where_it_is() -> None:
    draft = replace(REPLY, headers={"Content-Type": "text/plain"}, body="\n  one\n\ntwo \n")
    assert parse_reply(reply_text(draft), draft) == draft
    with pytest.raises(DraftError) as found:
        parse_reply("200\nContent-Type: application/json\n\n\n\n[1,]\n", REPLY)
    assert (found.value.line, found.value.column) == (6, 4)
