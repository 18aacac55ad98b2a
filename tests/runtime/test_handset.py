"""The telephone in the caller's hand, without devices: what is kept of it, and what never ends
a call."""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ivrsim.engine.commands import Listen
from ivrsim.errors import AudioError
from ivrsim.runtime import ear, handset, recordings
from ivrsim.runtime.handset import Handset
from ivrsim.runtime.live import LiveCall
from ivrsim.sound import recorder
from ivrsim.sound.clip import Clip, Samples
from ivrsim.sound.dtmf import DtmfDetector, decode
from ivrsim.sound.files import decode_channels
from ivrsim.sound.wav_writer import WavWriter
from tests.runtime.phone import BLOCK, RATE, Card, Desk, tone, until
from tests.runtime.place import call, records


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(autouse=True)
def _card(monkeypatch: pytest.MonkeyPatch) -> None:
    Card.made = []
    monkeypatch.setattr(handset, "Microphone", Card)
    monkeypatch.setattr(handset, "_chosen", {})


@pytest.fixture
def phone(desk: Desk, tmp_path: Path) -> Iterator[Handset]:
    made = Handset(desk, tmp_path / "call.wav", microphone="auto")
    yield made
    made.close()


def test_a_secret_key_is_not_recorded_while_it_is_still_held(
    phone: Handset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The microphone tells a key soon after it began; with it what is secret may be over."""
    kept: list[Samples] = []
    monkeypatch.setattr(phone._line, "hear", kept.append)
    (card,) = Card.made
    phone.keep_secret(True)
    card.hear(tone("4", 60))
    phone.keep_secret(False)  # it was the last
    card.hear(tone("4", 300))
    card.hear(np.zeros(RATE // 2, np.float32))
    card.hear(np.concatenate([tone("7", 100), np.zeros(RATE // 4, np.float32)]))
    assert decode(np.concatenate(kept), RATE) == "7"


def test_two_threads_may_hear_keys_at_once(phone: Handset, desk: Desk) -> None:
    """The keypad's own keys are remembered in one thread, and looked up in another."""
    assert phone._ear is not None
    listener, over = phone._ear, threading.Event()

    def press() -> None:
        while not over.is_set():
            listener.key_pressed("1")

    presser = threading.Thread(target=press)
    presser.start()
    try:
        for _ in range(20_000):
            listener._is_own("5", time.monotonic())
    finally:
        over.set()
        presser.join()


def test_a_microphone_that_goes_away_in_mid_sentence_has_ceased(
    phone: Handset, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ivrsim.engine.commands import Speech
    from ivrsim.runtime.prompts import speak

    noise = np.random.default_rng(1).normal(0, 1e-4, RATE).astype(np.float32)
    said = speak(Speech("opening hours please", "opening hours please"), RATE).samples
    Card.made[0].hear(np.concatenate([noise, said[: RATE // 2]]))
    until(lambda: [type(event).__name__ for event in desk.events] == [
        "SpeechStarted", "SpeechStopped",
    ])  # fmt: skip


def test_a_mistake_in_the_recogniser_is_told_and_the_next_voice_is_heard(
    phone: Handset, desk: Desk
) -> None:
    assert phone._ear is not None

    def broken() -> None:
        raise RuntimeError("no such state")

    phone._ear._jobs.put(broken)
    until(lambda: desk.notices)
    assert desk.notices == ["the microphone is not understood: RuntimeError: no such state"]
    phone._ear.settle()
    assert phone._ear._listening.is_alive()


def test_the_sound_of_prompts_that_have_ended_is_forgotten(phone: Handset) -> None:
    clips = [Clip(np.zeros(480, np.float32), RATE) for _ in range(20)]
    for number, clip in enumerate(clips):
        phone.play(f"p{number}", clip, 1, 0.0)
        until(lambda: list(phone._playing.values())[-1].finished)
    assert len(phone._playing) == 1


def test_devices_are_changed_without_waiting(
    phone: Handset, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = threading.Event()
    (card,) = Card.made
    monkeypatch.setattr(card, "close", lambda: opened.wait(10))
    before = time.monotonic()
    phone.use_device("microphone", None)
    phone.use_device("microphone", "headset")
    assert time.monotonic() - before < 0.5
    opened.set()
    until(lambda: phone.microphone == "headset")
    phone.use_device("microphone", None)
    until(lambda: phone.microphone is None)
    phone.use_device("microphone", "broken")
    until(lambda: desk.notices)
    assert desk.notices == ["the input device “broken” does not start"]
    assert (phone.microphone, phone.hearing) == (None, None)


def test_a_microphone_that_is_taken_up_late_hears_the_words_that_are_wanted(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[Listen] = []
    monkeypatch.setattr(ear.Ear, "listen", lambda self, command: wanted.append(command))
    phone = Handset(desk, tmp_path / "call.wav")
    try:
        command = Listen("leg-a", "en-US", ("yes",))
        phone.listen(command)
        phone.use_device("microphone", "headset")
        until(lambda: wanted == [command])
        phone.stop_listening()
        phone.use_device("microphone", None)
        until(lambda: phone.microphone is None)
        phone.use_device("microphone", "headset")
        until(lambda: phone.microphone == "headset")
        assert wanted == [command]
    finally:
        phone.close()


def test_no_place_for_temporary_files(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", full)
    phone = Handset(desk, None)
    phone.begin()
    phone.close()
    assert desk.notices == ["[Errno 28] No space left on device"]


def test_a_disk_that_does_not_keep_up_ends_the_recording_and_fills_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, on = threading.Event(), threading.Event()

    def write(self: WavWriter, samples: Any) -> None:
        hangs.set()
        on.wait(10)

    monkeypatch.setattr(WavWriter, "write", write)
    monkeypatch.setattr(recorder, "_MOST", 3)
    kept = recorder.Recorder(tmp_path / "call.wav")
    block = np.zeros(BLOCK, np.float32)
    kept.take(block, block)
    hangs.wait(10)
    for _ in range(3):
        kept.take(block, block)
    assert kept.trouble is None
    kept.take(block, block)
    assert kept.trouble is not None
    assert "does not keep up" in kept.trouble
    on.set()
    kept.close()


# ------------------------------------------------------------------ whole calls

FORM = """
    platform: vonage
    app:
      pages:
        menu:
          reply:
            - {action: input, type: [dtmf], dtmf: {maxDigits: 12, timeOut: 2, submitOnHash: true}}
          next: {other: bye}
        bye:
          reply: [{action: wait, timeout: 0.5}]
"""
VOICEMAIL = """
    platform: vonage
    app:
      pages:
        start:
          reply:
            - {action: record, format: wav, endOnKey: "#"}
            - {action: wait, timeout: 0.5}
"""


async def made(call: LiveCall) -> LiveCall:
    async with asyncio.timeout(30):
        await call.run()
    return call


def onsets(path: Path, channel: int) -> list[tuple[str, float]]:
    """Digits with the milliseconds at which their tones begin."""
    samples, rate = decode_channels(path.read_bytes(), path.name)
    detector = DtmfDetector(rate)
    found = [*detector.feed(samples[:, channel]), *detector.flush()]
    return [(digit.digit, digit.start * 1000) for digit in found]


@pytest.mark.slow
async def test_the_recording_keeps_the_time_of_the_call(tmp_path: Path) -> None:
    ready = await made(
        call(tmp_path, FORM, keys="1,58,2#", clock="real", trace_path=tmp_path / "call.jsonl")
    )
    pressed = [(r.data["digit"], r.t) for r in records(ready, "digit")]
    heard = onsets(tmp_path / "call.wav", 1)
    assert [digit for digit, _ in heard] == [digit for digit, _ in pressed]
    for (_, at), (_, t) in zip(heard, pressed, strict=True):
        assert abs(at - t) < 60


@pytest.mark.slow
async def test_a_slice_keeps_the_time_of_the_call(tmp_path: Path) -> None:
    flow = VOICEMAIL.replace("- {action: record", "- {action: wait, timeout: 1}\n"
                             "            - {action: record")  # fmt: skip
    ready = await made(
        call(tmp_path, flow, keys=",1,2#", clock="real", trace_path=tmp_path / "call.jsonl")
    )
    (started,) = records(ready, "recording.started")
    pressed = [(r.data["digit"], r.t - started.t) for r in records(ready, "digit")][:-1]
    heard = onsets(tmp_path / "call.r1.wav", 0)
    assert [digit for digit, _ in heard] == [digit for digit, _ in pressed] == ["1", "2"]
    for (_, at), (_, t) in zip(heard, pressed, strict=True):
        assert abs(at - t) < 60


async def test_nothing_happens_before_the_call_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Devices take their time to open: what is pressed and heard meanwhile is not of the call."""
    ready = call(tmp_path, FORM, keys="1#", clock="real", trace_path=tmp_path / "call.jsonl")

    class Slow(Handset):
        def __init__(self, desk: Any, *args: Any, **kwargs: Any) -> None:
            super().__init__(desk, *args, **kwargs)
            time.sleep(0.3)
            desk.post(lambda: desk.press("9"))
            desk.post(lambda: desk.say("hello"))
            time.sleep(0.1)

    monkeypatch.setattr(handset, "Handset", Slow)
    await made(ready)
    assert ready.records[0].kind == "call.started"
    assert ready.records[0].t == 0
    assert [r.data["digit"] for r in records(ready, "digit")] == ["1", "#"]
    assert records(ready, "speech", "speech.started") == []


async def test_a_call_that_is_cancelled_while_devices_open_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = call(tmp_path, FORM, clock="real")
    opening, go_on = threading.Event(), threading.Event()
    closed: list[Handset] = []

    class Slow(Handset):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            opening.set()
            go_on.wait()

        def close(self) -> None:
            super().close()
            closed.append(self)

    monkeypatch.setattr(handset, "Handset", Slow)
    task = asyncio.ensure_future(ready.run())
    await asyncio.to_thread(opening.wait)
    task.cancel()
    await asyncio.sleep(0.05)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    (phone,) = closed
    assert phone._folder is not None
    assert Path(phone._folder.name).name not in os.listdir(tempfile.gettempdir())
    assert phone._recorder is not None
    assert not phone._recorder._thread.is_alive()


async def test_secret_words_are_given_to_no_voice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken: list[str] = []
    ready = call(
        tmp_path,
        """
        platform: vonage
        app:
          pages:
            ask:
              secret: true
              reply: [{action: input, type: [speech], speech: {endOnSilence: 0.4}}]
              next: {speech: again, other: again}
            again:
              reply: [{action: input, type: [speech], speech: {endOnSilence: 0.4}}]
              next: {other: bye}
            bye:
              reply: [{action: wait, timeout: 0.1}]
        """,
        keys="say:swordfish say:sales",
        clock="real",
    )
    clip = ready._plan.prompts.clip

    async def speak(sound: Any, *args: Any) -> Clip:
        spoken.append(sound.text)
        return await clip(sound, *args)

    monkeypatch.setattr(ready._plan.prompts, "clip", speak)
    await made(ready)
    assert spoken == ["sales"]
    assert [r.data["text"] for r in records(ready, "speech")] == ["•••", "sales"]


class TestNothingEndsACall:
    """Whatever happens to disk, encoder and voice, the call goes on to its end."""

    async def go(self, tmp_path: Path, flow: str = VOICEMAIL, **options: Any) -> LiveCall:
        options = {"keys": "12#", "clock": "real", **options}
        ready = await made(call(tmp_path, flow, **options))
        assert ready.result is not None
        assert ready.result.status == "completed"
        return ready

    @pytest.mark.parametrize("clock", ["real", "4x", "virtual"])
    async def test_the_folder_is_removed(self, tmp_path: Path, clock: str) -> None:
        import shutil

        kept = tmp_path / "history"
        kept.mkdir()
        ready = call(
            tmp_path, VOICEMAIL, keys="12#", clock=clock, audio=True,
            trace_path=kept / "call.jsonl",
        )  # fmt: skip

        def remove(step: Any) -> None:
            if step[-1].kind == "digit":
                shutil.rmtree(kept, ignore_errors=True)

        ready.subscribe(remove)
        await made(ready)
        assert ready.result is not None
        assert ready.result.status == "completed"
        (failed,) = records(ready, "recording.failed")
        assert failed.data["message"].startswith("recording: ")

    async def test_the_disk_is_full(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(self: WavWriter, samples: Any) -> None:
            raise AudioError("call.wav: cannot write the recording any further: disk full")

        monkeypatch.setattr(WavWriter, "write", full)
        ready = await self.go(tmp_path, trace_path=tmp_path / "call.jsonl")
        (failed,) = records(ready, "recording.failed")
        assert "disk full" in failed.data["message"]
        assert ready.notices == ["call.wav: cannot write the recording any further: disk full"]

    async def test_no_port_for_recordings(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse() -> None:
            raise OSError(98, "Address already in use")

        monkeypatch.setattr(recordings, "Shelf", refuse)
        monkeypatch.setattr(recordings, "_shelf", None)
        ready = await self.go(tmp_path, trace_path=tmp_path / "call.jsonl")
        assert len(records(ready, "recording.failed")) == 1

    async def test_no_encoder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from ivrsim.sound import encode

        def none(what: str) -> None:
            raise AudioError(f"{what} needs libsndfile")

        monkeypatch.setattr(encode, "soundfile", none)
        flow = VOICEMAIL.replace("format: wav", "format: mp3")
        ready = await self.go(tmp_path, flow, trace_path=tmp_path / "call.jsonl")
        (failed,) = records(ready, "recording.failed")
        assert failed.data["message"] == "recording: encoding mp3 needs libsndfile"

    async def test_a_voice_that_cannot_say_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        flow = """
            platform: vonage
            parties: {default: {says: hello, answers_after: 0.1, hangs_up_after: 0.5}}
            app:
              pages:
                start:
                  reply: [{action: connect, endpoint: [{type: phone, number: "447700900001"}]}]
        """
        ready = call(tmp_path, flow, clock="real")

        async def mute(*_: Any) -> Clip:
            raise AudioError("no words")

        monkeypatch.setattr(ready._plan.prompts, "clip", mute)
        await made(ready)
        assert ready.result is not None
        assert ready.result.status == "completed"
        assert ready.notices == ["no words"]

    async def test_the_trace_cannot_be_closed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from ivrsim.errors import TraceWriteError
        from ivrsim.trace.writer import TraceWriter

        def fail(self: TraceWriter) -> None:
            raise TraceWriteError("call.jsonl: no space left")

        monkeypatch.setattr(TraceWriter, "close", fail)
        ready = await self.go(tmp_path, trace_path=tmp_path / "call.jsonl")
        assert ready.notices == ["call.jsonl: no space left"]


async def test_a_party_that_has_left_says_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its words take longer to be made than it stays."""
    said: list[str] = []
    monkeypatch.setattr(Handset, "party_says", lambda self, leg, clip: said.append(leg))
    ready = call(
        tmp_path,
        """
        platform: vonage
        parties: {default: {says: hello, answers_after: 0.1, hangs_up_after: 0.5}}
        app:
          pages:
            start:
              reply:
                - {action: connect, endpoint: [{type: phone, number: "447700900001"}]}
                - {action: wait, timeout: 1}
        """,
        clock="real",
    )
    clip = ready._plan.prompts.clip

    async def slowly(*args: Any) -> Clip:
        await asyncio.sleep(0.6)
        return await clip(*args)

    monkeypatch.setattr(ready._plan.prompts, "clip", slowly)
    await made(ready)
    assert len(records(ready, "speech")) == 1
    assert said == []


async def test_a_recording_in_real_time_has_what_the_other_side_says(tmp_path: Path) -> None:
    flow = """
        platform: vonage
        parties: {default: {says: hello, answers_after: 0.3, hangs_up_after: 2}}
        app:
          pages:
            start:
              reply:
                - {action: record, format: wav, split: conversation, channels: 2}
                - {action: connect, endpoint: [{type: phone, number: "447700900001"}]}
    """
    ready = await made(call(tmp_path, flow, clock="real", trace_path=tmp_path / "call.jsonl"))
    (spoken,) = records(ready, "speech")
    (recording,) = records(ready, "recording.started")
    at = (spoken.t - recording.t) * 16
    samples, _ = decode_channels((tmp_path / "call.r1.wav").read_bytes(), "call.r1.wav")
    assert np.abs(samples[at + 800 : at + 8000, 1]).max() > 0.05
    assert not samples[:, 0].any()
