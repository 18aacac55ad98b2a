"""The sound of calls that nobody hears: kept beside the trace, and recorded for applications."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

import ivrsim
from ivrsim.errors import InputError
from ivrsim.runtime.live import LiveCall
from ivrsim.sound.dtmf import decode
from ivrsim.sound.encode import encode
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


def test_secret_digits_of_8x8_are_not_in_the_sound_either(tmp_path: Path) -> None:
    flow = MENU_8X8.replace("menu:\n", "menu:\n      secret: true\n", 1)
    made, _ = run(tmp_path, flow, keys="^47", trace_path=tmp_path / "call.jsonl", audio=True)
    assert {r.data["digit"] for r in records(made, "digit")} == {"•"}
    assert decode(sound_of(made)[:, 1], RATE) == ""
    assert {r.data["digits"] for r in records(made, "capture.closed")} == {"••"}
    told = [r.data["body"]["payload"] for r in records(made, "webhook.request")]
    assert [payload["dtmf"] for payload in told if payload.get("dtmf")] == ["••"]


def test_ringback_until_the_application_answers(tmp_path: Path) -> None:
    flow = MENU.replace("menu:\n", "menu:\n          delay: 3.5\n", 1)
    made, _ = run(tmp_path, flow, trace_path=tmp_path / "call.jsonl", audio=True)
    assert records(made, "leg.answered")[0].t == 3500
    platform = sound_of(made)[:, 0]
    assert not np.any(platform[: 690 * RATE // 1000])
    assert loud(platform, 710, 2690)
    assert not loud(platform, 2720, 3490)  # in the United States two seconds, then four of silence
    made, _ = run(tmp_path, MENU, trace_path=tmp_path / "call.jsonl", audio=True)
    assert records(made, "leg.answered")[0].t == 0


def test_a_telephone_has_no_heights(tmp_path: Path) -> None:
    def heights(telephone: bool) -> float:
        made, _ = run(
            tmp_path, MENU, trace_path=tmp_path / "t.jsonl", audio=True, telephone=telephone
        )
        power = np.abs(np.fft.rfft(sound_of(made)[:, 0])) ** 2
        return float(power[len(power) // 2 :].sum() / power.sum())  # above 4 kHz

    assert heights(True) < heights(False) / 10


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


def test_a_recording_can_be_asked_about_without_being_fetched(tmp_path: Path) -> None:
    made, _ = run(tmp_path, VOICEMAIL.replace("RULES", "endOnKey: '#'"), keys="12#")
    (stored,) = records(made, "recording.stored")
    asked = urllib.request.Request(stored.data["url"], method="HEAD")
    with urllib.request.urlopen(asked, timeout=10) as reply:
        assert reply.headers["Content-Length"] == str(stored.data["size"])
        assert reply.read() == b""


def test_who_fetches_a_recording_may_go_away(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The screen is not for the server's tracebacks."""
    flow = VOICEMAIL.replace("{action: record, RULES}", "{action: record, format: wav}").replace(
        "{action: talk, text: Goodbye}", "{action: wait, timeout: 300}"
    )
    made, _ = run(tmp_path, flow)
    (stored,) = records(made, "recording.stored")
    url = urlsplit(stored.data["url"])
    assert url.hostname is not None
    assert stored.data["size"] > 9_000_000  # more than sockets hold
    for _ in range(3):
        with socket.create_connection((url.hostname, url.port or 0)) as gone:
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            gone.sendall(f"GET {url.path} HTTP/1.0\r\n\r\n".encode())
            gone.recv(100)
    assert len(fetched(stored.data["url"])[1]) == stored.data["size"]
    assert capfd.readouterr().err == ""


FETCHING = """
import json, urllib.request

fetched = []

def app(environ, start_response):
    ncco = b""
    if environ["PATH_INFO"] == "/answer":
        ncco = json.dumps([
            {"action": "record", "endOnKey": "#", "format": "wav",
             "eventUrl": ["http://" + environ["HTTP_HOST"] + "/recorded"]},
            {"action": "talk", "text": "seventeen letters"},
        ]).encode()
    elif environ["PATH_INFO"] == "/recorded":
        told = json.loads(environ["wsgi.input"].read())
        for _ in range(3):
            with urllib.request.urlopen(told["recording_url"], timeout=10) as reply:
                fetched.append(len(reply.read()) == told["size"])
    start_response("200 OK", [("Content-Type", "application/json")])
    return [ncco]
"""


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_an_application_fetches_the_recording_while_the_call_waits_for_its_reply(
    tmp_path: Path, clock: str
) -> None:
    (tmp_path / "fetching.py").write_text(FETCHING)
    made = ivrsim.call(
        f"{tmp_path}/fetching.py:app/answer", platform="vonage", keys="12#", clock=clock
    )
    recorded = next(hook for hook in made.webhooks if hook.purpose == "record")
    assert recorded.status == 200
    assert made.heard == ["seventeen letters"]
    assert made.warnings == ()


def test_the_other_side_is_cut_off_when_it_hangs_up(tmp_path: Path) -> None:
    flow = """
        platform: vonage
        parties: {default: {says: SAYS, answers_after: 1, hangs_up_after: 2}}
        app:
          pages:
            start:
              reply:
                - {action: record, format: wav}
                - {action: connect, endpoint: [{type: phone, number: "447700900001"}]}
                - {action: wait, timeout: 3}
    """.replace("SAYS", "seventeen letters " * 10)
    made, _ = run(tmp_path, flow, trace_path=tmp_path / "call.jsonl", audio=True)
    said, left = records(made, "speech")[0].t, records(made, "leg.hangup")[0].t
    recording = load(tmp_path / "call.r1.wav").samples
    for sound in (sound_of(made)[:, 0], recording):
        assert loud(sound, said, left)
        assert not np.any(sound[left * RATE // 1000 :])


@pytest.mark.parametrize(("audio", "times"), [(True, 1), (False, 2)])
def test_a_file_is_not_fetched_again_for_each_recording(
    tmp_path: Path, audio: bool, times: int
) -> None:
    """Without ``--audio`` its length is asked for, and once more its sound."""
    data = encode(0.1 * np.sin(np.arange(RATE) / 10).astype(np.float32), RATE, "wav")
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/a.wav"
        record = "{action: record, endOnSilence: 3, format: wav}"
        flow = VOICEMAIL.replace(
            "{action: talk, text: Leave a message}",
            f"""{{action: record}}
            - {{action: stream, streamUrl: ["{url}"]}}""",
        )
        flow = flow.replace("{action: record, RULES}", f"{record}\n            - {record}")
        made, _ = run(tmp_path, flow, trace_path=tmp_path / "call.jsonl", audio=audio)
        server.shutdown()
    assert len(records(made, "recording.stored")) == 3
    assert asked == ["/a.wav"] * times
