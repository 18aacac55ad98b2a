"""A trace to be sent to somebody: no number and no secret in it, and still the same call."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrsim.exchange.masking import Masker
from ivrsim.trace.reader import TraceReader
from tests.exchange.conftest import CALLS
from tests.exchange.desk import exported, records_of, view_of, written

Trace = Callable[[str], Path]
NUMBERS = {
    "parcel": ("14155550100", "14155550123"),
    "clinic": ("14155550100", "14155550123", "14155550142"),
    "restaurant": ("6591178965", "6568332048", "6531589338"),
    "voicemail": ("14155550136", "14155550123"),
    "callback": ("6591178965", "6568332048"),
    "reminder": ("14155550100", "14155550123"),
}


@pytest.mark.parametrize("name", CALLS)
def test_no_number_is_left_and_the_call_is_the_same(
    recorded: Trace, name: str, tmp_path: Path
) -> None:
    masked = tmp_path / "masked.jsonl"
    masked.write_bytes(exported(recorded(name), "trace"))
    text = re.sub(r"[ \-()]", "", masked.read_text())
    for number in NUMBERS[name]:
        assert number not in text
        assert number[-8:] not in text
    before, after = records_of(recorded(name)), records_of(masked)
    assert [r._replace(data={}) for r in after] == [r._replace(data={}) for r in before]
    with TraceReader(masked) as reader:
        reader.index_all()
        assert reader.damage is None
        assert reader.header.setup["masked"] is True
    old, new = view_of(before), view_of(after)
    assert [item.type for item in new.items] == [item.type for item in old.items]
    assert list(new.legs) == list(old.legs)  # ids stay
    country = NUMBERS[name][0][: 1 if NUMBERS[name][0][0] == "1" else 2]
    assert new.caller.startswith(f"+{country}•")
    assert new.caller[-2:] == old.caller[-2:]


def test_menus_stay_and_long_entries_go(recorded: Trace) -> None:
    text = exported(recorded("parcel"), "trace").decode()
    records = [json.loads(line) for line in text.splitlines()[1:]]
    digits = [r["data"]["digit"] for r in records if r["kind"] == "digit"]
    assert digits == ["•"] * 9 + ["1"]
    assert "20481776" not in text


def test_long_entries_go_however_they_come_up_again(tmp_path: Path) -> None:
    base = {"from": "+6591178965", "to": "+6568332048"}
    closed = {"capture": "c1", "digits": "20481776", "ended_by": "terminator"}
    reply = {"webhook": "w1", "status": 200, "encoding": "utf-8", "headers": {}}
    body = [{"action": "talk", "text": "You said 2, 0, 4, 8, 1, 7, 7, 6", "account": 20481776}]
    trace = written(
        tmp_path / "entry.jsonl",
        [
            (0, "call.started", None, base),
            (1, "capture.closed", "L", closed),
            (2, "webhook.response", None, {**reply, "body": json.dumps(body)}),
            (2, "document.received", "L", {"document": "d1", "origin": "reply", "body": body}),
        ],
    )
    text = exported(trace, "trace").decode()
    assert "2, 0" not in text
    assert "20481776" not in text
    document = json.loads(text.splitlines()[-1])["data"]["body"][0]
    assert document["account"] == "••••••••"


def test_the_keys_of_a_trace_that_breaks_off_are_a_long_entry_too(tmp_path: Path) -> None:
    base = {"from": "+6591178965", "to": "+6568332048"}
    keys = [
        (n, "digit", "L", {"digit": key, "capture": "c1", "source": "keypad", "ignored": None})
        for n, key in enumerate("4929123456#")
    ]
    trace = written(tmp_path / "killed.jsonl", [(0, "call.started", None, base), *keys])
    records = [json.loads(line) for line in exported(trace, "trace").splitlines()[2:]]
    assert {record["data"]["digit"] for record in records} == {"•"}


def the_masked(path: Path, **data: Any) -> dict[str, Any]:
    base = {"from": "+6591178965", "to": "+6568332048"}
    trace = written(path, [(0, "call.started", None, base), (1, "webhook.request", "L", data)])
    masked: dict[str, Any] = json.loads(exported(trace, "trace").splitlines()[2])["data"]
    return masked


def test_numbers_however_they_are_written(tmp_path: Path) -> None:
    forms = {
        "+6591178965": "+65••••••65", "6591178965": "65••••••65", "%2B6591178965": "%2B65••••••65",
        "+65 9117 8965": "+65••••••65", "91178965": "••••••65", "09117-8965": "••••••65",
        "sip:+6591178965@example.com": "sip:+65••••••65@example.com",
        "call +1 (415) 555-0142 now": "call +1••••••••42 now",
        "order 20481776": "order 20481776", "1763712042125": "1763712042125",
        "2026-11-21T08:00:42.125Z": "2026-11-21T08:00:42.125Z",
        "12345678-1234-4234-8234-659117896512": "12345678-1234-4234-8234-659117896512",
    }  # fmt: skip
    masked = the_masked(tmp_path / "a.jsonl", body={str(i): form for i, form in enumerate(forms)})
    assert list(masked["body"].values()) == list(forms.values())


def test_ids_and_numbers_given_as_numbers(tmp_path: Path) -> None:
    body = {"uuid": "6591178965", "to": 6591178965, "n": 7, "ok": True}
    masked = the_masked(tmp_path / "a.jsonl", body=body)
    assert masked["body"] == {"uuid": "6591178965", "to": "65••••••65", "n": 7, "ok": True}


def test_numbers_that_are_keys_and_codes(tmp_path: Path) -> None:
    body = {"+6591178965": {"code": "6591178965", "page": "6591178965"}}
    masked = the_masked(tmp_path / "a.jsonl", body=body)["body"]
    assert masked == {"+65••••••65": {"code": "65••••••65", "page": "65••••••65"}}


def test_two_numbers_that_look_alike_stay_two(tmp_path: Path) -> None:
    body = {"source": "+6531589365", "destination": "+6591178965", "again": "+6531589365"}
    masked = the_masked(tmp_path / "a.jsonl", body=body)["body"]
    assert masked["source"] == masked["again"] != masked["destination"]
    assert {masked["source"], masked["destination"]} == {"+65••••••65", "+65•••••b65"}


def test_secrets_wherever_they_stand(tmp_path: Path) -> None:
    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJWb25hZ2UifQ.c2lnbmF0dXJl"
    masked = the_masked(
        tmp_path / "a.jsonl",
        url="https://me:pass@x.example/a?token=s3cr3t&from=%2B6591178965",
        headers={"Authorization": f"Bearer {jwt}", "X-Api-Key": "k3y", "X-From": "6591178965"},
        body={"api_secret": "s3cr3t", "note": f"used {jwt}", "deep": [{"password": "pa55word"}]},
        diff='-  "client_secret": "s3cr3t",\n+ "a": "Bearer abcdefgh12345678"',
    )
    text = json.dumps(masked)
    for secret in ("s3cr3t", "pass@", "eyJ", "k3y", "pa55word", "abcdefgh", "91178965"):
        assert secret not in text
    assert masked["url"] == "https://me:•••@x.example/a?token=•••&from=%2B65••••••65"
    assert masked["headers"]["Authorization"] == "Bearer •••"


digits = st.text("0123456789", min_size=8, max_size=15).filter(lambda n: n[0] != "0")


@given(
    numbers=st.sets(digits, min_size=1, max_size=5), before=st.text("ab :,\"", max_size=5),
    plus=st.sampled_from(["", "+", "%2B"]),
)  # fmt: skip
def test_a_known_number_never_stays_and_has_one_mask(
    numbers: set[str], before: str, plus: str
) -> None:
    masker = Masker(numbers)
    masks = {number: masker.text(f"{before}{plus}{number}") for number in numbers}
    for number, mask in masks.items():
        assert number not in mask
        assert mask == Masker(numbers).text(f"{before}{plus}{number}")
    whole = {n: m.removeprefix(before).removeprefix(plus) for n, m in masks.items()}
    assert len(set(whole.values())) == len(numbers)


def test_secrets_of_a_form(tmp_path: Path) -> None:
    body = "api_key=k1234567&api_secret=s3cr3t99&sig=abcdef12&text=the secret=ary"
    masked = the_masked(tmp_path / "form.jsonl", webhook="w1", body=body)
    assert masked["body"] == "api_key=•••&api_secret=•••&sig=•••&text=the secret=•••"
