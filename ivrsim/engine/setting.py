"""A choice between readings of a platform: sources disagree or are silent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """``name`` is ``platform.words``; ``choices`` has the default first.

    ``basis`` is ``assumed`` or ``disputed``; ``choices`` is empty when any number will do
    (``unit`` then says which, ``default`` is its text).
    """

    name: str
    default: str
    choices: tuple[str, ...]
    basis: str
    summary: str
    page: str
    unit: str | None = None
