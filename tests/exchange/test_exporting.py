"""Export to a file or to standard output: whole or not at all, of any length, of damaged traces."""

from __future__ import annotations

import io
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from ivrsim.errors import InputError, TraceError
from ivrsim.exchange import mermaid_export
from ivrsim.exchange.exporting import FORMATS, export_trace
from ivrsim.trace.reader import TraceReader
from tests.exchange.desk import exported, written

Trace = Callable[[str], Path]


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_holds_what_standard_output_would(
    recorded: Trace, form: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.write_text("older")
    export_trace(recorded("clinic"), form, out, io.BytesIO())
    there, expected = out.read_bytes(), exported(recorded("clinic"), form)
    if form == "vcon":  # it says when it was made
        assert json.loads(there) | {"created_at": ""} == json.loads(expected) | {"created_at": ""}
    else:
        assert there == expected
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_damaged_trace_is_exported_up_to_its_damage(
    recorded: Trace, form: str, tmp_path: Path
) -> None:
    whole = recorded("parcel").read_bytes().splitlines(keepends=True)
    trace = tmp_path / "cut.jsonl"
    trace.write_bytes(b"".join(whole[:40]) + whole[40][:30])
    out = io.BytesIO()
    (warning, *_) = export_trace(trace, form, None, out)
    assert warning.startswith(f"{trace}: line 41: breaks off after 30 bytes")
    assert out.getvalue()
    if form in ("har", "vcon"):
        json.loads(out.getvalue())
    if form == "trace":
        assert out.getvalue().count(b"\n") == 40


def test_the_trace_itself_is_never_written_to(recorded: Trace, tmp_path: Path) -> None:
    trace = tmp_path / "call.jsonl"
    trace.write_bytes(recorded("clinic").read_bytes())
    link, hard = tmp_path / "link", tmp_path / "hard"
    link.symlink_to(trace)
    os.link(trace, hard)
    for output in (trace, link, hard, tmp_path / "." / "call.jsonl"):
        with pytest.raises(InputError, match="this is the trace itself"):
            export_trace(trace, "trace", output, io.BytesIO())
    assert trace.read_bytes() == recorded("clinic").read_bytes()


def test_an_error_leaves_no_half_file(
    recorded: Trace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(reader: TraceReader, out: BinaryIO) -> list[str]:
        out.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mermaid_export, "write", fail)
    out = tmp_path / "out.mmd"
    with pytest.raises(InputError, match=r"out\.mmd: cannot be written: No space left"):
        export_trace(recorded("clinic"), "mermaid", out, io.BytesIO())
    assert list(tmp_path.iterdir()) == []
    out.write_text("older")
    with pytest.raises(InputError):
        export_trace(recorded("clinic"), "mermaid", out, io.BytesIO())
    assert out.read_text() == "older"


def test_where_nothing_can_be_written(recorded: Trace, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found a folder"):
        export_trace(recorded("clinic"), "har", tmp_path, io.BytesIO())
    with pytest.raises(InputError, match="No such file or directory"):
        export_trace(recorded("clinic"), "har", tmp_path / "no" / "out", io.BytesIO())
    with pytest.raises(TraceError):
        export_trace(tmp_path / "none.jsonl", "har", None, io.BytesIO())


def test_a_device_is_written_to_and_not_replaced(recorded: Trace) -> None:
    assert export_trace(recorded("clinic"), "har", Path(os.devnull), io.BytesIO()) == []
    assert not Path(os.devnull).is_file()


@pytest.fixture(scope="module")
def long_trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100,000 records."""
    items: list[tuple[int, str, str | None, dict[str, Any]]] = [
        (0, "call.started", None, {"direction": "inbound", "from": "+6591178965", "to": "+6568"})
    ]
    for i in range(20_000):
        name = f"w{i}"
        items += [
            (i, "prompt.started", None, {"prompt": f"p{i}", "text": "Press 1.", "duration_ms": 5}),
            (i, "prompt.finished", None, {"prompt": f"p{i}"}),
            (i, "digit", None, {"digit": "1", "capture": f"c{i}", "ignored": None}),
            (i, "webhook.request", None, {"webhook": name, "title": "input", "method": "POST",
                                          "url": "http://localhost/e", "headers": {},
                                          "body": {"dtmf": "1", "from": "6591178965"}}),
            (i, "webhook.response", None, {"webhook": name, "status": 200, "headers": {},
                                           "body": "[]", "elapsed_ms": 3}),
        ]  # fmt: skip
    return written(tmp_path_factory.mktemp("long") / "long.jsonl", items)


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_a_hundred_thousand_records(long_trace: Path, form: str) -> None:
    begun = time.process_time()
    out = exported(long_trace, form)
    assert time.process_time() - begun < 30  # seconds: a square of the length would be minutes
    if form == "har":
        assert len(json.loads(out)["log"]["entries"]) == 20_000
    if form == "trace":
        assert out.count(b"\n") == 100_002
        assert b"91178965" not in out


@pytest.mark.parametrize("form", ["har", "vcon"])
def test_a_time_beyond_all_calendars_is_named(tmp_path: Path, form: str) -> None:
    request = {"webhook": "w1", "title": "answer", "url": "http://x"}
    trace = written(tmp_path / "far.jsonl", [(10**15, "webhook.request", None, request),
                                             (10**15, "leg.answered", "a", {})])  # fmt: skip
    output = tmp_path / "out"
    with pytest.raises(InputError, match=r"far.jsonl: expected a time before the year 10000"):
        export_trace(trace, form, output, io.BytesIO())
    assert list(tmp_path.iterdir()) == [trace]
