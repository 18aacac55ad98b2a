"""How many times faster than it is spoken the embedded voice makes a prompt."""

from __future__ import annotations

from itertools import count

from bench.timing import Row, interleaved
from ivrsim.engine.commands import Speech
from ivrsim.errors import SoundUnavailable
from ivrsim.runtime.prompts import speak

TITLE = "The embedded voice"
_WORDS = "Welcome to ABC Restaurant. To book a table, press 1. To talk to one of us, press 2."
_RATE = 24_000


def run(short: bool) -> list[Row]:
    spoken, rounds = (1, 2) if short else (20, 7)
    try:
        words = f"{_WORDS} 1000."
        seconds = speak(Speech(words, words), _RATE).duration_ms / 1000
    except SoundUnavailable as error:
        return [Row("not measured", str(error))]

    numbers = count(1001)  # a prompt that was made before is remembered

    def several() -> None:
        for _ in range(spoken):
            words = f"{_WORDS} {next(numbers)}."
            speak(Speech(words, words), _RATE)

    took = interleaved({"voice": several}, rounds)["voice"].wall_s / spoken
    return [
        Row(f"a prompt of {seconds:.1f} s at {_RATE} Hz", f"{took * 1000:.1f} ms"),
        Row("times real time", f"{seconds / took:,.0f} ×"),
    ]
