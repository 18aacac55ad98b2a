"""Calls for the tests of the runtime: flows written into the test, in virtual time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from textwrap import dedent
from typing import Any

from ivrsim.flows.target import TargetOptions, load_target
from ivrsim.runtime.live import CallResult, LiveCall
from ivrsim.runtime.place import CallOptions, place_call
from ivrsim.trace.record import Record

SECOND = "seventeen letters"
"""Words that take a second to say."""

MENU_8X8 = f"""
platform: 8x8
app:
  pages:
    menu:
      reply:
        callflow:
          - action: sayAndCapture
            params: {{promptMessage: {SECOND}, voiceProfile: en-US, maxDigits: 2, noOfTries: 2,
                      overallTimeout: 5000}}
      next: {{"12": menu, other: bye, timeout: bye}}
    bye:
      reply: {{callflow: [{{action: say, params: {{text: {SECOND}, voiceProfile: en-US}}}},
                          {{action: hangup}}]}}
"""

MENU_VONAGE = f"""
platform: vonage
app:
  pages:
    menu:
      reply:
        - {{action: talk, text: {SECOND}, bargeIn: true}}
        - {{action: talk, text: {SECOND}, bargeIn: true}}
        - {{action: input, type: [dtmf], dtmf: {{maxDigits: 2, timeOut: 3}}}}
      next: {{"12": menu, other: bye, timeout: bye}}
    bye:
      reply: [{{action: talk, text: {SECOND}}}]
"""


def call(
    folder: Path, flow: str, *, target: TargetOptions | None = None, **options: Any
) -> LiveCall:
    """A call of ``flow`` (YAML), ready to run."""
    path = folder / "flow.yaml"
    path.write_text(dedent(flow))
    options.setdefault("seed", 0)
    return place_call(load_target(str(path), target), CallOptions(**options))


def run(folder: Path, flow: str, **options: Any) -> tuple[LiveCall, CallResult]:
    """The same, made."""
    made = call(folder, flow, **options)
    return made, asyncio.run(made.run())


def records(made: LiveCall, *kinds: str) -> list[Record]:
    return [record for record in made.records if record.kind in kinds]


def digits(made: LiveCall) -> list[tuple[int, str]]:
    """Every key with its time."""
    return [(r.t, r.data["digit"]) for r in records(made, "digit")]


def closed(made: LiveCall) -> list[tuple[int, str, str]]:
    """Every try of a capture: when it ended, with what, and by what."""
    return [(r.t, r.data["digits"], r.data["ended_by"]) for r in records(made, "capture.closed")]
