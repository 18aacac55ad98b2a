"""A trace as a vCon: what draft-ietf-vcon-vcon-core-04 requires of each object."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ivrsim.cli.main import main
from tests.exchange.conftest import CALLS
from tests.exchange.desk import exported, written

Trace = Callable[[str], Path]

# RFC 3339 as JMAP (RFC 8620) narrows it: a fraction of zero is left out.
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.(?!0+Z)\d+)?Z")
EVENTS = {"join", "drop", "hold", "unhold", "mute", "unmute", "keydown", "keyup"}
DISPOSITIONS = {
    "no-answer", "congestion", "failed", "busy", "hung-up", "voicemail-no-message",
}  # fmt: skip


def bytes_of(item: dict[str, Any]) -> bytes:
    assert item["encoding"] == "base64url"
    assert re.fullmatch(r"[\w-]*", item["body"])  # RFC 7515: no padding
    return base64.urlsafe_b64decode(item["body"] + "=" * (-len(item["body"]) % 4))


def valid(content: bytes) -> dict[str, Any]:
    vcon: dict[str, Any] = json.loads(content)
    assert vcon["vcon"] == "0.4.0"
    assert UUID(vcon["uuid"]).version == 8
    assert DATE.fullmatch(vcon["created_at"])
    parties = range(len(vcon["parties"]))
    for party in vcon["parties"]:
        assert party["type"] in ("person", "bot", "organization")
        assert re.fullmatch(r"tel:\+\d+", party.get("tel", "tel:+1"))
    for dialog in vcon["dialog"]:
        assert DATE.fullmatch(dialog["start"])
        assert all(index in parties for index in dialog["parties"])
        assert dialog.get("duration", 1) > 0
        for event in dialog.get("party_history", ()):
            assert event["party"] in parties
            assert DATE.fullmatch(event["time"])
            assert event["event"] in EVENTS
            assert ("button" in event) == event["event"].startswith("key")
        if dialog["type"] == "incomplete":
            assert dialog["disposition"] in DISPOSITIONS
            assert not {"body", "encoding", "url", "content_hash"} & dialog.keys()
        else:
            assert dialog["type"] in ("text", "recording")
            assert {"body", "encoding", "mediatype"} <= dialog.keys()
            assert "disposition" not in dialog
    for analysis in vcon["analysis"]:
        assert {"type", "vendor", "body", "encoding", "dialog"} <= analysis.keys()
    for attachment in vcon["attachments"]:
        assert DATE.fullmatch(attachment["start"])
        assert attachment["party"] in parties
        assert attachment["dialog"] in range(len(vcon["dialog"]))
    return vcon


@pytest.mark.parametrize("name", CALLS)
def test_every_sample_is_a_valid_vcon(recorded: Trace, name: str) -> None:
    vcon = valid(exported(recorded(name), "vcon"))
    (attachment,) = vcon["attachments"]
    assert bytes_of(attachment) == recorded(name).read_bytes()
    assert vcon["uuid"] == valid(exported(recorded(name), "vcon"))["uuid"]


def test_prompts_words_and_keys_are_dialogs(recorded: Trace) -> None:
    vcon = valid(exported(recorded("restaurant"), "vcon"))
    caller, platform, mei = vcon["parties"]
    assert (caller["tel"], platform["tel"], mei["tel"]) == (
        "tel:+6591178965", "tel:+6568332048", "tel:+6531589338",
    )  # fmt: skip
    said = [(dialog["parties"][0], dialog["body"]) for dialog in vcon["dialog"]]
    assert said[0][0] == 1
    assert said[0][1].startswith("Welcome to ABC Restaurant.")
    assert (0, "2") in said
    assert any(who == 2 for who, _ in said)
    history = vcon["dialog"][0]["party_history"]
    assert {"party": 0, "event": "keydown", "button": "2"}.items() <= next(
        event for event in history if event["event"] == "keydown"
    ).items()


def test_the_audio_beside_a_trace_is_a_recording(tmp_path: Path) -> None:
    trace = tmp_path / "call.jsonl"
    arguments = ["call", "flows/parcel.yaml", "--keys", "0#", "--no-history", "--audio"]
    assert main([*arguments, "--trace", str(trace)]) == 0
    recording = valid(exported(trace, "vcon"))["dialog"][0]
    assert (recording["type"], recording["mediatype"]) == ("recording", "audio/x-wav")
    assert bytes_of(recording) == trace.with_suffix(".wav").read_bytes()
    assert recording["parties"] == [1, 0]  # left the platform, right the caller
    assert recording["originator"] == 0
    assert recording["duration"] > 1


@pytest.mark.parametrize(
    ("status", "disposition"), [("busy", "busy"), ("NO_ANSWER", "no-answer"), ("odd", "failed")]
)
def test_a_call_that_came_to_nothing(tmp_path: Path, status: str, disposition: str) -> None:
    trace = written(tmp_path / "a.jsonl", [
        (0, "call.started", None, {"direction": "outbound", "from": "+6568332048", "to": "x"}),
        (9, "diagnostic", None, {"code": "c", "severity": "error", "message": "m"}),
        (9, "call.ended", None, {"status": status}),
    ])  # fmt: skip
    vcon = valid(exported(trace, "vcon"))
    assert [dialog["disposition"] for dialog in vcon["dialog"]] == [disposition]
    assert vcon["analysis"][0]["body"][0]["message"] == "m"
