"""Reads one action that is not in order: says what is wrong, and repairs what the platform
would take anyway, until the model accepts it or it is clear that it cannot be.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ivrsim.platforms.vonage import pages
from ivrsim.platforms.vonage.actions import ACTIONS, Action
from ivrsim.platforms.vonage.diagnostics import Findings, close_to, shown
from ivrsim.platforms.vonage.parts import ENDPOINTS, PARTS, Part, keys_of

Loc = tuple[int | str, ...]

_NUMBER = re.compile(r"\s*[+-]?\d{1,15}(\.\d{1,15})?\s*")
_DROP: Final = object()
_GIVE_UP: Final = object()

_ARRAY_CODES: Final = {
    "eventUrl": "vonage.event-url-not-array",
    "streamUrl": "vonage.stream-url-not-array",
    "endpoint": "vonage.endpoint-not-array",
}
_ONE_CODES: Final = {"streamUrl": "vonage.one-stream-url", "endpoint": "vonage.one-endpoint"}
_WANTED: Final = {
    "string_type": "a string",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "list_type": "an array",
    "dict_type": "an object",
    "model_type": "an object",
    "model_attributes_type": "an object",
}


def read_action(raw: Any, pointer: str, findings: Findings) -> Action | None:
    """The action at ``pointer``, repaired where the platform would take it; None if it is not."""
    model = _model_of(raw, pointer, findings)
    if model is None:
        return None
    action: dict[Any, Any] = raw
    while True:
        try:
            return model.model_validate(action)
        except ValidationError as error:
            problems = error.errors(include_url=False)
        outcomes: dict[Loc, Any] = {}
        for problem in problems:
            loc = _real_loc(problem["loc"])
            if loc not in outcomes:  # a union says one thing in several ways
                outcomes[loc] = _explain(problem, action, model, pointer, findings)
        if any(outcome is _GIVE_UP for outcome in outcomes.values()):
            return None
        for loc, outcome in outcomes.items():
            action = _with(action, loc, outcome)


def _model_of(raw: Any, pointer: str, findings: Findings) -> type[Action] | None:
    if not isinstance(raw, dict):
        findings.add(
            "vonage.not-an-object",
            pointer,
            "an action must be an object",
            expected='an object such as {"action": "talk", "text": "…"}',
            found=shown(raw),
        )
        return None
    if "action" not in raw:
        other = next((k for k in raw if isinstance(k, str) and k.casefold() == "action"), None)
        findings.add(
            "vonage.missing-action",
            pointer,
            "the action has no name",
            expected=f"the key action, one of {', '.join(ACTIONS)}",
            found=None if other is None else f'the key "{other}"',
            suggestion=None if other is None else 'write "action" in lower case',
        )
        return None
    name = raw["action"]
    if isinstance(name, str) and name in ACTIONS:
        return ACTIONS[name]
    close = close_to(name, tuple(ACTIONS)) if isinstance(name, str) else None
    findings.add(
        "vonage.unknown-action",
        f"{pointer}/action",
        f"there is no action {shown(name)}",
        expected=f"one of {', '.join(ACTIONS)}",
        found=shown(name),
        suggestion=f'did you mean "{close}"?' if close else None,
    )
    return None


def _explain(
    problem: ErrorDetails, action: dict[Any, Any], model: type[Part], base: str, findings: Findings
) -> Any:
    """Says what is wrong; returns the value to put there instead, _DROP or _GIVE_UP."""
    kind, loc, found = problem["type"], _real_loc(problem["loc"]), problem["input"]
    key = next((step for step in reversed(loc) if isinstance(step, str)), "")
    place = base + _pointer(loc)
    page = pages.BY_ACTION.get(str(action["action"]), pages.NCCO)
    context = problem.get("ctx", {})

    if kind == "extra_forbidden":
        return _unknown_key(problem, action, model, place, page, findings)
    if kind == "invalid_key":
        findings.add(
            "vonage.invalid-value",
            place.rpartition("/")[0],
            "the keys of an object must be strings",
            expected="a string",
            found=f"the key {loc[-1]}",
        )
        return _GIVE_UP
    if kind == "missing":
        parent = base + _pointer(loc[:-1])
        _missing_key(str(loc[-1]), loc, action, parent, page, findings)
        return _GIVE_UP
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        _endpoint_type(found, place, findings)
        return _GIVE_UP
    if found is None and isinstance(loc[-1], str):
        findings.add(
            "vonage.null-value",
            place,
            f"{key} is null and counts as not set",
            found="null",
            suggestion="leave the key out",
            page=page,
        )
        return _DROP
    if kind == "list_type":
        return _not_an_array(key, found, place, page, findings)
    if kind in ("int_type", "float_type") and isinstance(found, str) and _NUMBER.fullmatch(found):
        number = float(found)
        if kind == "float_type" or number.is_integer():
            findings.add(
                "vonage.number-as-text",
                place,
                f"{key} is a number written as text; the platform takes it, others may not",
                expected="a number",
                found=shown(found),
                suggestion=f"write {number:g} without quotes",
                page=page,
            )
            return number if kind == "float_type" else int(number)
    if kind == "int_type" and isinstance(found, float) and found.is_integer():
        return int(found)  # JSON knows one kind of number: 4.0 is 4
    if kind == "bool_type" and isinstance(found, str) and found.lower() in ("true", "false"):
        findings.add(
            "vonage.boolean-as-text",
            place,
            f"{key} is {found.lower()} written as text; the platform takes it, others may not",
            expected="true or false",
            found=shown(found),
            suggestion=f"write {found.lower()} without quotes",
            page=page,
        )
        return found.lower() == "true"
    if kind in ("greater_than_equal", "less_than_equal"):
        return _out_of_range(key, found, context, place, page, findings)
    if kind == "literal_error":
        return _not_a_choice(key, found, str(context["expected"]), place, page, findings)
    if kind in ("too_short", "too_long"):
        code = _ONE_CODES.get(key, "vonage.invalid-value")
        wanted = "exactly one entry" if key in _ONE_CODES else "at least one entry"
        findings.add(
            code, place, f"{key} must hold {wanted}", expected=wanted, found=shown(found), page=page
        )
        return _GIVE_UP
    wanted = _WANTED.get(kind, f"what matches {context['pattern']}" if "pattern" in context else "")
    findings.add(
        "vonage.wrong-type" if kind in _WANTED else "vonage.invalid-value",
        place,
        f"{key or 'the action'} must be {wanted}"
        if wanted
        else f"{key or 'the action'}: {problem['msg']}",
        expected=wanted or None,
        found=shown(found),
        suggestion=f'write "{found}"'
        if kind == "string_type" and type(found) is int and abs(found) < 10**20
        else None,
        page=page,
    )
    return _GIVE_UP


def _unknown_key(
    problem: ErrorDetails,
    action: dict[Any, Any],
    model: type[Part],
    place: str,
    page: str,
    findings: Findings,
) -> Any:
    loc = _real_loc(problem["loc"])
    key = str(loc[-1])
    owner = _owner(problem["loc"], model)
    close = close_to(key, keys_of(owner))
    if close is not None and key.casefold() == close.casefold():
        findings.add(
            "vonage.wrong-case",
            place,
            f"{key} is not known in this spelling and is ignored",
            expected=close,
            found=key,
            suggestion=f'write "{close}"',
            page=page,
        )
        return _DROP
    inside = _part_with(key, owner)
    findings.add(
        "vonage.unknown-key",
        place,
        f"{shown(key)} is no key of {_owner_name(problem['loc'], action)} and is ignored",
        expected=f"one of {', '.join(keys_of(owner))}",
        found=shown(key),
        suggestion=f'put it into "{inside}"'
        if inside
        else (f'did you mean "{close}"?' if close else None),
        page=page,
    )
    return _DROP


def _missing_key(
    key: str, loc: Loc, action: dict[Any, Any], parent: str, page: str, findings: Findings
) -> None:
    holder: Any = action
    for step in loc[:-1]:
        holder = holder[step]
    candidates = [name for name in holder if isinstance(name, str)] if holder else []
    close = close_to(key, candidates)
    findings.add(
        "vonage.missing-key",
        parent,
        f"{key} is missing but required",
        expected=f'the key "{key}"',
        found=f'the key "{close}"' if close else None,
        suggestion=f'did you mean "{key}" where it says "{close}"?' if close else None,
        page=page,
    )


def _endpoint_type(found: Any, place: str, findings: Findings) -> None:
    kind = found.get("type") if isinstance(found, dict) else None
    has_type = isinstance(found, dict) and "type" in found
    close = close_to(kind, tuple(ENDPOINTS)) if isinstance(kind, str) else None
    findings.add(
        "vonage.unknown-endpoint-type",
        f"{place}/type" if has_type else place,
        f"there is no endpoint type {shown(kind)}" if has_type else "the endpoint has no type",
        expected=f"one of {', '.join(ENDPOINTS)}",
        found=shown(kind) if has_type else shown(found),
        suggestion=f'did you mean "{close}"?' if close else None,
    )


def _not_an_array(key: str, found: Any, place: str, page: str, findings: Findings) -> Any:
    code = _ARRAY_CODES.get(key, "vonage.not-an-array")
    accepted = False
    if key == "eventUrl" and isinstance(found, str):
        accepted = findings.decide("vonage.event_url_text") == "accept"
    findings.add(
        code,
        place,
        f"{key} must be an array, even of one",
        expected="an array of one" if key in _ARRAY_CODES else "an array",
        found=shown(found),
        suggestion=f"write [{shown(found)}]" if isinstance(found, str) else "put it into [ ]",
        refused=not accepted,
        page=page,
    )
    return [found] if accepted else _GIVE_UP


def _out_of_range(
    key: str, found: Any, context: dict[str, Any], place: str, page: str, findings: Findings
) -> Any:
    clamp = findings.decide("vonage.out_of_range") == "clamp"
    bound = context.get("ge", context.get("le"))
    side = "at least" if "ge" in context else "at most"
    findings.add(
        "vonage.out-of-range",
        place,
        f"{key} must be {side} {bound:g}",
        expected=f"{side} {bound:g}",
        found=shown(found),
        suggestion=f"write {bound:g}",
        refused=not clamp,
        page=page,
    )
    return bound if clamp else _GIVE_UP


def _not_a_choice(
    key: str, found: Any, expected: str, place: str, page: str, findings: Findings
) -> Any:
    choices = re.findall(r"'([^']*)'", expected)
    close = close_to(found, choices) if isinstance(found, str) else None
    if close is not None and isinstance(found, str) and close.casefold() == found.casefold():
        findings.add(
            "vonage.wrong-case",
            place,
            f"{key} is {shown(found)}, the platform writes {shown(close)}",
            expected=close,
            found=found,
            suggestion=f'write "{close}"',
            page=page,
        )
        return close
    findings.add(
        "vonage.invalid-value",
        place,
        f"{shown(found)} is no value of {key}",
        expected=f"one of {', '.join(choices)}" if len(choices) > 1 else choices[0],
        found=shown(found),
        suggestion=f'did you mean "{close}"?' if close else None,
        page=page,
    )
    return _GIVE_UP


def _real_loc(loc: Loc) -> Loc:
    """Where the value is: pydantic puts the endpoint's type after its index, and names the
    branch of a union at the end (``musicOnHoldUrl``)."""
    if loc[:1] == ("endpoint",) and len(loc) > 2:
        return loc[:2] + loc[3:]
    if loc[:1] == ("musicOnHoldUrl",):
        return loc[:1]
    return loc


def _owner(loc: Loc, model: type[Part]) -> type[Part]:
    inner = next((step for step in reversed(loc[:-1]) if isinstance(step, str)), None)
    return PARTS.get(inner, model) if inner is not None else model


def _owner_name(loc: Loc, action: dict[Any, Any]) -> str:
    inner = next((step for step in reversed(loc[:-1]) if isinstance(step, str)), None)
    return str(action["action"]) if inner is None else inner


def _part_with(key: str, owner: type[Part]) -> str | None:
    """The key of ``owner`` below which ``key`` is known (``startTimeout`` in ``speech``)."""
    for name in keys_of(owner):
        if name in PARTS and key in keys_of(PARTS[name]):
            return name
    return None


def _pointer(loc: Sequence[int | str]) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in loc)


def _with(holder: Any, loc: Loc, new: Any) -> Any:
    """``holder`` with the value at ``loc`` exchanged or dropped; the original stays as it is."""
    if not loc:
        return new
    copy: Any = list(holder) if isinstance(holder, list) else dict(holder)
    step, rest = loc[0], loc[1:]
    if rest:
        copy[step] = _with(copy[step], rest, new)
    elif new is _DROP:
        del copy[step]
    else:
        copy[step] = new
    return copy
