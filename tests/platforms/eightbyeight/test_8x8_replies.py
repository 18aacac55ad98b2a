"""Replies to a VCA, from bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ivrsim.platforms.eightbyeight.codes import SESSION_CODES
from ivrsim.platforms.eightbyeight.replies import Reply, read_reply

HANGUP = b'{"callflow": [{"action": "hangup"}]}'


def read(
    body: bytes, kind: str | None = "application/json", status: int = 200, **settings: str
) -> Reply:
    chosen = {f"8x8.{name}": choice for name, choice in settings.items()}
    return read_reply(body, kind, status, chosen)


def codes(reply: Reply) -> list[str]:
    return [found.code for found in reply.diagnostics]


def test_a_good_reply() -> None:
    reply = read(b'{"clientActionId": "menu", "callflow": [{"action": "hangup"}]}')
    assert reply.usable
    assert (reply.client_action_id, reply.has_client_action_id) == ("menu", True)
    assert reply.callflow is not None
    assert [act.action for act in reply.callflow.actions] == ["hangup"]
    assert (reply.empty, reply.diagnostics, reply.code) == (None, (), None)
    assert not reply.decided
    assert not reply.callflow.decided


def test_no_client_action_id() -> None:
    assert read(HANGUP).has_client_action_id is False
    null = read(b'{"clientActionId": null, "callflow": [{"action": "hangup"}]}')
    assert (null.client_action_id, null.has_client_action_id) == (None, True)


@pytest.mark.parametrize(("written", "kept"), [("7", "7"), ("true", None), ("[1]", None)])
def test_a_client_action_id_that_is_no_text(written: str, kept: str | None) -> None:
    reply = read(f'{{"clientActionId": {written}, "callflow": []}}'.encode())
    assert reply.client_action_id == kept
    assert "8x8.client-action-id" in codes(reply)
    assert reply.usable


@pytest.mark.parametrize(
    ("body", "empty", "severity"),
    [
        (b"", "empty-body", "warning"),
        (b" \r\n", "empty-body", "warning"),
        (b"{}", "empty-object", "warning"),
        (b'{"callflow": []}', "empty-callflow", "info"),
    ],
)
def test_nothing_more_to_do(body: bytes, empty: str, severity: str) -> None:
    reply = read(body)
    assert (reply.empty, reply.usable) == (empty, True)
    assert list(reply.decided) == ["8x8.empty_reply"]
    assert codes(reply) == [f"8x8.{empty}"]
    assert reply.diagnostics[0].severity == severity
    refused = read(body, empty_reply="error")
    assert (refused.empty, refused.usable, refused.code) == (empty, False, -2003)


def test_an_empty_body_needs_no_content_type() -> None:
    assert codes(read(b"", None)) == ["8x8.empty-body"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<!DOCTYPE html><html>", "begins with <"),
        (b"\xef\xbb\xbf" + HANGUP, "byte order mark"),
        (b'{"callflow": "\xff\xfe"}', "it is not UTF-8"),
        (b'{"callflow": NaN}', "line 1 column"),
        (b'{"callflow": [], // none\n}', "line 1 column"),
        (b"{'callflow': []}", "line 1 column"),
        (b"OK", "line 1 column"),
        (b"1" * 400, "line 1 column"),
        (b"[" * 5000, "line 1 column"),
        (b'{"callflow": [', "line 1 column"),
    ],
)
def test_not_json(body: bytes, words: str) -> None:
    reply = read(body)
    assert codes(reply) == ["8x8.reply-not-json"]
    (found,) = reply.diagnostics
    assert (found.severity, found.pointer) == ("error", "")
    assert words in found.message
    assert "\n" not in found.message
    assert (reply.usable, reply.callflow) == (False, None)
    assert (reply.code, reply.code_message) == (-2003, SESSION_CODES[-2003])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"callflow": NaN}', "NaN"),
        (b'{"a": [] // no\n}', "comments"),
        (b"{'callflow': []}", "double quotes"),
        (b"<html>", "error page"),
    ],
)
def test_not_json_says_what_to_do(body: bytes, words: str) -> None:
    assert words in (read(body).diagnostics[0].suggestion or "")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"null", None),
        (b"7", None),
        (b'"{}"', "JSON within JSON"),
        (b'[{"action": "hangup"}]', '{"callflow"'),
        (b'[{"action": "talk", "text": "Hi"}]', "vonage"),
    ],
)
def test_json_but_no_object(body: bytes, words: str | None) -> None:
    reply = read(body)
    assert codes(reply) == ["8x8.reply-not-object"]
    assert (reply.usable, reply.code) == (False, -2003)
    suggestion = reply.diagnostics[0].suggestion
    assert suggestion is None if words is None else words in (suggestion or "")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"callFlow": []}, "callflow"),
        ({"action": "hangup"}, "wrap it"),
        ({"message": "ok"}, None),
    ],
)
def test_an_object_without_callflow(document: dict[str, Any], words: str | None) -> None:
    reply = read(json.dumps(document).encode())
    assert (reply.usable, reply.code, reply.callflow) == (False, -2003, None)
    found = reply.diagnostics[-1]
    assert (found.code, found.pointer) == ("8x8.callflow-missing", "")
    assert found.suggestion is None if words is None else words in (found.suggestion or "")


def test_an_unknown_key_points_into_the_reply() -> None:
    reply = read(b'{"clientActionID": "x", "callflow": [{"action": "hangup"}]}')
    (found,) = reply.diagnostics
    assert (found.code, found.pointer) == ("8x8.unknown-key", "/clientActionID")
    assert found.suggestion == "did you mean clientActionId?"
    assert reply.usable
    assert not reply.has_client_action_id


def test_a_bad_callflow_fails_the_reply() -> None:
    reply = read(b'{"callflow": [{"action": "sing"}]}')
    assert reply.callflow is not None
    assert (reply.usable, reply.code, reply.diagnostics) == (False, -2003, ())
    assert reply.callflow.diagnostics[0].pointer == "/0/action"


@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "text/plain", "", None])
def test_another_content_type(content_type: str | None) -> None:
    reply = read(HANGUP, content_type)
    (found,) = reply.diagnostics
    assert (found.code, found.severity, found.basis) == ("8x8.content-type", "warning", "assumed")
    assert reply.usable
    assert list(reply.decided) == ["8x8.content_type"]
    assert read(HANGUP, content_type, content_type="refuse").code == -2003


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", "application/x+json"]
)
def test_a_json_content_type(content_type: str) -> None:
    assert not read(HANGUP, content_type).diagnostics


@pytest.mark.parametrize(
    ("status", "severity", "usable"), [(201, "warning", True), (302, "error", False),
                                      (404, "error", False), (500, "error", False)]
)  # fmt: skip
def test_another_status(status: int, severity: str, usable: bool) -> None:
    reply = read(HANGUP, status=status)
    (found,) = reply.diagnostics
    assert (found.code, found.severity, found.pointer) == ("8x8.reply-status", severity, None)
    assert reply.usable is usable


def test_how_many_legs_there_were() -> None:
    body = (
        b'{"callflow": [{"action": "makeCall", "params": '
        b'{"source": "6512345678", "destination": "6590000000"}}]}'
    )
    assert read_reply(body, "application/json", 200, {}).usable
    assert not read_reply(body, "application/json", 200, {}, legs=2).usable
