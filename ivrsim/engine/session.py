"""A call as a pure state machine: events in, records and commands out.

Theory of operation. ``feed(event, t)`` is the only door. It writes the record of the event
(marked as input), wakes the program that waited for it, and returns all records and
commands that came of it. Programs are generators (``Steps``): the platform's ``main`` and
the side tasks it spawns, such as the delivery of an event webhook. A program yields the
keys it waits for; each key has at most one waiter. The session never sleeps, reads a clock,
opens a socket or plays; ids and choices come from the seed. Hence the same events give the
same records and commands, always.

Causes. While an event is handled, ``cause`` is the ``seq`` of its record; ``record(...,
leads=True)`` moves it on, so that a chain of records reads as a chain of causes. An answer
(a reply, the end of a prompt, a timer) has the record of its command as cause.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from ivrsim.engine import events as ev
from ivrsim.engine.commands import CancelTimer, Command, DropLeg, EndCall, StartTimer
from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.engine.handlers import HANDLERS, too_late
from ivrsim.engine.hearing import Hearing
from ivrsim.engine.keys import Keys
from ivrsim.engine.leg import Leg
from ivrsim.engine.line import Line
from ivrsim.engine.platform import CallerGone, Outcome, Platform, Steps
from ivrsim.engine.recordings import Recordings
from ivrsim.engine.setup import CallSetup
from ivrsim.trace.record import Record


class _Task:
    """A running program and the keys it waits for."""

    __slots__ = ("keys", "steps")

    def __init__(self, steps: Steps[Any]) -> None:
        self.steps = steps
        self.keys: tuple[str, ...] = ()


class Session:
    """One conversation. Platforms' programs use its public methods; the runtime only ``feed``."""

    def __init__(self, platform: Platform, setup: CallSetup) -> None:
        self.platform = platform
        self.setup = setup
        self.random = random.Random(setup.seed)
        self.t = 0
        self.cause: int | None = None
        self.line: Line = Line(self)
        self.keys: Keys = Keys(self)
        self.hearing: Hearing = Hearing(self)
        self.recordings: Recordings = Recordings(self)
        self.legs: dict[str, Leg] = {}
        self.caller_leg = ""
        self.bridged = False
        self.closing = False
        self.ended = False
        self.started = False
        self.errors = 0
        self._started_at = datetime.fromisoformat(setup.started_at.replace("Z", "+00:00"))
        self._seq = 0
        self._records: list[Record] = []
        self._commands: list[Command] = []
        self._waiting: dict[str, _Task] = {}
        self._tasks: list[_Task] = []
        self._main: _Task | None = None
        self._outcome: Outcome | None = None
        self._counters: dict[str, int] = {}
        self._timers: dict[str, tuple[str, int]] = {}
        self._webhooks: dict[str, int] = {}
        self._requests: dict[str, int] = {}
        self._decided: set[str] = set()

    # ------------------------------------------------------------------ the door

    def feed(self, event: ev.Event, t: int) -> tuple[list[Record], list[Command]]:
        """Tell the session what happened at ``t`` (milliseconds of call time, never falling)."""
        if t > self.t:
            self.t = t
        records: list[Record] = []
        commands: list[Command] = []
        self._records, self._commands = records, commands
        self.cause = None
        if self.ended:
            too_late(self, event)
            return records, commands
        HANDLERS[type(event)](self, event)
        if self.started and not self._tasks and not self._webhooks and not self.ended:
            # A reply that comes too late is still recorded: the call waits for all of them.
            self._finish()
        return records, commands

    # ------------------------------------------------------------------ for programs

    def record(
        self,
        kind: str,
        data: dict[str, Any],
        leg: str | None = None,
        *,
        leads: bool = False,
    ) -> int:
        """Write a record; with ``leads`` it becomes the cause of what follows."""
        self._seq = seq = self._seq + 1
        self._records.append(Record(seq, self.t, kind, leg, self.cause, False, data))
        if leads:
            self.cause = seq
        return seq

    def command(self, command: Command) -> None:
        self._commands.append(command)

    def new_id(self, prefix: str) -> str:
        """``w1``, ``w2`` … by prefix."""
        count = self._counters.get(prefix, 0) + 1
        self._counters[prefix] = count
        return f"{prefix}{count}"

    def time(self, t: int | None = None) -> datetime:
        """Time of day at call time ``t`` (milliseconds; now when None), in UTC."""
        return self._started_at + timedelta(milliseconds=self.t if t is None else t)

    def spawn(self, steps: Steps[Any]) -> None:
        """Run ``steps`` beside the main program; the call ends only when it has ended too."""
        cause = self.cause
        task = _Task(steps)
        self._tasks.append(task)
        self._resume(task, None)
        self.cause = cause

    def start_timer(self, name: str, ms: int) -> str:
        """Start a timer of ``ms`` milliseconds; wait for it with the id returned."""
        timer = self.new_id("t")
        due = self.t + ms
        seq = self.record("timer.started", {"timer": timer, "name": name, "ms": ms, "due": due})
        self._timers[timer] = (name, seq)
        self.command(StartTimer(timer, due))
        return timer

    def cancel_timer(self, timer: str | None) -> None:
        """Cancel a timer that may have fired already, or None."""
        if timer is None:
            return
        entry = self._timers.pop(timer, None)
        if entry is not None:
            self.record("timer.cancelled", {"timer": timer, "name": entry[0]})
            self.command(CancelTimer(timer))

    def expect_webhook(self, webhook: str, seq: int) -> None:
        """``seq`` is the record of the request whose answer is awaited."""
        self._webhooks[webhook] = self._requests[webhook] = seq

    def add_leg(self, leg: Leg) -> None:
        """Put a leg into the conversation. The first with role ``caller`` is the caller's."""
        self.legs[leg.id] = leg
        if leg.role == "caller":
            self.caller_leg = leg.id
        data = {
            "role": leg.role,
            "name": leg.name,
            "direction": leg.direction,
            "from": leg.from_,
            "to": leg.to,
            "endpoint": "phone",
        }
        seq = self.record("leg.created", data, leg.id, leads=True)
        leg.causes["created"] = seq

    def answer_leg(self, leg: Leg) -> None:
        """The platform picks up (an inbound call)."""
        leg.state = "answered"
        leg.answered_at = self.t
        self.record("leg.answered", {"machine": False}, leg.id, leads=True)

    def end_leg(self, leg: Leg, outcome: str, by: str) -> None:
        """The leg is over; harmless when it was over already."""
        if leg.ended:
            return
        leg.state = "ended"
        leg.ended_at = self.t
        leg.outcome = outcome
        leg.ended_by = by
        if leg.role == "caller":
            self.line.stop("hangup")
        data = {"outcome": outcome, "by": by, "duration_ms": leg.talked_ms()}
        self.record("leg.ended", data, leg.id)
        self.command(DropLeg(leg.id))

    def diagnose(self, diagnostic: Diagnostic, document: str | None = None) -> None:
        """Write a remark; one of severity error makes the call failed."""
        if diagnostic.severity == "error":
            self.errors += 1
        data = diagnostic.to_json()
        data["document"] = document
        self.record("diagnostic", data)

    def setting(self, name: str) -> str:
        """The value of a setting, without saying that it decided something."""
        value = self.setup.settings.get(name)
        return self.platform.settings[name].default if value is None else value

    def decide(self, name: str, why: str) -> str:
        """The value of a setting that decides something now; the trace says so once."""
        setting = self.platform.settings[name]
        value = self.setup.settings.get(name, setting.default)
        if name not in self._decided:
            self._decided.add(name)
            self.record(
                "setting.decided",
                {
                    "name": name,
                    "value": value,
                    "default": setting.default,
                    "choices": list(setting.choices),
                    "basis": setting.basis,
                    "page": setting.page,
                    "why": why,
                },
            )
        return value

    def wake(self, key: str, event: object) -> bool:
        """Resume whoever waits for ``key``; False when nobody does."""
        task = self._waiting.get(key)
        if task is None:
            return False
        self._resume(task, event)
        return True

    # ------------------------------------------------------------------ for what happens

    @property
    def webhook_pending(self) -> bool:
        """Whether the main program waits for the reply to a webhook."""
        return self._main is not None and any(key in self._webhooks for key in self._main.keys)

    def input_record(
        self, kind: str, data: dict[str, Any], cause: int | None, leg: str | None = None
    ) -> int:
        """Write the record of an event; it is the cause of all that follows in this feed."""
        self._seq = seq = self._seq + 1
        self._records.append(Record(seq, self.t, kind, leg, cause, True, data))
        self.cause = seq
        return seq

    def begin(self) -> None:
        """Run the platform's program."""
        self.started = True
        self._main = task = _Task(self.platform.main(self))
        self._tasks.append(task)
        self._resume(task, None)

    def awaits(self, key: str) -> bool:
        """Whether a program waits for ``key``."""
        return key in self._waiting

    def timer_over(self, timer: str) -> tuple[str, int] | None:
        """Name and ``seq`` of a timer that has fired; None when it was cancelled."""
        return self._timers.pop(timer, None)

    def webhook_over(self, webhook: str) -> int | None:
        """The ``seq`` of the request that is answered now; None when there is none."""
        return self._webhooks.pop(webhook, None)

    def request_of(self, webhook: str) -> int | None:
        """The ``seq`` of the request of a webhook, answered or not; None when there was none."""
        return self._requests.get(webhook)

    # ------------------------------------------------------------------ programs

    def _resume(self, task: _Task, value: object, error: Exception | None = None) -> None:
        waiting = self._waiting
        for key in task.keys:
            del waiting[key]
        task.keys = ()
        try:
            keys = task.steps.send(value) if error is None else task.steps.throw(error)
        except StopIteration as stop:
            self._tasks.remove(task)
            if task is self._main:
                self._outcome = stop.value
                self.closing = True
        else:
            task.keys = keys
            for key in keys:
                waiting[key] = task

    def caller_gone(self, by: str) -> None:
        """The caller has left: stop the sound and tell the main program, once."""
        if self.closing or self._main is None:
            return
        self.closing = True
        self.line.stop("hangup")
        self._resume(self._main, None, CallerGone(by))

    def _finish(self) -> None:
        outcome = self._outcome or Outcome("aborted", "limit", True, "the call had to be cut off")
        self.ended = True
        failed = outcome.failed or self.errors > 0
        data = {
            "status": outcome.status,
            "by": outcome.by,
            "failed": failed,
            "why": outcome.why,
            "duration_ms": self.t,
        }
        self.record("call.ended", data)
        self.command(EndCall(outcome.status, failed))

    def leave(self) -> None:
        """End without an end: the call goes on elsewhere, and nobody is to be told of it here."""
        self.closing = self.ended = True
        for task in list(self._tasks):
            task.steps.close()
        del self._records[1:]  # what programs said when they were closed did not happen
        self._seq = self._records[0].seq
        self._commands.clear()
        self._tasks.clear()
        self._waiting.clear()

    def abort(self) -> None:
        """End everything now: the call went on beyond its limit although the caller had gone."""
        self.closing = True
        for task in list(self._tasks):
            task.steps.close()
        self._tasks.clear()
        self._waiting.clear()
        self._webhooks.clear()
        self.line.stop("hangup")
        self.recordings.stop_all("end")
        for leg in self.legs.values():
            self.end_leg(leg, "cancelled", "limit")
