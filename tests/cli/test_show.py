"""``ivrsim show`` and ``ivrsim call --filter``: what is printed, and the exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ivrsim.cli.main import main
from ivrsim.trace import Header, Record, TraceReader, TraceWriter

RESTAURANT = "flows/restaurant.yaml"


@pytest.fixture(autouse=True)
def private_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVRSIM_HISTORY", str(tmp_path / "history"))


def run(capfdbinary: pytest.CaptureFixture[bytes], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    out, err = capfdbinary.readouterr()
    return status, out.decode(), err.decode()


@pytest.fixture
def recorded(tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> tuple[Path, str, str]:
    """A trace, and what ``ivrsim call`` printed of it: usually, and with -v."""
    printed = []
    for verbose in ([], ["-v"]):
        file = tmp_path / "call.jsonl"
        _, out, _ = run(
            capfdbinary, "call", RESTAURANT, "--keys", "1 1", "--seed", "1",
            "--at", "2026-11-21T08:00:00Z", "--trace", str(file), *verbose,
        )  # fmt: skip
        printed.append(out)
    return file, printed[0], printed[1]


def test_it_prints_what_the_call_printed(
    capfdbinary: pytest.CaptureFixture[bytes], recorded: tuple[Path, str, str]
) -> None:
    file, usual, verbose = recorded
    assert run(capfdbinary, "show", str(file)) == (0, usual, "")
    assert run(capfdbinary, "show", str(file), "-v") == (0, verbose, "")
    assert len(verbose.splitlines()) > len(usual.splitlines())


def test_a_filter_also_shows_the_kinds_that_are_quiet(
    capfdbinary: pytest.CaptureFixture[bytes], recorded: tuple[Path, str, str]
) -> None:
    file, _, verbose = recorded
    _, out, _ = run(capfdbinary, "show", str(file), "kind:timer")
    assert out.splitlines() == [line for line in verbose.splitlines() if "◷" in line]
    assert out


def test_a_reply_is_shown_with_its_title_though_its_request_is_not(
    capfdbinary: pytest.CaptureFixture[bytes], recorded: tuple[Path, str, str]
) -> None:
    file, usual, _ = recorded
    _, out, _ = run(capfdbinary, "show", str(file), "kind:webhook.response title:VCA")
    assert out.splitlines() == [line for line in usual.splitlines() if "← 200 VCA" in line]
    assert out


def test_json_is_the_lines_of_the_file(
    capfdbinary: pytest.CaptureFixture[bytes], recorded: tuple[Path, str, str]
) -> None:
    file, _, _ = recorded
    _, out, _ = run(capfdbinary, "show", str(file), "--json")
    assert out.splitlines() == file.read_text().splitlines()[1:]
    _, out, _ = run(capfdbinary, "show", str(file), "digit:1", "--json")
    assert [json.loads(line)["data"]["digit"] for line in out.splitlines()] == ["1", "1"]


def test_a_filter_of_call_prints_only_what_matches(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    call = ["call", RESTAURANT, "--keys", "1 1", "--seed", "1", "--filter"]
    status, out, err = run(capfdbinary, *call, "kind:webhook.response page:today or kind:timer")
    assert (status, err) == (0, "")
    assert "← 200 VCA ACTION_COMPLETED, page today" in out
    assert "◷" in out
    assert "page book" not in out
    _, out, _ = run(capfdbinary, *call, "digit:1", "--json")
    assert [json.loads(line)["kind"] for line in out.splitlines()] == ["digit", "digit"]


def test_a_wrong_filter_is_told_before_anything_happens(
    capfdbinary: pytest.CaptureFixture[bytes], recorded: tuple[Path, str, str], tmp_path: Path
) -> None:
    file, _, _ = recorded
    said = "ivrsim: filter: column 8: expected a number after status:, found 'abc'\n"
    assert run(capfdbinary, "show", str(file), "status:abc") == (2, "", said)
    made = tmp_path / "other.jsonl"
    arguments = ["call", RESTAURANT, "--trace", str(made), "--filter", "status:abc"]
    assert run(capfdbinary, *arguments) == (2, "", said)
    assert not made.exists()


def test_a_damaged_file_is_shown_up_to_the_damage(
    capfdbinary: pytest.CaptureFixture[bytes], recorded: tuple[Path, str, str]
) -> None:
    file, _, verbose = recorded
    lines = file.read_bytes().splitlines(keepends=True)
    lines[6] = lines[6].replace(b'"document":"', b'"document":"\xff')
    file.write_bytes(b"".join(lines))
    for more in (["-v"], ["kind:call,leg,webhook,document,action,mark"], ["in:yes or in:no"]):
        status, out, err = run(capfdbinary, "show", str(file), *more)
        assert status == 0
        assert out.splitlines() == verbose.splitlines()[:5]
        assert err.startswith(f"ivrsim: warning: {file}: line 7: not JSON")
        assert err.endswith("; shown up to there\n")
        assert err.count("\n") == 1
    whole = b"".join(lines[:4]) + lines[4][:50]
    file.write_bytes(whole)
    status, out, err = run(capfdbinary, "show", str(file), "--json")
    assert (status, out.encode()) == (0, b"".join(lines[1:4]))
    assert "line 5: breaks off after 50 bytes" in err


def test_what_is_no_trace_is_refused(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    status, out, err = run(capfdbinary, "show", RESTAURANT)
    assert (status, out) == (2, "")
    assert "line 1: expected an ivrsim trace header" in err
    status, _, err = run(capfdbinary, "show", str(tmp_path / "none.jsonl"))
    assert status == 2
    assert "cannot be opened" in err


def test_foreign_text_cannot_act_on_the_terminal(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    file = tmp_path / "\x1b[2Jcall.jsonl"
    with TraceWriter(file) as writer:
        writer.header(Header("8x8", "x", 1, "2026-11-21T08:00:42.125Z", {}))
        writer.append([Record(1, 0, "new\x1b[31m.kind", None, None, True, {"text": "\x1b[31mred"})])
    file.write_bytes(file.read_bytes() + b"\x1b[31m\n")
    _, out, err = run(capfdbinary, "show", str(file), "red")
    assert "red" in out
    assert "\x1b" not in out + err


def test_a_reader_that_goes_away_is_no_error_to_talk_about(tmp_path: Path) -> None:
    file = tmp_path / "long.jsonl"
    with TraceWriter(file) as writer:
        writer.header(Header("8x8", "x", 1, "2026-11-21T08:00:42.125Z", {}))
        writer.append([
            Record(i, i, "mark", None, None, True, {"text": "x" * 50}) for i in range(1, 20_001)
        ])  # fmt: skip
    show = subprocess.Popen(
        [sys.executable, "-m", "ivrsim", "show", str(file)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert show.stdout is not None
    assert show.stderr is not None
    assert b"x" * 50 in show.stdout.readline()
    show.stdout.close()
    assert show.stderr.read() == b""
    assert show.wait(timeout=30) == 3
    show.stderr.close()


@pytest.mark.slow
def test_only_what_is_printed_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "long.jsonl"
    with TraceWriter(file) as writer:
        writer.header(Header("8x8", "x", 1, "2026-11-21T08:00:42.125Z", {}))
        for i in range(1, 30_001):
            data = {"webhook": f"w{i}", "title": "t" * 200}
            writer.append([Record(i, i, "webhook.request", None, None, False, data)])
    script = (
        "import sys, tracemalloc; from ivrsim.cli.main import main; import ivrsim.cli.show;"
        "sys.stdout = open('/dev/null', 'w'); tracemalloc.start();"
        f"main(['show', {str(file)!r}, *sys.argv[1:]]);"
        "print(tracemalloc.get_traced_memory()[1], file=sys.stderr)"
    )
    for more in ([], ["title:t"], ["--json"]):
        done = subprocess.run(
            [sys.executable, "-c", script, *more], capture_output=True, check=True, text=True
        )
        assert int(done.stderr) < 12_000_000, more


def test_a_trace_that_is_still_written_is_shown_as_it_is_now(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    file = tmp_path / "call.jsonl"
    with TraceWriter(file) as writer:
        writer.header(Header("8x8", "x", 1, "2026-11-21T08:00:42.125Z", {}))
        assert run(capfdbinary, "show", str(file)) == (0, "", "")
        writer.append([Record(1, 0, "mark", None, None, True, {"text": "here"})])
        status, out, err = run(capfdbinary, "show", str(file))
    assert (status, out.split(), err) == (0, ["0.00", "⚑", "here"], "")
    with TraceReader(file) as reader:
        reader.index_all()
        assert len(reader) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("show",), ("replay",), ("import",), ("export", "--format", "har"),
    ],
)  # fmt: skip
def test_an_error_is_one_line_whatever_a_file_is_called(
    capfdbinary: pytest.CaptureFixture[bytes], arguments: tuple[str, ...]
) -> None:
    status, out, err = run(capfdbinary, *arguments, "a\nb\x1b[31m.jsonl")
    assert (status, out) == (2, "")
    assert err.startswith("ivrsim: a␊b")
    assert err.count("\n") == 1
    assert "\x1b" not in err
