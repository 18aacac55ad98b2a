"""The screen of one call: panes that are drawn from its records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from ivrsim.errors import IvrsimError
from ivrsim.trace.record import Record
from ivrsim.trace.view import CallView
from ivrsim.tui.call.actions import VIEWS
from ivrsim.tui.call.chips import Chips
from ivrsim.tui.call.conversation import Conversation
from ivrsim.tui.call.detail import Detail
from ivrsim.tui.call.document import DocumentPane
from ivrsim.tui.call.filter_field import FilterField, FilterNote
from ivrsim.tui.call.meter import ABSENT
from ivrsim.tui.call.phone import Phone
from ivrsim.tui.call.reading import Reading
from ivrsim.tui.call.say import Offer, SayField
from ivrsim.tui.call.selection import Counts
from ivrsim.tui.call.status import recording_of
from ivrsim.tui.call.tabs import Tabs
from ivrsim.tui.call.titles import looking_keys, title_left, title_right
from ivrsim.tui.call.trace_list import TraceList
from ivrsim.tui.debug.actions import DebugActions
from ivrsim.tui.debug.bar import DebugBar
from ivrsim.tui.key_bar import KeyBar
from ivrsim.tui.keymap import CALL, bindings, digit_bindings
from ivrsim.tui.messages import FilterChosen, KeypadPressed, RecordSelected, RunCommand, TabChosen
from ivrsim.tui.palette import run_command
from ivrsim.tui.protocol import Placed, Services
from ivrsim.tui.title_bar import TitleBar
from ivrsim.tui.traces.damage_line import DamageLine
from ivrsim.tui.traces.looking import Looking
from ivrsim.tui.traces.messages import Looked
from ivrsim.tui.traces.pairs import Pairs
from ivrsim.tui.traces.recorded import RecordedCall
from ivrsim.tui.traces.slices import SLICE_S
from ivrsim.tui.traces.sound import Sound
from ivrsim.tui.traces.source import LiveSource, record_at
from ivrsim.tui.traces.time_bar import TimeBar

REDRAW_S = 0.1
"""Lists are drawn at most this often."""
PROGRESS_S = 0.4
"""How often the progress of reading a long trace is shown."""
GROWTH_S = 1.0
"""How often a file is looked at for what another process has written since."""


class CallScreen(DebugActions, Reading):
    """Runs ``placed.call`` when it is shown, and keeps showing it when it is over; a recorded call
    is only shown."""

    COMMANDS_HERE = CALL
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(CALL), *digit_bindings()]
    CSS_PATH = "screen.tcss"
    AUTO_FOCUS = ""  # see on_mount

    def __init__(
        self, services: Services, placed: Placed, *, at: int | None = None, filter: str = ""
    ) -> None:
        """``at`` is the ``seq`` of a record to look at, ``filter`` what the trace shows."""
        super().__init__()
        self.services = services
        self.placed = placed
        self.call = call = placed.call
        self.source = call.source if isinstance(call, RecordedCall) else LiveSource(call.records)
        self.pairs = Pairs(self.source)
        self.looking = Looking(self.source, services.dead_air_ms)
        self.sound = Sound(services, lambda: self.call.audio_path)
        self.view = self.shown = CallView(dead_air_ms=services.dead_air_ms)
        self._counts = Counts(self.source)
        self._filter = filter
        self._pending = at
        self._looked_at: int | None = None
        self._noticed = 0
        self._had: set[str] = set()
        self._unsubscribe: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        yield TitleBar()
        self.time_bar = TimeBar(self.source)
        yield self.time_bar
        yield DamageLine()
        yield DebugBar()
        yield Tabs(id="views")
        with Horizontal(id="stage"):
            self.phone = Phone(self.view)
            yield self.phone
            with Vertical(id="middle"):
                with Vertical(id="chat", classes="pane") as pane:
                    pane.border_title = "conversation"
                    self.conversation = Conversation(self.view)
                    yield self.conversation
                    yield Offer()
                    yield SayField()
                self.document = DocumentPane(self.record)
                yield self.document
            with Vertical(id="right"):
                with Vertical(id="trace-pane", classes="pane") as pane:
                    pane.border_title = "trace"
                    self.chips = Chips()
                    yield self.chips
                    yield FilterField(self._filter)
                    yield FilterNote()
                    self.trace = TraceList(self.source, self.pairs)
                    yield self.trace
                self.detail = Detail(self.record, self.pairs)
                yield self.detail
        if self.recorded:
            yield KeyBar(looking_keys(), ("↑↓", "records"))
        else:
            yield KeyBar(CALL, ("0-9*#", "keys"))

    def on_mount(self) -> None:
        self._fit(self.app.size.width, self.app.size.height)
        for record in self.call.records if not self.recorded else ():
            self.view.apply(record)
        self._unsubscribe = self.call.subscribe(self._records_came)
        self.trace.stops_at = self.stops_at
        self._note_devices()
        self.slices = self.make_slices()
        if self._filter:
            self.query_one(FilterField).add_class("-shown")
            self.apply_filter()
        # In a recorded call up and down go through its records at once.
        (
            self.trace if self.recorded and not self.has_class("-small") else self.conversation
        ).focus()
        self._draw()
        self.set_interval(REDRAW_S, self._tick)
        self.call_after_refresh(self._begin)  # the first paint comes first

    def on_unmount(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
        self.sound.close()
        if isinstance(self.call, RecordedCall):
            self.call.close()

    def _begin(self) -> None:
        self._dirty = True  # the panes know by now how large they are
        if self.recorded:
            self.set_interval(GROWTH_S, self.slices.wake)
            self.slices.wake()
        else:
            self.run_worker(self._run_call(), name="call", exit_on_error=False)
        if self._pending is not None:
            self.go_to(self._pending)

    async def _run_call(self) -> None:
        """Run the call to its end. What stops it early is shown, not thrown."""
        try:
            await self.call.run()
        except IvrsimError as error:
            self.crashed = str(error)
            self.application.exit_status = error.exit_status
        except Exception as error:
            if self.services.debug:
                raise
            # A mistake of ours must not look like a call that goes on.
            self.crashed = (
                f"internal error: {type(error).__name__}: {error}; "
                "run it again with --debug and report it"
            )
            self.application.exit_status = IvrsimError.exit_status
        else:
            self.application.exit_status = self.call.result.exit_status if self.call.result else 0
        self._dirty = True

    # from records to the screen

    def record(self, seq: int) -> Record | None:
        """Records count from 1 without gaps."""
        return record_at(self.source, seq - 1)

    def _records_came(self, records: Sequence[Record]) -> None:
        for record in records:
            self.view.apply(record)
            if record.kind == "digit" and record.data.get("source") != "keypad":
                self._pressed_elsewhere(record)
        self._dirty = True
        if monotonic() - self._drawn_at >= REDRAW_S:
            self._drawn_at = monotonic()
            self.call_next(self._draw)

    def _pressed_elsewhere(self, record: Record) -> None:
        digit = str(record.data.get("digit"))
        self.light(digit)
        if record.data.get("source") == "microphone":
            self.phone.meter.heard(digit)

    def redraw(self) -> None:
        """Draw everything again now."""
        self._dirty = True
        self._draw()

    def redraw_soon(self) -> None:
        """See ``ScrubActions``."""
        self._dirty = True
        self.call_after_refresh(self._draw_again)

    def _draw_again(self) -> None:
        if self._dirty and self.is_attached:
            self._draw()

    def _note_devices(self) -> None:
        for begin, device in zip(ABSENT, (self.call.speakers, self.call.microphone), strict=True):
            if device is not None:
                self._had.add(begin)

    def _tick(self) -> None:
        self._note_devices()
        for notice in self.call.notices[self._noticed :]:
            # What this machine never had is no news: that line stands in the phone pane.
            if not notice.startswith(ABSENT) or notice.startswith(tuple(self._had)):
                self.application.say(notice, "warning")
        self._noticed = len(self.call.notices)
        while self.sound.notices:
            self.application.say(self.sound.notices.pop(0), "warning")
        self.phone.meter.take(self.call.levels)
        self.follow_sound()
        over = self.call.ended or self.crashed is not None
        if self._dirty or not over or self.sound.playing:
            self._draw()
        elif self.slices.running and monotonic() - self._drawn_at >= PROGRESS_S:
            self.show_progress()

    def _draw(self) -> None:
        changed, self._dirty = self._dirty, False
        self._drawn_at = monotonic()
        self._drawn_count = len(self.source)
        if changed or not self.shown.last_seq:
            self.look()
        view, now = self.shown, self.moment_ms
        over = self.call.ended or self.crashed is not None
        self.phone.status.show(view, now)
        self.phone.buttons.show(view, self.call.ended)
        self._hold_key()
        goes_on = self.view.last_seq > 0 and not self.call.ended
        self.phone.meter.show(self.call, self.muted, goes_on, self.secret)
        self._offer_speech()
        self._show_title()
        self.detail.reply_is_held(self.reply_held())
        if changed or view.prompt is not None or not view.items:
            self.conversation.show(view, now, self.crashed if self.cursor is None else None)
        if changed or not view.last_seq:
            self.document.show(view)
            self.chips.show(self._counts.now())
            if not self.recorded:
                self.time_bar.ticks.advance(monotonic() + SLICE_S)
            self.trace.scan()
            self.show_count()
            if self.trace.shown.searching is not None:
                self.slices.wake()
            self.note_search()
            self.detail.call_is_over(over)
            self._show_selected()

    def _show_selected(self) -> None:
        """Bring the record under the cursor into the detail pane, and all that led to it into
        the conversation."""
        seq, there = self.trace.selected or 0, self.detail.record
        if there is None or there.seq != seq:
            self.detail.show(self.record(seq))
        if self.cursor != self._looked_at:
            self._looked_at = self.cursor
            self.conversation.to_end()

    def _hold_key(self) -> None:
        """Light the key that is heard; when looking back, the one that was pressed there."""
        key = None
        if self.cursor is not None:
            record = self.record(self.cursor)
            if record is not None and record.kind == "digit":
                key = str(record.data.get("digit"))
        elif not (self.secret or self.call.ended or self.call.microphone_muted):
            key = self.call.hearing
        self.phone.keypad.hold(key)

    def _offer_speech(self) -> None:
        field = self.query_one(SayField)
        if self.call.ended and field.has_class("-shown"):
            self.close_field()
        recording = recording_of(self.view)
        what = ""
        if field.has_class("-shown") or self.call.ended:
            pass  # taken up, or too late
        elif self.view.speech_open:
            what = "listening for speech"
        elif recording is not None and not recording.background:
            what = "recording"
        self.query_one(Offer).show(what)

    def phrases(self) -> list[str]:
        """What the open capture expects to hear, as the application says."""
        record = self.record(self.view.capture.seq) if self.view.capture is not None else None
        speech = record.data.get("speech") if record is not None else None
        context = speech.get("context") if isinstance(speech, dict) else None
        return [str(phrase) for phrase in context] if isinstance(context, list) else []

    def _show_title(self) -> None:
        end, bar = self.call.now_ms, self.time_bar
        damage = self.call.damage if isinstance(self.call, RecordedCall) else None
        self.query_one(DamageLine).show(self._trouble or damage)
        looks_back = self.cursor is not None
        right = title_right(self, end, self.app.size.width)
        self.query_one(TitleBar).show(title_left(self.view, self.placed), right)
        bar.set_class(self.has_class("-small") and not (looks_back or self.recorded), "-hidden")
        cursor = (self._place(), self.moment_ms) if looks_back else None
        bar.show(end, cursor, self.sound.playing)
        self.query_one("#views", Tabs).show(VIEWS, self.view_name, ((" V next", "faint"),))

    # messages of the widgets

    @on(KeypadPressed)
    def _keypad(self, event: KeypadPressed) -> None:
        self.action_press(event.digit)

    @on(RunCommand)
    async def _run(self, event: RunCommand) -> None:
        event.stop()
        await run_command(self, event.command)

    @on(RecordSelected)
    def _selected(self, event: RecordSelected) -> None:
        if event.by_person:
            self.trace.select(event.seq)
        else:
            self.redraw_soon()

    @on(Looked)
    def _list_moved(self) -> None:
        self.looked()

    @on(FilterChosen)
    def _filter_chosen(self, event: FilterChosen) -> None:
        self.filter_category(event.category)

    @on(TabChosen)
    def _view_chosen(self, event: TabChosen) -> None:
        self.show_view(event.tab)
        self.focus_view()

    @on(Input.Submitted, "#say")
    def _say(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        self.close_field()
        if text and not self.call.ended:
            try:
                self.call.say(text)
            except IvrsimError as error:
                self.application.say(str(error), "error")
        self.redraw()

    @on(Input.Changed, "#needle")
    def _needle_changed(self) -> None:
        self.apply_filter()

    def leave_needle(self) -> None:
        """From the filter into the list: what was looked at may not be among what is shown."""
        self.set_focus(self.trace)  # at once: the next key is for it
        if self.call.ended or self.cursor is not None:
            self.trace.select_shown()
