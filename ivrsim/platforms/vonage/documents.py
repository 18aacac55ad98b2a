"""Reads an NCCO: any value in, typed actions and remarks out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from pydantic import Discriminator, TypeAdapter, ValidationError

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.platforms.vonage.actions import Action, AnyAction, Input, Prompt
from ivrsim.platforms.vonage.checks import check_action
from ivrsim.platforms.vonage.diagnostics import MOST, SYNTAX_ERROR, Findings, shown
from ivrsim.platforms.vonage.order import check_order
from ivrsim.platforms.vonage.repair import read_action

__all__ = ["SYNTAX_ERROR", "Ncco", "read_ncco"]

_NCCO: TypeAdapter[list[AnyAction]] = TypeAdapter(
    list[Annotated[AnyAction, Discriminator("action")]]
)


class Ncco(NamedTuple):
    """An NCCO as it was read.

    ``usable`` is false when the platform would refuse it (its words: ``SYNTAX_ERROR``);
    ``actions`` then holds those that could be read, for showing, not for running.
    ``decided`` names the settings that decided something here.
    """

    raw: object
    actions: tuple[Action, ...]
    diagnostics: tuple[Diagnostic, ...]
    usable: bool
    decided: tuple[str, ...] = ()


def read_ncco(value: object, *, settings: Mapping[str, str]) -> Ncco:
    """Reads ``value``, whatever it is; never raises.

    ``settings`` are those of the call by full name (``vonage.out_of_range``); what is not
    there has its default.
    """
    findings = Findings(settings)
    if not isinstance(value, list):
        _not_an_ncco(value, findings)
        return Ncco(value, (), tuple(findings.found), False)
    if not value:
        _empty(findings)
    actions: list[Action] = []
    try:
        actions.extend(_NCCO.validate_python(value))
    except ValidationError:
        actions = _read_one_by_one(value, findings)
    else:
        for index, action in enumerate(actions):
            action._pointer = f"/{index}"
    _carry_barge_in(actions)
    for action in actions:
        check_action(action, findings)
    if len(actions) == len(value):  # with gaps nothing can be said about the order
        check_order(actions, findings)
    return Ncco(
        value,
        tuple(actions),
        tuple(findings.found),
        not findings.refused,
        tuple(findings.decided),
    )


def _read_one_by_one(value: list[Any], findings: Findings) -> list[Action]:
    actions = []
    for index, raw in enumerate(value):
        if findings.refused and len(findings.found) > MOST:
            break  # enough was said, and it will not run anyhow
        action = read_action(raw, f"/{index}", findings)
        if action is not None:
            action._pointer = f"/{index}"
            actions.append(action)
    return actions


def _carry_barge_in(actions: list[Action]) -> None:
    """Once bargeIn is true it stays true until an input [documented]."""
    barge_in = False
    for action in actions:
        if isinstance(action, Prompt):
            barge_in = barge_in or action.barge_in
            if barge_in:
                action._interruptible = True
        elif isinstance(action, Input):
            barge_in = False


def _empty(findings: Findings) -> None:
    completes = findings.decide("vonage.empty_ncco") == "completes"
    findings.add(
        "vonage.empty-ncco",
        "",
        "the NCCO is empty: " + ("the call is completed" if completes else "it is refused"),
        found="[]",
        severity="info" if completes else "error",
        refused=not completes,
    )


def _not_an_ncco(value: object, findings: Findings) -> None:
    suggestion = None
    if isinstance(value, dict):
        if "action" in value:
            suggestion = "put the action into [ ]"
        elif isinstance(value.get("ncco"), list):
            suggestion = 'reply the array below "ncco" alone'
        elif "callflow" in value:
            suggestion = "this is a callflow of 8x8: use the platform 8x8"
    elif isinstance(value, str):
        suggestion = "reply the array itself, not JSON written into a string"
    findings.add(
        "vonage.not-an-ncco",
        "",
        "an NCCO must be an array of actions",
        expected='an array such as [{"action": "talk", "text": "…"}]',
        found=shown(value),
        suggestion=suggestion,
    )
