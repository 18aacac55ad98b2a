"""Digits and words out of the webhooks that report them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ivrsim.exchange.drafts import IMPORTED, INFERRED, Draft, Drafts
from ivrsim.exchange.imported_documents import Step
from ivrsim.exchange.recognise import VONAGE, Sighting
from ivrsim.exchange.values import json_inside

# Not one of the engine's ends of a capture: nothing tells which it was.
NOT_KNOWN = "not known"


@dataclass(slots=True)
class Result:
    """What was captured. ``readings``: text and confidence (None where it is not told)."""

    digits: str = ""
    timed_out: bool = False
    readings: list[tuple[str, float | None]] = field(default_factory=list)


def result_of(sighting: Sighting, step: Step | None) -> Result | None:
    """What the webhook says was captured; None when it is not about a capture.

    ``step`` is the action that waits; a VCA without digits is one of a capture only if it does.
    """
    if sighting.platform == VONAGE:
        return _input(sighting.body) if sighting.purpose == "input" else None
    if sighting.purpose != "VCA" or sighting.body["payload"].get("callStatus") == "CALL_RECEIVED":
        return None
    payload = sighting.body["payload"]
    data = payload.get("eventData")
    digits = data.get("dtmf") if isinstance(data, dict) else data
    digits = _digits(payload.get("dtmf") if digits is None else digits)
    if digits or (step is not None and step.captures):
        return Result(digits, timed_out=not digits)
    return None


def _input(body: dict[str, Any]) -> Result:
    dtmf = json_inside(body.get("dtmf"))
    result = Result()
    if isinstance(dtmf, dict):
        result.digits, result.timed_out = _digits(dtmf.get("digits")), dtmf.get("timed_out") is True
    else:  # the older form [observed]
        result.digits, result.timed_out = _digits(body.get("dtmf")), body.get("timed_out") is True
    speech = json_inside(body.get("speech"))
    results = speech.get("results") if isinstance(speech, dict) else None
    for item in results if isinstance(results, list) else ():
        if isinstance(item, dict) and isinstance(item.get("text"), str):
            result.readings.append((item["text"], _sure(item.get("confidence"))))
    return result


def write_result(
    drafts: Drafts, result: Result, t: int, leg: str | None, step: Step | None
) -> Draft:
    """The capture, at the moment of its webhook: when each key came is not known.

    Returns its last record.
    """
    name = drafts.new_id("c")
    types = list(step.types) if step and step.captures else ["dtmf"]
    if result.readings and "speech" not in types:
        types.append("speech")
    opened = drafts.add(
        t,
        "capture.opened",
        {
            "capture": name, "try": 1, "tries": 1, "min_digits": 1,
            "max_digits": step.most_digits if step else None,
            "terminator": "#" if step and step.hash_ends else None,
            "first_digit_ms": None, "inter_digit_ms": None, "overall_ms": None,
            "barge_in": False, "types": types, "secret": False, "speech": None,
            "basis": INFERRED,
        },
        leg,
    )  # fmt: skip
    drafts.add(t, "capture.listening", {"capture": name, "basis": INFERRED}, None, opened)
    keys = [
        drafts.add(
            t,
            "digit",
            {"digit": digit, "source": "keypad", "ignored": None, "capture": name,
             "basis": IMPORTED},
            leg,
        )
        for digit in result.digits
    ]  # fmt: skip
    said = None
    if result.readings:
        text, sure = result.readings[0]
        data = {
            "text": text, "source": "microphone", "duration_ms": None, "confidence": sure,
            "alternatives": [list(reading) for reading in result.readings], "ignored": None,
            "capture": name, "basis": IMPORTED,
        }  # fmt: skip
        said = drafts.add(t, "speech", data, leg)
    return drafts.add(
        t,
        "capture.closed",
        {
            "capture": name, "digits": result.digits, "ended_by": _ended_by(result, step),
            "timed_out": result.timed_out, "valid": bool(result.digits or result.readings),
            "digit_seqs": keys, "text": result.readings[0][0] if result.readings else None,
            "speech_seqs": [said] if said else [], "basis": IMPORTED,
        },
        leg,
        (keys or [said or opened])[-1],
    )  # fmt: skip


def _ended_by(result: Result, step: Step | None) -> str:
    if result.readings:
        return "end_on_silence"
    if result.timed_out:
        return "inter_digit" if result.digits else "first_digit"
    if step is not None and step.most_digits is not None and result.digits:
        if len(result.digits) >= step.most_digits:
            return "max_digits"
        if step.hash_ends:
            return "terminator"
    return NOT_KNOWN


def _digits(value: Any) -> str:
    """The keys in a value of a body; a number given as a number has lost its leading zeros."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)[:100]
    if not isinstance(value, str):
        return ""
    return "".join(c for c in value[:100] if c in "0123456789*#ABCD")


def _sure(value: Any) -> float | None:
    try:
        sure = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return sure if 0 <= sure <= 1 else None
