"""The Python API of replay: ``ivrsim.replay_call`` and ``ivrsim.compare_calls``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from ivrsim.errors import IvrsimError
from ivrsim.flows.target import TargetOptions
from ivrsim.replay.again import How
from ivrsim.replay.compare import compare
from ivrsim.replay.difference import Comparison
from ivrsim.replay.run import replay
from ivrsim.replay.traces import Source
from ivrsim.runtime.place import CallOptions


async def areplay_call(
    trace: Source,
    against: str | Path | None = None,
    *,
    platform: str | None = None,
    signature_secret: str | None = None,
    webhook_auth: str | None = None,
    headers: Mapping[str, str] | None = None,
    settings: Mapping[str, str | float] | None = None,
    secret: str = "",
    allow: Sequence[str] = (),
    insecure: bool = False,
    save: str | Path | None = None,
    ignore: Sequence[str] = (),
    tolerance: float = 0.25,
) -> Comparison:
    """Make a recorded call again in virtual time, and say what differs.

    ``trace`` is a trace file, or what ``ivrsim.call`` returned. ``against`` is what to call, by
    default what the trace called; the options after it belong to it. ``settings`` are other
    readings of the platform, ``secret`` the keys that the trace shows as ``•``, ``save`` a file
    for the new trace. ``ignore`` names fields, JSON pointers (``*`` for one part), kinds of
    differences, codes of diagnostics or settings that may differ; times may differ by
    ``tolerance`` seconds.

    Raises IvrsimError where the call cannot be made again; TraceError where there is no trace.
    """
    given = None
    if against is not None or signature_secret or webhook_auth or headers or platform:
        given = (
            None if against is None else str(against),
            TargetOptions(
                platform=platform, signature_secret=signature_secret, webhook_auth=webhook_auth
            ),
            CallOptions(headers=headers or {}),
        )
    how = How(
        against=given,
        settings={name: str(value) for name, value in (settings or {}).items()},
        secret=secret,
        allow=tuple(allow),
        insecure=insecure,
        save=None if save is None else Path(save),
    )
    made = await replay(trace, how, ignore=ignore, tolerance_ms=round(tolerance * 1000))
    return made.comparison


def replay_call(
    trace: Source,
    against: str | Path | None = None,
    *,
    platform: str | None = None,
    signature_secret: str | None = None,
    webhook_auth: str | None = None,
    headers: Mapping[str, str] | None = None,
    settings: Mapping[str, str | float] | None = None,
    secret: str = "",
    allow: Sequence[str] = (),
    insecure: bool = False,
    save: str | Path | None = None,
    ignore: Sequence[str] = (),
    tolerance: float = 0.25,
) -> Comparison:
    """``areplay_call`` for code that is not asynchronous; IvrsimError where an event loop runs."""
    with suppress(RuntimeError):  # there is none: as it should be
        asyncio.get_running_loop()
        raise IvrsimError(
            "ivrsim.replay_call cannot wait inside a running event loop: use "
            "`await ivrsim.areplay_call(…)`"
        )
    return asyncio.run(
        areplay_call(
            trace,
            against,
            platform=platform,
            signature_secret=signature_secret,
            webhook_auth=webhook_auth,
            headers=headers,
            settings=settings,
            secret=secret,
            allow=allow,
            insecure=insecure,
            save=save,
            ignore=ignore,
            tolerance=tolerance,
        )
    )


def compare_calls(
    old: Source, new: Source, *, ignore: Sequence[str] = (), tolerance: float = 0.25
) -> Comparison:
    """Compare two recorded calls; nobody is called. See ``areplay_call``. Raises TraceError."""
    return compare(old, new, ignore=ignore, tolerance_ms=round(tolerance * 1000))
