"""Going back: a recorded call lived again up to a moment, so that it can go on from there.

Up to that moment the session is fed what it was fed then, and nothing is sent, played or waited
for. What is under way is kept in mind (``relive.UnderWay``): prompts that sound, timers that run,
telephones that ring, webhooks that are not answered. From then on the call is live.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivrsim.errors import InputError
from ivrsim.trace.record import Record

_REPLIES = ("webhook.response", "webhook.failed")
_TOLD = ("fault.injected", "duplicate.response", "reply.edited")


@dataclass(frozen=True, slots=True)
class Past:
    """What a branch has behind it.

    ``inputs`` are the records to be fed again; ``expected`` all records that this gave then, the
    inputs among them. ``later`` are replies that came after the moment to webhooks sent before
    it, by webhook. ``at`` is the moment in call time (milliseconds), ``seq`` the record gone back
    to, ``name`` the trace it is in; ``audio`` the sound of that call, where there is some.
    ``again`` is True when the application was called again for it, with new ids; ``note``
    is what is to be known of the application's own state. ``reply`` is the webhook whose reply
    was gone back to.
    """

    name: str
    seq: int
    at: int
    inputs: Sequence[Record]
    expected: Sequence[Record]
    later: Mapping[str, Record] = field(default_factory=dict)
    audio: Path | None = None
    again: bool = False
    note: str = ""
    reply: str | None = None
    open: frozenset[str] = frozenset()
    """Webhooks that were asked for at the very moment, of which nothing more is known: they go out
    when the call goes on."""
    cut: bool = False
    """The trace breaks off there: the last step may not have been written to its end."""
    told: Sequence[Record] = ()
    """What the trace was told of faults and edits between the moment and the ``later`` replies."""

    def parent(self) -> dict[str, Any]:
        """For the header of the branch's trace."""
        told: dict[str, Any] = {"trace": self.name, "seq": self.seq, "t": self.at}
        told["replies"] = "asked again" if self.again else "recorded"
        told["note"] = self.note
        return told


def past_of(
    records: Iterable[Record],
    seq: int,
    name: str,
    *,
    audio: Path | None = None,
    again: bool = False,
    note: str = "",
    inclusive: bool = False,
) -> Past:
    """What lies before record ``seq`` of a recorded call.

    An input (a key, a reply …) is left out unless ``inclusive``: something else may happen in its
    place. Any other record is there with all that came about with it. Replies that were under way
    are known.
    Raises InputError when there is no such record, or nothing to feed.
    """
    kept: list[Record] = []
    later: dict[str, Record] = {}
    told: list[Record] = []
    found: Record | None = None
    over = False
    for record in records:
        if record.seq == seq:
            found = record
        # Each step begins with its input: the step of ``seq``, if that is none, is complete.
        over = over or (record.is_input and record.seq >= seq + inclusive)
        if not over:
            kept.append(record)
        elif record.kind in _REPLIES and record.is_input:
            later.setdefault(str(record.data.get("webhook")), record)
        elif record is found and record.kind == "reply.edited":
            later[str(record.data.get("webhook"))] = _as_it_came(record)
        elif record.kind in _TOLD and str(record.data.get("webhook")) not in later:
            told.append(record)
    if found is None:
        raise InputError(f"{name}: there is no record {seq}: expected 1 to {len(kept)}")
    inputs = [record for record in kept if record.is_input]
    if not inputs:
        imported = seq > 1
        why = (
            "it was imported, and what was imported cannot be fed to the engine again"
            if imported
            else "there is nothing before the first record"
        )
        raise InputError(f"{name}: cannot go back to record {seq}: {why}")
    if kept[-1].kind == "call.ended" or any(r.kind == "call.left" for r in kept):
        raise InputError(f"{name}: at record {seq} the call is over: go back to an earlier one")
    at = found.t if found.is_input else kept[-1].t
    asked = {str(r.data.get("webhook")) for r in kept if r.kind == "webhook.request"}
    later = {webhook: record for webhook, record in later.items() if webhook in asked}
    used = found.kind in (*_REPLIES, "reply.edited")
    reply = str(found.data.get("webhook")) if used else None
    told = [record for record in told if str(record.data.get("webhook")) in later]
    known = {str(r.data.get("webhook")) for r in inputs if r.kind in (*_REPLIES, *_TOLD)}
    now = {str(r.data.get("webhook")) for r in kept if r.kind == "webhook.request" and r.t == at}
    return Past(
        name,
        seq,
        at,
        inputs,
        expected=kept,
        later=later,
        audio=audio,
        again=again,
        note=note,
        reply=reply,
        open=frozenset(now - known - set(later)),
        cut=not over,
        told=told,
    )


def _as_it_came(edit: Record) -> Record:
    """The reply before it was edited, in place of the record of the edit."""
    found = edit.data.get("was")
    was = found if isinstance(found, dict) else {}
    kind = "webhook.response" if was.get("status") is not None else "webhook.failed"
    data = {"reason": "failed", "message": was.get("body"), **was}
    return edit._replace(kind=kind, data={**data, "webhook": edit.data.get("webhook")})


def check(past: Past, lived: Iterable[Record]) -> Iterator[Record]:
    """``lived``, as long as it is what was recorded. InputError where it is not.

    Keys of ``data`` that the recorded call does not have are new, and no difference.
    """
    recorded = iter(past.expected)
    for record in lived:
        was = next(recorded, None)
        if (was is None and not past.cut) or (was is not None and not _same(was, record)):
            raise _differs(past, record.seq, _told(record), _told(was))
        yield record
    was = next(recorded, None)
    if was is not None:
        raise _differs(past, was.seq, _told(None), _told(was))


def not_as_written(past: Past, record: Record, error: Exception) -> InputError:
    """For ``record`` that cannot be fed again, as it lacks something or holds another thing."""
    return InputError(
        f"{past.name}: record {record.seq}: cannot go back: expected a {record.kind} as ivrsim "
        f"writes them, found one that cannot be fed again: {error!r}"
    )


def _differs(past: Past, seq: int, given: str, recorded: str) -> InputError:
    return InputError(
        f"{past.name}: record {seq}: cannot go back: fed again, the call gives {given} where "
        f"{recorded} was recorded; it was made by another version of ivrsim, or the file was "
        "changed"
    )


def _told(record: Record | None) -> str:
    return "nothing more" if record is None else f"{record.kind} at {record.t / 1000:.3f} s"


def _same(was: Record, record: Record) -> bool:
    if (was.seq, was.t, was.kind, was.leg, was.cause) != (
        record.seq, record.t, record.kind, record.leg, record.cause,
    ):  # fmt: skip
        return False
    data = record.data
    if was.data == data:
        return True
    return all(name in data and _plain(data[name]) == _plain(v) for name, v in was.data.items())


def _plain(value: Any) -> Any:
    """As it comes back from a file: tuples are lists there."""
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return value
