"""HTTP requests out: webhooks and, through the same client, downloads.

One request, one deadline: ``connect_ms`` until the connection stands (names, TCP, TLS), and from
then ``read_ms`` until the whole reply is read, redirects included, so that a reply that drips a
byte a second cannot outlast it.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from collections.abc import Mapping
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple

from ivrsim.engine.commands import SendWebhook
from ivrsim.engine.events import WebhookFailed, WebhookReplied
from ivrsim.errors import HostNotAllowed, IvrsimError
from ivrsim.runtime.allow import HostPolicy, InvalidUrl, is_loopback, web_url

if TYPE_CHECKING:
    import aiohttp
    from yarl import URL

REPLY_LIMIT = 2 * 1024 * 1024
"""The largest reply to a webhook, in bytes after decompression."""

REDIRECT_LIMIT = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOTHING: Mapping[str, str] = {}
_LOCAL_ONLY = HostPolicy(None, ())


class Reply(NamedTuple):
    """A whole HTTP reply. ``headers``: of a repeated name the last; names as they were sent."""

    status: int
    headers: dict[str, str]
    body: bytes


class RequestFailed(IvrsimError):
    """No whole reply. ``reason`` and ``phase`` as in ``webhook.failed`` of ``trace.kinds``."""

    def __init__(self, reason: str, phase: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.phase = phase


class WebhookClient:
    """The HTTP client of one event loop; connections are kept for the next request.

    The session is made at the first request. ``close`` (or ``async with``) belongs before the
    end of the loop.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> WebhookClient:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes all connections; harmless when there are none."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def send(
        self,
        request: SendWebhook,
        extra_headers: Mapping[str, str] = _NOTHING,
        *,
        policy: HostPolicy = _LOCAL_ONLY,
        insecure: bool = False,
    ) -> WebhookReplied | WebhookFailed:
        """Sends one webhook; never raises for what the network or the application does.

        ``extra_headers`` win over the request's own. ``elapsed_ms`` is wall time. ``insecure``
        does not verify TLS certificates.
        """
        began = time.perf_counter()
        try:
            reply = await self.fetch(
                request.method,
                request.url,
                headers=_merged(request.headers, extra_headers),
                body=request.body,
                connect_ms=request.connect_ms,
                read_ms=request.read_ms,
                policy=policy,
                insecure=insecure,
            )
        except RequestFailed as failure:
            return WebhookFailed(
                request.webhook, failure.reason, str(failure), failure.phase, _ms_since(began)
            )
        try:
            body, encoding = reply.body.decode(), "utf-8"
        except UnicodeDecodeError:
            body, encoding = base64.b64encode(reply.body).decode(), "base64"
        return WebhookReplied(
            request.webhook, reply.status, reply.headers, body, encoding, _ms_since(began)
        )

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] = _NOTHING,
        body: bytes | None = None,
        connect_ms: int,
        read_ms: int,
        max_bytes: int = REPLY_LIMIT,
        policy: HostPolicy = _LOCAL_ONLY,
        insecure: bool = False,
    ) -> Reply:
        """One request and its whole reply, after at most five redirects.

        A redirect is followed as browsers do: 303, and 301 or 302 after a POST, become a GET
        without body; 307 and 308 send the same again. Every hop must pass ``policy``;
        ``Authorization`` and ``Cookie`` stay with the first host.
        Raises RequestFailed.
        """
        progress = _Progress(read_ms / 1000)
        attempt = _Attempt(method, url, headers, body)
        try:
            async with asyncio.timeout(connect_ms / 1000) as progress.deadline:
                for _ in range(REDIRECT_LIMIT + 1):
                    where = web_url(attempt.url)
                    policy.check(where)
                    if where.user is not None and "authorization" in _lower(attempt.headers):
                        where = where.with_user(None)  # one of the two: the header wins
                    response = await self._request(where, attempt, progress, insecure)
                    try:
                        target = response.headers.get("Location")
                        if response.status not in _REDIRECTS or target is None:
                            content = await _read(response, attempt, max_bytes)
                            return Reply(response.status, _last_of_each(response), content)
                        attempt = attempt.redirected(where, response.status, target)
                    except BaseException:  # cancelled too: the reply is half read
                        response.close()
                        raise
                    response.release()
        except InvalidUrl as error:
            raise RequestFailed("invalid-url", progress.phase, str(error)) from None
        except HostNotAllowed as error:
            line = f"{attempt.method} {_shown(attempt.url)}: {error}"
            raise RequestFailed("not-allowed", progress.phase, line) from None
        except TimeoutError:
            raise attempt.timed_out(progress, connect_ms, read_ms) from None
        what = f"redirected more than {REDIRECT_LIMIT} times: does it redirect to itself?"
        raise _Attempt(method, url, headers, body).failed("redirects", "read", what)

    async def _request(
        self, where: URL, attempt: _Attempt, progress: _Progress, insecure: bool
    ) -> aiohttp.ClientResponse:
        """Sends and reads the headers of the reply.

        A connection that was kept may have been closed by the server in the meantime. When a
        request meets that (nothing was received on a connection used before), it is sent once
        more; aiohttp does so too, but not for POST.
        """
        session = self._session
        if session is None:
            session = self._session = _new_session()
        import aiohttp  # in sys.modules by now: a look-up, not an import

        while True:
            progress.reused = False
            try:
                return await session.request(
                    attempt.method,
                    where,
                    headers=attempt.headers,
                    data=attempt.body,
                    allow_redirects=False,
                    ssl=not insecure,
                    proxy=_proxy(where.scheme, where.raw_host or "", where.port),
                    trace_request_ctx=progress,
                )
            except aiohttp.ServerDisconnectedError as error:
                if not progress.reused or error.message != _NOTHING_RECEIVED:
                    raise attempt.broke_off() from error
            except (aiohttp.ClientConnectorError, aiohttp.ClientConnectorCertificateError) as error:
                raise attempt.not_connected(where, error) from error
            except aiohttp.ClientOSError as error:
                if not progress.reused:
                    raise attempt.was_reset() from error
            except ConnectionResetError as error:
                raise attempt.was_reset() from error
            except aiohttp.ClientResponseError as error:
                raise attempt.not_http(error) from error
            except TimeoutError:
                raise
            except (aiohttp.ClientError, ValueError) as error:
                # ValueError: a header with a line break, a proxy that is none
                detail = " ".join(str(error).split())
                raise attempt.failed("failed", progress.phase, detail) from error


class _Progress:
    """How far a request has come. aiohttp's tracing tells when a connection stands."""

    __slots__ = ("connected", "deadline", "read_s", "reused")

    def __init__(self, read_s: float) -> None:
        self.read_s = read_s
        self.reused = False
        self.connected = False
        self.deadline: asyncio.Timeout | None = None

    @property
    def phase(self) -> str:
        return "read" if self.connected else "connect"

    def stands(self, *, reused: bool) -> None:
        self.reused = reused
        if not self.connected and self.deadline is not None:
            self.connected = True
            self.deadline.reschedule(asyncio.get_running_loop().time() + self.read_s)


class _Attempt(NamedTuple):
    """What is sent, and the words for how it fails."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None

    def redirected(self, where: URL, status: int, target: str) -> _Attempt:
        """The request that follows a redirect from ``where``. Raises InvalidUrl."""
        from yarl import URL

        try:
            url = where.join(URL(target))
        except ValueError as error:
            raise InvalidUrl(f"{_shown(self.url)}: redirects to no URL: {error}") from None
        method, body, headers = self.method, self.body, self.headers
        if status == 303 or (status in (301, 302) and method == "POST"):
            method, body = "GET", None
            headers = _without(headers, {"content-type", "content-length"})
        if web_url(str(url)).origin() != where.origin():
            headers = _without(headers, {"authorization", "cookie"})
        return _Attempt(method, str(url), headers, body)

    def failed(self, reason: str, phase: str, what: str) -> RequestFailed:
        return RequestFailed(reason, phase, f"{self.method} {_shown(self.url)}: {what}")

    def timed_out(self, progress: _Progress, connect_ms: int, read_ms: int) -> RequestFailed:
        if progress.connected:
            what = f"no whole reply within {read_ms} ms: the application is too slow or stuck"
        else:
            what = f"no connection within {connect_ms} ms: is the host up and reachable?"
        return self.failed("timeout", progress.phase, what)

    def broke_off(self) -> RequestFailed:
        what = "connection closed without a reply: look at the application's log"
        return self.failed("closed", "read", what)

    def was_reset(self) -> RequestFailed:
        what = "connection reset: look at the application's log"
        return self.failed("reset", "read", what)

    def not_http(self, error: aiohttp.ClientResponseError) -> RequestFailed:
        # only the text tells: 8 KiB for a header and 128 headers are aiohttp's limits
        if error.message.startswith(("Got more than", "Too many headers")):
            what = "the headers of the reply are larger than 8 KiB each or more than 128"
            return self.failed("too-large", "read", what)
        detail = " ".join(error.message.split())
        return self.failed("failed", "read", f"the reply is not HTTP: {detail[:120]}")

    def not_connected(
        self,
        where: URL,
        error: aiohttp.ClientConnectorError | aiohttp.ClientConnectorCertificateError,
    ) -> RequestFailed:
        import aiohttp

        if isinstance(error, aiohttp.ClientConnectorCertificateError):
            cause = getattr(error.certificate_error, "verify_message", "") or "refused"
            what = f"TLS certificate: {cause}: --insecure does not verify it"
            return self.failed("tls", "connect", what)
        if isinstance(error.os_error, ssl.SSLError):
            cause = (error.os_error.reason or "failed").replace("_", " ").lower()
            what = f"TLS handshake: {cause}: does the server speak https?"
            return self.failed("tls", "connect", what)
        if isinstance(error, aiohttp.ClientConnectorDNSError):
            what = f"no address for {where.raw_host}: is the name spelled right?"
            return self.failed("dns", "connect", what)
        through = "proxy: " if isinstance(error, aiohttp.ClientProxyConnectionError) else ""
        if isinstance(error.os_error, ConnectionRefusedError):
            what = f"{through}connection refused: is the application running?"
            return self.failed("refused", "connect", what)
        if isinstance(error.os_error, ConnectionResetError):
            return self.failed("reset", "connect", f"{through}connection reset")
        return self.failed("failed", "connect", f"{through}{error.os_error.strerror or error}")


_NOTHING_RECEIVED = "Server disconnected"  # the message of aiohttp when it has seen no byte


async def _read(response: aiohttp.ClientResponse, attempt: _Attempt, max_bytes: int) -> bytes:
    """The decoded body, given up as soon as it is known to exceed ``max_bytes``."""
    import aiohttp

    size = response.content_length or 0
    parts = []
    try:
        if size <= max_bytes:
            size = 0
            while chunk := await response.content.readany():
                size += len(chunk)
                if size > max_bytes:
                    break
                parts.append(chunk)
            else:
                return parts[0] if len(parts) == 1 else b"".join(parts)
    except aiohttp.ClientPayloadError as error:
        from aiohttp.http_exceptions import ContentEncodingError

        if isinstance(error.__cause__, ContentEncodingError):
            what = f"the reply cannot be decoded: {error.__cause__.message}"
            raise attempt.failed("failed", "read", what) from error
        what = "connection closed in the middle of the reply: look at the application's log"
        raise attempt.failed("closed", "read", what) from error
    except (aiohttp.ClientError, ConnectionResetError) as error:
        what = "connection reset in the middle of the reply: look at the application's log"
        raise attempt.failed("reset", "read", what) from error
    raise attempt.failed("too-large", "read", f"the reply is larger than {_size(max_bytes)}")


def _lower(headers: Mapping[str, str]) -> set[str]:
    return {name.lower() for name in headers}


def _new_session() -> aiohttp.ClientSession:
    import aiohttp

    async def made(session: object, context: SimpleNamespace, params: object) -> None:
        context.trace_request_ctx.stands(reused=False)

    async def reused(session: object, context: SimpleNamespace, params: object) -> None:
        context.trace_request_ctx.stands(reused=True)

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(made)
    trace.on_connection_reuseconn.append(reused)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "ivrsim"},
        skip_auto_headers=("Content-Type",),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),  # `fetch` has the deadline
        trace_configs=[trace],
    )


def _proxy(scheme: str, host: str, port: int | None) -> str | None:
    """The proxy of the environment for a host that is not this machine.

    aiohttp's own ``trust_env`` would use it for loopback too, and send passwords of ``.netrc``.
    """
    if is_loopback(host):
        return None
    from urllib.request import getproxies, proxy_bypass

    proxy = getproxies().get(scheme)
    return None if proxy is None or proxy_bypass(f"{host}:{port}") else proxy


def _last_of_each(response: aiohttp.ClientResponse) -> dict[str, str]:
    # str: aiohttp's own kind of string would make the trace writer take its slow path.
    seen = {name.lower(): (str(name), _text(value)) for name, value in response.headers.items()}
    return dict(seen.values())


def _text(value: str) -> str:
    """A header's value, which aiohttp reads as UTF-8; other bytes are taken for Latin-1."""
    if value.isascii():
        return value
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _merged(own: Mapping[str, str], extra: Mapping[str, str]) -> Mapping[str, str]:
    if not extra:
        return own
    return {**_without(own, {name.lower() for name in extra}), **extra}


def _without(headers: Mapping[str, str], names: set[str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in names}


@lru_cache(maxsize=256)
def _shown(url: str) -> str:
    """``url`` for a message: without user, password, query and fragment."""
    return str(web_url(url).with_user(None).with_query(None).with_fragment(None))


def _size(count: int) -> str:
    mib = count / (1024 * 1024)
    return f"{mib:g} MiB" if mib >= 1 else f"{count} bytes"


def _ms_since(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)
