"""Scripted pages: an application that is written into the flow file.

Everything that can be done once is done when the flow is loaded: pages without templates
are bytes, templates are pieces of bytes with names between them, expressions are compiled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ivrsim.engine.commands import SendWebhook
from ivrsim.flows.model import Flow, Page
from ivrsim.flows.source import Finding, did_you_mean, escape

EVENTS: Final = (
    *("speech", "done", "notify", "record"),
    *("busy", "unanswered", "answered", "completed"),
)
"""The words of ``next`` for webhooks that bring no digits."""
RESERVED: Final = frozenset({*EVENTS, "timeout", "other"})
_KEYS: Final = {"star": "*", "hash": "#"}
_TEMPLATE = re.compile(r"\$(?:\$|\{([^{}]*)\}|\{)")
_NAMES: Final = ("digits", "speech", "from", "to")
_JSON: Final = {"content-type": "application/json"}

_Piece = bytes | tuple[str, bool]
"""JSON as it is, or the name of a value (``digits``, ``digits.PAGE`` …) and whether it goes into
SSML, where ``&`` and ``<`` must be escaped."""


@dataclass(frozen=True, slots=True)
class ScriptedReply:
    """What a page answers. ``page`` is None when no page did; ``secret``: mask its captures."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    page: str | None = None
    secret: bool = False
    delay_ms: int = 0


class TemplateError(ValueError):
    """A template cannot be understood; the message says what was found."""


class _CompiledPage:
    __slots__ = ("events", "exact", "fixed", "page", "patterns", "pieces", "spoken")

    def __init__(self, page: Page, pieces: list[_Piece]) -> None:
        self.page = page
        self.pieces = pieces
        self.exact: dict[str, str] = {}
        self.spoken: dict[str, str] = {}
        self.events: dict[str, str] = {}
        self.patterns: list[tuple[re.Pattern[str], str]] = []
        self.fixed: ScriptedReply | None = None
        if all(isinstance(piece, bytes) for piece in pieces):
            body = b"".join(piece for piece in pieces if isinstance(piece, bytes))
            self.fixed = self.answer(body)

    def answer(self, body: bytes) -> ScriptedReply:
        page = self.page
        headers = _JSON if page.has_reply else {}
        return ScriptedReply(page.status, headers, body, page.name, page.secret, page.delay_ms)


class ScriptedApplication:
    """The pages of one flow. It keeps nothing of a call: sessions do."""

    def __init__(self, pages: Mapping[str, Page], platform: str) -> None:
        """Raises TemplateError or re.error; ``compile_pages`` names the place of either."""
        self.pages = pages
        self.first = next(iter(pages))
        self.compiled = {name: _compile(page, pages) for name, page in pages.items()}
        empty = (_JSON, b'{"callflow":[]}') if platform == "8x8" else ({}, b"")
        self.nothing = ScriptedReply(200, *empty)

    def session(self, caller: str = "", callee: str = "") -> ScriptedSession:
        """A new call; the numbers are for ``${from}`` and ``${to}`` where webhooks bring none."""
        return ScriptedSession(self, caller, callee)


class ScriptedSession:
    """One call: the page it is on, and what was pressed and said so far."""

    __slots__ = ("_app", "_last", "_numbers", "_page", "_values")

    def __init__(self, app: ScriptedApplication, caller: str, callee: str) -> None:
        self._app = app
        self._numbers = (caller, callee)
        self._page: _CompiledPage | None = None
        self._last = app.nothing
        self._values: dict[str, str] = {"from": caller, "to": callee}

    def fresh(self) -> ScriptedSession:
        """Another call of the same application by the same caller, at its beginning."""
        return ScriptedSession(self._app, *self._numbers)

    def reply(self, command: SendWebhook) -> ScriptedReply:
        """The answer to one webhook; ``command.context`` says what happened.

        A webhook that nothing waits for (``informational``) or that no ``next`` of the current
        page names changes nothing. A second attempt gets the first one's answer again.
        """
        context = command.context
        if context.get("informational"):
            return self._app.nothing
        if context.get("attempt", 1) > 1:
            return self._last
        self._last = reply = self._answer(context)
        return reply

    def _answer(self, context: Mapping[str, Any]) -> ScriptedReply:
        app = self._app
        values = self._values
        page = self._page
        event: str = context.get("event") or ""
        for name in ("from", "to"):
            if context.get(name):
                values[name] = context[name]
        digits: str = context.get("digits") or ""
        speech: str = context.get("speech") or ""
        if event in ("digits", "speech"):
            values["digits"] = digits
            values["speech"] = speech
            if page is not None:
                values[f"digits.{page.page.name}"] = digits
        if page is None or event == "start":
            target: str | None = app.first
        elif event in ("digits", "speech"):
            target = _after_capture(page, digits, speech)
        else:
            target = page.events.get(event)
        if target is None:
            return app.nothing
        self._page = page = app.compiled[target]
        return page.fixed or page.answer(_render(page.pieces, values))


def _after_capture(page: _CompiledPage, digits: str, speech: str) -> str | None:
    """Exact, then expressions, then ``timeout`` when nothing came, then ``other``."""
    if not digits and not speech:
        return page.events.get("timeout") or page.events.get("other")
    said = digits or _plain(speech)
    exact = page.exact if digits else page.spoken
    if said in exact:
        return exact[said]
    for pattern, target in page.patterns:
        if pattern.fullmatch(said):
            return target
    if not digits and "speech" in page.events:
        return page.events["speech"]
    return page.events.get("other")


def _plain(speech: str) -> str:
    """What was said, however a recogniser or a typist writes it: “Opening  hours.”"""
    return " ".join(speech.casefold().split()).rstrip(".,;:!?…。！？¿¡ ") or speech


def _render(pieces: Iterable[_Piece], values: Mapping[str, str]) -> bytes:
    parts = []
    for piece in pieces:
        if isinstance(piece, bytes):
            parts.append(piece)
        else:
            name, ssml = piece
            value = values.get(name, "")
            if ssml:
                value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            parts.append(_inner(value))
    return b"".join(parts)


def _inner(text: str) -> bytes:
    """``text`` as it stands between the quotes of a JSON string.

    Speech may come from anywhere, half a surrogate pair included, which UTF-8 cannot hold.
    """
    try:
        return orjson.dumps(text)[1:-1]
    except orjson.JSONEncodeError:
        return orjson.dumps(text.encode("utf-8", "replace").decode("utf-8"))[1:-1]


# compiling


def compile_pages(flow: Flow) -> tuple[ScriptedApplication | None, list[Finding]]:
    """The application of ``flow``'s pages; None when there are none, or findings."""
    pages = flow.app.pages if flow.app is not None else None
    if not pages:
        return None, []
    findings: list[Finding] = []
    for page in pages.values():
        pointer = f"/app/pages/{escape(page.name)}"
        for key, target in page.next.items():
            findings += _check_next(flow, pages, f"{pointer}/next/{escape(key)}", key, target)
        for place, message in _template_errors(page.reply, f"{pointer}/reply", pages):
            findings.append(flow.source.finding(place, "flow.template", message))
    return (None if findings else ScriptedApplication(pages, flow.platform)), findings


def _check_next(
    flow: Flow, pages: Mapping[str, Page], pointer: str, key: str, target: str
) -> list[Finding]:
    found = []
    if target not in pages:
        message = f"there is no page {target!r}{did_you_mean(target, pages)}"
        found.append(flow.source.finding(pointer, "flow.unknown-page", message))
    if _is_pattern(key):
        try:
            re.compile(key[1:-1])
        except re.error as error:
            message = f"{key} is not a regular expression: {error}"
            found.append(flow.source.finding(pointer, "flow.regex", message, key=True))
    return found


def _is_pattern(key: str) -> bool:
    return len(key) > 2 and key[0] == "/" == key[-1]


def _compile(page: Page, pages: Mapping[str, Page]) -> _CompiledPage:
    pieces: list[_Piece] = []
    if page.has_reply:
        _json_pieces(page.reply, pieces, pages)
    compiled = _CompiledPage(page, pieces)
    for key, target in page.next.items():
        if _is_pattern(key):
            # Keys of a telephone are written one way, words are not.
            compiled.patterns.append((re.compile(key[1:-1], re.IGNORECASE), target))
        elif key in RESERVED:
            compiled.events[key] = target
        else:
            compiled.exact[_KEYS.get(key, key)] = target
            compiled.spoken.setdefault(_plain(key), target)
    return compiled


def _json_pieces(value: Any, pieces: list[_Piece], pages: Mapping[str, Page]) -> None:
    """Append ``value`` as JSON. Bytes are joined, so that a page without templates is one piece."""
    if isinstance(value, str) and "$" in value:
        _add(pieces, b'"')
        for part in template(value, pages):
            if isinstance(part, tuple):
                pieces.append(part)
            else:
                _add(pieces, part)
        _add(pieces, b'"')
    elif isinstance(value, dict) and value:
        for index, (key, inner) in enumerate(value.items()):
            _add(pieces, b"," if index else b"{")
            _add(pieces, orjson.dumps(key) + b":")
            _json_pieces(inner, pieces, pages)
        _add(pieces, b"}")
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            _add(pieces, b"," if index else b"[")
            _json_pieces(inner, pieces, pages)
        _add(pieces, b"]")
    else:
        _add(pieces, orjson.dumps(value))


def _add(pieces: list[_Piece], data: bytes) -> None:
    if pieces and isinstance(last := pieces[-1], bytes):
        pieces[-1] = last + data
    else:
        pieces.append(data)


def template(text: str, pages: Mapping[str, Page]) -> list[_Piece]:
    """The pieces of one string: ``${name}`` and ``$$`` are understood, nothing else.

    Raises TemplateError for a name that does not exist.
    """
    ssml = text.lstrip().startswith("<speak")
    pieces: list[_Piece] = []
    end = 0
    for match in _TEMPLATE.finditer(text):
        if match.start() > end:
            _add(pieces, orjson.dumps(text[end : match.start()])[1:-1])
        end = match.end()
        name = match.group(1)
        if match.group() == "$$":
            _add(pieces, b"$")
        elif name is None:
            raise TemplateError(f"${{ is not closed in {text[match.start() :][:20]!r}")
        else:
            pieces.append((_known(name, pages), ssml))
    if end < len(text):
        _add(pieces, orjson.dumps(text[end:])[1:-1])
    return pieces


def _known(name: str, pages: Mapping[str, Page]) -> str:
    if name in _NAMES:
        return name
    if name.startswith("digits."):
        page = name[7:]
        if page not in pages:
            message = f"there is no page {page!r} for ${{{name}}}{did_you_mean(page, pages)}"
            raise TemplateError(message)
        return name
    expected = "digits, digits.PAGE, speech, from or to; $$ is a dollar"
    hint = did_you_mean(name, _NAMES)
    raise TemplateError(f"unknown value ${{{name}}}{hint}: expected {expected}")


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """``value`` with its templates replaced by ``values`` (``digits.PAGE`` is ``digits`` too)."""
    if isinstance(value, str):
        if "$" not in value:
            return value

        def text(match: re.Match[str]) -> str:
            return values.get((match.group(1) or "").partition(".")[0], "$")

        return _TEMPLATE.sub(text, value)
    if isinstance(value, dict):
        return {key: filled(inner, values) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, values) for inner in value]
    return value


def _template_errors(
    value: Any, pointer: str, pages: Mapping[str, Page]
) -> Iterable[tuple[str, str]]:
    if isinstance(value, str):
        if "$" not in value:
            return
        try:
            template(value, pages)
        except TemplateError as error:
            yield pointer, str(error)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _template_errors(inner, f"{pointer}/{escape(key)}", pages)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _template_errors(inner, f"{pointer}/{index}", pages)
