"""What a view of a very long call forgets, so that its size has a bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from ivrsim.trace.view_items import LegState

if TYPE_CHECKING:
    from ivrsim.trace.view import CallView

K = TypeVar("K")
V = TypeVar("V")

EVERY: Final = 64
"""How many records come between two looks at what may be forgotten."""

_DOCUMENTS = 16
_LEGS = 32
_RECORDINGS = 32
_GROUPS = 64


def forget(view: CallView, keep: int) -> None:
    """Leave the last ``keep`` items of the conversation, and of all else what a screen needs.

    What still runs, waits or sounds stays. Counts and the script of the keys stay whole.
    """
    surplus = len(view.items) - keep
    if surplus > 0:
        del view.items[:surplus]
        view.items_dropped += surplus
    _first_out(view.prompts, keep // 4, lambda prompt: prompt.state == "playing")
    _first_out(view.webhook_pairs, keep, lambda pair: pair.webhook in view.open_webhooks)
    _first_out(view.titles, keep, None)
    _first_out(view.legs, _LEGS, _stays)
    _first_out(view.recordings, _RECORDINGS, lambda recording: recording.by is None)
    for document in _first_out(view.documents, _DOCUMENTS, lambda each: each is view.document):
        for action in document.actions:
            view.actions.pop((document.document, action.pointer), None)
    # What a damaged or foreign trace begins without end:
    _first_out(view.open_webhooks, keep, None)
    _first_out(view.running_timers, keep, None)
    _first_out(view.decided, keep, None)
    _first_out(view.speaking, keep, None)
    for seen in (view.marks, view.edits, view.faults, view.dead_air):
        _last(seen, keep)
    view.script.forget(_GROUPS)


def _stays(leg: LegState) -> bool:
    return leg.role == "caller" or leg.ended_t is None


def _last(seen: list[Any], keep: int) -> None:
    del seen[: max(0, len(seen) - keep)]


def _first_out(names: dict[K, V], keep: int, stays: Callable[[V], bool] | None) -> list[V]:
    """Take the oldest out of ``names`` until ``keep`` are left, or all that may go have gone.

    ``stays`` keeps what is in use, but never more than four times as many as asked for.
    """
    surplus = len(names) - keep
    if surplus <= 0:
        return []
    going = [name for name, value in names.items() if stays is None or not stays(value)]
    del going[surplus:]
    if len(names) - len(going) > 4 * keep:
        going = list(names)[:surplus]
    return [names.pop(name) for name in going]
