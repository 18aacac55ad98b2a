"""Looking at another moment of a call than its end: commands, and the sound that goes along."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual import on
from textual.screen import Screen

from ivrsim.trace.view import CallView
from ivrsim.tui.traces.looking import Looking
from ivrsim.tui.traces.messages import Scrubbed
from ivrsim.tui.traces.places import index_at, landmark, time_of
from ivrsim.tui.traces.recorded import RecordedCall
from ivrsim.tui.traces.slices import Slices

if TYPE_CHECKING:
    from ivrsim.tui.app import IvrsimApp
    from ivrsim.tui.call.conversation import Conversation
    from ivrsim.tui.call.detail import Detail
    from ivrsim.tui.call.trace_list import TraceList
    from ivrsim.tui.protocol import Call, Placed, Services
    from ivrsim.tui.traces.sound import Sound
    from ivrsim.tui.traces.source import Source
    from ivrsim.tui.traces.time_bar import TimeBar


class ScrubActions(Screen[None]):
    """A base of ``CallScreen``. ``view`` is the call as it stands at its end, or now; ``shown``
    what the panes show: the same, or the state after record ``cursor``."""

    services: Services
    placed: Placed
    call: Call
    source: Source
    view: CallView
    shown: CallView
    looking: Looking
    sound: Sound
    slices: Slices
    trace: TraceList
    detail: Detail
    conversation: Conversation
    time_bar: TimeBar
    _pending: int | None = None

    @property
    def application(self) -> IvrsimApp:
        return cast("IvrsimApp", self.app)

    def redraw(self) -> None:
        raise NotImplementedError

    def look(self) -> None:
        raise NotImplementedError

    def redraw_soon(self) -> None:
        """Draw the other panes once the list is painted: a key that is held moves it smoothly."""
        raise NotImplementedError

    # where we are

    @property
    def recorded(self) -> bool:
        """The call is over and was opened from a file: nothing can be told to it."""
        return isinstance(self.call, RecordedCall)

    @property
    def trace_path(self) -> Path | None:
        """The file that holds, or will hold, the records that are shown."""
        return self.call.trace_path

    @property
    def cursor(self) -> int | None:
        """The ``seq`` of the record that is looked at; None: the end of the call is."""
        return self.trace.selected if self.trace.chosen else None

    @property
    def moment_ms(self) -> int:
        """Call time of what the panes show."""
        if self.sound.playing:
            return self.sound.position_ms
        return self.call.now_ms if self.cursor is None else time_of(self.source, self.cursor - 1)

    @property
    def view_is_whole(self) -> bool:
        """``view`` is that of the whole call: a long trace takes a while to be read."""
        return not self.recorded or self.view.last_seq >= len(self.source)

    def go_to(self, seq: int) -> None:
        """Look at record ``seq``, or at the last one before it that there is."""
        if len(self.source):
            self.trace.select(max(1, min(len(self.source), seq)))
        self._pending = seq if seq > len(self.source) else None

    def _place(self) -> int:
        """The record that is looked at, counted from 0."""
        return len(self.source) - 1 if self.cursor is None else self.cursor - 1

    # commands

    def action_record_back(self) -> None:
        self.go_to(self._place())

    def action_record_on(self) -> None:
        self.go_to(self._place() + 2)

    def action_second_back(self) -> None:
        here = self._place()
        t = time_of(self.source, here) - 1000
        self.go_to(1 if t < 0 else min(index_at(self.source, t), here - 1) + 1)

    def action_second_on(self) -> None:
        here = self._place()
        at = index_at(self.source, time_of(self.source, here) + 1000)
        self.go_to(max(at, here + 1) + 1)

    def action_landmark_back(self) -> None:
        place = landmark(self.source, self._place(), forwards=False)
        if place is None:
            self.application.say("Nothing before this: the call begins here")
        else:
            self.go_to(place + 1)

    def action_landmark_on(self) -> None:
        place = landmark(self.source, self._place(), forwards=True)
        if place is None:
            self.application.say("No webhook, key or mark after this")
        else:
            self.go_to(place + 1)

    def action_follow(self) -> None:
        self.sound.pause()
        self._pending = None
        self.trace.let_go()
        self.conversation.follow = True
        self.redraw_soon()

    def action_play_audio(self) -> None:
        if self.sound.playing:
            self.sound.pause()
        elif not self.call.ended:
            self.application.say("The call goes on: its sound can be played when it has ended")
        else:
            problem = self.sound.play(0 if self.cursor is None else self.moment_ms)
            if problem is not None:
                self.application.say(problem, "warning")
        self.redraw()

    # what moves the cursor

    def looked(self, by_sound: bool = False) -> None:
        """The cursor is elsewhere now: the panes follow, and so does the sound."""
        self.slices.give_way()
        self.conversation.follow = True
        if not by_sound and self.sound.playing:
            self.sound.play(self.moment_of_cursor())
        self.redraw_soon()

    def moment_of_cursor(self) -> int:
        return 0 if self.cursor is None else time_of(self.source, self.cursor - 1)

    def follow_sound(self) -> None:
        """Let the cursor go along with what is heard."""
        if not self.sound.playing:
            return
        seq = index_at(self.source, self.sound.position_ms) + 1
        if seq != self.cursor:
            self.trace.select(seq, tell=False)
            self.looked(by_sound=True)

    @on(Scrubbed)
    def _scrubbed(self, event: Scrubbed) -> None:
        self.go_to(event.index + 1)
