"""Raw servers on 127.0.0.1 that behave as badly as a test wants."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable

from ivrsim.engine.commands import SendWebhook

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]


class RawServer:
    """Calls ``handler(reader, writer, head)`` for each request head; counts connections."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.connections = 0
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self.url = ""
        self.tasks: set[asyncio.Task[None] | None] = set()

    async def serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.tasks.add(asyncio.current_task())
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while not writer.is_closing():
                    head = await reader.readuntil(b"\r\n\r\n")
                    self.heads.append(head)
                    self.bodies.append(await _body_of(head, reader))
                    await self.handler(reader, writer, head)
                    await writer.drain()
        except asyncio.CancelledError:  # the end of the test
            writer.transport.abort()
        finally:
            writer.close()


async def _body_of(head: bytes, reader: asyncio.StreamReader) -> bytes:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return await reader.readexactly(int(value))
    return b""


@contextlib.asynccontextmanager
async def raw_server(handler: Handler, ssl: object = None) -> AsyncIterator[RawServer]:
    server = RawServer(handler)
    listener = await asyncio.start_server(server.serve_one, "127.0.0.1", 0, ssl=ssl, limit=2**22)
    port = listener.sockets[0].getsockname()[1]
    server.url = f"{'https' if ssl else 'http'}://127.0.0.1:{port}"
    try:
        yield server
    finally:
        listener.close()
        for task in server.tasks:
            if task is not None:
                task.cancel()
        await asyncio.sleep(0.005)


def answering(*replies: bytes) -> Handler:
    """One reply after the other, the last one again and again."""
    left = list(replies)

    async def handler(reader: object, writer: asyncio.StreamWriter, head: bytes) -> None:
        writer.write(left.pop(0) if len(left) > 1 else left[0])

    return handler


def ok(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def reset(writer: asyncio.StreamWriter) -> None:
    """Closes with RST instead of FIN."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


def webhook(
    url: str,
    *,
    method: str = "POST",
    body: bytes | None = b"{}",
    headers: dict[str, str] | None = None,
    connect_ms: int = 2000,
    read_ms: int = 5000,
) -> SendWebhook:
    return SendWebhook("w1", "event", method, url, headers or {}, body, connect_ms, read_ms, {})
