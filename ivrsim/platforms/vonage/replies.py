"""The reply to a webhook, from bytes: an NCCO, nothing, or why it is neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.platforms.json_reply import not_json, says_json
from ivrsim.platforms.vonage import pages
from ivrsim.platforms.vonage.delivery import INVALID_NCCO, INVALID_STATUS, succeeded
from ivrsim.platforms.vonage.documents import Ncco, read_ncco
from ivrsim.platforms.vonage.settings import value

_NEXT_STEP: Final = {
    404: "is the path right?",
    405: "Vonage asks by GET unless the answer method is POST: which does the route take?",
    500: "look at the application's log",
}


class Reply(NamedTuple):
    """What a webhook was answered.

    ``failure`` is the platform's reason (``Invalid NCCO.``) or None. ``ncco`` is what was
    read, usable or not; None when the reply holds none and the running one goes on.
    ``diagnostics`` are about the reply; those about the NCCO are its own.
    """

    ncco: Ncco | None
    failure: str | None
    diagnostics: tuple[Diagnostic, ...] = ()
    decided: tuple[str, ...] = ()


def read_reply(
    status: int,
    content_type: str | None,
    body: bytes,
    settings: Mapping[str, str],
    *,
    required: bool,
) -> Reply:
    """Reads the reply to an answer webhook (``required``), or to an event that may return an
    NCCO, where none is fine. Never raises, whatever the bytes are."""
    if not succeeded(status):
        remark = _remark(
            "reply-status",
            "error" if required else "warning",
            f"HTTP {status} instead of 200",
            expected="200 to 205",
            found=str(status),
            suggestion=_NEXT_STEP.get(status) if required else None,
            reason=INVALID_STATUS,
            basis="documented",
        )
        return Reply(None, INVALID_STATUS, (remark,))
    if not body or body.isspace():
        return _empty(settings) if required else Reply(None, None)
    decided: tuple[str, ...] = ()
    remarks: tuple[Diagnostic, ...] = ()
    if not says_json(content_type):
        if not required:
            # What many applications answer to events: "OK" as text.
            return Reply(None, None, _ignored(content_type, body))
        accepted = value(settings, "vonage.content_type") == "accept"
        decided = ("vonage.content_type",)
        remarks = (_content_type(content_type, accepted),)
        if not accepted:
            return Reply(None, INVALID_NCCO, remarks, decided)
    try:
        document: Any = orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        remark = _not_json(body, problem, "error" if required else "warning")
        return Reply(None, INVALID_NCCO, (*remarks, remark), decided)
    if not required and not isinstance(document, list):
        remark = _remark(
            "reply-without-ncco",
            "info" if document in ({}, None, "") else "warning",
            "the reply is no NCCO: the running one goes on",
            expected="an array of actions, or an empty reply",
            found=body[:60].decode(errors="replace"),
            basis="assumed",
        )
        return Reply(None, None, (*remarks, remark), decided)
    ncco = read_ncco(document, settings=settings)
    return Reply(ncco, None if ncco.usable else INVALID_NCCO, remarks, decided)


def _empty(settings: Mapping[str, str]) -> Reply:
    completes = value(settings, "vonage.empty_answer") == "completes"
    remark = _remark(
        "empty-answer",
        "warning" if completes else "error",
        "the answer webhook was answered with an empty body",
        expected="an NCCO",
        found="nothing",
        suggestion="answer [] to end the call, or an array of actions",
        reason=None if completes else INVALID_NCCO,
        basis="assumed",
    )
    decided = ("vonage.empty_answer",)
    if completes:
        return Reply(Ncco([], (), (), True), None, (remark,), decided)
    return Reply(None, INVALID_NCCO, (remark,), decided)


def _content_type(content_type: str | None, accepted: bool) -> Diagnostic:
    return _remark(
        "content-type",
        "warning" if accepted else "error",
        f"the NCCO was sent as {content_type or 'no content type'}"
        + (": accepted" if accepted else ": refused"),
        expected="Content-Type: application/json",
        found=content_type or "none",
        suggestion="in Flask return jsonify(ncco), in FastAPI the list itself",
        reason=None if accepted else INVALID_NCCO,
        basis="observed",
    )


def _ignored(content_type: str | None, body: bytes) -> tuple[Diagnostic, ...]:
    if not body.lstrip().startswith(b"["):
        return ()
    return (
        _remark(
            "content-type",
            "warning",
            f"the reply looks like an NCCO but says {content_type or 'no content type'}: ignored",
            expected="Content-Type: application/json",
            found=content_type or "none",
            basis="observed",
        ),
    )


def _not_json(body: bytes, problem: orjson.JSONDecodeError, severity: str) -> Diagnostic:
    what = not_json(body, problem, "NCCO")
    return _remark(
        "reply-not-json",
        severity,
        f"the reply is not JSON: {what.reason}",
        pointer="",
        expected="JSON",
        found=what.found,
        suggestion=what.suggestion,
        reason=INVALID_NCCO,
        basis="documented",
    )


def _remark(code: str, severity: Any, message: str, **more: str | None) -> Diagnostic:
    return Diagnostic(f"vonage.{code}", severity, message, page=pages.ANSWER, **more)
