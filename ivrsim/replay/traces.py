"""A recorded call from wherever it is: a file, a reader, or records in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, TypeAlias, runtime_checkable

from ivrsim.trace.reader import TraceReader
from ivrsim.trace.record import Header, Record


@runtime_checkable
class Called(Protocol):
    """A call that was made with ``ivrsim.call``."""

    @property
    def header(self) -> Header: ...
    @property
    def trace(self) -> list[Record]: ...


@dataclass(frozen=True)
class Trace:
    """A whole recorded call in memory. ``damage`` says where its file stops being readable."""

    records: Sequence[Record]
    header: Header | None = None
    name: str = "the trace"
    damage: str | None = None

    @cached_property
    def whole(self) -> bool:
        """Whether it has an end."""
        return self.damage is None and any(record.kind == "call.ended" for record in self.records)

    @cached_property
    def imported(self) -> bool:
        """Whether it was made of what another tool recorded: nothing in it was fed to an engine."""
        return bool(self.records) and not any(record.is_input for record in self.records)

    @property
    def urls(self) -> Mapping[str, Any]:
        """The application's addresses by purpose."""
        urls = self.setup.get("urls")
        return urls if isinstance(urls, dict) else {}

    @property
    def setup(self) -> Mapping[str, Any]:
        """How the call was placed, as far as the header says so."""
        setup: Any = None if self.header is None else self.header.setup
        return setup if isinstance(setup, dict) else {}


Source: TypeAlias = "Path | str | TraceReader | Trace | Called | Sequence[Record]"


def read_trace(source: Source) -> Trace:
    """All of a recorded call, up to its end or damage. Raises TraceError."""
    if isinstance(source, Trace):
        return source
    if isinstance(source, str | Path):
        with TraceReader(source) as reader:
            return read_trace(reader)
    if isinstance(source, TraceReader):
        source.index_all()
        records = list(source.records())
        damage = None if source.damage is None else str(source.damage)
        return Trace(records, source.header, str(source.path), damage)
    if isinstance(source, Called):
        return Trace(source.trace, source.header)
    return Trace(source)
