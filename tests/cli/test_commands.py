"""The command line in one process: what is printed, and the exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ivrsim.cli.main import main
from ivrsim.trace.reader import TraceReader
from tests.desk import leads_to

RESTAURANT = "flows/restaurant.yaml"


@pytest.fixture(autouse=True)
def private_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "history"
    monkeypatch.setenv("IVRSIM_HISTORY", str(folder))
    return folder


def run(capfdbinary: pytest.CaptureFixture[bytes], *arguments: str) -> tuple[int, str, str]:
    status = main(arguments)
    out, err = capfdbinary.readouterr()
    return status, out.decode(), err.decode()


def test_a_call_is_printed_in_words(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    status, out, err = run(capfdbinary, "call", RESTAURANT, "--keys", "1 1", "--seed", "1")
    assert (status, err) == (0, "")
    assert "VCA ACTION_COMPLETED" in out
    assert "Lovely. For a table today, press 1." in out


def test_the_trace_on_standard_output_is_the_trace_file(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    file = tmp_path / "call.jsonl"
    status, out, _ = run(
        capfdbinary, "call", RESTAURANT, "--keys", "1 1", "--json", "--trace", str(file)
    )
    assert status == 0
    assert out.encode() == file.read_bytes()
    assert json.loads(out.splitlines()[0])["format"] == "ivrsim-trace"


@pytest.mark.parametrize(
    ("target", "keys"),
    [
        (RESTAURANT, "1 1"),
        ("flows/fastapi_8x8.yaml", "1 1"),
        ("flows/flask_vonage.yaml", "20481776# 1"),
    ],
)
def test_each_digit_leads_to_its_webhook_its_reply_and_the_next_prompt(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, target: str, keys: str
) -> None:
    file = tmp_path / "call.jsonl"
    status, _, _ = run(capfdbinary, "call", target, "--keys", keys, "--trace", str(file))
    assert status == 0
    reader = TraceReader(file)
    reader.index_all()
    records = list(reader.records())
    digits = [r for r in records if r.kind == "digit" and r.data["ignored"] is None]
    assert "".join(digit.data["digit"] for digit in digits) == keys.replace(" ", "")
    for digit in digits:
        caused = [r for r in records if r.seq > digit.seq and leads_to(records, digit, r)]
        kinds = [r.kind for r in caused]
        assert kinds.index("webhook.request") < kinds.index("webhook.response")
        assert "prompt.started" in kinds[kinds.index("webhook.response") :]


def test_a_call_is_kept_in_the_history(
    capfdbinary: pytest.CaptureFixture[bytes], private_history: Path
) -> None:
    run(capfdbinary, "call", RESTAURANT, "--keys", "3")
    (kept,) = private_history.glob("*.jsonl")
    assert TraceReader(kept).header.target == RESTAURANT
    run(capfdbinary, "call", RESTAURANT, "--keys", "3", "--no-history")
    assert list(private_history.glob("*.jsonl")) == [kept]


def test_an_application_that_fails_the_call_gives_1_and_one_line_with_its_url(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    url = "http://127.0.0.1:9/vca"  # the discard port: nobody listens
    status, _, err = run(capfdbinary, "call", url, "--platform", "8x8")
    assert status == 1
    assert url in err
    assert "is the application running?" in err
    assert len(err.splitlines()) == 1


def test_a_warning_fails_a_strict_call(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    arguments = ("call", RESTAURANT, "--keys", "1 1 1")
    status, _, err = run(capfdbinary, *arguments)
    assert status == 0
    assert "1 group left over" in err
    assert run(capfdbinary, *arguments, "--strict")[0] == 1


def test_a_bad_document_is_named_with_file_line_and_column(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    file = tmp_path / "ncco.json"
    file.write_text('[\n  {"action": "talk", "text": "hi"},\n  {"action": "tlak", "text": "x"}\n]')
    status, out, _ = run(capfdbinary, "check", str(file))
    assert status == 1
    assert out.startswith(f"{file}:3:14: vonage.unknown-action")
    assert "talk" in out
    status, _, err = run(capfdbinary, "call", str(file))
    assert status == 1
    assert f"{file}:3:14" in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("call", "nothing.yaml"), "nothing.yaml"),
        (("call", "localhost:5000/x"), "did you mean http://localhost:5000/x"),
        (("call", "restuarant"), "restaurant"),
        (("call", RESTAURANT, "--keys", "x"), "--keys"),
        (("call", RESTAURANT, "--clock", "fast"), "--clock"),
        (("call", RESTAURANT, "--max-time", "0"), "--max-time"),
        (("call", RESTAURANT, "--at", "noon"), "--at"),
        (("call", RESTAURANT, "--set", "8x8.barge_on=no"), "8x8.barge_in"),
        (("call", RESTAURANT, "--set", "8x8.barge_in=maybe"), "yes or no"),
        (("call", RESTAURANT, "--set", "8x8.barge_in"), "NAME=VALUE"),
        (("call", RESTAURANT, "--header", "no colon"), "--header"),
        (("call", RESTAURANT, "--event-url", "http://localhost/"), "--event-url"),
        (("call", RESTAURANT, "--platform", "vonage"), "flow for 8x8"),
        (("call", "http://localhost:1/"), "--platform"),
        (("call", RESTAURANT, "--trace", "/nowhere/at/all.jsonl"), "/nowhere/at/all.jsonl"),
        (("run", RESTAURANT), "terminal"),
        (("dance",), "dance"),
        (("call",), "TARGET"),
        (("settings", "no such words"), "no such words"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_status_2(
    capfdbinary: pytest.CaptureFixture[bytes], arguments: tuple[str, ...], words: str
) -> None:
    status, out, err = run(capfdbinary, *arguments)
    assert status == 2
    assert out == ""
    assert len(err.splitlines()) == 1
    assert words in err


def test_debug_shows_the_traceback(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    from ivrsim.errors import InputError

    with pytest.raises(InputError):
        run(capfdbinary, "call", "nothing.yaml", "--debug")


def test_settings_are_listed_with_value_basis_and_page(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    status, out, _ = run(capfdbinary, "settings", "--set", "8x8.barge_in=no", "barge_in")
    assert status == 0
    assert "8x8.barge_in = no   (or yes)" in out
    assert "assumed · https://developer.8x8.com/" in out
    everything = run(capfdbinary, "settings")[1]
    assert "vonage.input_timer = prompt_end" in everything


def test_doctor_says_what_works(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    status, out, _ = run(capfdbinary, "doctor")
    assert status == 0
    for what in ("ivrsim", "terminal", "history", "voices", "audio files"):
        assert what in out


@pytest.mark.parametrize("command", ["run", "call", "check", "settings", "doctor"])
def test_help_teaches(capfdbinary: pytest.CaptureFixture[bytes], command: str) -> None:
    status, out, err = run(capfdbinary, command, "--help")
    assert (status, err) == (0, "")
    assert f"usage: ivrsim {command}" in out


def test_a_repeated_call_has_its_options_and_not_its_secrets() -> None:
    from ivrsim.cli.options import repeated_arguments
    from ivrsim.cli.parser import make_parser

    options = make_parser().parse_args(
        ["call", "x.yaml", "--set", "a=b", "--seed", "3", "--outbound", "--webhook-auth", "s3cret"]
    )
    words = repeated_arguments(options)
    assert " ".join(words) == "--outbound --set a=b --seed 3 --webhook-auth …"


def test_what_is_typed_in_the_application_may_have_options() -> None:
    from ivrsim.cli.application import parse_line
    from ivrsim.errors import InputError

    target, of_target, of_call = parse_line(
        "http://localhost:5000/answer --platform vonage --event-url http://localhost:5000/e"
    )
    assert target == "http://localhost:5000/answer"
    assert of_target.platform == "vonage"
    assert of_call.person
    copied = parse_line("ivrsim call flows/pin.yaml --keys '1 2'")
    assert (copied[0], copied[2].keys) == ("flows/pin.yaml", "1 2")
    for wrong in ("x --platfrom vonage", "x 'y", "--help", ""):
        with pytest.raises(InputError):
            parse_line(wrong)


def test_what_an_application_died_of_is_told(
    capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path
) -> None:
    file = tmp_path / "app.py"
    file.write_text(
        "from flask import Flask, request, g\n"
        "app = Flask(__name__)\n"
        "@app.post('/vca')\n"
        "def vca():\n"
        "    return {}['missing']\n"
    )
    status, _, err = run(capfdbinary, "call", f"{file}:app/vca", "--platform", "8x8")
    assert status == 1
    assert "KeyError: 'missing'" in err
    assert ":5:" in err
    status, _, err = run(capfdbinary, "call", f"{file}:ap/vca", "--platform", "8x8")
    assert status == 2
    assert "did you mean" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("option", ["--speakers", "--microphone"])
@pytest.mark.parametrize("clock", ["virtual", "4x"])
def test_devices_need_a_call_in_real_time(
    capfdbinary: pytest.CaptureFixture[bytes], option: str, clock: str
) -> None:
    status, out, err = run(capfdbinary, "call", RESTAURANT, option, "auto", "--clock", clock)
    assert (status, out) == (2, "")
    assert err == (
        f"ivrsim: {option} auto: nothing is heard unless the call is made in real time: "
        f"add --clock real, or leave out {option}\n"
    )
