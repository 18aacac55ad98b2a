"""A callflow, read: from what an application sent to typed actions and diagnostics.

Reading is: validate, and if that fails put right what can be put right (a number given as
text, an unknown key), saying so, and validate again. A document that needs no remark takes
the first validation alone, which is what makes reading fast.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.platforms.eightbyeight import pages, repair, rules
from ivrsim.platforms.eightbyeight.actions import ACTIONS, Action, build
from ivrsim.platforms.eightbyeight.findings import (
    Findings,
    Where,
    closest,
    json_path,
    shown,
    step,
)
from ivrsim.platforms.eightbyeight.settings import value

MOST_LEGS: Final = 2

# What the same thing is called elsewhere: Vonage's NCCO, and how people speak.
_ELSEWHERE: Final = {
    "talk": "say",
    "stream": "playFile",
    "input": "sayAndCapture",
    "connect": "makeCall",
    "play": "playFile",
    "capture": "sayAndCapture",
    "gather": "sayAndCapture",
    "dial": "makeCall",
    "call": "makeCall",
    "end": "hangup",
}


@dataclass(frozen=True, slots=True)
class Callflow:
    """A callflow as received, and what it comes to.

    ``actions`` are to be run in order; empty when it is not ``usable``. Pointers, here and in
    ``diagnostics``, are relative to the list of actions (``/0/params/text``). ``code`` and
    ``code_message`` are what the platform answers (a request code and ``statusMessage``, or the
    session's ``errorCode`` and ``errorMsg``); None when it is usable. ``decided``: settings that
    made a difference in reading it, and in what, for ``setting.decided`` records.
    """

    raw: Any
    actions: tuple[Action, ...]
    diagnostics: tuple[Diagnostic, ...]
    usable: bool
    code: int | None = None
    code_message: str | None = None
    decided: Mapping[str, str] = field(default_factory=dict)

    def listing(self) -> list[dict[str, str]]:
        """``actions`` of a ``document.received`` record: those of an unusable one too."""
        if self.usable:
            return [
                {"pointer": act.pointer, "action": act.action, "summary": act.summary}
                for act in self.actions
            ]
        items = self.raw if isinstance(self.raw, list) else []
        names = [item.get("action") if isinstance(item, dict) else item for item in items]
        return [
            {"pointer": f"/{index}", "action": name, "summary": name}
            for index, name in enumerate(n if isinstance(n, str) else shown(n) for n in names)
        ]


def read_callflow(
    actions: object,
    *,
    settings: Mapping[str, str],
    where: Where,
    has_vca: bool = True,
    legs: int | None = None,
) -> Callflow:
    """Reads the list of actions of a request (``api``) or of a VCA reply (``reply``).

    ``has_vca``: whether a VCA webhook is registered (-1004). ``legs`` is how many legs the
    session has had before; by default none for a request, one for a reply. Never raises,
    whatever ``actions`` is.
    """
    findings = Findings(where)
    if not isinstance(actions, list):
        findings.error(
            "callflow-not-a-list",
            "",
            f"callflow has to be an array of actions, not {shown(actions)}",
            words=f"Invalid call flow entry provided. $.callflow: {repair.kind_of(actions)} "
            "found, array expected",
            expected="an array of actions",
            found=shown(actions),
            suggestion="put [ ] around the action" if isinstance(actions, dict) else None,
        )
        return Callflow(actions, (), tuple(findings.items), False, findings.code, findings.words)
    read: list[Action] = []
    for index, item in enumerate(actions):
        act = _strictly(item, f"/{index}", settings)
        if act is None:
            act = _explained(item, f"/{index}", settings, findings)
        if act is not None:
            rules.check_action(act, findings, settings, has_vca)
            read.append(act)
    names = [item.get("action") if isinstance(item, dict) else None for item in actions]
    if where == "api":
        rules.check_request_order(names, findings)
    rules.check_hangup(names, findings)
    rules.check_after_capture(names, findings)
    if legs is None:
        legs = 1 if where == "reply" else 0
    dropped = _beyond_two_legs(names, legs, findings, settings)
    if findings.failed:
        read = []
    elif dropped:
        read = [act for act in read if act.pointer not in dropped]
    return Callflow(
        actions,
        tuple(read),
        tuple(findings.items),
        not findings.failed,
        findings.code,
        findings.words,
        findings.decided,
    )


def _strictly(item: object, pointer: str, settings: Mapping[str, str]) -> Action | None:
    """The action, if nothing at all has to be said about its shape."""
    if not isinstance(item, dict) or not item.keys() <= {"action", "params"}:
        return None
    name = item.get("action")
    kind = ACTIONS.get(name) if isinstance(name, str) else None
    if kind is None:
        return None
    if "params" not in item and kind.action != "hangup":
        return None
    try:
        params = kind.model.model_validate(item.get("params", {}))
    except ValidationError:
        return None
    return build(kind, params, pointer, settings)


def _explained(
    item: object, pointer: str, settings: Mapping[str, str], findings: Findings
) -> Action | None:
    """The action with whatever could be put right, or None with errors in ``findings``."""
    if not isinstance(item, dict):
        findings.error(
            "not-an-action",
            pointer,
            f"an action has to be an object, not {shown(item)}",
            words=f"Invalid call flow entry provided. {json_path(pointer)}: "
            f"{repair.kind_of(item)} found, object expected",
            expected='an object such as {"action": "hangup"}',
            found=shown(item),
        )
        return None
    kind = _kind(item, pointer, findings)
    if kind is None:
        return None
    known = repair.names(kind.model)
    for key in item:
        if key not in ("action", "params"):
            meant = key if key in known else closest(str(key), ("action", "params"))
            findings.warning(
                "unknown-key",
                step(pointer, key),
                f"{kind.action} has no {shown(key)} beside its params: ignored",
                expected="action, params",
                found=shown(key),
                suggestion=f"move {meant} into params"
                if key in known
                else (f"did you mean {meant}?" if meant else None),
                basis="assumed",
            )
    written = item.get("params")
    if written is None and kind.action == "hangup":
        written = {}
    if not isinstance(written, dict):
        _bad_params(item, pointer, kind, findings)
        return None
    params = repair.validate(kind, written, step(pointer, "params"), findings)
    return None if params is None else build(kind, params, pointer, settings)


def _kind(item: dict[Any, Any], pointer: str, findings: Findings) -> type[Action] | None:
    choices = ", ".join(ACTIONS)
    if "action" not in item:
        meant = next((str(key) for key in item if closest(str(key), ("action",))), None)
        findings.error(
            "missing",
            pointer,
            "an entry of a callflow has no action",
            words=f"Invalid call flow entry provided. {json_path(pointer, 'action')}: "
            "is missing but it is required",
            expected=f"action: one of {choices}",
            suggestion=f"did you mean action where it says {shown(meant)}?" if meant else None,
        )
        return None
    name = item["action"]
    kind = ACTIONS.get(name) if isinstance(name, str) else None
    if kind is None:
        meant = None
        if isinstance(name, str):
            meant = _ELSEWHERE.get(name.lower()) or closest(name, ACTIONS)
        findings.error(
            "unknown-action",
            step(pointer, "action"),
            f"8x8 has no action {shown(name)}",
            number=-1007,
            words=f"{json_path(pointer, 'action')} should be one of: {','.join(ACTIONS)}",
            expected=choices,
            found=shown(name),
            suggestion=f"did you mean {meant}?" if meant else None,
        )
    return kind


def _bad_params(item: dict[Any, Any], pointer: str, kind: type[Action], findings: Findings) -> None:
    needed = ", ".join(repair.required(kind.model)) or "an object"
    if "params" in item:
        place, fault = step(pointer, "params"), f"has to be an object, not {shown(item['params'])}"
        words = f"{repair.kind_of(item['params'])} found, object expected"
    else:
        place, fault, words = pointer, "is missing", "is missing but it is required"
    findings.error(
        "wrong-type" if "params" in item else "missing",
        place,
        f"params of {kind.action} {fault}",
        words=f"Invalid call flow entry provided. {json_path(pointer, 'params')}: {words}",
        expected=f"params with {needed}",
        found=shown(item["params"]) if "params" in item else None,
        page=pages.ACTIONS,
    )


def _beyond_two_legs(
    names: list[Any], legs: int, findings: Findings, settings: Mapping[str, str]
) -> set[str]:
    """Pointers of makeCalls to pass over, when the setting says so."""
    calls = [f"/{index}" for index, name in enumerate(names) if name == "makeCall"]
    beyond = calls[max(0, MOST_LEGS - legs) :]
    if not beyond:
        return set()
    message = f"a session has at most {MOST_LEGS} legs: this makeCall would be one too many"
    found = f"{legs + len(calls)} legs, {legs} of them made before this callflow"
    ignored = False
    if findings.where == "reply":
        findings.decided["8x8.third_make_call"] = "a makeCall would be the third leg"
        ignored = value(settings, "8x8.third_make_call") == "ignored"
    if ignored:
        for pointer in beyond:
            findings.warning(
                "too-many-calls",
                pointer,
                message + ": passed over",
                found=found,
                basis="assumed",
                page=pages.MESSAGING,
            )
        return set(beyond)
    for pointer in beyond:
        findings.error(
            "too-many-calls",
            pointer,
            message,
            number=-1010,
            expected=f"at most {MOST_LEGS} legs; conferences are not supported",
            found=found,
            basis="documented" if findings.where == "api" else "assumed",
            page=pages.MESSAGING,
        )
    return set()
