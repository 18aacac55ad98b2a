"""One entry of a JSON log: the body of a webhook, or an object that wraps one.

Loggers wrap in many ways; the names that are looked for are listed at the top. What is nearest
to the body says when, where to and by which method it came.
"""

from __future__ import annotations

from typing import Any, Final

from ivrsim.exchange.captured import Answer, Captured, Place
from ivrsim.exchange.recognise import is_strong
from ivrsim.exchange.times import epoch_of
from ivrsim.exchange.values import NOTHING, json_inside, pairs_of, query_of

_BODIES: Final = (
    "body", "rawBody", "raw_body", "requestBody", "request_body", "payload", "request", "req",
    "event", "message", "msg", "data", "json", "webhook", "content", "detail", "params",
    "jsonPayload", "textPayload", "fields", "_source",
)  # fmt: skip
_TIMES: Final = (
    "timestamp", "time", "ts", "@timestamp", "datetime", "date", "received_at", "receivedAt",
    "created_at", "createdAt", "startedDateTime", "at",
)  # fmt: skip
_METHODS: Final = ("method", "httpMethod", "http_method", "verb")
_URLS: Final = ("url", "uri", "path", "originalUrl", "request_uri", "endpoint", "target", "rawPath")
_HEADERS: Final = ("headers", "header", "request_headers", "requestHeaders")
_QUERIES: Final = ("query", "queryStringParameters", "query_params", "args", "queryString")
_REPLIES: Final = ("reply", "response", "res", "answer", "responseBody", "response_body")
_STATUSES: Final = ("status", "statusCode", "status_code", "code")
_ELAPSED: Final = ("elapsed_ms", "elapsedMs", "duration_ms", "durationMs", "response_time_ms")
_DEPTH: Final = 5


def captured_of(value: Any, place: Place) -> Captured:
    """The request that a log entry tells of; what it does not say is None."""
    captured = Captured(place)
    found = _unwrap(value, captured, _DEPTH)
    if not found and isinstance(value, dict):
        captured.body = value if captured.query is None else None
    return captured


def _unwrap(value: Any, captured: Captured, depth: int) -> bool:
    """Fills ``captured`` from ``value``; True when a webhook's body was found in it."""
    if not isinstance(value, dict):
        return False
    if is_strong(value):
        captured.body = value
        return True
    _facts(value, captured)
    if depth:
        for name in _BODIES:
            inner = json_inside(value.get(name))
            if inner is NOTHING and isinstance(value.get(name), str) and "=" in value[name]:
                inner = pairs_of(value[name])
            if isinstance(inner, list) and len(inner) == 1:
                inner = inner[0]
            before = captured.at_ms
            if isinstance(inner, dict):
                if _unwrap(inner, captured, depth - 1):
                    return True
                captured.at_ms = before if before is not None else captured.at_ms
    return False


def _facts(value: dict[str, Any], captured: Captured) -> None:
    for name in _TIMES:
        at = epoch_of(value.get(name))
        if at is not None:
            captured.at_ms = at
            break
    method = _first(value, _METHODS, str)
    if method and method.isalpha() and len(method) < 10:
        captured.method = method.upper()
    url = _first(value, _URLS, str)
    if url and not any(c.isspace() for c in url):
        captured.url = url
        captured.query = query_of(url) or captured.query
    headers = _first(value, _HEADERS, dict)
    if headers is not None:
        captured.headers = {str(name): _text(item) for name, item in headers.items()}
    query = _first(value, _QUERIES, dict)
    if query:
        captured.query = query
    elapsed = _first(value, _ELAPSED, (int, float))
    if elapsed is not None and 0 <= elapsed < 1e9:
        captured.elapsed_ms = round(elapsed)
    for name in _REPLIES:
        if name in value and captured.answer is None:
            captured.answer = answer_of(value[name])
    if captured.answer is not None and captured.answer.status is None:
        status = _first(value, _STATUSES, int)
        if status is not None and 100 <= status <= 599:
            captured.answer.status = status


def answer_of(value: Any) -> Answer | None:
    """A reply as a log holds it: the body itself, or status, headers and body."""
    import json

    if value is None:
        return None
    if isinstance(value, dict) and "callflow" not in value:
        status = _first(value, _STATUSES, (int, str))
        body = next((value[n] for n in ("body", "content", "data", "json") if n in value), NOTHING)
        if body is not NOTHING or status is not None:
            headers = _first(value, _HEADERS, dict)
            return Answer(
                _status(status),
                None if headers is None else {str(n): _text(v) for n, v in headers.items()},
                None if body is NOTHING
                else "" if body is None
                else body if isinstance(body, str) else json.dumps(body, ensure_ascii=False),
            )  # fmt: skip
    if isinstance(value, int) and not isinstance(value, bool):
        return Answer(_status(value))
    if isinstance(value, str):
        return Answer(None, None, value)
    if isinstance(value, dict | list):
        return Answer(None, None, json.dumps(value, ensure_ascii=False))
    return None


def _status(value: Any) -> int | None:
    if isinstance(value, str) and value[:3].isdigit() and value.isascii():
        value = int(value[:3])
    ok = isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599
    return value if ok else None


def _first(value: dict[str, Any], names: tuple[str, ...], kind: Any) -> Any:
    for name in names:
        item = value.get(name)
        if isinstance(item, kind) and not isinstance(item, bool):
            return item
    return None


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value)
