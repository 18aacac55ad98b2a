"""What the widgets of a recorded call tell the screen."""

from __future__ import annotations

from textual.message import Message


class Scrubbed(Message):
    """A place on the line of time was chosen: a record, counted from 0."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self.index = index


class Looked(Message):
    """The list of the trace has another record under its cursor: the other panes are to follow."""
