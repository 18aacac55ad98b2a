"""``ivrsim open`` as its user has it: a real terminal, real keys, real time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.terminal.tmux import terminal
from tests.tui.recorded import HEADER, a_call, write

pytestmark = pytest.mark.slow

IVRSIM = (sys.executable, "-m", "ivrsim")


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="ivr-") as name:  # short: it holds a socket
        yield Path(name)


def test_a_recorded_call_is_opened_scrubbed_filtered_and_left(folder: Path) -> None:
    file = write(folder / "call.jsonl", a_call(failed=True).records)
    with terminal(folder, *IVRSIM, "open", str(file)) as screen:
        screen.wait_for("call ended")
        screen.wait_for("15 records")
        screen.type("[", "[", "[")
        screen.wait_for("looking at 0:04.2")
        screen.type("[")
        screen.wait_for("looking at 0:00.0")
        screen.wait(lambda: "Connected" not in screen.screen, "it is connected already")
        screen.type("S-Right")
        screen.wait_for("looking at 0:01.0")
        screen.wait_for("a key interrupts")
        screen.type("Space")
        screen.wait_for("there is no sound beside this trace")
        screen.type("1")
        screen.wait_for("This is a recorded call")
        screen.type("/")
        screen.wait_for("a word, or kind:webhook")
        screen.type(*"stat:5")
        screen.wait_for("▲ there is no field")
        screen.type("C-u")
        screen.wait_for("a word, or kind:webhook")
        screen.type(*"kind:digit")
        screen.wait_for("1 of 15 records")
        screen.type("Escape")
        screen.wait(lambda: "1 of 15" not in screen.screen, "the filter is still on")
        screen.type("e")
        screen.wait_for("call ended")
        screen.type("Escape")
        screen.wait_for("samples and calls")
        screen.type("C-c")
        screen.wait_for("EXIT 0")  # a recorded failure is no failure of now


def test_a_call_of_the_history_is_on_the_list(folder: Path) -> None:
    (folder / "history").mkdir()
    write(folder / "history" / "20260101-000000-000-restaurant.jsonl", a_call().records)
    with terminal(folder, *IVRSIM) as screen:
        screen.wait_for("recorded calls")
        screen.wait_for("COMPLETED 0:04")
        screen.type("End", "Up", "Enter")  # the last line is its target
        screen.wait_for("14 records")
        screen.type("Escape")
        screen.wait_for("recorded calls")
        screen.type("C-c")
        screen.wait_for("EXIT 0")


def test_a_long_trace_is_there_at_once_and_its_end_too(folder: Path) -> None:
    call = a_call()
    records = call.records * 2000
    records = [record._replace(seq=seq) for seq, record in enumerate(records, 1)]
    file = write(folder / "long.jsonl", records)
    with terminal(folder, *IVRSIM, "open", str(file), "--at", "9") as screen:
        screen.wait_for("28,000 records")
        screen.wait_for("looking at 0:01.0")
        screen.type("End")
        screen.wait_for("COMPLETED by application")
        screen.type("C-c")
        screen.wait_for("EXIT 0")


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("newer", (), "newer.jsonl: line 1: trace version 99 is newer"),
        ("nowhere", (), "nowhere.jsonl: cannot be opened: No such file"),
        ("call", ("--at", "0"), "--at 0: expected the number of a record, from 1"),
        ("call", ("--filter", "stat:5"), "filter: column 1: there is no field 'stat'"),
    ],
)
def test_what_cannot_be_opened_is_one_line(
    folder: Path, name: str, options: tuple[str, ...], said: str
) -> None:
    write(folder / "newer.jsonl", [], HEADER._replace(version=99))
    write(folder / "call.jsonl", a_call().records)
    with terminal(folder, *IVRSIM, "open", str(folder / f"{name}.jsonl"), *options) as screen:
        screen.wait_for("EXIT 2")
        assert said in screen.screen.replace("\n", "")


def test_without_a_terminal_another_command_is_named(folder: Path) -> None:
    file = write(folder / "call.jsonl", a_call().records)
    done = subprocess.run(
        [*IVRSIM, "open", str(file)], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == (
        "ivrsim: the application needs a terminal: `ivrsim show TRACE` prints a recorded call\n"
    )
    assert done.stdout == ""
