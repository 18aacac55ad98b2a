"""Import: files of other tools become traces, one a call."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ivrsim.errors import InputError
from ivrsim.exchange.call_records import CallRecords, header_setup
from ivrsim.exchange.captured import FileRead
from ivrsim.exchange.grouping import group
from ivrsim.exchange.reading import read_file
from ivrsim.exchange.recognise import EIGHT, VONAGE, Sighting, recognise
from ivrsim.exchange.times import iso_of
from ivrsim.trace.history import KEPT, History
from ivrsim.trace.record import Header, Record
from ivrsim.trace.writer import TraceWriter

PLATFORMS: Final = {"vonage": VONAGE, "nexmo": VONAGE, "8x8": EIGHT, "wavecell": EIGHT}


@dataclass(slots=True)
class ImportedCall:
    """One call, ready to be written."""

    header: Header
    records: list[Record]
    files: tuple[str, ...]
    from_: str
    to: str
    webhooks: int
    gaps: int
    ident: str


@dataclass(slots=True)
class Imported:
    """What an import found. ``left_out`` counts, by reason, what became part of no call; ``broken``
    is the first thing in each file that could not be read."""

    calls: list[ImportedCall] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


def platform_of(name: str | None) -> str | None:
    """The platform of ``--platform``. Raises InputError for an unknown one."""
    if name is None:
        return None
    found = PLATFORMS.get(name.lower())
    if found is None:
        raise InputError(f"--platform {name}: expected vonage or 8x8")
    return found


def read_calls(paths: Iterable[Path | str], platform: str | None = None) -> Imported:
    """The calls in ``paths``, which are read as one log. ``platform`` allows one alone.

    Raises InputError, naming file, line and column, for a file that is none of those known, and
    when there is no webhook in any.
    """
    imported = Imported()
    sightings: list[Sighting] = []
    others: list[Sighting] = []
    reads: list[FileRead] = []
    for path in paths:
        try:
            read = read_file(path)
            for captured in read.captured:
                found = recognise(captured, platform)
                if found is not None:
                    sightings.append(found)
                elif isinstance(captured.body, dict) and platform in (None, VONAGE):
                    others.append(
                        Sighting(captured, VONAGE, "notify", "notify", (), None, captured.body)
                    )
                else:
                    imported.left_out["other requests"] += 1
        except RecursionError:
            raise InputError(f"{path}:1:1: expected requests, found JSON nested too deep") from None
        reads.append(read)
        imported.left_out.update(read.left_out)
        if read.broken:
            imported.broken.append(read.broken)
    if not any(not each.weak for each in sightings):
        raise InputError(imported.broken[0] if imported.broken else _nothing(reads, platform))
    try:
        for each in group(sightings, others, imported.left_out):
            imported.calls.append(_call(CallRecords(each)))
    except RecursionError:
        place = sightings[0].captured.place
        raise InputError(f"{place}: a body in this file is nested too deep") from None
    return imported


def _nothing(reads: list[FileRead], platform: str | None) -> str:
    first = reads[0]
    place = first.captured[0].place if first.captured else f"{first.file}:1:1"
    whose = {VONAGE: "Vonage", EIGHT: "8x8"}.get(platform or "", "Vonage or 8x8")
    count = sum(len(read.captured) for read in reads)
    return f"{place}: expected webhooks of {whose}, found {count} other request{'s' * (count != 1)}"


def _call(made: CallRecords) -> ImportedCall:
    records = made.records()
    files = tuple(dict.fromkeys(s.captured.place.file for s in made.group.sightings))
    try:
        started_at = iso_of(_written_ms(files[0]) if made.timeless else made.started_ms)
    except ValueError as error:
        raise InputError(f"{made.group.sightings[0].captured.place}: {error}") from None
    facts = made.facts
    target = "import of " + ", ".join(Path(file).name for file in files)
    header = Header(facts.platform, target, 0, started_at, {}, None, header_setup(made, started_at))
    ident = next(iter(facts.ids.values()), "call")
    return ImportedCall(
        header, records, files, facts.from_, facts.to, made.webhooks, made.gaps, ident
    )


def _written_ms(file: str) -> int:
    """When a file was written last, epoch milliseconds."""
    try:
        return int(os.stat(file).st_mtime * 1000)
    except OSError:
        return 0


def write_calls(imported: Imported, folder: Path | None) -> list[Path]:
    """Write the traces into ``folder``, or into the history (None); their paths.

    No file that exists is touched. Raises InputError when the folder cannot be used, or the
    history would lose calls of its own to make room.
    """
    if folder is None and len(imported.calls) > KEPT:
        raise InputError(
            f"{len(imported.calls)} calls, and the history keeps {KEPT}: name a folder with -o"
        )
    paths = []
    history = History() if folder is None else None
    if folder is not None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise InputError(f"{folder}: expected a folder for the traces, found a file") from None
        except OSError as error:
            raise InputError(f"{folder}: cannot be made: {error.strerror or error}") from None
    for call in imported.calls:
        if history is not None:
            path = history.new_path(call.header.target, call.header.started_at)
        else:
            assert folder is not None
            path = _free(folder, call)
        with TraceWriter(path) as writer:
            writer.header(call.header)
            for start in range(0, len(call.records), 1000):
                writer.append(call.records[start : start + 1000])
        paths.append(path)
    return paths


def _free(folder: Path, call: ImportedCall) -> Path:
    """A new file: time, platform and the end of the id name it."""
    at = re.sub(r"\D", "", call.header.started_at)[:14]
    tail = re.sub(r"[^0-9A-Za-z]", "", call.ident)[-8:] or "call"
    stem = f"{at[:8]}-{at[8:]}-{call.header.platform}-{tail}"
    number = 1
    while True:
        path = folder / (f"{stem}.jsonl" if number == 1 else f"{stem}-{number}.jsonl")
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            number += 1
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror or error}") from None
        else:
            return path
