"""The screen of one call: panes that are drawn from its records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.widgets import Input

from ivrsim.errors import IvrsimError
from ivrsim.trace.record import Record
from ivrsim.trace.view import CallView
from ivrsim.trace.view_text import one_line_of
from ivrsim.trace.view_words import number_words
from ivrsim.tui.call.actions import VIEWS, CallActions
from ivrsim.tui.call.chips import Chips
from ivrsim.tui.call.conversation import Conversation
from ivrsim.tui.call.detail import Detail
from ivrsim.tui.call.document import DocumentPane
from ivrsim.tui.call.meter import ABSENT
from ivrsim.tui.call.phone import Phone
from ivrsim.tui.call.say import Offer, SayField
from ivrsim.tui.call.status import REC, recording_of, state_spans
from ivrsim.tui.call.tabs import Tabs
from ivrsim.tui.call.trace_list import TraceList
from ivrsim.tui.key_bar import KeyBar
from ivrsim.tui.keymap import CALL, bindings, digit_bindings
from ivrsim.tui.messages import FilterChosen, KeypadPressed, RecordSelected, RunCommand, TabChosen
from ivrsim.tui.palette import run_command
from ivrsim.tui.protocol import Placed, Services
from ivrsim.tui.spans import Row
from ivrsim.tui.title_bar import TitleBar

REDRAW_S = 0.1
"""Lists are drawn at most this often."""
SMALL = (110, 30)
"""Below this many columns or lines there is one view at a time."""
ROOMY = 33
"""Below this many lines the keypad makes room for the meters."""
TINY = 52


class CallScreen(CallActions):
    """Runs ``placed.call`` when it is shown, and keeps showing it when it is over."""

    COMMANDS_HERE = CALL
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(CALL), *digit_bindings()]
    CSS_PATH = "screen.tcss"
    AUTO_FOCUS = "#conversation"

    def __init__(self, services: Services, placed: Placed) -> None:
        super().__init__()
        self.services = services
        self.placed = placed
        self.call = placed.call
        self.view = CallView()
        self._changed = False
        self._told = 0
        self._opening = len(self.call.notices)
        self._drawn_at = 0.0
        self._unsubscribe: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        yield TitleBar()
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
                    yield Input(placeholder="part of a kind, a word, a number", id="needle")
                    self.trace = TraceList(self.call.records, self.view)
                    yield self.trace
                self.detail = Detail(self.record, self.view)
                yield self.detail
        yield KeyBar(CALL, ("0-9*#", "keys"))

    def on_mount(self) -> None:
        self._fit(self.app.size.width, self.app.size.height)
        for record in self.call.records:
            self.view.apply(record)
        self._unsubscribe = self.call.subscribe(self._records_came)
        self.set_interval(REDRAW_S, self._tick)
        self._draw()
        self.call_after_refresh(self._begin)  # the first paint comes first

    def on_unmount(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()

    def _begin(self) -> None:
        self.run_worker(self._run_call(), name="call", exit_on_error=False)

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
        self._changed = True

    # from records to the screen

    def record(self, seq: int) -> Record | None:
        """Records count from 1 without gaps."""
        records = self.call.records
        return records[seq - 1] if 0 < seq <= len(records) else None

    def _records_came(self, records: Sequence[Record]) -> None:
        if not self.view.last_seq:
            self._opening = len(self.call.notices)
        for record in records:
            self.view.apply(record)
            if record.kind == "digit" and record.data.get("source") != "keypad":
                self._pressed_elsewhere(record)
        self._changed = True
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
        self._changed = True
        self._draw()

    def _tick(self) -> None:
        for index, notice in enumerate(self.call.notices[self._told :], self._told):
            # What this machine never had is no news: that line stands in the phone pane.
            if index >= self._opening or not notice.startswith(ABSENT):
                self.application.say(notice, "warning")
        self._told = len(self.call.notices)
        self.phone.meter.take(self.call.levels)
        over = self.call.ended or self.crashed is not None
        if self._changed or not over:
            self._draw()

    def _draw(self) -> None:
        changed, self._changed = self._changed, False
        self._drawn_at = monotonic()
        view, now = self.view, self.call.now_ms
        self.phone.status.show(view, now)
        self.phone.buttons.show(view)
        deaf = self.secret or self.call.ended or self.call.microphone_muted
        self.phone.keypad.hold(None if deaf else self.call.hearing)
        self.phone.meter.show(
            self.call, self.muted, view.last_seq > 0 and not self.call.ended, self.secret
        )
        self._offer_speech()
        self._show_title(now)
        if changed or view.prompt is not None or not view.items:
            self.conversation.show(view, now, self.crashed)
        if changed or not view.last_seq:
            self.document.show(view)
            self.chips.show(view)
            self.trace.scan()
            self.detail.lay_out()

    def _offer_speech(self) -> None:
        field = self.query_one(SayField)
        if self.call.ended and field.has_class("-shown"):
            self.close_field()
        recording = recording_of(self.view)
        what = ""
        if field.has_class("-shown"):
            pass  # taken up
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

    def _show_title(self, now: int) -> None:
        view, placed = self.view, self.placed
        platform = {"8x8": "8x8", "vonage": "Vonage"}.get(placed.platform, placed.platform)
        number = view.caller if view.direction == "outbound" else view.callee
        left: Row = [(one_line_of(placed.title), "bold text"), (f"  ·  {platform}", "muted")]
        if number:
            left = [*left, (f"  ·  {one_line_of(number_words(number))}", "muted")]
        rec: Row = [(f"{REC}   ", "red")] if recording_of(view) is not None else []
        self.query_one(TitleBar).show(left, [*rec, *state_spans(view, now)])
        self.query_one("#views", Tabs).show(VIEWS, self.view_name, ((" V next", "faint"),))

    # layout

    def on_resize(self, event: Resize) -> None:
        self._fit(event.size.width, event.size.height)

    def _fit(self, width: int, height: int) -> None:
        small = width < SMALL[0] or height < SMALL[1]
        self.set_class(small, "-small")
        self.set_class(width < TINY, "-tiny")
        self.phone.compact(small or height < ROOMY)
        if 0 < height < 44:
            self.document.styles.height = max(6, height // 4) if not small else None
        else:
            self.document.styles.height = None
        self.show_view(self.view_name)

    def show_view(self, name: str) -> None:
        """The view that a small screen shows."""
        self.view_name = name
        for view in VIEWS:
            self.set_class(view == name, f"-{view}")
        self.query_one("#views", Tabs).show(VIEWS, name, ((" V next", "faint"),))

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
        if event.by_person and self.trace.selected != event.seq:
            self.trace.select(event.seq)
        self.detail.show(self.record(event.seq), self.view)

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

    @on(Input.Submitted, "#needle")
    def _needle_done(self) -> None:
        self.trace.focus()
