"""What the commands of the call screen do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from textual.containers import Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from ivrsim.errors import IvrsimError
from ivrsim.trace.view_curl import curl_command
from ivrsim.trace.view_words import CATEGORIES
from ivrsim.tui.call.devices import DevicesScreen
from ivrsim.tui.call.say import SayField

if TYPE_CHECKING:
    from ivrsim.trace.view import CallView
    from ivrsim.tui.app import IvrsimApp
    from ivrsim.tui.call.chips import Chips
    from ivrsim.tui.call.conversation import Conversation
    from ivrsim.tui.call.detail import Detail
    from ivrsim.tui.call.phone import Phone
    from ivrsim.tui.call.trace_list import TraceList
    from ivrsim.tui.protocol import Call, Placed, Services


VIEWS = ("conversation", "trace", "document")
"""What a small screen shows one at a time."""


class CallActions(Screen[None]):
    """The base of ``CallScreen``: one ``action_…`` for each command of ``keymap.CALL``."""

    services: Services
    placed: Placed
    call: Call
    view: CallView
    phone: Phone
    conversation: Conversation
    trace: TraceList
    chips: Chips
    detail: Detail
    crashed: str | None = None
    muted = False
    view_name = VIEWS[0]

    @property
    def application(self) -> IvrsimApp:
        return cast("IvrsimApp", self.app)

    def redraw(self) -> None:
        raise NotImplementedError

    def phrases(self) -> list[str]:
        raise NotImplementedError

    def show_view(self, name: str) -> None:
        raise NotImplementedError

    @property
    def secret(self) -> bool:
        """The digits that are taken now are not to be seen."""
        return self.view.capture is not None and self.view.capture.secret

    def light(self, digit: str) -> None:
        """Light a key of the keypad for a moment."""
        if not self.secret:
            self.phone.keypad.flash(digit)

    # the call

    def action_press(self, digit: str) -> None:
        self.light(digit)
        if not self.call.ended:
            self.call.press(digit)

    def action_hang_up(self) -> None:
        if not self.call.ended:
            self.call.hang_up()

    def action_redial(self) -> None:
        self._again(self.view.keys())

    def action_redial_here(self) -> None:
        self._again(self.view.keys(self.trace.selected if self.trace.chosen else None))

    def _again(self, keys: str) -> None:
        """Place the same call with ``keys``; the target is read anew, so that edits count."""
        from ivrsim.tui.call.screen import CallScreen

        # A hang-up is no key: calling again must not hang up by itself.
        keys = " ".join(group for group in [keys.removesuffix("hangup").strip()] if group)
        try:
            placed = self.services.place(self.placed.target, keys)
        except IvrsimError as error:
            self.application.say(str(error), "error")
            return
        if not self.call.ended:
            self.call.hang_up()
        self.app.switch_screen(CallScreen(self.services, placed))

    def action_skip(self) -> None:
        if not self.call.skip_prompt():
            self.application.say("No prompt is playing")

    def action_mute(self) -> None:
        if self.call.speakers is None:
            self.application.say("The sound is off: O chooses loudspeakers")
            return
        self.muted = not self.muted
        self.call.mute(self.muted)
        self.redraw()

    def action_mute_microphone(self) -> None:
        if self.call.microphone is None:
            self.application.say("The microphone is off: O chooses one")
        else:
            self.call.mute_microphone(not self.call.microphone_muted)
            self.redraw()

    def action_devices(self) -> None:
        if self.call.ended:
            self.application.say("The call has ended: R calls again")
        else:
            self.app.push_screen(DevicesScreen(self.call))

    def action_say(self) -> None:
        if self.call.ended:
            self.application.say("The call has ended: R calls again")
            return
        if self.has_class("-zoom") and not self.query_one("#chat").has_class("-zoomed"):
            self.action_zoom()
        if self.has_class("-small"):
            self.show_view("conversation")
        self.query_one("#chat").border_subtitle = "Enter says it · Esc closes"
        field = self.query_one(SayField).open(self.phrases(), self.conversation.size.width - 3)
        self.set_focus(field)

    def close_field(self) -> None:
        field = self.query_one(SayField)
        if field.has_focus:
            self.conversation.focus()
        field.close()
        self.query_one("#chat").border_subtitle = ""

    def action_bookmark(self) -> None:
        if self.call.ended:
            self.application.say("The call has ended: its trace is closed")
        else:
            self.call.mark("bookmark")

    def _party(self, what: str) -> None:
        for leg in reversed(list(self.view.legs.values())):
            if leg.role != "caller" and leg.ended_t is None:
                self.call.party(leg.leg, what)
                return
        self.application.say("No other telephone rings")

    def action_answer(self) -> None:
        self._party("answer")

    def action_busy(self) -> None:
        self._party("busy")

    def action_reject(self) -> None:
        self._party("reject")

    def action_party_hang_up(self) -> None:
        self._party("hang_up")

    def action_leave(self) -> None:
        needle, words = self.query_one("#needle", Input), self.query_one(SayField)
        if words.has_class("-shown") and (words.has_focus or not needle.has_class("-shown")):
            self.close_field()
        elif needle.has_class("-shown"):
            needle.value = ""
            needle.remove_class("-shown")
            self.trace.focus()
        elif self.has_class("-zoom"):
            self.action_zoom()
        elif self.call.ended or self.crashed is not None:
            self.application.go_home()
        else:
            self.call.hang_up()
            self.application.say("Hanging up. Esc again goes back to the list")

    # copying

    def action_copy_payload(self) -> None:
        payload = self.detail.payload()
        if payload is None:
            self.application.say("Nothing is selected in the trace")
        elif not payload[0]:
            self.application.say(f"Nothing to copy: {payload[1]} has no body")
        else:
            self.application.copy(*payload)

    def action_copy_curl(self) -> None:
        request = self.detail.request()
        if request is None:
            self.application.say("Select a webhook in the trace first")
            return
        try:
            self.application.copy(curl_command(request), "the curl command")
        except ValueError as error:
            self.application.say(str(error))

    def action_copy_command(self) -> None:
        self.application.copy(self.call.command_line(self.view.keys()), "the command line")

    # looking

    def action_filter(self) -> None:
        if self.has_class("-small"):
            self.show_view("trace")
        needle = self.query_one("#needle", Input)
        needle.add_class("-shown")
        self.set_focus(needle)  # at once: the next key is for it

    def action_next_filter(self) -> None:
        index = CATEGORIES.index(self.chips.category)
        self.filter_category(CATEGORIES[(index + 1) % len(CATEGORIES)])

    def filter_category(self, category: str) -> None:
        self.chips.choose(category)
        self.apply_filter()

    def apply_filter(self) -> None:
        self.trace.filter(self.chips.category, self.query_one("#needle", Input).value)

    def action_next_tab(self) -> None:
        self.detail.next_tab()

    def action_follow(self) -> None:
        self.trace.action_follow_end()
        self.conversation.follow = True
        self.conversation.to_end()

    def action_next_view(self) -> None:
        self.show_view(VIEWS[(VIEWS.index(self.view_name) + 1) % len(VIEWS)])
        self.focus_view()

    def focus_view(self) -> None:
        self.query_one(f"#{self.view_name}").focus()

    def action_zoom(self) -> None:
        zoomed = self.has_class("-zoom")
        for widget in self.query(".-zoomed, .-holds-zoomed"):
            widget.remove_class("-zoomed", "-holds-zoomed")
        pane = _pane_of(self.focused)
        if zoomed or pane is None:
            self.remove_class("-zoom")
            return
        pane.add_class("-zoomed")
        if isinstance(pane.parent, Vertical):
            pane.parent.add_class("-holds-zoomed")
        self.add_class("-zoom")


def _pane_of(widget: Widget | None) -> Widget | None:
    node: Any = widget
    while isinstance(node, Widget):
        if node.has_class("pane"):
            return node
        node = node.parent
    return None
