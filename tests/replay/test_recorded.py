"""The recorded caller in an application that has changed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from ivrsim.engine.events import PromptEnded
from ivrsim.errors import InputError
from ivrsim.flows.target import TargetOptions, load_target
from ivrsim.runtime.live import LiveCall
from ivrsim.runtime.place import CallOptions, place_call
from ivrsim.runtime.recorded import RecordedCall
from tests.replay.calls import call, flow
from tests.runtime_http.servers import answering, ok, raw_server

MENU = """
platform: vonage
app:
  pages:
    menu:
      reply:
        - {{action: talk, text: {welcome}, bargeIn: true}}
        - {{action: input, type: [dtmf], dtmf: {{maxDigits: {digits}, timeOut: {wait}}}}}
      next: {{other: more}}
    more:
      reply:
        - {{action: talk, text: seventeen letters, bargeIn: true}}
        - {{action: input, type: [dtmf, speech], dtmf: {{maxDigits: 1, timeOut: 3}}}}
      next: {{other: bye, speech: bye}}
    bye: {{reply: [{{action: talk, text: seventeen letters}}]}}
"""
WELCOME = "seventeen letters"
LONGER = "seventeen letters seventeen letters"


def menu(folder: Path, name: str, *, welcome: str = WELCOME, digits: int = 1, wait: int = 3) -> str:
    return flow(folder, MENU.format(welcome=welcome, digits=digits, wait=wait), name)


def again(old: LiveCall, target: str, secret: str = "", **options: Any) -> LiveCall:
    recorded = RecordedCall(old.records, secret)
    placed = place_call(load_target(target), CallOptions(seed=1, **options), recorded=recorded)
    asyncio.run(placed.run())
    return placed


def acts(placed: LiveCall, *kinds: str) -> list[tuple[int, Any]]:
    return [
        (r.t, r.data.get("digit") or r.data.get("text") or r.data.get("op"))
        for r in placed.records
        if r.kind in (kinds or ("digit", "api.request")) and r.is_input
    ]


def test_a_key_answers_the_same_question_however_long_that_is_now(tmp_path: Path) -> None:
    old = call(menu(tmp_path, "old"), "1 2")
    new = again(old, menu(tmp_path, "new", welcome=LONGER))
    assert acts(old) == [(1000, "1"), (2000, "2")]
    assert acts(new) == [(2059, "1"), (3059, "2")]
    assert new.result is not None and not new.result.warnings


def test_a_key_that_cut_a_prompt_cuts_it_again(tmp_path: Path) -> None:
    old = call(menu(tmp_path, "old"), "^1 2")
    assert acts(again(old, menu(tmp_path, "new", welcome=LONGER)))[0] == (500, "1")


def test_a_key_that_cut_a_second_prompt_comes_when_there_is_only_one(tmp_path: Path) -> None:
    two = flow(tmp_path, MENU.format(welcome=WELCOME, digits=1, wait=3).replace(
        "reply:\n        - {action: talk, text: seventeen letters, bargeIn: true}",
        "reply:\n        - {action: talk, text: seventeen letters, bargeIn: true}\n"
        "        - {action: talk, text: seventeen letters, bargeIn: true}", 1), "two")  # fmt: skip
    old = call(two, "^1 2")
    assert acts(old)[0] == (1500, "1")
    new = again(old, menu(tmp_path, "one"))
    assert acts(new)[0] == (1000, "1")


def test_what_answered_a_question_that_is_over_is_left(tmp_path: Path) -> None:
    slow = menu(tmp_path, "old", digits=2, wait=5)
    old = call(slow, "1,,,2 3")
    assert acts(old)[1] == (4200, "2")
    new = again(old, menu(tmp_path, "new", digits=2, wait=2))
    assert acts(new)[0] == (1000, "1")
    assert (4200, "2") not in acts(new)
    assert new.result is not None
    assert [line for line in new.result.warnings if "the key 2" in line]
    assert acts(new)[-1][1] == "3", "the next question is answered as it was"


def test_what_belongs_to_something_that_never_comes_is_left(tmp_path: Path) -> None:
    old = call(menu(tmp_path, "old"), "1 2")
    silent = flow(tmp_path, "platform: vonage\nncco: [{action: talk, text: bye}]\n", "silent")
    new = again(old, silent)
    assert acts(new) == []
    assert new.result is not None and len(new.result.warnings) == 2
    assert "the key 1" in new.result.warnings[0]


def test_the_caller_hangs_up_as_long_after_what_was_heard_last(tmp_path: Path) -> None:
    old = call(menu(tmp_path, "old"), "hangup@1.5")
    assert acts(old) == [(1500, "hangup")]
    assert acts(again(old, menu(tmp_path, "new", welcome=LONGER))) == [(2559, "hangup")]


def test_words_are_said_again(tmp_path: Path) -> None:
    old = call(menu(tmp_path, "old"), '1 say:"opening hours"')
    new = again(old, menu(tmp_path, "new", welcome=LONGER))
    kinds = ("speech.started", "speech", "speech.stopped")
    said = [(t - 1059, text) for t, text in acts(new, *kinds)]
    assert said == acts(old, *kinds)
    sources = {r.data["source"] for r in new.records if r.kind in kinds}
    assert sources == {"script"}


def test_the_other_telephones_behave_as_they_were_recorded(tmp_path: Path) -> None:
    text = """
    platform: 8x8
    app:
      pages:
        talk:
          reply:
            callflow:
              - {{action: makeCall, params: {{source: "+6568332048", destination: "{number}"}}}}
    parties:
      default: {behaviour}
    """
    says = "{answers_after: 1.5, says: Good day, hangs_up_after: 4}"
    old = call(flow(tmp_path, text.format(number="+6531589338", behaviour=says), "old"))
    heard = [(r.t, r.kind) for r in old.records if r.kind.startswith(("leg", "speech"))]
    new = again(old, flow(tmp_path, text.format(number="+6531589338", behaviour="busy"), "new"))
    assert [(r.t, r.kind) for r in new.records if r.kind.startswith(("leg", "speech"))] == heard
    assert (5500, "leg.hangup") in heard
    other = flow(tmp_path, text.format(number="+6531580000", behaviour="busy"), "other")
    moved = again(old, other)
    assert [r.t for r in moved.records if r.kind == "leg.hangup"] == [5500], "the next one rung"


def test_a_telephone_with_a_rule_of_its_own_follows_that(tmp_path: Path) -> None:
    text = """
    platform: 8x8
    app:
      pages:
        talk:
          reply:
            callflow:
              - {{action: makeCall, params: {{source: "+6568332048", destination: "{number}"}}}}
    parties:
      "+6531580000": busy
    """
    old = call(flow(tmp_path, text.format(number="+6531589338"), "old"))
    new = again(old, flow(tmp_path, text.format(number="+6531580000"), "new"))
    assert [r.kind for r in new.records if r.kind == "leg.busy"]
    assert new.result is not None and new.result.status == "BUSY"


def test_a_skipped_prompt_is_skipped_again(tmp_path: Path) -> None:
    target = menu(tmp_path, "old")
    placed = place_call(load_target(target), CallOptions(seed=1, keys="1 2"))
    placed.schedule(300, PromptEnded("p1", skipped=True))
    asyncio.run(placed.run())
    new = again(placed, menu(tmp_path, "new", welcome=LONGER))
    skipped = [r for r in new.records if r.kind == "prompt.finished" and r.data["skipped"]]
    assert [(r.t, r.data["prompt"]) for r in skipped] == [(300, "p1")]
    assert acts(new)[0] == (300, "1")


async def test_an_application_that_was_slow_is_given_the_same_time() -> None:
    """A key pressed while the application was thinking must not answer what it asks next."""
    ask = [
        {"action": "talk", "text": WELCOME},
        {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}},
    ]
    talk = [{"action": "talk", "text": WELCOME}]
    async with raw_server(answering(*[ok(json.dumps(one).encode()) for one in (ask, talk)])) as app:
        target = load_target(f"{app.url}/answer", TargetOptions(platform="vonage"))
        old = place_call(target, CallOptions(seed=1, keys="1"))
        await old.run()
    replied = next(r for r in old.records if r.kind == "webhook.response")
    slow = [r._replace(t=r.t + 700 * (r.seq >= replied.seq)) for r in old.records]
    async with raw_server(answering(*[ok(json.dumps(one).encode()) for one in (ask, talk)])) as app:
        target = load_target(f"{app.url}/answer", TargetOptions(platform="vonage"))
        new = place_call(target, CallOptions(seed=1), recorded=RecordedCall(slow))
        await new.run()
    assert [(r.t, r.kind) for r in new.records] == [(r.t, r.kind) for r in slow]


def test_prompts_that_a_voice_has_spoken_keep_their_length(tmp_path: Path) -> None:
    target = menu(tmp_path, "old")
    old = call(target, "1 2")
    spoken = [
        r._replace(data={**r.data, "basis": "rendered", "duration_ms": 1750})
        if r.kind == "prompt.started"
        else r
        for r in old.records
    ]
    placed = place_call(load_target(target), CallOptions(seed=1), recorded=RecordedCall(spoken))
    asyncio.run(placed.run())
    first = next(r for r in placed.records if r.kind == "prompt.finished")
    assert first.t == 1750
    started = next(r for r in placed.records if r.kind == "prompt.started")
    assert started.data["basis"] == "rendered"


def test_secret_keys_are_in_no_trace(tmp_path: Path) -> None:
    text = MENU.format(welcome=WELCOME, digits=4, wait=3).replace(
        "menu:", "menu:\n      secret: true"
    )
    target = flow(tmp_path, text)
    old = call(target, "1234 5")
    with pytest.raises(InputError, match=r"record \d+: a secret key .* --secret"):
        RecordedCall(old.records)
    with pytest.raises(InputError, match=r"--secret: expected 4 keys, .* found 3"):
        RecordedCall(old.records, "123")
    new = again(old, target, "1234")
    pressed = [r for r in new.records if r.kind == "webhook.request" and r.data["title"] == "input"]
    assert [r.t for r in new.records] == [r.t for r in old.records]
    assert pressed[0].data["body"]["dtmf"]["digits"] == "••••"


def test_a_call_that_was_cut_off_is_cut_off_again(tmp_path: Path) -> None:
    text = "platform: vonage\nncco: [{action: stream, streamUrl: ['x.wav'], loop: 0}]\n"
    long = text.replace("stream, streamUrl: ['x.wav'], loop: 0", "talk, text: hello, loop: 0")
    target = flow(tmp_path, long)
    old = call(target, max_time_s=20)
    assert [r.t for r in old.records if r.kind == "call.limit"] == [20_000]
    assert [r.t for r in again(old, target).records if r.kind == "call.limit"] == [20_000]
