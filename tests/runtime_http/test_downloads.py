"""Audio files by URL and by path."""

from __future__ import annotations

import os

import pytest

from ivrsim.errors import AudioError
from ivrsim.runtime.allow import HostPolicy
from ivrsim.runtime.downloads import AudioCache, fetch_audio
from ivrsim.runtime.webhooks import WebhookClient
from tests.runtime_http.servers import answering, closed_port, ok, raw_server

POLICY = HostPolicy(None, ())


@pytest.fixture
async def client():
    async with WebhookClient() as made:
        yield made


@pytest.fixture
def fetch(client, tmp_path):
    async def fetching(url, *, max_bytes=None, base_folder=tmp_path, cache=None) -> bytes:
        return await fetch_audio(
            url,
            max_bytes=max_bytes,
            base_folder=base_folder,
            policy=POLICY,
            client=client,
            cache=cache,
        )

    return fetching


async def test_a_file_over_http(fetch):
    async with raw_server(answering(ok(b"RIFF"))) as server:
        assert await fetch(f"{server.url}/a.wav", max_bytes=4) == b"RIFF"
    assert server.heads[0].startswith(b"GET /a.wav ")


@pytest.mark.parametrize("spelling", ["a%20b.wav", "sub/../a%20b.wav"])
async def test_a_file_url_is_relative_to_the_folder(fetch, tmp_path, spelling):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a b.wav").write_bytes(b"RIFF")
    assert await fetch(f"file:{spelling}") == b"RIFF"


async def test_paths(fetch, tmp_path):
    (tmp_path / "100%25.wav").write_bytes(b"RIFF")
    assert await fetch("100%25.wav") == b"RIFF"
    assert await fetch(str(tmp_path / "100%25.wav")) == b"RIFF"
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    assert await fetch((tmp_path / "a.wav").as_uri(), max_bytes=4) == b"RIFF"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("missing.wav", "no such audio file"),
        ("file:missing.wav", "no such audio file"),
        ("empty.wav", "empty"),
        ("large.wav", "larger than 10 bytes"),
        ("folder.wav", "not a file"),
        ("large.wav/a.wav", "no such audio file"),
        ("a" * 300, "audio file"),
        ("pipe.wav", "not a file"),
        ("a\0b.wav", "printable"),
        ("file://server/share/a.wav", "names no other machine"),
        ("ftp://127.0.0.1/a.wav", "expected an http, https or file URL"),
        ("data:audio/wav;base64,AAAA", "expected an http, https or file URL"),
        ("http://example.com/a.wav", "--allow example.com"),
        ("http:///a.wav", "names no host"),
        (f"http://127.0.0.1:{closed_port()}/a.wav", "connection refused"),
    ],
    ids=range(15),
)
async def test_errors_are_one_line_that_names_the_file(fetch, tmp_path, url, words):
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "large.wav").write_bytes(b"x" * 11)
    (tmp_path / "folder.wav").mkdir()
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(AudioError) as caught:
        await fetch(url, max_bytes=10)
    line = str(caught.value)
    assert words in line
    assert url.removeprefix("file:").removeprefix("http://").replace("\0", "�") in line
    assert line.isprintable()


async def test_a_remote_application_may_not_name_files_of_this_machine(fetch, tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    for url in ((tmp_path / "a.wav").as_uri(), str(tmp_path / "a.wav"), "file:a.wav"):
        with pytest.raises(AudioError, match="only a flow on this machine"):
            await fetch(url, base_folder=None)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (ok(b"no", status="404 Not Found"), "HTTP 404"),
        (ok(b""), "empty"),
        (ok(b"x" * 11), "larger than 10 bytes"),
    ],
)
async def test_bad_replies(fetch, reply, words):
    async with raw_server(answering(reply)) as server:
        with pytest.raises(AudioError, match=words):
            await fetch(f"{server.url}/a.wav", max_bytes=10)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("rule", "header", "seconds"),
    [
        ("hour", "Cache-Control: no-store", 3600),
        ("hour", "X: y", 3600),
        ("cache-control", "Cache-Control: public, max-age=60", 60),
        ("cache-control", "cache-control: max-age=60", 60),
        ("cache-control", "Cache-Control: no-store, max-age=60", 0),
        ("cache-control", "Cache-Control: s-maxage=60", 0),
        ("cache-control", "X: y", 0),
    ],
)
async def test_how_long_a_file_is_kept(fetch, rule, header, seconds):
    clock = Clock()
    cache = AudioCache(rule, clock)
    async with raw_server(answering(ok(b"old", header), ok(b"new", header))) as server:
        url = f"{server.url}/a.wav"
        assert await fetch(url, cache=cache) == b"old"
        clock.now += seconds - 1
        assert await fetch(url, cache=cache) == (b"old" if seconds else b"new")
        clock.now += 1
        assert await fetch(url, cache=cache) == b"new"


async def test_an_empty_file_is_not_kept(fetch):
    cache = AudioCache("hour")
    async with raw_server(answering(ok(b""), ok(b"RIFF"))) as server:
        with pytest.raises(AudioError, match="empty"):
            await fetch(f"{server.url}/a.wav", cache=cache)
        assert await fetch(f"{server.url}/a.wav", cache=cache) == b"RIFF"


async def test_the_cache_is_bounded(monkeypatch):
    monkeypatch.setattr("ivrsim.runtime.downloads.LARGEST", 10)
    cache = AudioCache("hour")
    for name in "abc":
        cache.put(name, {}, b"1234")
    assert [cache.get(name) for name in "abc"] == [None, b"1234", b"1234"]
