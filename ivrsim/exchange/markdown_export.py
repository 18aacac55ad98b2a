"""A trace as a Markdown report: to read, to send, to put into an issue.

Whatever comes from outside is text: characters that mean something to Markdown (CommonMark and
GitHub's) are escaped, and payloads stand in fences longer than any in them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from ivrsim.exchange.values import json_inside
from ivrsim.trace.reader import TraceReader
from ivrsim.trace.record import Record
from ivrsim.trace.view import CallView
from ivrsim.trace.view_items import EventItem, Item, KeysItem, PromptItem, SpeechItem
from ivrsim.trace.view_text import one_line_of, visible
from ivrsim.trace.view_words import clock_words, int_of, number_words, seconds_words, text_of

MOST_PAYLOAD: Final = 20_000
"""Characters of a payload; the rest is cut, and the report says so."""

_MEANS: Final = re.compile(r"[\\`*_\[\]<>|~&#$]")
_LINK: Final = re.compile(r"(?<=:)//|www(?=\.)", re.IGNORECASE)
_TICKS: Final = re.compile(r"`+")


def escape(text: str, limit: int = 400) -> str:
    """``text`` on one line that Markdown shows as it is: no markup, links, mentions or HTML."""
    line = _MEANS.sub(lambda found: "\\" + found[0], one_line_of(text, limit))
    line = _LINK.sub(lambda found: "\\//" if found[0] == "//" else f"{found[0]}\\", line)
    return line.replace("@", "&#64;")


def code(text: str, limit: int = 400) -> str:
    """``text`` as inline code, inside tables too."""
    line = one_line_of(text, limit).replace("|", "\\|")
    if not line:
        return ""
    ticks = "`" * (max(map(len, _TICKS.findall(line)), default=0) + 1)
    pad = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{ticks}{pad}{line}{pad}{ticks}"


def fenced(text: str, kind: str) -> str:
    """``text`` in a fence that nothing in it can close."""
    cut = text[:MOST_PAYLOAD]
    ticks = "`" * max(3, max(map(len, _TICKS.findall(cut)), default=0) + 1)
    body = "\n".join(visible(line) for line in cut.splitlines())
    more = f"\n\n… {len(text) - MOST_PAYLOAD} more characters" if len(text) > MOST_PAYLOAD else ""
    return f"{ticks}{kind}\n{body}\n{ticks}{more}"


class _Report:
    def __init__(self, reader: TraceReader) -> None:
        self._reader = reader
        self._view = CallView()
        self._rows: list[list[str]] = []
        self._row_of: dict[str, int] = {}
        self._remarks: list[Record] = []
        self._decided: list[Record] = []
        for record in reader.records():
            self._view.apply(record)
            self._collect(record)

    def _collect(self, record: Record) -> None:
        data = record.data
        if record.kind == "webhook.request":
            title = text_of(data.get("title")) or text_of(data.get("purpose"), "webhook")
            attempt = int_of(data.get("attempt"), 1)
            again = f" (attempt {attempt})" if attempt > 1 else ""
            sent = data.get("sent") is not False
            target = f"{text_of(data.get('method'))} {text_of(data.get('url'))}" if sent else ""
            name = text_of(data.get("webhook"))
            self._row_of[name] = len(self._rows)
            self._rows.append([
                code(name), _at(record), escape(title + again), code(target, 120),
                "" if sent else "not sent", "",
            ])  # fmt: skip
        elif record.kind in ("webhook.response", "webhook.failed"):
            index = self._row_of.get(text_of(data.get("webhook")))
            if index is not None:
                answer = escape(text_of(data.get("status")) or text_of(data.get("reason")))
                elapsed = data.get("elapsed_ms")
                self._rows[index][4] = answer
                self._rows[index][5] = f"{elapsed} ms" if isinstance(elapsed, int) else ""
        elif record.kind in ("diagnostic", "fault"):
            self._remarks.append(record)
        elif record.kind == "setting.decided":
            self._decided.append(record)

    def lines(self) -> Iterator[str]:
        """The report, part by part."""
        header, view = self._reader.header, self._view
        yield f"# {escape(header.target, 120)}"
        yield ""
        yield from self._facts()
        yield ""
        yield "## Conversation"
        yield ""
        for item in view.items:
            yield f"- {_said(item)}"
        yield from self._table()
        yield from self._documents()
        yield from self._diagnostics()
        yield from self._settings()
        yield from self._payloads()

    def _facts(self) -> Iterator[str]:
        header, view = self._reader.header, self._view
        yield "| | |"
        yield "|---|---|"
        yield f"| platform | {escape(header.platform)} |"
        yield f"| started | {escape(header.started_at)} |"
        yield f"| direction | {escape(view.direction)} |"
        yield f"| from | {escape(number_words(view.caller))} |"
        yield f"| to | {escape(number_words(view.callee))} |"
        ended = f"{view.status} by {view.ended_by}" if view.ended_by else view.status
        yield f"| ended | {escape(ended) or 'the trace has no end'} |"
        yield f"| lasted | {clock_words(view.last_t if view.ended_t is None else view.ended_t)} |"
        if view.why:
            yield f"| why | {escape(view.why)} |"
        yield f"| records | {len(self._reader)} |"
        if header.setup.get("imported"):
            yield "| imported | yes: times of prompts are estimated |"
        if view.keys():
            yield f"| keys | {code(view.keys())} |"
        if header.settings:
            changed = ", ".join(f"{name}={value}" for name, value in header.settings.items())
            yield f"| settings | {code(changed)} |"
        if header.parent:
            yield f"| branch of | {code(json.dumps(header.parent, ensure_ascii=False))} |"

    def _table(self) -> Iterator[str]:
        if not self._rows:
            return
        yield ""
        yield "## Webhooks"
        yield ""
        yield "| | at | webhook | request | reply | took |"
        yield "|---|---:|---|---|---|---:|"
        for row in self._rows:
            yield f"| {' | '.join(row)} |"

    def _documents(self) -> Iterator[str]:
        if not self._view.documents:
            return
        yield ""
        yield "## Documents"
        for document in self._view.documents.values():
            page = f", page {escape(document.page)}" if document.page else ""
            origin = escape(document.origin)
            yield ""
            yield f"{code(document.document)} at {document.t / 1000:.2f} s ({origin}{page})"
            yield ""
            for action in document.actions:
                pointer, state = code(action.pointer), escape(action.state)
                yield f"- {pointer} {escape(action.summary or action.action)}: *{state}*"
            if not document.actions:
                yield "- no actions"

    def _diagnostics(self) -> Iterator[str]:
        if not self._remarks:
            return
        yield ""
        yield "## Remarks"
        yield ""
        for record in self._remarks:
            data = record.data
            severity = text_of(data.get("severity"), "error")
            yield f"- **{escape(severity)}** {_at(record)} {escape(text_of(data.get('message')))}"
            for name in ("code", "pointer", "expected", "found", "suggestion", "reason", "basis"):
                value = text_of(data.get(name))
                if value:
                    shown = code(value) if name in ("code", "pointer", "found") else escape(value)
                    yield f"  - {name}: {shown}"
            if page := text_of(data.get("page")):
                yield f"  - page: {_link(page)}"

    def _settings(self) -> Iterator[str]:
        if not self._decided:
            return
        yield ""
        yield "## Readings of the platform that decided something"
        yield ""
        for record in self._decided:
            data = record.data
            setting = f"{text_of(data.get('name'))}={text_of(data.get('value'))}"
            basis, why = escape(text_of(data.get("basis"))), escape(text_of(data.get("why")))
            page = text_of(data.get("page"))
            more = f", {_link(page)}" if page else ""
            yield f"- {code(setting)} ({basis}): {why}{more}"

    def _payloads(self) -> Iterator[str]:
        first = True
        for record in self._reader.records():
            heading, parts = _payload(record)
            if not parts:
                continue
            if first:
                yield ""
                yield "## Payloads"
                first = False
            yield ""
            yield f"### {heading} at {_at(record)}"
            for text, kind in parts:
                yield ""
                yield fenced(text, kind)


def _payload(record: Record) -> tuple[str, list[tuple[str, str]]]:
    data, parts = record.data, []
    name = code(text_of(data.get("webhook")))
    match record.kind:
        case "webhook.request":
            title = escape(text_of(data.get("title")) or text_of(data.get("purpose")))
            body = data.get("query") if data.get("body") is None else data.get("body")
            if body is not None:
                parts.append(_pretty(body))
            return f"{name} {title}: request", parts
        case "webhook.response":
            if data.get("encoding") == "base64":
                parts.append((f"{int_of(data.get('size'))} bytes that are no text", "text"))
            elif text_of(data.get("body")):
                parts.append(_pretty(data.get("body")))
            return f"{name}: reply {escape(text_of(data.get('status')))}", parts
        case "request.edited" | "reply.edited":
            if text_of(data.get("diff")):
                parts.append((text_of(data.get("diff")), "diff"))
            return f"{name}: edited by hand", parts
        case "webhook.resent":
            if text_of(data.get("reply")):
                parts.append(_pretty(data.get("reply")))
            status = escape(text_of(data.get("status")) or text_of(data.get("message")))
            return f"{name} sent again by hand: {status}", parts
        case "document.received":
            # Replies are shown above; a document of the flow itself came with no reply.
            if data.get("origin") == "flow":
                parts.append(_pretty(data.get("body")))
            return f"document {code(text_of(data.get('document')))}", parts
    return "", parts


def _pretty(value: Any) -> tuple[str, str]:
    inner = json_inside(value)
    if isinstance(inner, dict | list):
        return json.dumps(inner, indent=2, ensure_ascii=False), "json"
    return text_of(value), "text"


def _said(item: Item) -> str:
    at = clock_words(item.t)
    match item:
        case PromptItem():
            what = escape(item.text or item.url or item.prompt, 2000)
            mark = f" *({escape(item.state)})*" if item.state not in ("finished", "playing") else ""
            took = "" if item.duration_ms is None else f" ({seconds_words(item.duration_ms)})"
            return f"{at} **platform** ♪ {what}{took}{mark}"
        case KeysItem():
            ignored = f" *(ignored: {escape(item.ignored)})*" if item.ignored else ""
            return f"{at} **caller** ⌨ {code(item.digits)}{ignored}"
        case SpeechItem():
            return f"{at} **{escape(item.who or 'caller')}** “{escape(item.text, 2000)}”"
        case EventItem():
            tone = {"warn": "⚠ ", "error": "✕ "}.get(item.tone, "")
            return f"{at} *{tone}{escape(item.text)}*"


def _link(page: str) -> str:
    """A page of the platform as a link; anything that is not plainly one as code."""
    return f"<{page}>" if re.fullmatch(r"https://[\w./#?=&%~-]+", page) else code(page)


def _at(record: Record) -> str:
    return f"{record.t / 1000:.2f} s"


def write(reader: TraceReader, out: BinaryIO) -> list[str]:
    """The report. Returns warnings."""
    for line in _Report(reader).lines():
        out.write(f"{line}\n".encode("utf-8", "replace"))
    return []
