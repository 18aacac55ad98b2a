"""``ivrsim``, ``ivrsim run`` and ``ivrsim open``: the terminal application.

Nothing of the runtime is imported here: the screen is there first.
"""

from __future__ import annotations

import gc
import shlex
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ivrsim.errors import InputError

if TYPE_CHECKING:
    from ivrsim.flows.target import TargetOptions
    from ivrsim.runtime.place import CallOptions


def home(options: Namespace) -> int:
    """The application on its list of samples."""
    _need_terminal()
    with _no_garbage_yet():
        from ivrsim.tui import run_application

        return run_application(parse=parse_line, debug=options.debug)


def run(options: Namespace) -> int:
    """One call in the application."""
    _need_terminal()
    with _no_garbage_yet():
        from ivrsim.cli.options import call_options, dead_air_ms, target_options
        from ivrsim.tui import run_application

        return run_application(
            options.target,
            target_options(options),
            call_options(options, person=True),
            parse=parse_line,
            debug=options.debug,
            dead_air_ms=dead_air_ms(options.dead_air),
        )


def open_trace(options: Namespace) -> int:
    """A recorded call in the application."""
    _need_terminal("`ivrsim show TRACE` prints a recorded call")
    if options.at is not None and options.at < 1:
        raise InputError(f"--at {options.at}: expected the number of a record, from 1")
    with _no_garbage_yet():
        from ivrsim.tui import open_application

        return open_application(
            Path(options.trace),
            filter=options.filter or "",
            at=options.at,
            against=options.against,
            parse=parse_line,
            debug=options.debug,
        )


@contextmanager
def _no_garbage_yet() -> Iterator[None]:
    """Until the first frame there is a lot to make and nothing to throw away: looking for garbage
    would take a tenth of that time. ``IvrsimApp.painted`` turns it on again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def parse_line(line: str) -> tuple[str, TargetOptions, CallOptions]:
    """What is typed in the application: a target, with the options of ``ivrsim run`` or without.

    Raises InputError.
    """
    from ivrsim.cli.options import call_options, target_options
    from ivrsim.cli.parser import make_parser

    try:
        words = [line] if Path(line).is_file() else shlex.split(line)
    except (ValueError, OSError) as error:
        raise InputError(f"{line}: {error}; quote as in a shell") from None
    if words[:2] in (["ivrsim", "run"], ["ivrsim", "call"]):
        words = words[2:]  # a command line that was copied
    if "--help" in words or "-h" in words:
        raise InputError("expected a target, with the options of `ivrsim run` or without")
    options = make_parser().parse_args(["run", *words])
    return (
        options.target,
        target_options(options),
        call_options(options, person=True),
    )


def _need_terminal(instead: str = "use `ivrsim call TARGET` in scripts and pipes") -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError(f"the application needs a terminal: {instead}")
