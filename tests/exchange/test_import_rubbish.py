"""Whatever is in a file: calls come out of it, or one InputError that names the place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrsim.errors import InputError
from ivrsim.exchange.importing import read_calls, write_calls
from ivrsim.exchange.loose import read_loose
from ivrsim.exchange.values import Broken, parse_at
from tests.exchange.desk import DATA, is_sound, view_of

FIXTURES = [path.read_bytes() for path in sorted(DATA.iterdir())]
PIECES = [
    b"{", b"}", b"[", b"]", b'"', b"'", b"\\", b"\n", b"\r\n", b"null", b"-1", b"1e999", b"{}",
    b"9" * 30, b"\xff", b"\0", b"\xf0\x9f\x98\x80", b"\\ud800", b'{"payload":{"sessionId":"s"}}',
    b"curl ", b"POST / HTTP/1.1\n", b"HTTP/1.1 200\n", b"> ", b"< ", b"$'", b"\xe2\x80\xae",
    b'"2026-13-99T99:99:99Z"', b"99999999999999", b"GET /x?conversation_uuid=a&uuid=b&to=c",
]  # fmt: skip

quietly = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A fixture with pieces put in, left out and repeated."""
    content = draw(st.sampled_from(FIXTURES))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(content)))
        to = min(len(content), at + draw(st.integers(0, 60)))
        piece = draw(st.sampled_from(PIECES) | st.binary(max_size=8))
        content = content[:at] + piece + content[draw(st.sampled_from([at, to])) :]
    return content


def survives(file: Path) -> None:
    try:
        imported = read_calls([file])
    except InputError as error:
        told = str(error)
    else:
        write_calls(imported, file.parent / "out")
        for call in imported.calls:
            is_sound(call.records)
            view_of(call.records)
        return
    assert told.startswith(str(file))
    assert "\n" not in told


@quietly
@given(content=mutated())
def test_mutated_logs(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(content)
    survives(file)


@quietly
@given(content=st.binary(max_size=400) | st.text(max_size=400).map(lambda t: t.encode("utf-8")))
def test_random_bytes(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(content)
    survives(file)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["CON-1", "L1", "answered", "2026-11-21T08:00:00Z", '{"digits":"1"}']),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["dtmf", "digits", "results", "text", "details"]), inner),
    max_leaves=6,
)  # fmt: skip
BODY = (
    "uuid call_uuid conversation_uuid status timestamp direction from to dtmf speech reason "
    "recording_url recording_uuid original_request conversation_uuid_from conversation_uuid_to "
    "disconnected_by"
)
PAYLOAD = (
    "sessionId callId eventId callStatus sessionStatus eventData dtmf timestamp endTime source "
    "destination callDirection details errorDetails"
)
bodies = st.dictionaries(st.sampled_from(BODY.split()), values)
payloads = st.dictionaries(st.sampled_from(PAYLOAD.split()), values)
eights = st.builds(
    lambda kind, payload: {"namespace": "VOICE", "eventType": kind, "payload": payload},
    st.sampled_from(["CALL_ACTION", "CALL_STATUS", "SESSION_SUMMARY", "VRU", None]),
    payloads,
)
replies = st.none() | st.lists(
    st.fixed_dictionaries({"action": st.sampled_from(["talk", "input", "connect", "notify", "x"])},
                          optional={"text": values, "endpoint": values, "payload": values}),
    max_size=3,
) | st.fixed_dictionaries({"callflow": values})  # fmt: skip


@quietly
@given(entries=st.lists(st.tuples(bodies | eights, replies), min_size=1, max_size=5))
def test_bodies_that_hold_anything(entries: list[tuple[Any, Any]], tmp_path: Path) -> None:
    file = tmp_path / "log"
    lines = [json.dumps({"body": body, "reply": reply}) for body, reply in entries]
    file.write_text("\n".join(lines))
    survives(file)


printable = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=20)
    | st.floats(allow_nan=False, allow_infinity=False, width=32),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)  # fmt: skip


@quietly
@given(value=st.dictionaries(st.text(max_size=8), printable, min_size=1), tail=st.text(max_size=5))
def test_what_python_prints_is_read_as_it_was(value: dict[str, Any], tail: str) -> None:
    printed = repr(value)
    assert read_loose(f"x{printed}{tail}", 1) == (value, 1 + len(printed))


@pytest.mark.parametrize("depth", [100, 300, 900, 5_000, 100_000])
@pytest.mark.parametrize("wrapped", [False, True])
def test_bodies_nested_deep(depth: int, wrapped: bool, tmp_path: Path) -> None:
    file = tmp_path / "log"
    body = '{"uuid":"L1","conversation_uuid":"C1","status":"answered","x":' + "[" * depth
    body += "]" * depth + "}"
    file.write_text('{"body":' + body + "}" if wrapped else body)
    survives(file)


@pytest.mark.parametrize("size", [10, 4_070, 4_080, 4_090, 4_096, 4_100, 50_000])
@pytest.mark.parametrize("filler", ['"x"', "123", "true", '"\\u00e9"', "{}"])
def test_a_value_of_any_length_is_read_where_it_stands(size: int, filler: str) -> None:
    value = "[" + ",".join([filler] * max(1, size // (len(filler) + 1))) + "]"
    text = f"before {value} after"
    assert parse_at(text, 7) == (json.loads(value), 7 + len(value))
    with pytest.raises(Broken) as caught:
        parse_at(text.replace("] after", "x after"), 7)
    assert caught.value.pos == 7 + len(value) - 1
