"""Audio files of prompts: over HTTP through the webhook client, or from this machine."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from ivrsim.errors import AudioError
from ivrsim.runtime.allow import HostPolicy, printable
from ivrsim.runtime.webhooks import RequestFailed, WebhookClient

DEADLINE_MS = 10_000
"""How long a download may take in all, in milliseconds."""

LARGEST = 64 * 1024 * 1024
"""The limit in bytes where the platform has none."""

HOUR_S = 3600


class AudioCache:
    """Downloaded files by URL, in memory, the oldest dropped first beyond ``LARGEST`` bytes.

    ``rule`` is ``cache-control`` (Vonage: the server's ``max-age`` decides, without one the
    file is fetched each time) or ``hour`` (8x8: one hour by URL, whatever the server says).
    ``clock`` gives seconds.
    """

    def __init__(
        self,
        rule: Literal["cache-control", "hour"],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rule = rule
        self._clock = clock
        self._files: dict[str, tuple[float, bytes]] = {}
        self._lock = threading.Lock()  # calls may be made in several threads

    def get(self, url: str) -> bytes | None:
        until, data = self._files.get(url, (0.0, None))
        return data if data is not None and self._clock() < until else None

    def put(self, url: str, headers: Mapping[str, str], data: bytes) -> None:
        seconds = HOUR_S if self._rule == "hour" else _max_age(headers)
        with self._lock:
            self._files.pop(url, None)
            if seconds <= 0:
                return
            self._files[url] = (self._clock() + seconds, data)
            while sum(len(kept) for _, kept in self._files.values()) > LARGEST:
                del self._files[next(iter(self._files))]


@cache
def cache_of(rule: Literal["cache-control", "hour"]) -> AudioCache:
    """The cache of this process: the platforms', too, outlive a call."""
    return AudioCache(rule)


async def fetch_audio(
    url: str,
    *,
    max_bytes: int | None,
    base_folder: Path | None,
    policy: HostPolicy,
    client: WebhookClient,
    cache: AudioCache | None = None,
    insecure: bool = False,
) -> bytes:
    """The bytes of an audio file; whether they are audio is for the decoder to say.

    ``http(s)`` URLs are fetched within ten seconds. ``file:`` URLs and plain paths are read
    only when ``base_folder`` is given, the folder of the flow or document that names them: a
    remote application has no business with files of this machine.
    Raises AudioError, one line that names the URL.
    """
    limit = LARGEST if max_bytes is None else max_bytes
    if not url.isprintable():
        raise AudioError(f"{printable(url)}: expected a URL or path of printable characters")
    # "c:" of a Windows path is no scheme
    match = re.match(r"([a-z][a-z0-9+.-]+):", url, re.IGNORECASE)
    scheme = match[1].lower() if match else ""
    if scheme not in ("", "file", "http", "https"):
        raise AudioError(f"{url}: expected an http, https or file URL, or a path")
    if scheme in ("", "file"):
        data = await asyncio.to_thread(_read_file, url, scheme, base_folder, limit)
    else:
        data = await _download(url, limit, policy, client, cache, insecure)
    if not data:
        raise AudioError(f"{printable(url)}: the audio file is empty")
    return data


async def _download(
    url: str,
    limit: int,
    policy: HostPolicy,
    client: WebhookClient,
    cache: AudioCache | None,
    insecure: bool,
) -> bytes:
    kept = cache.get(url) if cache is not None else None
    if kept is not None and len(kept) <= limit:
        return kept
    try:
        async with asyncio.timeout(DEADLINE_MS / 1000):
            reply = await client.fetch(
                "GET",
                url,
                connect_ms=DEADLINE_MS,
                read_ms=DEADLINE_MS,
                max_bytes=limit,
                policy=policy,
                insecure=insecure,
            )
    except RequestFailed as failure:
        raise AudioError(str(failure)) from failure
    except TimeoutError:
        raise AudioError(
            f"{printable(url)}: not downloaded within {DEADLINE_MS // 1000} s"
        ) from None
    if not 200 <= reply.status < 300:
        raise AudioError(f"GET {printable(url)}: HTTP {reply.status} instead of an audio file")
    if cache is not None and reply.body:
        cache.put(url, reply.headers, reply.body)
    return reply.body


def _read_file(url: str, scheme: str, base_folder: Path | None, limit: int) -> bytes:
    if base_folder is None:
        raise AudioError(f"{url}: only a flow on this machine may name a file; use a URL")
    path = base_folder / (_path_of(url) if scheme == "file" else url)
    try:
        if not path.exists():
            raise AudioError(f"{path}: no such audio file")
        if not path.is_file():  # a pipe or device would be read for ever
            raise AudioError(f"{path}: not a file")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise AudioError(f"{path}: the audio file cannot be read: {error.strerror}") from error
    if len(data) > limit:
        raise AudioError(f"{path}: the audio file is larger than {limit:,} bytes")
    return data


def _path_of(url: str) -> str:
    """The path of ``file:///a.wav`` (absolute) or ``file:a.wav`` (relative)."""
    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise AudioError(f"{url}: a file URL names no other machine; write file:///path")
    path = unquote(parts.path)
    return path[1:] if re.match(r"/[A-Za-z]:", path) else path


def _max_age(headers: Mapping[str, str]) -> int:
    """Seconds that ``Cache-Control`` grants; 0 when it is absent or forbids keeping."""
    control = next((v for k, v in headers.items() if k.lower() == "cache-control"), "").lower()
    if "no-store" in control or "no-cache" in control:
        return 0
    match = re.search(r"(?:^|[\s,])max-age=\"?(\d{1,9})", control)
    return int(match[1]) if match else 0
