"""The DTMF bench: its material is what its rows say, and its scores are right."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from bench.dtmf import __main__ as command
from bench.dtmf import measure, report, signals
from bench.dtmf.detectors import Detector, Multimon, Ours, Spandsp
from bench.dtmf.digits import HIGHEST_TWIST, LOWEST_TWIST, digit_rows, within_twist
from bench.dtmf.keying import Expected, Row, finished, generator, keyed, shuffled
from bench.dtmf.material import rows
from bench.dtmf.music import hold_music, song
from bench.dtmf.nothing import nothing_rows
from bench.dtmf.pauses import pause_rows
from bench.dtmf.report import DETECTORS, Line, Options, Section
from bench.dtmf.score import Heard, Score, score
from bench.dtmf.signals import DIGITS, PAIRS, Signal
from bench.dtmf.speaker import Sentence, speak
from bench.dtmf.speech import babble, speech


@cache
def held_out() -> dict[str, Row]:
    return {row.name: row for row in rows("held-out", short=True)}


def tones_db(row: Row, digit: Expected, skip_s: float = 0.0) -> tuple[float, float]:
    """dBm0 of both tones of a digit, by least squares; without the first ``skip_s`` seconds."""
    first, last = round((digit.start + skip_s) * row.rate), round(digit.end * row.rate)
    turns = 2 * np.pi * np.arange(last - first) / row.rate
    low, high = PAIRS[digit.digit]
    waves = np.stack([f(turns * hz) for hz in (low, high) for f in (np.sin, np.cos)], axis=1)
    found = np.linalg.lstsq(waves, row.samples[first:last].astype(np.float64), rcond=None)[0]
    peaks = np.hypot(found[0::2], found[1::2])
    low_db, high_db = 20 * np.log10(peaks) + signals.FULL_SCALE_DBM0
    return float(low_db), float(high_db)


def band_power(signal: Signal, rate: int) -> float:
    """The mean square within 0 to 4 kHz."""
    powers = np.abs(np.fft.rfft(signal)) ** 2 * 2 / len(signal) ** 2
    return float(powers[np.fft.rfftfreq(len(signal), 1 / rate) <= 4000].sum())


# ---------------------------------------------------------------------------- the material


def test_a_row_depends_on_its_set_and_name_only() -> None:
    for row in itertools.islice(rows("held-out", short=True), 10):
        assert np.array_equal(row.samples, held_out()[row.name].samples)
        assert row.digits == held_out()[row.name].digits
    for row in itertools.islice(rows("tuning", short=True), 10):
        assert not np.array_equal(row.samples, held_out()[row.name].samples)


@pytest.mark.slow
def test_every_row_of_digits_has_150_at_least_and_ends_after_them() -> None:
    names = set()
    for row in itertools.chain(digit_rows("tuning"), pause_rows("tuning")):
        assert len(row.digits) >= 150, row.name
        assert row.samples.dtype == np.float32
        assert np.abs(row.samples).max() <= 1
        assert row.digits[-1].end < row.seconds
        assert all(one.end < other.start for one, other in itertools.pairwise(row.digits))
        names.add(row.name)
    assert names < set(held_out())
    assert len(held_out()) == len(names) + len(list(nothing_rows("tuning", short=True)))


def test_all_16_digits_are_in_the_plain_rows() -> None:
    for name in ("16 digits, 50/50 ms", "16 digits, 40/40 ms", "48 kHz"):
        assert {digit.digit for digit in held_out()[name].digits} == set(DIGITS)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("16 digits, 40/40 ms", -10, -10),
        ("twist +4 dB, 40/40 ms", -12, -8),
        ("twist -8 dB, 50/50 ms", -6, -14),
        ("-36 dBm0", -36, -36),
        ("44.1 kHz", -10, -10),
        ("DC offset of 0.25 of full scale", -10, -10),
    ],
)
def test_levels_and_twist_are_what_the_row_says(name: str, low: float, high: float) -> None:
    row = held_out()[name]
    for digit in row.digits:
        assert tones_db(row, digit) == pytest.approx((low, high), abs=0.6), digit


def test_twist_stays_within_the_limits_and_uses_them() -> None:
    row = held_out()["twist of -8 to +4 dB, 50/50 ms"]
    twists = [high - low for low, high in (tones_db(row, digit) for digit in row.digits)]
    assert LOWEST_TWIST - 0.5 < min(twists) < LOWEST_TWIST + 3
    assert HIGHEST_TWIST - 3 < max(twists) < HIGHEST_TWIST + 0.5


def test_neighbours_are_22_db_apart() -> None:
    row = held_out()["neighbours 22 dB apart (-3 and -25 dBm0)"]
    levels = [tones_db(row, digit)[0] for digit in row.digits]
    assert levels[0::2] == pytest.approx([-3] * (len(levels) // 2), abs=0.6)
    assert levels[1::2] == pytest.approx([-25] * (len(levels) // 2), abs=0.6)


def test_0_dbm0_is_clipped_and_nothing_else_loud_is() -> None:
    assert np.mean(np.abs(held_out()["0 dBm0, clipped"].samples) > 0.9999) > 0.01
    assert np.abs(held_out()["-6 dBm0"].samples).max() < 0.99


@pytest.mark.parametrize("name", ["both tones off by 1.5 %, all corners, 50/50 ms"])
def test_frequencies_are_off_all_four_ways(name: str) -> None:
    ways = set()
    row = held_out()[name]
    for digit in row.digits:
        first, last = round(digit.start * row.rate), round(digit.end * row.rate)
        tone = row.samples[first:last] * np.hanning(last - first)
        power = np.abs(np.fft.rfft(tone, 1 << 16))
        hz = np.fft.rfftfreq(1 << 16, 1 / row.rate)
        off = []
        for wanted in PAIRS[digit.digit]:
            near = np.abs(hz / wanted - 1) < 0.04
            off.append(hz[near][np.argmax(power[near])] / wanted - 1)
        assert np.abs(off) == pytest.approx([0.015, 0.015], abs=0.003)
        ways.add((digit.digit, off[0] > 0, off[1] > 0))
    assert len(ways) == 64


@pytest.mark.parametrize(
    ("name", "db"),
    [("white noise, 9 dB", 9), ("white noise, 24 dB", 24), ("48 kHz, noise, 12 dB", 12)],
)
def test_noise_is_counted_up_to_4_khz_against_both_tones(name: str, db: float) -> None:
    row = held_out()[name]
    lead = row.samples[: round(row.digits[0].start * row.rate)].astype(np.float64)
    digit = 2 * 10 ** ((-10 - signals.FULL_SCALE_DBM0) / 10) / 2
    assert 10 * np.log10(digit / band_power(lead, row.rate)) == pytest.approx(db, abs=1)


def test_the_dial_tone_is_as_strong_as_the_digits() -> None:
    row = held_out()["dial tone 350 + 440 Hz, as strong as the digits"]
    lead = row.samples[: round(row.digits[0].start * row.rate)].astype(np.float64)
    digit = 2 * 10 ** ((-10 - signals.FULL_SCALE_DBM0) / 10) / 2
    assert np.mean(lead**2) == pytest.approx(digit, rel=0.1)


def test_digits_of_an_echo_stay_within_the_twist() -> None:
    for ms, db in ((5, -8), (10, -10)):
        row = held_out()[f"echo of {ms} ms, {db} dB"]
        assert {digit.digit for digit in row.digits} == set(
            within_twist(signals.echo(8000, ms, db), 8000)
        )
        for digit in row.digits:
            low, high = tones_db(row, digit, skip_s=ms / 1000)
            assert LOWEST_TWIST - 0.5 < high - low < HIGHEST_TWIST + 0.5
    left_out = set(DIGITS) - set(within_twist(signals.echo(8000, 5, -8), 8000))
    assert left_out  # otherwise nothing was tested


def test_tones_and_pauses_last_as_long_as_the_row_says() -> None:
    for name, ms in (("tones of 23 ms", 23), ("tones of 10 ms", 10)):
        sounding = np.flatnonzero(held_out()[name].samples)
        ends = np.flatnonzero(np.diff(sounding) > 80)
        lengths = np.diff(np.concatenate([[-1], ends, [len(sounding) - 1]]))
        assert len(lengths) == 32
        # A first or last sample near zero is rounded to zero.
        assert lengths / 8 == pytest.approx(np.full(32, ms), abs=0.8)
    for one, other in itertools.pairwise(held_out()["16 digits, 40/40 ms"].digits):
        assert other.start - one.end == pytest.approx(0.04)
        assert one.end - one.start == pytest.approx(0.04)


def test_equal_digits_stand_side_by_side_40_ms_apart() -> None:
    row = held_out()["pauses of 40 ms between equal digits of 100 ms, -10 dBm0"]
    pairs = [(a, b) for a, b in itertools.pairwise(row.digits) if a.digit == b.digit]
    assert len(pairs) >= len(row.digits) * 4 // 5
    assert all(b.start - a.end == pytest.approx(0.04) for a, b in pairs)


def test_every_digit_has_its_break() -> None:
    row = held_out()["a break of 10 ms within a digit"]
    for digit in row.digits:
        tone = row.samples[round(digit.start * 8000) : round(digit.end * 8000)]
        longest = max(len(list(run)) for zero, run in itertools.groupby(tone == 0) if zero)
        assert 80 <= longest <= 83


def test_soft_edges_keep_the_times() -> None:
    row = held_out()["edges of 5 ms"]
    for digit in row.digits:
        first, last = round(digit.start * 8000), round(digit.end * 8000)
        assert np.abs(row.samples[first - 8 : first + 8]).max() < 0.1
        assert np.abs(row.samples[last - 8 : last + 8]).max() < 0.1
        assert tones_db(row, replace(digit, end=digit.end - 0.006), 0.006)[0] == pytest.approx(
            -10, abs=0.6
        )


def test_codecs_change_what_they_change_and_keep_its_length() -> None:
    signal = keyed(generator("tuning", "codecs"), "1A0", 100)[0]
    for chain, at_least, at_most in (
        (("ULAW",), 30, 45),
        (("ULAW", "ALAW", "ULAW"), 28, 42),
        (("GSM610",), 5, 30),
    ):
        coded = signals.codec(signal, *chain)
        assert len(coded) == len(signal)
        snr = 10 * np.log10(np.mean(signal**2) / np.mean((coded - signal) ** 2))
        assert at_least < snr < at_most, chain


@pytest.mark.parametrize("make", [speech, babble, song, hold_music])
def test_what_is_no_digit_is_made_again_from_its_seed_at_its_level(make: Any) -> None:
    arguments = (8000,) if make in (speech, babble) else ()
    one, again, other = (
        make(np.random.default_rng(seed), 3.0, *arguments, dbm0=-20.0) for seed in (1, 1, 2)
    )
    assert np.array_equal(one, again)
    assert not np.array_equal(one[:8000], other[:8000])
    assert len(one) == 24_000
    level = 10 * np.log10(2 * signals.active_power(one, 8000)) + signals.FULL_SCALE_DBM0
    assert level == pytest.approx(-20, abs=1.5)


def test_sentences_that_do_not_last_and_voices_that_are_not_there_are_errors() -> None:
    with pytest.raises(ValueError, match="1 sentences do not last 60 s"):
        speak([Sentence("hello", "en+f2", 150, 50, 50)], 60)
    with pytest.raises(RuntimeError, match="the voice xx does not load"):
        speak([Sentence("hello", "xx", 150, 50, 50)], 1)


# ------------------------------------------------------------------------------ the scores

KEYED = (Expected("1", 0.1, 0.15), Expected("1", 0.2, 0.25), Expected("#", 0.3, 0.35))


def heard(*digits: tuple[str, float, float]) -> list[Heard]:
    return [Heard(*digit) for digit in digits]


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        (heard(("1", 0.1, 0.15), ("1", 0.2, 0.25), ("#", 0.3, 0.35)), Score(3, 0, 0)),
        (heard(("1", 0.12, 0.165), ("1", 0.21, 0.255), ("#", 0.31, 0.36)), Score(3, 0, 0)),
        (heard(("1", 0.1, 0.15), ("#", 0.3, 0.35)), Score(2, 1, 0)),
        (heard(("1", 0.1, 0.25), ("#", 0.3, 0.35)), Score(2, 1, 0)),
        (heard(("1", 0.1, 0.12), ("1", 0.13, 0.15), ("1", 0.2, 0.25)), Score(2, 1, 1, 1)),
        (heard(("1", 0.1, 0.15), ("2", 0.2, 0.25), ("#", 0.3, 0.35)), Score(2, 1, 1)),
        (
            heard(
                ("1", 0.4, 0.45),
            ),
            Score(0, 3, 1),
        ),
        ([], Score(0, 3, 0)),
    ],
)
def test_digits_are_scored_by_time(digits: list[Heard], expected: Score) -> None:
    assert score(KEYED, digits) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("11#", Score(3, 0, 0)),
        ("1#", Score(2, 1, 0)),
        ("111#", Score(3, 0, 1)),
        ("12#", Score(2, 1, 1)),
        ("#11", Score(2, 1, 1)),
        ("", Score(0, 3, 0)),
    ],
)
def test_digits_without_times_are_scored_by_their_order(text: str, expected: Score) -> None:
    assert score(KEYED, [Heard(digit) for digit in text]) == expected


def test_a_row_passes_with_what_it_needs_and_nothing_added() -> None:
    row = Row("digits", "a", 8000, np.zeros(1, np.float32), KEYED)
    assert Score(3, 0, 0).passes(row)
    assert not Score(3, 0, 1, 1).passes(row)
    assert not Score(2, 1, 0).passes(row)
    assert Score(2, 1, 0).passes(replace(row, needed=0.6))
    assert not Score(0, 0, 1).passes(replace(row, digits=()))


def test_a_score_is_shown_in_words() -> None:
    assert str(Score(3, 0, 0)) == "3 of 3"
    assert str(Score(2, 1, 3, 1)) == "2 of 3, 2 added, 1 doubled"
    assert (str(Score(0, 0, 0)), str(Score(0, 0, 4))) == ("none", "4 false")


# ------------------------------------------------------------------------------ the runners


def there(detector: Detector[Any]) -> Detector[Any]:
    if detector.missing:
        assert os.environ.get("CI") != "true", f"{detector.name}: {detector.missing}"
        pytest.skip(f"{detector.name}: {detector.missing}")
    return detector


@pytest.mark.parametrize("detector", [Ours(), Spandsp(), Multimon()], ids=lambda one: one.name)
@pytest.mark.parametrize("rate", [8000, 48_000])
def test_each_detector_hears_a_plain_row(detector: Detector[Any], rate: int) -> None:
    there(detector)
    signal, digits = keyed(generator("tuning", "plain"), DIGITS, 100, 100, rate=rate)
    data = detector.prepare(finished(signal), rate)
    for block_s in (None, 0.02) if detector.tells_when else (None,):
        found = detector.hear(data, block_s)
        assert "".join(one.digit for one in found) == DIGITS
        if block_s is not None:
            assert score(digits, found) == Score(16, 0, 0)


@pytest.mark.parametrize("detector", [Ours(), Spandsp()], ids=lambda one: one.name)
def test_a_detector_reports_a_digit_after_it_began(detector: Detector[Any]) -> None:
    there(detector)
    row = measure.delay_rows("tuning", short=True)[0]
    found = measure.delays(detector, row)
    assert len(found) == 16
    assert all(0.01 < seconds < 0.1 for seconds in found)


@dataclass
class Slow:
    """Reports what it was made for, so many seconds after each digit began."""

    digits: tuple[Expected, ...]
    delays: list[float]
    name: str = "slow"
    missing: str = ""
    tells_when: bool = True
    blocks: list[float | None] = field(default_factory=list)

    def prepare(self, samples: Any, rate: int) -> Any:
        return samples

    def hear(self, data: Any, block_s: float | None = None) -> list[Heard]:
        self.blocks.append(block_s)
        late = zip(self.digits, self.delays, strict=False)
        return [Heard(one.digit, one.start, one.end, one.start + late_s) for one, late_s in late]


def test_delays_are_counted_from_the_start_of_the_tone() -> None:
    row = measure.delay_rows("tuning", short=True)[0]
    slow = Slow(row.digits, [0.03] * 14 + [0.05])
    found = measure.delays(slow, row)
    assert slow.blocks == [0.005]
    assert found == pytest.approx([0.03] * 14 + [0.05, float("inf")])


class Hoarder:
    """Keeps everything it was fed."""

    def __init__(self, rate: int) -> None:
        self.blocks: list[Any] = []

    def feed(self, samples: Any) -> list[Any]:
        self.blocks.append(samples.copy())
        return []


def test_a_detector_that_keeps_what_it_hears_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "DtmfDetector", Hoarder)
    assert measure.growth(short=True) > 40 * 48_000


# ------------------------------------------------------------------------------- the report


def test_a_section_shows_all_three_and_the_verdict_in_plain_sight() -> None:
    lines = [
        Line("a", ("1 of 1", "0 of 1", "1 of 1"), "all", True),
        Line("b", ("0 of 1", "–", "1 of 1"), "all", False),
    ]
    assert str(Section("Digits", lines, [])).splitlines() == [
        "### Digits",
        "",
        "|   | ivrsim | spandsp | multimon-ng | limit | verdict     |",
        "|---|--------|---------|-------------|-------|-------------|",
        "| a | 1 of 1 | 0 of 1  | 1 of 1      | all   | PASS        |",
        "| b | 0 of 1 | –       | 1 of 1      | all   | FALLS SHORT |",
    ]


def test_a_short_row_is_told_in_the_table_and_in_brief(monkeypatch: pytest.MonkeyPatch) -> None:
    signal, digits = keyed(generator("tuning", "two"), shuffled(generator("tuning", "two"), 1))
    good = Row("digits", "good", 8000, finished(signal), digits)
    bad = Row("digits", "bad", 8000, finished(signal), digits)
    monkeypatch.setattr(report, "rows", lambda seed_set, short: [good, bad])
    deaf = Slow(digits, [0.03] * 16, name=report.OURS)

    def hear(data: Any, block_s: float | None = None) -> list[Heard]:
        deaf.blocks.append(block_s)
        all_ = Slow(digits, [0.03] * 16).hear(data)
        return all_ if len(deaf.blocks) == 1 else all_[1:]

    monkeypatch.setattr(deaf, "hear", hear)
    monkeypatch.setattr(report, "DETECTORS", (deaf,))
    section = next(report.sections(Options(("tuning",), short=True)))
    assert [line.met for line in section.lines] == [True, False, False]
    assert [line.what for line in section.brief] == ["rows passed", "bad"]
    assert [line.cells for line in section.brief] == [("1 of 2",), ("15 of 16",)]


@pytest.mark.parametrize(("met", "strict", "status"), [(True, 0, 0), (False, 0, 0), (False, 1, 1)])
def test_only_strict_fails_where_ours_falls_short(
    met: bool,
    strict: int,
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen: list[Options] = []

    def sections(options: Options) -> list[Section]:
        seen.append(options)
        return [Section("Digits", [Line("a", ("1", "2", "3"), "all", met)], [])]

    monkeypatch.setattr(command, "sections", sections)
    monkeypatch.setattr(command, "DETECTORS", ())
    arguments = ["--short", "--seeds", "held-out", *["--strict"] * strict]
    assert command.main(arguments) == status
    assert seen == [Options(("held-out",), short=True, hours=0.1)]
    assert ("FALLS SHORT" in capsys.readouterr().out) is not met


def test_a_peer_that_is_missing_is_told_and_not_forgiven_in_ci(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "sections", lambda options: [])
    missing = Slow((), [], name="spandsp", missing="not installed")
    monkeypatch.setattr(command, "DETECTORS", (DETECTORS[0], missing))
    monkeypatch.delenv("CI", raising=False)
    assert command.main(["--strict"]) == 0
    assert "spandsp: not installed" in capsys.readouterr().out
    monkeypatch.setenv("CI", "true")
    assert command.main(["--strict"]) == 1
