"""What this call rests on: the settings that decided something, and what another reading does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from textual import on, work
from textual.app import ComposeResult
from textual.widgets import Static

from ivrsim.errors import IvrsimError
from ivrsim.trace.view_text import one_line_of
from ivrsim.tui.debug.modal import CLOSE, ENTER, Chosen, DebugModal, Hints, PickList, nothing
from ivrsim.tui.debug.protocol import Assumption, Tried, Workshop
from ivrsim.tui.keymap import ASSUMPTIONS, bindings
from ivrsim.tui.spans import Row, Span, both_ends, wrap

BASES: Final = {
    "documented": ("green", "the platform's pages say so"),
    "observed": ("blue", "seen on the platform itself"),
    "assumed": ("yellow", "nobody says: this is the likeliest reading"),
    "disputed": ("red", "sources contradict each other"),
}


@dataclass(slots=True)
class Reading:
    """One setting, or another value of it; ``tried`` once the call was made under it."""

    assumption: Assumption
    value: str
    current: bool
    tried: list[Tried] = field(default_factory=list)


class ReadingList(PickList[Reading]):
    def heading(self, index: int) -> str:
        return self.things[index].assumption.name

    def rows_of(self, thing: Reading, here: bool, width: int) -> list[Row]:
        about = thing.assumption
        value = one_line_of(thing.value) or "(empty)"
        style, meaning = BASES.get(about.basis, ("muted", ""))
        if thing.current:
            right: list[Span] = [(about.basis or "of no known basis", f"bold {style}")]
            row = both_ends([("● ", "accent"), (value, "bold text")], right, width)
            rows: list[Row] = [row]
            notes = [one_line_of(about.why, 300)] * bool(about.why)
            notes += [one_line_of(about.page, 120)] * bool(about.page)
            if here and meaning:
                notes.insert(0, f"{about.basis}: {meaning}")
            for text in notes:
                rows += [[(f"  {line}", "muted")] for _, line in wrap(text, width - 2)]
            return rows
        mark: list[Span] = [("⏎ call again with it", "faint")] if here else []
        rows = []
        for tried in thing.tried[-1:]:
            style = "red" if tried.failed else "yellow" if tried.changed else "green"
            said = one_line_of(tried.what or "another course", 300)
            if tried.changed:
                rows += [[(f"  {line}", style)] for _, line in wrap(said, width - 2)][:3]
            else:
                mark = [(said, style)]
        return [both_ends([("○ ", "faint"), (value, "text")], mark, width), *rows]

    def rows_without(self, width: int) -> list[Row]:
        return nothing(
            "No setting has decided anything in this call so far: it rests on what the platform "
            "documents.",
            width,
        )


class AssumptionsScreen(DebugModal[tuple[str, str]]):
    """Closes with the setting and the value to call again with; None: it was left."""

    COMMANDS_HERE = ASSUMPTIONS
    TITLE_HERE = "assumptions: what this call rests on"
    WIDTH = 92
    BINDINGS = [*bindings(ASSUMPTIONS)]
    DEFAULT_CSS = "AssumptionsScreen #progress { height: 1; color: $ivr-muted; margin: 1 0 0 0; }"

    def __init__(
        self, found: Sequence[Assumption], shop: Workshop, trace: Path | None, call: Any = None
    ) -> None:
        super().__init__(call)
        self._readings = [
            Reading(each, value, value == each.value)
            for each in found
            for value in dict.fromkeys((each.value, *each.choices))
        ]
        self._shop = shop
        self._trace = trace
        self._trying = False

    def inside(self) -> ComposeResult:
        yield ReadingList(id="readings")
        yield Static(id="progress", markup=False)
        yield Hints((ENTER, "call again with it", "choose"), *ASSUMPTIONS, CLOSE)

    def on_mount(self) -> None:
        listed = self.query_one(ReadingList)
        listed.show(self._readings)
        listed.focus()

    def lines_around(self) -> int:
        return 9

    def _tell(self, text: str) -> None:
        self.query_one("#progress", Static).update(one_line_of(text, 300))

    def action_choose(self) -> None:
        current = self.query_one(ReadingList).current
        if current is None:
            return
        if current.current:
            self._tell("This is how the call was made: choose another value")
        else:
            self.dismiss((current.assumption.name, current.value))

    @on(Chosen)
    def _chosen(self) -> None:
        self.action_choose()

    def action_assumption_all(self) -> None:
        others = [each for each in self._readings if not each.current]
        if self._shop.try_all is None:
            self._tell("Trying other readings is not there for this call")
        elif self._trace is None:
            self._tell("The call goes on: its other readings can be tried when it is over")
        elif not others:
            self._tell("There is no other reading to try")
        elif not self._trying:
            self._trying = True
            self._try_all(len(others), self._trace)

    @work(exclusive=True)
    async def _try_all(self, count: int, trace: Path) -> None:
        assert self._shop.try_all is not None
        done: list[Tried] = []
        self._tell(f"The call is made again under {count} other readings…")

        def came(tried: Tried) -> None:
            if not self.is_attached:
                return  # nobody looks any more
            done.append(tried)
            for each in self._readings:
                if (each.assumption.name, each.value) == (tried.name, tried.value):
                    each.tried.append(tried)
            self.query_one(ReadingList).lay_out()
            self._tell(f"{len(done)} of {count} readings tried…")

        try:
            await self._shop.try_all(trace, came)
        except IvrsimError as error:
            self._tell(str(error))
        else:
            self._tell(_verdict(done))
        finally:
            self._trying = False


def _verdict(tried: Sequence[Tried]) -> str:
    failed = sum(each.failed for each in tried)
    changed = sum(each.changed for each in tried)
    if failed:
        return f"The call fails under {failed} of {len(tried)} other readings"
    if changed:
        return f"{changed} of {len(tried)} other readings change the course of the call"
    return "The call takes the same course under every reading"
