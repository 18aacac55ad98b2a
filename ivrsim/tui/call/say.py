"""The caller's words, typed: the field under the conversation, and the offer to use it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from textual.widgets import Input

from ivrsim.trace.view_text import one_line_of
from ivrsim.tui.keymap import ALL
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.spans import Row, cut

_SAY: Final = "say"


class SayField(Input):
    """Hidden until ``open``. The screen hears of Enter by ``Input.Submitted``."""

    DEFAULT_CSS = """
    SayField { display: none; height: 1; border: none; padding: 0 1; background: $ivr-raised; }
    SayField:focus { border: none; }
    SayField.-shown { display: block; }
    """

    def __init__(self) -> None:
        super().__init__(id="say")

    def open(self, phrases: Sequence[str], room: int) -> SayField:
        """Show it, empty, in ``room`` cells; ``phrases`` are what the application expects."""
        self.placeholder = cut(one_line_of(f"say… {', '.join(phrases)}"), room)
        self.value = ""
        self.add_class("-shown")
        return self

    def close(self) -> None:
        self.remove_class("-shown")


class Offer(LineWidget):
    """Says that somebody waits for words, and how to say them without a microphone."""

    DEFAULT_CSS = """
    Offer { display: none; height: 1; padding: 0 1; background: $ivr-pane; }
    Offer.-shown { display: block; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._what = ""

    def show(self, what: str) -> None:
        """``what`` the platform does with words; nothing: no offer."""
        self.set_class(bool(what), "-shown")
        if what and what != self._what:
            self._what = what
            self.refresh()

    def rows(self, width: int) -> list[Row]:
        key = ALL[_SAY].shown
        long = f"{self._what}: press {key} to type the words"
        said = long if cell_len(long) <= width else f"{self._what}: {key} types it"
        before, after = said.split(f" {key} ")
        return [[(f"{before} ", "purple"), (key, "bold accent"), (f" {after}", "purple")]]

    def target(self, x: int, y: int) -> str | None:
        return _SAY
