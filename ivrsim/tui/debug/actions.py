"""What the debugger's commands do on the call screen."""

from __future__ import annotations

from textual.screen import Screen


class DebugActions(Screen[None]):
    """A base of ``CallScreen``: one ``action_…`` for each command of ``keymap.DEBUG``."""
