"""The choices where sources about Vonage disagree, or say nothing.

Every entry is an [a] (assumed) or a [?] (disputed) of the book of rules; the default comes
first in ``choices``. ``value(settings, name)`` is what holds for a call.
"""

from __future__ import annotations

from collections.abc import Mapping

from ivrsim.engine.setting import Setting
from ivrsim.platforms.vonage import pages


def _setting(
    name: str, choices: tuple[str, ...] | str, basis: str, page: str, summary: str
) -> Setting:
    """``choices`` as text: the default number of seconds, any other will do."""
    name = f"vonage.{name}"
    if isinstance(choices, str):
        return Setting(name, choices, (), basis, summary, page, unit="s")
    return Setting(name, choices[0], choices, basis, summary, page)


_ALL = (
    # placing the call
    _setting(
        "answered_after",
        ("answer_webhook", "before"),
        "assumed",
        pages.CALL_FLOW,
        "an inbound call is answered: answer_webhook, once the answer webhook has replied;"
        " before, as soon as it rings, and the webhook follows",
    ),
    _setting(
        "empty_ncco",
        ("completes", "invalid"),
        "assumed",
        pages.NCCO,
        "the NCCO []: completes, the call ends as completed; invalid, it is refused",
    ),
    _setting(
        "empty_answer",
        ("invalid", "completes"),
        "assumed",
        pages.ANSWER,
        "an empty body from the answer URL: invalid, it is no NCCO and is refused;"
        " completes, it counts as []",
    ),
    # delivery
    _setting(
        "timeouts",
        ("current", "older"),
        "disputed",
        pages.TROUBLESHOOTING,
        "webhook deadlines: current, 1 s to connect and 5 s to reply (10 s for events);"
        " older, 3 s and 5 s",
    ),
    _setting(
        "content_type",
        ("refuse", "accept"),
        "assumed",
        pages.ANSWER,
        "an NCCO sent with a content type that is not JSON: refuse it; or accept it",
    ),
    # documents
    _setting(
        "event_url_text",
        ("refuse", "accept"),
        "assumed",
        pages.NCCO,
        "eventUrl is a string where an array is asked for: refuse the NCCO (the REST API does"
        " so with event_url); or accept it as an array of one",
    ),
    _setting(
        "out_of_range",
        ("refuse", "clamp"),
        "assumed",
        pages.NCCO,
        "a number outside its documented range: refuse the NCCO; or clamp it to the nearest"
        " allowed value",
    ),
    _setting(
        "barge_in_mixed",
        ("accept", "warn"),
        "disputed",
        pages.TALK,
        "talks and streams mixed between bargeIn and its input: accept them; or warn, reading"
        " the rule (a talk, then an input; a stream, then an input) literally",
    ),
    _setting(
        "barge_in_end",
        ("finish", "cut"),
        "assumed",
        pages.TALK,
        "a bargeIn prompt is the last action: finish, it is heard to its end; cut, the call"
        " ends at once since the prompt does not block",
    ),
    # keys
    _setting(
        "input_timer",
        ("prompt_end", "input_start"),
        "assumed",
        pages.DTMF,
        "with no key pressed timeOut runs from: prompt_end, the end of the bargeIn prompt;"
        " input_start, the start of the input while the prompt still plays",
    ),
    _setting(
        "max_digits_end",
        ("at_once", "time_out"),
        "assumed",
        pages.DTMF,
        "the last of maxDigits keys is pressed: at_once, the input ends; time_out, it waits"
        " for timeOut",
    ),
    _setting(
        "hash_in_digits",
        ("drop", "keep"),
        "assumed",
        pages.DTMF,
        "the # that submits: drop it from the digits sent; or keep it",
    ),
    _setting(
        "hash_without_submit",
        ("digit", "ignore"),
        "assumed",
        pages.DTMF,
        "a # without submitOnHash: digit, it counts like others; ignore it",
    ),
    _setting(
        "no_digits",
        ("null", ""),
        "assumed",
        pages.INPUT_WEBHOOK,
        'dtmf.digits when no key was pressed: null; or "", the empty text',
    ),
    _setting(
        "speech_off",
        ("results", "error"),
        "disputed",
        pages.INPUT_WEBHOOK,
        'speech in the input webhook when it was not asked for: results, {"results": []};'
        ' error, {"error": "Speech was not enabled"}',
    ),
    # speech
    _setting(
        "speech_start_timeout",
        "10",
        "assumed",
        pages.INPUT,
        "seconds until an input of speech without startTimeout gives up when nobody speaks",
    ),
    _setting(
        "speech_overridden",
        ("error", "results"),
        "disputed",
        pages.INPUT_WEBHOOK,
        "speech in the input webhook when a key was pressed while both were on: error,"
        ' {"error": "Speech overridden by DTMF"}, as observed; results, {"results": []}, as'
        " announced in 2020",
    ),
    _setting(
        "no_speech",
        ("absent", "empty"),
        "assumed",
        pages.INPUT_WEBHOOK,
        "speech.results when nothing was said (timeout_reason start_timeout): absent, there is"
        " no such key; empty, []",
    ),
    _setting(
        "speech_unrecognised",
        ("results", "error"),
        "assumed",
        pages.INPUT_WEBHOOK,
        "somebody spoke but no words were recognised: results, an empty list with its"
        ' timeout_reason; error, {"error": "ERR1: Failed to analyze audio"}',
    ),
    _setting(
        "type_ahead",
        ("drop", "keep"),
        "assumed",
        pages.DTMF,
        "keys pressed while no input listens: drop them; or keep them for the next input",
    ),
    # other legs
    _setting(
        "unanswered_detail",
        ("timeout", "carrier_timeout"),
        "disputed",
        pages.EVENTS,
        "detail of unanswered when the carrier gives up: timeout, as the reference has it;"
        " carrier_timeout, as the SDKs have it",
    ),
    _setting(
        "connect_hangup",
        ("next_action", "end_call"),
        "assumed",
        pages.CONNECT,
        "the other side of a connect hangs up: next_action, the NCCO goes on; end_call, the"
        " caller is disconnected too",
    ),
    _setting(
        "connect_abandoned",
        ("cancelled", "completed"),
        "assumed",
        pages.EVENTS,
        "the caller is gone while a connect rings: the other leg's event is cancelled and then"
        " completed; or completed alone",
    ),
    # recordings
    _setting(
        "record_no_end",
        ("records", "nothing"),
        "disputed",
        pages.RECORDING,
        "record without endOnSilence, timeOut and endOnKey: records, beside the call until its"
        " end, as the guide has it; nothing is recorded, as the reference has it",
    ),
    _setting(
        "record_time_out",
        ("background", "blocks"),
        "disputed",
        pages.RECORDING,
        "record with timeOut alone: background, the NCCO goes on beside it, as the guide has it;"
        " blocks, it waits, as a support article has it",
    ),
    _setting(
        "record_initial_silence",
        ("ends", "waits"),
        "assumed",
        pages.RECORD,
        "nothing is heard from the beginning of a record with endOnSilence: ends, after"
        " endOnSilence; waits, for a first sound",
    ),
    _setting(
        "record_times",
        ("seconds", "milliseconds"),
        "disputed",
        pages.RECORD_WEBHOOK,
        "start_time and end_time of a recording: seconds, 2020-01-01T12:00:00Z, as the NCCO"
        " reference has it; milliseconds, 2020-01-01T12:00:00.000Z, as the webhook reference",
    ),
)

SETTINGS: dict[str, Setting] = {setting.name: setting for setting in _ALL}
"""Every setting of the platform by its full name (``vonage.input_timer``)."""


def value(settings: Mapping[str, str], name: str) -> str:
    """What ``settings`` says about ``name`` (``vonage.…``), else its default.

    Raises KeyError when there is no such setting.
    """
    return settings.get(name, SETTINGS[name].default)


def settings_table() -> str:
    """All settings as a Markdown table: the one in docs/vonage.md."""
    rows = ["| setting | choices (default first) | basis | what it decides |", "|---|---|---|---|"]
    for setting in _ALL:
        choices = ", ".join(f"`{choice}`" if choice else '`""`' for choice in setting.choices)
        if setting.unit is not None:
            choices = f"{setting.default} {setting.unit}"
        rows.append(
            f"| `{setting.name}` | {choices} | [{setting.basis}]({setting.page}) "
            f"| {setting.summary} |"
        )
    return "\n".join(rows)
