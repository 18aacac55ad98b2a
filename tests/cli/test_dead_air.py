"""``--dead-air``, and the silences of ``ivrsim.call``."""

from __future__ import annotations

from pathlib import Path

import pytest

import ivrsim
from ivrsim.cli.main import main

FLOW = """
title: Slow
platform: 8x8
from: "+6591178965"
to: "+6568332048"
app:
  pages:
    welcome:
      reply:
        callflow:
          - action: sayAndCapture
            params:
              {promptMessage: Press 1., voiceProfile: en-US-ZiraRUS, minDigits: 1, maxDigits: 1}
      next: {"1": slow, other: welcome}
    slow:
      delay: 4.5
      reply: {callflow: [{action: say, params: {text: Booked., voiceProfile: en-US-ZiraRUS}}]}
"""


@pytest.fixture
def flow(tmp_path: Path) -> Path:
    path = tmp_path / "slow.yaml"
    path.write_text(FLOW)
    return path


@pytest.mark.parametrize(
    ("options", "warned", "status"),
    [
        ((), True, 0),
        (("--strict",), True, 1),
        (("--dead-air", "4.49", "--strict"), True, 1),
        (("--dead-air", "4.5", "--strict"), False, 0),
        (("--dead-air", "inf", "--strict"), False, 0),
        (("--dead-air", "0"), True, 0),
    ],
)
def test_silence_after_a_key_is_warned_about_beyond_a_limit(
    flow: Path,
    options: tuple[str, ...],
    warned: bool,
    status: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["call", str(flow), "--keys", "1", "--no-history", *options]) == status
    said = capsys.readouterr().err.splitlines()
    found = [line for line in said if "dead air: the caller hears nothing for 4.5 s" in line]
    assert len(found) == warned
    assert all(line.startswith("ivrsim: warning: ") for line in found)
    assert said[len(found) :] == (["ivrsim: error: warnings fail (--strict)"] if status else [])


@pytest.mark.parametrize("limit", ["nan", "-1", "-inf"])
def test_a_limit_that_is_none(flow: Path, limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["call", str(flow), "--no-history", f"--dead-air={limit}"]
    assert main(arguments) == 2
    assert capsys.readouterr() == (
        "",
        f"ivrsim: --dead-air: expected seconds, 0 or more, found {limit}\n",
    )


def test_a_call_in_python_tells_its_silences(flow: Path) -> None:
    call = ivrsim.call(flow, keys="1")
    (air,) = call.dead_air
    (digit,) = call.records("digit")
    assert (air.seq, air.t, air.ms, air.after) == (digit.seq, digit.t, 4500, "key")
    assert call.trace[air.until_seq - 1].data["text"] == "Booked."
    assert ivrsim.call("restaurant", keys="1 1").dead_air == []
