"""Files of other tools become traces: what is found, how it is grouped, what is marked."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ivrsim.errors import InputError
from ivrsim.exchange.importing import platform_of, read_calls, write_calls
from ivrsim.trace.reader import TraceReader
from tests.exchange.desk import DATA, is_sound, of_kind, one_call, view_of

LOGS = sorted(path.name for path in DATA.iterdir())


@pytest.mark.parametrize("name", LOGS)
def test_every_log_becomes_sound_traces_that_open(name: str, tmp_path: Path) -> None:
    imported = read_calls([DATA / name])
    for path, call in zip(write_calls(imported, tmp_path), imported.calls, strict=True):
        is_sound(call.records)
        view_of(call.records)
        with TraceReader(path) as reader:
            reader.index_all()
            assert reader.damage is None
            assert list(reader.records()) == call.records
            assert reader.header.setup["imported"] is True
            assert reader.header.target == f"import of {name}"
            assert reader.header.platform == name.partition("_")[0].replace("eight", "8x8")


@pytest.mark.parametrize(
    ("name", "keys", "webhooks", "gaps"),
    [
        ("vonage_bodies.jsonl", "20481776", 5, 0),
        ("vonage_curl.log", "1", 3, 1),
        ("vonage_http.txt", "1", 4, 0),
        ("vonage_access.log", "1", 4, 0),
        ("vonage_console.log", "2", 5, 1),
        ("eight_wrapped.jsonl", "2", 7, 0),
        ("eight_proxy.har", "2", 7, 0),
        ("eight_bare.jsonl", "2", 7, 1),
    ],
)
def test_keys_webhooks_and_gaps_of_each_kind_of_log(
    name: str, keys: str, webhooks: int, gaps: int
) -> None:
    call = one_call(name)
    assert (call.webhooks, call.gaps) == (webhooks, gaps)
    assert view_of(call.records).keys() == keys
    assert len(of_kind(call.records, "webhook.request")) == webhooks


def test_a_tunnel_capture_of_two_calls_at_once() -> None:
    imported = read_calls([DATA / "vonage_tunnel.har"])
    clinic, cut = imported.calls
    assert imported.left_out == {"other requests": 2}  # a page, and a request to the API
    view = view_of(clinic.records)
    assert (clinic.from_, clinic.to) == ("+14155550100", "+14155550123")
    assert (view.status, view.ended_by) == ("completed", "caller")
    assert view.keys() == "say:'the nurse please'"
    assert [leg.role for leg in view.legs.values()] == ["caller", "party"]
    assert [leg.state for leg in view.legs.values()] == ["completed", "completed"]
    assert [(d.origin, [a.action for a in d.actions]) for d in view.documents.values()] == [
        ("answer", ["talk", "input"]),
        ("reply", ["notify", "connect"]),
    ]
    assert of_kind(clinic.records, "mark") == [
        {"text": "90 s without a webhook", "basis": "imported"}
    ]
    # a notify has no id: only the NCCO tells whose it is
    assert "notify" in [data["purpose"] for data in of_kind(clinic.records, "webhook.request")]
    assert cut.gaps == 2
    assert cut.from_ == "+447700900123"


def test_a_refused_webhook_and_its_retry() -> None:
    records = read_calls([DATA / "vonage_tunnel.har"]).calls[0].records
    completed = [
        (data["role"], data["attempt"])
        for data in of_kind(records, "webhook.request")
        if data["title"] == "event completed"
    ]
    assert completed == [("main", 1), ("retry", 2), ("main", 1)]
    (failed,) = of_kind(records, "webhook.failed")
    assert failed["message"] == "net::ERR_CONNECTION_REFUSED"


def test_secrets_in_headers_are_masked() -> None:
    call = read_calls([DATA / "vonage_tunnel.har"]).calls[0]
    answer = next(d for d in of_kind(call.records, "webhook.request") if d["title"] == "answer")
    assert answer["headers"]["Authorization"] == "Bearer •••"


def test_secrets_in_urls_are_masked_in_the_query_too(tmp_path: Path) -> None:
    file = tmp_path / "access.log"
    file.write_text(
        '127.0.0.1 - - [21/Nov/2026:10:00:01 +0000] "GET /answer?to=6567770123&from=6591178965'
        '&conversation_uuid=CON-7&uuid=u-7&sig=abcdefgh12345&api_key=k99999 HTTP/1.1" 200 85\n'
    )
    (call,) = read_calls([file]).calls
    (request,) = of_kind(call.records, "webhook.request")
    assert request["query"]["sig"] == request["query"]["api_key"] == "•••"
    assert "abcdefgh12345" not in json.dumps([r.to_json() for r in call.records])


def test_what_is_known_and_what_is_inferred_are_told_apart() -> None:
    records = one_call("vonage_bodies.jsonl").records
    basis = {record.kind: record.data.get("basis") for record in records}
    assert basis["webhook.request"] == basis["digit"] == basis["call.ended"] == "imported"
    assert basis["prompt.started"] == "estimated"
    assert basis["action.started"] == basis["capture.opened"] == "inferred"
    prompts = of_kind(records, "prompt.started")
    assert all("estimated" in prompt["note"] for prompt in prompts)
    assert prompts[0]["text"].startswith("Welcome to Kestrel Parcels.")


def test_prompts_end_with_the_webhook_that_comes_after_them() -> None:
    records = one_call("eight_wrapped.jsonl").records
    ends = {r.data["prompt"]: r.t for r in records if r.kind == "prompt.finished"}
    vca = [r.t for r in records if r.kind == "webhook.request" and r.data["purpose"] == "VCA"]
    assert vca[0] < ends["p1"] <= vca[1]


def test_an_8x8_event_with_the_same_id_is_a_duplicate_and_counts_once() -> None:
    records = one_call("eight_wrapped.jsonl").records
    assert [d["code"] for d in of_kind(records, "diagnostic")] == ["import.duplicate"]
    assert [d["digit"] for d in of_kind(records, "digit")] == ["2"]
    assert len(of_kind(records, "document.received")) == 2


def test_two_logs_of_one_call_are_one_call() -> None:
    both = one_call("eight_bare.jsonl", "eight_wrapped.jsonl")
    assert both.webhooks == 7
    assert both.gaps == 0  # the replies come from the other file
    left_out = read_calls([DATA / "eight_bare.jsonl", DATA / "eight_wrapped.jsonl"]).left_out
    assert left_out["webhooks that another file holds too"] == 7


def test_one_platform_alone(tmp_path: Path) -> None:
    both = tmp_path / "both.jsonl"
    both.write_bytes(
        (DATA / "vonage_bodies.jsonl").read_bytes() + (DATA / "eight_bare.jsonl").read_bytes()
    )
    assert {call.header.platform for call in read_calls([both]).calls} == {"vonage", "8x8"}
    (call,) = read_calls([both], "8x8").calls
    assert call.header.platform == "8x8"
    with pytest.raises(InputError, match="expected vonage or 8x8"):
        platform_of("twilio")


# bodies made here


def event(status: str, second: int, leg: str = "L1", **more: Any) -> dict[str, Any]:
    return {
        "from": "14155550100", "to": "14155550123", "uuid": leg, "conversation_uuid": "CON-1",
        "status": status, "direction": "inbound",
        "timestamp": f"2026-11-21T08:00:{second:02}.000Z", **more,
    }  # fmt: skip


def log(path: Path, *lines: Any) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_a_body_that_names_only_a_leg_goes_to_its_call(tmp_path: Path) -> None:
    machine = {"call_uuid": "L1", "status": "machine", "sub_state": "beep_start",
               "timestamp": "2026-11-21T08:00:03.000Z"}  # fmt: skip
    file = log(tmp_path / "a.jsonl", machine, event("started", 0), event("completed", 9))
    (call,) = read_calls([file]).calls
    titles = [data["title"] for data in of_kind(call.records, "webhook.request")]
    assert titles == ["event started", "event machine", "event completed"]


def test_what_others_call_uuid_and_status_is_no_call(tmp_path: Path) -> None:
    job = {"uuid": "J1", "status": "completed", "timestamp": "2026-11-21T08:00:03.000Z"}
    wrapped = {"uuid": "R1", "status": "completed", "body": event("completed", 9)}
    file = log(tmp_path / "a.jsonl", job, event("started", 0), wrapped)
    imported = read_calls([file])
    (call,) = imported.calls
    titles = [data["title"] for data in of_kind(call.records, "webhook.request")]
    assert titles == ["event started", "event completed"]
    assert sum(imported.left_out.values()) == 1
    with pytest.raises(InputError, match="found 1 other request"):
        read_calls([log(tmp_path / "b.jsonl", job)])


def test_a_transfer_joins_conversations(tmp_path: Path) -> None:
    transfer = {"conversation_uuid_from": "CON-1", "conversation_uuid_to": "CON-2", "uuid": "L1",
                "timestamp": "2026-11-21T08:00:05.000Z"}  # fmt: skip
    later = event("completed", 9, conversation_uuid="CON-2")
    apart = event("started", 2, leg="L9", conversation_uuid="CON-9")
    file = log(tmp_path / "a.jsonl", event("started", 0), transfer, later, apart)
    first, second = read_calls([file]).calls
    assert (first.webhooks, second.webhooks) == (3, 1)


def test_an_answer_webhook_without_any_time_stands_where_the_log_has_it(tmp_path: Path) -> None:
    answer = {"to": "14155550123", "from": "14155550100", "uuid": "L1",
              "conversation_uuid": "CON-1"}  # fmt: skip
    file = log(
        tmp_path / "a.jsonl", event("ringing", 1), answer, event("answered", 2),
        event("completed", 3),
    )  # fmt: skip
    records = read_calls([file]).calls[0].records
    requests = of_kind(records, "webhook.request")
    assert [data["title"] for data in requests] == [
        "event ringing", "answer", "event answered", "event completed",
    ]  # fmt: skip
    assert requests[1]["basis"] == "inferred"


def test_a_log_without_any_time_has_the_day_of_its_file(tmp_path: Path) -> None:
    answer = {"to": "14155550123", "uuid": "L1", "conversation_uuid": "CON-1"}
    file = log(tmp_path / "a.jsonl", answer)
    os.utime(file, (1_700_000_000, 1_700_000_000))
    (call,) = read_calls([file]).calls
    assert call.header.started_at == "2023-11-14T22:13:20.000Z"
    codes = [data["code"] for data in of_kind(call.records, "diagnostic")]
    assert "import.no-times" in codes


def test_a_log_whose_clock_is_wrong_is_put_right(tmp_path: Path) -> None:
    answer = {"to": "14155550123", "uuid": "L1", "conversation_uuid": "CON-1"}
    file = log(
        tmp_path / "a.jsonl",
        {"time": "2026-11-21T09:00:00Z", "body": event("ringing", 0)},
        {"time": "2026-11-21T09:00:01Z", "body": answer},
        {"time": "2026-11-21T09:00:09Z", "body": event("completed", 9)},
    )
    records = read_calls([file]).calls[0].records
    assert records[-1].t == 9000
    clock = next(d for d in of_kind(records, "diagnostic") if d["code"] == "import.clock")
    assert "3600 s ahead" in clock["message"]


def test_the_older_input_and_the_older_vca(tmp_path: Path) -> None:
    old = {"uuid": "L1", "conversation_uuid": "CON-1", "timed_out": True, "dtmf": "04",
           "timestamp": "2026-11-21T08:00:05.000Z"}  # fmt: skip
    file = log(tmp_path / "a.jsonl", event("answered", 0), old, event("completed", 9))
    (closed,) = of_kind(read_calls([file]).calls[0].records, "capture.closed")
    assert (closed["digits"], closed["timed_out"]) == ("04", True)
    payload = {"sessionId": "S1", "callId": "A", "callStatus": "DTMF_RECEIVED", "eventData": "7"}
    call = read_calls([log(tmp_path / "b.jsonl", {"payload": payload})]).calls[0]
    assert [data["digit"] for data in of_kind(call.records, "digit")] == ["7"]


def test_files_of_windows_are_read(tmp_path: Path) -> None:
    text = (DATA / "vonage_curl.log").read_text()
    crlf = tmp_path / "crlf.log"
    crlf.write_bytes(text.replace("\n", "\r\n").encode())
    utf16 = tmp_path / "utf16.log"
    utf16.write_text(text, encoding="utf-16")
    bom = tmp_path / "bom.log"
    bom.write_text(text, encoding="utf-8-sig")
    for file in (crlf, utf16, bom):
        (call,) = read_calls([file]).calls
        assert (call.webhooks, view_of(call.records).keys()) == (3, "1")


def test_the_last_line_of_a_log_may_break_off(tmp_path: Path) -> None:
    whole = (DATA / "eight_bare.jsonl").read_text()
    file = tmp_path / "a.jsonl"
    file.write_text(whole[:-40])
    imported = read_calls([file])
    assert imported.calls[0].webhooks == 6
    assert imported.left_out["a last entry that breaks off"] == 1


def test_one_broken_line_does_not_lose_the_others(tmp_path: Path) -> None:
    lines = (DATA / "eight_bare.jsonl").read_text().splitlines()
    lines[2] = lines[2].replace('"payload":', '"payload"', 1)
    lines.insert(0, "curl isn't there")
    file = tmp_path / "log"
    file.write_text("\n".join(lines))
    imported = read_calls([file])
    assert imported.calls[0].webhooks == 6
    (broken,) = imported.broken
    assert broken.startswith(f"{file}:1:1: expected a curl command, found a quote that is not")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ":1:1: expected requests, found an empty file"),
        (b"hello\nworld\n", ":1:1: expected a HAR file, JSON Lines"),
        (b'{"a": 1}\n', ":1:1: expected webhooks of Vonage or 8x8, found 1 other request"),
        (b'{"a": 1}\n{"b": nope}\n', ":2:7: expected JSON, found it broken"),
        (b'{"log": {"entries": [\n {"a" 1}]}}', ":2:7: expected a HAR file, found broken JSON"),
        (b'{"log": {"version": "1.2"}}', ":1:1: expected a HAR file with log.entries"),
        (b"caf\xe9\n", ":1:4: expected text in UTF-8, found the byte 0xe9"),
        (b"GET\n\0\n", ":2:1: expected text, found a NUL"),
        (b"\n$ curl http://x -d '{", ":2:1: expected a curl command, found a quote"),
        (b'{"type":"header","format":"ivrsim-trace","version":1}\n', ":1:1: this is a trace"),
        (b"[" * 100_000, ":1:1: expected"),
    ],
    ids=lambda value: value[:30].decode("latin-1") if isinstance(value, bytes) else "",
)
def test_rubbish_is_refused_with_its_place(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "rubbish"
    file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_calls([file])
    assert str(caught.value).startswith(f"{file}{message}")
    assert "\n" not in str(caught.value)


def test_a_folder_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found a folder"):
        read_calls([tmp_path])
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_calls([tmp_path / "none.har"])


def test_no_file_is_ever_overwritten(tmp_path: Path) -> None:
    imported = read_calls([DATA / "vonage_bodies.jsonl"])
    first, second = write_calls(imported, tmp_path) + write_calls(imported, tmp_path)
    assert first != second
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_mode & 0o077 == 0


def test_the_history_is_not_flooded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVRSIM_HISTORY", str(tmp_path / "history"))
    calls = [event("started", 1, leg=f"L{i}", conversation_uuid=f"CON-{i}") for i in range(51)]
    imported = read_calls([log(tmp_path / "many.jsonl", *calls)])
    with pytest.raises(InputError, match="51 calls, and the history keeps 50"):
        write_calls(imported, None)
    assert len(write_calls(imported, tmp_path / "folder")) == 51


def test_the_same_key_twice_in_older_inputs_is_no_duplicate(tmp_path: Path) -> None:
    """They hold no time: without one of the log's own, each line is a key of its own."""
    ids = {"conversation_uuid": "CON-9", "uuid": "leg-9"}
    answer = {**ids, "to": "6567770123", "from": "6591178965"}
    pressed = {**ids, "timed_out": False, "dtmf": "1"}
    untimed = tmp_path / "untimed.jsonl"
    untimed.write_text("".join(json.dumps(each) + "\n" for each in (answer, pressed, pressed)))
    timed = tmp_path / "timed.jsonl"
    lines = [(0, answer), (4, pressed), (9, pressed), (9, pressed)]
    timed.write_text(
        "".join(
            json.dumps({"time": f"2026-11-21T08:00:0{at}Z", "body": body}) + "\n"
            for at, body in lines
        )
    )
    for path in (untimed, timed):
        (call,) = read_calls([path]).calls
        assert [data["digit"] for data in of_kind(call.records, "digit")] == ["1", "1"]
    duplicates = [r for r in call.records if "delivered again" in str(r.data.get("title"))]
    assert len(duplicates) == 1


def test_the_folder_for_traces_may_not_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a folder for the traces, found a file"):
        write_calls(read_calls([DATA / "vonage_bodies.jsonl"]), log(tmp_path / "there"))
