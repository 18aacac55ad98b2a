"""Requests and replies as text that can be edited, and back.

A request is written as ``POST http://…``, then a header a line, an empty line, and the body; a
reply begins with its status instead. JSON bodies are written out over several lines.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from ivrsim.errors import InputError
from ivrsim.runtime.stopping import ReplyDraft, RequestDraft
from ivrsim.trace.masking import mask_headers, mask_url

_METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
_HEADER: Final = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*(.*)")
_STATUS: Final = re.compile(r"(?:HTTP/\S+\s+)?(\d{3})\b.*")


class DraftError(InputError):
    """A text that is no request or reply; ``line`` and ``column`` count from 1."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(f"{line}:{column}: {message}")
        self.line = line
        self.column = column


def request_text(draft: RequestDraft) -> str:
    """``draft`` as it is edited."""
    return _text(f"{draft.method} {draft.url}", draft.headers, draft.body)


def reply_text(draft: ReplyDraft) -> str:
    """``draft`` as it is edited."""
    return _text(str(draft.status), draft.headers, draft.body)


def parse_request(text: str, draft: RequestDraft) -> RequestDraft:
    """``draft`` as ``text`` has it. Raises DraftError with the place of what is wrong."""
    parts = _parse(text)
    method, _, url = parts.first.partition(" ")
    if method.upper() not in _METHODS:
        raise DraftError(1, 1, f"expected a method ({', '.join(_METHODS)}), found {method!r}")
    url = url.strip()
    if not url.startswith(("http://", "https://")) or any(char.isspace() for char in url):
        message = f"expected a URL with http:// or https://, found {url!r}"
        raise DraftError(1, len(method) + 2, message)
    body = parts.body
    if draft.body is None and not body:
        body = None
    return replace(draft, method=method.upper(), url=url, headers=parts.headers, body=body)


def parse_reply(text: str, draft: ReplyDraft) -> ReplyDraft:
    """``draft`` as ``text`` has it. Raises DraftError with the place of what is wrong."""
    parts = _parse(text)
    status = _STATUS.fullmatch(parts.first.strip())
    if status is None or not 100 <= int(status[1]) <= 599:
        message = f"expected a status such as 200 or 503, found {parts.first.strip()!r}"
        raise DraftError(1, 1, message)
    return replace(
        draft, status=int(status[1]), headers=parts.headers, body=parts.body or "", failure=None
    )


def remarks(platform: str, draft: ReplyDraft, settings: Mapping[str, str]) -> list[str]:
    """What the platform would say of a reply that holds a document, one line each."""
    body = draft.body.encode("utf-8", "surrogatepass")
    content_type = next(
        (value for name, value in draft.headers.items() if name.lower() == "content-type"), None
    )
    if platform == "8x8":
        from ivrsim.platforms.eightbyeight.replies import read_reply

        read = read_reply(body, content_type, draft.status, settings)
        found = [*read.diagnostics, *(read.callflow.diagnostics if read.callflow else ())]
    else:
        from ivrsim.platforms.vonage.replies import read_reply as read_answer

        answer = read_answer(draft.status, content_type, body, settings, required=False)
        found = [*answer.diagnostics, *(answer.ncco.diagnostics if answer.ncco else ())]
    return [f"{each.severity}: {each.in_words()}" for each in found]


def difference(old: str, new: str) -> str:
    """What is changed from ``old`` to ``new``, as a unified diff; empty when nothing is.

    It goes into the trace: passwords, tokens and cookies in URL and headers are masked.
    """
    before, after = _lines(old), _lines(new)
    heads = {line for lines in (before, after) for line in lines[: _body_at(lines)]}
    made = difflib.unified_diff(before, after, "as it was", "as edited", lineterm="", n=2)
    return "\n".join(
        line[0] + _without_secrets(line[1:]) if line[1:] in heads else line for line in made
    )


class _Parts(NamedTuple):
    first: str
    headers: dict[str, str]
    body: str | None


def _text(first: str, headers: Mapping[str, str], body: str | None) -> str:
    lines = [first, *(f"{name}: {value}" for name, value in headers.items()), ""]
    return "\n".join([*lines, _pretty(body or "")])


def _pretty(body: str) -> str:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return body
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _lines(text: str) -> list[str]:
    """Only a line feed ends a line: JSON may hold what else Unicode has for it."""
    return text.replace("\r\n", "\n").split("\n")


def _body_at(lines: Sequence[str]) -> int:
    """The index of the first line of the body."""
    return next((n for n, line in enumerate(lines, 1) if n > 1 and not line.strip()), len(lines))


def _without_secrets(line: str) -> str:
    """A line of the head: method and URL, or a header."""
    header = _HEADER.fullmatch(line)
    if header is None:
        return mask_url(line)
    return ": ".join(next(iter(mask_headers({header[1]: header[2]}).items())))


def _parse(text: str) -> _Parts:
    lines = _lines(text)
    if not lines[0].strip():
        raise DraftError(1, 1, "expected a first line, found nothing")
    headers: dict[str, str] = {}
    body_at = _body_at(lines)
    for number, line in enumerate(lines[1:body_at], 2):
        if not line.strip():
            break
        header = _HEADER.fullmatch(line)
        if header is None:
            message = f"expected 'Name: value', or an empty line before the body, found {line!r}"
            raise DraftError(number, 1, message)
        headers[header[1]] = header[2].strip()
    body = "\n".join(lines[body_at:])
    if not body.strip():
        return _Parts(lines[0], headers, None)
    says_json = any(
        name.lower() == "content-type" and "json" in value.lower()
        for name, value in headers.items()
    )
    return _Parts(lines[0], headers, _compact(body, body_at) if says_json else body)


def _compact(body: str, lines_before: int) -> str:
    """JSON as it is sent. Raises DraftError at the place where it is none."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":"))
    except json.JSONDecodeError as error:
        message = (
            f"not JSON: {error.msg}; the fault broken-json breaks a reply on purpose, another "
            "Content-Type takes any text"
        )
        raise DraftError(lines_before + error.lineno, error.colno, message) from None
    except (ValueError, RecursionError) as error:
        raise DraftError(lines_before + 1, 1, f"not JSON: {error}") from None
