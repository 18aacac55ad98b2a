"""From the parsed command line to the options of flows and runtime."""

from __future__ import annotations

import re
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ivrsim.errors import InputError
from ivrsim.trace.dead_air import LIMIT_MS

if TYPE_CHECKING:
    from ivrsim.flows.target import TargetOptions
    from ivrsim.runtime.place import CallOptions

_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([^\r\n\0]*)")
_FOR_EVER_MS = 10**12
"""What ``--dead-air inf`` means."""


def target_options(options: Namespace) -> TargetOptions:
    """Raises InputError for a setting that does not exist or cannot have its value."""
    from ivrsim.flows.target import TargetOptions

    for name in ("webhook_auth", "signature_secret"):
        if any(char in (getattr(options, name) or "") for char in "\r\n\0"):
            raise InputError(f"--{name.replace('_', '-')}: expected one line of text")
    return TargetOptions(
        platform=options.platform,
        caller=options.caller,
        callee=options.callee,
        outbound=options.outbound,
        answer_method=options.answer_method,
        event_url=options.event_url,
        fallback_url=options.fallback_url,
        signature_secret=options.signature_secret,
        vca=options.vca,
        vss=options.vss,
        vcs=options.vcs,
        webhook_auth=options.webhook_auth,
        settings=settings_of(options.set),
    )


def dead_air_ms(given: float | None) -> int:
    """``--dead-air`` in milliseconds. Raises InputError."""
    if given is None:
        return LIMIT_MS
    if not given >= 0:  # nan is not
        raise InputError(f"--dead-air: expected seconds, 0 or more, found {given:g}")
    return round(min(given * 1000, _FOR_EVER_MS))


def settings_of(given: list[str]) -> dict[str, str]:
    """``NAME=VALUE`` items as settings that exist."""
    from ivrsim.flows.settings import setting_errors

    found: dict[str, str] = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not equals:
            raise InputError(f"--set: expected NAME=VALUE, found {item!r}")
        found[name.strip()] = value.strip()
    for _, message in setting_errors(found):
        raise InputError(f"--set: {message}")
    return found


def headers_of(given: list[str]) -> dict[str, str]:
    """``K: V`` items as headers."""
    found: dict[str, str] = {}
    for item in given:
        header = _HEADER.fullmatch(item)
        if header is None:
            raise InputError(f"--header: expected 'Name: value', found {item!r}")
        found[header[1]] = header[2].strip()
    return found


def call_options(
    options: Namespace, *, person: bool, stream: BinaryIO | None = None
) -> CallOptions:
    from ivrsim.runtime.place import CallOptions
    from ivrsim.sound.engines import EMBEDDED

    return CallOptions(
        keys=options.keys,
        clock=options.clock,
        max_time_s=options.max_time,
        at=options.at,
        seed=options.seed,
        trace_path=Path(options.trace) if options.trace else None,
        stream=stream,
        history=not options.no_history,
        speakers="off" if getattr(options, "silent", False) else options.speakers,
        microphone=options.microphone,
        telephone=options.telephone,
        audio=options.audio,
        voice=options.voice or EMBEDDED,
        person=person,
        headers=headers_of(options.header),
        insecure=options.insecure,
        allow=tuple(options.allow),
        strict=getattr(options, "strict", False),
        breakpoints=tuple(getattr(options, "breakpoints", ())),
        arguments=repeated_arguments(options),
    )


def repeated_arguments(options: Namespace) -> tuple[str, ...]:
    """The options that make the same call again, but for ``--keys``; secrets are left out."""
    words: list[str] = []
    for name, value in _REPEATED:
        given = getattr(options, value)
        if given is True:
            words.append(name)
        elif isinstance(given, list):
            for item in given:
                words += [name, item]
        elif given not in (None, False):
            words += [name, f"{given:g}" if isinstance(given, float) else str(given)]
    if options.max_time == 600.0:
        at = words.index("--max-time")
        del words[at : at + 2]
    for name in ("signature_secret", "webhook_auth"):
        if getattr(options, name) is not None:
            words += [f"--{name.replace('_', '-')}", "…"]
    return tuple(words)


_REPEATED = (
    ("--platform", "platform"),
    ("--from", "caller"),
    ("--to", "callee"),
    ("--outbound", "outbound"),
    ("--answer-method", "answer_method"),
    ("--event-url", "event_url"),
    ("--fallback-url", "fallback_url"),
    ("--vca", "vca"),
    ("--vss", "vss"),
    ("--vcs", "vcs"),
    ("--voice", "voice"),
    ("--insecure", "insecure"),
    ("--telephone", "telephone"),
    ("--allow", "allow"),
    ("--set", "set"),
    ("--max-time", "max_time"),
    ("--at", "at"),
    ("--seed", "seed"),
)
