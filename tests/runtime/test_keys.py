"""``--keys``: what can be written, and when it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrsim.errors import InputError
from ivrsim.runtime.caller import Group, KeyScript
from tests.runtime.place import MENU_8X8, MENU_VONAGE, closed, digits, records, run

# ------------------------------------------------------------------ reading


@pytest.mark.parametrize(
    ("text", "groups", "hangup_at"),
    [
        ("", (), None),
        ("1 22 *#", (Group("keys", "1"), Group("keys", "22"), Group("keys", "*#")), None),
        ("^12 - ,1", (Group("barge-in", "12"), Group("silence"), Group("keys", ",1")), None),
        ("say:'opening hours' 1", (Group("say", "opening hours"), Group("keys", "1")), None),
        ("hangup", (Group("hangup"),), None),
        ("1 hangup@12.5", (Group("keys", "1"),), 12500),
        ("ab", (Group("keys", "AB"),), None),
    ],
)
def test_groups(text: str, groups: tuple[Group, ...], hangup_at: int | None) -> None:
    script = KeyScript.parse(text)
    assert (script.groups, script.hangup_at_ms) == (groups, hangup_at)


def test_groups_as_a_list() -> None:
    script = KeyScript.parse(["1", "say:opening hours"])
    assert script.groups == (Group("keys", "1"), Group("say", "opening hours"))
    assert KeyScript.parse(script.text).groups == script.groups


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("1 x", "group 2 is 'x'"),
        ("^", "group 1 is '^'"),
        ("1^2", "group 1 is '1^2'"),
        ("say:", "group 1 is 'say:'"),
        ("hangup@", "group 1 is 'hangup@'"),
        ("hangup@-1", "group 1"),
        ("--", "group 1"),
        ('say:"open', "quote as in a shell"),
        ("٣", "group 1"),
    ],
)
def test_what_is_no_group(text: str, part: str) -> None:
    with pytest.raises(InputError, match="--keys") as caught:
        KeyScript.parse(text)
    assert part in str(caught.value)


# ------------------------------------------------------------------ typing


def test_keys_are_typed_when_the_prompt_has_ended(tmp_path: Path) -> None:
    made, result = run(tmp_path, MENU_8X8, keys="12 3")
    assert digits(made) == [(2000, "1"), (2200, "2"), (3200, "3")]
    assert closed(made)[0] == (2200, "12", "max_digits")
    assert result.exit_status == 0
    assert result.warnings == ()


def test_each_try_takes_a_group(tmp_path: Path) -> None:
    made, _ = run(tmp_path, MENU_8X8, keys="- 12 - 12 34")
    assert closed(made) == [
        (7000, "", "overall"),
        (8200, "12", "max_digits"),
        (14200, "", "overall"),
        (15400, "12", "max_digits"),
        (16600, "34", "max_digits"),
    ]


def test_a_comma_waits_a_second(tmp_path: Path) -> None:
    made, _ = run(tmp_path, MENU_8X8, keys=",1,,2")
    assert digits(made) == [(3000, "1"), (5200, "2")]


@pytest.mark.parametrize(
    ("flow", "times"),
    [(MENU_8X8, [1500, 1700]), (MENU_VONAGE, [1500, 1700])],
    ids=["8x8", "vonage: the last of two prompts"],
)
def test_barging_in(tmp_path: Path, flow: str, times: list[int]) -> None:
    made, result = run(tmp_path, flow, keys="^34")
    assert [t for t, _ in digits(made)] == times
    (cut,) = records(made, "prompt.interrupted")
    assert (cut.t, cut.data["by"], cut.data["played_ms"]) == (1500, "digit", 500)
    assert result.exit_status == 0


def test_barging_in_at_each_try(tmp_path: Path) -> None:
    made, _ = run(tmp_path, MENU_8X8, keys="^12 ^34")
    assert digits(made) == [(1500, "1"), (1700, "2"), (2200, "3"), (2400, "4")]


@pytest.mark.parametrize("platform", ["8x8", "vonage"])
def test_barging_in_where_nothing_can_be_cut_is_an_error(tmp_path: Path, platform: str) -> None:
    if platform == "8x8":
        flow = MENU_8X8 + 'settings: {8x8.barge_in: "no"}\n'
    else:
        flow = MENU_VONAGE.replace("bargeIn: true", "bargeIn: false")
    made, result = run(tmp_path, flow, keys="^1")
    assert digits(made) == []
    assert result.exit_status == 2
    assert "^1: there is no interruptible prompt" in (result.why or "")
    assert made.records[-1].data["by"] == "caller"


def test_hangup_in_its_turn(tmp_path: Path) -> None:
    made, result = run(tmp_path, MENU_8X8, keys="12 hangup")
    assert result.status == "COMPLETED"
    assert (made.records[-1].t, made.records[-1].data["by"]) == (3200, "caller")
    assert result.exit_status == 0


@pytest.mark.parametrize("at", ["0.5", "1.25", "4"])
def test_hangup_at_a_second(tmp_path: Path, at: str) -> None:
    made, result = run(tmp_path, MENU_8X8, keys=f"hangup@{at}")
    assert made.records[-1].t == result.duration_ms == float(at) * 1000
    assert made.records[-1].data["by"] == "caller"


def test_groups_left_over(tmp_path: Path) -> None:
    _, result = run(tmp_path, MENU_8X8, keys="3# 4 5")
    assert result.warnings == ("--keys: 2 groups left over: no capture took them",)
    assert result.exit_status == 0
    _, result = run(tmp_path, MENU_8X8, keys="3# 4", strict=True)
    assert result.warnings == ("--keys: 1 group left over: no capture took them",)
    assert result.exit_status == 1


def test_after_the_last_group_the_caller_is_silent(tmp_path: Path) -> None:
    made, _ = run(tmp_path, MENU_8X8, keys="12")
    assert [ended for _, _, ended in closed(made)] == ["max_digits", "overall", "overall"]


def test_speech_is_not_simulated_yet(tmp_path: Path) -> None:
    made, result = run(tmp_path, MENU_8X8, keys='say:"opening hours"')
    assert result.exit_status == 2
    assert "speech input is not yet simulated" in (result.why or "")
    assert made.ended


def test_keys_beyond_the_capture_are_ignored_with_a_remark(tmp_path: Path) -> None:
    made, result = run(tmp_path, MENU_8X8, keys="345")
    ignored = [r.data["ignored"] for r in records(made, "digit")]
    assert ignored == [None, None, "prompt-plays"]
    assert any("key 5" in warning for warning in result.warnings)


def test_the_keys_pressed_are_the_keys_of_the_command_line(tmp_path: Path) -> None:
    made, _ = run(tmp_path, MENU_8X8, keys="- ^12 3#")
    line = made.command_line()
    again, _ = run(tmp_path, MENU_8X8, keys=line.split("--keys ")[1].strip("'"))
    assert [d for _, d in digits(again)] == ["1", "2", "3", "#"]
