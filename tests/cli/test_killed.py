"""A call that is killed at any moment: its trace opens, with all that was shown."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ivrsim.trace.reader import TraceReader
from ivrsim.trace.view import CallView

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")


@pytest.mark.parametrize("shown", [1, 2, 9, 23, 24, 25, 40, 60])
def test_what_was_shown_is_in_the_file(shown: int, tmp_path: Path) -> None:
    file = tmp_path / "call.jsonl"
    call = subprocess.Popen(
        [
            sys.executable, "-m", "ivrsim", "call", "restaurant", "--keys", "1 1", "--json",
            "--clock", "40x", "--trace", str(file),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert call.stdout is not None
    lines = []
    for line in call.stdout:
        lines.append(line)
        if len(lines) > shown:  # the first is the header
            break
    os.kill(call.pid, signal.SIGKILL)
    lines += call.stdout.readlines()  # shown as well: it was in the pipe
    call.wait()
    whole = [json.loads(line) for line in lines if line.endswith(b"\n")]
    with TraceReader(file) as reader:
        reader.index_all()
        records = list(reader.records())
        assert len(records) >= len(whole) - 1 >= min(shown, 24)
        assert reader.damage is None or reader.damage.line == len(records) + 2
    assert [record.to_json() for record in records[: len(whole) - 1]] == whole[1:]
    view = CallView()
    for record in records:
        view.apply(record)
    assert view.last_seq == len(records)
