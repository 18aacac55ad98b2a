"""What widgets tell the screen they are on."""

from __future__ import annotations

from textual.message import Message


class RunCommand(Message):
    """A key, a place on the screen or a palette line asks for a command by its id."""

    def __init__(self, command: str) -> None:
        super().__init__()
        self.command = command


class KeypadPressed(Message):
    """The mouse pressed a key of the keypad."""

    def __init__(self, digit: str) -> None:
        super().__init__()
        self.digit = digit


class RecordSelected(Message):
    """A record of the trace is to be shown; ``by_person``: somebody chose it."""

    def __init__(self, seq: int, by_person: bool = True) -> None:
        super().__init__()
        self.seq = seq
        self.by_person = by_person


class FilterChosen(Message):
    """One of the chips above the trace."""

    def __init__(self, category: str) -> None:
        super().__init__()
        self.category = category


class EntryHighlighted(Message):
    """Another line of the home list is under the cursor."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self.index = index


class EntryChosen(Message):
    """A line of the home list is to be called."""

    def __init__(self, target: str) -> None:
        super().__init__()
        self.target = target


class TabChosen(Message):
    """A tab, by its id."""

    def __init__(self, tab: str) -> None:
        super().__init__()
        self.tab = tab
