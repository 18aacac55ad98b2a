"""Going back in a call, and on from there in another way.

A branch is a call of its own with a trace of its own. Up to the record gone back to it is the
call it comes from: either the recorded replies are fed again and nothing is sent, or the
application is called again, with new ids, by the recorded caller. From there on it is live.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ivrsim.engine.events import Marked, WebhookFailed, WebhookReplied
from ivrsim.errors import InputError
from ivrsim.flows.pages import ScriptedApplication
from ivrsim.flows.target import PythonApplication, Target
from ivrsim.runtime.clock import Clock
from ivrsim.runtime.live import LiveCall
from ivrsim.runtime.past import Past, past_of
from ivrsim.runtime.place import Back, CallOptions, call_of, prepare_call
from ivrsim.runtime.plan import CallPlan
from ivrsim.runtime.recorded import RecordedCall
from ivrsim.runtime.stopping import Stop, Watcher
from ivrsim.trace.record import Header, Record

_AHEAD: Final = (
    "the application's own state may be ahead: it has seen the whole of the call gone back in"
)
_ANEW: Final = "the application was started anew: it has seen nothing of the call gone back in"
_PAGES: Final = "scripted pages keep nothing of a call: they are where they were"
_HERE: Final = "gone back to here"
_AGAIN: Final = "the application was called again up to here, with new ids"

_ACTS: Final = frozenset({"digit", "speech.started", "speech", "speech.stopped"})
_LAST: Final = 2
"""Rank on the agenda: after all that the recorded caller does at the same moment."""

# Where a call that is made again is found again: the last of these before the record.
_LANDMARKS: Final = frozenset(
    {
        "call.started", "document.received", "action.started", "prompt.started",
        "prompt.finished", "capture.opened", "capture.listening", "capture.closed",
        "webhook.request", "recording.started", "leg.created", "leg.answered", "leg.bridged",
    }
)  # fmt: skip


def branch(
    records: Iterable[Record],
    header: Header,
    seq: int,
    target: Target,
    options: CallOptions,
    *,
    trace: Path | None = None,
    watcher: Watcher | None = None,
) -> LiveCall:
    """The call that goes on from record ``seq`` with what was recorded up to there.

    ``records`` and ``header`` are those of the call gone back in, ``trace`` its file if it has
    one. An input (a key, a reply …) is left out, as something else may happen in its place; a
    reply that is left out is held, to be used as it came or edited. Raises IvrsimError.
    """
    past = past_of(records, seq, _name(trace), audio=_audio(trace), note=_note(target))
    plan = prepare_call(target, options, watcher=watcher, back=Back(past, header))
    return call_of(_with_parent(plan, past.parent(), trace))


async def branch_again(
    records: Sequence[Record],
    header: Header,
    seq: int,
    target: Target,
    options: CallOptions,
    *,
    trace: Path | None = None,
    watcher: Watcher | None = None,
) -> LiveCall:
    """As ``branch``, but the application is called again up to there, with new ids.

    The recorded caller does what he did before record ``seq``, in virtual time. Raises
    InputError when the application of today does not come to that place.
    """
    before = past_of(records, seq, _name(trace))
    landmark = next(
        (record for record in reversed(before.expected) if record.kind in _LANDMARKS), None
    )
    if landmark is None:
        raise InputError(f"{before.name}: there is nothing before record {seq} to come back to")
    nth = sum(record.kind == landmark.kind for record in before.expected)
    plan = prepare_call(target, options, watcher=watcher)
    try:
        acts = any(r.seq > landmark.seq and r.kind in _ACTS for r in before.expected)
        goal = _Landmark(landmark.kind, nth, before.at - landmark.t, acts)
        made = await _made_again(plan, before, goal, target)
        place = sum(record.kind == landmark.kind for record in made)
        if place < nth:
            raise InputError(
                f"{before.name}: the application of today does not come to record {seq}: "
                f"it came to {place} of {nth} {landmark.kind}"
            )
        last = made[-1].seq
        past = past_of(made, last, before.name, again=True, note=_AGAIN, inclusive=True)
        told = {**past.parent(), "seq": seq, "t": before.at}
        plan.past, plan.stopped = past, options.person
        return LiveCall(_with_parent(plan, told, trace))
    except BaseException:
        if plan.release is not None:
            await asyncio.to_thread(plan.release)
        raise


async def _made_again(
    plan: CallPlan, before: Past, landmark: _Landmark, target: Target
) -> list[Record]:
    """The records of a new call, up to ``landmark`` or to its end."""
    again = replace(
        plan,
        clock=Clock(None),
        pages=plan.pages.fresh() if plan.pages is not None else None,
        faults=plan.faults.anew(),
        watcher=landmark,
        handset=None,
        trace_path=None,
        audio_path=None,
        stream=None,
        person=False,
        release=None,
    )
    RecordedCall(before.expected).join(again, target.parties, target.default_party)
    call = LiveCall(again)
    landmark.mark = lambda t: call.schedule(t, Marked(_HERE), rank=_LAST)
    making = asyncio.ensure_future(call.run())
    there = asyncio.ensure_future(landmark.there.wait())
    try:
        await asyncio.wait({making, there}, return_when=asyncio.FIRST_COMPLETED)
        call.leave("")
        await making
    finally:
        there.cancel()
        if not making.done():
            making.cancel()
            await asyncio.wait({making})
    return [record for record in call.records if record.kind != "call.left"]


class _Landmark:
    """Stops a call ``after_ms`` milliseconds after the ``nth`` record of a kind.

    ``acts``: the recorded caller does something before that, perhaps at the same moment.
    """

    def __init__(self, kind: str, nth: int, after_ms: int, acts: bool) -> None:
        self._kind = kind
        self._left = nth
        self._after_ms = after_ms
        self._at_once = after_ms == 0 and not acts
        self.there = asyncio.Event()
        self.mark: Callable[[int], None] = lambda t: None

    def lived(self, records: Sequence[Record]) -> None:
        """Nothing was lived before."""

    def after(self, records: Sequence[Record]) -> Stop | None:
        last = records[-1]
        if self._left > 0:
            self._left -= sum(record.kind == self._kind for record in records)
            if self._left > 0:
                return None
            if not self._at_once:
                self.mark(last.t + self._after_ms)
                return None
        elif last.kind != "mark" or last.data.get("text") != _HERE:
            return None
        self.there.set()
        return Stop("record", "there", last.seq)

    def before_reply(
        self, reply: WebhookReplied | WebhookFailed, request: Record | None
    ) -> Stop | None:
        return None


def _name(trace: Path | None) -> str:
    return "a call that was not kept" if trace is None else str(trace)


def _with_parent(plan: CallPlan, parent: dict[str, Any], trace: Path | None) -> CallPlan:
    """``plan`` with a header that names its parent: by name alone where both lie together, so
    that a folder of traces can be moved."""
    if trace is not None:
        own = plan.trace_path
        beside = own is not None and own.parent.resolve() == trace.parent.resolve()
        parent = {**parent, "trace": trace.name if beside else str(trace.absolute())}
    plan.header = plan.header._replace(parent=parent)
    return plan


def _audio(trace: Path | None) -> Path | None:
    sound = None if trace is None else trace.with_suffix(".wav")
    return sound if sound is not None and sound.is_file() else None


def _note(target: Target) -> str:
    if isinstance(target.application, PythonApplication):
        return _ANEW
    if isinstance(target.application, ScriptedApplication):
        return _PAGES
    return _AHEAD
