"""Calls of the runtime in virtual time, made of what ``tests.engine.strategies`` thinks up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from ivrsim.engine import commands as cmd
from ivrsim.engine import events as ev
from ivrsim.engine.setup import CallSetup
from ivrsim.flows.model import DEFAULT_PARTY
from ivrsim.flows.pages import ScriptedReply
from ivrsim.platforms import make_platform
from ivrsim.runtime.allow import HostPolicy
from ivrsim.runtime.caller import KeyScript
from ivrsim.runtime.clock import Clock
from ivrsim.runtime.downloads import cache_of
from ivrsim.runtime.live import LiveCall
from ivrsim.runtime.parties import Parties
from ivrsim.runtime.past import Past
from ivrsim.runtime.plan import CallPlan
from ivrsim.runtime.prompts import PromptMaker
from ivrsim.trace.record import Header, Record
from tests.engine import strategies as a

ACTS = frozenset({"digit", "speech.started", "speech.stopped", "speech", "api.request"})


@dataclass(frozen=True)
class Story:
    """One call: how it is placed, what the application replies in turn, what the caller does."""

    setup: CallSetup
    replies: tuple[Any, ...]
    acts: tuple[tuple[int, ev.Event], ...]


class Pages:
    """Replies in turn to webhooks whose reply counts; an empty 200 to all others."""

    def __init__(self, replies: Sequence[Any]) -> None:
        self._replies = replies
        self._next = 0

    def fresh(self) -> Pages:
        return Pages(self._replies)

    def reply(self, command: cmd.SendWebhook) -> ScriptedReply:
        answer = None
        if not command.context.get("informational") and self._next < len(self._replies):
            answer = self._replies[self._next]
            self._next += 1
        body = b"" if answer is None else json.dumps(answer).encode()
        return ScriptedReply(200, {"content-type": "application/json"}, body)


class Acts:
    """A caller who acts at given times, whatever happens."""

    problem = None
    left_over = 0
    warnings: list[str] = []

    def __init__(self, acts: Sequence[tuple[int, ev.Event]], call: LiveCall) -> None:
        for t, event in acts:
            call.schedule(t, event)

    def see(self, record: Record) -> None:
        """Looks at nothing."""

    def resume(self, past: Sequence[Record], t: int) -> None:
        """Goes on."""


def plan_of(story: Story, acts: Sequence[tuple[int, ev.Event]], past: Past | None) -> CallPlan:
    setup = story.setup
    return CallPlan(
        header=Header(
            setup.platform, "story", setup.seed, setup.started_at, dict(setup.settings),
            setup=setup.to_json(), parent=None if past is None else past.parent(),
        ),
        setup=setup,
        platform=partial(make_platform, setup),
        clock=Clock(None),
        script=KeyScript(),
        parties=partial(Parties, {}, DEFAULT_PARTY),
        policy=HostPolicy(None, ()),
        prompts=PromptMaker(Path("."), HostPolicy(None, ()), cache_of("hour"), False, "espeak"),
        pages=Pages(story.replies),
        caller=partial(Acts, acts),
        past=past,
        readdress=_to_pages,
    )  # fmt: skip


def _to_pages(command: cmd.SendWebhook) -> cmd.SendWebhook:
    return replace(command, url=command.url.replace("http://app/", "pages:"))


def made(
    story: Story,
    acts: Sequence[tuple[int, ev.Event]] | None = None,
    past: Past | None = None,
) -> LiveCall:
    """The call, made to its end."""
    call = LiveCall(plan_of(story, story.acts if acts is None else acts, past))
    asyncio.run(call.run())
    return call


@st.composite
def stories(draw: st.DrawFn) -> Story:
    setup = draw(a.setups())
    replies = draw(st.lists(a.bodies(setup.platform), max_size=5))
    acts: list[tuple[int, ev.Event]] = []
    # Odd milliseconds: what the caller does never ties with what is due, whose order is another.
    keys = st.tuples(st.integers(0, 300), st.text(a.KEYS, min_size=1, max_size=4))
    for t, pressed in draw(st.lists(keys, max_size=5)):
        acts += [
            (t * 100 + index * 217 + 41, ev.DigitPressed(key, "script"))
            for index, key in enumerate(pressed)
        ]
    bye = ev.ApiCommand("bye", "hangup", {}, "script")
    acts += [(t * 100 + 83, bye) for t in draw(st.lists(st.integers(0, 400), max_size=1))]
    return Story(setup, tuple(replies), tuple(sorted(acts, key=lambda act: act[0])))
