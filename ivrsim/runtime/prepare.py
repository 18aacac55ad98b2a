"""The prompts of a flow, spoken before anybody calls it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ivrsim.engine.commands import AudioFile, Speech
from ivrsim.errors import AudioError, InputError, SoundUnavailable
from ivrsim.flows.pages import ScriptedApplication, filled
from ivrsim.flows.target import Target
from ivrsim.runtime.allow import HostPolicy
from ivrsim.runtime.downloads import cache_of
from ivrsim.runtime.prompts import PromptMaker, cache_folder, leaving_behind, utterance
from ivrsim.runtime.webhooks import WebhookClient
from ivrsim.sound.engines import check_engine

DEADLINE_S: Final = 60.0
"""For one prompt, in seconds: longer than in a call, as nobody waits on the line."""

_IN_A_ROW: Final = 2
"""Failures of a voice after which it is not asked any more."""

_UNKNOWN: Final = "\ue000"  # of Unicode's private use: stands for what only a call knows


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt of a flow. ``place`` is FILE:LINE:COL; ``sound`` None where ``why`` says why
    there is none, and ``expected`` whether that is as it should be."""

    place: str
    words: str
    sound: Speech | AudioFile | None
    why: str = ""
    expected: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a prompt: ``spoken`` now, ``kept`` from before, ``found`` (a file),
    ``skipped`` or ``failed``. ``detail`` is the reason, or what differs from what was asked."""

    prompt: Prompt
    status: str
    duration_ms: int = 0
    detail: str = ""


def prompts_of(target: Target) -> list[Prompt]:
    """Every different prompt that the flow or document names, in the order of the file.

    Raises InputError when there is nothing in it to know them from.
    """
    pages = target.application if isinstance(target.application, ScriptedApplication) else None
    if pages is None and target.document is None:
        raise InputError(
            f"{target.name}: what a running application says is not known before it is called;"
            " whatever gtts says in a call is kept: call it once with `ivrsim run`"
        )
    found: dict[object, Prompt] = {}
    for prompt in _all(target, pages):
        found.setdefault(prompt.sound or prompt, prompt)
    return list(found.values())


async def prepare(
    target: Target,
    prompts: list[Prompt],
    voice: str,
    *,
    allow: tuple[str, ...] = (),
    insecure: bool = False,
) -> AsyncIterator[Outcome]:
    """Speak ``prompts`` by the engine ``voice`` and keep them on disk; see to audio files.

    Raises InputError when there is no such engine.
    """
    from ivrsim.sound.speech import Announcer

    check_engine(voice)
    announcer = Announcer(voice, cache_folder(), deadline_s=DEADLINE_S)
    cache = cache_of("cache-control" if target.platform == "vonage" else "hour")
    folder = target.folder if target.source is not None else None
    maker = PromptMaker(folder, HostPolicy(None, allow), cache, insecure, voice)
    failures = 0
    async with WebhookClient() as client:

        async def http() -> WebhookClient:
            return client

        for prompt in prompts:
            sound = prompt.sound
            try:
                if sound is None:
                    yield Outcome(prompt, "skipped" if prompt.expected else "failed", 0, prompt.why)
                elif isinstance(sound, AudioFile):
                    yield Outcome(prompt, "found", await maker.measure(sound, http))
                elif failures == _IN_A_ROW:
                    yield Outcome(prompt, "failed", 0, f"{voice} is not asked any more")
                else:
                    said = utterance(sound)
                    clip, made = await leaving_behind(partial(announcer.keep, said))
                    failures = 0
                    status = "spoken" if made else "kept"
                    yield Outcome(prompt, status, clip.duration_ms, clip.note)
            except AudioError as error:
                yield Outcome(prompt, "failed", 0, str(error))
            except SoundUnavailable as error:
                failures += 1
                yield Outcome(prompt, "failed", 0, str(error))


def _all(target: Target, pages: ScriptedApplication | None) -> Iterator[Prompt]:
    if target.document is not None:
        yield from _document(target, target.document, None)
    for page in pages.pages.values() if pages is not None else ():
        reply = page.reply
        if target.platform == "8x8" and isinstance(reply, dict):
            reply = reply.get("callflow")
        if isinstance(reply, list):
            unknown = dict.fromkeys(("digits", "speech", "from", "to"), _UNKNOWN)
            yield from _document(target, filled(reply, unknown), page.name)
    for number, party in {**target.parties, "default": target.default_party}.items():
        if party.says:
            place = f"{target.path}: parties {number}"
            yield Prompt(place, party.says, Speech(party.says, party.says, style=1))


def _document(target: Target, actions: list[Any], page: str | None) -> Iterator[Prompt]:
    read = _callflow if target.platform == "8x8" else _ncco
    outbound = page is None and target.direction == "outbound"
    for pointer, words, sound, why in read(actions, target.settings, outbound):
        place = target.place(pointer, page) or target.name
        if _UNKNOWN in words:
            shown = words.replace(_UNKNOWN, "…")
            yield Prompt(place, shown, None, "not known before the call", expected=True)
        else:
            yield Prompt(place, words, sound, why)


_Found = tuple[str, str, Speech | AudioFile | None, str]
"""Pointer, words, sound, and why there is none."""


def _ncco(actions: list[Any], settings: Mapping[str, str], outbound: bool) -> Iterator[_Found]:
    from ivrsim.platforms.vonage.actions import Stream, Talk
    from ivrsim.platforms.vonage.documents import read_ncco

    ncco = read_ncco(actions, settings=settings)
    if not ncco.usable:
        yield "", "", None, _refusal(ncco.diagnostics)
        return
    for action in ncco.actions:
        if isinstance(action, Stream):
            yield f"{action.pointer}/streamUrl/0", action.url, action.sound, ""
        elif isinstance(action, Talk):
            why = "" if action.spoken.ok else f"SSML: {action.spoken.error}"
            yield f"{action.pointer}/text", action.text, action.sound, why


def _callflow(actions: list[Any], settings: Mapping[str, str], outbound: bool) -> Iterator[_Found]:
    from ivrsim.platforms.eightbyeight.actions import (
        FILE_LIMIT_BYTES,
        PlayFileParams,
        SayAndCaptureParams,
        SayParams,
    )  # fmt: skip
    from ivrsim.platforms.eightbyeight.documents import read_callflow

    callflow = read_callflow(actions, settings=settings, where="api" if outbound else "reply")
    if not callflow.usable:
        yield "", "", None, _refusal(callflow.diagnostics)
        return
    for action in callflow.actions:
        params = action.params
        if isinstance(params, PlayFileParams):
            url = params.file_url
            yield f"{action.pointer}/params/fileUrl", url, AudioFile(url, FILE_LIMIT_BYTES), ""
        elif isinstance(params, SayParams):
            yield f"{action.pointer}/params/text", params.text, params.spoken(params.text), ""
        elif isinstance(params, SayAndCaptureParams):
            for key, text in (
                ("promptMessage", params.prompt_message),
                ("successMessage", params.success_message),
                ("failureMessage", params.failure_message),
            ):
                if text:
                    yield f"{action.pointer}/params/{key}", text, params.spoken(text), ""


def _refusal(diagnostics: Any) -> str:
    return next(
        (found.in_words() for found in diagnostics if found.severity == "error"),
        "the platform would refuse this document",
    )
