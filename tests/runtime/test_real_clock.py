"""Calls in real time, only faster: a person presses keys, hangs up, skips prompts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from ivrsim.errors import InputError
from ivrsim.runtime.live import LiveCall
from ivrsim.trace.record import Record
from tests.runtime.place import MENU_8X8, SECOND, call, records

LONG = MENU_8X8.replace(SECOND, " ".join([SECOND] * 20)).replace("5000", "20000")
"""Prompts of some twenty seconds: long enough, fifty times as fast, to do something meanwhile."""


@asynccontextmanager
async def on_the_line(made: LiveCall) -> AsyncIterator[asyncio.Task[object]]:
    task: asyncio.Task[object] = asyncio.ensure_future(made.run())
    try:
        yield task
        async with asyncio.timeout(10):
            await task
    finally:
        task.cancel()


async def until(made: LiveCall, kind: str, count: int = 1) -> Record:
    """The ``count``-th record of ``kind``, as soon as there is one."""
    found = asyncio.Event()
    stop: Callable[[], None] = made.subscribe(lambda step: found.set())
    try:
        async with asyncio.timeout(10):
            while len(records(made, kind)) < count:
                found.clear()
                await found.wait()
    finally:
        stop()
    return records(made, kind)[count - 1]


async def test_a_key_has_cut_the_prompt_when_press_returns(tmp_path: Path) -> None:
    made = call(tmp_path, LONG, clock="50x", person=True)
    async with on_the_line(made):
        await until(made, "prompt.started")
        made.press("3")
        (cut,) = records(made, "prompt.interrupted")
        assert cut.data["by"] == "digit"
        made.press("4")
        assert records(made, "capture.closed")[0].data["digits"] == "34"
        await until(made, "prompt.started", 2)
    assert made.result is not None
    assert made.result.exit_status == 0
    assert made.records[-1].t > 20_000


async def test_hanging_up(tmp_path: Path) -> None:
    made = call(tmp_path, LONG, clock="50x", person=True)
    async with on_the_line(made):
        await until(made, "prompt.started")
        made.hang_up()
        assert records(made, "prompt.interrupted")[0].data["by"] == "hangup"
    assert made.records[-1].data["by"] == "caller"
    assert made.ended


async def test_skipping_a_prompt(tmp_path: Path) -> None:
    made = call(tmp_path, LONG, clock="50x", person=True)
    async with on_the_line(made):
        started = await until(made, "prompt.started")
        assert made.skip_prompt() is True
        (skipped,) = records(made, "prompt.finished")
        assert skipped.data == {"prompt": started.data["prompt"], "skipped": True}
        assert records(made, "capture.listening")
        assert made.skip_prompt() is False
        assert records(made, "digit") == []
        made.hang_up()


async def test_sentences_are_said_one_after_the_other(tmp_path: Path) -> None:
    made = call(tmp_path, LONG, clock="50x", person=True)
    async with on_the_line(made):
        await until(made, "prompt.started")
        made.say(SECOND)
        made.say(SECOND)
        await until(made, "speech.stopped", 2)
        made.hang_up()
    said = records(made, "speech.started", "speech", "speech.stopped")
    assert [r.kind for r in said] == ["speech.started", "speech", "speech.stopped"] * 2


async def test_a_mark(tmp_path: Path) -> None:
    made = call(tmp_path, LONG, clock="50x", person=True)
    async with on_the_line(made):
        await until(made, "prompt.started")
        made.mark("look here")
        assert records(made, "mark")[0].data == {"text": "look here"}
        made.hang_up()


async def test_a_script_hands_over_to_a_person(tmp_path: Path) -> None:
    made = call(tmp_path, MENU_8X8, clock="50x", person=True, keys="12")
    async with on_the_line(made):
        await until(made, "capture.opened", 2)
        made.press("5")
        made.press("#")
    assert [r.data["source"] for r in records(made, "digit")] == ["script"] * 2 + ["keypad"] * 2
    assert records(made, "capture.closed")[1].data["digits"] == "5"


async def test_a_party_answered_by_hand(tmp_path: Path) -> None:
    flow = """
        platform: vonage
        parties: {default: by_hand}
        app:
          pages:
            dial:
              reply: [{action: connect, endpoint: [{type: phone, number: "447700900001"}]}]
    """
    made = call(tmp_path, flow, clock="50x", person=True)
    async with on_the_line(made):
        ringing = await until(made, "leg.ringing")
        assert ringing.leg is not None
        made.party(ringing.leg, "answer")
        await until(made, "leg.bridged")
        made.party(ringing.leg, "hang_up")
    ends = [r.kind for r in made.records if r.leg == ringing.leg and r.kind.startswith("leg.")]
    assert ends[-3:] == ["leg.answered", "leg.hangup", "leg.ended"]


async def test_time_goes_by(tmp_path: Path) -> None:
    made = call(tmp_path, LONG, clock="50x", person=True)
    async with on_the_line(made):
        await until(made, "prompt.started")
        before = made.now_ms
        await asyncio.sleep(0.02)
        assert made.now_ms >= before + 1000
        made.hang_up()
    assert made.now_ms == made.records[-1].t
    times = [record.t for record in made.records]
    assert times == sorted(times)


async def test_max_time_in_real_time(tmp_path: Path) -> None:
    made = call(tmp_path, LONG, clock="100x", max_time_s=5)
    async with on_the_line(made):
        pass
    assert records(made, "call.limit")[0].t == 5000


@pytest.mark.parametrize("key", ["", "12", "x", "a", "٣", " "])
async def test_what_is_no_key(tmp_path: Path, key: str) -> None:
    made = call(tmp_path, MENU_8X8)
    with pytest.raises(InputError, match="is not a key of a telephone"):
        made.press(key)


async def test_a_call_that_is_cancelled_hangs_up(tmp_path: Path) -> None:
    made = call(tmp_path, LONG, clock="50x", person=True)
    task = asyncio.ensure_future(made.run())
    await until(made, "prompt.started")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert made.ended
    assert made.records[-1].data["by"] == "caller"
