"""From a key to silence, and to the tone of the key: on the render clock, and on a virtual card."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time

import numpy as np

from bench.timing import Row, at_most, interleaved, percentile
from ivrsim.sound import tones
from ivrsim.sound.clip import Clip
from ivrsim.sound.line import Line
from tests.sound.virtual_card import RATE, missing, running_card

TITLE = "The line: a key stops a prompt, and sounds itself"
_LIMIT_MS = 20.0  # one block
_PAUSE_S = 0.2  # longer than any device takes
_IMPULSES = 24
_APART_S = 0.077  # so that they fall everywhere in what a device asks for at once
_LOUD = 0.003  # 40 dB below what is played


def run(short: bool) -> list[Row]:
    """On the card in a process of its own: PortAudio looks at the environment when it starts."""
    presses = 2 if short else 40
    rows = [*_cost(2 if short else 9), *_on_the_clock(presses)]
    reason = missing()
    if reason:
        return [*rows, Row("on a card: not measured", reason)]
    return [*rows, *_on_a_card(presses)]


def _cost(rounds: int) -> list[Row]:
    """What a block of a busy line takes of its 20 ms."""
    line, taken = Line(), []
    line.tap = lambda left, right: taken.append((left, right))
    for digit in "159":
        line.platform.play(tones.dtmf(digit, 500), loop=0)
    line.caller.play(tones.dtmf("0", 500), loop=0)
    microphone = np.zeros(line.block, np.float32)

    def second() -> None:
        taken.clear()
        for _ in range(50):
            line.hear(microphone)
            line.render(line.block)

    block_ms = interleaved({"line": second}, rounds)["line"].cpu_s * 1000 / 50
    return [at_most("a block: four sounds, microphone, tap", block_ms, 1.0, "ms")]


def _on_the_clock(presses: int) -> list[Row]:
    """Without a device the clock renders; what was rendered when is known to the frame."""
    line, heard = Line(), []
    line.loudspeaker_tap = heard.append
    began = time.monotonic()
    line.start(silent=True)
    times = _press(line, presses)
    line.close()
    segments = _segments(np.concatenate(heard))
    assert len(segments) == 2 * presses
    ended, started = _delays(segments, times, began)
    return [
        at_most(
            f"no card: key to {what}, off in the recording",
            max(abs(delay) for delay in delays) * 1000,
            _LIMIT_MS,
            "ms",
        )
        for what, delays in (("silence", ended), ("its tone", started))
    ]


def _press(line: Line, presses: int) -> list[float]:
    """Stop a tone, then, from silence, sound a key; when each of it was asked for."""
    chance = random.Random(1)
    times = []
    for _ in range(presses):
        prompt = line.platform.play(tones.progress("dial"), loop=0)
        time.sleep(_PAUSE_S + chance.random() / 20)
        times.append(time.monotonic())
        line.platform.stop(prompt)
        time.sleep(_PAUSE_S + chance.random() / 20)
        times.append(time.monotonic())
        line.caller.play(tones.dtmf("5", 60))
        time.sleep(_PAUSE_S)
    return times


def on_card(presses: int) -> None:
    """In the card's process: impulses, whose way the device alone makes, then keys."""
    line, left = Line(), []

    def tap(block: np.ndarray) -> None:
        now, loud = time.monotonic(), np.flatnonzero(np.abs(block) > _LOUD)
        if len(loud) and len(left) < _IMPULSES and now - (left[-1] if left else 0) > _APART_S / 2:
            left.append(now + float(loud[0]) / RATE)

    line.loudspeaker_tap = tap
    line.start()
    impulse = Clip(np.full(RATE // 500, 0.5, np.float32), RATE)  # 2 ms
    for number in range(_IMPULSES):
        at = line.platform.now + int((_PAUSE_S + number * _APART_S) * RATE)
        line.platform.play(impulse, at=at)
    time.sleep(2 * _PAUSE_S + _IMPULSES * _APART_S)
    times = _press(line, presses)
    trouble, stated = line.trouble, line.latency_ms
    line.close()
    print(json.dumps({"left": left, "times": times, "trouble": trouble, "stated": stated}))


def _on_a_card(presses: int) -> list[Row]:
    code = f"from bench.line import on_card; on_card({presses})"
    with running_card() as card, card.recording() as heard:
        done = subprocess.run(
            [sys.executable, "-c", code], env=card.env, capture_output=True, text=True, check=True
        )
    told = json.loads(done.stdout)
    segments = _segments(heard.samples)
    sounds = _IMPULSES + 2 * presses
    if len(segments) != sounds or len(told["left"]) != _IMPULSES:
        return [Row("on a card: not measured", f"heard {len(segments)} of {sounds} sounds")]
    # The recording began at an unknown moment, the same for all: only differences count.
    device = [
        start / RATE - at for (start, _), at in zip(segments[:_IMPULSES], told["left"], strict=True)
    ]
    base = min(device)
    ended, started = _delays(segments[_IMPULSES:], told["times"], -base)
    spread = max(device) - base
    return [
        Row("card: its own latency, as stated", f"{told['stated']} ms"),
        Row("card: its own latency, least to most", f"+{spread * 1000:.1f} ms"),
        *(  # above the least latency, which cannot be told from the recording's delay
            Row(f"card: key to {what}, median", f"{percentile(delays, 50) * 1000:.1f} ms")
            for what, delays in (("silence", ended), ("its tone", started))
        ),
        at_most(
            "card: key to silence, beyond its latency",
            (max(ended) - spread) * 1000,
            _LIMIT_MS,
            "ms",
        ),
        at_most(
            "card: key to its tone, beyond its latency",
            (max(started) - spread) * 1000,
            _LIMIT_MS,
            "ms",
        ),
    ]


def _delays(
    segments: list[tuple[int, int]], times: list[float], base: float
) -> tuple[list[float], list[float]]:
    """From each order to stop to silence, and from each key to its tone: seconds.

    ``base``: the moment that the first frame stands for.
    """
    pairs = list(zip(segments, times, strict=True))
    ended = [end / RATE + base - at for (_, end), at in pairs[::2]]
    started = [start / RATE + base - at for (start, _), at in pairs[1::2]]
    return ended, started


def _segments(samples: np.ndarray) -> list[tuple[int, int]]:
    """Where something is heard: first and last frame, of sounds with a pause between them."""
    loud = np.flatnonzero(np.abs(samples) > _LOUD)
    if not len(loud):
        return []
    cuts = np.flatnonzero(np.diff(loud) > RATE // 20)
    starts = loud[np.concatenate([[0], cuts + 1])]
    ends = loud[np.concatenate([cuts, [len(loud) - 1]])]
    return [(int(start), int(end)) for start, end in zip(starts, ends, strict=True)]
