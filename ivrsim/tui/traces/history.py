"""The recorded calls of the history, as lines of the home screen."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import orjson

from ivrsim.trace.history import Entry as HistoryEntry
from ivrsim.trace.masking import mask_url
from ivrsim.trace.view_words import clock_words, int_of, text_of
from ivrsim.tui.protocol import Entry

GROUP: Final = "recorded calls"
_TAIL: Final = 16_384
"""Bytes at the end of a trace in which its end is looked for: some dozen records."""
_ENDED: Final = b'"kind":"call.ended"'


def recorded_entry(entry: HistoryEntry, titles: Mapping[str, str]) -> Entry:
    """``titles`` of samples by name. Raises nothing: what is wrong with a file stands there."""
    path, name = entry.path, mask_url(entry.target)
    if entry.damage is not None:
        return Entry(
            GROUP, str(path), path.name, "", entry.damage, trace=str(path), remark="damaged"
        )
    when = when_words(entry.started_at or "")
    ended = ending(path)
    about = [
        f"Called {when}." if when else "",
        f"It ended: {ended}." if ended else "It has no end: it goes on, or was cut off.",
        "Its sound is kept." if path.with_suffix(".wav").exists() else "",
    ]
    return Entry(
        GROUP, str(path), titles.get(entry.target, name), entry.platform or "",
        " ".join(filter(None, about)), trace=str(path),
        remark=f"{ended or 'no end'}  {when}",
    )  # fmt: skip


def recent_targets(entries: Iterable[HistoryEntry], count: int) -> list[str]:
    """The last different targets with their options, as typed, the newest first."""
    targets: dict[str, None] = {}
    for entry in entries:
        if entry.damage is None:
            targets[shlex.join((entry.target, *entry.arguments))] = None
            if len(targets) == count:
                break
    return list(targets)


def when_words(started_at: str) -> str:
    """``26 Nov 11:18`` of a time in ISO 8601, here; with the year when it is another one."""
    try:
        start = datetime.fromisoformat(started_at).astimezone()
    except (ValueError, OverflowError, OSError):
        return ""
    year = f" {start.year}" if start.year != datetime.now().year else ""
    return f"{start.day} {start:%b}{year} {start:%H:%M}"


def ending(path: Path) -> str:
    """How a call ended, in words: ``COMPLETED 0:42``; empty when its file does not say."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            tail = file.read(_TAIL)
    except OSError:
        return ""
    for line in reversed(tail.split(b"\n")):
        if _ENDED in line[:200]:
            try:
                data = orjson.loads(line)["data"]
            except (ValueError, KeyError, TypeError):
                return ""
            if isinstance(data, dict):
                lasted = clock_words(int_of(data.get("duration_ms")))
                return f"{text_of(data.get('status'), 'ended')} {lasted}"
    return ""
