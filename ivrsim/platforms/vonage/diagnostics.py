"""Every remark about an NCCO: its code, how bad it is, and on what grounds.

``refused`` codes make the platform refuse the whole NCCO; their diagnostics carry the words
it sends to the event URL (``SYNTAX_ERROR``), which name no place: naming it is our part.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from ivrsim.engine.diagnostic import Diagnostic, Severity
from ivrsim.platforms.vonage import pages
from ivrsim.platforms.vonage.settings import SETTINGS, value

SYNTAX_ERROR: Final = "Syntax error in NCCO. Invalid value type or action."
MOST = 100
"""Remarks about one document before the rest is left unsaid."""


class Rule(NamedTuple):
    severity: Severity
    basis: str
    page: str
    refused: bool = False


RULES: Final[dict[str, Rule]] = {
    # the form of the document
    "vonage.not-an-ncco": Rule("error", "documented", pages.NCCO, True),
    "vonage.empty-ncco": Rule("info", "assumed", pages.NCCO),
    "vonage.not-an-object": Rule("error", "documented", pages.NCCO, True),
    "vonage.missing-action": Rule("error", "documented", pages.ERRORS, True),
    "vonage.unknown-action": Rule("error", "documented", pages.ERRORS, True),
    "vonage.missing-key": Rule("error", "documented", pages.NCCO, True),
    "vonage.unknown-key": Rule("warning", "assumed", pages.NCCO),
    "vonage.wrong-case": Rule("warning", "assumed", pages.NCCO),
    "vonage.wrong-type": Rule("error", "documented", pages.ERRORS, True),
    "vonage.not-an-array": Rule("error", "documented", pages.ERRORS, True),
    "vonage.event-url-not-array": Rule("error", "assumed", pages.NCCO, True),
    "vonage.stream-url-not-array": Rule("error", "documented", pages.STREAM, True),
    "vonage.endpoint-not-array": Rule("error", "documented", pages.CONNECT, True),
    "vonage.one-stream-url": Rule("error", "assumed", pages.STREAM, True),
    "vonage.one-endpoint": Rule("error", "assumed", pages.CONNECT, True),
    "vonage.one-event-url": Rule("warning", "assumed", pages.NCCO),
    "vonage.unknown-endpoint-type": Rule("error", "documented", pages.CONNECT, True),
    "vonage.number-as-text": Rule("warning", "observed", pages.NCCO),
    "vonage.boolean-as-text": Rule("warning", "observed", pages.NCCO),
    "vonage.null-value": Rule("warning", "assumed", pages.NCCO),
    "vonage.out-of-range": Rule("error", "assumed", pages.NCCO, True),
    "vonage.invalid-value": Rule("error", "assumed", pages.NCCO, True),
    "vonage.invalid-url": Rule("error", "assumed", pages.NCCO),
    "vonage.too-many-findings": Rule("info", "documented", pages.NCCO),
    # prompts
    "vonage.empty-text": Rule("warning", "assumed", pages.TALK),
    "vonage.text-too-long": Rule("error", "documented", pages.TALK),
    "vonage.malformed-ssml": Rule("error", "assumed", pages.SSML),
    "vonage.unknown-ssml-tag": Rule("warning", "documented", pages.SSML),
    "vonage.invalid-break": Rule("warning", "documented", pages.SSML),
    "vonage.ssml-without-speak": Rule("warning", "documented", pages.SSML),
    "vonage.deprecated-voice-name": Rule("warning", "documented", pages.TALK),
    "vonage.local-file": Rule("info", "assumed", pages.STREAM),
    "vonage.barge-in-without-input": Rule("warning", "documented", pages.TALK),
    "vonage.barge-in-mixed": Rule("warning", "disputed", pages.TALK),
    "vonage.unreachable-after-loop": Rule("warning", "documented", pages.TALK),
    # input
    "vonage.legacy-input": Rule("warning", "observed", pages.INPUT),
    "vonage.legacy-key": Rule("warning", "assumed", pages.INPUT),
    "vonage.input-without-type": Rule("warning", "assumed", pages.INPUT),
    "vonage.settings-without-type": Rule("warning", "assumed", pages.INPUT),
    "vonage.asynchronous-with-dtmf": Rule("error", "documented", pages.INPUT),
    "vonage.one-speech-uuid": Rule("warning", "documented", pages.INPUT),
    "vonage.sensitivity-unused": Rule("info", "assumed", pages.INPUT),
    # record
    "vonage.channels-without-split": Rule("warning", "documented", pages.RECORD),
    "vonage.mp3-channels": Rule("warning", "assumed", pages.RECORD),
    "vonage.record-silence-too-long": Rule("warning", "documented", pages.RECORD),
    "vonage.record-at-the-end": Rule("warning", "assumed", pages.RECORDING),
    # the others
    "vonage.notify-without-id": Rule("warning", "documented", pages.NOTIFY),
    "vonage.notify-without-event-url": Rule("error", "documented", pages.NOTIFY),
    "vonage.wait-clamped": Rule("warning", "documented", pages.WAIT),
    "vonage.number-format": Rule("warning", "documented", pages.CONNECT),
    "vonage.from-and-random": Rule("warning", "documented", pages.CONNECT),
    "vonage.mute-with-can-speak": Rule("warning", "documented", pages.CONVERSATION),
    "vonage.not-simulated": Rule("info", "assumed", pages.NCCO),
}


class Findings:
    """Collects the remarks about one document, and the settings that decided something."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self.settings = settings
        self.found: list[Diagnostic] = []
        self.decided: dict[str, None] = {}
        self.refused = False

    def decide(self, name: str) -> str:
        """The value of a setting that is about to decide something."""
        self.decided[name] = None
        return value(self.settings, name)

    def add(
        self,
        code: str,
        pointer: str,
        message: str,
        *,
        expected: str | None = None,
        found: str | None = None,
        suggestion: str | None = None,
        severity: Severity | None = None,
        refused: bool | None = None,
        page: str | None = None,
    ) -> None:
        """``severity``, ``refused``, ``page``: where a setting or the place overrules the rule."""
        rule = RULES[code]
        refused = rule.refused if refused is None else refused
        self.refused = self.refused or refused
        if len(self.found) > MOST:
            return
        if len(self.found) == MOST:
            code, rule, refused, severity, page = (
                "vonage.too-many-findings",
                RULES["vonage.too-many-findings"],
                False,
                None,
                None,
            )
            pointer, message = "", f"more than {MOST} findings: the rest is left unsaid"
            expected = found = suggestion = None
        self.found.append(
            Diagnostic(
                code,
                severity or rule.severity,
                message,
                pointer,
                expected,
                found,
                suggestion,
                SYNTAX_ERROR if refused else None,
                rule.basis,
                page or rule.page,
            )
        )


def key_ignored(digit: str, why: str) -> Diagnostic:
    """The remark about a key that had no effect; ``why`` as in the ``digit`` record."""
    reasons = {
        "prompt-plays": "a prompt without bargeIn is playing",
        "webhook-pending": "a webhook is under way",
        "capture-full": "the input has all of its maxDigits",
        "not-a-digit-here": "the input does not take this key",
        "no-capture": "no input is listening",
        "bridged": "the caller is connected to somebody else",
        "call-ended": "the call is over",
    }
    because = reasons.get(why, why.replace("-", " "))
    setting = SETTINGS["vonage.type_ahead"]
    return Diagnostic(
        "vonage.key-ignored",
        "warning",
        f"key {digit} was ignored: {because}",
        found=digit,
        suggestion="set bargeIn to true on the prompt before the input"
        if why == "prompt-plays"
        else None,
        basis=setting.basis,
        page=setting.page,
    )


def unknown_speech_leg(uuid: str, pointer: str) -> Diagnostic:
    """The remark about speech.uuid when it names no leg that could be listened to."""
    return Diagnostic(
        "vonage.unknown-speech-leg",
        "warning",
        "speech.uuid is not the leg of the caller: the caller is listened to",
        pointer,
        expected="the uuid of the caller's leg, or no uuid",
        found=shown(uuid),
        basis="assumed",
        page=pages.INPUT,
    )


def reply_without_effect(event: str, body: str) -> Diagnostic:
    """The remark about an NCCO in reply to an event that takes none."""
    return Diagnostic(
        "vonage.reply-without-effect",
        "warning",
        f"the reply to {event} looks like an NCCO: it changes nothing, the running one goes on",
        expected="an empty reply",
        found=shown(body),
        suggestion="put these actions after the record",
        basis="documented",
        page=pages.RECORD,
    )


def recording_failed(message: str, what_follows: str) -> Diagnostic:
    """The remark about a recording that ivrsim could not make: no fault of the application."""
    return Diagnostic(
        "vonage.recording-failed",
        "warning",
        f"ivrsim could not make the recording: {message}; {what_follows}",
    )


def not_in_on_answer(action: str, pointer: str) -> Diagnostic:
    """The remark about an action that the NCCO of ``onAnswer`` holds and that is passed over."""
    rule = RULES["vonage.not-simulated"]
    return Diagnostic(
        "vonage.not-simulated",
        rule.severity,
        f"{action} in the NCCO of onAnswer is not simulated yet: passed over",
        pointer,
        found=action,
        basis=rule.basis,
        page=pages.CONNECT,
    )


def close_to(word: str, known: Collection[str]) -> str | None:
    """The known word that ``word`` was probably meant to be."""
    if len(word) > 64:
        return None
    for candidate in known:
        if candidate.casefold() == word.casefold():
            return candidate
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return close[0] if close else None


def shown(value: Any) -> str:
    """A value in a few words, for ``found``."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        # Half characters (lone surrogates) could not be written to a trace.
        text = value[:60].encode("utf-8", "replace").decode()
        return f'"{text}…"' if len(value) > 60 else f'"{text}"'
    if isinstance(value, int):
        # Beyond some thousands of digits Python refuses to write an integer out.
        return str(value) if abs(value) < 10**20 else "a very large number"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    return "an object" if isinstance(value, dict) else type(value).__name__
