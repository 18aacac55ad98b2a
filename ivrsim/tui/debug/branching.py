"""Back in time and sideways: branches, their tree, two calls side by side, other readings."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from ivrsim.errors import IvrsimError
from ivrsim.trace.view_words import words
from ivrsim.tui.debug.here import Here
from ivrsim.tui.protocol import Placed

_LEAVING_S: Final = 2.0
"""How long a call may take to close its trace when it is left for a branch."""
_IN_A_WATERFALL: Final = 20_000
"""Records that are laid out as bars; of a longer trace those around the cursor."""


class Branching(Here):
    # branches

    def action_branch_here(self) -> None:
        seq = self.at
        record = self.record_of(seq)
        if self.workshop.branch is None:
            self.missing("Going back")
        elif record is None:
            self.say("Nothing has happened yet")
        else:

            def answered(way: str | None) -> None:
                if way == "end":
                    self.go_on_at_the_end()
                elif way is not None:
                    self.go_back(seq, again=way == "again")

            from ivrsim.tui.debug.branch import BranchScreen

            said = words(record, self.pairs.titles(record))
            self.app.push_screen(
                BranchScreen(record, said, self.last, self.live is not None), answered
            )

    def go_on_at_the_end(self) -> None:
        """The past was only looked at: the call goes on where it stands."""
        self.action_follow()
        if self.live is not None:
            self.live.go_on()

    def go_back(self, seq: int, *, again: bool) -> None:
        """Leave this call for a branch of it that goes on from record ``seq``."""
        if self.workshop.branch is None:
            self.missing("Going back")
        else:
            self.in_background(self._go_back(seq, again), "going back")

    async def _go_back(self, seq: int, again: bool) -> None:
        from ivrsim.tui.call.screen import CallScreen

        branch = self.workshop.branch
        assert branch is not None
        self.say("Going back: the application is asked again…" if again else "Going back…")
        live = self.live
        was_stopped = live is None or live.stopped is not None
        if live is not None and not was_stopped:
            live.pause()
        try:
            placed = await branch(self.placed, seq, again)
        except IvrsimError:
            if live is not None and not was_stopped:
                live.go_on()
            raise
        path = getattr(placed.call, "trace_path", None)
        if live is not None:
            live.leave("" if path is None else str(path))
            for _ in range(round(_LEAVING_S / 0.02)):
                if self.call.ended:
                    break
                await asyncio.sleep(0.02)
        self.app.clear_notifications()  # that it goes back is no news any more
        self.app.switch_screen(CallScreen(self.services, placed))

    def action_branches(self) -> None:
        tree, path = self.workshop.tree, self.trace_path
        if tree is None or path is None:
            self.say("This call keeps no trace: it is in no tree")
            return
        try:
            branches = tree(path)
        except IvrsimError as error:
            self.complain(error)
        else:
            from ivrsim.tui.debug.tree import TreeScreen

            self.app.push_screen(TreeScreen(branches), self._from_tree)

    def _from_tree(self, chosen: tuple[str, Path] | None) -> None:
        if chosen is None:
            return
        what, path = chosen
        if what == "compare":
            self.compare_with(path)
        elif path != self.trace_path:
            self.open_trace(path)

    def open_trace(self, path: Path) -> None:
        from ivrsim.tui.call.screen import CallScreen

        if self.workshop.open is None:
            self.missing("Opening a trace")
            return
        try:
            placed = self.workshop.open(path)
        except IvrsimError as error:
            self.complain(error)
            return
        self._leave_for(CallScreen(self.services, placed))

    def _leave_for(self, screen: Here) -> None:
        if not self.call.ended:
            self.call.hang_up()
        self.app.switch_screen(screen)

    # two calls side by side

    def action_compare(self) -> None:
        other = self.parent_path() or self.before
        if other is None:
            self.say("Nothing to compare with: call again (R), go back (F3), or choose in the tree")
        else:
            self.compare_with(other)

    def parent_path(self) -> Path | None:
        """The trace that this call is a branch of."""
        parent = self.call.header.parent or {}
        name, own = parent.get("trace"), self.trace_path
        if not isinstance(name, str) or own is None:
            return None
        path = own.parent / name
        return path if path.is_file() else None

    def compare_with(self, other: Path) -> None:
        """Lay ``other`` beside this call, as far as this one has come."""
        own = self.trace_path
        if self.workshop.compare is None or own is None:
            self.missing("Comparing")
        elif own == other:
            self.say("That is this call: choose another")
        else:
            self.in_background(self._compare(other, own), "comparing")

    async def _compare(self, other: Path, own: Path) -> None:
        from ivrsim.tui.debug.compare import CompareScreen

        assert self.workshop.compare is not None
        made = await self.workshop.compare(other, own)
        self.app.push_screen(CompareScreen(made))

    # time, and readings

    def action_waterfall(self) -> None:
        if self.workshop.bars is None:
            self.missing("The waterfall")
            return
        self.in_background(self._waterfall(), "waterfall")

    async def _waterfall(self) -> None:
        from ivrsim.tui.debug.waterfall import WaterfallScreen

        assert self.workshop.bars is not None
        count = len(self.source)
        start, stop = 0, count
        if count > _IN_A_WATERFALL:  # around what is looked at
            start = max(0, min(self.at - _IN_A_WATERFALL // 2, count - _IN_A_WATERFALL))
            stop = start + _IN_A_WATERFALL
        records = self.source.records(start, stop)
        bars = await asyncio.to_thread(self.workshop.bars, records)

        def answered(seq: int | None) -> None:
            if seq is not None:
                self.go_to(seq)

        piece = f"records {start + 1} to {stop} of {count}" if stop - start < count else ""
        self.app.push_screen(WaterfallScreen(bars, self.call, piece), answered)

    def action_assumptions(self) -> None:
        from ivrsim.tui.debug.assumptions import AssumptionsScreen
        from ivrsim.tui.debug.protocol import Assumption

        found = [
            Assumption(
                each.name, each.value, tuple(each.choices), each.basis, each.why, each.page,
                each.default, (each.seq,),
            )
            for each in self.shown.settings
        ]  # fmt: skip
        self.app.push_screen(
            AssumptionsScreen(
                found, self.workshop, self.trace_path if self.call.ended else None, self.call
            ),
            self._call_with,
        )

    def _call_with(self, chosen: tuple[str, str] | None) -> None:
        """Make the call again with one setting changed. One that is over is made in no time, and
        compared; for one that goes on the person calls again."""
        from ivrsim.tui.call.screen import CallScreen

        if chosen is None:
            return
        path = self.trace_path
        if self.call.ended and path is not None and self.workshop.reading is not None:
            name, value = chosen
            self.in_background(self._read_otherwise(path, name, value), "another reading")
            return
        if self.workshop.call_with is None:
            self.missing("Calling with another setting")
            return
        keys = self.view.keys().removesuffix("hangup").strip()
        try:
            placed: Placed = self.workshop.call_with(self.placed, keys, dict([chosen]))
        except IvrsimError as error:
            self.complain(error)
            return
        self._leave_for(CallScreen(self.services, placed))
        name, value = chosen
        self.say(f"Called again with {name}={value}: when it is over, F4 compares")

    async def _read_otherwise(self, path: Path, name: str, value: str) -> None:
        from ivrsim.tui.debug.compare import CompareScreen

        assert self.workshop.reading is not None
        self.say(f"The call is made again with {name}={value}…")
        made = await self.workshop.reading(path, name, value)
        self.app.push_screen(CompareScreen(made))
