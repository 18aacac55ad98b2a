"""What the tests of import and export share."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from ivrsim.exchange.exporting import export_trace
from ivrsim.exchange.importing import ImportedCall, read_calls
from ivrsim.trace.reader import TraceReader
from ivrsim.trace.record import Header, Record
from ivrsim.trace.view import CallView
from ivrsim.trace.view_words import one_line
from ivrsim.trace.writer import TraceWriter

DATA = Path(__file__).parent / "data"


def one_call(*names: str) -> ImportedCall:
    """The only call in fixtures."""
    (call,) = read_calls([DATA / name for name in names]).calls
    return call


def view_of(records: list[Record]) -> CallView:
    """The view after all records, every line of which can be shown."""
    view = CallView()
    for record in records:
        view.apply(record)
        assert one_line(record, view.titles)
    view.to_json()
    return view


def of_kind(records: list[Record], kind: str) -> list[dict[str, Any]]:
    return [record.data for record in records if record.kind == kind]


def is_sound(records: list[Record]) -> None:
    """What must hold of every trace."""
    assert [record.seq for record in records] == list(range(1, len(records) + 1))
    assert [record.t for record in records] == sorted(record.t for record in records)
    assert records[0].kind == "call.started"
    assert all(record.cause is None or record.cause < record.seq for record in records)
    assert not any(record.is_input for record in records)


def exported(trace: Path, form: str) -> bytes:
    out = io.BytesIO()
    export_trace(trace, form, None, out)
    return out.getvalue()


def records_of(path: Path) -> list[Record]:
    with TraceReader(path) as reader:
        reader.index_all()
        return list(reader.records())


def written(path: Path, items: list[tuple[int, str, str | None, dict[str, Any]]]) -> Path:
    """A trace of (t, kind, leg, data)."""
    header = Header("vonage", "http://localhost:5000/answer", 7, "2026-11-21T08:00:00.000Z", {})
    with TraceWriter(path) as writer:
        writer.header(header)
        writer.append([Record(i, t, k, leg, None, False, d)
                       for i, (t, k, leg, d) in enumerate(items, 1)])  # fmt: skip
    return path
