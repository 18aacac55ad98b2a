"""A trace as a Mermaid sequence diagram.

Basis: Mermaid's page on sequence diagrams, and its lexer: a message goes up to ``#``, ``;`` or the
end of the line, and characters are written as ``#35;``.
"""

from __future__ import annotations

import re
from typing import BinaryIO, Final

from ivrsim.trace.reader import TraceReader
from ivrsim.trace.record import Record
from ivrsim.trace.view_text import one_line_of
from ivrsim.trace.view_words import UNANSWERED, int_of, number_words, text_of

MOST: Final = 49_000
"""Characters of a diagram, which is cut there: Mermaid draws none above 50,000 (maxTextSize)."""

_UNSAFE: Final = re.compile(r"[#;%<>{}\\`\"&$]|:(?=(?:no)?wrap)")
_WORDS: Final = re.compile(r"\b(end|style|classdef|linkstyle)\b", re.IGNORECASE)


def escape(text: str, limit: int = 160) -> str:
    """``text`` as the text of a message, a note or a name; never empty."""
    line = one_line_of(text, limit)
    line = _UNSAFE.sub(lambda found: f"#{ord(found[0])};", line)
    line = _WORDS.sub(lambda found: f"#{ord(found[0][0])};{found[0][1:]}", line)
    if re.match(r"(?:no)?wrap:", line, re.IGNORECASE):
        line = line.replace(":", "#58;", 1)
    return line or "…"


class _Diagram:
    def __init__(self, reader: TraceReader, out: BinaryIO) -> None:
        self._reader = reader
        self._out = out
        self._size = 0
        self._inbound = True
        self._titles: dict[str, str] = {}
        self._legs: dict[str, str] = {}
        self._keys: tuple[str, str] | None = None  # the keys that wait to be written, and why not

    def write(self) -> list[str]:
        self._put("sequenceDiagram", indent="")
        self._participants()
        for record in self._reader.records():
            if self._keys is not None and record.kind != "digit":
                self._flush_keys()
            self._record(record)
            if self._size >= MOST:
                self._put("Note over platform: … the diagram is cut here")
                at = f"{record.t / 1000:.1f} s"
                return [f"the diagram is cut at {at} of the call: Mermaid takes no longer ones"]
        self._flush_keys()
        return []

    def _put(self, line: str, indent: str = "  ") -> None:
        self._out.write(f"{indent}{line}\n".encode("utf-8", "replace"))
        self._size += len(line) + 3

    def _participants(self) -> None:
        """The caller, the platform, the application, and every other telephone of the call."""
        caller, others = "caller", list[tuple[str, str]]()
        for record in self._reader.records():
            data = record.data
            if record.kind == "call.started":
                outbound = data.get("direction") == "outbound"
                caller = text_of(data.get("to" if outbound else "from")) or caller
            elif record.kind == "leg.created":
                if data.get("role") == "caller":
                    self._legs[record.leg or ""] = "caller"
                elif len(others) < 50:
                    name = f"leg{len(others) + 1}"
                    self._legs[record.leg or ""] = name
                    others.append((name, text_of(data.get("to")) or name))
        header = self._reader.header
        self._put(f"actor caller as {escape(number_words(caller), 60)}")
        self._put(f"participant platform as {escape(header.platform, 60)}")
        self._put(f"participant app as {escape(header.target, 60)}")
        for name, number in others:
            self._put(f"actor {name} as {escape(number_words(number), 60)}")

    def _flush_keys(self) -> None:
        if self._keys is None:
            return
        keys, ignored = self._keys
        self._keys = None
        arrow = "--x" if ignored else "->>"
        why = f" (ignored: {ignored})" if ignored else ""
        self._put(f"caller{arrow}platform: {escape(f'keys {keys}{why}')}")

    def _note(self, text: str) -> None:
        self._put(f"Note over platform: {escape(text)}")

    def _record(self, record: Record) -> None:
        data, leg = record.data, self._legs.get(record.leg or "", "caller")
        match record.kind:
            case "call.started":
                self._inbound = data.get("direction") != "outbound"
                if self._inbound:
                    to = number_words(text_of(data.get("to")))
                    self._put(f"caller->>platform: {escape(f'calls {to}')}")
            case "leg.created" if leg != "caller":
                self._put(f"platform->>{leg}: rings")
            case "leg.answered":
                came_in = leg == "caller" and self._inbound
                line = "platform->>caller: connected" if came_in else f"{leg}->>platform: answered"
                self._put(line)
            case "leg.busy":
                self._put(f"{leg}--xplatform: busy")
            case "leg.unanswered":
                outcome = text_of(data.get("outcome"))
                self._put(f"{leg}--xplatform: {escape(UNANSWERED.get(outcome, outcome))}")
            case "leg.hangup":
                self._put(f"{leg}->>platform: hangs up")
            case "prompt.started":
                self._prompt(record)
            case "digit":
                ignored = text_of(data.get("ignored"))
                if self._keys is not None and self._keys[1] != ignored:
                    self._flush_keys()
                before = self._keys[0] if self._keys else ""
                self._keys = before + text_of(data.get("digit")), ignored
            case "speech":
                words = text_of(data.get("text"), "(not understood)")
                self._put(f"{leg}->>platform: {escape(f'“{words}”')}")
            case "webhook.request":
                self._request(record)
            case "webhook.response":
                self._put(f"app-->>platform: {escape(self._replied(record))}")
            case "webhook.failed":
                reason = text_of(data.get("reason"))
                message = f"{reason}: {text_of(data.get('message'))}"
                self._put(f"app--xplatform: {escape(message)}")
            case "diagnostic" if data.get("severity") != "info":
                self._note(f"{text_of(data.get('severity'))}: {text_of(data.get('message'))}")
            case "mark":
                self._note(f"⚑ {text_of(data.get('text'))}")
            case "fault" | "fault.injected":
                self._note(f"fault: {text_of(data.get('message') or data.get('detail'))}")
            case "recording.started":
                self._note("recording begins")
            case "call.limit":
                self._note(f"limit: {text_of(data.get('limit'))}")
            case "call.ended":
                by = text_of(data.get("by"))
                self._note(f"{text_of(data.get('status'))}{f' by {by}' if by else ''}")

    def _prompt(self, record: Record) -> None:
        data = record.data
        if data.get("purpose") in ("ringback", "beep"):
            return
        what = text_of(data.get("text")) or text_of(data.get("url")) or "a prompt"
        self._put(f"platform-->>caller: {escape(f'♪ {what}')}")

    def _request(self, record: Record) -> None:
        data = record.data
        title = text_of(data.get("title")) or text_of(data.get("purpose"), "webhook")
        self._titles[text_of(data.get("webhook"))] = title
        attempt = int_of(data.get("attempt"), 1)
        again = f" (attempt {attempt})" if attempt > 1 else ""
        if data.get("sent") is not False:
            self._put(f"platform->>app: {escape(title + again)}")

    def _replied(self, record: Record) -> str:
        elapsed = record.data.get("elapsed_ms")
        took = f", {elapsed} ms" if isinstance(elapsed, int) else ""
        title = self._titles.pop(text_of(record.data.get("webhook")), "")
        return f"{text_of(record.data.get('status'))}{took}" + (f" ({title})" if title else "")


def write(reader: TraceReader, out: BinaryIO) -> list[str]:
    """The diagram of the trace. Returns warnings."""
    return _Diagram(reader, out).write()
