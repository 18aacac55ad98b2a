"""The sample flows that come with ivrsim."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TOP = re.compile(r"^(title|platform): *(.+?) *$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sample:
    """A flow that runs as it is.

    ``description`` says what it shows and ``keys`` which keys to try: both stand in the comment
    at the top of the file, with ``Keys to try:`` between them.
    """

    name: str
    title: str
    platform: str
    path: Path
    description: str
    keys: str


@cache
def samples_folder() -> Path | None:
    """``_samples/flows`` in an installed ivrsim, ``flows`` in a checkout; None without samples."""
    package = Path(__file__).parent.parent
    for folder in (package / "_samples" / "flows", package.parent / "flows"):
        if folder.is_dir():
            return folder
    return None


def sample_paths() -> dict[str, Path]:
    """The samples' files by name, in alphabetical order."""
    folder = samples_folder()
    paths = sorted(folder.glob("*.yaml")) if folder is not None else []
    return {path.stem: path for path in paths}


def samples() -> list[Sample]:
    """All samples, in alphabetical order.

    Only the top of each file is read (the comment, ``title:`` and ``platform:``), so that the
    list is on the screen at once; whether a flow is sound shows when it is called.
    """
    found = []
    for name, path in sample_paths().items():
        text = path.read_text(encoding="utf-8")
        top = dict(_TOP.findall(text))
        shows, _, keys = _comment(text).partition("Keys to try:")
        found.append(Sample(name, top["title"], top["platform"], path, shows.strip(), keys.strip()))
    return found


def _comment(text: str) -> str:
    """The first paragraph of the comment at the top of a file."""
    lines = []
    for line in text.splitlines():
        words = line.lstrip("#").strip()
        if not line.startswith("#") or not words:
            break
        lines.append(words)
    return " ".join(lines)
