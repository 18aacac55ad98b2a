"""``ivrsim doctor``."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ivrsim.errors import IvrsimError, SoundUnavailable, TraceError
from ivrsim.version import __version__

if TYPE_CHECKING:
    from ivrsim.sound.devices import Device, Kind

Line = tuple[str, bool, str]


def doctor(options: Namespace) -> int:
    """Print what works here. Always 0: nothing of it is needed to make calls."""
    lines = (*_versions(), *_terminal(), *_history(), *_devices(), *_voices(), *_decoder())
    for name, ok, detail in lines:
        print(f"{'ok' if ok else '--':>4}  {name:<16} {detail}")
    return 0


def _versions() -> Iterator[Line]:
    system = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    yield "ivrsim", True, f"{__version__}, {system}"


def _terminal() -> Iterator[Line]:
    size = shutil.get_terminal_size()
    yield (
        "terminal size",
        size.columns >= 80 and size.lines >= 24,
        f"{size.columns}×{size.lines}" + ("" if size.columns >= 80 else ": 80×24 is the least"),
    )
    kind = os.environ.get("TERM", "")
    colours = os.environ.get("COLORTERM", "")
    if "NO_COLOR" in os.environ:
        colours = "NO_COLOR is set: without colours"
    terminal = sys.stdout.isatty()
    detail = f"{kind} {colours}".strip() if terminal else "standard output is not a terminal"
    yield "terminal", terminal, detail
    encoding = (sys.stdout.encoding or "").lower()
    good = encoding.replace("-", "") == "utf8"
    yield "encoding", good, encoding + ("" if good else ": set LANG to a UTF-8 locale")


def _history() -> Iterator[Line]:
    from ivrsim.trace.history import History

    try:
        history = History()
        count = len(history.entries())
    except TraceError as error:
        yield "history", False, str(error)
    else:
        yield "history", True, f"{count} calls in {history.root}"


def _devices() -> Iterator[Line]:
    """Each device with the number that chooses it; the default first, with a star."""
    from ivrsim.sound import devices

    yield from _listed("loudspeakers", devices.outputs, "output")
    yield from _listed("microphones", devices.inputs, "input")


def _listed(what: str, devices: Callable[[], list[Device]], kind: Kind) -> Iterator[Line]:
    from ivrsim.sound.devices import pick

    try:
        found = devices()
        default = pick(found, None, kind)
    except SoundUnavailable as error:
        yield what, False, str(error)
        return
    for device in sorted(found, key=lambda device: device != default):
        star = "*" if device == default else " "
        detail = f"{star} {device.index}: {device.name}, {device.host_api}, {device.rate} Hz"
        yield what, True, detail
        what = ""


def _voices() -> Iterator[Line]:
    from ivrsim.sound import espeak

    try:
        yield "voices", True, f"{len(espeak.languages())} languages, embedded (eSpeak NG)"
    except IvrsimError as error:
        yield "voices", False, str(error)


def _decoder() -> Iterator[Line]:
    try:
        import miniaudio
    except (ImportError, OSError) as error:
        yield "audio files", False, f"{error}; try: pip install miniaudio"
    else:
        yield "audio files", True, f"wav, mp3, flac, ogg (miniaudio {miniaudio.__version__})"
