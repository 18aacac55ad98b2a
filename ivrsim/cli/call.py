"""``ivrsim``, ``ivrsim run`` and ``ivrsim call``."""

from __future__ import annotations

import asyncio
import signal
import sys
from argparse import Namespace
from collections.abc import Sequence

from ivrsim.cli.options import call_options, target_options
from ivrsim.errors import InputError
from ivrsim.runtime.live import CallResult, LiveCall
from ivrsim.runtime.place import place_call
from ivrsim.trace.record import Record
from ivrsim.trace.view import CallView
from ivrsim.trace.view_words import one_line

TERMINATED = 143

_QUIET = frozenset(
    {
        "timer.started", "timer.fired", "timer.cancelled", "capture.listening",
        "action.finished", "api.response", "setting.decided",
    }
)  # fmt: skip


def home() -> int:
    """The application on its list of samples."""
    _need_terminal()
    from ivrsim.tui import run_application

    return run_application()


def run(options: Namespace) -> int:
    """One call in the application."""
    _need_terminal()
    from ivrsim.tui import run_application

    return run_application(
        options.target,
        target_options(options),
        call_options(options, person=True, sound=not options.silent),
    )


def _need_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError(
            "the application needs a terminal: use `ivrsim call TARGET` in scripts and pipes"
        )


def call(options: Namespace) -> int:
    """One call, printed as it happens."""
    from ivrsim.flows.target import load_target

    target = load_target(options.target, target_options(options))
    for finding in target.findings:
        print(f"ivrsim: {finding}", file=sys.stderr)
    stream = sys.stdout.buffer if options.json else None
    placed = place_call(
        target, call_options(options, person=False, sound=False, stream=stream)
    )
    if not options.json:
        placed.subscribe(_Printer(options.verbose))
    try:
        result = asyncio.run(_until_the_end(placed))
    except asyncio.CancelledError:
        print("ivrsim: terminated; the caller hung up", file=sys.stderr)
        return TERMINATED
    except KeyboardInterrupt:
        print("ivrsim: interrupted; the caller hung up", file=sys.stderr)
        raise
    for notice in (*placed.notices, *result.warnings):
        print(f"ivrsim: warning: {notice}", file=sys.stderr)
    if result.exit_status:
        print(f"ivrsim: {result.why or result.summary}", file=sys.stderr)
    return result.exit_status


async def _until_the_end(placed: LiveCall) -> CallResult:
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and sys.platform != "win32":
            loop.add_signal_handler(getattr(signal, name), task.cancel)
    return await placed.run()


class _Printer:
    """Prints what happens in words, a line each."""

    def __init__(self, verbose: bool) -> None:
        self._verbose = verbose
        self._view = CallView()

    def __call__(self, records: Sequence[Record]) -> None:
        lines: list[str] = []
        for record in records:
            self._view.apply(record)
            if self._verbose or record.kind not in _QUIET:
                lines.append(f"{record.t / 1000:9.2f}  {one_line(record, self._view.titles)}\n")
        sys.stdout.write("".join(lines))
        sys.stdout.flush()
