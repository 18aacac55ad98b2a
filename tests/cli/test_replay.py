"""``ivrsim replay``: what is printed, and the exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ivrsim.cli.main import main
from ivrsim.trace.reader import TraceReader

FLOW = Path("flows/restaurant.yaml")


@pytest.fixture(autouse=True)
def private_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVRSIM_HISTORY", str(tmp_path / "history"))


@pytest.fixture
def recorded(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> str:
    file = tmp_path / "call.jsonl"
    assert main(["call", str(FLOW), "--keys", "1 1", "--trace", str(file)]) == 0
    capfd.readouterr()
    return str(file)


@pytest.fixture
def other(tmp_path: Path) -> str:
    file = tmp_path / "other.yaml"
    text = FLOW.read_text()
    file.write_text(text.replace("Lovely. For a table today", "Lovely. For a table tonight"))
    return str(file)


def run(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["replay", *arguments])
    out, err = capfd.readouterr()
    return status, out, err


def test_no_difference(capfd: pytest.CaptureFixture[str], recorded: str) -> None:
    status, out, err = run(capfd, recorded)
    assert (status, err) == (0, "")
    assert out == f"no difference: {recorded} · flows/restaurant.yaml\n"


def test_differences_are_listed_with_times_and_records(
    capfd: pytest.CaptureFixture[str], recorded: str, other: str
) -> None:
    status, out, err = run(capfd, recorded, "--against", other)
    assert (status, err) == (1, "")
    first, line = out.splitlines()
    assert first == f"1 difference (1 text): {recorded} → {other}"
    assert line == (
        "    7.76 #24    →     7.76 #24     text     the reply /callflow/0/params/promptMessage: "
        "“Lovely. For a table today, press 1. For tomorrow, press 2.” → "
        "“Lovely. For a table tonight, press 1. For tomorrow, press 2.”"
    )


def test_what_may_differ_is_named(
    capfd: pytest.CaptureFixture[str], recorded: str, other: str
) -> None:
    ignored = ("--ignore", "/callflow/*/params/promptMessage")
    assert run(capfd, recorded, "--against", other, *ignored)[0] == 0
    assert run(capfd, recorded, "--against", other, "--ignore", "params")[0] == 0
    assert run(capfd, recorded, "--against", other, "--ignore", "voiceProfile")[0] == 1


def test_options_of_the_other_target_come_in_quotes(
    capfd: pytest.CaptureFixture[str], recorded: str
) -> None:
    status, out, _ = run(capfd, recorded, "--against", f"{FLOW} --from +6591110000")
    assert status == 1
    assert "the call from: “+6591178965” → “+6591110000”" in out
    status, _, err = run(capfd, recorded, "--against", f"{FLOW} 'x")
    assert (status, err.count("\n")) == (2, 1)
    assert "--against" in err


def test_as_json_and_kept(
    capfd: pytest.CaptureFixture[str], recorded: str, other: str, tmp_path: Path
) -> None:
    save = tmp_path / "new.jsonl"
    status, out, _ = run(capfd, recorded, "--against", other, "--json", "--trace", str(save))
    assert status == 1
    data = json.loads(out)
    assert data["counts"] == {"text": 1}
    assert data["differences"][0]["old_seq"] == 24
    with TraceReader(save) as reader:
        reader.index_all()
        assert reader.kind(len(reader) - 1) == "call.ended"
    status, out, _ = run(capfd, recorded, str(save))
    assert (status, out.splitlines()[0]) == (1, f"1 difference (1 text): {recorded} → {save}")
    assert run(capfd, str(save), str(save))[0] == 0


def test_the_first_only(capfd: pytest.CaptureFixture[str], recorded: str, other: str) -> None:
    status, out, _ = run(capfd, recorded, "--against", other, "--first")
    assert (status, len(out.splitlines())) == (1, 2)


def test_another_reading(capfd: pytest.CaptureFixture[str], recorded: str) -> None:
    status, out, _ = run(capfd, recorded, "--set", "8x8.dtmf_shape=string")
    assert status == 1
    assert "setting 8x8.dtmf_shape value: “both” → “string”" in out


def test_assumptions(capfd: pytest.CaptureFixture[str], recorded: str) -> None:
    status, out, err = run(capfd, recorded, "--assumptions")
    assert (status, err) == (0, "")
    assert "8x8.dtmf_shape = both   disputed" in out
    assert "    = event_data: the same course" in out
    assert out.splitlines()[-1] == "the flow survives all 4 other readings, unchanged"
    status, out, _ = run(capfd, recorded, "--assumptions", "--json")
    assert json.loads(out)["survives"] is True


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing.jsonl",), "cannot be opened"),
        ((str(FLOW),), "expected an ivrsim trace header"),
        (("CALL", "--against", "no_such_sample"), "no sample"),
        (("CALL", "--against", "parcel"), "vonage"),
        (("CALL", "--set", "x"), "NAME=VALUE"),
        (("CALL", "--set", "8x8.nothing=1"), "8x8.nothing"),
        (("CALL", "--tolerance", "-1"), "--tolerance"),
        (("CALL", "--tolerance", "nan"), "--tolerance"),
        (("CALL", "--secret", "12"), "expected 0 keys"),
        (("CALL", "CALL", "--against", "restaurant"), "nobody is called"),
        (("CALL", "CALL", "--trace", "x.jsonl"), "--trace: two traces"),
        (("CALL", "--assumptions", "--first"), "--first"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    capfd: pytest.CaptureFixture[str], recorded: str, arguments: tuple[str, ...], words: str
) -> None:
    given = [recorded if word == "CALL" else word for word in arguments]
    status, out, err = run(capfd, *given)
    assert (out, err.count("\n")) == ("", 1)
    assert status in (2, 3)
    assert words in err


def test_secret_keys_are_asked_for(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = str(tmp_path / "pin.jsonl")
    assert main(["call", "flows/pin.yaml", "--keys", "1234 1", "--trace", file]) == 0
    capfd.readouterr()
    with TraceReader(file) as reader:
        reader.index_all()
        hidden = [r for r in reader.records() if r.kind == "digit" and r.data["digit"] == "•"]
    status, _, err = run(capfd, file)
    assert status == 2
    assert f"record {hidden[0].seq}: a secret key" in err and "--secret" in err
    status, out, err = run(capfd, file, "--secret", "12341"[: len(hidden)])
    assert (status, err) == (0, "")
    assert "1234" not in out


def test_a_truncated_trace_is_compared_up_to_there(
    capfd: pytest.CaptureFixture[str], recorded: str
) -> None:
    data = Path(recorded).read_bytes()
    Path(recorded).write_bytes(data[: len(data) * 2 // 3])
    status, out, err = run(capfd, recorded)
    assert (status, out.startswith("no difference")) == (0, True)
    assert "breaks off" in err
