"""Logs of requests as text: one JSON body a line, curl commands, HTTP blocks, access logs.

The kind of each line is found by its content, and kinds may be mixed: what is no request is left
out and counted. A reply belongs to the request that it follows.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, Final

from ivrsim.exchange import curl
from ivrsim.exchange.captured import Answer, Captured, FileRead, Place
from ivrsim.exchange.json_reader import captured_of
from ivrsim.exchange.line_reader import read_line
from ivrsim.exchange.loose import read_loose
from ivrsim.exchange.times import epoch_of, find_time
from ivrsim.exchange.values import Broken, header_of, json_or_text, parse, parse_at, query_of

_CURL: Final = re.compile(r"\s*(?:[$%#>+]\s*|\S+[$#%]\s+)?curl(?:\.exe)?[ \t]+")
_REQUEST: Final = re.compile(
    r"([><]?[ \t]?)(GET|POST|PUT|PATCH|DELETE|HEAD) (\S+) HTTP/\d(?:\.\d)?\s*$"
)
_REPLY: Final = re.compile(r"([><]?[ \t]?)HTTP/\d(?:\.\d)? (\d{3})(?: .*)?\s*$")
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,80}):[ \t]*(.*)$")
_NOISE: Final = re.compile(r"\* |[{}] \[\d+ bytes data\]|[<>*]\s*$|--\s*$|\s*#")
_FAR: Final = 3  # lines after which a time no longer belongs to what follows


class RequestLog:
    """Reads ``text``; ``read`` holds what was found."""

    def __init__(self, file: str, text: str) -> None:
        self.read = FileRead(file, "request log")
        self.first_unknown: Place | None = None
        self._text = text
        self._length = len(text.rstrip())
        self._at = 0
        self._line = 1
        self._open: Captured | None = None  # the request that a reply would belong to
        self._from_curl = False
        self._time: tuple[int, int] | None = None  # epoch milliseconds, and its line
        self._kinds: Counter[str] = Counter()

    def run(self) -> FileRead:
        """What is broken is left out, and ``broken`` tells of the first."""
        while self._at < len(self._text):
            line = self._current()
            start = self._at
            if line.strip():
                self._take(line)
            if self._at == start:
                self._skip(len(line) + 1)
        if self._kinds and set(self._kinds) == {"json"}:
            self.read.kind = "JSON Lines"
        return self.read

    # the cursor

    def _current(self) -> str:
        end = self._text.find("\n", self._at)
        return self._text[self._at : end if end >= 0 else len(self._text)].rstrip("\r")

    def _skip(self, count: int) -> None:
        """Forward by ``count`` characters, and then to the beginning of a line."""
        end = self._at + count
        if end > 0 and self._text[end - 1 : end] != "\n":
            newline = self._text.find("\n", end)
            rest = self._text[end : newline if newline >= 0 else len(self._text)]
            if not rest.strip():
                end = newline + 1 if newline >= 0 else len(self._text)
        end = min(end, len(self._text))
        self._line += self._text.count("\n", self._at, end)
        self._at = end

    def _place(self, column: int = 1) -> Place:
        return Place(self.read.file, self._line, column)

    def _add(self, captured: Captured, kind: str) -> None:
        if captured.at_ms is None and self._time and self._line - self._time[1] <= _FAR:
            captured.at_ms = self._time[0]
        self._time = None
        self._kinds[kind] += 1
        self.read.captured.append(captured)
        self._open, self._from_curl = captured, kind == "curl"

    # what a line may be

    def _take(self, line: str) -> None:
        stripped = line.lstrip()
        column = len(line) - len(stripped)
        if stripped[0] in "{[" and not _NOISE.match(stripped) and self._json(line, column):
            return
        if found := _CURL.match(line):
            self._curl(line, found.end())
        elif found := _REQUEST.match(line):
            self._request(found)
        elif found := _REPLY.match(line):
            self._reply(found)
        elif not _NOISE.match(line):
            self._other(line)
        elif (time := find_time(line)) is not None:
            self._time = time[0], self._line

    def _json(self, line: str, column: int) -> bool:
        """JSON from here on, on one line or several; False when it is text that looks alike."""
        place = self._place(column + 1)
        try:
            value, end = parse(line), len(line)
        except ValueError:
            try:
                value, stop = parse_at(self._text, self._at + column)
                end = stop - self._at
            except Broken as error:
                if line[column] == "[" or self._printed(column, place):
                    return line[column] != "["
                if self._breaks_off(error):
                    self.read.left_out["a last entry that breaks off"] += 1
                    self._skip(len(self._text))
                    return True
                if self.read.broken is None:
                    self.read.broken = self._where(error)
                return False
        self._value(value, place)
        self._skip(end)
        return True

    def _printed(self, column: int, place: Place) -> bool:
        """An object as Python or Node prints it."""
        try:
            value, end = read_loose(self._text, self._at + column)
        except ValueError:
            return False
        self._value(value, place)
        self._skip(end - self._at)
        return True

    def _breaks_off(self, error: Broken) -> bool:
        """The file ends inside this value: a log that was cut, or is still being written."""
        if not self.read.captured:
            return False
        if error.msg.startswith("Unterminated string"):
            return self._text.find("\n", error.pos, self._length) < 0
        return error.pos >= self._length

    def _where(self, error: Broken) -> str:
        line = self._text.count("\n", 0, error.pos) + 1
        column = error.pos - self._text.rfind("\n", 0, error.pos)
        place = Place(self.read.file, line, column)
        return f"{place}: expected JSON, found it broken: {error.msg}"

    def _value(self, value: Any, place: Place) -> None:
        if _is_document(value) and self._lacks_body():
            self._answered(Answer(None, None, json.dumps(value, ensure_ascii=False)))
            return
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, dict):
                self._add(captured_of(item, place), "json")
            else:
                self.read.left_out["JSON values that are no objects"] += 1

    def _lacks_body(self) -> bool:
        """The last request may still get a reply, or the body that belongs to its status."""
        answer = self._open.answer if self._open else None
        return self._open is not None and (answer is None or answer.body is None)

    def _answered(self, reply: Answer) -> None:
        assert self._open is not None
        known = self._open.answer
        if known is not None:
            reply.status = reply.status if known.status is None else known.status
            reply.headers = known.headers if reply.headers is None else reply.headers
        self._open.answer = reply

    def _curl(self, line: str, start: int) -> None:
        place = self._place()
        found = curl.words_at(self._text, self._at + start)
        if found is None:
            what = "expected a curl command, found a quote that is not closed"
            self.read.broken = self.read.broken or f"{place}: {what}"
            self._unknown()
            return
        words, end = found
        captured = curl.captured_of(words, place)
        if captured is None:
            self._unknown()
            return
        self._add(captured, "curl")
        newline = self._text.find("\n", end)  # pipes and the like after the command
        self._skip((newline + 1 if newline >= 0 else len(self._text)) - self._at)

    def _request(self, found: re.Match[str]) -> None:
        prefix, method, target = found[1].strip(), found[2], found[3]
        place = self._place(1 + len(found[1]))
        headers, body = self._block(prefix)
        if self._from_curl and prefix == ">" and self._open and self._open.answer is None:
            self._open.headers.update(headers)  # what `curl -v` says of the same request
            return
        host, scheme = header_of(headers, "host"), header_of(headers, "x-forwarded-proto")
        url = f"{scheme or 'http'}://{host}{target}" if host and target[0] == "/" else target
        date = epoch_of(header_of(headers, "date"))
        captured = Captured(place, method, url, headers, query_of(url), json_or_text(body), date)
        self._add(captured, "http")

    def _reply(self, found: re.Match[str]) -> None:
        status, date_of = int(found[2]), self._open
        headers, body = self._block(found[1].strip())
        if date_of is None or (date_of.answer is not None and date_of.answer.status is not None):
            if status != 100:
                self.read.left_out["replies to no request"] += 1
            return
        if status == 100:  # Continue: the reply is still to come
            return
        text = body.strip() or (date_of.answer.body if date_of.answer else "") or ""
        date_of.answer = Answer(status, headers, text)
        if date_of.at_ms is None:
            date_of.at_ms = epoch_of(header_of(headers, "date"))

    def _block(self, prefix: str) -> tuple[dict[str, str], str]:
        """Headers and body after a first line; the cursor goes behind them."""
        self._skip(len(self._current()) + 1)
        headers: dict[str, str] = {}
        ended = False
        while self._at < len(self._text):
            line = self._current()
            inner = _without(line, prefix)
            if inner is None or _starts(inner):
                break
            if not inner.strip():
                ended = True
                self._skip(len(line) + 1)
                break
            header = _HEADER.match(inner.strip())
            if header is None:
                break
            headers[header[1]] = header[2].strip()
            self._skip(len(line) + 1)
        return headers, self._body(prefix, ended)

    def _body(self, prefix: str, ended: bool) -> str:
        while ended and prefix and self._at < len(self._text) and _NOISE.match(self._current()):
            if _without(self._current(), prefix) is not None:
                break
            self._skip(len(self._current()) + 1)  # what curl says in between
        line = self._current()
        inner = _without(line, prefix) if prefix else line
        if prefix and inner is not None and not _starts(inner) and inner.strip():
            return self._quoted_body(prefix)
        first = line.lstrip()[:1]
        if first and first in "{[" and not _NOISE.match(line):
            begin = self._at
            try:
                _, stop = parse_at(self._text, begin + len(line) - len(line.lstrip()))
            except ValueError:
                pass
            else:
                self._skip(stop - begin)
                return self._text[begin:stop]
        if not ended or prefix:
            return ""
        lines = []
        while self._at < len(self._text):
            line = self._current()
            if not line.strip() or _starts(line) or _CURL.match(line):
                break
            lines.append(line)
            self._skip(len(line) + 1)
        return "\n".join(lines)

    def _quoted_body(self, prefix: str) -> str:
        lines = []
        while self._at < len(self._text):
            line = self._current()
            inner = _without(line, prefix)
            if inner is None or _starts(inner):
                break
            lines.append(inner)
            self._skip(len(line) + 1)
        return "\n".join(lines)

    def _other(self, line: str) -> None:
        """A line of an access log, or of an application's own."""
        found = read_line(line, self._text, self._at, self._place())
        if found is None:
            time = find_time(line)
            if time is not None:
                self._time = time[0], self._line
            self._unknown()
            return
        if found.reply is not None:
            if self._lacks_body():
                self._answered(found.reply)
            else:
                self.read.left_out["replies to no request"] += 1
        if found.captured is not None:
            self._add(found.captured, "line")
        self._skip(max(found.end - self._at, len(line)))

    def _unknown(self) -> None:
        self.first_unknown = self.first_unknown or self._place()
        self.read.left_out["lines that are no request"] += 1


def _is_document(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, dict) and "action" in item for item in value)
    return isinstance(value, dict) and "callflow" in value


def _without(line: str, prefix: str) -> str | None:
    """``line`` without the ``>`` or ``<`` of its block; None when it belongs to another."""
    if not prefix:
        return line
    return line[1:].removeprefix(" ") if line.startswith(prefix) else None


def _starts(line: str) -> bool:
    return bool(_REQUEST.match(line) or _REPLY.match(line))
