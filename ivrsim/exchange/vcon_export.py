"""A trace as a vCon, the IETF's container for conversations.

Basis: draft-ietf-vcon-vcon-core-04 (syntax 0.4.0), its unsigned form. Prompts, words and keys are
dialogs of type text; keys are party events of the recording, too. The call's audio is inline
(a reference would need an https URL). Remarks are an analysis, the trace is an attachment.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
import wave
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from ivrsim.exchange.har_export import dumps
from ivrsim.exchange.times import epoch_of, iso_of
from ivrsim.trace.reader import TraceReader
from ivrsim.trace.record import Record
from ivrsim.trace.view_words import text_of
from ivrsim.version import __version__

SYNTAX: Final = "0.4.0"
MOST_AUDIO: Final = 64 << 20
"""Bytes of audio that are put inline; longer audio is named, and left beside the trace."""

CALLER, PLATFORM = 0, 1
_CHUNK: Final = 3 << 16  # base64url without padding but at the end
_DISPOSITIONS: Final = {
    "busy": "busy", "BUSY": "busy", "NO_ANSWER": "no-answer", "unanswered": "no-answer",
    "timeout": "no-answer", "CANCELED": "hung-up", "cancelled": "hung-up",
}  # fmt: skip


class _Container:
    def __init__(self, reader: TraceReader) -> None:
        self._reader = reader
        self._start = epoch_of(reader.header.started_at) or 0
        self._parties: list[dict[str, Any]] = [
            {"type": "person"},
            {"name": self._platform(), "type": "bot"},
        ]
        self._legs: dict[str, int] = {}
        self._dialogs: list[dict[str, Any]] = []
        self._history: list[dict[str, Any]] = []
        self._remarks: list[dict[str, Any]] = []
        self._keys: list[Record] = []
        self._subject = reader.header.target
        self._ids: dict[str, Any] = {}
        self._status = ""
        self._last = 0
        for record in reader.records():
            if self._keys and record.kind != "digit":
                self._flush_keys()
            self._take(record)
            self._last = max(self._last, record.t)
        self._flush_keys()

    def _platform(self) -> str:
        header = self._reader.header
        real = header.setup.get("imported") is True
        return header.platform if real else f"{header.platform} (simulated by ivrsim)"

    def _date(self, t: int) -> str:
        return _date(self._start + t)

    def _take(self, record: Record) -> None:
        data, party = record.data, self._legs.get(record.leg or "", CALLER)
        match record.kind:
            case "call.started":
                outbound = data.get("direction") == "outbound"
                _set_number(self._parties[CALLER], data.get("to" if outbound else "from"))
                _set_number(self._parties[PLATFORM], data.get("from" if outbound else "to"))
                ids = data.get("ids")
                self._ids = ids if isinstance(ids, dict) else {}
            case "leg.created":
                if data.get("role") == "caller":
                    self._legs[record.leg or ""] = CALLER
                else:
                    other: dict[str, Any] = {"type": "person"}
                    _set_number(other, data.get("to"))
                    self._legs[record.leg or ""] = len(self._parties)
                    self._parties.append(other)
            case "leg.answered":
                self._event(record, party, "join")
            case "leg.ended":
                self._event(record, party, "drop")
            case "prompt.started":
                text = data.get("text")
                tone = data.get("purpose") in ("ringback", "beep")
                if isinstance(text, str) and text and not tone:
                    self._text(record, [PLATFORM, CALLER], text, data.get("duration_ms"))
            case "speech":
                text = data.get("text")
                if isinstance(text, str) and text:
                    self._text(record, [party, PLATFORM], text, data.get("duration_ms"))
            case "digit":
                self._event(record, CALLER, "keydown", button=text_of(data.get("digit")))
                if self._keys and data.get("capture") != self._keys[-1].data.get("capture"):
                    self._flush_keys()
                self._keys.append(record)
            case "diagnostic":
                kept = {name: value for name, value in data.items() if value is not None}
                self._remarks.append({"time": self._date(record.t), **kept})
            case "call.ended":
                self._status = text_of(data.get("status"))

    def _event(self, record: Record, party: int, event: str, **more: str) -> None:
        self._history.append({"party": party, "time": self._date(record.t), "event": event, **more})

    def _text(self, record: Record, parties: list[int], text: str, lasts: Any = None) -> None:
        dialog: dict[str, Any] = {"type": "text", "start": self._date(record.t)}
        if isinstance(lasts, int) and not isinstance(lasts, bool) and lasts > 0:
            dialog["duration"] = lasts / 1000
        dialog |= {"parties": parties, "mediatype": "text/plain", "body": text, "encoding": "none"}
        self._dialogs.append(dialog)

    def _flush_keys(self) -> None:
        keys, self._keys = self._keys, []
        if not keys:
            return
        lasts = keys[-1].t - keys[0].t
        self._text(
            keys[0], [CALLER, PLATFORM], "".join(text_of(k.data.get("digit")) for k in keys), lasts
        )
        self._dialogs[-1]["application"] = "DTMF"

    def write(self, out: BinaryIO) -> list[str]:
        warnings: list[str] = []
        head = {
            "vcon": SYNTAX,
            "uuid": str(self._uuid()),
            "created_at": _date(int(datetime.now(UTC).timestamp() * 1000)),
            "subject": self._subject,
            "parties": self._parties,
        }
        out.write(dumps(head)[:-1] + b',\n"dialog":[')
        audio = self._reader.path.with_suffix(".wav")
        self._recording(out, audio, warnings)
        for index, dialog in enumerate(self._dialogs):
            out.write((b",\n" if index or self._has_first else b"\n") + dumps(dialog))
        out.write(b'\n],\n"analysis":' + dumps(self._analysis()))
        self._trace(out)
        return warnings

    def _recording(self, out: BinaryIO, audio: Path, warnings: list[str]) -> None:
        """The first dialog: the audio; without it, or a word, that the call came to nothing."""
        self._has_first = True
        try:
            size = audio.stat().st_size
        except OSError:
            size = 0
        if size > MOST_AUDIO:
            warnings.append(f"{audio}: above {MOST_AUDIO >> 20} MiB, not put into the vCon")
        if 0 < size <= MOST_AUDIO:
            # Left the platform, right the caller: a party for each channel.
            dialog: dict[str, Any] = {
                "type": "recording", "start": self._date(0),
                "duration": _seconds(audio, self._last),
                "parties": [PLATFORM, CALLER], "originator": CALLER, "mediatype": "audio/x-wav",
                "filename": audio.name, "party_history": self._history, "encoding": "base64url",
            }  # fmt: skip
            out.write(b"\n" + dumps(dialog)[:-1] + b',"body":"')
            with audio.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    out.write(base64.urlsafe_b64encode(chunk).rstrip(b"="))
            out.write(b'"}')
        elif not self._dialogs:
            disposition = _DISPOSITIONS.get(self._status, "failed")
            dialog = {
                "type": "incomplete", "start": self._date(0), "parties": [CALLER, PLATFORM],
                "disposition": disposition, "party_history": self._history,
            }  # fmt: skip
            out.write(b"\n" + dumps(dialog))
        else:
            self._dialogs[0]["party_history"] = self._history
            self._has_first = False

    def _analysis(self) -> list[dict[str, Any]]:
        if not self._remarks:
            return []
        count = len(self._dialogs) + self._has_first
        return [
            {
                "type": "report", "dialog": list(range(count)) if count <= 1000 else 0,
                "mediatype": "application/json", "vendor": "ivrsim", "product": __version__,
                "schema": "ivrsim-diagnostics", "encoding": "json", "body": self._remarks,
            }
        ]  # fmt: skip

    def _trace(self, out: BinaryIO) -> None:
        reader = self._reader
        attachment = {
            "purpose": "the trace of the call (ivrsim open FILE)", "start": self._date(0),
            "party": PLATFORM, "dialog": 0, "mediatype": "application/jsonl",
            "filename": reader.path.name, "encoding": "base64url",
        }  # fmt: skip
        out.write(b',\n"attachments":[\n' + dumps(attachment)[:-1] + b',"body":"')
        rest = dumps(reader.header.to_json()) + b"\n"
        for record in reader.records():
            rest += dumps(record.to_json()) + b"\n"
            if len(rest) >= _CHUNK:
                whole = len(rest) - len(rest) % 3
                out.write(base64.urlsafe_b64encode(rest[:whole]))
                rest = rest[whole:]
        out.write(base64.urlsafe_b64encode(rest).rstrip(b"="))
        out.write(b'"}\n]}\n')

    def _uuid(self) -> uuid.UUID:
        """Version 8: as version 7, of the call's beginning; the rest from its ids, so that the
        same trace has the same name. (The draft would hash a host name: a desk has none.)"""
        header = self._reader.header
        seed = dumps([self._ids, header.target, header.seed, header.started_at, header.parent])
        digest = int.from_bytes(hashlib.sha256(seed).digest(), "big")
        value = (self._start & (1 << 48) - 1) << 80 | 8 << 76
        value |= (digest & 0xFFF) << 64 | 2 << 62 | digest >> 194
        return uuid.UUID(int=value)


def _date(ms: int) -> str:
    """A Date of JMAP (RFC 8620, 1.4): a fraction of zero is left out."""
    return iso_of(ms).replace(".000Z", "Z")


def _seconds(audio: Path, otherwise_ms: int) -> float:
    """The length of a wav file; that of the call where the file does not tell."""
    try:
        with wave.open(str(audio), "rb") as found:
            return round(found.getnframes() / found.getframerate(), 3)
    except (wave.Error, OSError, EOFError, ZeroDivisionError):
        return otherwise_ms / 1000


def _set_number(party: dict[str, Any], number: Any) -> None:
    text = text_of(number)
    digits = text.removeprefix("+")
    if digits.isdigit() and digits.isascii():
        party["tel"] = f"tel:{text}" if text.startswith("+") else f"tel:+{text}"
    elif text.startswith(("sip:", "sips:")):
        party["sip"] = text
    elif text:
        party["name"] = text


def write(reader: TraceReader, out: BinaryIO) -> list[str]:
    """The vCon of the trace. Returns warnings."""
    return _Container(reader).write(out)
