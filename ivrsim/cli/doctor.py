"""``ivrsim doctor``."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from argparse import Namespace
from collections.abc import Iterator

from ivrsim.errors import TraceError
from ivrsim.version import __version__

Line = tuple[str, bool, str]


def doctor(options: Namespace) -> int:
    """Print what works here. Always 0: nothing of it is needed to make calls."""
    from ivrsim.sound.output import probe

    for name, ok, detail in (*_versions(), *_terminal(), *_history(), *probe()):
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
