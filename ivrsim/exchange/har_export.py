"""A trace as HAR 1.2: its webhooks, for browsers, proxies and any HTTP tool.

Webhooks that were not sent have no URL and are left out. Field names that begin with an underscore
are the format's own way for more: ``_ivrsim`` holds what HAR has no place for.
"""

from __future__ import annotations

from collections import deque
from http import HTTPStatus
from typing import Any, BinaryIO, Final
from urllib.parse import urlencode

import orjson

from ivrsim.exchange.times import epoch_of, iso_of
from ivrsim.exchange.values import pairs_of
from ivrsim.trace.reader import TraceReader
from ivrsim.trace.record import Record
from ivrsim.trace.view_words import int_of, text_of
from ivrsim.version import __version__

UNKNOWN_URL: Final = "http://unknown.invalid/"
"""In front of a path, where a log did not hold the whole URL (RFC 2606): HAR needs one."""


class _Pending:
    """A request whose reply may still come; entries are written in order of their requests."""

    __slots__ = ("edited", "reply", "request", "was")

    def __init__(self, request: Record) -> None:
        self.request = request
        self.reply: Record | None = None
        self.edited: Record | None = None
        self.was: Record | None = None


def write(reader: TraceReader, out: BinaryIO) -> list[str]:
    """HAR 1.2 of the trace. Returns warnings."""
    start = epoch_of(reader.header.started_at) or 0
    creator = {"name": "ivrsim", "version": __version__}
    comment = f"{reader.header.platform}: {reader.header.target}"
    head = {"version": "1.2", "creator": creator, "comment": comment}
    out.write(b'{"log":' + dumps(head)[:-1] + b',"entries":[')
    waiting: deque[_Pending] = deque()
    by_name: dict[str, _Pending] = {}
    first, unsent = True, 0

    def put(entry: dict[str, Any]) -> None:
        nonlocal first
        out.write(b"\n" if first else b",\n")
        first = False
        out.write(dumps(entry))

    def flush(all_of_them: bool = False) -> None:
        while waiting and (all_of_them or waiting[0].reply is not None):
            pending = waiting.popleft()
            by_name.pop(text_of(pending.request.data.get("webhook")), None)
            put(_entry(pending, start))

    for record in reader.records():
        name = text_of(record.data.get("webhook"))
        if record.kind == "webhook.request":
            if record.data.get("sent") is False:
                unsent += 1
            else:
                by_name[name] = _Pending(record)
                waiting.append(by_name[name])
        elif name in by_name:
            pending = by_name[name]
            if record.kind in ("webhook.response", "webhook.failed"):
                pending.reply = record
                flush()
            elif record.kind == "request.edited":
                pending.edited = record
            elif record.kind == "reply.edited":
                pending.was = record
        if record.kind == "webhook.resent":
            flush(all_of_them=True)
            put(_resent(record, start))
    flush(all_of_them=True)
    out.write(b"\n]}}\n")
    if not unsent:
        return []
    count = "1 webhook was" if unsent == 1 else f"{unsent} webhooks were"
    return [f"{count} not sent (no URL is set) and not put into the HAR"]


def _entry(pending: _Pending, start: int) -> dict[str, Any]:
    request, reply = pending.request, pending.reply
    data = dict(request.data)
    notes = [text_of(data.get("note"))] if data.get("note") else []
    if pending.edited is not None:
        edited = pending.edited.data
        for key in ("method", "url", "headers", "body"):
            if key in edited:
                data[key] = edited[key]
        if "url" in edited:
            data["query"] = None  # what is left of it is in the URL
        notes.append("the request was edited by hand")
    if pending.was is not None:
        notes.append("the reply was edited by hand")
    elapsed = int_of(reply.data.get("elapsed_ms")) if reply else 0
    ours = {"webhook": data.get("webhook"), "title": data.get("title"), "seq": request.seq}
    entry = _shell(start + request.t, elapsed, _request(data))
    if reply is not None and reply.data.get("elapsed_ms") is None:
        ours["elapsed_ms"] = None  # HAR has no word for it: 0
    if reply is not None and reply.kind == "webhook.response":
        entry["response"] = _response(reply.data)
    else:
        message = "the reply is not known"
        ours["reply"] = "unknown"
        if reply is not None:
            message = f"{text_of(reply.data.get('reason'))}: {text_of(reply.data.get('message'))}"
            ours = {**ours, **{k: reply.data.get(k) for k in ("reason", "phase", "message")}}
            del ours["reply"]
        entry["response"] = _no_response(message)
        notes.append(message)
    if _is_partial(text_of(data.get("url"))):
        ours["url"] = data.get("url")
        notes.append("the log does not hold the whole URL")
    if notes:
        entry["comment"] = "; ".join(notes)
        ours["note"] = "; ".join(note for note in notes if "by hand" in note)
    entry["_ivrsim"] = ours
    return entry


def _resent(record: Record, start: int) -> dict[str, Any]:
    data = record.data
    elapsed = int_of(data.get("elapsed_ms"))
    entry = _shell(start + record.t, elapsed, _request({**data, "headers": {}}))
    status = data.get("status")
    if isinstance(status, int):
        entry["response"] = _response({"status": status, "body": data.get("reply")})
    else:
        entry["response"] = _no_response(text_of(data.get("message"), "no reply"))
    note = f"{text_of(data.get('webhook'))} sent again by hand: the call took no notice"
    entry["comment"] = note
    entry["_ivrsim"] = {"note": note, "seq": record.seq}
    return entry


def _shell(at: int, elapsed: int, request: dict[str, Any]) -> dict[str, Any]:
    return {
        "startedDateTime": iso_of(at),
        "time": elapsed,
        "request": request,
        "response": {},
        "cache": {},
        "timings": {"send": 0, "wait": elapsed, "receive": 0},
    }


def _is_partial(url: str) -> bool:
    """A path alone, or nothing: what a log held of a URL. ``pages:vca`` of a flow is whole."""
    return not url or url.startswith("/")


def _request(data: dict[str, Any]) -> dict[str, Any]:
    url = text_of(data.get("url"))
    if _is_partial(url):
        url = UNKNOWN_URL + url.lstrip("/")
    query = data.get("query")
    if isinstance(query, dict) and query and "?" not in url:
        url = f"{url}?{urlencode(query, doseq=True)}"
    headers = _headers(data)
    body = data.get("body")
    request: dict[str, Any] = {
        "method": text_of(data.get("method"), "POST"),
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(headers),
        "queryString": _pairs(pairs_of(url.partition("?")[2])),
        "headersSize": -1,
        "bodySize": 0,
    }
    if body is not None:
        text = body if isinstance(body, str) else dumps(body).decode()
        kind = next((str(v) for k, v in headers.items() if k.lower() == "content-type"), "")
        request["postData"] = {"mimeType": kind or "application/json", "text": text}
        request["bodySize"] = len(text.encode("utf-8", "replace"))
    return request


def _response(data: dict[str, Any]) -> dict[str, Any]:
    headers = _headers(data)
    status = int_of(data.get("status"), 200)
    body = text_of(data.get("body"))
    size = int_of(data.get("size"), len(body.encode("utf-8", "replace")))
    kind = next((str(v) for k, v in headers.items() if k.lower() == "content-type"), "")
    content: dict[str, Any] = {"size": size, "mimeType": kind, "text": body}
    if data.get("encoding") == "base64":
        content["encoding"] = "base64"
    location = next((str(v) for k, v in headers.items() if k.lower() == "location"), "")
    return {
        "status": status,
        "statusText": HTTPStatus(status).phrase if status in list(HTTPStatus) else "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(headers),
        "content": content,
        "redirectURL": location,
        "headersSize": -1,
        "bodySize": size,
    }


def _no_response(message: str) -> dict[str, Any]:
    return {
        "status": 0,
        "statusText": "",
        "httpVersion": "",
        "cookies": [],
        "headers": [],
        "content": {"size": 0, "mimeType": ""},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": -1,
        "comment": message,
    }


def _headers(data: dict[str, Any]) -> dict[str, Any]:
    headers = data.get("headers")
    return headers if isinstance(headers, dict) else {}


def _pairs(values: dict[str, Any]) -> list[dict[str, str]]:
    return [
        {"name": str(name), "value": text_of(item)}
        for name, value in values.items()
        for item in (value if isinstance(value, list) else [value])
    ]


def dumps(value: Any) -> bytes:
    """Compact JSON; what orjson refuses is written by Python's own."""
    import json

    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":")).encode()
