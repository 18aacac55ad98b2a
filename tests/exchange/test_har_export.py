"""A trace as HAR: valid, and the same call when it is imported again."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from ivrsim.exchange.importing import read_calls, write_calls
from ivrsim.trace.record import Record
from tests.exchange.conftest import CALLS
from tests.exchange.desk import DATA, exported, of_kind, records_of, view_of, written

Trace = Callable[[str], Path]

# What webhooks tell of them: not the hash key that ended them, not what was recorded.
KEYS = {
    "parcel": "20481776 1",
    "clinic": "2",
    "restaurant": "2",
    "voicemail": "say:'leave a message'",
    "callback": "2 19",
    "reminder": "2 1",
}


def entries(har: bytes) -> list[dict[str, Any]]:
    """The entries of what must be HAR 1.2: every part that the specification requires."""
    log = json.loads(har)["log"]
    assert log["version"] == "1.2"
    assert {"name", "version"} <= log["creator"].keys()
    for entry in log["entries"]:
        assert datetime.fromisoformat(entry["startedDateTime"]).tzinfo
        timings = entry["timings"]
        assert entry["time"] == timings["send"] + timings["wait"] + timings["receive"] >= 0
        assert entry["cache"] == {}
        request, response = entry["request"], entry["response"]
        assert urlsplit(request["url"]).scheme
        assert all(type(request[name]) is str for name in ("method", "httpVersion"))
        assert all(type(response[name]) is str for name in ("statusText", "redirectURL"))
        assert type(response["status"]) is int
        for part in (request, response):
            assert type(part["headersSize"]) is type(part["bodySize"]) is int
            assert part["cookies"] == []
            assert all(set(pair) == {"name", "value"} for pair in part["headers"])
        assert all(type(pair["value"]) is str for pair in request["queryString"])
        assert {"size", "mimeType"} <= response["content"].keys()
        if "postData" in request:
            assert {"mimeType", "text"} == request["postData"].keys()
    times = [entry["startedDateTime"] for entry in log["entries"]]
    assert times == sorted(times)
    return list(log["entries"])


def sent(records: list[Record]) -> list[tuple[Any, ...]]:
    """What was sent and replied, in order of the requests."""
    replies = {
        r.data["webhook"]: (r.data["status"], r.data["body"])
        for r in records
        if r.kind == "webhook.response"
    }
    return [
        (d["title"], d["method"], d["url"], d["body"], replies.get(d["webhook"]))
        for d in of_kind(records, "webhook.request")
        if d["sent"]
    ]


@pytest.mark.parametrize("name", CALLS)
def test_what_was_exported_is_imported_as_the_same_call(
    recorded: Trace, name: str, tmp_path: Path
) -> None:
    trace = recorded(name)
    har = tmp_path / "call.har"
    har.write_bytes(exported(trace, "har"))
    original = records_of(trace)
    assert len(entries(har.read_bytes())) == len(sent(original)) > 0
    (again,) = read_calls([har]).calls
    assert sent(again.records) == sent(original)
    before, after = view_of(original), view_of(again.records)
    assert after.keys() == KEYS[name]
    assert [d.actions[0].action for d in after.documents.values()] == [
        d.actions[0].action for d in before.documents.values() if d.origin != "flow"
    ]
    assert (after.direction, after.caller, after.callee) == (
        before.direction, before.caller, before.callee,
    )  # fmt: skip
    if again.header.platform == "vonage":  # the VSS of the samples is not sent
        assert (after.status, after.ended_by) == (before.status, before.ended_by)


def test_several_calls_in_one_har_are_told_apart(recorded: Trace, tmp_path: Path) -> None:
    whole: list[Any] = []
    for name in ("parcel", "clinic", "restaurant"):
        whole += json.loads(exported(recorded(name), "har"))["log"]["entries"]
    har = tmp_path / "all.har"
    har.write_text(json.dumps({"log": {"version": "1.2", "entries": whole}}))
    calls = read_calls([har]).calls
    assert sorted(sent(call.records)[0][0] for call in calls) == [
        "VCA CALL_RECEIVED", "event started", "event started",
    ]  # fmt: skip


def a_request(name: str, **more: Any) -> dict[str, Any]:
    return {
        "webhook": name, "purpose": "event", "title": "event ringing", "method": "POST",
        "url": "http://localhost:5000/event", "headers": {}, "query": None, "sent": True,
        "body": {"uuid": "L1", "conversation_uuid": "CON-1", "status": "ringing",
                 "timestamp": "2026-11-21T08:00:01.000Z"},
        **more,
    }  # fmt: skip


def test_failures_edits_and_what_was_not_sent(tmp_path: Path) -> None:
    trace = written(
        tmp_path / "call.jsonl",
        [
            (0, "webhook.request", None, a_request("w1", sent=False, url=None)),
            (5, "webhook.request", None, a_request("w2", query={"to": "1"})),
            (6, "request.edited", None, {"webhook": "w2", "method": "PUT", "url": "http://x/y",
                                         "headers": {"X": "1"}, "body": "{}", "diff": ""}),
            (7, "webhook.request", None, a_request("w3")),
            (8, "webhook.failed", None, {"webhook": "w3", "reason": "timeout", "phase": "read",
                                         "message": "no reply in 5 s", "elapsed_ms": 5000}),
            (9, "webhook.response", None, {"webhook": "w2", "status": 200, "headers": {},
                                           "body": "AAE=", "encoding": "base64", "size": 2,
                                           "elapsed_ms": 12}),
            (10, "webhook.request", None, a_request("w4")),
        ],
    )  # fmt: skip
    edited, failed, unknown = entries(exported(trace, "har"))
    assert (edited["request"]["method"], edited["request"]["url"]) == ("PUT", "http://x/y")
    assert edited["response"]["content"]["encoding"] == "base64"
    assert edited["comment"] == "the request was edited by hand"
    assert edited["time"] == 12
    assert (failed["response"]["status"], failed["comment"]) == (0, "timeout: no reply in 5 s")
    assert (unknown["response"]["status"], unknown["comment"]) == (0, "the reply is not known")
    (tmp_path / "a.har").write_bytes(exported(trace, "har"))
    records = read_calls([tmp_path / "a.har"]).calls[0].records
    (again,) = of_kind(records, "webhook.failed")
    assert (again["reason"], again["phase"], again["elapsed_ms"]) == ("timeout", "read", 5000)


@pytest.mark.parametrize("name", sorted(path.name for path in DATA.iterdir()))
def test_imported_exported_and_imported_again(name: str, tmp_path: Path) -> None:
    first = read_calls([DATA / name])
    for trace, call in zip(write_calls(first, tmp_path), first.calls, strict=True):
        har = tmp_path / "again.har"
        har.write_bytes(exported(trace, "har"))
        assert len(entries(har.read_bytes())) == call.webhooks
        (again,) = read_calls([har]).calls
        assert [item[:4] for item in sent(again.records)] == [
            item[:4] for item in sent(call.records)
        ]
        assert view_of(again.records).keys() == view_of(call.records).keys()
        took = [data["elapsed_ms"] for data in of_kind(again.records, "webhook.response")]
        assert took == [data["elapsed_ms"] for data in of_kind(call.records, "webhook.response")]
