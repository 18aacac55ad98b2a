"""Going on, standing still, and one step forward or back."""

from __future__ import annotations

from typing import Final

from ivrsim.errors import InputError
from ivrsim.tui.debug.ask import Ask
from ivrsim.tui.debug.here import Here

STEPS: Final = {
    "action": frozenset({"action.started"}),
    "webhook": frozenset({"webhook.request"}),
    "prompt": frozenset({"prompt.started"}),
}
"""Where a step leads, and the kinds of records it is looked for by."""
WORTH_A_STOP: Final = frozenset(
    {
        "call.started", "call.ended", "action.started", "webhook.request", "webhook.response",
        "webhook.failed", "prompt.started", "digit", "speech", "leg.answered", "leg.hangup",
        "request.edited", "reply.edited", "fault.injected", "mark",
    }
)  # fmt: skip
"""Where one step back leads."""
_AT_ONCE: Final = 8192
"""Records whose kinds are looked through at once."""


class Stepping(Here):
    def action_continue_call(self) -> None:
        live = self.live
        if live is None or self.looks_back:
            self.action_branch_here()
        elif live.stopped is None:
            self.say("The call goes on already")
        else:
            live.go_on()
            self.redraw()

    def action_pause_call(self) -> None:
        live = self.live
        if live is None:
            self.say("Only a call that goes on can be paused")
        elif live.stopped is None:
            live.pause()
        else:
            live.go_on()
        self.redraw()

    def action_step_action(self) -> None:
        self._step("action")

    def action_step_webhook(self) -> None:
        self._step("webhook")

    def action_step_prompt(self) -> None:
        self._step("prompt")

    def action_step_record(self) -> None:
        self._step("record")

    def _step(self, to: str) -> None:
        live = self.live
        if live is None or self.looks_back:
            self._look_on(to)
            return
        if live.debugger is None:
            self.missing("Stepping")
            return
        live.debugger.step(to)
        if live.stopped is None:
            self.say(f"Stops at the next {to}")
        live.go_on()
        self.action_follow()

    def _look_on(self, to: str) -> None:
        """A step in what has been: nothing happens, it is only looked at."""
        kinds = STEPS.get(to)
        seq = self._find(range(self.at + 1, self.last + 1), kinds)
        if seq is not None:
            self.go_to(seq)
        elif self.live is not None:
            self.action_follow()
        else:
            self.say(f"No {to} comes after this")

    def action_step_back(self) -> None:
        live = self.live
        if live is not None and live.stopped is None:
            live.pause()
        seq = self._find(range(self.at - 1, 0, -1), WORTH_A_STOP)
        if seq is None:
            self.say("This is the beginning of the call")
        else:
            self.go_to(seq)

    def action_run_here(self) -> None:
        if self.cursor is not None:
            self._run_to(self.cursor)
            return

        def answered(text: str | None) -> None:
            if text:
                self._run_to(int(text))

        placeholder = f"number of a record: back to one up to {self.last}, or on to a later one"
        self.app.push_screen(Ask("run to record", placeholder, _number), answered)

    def _run_to(self, seq: int) -> None:
        live = self.live
        if live is None or seq <= self.last:
            self.go_back(min(seq, self.last), again=False)
        elif live.debugger is None:
            self.missing("Stepping")
        else:
            live.debugger.run_to(seq)
            live.go_on()
            self.action_follow()

    # bookmarks

    def action_bookmark_text(self) -> None:
        if self.call.ended:
            self.say("The call has ended: its trace is closed")
            return

        def answered(text: str | None) -> None:
            if text is not None and not self.call.ended:
                self.call.mark(text or "bookmark")

        self.app.push_screen(Ask("bookmark", "what it marks"), answered)

    def action_next_mark(self) -> None:
        self._to_mark(range(self.at + 1, self.last + 1), "No bookmark comes after this: B sets one")

    def action_previous_mark(self) -> None:
        self._to_mark(range(self.at - 1, 0, -1), "No bookmark comes before this: B sets one")

    def _to_mark(self, where: range, none: str) -> None:
        seq = self._find(where, frozenset({"mark"}))
        if seq is None:
            self.say(none)
        else:
            self.go_to(seq)

    # looking through the records

    def _find(self, where: range, kinds: frozenset[str] | None) -> int | None:
        """The first record of ``where`` that is of one of these kinds; None: of any."""
        if kinds is None:
            return next(iter(where), None)
        for start in range(0, len(where), _AT_ONCE):
            piece = where[start : start + _AT_ONCE]
            first = min(piece[0], piece[-1])
            # Kinds alone: a trace may be long, and is parsed where it is looked at.
            numbers, names = self.source.kinds(first - 1, first - 1 + len(piece))
            wanted = {number for number, name in enumerate(names) if name in kinds}
            found = next((seq for seq in piece if numbers[seq - first] in wanted), None)
            if found is not None:
                return found
        return None

    # in other parts

    def action_branch_here(self) -> None:
        raise NotImplementedError

    def go_back(self, seq: int, *, again: bool) -> None:
        raise NotImplementedError


def _number(text: str) -> None:
    if not text.isdecimal() or int(text) < 1:
        raise InputError(f"expected the number of a record, from 1 on, found {text!r}")
