"""The terminal application as its user has it: a real terminal, real keys, real time."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ivrsim.trace.reader import TraceReader
from ivrsim.trace.record import Record
from tests.desk import leads_to
from tests.terminal.tmux import Terminal, terminal

pytestmark = pytest.mark.slow

IVRSIM = (sys.executable, "-m", "ivrsim")


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="ivr-") as name:  # short: it holds a socket
        yield Path(name)


def records(file: Path) -> list[Record]:
    if not file.exists() or not file.stat().st_size:
        return []
    with TraceReader(file) as reader:
        reader.index_all()
        return list(reader.records())


def count(file: Path, kind: str) -> int:
    return sum(record.kind == kind for record in records(file))


def wait_for_captures(screen: Terminal, file: Path, number: int) -> None:
    screen.wait(lambda: count(file, "capture.opened") >= number, f"no capture {number}")


@pytest.mark.parametrize(
    ("target", "keys", "captures"),
    [
        ("restaurant", ["1", "1"], [1, 2]),
        ("fastapi_8x8", ["1", "1"], [1, 2]),
        ("flask_vonage", ["20481776#", "1"], [1, 2]),
        ("parcel", ["20481776#", "1"], [1, 2]),
    ],
)
def test_a_call_by_keys(folder: Path, target: str, keys: list[str], captures: list[int]) -> None:
    file = folder / "call.jsonl"
    with terminal(folder, *IVRSIM, "run", target, "--silent", "--trace", str(file)) as screen:
        for pressed, number in zip(keys, captures, strict=True):
            wait_for_captures(screen, file, number)
            screen.type(*pressed)
        screen.wait(lambda: count(file, "call.ended") == 1, "the call did not end")
        screen.wait_for("call ended")
        screen.type("C-c")
        screen.wait_for("EXIT 0")
    seen = records(file)
    digits = [record for record in seen if record.kind == "digit"]
    assert "".join(digit.data["digit"] for digit in digits) == "".join(keys)
    assert all(digit.data["ignored"] is None for digit in digits)
    for digit in digits:
        assert digit.data["source"] == "keypad"
        assert any(
            leads_to(seen, digit, record) for record in seen if record.kind == "webhook.request"
        )


WORDS = """
title: Words
platform: vonage
app:
  pages:
    answer:
      reply:
        - {action: input, type: [speech], speech: {context: [opening hours], endOnSilence: 0.4}}
      next: {speech: thanks}
    thanks:
      reply:
        - {action: talk, text: "Thank you."}
"""


def test_words_that_are_typed_and_the_list_of_devices(folder: Path) -> None:
    file, flow = folder / "call.jsonl", folder / "words.yaml"
    flow.write_text(WORDS)
    with terminal(folder, *IVRSIM, "run", str(flow), "--silent", "--trace", str(file)) as screen:
        screen.wait_for("listening for speech: press W")
        screen.wait_for("mic off")
        screen.type("o")
        screen.wait_for("loudspeakers")
        screen.type("Escape")
        screen.wait(lambda: "loudspeakers" not in screen.screen, "the list did not close")
        screen.type("w")
        screen.wait_for("say… opening hours")
        screen.type(*"opening", "Space", *"2", "Enter")
        screen.wait_for("“opening 2”")
        screen.wait(lambda: count(file, "call.ended") == 1, "the call did not end")
        screen.type("C-c")
        screen.wait_for("EXIT")
    (heard,) = [record for record in records(file) if record.kind == "speech"]
    assert (heard.data["text"], heard.data["source"]) == ("opening 2", "typed")
    (closed,) = [record for record in records(file) if record.kind == "capture.closed"]
    assert closed.data["text"] == "opening 2"


def test_home_calls_a_sample_and_comes_back(folder: Path) -> None:
    with terminal(folder, *IVRSIM) as screen:
        screen.wait_for("ABC Restaurant")
        screen.wait_for("Kestrel Parcels")
        screen.type("Enter")
        screen.wait_for("connected")
        screen.type("h")
        screen.wait_for("call ended")
        screen.type("Escape")
        screen.wait_for("Kestrel Parcels")
        screen.type("C-c")
        screen.wait_for("EXIT 0")


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_clean(folder: Path, name: signal.Signals) -> None:
    file = folder / "call.jsonl"
    command = (*IVRSIM, "run", "restaurant", "--silent", "--trace", str(file))
    with terminal(folder, *command) as screen:
        wait_for_captures(screen, file, 1)
        os.kill(screen.pid_of("ivrsim"), name)
        screen.wait_for("EXIT 1")  # 143, or 129
        assert "╭" not in screen.screen
        assert "\necho" in screen.screen  # the terminal echoes again
    assert "leg.hangup" in [record.kind for record in records(file)]


def test_sizes_from_80_by_24_up_while_a_call_goes_on(folder: Path) -> None:
    file = folder / "call.jsonl"
    command = (*IVRSIM, "run", "restaurant", "--silent", "--trace", str(file))
    with terminal(folder, *command, columns=200, lines=60) as screen:
        wait_for_captures(screen, file, 1)
        for columns, lines in ((80, 24), (120, 30), (40, 10), (200, 60), (80, 24)):
            screen.resize(columns, lines)
        screen.wait_for("Welcome to ABC")
        screen.type("3")
        screen.wait(lambda: count(file, "capture.closed") == 1, "the key was not taken")
        screen.type("C-c")
        screen.wait_for("call ended")
        screen.type("C-c")
        screen.wait_for("EXIT")


def test_a_target_that_cannot_be_called_is_one_line(folder: Path) -> None:
    with terminal(folder, *IVRSIM, "run", "nowhere.yaml") as screen:
        screen.wait_for("EXIT 2")
        assert "ivrsim: nowhere.yaml: no such file" in screen.screen


def test_a_terminal_that_vanishes_ends_the_application(folder: Path) -> None:
    file = folder / "call.jsonl"
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*IVRSIM, "run", "restaurant", "--silent", "--trace", str(file)],
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    drawn = b""
    while b"Hang up" not in drawn:
        drawn += os.read(ours, 65536)
    os.close(ours)  # no signal: the session has no controlling terminal
    assert process.wait(30) != 0
    assert "leg.hangup" in [record.kind for record in records(file)]
