"""Params of an action that do not validate as they are: put right, or explained.

Pydantic finds what is wrong; here it is told in a user's words and, for the platform's own
answer, in the words of the JSON schema checker that 8x8's documented -1009 message quotes
(that one message is documented, the others of its kind are assumed).
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ivrsim.platforms.eightbyeight import pages
from ivrsim.platforms.eightbyeight.actions import Action, Params
from ivrsim.platforms.eightbyeight.findings import Findings, closest, json_path, shown, step

_WHOLE: Final = re.compile(r"\s*[+-]?[0-9]{1,15}\s*", re.ASCII)
_NUMBER: Final = re.compile(r"\s*[+-]?[0-9]{1,15}(\.[0-9]{1,15})?\s*", re.ASCII)

# The same thing by the name it has in a sister action or in everyday words; keys in lower case.
_SYNONYMS: Final = {
    "makeCall": {"to": "destination", "from": "source", "number": "destination"},
    "say": {"promptmessage": "text", "message": "text", "voice": "voiceProfile"},
    "playFile": {"url": "fileUrl", "streamurl": "fileUrl", "file": "fileUrl"},
    "sayAndCapture": {
        "text": "promptMessage",
        "message": "promptMessage",
        "voice": "voiceProfile",
        "timeout": "overallTimeout",
        "submitonhash": "completeOnHash",
        "tries": "noOfTries",
    },
    "hangup": dict[str, str](),
}
_EXPECTED: Final = {
    "string_type": ("string", "a text"),
    "int_type": ("integer", "a whole number"),
    "float_type": ("number", "a number"),
    "finite_number": ("number", "a number"),
    "bool_type": ("boolean", "true or false"),
}
_LIMITS: Final = {
    "greater_than_equal": ("ge", "must have a minimum value of {}", "at least {}"),
    "less_than_equal": ("le", "must have a maximum value of {}", "at most {}"),
}


def names(model: type[Params]) -> tuple[str, ...]:
    """The keys that a document may have, as they are written there."""
    return tuple(field.alias or name for name, field in model.model_fields.items())


def required(model: type[Params]) -> tuple[str, ...]:
    """The keys that a document must have."""
    return tuple(f.alias or name for name, f in model.model_fields.items() if f.is_required())


def validate(
    kind: type[Action], written: dict[Any, Any], pointer: str, findings: Findings
) -> Params | None:
    """``written`` as the model of ``kind``, or None with the errors in ``findings``."""
    params = {str(key): entry for key, entry in written.items()}
    while True:
        try:
            return kind.model.model_validate(params)
        except ValidationError as failure:
            errors = failure.errors(include_url=False, include_context=True)
        # Every repair removes its error for good, so this ends.
        repaired = [_repaired(error, kind, params, pointer, findings) for error in errors]
        if not any(repaired):
            for error in errors:
                _explain(error, kind, params, pointer, findings)
            return None


def kind_of(thing: object) -> str:
    """The JSON type of ``thing`` as a schema checker names it."""
    if thing is None:
        return "null"
    for types, word in (
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        (str, "string"),
        (dict, "object"),
    ):
        if isinstance(thing, types):
            return word
    return "array"


def _repaired(
    error: ErrorDetails,
    kind: type[Action],
    params: dict[str, Any],
    pointer: str,
    findings: Findings,
) -> bool:
    """Puts one error right in ``params``, with a remark; False if it cannot be."""
    key, found = str(error["loc"][0]), error["input"]
    place = step(pointer, key)
    if error["type"] == "extra_forbidden":
        del params[key]
        meant = _SYNONYMS[kind.action].get(key.lower()) or closest(key, names(kind.model))
        findings.warning(
            "unknown-key",
            place,
            f"{kind.action} has no parameter {shown(key)}: ignored",
            expected=", ".join(names(kind.model)) or "no parameters",
            found=shown(key),
            suggestion=f"did you mean {meant}?" if meant else None,
            basis="assumed",
        )
        return True
    if error["type"] == "missing" or error["type"] not in _EXPECTED:
        return False
    if found is None and key not in required(kind.model):
        del params[key]
        findings.warning(
            "null",
            place,
            f"{key} of {kind.action} is null: taken as not given",
            found="null",
            suggestion="leave it out",
            basis="assumed",
            page=pages.REQUEST,
        )
        return True
    return _coerced(error["type"], key, found, kind, params, place, findings)


def _coerced(
    wanted: str,
    key: str,
    found: object,
    kind: type[Action],
    params: dict[str, Any],
    place: str,
    findings: Findings,
) -> bool:
    meant: object = None
    code = "number-as-text"
    if isinstance(found, str):
        if wanted == "int_type" and _WHOLE.fullmatch(found):
            meant = int(found)
        elif wanted == "float_type" and _NUMBER.fullmatch(found):
            meant = float(found)
        elif wanted == "bool_type" and found.lower() in ("true", "false"):
            meant, code = found.lower() == "true", "boolean-as-text"
    elif wanted == "int_type" and isinstance(found, float):
        if not math.isfinite(found) or not found.is_integer():
            return False
        params[key] = int(found)  # 1.0 is an integer of JSON schema: nothing to say
        return True
    elif wanted == "string_type" and type(found) is int and abs(found) < 10**20:
        meant, code = str(found), "text-as-number"
    if meant is None:
        return False
    params[key] = meant
    findings.warning(
        code,
        place,
        f"{key} of {kind.action} is {shown(found)}: taken as {shown(meant)}",
        expected=_EXPECTED[wanted][1],
        found=shown(found),
        suggestion=f"write {shown(meant)}",
        basis="assumed",
        page=pages.REQUEST,
    )
    return True


def _explain(
    error: ErrorDetails,
    kind: type[Action],
    params: dict[str, Any],
    pointer: str,
    findings: Findings,
) -> None:
    """One error that stays: its diagnostic and the platform's words for it."""
    key, found = str(error["loc"][0]), error["input"]
    name, place, wrong = f"{key} of {kind.action}", step(pointer, key), error["type"]
    number, page, basis = -1009, pages.ACTIONS, "documented"
    expected: str | None = None
    suggestion: str | None = None
    if wrong == "missing":
        code, place, message = "missing", pointer, f"{name} is missing"
        words, expected = "is missing but it is required", f"params.{key}"
    elif wrong == "string_too_long":
        most = error["ctx"]["max_length"]
        code, message = "text-too-long", f"{name} has {len(found)} characters, not {most} at most"
        words, expected = f"may only be {most} characters long", f"at most {most} characters"
        suggestion, page = "split it over several say actions", pages.REQUEST
    elif wrong in _LIMITS:
        context, pattern, range_pattern = _LIMITS[wrong]
        limit = f"{error['ctx'][context]:g}"
        expected, words = range_pattern.format(limit), pattern.format(limit)
        code, message = "out-of-range", f"{name} is {shown(found)}, it has to be {expected}"
        if key == "maxDigits":
            number = _code_of_max_digits(params)
    elif key == "destination" and isinstance(found, list):
        code, message, words = "several-destinations", f"{name} is a list of numbers", ""
        expected, suggestion, number = "one number", "send one request for each", -1011
    else:
        schema, expected = _EXPECTED.get(wrong, ("value", "another value"))
        code, message = "wrong-type", f"{name} has to be {expected}, not {shown(found)}"
        words, basis = f"{kind_of(found)} found, {schema} expected", "assumed"
    entry = f"Invalid call flow entry provided. {json_path(step(pointer, key))}: {words}"
    findings.error(
        code,
        place,
        message,
        number=number,
        words=entry if number == -1009 else None,
        expected=expected,
        found=None if wrong == "missing" else shown(found),
        suggestion=suggestion,
        basis=basis,
        page=page,
    )


def _code_of_max_digits(params: dict[str, Any]) -> int:
    if params.get("minDigits") is not None:
        return -1003
    return -1008 if params.get("completeOnHash") is False else -1009
