"""The entry point: which command, and how an error becomes one line and an exit status."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``ivrsim`` with ``argv`` (those of the process when None); the exit status.

    0 the call ended as a call does, 1 the application failed it, 2 the command line or a file
    is wrong, 3 ivrsim could not go on, 130 interrupted, 143 terminated.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments == ["--version"]:
        from ivrsim.version import __version__

        print(f"ivrsim {__version__}")
        return 0
    if sys.stdout is None:
        print("ivrsim: standard output is closed", file=sys.stderr)
        return 3
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal without UTF-8 gets ☎ as \u260e
            stream.reconfigure(errors="backslashreplace")
    from ivrsim.cli.parser import make_parser
    from ivrsim.errors import IvrsimError

    debug = "--debug" in arguments
    try:
        options = make_parser().parse_args(arguments)
        status: int = options.command(options)
        sys.stdout.flush()
    except SystemExit as leaving:  # argparse: --help, or a command line that is wrong
        return leaving.code if isinstance(leaving.code, int) else 2
    except BrokenPipeError:
        # Whoever read our output has gone. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 3
    except OSError as error:  # mostly standard output: disk full, device gone
        if debug:
            raise
        place = error.filename or "standard output"
        _complain(f"{place}: {error.strerror or error}")
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - Python closes it at exit
        return 3
    except KeyboardInterrupt:
        if debug:
            raise
        return INTERRUPTED
    except IvrsimError as error:
        if debug:
            raise
        _complain(str(error))
        return error.exit_status
    except Exception as error:
        # A mistake of ours: still one line, and how to see the rest.
        if debug:
            raise
        name = type(error).__name__
        _complain(f"internal error: {name}: {error}; run again with --debug and report it")
        return 3
    return status


def _complain(message: str) -> None:
    """One line on standard error, whatever the names in it are made of."""
    from ivrsim.trace.view_text import visible

    print(f"ivrsim: {visible(message)}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
