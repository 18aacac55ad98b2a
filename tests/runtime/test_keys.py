"""``--keys``: what can be written, and when it is typed."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from ivrsim.errors import InputError
from ivrsim.runtime.caller import Group, KeyScript
from ivrsim.runtime.live import LiveCall
from tests.runtime.place import MENU_8X8, MENU_VONAGE, SECOND, closed, digits, records, run

# ------------------------------------------------------------------ reading


@pytest.mark.parametrize(
    ("text", "groups", "hangup_at"),
    [
        ("", (), None),
        ("1 22 *#", (Group("keys", "1"), Group("keys", "22"), Group("keys", "*#")), None),
        ("^12 - ,1", (Group("barge-in", "12"), Group("silence"), Group("keys", ",1")), None),
        ("say:'opening hours' 1", (Group("say", "opening hours"), Group("keys", "1")), None),
        ('^say:"hello there"', (Group("barge-in-say", "hello there"),), None),
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
        ("^say:", "group 1 is '^say:'"),
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


# ------------------------------------------------------------------ speaking

WORDS = f"""
platform: vonage
app:
  pages:
    menu:
      reply:
        - {{action: talk, text: {SECOND}, bargeIn: true}}
        - {{action: input, type: TYPES}}
      next: {{sales: menu, "1": menu, speech: heard, timeout: silent}}
    heard: {{reply: [{{action: talk, text: "You said ${{speech}}"}}]}}
    silent: {{reply: [{{action: talk, text: Nothing}}]}}
"""


def spoken(made: LiveCall) -> list[tuple[int, str, str]]:
    """Every capture: when it ended, what it heard, and by what it ended."""
    return [(r.t, r.data["text"], r.data["ended_by"]) for r in records(made, "capture.closed")]


def said_last(made: LiveCall) -> str:
    return str(records(made, "prompt.started")[-1].data["text"])


@pytest.mark.parametrize("types", ["[speech]", "[dtmf, speech]"])
def test_words_are_said_when_the_capture_listens(tmp_path: Path, types: str) -> None:
    flow = WORDS.replace("TYPES", types)
    made, result = run(tmp_path, flow, keys=f"say:'{SECOND}'")
    assert spoken(made) == [(4000, SECOND, "end_on_silence")]
    (began,) = records(made, "speech.started")
    assert (began.t, began.data["source"], began.data["duration_ms"]) == (1000, "script", 1000)
    (heard,) = records(made, "speech")
    assert (heard.t, heard.data["confidence"]) == (2000, 1.0)
    assert said_last(made) == f"You said {SECOND}"
    assert (result.exit_status, result.warnings) == (0, ())


def test_words_barge_in(tmp_path: Path) -> None:
    made, _ = run(tmp_path, WORDS.replace("TYPES", "[speech]"), keys=f"^say:'{SECOND}'")
    (cut,) = records(made, "prompt.interrupted")
    assert (cut.t, cut.data["by"]) == (500, "speech")
    assert spoken(made) == [(3500, SECOND, "end_on_silence")]


def test_pages_match_words_as_they_match_keys(tmp_path: Path) -> None:
    made, _ = run(tmp_path, WORDS.replace("TYPES", "[dtmf, speech]"), keys="say:sales 1 say:hello")
    assert [text for _, text, _ in spoken(made)] == ["sales", None, "hello"]
    assert said_last(made) == "You said hello"
    made, _ = run(tmp_path, WORDS.replace("TYPES", "[speech]"))
    assert said_last(made) == "Nothing"


@pytest.mark.parametrize("flow", [MENU_8X8, MENU_VONAGE], ids=["8x8", "vonage"])
@pytest.mark.parametrize("mark", ["", "^"])
def test_words_where_keys_are_asked_for_are_an_error(tmp_path: Path, flow: str, mark: str) -> None:
    made, result = run(tmp_path, flow, keys=f'{mark}say:"opening hours"')
    assert result.exit_status == 2
    expected = f'--keys: {mark}say:"opening hours": this capture takes keys, not words'
    assert result.why == expected
    assert made.ended


def test_words_that_cannot_barge_in(tmp_path: Path) -> None:
    flow = WORDS.replace("TYPES", "[speech]").replace("bargeIn: true", "bargeIn: false")
    _, result = run(tmp_path, flow, keys="^say:hello")
    assert '^say:"hello": there is no interruptible prompt' in (result.why or "")


def test_the_words_said_are_those_of_the_command_line(tmp_path: Path) -> None:
    flow = WORDS.replace("TYPES", "[dtmf, speech]")
    made, _ = run(tmp_path, flow, keys='say:sales 1 ^say:"well, sales?"')
    line = shlex.split(made.command_line())
    keys = line[line.index("--keys") + 1]
    assert keys == "say:sales 1 ^say:'well, sales?'"
    again, _ = run(tmp_path, flow, keys=keys)
    assert spoken(again) == spoken(made)


# ------------------------------------------------------------------ into a recording

VOICEMAIL = """
platform: vonage
app:
  pages:
    voicemail:
      reply:
        - {action: record, RULES}
        - {action: talk, text: Thanks}
        - {action: input, type: [dtmf], dtmf: {maxDigits: 1}}
"""


def recorded(made: LiveCall) -> list[tuple[int, str]]:
    return [(r.t, r.data["by"]) for r in records(made, "recording.stopped")]


@pytest.mark.parametrize(
    ("rules", "keys", "ends", "left"),
    [
        # a key can end it: it takes a group
        ("endOnKey: '#'", "12# 3", [(400, "key")], [(0, "1"), (200, "2"), (400, "#")]),
        ("endOnKey: '#', endOnSilence: 3", "- 3", [(3000, "silence")], []),
        ("endOnKey: '#', endOnSilence: 3", f"say:'{SECOND}' 3", [(4000, "silence")], []),
        ("endOnKey: '#'", f"say:'{SECOND}' 3", [(1200, "key")], [(1200, "#")]),
        # only silence ends it: words alone take its turn
        ("endOnSilence: 3", "3", [(3000, "silence")], []),
        ("endOnSilence: 3", f"say:'{SECOND}' 3", [(4000, "silence")], []),
    ],
)
def test_speaking_into_a_recording(
    tmp_path: Path, rules: str, keys: str, ends: Any, left: Any
) -> None:
    made, result = run(tmp_path, VOICEMAIL.replace("RULES", rules), keys=keys)
    assert recorded(made) == ends
    *before, last = digits(made)
    assert (before, last[1]) == (left, "3")
    assert result.warnings == ()
    line = shlex.split(made.command_line())
    assert shlex.split(line[line.index("--keys") + 1]) == shlex.split(keys)


def test_hanging_up_on_a_recording(tmp_path: Path) -> None:
    flow = VOICEMAIL.replace("RULES", "endOnKey: '#'")
    made, result = run(tmp_path, flow, keys="hangup")
    assert recorded(made) == [(0, "hangup")]
    assert result.exit_status == 0


def test_barging_in_on_a_recording_is_an_error(tmp_path: Path) -> None:
    _, result = run(tmp_path, VOICEMAIL.replace("RULES", "endOnKey: '#'"), keys="^1")
    assert result.exit_status == 2
    assert "^1: there is no interruptible prompt" in (result.why or "")
