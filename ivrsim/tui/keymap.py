"""Every command with its key, in one place: bindings, key bar, help and palette read this."""

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
    Command("bookmark", "b,B", "B", "Put a bookmark into the trace"),
    Command("copy_payload", "y,Y", "Y", "Copy the payload of the selected record", "copy"),
    Command("copy_curl", "c,C", "C", "Copy the selected webhook as a curl command", "curl"),
    Command("copy_command", "l,L", "L", "Copy this call as a command line"),
    Command("filter", "slash", "/", "Filter the trace by text", "filter"),
    Command("next_filter", "f,F", "F", "Trace: all, webhooks, keys, prompts, diagnostics"),
    Command("next_tab", "t,T", "T", "Detail: request, reply, timing, record"),
    Command("zoom", "z,Z", "Z", "Full screen for the focused pane, and back", "zoom"),
    Command("follow", "e,E", "E", "Follow the end of the call again"),
    Command("next_view", "v,V", "V", "Small screen: conversation, trace, document"),
    Command("answer", "a,A", "A", "Answer the other telephone by hand"),
    Command("busy", "u,U", "U", "The other telephone is busy"),
    Command("reject", "j,J", "J", "The other telephone rejects the call"),
    Command("party_hang_up", "x,X", "X", "The other side hangs up"),
    Command("leave", "escape", "Esc", "Back to the list; during a call, hang up first", "back"),
)

ALL: Final = {command.id: command for command in (*EVERYWHERE, *HOME, *CALL)}

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
