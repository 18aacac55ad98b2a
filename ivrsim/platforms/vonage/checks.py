"""What can be wrong with actions that are well-formed, one by one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from ivrsim.platforms.vonage import pages
from ivrsim.platforms.vonage.actions import (
    TEXT_LIMIT,
    WAIT_LONGEST_S,
    WAIT_SHORTEST_S,
    Action,
    Connect,
    Conversation,
    Hooked,
    Input,
    Notify,
    Record,
    Stream,
    Talk,
    Transfer,
    Wait,
)
from ivrsim.platforms.vonage.diagnostics import Findings, shown
from ivrsim.platforms.vonage.parts import PhoneEndpoint, SpeechSettings
from ivrsim.platforms.vonage.ssml import PlainText

_HTTP = ("http://", "https://")
_PAGES = "pages:"  # the scripted pages of a flow: where `eventUrl: ["pages:event"]` leads
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:")  # two letters: C:\ is a path
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_TEMPLATE = "${"  # filled in by a flow's scripted page later on: nothing to judge yet
_UUID = re.compile(
    r"(?:CON-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE
)
_ID_KEY = re.compile(r"(?:^|[_-])(?:uu|call_?|conversation_?|leg_?)id$", re.IGNORECASE)


def check_action(action: Action, findings: Findings) -> None:
    """Remarks about one action by itself."""
    _CHECKS[type(action)](action, findings)
    if isinstance(action, Hooked) and action.event_url is not None:
        _event_url(action.event_url, f"{action.pointer}/eventUrl", findings)


def _event_url(urls: list[str], place: str, findings: Findings) -> None:
    if len(urls) == 1 and urls[0].startswith(_HTTP):
        return
    if len(urls) != 1:
        findings.add(
            "vonage.one-event-url",
            place,
            f"eventUrl should hold one URL; {'the first' if urls else 'that of the application'}"
            " is used",
            expected="an array of one",
            found=shown(urls),
        )
    if urls and not urls[0].startswith((*_HTTP, _PAGES)) and _TEMPLATE not in urls[0]:
        _invalid_url("eventUrl", urls[0], place, findings)


def _invalid_url(key: str, url: str, place: str, findings: Findings) -> None:
    findings.add(
        "vonage.invalid-url",
        place,
        f"{key} is not a URL that the platform could reach",
        expected="a URL with http:// or https://",
        found=shown(url),
    )


def _not_simulated(what: str, pointer: str, page: str, findings: Findings) -> None:
    findings.add(
        "vonage.not-simulated",
        pointer,
        f"{what} is not simulated yet: the call goes on without it",
        found=what,
        page=page,
    )


def _talk(talk: Talk, findings: Findings) -> None:
    text = talk.text
    if "<" in text or len(text) > TEXT_LIMIT or not text or text.isspace():
        _text(text, talk.spoken, f"{talk.pointer}/text", findings)
    if talk.voice_name is not None:
        findings.add(
            "vonage.deprecated-voice-name",
            f"{talk.pointer}/voiceName",
            "voiceName is deprecated",
            expected="language and style",
            found=shown(talk.voice_name),
            suggestion="write language and style instead",
        )


def _text(text: str, spoken: PlainText, place: str, findings: Findings) -> None:
    if not spoken.ok:
        findings.add(
            "vonage.malformed-ssml",
            place,
            f"the SSML is broken, nothing is spoken: {spoken.error}",
            expected="well-formed SSML inside <speak>",
            suggestion="write & as &amp; and < as &lt;" if "&" in text else None,
        )
        return
    if not spoken.words:
        findings.add(
            "vonage.empty-text", place, "there is nothing to say", expected="words to speak"
        )
    if spoken.characters > TEXT_LIMIT:
        findings.add(
            "vonage.text-too-long",
            place,
            f"the text is {spoken.characters} characters long, tags not counted",
            expected=f"at most {TEXT_LIMIT} characters",
            found=f"{spoken.characters} characters",
            suggestion="split it into several talk actions",
        )
    for tag in spoken.unknown_tags:
        findings.add(
            "vonage.unknown-ssml-tag",
            place,
            f"<{tag}> is no tag that the platform knows",
            found=f"<{tag[:60]}>",
        )
    for pause in spoken.bad_breaks:
        findings.add(
            "vonage.invalid-break",
            place,
            f"{shown(pause)} is no length of a break; it does not pause",
            expected="time='1s', time='500ms' or a strength such as 'strong'",
            found=shown(pause),
        )
    if not spoken.ssml and _TAG.search(text[: 4 * TEXT_LIMIT]):
        findings.add(
            "vonage.ssml-without-speak",
            place,
            "the text looks like SSML but is not inside <speak>: its tags are no markup",
            expected="<speak>…</speak> around the whole text",
            suggestion="put <speak> and </speak> around it",
        )


def _stream(stream: Stream, findings: Findings) -> None:
    url = stream.url
    if url.startswith(_HTTP) or _TEMPLATE in url:
        return
    place = f"{stream.pointer}/streamUrl/0"
    if url.startswith("file:") or (url and not _SCHEME.match(url)):
        findings.add(
            "vonage.local-file",
            place,
            "a local file is played here; the platform needs a URL that it can reach",
            expected="a URL with http:// or https://",
            found=shown(url),
        )
    else:
        _invalid_url("streamUrl", url, place, findings)


def _input(action: Input, findings: Findings) -> None:
    given = action.model_fields_set
    settings_at_top = [key for key, name in _LEGACY.items() if name in given]
    if action.type == ["dtmf"] and not settings_at_top and given <= _USUAL_INPUT:
        return  # the usual form: documents are read within microseconds
    at = action.pointer
    if action.legacy and settings_at_top:
        findings.add(
            "vonage.legacy-input",
            at,
            "this is the older form of input; the webhook has the older body, dtmf as a string",
            expected='"type": ["dtmf"], "dtmf": {…}',
            found=", ".join(settings_at_top),
            suggestion=f"put {', '.join(settings_at_top)} into dtmf",
        )
    elif action.legacy:
        findings.add(
            "vonage.input-without-type",
            at,
            "the input does not say what it listens for; read as the older form, for digits",
            expected='"type": ["dtmf"]',
        )
    else:
        if action.type is None:
            findings.add(
                "vonage.input-without-type",
                at,
                f"the input has no type; read as {' and '.join(action.types)}",
                expected='the key "type"',
                suggestion=f'write "type": {list(action.types)}'.replace("'", '"'),
            )
        for key in settings_at_top:
            findings.add(
                "vonage.legacy-key",
                f"{at}/{key}",
                f"{key} of the older form is ignored beside type and dtmf",
                expected="it inside dtmf",
                found=key,
                suggestion=f"put {key} into dtmf",
            )
        for name in ("dtmf", "speech"):
            if getattr(action, name) is not None and name not in action.types:
                findings.add(
                    "vonage.settings-without-type",
                    f"{at}/{name}",
                    f"there are {name} settings but type does not hold {name}: they are ignored",
                    expected=f'"{name}" in type',
                    found=shown(action.type),
                )
    if action.mode == "asynchronous":
        if action.dtmf is not None:
            findings.add(
                "vonage.asynchronous-with-dtmf",
                f"{at}/dtmf",
                "an input in asynchronous mode takes no dtmf settings",
                expected="no dtmf",
                suggestion="leave dtmf out, or mode",
            )
        _not_simulated("input in mode asynchronous", f"{at}/mode", pages.INPUT, findings)
    if action.speech is not None and action.wants_speech:
        _speech(action.speech, f"{at}/speech", findings)


def _speech(speech: SpeechSettings, at: str, findings: Findings) -> None:
    if speech.uuid is not None and len(speech.uuid) != 1:
        findings.add(
            "vonage.one-speech-uuid",
            f"{at}/uuid",
            "speech.uuid should name one leg; the caller is listened to"
            if not speech.uuid
            else "speech.uuid should name one leg; the first is taken",
            expected="an array of one",
            found=shown(speech.uuid),
        )
    if speech.sensitivity is not None:
        findings.add(
            "vonage.sensitivity-unused",
            f"{at}/sensitivity",
            "sensitivity decides nothing here: what counts as speech is the same for all values",
            found=shown(speech.sensitivity),
        )


def _notify(action: Notify, findings: Findings) -> None:
    if not action.event_url:
        findings.add(
            "vonage.notify-without-event-url",
            action.pointer,
            "notify has no eventUrl; it goes to the event URL of the application",
            expected="the key eventUrl, an array of one URL",
        )
    if not any(_names_the_call(key, value) for key, value in _leaves(action.payload)):
        findings.add(
            "vonage.notify-without-id",
            f"{action.pointer}/payload",
            "nothing in the payload tells which call this is, and nothing is added to it",
            expected="uuid or conversation_uuid in the payload",
            suggestion="copy conversation_uuid from the answer webhook into the payload",
        )


def _leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """Every plain value below ``value`` with its key; without recursion, payloads may be deep."""
    todo: list[tuple[str, Any]] = [("", value)]
    while todo:
        key, value = todo.pop()
        if isinstance(value, dict):
            todo.extend((str(inner), below) for inner, below in value.items())
        elif isinstance(value, list):
            todo.extend((key, below) for below in value)
        else:
            yield key, value


def _names_the_call(key: str, value: Any) -> bool:
    if not isinstance(value, str) or not value:
        return False
    return _UUID.search(value) is not None or _ID_KEY.search(key) is not None


def _wait(action: Wait, findings: Findings) -> None:
    if not WAIT_SHORTEST_S <= action.timeout <= WAIT_LONGEST_S:
        findings.add(
            "vonage.wait-clamped",
            f"{action.pointer}/timeout",
            f"the platform waits {action.timeout_ms / 1000:g} s instead",
            expected=f"{WAIT_SHORTEST_S:g} to {WAIT_LONGEST_S:g} seconds",
            found=shown(action.timeout),
        )


def _connect(action: Connect, findings: Findings) -> None:
    at, endpoint = action.pointer, action.to
    if isinstance(endpoint, PhoneEndpoint):
        _number(endpoint.number, f"{at}/endpoint/0/number", findings)
        if endpoint.on_answer is not None and not endpoint.on_answer.url.startswith(
            (*_HTTP, _TEMPLATE)
        ):
            place = f"{at}/endpoint/0/onAnswer/url"
            _invalid_url("onAnswer.url", endpoint.on_answer.url, place, findings)
    else:
        what = f"connect to {endpoint.type}"
        _not_simulated(what, f"{at}/endpoint/0/type", pages.CONNECT, findings)
    if action.from_ is not None:
        _number(action.from_, f"{at}/from", findings)
        if action.random_from_number:
            findings.add(
                "vonage.from-and-random",
                f"{at}/randomFromNumber",
                "from and randomFromNumber cannot be used together; from is used",
                expected="one of the two",
            )
    if action.machine_detection is not None:
        place = f"{at}/machineDetection"
        _not_simulated("machineDetection", place, pages.CONNECT, findings)
    if action.advanced_machine_detection is not None:
        _not_simulated("advancedMachineDetection", at, pages.CONNECT, findings)


def _number(number: str, place: str, findings: Findings) -> None:
    digits = re.sub(r"[^0-9]", "", number)
    if (number == digits and 7 <= len(digits) <= 15) or _TEMPLATE in number:
        return
    usable = 7 <= len(digits) <= 15
    findings.add(
        "vonage.number-format",
        place,
        f"{shown(number)} is not a number as the platform writes them"
        + ("; its digits alone are used" if usable else ""),
        expected="E.164 digits without +, 7 to 15 of them",
        found=shown(number),
        suggestion=f'write "{digits}"' if usable else None,
        severity=None if usable else "error",
    )


def _record(action: Record, findings: Findings) -> None:
    at = action.pointer
    if action.channels is not None and action.split is None:
        findings.add(
            "vonage.channels-without-split",
            f"{at}/channels",
            "channels needs split: everybody is recorded in one channel",
            expected='"split": "conversation"',
            found=shown(action.channels),
            suggestion='add "split": "conversation"',
        )
    if action.format == "mp3" and action.file_format != "mp3":
        findings.add(
            "vonage.mp3-channels",
            f"{at}/format",
            f"mp3 holds two channels, not {action.file_channels}: recorded as wav",
            expected="wav or ogg for more than two channels",
            found='"mp3"',
        )
    silence, limit = action.end_on_silence, action.time_out
    if silence is not None and limit is not None and silence >= limit:
        findings.add(
            "vonage.record-silence-too-long",
            f"{at}/endOnSilence",
            f"timeOut ends the recording before {silence:g} s of silence can be over",
            expected=f"less than timeOut, {limit:g} s",
            found=shown(silence),
        )
    if action.transcription is not None:
        place = f"{at}/transcription"
        _not_simulated("transcription", place, pages.RECORDING, findings)
        if action.transcription.event_url is not None:
            _event_url(action.transcription.event_url, f"{place}/eventUrl", findings)


def _conversation(action: Conversation, findings: Findings) -> None:
    _not_simulated("conversation", action.pointer, pages.CONVERSATION, findings)
    if action.mute and action.can_speak is not None:
        findings.add(
            "vonage.mute-with-can-speak",
            f"{action.pointer}/mute",
            "mute is not supported together with canSpeak",
            expected="one of the two",
        )


def _transfer(action: Transfer, findings: Findings) -> None:
    _not_simulated("transfer", action.pointer, pages.TRANSFER, findings)


_LEGACY: Final = {
    "timeOut": "time_out",
    "maxDigits": "max_digits",
    "submitOnHash": "submit_on_hash",
}
_USUAL_INPUT: Final = {"action", "type", "dtmf", "event_url", "event_method"}
_CHECKS: Final[dict[type[Action], Callable[[Any, Findings], None]]] = {
    Talk: _talk,
    Stream: _stream,
    Input: _input,
    Notify: _notify,
    Wait: _wait,
    Connect: _connect,
    Record: _record,
    Conversation: _conversation,
    Transfer: _transfer,
}
