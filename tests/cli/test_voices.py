from __future__ import annotations

import json
from pathlib import Path

import pytest

from ivrsim.cli.main import main


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IVRSIM_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("IVRSIM_HISTORY", str(tmp_path / "history"))
    return tmp_path / "cache" / "prompts"


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    out, err = capsys.readouterr()
    return status, out, err


def test_all_voices_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "voices")
    assert (status, err) == (0, "")
    assert "espeak: eSpeak NG, embedded" in out
    assert "gtts: Google Translate through gTTS, online" in out
    lines = out.splitlines()
    german = next(line for line in lines if line.startswith("  de "))
    assert german.split() == ["de", "German", "de-DE"]
    assert "voiceProfile" in lines[-2]


def test_a_filter_begins_words(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "voices", "en-GB")
    assert "en-gb " in out
    assert "Vonage en-GB: style 0 Amy (woman), 1 Emma (woman), 4 Brian (man)" in out
    assert "German" not in out
    _, out, _ = run(capsys, "voices", "--voice", "espeak", "germ")
    assert [line.split()[0] for line in out.splitlines() if line.startswith("  ")] == ["de"]
    assert "gtts" not in out
    _, out, _ = run(capsys, "voices", "en")
    assert "Scotland" in out
    assert "Mandarin" not in out  # "latin as English"


def test_the_nearest_for_a_tag_that_nobody_has(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "voices", "en-SG")
    assert status == 0
    assert "en-SG: spoken by en-gb (no voice for 'en-SG': spoken by the nearest, en-gb)" in out
    status, _, err = run(capsys, "voices", "no such thing")
    assert (status, err.count("\n")) == (2, 1)


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "voices", "--json", "--voice", "gtts", "zh")
    assert status == 0
    (engine,) = json.loads(out)
    assert (engine["engine"], engine["online"]) == ("gtts", True)
    assert {
        "tag": "zh-TW", "name": "Chinese (Mandarin/Taiwan)", "exactly": ["cmn-TW"], "nearly": [],
    } in engine["languages"]  # fmt: skip


def test_a_flow_is_prepared(capsys: pytest.CaptureFixture[str], cache: Path) -> None:
    status, out, err = run(capsys, "voices", "prepare", "flows/callback.yaml")
    assert (status, err) == (0, "")
    *lines, total = out.splitlines()
    assert lines[0].startswith("spoken    5.")
    assert "flows/callback.yaml:14:13  Hello, this is ABC Restaurant." in lines[0]
    assert [line.split()[0] for line in lines].count("skipped") == 1
    assert total.startswith("7 prompts: 6 spoken, 1 skipped; 3")
    assert f"of speech by espeak in {cache}" in total
    assert len(list(cache.iterdir())) == 6
    _, out, _ = run(capsys, "voices", "prepare", "flows/callback.yaml")
    assert "7 prompts: 6 kept, 1 skipped" in out


def test_what_cannot_be_had_is_exit_status_1(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "ncco.json"
    file.write_text('[{"action": "stream", "streamUrl": ["http://example.com/a.mp3"]}]')
    status, out, _ = run(capsys, "voices", "prepare", str(file))
    assert status == 1
    assert "failed" in out
    assert "--allow example.com" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("prepare",), "expected one TARGET"),
        (("prepare", "nothing.yaml"), "nothing.yaml"),
        (("prepare", "restaurant", "--voice", "ghost"), "no voice 'ghost'"),
        (("prepare", "http://localhost:1/", "--platform", "8x8"), "not known before it is called"),
        (("prepare", "flask_vonage"), "not known before it is called"),
        (("--voice", "ghost"), "no voice 'ghost': expected one of espeak, gtts"),
    ],
)
def test_a_wrong_command_line_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    status, _, err = run(capsys, "voices", *arguments)
    assert status == 2
    assert said in err
    assert err.count("\n") == 1


def test_the_voice_of_a_call_is_part_of_its_command_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    trace = tmp_path / "call.jsonl"
    status, _, _ = run(
        capsys, "call", "flows/restaurant.yaml", "--voice", "gtts", "--trace", str(trace)
    )
    assert status == 0
    header = json.loads(trace.read_text("utf-8").splitlines()[0])
    assert header["arguments"] == ["--voice", "gtts"]
    status, _, err = run(capsys, "call", "flows/restaurant.yaml", "--voice", "ghost")
    assert (status, err) == (2, "ivrsim: there is no voice 'ghost': expected one of espeak, gtts\n")
