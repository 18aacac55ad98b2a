"""The first line of the call screen: what is called, how it stands, and what is looked at; and the
keys of its last line for a call that can only be looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ivrsim.trace.view import CallView
from ivrsim.trace.view_text import one_line_of
from ivrsim.trace.view_words import clock_words, number_words
from ivrsim.tui.call.status import REC, recording_of, state_spans
from ivrsim.tui.keymap import ALL, Command
from ivrsim.tui.protocol import Placed
from ivrsim.tui.spans import Row, Span
from ivrsim.tui.traces.places import moment_words

if TYPE_CHECKING:
    from ivrsim.tui.call.scrub import ScrubActions

_ROOM = 120
"""From this width on, the live call is shown beside the moment that is looked at."""

_KEYS: Final = {
    "landmark_back": "before", "landmark_on": "next", "play_audio": "play", "follow": "end",
    "branch_here": "branch", "redial": "redial", "filter": "filter",
    "compare": "compare", "copy_payload": "copy", "copy_curl": "curl", "zoom": "zoom",
    "leave": "back",
}  # fmt: skip
"""Commands that make sense for a recorded call, by how much they are wanted, and their words."""


def looking_keys() -> tuple[Command, ...]:
    """The commands of the key bar for a recorded call."""
    return tuple(replace(ALL[name], label=label) for name, label in _KEYS.items() if name in ALL)


def title_left(view: CallView, placed: Placed) -> Row:
    """Name, platform and number of what is called."""
    platform = {"8x8": "8x8", "vonage": "Vonage"}.get(placed.platform, placed.platform)
    number = view.caller if view.direction == "outbound" else view.callee
    left: Row = [
        (one_line_of(placed.title), "bold text"),
        (f"  ·  {one_line_of(platform)}", "muted"),
    ]
    return [*left, (f"  ·  {one_line_of(number_words(number))}", "muted")] if number else left


def title_right(screen: ScrubActions, end_ms: int, width: int) -> Row:
    """The state of the call, or which moment of it is looked at."""
    view = screen.view
    rec: Row = [(f"{REC}   ", "red")] if recording_of(view) is not None and not view.ended else []
    state: list[Span] = [*rec, *state_spans(view, end_ms)]
    recorded: list[Span] = [("recorded   ", "purple")] if screen.recorded else []
    if not screen.looking.ready and screen.recorded:
        share = screen.looking.folded / max(1, len(screen.source))
        recorded = [(f"reading… {share:.0%}   ", "yellow")]
        state = [] if screen.cursor is None else state
    if screen.cursor is None:
        return [*recorded, *state]
    back = "back to its end" if screen.call.ended else "back to live"
    what: list[Span] = [
        (f"looking at {moment_words(screen.moment_ms)}", "bold accent"),
        (f" of {clock_words(end_ms)} · ", "muted"),
        (ALL["follow"].shown, "bold accent"),
        (f" {back}", "muted"),
    ]
    live = [("   ", ""), *state] if width >= _ROOM and not screen.recorded else []
    return [*(recorded if width >= _ROOM or not screen.looking.ready else []), *what, *live]
