"""The tree of branches: which call came from which, and at what second."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from ivrsim.trace.view_text import one_line_of
from ivrsim.trace.view_words import clock_words
from ivrsim.tui.debug.modal import CLOSE, ENTER, Chosen, DebugModal, Hints, Moved, PickList, nothing
from ivrsim.tui.debug.protocol import Branch
from ivrsim.tui.keymap import TREE, bindings
from ivrsim.tui.spans import Row, Span, both_ends

_MODES: Final = {"recorded": "recorded replies", "again": "asked again", "asked again": ""}
_DEEP: Final = 8
"""Branches of branches are indented up to here."""


class BranchList(PickList[Branch]):
    def rows_of(self, thing: Branch, here: bool, width: int) -> list[Row]:
        row: list[Span] = []
        if thing.depth:
            row.append((f"{'   ' * (min(thing.depth, _DEEP) - 1)}└─ ", "faint"))
        row.append(("● " if thing.here else "○ ", "accent" if thing.here else "faint"))
        row.append((one_line_of(thing.title), "bold text" if thing.here else "text"))
        if thing.seq is not None:
            mode = _MODES.get(thing.mode, thing.mode) or thing.mode
            row.append((f"  from {clock_words(thing.t)}, record {thing.seq}", "muted"))
            row.append((f", {mode}" if mode else "", "faint"))
        right = [("this call" if thing.here else one_line_of(thing.name, 44), "faint")]
        return [both_ends(row, right, width)]

    def rows_without(self, width: int) -> list[Row]:
        return nothing("No branch has been made.", width)


class TreeScreen(DebugModal[tuple[str, Path]]):
    """Closes with ``open`` or ``compare`` and a trace; None: it was left."""

    COMMANDS_HERE = TREE
    TITLE_HERE = "branches"
    WIDTH = 112
    DEFAULT_CSS = "TreeScreen #file { height: auto; color: $ivr-muted; margin: 1 0 0 2; }"
    BINDINGS = [*bindings(TREE)]

    def __init__(self, branches: Sequence[Branch]) -> None:
        super().__init__()
        self._branches = branches

    def inside(self) -> ComposeResult:
        yield BranchList(id="branches")
        yield Static(id="file", markup=False)
        yield Hints((ENTER, "open", "choose"), *TREE, CLOSE)

    def on_mount(self) -> None:
        listed = self.query_one(BranchList)
        listed.show(self._branches)
        listed.focus()
        here = next((i for i, each in enumerate(self._branches) if each.here), 0)
        self.call_after_refresh(listed.move_to, here)

    @on(Moved)
    def _moved(self) -> None:
        """Where the call lies, for the commands that want a file."""
        current = self.query_one(BranchList).current
        if current is not None:
            self.query_one("#file", Static).update(one_line_of(str(current.path), 1000))

    def lines_around(self) -> int:
        return 11

    def _close_with(self, what: str) -> None:
        current = self.query_one(BranchList).current
        if current is not None:
            self.dismiss((what, current.path))

    @on(Chosen)
    def _chosen(self) -> None:
        self._close_with("open")

    def action_choose(self) -> None:
        self._close_with("open")

    def action_tree_compare(self) -> None:
        self._close_with("compare")
