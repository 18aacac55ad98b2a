"""Silence between what the caller does and what he hears next: the rule of trace.dead_air."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from ivrsim.trace.dead_air import DeadAir, DeadAirFold, dead_air_of
from ivrsim.trace.record import Record
from ivrsim.trace.view import CallView
from ivrsim.trace.view_items import EventItem
from tests.desk import LATE, LATE_MS, Desk, setup
from tests.engine import strategies as a


class Line:
    """A caller's line, told in few words."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self(0, "leg.created", role="caller")

    def __call__(self, t: int, kind: str, leg: str = "A", **data: Any) -> Line:
        self.records.append(Record(len(self.records) + 1, t, kind, leg, None, False, data))
        return self

    def prompt(self, t: int, end: int, name: str = "p", by: str = "finished") -> Line:
        """Only where nothing else happens between ``t`` and ``end``."""
        self(t, "prompt.started", prompt=name, text="Hello", duration_ms=end - t)
        return self(end, f"prompt.{by}", prompt=name)

    def key(self, t: int, capture: str | None = "c1", **data: Any) -> Line:
        return self(t, "digit", digit="1", capture=capture, **{"ignored": None, **data})

    def words(self, t: int, source: str = "typed", capture: str | None = "c1") -> Line:
        return self(t, "speech", source=source, text="hours", capture=capture, ignored=None)

    @property
    def silences(self) -> list[tuple[int, int]]:
        """When each began and how long it was."""
        return [(air.t, air.ms) for air in dead_air_of(self.records)]


@pytest.fixture
def line() -> Line:
    return Line().prompt(0, 1000)


def test_from_a_key_to_the_next_prompt(line: Line) -> None:
    line.key(1500).prompt(5000, 6000)
    key, prompt = line.records[3].seq, line.records[4].seq
    assert dead_air_of(line.records) == [DeadAir(key, 1500, 3500, prompt)]


def test_a_prompt_that_begins_at_once_leaves_none(line: Line) -> None:
    assert line.key(1500).prompt(1500, 3000).silences == []


def test_silence_that_nobody_waits_in_is_none(line: Line) -> None:
    assert line.prompt(60_000, 61_000).key(62_000).prompt(62_100, 63_000).silences == [
        (62_000, 100)
    ]


def test_one_number_is_one_wait_from_its_last_digit(line: Line) -> None:
    line.key(1500).key(4000).key(9000).prompt(9800, 10_000)
    assert line.silences == [(9000, 800)]


def test_who_acts_again_for_another_capture_waits_anew(line: Line) -> None:
    line.key(1500).key(4000, "c2").prompt(4500, 5000)
    assert line.silences == [(1500, 2500), (4000, 500)]


@pytest.mark.parametrize("why", ["webhook-pending", "no-capture", "capture-full"])
def test_impatient_keys_that_are_ignored_change_nothing(line: Line, why: str) -> None:
    line.key(1500).key(3000, None, ignored=why).key(4000, "c1", ignored=why)
    assert line.prompt(5000, 6000).silences == [(1500, 3500)]


def test_an_ignored_key_begins_nothing(line: Line) -> None:
    assert line.key(1500, None, ignored="no-capture").prompt(9000, 9500).silences == []
    assert line.key(10_000, None).prompt(19_000, 19_500).silences == []  # nobody has taken it


def test_a_prompt_that_plays_on_is_not_silence(line: Line) -> None:
    line(2000, "prompt.started", prompt="q", duration_ms=8000).key(3000)
    line(10_000, "prompt.finished", prompt="q").prompt(14_000, 15_000)
    assert line.silences == [(10_000, 4000)]


def test_a_prompt_after_one_that_plays_on_leaves_none(line: Line) -> None:
    line(2000, "prompt.started", prompt="q", duration_ms=8000).key(3000)
    line(10_000, "prompt.finished", prompt="q").prompt(10_000, 11_000)
    assert line.silences == []


def test_music_that_never_ends_is_no_silence(line: Line) -> None:
    line(2000, "prompt.started", prompt="q", duration_ms=None).key(3000)
    assert line(99_000, "call.ended").silences == []


def test_barge_in_begins_it_at_the_key(line: Line) -> None:
    line(2000, "prompt.started", prompt="q", duration_ms=8000).key(3000)
    line(3000, "prompt.interrupted", prompt="q", by="digit").prompt(7000, 8000)
    assert line.silences == [(3000, 4000)]


@pytest.mark.parametrize(
    ("kind", "leg", "data"),
    [
        ("prompt.started", "A", {"prompt": "b", "purpose": "beep", "duration_ms": 500}),
        ("prompt.started", "A", {"prompt": "r", "purpose": "ringback", "duration_ms": None}),
        ("speech", "B", {"source": "party", "text": "Hello"}),
        ("speech.started", "B", {"source": "party"}),
        ("leg.bridged", "A", {"with": "B"}),
        ("leg.hangup", "A", {"by": "caller"}),
        ("call.ended", "A", {}),
    ],
)
def test_what_ends_it(line: Line, kind: str, leg: str, data: dict[str, Any]) -> None:
    line(1100, "leg.created", "B", role="party").key(1500)(5000, kind, leg, **data)
    assert line.silences == [(1500, 3500)]
    assert dead_air_of(line.records)[0].until_seq == len(line.records)


@pytest.mark.parametrize(
    ("kind", "leg", "data"),
    [
        ("prompt.started", "A", {"prompt": "x", "duration_ms": 900, "ignored": True}),
        ("prompt.started", "A", {"prompt": "x", "duration_ms": 0}),
        ("prompt.started", "B", {"prompt": "x", "duration_ms": 900}),  # for the other side alone
        ("prompt.failed", "A", {"prompt": "x", "message": "no such file"}),
        ("leg.ringing", "B", {}),
        ("leg.ended", "B", {}),
        ("webhook.response", "A", {"webhook": "w1", "status": 200}),
        ("capture.closed", "A", {"capture": "c1"}),
    ],
)
def test_what_the_caller_does_not_hear(
    line: Line, kind: str, leg: str, data: dict[str, Any]
) -> None:
    line(1100, "leg.created", "B", role="party").key(1500)(3000, kind, leg, **data)
    assert line(6500, "call.ended").silences == [(1500, 5000)]


def test_where_a_call_is_left_nothing_is_measured(line: Line) -> None:
    line.key(1500)(9000, "call.left", branch="b.jsonl")(9000, "call.ended")
    assert line.silences == []


def test_a_key_that_ends_a_recording(line: Line) -> None:
    assert line.key(1500, None, recording="r1").prompt(4000, 5000).silences == [(1500, 2500)]


def test_words_count_from_the_end_of_the_voice(line: Line) -> None:
    line(2000, "speech.started", source="microphone").words(4300, "microphone")
    line(4500, "speech.stopped", source="microphone", ago_ms=500).prompt(8000, 9000)
    assert dead_air_of(line.records) == [DeadAir(5, 4000, 4000, 7, "words")]


def test_words_that_are_understood_long_after_the_voice_had_ended(line: Line) -> None:
    line(2000, "speech.started", source="microphone")
    line(3500, "speech.stopped", source="microphone", ago_ms=500)
    assert line.words(5000, "microphone").prompt(8000, 9000).silences == [(3000, 5000)]


def test_words_that_nobody_took_do_not_count(line: Line) -> None:
    assert line.words(2000, capture=None).prompt(8000, 9000).silences == []


def test_silence_is_known_while_it_lasts(line: Line) -> None:
    fold = DeadAirFold()
    for record in line.key(1500).records:
        fold.apply(record)
    assert (fold.since, fold.waits) == (1500, 4)
    fold.apply(Record(5, 2000, "prompt.started", "A", None, False, {"prompt": "x"}))
    assert (fold.since, fold.waits) == (None, None)


def test_the_conversation_tells_of_it_beyond_a_limit(line: Line) -> None:
    line.key(1500).prompt(4900, 6000, "a").key(7000, "c2").prompt(9000, 9500, "b")
    for limit, said in ((3000, [3400]), (1000, [3400, 2000]), (3400, [])):
        view = CallView(dead_air_ms=limit)
        for record in line.records:
            view.apply(record)
        told = [each for each in view.items if isinstance(each, EventItem)]
        assert [each.text for each in told] == [
            f"{ms / 1000:.1f} s of silence after the key" for ms in said
        ]
        assert {each.tone for each in told} <= {"warn"}
        assert [air.ms for air in view.dead_air] == [3400, 2000]
        assert view.to_json()["dead_air"][0]["ms"] == 3400
    items = [each.type for each in view.items]
    assert items == ["prompt", "keys", "prompt", "keys", "prompt"]


@pytest.mark.parametrize("platform", ["8x8", "vonage"])
def test_an_application_that_takes_its_time(platform: str) -> None:
    menus: dict[str, Any] = {
        "8x8": {
            "callflow": [
                {
                    "action": "sayAndCapture",
                    "params": {
                        "promptMessage": "Pin?", "voiceProfile": "en-US", "maxDigits": 1,
                        "minDigits": 1,
                    },
                }
            ]
        },
        "vonage": [
            {"action": "talk", "text": "Pin?", "bargeIn": True},
            {"action": "input", "type": ["dtmf"], "dtmf": {"maxDigits": 1}},
        ],
    }  # fmt: skip
    pages = iter([menus[platform]])
    desk = Desk(
        setup(platform),
        lambda command: None if command.context.get("informational") else next(pages, LATE),
    )
    digit = desk.press(2500, "1").run().one("digit")
    assert digit.data["ignored"] is None
    (air,) = dead_air_of(desk.records)
    assert (air.seq, air.t, air.ms) == (digit.seq, digit.t, LATE_MS)
    assert desk.records[air.until_seq - 1].kind in ("leg.ended", "call.ended")


@settings(max_examples=40 * a.EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=a.scripts())
def test_in_any_call_each_stretch_is_silent_and_after_something_the_caller_did(
    script: a.Script,
) -> None:
    records = Desk.of(script).run(until=36_000_000).records
    parties = {r.leg for r in records if r.kind == "leg.created" and r.data["role"] == "party"}
    last = 0
    for air in dead_air_of(records):
        began, over = records[air.seq - 1], records[air.until_seq - 1]
        assert began.kind in ("digit", "speech")
        assert began.data["ignored"] is None
        assert air.ms == over.t - air.t > 0
        assert last <= air.t  # they do not overlap
        last = over.t
        within = records[air.seq : air.until_seq - 1]
        prompts = [r for r in within if r.kind == "prompt.started" and not r.data.get("ignored")]
        assert all(r.leg in parties or r.data["duration_ms"] == 0 for r in prompts)
