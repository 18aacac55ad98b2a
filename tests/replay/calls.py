"""Calls for the tests of replay: those of ``tests.engine.strategies``, made by a real LiveCall."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import Any

from ivrsim.engine import events as ev
from ivrsim.engine.commands import SendWebhook
from ivrsim.flows.model import Party
from ivrsim.flows.pages import ScriptedReply
from ivrsim.flows.target import TargetOptions, load_target
from ivrsim.platforms import make_platform
from ivrsim.replay.traces import Trace
from ivrsim.runtime.allow import HostPolicy
from ivrsim.runtime.caller import KeyScript
from ivrsim.runtime.clock import Clock
from ivrsim.runtime.downloads import cache_of
from ivrsim.runtime.live import LiveCall
from ivrsim.runtime.parties import Parties
from ivrsim.runtime.place import CallOptions, place_call
from ivrsim.runtime.plan import CallPlan
from ivrsim.runtime.prompts import PromptMaker
from ivrsim.runtime.recorded import RecordedCall
from ivrsim.trace.record import Header, Record
from tests.desk import STARTED_AT
from tests.engine.strategies import Script

_PARTIES = {
    "answers": Party("answers", 0.5),
    "busy": Party("busy", 1.0),
    "rejected": Party("rejected", 2.0),
    "unreachable": Party("unreachable", 0.0),
    "silent": Party("no_answer"),
    "leaves": Party("answers", 3.0, "Hello, who is there?", 4.0),
}


class Answers:
    """An application that gives the replies of a script in turn, some of them late."""

    def __init__(self, replies: list[Any]) -> None:
        self._all = replies
        self._left = list(replies)

    def fresh(self) -> Answers:
        return Answers(self._all)

    def reply(self, command: SendWebhook) -> ScriptedReply:
        if command.context.get("informational") or not self._left:
            return ScriptedReply(200, {}, b"")
        answer = self._left.pop(0)
        made = answer(command.webhook) if callable(answer) else None
        if isinstance(made, ev.WebhookReplied):
            return ScriptedReply(made.status, made.headers, made.body.encode(), delay_ms=700)
        if isinstance(made, ev.WebhookFailed):
            return ScriptedReply(503, {}, b"")
        body = b"" if answer is None else json.dumps(answer).encode()
        return ScriptedReply(200, {"content-type": "application/json"}, body)


def plan_of(script: Script) -> CallPlan:
    urls = {name: url and f"pages:{name}" for name, url in script.setup.urls.items()}
    setup = replace(script.setup, urls=urls, secret=False)
    policy = HostPolicy(None, ())
    header = Header(
        setup.platform, "test", setup.seed, setup.started_at, dict(setup.settings), None,
        setup.to_json(),
    )  # fmt: skip
    party = _PARTIES[script.parties[0]] if script.parties else _PARTIES["answers"]
    return CallPlan(
        header=header,
        setup=setup,
        platform=partial(make_platform, setup),
        clock=Clock(None),
        script=KeyScript(),
        parties=partial(Parties, {}, party),
        policy=policy,
        prompts=PromptMaker(None, policy, cache_of("hour"), False),
        pages=Answers(script.replies),
        max_time_ms=120_000,
    )


def made(script: Script) -> LiveCall:
    """The call of a script: keys, words and hang-ups come whenever the script says."""
    call = LiveCall(plan_of(script))
    for t, keys in script.keys:
        for i, key in enumerate(keys):
            call.schedule(t + 200 * i, ev.DigitPressed(key, "keypad"))
    for number, (t, by_caller) in enumerate(script.hangups):
        source = "button" if by_caller else "api"
        call.schedule(t, ev.ApiCommand(f"bye-{number}", "hangup", {}, source))
    if script.voices:
        _speaks(call, script)
    asyncio.run(call.run())
    return call


def _speaks(call: LiveCall, script: Script) -> None:
    """Schedule what is said, once there is somebody to say it."""

    def see(records: Any) -> None:
        for record in records:
            if record.kind == "leg.created" and record.data["role"] == "caller":
                for t, ms, text, source in script.voices:
                    leg, begin = record.leg, max(t, record.t)
                    known = text if source != "microphone" else None
                    call.schedule(begin, ev.SpeechStarted(leg, source, known, ms))
                    call.schedule(begin + ms, ev.SpeechHeard(leg, text, source, ms, 0.9))
                    call.schedule(begin + ms, ev.SpeechStopped(leg, source))

    call.subscribe(see)


def made_again(call: LiveCall, script: Script) -> LiveCall:
    """The recorded caller of ``call`` calls the same application."""
    plan = plan_of(script)
    party = _PARTIES[script.parties[0]] if script.parties else _PARTIES["answers"]
    RecordedCall(call.records).join(plan, {}, party)
    again = LiveCall(plan)
    asyncio.run(again.run())
    return again


def flow(folder: Path, text: str, name: str = "flow") -> str:
    """A flow file with this text."""
    path = folder / f"{name}.yaml"
    path.write_text(dedent(text))
    return str(path)


def call(
    target: str, keys: str = "", *, options: TargetOptions | None = None, **more: Any
) -> LiveCall:
    """A call of ``target``, made in virtual time."""
    more = {"seed": 1, "at": STARTED_AT, **more}
    placed = place_call(load_target(target, options), CallOptions(keys=keys, **more))
    asyncio.run(placed.run())
    return placed


def trace(placed: LiveCall) -> Trace:
    return Trace(placed.records, placed.header)


def changed(records: list[Record], seq: int, **data: Any) -> list[Record]:
    """``records`` with the ``data`` of one of them changed."""
    return [
        record._replace(data={**record.data, **data}) if record.seq == seq else record
        for record in records
    ]
