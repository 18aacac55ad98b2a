from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ivrsim.sound.clip import Clip
from ivrsim.sound.clip_cache import ClipFolder, ClipMemory

KEY = "0123456789abcdef" * 2


def key(number: int) -> str:
    return f"{number:032x}"


def noise(count: int, peak: float = 0.9, rate: int = 8000, note: str = "") -> Clip:
    integers = np.random.default_rng(count).integers(-29000, 29000, count)
    return Clip((integers / 32768 * peak / 0.9).astype(np.float32), rate, note)


def test_a_clip_comes_back_as_it_was(tmp_path: Path) -> None:
    folder = ClipFolder(tmp_path / "a" / "prompts")
    assert folder.get(KEY) is None
    folder.put(KEY, noise(5000, note="spoken by the nearest, ä"))
    clip = ClipFolder(tmp_path / "a" / "prompts").get(KEY)
    assert clip is not None
    assert (clip.rate, clip.note) == (8000, "spoken by the nearest, ä")
    assert np.array_equal(clip.samples, noise(5000).samples)
    folder.put(key(2), noise(5000, peak=3.0))
    loud = folder.get(key(2))
    assert loud is not None
    assert np.allclose(loud.samples, noise(5000, peak=3.0).samples, atol=3 / 32768)
    folder.put(key(3), Clip(np.zeros(0, np.float32), 8000))
    empty = folder.get(key(3))
    assert empty is not None
    assert len(empty.samples) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_it_is_nobody_elses(tmp_path: Path) -> None:
    root = tmp_path / "prompts"
    root.mkdir(mode=0o755)
    ClipFolder(root).put(KEY, noise(10))
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in root.iterdir()] == [0o600]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data + b"\0\0",
        lambda data: data[:-4] + b"abcd",
        lambda data: b"IVR" + data[3:],
        lambda data: data[:20],
        lambda data: b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_not_there_and_is_made_again(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    folder = ClipFolder(tmp_path)
    folder.put(KEY, noise(100))
    file = tmp_path / f"{KEY}.clip"
    file.write_bytes(damage(file.read_bytes()))
    assert folder.get(KEY) is None
    folder.put(KEY, noise(100))
    assert folder.get(KEY) is not None


def test_the_least_recently_used_go_first(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not ours")
    folder = ClipFolder(tmp_path, limit_bytes=5 * 2200)
    for number in range(5):
        folder.put(key(number), noise(1000))
        os.utime(tmp_path / f"{key(number)}.clip", (number, number))
    assert folder.get(key(0)) is not None  # used now
    folder.put(key(5), noise(1000))
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {"notes.txt"} | {f"{key(number)}.clip" for number in (0, 2, 3, 4, 5)}


def test_what_a_killed_process_left_is_cleared_away(tmp_path: Path) -> None:
    old, new = tmp_path / "unfinished-old", tmp_path / "unfinished-new"
    for file in (old, new):
        file.write_bytes(b"half")
    os.utime(old, (1, 1))
    ClipFolder(tmp_path).put(KEY, noise(10))
    assert {file.name for file in tmp_path.iterdir()} == {new.name, f"{KEY}.clip"}


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folder = ClipFolder(tmp_path / "file" / "prompts")
    folder.put(KEY, noise(10))
    assert folder.get(KEY) is None
    assert folder.trouble is not None
    assert "cannot keep spoken prompts" in folder.trouble
    assert "IVRSIM_CACHE" in folder.trouble


def test_several_processes(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from ivrsim.sound.clip import Clip; from ivrsim.sound.clip_cache import ClipFolder\n"
        "folder = ClipFolder(Path(sys.argv[1]), limit_bytes=40_000)\n"
        "for n in range(150):\n"
        "    key = f'{n % 12:032x}'\n"
        "    clip = folder.get(key)\n"
        "    assert clip is None or set(clip.samples) == {n % 12 / 32768}, clip\n"
        "    folder.put(key, Clip(np.full(2000, n % 12 / 32768, np.float32), 8000))\n"
        "    assert folder.trouble is None, folder.trouble\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    assert [process.communicate()[1] for process in running] == [b"", b"", b""]
    assert not list(tmp_path.glob("unfinished-*"))


def test_memory_keeps_what_was_used_last() -> None:
    memory = ClipMemory(limit_bytes=3 * 4000)
    clips = [noise(1000) for _ in range(4)]
    for number in range(3):
        memory.put(number, clips[number])
    assert memory.get(0) is clips[0]
    memory.put(3, clips[3])
    assert [memory.get(number) is not None for number in range(4)] == [True, False, True, True]
    memory.put(4, noise(5000))  # larger than all of it
    assert memory.get(4) is None
