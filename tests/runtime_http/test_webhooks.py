"""Webhooks against real sockets that refuse, hang, drip, reset, lie and flood."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import gzip
import socket
import ssl
import warnings
from pathlib import Path

import pytest

from ivrsim.engine.events import WebhookFailed, WebhookReplied
from ivrsim.runtime.allow import HostPolicy
from ivrsim.runtime.webhooks import WebhookClient
from tests.runtime_http.servers import answering, closed_port, ok, raw_server, reset, webhook

# A self-signed certificate for localhost, made for these tests alone: it protects nothing.
CERTIFICATE = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg2HehPxVLceW1q/S5
NbSgGCjzfPiOKwa8HYlTy0v8T8uhRANCAAT42Jyp5RXrr/xQ+6VAf5rZinEaGVnm
gvwc0mm4PARhgDSafsgD8jbDZV3uvw6cyBpayPHzFMe1MyISW0EvYRRS
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUG2sKqA4Js8JBLaQqhalzavhPNIMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA4MjQ1NVoYDzIxMjYxMDI4
MDgyNDU1WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAT42Jyp5RXrr/xQ+6VAf5rZinEaGVnmgvwc0mm4PARhgDSafsgD8jbD
ZV3uvw6cyBpayPHzFMe1MyISW0EvYRRSo28wbTAdBgNVHQ4EFgQUPYXPDTMjr21D
EgvQnKPu/zssdIcwHwYDVR0jBBgwFoAUPYXPDTMjr21DEgvQnKPu/zssdIcwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAKwHMtWTZfvA5p9i54WN3nhrmW+u2OBAhFpv2Gdp5MfQAiBX
r+5K5VP5BHCyOeITTPdT5z5YNGVzfgh3+2AvBuRTvw==
-----END CERTIFICATE-----
"""


@pytest.fixture
async def client():
    async with WebhookClient() as made:
        yield made


async def replied(client, request, **options) -> WebhookReplied:
    event = await client.send(request, **options)
    assert isinstance(event, WebhookReplied), event
    return event


async def failed(client, request, **options) -> WebhookFailed:
    event = await client.send(request, **options)
    assert isinstance(event, WebhookFailed), event
    assert "\n" not in event.message
    return event


# what is sent


async def test_sends_the_exact_bytes_and_headers(client):
    body = '{"digits":"1",  "name":"Zoë"}'.encode()
    async with raw_server(answering(ok(b"[]"))) as server:
        request = webhook(
            f"{server.url}/e?a=%2B65&b=1+2", body=body, headers={"Content-Type": "application/json"}
        )
        await replied(client, request)
    assert server.bodies == [body]
    head = server.heads[0].decode()
    assert head.startswith("POST /e?a=%2B65&b=1+2 HTTP/1.1\r\n")
    assert "Content-Type: application/json\r\n" in head


async def test_a_get_has_no_body_and_no_content_type(client):
    async with raw_server(answering(ok(b"[]"))) as server:
        await replied(client, webhook(server.url, method="GET", body=None))
    head = server.heads[0].lower()
    assert b"content-type" not in head
    assert b"content-length" not in head


async def test_extra_headers_win_whatever_their_case(client):
    async with raw_server(answering(ok(b"[]"))) as server:
        request = webhook(server.url, headers={"Authorization": "Bearer a", "X-Own": "1"})
        await replied(client, request, extra_headers={"authorization": "Bearer b"})
    head = server.heads[0].lower()
    assert head.count(b"authorization:") == 1
    assert b"bearer b" in head
    assert b"x-own: 1" in head


async def test_cookies_are_not_sent_back(client):
    async with raw_server(answering(ok(b"", "Set-Cookie: a=b"))) as server:
        await replied(client, webhook(server.url))
        await replied(client, webhook(server.url))
    assert b"cookie" not in server.heads[1].lower()


async def test_a_header_with_a_line_break_is_a_failure(client):
    async with raw_server(answering(ok(b""))) as server:
        event = await failed(client, webhook(server.url, headers={"X": "a\r\nb: c"}))
    assert event.reason == "failed"
    assert server.heads == []


async def test_proxies_of_the_environment_are_not_used_for_loopback(client, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    async with raw_server(answering(ok(b"direct"))) as server:
        assert (await replied(client, webhook(server.url))).body == "direct"


async def test_proxies_of_the_environment_are_used_for_others(client, monkeypatch):
    async with raw_server(answering(ok(b"by proxy"))) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        policy = HostPolicy(None, ["app.invalid"])
        event = await replied(client, webhook("http://app.invalid/x"), policy=policy)
    assert event.body == "by proxy"
    assert proxy.heads[0].startswith(b"POST http://app.invalid/x ")


# what comes back


@pytest.mark.parametrize(
    ("reply", "status", "body"),
    [
        (ok(b"boom", status="500 Internal Server Error"), 500, "boom"),
        (ok(b"<html></html>", "Content-Type: text/html"), 200, "<html></html>"),
        (ok(b"NaN"), 200, "NaN"),
        (ok(b"null"), 200, "null"),
        (ok(b""), 200, ""),
        (ok(b"", status="302 Found"), 302, ""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n1\r\n]\r\n0\r\n\r\n",
            200,
            "[1]",
        ),
        (ok(gzip.compress(b"[1, 2]"), "Content-Encoding: gzip"), 200, "[1, 2]"),
        (ok("Zoë 🎉".encode()), 200, "Zoë 🎉"),
        (ok(b"x" * 2 * 1024 * 1024), 200, "x" * 2 * 1024 * 1024),
    ],
    ids=range(11),
)
async def test_any_reply_is_a_reply(client, reply, status, body):
    async with raw_server(answering(reply)) as server:
        event = await replied(client, webhook(server.url))
    assert (event.webhook, event.status, event.body, event.encoding) == (
        "w1",
        status,
        body,
        "utf-8",
    )
    assert event.elapsed_ms >= 0


async def test_http_1_0_ends_with_the_connection(client):
    async def handler(reader, writer, head):
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n[]")
        writer.close()

    async with raw_server(handler) as server:
        assert (await replied(client, webhook(server.url))).body == "[]"


async def test_what_is_not_utf8_comes_as_base64(client):
    async with raw_server(answering(ok(b"\xff\xfe\x00"))) as server:
        event = await replied(client, webhook(server.url))
    assert event.encoding == "base64"
    assert base64.b64decode(event.body) == b"\xff\xfe\x00"


async def test_headers_keep_their_case_and_the_last_one_wins(client):
    reply = ok(b"", "X-One: 1", "x-one: 2", "X-Latin: caf\xe9").replace(b"\xc3\xa9", b"\xe9")
    async with raw_server(answering(reply)) as server:
        event = await replied(client, webhook(server.url))
    assert event.headers == {"Content-Length": "0", "x-one": "2", "X-Latin": "café"}


# connections


async def test_a_connection_is_used_again(client):
    async with raw_server(answering(ok(b"[]"))) as server:
        for _ in range(5):
            await replied(client, webhook(server.url))
    assert (server.connections, len(server.heads)) == (1, 5)


@pytest.mark.parametrize("end", ["close", "reset"])
async def test_a_kept_connection_that_went_stale_is_not_a_failure(client, end):
    """The server ends the connection just as the second request arrives: it saw nothing of it."""
    served = 0

    async def handler(reader, writer, head):
        nonlocal served
        served += 1
        if served == 2:
            reset(writer) if end == "reset" else writer.close()
        else:
            writer.write(ok(b"[]"))

    async with raw_server(handler) as server:
        await replied(client, webhook(server.url))
        await replied(client, webhook(server.url, body=b"again"))
    assert (server.connections, server.bodies) == (2, [b"{}", b"again", b"again"])


async def test_a_kept_connection_that_breaks_off_within_a_reply_is_not_tried_again(client):
    served = 0

    async def handler(reader, writer, head):
        nonlocal served
        served += 1
        if served == 1:
            writer.write(ok(b"[]"))
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[")
            await writer.drain()
            writer.close()

    async with raw_server(handler) as server:
        await replied(client, webhook(server.url))
        event = await failed(client, webhook(server.url))
    assert event.reason == "closed"
    assert len(server.heads) == 2


# what goes wrong


async def test_refused(client):
    url = f"http://127.0.0.1:{closed_port()}/vca"
    event = await failed(client, webhook(url))
    assert (event.webhook, event.reason, event.phase) == ("w1", "refused", "connect")
    assert event.message == f"POST {url}: connection refused: is the application running?"


async def test_refused_by_both_addresses_of_localhost(client):
    event = await failed(client, webhook(f"http://localhost:{closed_port()}/vca"))
    assert event.reason == "refused"


async def test_hangs_before_it_accepts(client):
    """A full backlog: the system does not answer the SYN."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        event = await failed(client, webhook(url, connect_ms=120))
    assert (event.reason, event.phase) == ("timeout", "connect")
    assert "no connection within 120 ms" in event.message
    assert event.elapsed_ms >= 120


async def test_hangs_after_it_accepted(client):
    async with raw_server(lambda *_: asyncio.sleep(60)) as server:
        event = await failed(client, webhook(server.url, read_ms=120))
    assert (event.reason, event.phase) == ("timeout", "read")
    assert "no whole reply within 120 ms" in event.message
    assert event.elapsed_ms >= 120


@pytest.mark.parametrize("slow", ["headers", "body"])
async def test_a_drip_does_not_beat_the_deadline(client, slow):
    async def handler(reader, writer, head):
        writer.write(b"HTTP/1.1 200 OK\r\n")
        if slow == "body":
            writer.write(b"Content-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"X: y\r\n" if slow == "headers" else b" ")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with raw_server(handler) as server:
        event = await failed(client, webhook(server.url, read_ms=150))
    assert (event.reason, event.phase) == ("timeout", "read")


async def test_redirects_share_one_deadline(client):
    async def handler(reader, writer, head):
        await asyncio.sleep(0.08)
        writer.write(ok(b"", "Location: /next", status="307 Temporary Redirect"))

    async with raw_server(handler) as server:
        event = await failed(client, webhook(server.url, read_ms=200))
    assert event.reason == "timeout"
    assert len(server.heads) < 4


@pytest.mark.parametrize(
    ("sent", "end", "reason"),
    [
        (b"", "close", "closed"),
        (b"", "reset", "reset"),
        (b"HTTP/1.1 20", "close", "closed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[1", "close", "closed"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "close", "closed"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "close", "failed"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2**20 + b"\r\n\r\n", "close", "too-large"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 2**15 + b"\r\n", "close", "too-large"),
        (ok(b"not gzip", "Content-Encoding: gzip"), "close", "failed"),
    ],
    ids=["at once", "reset", "status line", "body", "chunk", "ssh", "header", "headers", "gzip"],
)
async def test_ends_badly(client, sent, end, reason):
    async def handler(reader, writer, head):
        writer.write(sent)
        await writer.drain()
        reset(writer) if end == "reset" else writer.close()

    async with raw_server(handler) as server:
        event = await failed(client, webhook(f"{server.url}/vca?key=1"))
    assert (event.reason, event.phase) == (reason, "read")
    assert event.message.startswith(f"POST {server.url}/vca: ")
    assert len(server.heads) == 1  # a first request is never sent twice


@pytest.mark.parametrize("how", ["declared", "undeclared", "gzip bomb"])
async def test_a_flood_is_refused_early(client, how):
    written = 0

    async def handler(reader, writer, head):
        nonlocal written
        if how == "gzip bomb":
            bomb = gzip.compress(b"\0" * 50_000_000, 9)
            writer.write(ok(bomb, "Content-Encoding: gzip"))
            return
        length = "Content-Length: 50000000\r\n" if how == "declared" else ""
        writer.write(f"HTTP/1.1 200 OK\r\n{length}\r\n".encode())
        for _ in range(50):
            writer.write(b"x" * 1_000_000)
            await writer.drain()
            written += 1_000_000
        writer.close()

    async with raw_server(handler) as server:
        event = await failed(client, webhook(server.url))
        assert event.reason == "too-large"
        assert event.message.endswith("the reply is larger than 2 MiB")
    assert written < 40_000_000  # what the buffers of the system hold, and no more


async def test_a_name_that_does_not_exist(client, monkeypatch):
    async def no_address(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", no_address)
    policy = HostPolicy(None, ["*.invalid"])
    event = await failed(client, webhook("http://app.invalid/x"), policy=policy)
    assert (event.reason, event.phase) == ("dns", "connect")
    assert "no address for app.invalid" in event.message


# TLS


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    (tmp_path / "both.pem").write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    return context


async def test_a_self_signed_certificate_needs_insecure(client, tls):
    async with raw_server(answering(ok(b"[]")), ssl=tls) as server:
        event = await failed(client, webhook(server.url))
        assert (event.reason, event.phase) == ("tls", "connect")
        assert event.message.endswith("self-signed certificate: --insecure does not verify it")
        assert (await replied(client, webhook(server.url), insecure=True)).body == "[]"
        # the connection made without verification is not used for a request that wants it
        assert (await failed(client, webhook(server.url))).reason == "tls"


async def test_https_to_a_server_without_tls(client):
    def plain(reader, writer):
        writer.write(ok(b"this is http", status="400 Bad Request"))
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        event = await failed(client, webhook(f"https://127.0.0.1:{port}/"))
    assert event.reason == "tls"
    assert "does the server speak https?" in event.message


# redirects


@pytest.mark.parametrize(
    ("status", "second"),
    [
        ("301 Moved", b"GET"),
        ("302 Found", b"GET"),
        ("303 See Other", b"GET"),
        ("307 Temporary Redirect", b"POST"),
        ("308 Permanent Redirect", b"POST"),
    ],
)
async def test_redirects_are_followed_as_browsers_do(client, status, second):
    replies = answering(ok(b"gone", "Location: /b?c=1", status=status), ok(b"[]"))
    async with raw_server(replies) as server:
        event = await replied(client, webhook(f"{server.url}/a", headers={"Authorization": "x"}))
    assert event.body == "[]"
    assert server.heads[1].startswith(second + b" /b?c=1 HTTP/1.1\r\n")
    assert server.bodies[1] == (b"{}" if second == b"POST" else b"")
    assert b"authorization: x" in server.heads[1].lower()


async def test_five_redirects_are_followed_and_no_more(client):
    redirect = ok(b"", "Location: /", status="302 Found")
    async with raw_server(answering(*[redirect] * 5, ok(b"[]"))) as server:
        assert (await replied(client, webhook(server.url))).body == "[]"
    async with raw_server(answering(redirect)) as server:
        event = await failed(client, webhook(f"{server.url}/start"))
    assert event.reason == "redirects"
    assert event.message.startswith(f"POST {server.url}/start: redirected more than 5 times")
    assert len(server.heads) == 6


async def test_a_secret_stays_with_its_host(client):
    async with raw_server(answering(ok(b"[]"))) as other:
        redirect = ok(b"", f"Location: {other.url}/x", status="307 Temporary Redirect")
        async with raw_server(answering(redirect)) as server:
            request = webhook(server.url, headers={"Authorization": "secret", "X-Own": "1"})
            await replied(client, request)
    assert b"secret" in server.heads[0]
    assert b"secret" not in other.heads[0]
    assert b"X-Own: 1" in other.heads[0]


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://example.com/x", "not-allowed"),
        ("//example.com/x", "not-allowed"),
        ("http://127.0.0.1@example.com/", "not-allowed"),
        ("ftp://127.0.0.1/", "invalid-url"),
        ("http://[::1", "invalid-url"),
    ],
)
async def test_a_redirect_to_where_webhooks_may_not_go(client, location, reason):
    async with raw_server(
        answering(ok(b"", f"Location: {location}", status="302 Found"))
    ) as server:
        event = await failed(client, webhook(server.url))
    assert event.reason == reason


# what is not sent at all


@pytest.mark.parametrize(
    ("url", "reason", "words"),
    [
        (
            "https://user:secret@api.example.com/event?key=1",
            "not-allowed",
            "--allow api.example.com",
        ),
        ("localhost:5000/x", "invalid-url", "did you mean http://localhost:5000/x?"),
        ("ftp://user:secret@example.com", "invalid-url", "ftp://example.com: expected a URL"),
        ("", "invalid-url", "expected a URL"),
        ("http://a\r\nb/", "invalid-url", "no control characters"),
    ],
)
async def test_where_no_webhook_goes(client, url, reason, words):
    event = await failed(client, webhook(url))
    assert (event.reason, event.phase) == (reason, "connect")
    assert words in event.message
    assert "secret" not in event.message


# interrupted and closed


async def test_a_cancelled_webhook_closes_its_connection(client):
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def handler(reader, writer, head):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[")
        await writer.drain()
        arrived.set()
        assert await reader.read() == b""
        gone.set()
        writer.close()

    async with raw_server(handler) as server:
        task = asyncio.create_task(client.send(webhook(server.url)))
        await arrived.wait()
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone.wait(), 2)


def test_many_loops_leave_no_warning(tmp_path):
    (tmp_path / "both.pem").write_text(CERTIFICATE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    complaints: list[object] = []

    async def one_call(tls: ssl.SSLContext | None) -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, what: complaints.append(what))
        async with raw_server(answering(ok(b"[]")), ssl=tls) as server, WebhookClient() as client:
            await replied(client, webhook(server.url), insecure=True)
            stuck = asyncio.create_task(client.send(webhook(server.url)))
            await asyncio.sleep(0)
            stuck.cancel()
        async with WebhookClient():
            pass  # a call without webhooks

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for tls in (None, context, None):
            asyncio.run(one_call(tls))
            gc.collect()
    assert complaints == []
