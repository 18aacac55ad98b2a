"""The books of rules: one room for each platform, and what is common to ask of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ivrsim.errors import InputError

if TYPE_CHECKING:
    from ivrsim.engine.diagnostic import Diagnostic
    from ivrsim.engine.platform import Platform
    from ivrsim.engine.setting import Setting
    from ivrsim.engine.setup import CallSetup

PLATFORMS = ("vonage", "8x8")


def make_platform(setup: CallSetup) -> Platform:
    """The platform of ``setup``, ready for one call. Raises InputError for an unknown one."""
    # Imported here: pydantic is slow to import, and a call needs one platform only.
    if setup.platform == "8x8":
        from ivrsim.platforms.eightbyeight.program import EightByEight

        return EightByEight(setup)
    if setup.platform == "vonage":
        from ivrsim.platforms.vonage.program import Vonage

        return Vonage(setup)
    raise InputError(f"unknown platform {setup.platform!r}: expected vonage or 8x8")


def check_document(
    platform: str,
    document: object,
    *,
    settings: Mapping[str, str],
    direction: str = "inbound",
    where: str = "answer",
) -> list[Diagnostic]:
    """What is to be said about a document; pointers are relative to its list of actions.

    ``where`` is ``answer`` or ``reply`` (of a webhook), or ``api`` (sent to the platform).
    """
    if platform == "8x8":
        from ivrsim.platforms.eightbyeight.documents import read_callflow

        legs = 0 if where == "api" else 1
        callflow = read_callflow(
            document, settings=settings, where="api" if where == "api" else "reply", legs=legs
        )
        return list(callflow.diagnostics)
    from ivrsim.platforms.vonage.documents import read_ncco

    return list(read_ncco(document, settings=settings).diagnostics)


def __getattr__(name: str) -> Any:
    if name == "SETTINGS":
        return all_settings()
    raise AttributeError(name)


def all_settings() -> dict[str, Setting]:
    """Every setting of both platforms by name."""
    from ivrsim.platforms.eightbyeight.settings import SETTINGS as EIGHT
    from ivrsim.platforms.vonage.settings import SETTINGS as VONAGE

    return {**VONAGE, **EIGHT}
