from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrsim.errors import TraceError
from ivrsim.trace import Record, TraceReader, TraceWriter

from .conftest import HEADER, a_record

_text = st.text() | st.sampled_from(["\ud800", "\x1b[31m", "\u2028", "[bold]", "é☎"])
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([2**63, 2**64, -(2**70)]) | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
_records = st.lists(
    st.tuples(
        st.integers(0, 10**9), _text, st.none() | _text, st.none() | st.integers(1, 99),
        st.booleans(), st.dictionaries(_text, _values, max_size=4),
    ),
    max_size=8,
).map(lambda rows: [Record(i, *row) for i, row in enumerate(rows, 1)])  # fmt: skip


@given(_records)
def test_any_records_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, records: list[Record]
) -> None:
    path = tmp_path_factory.mktemp("t") / "call.jsonl"
    with TraceWriter(path) as writer:
        writer.header(HEADER)
        writer.append(records)
    with TraceReader(path) as reader:
        reader.index_all()
        assert reader.damage is None
        assert reader.header == HEADER
        assert list(reader.records()) == records
        assert [reader.record(i) for i in range(len(reader))] == records
        assert [reader.kind(i) for i in range(len(reader))] == [r.kind for r in records]


def test_the_stream_gets_the_bytes_of_the_file(tmp_path: Path) -> None:
    stream = io.BytesIO()
    path = tmp_path / "call.jsonl"
    with TraceWriter(path, stream) as writer:
        writer.header(HEADER)
        writer.append([a_record(1), a_record(2)._replace(data={"n": 2**80})])
    assert stream.getvalue() == path.read_bytes()
    first = orjson.loads(stream.getvalue().splitlines()[1])
    assert list(first) == ["type", "seq", "t", "kind", "leg", "cause", "in", "data"]


def test_one_append_is_one_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    real = os.write

    def count(fd: int, data: bytes) -> int:
        sizes.append(len(data))
        return real(fd, data)

    with TraceWriter(tmp_path / "call.jsonl") as writer:
        writer.header(HEADER)
        monkeypatch.setattr(os, "write", count)
        writer.append([a_record(i) for i in range(1, 6)])
        writer.append([])
        monkeypatch.undo()
    assert len(sizes) == 1


def test_short_writes_are_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, bytes(data[:7])))
    path = tmp_path / "call.jsonl"
    with TraceWriter(path) as writer:
        writer.header(HEADER)
        writer.append([a_record(1)])
    monkeypatch.undo()
    with TraceReader(path) as reader:
        reader.index_all()
        assert list(reader.records()) == [a_record(1)]


def test_a_full_disk_is_said_once_and_the_stream_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    stream = io.BytesIO()
    writer = TraceWriter(tmp_path / "call.jsonl", stream)
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(TraceError, match=r"call\.jsonl: .*No space left on device"):
        writer.header(HEADER)
    writer.append([a_record(1)])
    writer.close()
    assert stream.getvalue().count(b"\n") == 2


def test_a_closed_pipe_passes_up() -> None:
    class Closed(io.BytesIO):
        def write(self, data: Any) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        TraceWriter(None, Closed()).header(HEADER)


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_the_file_is_private(tmp_path: Path) -> None:
    path = tmp_path / "call.jsonl"
    TraceWriter(path).close()
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="a file that is open cannot be replaced there")
def test_two_calls_to_one_file_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "call.jsonl"
    with TraceWriter(path) as first:
        first.header(HEADER)
        first.append([a_record(1)])
        with TraceWriter(path) as second:
            second.header(HEADER)
            first.append([a_record(2)])
            second.append([a_record(1)])
    header, record = path.read_text().splitlines()
    assert (orjson.loads(header)["type"], orjson.loads(record)["seq"]) == ("header", 1)


def test_what_is_no_file_is_written_to_as_it_is(tmp_path: Path) -> None:
    target, link = tmp_path / "target.jsonl", tmp_path / "link.jsonl"
    target.write_text("an older one\n" * 100)
    link.symlink_to(target)
    with TraceWriter(link) as writer:
        writer.header(HEADER)
    assert link.is_symlink()
    assert len(target.read_text().splitlines()) == 1


def test_a_path_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"no-folder.*cannot write the trace: No such file"):
        TraceWriter(tmp_path / "no-folder" / "call.jsonl")


def test_what_json_cannot_say_names_the_record() -> None:
    record = a_record(3)._replace(data={"x": object()})
    with pytest.raises(TraceError, match=r"record 3 \(digit\) cannot be written as JSON"):
        TraceWriter(None, io.BytesIO()).append([record])


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is POSIX")
def test_a_killed_process_loses_nothing_that_was_appended(tmp_path: Path) -> None:
    path = tmp_path / "call.jsonl"
    program = (
        "import itertools, pathlib, sys\n"
        "from ivrsim.trace import Header, Record, TraceWriter\n"
        "writer = TraceWriter(pathlib.Path(sys.argv[1]))\n"
        "writer.header(Header('vonage', 't', 0, '2026-11-21T08:00:42.125Z', {}))\n"
        "for seq in itertools.count(1):\n"
        "    writer.append([Record(seq, 0, 'mark', None, None, True, {'text': 'x'})])\n"
        "    print(seq, flush=True)\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    for _ in range(200):
        child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    shown = 200 + len(child.stdout.read().splitlines())
    child.wait()
    child.stdout.close()
    with TraceReader(path) as reader:
        reader.index_all()
        assert len(reader) >= shown
