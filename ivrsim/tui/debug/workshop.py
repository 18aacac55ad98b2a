"""The debugger's doors on the real rooms below; each is imported when it is first used."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ivrsim.errors import InputError
from ivrsim.runtime.stopping import ReplyDraft, RequestDraft
from ivrsim.trace.dead_air import LIMIT_MS
from ivrsim.trace.record import Record
from ivrsim.trace.view_words import clock_words
from ivrsim.tui.debug.protocol import (
    Bar,
    Branch,
    Comparison,
    Draft,
    Pair,
    Resent,
    Side,
    Tried,
    Workshop,
)
from ivrsim.tui.protocol import Placed

if TYPE_CHECKING:
    from ivrsim.debugger.breakpoints import Breakpoints
    from ivrsim.flows.target import Target
    from ivrsim.replay.difference import Comparison as Compared
    from ivrsim.replay.traces import Trace
    from ivrsim.runtime.place import CallOptions

    Load = Callable[[str], tuple[Target, CallOptions]]

_OF_HISTORY: Final = re.compile(r"(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-\d{3}-")
_MOST_BRANCHES: Final = 1000


def real_workshop(load: Load, breakpoints: Breakpoints, dead_air_ms: int = LIMIT_MS) -> Workshop:
    """``load`` reads what is called: its target, and the options of a call in the application."""
    from ivrsim.debugger.breakpoints import Debugger
    from ivrsim.flows.faults import FAULTS, parse_fault

    async def branch(placed: Placed, seq: int, again: bool) -> Placed:
        from ivrsim.debugger.branch import branch as back
        from ivrsim.debugger.branch import branch_again

        call = placed.call
        target, options = await asyncio.to_thread(load, placed.target)
        options = replace(options, keys="", trace_path=_beside(options.trace_path))
        watcher = Debugger(breakpoints)
        records = list(call.records)
        path = call.trace_path
        if again:
            made = await branch_again(
                records, call.header, seq, target, options, trace=path, watcher=watcher
            )
        else:
            made = back(records, call.header, seq, target, options, trace=path, watcher=watcher)
        return replace(placed, call=made)

    def call_with(placed: Placed, keys: str, settings: Mapping[str, str]) -> Placed:
        from ivrsim.runtime.place import place_call

        target, options = load(placed.target)
        target = replace(target, settings={**target.settings, **settings})
        options = replace(options, keys=keys, trace_path=_beside(options.trace_path))
        return replace(placed, call=place_call(target, options, watcher=Debugger(breakpoints)))

    async def resend(placed: Placed, draft: RequestDraft, edited: bool) -> Resent:
        from ivrsim.runtime.allow import HostPolicy, web_url
        from ivrsim.runtime.resend import send_again

        call: Any = placed.call
        if hasattr(call, "resend"):
            sent: Resent = await call.resend(draft, edited=edited)
            return sent
        target, options = await asyncio.to_thread(load, placed.target)
        # As for a call: this machine, what is private, and the target's own host.
        policy = HostPolicy(getattr(target.application, "url", None), options.allow)
        policy.check(web_url(draft.url))
        return await send_again(
            draft, policy=policy, headers=options.headers, insecure=options.insecure
        )

    def request(record: Record) -> RequestDraft:
        from ivrsim.runtime.resend import draft_of

        return draft_of(record)

    def open_trace(path: Path) -> Placed:
        from ivrsim.tui.traces.recorded import open_recorded

        return open_recorded(path)

    return Workshop(
        breakpoints=breakpoints,
        drafts=RealDrafts(),
        faults=FAULTS,
        fault=parse_fault,
        branch=branch,
        tree=tree,
        open=open_trace,
        compare=compare,
        bars=partial(bars, dead_air_ms=dead_air_ms),
        call_with=call_with,
        reading=reading,
        try_all=try_all,
        request=request,
        resend=resend,
    )


class RealDrafts:
    """``debugger.drafts`` for requests and replies alike."""

    def text(self, draft: Draft) -> str:
        from ivrsim.debugger import drafts

        if isinstance(draft, RequestDraft):
            return drafts.request_text(draft)
        return drafts.reply_text(draft)

    def parse(self, text: str, draft: Draft) -> Draft:
        from ivrsim.debugger import drafts

        if isinstance(draft, RequestDraft):
            return drafts.parse_request(text, draft)
        return drafts.parse_reply(text, draft)

    def remarks(self, platform: str, draft: Draft, settings: Mapping[str, str]) -> Sequence[str]:
        from ivrsim.debugger import drafts

        if isinstance(draft, ReplyDraft):
            return drafts.remarks(platform, draft, settings)
        return ()

    def difference(self, old: str, new: str) -> str:
        from ivrsim.debugger import drafts

        return drafts.difference(old, new)


def tree(path: Path) -> list[Branch]:
    """All calls that come from the same one as ``path``, as they are drawn."""
    from ivrsim.debugger.tree import tree_of

    made = tree_of(path)
    return [
        Branch(
            node.path, name_of(node.path), node.title, depth, node.seq, node.t or 0, node.replies,
            here=node is made.here,
        )
        for depth, node in made.rows()
    ]  # fmt: skip


async def compare(old: Path, new: Path) -> Comparison:
    """Lay two recorded calls side by side. Raises TraceError."""

    def work() -> Comparison:
        from ivrsim.replay.compare import compare as compared
        from ivrsim.replay.traces import read_trace

        before, after = read_trace(old), read_trace(new)
        # A call that goes on is compared as far as it has come.
        made = compared(before, after, partial=not after.whole)
        return _side_by_side(before, after, made, name_of(old), name_of(new))

    return await asyncio.to_thread(work)


def bars(records: Iterable[Record], dead_air_ms: int = LIMIT_MS) -> list[Bar]:
    """The waterfall of a call."""
    from ivrsim.trace.view import CallView
    from ivrsim.trace.waterfall import Waterfall

    made = Waterfall(CallView(dead_air_ms=dead_air_ms))
    for record in records:
        made.apply(record)
    return [
        Bar(
            bar.seq, bar.lane, bar.label, bar.start_ms, bar.end_ms, bar.tone, bar.detail,
            bar.elapsed_ms,
        )
        for bar in made.bars()
    ]  # fmt: skip


async def reading(path: Path, name: str, value: str) -> Comparison:
    """Make the recorded call again with another setting, and lay both side by side."""
    from ivrsim.replay.again import How
    from ivrsim.replay.run import replay
    from ivrsim.replay.traces import read_trace

    old = await asyncio.to_thread(read_trace, path)
    made = await replay(old, How(settings={name: value}))
    return _side_by_side(old, made.new, made.comparison, name_of(path), f"{name}={value}")


async def try_all(path: Path, tell: Callable[[Tried], None]) -> None:
    """Make the recorded call once under each other value of what decided something in it."""
    from ivrsim.replay.assumptions import Outcome, assume

    loop = asyncio.get_running_loop()

    def came(name: str, outcome: Outcome) -> None:
        tried = Tried(name, outcome.value, outcome.changed, outcome.failed, outcome.text)
        loop.call_soon_threadsafe(tell, tried)

    # In a thread, with a loop of its own: these calls never wait, and the screen would.
    await asyncio.to_thread(lambda: asyncio.run(assume(path, tell=came)))


def _side_by_side(old: Trace, new: Trace, made: Compared, before: str, after: str) -> Comparison:
    said: dict[tuple[str, int], tuple[str, str]] = {}
    for each in made.differences:
        for side, seq in (("old", each.old_seq), ("new", each.new_seq)):
            if seq is not None:
                kind, text = said.get((side, seq), ("", ""))
                told = each.text if not text else f"{text}; {each.text}"
                said[side, seq] = (kind or each.kind, told)
    pairs = []
    for row in made.pairs:
        kind, text = said.get(("old", row.old_seq or 0)) or said.get(
            ("new", row.new_seq or 0), ("", "")
        )
        pairs.append(Pair(row.old_seq, row.new_seq, row.same and not text, kind, text))
    return Comparison(_side(old, before), _side(new, after), pairs, len(made.differences))


def _side(trace: Trace, name: str) -> Side:
    records = trace.records

    def record(seq: int) -> Record | None:
        return records[seq - 1] if 0 < seq <= len(records) else None

    titles = {
        str(each.data.get("webhook")): str(each.data.get("title") or each.data.get("purpose"))
        for each in records
        if each.kind == "webhook.request"
    }
    target = trace.header.target if trace.header is not None else ""
    length = clock_words(records[-1].t) if records else ""
    return Side("  ".join(filter(None, (name, length))) or target, record, titles)


def name_of(path: Path) -> str:
    """A trace for people: of the history, when it was called; else the name of its file."""
    found = _OF_HISTORY.match(path.name)
    if found is None:
        return path.name
    called = datetime(*map(int, found.groups()), tzinfo=UTC).astimezone()  # type: ignore[arg-type, misc]  # six numbers
    return f"{called:%d %b %H:%M:%S}"


def _beside(path: Path | None) -> Path | None:
    """A file of its own for another call, where one was named for the first."""
    if path is None:
        return None
    for number in range(2, _MOST_BRANCHES):
        other = path.with_name(f"{path.stem}-{number}{path.suffix}")
        if not other.exists():
            return other
    raise InputError(f"{path.parent}: there are {_MOST_BRANCHES} files named like {path.name}")
