from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ivrsim.trace import Header, Record, TraceWriter

HEADER = Header("vonage", "flows/parcel.yaml", 7, "2026-11-21T08:00:42.125Z", {"a.b": "c"})


def a_record(seq: int, kind: str = "digit") -> Record:
    cause = seq - 1 or None
    return Record(seq, seq * 10, kind, "leg-1", cause, kind == "digit", {"digit": "5", "né": "☎"})


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Sequence[Record]], Path]:
    def write_trace(records: Sequence[Record]) -> Path:
        path = tmp_path / "call.jsonl"
        with TraceWriter(path) as writer:
            writer.header(HEADER)
            writer.append(records)
        return path

    return write_trace
