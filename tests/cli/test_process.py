"""The command line as a process: signals, closed pipes, start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ivrsim.trace.reader import TraceReader

IVRSIM = (sys.executable, "-m", "ivrsim")
REAL = ("call", "flows/restaurant.yaml", "--clock", "real", "--no-history")


def start(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        [*IVRSIM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )


def wait_for(file: Path, kind: bytes) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if file.exists() and kind in file.read_bytes():
            return
        time.sleep(0.02)
    raise AssertionError(f"no {kind!r} in {file}")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("name", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
@pytest.mark.parametrize("state", [b'"prompt.started"', b'"call.started"'])
def test_a_signal_hangs_up_and_keeps_the_trace(
    tmp_path: Path, name: signal.Signals, status: int, state: bytes
) -> None:
    file = tmp_path / "call.jsonl"
    process = start(*REAL, "--trace", str(file))
    wait_for(file, state)
    process.send_signal(name)
    _, err = process.communicate(timeout=20)
    assert process.returncode == status
    assert err.decode().splitlines()[-1].endswith("the caller hung up")
    assert b"Traceback" not in err
    reader = TraceReader(file)
    reader.index_all()
    kinds = [record.kind for record in reader.records()]
    assert reader.damage is None
    assert "leg.hangup" in kinds


def test_a_closed_pipe_ends_quietly() -> None:
    process = start("call", "flows/restaurant.yaml", "--clock", "4x", "--no-history", "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    process.wait(timeout=30)
    assert process.stderr.read() == b""
    assert process.returncode == 3
    process.stderr.close()


def test_version_imports_nothing_heavy() -> None:
    code = (
        "import sys; from ivrsim.cli.main import main; main(['--version']);"
        "heavy = {'aiohttp', 'numpy', 'textual', 'pydantic', 'orjson', 'asyncio'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"ivrsim ")


def test_no_sound_card_is_no_error(tmp_path: Path) -> None:
    broken = tmp_path / "sounddevice.py"
    broken.write_text('raise OSError("PortAudio library not found")')
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [*IVRSIM, "doctor"], capture_output=True, env=environment, check=False, text=True
    )
    assert done.returncode == 0
    assert "PortAudio library not found" in done.stdout
    assert "Traceback" not in done.stderr


def test_an_interrupted_call_has_an_end_in_its_trace(tmp_path: Path) -> None:
    """Even while a webhook is under way that nobody will wait for."""
    import socket

    file = tmp_path / "call.jsonl"
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # accepts, and never answers
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/vca"
        process = start("call", url, "--platform", "8x8", "--no-history", "--trace", str(file))
        wait_for(file, b'"webhook.request"')
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
    assert process.returncode == 130
    reader = TraceReader(file)
    reader.index_all()
    assert [record.kind for record in reader.records()][-1] == "call.ended"


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full"])
def test_a_standard_output_that_cannot_be_written_is_one_line(redirection: str) -> None:
    if sys.platform == "win32" or not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    command = f'"{sys.executable}" -m ivrsim call restaurant --no-history {redirection}'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("ivrsim: ")


def test_a_terminal_without_unicode_gets_escapes() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [*IVRSIM, "call", "restaurant", "--no-history"],
        capture_output=True, env=environment, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\\u260e" in done.stdout
