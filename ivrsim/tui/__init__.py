"""The terminal application. ``run_application`` is the door; Textual is imported behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from ivrsim.flows.target import TargetOptions
    from ivrsim.runtime.place import CallOptions
    from ivrsim.tui.app import IvrsimApp

__all__ = ["IvrsimApp", "run_application"]


def run_application(
    target: str | None = None,
    target_options: TargetOptions | None = None,
    call_options: CallOptions | None = None,
    *,
    parse: Callable[[str], tuple[str, TargetOptions, CallOptions]] | None = None,
    debug: bool = False,
) -> int:
    """Open the application, on a call of ``target`` or on its list; the exit status.

    ``parse`` reads what is typed on the list: a target with options; without it, a target.

    Raises IvrsimError when there is no terminal, when ``target`` cannot be called, or when the
    application itself broke.
    """
    from ivrsim.tui.start import start

    return start(target, target_options, call_options, parse=parse, debug=debug)


def __getattr__(name: str) -> Any:
    if name == "IvrsimApp":
        from ivrsim.tui.app import IvrsimApp

        return IvrsimApp
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
