"""``ivrsim`` and ``ivrsim run``: the terminal application.

Nothing of the runtime is imported here: the screen is there first.
"""

from __future__ import annotations

import sys
from argparse import Namespace

from ivrsim.errors import InputError


def home(options: Namespace) -> int:
    """The application on its list of samples."""
    _need_terminal()
    from ivrsim.tui import run_application

    return run_application(debug=options.debug)


def run(options: Namespace) -> int:
    """One call in the application."""
    _need_terminal()
    from ivrsim.cli.options import call_options, target_options
    from ivrsim.tui import run_application

    return run_application(
        options.target,
        target_options(options),
        call_options(options, person=True, sound=not options.silent),
        debug=options.debug,
    )


def _need_terminal() -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError(
            "the application needs a terminal: use `ivrsim call TARGET` in scripts and pipes"
        )
