"""Recorded calls for tests: fake calls written to files, and a player that plays nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ivrsim.trace.record import Header, Record
from ivrsim.trace.writer import TraceWriter
from ivrsim.tui.app import IvrsimApp
from ivrsim.tui.protocol import Entry, Services
from ivrsim.tui.traces.recorded import open_recorded
from tests.tui.fake import Desk, FakeCall, begin, finish

HEADER = Header("8x8", "restaurant", 0, "2026-01-01T00:00:00.000Z", {}, arguments=("--set", "a=b"))


def a_call(*, failed: bool = False) -> FakeCall:
    """Fifteen records: a prompt, the key 1 in it, a webhook, the end."""
    call = FakeCall()
    begin(call)
    finish(call, failed=failed)
    return call


def write(path: Path, records: list[Record], header: Header = HEADER) -> Path:
    with TraceWriter(path) as writer:
        writer.header(header)
        writer.append(records)
    return path


@dataclass
class FakePlayer:
    """Plays as fast as a test says: ``position_ms`` is set by hand."""

    path: Path
    say: Callable[[str], None]
    duration_ms: int = 10_000
    position_ms: int = 0
    playing: bool = False
    done: list[str] = field(default_factory=list)

    def play(self, from_ms: int) -> None:
        self.done.append(f"play {from_ms}")
        self.position_ms, self.playing = from_ms, True

    def pause(self) -> None:
        self.done.append("pause")
        self.playing = False

    def close(self) -> None:
        self.done.append("close")
        self.playing = False


@dataclass
class Shelf(Desk):
    """A desk with recorded calls on it."""

    players: list[FakePlayer] = field(default_factory=list)
    entries: tuple[Entry, ...] = ()

    def playback(self, path: Path, say: Callable[[str], None]) -> FakePlayer:
        self.players.append(FakePlayer(path, say))
        return self.players[-1]

    def services(self) -> Services:
        return Services(lambda: self.entries, self.place, playback=self.playback)

    def opened(
        self, path: Path, *, at: int | None = None, filter: str = "", against: str | None = None
    ) -> IvrsimApp:
        placed = open_recorded(path, against)
        return IvrsimApp(self.services(), placed, at=at, filter=filter)
