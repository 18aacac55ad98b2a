"""A remark about a document, a reply or a key: what is wrong, where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
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

    def in_words(self) -> str:
        """One line: the message, and what it does not say itself."""
        words = self.message
        for label, value in (("expected", self.expected), ("found", self.found)):
            if value and value not in words:
                words += f"; {label} {value}"
        if self.suggestion and self.suggestion not in words:
            words += f" ({self.suggestion})"
        if self.reason and self.reason not in words:
            words += f"; the platform says: {self.reason}"
        return " ".join(words.split())

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Diagnostic:
        """From the ``data`` of a ``diagnostic`` record."""
        return cls(**{name: data[name] for name in cls.__slots__})

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}
