"""``keys.yaml``: what can be changed, and what is said about a mistake."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrsim.errors import InputError
from ivrsim.tui.keymap import ALL, DIGITS
from ivrsim.tui.keys import DEFAULT, default_path, load_keys, read_keys, words_of
from tests.tui.debug.fake import DebugDesk
from tests.tui.fake import begin, screen_of


def keys(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "keys.yaml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "names", "written"),
    [
        ("step_action: f10, ctrl+n", ("f10", "ctrl+n"), "F10"),
        ("step_action: [ctrl+n]", ("ctrl+n",), "^N"),
        ("toggle_breakpoint: shift+f2", ("shift+f2", "f14"), "⇧F2"),
        ("hang_up: shift+h", ("H",), "⇧H"),
        ("redial: shift+h", ("H",), "⇧H"),
        ("mute: none", (), ""),
        ("mute: '('", ("left_parenthesis",), "("),
        ("mute: backslash", ("backslash",), "\\"),
        ("mute: Ctrl+Shift+X", ("ctrl+shift+x",), "^⇧X"),
    ],
)
def test_what_can_be_said(tmp_path: Path, line: str, names: tuple[str, ...], written: str) -> None:
    made = read_keys(keys(tmp_path, line))
    command = ALL[line.partition(":")[0]]
    assert made.of(command) == names
    assert made.shown(command) == written


def test_a_letter_means_both_cases(tmp_path: Path) -> None:
    made = read_keys(keys(tmp_path, "mute: g\nstep_webhook: f11"))
    assert made.of(ALL["mute"]) == ("g", "G")
    assert made.of(ALL["step_webhook"]) == ("f11",)


def test_but_not_the_case_that_another_command_has(tmp_path: Path) -> None:
    made = read_keys(keys(tmp_path, "mute: r\nredial: f13"))
    assert made.of(ALL["mute"]) == ("r",)  # R is redial_here


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("hangup: x", "1:1", "there is no command 'hangup' (did you mean hang_up?)"),
        ("nonsense: x", "1:1", "`?` in the application lists all"),
        ("# mine\nmute: h", "2:7", "h is already the key of hang_up (Hang up)"),
        ("mute: f2\nbookmark: f2", "1:7", "f2 is already the key of bookmark"),
        ("quit: f10", "1:7", "f10 is already the key of step_action"),
        ("tree_compare: d", "1:15", "d is already the key of toggle_theme"),
        ("mute: '7'", "1:8", "the key 7 belongs to the telephone"),
        ("mute: '#'", "1:8", "the key # belongs to the telephone"),
        ("mute: down", "1:7", "the key down moves in lists"),
        ("mute: ctr+x", "1:7", "found 'ctr' (did you mean ctrl?)"),
        ("mute: f10x", "1:7", "expected a key"),
        ("mute: f12, f25", "1:12", "found 'f25'"),
        ("mute: {a: b}", "1:7", "expected the key of mute"),
        ("- mute", "1:1", "expected lines like `step_action: f10`"),
        ("mute: x\nmute: y", "2:1", "twice"),
        ("call_entry: x", "1:1", "the key of call_entry is Enter"),
        ("mute: [", "1:8", "not valid YAML"),
    ],
)
def test_mistakes_are_pointed_at(tmp_path: Path, text: str, place: str, said: str) -> None:
    path = keys(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read_keys(path)
    line = str(caught.value)
    assert line.startswith(f"{path}:{place}: "), line
    assert said in line
    assert "\n" not in line


def test_two_commands_may_change_places(tmp_path: Path) -> None:
    made = read_keys(keys(tmp_path, "mute: h\nhang_up: m"))
    assert made.of(ALL["mute"]) == ("h", "H")
    assert made.of(ALL["hang_up"]) == ("m", "M")


@pytest.mark.parametrize("text", ["", "# only a remark\n"])
def test_an_empty_file_changes_nothing(tmp_path: Path, text: str) -> None:
    assert read_keys(keys(tmp_path, text)) == DEFAULT


def test_where_it_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IVRSIM_KEYS", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert default_path() == tmp_path / "ivrsim" / "keys.yaml"
    assert load_keys() == DEFAULT
    (tmp_path / "ivrsim").mkdir()
    keys(tmp_path / "ivrsim", "mute: f13")
    assert load_keys().of(ALL["mute"]) == ("f13",)
    monkeypatch.setenv("XDG_CONFIG_HOME", "not/absolute")
    assert default_path() == Path.home() / ".config" / "ivrsim" / "keys.yaml"
    monkeypatch.setattr("sys.platform", "darwin")
    assert "Application Support" in str(default_path())
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("APPDATA", str(tmp_path / "roaming"))
    assert default_path() == tmp_path / "roaming" / "ivrsim" / "keys.yaml"


def test_a_file_that_is_named_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVRSIM_KEYS", str(tmp_path / "mine.yaml"))
    with pytest.raises(InputError, match=r"mine\.yaml: no such file"):
        load_keys()


@given(st.text(max_size=40))
def test_rubbish_is_an_error_with_a_place_or_nothing(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "keys.yaml"
        path.write_text(f"mute: {text}", "utf-8", "surrogatepass")
        error = None
        try:
            made = read_keys(path)
        except InputError as raised:
            error = str(raised)
    if error is None:
        assert not set(made.of(ALL["mute"])) & set(DIGITS)
    else:
        assert error.startswith(str(path))


@given(st.sampled_from(sorted(ALL)), st.sampled_from(["f13", "f18", "ctrl+y", "alt+z"]))
def test_a_free_key_can_be_given_to_any_command(name: str, key: str) -> None:
    if not ALL[name].keys:
        return
    with tempfile.TemporaryDirectory() as folder:
        made = read_keys(keys(Path(folder), f"{name}: {key}"))
    assert made.of(ALL[name]) == (key,)
    assert made.shown(ALL[name]) == words_of(key)


async def test_the_application_uses_them(tmp_path: Path) -> None:
    desk = DebugDesk(keys=read_keys(keys(tmp_path, "pause_call: f18")))
    async with desk.app().run_test(size=(160, 50)) as pilot:
        begin(desk.call)
        await pilot.press("f6")
        assert desk.call.done == []
        await pilot.press("f18")
        assert desk.call.done == [("pause",)]


async def test_letters_are_typed_where_something_is_typed(tmp_path: Path) -> None:
    desk = DebugDesk(keys=read_keys(keys(tmp_path, "pause_call: '('\n")))
    async with desk.app().run_test(size=(160, 50)) as pilot:
        begin(desk.call)
        await pilot.press("w", "left_parenthesis")
        assert desk.call.done == []
        await pilot.press("escape", "left_parenthesis")
        assert desk.call.done == [("pause",)]


async def test_footer_help_and_palette_show_them(tmp_path: Path) -> None:
    from ivrsim.tui.key_bar import KeyBar
    from ivrsim.tui.palette import Commands
    from ivrsim.tui.spans import text_of_row

    desk = DebugDesk(keys=read_keys(keys(tmp_path, "pause_call: ctrl+y\nhang_up: none")))
    async with desk.app().run_test(size=(160, 50)) as pilot:
        begin(desk.call)
        await pilot.pause()
        bar = text_of_row(screen_of(pilot.app).query_one(KeyBar).rows(158)[0])
        assert "^Y pause" in bar
        assert "hang up" not in bar
        texts = [str(hit.text) async for hit in Commands(pilot.app.screen).discover()]
        assert "Stand still, and go on again  ·  ^Y" in texts
        assert "Hang up" in texts
        await pilot.press("h")
        assert desk.call.done == []
