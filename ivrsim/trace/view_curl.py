"""A webhook as a curl command."""

from __future__ import annotations

import json
import shlex
from typing import Any
from urllib.parse import urlencode

from ivrsim.trace.record import Record
from ivrsim.trace.view_words import text_of


def query_text(query: Any) -> str:
    """A recorded query object as it stands in the URL."""
    return urlencode(query, doseq=True) if isinstance(query, dict) else ""


def curl_command(request: Record) -> str:
    """The request of a ``webhook.request`` record as one shell command.

    Masked headers stay masked. Raises ValueError when the record is no request, or its
    webhook has no URL.
    """
    data = request.data
    url = data.get("url")
    if request.kind != "webhook.request":
        raise ValueError(f"record {request.seq} is {request.kind}, not webhook.request")
    if not isinstance(url, str) or not url:
        raise ValueError(f"webhook {text_of(data.get('webhook'))} has no URL")
    query = query_text(data.get("query"))
    # A recorded URL may or may not show the query already: never send it twice.
    if query and "?" not in url:
        url = f"{url}?{query}"
    parts = ["curl", "-sS", "-X", text_of(data.get("method"), "POST"), shlex.quote(url)]
    headers = data.get("headers")
    for name, value in headers.items() if isinstance(headers, dict) else ():
        if str(name).lower() != "content-length":
            parts += ["-H", shlex.quote(f"{name}: {value}")]
    body = data.get("body")
    if body is not None:
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        parts += ["--data-raw", shlex.quote(text)]
    return " ".join(parts)
