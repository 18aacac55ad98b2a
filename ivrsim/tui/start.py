"""The application on the real rooms below: samples, history, targets, live calls."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ivrsim.errors import InputError, IvrsimError, TraceError
from ivrsim.trace.dead_air import LIMIT_MS
from ivrsim.tui.app import IvrsimApp
from ivrsim.tui.keys import load_keys
from ivrsim.tui.protocol import Entry, Placed, Player, Services

if TYPE_CHECKING:
    from ivrsim.debugger.breakpoints import Breakpoints
    from ivrsim.flows.samples import Sample
    from ivrsim.flows.target import Target, TargetOptions
    from ivrsim.runtime.place import CallOptions
    from ivrsim.tui.debug.protocol import Workshop

    Parse = Callable[[str], tuple[str, TargetOptions, CallOptions]]

RECENT = 8


def start(
    target: str | None,
    target_options: TargetOptions | None,
    call_options: CallOptions | None,
    *,
    parse: Parse | None = None,
    debug: bool = False,
    dead_air_ms: int = LIMIT_MS,
) -> int:
    """See ``run_application``."""
    _need_terminal("use `ivrsim call TARGET` in scripts and pipes")
    keys = load_keys()
    services = real_services(
        target, target_options, call_options, parse=parse, debug=debug, dead_air_ms=dead_air_ms
    )
    placed = services.place(target, None) if target is not None else None
    return _run(IvrsimApp(services, placed, keys=keys))


def start_open(
    trace: Path,
    *,
    filter: str = "",
    at: int | None = None,
    against: str | None = None,
    parse: Parse | None = None,
    debug: bool = False,
) -> int:
    """See ``open_application``."""
    _need_terminal("`ivrsim show TRACE` prints a recorded call")
    from ivrsim.trace.filter import parse_filter
    from ivrsim.tui.traces.recorded import open_recorded

    if filter:
        parse_filter(filter)
    placed = open_recorded(trace, against)
    services = real_services(parse=parse, debug=debug)
    return _run(IvrsimApp(services, placed, keys=load_keys(), at=at, filter=filter))


def _need_terminal(instead: str) -> None:
    for name, stream in (
        ("standard input", sys.__stdin__),
        ("standard output", sys.__stdout__),
        ("standard error", sys.__stderr__),
    ):
        if stream is None or not stream.isatty():
            raise InputError(f"the application needs a terminal, and {name} is none: {instead}")


def _run(app: IvrsimApp) -> int:
    with _a_descriptor_of_its_own():
        status = app.run()
    if app.crash is not None:
        error = app.crash
        raise IvrsimError(
            f"the application broke: {type(error).__name__}: {error}; "
            "run it again with --debug for the traceback"
        )
    return app.exit_status if status is None else status


@contextmanager
def _a_descriptor_of_its_own() -> Iterator[None]:
    """Let the screen be drawn through a descriptor that nobody else has.

    Textual draws to standard error, and PortAudio points descriptor 2 elsewhere for a moment
    when it starts: what was drawn in that moment would be missing until the end of the call.
    """
    original = sys.__stderr__
    assert original is not None
    with os.fdopen(os.dup(original.fileno()), "w", encoding=original.encoding) as own:
        sys.__stderr__ = own  # type: ignore[misc]  # where Textual's drivers look
        try:
            yield
        finally:
            sys.__stderr__ = original  # type: ignore[misc]


def real_services(
    target: str | None = None,
    target_options: TargetOptions | None = None,
    call_options: CallOptions | None = None,
    *,
    parse: Parse | None = None,
    debug: bool = False,
    dead_air_ms: int = LIMIT_MS,
) -> Services:
    """``target_options`` and ``call_options`` are for ``target`` alone; what is typed is read by
    ``parse``."""

    def load(text: str) -> tuple[Target, CallOptions]:
        # Imported with the first call, so that the list of samples is there at once.
        from ivrsim.flows.target import TargetOptions, load_target
        from ivrsim.runtime.place import CallOptions

        name, of_target, options = text, target_options, call_options
        if text != target:
            of_target = options = None
            if parse is not None:
                name, of_target, options = parse(text)
        options = options or CallOptions(
            clock="real", history=True, speakers="auto", microphone="auto", person=True
        )
        return load_target(name, of_target or TargetOptions()), options

    def place(text: str, keys: str | None) -> Placed:
        from ivrsim.debugger.breakpoints import Debugger
        from ivrsim.runtime.place import place_call

        loaded, options = load(text)
        options = options if keys is None else replace(options, keys=keys)
        set_already = {point.text for point in breakpoints().points}
        for where in options.breakpoints:
            if " ".join(where.split()) not in set_already:
                breakpoints().add(where)
        call = place_call(loaded, options, watcher=Debugger(breakpoints()))
        return Placed(loaded.title, loaded.platform, text, call)

    @cache
    def breakpoints() -> Breakpoints:
        from ivrsim.debugger.breakpoints import Breakpoints

        return Breakpoints()

    @cache
    def workshop() -> Workshop:
        from ivrsim.tui.debug.workshop import real_workshop

        return real_workshop(load, breakpoints(), dead_air_ms)

    def playback(path: Path, say: Callable[[str], None]) -> Player:
        from ivrsim.runtime.playback import Playback

        return Playback(path, say=say)

    return Services(entries, place, debug, playback, workshop, dead_air_ms)


def entries() -> Sequence[Entry]:
    """Samples by platform, then recorded calls, then what was called lately."""
    from ivrsim.flows.samples import samples
    from ivrsim.trace.history import History
    from ivrsim.tui.traces.history import recent_targets, recorded_entry

    found = [
        Entry(
            f"{'8x8' if sample.platform == '8x8' else 'Vonage'} samples",
            sample.name, sample.title, sample.platform, sample.description, sample.keys,
            str(sample.path),
        )
        for sample in sorted(samples(), key=_order)
    ]  # fmt: skip
    try:
        recorded = History().entries()
    except TraceError:
        recorded = []  # no history to show is no reason not to open
    titles = {entry.target: entry.title for entry in found}
    found += [recorded_entry(entry, titles) for entry in recorded]
    names = recent_targets(recorded, RECENT)
    found += [
        Entry("recent", name, name, "", "Called before.") for name in names if name not in titles
    ]
    return found


def _order(sample: Sample) -> tuple[str, bool]:
    """By platform, and the one to begin with first."""
    return sample.platform, sample.name not in ("restaurant", "parcel")
