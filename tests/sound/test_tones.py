from __future__ import annotations

import numpy as np
import pytest

from ivrsim.sound import tones
from ivrsim.sound.clip import Clip
from ivrsim.sound.countries import COUNTRIES, Tones

RATE = 48000
LINE = 8000
ALL = [(country, name) for country in COUNTRIES for name in Tones._fields]


def dbm0(samples: np.ndarray) -> float:
    """Power: 0 dBm0 is a sine with a peak of -3.14 dBFS."""
    return float(10 * np.log10(2 * np.mean(samples.astype(float) ** 2)) + 3.14)


def line_dbm0(samples: np.ndarray, hz: float, rate: int) -> float:
    """Level of the sine of ``hz``, through a window whose side lobes are 92 dB down."""
    window = np.blackman(len(samples))
    turns = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / rate)
    amplitude = 2 * abs(np.sum(samples * window * turns)) / window.sum()
    return float(20 * np.log10(amplitude + 1e-12) + 3.14)


def spectrum_db(clip: Clip) -> np.ndarray:
    """Level per bin against the largest, after a window with low side lobes."""
    samples = clip.samples[RATE // 50 : -RATE // 50]
    spectrum = np.abs(np.fft.rfft(samples * np.blackman(len(samples)), RATE))  # 1 Hz a bin
    return 20 * np.log10(spectrum / spectrum.max() + 1e-12)


@pytest.mark.parametrize("key", list("1234567890*#ABCD"))
def test_a_key_has_its_two_frequencies_and_nothing_else(key: str) -> None:
    levels = spectrum_db(tones.dtmf(key, 500, twist_db=0))
    low, high = tones.DTMF_HZ[key]
    elsewhere = np.ones(len(levels), bool)
    for hz in (low, high):
        assert levels[hz] == pytest.approx(0, abs=0.1)
        assert levels[hz] > levels[[hz - 1, hz + 1]].max()
        elsewhere[hz - 10 : hz + 11] = False
    assert levels[elsewhere].max() < -60


def test_the_keypad_of_q23() -> None:
    assert tones.DTMF_HZ["1"] == (697, 1209)
    assert tones.DTMF_HZ["#"] == (941, 1477)
    assert tones.DTMF_HZ["D"] == (941, 1633)
    assert len(tones.DTMF_HZ) == 16
    assert np.array_equal(tones.dtmf("d").samples, tones.dtmf("D").samples)
    with pytest.raises(ValueError, match="no such key"):
        tones.dtmf("E")


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
@pytest.mark.parametrize(("level", "twist"), [(0, 0), (-12, 2), (-36, 4), (-20, -8)])
def test_level_and_twist(rate: int, level: float, twist: float) -> None:
    samples = tones.dtmf("6", 500, rate, level_dbm0=level, twist_db=twist).samples
    inner = samples[rate // 100 : -rate // 100]
    assert line_dbm0(inner, 770, rate) == pytest.approx(level, abs=0.02)
    assert line_dbm0(inner, 1477, rate) == pytest.approx(level + twist, abs=0.02)


@pytest.mark.parametrize("rate", [8000, 11025, 48000])
@pytest.mark.parametrize("duration_ms", [23, 40, 50])
def test_a_tone_is_at_full_level_for_all_of_its_duration(rate: int, duration_ms: int) -> None:
    samples = tones.dtmf("5", duration_ms, rate).samples.astype(float)
    edge = round(tones.DTMF_EDGE_MS * rate / 1000)
    steady = round(duration_ms * rate / 1000)
    assert len(samples) == steady + 2 * edge
    # No key's tone comes back before it has run its edges: compare with the tone without them.
    time = np.arange(len(samples)) / rate
    low, high = tones.peak(-12), tones.peak(-10)
    plain = low * np.sin(2 * np.pi * 770 * time) + high * np.sin(2 * np.pi * 1336 * time)
    assert np.allclose(samples[edge : edge + steady], plain[edge : edge + steady], atol=1e-6)
    assert abs(samples[0]) < 0.01 and abs(samples[-1]) < 0.01


def where_it_sounds(clip: Clip) -> list[tuple[float, float]]:
    """Begin and end of each tone in ms, where 2 ms of it have half of the loudest level."""
    width = 2 * clip.rate // 1000
    power = np.convolve(clip.samples.astype(float) ** 2, np.ones(width) / width, "same")
    loud = np.concatenate([[False], power > power.max() / 4, [False]])
    edges = np.flatnonzero(np.diff(loud.astype(int))) * 1000 / clip.rate
    bursts = edges.reshape(-1, 2)
    joined = [list(bursts[0])]
    for start, end in bursts[1:]:  # the beat of two tones is no pause
        if start - joined[-1][1] < 15:
            joined[-1][1] = end
        else:
            joined.append([start, end])
    return [(start, end) for start, end in joined]


def test_a_sequence_keeps_its_times() -> None:
    clip = tones.dtmf_sequence("12,3 p4w#", 60, 40, RATE)
    heard = where_it_sounds(clip)
    starts = [0, 100, 1200, 1800, 2400]
    assert [start for start, _ in heard] == pytest.approx(starts, abs=3)
    assert [end for _, end in heard] == pytest.approx([s + 60 + 4 for s in starts], abs=3)
    assert clip.duration_ms == 2400 + 60 + 40 + 4
    for start, key in zip(starts, "1234#", strict=True):
        burst = clip.samples[(start + 2) * RATE // 1000 : (start + 62) * RATE // 1000]
        for hz in tones.DTMF_HZ[key]:
            assert line_dbm0(burst, hz, RATE) > -13


def test_sequences_that_cannot_be() -> None:
    with pytest.raises(ValueError, match="no such key: 'x'"):
        tones.dtmf_sequence("1x")
    with pytest.raises(ValueError, match="at least 4 ms"):
        tones.dtmf_sequence("11", off_ms=3)


def test_the_tones_of_every_country_can_be_made() -> None:
    assert len(COUNTRIES) >= 75
    for country, name in ALL:
        steps = tones.cadence(getattr(COUNTRIES[country], name))
        assert all(300 <= hz <= 2000 for step in steps for hz in step.hz), (country, name)
        assert steps[0].hz, (country, name)  # begins with sound: the loop begins softly
        if len(steps) > 1:
            assert all(10 <= step.ms <= 15_000 for step in steps), (country, name)
            assert any(not step.hz for step in steps), (country, name)


@pytest.mark.parametrize("text", sorted({getattr(COUNTRIES[c], n) for c, n in ALL}))
def test_progress_tones_have_their_level_and_loop_without_a_step(text: str) -> None:
    country, name = next(pair for pair in ALL if getattr(COUNTRIES[pair[0]], pair[1]) == text)
    clip = tones.progress(name, country, LINE)
    steps = tones.cadence(text)
    assert clip.duration_ms == (sum(step.ms for step in steps) or clip.duration_ms)
    twice = np.concatenate([clip.samples, clip.samples])
    peak = np.abs(clip.samples).max()
    steepest = 2 * np.sin(np.pi * max(hz for step in steps for hz in step.hz) / LINE)
    assert np.abs(np.diff(twice)).max() < 1.05 * peak * steepest
    first = clip.samples[: steps[0].ms * LINE // 1000 or None]
    # 40 ms are the shortest burst: half a decibel of it is lost in its soft edges
    assert dbm0(first) == pytest.approx(-10, abs=1.0)


def test_cadence_of_the_american_busy_tone() -> None:
    clip = tones.progress("busy", "us")
    on, off = clip.samples[: RATE // 2], clip.samples[RATE // 2 :]
    inner = on[RATE // 50 : -RATE // 50]
    assert [line_dbm0(inner, hz, RATE) for hz in (480, 620)] == pytest.approx([-13, -13], abs=0.1)
    assert not off.any()


@pytest.mark.parametrize(
    ("country", "name", "bursts"),
    [
        ("GB", "ringback", [(0, 400), (600, 1000)]),
        ("FR", "ringback", [(0, 1500)]),
        ("IT", "dial", [(0, 200), (400, 1000)]),
        ("TR", "congestion", [(0, 200), (400, 600), (800, 1000), (1200, 1800)]),
        ("DE", "waiting", [(0, 200), (400, 600)]),
    ],
)
def test_cadences(country: str, name: str, bursts: list[tuple[float, float]]) -> None:
    heard = where_it_sounds(tones.progress(name, country, LINE))
    assert np.array(heard) == pytest.approx(np.array(bursts), abs=12)


def test_the_special_information_tone_rises_in_three_steps() -> None:
    clip = tones.progress("sit", "SG", LINE)
    for index, hz in enumerate((950, 1400, 1800)):
        start = 330 * index * LINE // 1000
        part = clip.samples[start + 80 : start + 330 * LINE // 1000 - 80]
        assert line_dbm0(part, hz, LINE) == pytest.approx(-10, abs=0.1)


def test_a_swinging_tone_has_its_side_tones() -> None:
    clip = tones.progress("dial", "TH", LINE)  # 400 Hz, 50 times a second
    carrier, below, above = (line_dbm0(clip.samples, hz, LINE) for hz in (400, 350, 450))
    assert below == pytest.approx(carrier - 6, abs=0.1)
    assert above == pytest.approx(carrier - 6, abs=0.1)


def test_the_second_burst_of_the_australian_congestion_tone_is_quieter() -> None:
    samples = tones.progress("congestion", "AU", LINE).samples
    first, second = samples[:3000], samples[6000:9000]
    assert dbm0(first) - dbm0(second) == pytest.approx(10, abs=0.1)


def test_a_steady_tone_of_broken_hertz_loops_too() -> None:
    step = tones.Step((383.33, 416.67), 0)
    loop = tones._steady(step, RATE)
    assert len(loop) == 3 * RATE  # 1150 and 1250 turns
    steepest = 2 * np.sin(np.pi * 416.67 / RATE)
    assert np.abs(np.diff(np.tile(loop, 2))).max() < 1.01 * np.abs(loop).max() * steepest
    assert line_dbm0(np.tile(loop, 2), 1150 / 3, RATE) == pytest.approx(-13, abs=0.02)


def test_unknown_countries_hear_the_european_tone() -> None:
    ours = tones.progress("ringback", "XX").samples
    assert np.array_equal(ours, tones.progress("ringback", "EU").samples)
    with pytest.raises(ValueError, match="known are dial, ringback"):
        tones.progress("moo")


def test_the_beep_begins_and_ends_softly() -> None:
    samples = tones.beep().samples
    assert abs(samples[0]) < 0.001
    assert abs(samples[-1]) < 0.001
    assert line_dbm0(samples[RATE // 50 : -RATE // 50], 1000, RATE) == pytest.approx(-10, abs=0.1)
