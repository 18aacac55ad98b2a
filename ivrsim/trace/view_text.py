"""Foreign text made safe to show: no control characters, no tricks with direction or width."""

from __future__ import annotations

import re
from typing import Final

_BIDI: Final = {
    0x061C: "ALM", 0x200E: "LRM", 0x200F: "RLM", 0x202A: "LRE", 0x202B: "RLE", 0x202C: "PDF",
    0x202D: "LRO", 0x202E: "RLO", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI",
}  # fmt: skip

# Terminals disagree about the width of emoji sequences, so that a joiner, a variation selector
# or a skin tone may shift the rest of a line: without them every emoji is two cells everywhere.
_DROPPED: Final = (0x200D, 0xFE0E, 0xFE0F, *range(0x1F3FB, 0x1F400), *range(0xE0100, 0xE01F0))


def _table() -> dict[int, str]:
    table = {code: chr(0x2400 + code) for code in range(0x20)}
    table[0x7F] = "␡"
    table.update({code: f"⟨{code:02X}⟩" for code in range(0x80, 0xA0)})
    table.update({code: f"⟨{name}⟩" for code, name in _BIDI.items()})
    table.update(dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x2060, 0xFEFF), "·"))
    table.update(dict.fromkeys((0x2028, 0x2029), "␤"))
    table.update({0x1F1E6 + i: chr(0x41 + i) for i in range(26)})
    table.update(dict.fromkeys(_DROPPED, ""))
    return table


_TABLE: Final = _table()
# Half a surrogate pair has no bytes, and tags (U+E0000) are text that nobody sees.
_NOTHING: Final = re.compile("[\ud800-\udfff\U000e0000-\U000e007f]")
# Everything that either of them changes, in ranges: quick to compile and to search.
_FOREIGN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufe0e\ufe0f\ufeff"
    "\ud800-\udfff\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U000e0000-\U000e01ef]"
)
_SPACES: Final = re.compile(r"\s+")


def visible(text: str) -> str:
    """``text`` with every character that could act on a terminal replaced by a visible sign.

    Line breaks become ``␊`` too: split lines first where they matter.
    """
    if not _FOREIGN.search(text):
        return text
    return _NOTHING.sub("�", text.translate(_TABLE))


def one_line_of(text: str, limit: int = 400) -> str:
    """The beginning of ``text`` on one line: white space folded, cut at ``limit`` characters."""
    folded = _SPACES.sub(" ", text[: limit * 4]).strip()
    return visible(folded if len(folded) <= limit else folded[: limit - 1] + "…")
