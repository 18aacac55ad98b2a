"""The application of the webhook bench, in a process of its own: raw ASGI under uvicorn.

``/answer`` is an NCCO of as many notify actions as ``?count=`` says, each with a payload of
1 kB; anything else is an empty 200. Run with ``python -m bench.http_app``: it prints its port
once it listens.
"""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import uvicorn

PAYLOAD = {
    "conversation": "CON-f972836a-550f-45fa-956c-12a2ab5b7d22",
    "digits": [str(number % 10) for number in range(40)],
    "words": "to book a table press one " * 28,
}
BODY = json.dumps(PAYLOAD, separators=(",", ":")).encode()


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    body = b""
    if scope["path"].endswith("/answer"):
        count = int(scope["query_string"].partition(b"count=")[2].partition(b"&")[0])
        host = dict(scope["headers"])[b"host"].decode()
        notify = {"action": "notify", "payload": PAYLOAD, "eventUrl": [f"http://{host}/notify"]}
        body = json.dumps([notify] * count).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _serve() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    print(listening.getsockname()[1], flush=True)
    await server.serve(sockets=[listening])


if __name__ == "__main__":
    asyncio.run(_serve())
