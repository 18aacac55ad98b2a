"""eSpeak NG in a process of its own: sentences in as JSON, samples out.

The library keeps state from one sentence to the next (vibrato, phases, filters). A process for
each row makes a row's speech the same whatever was spoken before. It imports little, so that it
starts in a few hundredths of a second.
"""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

RATE = 22_050
# From espeak-ng/speak_lib.h
_SYNCHRONOUS, _DONT_EXIT = 2, 0x8000
_RATE, _PITCH, _RANGE = 1, 3, 4
_CHARS_UTF8 = 1


class Sentence(NamedTuple):
    """``voice``: language and variant, ``de+f2``. ``pitch`` and ``range`` from 0 to 100, 50 is the
    voice's own."""

    text: str
    voice: str
    words_a_minute: int
    pitch: int
    range: int


def speak(sentences: Sequence[Sentence], seconds: float) -> list[bytes]:
    """16-bit samples of the first sentences, as many as last so many seconds together.

    ValueError when all of them do not.
    """
    job = json.dumps({"sentences": sentences, "samples": round(seconds * RATE)})
    done = subprocess.run([sys.executable, __file__], input=job.encode(), capture_output=True)
    if done.returncode:
        why = done.stderr.decode(errors="replace").strip() or f"exit status {done.returncode}"
        raise RuntimeError(f"eSpeak NG: {why}")
    sizes, _, data = done.stdout.partition(b"\n")
    pieces = []
    for size in json.loads(sizes):
        pieces.append(data[:size])
        data = data[size:]
    if sum(map(len, pieces)) < round(seconds * RATE) * 2:
        raise ValueError(f"{len(sentences)} sentences do not last {seconds} s")
    return pieces


def _main() -> None:
    import espeakng_loader

    job = json.load(sys.stdin.buffer)
    library = ctypes.CDLL(espeakng_loader.get_library_path())
    data = espeakng_loader.get_data_path().encode()
    rate = library.espeak_Initialize(_SYNCHRONOUS, 0, data, _DONT_EXIT)
    if rate != RATE:
        raise SystemExit(f"expected {RATE} Hz, found {rate}")
    spoken: list[bytearray] = []

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
    def take(samples: int | None, count: int, _events: int | None) -> int:
        if samples and count > 0:
            spoken[-1] += ctypes.string_at(samples, 2 * count)
        return 0

    library.espeak_SetSynthCallback(take)
    missing = 2 * job["samples"]
    for sentence in map(Sentence._make, job["sentences"]):
        if missing <= 0:
            break
        if library.espeak_SetVoiceByName(sentence.voice.encode()):
            raise SystemExit(f"the voice {sentence.voice} does not load")
        library.espeak_ng_SetRandSeed(ctypes.c_long(1))
        library.espeak_SetParameter(_RATE, sentence.words_a_minute, 0)
        library.espeak_SetParameter(_PITCH, sentence.pitch, 0)
        library.espeak_SetParameter(_RANGE, sentence.range, 0)
        spoken.append(bytearray())
        text = sentence.text.encode()
        library.espeak_Synth(
            text, ctypes.c_size_t(len(text) + 1), 0, 1, 0, _CHARS_UTF8, None, None
        )  # fmt: skip
        missing -= len(spoken[-1])
    sys.stdout.buffer.write(json.dumps([len(piece) for piece in spoken]).encode() + b"\n")
    sys.stdout.buffer.write(b"".join(spoken))


if __name__ == "__main__":
    _main()
