"""Export: a trace for other tools and for people, to standard output or to a file.

A file is there whole or not at all, and is never the trace itself. A damaged trace is exported up
to its damage.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Final

from ivrsim.errors import InputError
from ivrsim.exchange.times import NoTimeError
from ivrsim.trace.reader import TraceReader

Export = Callable[[TraceReader, BinaryIO], list[str]]

_MODULES: Final = {
    "har": "har_export",
    "markdown": "markdown_export",
    "mermaid": "mermaid_export",
    "vcon": "vcon_export",
    "trace": "masked_export",
}
FORMATS: Final = tuple(_MODULES)


def export_trace(trace: Path, form: str, output: Path | None, stdout: BinaryIO) -> list[str]:
    """Write ``trace`` as ``form`` (one of ``FORMATS``) to ``output``, or to ``stdout`` (None).

    Returns warnings, each one line: damage, what had to be left out. Raises TraceError when it
    is no trace, InputError when ``output`` cannot be written.
    """
    module = import_module(f"ivrsim.exchange.{_MODULES[form]}")
    write: Export = module.write
    with TraceReader(trace) as reader:
        if output is not None:
            _refuse_the_trace(trace, output)
        reader.index_all()
        try:
            if output is None:
                warnings = write(reader, stdout)
                stdout.flush()
            else:
                warnings = _to_file(reader, output, write)
        except NoTimeError as error:
            raise InputError(f"{trace}: {error}: its times cannot be written") from error
        if reader.damage:
            warnings.insert(0, f"{trace}: {reader.damage}; exported up to there")
        return warnings


def _refuse_the_trace(trace: Path, output: Path) -> None:
    try:
        same = os.path.samefile(trace, output)
    except (OSError, ValueError):
        return  # there is no such file yet
    if same:
        raise InputError(f"{output}: this is the trace itself; name another file")


def _to_file(reader: TraceReader, output: Path, write: Export) -> list[str]:
    try:
        mode = os.stat(output).st_mode
    except (OSError, ValueError):
        mode = stat.S_IFREG
    try:
        if stat.S_ISDIR(mode):
            raise InputError(f"{output}: expected a file to write, found a folder")
        if not stat.S_ISREG(mode):  # a pipe or a terminal: nothing to be put in place
            with open(output, "wb") as stream:
                return write(reader, stream)
        target = Path(os.path.realpath(output))
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with open(handle, "wb") as stream:
                warnings = write(reader, stream)
            os.replace(name, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
        return warnings
    except BrokenPipeError:
        raise
    except NoTimeError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{output}: cannot be written: {reason}") from error
