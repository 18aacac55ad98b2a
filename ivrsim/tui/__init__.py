"""The terminal application. ``run_application`` and ``open_application`` are the doors; Textual is
imported behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ivrsim.trace.dead_air import LIMIT_MS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ivrsim.flows.target import TargetOptions
    from ivrsim.runtime.place import CallOptions
    from ivrsim.tui.app import IvrsimApp

__all__ = ["IvrsimApp", "open_application", "run_application"]


def run_application(
    target: str | None = None,
    target_options: TargetOptions | None = None,
    call_options: CallOptions | None = None,
    *,
    parse: Callable[[str], tuple[str, TargetOptions, CallOptions]] | None = None,
    debug: bool = False,
    dead_air_ms: int = LIMIT_MS,
) -> int:
    """Open the application, on a call of ``target`` or on its list; the exit status.

    ``parse`` reads what is typed on the list: a target with options; without it, a target.
    Silence longer than ``dead_air_ms`` after a key is told in the conversation.

    Raises IvrsimError when there is no terminal, when ``target`` cannot be called, or when the
    application itself broke.
    """
    from ivrsim.tui.start import start

    return start(
        target, target_options, call_options, parse=parse, debug=debug, dead_air_ms=dead_air_ms
    )


def open_application(
    trace: Path,
    *,
    filter: str = "",
    at: int | None = None,
    against: str | None = None,
    parse: Callable[[str], tuple[str, TargetOptions, CallOptions]] | None = None,
    debug: bool = False,
) -> int:
    """Open the application on the recorded call in ``trace``; the exit status.

    ``filter`` is what its list shows at first, ``at`` the ``seq`` of the record that is looked
    at; ``against`` what is called from here on in place of its own target. ``parse`` as above.

    Raises IvrsimError as ``run_application`` does, TraceError when ``trace`` is no trace, and
    FilterError.
    """
    from ivrsim.tui.start import start_open

    return start_open(trace, filter=filter, at=at, against=against, parse=parse, debug=debug)


def __getattr__(name: str) -> Any:
    if name == "IvrsimApp":
        from ivrsim.tui.app import IvrsimApp

        return IvrsimApp
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
