"""A remark about a document, a reply or a key: what is wrong, where, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    ``code`` is ``platform.words-with-hyphens``; ``pointer`` an RFC 6901 JSON pointer into the
    document (``""`` is the whole of it) or None; ``reason`` what the platform itself would
    say; ``basis`` documented | observed | assumed | disputed; ``page`` the source of the rule.
    """

    code: str
    severity: Severity
    message: str
    pointer: str | None = None
    expected: str | None = None
    found: str | None = None
    suggestion: str | None = None
    reason: str | None = None
    basis: str | None = None
    page: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}
