"""The documents in recorded replies: what a caller heard in them, as far as it can be told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.exchange.captured import Answer
from ivrsim.exchange.recognise import VONAGE
from ivrsim.exchange.values import header_of, json_inside


@dataclass(slots=True)
class Step:
    """One action. ``does``: prompt (goes on when it has ended), passes (at once), or stops (goes
    on when a webhook says so). ``ms`` of a prompt is an estimate, None where nothing is known of
    its length; ``most_digits`` and ``hash_ends`` are those of a capture."""

    pointer: str
    action: str
    summary: str
    does: Literal["prompt", "passes", "stops"] = "passes"
    text: str | None = None
    url: str | None = None
    ms: int | None = None
    loop: int = 1
    ssml: bool = False
    interruptible: bool = False
    captures: bool = False
    types: tuple[str, ...] = ("dtmf",)
    most_digits: int | None = None
    hash_ends: bool = False
    dials: bool = False


@dataclass(slots=True)
class Document:
    """An NCCO or callflow as it was received."""

    body: Any
    listing: list[dict[str, str]]
    steps: list[Step]
    diagnostics: list[Diagnostic] = field(default_factory=list)


def read_document(
    platform: str, purpose: str, answer: Answer, legs: int
) -> tuple[Document | None, list[Diagnostic]]:
    """The document in a reply, or None; and remarks about the reply itself. Never raises.

    A reply of which the log holds no headers is taken as JSON; of which it holds no status as 200.
    """
    if answer.body is None:
        return None, []
    status = 200 if answer.status is None else answer.status
    kind = (
        "application/json" if answer.headers is None else header_of(answer.headers, "content-type")
    )
    if answer.encoding == "base64":
        import base64

        try:
            content = base64.b64decode(answer.body)
        except ValueError:
            return None, []
    else:
        content = answer.body.encode("utf-8", "replace")
    if platform == VONAGE:
        return _vonage(purpose, status, kind, content)
    if purpose != "VCA":
        return None, []
    return _eight(status, kind, content, legs)


def _vonage(
    purpose: str, status: int, kind: str | None, content: bytes
) -> tuple[Document | None, list[Diagnostic]]:
    from ivrsim.platforms.vonage.replies import read_reply

    required = purpose in ("answer", "fallback")
    reply = read_reply(status, kind, content, {}, required=required)
    remarks = list(reply.diagnostics)
    if reply.ncco is None:
        return None, remarks if purpose != "event" else []
    items = reply.ncco.raw if isinstance(reply.ncco.raw, list) else []
    if not items and not required:
        return None, remarks
    read = {action.pointer: action for action in reply.ncco.actions}
    listing = []
    for index, item in enumerate(items):
        name = item.get("action") if isinstance(item, dict) else None
        name, pointer = name if isinstance(name, str) else "?", f"/{index}"
        summary = read[pointer].summary if pointer in read else name
        listing.append({"pointer": pointer, "action": name, "summary": summary})
    steps = [_vonage_step(action) for action in reply.ncco.actions] if reply.ncco.usable else []
    return Document(reply.ncco.raw, listing, steps, list(reply.ncco.diagnostics)), remarks


def _vonage_step(action: Any) -> Step:
    from ivrsim.platforms.vonage import actions
    from ivrsim.runtime.prompts import estimate_ms

    step = Step(action.pointer, action.action, action.summary)
    match action:
        case actions.Talk():
            speech = action.sound
            step.does = "prompt"
            if speech is not None:
                step.text, step.ssml, step.ms = speech.plain, speech.ssml, estimate_ms(speech)
        case actions.Stream():
            step.does, step.url = "prompt", action.url
        case actions.Input():
            step.does = "passes" if action.mode == "asynchronous" else "stops"
            step.captures, step.types = True, action.types
            step.most_digits, step.hash_ends = (
                action.capture.max_digits,
                action.capture.submit_on_hash,
            )
        case actions.Connect():
            step.does, step.dials = "stops", True
        case actions.Record():
            step.does = "stops" if action.blocks else "passes"
        case actions.Wait() | actions.Conversation() | actions.Transfer():
            step.does = "stops"
    if isinstance(action, actions.Prompt):
        step.loop, step.interruptible = action.loop, action.interruptible
        if action.loop == 0:
            step.ms = None
        elif step.ms is not None:
            step.ms *= action.loop
    return step


def _eight(
    status: int, kind: str | None, content: bytes, legs: int
) -> tuple[Document | None, list[Diagnostic]]:
    from ivrsim.platforms.eightbyeight.replies import read_reply

    reply = read_reply(content, kind, status, {}, legs=max(1, legs))
    remarks = list(reply.diagnostics)
    flow = reply.callflow
    if flow is None or not flow.raw:
        return None, remarks
    steps = [step for action in flow.actions for step in _eight_steps(action)]
    return Document(flow.raw, flow.listing(), steps, list(flow.diagnostics)), remarks


def _eight_steps(action: Any) -> Iterator[Step]:
    from ivrsim.platforms.eightbyeight import actions
    from ivrsim.runtime.prompts import estimate_ms

    step = Step(action.pointer, action.action, action.summary)
    params = action.params
    if isinstance(params, actions.SpokenParams):
        text = params.text if isinstance(action, actions.Say) else params.prompt_message  # type: ignore[attr-defined]  # the two that speak
        step.does, step.text = "prompt", text
        step.ms, step.loop = estimate_ms(params.spoken(text)) * params.repetition, params.repetition
    if isinstance(action, actions.SayAndCapture):
        step.interruptible, step.captures = True, True
        step.most_digits, step.hash_ends = action.rules.max_digits, action.rules.complete_on_hash
    elif isinstance(action, actions.PlayFile):
        step.does, step.url, step.loop = "prompt", action.params.file_url, action.params.repetition
    elif isinstance(action, actions.MakeCall):
        step.does, step.dials = "stops", True
    yield step


def has_document(value: Any) -> bool:
    """``value`` (JSON, or text of it) looks like an NCCO or a callflow."""
    value = json_inside(value)
    return isinstance(value, list) or (isinstance(value, dict) and "callflow" in value)
