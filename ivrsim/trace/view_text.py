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
    table.update(dict.fromkeys((173, 8203, 8204, 8288, 65279), "·"))
    table.update(dict.fromkeys((8232, 8233), "␤"))
    table.update({0x1F1E6 + i: chr(0x41 + i) for i in range(26)})
    table.update(dict.fromkeys(_DROPPED, ""))
    table.update(dict.fromkeys(range(55296, 57344), "�"))
    table.update(dict.fromkeys(range(917504, 917632), "�"))
    return table


_TABLE: Final = _table()
_FOREIGN: Final = re.compile("[" + "".join(map(re.escape, map(chr, _TABLE))) + "]")
_SPACES: Final = re.compile(r"\s+")


def visible(text: str) -> str:
    """``text`` with every character that could act on a terminal replaced by a visible sign.

    Line breaks become ``␊`` too: split lines first where they matter.
    """
    return text.translate(_TABLE) if _FOREIGN.search(text) else text


def one_line_of(text: str, limit: int = 400) -> str:
    """The beginning of ``text`` on one line: white space folded, cut at ``limit`` characters."""
    folded = _SPACES.sub(" ", text[: limit * 4]).strip()
    return visible(folded if len(folded) <= limit else folded[: limit - 1] + "…")
