"""Typed actions: names, defaults, summaries."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ivrsim.platforms.eightbyeight.actions import (
    CaptureRules,
    Hangup,
    MakeCall,
    PlayFile,
    Say,
    SayAndCapture,
    SayParams,
    language_of,
)
from ivrsim.platforms.eightbyeight.documents import read_callflow

VOICE = "en-US-BenjaminRUS"


def read(*actions: Any, **settings: str) -> tuple[Any, ...]:
    chosen = {f"8x8.{name}": choice for name, choice in settings.items()}
    callflow = read_callflow(list(actions), settings=chosen, where="reply")
    # Several captures in one callflow are handy here; of a call only the first would be heard.
    assert {found.code for found in callflow.diagnostics} <= {"8x8.after-capture"}
    return callflow.actions


def capture(**params: Any) -> dict[str, Any]:
    menu = {"promptMessage": "Press 1", "voiceProfile": VOICE, **params}
    return {"action": "sayAndCapture", "params": menu}


def test_every_action_is_typed() -> None:
    acts = read(
        {"action": "makeCall", "params": {"source": "6512345678", "destination": "+6590000000"}},
        {"action": "say", "params": {"text": "Hi", "voiceProfile": VOICE, "speed": 2}},
        {"action": "playFile", "params": {"fileUrl": "https://x.example/a/b.mp3?v=1"}},
        capture(),
        {"action": "say", "params": {"text": "Bye", "voiceProfile": VOICE}},
        {"action": "hangup"},
    )
    kinds = [MakeCall, Say, PlayFile, SayAndCapture, Say, Hangup]
    assert [type(act) for act in acts] == kinds
    assert [act.pointer for act in acts] == ["/0", "/1", "/2", "/3", "/4", "/5"]
    assert [act.action for act in acts][:2] == ["makeCall", "say"]
    assert acts[0].params.destination == "+6590000000"
    assert (acts[1].params.voice_profile, acts[1].params.repetition) == (VOICE, 1)
    assert acts[1].params.speed == 2.0
    assert acts[2].params.file_url.endswith("?v=1")


def test_summaries_are_short() -> None:
    long = "Welcome to ABC\nRestaurant, to book a table press one"
    menu, code, exact, _, end = read(
        capture(promptMessage=long),
        capture(minDigits=4, maxDigits=6),
        capture(minDigits=1, maxDigits=1),
        {"action": "say", "params": {"text": "Bye", "voiceProfile": VOICE}},
        {"action": "hangup", "params": {}},
    )
    assert menu.summary == "sayAndCapture “Welcome to ABC Restaurant, to b…” 1 to 25 digits"
    assert exact.summary == "sayAndCapture “Press 1” 1 digit"
    assert code.summary == "sayAndCapture “Press 1” 4 to 6 digits"
    assert end.summary == "hangup"


@pytest.mark.parametrize(
    ("setting", "most", "overall", "tries"), [("guide", 25, 30000, 3), ("openapi", 1, 5000, 1)]
)
def test_capture_defaults(setting: str, most: int, overall: int, tries: int) -> None:
    (act,) = read(capture(), capture_defaults=setting)
    assert act.rules == CaptureRules(
        1, most, None, overall, True, tries, ("maxDigits", "overallTimeout", "noOfTries")
    )


def test_what_is_written_wins_over_the_defaults() -> None:
    (act,) = read(
        capture(
            minDigits=2, maxDigits=4, digitTimeout=900, overallTimeout=9000,
            completeOnHash=False, noOfTries=2,
        )
    )  # fmt: skip
    assert act.rules == CaptureRules(2, 4, 900, 9000, False, 2)


def test_null_is_not_given() -> None:
    (act,) = read(capture(successMessage=None, maxDigits=None, completeOnHash=None))
    assert act.params.success_message is None
    assert act.rules.max_digits == 25
    assert act.rules.complete_on_hash


def test_one_point_zero_is_a_whole_number() -> None:
    (act,) = read(capture(repetition=2.0))
    assert act.params.repetition == 2


def test_params_do_not_change() -> None:
    params = SayParams.model_validate({"text": "Hi", "voiceProfile": VOICE})
    with pytest.raises(ValidationError):
        params.text = "Bye"


@pytest.mark.parametrize(
    ("profile", "locale"),
    [
        ("en-US-BenjaminRUS", "en-US"),
        ("en-US", "en-US"),
        ("zh-CN-XiaoxiaoNeural", "zh-CN"),
        ("fil-PH-Standard-A", "fil-PH"),
        ("sr-Latn-RS-X", "sr-Latn-RS"),
        ("Benjamin", None),
        ("en-USA", None),
        ("", None),
    ],
)
def test_language_of_a_voice(profile: str, locale: str | None) -> None:
    assert language_of(profile) == locale
