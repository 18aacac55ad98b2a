"""The reply to a VCA webhook, from bytes: whatever they are, it says what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import orjson

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.platforms.eightbyeight import pages
from ivrsim.platforms.eightbyeight.documents import Callflow, read_callflow
from ivrsim.platforms.eightbyeight.findings import Findings, closest, shown, step
from ivrsim.platforms.eightbyeight.settings import value
from ivrsim.platforms.json_reply import not_json, says_json

Empty = Literal["empty-body", "empty-object", "empty-callflow"]

_KEYS: Final = ("clientActionId", "callflow")
_NEXT_STEP: Final = {
    404: "is the path right?",
    405: "8x8 asks by POST: does the route take it?",
    500: "look at the application's log",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a VCA was answered.

    ``usable``: the session goes on, with ``callflow`` or, if ``empty`` says so, to its end; else
    ``code`` and ``code_message`` are the ``errorDetails`` of the session. ``callflow`` is None
    when the reply holds none. ``has_client_action_id``: the key is there, whatever its value.
    ``diagnostics`` are about the reply itself, their pointers into its body; those about the
    list of actions are in ``callflow.diagnostics``, their pointers into that list. ``decided`` is
    as in Callflow, and likewise only about the reply itself.
    """

    callflow: Callflow | None
    client_action_id: str | None
    has_client_action_id: bool
    empty: Empty | None
    diagnostics: tuple[Diagnostic, ...]
    usable: bool
    code: int | None = None
    code_message: str | None = None
    decided: Mapping[str, str] = field(default_factory=dict)


def read_reply(
    body: bytes,
    content_type: str | None,
    status: int,
    settings: Mapping[str, str],
    *,
    legs: int = 1,
) -> Reply:
    """Reads the reply to a VCA; ``legs`` is how many the session has had. Never raises."""
    findings = Findings("reply")
    if status != 200:
        _check_status(status, findings)
        if findings.failed:
            return _result(findings)
    if not body or body.isspace():
        return _empty("empty-body", None, findings, settings)
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        _not_json(body, problem, findings)
        return _result(findings)
    if content_type != "application/json":
        _check_content_type(content_type, findings, settings)
    if not isinstance(document, dict):
        _not_an_object(document, findings)
        return _result(findings)
    if not document:
        return _empty("empty-object", None, findings, settings)
    return _read_object(document, findings, settings, legs)


def _read_object(
    document: dict[str, Any], findings: Findings, settings: Mapping[str, str], legs: int
) -> Reply:
    if not document.keys() <= {"clientActionId", "callflow"}:
        _unknown_keys(document, findings)
    if "callflow" not in document:
        findings.error(
            "callflow-missing",
            "",
            "the reply has no callflow",
            expected="an object with callflow, an array of actions",
            found=shown(", ".join(document)),
            suggestion=_suggest_callflow(document),
            page=pages.ACTIONS,
        )
        return _result(findings, document)
    callflow = read_callflow(document["callflow"], settings=settings, where="reply", legs=legs)
    if callflow.usable and not callflow.raw:
        return _empty("empty-callflow", callflow, findings, settings, document)
    return _result(findings, document, callflow)


def _result(
    findings: Findings,
    document: Mapping[str, Any] | None = None,
    callflow: Callflow | None = None,
    empty: Empty | None = None,
) -> Reply:
    document = document or {}
    action_id = document.get("clientActionId")
    if action_id is not None and not isinstance(action_id, str):
        action_id = _text_of(action_id, findings)
    code, words = findings.code, findings.words
    if code is None and callflow is not None:
        code, words = callflow.code, callflow.code_message
    return Reply(
        callflow,
        action_id,
        "clientActionId" in document,
        empty,
        tuple(findings.items),
        code is None,
        code,
        words,
        findings.decided,
    )


def _empty(
    empty: Empty,
    callflow: Callflow | None,
    findings: Findings,
    settings: Mapping[str, str],
    document: Mapping[str, Any] | None = None,
) -> Reply:
    what = {
        "empty-body": "the reply has no body",
        "empty-object": "the reply is {}, an object without callflow",
        "empty-callflow": "the callflow of the reply is empty",
    }[empty]
    findings.decided["8x8.empty_reply"] = what
    if value(settings, "8x8.empty_reply") == "error":
        findings.error(
            empty,
            "",
            f"{what}: taken as no callflow",
            expected="a callflow",
            basis="assumed",
            page=pages.ACTIONS,
        )
    else:
        findings.warning(
            empty,
            "",
            f"{what}: nothing more to do, the session ends",
            severity="info" if empty == "empty-callflow" else "warning",
            expected="a callflow",
            suggestion='end a call with {"action": "hangup"}',
            basis="assumed",
        )
    return _result(findings, document, callflow, empty)


def _check_status(status: int, findings: Findings) -> None:
    if 200 <= status < 300:
        findings.warning(
            "reply-status",
            None,
            f"HTTP status {status} instead of 200: taken as success",
            expected="200",
            found=str(status),
            basis="assumed",
        )
    else:
        findings.error(
            "reply-status",
            None,
            f"HTTP status {status} instead of 200: the session fails",
            expected="200",
            found=str(status),
            suggestion=_NEXT_STEP.get(status),
            basis="assumed",
            page=pages.ACTIONS,
        )


def _check_content_type(
    content_type: str | None, findings: Findings, settings: Mapping[str, str]
) -> None:
    if says_json(content_type):
        return
    found = shown(content_type) if content_type else "no content type"
    message = f"the reply is JSON but says {found}"
    expected = "Content-Type: application/json"
    findings.decided["8x8.content_type"] = message
    if value(settings, "8x8.content_type") == "refuse":
        findings.error(
            "content-type",
            None,
            message,
            expected=expected,
            found=found,
            basis="assumed",
            page=pages.ACTIONS,
        )
    else:
        findings.warning(
            "content-type",
            None,
            message,
            expected=expected,
            found=found,
            basis="assumed",
        )


def _not_json(body: bytes, problem: orjson.JSONDecodeError, findings: Findings) -> None:
    what = not_json(body, problem, "callflow")
    findings.error(
        "reply-not-json",
        "",
        f"the reply is not JSON: {what.reason}",
        expected="JSON",
        found=what.found,
        suggestion=what.suggestion,
        page=pages.ACTIONS,
    )


def _not_an_object(document: object, findings: Findings) -> None:
    suggestion = None
    if isinstance(document, list):
        suggestion = 'wrap it: {"callflow": […]}'
        if any(isinstance(item, dict) and item.get("action") == "talk" for item in document):
            suggestion = "this looks like an NCCO of Vonage: call it with --platform vonage"
    elif isinstance(document, str):
        suggestion = "it is JSON within JSON: do not encode it twice"
    findings.error(
        "reply-not-object",
        "",
        f"the reply has to be an object with callflow, not {shown(document)}",
        expected='{"callflow": […]}',
        found=shown(document),
        suggestion=suggestion,
        page=pages.ACTIONS,
    )


def _unknown_keys(document: Mapping[str, Any], findings: Findings) -> None:
    for key in document:
        if key in _KEYS:
            continue
        meant = closest(key, [name for name in _KEYS if name not in document])
        findings.warning(
            "unknown-key",
            step("", key),
            f"a reply has no {shown(key)}: ignored",
            expected=", ".join(_KEYS),
            found=shown(key),
            suggestion=f"did you mean {meant}?" if meant else None,
            basis="assumed",
            page=pages.VCA,
        )


def _suggest_callflow(document: Mapping[str, Any]) -> str | None:
    if "action" in document:
        return 'wrap it: {"callflow": [{"action": …}]}'
    near = next((key for key in document if closest(key, ("callflow",))), None)
    return f"did you mean callflow where it says {shown(near)}?" if near else None


def _text_of(action_id: object, findings: Findings) -> str | None:
    kept = str(action_id) if isinstance(action_id, int | float) else None
    kept = None if isinstance(action_id, bool) else kept
    findings.warning(
        "client-action-id",
        "/clientActionId",
        f"clientActionId is {shown(action_id)}: "
        + ("ignored" if kept is None else f"sent back as {shown(kept)}"),
        expected="a text",
        found=shown(action_id),
        basis="assumed",
        page=pages.VCA,
    )
    return kept
