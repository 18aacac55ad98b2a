"""``ivrsim voices``: who can speak; ``ivrsim voices prepare``: prompts spoken ahead."""

from __future__ import annotations

import asyncio
import json
import re
from argparse import Namespace
from collections import Counter
from pathlib import Path
from typing import Any

from ivrsim.errors import InputError, SoundUnavailable
from ivrsim.sound.engines import EMBEDDED, VoiceEngine, engine_names, open_engine

_TAG = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")

_FIELDS = """\
What chooses a voice: Vonage's language, style and voiceName; 8x8's voiceProfile (its language and
the name in it: en-GB-George is a man). `ivrsim voices en-GB` shows styles and names."""


def voices(options: Namespace) -> int:
    """List the voices, or prepare the prompts of a target."""
    if options.words[:1] == ["prepare"]:
        if len(options.words) != 2:
            raise InputError("voices prepare: expected one TARGET; see `ivrsim voices --help`")
        return asyncio.run(_prepare(options))
    return _list(" ".join(options.words), options)


# ------------------------------------------------------------------ who can speak


def _list(text: str, options: Namespace) -> int:
    engines: list[dict[str, Any]] = []
    for name in [options.voice] if options.voice else engine_names():
        try:
            engines.append(_described(open_engine(name), text.lower()))
        except SoundUnavailable as error:
            engines.append({"engine": name, "trouble": str(error), "languages": []})
    if options.json:
        print(json.dumps(engines, indent=1, ensure_ascii=False))
        return 0
    found = any(engine["languages"] for engine in engines)
    if text and not found and not _TAG.fullmatch(text):
        raise InputError(f"no language of a voice has {text!r} in its tag or name")
    for engine in engines:
        default = " (the default)" if engine["engine"] == EMBEDDED else ""
        print(f"{engine['engine']}: {engine.get('trouble') or engine['about']}{default}")
        for language in engine["languages"]:
            print(f"  {language['tag']:<20}{language['name']:<38}{_speaks(language)}".rstrip())
        if text and not engine["languages"] and "trouble" not in engine:
            tag, note = open_engine(engine["engine"]).nearest(text)
            print(f"  {text}: spoken by {tag}" + (f" ({note})" if note else ""))
        print()
    print("\n".join(_platform_voices(text.lower()) or [_FIELDS]))
    return 0


def _described(engine: VoiceEngine, text: str) -> dict[str, Any]:
    from ivrsim.sound.voices import LANGUAGES

    speaks: dict[str, dict[str, list[str]]] = {}
    for language in LANGUAGES:
        tag, note = engine.nearest(language)
        speaks.setdefault(tag, {"exactly": [], "nearly": []})[
            "nearly" if note else "exactly"
        ].append(language)
    by_tag, by_name = [], []
    begins = re.compile(rf"\b{re.escape(text)}", re.IGNORECASE)
    for offer in engine.offers():
        of_platforms = speaks.get(offer.tag, {"exactly": [], "nearly": []})
        found = {"tag": offer.tag, "name": offer.name, **of_platforms}
        tags = (offer.tag, *of_platforms["exactly"], *of_platforms["nearly"])
        if begins.search(" ".join(tags)):
            by_tag.append(found)
        elif begins.search(offer.name):
            by_name.append(found)
    languages = by_tag or by_name  # "en" is no part of a name: Mandarin, latin as English
    return {
        "engine": engine.name,
        "about": engine.about,
        "online": engine.online,
        "languages": languages,
    }


def _speaks(language: dict[str, Any]) -> str:
    """The platforms' tags that it speaks; in brackets those that it is only the nearest to."""
    nearly = " ".join(language["nearly"])
    return " ".join([*language["exactly"], *([f"({nearly})"] if nearly else [])])


def _platform_voices(text: str) -> list[str]:
    """Vonage's styles that are told apart, for languages that contain ``text``."""
    from ivrsim.sound.voices import MALE_STYLES, NAMED

    if not text:
        return []
    lines: dict[str, list[str]] = {}
    for name, (language, style) in sorted(NAMED.items(), key=lambda item: item[1]):
        if language.lower().startswith(text):
            sex = "man" if (language, style) in MALE_STYLES else "woman"
            lines.setdefault(language, []).append(f"{style} {name.title()} ({sex})")
    return [f"Vonage {language}: style {', '.join(names)}" for language, names in lines.items()]


# ------------------------------------------------------------------ prompts spoken ahead


async def _prepare(options: Namespace) -> int:
    from ivrsim.flows.target import (
        HttpApplication,
        PythonApplication,
        TargetOptions,
        load_target,
    )
    from ivrsim.runtime.prepare import prepare, prompts_of
    from ivrsim.runtime.prompts import cache_folder
    from ivrsim.trace.view_text import one_line_of

    target = load_target(options.words[1], TargetOptions(platform=options.platform))
    prompts = prompts_of(target)
    voice = options.voice or EMBEDDED
    counts: Counter[str] = Counter()
    seconds = 0.0
    async for outcome in prepare(
        target, prompts, voice, allow=tuple(options.allow), insecure=options.insecure
    ):
        counts[outcome.status] += 1
        lasts = f"{outcome.duration_ms / 1000:.1f} s" if outcome.duration_ms else ""
        if outcome.status in ("spoken", "kept"):
            seconds += outcome.duration_ms / 1000
        words = one_line_of(outcome.prompt.words, 60)
        detail = f"  [{outcome.detail}]" if outcome.detail else ""
        print(f"{outcome.status:<8}{lasts:>7}  {outcome.prompt.place}  {words}{detail}", flush=True)
    if isinstance(target.application, HttpApplication | PythonApplication):
        print("what the application says after that is not known before it is called")
    total = ", ".join(f"{count} {status}" for status, count in counts.items()) or "none"
    where = _short(cache_folder())
    print(f"{len(prompts)} prompts: {total}; {seconds:.1f} s of speech by {voice} in {where}")
    return 1 if counts["failed"] else 0


def _short(folder: Path | None) -> str:
    text = str(folder)
    home = str(Path.home())
    return f"~{text[len(home) :]}" if text.startswith(home + "/") else text
