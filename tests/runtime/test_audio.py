"""The sound of calls that nobody hears: kept beside the trace, and recorded for applications."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

import ivrsim
from ivrsim.errors import InputError
from ivrsim.runtime.live import LiveCall
from ivrsim.sound.dtmf import decode
from ivrsim.sound.files import decode_channels, load
from tests.runtime.place import MENU_8X8, MENU_VONAGE, call, records, run

RATE = 16_000

MENU = """
    platform: vonage
    app:
      pages:
        menu:
          reply:
            - {action: talk, text: Please enter your number and the hash key}
            - {action: input, type: [dtmf], dtmf: {maxDigits: 12, timeOut: 5, submitOnHash: true}}
          next: {other: bye}
        bye:
          reply: [{action: talk, text: Goodbye}]
"""
VOICEMAIL = """
    platform: vonage
    app:
      pages:
        start:
          reply:
            - {action: talk, text: Leave a message}
            - {action: record, RULES}
            - {action: talk, text: Goodbye}
"""


def sound_of(made: LiveCall) -> np.ndarray:
    """Shape (n, 2): the platform, the caller."""
    assert made.audio_path is not None
    samples, rate = decode_channels(made.audio_path.read_bytes(), "call.wav")
    assert rate == RATE
    return samples


def loud(samples: np.ndarray, start_ms: int, end_ms: int) -> bool:
    part = samples[start_ms * RATE // 1000 : end_ms * RATE // 1000]
    return bool(np.sqrt(np.mean(part**2)) > 0.01)


@pytest.mark.parametrize("keys", ["4711#", "0123456789*#", "55,5,55#"])
def test_the_digits_of_the_trace_are_the_digits_of_the_sound(tmp_path: Path, keys: str) -> None:
    made, _ = run(tmp_path, MENU, keys=keys, trace_path=tmp_path / "call.jsonl", audio=True)
    pressed = "".join(record.data["digit"] for record in records(made, "digit"))
    assert pressed == keys.replace(",", "")
    samples = sound_of(made)
    assert decode(samples[:, 1], RATE) == pressed
    assert decode(samples[:, 0], RATE) == ""
    assert len(samples) == made.records[-1].t * RATE // 1000


def test_a_prompt_sounds_from_its_start_to_its_end(tmp_path: Path) -> None:
    made, _ = run(tmp_path, MENU_8X8, keys="12", trace_path=tmp_path / "call.jsonl", audio=True)
    started = records(made, "prompt.started")
    assert {record.data["basis"] for record in started} == {"rendered"}
    platform = sound_of(made)[:, 0]
    finished = {r.data["prompt"]: r.t for r in records(made, "prompt.finished")}
    for record in started:
        assert loud(platform, record.t, finished[record.data["prompt"]])
    first_end = finished[started[0].data["prompt"]]
    assert not loud(platform, first_end + 20, started[1].t)


def test_a_cut_prompt_is_cut(tmp_path: Path) -> None:
    made, _ = run(tmp_path, MENU_VONAGE, keys="^12", trace_path=tmp_path / "call.jsonl", audio=True)
    cut = records(made, "prompt.interrupted")[0]
    again = records(made, "prompt.started")[2]
    platform = sound_of(made)[:, 0]
    assert loud(platform, cut.t - 200, cut.t)
    assert not np.any(platform[cut.t * RATE // 1000 : again.t * RATE // 1000])


def test_secret_digits_are_not_in_the_sound(tmp_path: Path) -> None:
    flow = MENU.replace("menu:\n", "menu:\n          secret: true\n", 1)
    made, _ = run(tmp_path, flow, keys="4711#", trace_path=tmp_path / "call.jsonl", audio=True)
    assert {r.data["digit"] for r in records(made, "digit")} == {"•", "#"}
    assert decode(sound_of(made)[:, 1], RATE) == "#"


def test_audio_needs_a_trace_to_lie_beside(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--audio: .* add --trace FILE"):
        call(tmp_path, MENU, audio=True)
    with pytest.raises(InputError, match="not a wav file's"):
        call(tmp_path, MENU, audio=True, trace_path=tmp_path / "call.wav")


def test_the_python_api_names_the_file(tmp_path: Path) -> None:
    made = ivrsim.call("pin", keys="1", trace=tmp_path / "call.jsonl", audio=True)
    assert made.audio == tmp_path / "call.wav"
    assert made.audio.stat().st_mode & 0o077 == 0
    assert ivrsim.call("pin", keys="1").audio is None


def fetched(url: str) -> tuple[str, bytes]:
    with urllib.request.urlopen(url, timeout=10) as reply:
        return reply.headers["Content-Type"], reply.read()


@pytest.mark.parametrize(
    ("form", "content_type"),
    [("wav", "audio/wav"), ("mp3", "audio/mpeg"), ("ogg", "audio/ogg")],
)
def test_a_recording_is_served_where_its_event_says(
    tmp_path: Path, form: str, content_type: str
) -> None:
    flow = VOICEMAIL.replace("RULES", f"format: {form}, endOnKey: '#', beepStart: true")
    made, _ = run(
        tmp_path, flow, keys='say:"seventeen letters",,1#', trace_path=tmp_path / "call.jsonl"
    )
    (stored,) = records(made, "recording.stored")
    kind, data = fetched(stored.data["url"])
    assert (kind, len(data)) == (content_type, stored.data["size"])
    assert (tmp_path / f"call.r1.{form}").read_bytes() == data
    sound = load(tmp_path / f"call.r1.{form}")
    assert abs(sound.duration_ms - stored.data["duration_ms"]) < 100  # mp3 comes in frames
    assert loud(sound.resample(RATE).samples, 0, 800)


def test_a_recording_has_the_caller_left_when_it_is_split(tmp_path: Path) -> None:
    flow = VOICEMAIL.replace("RULES", "format: wav, split: conversation, channels: 2")
    flow = flow.replace("- {action: talk, text: Goodbye}", "- {action: input, type: [dtmf]}")
    run(tmp_path, flow, keys="5", trace_path=tmp_path / "call.jsonl")
    samples, rate = decode_channels((tmp_path / "call.r1.wav").read_bytes(), "call.r1.wav")
    assert samples.shape[1] == 2
    assert decode(samples[:, 0], rate) == "5"
    assert decode(samples[:, 1], rate) == ""


def test_the_key_that_ends_a_recording_is_not_in_it(tmp_path: Path) -> None:
    flow = VOICEMAIL.replace("RULES", "format: wav, endOnKey: '#'")
    run(tmp_path, flow, keys="12#", trace_path=tmp_path / "call.jsonl")
    sound = load(tmp_path / "call.r1.wav")
    assert decode(sound.samples, sound.rate) == "12"


def test_recordings_without_a_trace_are_served_too(tmp_path: Path) -> None:
    made, _ = run(tmp_path, VOICEMAIL.replace("RULES", "endOnKey: '#'"), keys="12#")
    (stored,) = records(made, "recording.stored")
    assert fetched(stored.data["url"])[0] == "audio/mpeg"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetched(stored.data["url"] + "0")


async def test_a_call_in_real_time_keeps_its_sound(tmp_path: Path) -> None:
    flow = VOICEMAIL.replace("RULES", "format: wav, endOnKey: '#'")
    made = call(tmp_path, flow, keys="147#", clock="real", trace_path=tmp_path / "call.jsonl")
    async with asyncio.timeout(30):
        await made.run()
    assert made.notices == []
    samples = sound_of(made)
    assert decode(samples[:, 1], RATE) == "147#"
    prompt = records(made, "prompt.started")[0]
    assert loud(samples[:, 0], prompt.t + 50, prompt.t + prompt.data["duration_ms"])
    assert abs(len(samples) / RATE - made.records[-1].t / 1000) < 0.2
    recording = load(tmp_path / "call.r1.wav")
    assert decode(recording.samples, recording.rate) == "147"
