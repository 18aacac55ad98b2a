"""The application on the real rooms below: samples, history, targets, live calls."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from ivrsim.errors import InputError, IvrsimError, TraceError
from ivrsim.tui.app import IvrsimApp
from ivrsim.tui.protocol import Entry, Placed, Services

if TYPE_CHECKING:
    from ivrsim.flows.samples import Sample
    from ivrsim.flows.target import TargetOptions
    from ivrsim.runtime.place import CallOptions

RECENT = 8


def start(
    target: str | None,
    target_options: TargetOptions | None,
    call_options: CallOptions | None,
    *,
    debug: bool = False,
) -> int:
    """See ``run_application``."""
    for name, stream in (
        ("standard input", sys.__stdin__),
        ("standard output", sys.__stdout__),
        ("standard error", sys.__stderr__),
    ):
        if stream is None or not stream.isatty():
            raise InputError(
                f"the application needs a terminal, and {name} is none: use `ivrsim call TARGET` "
                "in scripts and pipes"
            )
    services = real_services(target, target_options, call_options, debug=debug)
    placed = services.place(target, None) if target is not None else None
    app = IvrsimApp(services, placed)
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
    debug: bool = False,
) -> Services:
    """``target_options`` and the keys of ``call_options`` are for ``target`` alone."""

    def place(text: str, keys: str | None) -> Placed:
        # Imported with the first call, so that the list of samples is there at once.
        from ivrsim.flows.target import TargetOptions, load_target
        from ivrsim.runtime.place import CallOptions, place_call

        given = text == target
        options = call_options or CallOptions(clock="real", history=True, sound=True, person=True)
        if keys is None:
            keys = options.keys if given else ""
        if not given:
            options = replace(options, arguments=())
        loaded = load_target(text, target_options if given and target_options else TargetOptions())
        call = place_call(loaded, replace(options, keys=keys))
        return Placed(loaded.title, loaded.platform, text, call)

    return Services(entries, place, debug)


def entries() -> Sequence[Entry]:
    """Samples by platform, then what was called lately."""
    from ivrsim.flows.samples import samples
    from ivrsim.trace.history import History

    found = [
        Entry(
            f"{'8x8' if sample.platform == '8x8' else 'Vonage'} samples",
            sample.name, sample.title, sample.platform, sample.description, sample.keys,
            str(sample.path),
        )
        for sample in sorted(samples(), key=_order)
    ]  # fmt: skip
    try:
        recent = History().recent_targets(RECENT)
    except TraceError:
        recent = []  # no history to show is no reason not to open
    names = {entry.target for entry in found}
    found += [
        Entry("recent", name, name, "", "Called before.") for name in recent if name not in names
    ]
    return found


def _order(sample: Sample) -> tuple[str, bool]:
    """By platform, and the one to begin with first."""
    return sample.platform, sample.name not in ("restaurant", "parcel")
