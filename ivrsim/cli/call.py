"""``ivrsim call``."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace

from ivrsim.cli.options import call_options, dead_air_ms, target_options
from ivrsim.cli.printing import JsonPrinter, Printer
from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.errors import InputError
from ivrsim.flows.target import Target, load_target
from ivrsim.runtime.clock import Clock
from ivrsim.runtime.live import CallResult, LiveCall
from ivrsim.runtime.place import place_call
from ivrsim.trace.dead_air import DeadAirFold
from ivrsim.trace.filter import parse_filter
from ivrsim.trace.record import Record
from ivrsim.trace.view_text import one_line_of

TERMINATED = 143


def call(options: Namespace) -> int:
    """One call, printed as it happens."""
    _check_devices(options)
    silence = _Silence(dead_air_ms(options.dead_air))
    wanted = parse_filter(options.filter or "")
    target = load_target(options.target, target_options(options))
    for finding in target.findings:
        _complain("warning", str(finding))
    out = sys.stdout
    # Without a filter it is the trace itself, header and all.
    stream = out.buffer if options.json and not wanted else None
    remarks = _Remarks(target)
    # What an application prints must not get between the lines of a trace.
    with contextlib.redirect_stdout(sys.stderr):
        placed = place_call(target, call_options(options, person=False, stream=stream))
        placed.subscribe(remarks)
        placed.subscribe(silence)

        def record_of(seq: int) -> Record | None:
            return placed.records[seq - 1] if 0 < seq <= len(placed.records) else None

        if not options.json:
            placed.subscribe(Printer(out, options.verbose, wanted, record_of))
        elif wanted:
            placed.subscribe(JsonPrinter(out.buffer, wanted, record_of))
        notices = _Notices(placed, remarks)
        placed.subscribe(notices)
        try:
            result = asyncio.run(_until_the_end(placed))
        except asyncio.CancelledError:
            _complain("terminated", "the caller hung up")
            return TERMINATED
        except KeyboardInterrupt:
            _complain("interrupted", "the caller hung up")
            raise
    remarks.complain()
    notices()
    for warning in result.warnings:
        if warning not in remarks.messages:
            _complain("warning", warning)
    for warning in silence.warnings():
        _complain("warning", warning)
        if options.strict and not result.exit_status:
            result = replace(result, failed=True, exit_status=1)
    if result.exit_status and (result.exit_status != 1 or not remarks.failed):
        strict = options.strict and result.exit_status == 1
        _complain("error", "warnings fail (--strict)" if strict else result.why or result.summary)
    return result.exit_status


def _check_devices(options: Namespace) -> None:
    if Clock.parse(options.clock).factor == 1.0:
        return
    for name, device in (("speakers", options.speakers), ("microphone", options.microphone)):
        if device != "off":
            raise InputError(
                f"--{name} {device}: nothing is heard unless the call is made in real time: "
                f"add --clock real, or leave out --{name}"
            )


def _complain(what: str, line: str) -> None:
    print(f"ivrsim: {what}: {line}", file=sys.stderr)


async def _until_the_end(placed: LiveCall) -> CallResult:
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None
    if sys.platform != "win32":
        for name in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(name, task.cancel)
    return await placed.run()


class _Notices:
    """What the one who calls should know, told when it happens: a device that is not there."""

    def __init__(self, placed: LiveCall, remarks: _Remarks) -> None:
        self._placed = placed
        self._remarks = remarks
        self._told = 0

    def __call__(self, records: Sequence[Record] = ()) -> None:
        new = self._placed.notices[self._told :]
        self._told += len(new)
        for line in new:
            if line not in self._remarks.messages:
                _complain("warning", line)


class _Silence:
    """Measures how long the caller hears nothing after a key."""

    def __init__(self, limit_ms: int) -> None:
        self._limit_ms = limit_ms
        self._fold = DeadAirFold()

    def __call__(self, records: Sequence[Record]) -> None:
        for record in records:
            self._fold.apply(record)

    def warnings(self) -> list[str]:
        return [
            f"{air.t / 1000:.2f} s: dead air: the caller hears nothing for {air.ms / 1000:g} s "
            f"after the {air.after} (--dead-air: more than {self._limit_ms / 1000:g} s)"
            for air in self._fold.stretches
            if air.ms > self._limit_ms
        ]


class _Remarks:
    """Collects errors and warnings with their places, to be said after the call."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._pages: dict[str, str | None] = {}
        self._urls: dict[str, str] = {}
        self._from: dict[int | None, str] = {}
        self._lines: dict[tuple[str, str], None] = {}
        self.messages: set[str] = set()
        self.failed = False

    def __call__(self, records: Sequence[Record]) -> None:
        for record in records:
            data = record.data
            if record.kind == "webhook.request" and data["sent"]:
                url = data["url"]
                self._urls[data["webhook"]] = url.partition("?")[0] if data["query"] else url
            elif record.kind == "webhook.response":
                self._from[record.seq] = self._urls[data["webhook"]]
            elif record.kind == "document.received":
                self._pages[data["document"]] = data["page"]
                if record.cause in self._from:
                    self._from[record.seq] = self._from[record.cause]
            elif record.kind == "diagnostic" and data["severity"] != "info":
                self.messages.add(data["message"])
                self.failed = self.failed or data["severity"] == "error"
                self._lines[data["severity"], self._words(record)] = None

    def _words(self, record: Record) -> str:
        data = record.data
        place = None
        if data["document"] is not None:
            place = self._target.place(data["pointer"], self._pages.get(data["document"]))
        if place is None:
            url = self._from.get(record.cause, "")
            url = "" if url.startswith("pages:") else url
            place = " ".join(part for part in (url, data["pointer"]) if part)
        remark = Diagnostic.from_json(data)
        words = remark.in_words()
        return one_line_of(f"{place}: {remark.code}: {words}" if place else words, 1000)

    def complain(self) -> None:
        for severity, line in self._lines:
            _complain(severity, line)
