"""``ivrsim import`` and ``ivrsim export`` as they are typed."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from ivrsim.cli.main import main
from ivrsim.trace.history import History

DATA = Path("tests/exchange/data")


@pytest.fixture(autouse=True)
def private_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "history"
    monkeypatch.setenv("IVRSIM_HISTORY", str(folder))
    return folder


def run(capfdbinary: pytest.CaptureFixture[bytes], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    out, err = capfdbinary.readouterr()
    return status, out.decode(), err.decode()


def test_a_line_for_each_call_and_what_was_left_out(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    status, out, err = run(
        capfdbinary, "import", str(DATA / "vonage_tunnel.har"), "-o", str(tmp_path / "out")
    )
    assert (status, err) == (0, "")
    first, second, left_out = out.splitlines()
    assert first == (
        f"{tmp_path}/out/20261120-091502-vonage-1c1a1f7b21.jsonl".replace("1c1a1f7b21", "1a1f7b21")
        + "  vonage  +1 415 555 0100 → +1 415 555 0123  12 webhooks, 1 gap"
    )
    assert second.endswith("  vonage  +44 770 090 0123 → +1 415 555 0123  1 webhook, 2 gaps")
    assert left_out == "left out: other requests (2)"


def test_without_a_folder_it_goes_into_the_history(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    status, _, _ = run(capfdbinary, "import", str(DATA / "eight_wrapped.jsonl"))
    assert status == 0
    (entry,) = History().entries()
    assert (entry.target, entry.platform) == ("import of eight_wrapped.jsonl", "8x8")


@pytest.mark.parametrize(
    ("content", "message"),
    [("not a log\n", ":1:1: expected a HAR file"), ('{"a":1}\n{"b"\n{}', ":3:1: expected JSON")],
)
def test_rubbish_is_one_line_and_exit_status_2(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, content: str, message: str
) -> None:
    file = tmp_path / "rubbish"
    file.write_text(content)
    status, out, err = run(capfdbinary, "import", str(file))
    assert (status, out) == (2, "")
    assert err.startswith(f"ivrsim: {file}{message}")
    assert err.count("\n") == 1


def test_an_unknown_platform(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    file = str(DATA / "eight_bare.jsonl")
    status, _, err = run(capfdbinary, "import", file, "--platform", "twilio")
    assert (status, err) == (2, "ivrsim: --platform twilio: expected vonage or 8x8\n")
    status, _, err = run(capfdbinary, "import", file, "--platform", "vonage")
    assert status == 2
    assert "expected webhooks of Vonage, found 7 other requests" in err


@pytest.mark.parametrize("form", ["har", "markdown", "mermaid", "vcon", "trace"])
def test_an_imported_call_can_be_exported(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, form: str
) -> None:
    run(capfdbinary, "import", str(DATA / "eight_proxy.har"), "-o", str(tmp_path))
    (trace,) = tmp_path.glob("*.jsonl")
    status, out, err = run(capfdbinary, "export", str(trace), "--format", form)
    assert (status, err) == (0, "")
    if form in ("har", "vcon"):
        json.loads(out)
    file = tmp_path / "out"
    assert run(capfdbinary, "export", str(trace), "--format", form, "-o", str(file)) == (0, "", "")
    strip = re.compile('"created_at":"[^"]*"')
    assert strip.sub("", file.read_text()) == strip.sub("", out)


def test_damage_is_told_on_standard_error(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    run(capfdbinary, "import", str(DATA / "eight_proxy.har"), "-o", str(tmp_path))
    (trace,) = tmp_path.glob("*.jsonl")
    os.truncate(trace, 3000)
    status, out, err = run(capfdbinary, "export", str(trace), "--format", "mermaid")
    assert status == 0
    assert out.startswith("sequenceDiagram\n")
    assert re.match(rf"ivrsim: warning: {re.escape(str(trace))}: line \d+: breaks off", err)
