from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ivrsim.errors import TraceError
from ivrsim.trace import History, TraceWriter
from ivrsim.trace.history import KEPT, default_folder

from .conftest import HEADER

STARTED = HEADER.started_at


def keep(history: History, target: str, age: int) -> Path:
    path = history.new_path(target, STARTED)
    with TraceWriter(path) as writer:
        writer.header(HEADER._replace(target=target))
    os.utime(path, (10**9 - age, 10**9 - age))
    return path


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "state" / "history")


def test_the_oldest_calls_go_with_their_audio_and_nothing_else(history: History) -> None:
    paths = [keep(history, f"flow {n}", age=1000 - n) for n in range(KEPT)]
    for path in paths[:2]:
        path.with_suffix(".wav").touch()
        path.with_suffix(".r1.mp3").touch()
    other = history.root / "notes.jsonl"
    other.touch()
    newest = history.new_path("again", "1999-01-01T00:00:00Z")
    assert not paths[0].exists()
    assert not paths[0].with_suffix(".wav").exists()
    assert not paths[0].with_suffix(".r1.mp3").exists()
    assert paths[1].exists()
    assert paths[1].with_suffix(".wav").exists()
    assert paths[1].with_suffix(".r1.mp3").exists()
    assert newest.exists()
    assert other.exists()


def test_names_never_collide(history: History) -> None:
    with ThreadPoolExecutor(8) as pool:
        paths = list(pool.map(lambda _: history.new_path("same", STARTED), range(40)))
    assert len(set(paths)) == 40
    assert all(path.exists() for path in paths)


def test_the_name_says_when_and_what_but_no_secret(history: History) -> None:
    path = history.new_path("http://u:pw@host/x?token=abc", STARTED)
    assert path.name == "20261121-080042-125-http-u-host-x-token.jsonl"


def test_entries_newest_first_with_damaged_ones_named(history: History) -> None:
    keep(history, "old", age=30)
    broken = keep(history, "broken", age=20)
    broken.write_bytes(b"{")
    os.utime(broken, (10**9 - 20, 10**9 - 20))
    keep(history, "new", age=10)
    history.new_path("no header yet", STARTED)
    entries = history.entries()
    assert [entry.target for entry in entries] == ["new", broken.name, "old"]
    assert entries[0].platform == "vonage"
    assert entries[0].started_at == STARTED
    assert entries[0].size == entries[0].path.stat().st_size
    assert "line 1: expected an ivrsim trace header" in (entries[1].damage or "")


def test_recent_targets_are_different_ones(history: History) -> None:
    for age, target in enumerate(["a", "b", "a", "c"]):
        keep(history, target, age)
    assert history.recent_targets(2) == ["a", "b"]
    assert history.recent_targets(9) == ["a", "b", "c"]


def test_no_folder_yet_is_an_empty_history(history: History) -> None:
    assert history.entries() == []
    assert not history.root.exists()


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_folder_and_files_are_private(history: History) -> None:
    path = history.new_path("x", STARTED)
    assert history.root.stat().st_mode & 0o777 == 0o700
    assert path.stat().st_mode & 0o777 == 0o600
    history.root.chmod(0o755)
    history.new_path("x", STARTED)
    assert history.root.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_folder_with_other_things_in_it_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    tmp_path.chmod(0o755)
    History(tmp_path).new_path("x", STARTED)
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_folder_that_cannot_be_used_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    history = History(tmp_path / "file" / "history")
    with pytest.raises(TraceError, match=r"cannot keep the history.*--no-history"):
        history.new_path("x", STARTED)
    with pytest.raises(TraceError, match=r"cannot keep the history.*--no-history"):
        history.entries()


def test_where_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("IVRSIM_HISTORY", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert default_folder() == tmp_path / ".local/state/ivrsim/history"
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "xdg"))
    assert default_folder() == tmp_path / "xdg/ivrsim/history"
    monkeypatch.setenv("IVRSIM_HISTORY", str(tmp_path / "own"))
    assert default_folder() == tmp_path / "own"
