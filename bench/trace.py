"""Writing and opening traces: the records of menu calls, one after another, in one file."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import ivrsim
from bench.menu import FLOWS, KEYS
from bench.timing import Row, interleaved
from ivrsim.trace.reader import TraceReader
from ivrsim.trace.record import Record
from ivrsim.trace.writer import TraceWriter

TITLE = "Traces"


def run(short: bool) -> list[Row]:
    count, rounds = (500, 2) if short else (100_000, 5)
    call = ivrsim.call(FLOWS["8x8"], keys=KEYS)
    records = [
        Record(seq, *call.trace[(seq - 1) % len(call.trace)][1:]) for seq in range(1, count + 1)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path, other = Path(folder) / "trace.jsonl", Path(folder) / "json.jsonl"

        def write() -> None:
            with TraceWriter(path) as writer:
                writer.header(call.header)
                for start in range(0, count, 4):  # about as many as one step of a call makes
                    writer.append(records[start : start + 4])

        def write_by_json() -> None:
            with other.open("w", encoding="utf-8") as file:
                for record in records:
                    file.write(json.dumps(record.to_json(), separators=(",", ":")) + "\n")
                    file.flush()

        def open_it() -> None:
            with TraceReader(path) as reader:
                reader.index_all()
                assert len(reader) == count

        def open_by_json() -> None:
            with path.open(encoding="utf-8") as file:
                assert sum(json.loads(line)["type"] == "record" for line in file) == count

        cases = {"write": write, "json": write_by_json, "open": open_it, "loads": open_by_json}
        times = interleaved(cases, rounds)
        size = path.stat().st_size / 1e6
        with TraceReader(path) as reader:
            reader.index_all()
            seek = interleaved({"seek": lambda: [reader.record(i) for i in range(0, count, 97)]}, 3)
    looked = len(range(0, count, 97))
    return [
        Row(
            "writing, four records a step",
            f"{count / times['write'].wall_s:,.0f} records/s",
            f"json.dumps: {count / times['json'].wall_s:,.0f} records/s",
        ),
        Row(
            f"opening {count:,} records, {size:.1f} MB",
            f"{times['open'].wall_s * 1000:.0f} ms",
            f"json.loads: {times['loads'].wall_s * 1000:.0f} ms",
        ),
        Row("one record, anywhere", f"{seek['seek'].wall_s / looked * 1e6:.0f} µs"),
    ]
