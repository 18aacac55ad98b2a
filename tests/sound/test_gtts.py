"""Google's voice, with a local server in its place: what it is asked, and all it can do wrong."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from ivrsim.errors import AudioError, SoundUnavailable
from ivrsim.sound import gtts_voice, speech
from ivrsim.sound.clip_cache import ClipMemory
from ivrsim.sound.files import load
from ivrsim.sound.gtts_voice import Gtts
from ivrsim.sound.speech import Announcer, Utterance
from ivrsim.sound.voices import Voice

MP3 = Path("sounds/welcome.mp3")
RATE = 24_000


class Google:
    """Answers as told by ``does``; ``asked`` is what was asked for: host, words, language, slow."""

    def __init__(self) -> None:
        self.does = "speak"
        self.asked: list[tuple[str, str, str, bool]] = []
        self.gone = threading.Event()
        google = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                request = json.loads(parse_qs(body)["f.req"][0])[0][0][1]
                words, language, slow, _ = json.loads(request)
                google.asked.append((self.headers["X-Host"], words, language, bool(slow)))
                google.answer(self)

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, to: BaseHTTPRequestHandler) -> None:
        if self.does == "hang":
            self.gone.wait()
            return
        to.send_response(429 if self.does == "refuse" else 200)
        to.end_headers()
        if self.does == "drip":
            while not self.gone.wait(0.05):
                to.wfile.write(b"x")
        elif self.does == "speak":
            audio = base64.b64encode(MP3.read_bytes()).decode()
            to.wfile.write(f')]}}\'\n[["wrb.fr","jQ1olc","[\\"{audio}\\"]",null]]\n'.encode())
        elif self.does == "junk":
            audio = base64.b64encode(b"<html>captcha</html>").decode()
            to.wfile.write(f'[["wrb.fr","jQ1olc","[\\"{audio}\\"]",null]]\n'.encode())
        elif self.does == "silent":
            to.wfile.write(b'[["wrb.fr","jQ1olc",null,null]]\n')
        elif self.does == "binary":
            to.wfile.write(b"\xff\xfe\xff\n")


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    made = Google()
    real = requests.Session.send

    def send(self: Any, request: Any, **options: Any) -> Any:
        request.headers["X-Host"] = urlsplit(request.url).hostname
        request.url = f"http://127.0.0.1:{made.server.server_port}/"
        return real(self, request, **{**options, "proxies": {}})

    monkeypatch.setattr(requests.Session, "send", send)
    monkeypatch.setattr(gtts_voice, "TIMEOUT_S", (0.3, 0.3))
    monkeypatch.setattr(speech, "_memory", ClipMemory())
    yield made
    made.gone.set()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def answer_ms() -> int:
    return load(MP3).duration_ms


def test_words_become_sound(google: Google, answer_ms: int) -> None:
    clip = Gtts().render("Hello there.", Voice("en-GB"))
    assert clip.duration_ms == answer_ms
    assert clip.note == ""
    assert google.asked == [("translate.google.co.uk", "Hello there.", "en", False)]


def test_a_long_text_is_several_requests(google: Google, answer_ms: int) -> None:
    text = "This sentence has some forty characters. " * 5
    clip = Gtts().render(text, Voice("cmn-TW"))
    assert len(google.asked) > 2
    assert clip.duration_ms == pytest.approx(len(google.asked) * answer_ms, rel=0.05)
    assert {(language, slow) for _, _, language, slow in google.asked} == {("zh-TW", False)}


def test_ssml_is_words_languages_and_pauses(google: Google, answer_ms: int) -> None:
    clip = Gtts().render(
        "<speak>Say <break time='1s'/><lang xml:lang='it-IT'>buon giorno</lang> … </speak>",
        Voice("en-US"),
        ssml=True,
    )
    assert [(words, language) for _, words, language, _ in google.asked] == [
        ("Say", "en"),
        ("buon giorno", "it"),
    ]
    assert clip.duration_ms == pytest.approx(2 * answer_ms + 1000, abs=2)
    silence = clip.samples[(answer_ms + 50) * clip.rate // 1000 :][: clip.rate // 2]
    assert not silence.any()
    with pytest.raises(AudioError, match=r"^SSML:1:9"):
        Gtts().render("<speak>a", Voice(), ssml=True)


def test_what_it_cannot_do_is_noted(google: Google) -> None:
    marked = "<speak>a <prosody rate='fast'>b</prosody></speak>"
    note = Gtts().render(marked, Voice("tlh", male=True), speed=2.0, ssml=True).note
    for words in ("'tlh'", "none is a man's", "speed 2", "no SSML but pauses"):
        assert words in note
    assert Gtts().render("slowly", Voice(), speed=0.5).note == ""
    assert google.asked[-1][3] is True


def test_nothing_to_say_asks_nobody(google: Google) -> None:
    assert Gtts().render(" … ", Voice()).duration_ms == 0
    assert google.asked == []


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("hang", "gtts: Google did not answer within 0.3 s"),
        ("refuse", "gtts: Google answered HTTP 429, too many requests"),
        ("junk", "gtts: the answer of Google: not audio but an HTML page"),
        ("silent", "gtts: Google answered without speech"),
        ("nothing", "gtts: Google answered without speech"),
        ("binary", "gtts: 'utf-8' codec"),
    ],
)
def test_whatever_goes_wrong_is_one_line(google: Google, does: str, said: str) -> None:
    google.does = does
    with pytest.raises(SoundUnavailable) as caught:
        Gtts().render("hello", Voice())
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_nobody_there_is_one_line(google: Google) -> None:
    google.server.shutdown()
    google.server.server_close()
    with pytest.raises(SoundUnavailable, match=r"^gtts: Google cannot be reached$"):
        Gtts().render("hello", Voice())


def test_the_embedded_voice_takes_over_and_the_call_waits_once(google: Google) -> None:
    google.does = "drip"  # each read is in time, the whole never ends
    announcer = Announcer("gtts", deadline_s=0.3)
    first = announcer.clip(Utterance("hello"), RATE)
    assert (
        first.note
        == "gtts: no speech within 0.3 s; the embedded voice speaks for the rest of the call"
    )
    assert 200 < first.duration_ms < 2000
    again = announcer.clip(Utterance("hello again"), RATE)
    assert again.note == ""
    assert len(google.asked) == 1
    google.does = "speak"
    assert Announcer("gtts").clip(Utterance("a"), RATE).note == ""  # the next call tries again
    assert len(google.asked) == 2


def test_what_was_spoken_is_kept_on_disk(
    google: Google, tmp_path: Path, answer_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hello = Utterance("hello", Voice("de-DE"))
    assert Announcer("gtts", tmp_path).clip(hello, 48_000).duration_ms == answer_ms
    google.does = "refuse"
    monkeypatch.setattr(speech, "_memory", ClipMemory())  # another process
    announcer = Announcer("gtts", tmp_path)
    assert "HTTP 429" in announcer.clip(Utterance("not yet"), RATE).note
    kept = announcer.clip(hello, RATE)  # after the failure, too
    assert (kept.duration_ms, kept.rate, kept.note) == (answer_ms, RATE, "")
    assert len(google.asked) == 2


def test_speech_that_comes_too_late_is_there_next_time(google: Google, tmp_path: Path) -> None:
    google.does = "hang"
    late = threading.Event()
    real = Google.answer

    def answer(to: BaseHTTPRequestHandler) -> None:
        late.wait()
        google.does = "speak"
        real(google, to)

    google.answer = answer  # type: ignore[method-assign]  # an answer that waits for us
    gtts_voice.TIMEOUT_S = (5, 60)  # type: ignore[misc]  # put back by the fixture
    announcer = Announcer("gtts", tmp_path, deadline_s=0.1)
    assert "no speech within" in announcer.clip(Utterance("hello"), RATE).note
    late.set()
    for thread in threading.enumerate():
        if thread.name == "voice gtts":
            thread.join()
    _, made = announcer.keep(Utterance("hello"))
    assert not made


def test_broken_ssml_is_no_failure_of_the_voice(google: Google) -> None:
    announcer = Announcer("gtts")
    with pytest.raises(AudioError, match="SSML"):
        announcer.clip(Utterance("<speak>", ssml=True), RATE)
    assert announcer.clip(Utterance("hello"), RATE).note == ""
    assert len(google.asked) == 1
