"""What the application needs of the rooms below: loading and placing calls is injected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ivrsim.trace.dead_air import LIMIT_MS
from ivrsim.trace.record import Header, Record

if TYPE_CHECKING:
    from ivrsim.tui.debug.protocol import Workshop


class Result(Protocol):
    """``runtime.live.CallResult``."""

    @property
    def exit_status(self) -> int: ...
    @property
    def summary(self) -> str: ...
    @property
    def why(self) -> str | None: ...


class Player(Protocol):
    """``runtime.playback.Playback``: the sound of a recorded call, by milliseconds of call time."""

    @property
    def playing(self) -> bool: ...
    @property
    def position_ms(self) -> int: ...
    @property
    def duration_ms(self) -> int: ...
    def play(self, from_ms: int) -> None: ...
    def pause(self) -> None: ...
    def close(self) -> None: ...


class Call(Protocol):
    """``runtime.live.LiveCall`` as faces see it.

    ``levels`` are those of the line and the microphone, 0 to 1. ``hearing`` is the key whose
    tone the microphone hears now. ``speakers`` and ``microphone`` are the names of what is in
    use, None when it is off or not there; ``kind`` is one of these two words.
    """

    header: Header
    notices: list[str]

    @property
    def records(self) -> Sequence[Record]: ...
    @property
    def trace_path(self) -> Path | None: ...
    @property
    def audio_path(self) -> Path | None: ...

    @property
    def ended(self) -> bool: ...
    @property
    def now_ms(self) -> int: ...
    @property
    def levels(self) -> tuple[float, float]: ...
    @property
    def hearing(self) -> str | None: ...
    @property
    def speakers(self) -> str | None: ...
    @property
    def microphone(self) -> str | None: ...
    @property
    def microphone_muted(self) -> bool: ...
    @property
    def result(self) -> Result | None: ...
    def subscribe(self, callback: Callable[[Sequence[Record]], None]) -> Callable[[], None]: ...
    async def run(self) -> Result: ...
    def press(self, digit: str, source: str = "keypad") -> None: ...
    def hang_up(self) -> None: ...
    def skip_prompt(self) -> bool: ...
    def party(self, leg: str, what: str) -> None: ...
    def mark(self, text: str) -> None: ...
    def mute(self, on: bool) -> None: ...
    def mute_microphone(self, on: bool) -> None: ...
    def devices(self, kind: str) -> list[str]: ...
    def use_device(self, kind: str, name: str | None) -> None: ...
    def say(self, text: str) -> None: ...
    def command_line(self, keys: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the home screen: a sample, something called before, or a recorded call.

    ``trace`` is the file of a recorded call, which is opened in place of being called; ``remark``
    stands beside its title.
    """

    group: str
    target: str
    title: str
    platform: str
    about: str = ""
    keys: str = ""
    path: str = ""
    trace: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A call that is ready to run, and what to call it by."""

    title: str
    platform: str
    target: str
    call: Call


@dataclass(frozen=True, slots=True)
class Services:
    """The doors of the application. ``place`` raises IvrsimError with one clear line.

    ``place(target, keys)``: ``keys`` None takes those of the command line. ``playback(path,
    say)`` opens the sound of a call, and ``say`` hears what cannot be played later; raises
    IvrsimError.
    """

    entries: Callable[[], Sequence[Entry]]
    place: Callable[[str, str | None], Placed]
    debug: bool = False
    playback: Callable[[Path, Callable[[str], None]], Player] | None = None
    workshop: Callable[[], Workshop] | None = None
    """The doors of the debugger, made when they are first needed."""
    dead_air_ms: int = LIMIT_MS
    """Silence longer than this is told in the conversation."""
