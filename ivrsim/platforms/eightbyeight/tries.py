"""A try of sayAndCapture: what it waits for, by the rules of the action and the settings."""

from __future__ import annotations

from dataclasses import dataclass

from ivrsim.engine.capture import Captured, CaptureSpec
from ivrsim.engine.line import Prompt
from ivrsim.engine.session import Session
from ivrsim.platforms.eightbyeight.actions import CaptureRules


@dataclass(frozen=True, slots=True)
class Way:
    """How keys are taken by all tries of one action."""

    rules: CaptureRules
    barge_in: bool
    during_prompt: str
    refused: str

    @classmethod
    def of(cls, call: Session, rules: CaptureRules) -> Way:
        """By the settings; the trace says which of them decide."""
        if rules.defaulted:
            call.decide("8x8.capture_defaults", f"the action has no {', '.join(rules.defaulted)}")
        barge_in = call.setting("8x8.barge_in") == "yes"
        during = "interrupt"
        if not barge_in:
            call.decide("8x8.barge_in", "a prompt with a capture begins")
            early = call.decide("8x8.early_digits", "its prompt cannot be cut")
            during = "collect" if early == "keep" else "ignore"
        refused = ""
        if not rules.complete_on_hash and call.setting("8x8.plain_hash") == "ignored":
            call.decide("8x8.plain_hash", "a capture without completeOnHash begins")
            refused = "#"
        return cls(rules, barge_in, during, refused)

    def spec(self, call: Session, prompt: Prompt, attempt: int) -> CaptureSpec:
        """The capture of one try."""
        rules = self.rules
        by_hash = rules.complete_on_hash
        from_first_key = call.setting("8x8.digit_timeout_from") == "first_key"
        from_prompt_end = call.setting("8x8.overall_timeout_from") == "prompt_end"
        return CaptureSpec(
            prompts=(prompt,),
            during_prompt=self.during_prompt,
            min_digits=rules.min_digits,
            max_digits=rules.max_digits,
            max_digits_ends=not by_hash or call.setting("8x8.max_digits_ends") == "yes",
            terminator="#" if by_hash else None,
            keep_terminator=call.setting("8x8.hash_in_digits") == "yes",
            refused=self.refused,
            first_digit_ms=None if from_first_key else rules.digit_timeout,
            inter_digit_ms=rules.digit_timeout,
            overall_ms=rules.overall_timeout,
            overall_from="prompt_end" if from_prompt_end else "open",
            timeout_fails=True,
            attempt=attempt,
            attempts=rules.tries,
            secret=call.keys.secret,
            on_barge_in=lambda: _tell_barge_in(call),
        )


def tell_what_decided(call: Session, rules: CaptureRules, captured: Captured) -> None:
    """The settings without which this try would have gone otherwise."""
    ended_by = captured.ended_by
    if ended_by == "overall":
        call.decide("8x8.overall_timeout_from", "overallTimeout ended the capture")
    if ended_by == "first_digit" or (
        ended_by == "overall" and rules.digit_timeout is not None and not captured.digits
    ):
        call.decide("8x8.digit_timeout_from", "no key was pressed")
    if ended_by == "terminator":
        call.decide("8x8.hash_in_digits", "# ended the capture")
    if rules.complete_on_hash:
        if len(captured.digits) >= rules.max_digits:
            call.decide("8x8.max_digits_ends", "the last of maxDigits was pressed")
    elif "#" in captured.shown:
        call.decide("8x8.plain_hash", "# was pressed")


def _tell_barge_in(call: Session) -> None:
    call.decide("8x8.barge_in", "a key cut the prompt")
