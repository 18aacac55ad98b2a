"""How to go back: with the recorded replies, or by asking the application again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from ivrsim.trace.record import Record
from ivrsim.trace.view_text import one_line_of
from ivrsim.trace.view_words import clock_words, icon
from ivrsim.tui.debug.modal import CLOSE, ENTER, Chosen, DebugModal, Hints, PickList
from ivrsim.tui.spans import Row, cut, wrap


@dataclass(frozen=True, slots=True)
class Way:
    id: str
    name: str
    about: str


WAYS: Final = (
    Way(
        "recorded",
        "the recorded replies are used again",
        "Nothing is sent up to here. The application's own state may be ahead: it has seen the "
        "whole of the call.",
    ),
    Way(
        "again",
        "the application is asked again",
        "The recorded caller calls it anew, with new ids, without waiting. It may answer "
        "otherwise than it did.",
    ),
)
HERE: Final = Way(
    "end",
    "nowhere: the call goes on where it stands",
    "The past was only looked at.",
)


class WayList(PickList[Way]):
    def rows_of(self, thing: Way, here: bool, width: int) -> list[Row]:
        rows: list[Row] = [[(thing.name, "bold text" if here else "text")]]
        rows += [[(f"  {line}", "muted")] for _, line in wrap(thing.about, width - 2)]
        return rows


class BranchScreen(DebugModal[str]):
    """Closes with the ``id`` of a way; None: nobody goes anywhere."""

    TITLE_HERE = "go on from here, in a branch"
    WIDTH = 72
    DEFAULT_CSS = "BranchScreen Static { height: auto; margin: 0 0 1 0; color: $ivr-text; }"

    def __init__(self, record: Record, said: str, last: int, live: bool) -> None:
        """``said`` is what ``view_words.words`` says of ``record``."""
        super().__init__()
        self._record = record
        self._said = said
        self._last = last
        self._live = live

    def inside(self) -> ComposeResult:
        record = self._record
        place = f"Back to record {record.seq} of {self._last}, at {clock_words(record.t)}"
        said = f"{icon(record.kind)} {self._said}" if self._said else one_line_of(record.kind)
        after = "\nThis call is left where it is." if self._live else ""
        yield Static(f"{place}\n{cut(said, 60)}{after}", markup=False)
        yield WayList(id="ways")
        yield Hints((ENTER, "go back", "choose"), CLOSE)

    def on_mount(self) -> None:
        ways = self.query_one(WayList)
        ways.show((*WAYS, HERE) if self._live else WAYS)
        ways.focus()

    def lines_around(self) -> int:
        return 10

    def action_choose(self) -> None:
        current = self.query_one(WayList).current
        self.dismiss(current.id if current is not None else None)

    @on(Chosen)
    def _chosen(self) -> None:
        self.action_choose()
