"""A recorded call in the place of a live one: there to be looked at, never to be told anything."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from ivrsim.errors import InputError
from ivrsim.trace.masking import mask_url
from ivrsim.trace.reader import TraceReader
from ivrsim.trace.record import Record
from ivrsim.tui.protocol import Placed, Result
from ivrsim.tui.traces.source import RecordsOfTrace, record_at

_FIRST_BYTES = 1 << 18
"""Indexed before the first paint: most calls are no longer, and are there at once."""


class RecordedCall:
    """A ``protocol.Call`` that is over. Its ``source`` grows while its file does."""

    levels = (0.0, 0.0)
    hearing: str | None = None
    speakers: str | None = None
    microphone: str | None = None
    microphone_muted = False
    ended = True
    result: Result | None = None

    def __init__(self, reader: TraceReader) -> None:
        self.source = reader
        self.header = reader.header
        self.records: Sequence[Record] = RecordsOfTrace(reader)
        self.notices: list[str] = []
        self.trace_path = reader.path
        self.audio_path = reader.path.with_suffix(".wav")

    @property
    def now_ms(self) -> int:
        """The call time of the last record that is known."""
        last = record_at(self.source, len(self.source) - 1)
        return 0 if last is None else last.t

    @property
    def damage(self) -> str | None:
        """Where the file stops being readable, as one line."""
        damage = self.source.damage
        return None if damage is None else f"{self.trace_path.name}: {damage}"

    def command_line(self, keys: str) -> str:
        """The call as a command line; options that hold secrets are not in a trace."""
        words = ["ivrsim", "call", mask_url(self.header.target), *self.header.arguments]
        return shlex.join([*words, "--keys", keys] if keys else words)

    def close(self) -> None:
        self.source.close()

    # What only a call that goes on can be told: the screen says so before it comes to this.

    def subscribe(self, callback: Callable[[Sequence[Record]], None]) -> Callable[[], None]:
        return lambda: None

    async def run(self) -> Result:
        raise InputError(f"{self.trace_path}: a recorded call cannot be run, only called again")

    def press(self, digit: str, source: str = "keypad") -> None: ...
    def hang_up(self) -> None: ...
    def skip_prompt(self) -> bool:
        return False

    def party(self, leg: str, what: str) -> None: ...
    def mark(self, text: str) -> None: ...
    def mute(self, on: bool) -> None: ...
    def mute_microphone(self, on: bool) -> None: ...
    def devices(self, kind: str) -> list[str]:
        return []

    def use_device(self, kind: str, name: str | None) -> None: ...
    def say(self, text: str) -> None: ...


def open_recorded(path: Path, target: str | None = None) -> Placed:
    """The trace at ``path``, ready to be shown. ``target`` is what a call from here on calls, in
    place of the trace's own.

    Raises TraceError: no trace, or one of a newer version.
    """
    reader = TraceReader(path)
    reader.index_more(_FIRST_BYTES)
    header = reader.header
    own = shlex.join((header.target, *header.arguments))
    return Placed(
        mask_url(header.target), header.platform, own if target is None else target,
        RecordedCall(reader),
    )  # fmt: skip
