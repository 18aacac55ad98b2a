"""What an importer has read: one request and what is known of its reply, of any platform."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Place:
    """Where something stands in a file; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(slots=True)
class Answer:
    """The application's reply. ``status`` None: the log does not say. ``headers`` None: it holds
    none, which is not the same as a reply without headers. ``body`` is text (base64 when
    ``encoding`` says so), None where the log does not hold it."""

    status: int | None = None
    headers: dict[str, str] | None = None
    body: str | None = None
    encoding: str = "utf-8"


@dataclass(slots=True)
class Captured:
    """One HTTP request as some tool wrote it down.

    ``at_ms`` is the log's own time in epoch milliseconds, None when it has none. ``body`` is JSON,
    or text that is no JSON, or None. ``failure`` is (reason, phase, message) when the log says
    that there was no reply; ``elapsed_ms`` is None where it is not known. ``note``: what the log
    itself says about the request (sent again by hand …).
    """

    place: Place
    method: str = "POST"
    url: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, Any] | None = None
    body: Any = None
    at_ms: int | None = None
    answer: Answer | None = None
    failure: tuple[str, str, str] | None = None
    elapsed_ms: int | None = None
    note: str = ""


@dataclass(slots=True)
class FileRead:
    """All that one file holds. ``left_out`` counts, by reason, what was no webhook; ``broken`` is
    the first thing that could not be read, in words with its place, or None."""

    file: str
    kind: str
    captured: list[Captured] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    broken: str | None = None
