"""Every command with its key, in one place: bindings, key bar, help and palette read this.

What a person has changed is in ``ivrsim.tui.keys``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Command:
    """``id`` names the method ``action_ID``; ``keys`` are Textual's names for keys.

    ``shown`` is how the key is written for people, ``label`` the word in the key bar (None: not
    there), ``about`` a sentence for help and palette.
    """

    id: str
    keys: str
    shown: str
    about: str
    label: str | None = None


EVERYWHERE: Final = (
    Command("toggle_theme", "d,D", "D", "Switch between the dark and the light theme"),
    Command("command_palette", "ctrl+p", "^P", "Find any command by its name", "commands"),
    Command("show_help", "question_mark,f1", "?", "Show all keys", "help"),
    Command("interrupt", "ctrl+c", "^C", "Copy what is selected, else hang up, else leave ivrsim"),
    Command("quit", "ctrl+q", "^Q", "Leave ivrsim"),
)

HOME: Final = (
    Command("call_entry", "", "⏎", "Call the sample or target under the cursor", "call"),
    Command(
        "edit_target", "slash,i,I", "/", "Type a flow, a URL or a Python application", "target"
    ),
    Command("home_quit", "q,Q", "Q", "Leave ivrsim", "quit"),
)

CALL: Final = (
    Command("hang_up", "h,H", "H", "Hang up", "hang up"),
    Command("say", "w,W", "W", "Say something: type what the caller says", "say"),
    Command("redial", "r", "R", "Call again with the same keys", "redial"),
    Command("skip", "s,S", "S", "Skip the prompt that plays (marked in the trace)", "skip"),
    Command("redial_here", "R", "⇧R", "Call again, same keys up to the selected record", "to here"),
    Command("mute", "m,M", "M", "Sound off or on"),
    Command("mute_microphone", "i,I", "I", "Mute the microphone, and back", "mic"),
    Command("devices", "o,O", "O", "Choose loudspeakers and microphone", "devices"),
    Command("bookmark", "b", "B", "Put a bookmark into the trace"),
    Command("copy_payload", "y,Y", "Y", "Copy the payload of the selected record", "copy"),
    Command("copy_curl", "c,C", "C", "Copy the selected webhook as a curl command", "curl"),
    Command("copy_command", "l,L", "L", "Copy this call as a command line"),
    Command("filter", "slash", "/", "Filter the trace: words, kind:digit, status:>=500", "filter"),
    Command("next_filter", "f,F", "F", "Trace: all, webhooks, keys, prompts, diagnostics"),
    Command("next_tab", "t", "T", "Detail: request, reply, timing, record"),
    Command("zoom", "z,Z", "Z", "Full screen for the focused pane, and back", "zoom"),
    Command("follow", "e", "E", "Back to now, or to the end of the call, and follow it"),
    Command("landmark_back", "left_square_bracket", "[", "Look at the webhook, key or mark before"),
    Command("landmark_on", "right_square_bracket", "]", "Look at the next webhook, key or mark"),
    Command("record_back", "comma", ",", "Look one record back"),
    Command("record_on", "full_stop", ".", "Look one record on"),
    Command("second_back", "shift+left,ctrl+left", "⇧←", "Look a second back"),
    Command("second_on", "shift+right,ctrl+right", "⇧→", "Look a second on"),
    Command("play_audio", "space", "Space", "Play the call's sound from here, and pause it"),
    Command("next_view", "v,V", "V", "Small screen: conversation, trace, document"),
    Command("answer", "a,A", "A", "Answer the other telephone by hand"),
    Command("busy", "u,U", "U", "The other telephone is busy"),
    Command("reject", "j,J", "J", "The other telephone rejects the call"),
    Command("party_hang_up", "x,X", "X", "The other side hangs up"),
    Command("leave", "escape", "Esc", "Back to the list; during a call, hang up first", "back"),
)

# Terminals send Shift+F9 as F21, Shift+F10 as F22 and Shift+F11 as F23, or by their own names.
# Many keep F10 and F11 for themselves: a letter does the same.
DEBUG: Final = (
    Command("continue_call", "f5", "F5", "Go on; looking back: go on live from there", "go on"),
    Command("edit_draft", "E", "⇧E", "Edit the request or the reply that is held", "edit"),
    Command("pause_call", "f6", "F6", "Stand still, and go on again", "pause"),
    Command(
        "step_back",
        "f22,shift+f10,p,P",
        "⇧F10",
        "Back to the step before; P does it too",
        "step back",
    ),
    Command("step_action", "f10,n,N", "F10", "On to the next action; N does it too", "action"),
    Command("step_webhook", "f11,g,G", "F11", "On to the next webhook; G does it too", "webhook"),
    Command("step_prompt", "f8", "F8", "On to the next prompt", "prompt"),
    Command("step_record", "f23,shift+f11", "⇧F11", "On to the next record"),
    Command("run_here", "f7", "F7", "Run to the selected record: on to it, or back to it", "here"),
    Command("toggle_breakpoint", "f9", "F9", "Breakpoint at the selected record", "break"),
    Command("breakpoints", "f21,shift+f9", "⇧F9", "Breakpoints: add, switch off, delete"),
    Command("faults", "f12", "F12", "Let the next webhook or telephone fail", "fault"),
    Command("branch_here", "f3", "F3", "Go on from the selected record: a branch", "branch"),
    Command("branches", "f2", "F2", "The tree of branches", "tree"),
    Command("compare", "f4", "F4", "Compare with the call that this came from", "compare"),
    Command("resend", "ctrl+r", "^R", "Send the selected webhook again, as it was or edited"),
    Command("waterfall", "T", "⇧T", "Waterfall: webhooks, prompts and dead air over time"),
    Command("assumptions", "q,Q", "Q", "Assumptions: the settings that decided something"),
    Command("bookmark_text", "B", "⇧B", "Put a bookmark with a text into the trace"),
    Command("next_mark", "apostrophe", "'", "To the next bookmark"),
    Command("previous_mark", "quotation_mark", '"', "To the bookmark before"),
)

# The screens that the debugger opens; each has its keys for itself.
BREAKPOINTS: Final = (
    Command("breakpoint_switch", "space", "Space", "Switch it off or on", "off or on"),
    Command("breakpoint_delete", "delete,backspace", "Del", "Delete it", "delete"),
    Command("breakpoint_add", "a,insert", "A", "Type another one", "add"),
)
EDITOR: Final = (
    Command("editor_accept", "ctrl+s", "^S", "Use what is written", "use it"),
    Command("editor_outside", "ctrl+o", "^O", "Edit in $VISUAL or $EDITOR", "editor"),
    Command("editor_changes", "ctrl+t", "^T", "Show what has been changed, and back", "changes"),
    Command("editor_reset", "ctrl+r", "^R", "Begin again with what it was", "reset"),
)
TREE: Final = (
    Command("tree_compare", "c,C", "C", "Compare it with the call on the screen", "compare"),
)
COMPARE: Final = (
    Command("difference_next", "n,N,f8", "N", "To the next difference", "next"),
    Command("difference_previous", "p,P,f7", "P", "To the difference before", "previous"),
    Command("compare_all", "a,A", "A", "Only what differs, or all records", "all or differing"),
)
ASSUMPTIONS: Final = (Command("assumption_all", "a,A", "A", "Try every other reading", "try all"),)
RESEND: Final = (
    Command("resend_again", "r,R", "R", "Send it once more", "once more"),
    Command("resend_edit", "e,E", "E", "Edit it and send it", "edit"),
)

EVERYTHING: Final = {
    "on the list": HOME,
    "in a call": CALL,
    "debugger": DEBUG,
    "breakpoints": BREAKPOINTS,
    "editing a request or a reply": EDITOR,
    "the tree of branches": TREE,
    "two calls side by side": COMPARE,
    "assumptions": ASSUMPTIONS,
    "a webhook sent again": RESEND,
    "everywhere": EVERYWHERE,
}
"""All commands, by the heading that help gives them."""

TOGETHER: Final = (("in a call", "debugger", "everywhere"),)
"""Headings whose commands are on one screen; every other has a screen with ``everywhere``."""

ALL: Final = {command.id: command for group in EVERYTHING.values() for command in group}

DIGITS: Final = {**{d: d for d in "0123456789"}, "asterisk": "*", "number_sign": "#"}
"""Textual's key names to the keys of a telephone."""


def bindings(commands: tuple[Command, ...]) -> list[Binding]:
    return [
        Binding(command.keys, command.id, command.about, show=False, id=command.id)
        for command in commands
        if command.keys
    ]


def digit_bindings() -> list[Binding]:
    return [
        Binding(key, f"press({digit!r})", f"Press {digit}", show=False)
        for key, digit in DIGITS.items()
    ]
