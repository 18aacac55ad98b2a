"""What the commands of the call screen do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual.containers import Vertical
from textual.widget import Widget

from ivrsim.errors import InputError, IvrsimError
from ivrsim.trace.view_curl import curl_command
from ivrsim.trace.view_words import CATEGORIES
from ivrsim.tui.call.filter_field import FilterField, FilterNote
from ivrsim.tui.call.say import SayField
from ivrsim.tui.call.scrub import ScrubActions
from ivrsim.tui.keymap import ALL

if TYPE_CHECKING:
    from ivrsim.tui.call.chips import Chips
    from ivrsim.tui.call.phone import Phone


VIEWS = ("conversation", "trace", "document")
"""What a small screen shows one at a time."""


class CallActions(ScrubActions):
    """The base of ``CallScreen``: one ``action_…`` for each command of ``keymap.CALL``."""

    phone: Phone
    chips: Chips
    crashed: str | None = None
    muted = False
    view_name = VIEWS[0]
    _searched = False

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

    def only_looking(self) -> bool:
        """The call is recorded, so that nothing can be told to it: that is said."""
        if self.recorded:
            branch = ALL.get("branch_here")
            how = "R calls again" if branch is None else f"{branch.shown} branches here"
            self.application.say(f"This is a recorded call: {how}")
        return self.recorded

    def action_press(self, digit: str) -> None:
        if self.only_looking():
            return
        self.light(digit)
        if not self.call.ended:
            self.call.press(digit)

    def action_hang_up(self) -> None:
        if not self.only_looking() and not self.call.ended:
            self.call.hang_up()

    def action_redial(self) -> None:
        if self.view_is_whole:
            self._again(self.view.keys())
        else:
            self.application.say("The trace is still being read: its keys are not all known yet")

    def action_redial_here(self) -> None:
        self.look()
        if self.cursor is None:
            self.action_redial()
        elif self.looking.ready:
            self._again(self.shown.keys())
        else:
            self.application.say("The trace is still being read up to here")

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
        if self.only_looking():
            return
        if not self.call.skip_prompt():
            self.application.say("No prompt is playing")

    def action_mute(self) -> None:
        if self.only_looking():
            return
        if self.call.speakers is None:
            self.application.say("The sound is off: O chooses loudspeakers")
            return
        self.muted = not self.muted
        self.call.mute(self.muted)
        self.redraw()

    def action_mute_microphone(self) -> None:
        if self.only_looking():
            return
        if self.call.microphone is None:
            self.application.say("The microphone is off: O chooses one")
        else:
            self.call.mute_microphone(not self.call.microphone_muted)
            self.redraw()

    def action_devices(self) -> None:
        if self.only_looking():
            return
        if self.call.ended:
            self.application.say("The call has ended: R calls again")
        else:
            from ivrsim.tui.call.devices import DevicesScreen

            self.app.push_screen(DevicesScreen(self.call))

    def action_say(self) -> None:
        if self.only_looking():
            return
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
        if self.only_looking():
            return
        if self.call.ended:
            self.application.say("The call has ended: its trace is closed")
        else:
            self.call.mark("bookmark")

    def _party(self, what: str) -> None:
        if self.only_looking():
            return
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
        needle, words = self.query_one(FilterField), self.query_one(SayField)
        if words.has_class("-shown") and (words.has_focus or not needle.has_class("-shown")):
            self.close_field()
        elif needle.has_class("-shown"):
            needle.value = ""  # which stops its search, too
            needle.remove_class("-shown")
            self.query_one(FilterNote).say("")
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
        if self.view_is_whole:
            self.application.copy(self.call.command_line(self.view.keys()), "the command line")
        else:
            self.application.say("The trace is still being read: its keys are not all known yet")

    # looking

    def action_filter(self) -> None:
        if self.has_class("-small"):
            self.show_view("trace")
        needle = self.query_one(FilterField)
        needle.add_class("-shown")
        self.set_focus(needle)  # at once: the next key is for it

    def action_next_filter(self) -> None:
        index = CATEGORIES.index(self.chips.category)
        self.filter_category(CATEGORIES[(index + 1) % len(CATEGORIES)])

    def filter_category(self, category: str) -> None:
        self.chips.choose(category)
        self.apply_filter()

    def apply_filter(self) -> None:
        """Show what the field and the chips say; an error points at its place in the field."""
        text, note = self.query_one(FilterField).value, self.query_one(FilterNote)
        try:
            self.trace.filter(self.chips.category, text)
        except InputError as error:  # a FilterError, which knows its column
            column = getattr(error, "column", 1)
            note.point(getattr(error, "what", str(error)), cell_len(text[: column - 1]))
            return
        note.say("")
        self._searched = bool(text.strip())
        self.note_search()
        self.slices.wake()

    def note_search(self) -> None:
        """Say how far the search has come, while it goes on."""
        shown, note = self.trace.shown, self.query_one(FilterNote)
        if shown.searching is not None:
            share = shown.searching / max(1, len(self.source))
            note.say(f"searching… {share:.0%}, {len(shown):,} found · Esc stops")
            self._searched = True
        elif self._searched:
            self._searched = False
            note.say("" if len(shown) else "nothing matches")

    def action_next_tab(self) -> None:
        self.detail.next_tab()

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
