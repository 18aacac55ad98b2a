"""The trace itself, its secrets and telephone numbers masked: to be sent to somebody.

Ids and times stay, so that it can be read, searched and compared. Names, and what people say, are
not looked for: read it before you send it.
"""

from __future__ import annotations

import re
from typing import Any, BinaryIO, Final

from ivrsim.exchange.masking import DOT, LONG_ENTRY, Masker, numbers_in
from ivrsim.exchange.values import json_inside
from ivrsim.trace.masking import MASK, mask_headers
from ivrsim.trace.reader import TraceReader
from ivrsim.trace.record import Header, Record
from ivrsim.trace.writer import TraceWriter

# Options whose argument is a secret, or says where one is.
_SECRET_OPTIONS: Final = frozenset({"--signature-secret", "--webhook-auth", "--header"})
_DIGITS: Final = re.compile(r"[0-9*#A-D]")
# Ids and times stay, even one that looks like a number.
_IDS: Final = frozenset(
    {
        "uuid", "conversation_uuid", "call_uuid", "recording_uuid", "sessionId", "callId",
        "eventId", "callFlowRequestId", "clientRequestId", "clientActionId", "subAccountId", "jti",
        "conversation_uuid_from", "conversation_uuid_to", "timestamp", "start_time", "end_time",
        "startTime", "endTime", "started_at",
    }
)  # fmt: skip


class _Masking:
    def __init__(self, reader: TraceReader) -> None:
        self._reader = reader
        numbers: set[str] = set()
        self._entries: set[str] = set()  # long entries of digits, wherever they come up again
        self._captures: set[str] = set()
        numbers_in(reader.header.setup, numbers.add)
        typed: dict[str, str] = {}  # of captures that have not closed: a trace may break off
        for record in reader.records():
            data = record.data
            numbers_in(data, numbers.add)
            if record.kind == "webhook.response":
                numbers_in(json_inside(data.get("body")), numbers.add)
            elif record.kind == "capture.closed":
                typed.pop(str(data.get("capture")), None)
                self._entry(data.get("capture"), data.get("digits"))
            elif record.kind == "digit" and data.get("capture") and not data.get("ignored"):
                capture = str(data["capture"])
                typed[capture] = typed.get(capture, "") + str(data.get("digit"))
        for name, digits in typed.items():
            self._entry(name, digits.rstrip("#"))
        self._masker = Masker(numbers)
        # As it was typed, or read back: "1, 2, 3", "123-45".
        spelled = (
            r"[ ,.\-]{0,2}".join(map(re.escape, digits))
            for digits in sorted(self._entries, key=len, reverse=True)
        )
        entries = "|".join(spelled)
        self._entered = re.compile(rf"(?<!\d)(?:{entries})(?!\d)") if entries else None

    def _entry(self, capture: Any, digits: Any) -> None:
        if isinstance(digits, str) and len(digits) >= LONG_ENTRY and _DIGITS.match(digits):
            self._entries.add(digits)
            self._captures.add(str(capture))

    def write(self, out: BinaryIO) -> None:
        writer = TraceWriter(None, out)
        writer.header(self._header(self._reader.header))
        batch: list[Record] = []
        for record in self._reader.records():
            batch.append(record._replace(data=self._data(record)))
            if len(batch) == 1000:
                writer.append(batch)
                batch = []
        writer.append(batch)

    def _header(self, header: Header) -> Header:
        arguments = []
        before = ""
        for word in header.arguments:
            name, equals, _ = word.partition("=")
            if before in _SECRET_OPTIONS:
                word = MASK
            elif name in _SECRET_OPTIONS and equals:
                word = f"{name}={MASK}"
            arguments.append(self._text(word))
            before = word if not equals else ""
        return header._replace(
            target=self._text(header.target),
            arguments=tuple(arguments),
            parent=self._value(header.parent),
            setup={**self._value(header.setup), "masked": True},
        )

    def _data(self, record: Record) -> dict[str, Any]:
        data = record.data
        if record.kind == "digit" and str(data.get("capture")) in self._captures:
            return {**self._value(data), "digit": DOT}
        masked: dict[str, Any] = self._value(data)
        headers = data.get("headers")
        if isinstance(headers, dict):
            known = {str(name): str(value) for name, value in headers.items()}
            masked["headers"] = {n: self._text(v) for n, v in mask_headers(known).items()}
        if data.get("encoding") == "base64":
            masked["body"] = ""  # nobody can say what is in it
        return masked

    def _value(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {self._text(key): self._value(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self._value(item, name) for item in value]
        if isinstance(value, str):
            if name in _IDS:
                return value
            if self._entered is not None:
                value = self._entered.sub(lambda found: DOT * len(found[0]), value)
        elif type(value) is int and str(value) in self._entries and name not in _IDS:
            return DOT * len(str(value))
        return self._masker.value(value, name)

    def _text(self, text: str) -> str:
        masked: str = self._value(text)
        return masked


def write(reader: TraceReader, out: BinaryIO) -> list[str]:
    """The masked trace. Returns warnings."""
    _Masking(reader).write(out)
    return []
