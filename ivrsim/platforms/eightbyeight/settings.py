"""The choices of the 8x8 part: where sources disagree, or none says anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ivrsim.engine.setting import Setting
from ivrsim.platforms.eightbyeight import pages


def _setting(
    name: str, choices: str, basis: str, page: str, summary: str, unit: str | None = None
) -> Setting:
    words = tuple(choices.split(" | "))
    return Setting(f"8x8.{name}", words[0], () if unit else words, basis, summary, page, unit)


_ALL: Final = (
    # capturing digits
    _setting(
        "capture_defaults",
        "guide | openapi",
        "disputed",
        pages.ACTIONS,
        "What a sayAndCapture does where it says nothing. guide: maxDigits 25, overallTimeout "
        "30000, noOfTries 3; openapi: maxDigits 1, overallTimeout 5000, noOfTries 1.",
    ),
    _setting(
        "strict_timeouts",
        "no | yes",
        "disputed",
        pages.REQUEST,
        "Whether digitTimeout needs a greater overallTimeout. no: a warning, as 8x8's own "
        "samples break the rule; yes: refused with -1005 or -1006, equal values too.",
    ),
    _setting(
        "barge_in",
        "yes | no",
        "assumed",
        pages.ACTIONS,
        "Whether a key cuts the prompt of a sayAndCapture. yes: at once; no: it plays on.",
    ),
    _setting(
        "early_digits",
        "keep | drop",
        "assumed",
        pages.ACTIONS,
        "Without barge-in, keys while the prompt plays. keep: they count, the capture completes "
        "at the prompt's end at the soonest; drop: they are ignored.",
    ),
    _setting(
        "type_ahead",
        "drop | keep",
        "assumed",
        pages.ACTIONS,
        "Keys between captures. drop: ignored; keep: the next capture begins with them.",
    ),
    _setting(
        "overall_timeout_from",
        "prompt_end | action_start",
        "assumed",
        pages.CAPTURE,
        "What overallTimeout counts from. prompt_end: the end or interruption of the prompt; "
        "action_start: the beginning of the prompt.",
    ),
    _setting(
        "digit_timeout_from",
        "first_key | prompt_end",
        "assumed",
        pages.CAPTURE,
        "What starts digitTimeout. first_key: only keys do; prompt_end: the end of the prompt "
        "too, so that it limits the wait for a first key.",
    ),
    _setting(
        "max_digits_ends",
        "yes | no",
        "disputed",
        pages.ACTIONS,
        "Whether maxDigits ends a capture with completeOnHash true. yes: at once; no: only # "
        "or a timeout does, and one digit too many makes the input invalid.",
    ),
    _setting(
        "hash_in_digits",
        "no | yes",
        "assumed",
        pages.ACTIONS,
        "Whether the # that ends a capture is part of dtmf. no: left out; yes: 12# is sent.",
    ),
    _setting(
        "plain_hash",
        "digit | ignored",
        "assumed",
        pages.ACTIONS,
        "What # is with completeOnHash false. digit: a digit like others; ignored: nothing.",
    ),
    _setting(
        "last_failure_message",
        "yes | no",
        "assumed",
        pages.ACTIONS,
        "Whether failureMessage plays after the last failed try. yes: it does; no: only "
        "between tries.",
    ),
    _setting(
        "partial_digits",
        "null | digits",
        "assumed",
        pages.VCA,
        "dtmf when every try has failed. null: nothing was captured; digits: those of the "
        "last try, too few or too many as they are.",
    ),
    # the VCA webhook and its reply
    _setting(
        "dtmf_shape",
        "both | event_data | payload | string",
        "disputed",
        pages.VCA,
        "Where a VCA carries the digits. event_data: eventData.dtmf, the current guide; "
        "payload: payload.dtmf, older samples; both: these two; string: eventData itself.",
    ),
    _setting(
        "digits_status",
        "ACTION_COMPLETED | DTMF_RECEIVED",
        "disputed",
        pages.VCA,
        "callStatus of the VCA after a sayAndCapture. ACTION_COMPLETED: the current guide; "
        "DTMF_RECEIVED: older samples.",
    ),
    _setting(
        "vca_after",
        "last_action | capture | every_action",
        "disputed",
        pages.SETUP,
        "What a VCA follows. capture: a sayAndCapture only; last_action: the last action of a "
        "callflow without hangup too; every_action: every action but hangup.",
    ),
    _setting(
        "vca_after_bridge",
        "yes | no",
        "disputed",
        pages.ACTIONS,
        "Whether a VCA is sent when the bridged party has hung up. yes: the application can go "
        "on with the caller; no: the session ends.",
    ),
    _setting(
        "vca_timeout",
        "10",
        "assumed",
        pages.VCA,
        "How long a VCA may take until its reply is read; then the session fails, no retry.",
        unit="s",
    ),
    _setting(
        "content_type",
        "accept | refuse",
        "assumed",
        pages.ACTIONS,
        "A reply whose content type is not JSON. accept: read all the same, with a warning; "
        "refuse: the session fails with -2003.",
    ),
    _setting(
        "empty_reply",
        "completed | error",
        "assumed",
        pages.ACTIONS,
        "An empty body, {} or an empty callflow. completed: nothing more to do, the session "
        "ends COMPLETED; error: no callflow, the session fails with -2003.",
    ),
    _setting(
        "client_action_id",
        "clears | keeps",
        "assumed",
        pages.VCA,
        "A VCA reply without clientActionId. clears: the next VCA has none; keeps: the one of "
        "an earlier reply is sent again.",
    ),
    _setting(
        "third_make_call",
        "error | ignored",
        "assumed",
        pages.MESSAGING,
        "A reply whose makeCall would be the third leg. error: the session fails with -2003; "
        "ignored: a warning, the action is passed over.",
    ),
    _setting(
        "ring_timeout",
        "60",
        "assumed",
        pages.ACTIONS,
        "How long makeCall rings before the leg is NO_ANSWER.",
        unit="s",
    ),
    # the session summary
    _setting(
        "vss_version",
        "5 | absent",
        "disputed",
        pages.VSS,
        "The field version of a VSS. 5: as the IVR guide has it; absent: as elsewhere.",
    ),
    _setting(
        "vss_leg_names",
        "callA | CallA",
        "disputed",
        pages.VSS_MESSAGING,
        "The keys of the legs in a VSS. callA, callB: the IVR guide; CallA, CallB: a sample of "
        "the Voice Messaging guide.",
    ),
    _setting(
        "say_word",
        "SAY | PLAY_TTS",
        "disputed",
        pages.VSS_MASKING,
        "lastAction of a VSS after say. SAY: the field's description; PLAY_TTS: a sample.",
    ),
    _setting(
        "last_action_on_hangup",
        "last_started | HANGUP",
        "disputed",
        pages.VSS,
        "lastAction of a VSS when the caller hung up. last_started: the last action started; "
        "HANGUP: as in scenario 3 of the IVR guide.",
    ),
)

SETTINGS: Final[dict[str, Setting]] = {setting.name: setting for setting in _ALL}
"""Every choice by name, in the order in which they are listed."""


def value(settings: Mapping[str, str], name: str) -> str:
    """The value of ``name`` (with ``8x8.``): what ``settings`` says, else its default.

    Raises KeyError for a name that is not a setting of 8x8.
    """
    return settings.get(name) or SETTINGS[name].default
