"""What can be wrong with the order of actions that are well-formed."""

from __future__ import annotations

from collections.abc import Sequence

from ivrsim.platforms.vonage import pages
from ivrsim.platforms.vonage.actions import Action, Input, Prompt, Record
from ivrsim.platforms.vonage.diagnostics import Findings


def check_order(actions: Sequence[Action], findings: Findings) -> None:
    """Remarks about what follows what. ``interruptible`` of the prompts is already known."""
    if actions and isinstance(last := actions[-1], Record) and not last.blocks:
        findings.add(
            "vonage.record-at-the-end",
            last.pointer,
            "this record does not block and nothing follows: the call ends at once, and the"
            " recording with it",
            expected="endOnSilence or endOnKey, or an action after it",
        )
    for index, action in enumerate(actions):
        if not isinstance(action, Prompt):
            continue
        if action.loop == 0 and not action.interruptible and index + 1 < len(actions):
            findings.add(
                "vonage.unreachable-after-loop",
                f"{action.pointer}/loop",
                f"it plays for ever without bargeIn: {actions[index + 1].pointer} and what"
                " comes after is never reached",
                expected="bargeIn true with an input after it, or a loop of 1 or more",
                found="0",
            )
        if action.barge_in:
            _input_follows(action, actions[index + 1 :], findings)


def _input_follows(prompt: Prompt, after: Sequence[Action], findings: Findings) -> None:
    mixed: Action | None = None
    for action in after:
        if isinstance(action, Input):
            if mixed is not None and findings.decide("vonage.barge_in_mixed") == "warn":
                findings.add(
                    "vonage.barge-in-mixed",
                    f"{prompt.pointer}/bargeIn",
                    f"read literally, the next action that is no {prompt.action} must be an"
                    f" input; it is {mixed.action} at {mixed.pointer}",
                    expected="input",
                    found=mixed.action,
                )
            return
        if not isinstance(action, Prompt):
            found = f"{action.action} at {action.pointer}"
            break
        if action.action != prompt.action and mixed is None:
            mixed = action
    else:
        found = "the end of the NCCO"
        findings.decide("vonage.barge_in_end")
    findings.add(
        "vonage.barge-in-without-input",
        f"{prompt.pointer}/bargeIn",
        f"bargeIn must be followed by an input; next comes {found}",
        expected="an input action after the prompts",
        found=found,
        suggestion="add an input, or leave bargeIn out",
        page=pages.BY_ACTION[prompt.action],
    )
