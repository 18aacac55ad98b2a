"""Traces of any length for the benches: a call round and round in a menu, a line of 300 bytes for
each record, one every 40 ms."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from pathlib import Path

from ivrsim.trace.record import Record

BYTES = 300
STEP_MS = 40
TURN = 8
"""Records of one turn of the menu."""
LAST = "the last of them"
"""What the last record says."""


def prompt_at(seq: int) -> str:
    """The prompt begun last at record ``seq``."""
    turn, step = divmod(seq, TURN)
    return f"This is prompt {turn if step >= 3 else turn - 1}."


class Steps:
    """Such a trace without its data: when its records are, for what asks for no more."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __len__(self) -> int:
        return self._size

    def record(self, i: int) -> Record:
        return Record(i + 1, (i + 1) * STEP_MS, "mark", None, None, False, {})

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[Record]:
        return map(self.record, range(self._size)[start:stop])

    def kind(self, i: int) -> str:
        return "mark"

    def kinds(self, start: int = 0, stop: int | None = None) -> tuple[array[int], list[str]]:
        return array("B", bytes(len(range(self._size)[start:stop]))), ["mark"]


def write_trace(path: Path, size: int) -> None:
    """A call of ``size`` records, each a line of 300 bytes."""
    header = {
        "type": "header", "format": "ivrsim-trace", "version": 1, "platform": "vonage",
        "target": "restaurant", "seed": 0, "started_at": "2026-01-01T00:00:00.000Z",
        "settings": {}, "parent": None, "setup": {}, "arguments": [],
    }  # fmt: skip
    with path.open("w", encoding="ascii") as file:
        file.write(json.dumps(header, separators=(",", ":")) + "\n")
        lines: list[str] = []
        for seq, (kind, leg, cause, data) in enumerate(_records(size), 1):
            line = (
                f'{{"type":"record","seq":{seq},"t":{seq * STEP_MS},"kind":"{kind}","leg":{leg},'
                f'"cause":{cause},"data":{{{data},"pad":"'
            )
            lines.append(line.ljust(BYTES - 4, "x") + '"}}\n')
            if len(lines) == 5000:
                file.writelines(lines)
                lines.clear()
        file.writelines(lines)


def _records(size: int) -> Iterator[tuple[str, str, str, str]]:
    """Kind, leg, cause and data of each: a menu over and over."""
    yield _STARTED
    for seq in range(2, size):
        turn, step = divmod(seq, len(_TURN))
        kind, leg, follows, data = _TURN[step]
        cause = str(seq - 1) if follows else "null"
        yield kind, leg, cause, data.replace("#", str(turn)).replace("%", str(turn % 10))
    yield "mark", "null", "null", f'"text":"{LAST}"'


_STARTED = (
    "call.started", "null", "null", '"direction":"inbound","from":"+6591178965","to":"+6568332048"',
)  # fmt: skip
_TURN = (
    (
        "webhook.request", "null", False,
        '"webhook":"w#","title":"input #","method":"POST","sent":true,'
        '"url":"http://127.0.0.1:5000/event","headers":{}',
    ),
    (
        "webhook.response", "null", True,
        '"webhook":"w#","status":200,"elapsed_ms":12,"body":"[]"',
    ),
    (
        "document.received", "null", True,
        '"document":"d#","origin":"reply","page":null,"body":[{"action":"talk"}],'
        '"actions":[{"pointer":"/0","action":"talk","summary":"talk"}]',
    ),
    (
        "prompt.started", '"A"', True,
        '"prompt":"p#","text":"This is prompt #.","duration_ms":80,"url":null',
    ),
    (
        "capture.opened", '"A"', False,
        '"capture":"c#","max_digits":1,"types":["dtmf"],"barge_in":true',
    ),
    ("prompt.finished", '"A"', False, '"prompt":"p#","skipped":false'),
    ("digit", '"A"', False, '"digit":"%","source":"script","ignored":null,"capture":"c#"'),
    ("capture.closed", '"A"', True, '"capture":"c#","digits":"%","ended_by":"max_digits"'),
)  # fmt: skip
"""Kind, leg, whether it follows from the one before, data; # is the number of the turn."""
