"""An editor outside: $VISUAL or $EDITOR on a private file, while the screen is lent to it."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from textual.app import App, SuspendNotSupported

from ivrsim.errors import InputError, IvrsimError


def editor() -> list[str]:
    """The command line of the editor. Raises InputError when none is named."""
    for name in ("VISUAL", "EDITOR"):
        if command := os.environ.get(name, "").strip():
            try:
                return shlex.split(command, posix=os.name != "nt")
            except ValueError as error:
                raise InputError(f"${name} is {command!r}: {error}") from None
    raise InputError("no editor is named: set VISUAL or EDITOR, such as EDITOR=nano")


def edit_outside(app: App[object], text: str, suffix: str = ".http") -> str:
    """``text`` as the editor leaves it. Raises IvrsimError: the editor, or the terminal, cannot."""
    command = editor()
    handle, name = tempfile.mkstemp(suffix, "ivrsim-")  # for this user's eyes alone
    path = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(text)
        try:
            with app.suspend():
                status = subprocess.call([*command, name])
        except SuspendNotSupported:
            raise IvrsimError(
                "this terminal cannot be lent to an editor: edit the text here"
            ) from None
        except OSError as error:
            raise InputError(
                f"{command[0]}: cannot be run: {error.strerror or error}; VISUAL and EDITOR name "
                "the editor"
            ) from None
        if status != 0:
            raise IvrsimError(f"{command[0]} ended with {status}: nothing is changed")
        try:
            return path.read_text("utf-8", "surrogatepass")
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read again: {error}") from None
    finally:
        path.unlink(missing_ok=True)
