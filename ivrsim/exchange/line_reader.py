"""One line of an access log or of an application's log, with a webhook's body in it."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

from ivrsim.exchange.captured import Answer, Captured, Place
from ivrsim.exchange.json_reader import captured_of
from ivrsim.exchange.loose import read_loose
from ivrsim.exchange.times import find_time
from ivrsim.exchange.values import parse_at, query_of

_TARGET: Final = re.compile(
    r"\b(GET|POST|PUT|PATCH|DELETE|HEAD)\b[\s\"']+((?:https?://|/)[^\s\"']*)"
)
_STATUS: Final = re.compile(
    r"(?<![\d.,:/-])([1-5]\d\d)(?![\d.:/-]|\s?(?:ms|s|bytes|b)\b)", re.IGNORECASE
)
_BEGIN: Final = re.compile(r"[{\[]")
_TRIES: Final = 8


class Line(NamedTuple):
    """What a line tells: a request, or the reply to the one before; ``end`` is where it ends."""

    captured: Captured | None
    reply: Answer | None
    end: int


def read_line(line: str, text: str, start: int, place: Place) -> Line | None:
    """Reads the line that begins at ``start`` of ``text``; its JSON may go over several lines."""
    target = _TARGET.search(line)
    if "\\x22" in line:  # nginx writes quotes so
        line = re.sub(r"\\x([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), line)
        text, start = line, 0
        end_of_line: int | None = place.line
    else:
        end_of_line = None
    values, end = _values(line, text, start, target.end() if target else 0)
    values = [item for item in values if isinstance(item[0], dict | list)]
    if not values and target is None:
        return None
    time = find_time(line[: values[0][1] - start if values else len(line)])
    reply = None
    if values and _is_document(values[0][0]) and target is None:
        body = json.dumps(values[0][0], ensure_ascii=False)
        return Line(None, Answer(_status(line, 0), None, body), 0 if end_of_line else end)
    captured = None
    if values and isinstance(values[0][0], dict):
        captured = captured_of(values[0][0], place)
    elif target is not None:
        captured = Captured(place)
    if captured is None:
        return None
    if target is not None:
        captured.method, url = target[1], target[2]
        captured.url, captured.query = url, query_of(url)
    if captured.at_ms is None and time is not None:
        captured.at_ms = time[0]
    if captured.answer is None:
        status = _status(line, target.end() if target else None)
        if len(values) > 1 and (target is not None or _is_document(values[1][0])):
            reply = json.dumps(values[1][0], ensure_ascii=False)
        if (target is not None and status is not None) or reply is not None:
            captured.answer = Answer(status, None, reply)
    return Line(captured, None, 0 if end_of_line else end)


def _values(line: str, text: str, start: int, begin: int) -> tuple[list[tuple[Any, int]], int]:
    """The JSON values that begin in the line, each with its place, and where the last one ends."""
    values: list[tuple[Any, int]] = []
    at, last, tries = start + begin, start + len(line), 0
    end = last
    while tries < _TRIES and len(values) < 2:
        found = _BEGIN.search(text, at, last)
        if found is None:
            break
        at = found.start()
        try:
            value, stop = parse_at(text, at)
        except ValueError:
            value, stop = _printed(text, at)
        if isinstance(value, dict) or _is_document(value):
            values.append((value, at))
            at, end = stop, max(end, stop)
        else:
            at, tries = at + 1, tries + 1
    return values, end


def _printed(text: str, at: int) -> tuple[Any, int]:
    """An object as Python or Node prints it; (None, at) when it is none."""
    if text[at] == "{":
        try:
            return read_loose(text, at)
        except ValueError:
            pass
    return None, at


def _status(line: str, after: int | None) -> int | None:
    """The HTTP status that the line tells outside of its JSON."""
    if after is None:
        return None
    plain = re.sub(r"\{.*\}|\[\{.*\]", " ", line[after:])
    found = _STATUS.search(plain)
    return int(found[1]) if found else None


def _is_document(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, dict) and "action" in item for item in value)
    return isinstance(value, dict) and "callflow" in value
