"""HAR 1.2: what browsers, proxies and tunnels save. Basis: the HAR 1.2 specification.

Tools differ in what they leave out, so that every part but the request may be missing.
"""

from __future__ import annotations

from typing import Any

from ivrsim.errors import InputError
from ivrsim.exchange.captured import Answer, Captured, FileRead, Place
from ivrsim.exchange.times import epoch_of
from ivrsim.exchange.values import json_or_text, pairs_of, query_of


def is_har(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("log"), dict)


def read_har(file: str, value: dict[str, Any], text: str) -> FileRead:
    """The requests of a HAR file. Raises InputError when it has no list of entries."""
    entries = value["log"].get("entries")
    if not isinstance(entries, list):
        raise InputError(
            f"{file}:1:1: expected a HAR file with log.entries, found none; save it again as HAR"
        )
    read = FileRead(file, "HAR")
    places = _places(file, text, len(entries))
    for entry, place in zip(entries, places, strict=True):
        captured = _entry(entry, place)
        if captured is None:
            read.left_out["entries without a request"] += 1
        else:
            read.captured.append(captured)
    return read


def _places(file: str, text: str, count: int) -> list[Place]:
    """Where each entry begins: each has one startedDateTime or, if not all do, the file's start."""
    word, places = '"startedDateTime"', []
    line, start, offset = 1, 0, text.find(word, text.find('"entries"'))
    while offset >= 0:
        line += text.count("\n", start, offset)
        places.append(Place(file, line, offset - text.rfind("\n", 0, offset)))
        start, offset = offset, text.find(word, offset + 1)
    return places if len(places) == count else [Place(file) for _ in range(count)]


def _entry(entry: Any, place: Place) -> Captured | None:
    request = entry.get("request") if isinstance(entry, dict) else None
    if not isinstance(request, dict) or not isinstance(request.get("url"), str):
        return None
    url = request["url"]
    headers = _headers(request.get("headers"))
    captured = Captured(
        place, str(request.get("method") or "GET").upper(), url, headers, query_of(url),
        _posted(request.get("postData")), epoch_of(entry.get("startedDateTime")),
    )  # fmt: skip
    time = entry.get("time")
    if isinstance(time, int | float) and not isinstance(time, bool) and 0 <= time < 1e9:
        captured.elapsed_ms = round(time)
    comment = entry.get("comment")
    ours = entry.get("_ivrsim") if isinstance(entry.get("_ivrsim"), dict) else {}
    captured.note = str(ours.get("note") or "")
    if "elapsed_ms" in ours:
        captured.elapsed_ms = None
    if "url" in ours and url.startswith("http://unknown.invalid/"):
        captured.url = ours["url"] if isinstance(ours["url"], str) else None
    response = entry.get("response")
    if not isinstance(response, dict):
        return captured
    status = response.get("status")
    if isinstance(status, int) and status > 0:
        captured.answer = _answer(status, response)
    elif ours.get("reply") != "unknown" and (status == 0 or "_error" in response):
        message = response.get("_error") or response.get("comment") or comment
        captured.failure = (
            str(ours.get("reason") or "failed"),
            str(ours.get("phase") or "connect"),
            str(ours.get("message") or message or "no reply"),
        )
    return captured


def _answer(status: int, response: dict[str, Any]) -> Answer:
    content = response.get("content")
    content = content if isinstance(content, dict) else {}
    text = content.get("text")
    encoding = "base64" if content.get("encoding") == "base64" else "utf-8"
    headers = _headers(response.get("headers"))
    kind = content.get("mimeType")
    if (
        isinstance(kind, str)
        and kind
        and not any(name.lower() == "content-type" for name in headers)
    ):
        headers["content-type"] = kind
    if encoding == "base64" and isinstance(text, str):
        text, encoding = _decoded(text)
    return Answer(status, headers, text if isinstance(text, str) else "", encoding)


def _decoded(text: str) -> tuple[str, str]:
    """Tools encode what is plain text, too: it is text again where it can be."""
    import base64
    import binascii

    try:
        return base64.b64decode(text, validate=False).decode(), "utf-8"
    except (binascii.Error, ValueError):  # UnicodeDecodeError is one
        return text, "base64"


def _headers(items: Any) -> dict[str, str]:
    headers: dict[str, str] = {}
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            name = item["name"]
            value = str(item.get("value") or "")
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _posted(data: Any) -> Any:
    if not isinstance(data, dict):
        return None
    text, params = data.get("text"), data.get("params")
    if isinstance(text, str) and text.strip():
        kind = str(data.get("mimeType") or "")
        if "urlencoded" in kind and text.lstrip()[:1] not in ("{", "["):
            return pairs_of(text)
        return json_or_text(text)
    if isinstance(params, list):
        return {
            item["name"]: item.get("value")
            for item in params
            if isinstance(item, dict) and isinstance(item.get("name"), str)
        } or None
    return None
