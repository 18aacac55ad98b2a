"""JSON, and whatever else a payload is, as rows of coloured text."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from ivrsim.trace.view_text import visible
from ivrsim.trace.view_words import size_words
from ivrsim.tui.spans import Span, wrap_spans

SHOWN: Final = 120_000
"""Characters of a payload that are laid out; copying takes all of it."""

_TOKEN: Final = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?P<string>"(?:[^"\\]|\\.)*"?)'
    r"|(?P<number>-?\d[\d.eE+-]*)|(?P<literal>true|false|null)|(?P<other>[^\"\dtfn-]+|.)"
)
_STYLES: Final = {
    "key": "blue", "string": "green", "number": "yellow", "literal": "purple", "other": "muted",
}  # fmt: skip


def payload_text(payload: Any) -> str:
    """A payload as it is copied: pretty when it is JSON, else as it is."""
    if isinstance(payload, str):
        try:
            payload = json.loads(payload)
        except (ValueError, RecursionError):
            return str(payload)
    return json.dumps(payload, ensure_ascii=False, indent=2)


def payload_rows(payload: Any, width: int) -> list[list[Span]]:
    """``payload`` (JSON, or text that may be JSON) laid out in ``width`` cells."""
    if payload is None or payload == "":
        return [[("no body", "faint")]]
    text, pretty = payload if isinstance(payload, str) else "", True
    # Parsing something huge would hold the screen up for nothing: most of it is not shown.
    if isinstance(payload, str) and len(payload) > SHOWN * 8:
        pretty = False
    else:
        text = payload_text(payload)
        pretty = text[:1] in '{["' or text in ("true", "false", "null") or text[:1].isdigit()
    rows: list[list[Span]] = []
    for line in text[:SHOWN].split("\n"):
        shown = visible(line)
        spans = json_line(shown) if pretty else [(shown, "text")]
        indent = len(line) - len(line.lstrip(" ")) + 2 if pretty else 0
        rows += wrap_spans(spans, width, min(indent, max(0, width // 2)))
    if len(text) > SHOWN:
        rest = size_words(len(text) - SHOWN)
        rows.append([(f"… {rest} more: Y copies all of it", "yellow")])
    return rows


def json_line(line: str) -> list[Span]:
    """One line of JSON in colours; anything else comes out whole as well."""
    return [(match[0], _STYLES[match.lastgroup or "other"]) for match in _TOKEN.finditer(line)]
