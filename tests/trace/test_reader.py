from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ivrsim.errors import TraceError
from ivrsim.trace import Record, TraceReader, TraceWriter, load_inputs

from .conftest import HEADER, a_record

Write = Callable[[Sequence[Record]], Path]


def test_truncated_at_any_byte_it_opens_up_to_there(write: Write) -> None:
    records = [a_record(i) for i in range(1, 4)]
    path = write(records)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    ends = [sum(map(len, lines[: n + 1])) - 1 for n in range(4)]  # without the line end
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        if size < ends[0]:
            with pytest.raises(TraceError, match="line 1: expected an ivrsim trace header"):
                TraceReader(path)
            continue
        with TraceReader(path) as reader:
            reader.index_all()
            complete = sum(size >= end for end in ends[1:])
            assert list(reader.records()) == records[:complete]
            cut_inside = size not in {e + more for e in ends for more in (0, 1)}
            assert (reader.damage is not None) == cut_inside
            if reader.damage:
                assert reader.damage.line == complete + 2
                assert "breaks off" in reader.damage.what


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"\x00\x01garbage\n", "not JSON"),
        (b"\n", "not JSON"),
        (b'{"type":"record","seq":9,"t":0,"kind":"mark","data":{}}\n', "with seq 3, found 9"),
        (b'{"type":"record","seq":3,"t":0,"kind":"mark"}\n', "without 'data'"),
        (b'{"type":"record", "seq":3,"t":"0","kind":"mark","data":{}}\n', "wrong type"),
        (b"[1]\n", "expected a record"),
        (b"[" * 100_000 + b"\n", "not JSON"),
    ],
)  # fmt: skip
def test_damage_names_line_and_reason(write: Write, line: bytes, what: str) -> None:
    path = write([a_record(1), a_record(2)])
    with path.open("ab") as file:
        file.write(line + b'{"type":"record","seq":4}\n')
    with TraceReader(path) as reader:
        reader.index_all()
        assert len(reader) == 2
        assert str(reader.damage).startswith("line 4: ")
        assert what in str(reader.damage)


def test_damage_inside_a_line_is_found_when_it_is_read(write: Write) -> None:
    path = write([a_record(i) for i in range(1, 6)])
    lines = path.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b'"digit":"5"', b'"digit":"\xff"')
    path.write_bytes(b"".join(lines))
    with TraceReader(path) as reader:
        reader.index_all()
        with pytest.raises(TraceError, match=r"call\.jsonl: line 4: not JSON"):
            reader.record(2)
        assert len(reader) == 2
        assert list(load_inputs(reader)) == [a_record(1), a_record(2)]


@pytest.mark.parametrize("budget", [1, 100, 1 << 20])
def test_the_index_is_made_in_steps(write: Write, budget: int) -> None:
    records = [a_record(i) for i in range(1, 30)]
    records[5] = records[5]._replace(data={"long": "x" * 600_000})
    with TraceReader(write(records)) as reader:
        assert len(reader) == 0
        while not reader.index_more(budget):
            assert len(reader) <= len(records)
        assert list(reader.records(3, 9)) == records[3:9]
        with pytest.raises(IndexError):
            reader.record(len(records))


def test_a_growing_file_is_followed_also_when_seen_in_the_middle_of_a_line(write: Write) -> None:
    path = write([a_record(1), a_record(2)])
    whole = path.read_bytes()
    for cut in range(whole.index(b"\n") + 1, len(whole)):
        path.write_bytes(whole[:cut])
        with TraceReader(path) as reader:
            reader.index_all()
            with path.open("ab") as file:
                file.write(whole[cut:])
            reader.index_all()
            assert list(reader.records()) == [a_record(1), a_record(2)]
            assert reader.damage is None


def test_inputs_only(write: Write) -> None:
    path = write([a_record(1), a_record(2, "action.started"), a_record(3)])
    assert [record.seq for record in load_inputs(path)] == [1, 3]


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "call.jsonl"
    with TraceWriter(path) as writer:
        writer.header(HEADER._replace(version=2))
    with pytest.raises(TraceError, match=r"call\.jsonl: line 1: trace version 2 is newer"):
        TraceReader(path)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "nothing: the file is empty"),
        (b"RIFF\x1b[31m", r"'RIFF\x1b[31m'"),
        (b'{"action":"talk"}\n', '{"action":"talk"}'),
        (b"\xff" * 100_000, "…"),
        (json.dumps(HEADER._replace(version="1").to_json()).encode(), "version '1'"),  # type: ignore[arg-type] # wrong on purpose
        (b'{"type":"header","format":"ivrsim-trace","version":1}\n', "without 'platform'"),
        (json.dumps({**HEADER.to_json(), "arguments": 3}).encode(), "a wrong 'arguments' in it"),
        (json.dumps({**HEADER.to_json(), "parent": "x"}).encode(), "a wrong 'parent' in it"),
    ],
)
def test_what_is_no_trace_is_refused(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "other.jsonl"
    path.write_bytes(content)
    with pytest.raises(TraceError) as caught:
        TraceReader(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: line 1: expected an ivrsim trace header, found ")
    assert found in message
    assert "\x1b" not in message


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"none\.jsonl: cannot be opened: No such file"):
        TraceReader(tmp_path / "none.jsonl")
    with pytest.raises(TraceError, match="found a folder"):
        TraceReader(tmp_path)


def test_lines_written_otherwise_stand_between_the_writers_own(write: Write) -> None:
    records = [a_record(i, "digit" if i % 3 else "mark") for i in range(1, 60)]
    path = write(records)
    lines = path.read_bytes().splitlines(keepends=True)
    for n in range(3, len(lines), 4):  # blanks, another order of fields, an escape in the kind
        value = json.loads(lines[n])
        if n % 8 == 3:
            lines[n] = json.dumps(value).encode() + b"\n"
        else:
            value = {"type": "record", "seq": value["seq"], "kind": value["kind"], **value}
            line = json.dumps(value, separators=(",", ":")).encode() + b"\n"
            lines[n] = line.replace(b'"digit",', b'"\\u0064igit",')
    path.write_bytes(b"".join(lines))
    with TraceReader(path) as reader:
        reader.index_all()
        assert reader.damage is None
        assert list(reader.records()) == records
        assert [reader.kind(i) for i in range(len(reader))] == [r.kind for r in records]
        numbers, names = reader.kinds(5, 20)
        assert [names[n] for n in numbers] == [r.kind for r in records[5:20]]


@pytest.mark.parametrize(
    "line",
    [
        b'xx{"type":"record","seq":3,"t":0,"kind":"mark","data":{}}\n',
        b'{"type":"record","seq":4,"t":0,"kind":"mark","data":{}}\n',
        b'{"type":"record","seq":3,"t":,"kind":"mark","data":{}}\n',
        b'{"type":"record","seq":3,"t":0,"kind":"mark","data":{}\n',
        b'{"type":"record","seq":3,"t":0,"kind":"ma\nrk","leg":null,"cause":null,"data":{}}\n',
    ],
)
def test_damage_is_found_while_indexing_though_good_lines_follow(write: Write, line: bytes) -> None:
    path = write([a_record(i) for i in range(1, 30)])
    lines = path.read_bytes().splitlines(keepends=True)
    lines[3] = line
    path.write_bytes(b"".join(lines))
    with TraceReader(path) as reader:
        reader.index_all()
        assert list(reader.records()) == [a_record(1), a_record(2)]
        assert reader.damage is not None
        assert reader.damage.line == 4
        assert reader.index_more()


@pytest.mark.parametrize("limit", [1, 200, 1000, 1 << 20])
def test_lines_are_as_they_are_in_the_file(write: Write, limit: int) -> None:
    path = write([a_record(i) for i in range(1, 30)])
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])  # the last line without its end
    raw = whole.splitlines(keepends=True)[1:]
    raw[-1] = raw[-1][:-1]
    with TraceReader(path) as reader:
        reader.index_all()
        at, blocks = 0, 0
        while at < 29:
            lines = reader.lines(at, 29, limit)
            assert (lines.start, lines.stop > at) == (at, True)
            assert lines.stop == at + 1 or len(lines.block) <= limit
            for i in range(lines.start, lines.stop):
                assert lines.line(i) == raw[i]
                assert reader.parsed(i, lines.line(i)) == reader.record(i)
            begin = 0
            for i in range(lines.start, lines.stop):
                assert lines.index_at(begin) == lines.index_at(begin + len(raw[i]) - 1) == i
                begin += len(raw[i])
            at, blocks = lines.stop, blocks + 1
        assert blocks == 1 or limit <= 1000
        assert reader.lines(3, 5).stop == 5
        with pytest.raises(IndexError):
            reader.lines(29, 30)


@pytest.mark.parametrize("every", [1, 2, 300])
def test_more_kinds_than_a_byte_can_tell(write: Write, every: int) -> None:
    """However the line is written that brings the one too many."""
    kinds = [f"kind.{n % 299}" for n in range(700)]
    path = write([a_record(n, kind) for n, kind in enumerate(kinds, 1)])
    lines = path.read_bytes().splitlines(keepends=True)
    for n in range(1, len(lines), every):
        lines[n] = json.dumps(json.loads(lines[n])).encode() + b"\n"
    path.write_bytes(b"".join(lines))
    with TraceReader(path) as reader:
        reader.index_all()
        assert [reader.kind(i) for i in range(len(reader))] == kinds
        numbers, names = reader.kinds()
        assert [names[n] for n in numbers] == kinds


def test_the_index_takes_nine_bytes_a_record(write: Write) -> None:
    with TraceReader(write([a_record(i) for i in range(1, 2000)])) as reader:
        reader.index_all()
        held = sum(each.itemsize * len(each) for each in (reader._offsets, reader._kinds))
        assert held == 9 * len(reader)
