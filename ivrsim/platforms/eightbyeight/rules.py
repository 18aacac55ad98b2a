"""What a model cannot see: rules between parameters, between actions, and classic traps."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from ivrsim.platforms.eightbyeight import pages
from ivrsim.platforms.eightbyeight.actions import (
    Action,
    MakeCall,
    MakeCallParams,
    PlayFile,
    Say,
    SayAndCapture,
    SayAndCaptureParams,
    language_of,
)
from ivrsim.platforms.eightbyeight.codes import REQUEST_CODES
from ivrsim.platforms.eightbyeight.findings import Findings, json_path, shown, step
from ivrsim.platforms.eightbyeight.settings import value

SHORTEST_LIKELY_TIMEOUT: Final = 120
"""Milliseconds. Nobody presses a key so fast: a timeout up to this was meant in seconds."""

_MSISDN: Final = re.compile(r"\+?[1-9][0-9]{6,14}", re.ASCII)
_SEPARATORS: Final = re.compile(r"[\s().\-]+")
_AUDIO: Final = (".wav", ".mp3")


def check_action(
    act: Action, findings: Findings, settings: Mapping[str, str], has_vca: bool
) -> None:
    """Remarks on one action that is well formed."""
    if isinstance(act, SayAndCapture):
        if not has_vca:
            findings.error(
                "no-vca",
                act.pointer,
                "sayAndCapture has nowhere to report the digits: no VCA webhook is set",
                number=-1004,
                expected="a VCA webhook",
                suggestion="give its URL with --vca URL, or app: in the flow file",
                page=pages.CAPTURE,
            )
        _check_text(act, "promptMessage", act.params.prompt_message, findings)
        _check_voice(act, act.params.voice_profile, findings)
        _check_digits(act.params, act.pointer, findings)
        _check_timeouts(act.params, act.pointer, findings, settings)
    elif isinstance(act, Say):
        _check_text(act, "text", act.params.text, findings)
        _check_voice(act, act.params.voice_profile, findings)
        if act.params.language is not None:
            _not_simulated(act, "language", "the voice is chosen by voiceProfile", findings)
    elif isinstance(act, MakeCall):
        _check_numbers(act, act.params, findings)
        if act.params.call_recording:
            _not_simulated(act, "callRecording", "nothing is recorded", findings)
    elif isinstance(act, PlayFile):
        _check_file(act, act.params.file_url, findings)


def check_request_order(names: Sequence[object], findings: Findings) -> None:
    """A request begins with makeCall (-1013)."""
    if names and names[0] == "makeCall":
        return
    findings.error(
        "first-action",
        "/0/action" if names and isinstance(names[0], str) else "",
        "the first action of a request has to be makeCall",
        number=-1013,
        expected="makeCall",
        found=shown(names[0]) if names else "no action at all",
    )


def check_hangup(names: Sequence[object], findings: Findings) -> None:
    """What follows a hangup never runs; a hangup right after a capture loses its digits.

    No source says what "incorrect use of action Hangup" (-1012) is; assumed: any hangup of a
    request that is not its last action. In a reply it is a warning.
    """
    if "hangup" not in names:
        return
    at = names.index("hangup")
    if at > 0 and names[at - 1] == "sayAndCapture":
        findings.warning(
            "hangup-after-capture",
            f"/{at}",
            "hangup right after sayAndCapture: the digits are discarded, no VCA is sent",
            expected="sayAndCapture as the last action",
            suggestion="remove this hangup and return it in the reply to the VCA",
            page=pages.CAPTURE,
        )
    if at == len(names) - 1:
        return
    after = len(names) - 1 - at
    message = f"{after} action{'s' if after > 1 else ''} after hangup never run{'s' * (after == 1)}"
    if findings.where == "api":
        findings.error(
            "after-hangup",
            f"/{at + 1}",
            message,
            number=-1012,
            expected="hangup as the last action",
            basis="assumed",
        )
    else:
        findings.warning(
            "after-hangup",
            f"/{at + 1}",
            message,
            expected="hangup as the last action",
            basis="assumed",
        )


def check_after_capture(names: Sequence[object], findings: Findings) -> None:
    """What follows a sayAndCapture (but a hangup) never runs: the reply to its VCA takes over."""
    if "sayAndCapture" not in names:
        return
    after = names[names.index("sayAndCapture") + 1 :]
    if not after or after[0] == "hangup":
        return
    findings.warning(
        "after-capture",
        f"/{len(names) - len(after)}",
        f"{shown(after[0])} after sayAndCapture never runs: the reply to its VCA takes over",
        expected="sayAndCapture as the last action",
        suggestion="return it in the reply to the VCA",
        basis="assumed",
    )


def _check_text(act: Action, key: str, text: str, findings: Findings) -> None:
    if not text or text.isspace():
        findings.warning(
            "empty-text",
            _param(act, key),
            f"{key} of {act.action} is empty: nothing will be heard",
            expected="words to speak",
            found=shown(text),
            reason="8x8 may answer -2005 Unable to synthesize text to speech",
            basis="assumed",
        )


def _check_voice(act: Action, profile: str, findings: Findings) -> None:
    if not profile or profile.isspace():
        findings.error(
            "voice-profile",
            _param(act, "voiceProfile"),
            f"voiceProfile of {act.action} is empty",
            number=-1002,
            expected="a voice profile such as en-US-BenjaminRUS",
            found=shown(profile),
            page=pages.VOICES,
        )
    elif language_of(profile) is None:
        findings.warning(
            "voice-profile",
            _param(act, "voiceProfile"),
            f"{shown(profile)} does not look like a voice profile: spoken in English here",
            expected="a locale and a name, such as en-US-BenjaminRUS",
            found=shown(profile),
            reason=f"-1002 {REQUEST_CODES[-1002]}, if the account has no such profile",
            basis="assumed",
            page=pages.VOICES,
        )


def _check_digits(params: SayAndCaptureParams, pointer: str, findings: Findings) -> None:
    place = step(pointer, "params")
    least, most = params.min_digits, params.max_digits
    if least is not None and most is None:
        findings.error(
            "min-digits-alone",
            f"{place}/minDigits",
            f"minDigits is {least} but maxDigits is missing",
            number=-1003,
            expected="maxDigits beside minDigits",
            suggestion=f"add maxDigits: {least}",
            page=pages.ACTIONS,
        )
    elif least is not None and most is not None and least > most:
        findings.error(
            "min-above-max",
            f"{place}/minDigits",
            f"minDigits is {least}, more than maxDigits, {most}",
            number=-1003,
            expected=f"minDigits up to {most}",
            found=str(least),
            basis="assumed",
        )
    if params.complete_on_hash is False and most is None:
        findings.error(
            "complete-on-hash",
            f"{place}/completeOnHash",
            "completeOnHash is false but maxDigits is missing: nothing would end the input",
            number=-1008,
            expected="maxDigits, 1 to 25",
            suggestion="add maxDigits, or leave out completeOnHash",
            page=pages.ACTIONS,
        )


def _check_timeouts(
    params: SayAndCaptureParams, pointer: str, findings: Findings, settings: Mapping[str, str]
) -> None:
    place = step(pointer, "params")
    between, overall = params.digit_timeout, params.overall_timeout
    for key, given in (("digitTimeout", between), ("overallTimeout", overall)):
        if given is not None and given <= SHORTEST_LIKELY_TIMEOUT:
            findings.warning(
                "timeout-in-seconds",
                f"{place}/{key}",
                f"{key} is {given} milliseconds: nobody can press a key in that time",
                expected="milliseconds",
                found=str(given),
                suggestion=f"did you mean {given * 1000}?",
                basis="documented",
            )
    if between is None:
        return
    strict = value(settings, "8x8.strict_timeouts") == "yes"
    if overall is None:
        code, number = "digit-timeout-alone", -1005
        message = f"digitTimeout is {between} but overallTimeout is missing"
        expected = "overallTimeout beside digitTimeout"
    elif between >= overall:
        code, number = "digit-timeout-greater", -1006
        message = f"digitTimeout, {between}, is not below overallTimeout, {overall}"
        expected = f"digitTimeout below {overall}"
    else:
        return
    place = f"{place}/digitTimeout"
    findings.decided["8x8.strict_timeouts"] = message
    if strict:
        findings.error(
            code,
            place,
            message,
            number=number,
            expected=expected,
            basis="disputed",
            page=pages.ACTIONS,
        )
    elif between != overall:  # 8x8's own samples have them equal: no remark
        findings.warning(
            code,
            place,
            message,
            expected=expected,
            suggestion="see the setting 8x8.strict_timeouts",
            reason=f"{number} {REQUEST_CODES[number]}",
            basis="disputed",
        )


def _check_numbers(act: Action, params: MakeCallParams, findings: Findings) -> None:
    for key, number, code in (
        ("source", params.source, -1014),
        ("destination", params.destination, -1017),
    ):
        if _MSISDN.fullmatch(number):
            continue
        if key == "destination" and _several(number):
            findings.error(
                "several-destinations",
                _param(act, key),
                f"{key} holds several numbers: {shown(number)}",
                number=-1011,
                expected="one number",
                found=shown(number),
                suggestion="send one request for each",
            )
            continue
        bare = _SEPARATORS.sub("", number)
        bare = "+" + bare[2:] if bare.startswith("00") else bare
        findings.error(
            "not-msisdn",
            _param(act, key),
            f"{key} of makeCall is no telephone number in international form: {shown(number)}",
            number=code,
            expected="country code and number, 7 to 15 digits, + allowed: +6591178965",
            found=shown(number),
            suggestion=f"did you mean {bare}?" if _MSISDN.fullmatch(bare) else None,
            basis="documented" if key == "destination" else "assumed",
            page=pages.MESSAGING,
        )


def _several(number: str) -> bool:
    parts = [part.strip() for part in re.split(r"[,;]", number[:200])]
    return len(parts) > 1 and all(_MSISDN.fullmatch(part) for part in parts)


def _check_file(act: Action, url: str, findings: Findings) -> None:
    place = _param(act, "fileUrl")
    try:
        parts = urlsplit(url)
    except ValueError as problem:
        _bad_url(act, url, findings, f"fileUrl is no URL: {problem}")
        return
    # One letter is the drive of a Windows path, not a scheme.
    scheme = parts.scheme.lower() if len(parts.scheme) > 1 else ""
    if not url.strip() or (scheme in ("http", "https") and not parts.netloc):
        _bad_url(act, url, findings, f"fileUrl names no file: {shown(url)}")
        return
    if scheme not in ("http", "https", "file", ""):
        _bad_url(act, url, findings, f"fileUrl has to be http or https, not {shown(scheme)}")
        return
    if scheme in ("file", ""):
        findings.warning(
            "local-file",
            place,
            f"{shown(url)} is a local file: fine here, 8x8 itself takes http and https only",
            severity="info",
            expected="an http or https URL",
            found=shown(url),
            page=pages.REQUEST,
        )
    name = parts.path.rsplit("/", 1)[-1]
    dot = name.rfind(".")
    if dot > 0 and name[dot:].lower() not in _AUDIO:
        findings.warning(
            "file-type",
            place,
            f"fileUrl ends in {shown(name[dot:])}: 8x8 plays wav and mp3 only",
            expected=".wav or .mp3",
            found=shown(name[dot:]),
            reason="-2006 Unable to download file for playback, if it is neither",
        )


def _bad_url(act: Action, url: str, findings: Findings, message: str) -> None:
    path = json_path(_param(act, "fileUrl"))
    findings.error(
        "file-url",
        _param(act, "fileUrl"),
        message,
        words=f"Invalid call flow entry provided. {path}: does not match the uri pattern",
        expected="an http or https URL",
        found=shown(url),
        page=pages.REQUEST,
    )


def _not_simulated(act: Action, key: str, effect: str, findings: Findings) -> None:
    findings.warning(
        "not-simulated",
        _param(act, key),
        f"{key} of {act.action} is not simulated yet: {effect}",
        severity="info",
    )


def _param(act: Action, key: str) -> str:
    return f"{act.pointer}/params/{key}"
