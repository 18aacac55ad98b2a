"""``ivrsim dtmf``: the digits in audio files."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from ivrsim.cli.main import main
from ivrsim.errors import AudioError
from ivrsim.sound.tones import dtmf_sequence

RATE = 16_000


def keyed(digits: str) -> np.ndarray:
    """Tones and pauses of 80 ms, after 200 ms."""
    return np.pad(dtmf_sequence(digits, 80, 80, RATE).samples, (RATE // 5, 0))


def write(path: Path, *channels: np.ndarray) -> str:
    length = max(map(len, channels))
    padded = [np.pad(channel, (0, length - len(channel))) for channel in channels]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.stack(padded, axis=1) * 32767).astype("<i2").tobytes())
    return str(path)


@pytest.fixture
def stereo(tmp_path: Path) -> str:
    """The platform keyed 99, and later the caller 4711#."""
    return write(tmp_path / "stereo.wav", keyed("99"), np.pad(keyed("4711#"), (RATE, 0)))


def run(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["dtmf", *arguments])
    out, err = capfd.readouterr()
    return status, out, err


def test_the_digits_of_a_mono_file_are_one_line(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = write(tmp_path / "mono.wav", keyed("0123456789*#ABCD"))
    for options in ((), ("--channel", "left"), ("--channel", "right"), ("--channel", "mix")):
        assert run(capfd, file, *options) == (0, "0123456789*#ABCD\n", "")


@pytest.mark.parametrize(
    ("options", "digits"),
    [
        ((), "4711#"),
        (("--channel", "right"), "4711#"),
        (("--channel", "left"), "99"),
        (("--channel", "mix"), "994711#"),
    ],
)
def test_of_a_stereo_recording_the_caller_is_heard(
    capfd: pytest.CaptureFixture[str], stereo: str, options: tuple[str, ...], digits: str
) -> None:
    assert run(capfd, stereo, *options) == (0, f"{digits}\n", "")


def test_times_are_a_line_for_each_digit(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = write(tmp_path / "mono.wav", keyed("5A"))
    status, out, _ = run(capfd, file, "--times")
    assert status == 0
    lines = [line.split() for line in out.splitlines()]
    assert [line[0] for line in lines] == ["5", "A"]
    times = [float(time) for line in lines for time in line[1:]]
    assert times == pytest.approx([0.2, 0.28, 0.36, 0.44], abs=0.01)


def test_a_digit_that_the_file_cuts_off_has_an_end(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = write(tmp_path / "cut.wav", keyed("7")[: RATE * 270 // 1000])
    status, out, _ = run(capfd, file, "--times")
    assert status == 0
    digit, *times = out.split()
    assert digit == "7"
    assert [float(time) for time in times] == pytest.approx([0.2, 0.27], abs=0.01)


def test_nothing_heard_is_an_empty_line(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    silent = write(tmp_path / "silent.wav", np.zeros(RATE, np.float32))
    assert run(capfd, silent) == (0, "\n", "")
    assert run(capfd, silent, "--times") == (0, "", "")


def test_several_files_are_named(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, stereo: str
) -> None:
    mono = write(tmp_path / "mono.wav", keyed("12"))
    silent = write(tmp_path / "silent.wav", np.zeros(RATE, np.float32))
    status, out, err = run(capfd, stereo, mono, silent)
    assert (status, err) == (0, "")
    assert out == f"{stereo}: 4711#\n{mono}: 12\n{silent}:\n"
    assert run(capfd, mono, mono, "--times")[1].startswith(f"{mono}: 1 0.2")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such audio file"),
        (b"", "empty"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (np.random.default_rng(1).bytes(5000), "not audio"),
        (b"RIFF\0\0\0\0WAVEfmt ", "wav"),
    ],
)
def test_a_bad_file_is_one_line_and_status_2(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, content: bytes | None, words: str
) -> None:
    file = tmp_path / "bad.wav"
    if content is not None:
        file.write_bytes(content)
    status, out, err = run(capfd, str(file))
    assert (status, out) == (2, "")
    assert err.startswith(f"ivrsim: {file}: ")
    assert words in err
    assert len(err.splitlines()) == 1
    with pytest.raises(AudioError):
        main(["dtmf", str(file), "--debug"])


def test_a_bad_file_does_not_keep_the_others_from_being_heard(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, stereo: str
) -> None:
    status, out, err = run(capfd, str(tmp_path / "gone.wav"), stereo)
    assert status == 2
    assert out == f"{stereo}: 4711#\n"
    assert "gone.wav: no such audio file" in err


def test_help_teaches(capfd: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capfd, "--help")
    assert status == 0
    assert "usage: ivrsim dtmf" in out
    assert "ivrsim dtmf recording.wav --times" in out
    assert "the caller" in out


def test_no_file_and_a_channel_that_there_is_not_are_one_line(
    capfd: pytest.CaptureFixture[str], stereo: str
) -> None:
    for arguments, words in (((), "FILE"), ((stereo, "--channel", "middle"), "middle")):
        status, out, err = run(capfd, *arguments)
        assert (status, out, len(err.splitlines())) == (2, "", 1)
        assert words in err
