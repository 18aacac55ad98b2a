"""How soon a prompt of ten seconds can sound, and how fast the embedded voice makes it.

Measured from the request to all of its samples at the rate of the line; the line adds a block
of 20 ms, the device what it says.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from functools import partial
from itertools import count
from pathlib import Path

from bench.timing import Row, at_most, interleaved
from ivrsim.errors import SoundUnavailable
from ivrsim.sound import speech
from ivrsim.sound.clip_cache import ClipMemory
from ivrsim.sound.espeak import Synthesizer
from ivrsim.sound.speech import Announcer, Utterance

TITLE = "The voices"
LIMIT_MS = 50.0
_WORDS = (
    "Welcome to ABC Restaurant. To book a table, press 1. To talk to one of us, press 2. "
    "For our opening hours, press 3. Thank you."
)
_RATE = 48_000

_FRESH = f"""
import asyncio, sys, time
import numpy  # the loudspeakers have it
from ivrsim.engine.commands import Speech
from ivrsim.runtime.allow import HostPolicy
from ivrsim.runtime.downloads import AudioCache
from ivrsim.runtime.prompts import PromptMaker
async def measure():
    maker = PromptMaker(None, HostPolicy(None, ()), AudioCache("hour"), False)
    if sys.argv[1] == "warm":
        await maker.warm({_RATE})
    begun = time.perf_counter()
    await maker.clip(Speech({_WORDS!r}, {_WORDS!r}), None, {_RATE})
    print(time.perf_counter() - begun)
asyncio.run(measure())
"""


def run(short: bool) -> list[Row]:
    rounds = 2 if short else 21
    try:
        clip = Synthesizer().render(_WORDS)
    except SoundUnavailable as error:
        return [Row("not measured", str(error))]
    seconds = clip.duration_ms / 1000
    with tempfile.TemporaryDirectory() as folder:
        kept = Announcer(folder=Path(folder))
        kept.keep(Utterance(_WORDS))
        numbers = count()
        cases = {
            "embedded, never said before": lambda: _clip(
                Announcer(), f"{_WORDS} {next(numbers)}", forget=False
            ),
            "kept on disk": lambda: _clip(kept, _WORDS, forget=True),
            "said before": lambda: _clip(kept, _WORDS, forget=False),
        }
        times = interleaved(cases, rounds)
        rendered = interleaved({"render": partial(_render, numbers)}, rounds)["render"]
    rows = [
        at_most(f"{name}: {seconds:.0f} s at {_RATE} Hz", 1000 * took.wall_s, LIMIT_MS, "ms")
        for name, took in times.items()
    ]
    fresh = {how: min(_fresh_ms(how) for _ in range(1 if short else 5)) for how in ("cold", "warm")}
    rows.append(at_most("the first of a process, voice loaded", fresh["warm"], LIMIT_MS, "ms"))
    rows.append(Row("the first of a process, nothing loaded", f"{fresh['cold']:.2f} ms"))
    rows.append(Row("embedded, at its own rate", f"{seconds / rendered.wall_s:,.0f} × real time"))
    return rows


def _clip(announcer: Announcer, words: str, *, forget: bool) -> None:
    if forget:
        speech._memory = ClipMemory()
    announcer.clip(Utterance(words), _RATE)


def _render(numbers: count[int]) -> None:
    Synthesizer().render(f"{_WORDS} {next(numbers)}")


def _fresh_ms(how: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", _FRESH, how], capture_output=True, text=True, check=True
    )
    return 1000 * float(done.stdout)
