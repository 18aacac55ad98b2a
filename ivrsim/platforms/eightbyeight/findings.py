"""Diagnostics being collected, together with the code that the platform would answer."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from typing import Literal

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.platforms.eightbyeight import pages
from ivrsim.platforms.eightbyeight.codes import CALLFLOW_INVALID, REQUEST_CODES, SESSION_CODES

Where = Literal["api", "reply"]


class Findings:
    """The diagnostics of one document in the order found; the first error gives the code.

    ``where`` is ``api`` for the body of a request, which is answered with a request code and
    its words, or ``reply`` for the reply to a VCA, which fails the session with -2003.
    ``decided``: the settings that made a difference, and in what.
    """

    def __init__(self, where: Where) -> None:
        self.where = where
        self.items: list[Diagnostic] = []
        self.code: int | None = None
        self.words: str | None = None
        self.decided: dict[str, str] = {}

    @property
    def failed(self) -> bool:
        return self.code is not None

    def error(
        self,
        code: str,
        pointer: str | None,
        message: str,
        *,
        number: int = -1009,
        words: str | None = None,
        expected: str | None = None,
        found: str | None = None,
        suggestion: str | None = None,
        basis: str = "documented",
        page: str = pages.STATUS_CODES,
    ) -> None:
        """``number`` is the request code, ``words`` its text where it is not the usual one."""
        if self.where == "reply":
            number, words = CALLFLOW_INVALID, SESSION_CODES[CALLFLOW_INVALID]
        elif words is None:
            words = REQUEST_CODES[number]
        if self.code is None:
            self.code, self.words = number, words
        self.items.append(
            Diagnostic(
                f"8x8.{code}",
                "error",
                message,
                pointer,
                expected,
                found,
                suggestion,
                f"{number} {words}",
                basis,
                page,
            )
        )

    def warning(
        self,
        code: str,
        pointer: str | None,
        message: str,
        *,
        severity: Literal["warning", "info"] = "warning",
        expected: str | None = None,
        found: str | None = None,
        suggestion: str | None = None,
        reason: str | None = None,
        basis: str = "documented",
        page: str = pages.ACTIONS,
    ) -> None:
        self.items.append(
            Diagnostic(
                f"8x8.{code}",
                severity,
                message,
                pointer,
                expected,
                found,
                suggestion,
                reason,
                basis,
                page,
            )
        )


def step(pointer: str, key: object) -> str:
    """``pointer`` one level deeper, escaped as RFC 6901 has it."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def json_path(pointer: str, *more: str) -> str:
    """The place as 8x8 writes it: ``$.callflow[0].params.text`` for ``/0/params/text``."""
    path = "$.callflow"
    for part in (*pointer.split("/")[1:], *more):
        part = part.replace("~1", "/").replace("~0", "~")
        path += f"[{part}]" if part.isdigit() else f".{part}"
    return path


def shown(thing: object, most: int = 60) -> str:
    """``thing`` as a short piece of JSON; objects and arrays only by name."""
    if isinstance(thing, dict):
        return "an object"
    if isinstance(thing, list | tuple):
        return "an array"
    if isinstance(thing, str):
        text = json.dumps(thing[: most + 1], ensure_ascii=False)
        return text if len(text) <= most else text[: most - 1] + "…"
    if thing is None or isinstance(thing, bool):
        return json.dumps(thing)
    if isinstance(thing, float):
        return f"{thing:g}"
    if isinstance(thing, int) and abs(thing) >= 10**most:
        return "a huge number"
    return str(thing)[:most]


def closest(word: str, names: Iterable[str]) -> str | None:
    """The name that ``word`` was probably meant to be: another letter case, or misspelt."""
    by_lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(word[:80].lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[near[0]] if near else None
