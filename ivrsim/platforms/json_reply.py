"""A reply that should have been JSON: what both platforms can tell of it."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

import orjson

_LEAF: Final = re.compile(rb"\b(NaN|-?Infinity|undefined|None|True|False)\b")


class NotJson(NamedTuple):
    """Why a body is not JSON, what it is instead, and what to do."""

    reason: str
    found: str
    suggestion: str


def says_json(content_type: str | None) -> bool:
    """Whether a ``Content-Type`` is one of JSON's."""
    kind = (content_type or "").split(";", 1)[0].strip().lower()
    return kind in ("application/json", "text/json") or kind.endswith("+json")


def not_json(body: bytes, problem: orjson.JSONDecodeError, document: str) -> NotJson:
    """Looks at a body that orjson has refused; ``document`` is what it should have been."""
    start = body[:200].lstrip().lower()
    if body.startswith(b"\xef\xbb\xbf"):
        return NotJson(
            "it begins with a byte order mark",
            "a byte order mark before the text",
            "write UTF-8 without a BOM",
        )
    if start.startswith(b"<"):
        advice = "look at the application's error page or its route"
        return NotJson("it begins with <", "HTML or XML", advice)
    try:
        body.decode()
    except UnicodeDecodeError:
        found = "bytes that are not UTF-8"
        return NotJson("it is not UTF-8", found, "encode the reply as UTF-8")
    found, suggestion = "text", f"return the {document} as JSON"
    if leaf := _LEAF.search(body):
        found = leaf.group().decode()
        suggestion = f"JSON has no {found}: write null, true, false or a number"
    elif b"//" in body or b"/*" in body:
        suggestion = "JSON has no comments: the platforms' samples have some, take them out"
    elif start.startswith((b"{'", b"[{'")):
        suggestion = "JSON has double quotes: use a JSON library to write it"
    reason = f"{problem.msg}, line {problem.lineno} column {problem.colno}"
    return NotJson(reason, found, suggestion)
