"""The exceptions a user of ivrsim can meet. Each is one clear line.

The line names the place (file:line:column, URL or JSON pointer), what was expected, what
was found and what to do. ``exit_status`` is what the command line ends with.
"""

from __future__ import annotations


class IvrsimError(Exception):
    """Base of all errors raised on purpose: ivrsim could not go on (exit status 3)."""

    exit_status = 3


class InputError(IvrsimError):
    """The command line, a file or a document is wrong (exit status 2)."""

    exit_status = 2


class TraceError(InputError):
    """A trace file cannot be read: not a trace, a newer version, or damaged."""


class TraceWriteError(TraceError):
    """A trace cannot be written any further: disk full, device gone (exit status 3)."""

    exit_status = 3


class AudioError(InputError):
    """An audio file is missing, empty, not audio, or larger than allowed."""


class SoundUnavailable(IvrsimError):
    """No sound on this machine; the message says why and what to install."""


class HostNotAllowed(IvrsimError):
    """A webhook would have gone to a host that is neither local nor the target's own."""


class ApplicationError(IvrsimError):
    """A Python application could not be imported, started or reached."""

    exit_status = 2
