"""A telephone in the hand of a test: its microphone, the desk it tells everything, and time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ivrsim.errors import SoundUnavailable
from ivrsim.sound.clip import Samples
from ivrsim.sound.tones import dtmf
from ivrsim.trace.record import Record

RATE = 48_000
BLOCK = RATE // 50


class Card:
    """A microphone that gives what the test gives it."""

    made: list[Card]

    def __init__(self, on_block: Callable[[Samples], None], device: Any, *, say: Any) -> None:
        if device == "broken":
            raise SoundUnavailable("the input device “broken” does not start")
        self.on_block = on_block
        self.device = device or "fake"
        self.level = 0.0
        self.closed = False
        Card.made.append(self)

    def mute(self, muted: bool) -> None: ...

    def change_input(self, device: str) -> None:
        self.device = device

    def close(self) -> None:
        self.closed = True

    def hear(self, sound: Samples) -> None:
        for at in range(0, len(sound) - BLOCK + 1, BLOCK):
            self.on_block(sound[at : at + BLOCK])


class Desk:
    """What a handset tells the call."""

    caller_leg = "leg-a"
    secret = False
    records: list[Record]
    now_ms = 0

    def __init__(self) -> None:
        self.notices: list[str] = []
        self.pressed: list[str] = []
        self.events: list[Any] = []

    def notice(self, line: str, *, again: bool = False) -> None:
        self.notices.append(line)

    def post(self, job: Callable[[], None]) -> None:
        job()

    def press(self, digit: str, source: str = "keypad") -> None:
        self.pressed.append(digit)

    def happen(self, event: Any) -> None:
        self.events.append(event)


def until(true: Callable[[], object]) -> None:
    for _ in range(1000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def tone(digit: str, ms: int) -> Samples:
    return dtmf(digit, ms, RATE).samples
