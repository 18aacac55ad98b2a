"""A search in steps finds what the filter lets pass, in a file and in a list alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ivrsim.trace import Record, TraceReader, TraceWriter
from ivrsim.trace.filter import parse_filter
from ivrsim.trace.search import Search
from ivrsim.trace.source import LiveSource

from .conftest import HEADER

Write = Callable[[Sequence[Record]], Path]

FILTERS = [
    "", "kind:digit", "-kind:digit", "digit:1", "status:>=500", "title:VCA", "VCA", "hours",
    "text:hours or status:500", "not hours", "finished", "t:>1s", "leg:caller digit:2", "leg:party",
    "6591178965", "你好", "seq:3..5", "kind:mark", "purpose:VCS kind:webhook.response",
    "webhook:w3 or mark:x", '"nobody is listening"', "zzz", "cause:1",
]  # fmt: skip


def a_call(rounds: int, gap: int = 0) -> list[Record]:
    """A call with all that a search treats in a way of its own; ``gap`` records between a request
    and its reply."""
    records: list[Record] = []

    def add(kind: str, leg: str | None = None, cause: int | None = None, **data: object) -> int:
        seq = len(records) + 1
        records.append(Record(seq, seq * 100, kind, leg, cause, kind == "digit", data))
        return seq

    add("call.started", **{"from": "+6591178965"})
    add("leg.created", "leg-a", 1, role="caller", name="A")
    add("leg.created", "leg-b", 1, role="party", name="B")
    for n in range(rounds):
        title = "VCA ACTION_COMPLETED" if n % 2 else "VCS CALL_CONNECTED"
        sent = add(
            "webhook.request", "leg-a", 2,
            webhook=f"w{n}", title=title, purpose=title[:3], body={"nested": ["你好" * (n % 3)]},
        )  # fmt: skip
        for _ in range(gap):
            add("timer.started", None, sent, name="overall", ms=8000)
        add("webhook.response", None, sent, webhook=f"w{n}", status=500 if n % 3 == 0 else 200)
        add("digit", "leg-a", digit=str(n % 4), ignored=None if n % 5 else "no-capture")
        add("prompt.started", None, sent, text="Our HOURS" if n % 7 == 0 else "Press 1", e="\ud83d")
        add("prompt.finished", "leg-b", sent, prompt=f"p{n}")
    return records


def expected(records: list[Record], text: str) -> list[int]:
    wanted = parse_filter(text)

    def record_of(seq: int) -> Record | None:
        return records[seq - 1] if 0 < seq <= len(records) else None

    return [i for i, record in enumerate(records) if wanted.matches(record, record_of)]


@pytest.mark.parametrize("text", FILTERS)
def test_a_file_and_a_list_give_what_the_filter_lets_pass(write: Write, text: str) -> None:
    records = a_call(30, gap=2)
    with TraceReader(write(records)) as reader:
        reader.index_all()
        in_file = Search(reader, parse_filter(text))
        assert in_file.advance()
        assert in_file.found.tolist() == expected(records, text)
    in_list = Search(LiveSource(records), parse_filter(text))
    assert in_list.advance()
    assert in_list.found == in_file.found
    assert in_list.scanned == in_file.scanned == len(records)


def test_the_filters_of_this_test_find_something_but_one() -> None:
    records = a_call(30, gap=2)
    assert [text for text in FILTERS if not expected(records, text)] == ["kind:mark", "zzz"]


@pytest.mark.parametrize("text", ["VCA", "status:500", "kind:digit", "", "finished"])
def test_it_advances_in_steps_also_with_request_and_reply_in_different_ones(
    write: Write, text: str
) -> None:
    records = a_call(20)
    with TraceReader(write(records)) as reader:
        reader.index_all()
        search = Search(reader, parse_filter(text))
        steps = 0
        while not search.advance(1):
            steps += 1
            assert search.scanned == steps
            assert search.found.tolist() == [i for i in expected(records, text) if i < steps]
        assert steps == len(records) - 1
        assert search.found.tolist() == expected(records, text)
        assert search.advance(1)


@pytest.mark.parametrize("text", ["VCA", "digit:1", "kind:digit", ""])
def test_it_goes_on_when_the_source_has_grown(tmp_path: Path, text: str) -> None:
    records = a_call(12)
    path = tmp_path / "call.jsonl"
    live: list[Record] = []
    in_list = Search(LiveSource(live), parse_filter(text))
    with TraceWriter(path) as writer:
        writer.header(HEADER)
        with TraceReader(path) as reader:
            in_file = Search(reader, parse_filter(text))
            assert in_file.advance()
            for begin in range(0, len(records), 7):
                some = records[begin : begin + 7]
                writer.append(some)
                live.extend(some)
                reader.index_all()
                assert in_file.advance()
                assert in_list.advance()
                assert in_file.found.tolist() == expected(live, text)
                assert in_list.found == in_file.found


def test_a_damaged_line_that_is_read_ends_the_trace(write: Write) -> None:
    records = a_call(10)
    path = write(records)
    lines = path.read_bytes().splitlines(keepends=True)
    at = next(i for i, record in enumerate(records) if record.kind == "digit" and i > 20)
    lines[at + 1] = lines[at + 1].replace(b'"digit":"', b'"digit":"\xff')
    path.write_bytes(b"".join(lines))
    with TraceReader(path) as reader:
        reader.index_all()
        search = Search(reader, parse_filter("digit:0,1,2,3"))
        by_kind = Search(reader, parse_filter("kind:digit"))
        by_kind.advance()
        assert search.advance()
        assert len(reader) == search.scanned == at
        assert reader.damage is not None
        assert reader.damage.line == at + 2
        assert search.found.tolist() == [i for i in expected(records, "kind:digit") if i < at]
        assert by_kind.advance()
        assert by_kind.found == search.found
        assert by_kind.scanned == at


def test_most_lines_are_never_parsed(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    records = a_call(60)
    parsed: list[int] = []
    real = TraceReader.parsed

    def counted(self: TraceReader, i: int, line: bytes) -> Record:
        parsed.append(i)
        return real(self, i, line)

    monkeypatch.setattr(TraceReader, "parsed", counted)
    with TraceReader(write(records)) as reader:
        reader.index_all()
        for text, at_most in [("kind:digit", 0), ("mark:x", 0), ("status:500", 60), ("VCS", 90)]:
            parsed.clear()
            search = Search(reader, parse_filter(text))
            search.advance()
            assert search.found.tolist() == expected(records, text)
            outside = [i for i in parsed if records[i].kind != "prompt.started"]  # has an escape
            assert len(outside) <= at_most, text
