"""Records and their parts in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ivrsim.trace.record import Record
from ivrsim.trace.view_text import one_line_of

_ICONS: Final = {
    "call": "☎", "leg": "⇄", "document": "≡", "action": "▸", "prompt": "♪", "capture": "◌",
    "digit": "⌨", "dtmf": "⌨", "speech": "“", "timer": "◷", "api": "⚙", "diagnostic": "▲",
    "setting": "§", "fault": "✕", "mark": "⚑", "recording": "●", "request": "✎", "reply": "✎",
    "duplicate": "⇇",
}  # fmt: skip
_EXACT_ICONS: Final = {
    "webhook.request": "→", "webhook.response": "←", "webhook.failed": "✕",
    "action.finished": "✓", "prompt.failed": "✕", "capture.closed": "●", "webhook.resent": "↻",
    "fault.injected": "↯", "call.left": "↶",
}  # fmt: skip

CATEGORIES: Final = ("all", "webhooks", "keys", "prompts", "diagnostics")
_CATEGORY: Final = {
    "webhook": "webhooks", "api": "webhooks", "digit": "keys", "dtmf": "keys", "speech": "keys",
    "capture": "keys", "prompt": "prompts", "recording": "prompts", "diagnostic": "diagnostics",
    "setting": "diagnostics", "fault": "diagnostics", "request": "webhooks", "reply": "webhooks",
    "duplicate": "webhooks",
}  # fmt: skip

IGNORED: Final = {
    "no-capture": "nobody is listening",
    "prompt-plays": "this prompt cannot be interrupted",
    "webhook-pending": "the application has not replied yet",
    "capture-full": "there were enough digits",
    "not-a-digit-here": "this input does not take it",
    "not-speech": "this input takes keys only",
    "speech-over": "a key was pressed before",
    "bridged": "heard by the other side only",
    "call-ended": "the call has ended",
}
UNANSWERED: Final = {
    "unanswered": "did not answer",
    "timeout": "did not answer in time",
    "rejected": "rejected the call",
    "unreachable": "cannot be reached",
    "voicemail": "went to voicemail",
    "cancelled": "stopped ringing",
}
ENDED_BY: Final = {
    "max_digits": "enough digits",
    "terminator": "#",
    "inter_digit": "no further key",
    "first_digit": "no key",
    "overall": "the time was over",
    "prompt_end": "the prompt's end",
    "hangup": "hang-up",
    "replaced": "a new document",
    "end_on_silence": "silence",
    "start_timeout": "nothing came",
    "max_duration": "the longest time for speech",
}
_SPOKEN_ENDS: Final = frozenset({"end_on_silence", "start_timeout", "max_duration"})
_STOPPED_BY: Final = {
    "silence": "ended by silence",
    "key": "ended by a key",
    "limit": "its time was over",
    "hangup": "ended by hang-up",
    "end": "ended with the call",
}

# Country codes of two digits; 1 and 7 have one, all others three (ITU-T E.164).
_TWO_DIGIT_CODES: Final = frozenset(
    str(code)
    for code in range(20, 99)
    if code not in {21, 22, 23, 24, 25, 26, 28, 29, 35, 37, 38, 42, 50, 59, 67, 68, 69}
    and code not in {*range(70, 81), 83, 85, 87, 88, 89, 96, 97}
)


def icon(kind: str) -> str:
    """One cell for a kind of record."""
    return _EXACT_ICONS.get(kind) or _ICONS.get(kind.split(".", 1)[0], "·")


def category(kind: str) -> str | None:
    """Which of ``CATEGORIES`` a kind belongs to, None for those under ``all`` alone."""
    return _CATEGORY.get(kind.split(".", 1)[0])


def number_words(number: str) -> str:
    """A telephone number in groups: ``+65 3158 9338``. Grouping is for the eye only."""
    digits = number.removeprefix("+")
    if not digits.isdigit() or not digits.isascii() or not 7 <= len(digits) <= 15:
        return number
    code = 1 if digits[0] in "17" else 2 if digits[:2] in _TWO_DIGIT_CODES else 3
    rest = digits[code:]
    if len(rest) == 8:
        groups = [rest[:4], rest[4:]]
    elif len(rest) == 9:
        groups = [rest[:3], rest[3:6], rest[6:]]
    else:
        groups = [rest[:3], rest[3:6], rest[6:]] if len(rest) > 6 else [rest[:3], rest[3:]]
    return " ".join(filter(None, [f"+{digits[:code]}", *groups]))


def clock_words(ms: int) -> str:
    """Call time for people: ``0:42``, ``1:02:03``."""
    seconds = max(0, ms) // 1000
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def size_words(size: int) -> str:
    """``412 B``, ``1.2 kB``, ``3.4 MB``."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"


def text_of(value: object, default: str = "") -> str:
    """A value of ``data`` as text, whatever a foreign trace holds there."""
    if value is None:
        return default
    return value if isinstance(value, str) else str(value)


def int_of(value: object, default: int = 0) -> int:
    """A value of ``data`` as a whole number, ``default`` when it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def seconds_words(value: object) -> str:
    """Milliseconds as ``6.2 s``."""
    return f"{value / 1000:.1f} s" if isinstance(value, int | float) else "?"


def stopped_by(by: str | None) -> str:
    """What ended a recording, in words."""
    return _STOPPED_BY.get(by or "", by or "?")


def request_title(request: Record) -> str:
    """What a ``webhook.request`` is called: ``VCA CALL_RECEIVED``, ``answer, second attempt``."""
    data = request.data
    title = text_of(data.get("title")) or text_of(data.get("purpose"), "webhook")
    return f"{title}, second attempt" if int_of(data.get("attempt"), 1) > 1 else title


def _prompt_started(data: Mapping[str, Any]) -> str:
    if tone := text_of(data.get("tone")):
        return tone
    what = text_of(data.get("text")) or text_of(data.get("url")) or text_of(data.get("prompt"))
    duration = data.get("duration_ms")
    return f"{'for ever' if duration is None else seconds_words(duration)}  {what}"


def _capture_opened(data: Mapping[str, Any]) -> str:
    low, high = data.get("min_digits"), data.get("max_digits")
    types = data.get("types")
    speech = isinstance(types, list) and "speech" in types
    count = f"{high} digit{'s' * (high != 1)}"
    if low != high:
        count = f"{low} to {count}"
    if high is None:
        count = "digits"
    if speech:
        count = f"{count} or words" if isinstance(types, list) and "dtmf" in types else "words"
    tries = int_of(data.get("tries"), 1)
    which = f", try {data.get('try')} of {tries}" if tries > 1 else ""
    return f"may take {count}{which}"


def _capture_closed(data: Mapping[str, Any]) -> str:
    said, ended = text_of(data.get("text")), text_of(data.get("ended_by"))
    nothing = "nothing" if ended in _SPOKEN_ENDS else "no digits"
    digits = text_of(data.get("digits")) or (f"“{said}”" if said else nothing)
    bad = "" if data.get("valid", True) else ", not valid"
    return f"took {digits}: {ENDED_BY.get(ended, ended)}{bad}"


def _digit(data: Mapping[str, Any]) -> str:
    ignored = data.get("ignored")
    source = text_of(data.get("source"))
    by = f" by {source}" if source not in ("", "keypad") else ""
    why = f", ignored: {IGNORED.get(text_of(ignored), text_of(ignored))}" if ignored else ""
    return f"{text_of(data.get('digit'))}{by}{why}"


def _speech(data: Mapping[str, Any]) -> str:
    text = data.get("text")
    ignored = text_of(data.get("ignored"))
    why = f", ignored: {IGNORED.get(ignored, ignored)}" if ignored else ""
    if text is None:
        return f"not recognised{why}"
    sure = data.get("confidence")
    sureness = f" {sure:.2f}" if isinstance(sure, float) else ""
    return f"{text_of(text)}”{sureness}{why}"


def _recording(kind: str, data: Mapping[str, Any]) -> str:
    match kind:
        case "recording.started":
            beside = ", beside the call" if data.get("background") else ""
            what = "audio of speech" if data.get("purpose") == "speech" else "recording"
            return f"{what}, {text_of(data.get('format'))}{beside}"
        case "recording.stopped":
            by, lasted = text_of(data.get("by")), seconds_words(data.get("duration_ms"))
            return f"recorded {lasted}, {stopped_by(by)}"
        case "recording.stored":
            return f"{size_words(int_of(data.get('size')))} at {text_of(data.get('url'))}"
    return f"not recorded: {text_of(data.get('message'))}"


def _request(data: Mapping[str, Any]) -> str:
    title = text_of(data.get("title")) or text_of(data.get("purpose"))
    attempt = int_of(data.get("attempt"), 1)
    role = text_of(data.get("role"), "main")
    again = f", {role} {attempt}" if role != "main" or attempt > 1 else ""
    why_not = text_of(data.get("why_not"), "no URL is set")
    unsent = f", not sent: {why_not}" if data.get("sent") is False else ""
    return f"{title}{again}{unsent}"


def _by_hand(record: Record, title: str) -> str:
    """What somebody has done to the webhook ``title``, or was done to the call on purpose."""
    data = record.data
    title = title or text_of(data.get("webhook"))
    match record.kind:
        case "request.edited":
            return f"{title}: request changed before it was sent"
        case "reply.edited":
            return f"{title}: reply changed before it was used"
        case "fault.injected":
            where = f" {title}" if title else ""
            detail = text_of(data.get("detail"))
            by = text_of(data.get("source"))
            said = text_of(data.get("fault")) + where + (f": {detail}" if detail else "")
            return f"{said}, by {by}" if by else said
    what = "sent again" if record.kind == "webhook.resent" else "delivered twice"
    if data.get("edited"):
        what += ", changed"
    status = data.get("status")
    came = text_of(status) if status is not None else text_of(data.get("message")) or "no reply"
    if record.kind == "duplicate.response" and status is not None:
        came += ", as before" if data.get("same") else ", another reply than before"
    return f"{title} {what}: {came}"


def _ended(data: Mapping[str, Any]) -> str:
    by = text_of(data.get("by"))
    why = text_of(data.get("why"))
    return text_of(data.get("status")) + (f" by {by}" if by else "") + (f": {why}" if why else "")


def _leg(record: Record) -> str:
    data, what = record.data, record.kind.removeprefix("leg.")
    if what == "created":
        near = "from" if data.get("direction") == "inbound" else "to"
        return f"{text_of(data.get('role'))} {number_words(text_of(data.get(near)))}"
    detail = text_of(data.get("outcome")) or text_of(data.get("by"))
    return f"{what} {detail}".rstrip()


def _other(record: Record) -> str:
    short = (f"{k} {v}" for k, v in record.data.items() if isinstance(v, str | int | float) and v)
    return ", ".join(short)


def _words(record: Record, titles: Mapping[str, str]) -> str:
    data = record.data
    match record.kind:
        case "call.started":
            return (
                f"{text_of(data.get('direction'))} {number_words(text_of(data.get('from')))} → "
                f"{number_words(text_of(data.get('to')))}"
            )
        case "call.ended":
            return _ended(data)
        case "call.left":
            return f"goes on in another trace: {text_of(data.get('branch'))}".removesuffix(": ")
        case "call.limit":
            return f"limit {text_of(data.get('limit'))} of {seconds_words(data.get('limit_ms'))}"
        case "document.received":
            actions = data.get("actions")
            count = len(actions) if isinstance(actions, list) else 0
            page = f", page {data['page']}" if data.get("page") else ""
            return f"{text_of(data.get('origin'))}: {count} action{'s' * (count != 1)}{page}"
        case "action.started":
            action = text_of(data.get("action"))
            return f"{action}  {text_of(data.get('summary')).removeprefix(action).strip()}"
        case "action.finished":
            return f"{text_of(data.get('action'))}  {text_of(data.get('outcome'))}"
        case "prompt.started":
            return _prompt_started(data)
        case "prompt.finished":
            return "skipped" if data.get("skipped") else "finished"
        case "prompt.interrupted":
            by, played = text_of(data.get("by")), seconds_words(data.get("played_ms"))
            return f"interrupted by {by} after {played}"
        case "prompt.failed":
            return text_of(data.get("message")) or text_of(data.get("reason"))
        case "capture.opened":
            return _capture_opened(data)
        case "capture.listening":
            return "listening"
        case "capture.closed":
            return _capture_closed(data)
        case "digit":
            return _digit(data)
        case "dtmf.sent":
            return f"{text_of(data.get('digits'))} to the other side"
        case "speech":
            return _speech(data)
        case "speech.started":
            text = data.get("text")
            return "a voice" if text is None else f"{text_of(text)}…"
        case "speech.stopped":
            return "silence"
        case (
            "recording.started" | "recording.stopped" | "recording.stored" | "recording.failed"
        ) as kind:
            return _recording(kind, data)
        case "timer.started":
            return f"{text_of(data.get('name'))} {seconds_words(data.get('ms'))}"
        case "timer.fired" | "timer.cancelled":
            return f"{text_of(data.get('name'))} {record.kind.removeprefix('timer.')}"
        case "webhook.request":
            return _request(data)
        case "webhook.response":
            title = titles.get(text_of(data.get("webhook")), "")
            page = f", page {data['page']}" if data.get("page") else ""
            late = ", too late" if data.get("ignored") else ""
            edited = ", changed by hand" if data.get("edited") else ""
            return f"{text_of(data.get('status'))} {title}{page}{edited}{late}"
        case "webhook.failed":
            title = titles.get(text_of(data.get("webhook")), "")
            return f"{text_of(data.get('reason'))} {title}: {text_of(data.get('message'))}"
        case (
            "request.edited" | "reply.edited" | "webhook.resent" | "duplicate.response"
            | "fault.injected"
        ):  # fmt: skip
            return _by_hand(record, titles.get(text_of(data.get("webhook")), ""))
        case "diagnostic" | "fault" | "mark":
            return text_of(data.get("message")) or text_of(data.get("text"))
        case "api.request":
            return f"{text_of(data.get('op'))} by {text_of(data.get('source'))}"
        case "api.response":
            result = data.get("result")
            if isinstance(result, Mapping) and "status" in result:
                return f"{int_of(result['status'])} {text_of(data.get('request'))}"
            return "done" if data.get("ok") else "refused"
        case "setting.decided":
            value = text_of(data.get("value")) or '""'
            return f"{text_of(data.get('name'))} = {value} ({text_of(data.get('basis'))})"
    return _leg(record) if record.kind.startswith("leg.") else _other(record)


def words(record: Record, titles: Mapping[str, str] | None = None) -> str:
    """What ``record`` says, on one line and safe to show.

    ``titles`` maps the id of a webhook to its title (``CallView.titles``), so that a reply can
    say what it replies to.
    """
    return one_line_of(_words(record, titles or {}))


def one_line(record: Record, titles: Mapping[str, str] | None = None) -> str:
    """An icon and ``words``; kinds this version does not know are named."""
    said = words(record, titles)
    known = record.kind in _EXACT_ICONS or record.kind.split(".", 1)[0] in _ICONS
    return f"{icon(record.kind)} {said if known else f'{one_line_of(record.kind)} {said}'}".rstrip()
