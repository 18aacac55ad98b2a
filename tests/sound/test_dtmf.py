"""The detector on a little of everything that ``bench/dtmf`` measures at length."""

from __future__ import annotations

import io
import tracemalloc

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from ivrsim.sound.dtmf import Digit, DtmfDetector, decode
from ivrsim.sound.espeak import Synthesizer
from ivrsim.sound.tones import DTMF_HZ

RATE = 8000
ALL = "1234567890*#ABCD"
Signal = NDArray[np.float64]


def amplitude(dbm0: float) -> float:
    """The peak of one tone; 0 dBm0 is a sine of -3.14 dBFS."""
    return float(10 ** ((dbm0 - 3.14) / 20))


def sines(
    hz: tuple[float, ...], ms: float, dbm0: tuple[float, ...], rate: int, seed: int
) -> Signal:
    time = np.arange(round(ms * rate / 1000)) / rate
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, len(hz))
    tones = zip(hz, dbm0, phases, strict=True)
    return sum(
        (amplitude(db) * np.sin(2 * np.pi * f * time + p) for f, db, p in tones),
        np.zeros(len(time)),
    )


def keyed(
    digits: str,
    on_ms: float = 50,
    off_ms: float = 50,
    *,
    rate: int = RATE,
    level: float | list[float] = -10,
    twist: float = 0,
    off: tuple[float, float] = (0, 0),
    seed: int = 1,
) -> Signal:
    """``twist``: dB of the high tone over the low one; ``off``: parts by which each is off."""
    rng = np.random.default_rng(seed)
    levels = np.resize(level, len(digits))
    pieces = [np.zeros(round(rng.uniform(0.09, 0.11) * rate))]
    for i, digit in enumerate(digits):
        low, high = DTMF_HZ[digit]
        hz = (low * (1 + off[0]), high * (1 + off[1]))
        pair = (levels[i] - twist / 2, levels[i] + twist / 2)
        pieces.append(sines(hz, on_ms, pair, rate, seed + i))
        pieces.append(np.zeros(round(off_ms * rate / 1000)))
    return np.concatenate([*pieces, np.zeros(rate // 10)])


def white(count: int, db_below: float, level: float = -10) -> Signal:
    power = amplitude(level) ** 2 * 10 ** (-db_below / 10)  # of both tones: twice half the square
    return np.random.default_rng(5).normal(0, np.sqrt(power), count)


def mu_law(signal: Signal) -> Signal:
    """G.711's curve, of 255 steps."""
    packed = np.sign(signal) * np.log1p(255 * np.abs(signal)) / np.log(256)
    packed = np.round(packed * 127) / 127
    return np.sign(packed) * (256 ** np.abs(packed) - 1) / 255


def gsm(signal: Signal) -> Signal:
    """GSM 06.10, the full rate codec of libsndfile."""
    file = io.BytesIO()
    soundfile.write(file, np.clip(signal, -1, 1), RATE, "GSM610", format="WAV")
    file.seek(0)
    return soundfile.read(file)[0][: len(signal)]


def echoing(signal: Signal, ms: float, db: float) -> Signal:
    late = np.zeros(len(signal))
    delay = round(ms * RATE / 1000)
    late[delay:] = signal[:-delay] * 10 ** (db / 20)
    return signal + late


def listen(signal: Signal, rate: int = RATE) -> list[Digit]:
    detector = DtmfDetector(rate)
    return detector.feed(signal) + detector.flush()


# What must be heard


@pytest.mark.parametrize("ms", [40, 50, 300])
def test_all_digits(ms: int) -> None:
    assert decode(keyed(ALL, ms, 40), RATE) == ALL


@pytest.mark.parametrize("rate", [8000, 11_025, 16_000, 22_050, 44_100, 44_101, 48_000])
def test_all_rates(rate: int) -> None:
    assert decode(keyed(ALL, 40, 40, rate=rate), rate) == ALL


@pytest.mark.parametrize("low", [-0.015, 0, 0.015])
@pytest.mark.parametrize("high", [-0.015, 0, 0.015])
def test_frequencies_off_by_as_much_as_is_allowed(low: float, high: float) -> None:
    assert decode(keyed(ALL, 40, 40, off=(low, high)), RATE) == ALL


@pytest.mark.parametrize("twist", [-8, 4])
def test_twist(twist: int) -> None:
    assert decode(keyed(ALL, 40, 40, twist=twist), RATE) == ALL


@pytest.mark.parametrize("level", [0, -36, -45])
def test_levels(level: int) -> None:
    assert decode(np.clip(keyed(ALL, level=level), -1, 1), RATE) == ALL


def test_neighbours_of_very_different_level() -> None:
    twice = "".join(digit * 2 for digit in ALL)
    assert decode(keyed(twice, 40, 40, level=[-3, -25]), RATE) == twice
    assert decode(keyed(twice, 40, 40, level=[-25, -3]), RATE) == twice


def test_noise() -> None:
    signal = keyed(ALL * 2, 40, 40)
    assert decode(signal + white(len(signal), 9), RATE) == ALL * 2


def test_dial_tone_as_strong_as_the_digits() -> None:
    signal = keyed(ALL)
    dial_tone = sines((350, 440), 1000 * len(signal) / RATE, (-10, -10), RATE, 3)
    assert decode(signal + dial_tone, RATE) == ALL


def test_dc_and_hum() -> None:
    signal = keyed(ALL)
    hum = sines((50, 100, 150), 1000 * len(signal) / RATE, (-20, -30, -26), RATE, 3)
    assert decode(signal + hum + 0.3, RATE) == ALL


def test_coding_three_times() -> None:
    signal = keyed(ALL, 40, 40, level=-30)
    assert decode(mu_law(mu_law(mu_law(signal) * 0.97) * 0.97), RATE) == ALL


def test_gsm() -> None:
    assert decode(gsm(keyed(ALL * 2, 60, 60)), RATE) == ALL * 2


@pytest.mark.parametrize(("ms", "db"), [(20, -15), (40, -20)])
def test_an_echo_is_not_another_digit(ms: int, db: int) -> None:
    assert decode(echoing(keyed(ALL), ms, db), RATE) == ALL
    assert decode(echoing(keyed("55##22", 40, 40), ms, db), RATE) == "55##22"


@pytest.fixture(scope="module")
def voice() -> Signal:
    text = "Good morning, you have reached the table reservation. For today, please press one. "
    samples = Synthesizer(RATE).render(text * 2, language="en-US").samples.astype(np.float64)
    loud = np.convolve(samples**2, np.ones(160) / 160, "same")
    return samples / np.sqrt(2 * loud[loud > loud.max() / 300].mean())


@pytest.mark.parametrize("db", [10, 5])
def test_digits_over_speech(voice: Signal, db: int) -> None:
    signal = keyed(ALL * 2, 80, 70)
    over = voice * amplitude(-10 - db) * np.sqrt(2)
    assert decode(signal + np.resize(over, len(signal)), RATE) == ALL * 2


def test_most_digits_over_speech_as_loud_as_they_are(voice: Signal) -> None:
    signal = keyed(ALL * 2, 80, 70)
    over = np.resize(voice * amplitude(-10) * np.sqrt(2), len(signal))
    assert len(decode(signal + over, RATE)) >= 30


# Breaks and pauses


@pytest.mark.parametrize("ms", [2, 5, 10])
@pytest.mark.parametrize("same_phase", [True, False])
def test_a_break_is_no_pause(ms: int, same_phase: bool) -> None:
    tone = sines(DTMF_HZ["5"], 100, (-10, -10), RATE, 1)
    other = tone if same_phase else sines(DTMF_HZ["5"], 100, (-10, -10), RATE, 2)
    gap, begin = np.zeros(600), 400
    resumed = np.concatenate([tone[:begin], np.zeros(8 * ms), other[begin + 8 * ms :]])
    (digit,) = listen(np.concatenate([gap, resumed, gap]))
    assert digit.digit == "5"
    assert digit.end == pytest.approx(0.175, abs=0.004)


@pytest.mark.parametrize("ms", [40, 100, 500])
def test_a_pause_of_40_ms_parts_equal_digits(ms: int) -> None:
    assert decode(keyed("5500##AA", ms, 40), RATE) == "5500##AA"


# What must not be heard


@pytest.mark.parametrize("ms", [5, 10, 15, 20, 23])
@pytest.mark.parametrize("level", [-3, -30])
def test_short_tones(ms: int, level: int) -> None:
    assert decode(keyed(ALL * 3, ms, 47, level=level), RATE) == ""


@pytest.mark.parametrize(
    "off", [(0.035, 0), (-0.035, 0), (0, 0.035), (0, -0.035), (0.035, 0.035), (-0.035, 0.035)]
)
@pytest.mark.parametrize("ms", [50, 300])
def test_frequencies_too_far_off(off: tuple[float, float], ms: int) -> None:
    assert decode(keyed(ALL, ms, off=off), RATE) == ""


@pytest.mark.parametrize("group", [(697, 770, 852, 941), (1209, 1336, 1477, 1633)])
def test_one_tone_or_two_of_one_group(group: tuple[int, ...]) -> None:
    gap = np.zeros(400)
    for hz in group:
        assert decode(np.concatenate([gap, sines((hz,), 200, (-10,), RATE, hz), gap]), RATE) == ""
        loud = np.clip(sines((hz,), 200, (9,), RATE, hz), -1, 1)
        assert decode(np.concatenate([gap, loud, gap]), RATE) == ""
        for other in group:
            if other != hz:
                pair = sines((hz, other), 200, (-10, -12), RATE, hz + other)
                assert decode(np.concatenate([gap, pair, gap]), RATE) == ""


@pytest.mark.parametrize(
    "hz", [(350, 440), (425,), (440, 480), (480, 620), (950,), (1400,), (1800,), (2100,), (1100,)]
)
def test_call_progress_tones(hz: tuple[int, ...]) -> None:
    tone = sines(hz, 500, tuple(-8 for _ in hz), RATE, 2)
    assert decode(np.concatenate([np.zeros(900), tone, np.zeros(900), tone]), RATE) == ""


@pytest.mark.parametrize("level", [-40, -10])
def test_noise_alone(level: int) -> None:
    noise = np.random.default_rng(4).normal(0, amplitude(level), 60 * RATE)
    assert decode(np.clip(noise, -1, 1), RATE) == ""
    assert decode(np.cumsum(noise) / 50 % 1 - 0.5, RATE) == ""


def test_speech_alone(voice: Signal) -> None:
    assert decode(voice, RATE) == ""


def test_nothing_at_all() -> None:
    assert decode(np.zeros(0), RATE) == ""
    assert decode(np.zeros(RATE), RATE) == ""
    assert decode(np.full(RATE, 0.9), RATE) == ""


# Times


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000])
def test_start_and_end(rate: int) -> None:
    signal = keyed(ALL, 73, 61, rate=rate)
    at = np.flatnonzero(signal)[0] / rate
    for i, digit in enumerate(listen(signal, rate)):
        start = at + i * 0.134
        assert digit.start == pytest.approx(start, abs=0.003)
        assert digit.end == pytest.approx(start + 0.073, abs=0.003)


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("phase", range(0, 40, 7))
def test_reported_within_45_ms_while_the_key_is_held(rate: int, phase: int) -> None:
    lead = np.zeros(round((0.1 + phase / 8000) * rate))
    tone = sines(DTMF_HZ["7"], 1000, (-12, -10), rate, phase)
    signal = np.concatenate([lead, tone])
    detector, block = DtmfDetector(rate), rate // 200
    for first in range(0, len(signal), block):
        assert detector.held is None
        digits = detector.feed(signal[first : first + block])
        if digits:
            break
    (digit,) = digits
    assert first + block - len(lead) <= 0.045 * rate
    assert detector.held is digit
    assert digit.end is None
    assert detector.feed(signal[first + block :]) == []
    assert detector.held is digit
    assert detector.feed(np.zeros(rate // 10)) == []
    assert detector.held is None
    assert digit.end == pytest.approx(len(signal) / rate, abs=0.003)


def test_flush_ends_the_stream_and_another_can_follow() -> None:
    detector = DtmfDetector(RATE)
    signal = keyed("8", 60)
    end = np.flatnonzero(signal)[-1] + 1
    first = detector.feed(signal[: end - 300]) + detector.flush()
    assert first == []  # 22 ms of its tone are no digit
    (again,) = detector.feed(signal[:end]) + detector.flush()
    assert again.digit == "8"
    assert again.end == pytest.approx(end / RATE, abs=0.003)
    assert detector.held is None
    (third,) = detector.feed(signal[:end]) + detector.flush()
    assert (third.start, third.end) == (again.start, again.end)
    assert detector.flush() == []


# Input


def test_kinds_of_samples() -> None:
    signal = keyed(ALL)
    as_int16 = np.round(signal * 32767).astype(np.int16)
    assert decode(signal.astype(np.float32), RATE) == ALL
    assert decode(as_int16, RATE) == ALL
    assert decode(as_int16.astype(np.int16)[::-1][::-1], RATE) == ALL  # not contiguous


def test_samples_that_are_no_numbers_are_silence() -> None:
    signal = keyed("12")
    signal[10:20] = np.nan
    signal[-10] = np.inf
    assert decode(signal, RATE) == "12"


@pytest.mark.parametrize("rate", [0, -8000, 7999, 48_001, 8000.5])
def test_a_rate_that_does_not_do(rate: float) -> None:
    with pytest.raises(ValueError, match=f"8000 to 48000 Hz, not {rate}"):
        DtmfDetector(rate)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("samples", "found"),
    [
        (np.zeros((2, 100)), "not 2"),
        (np.zeros(100, np.int32), "not int32"),
        (np.zeros(100, complex), "not complex128"),
        (np.zeros(100, bool), "not bool"),
    ],
)
def test_samples_that_do_not_do(samples: NDArray[np.generic], found: str) -> None:
    with pytest.raises(ValueError, match=found):
        DtmfDetector(RATE).feed(samples)


def test_the_samples_given_stay_as_they_are() -> None:
    signal = keyed("147")
    before = signal.copy()
    decode(signal, RATE)
    assert np.array_equal(signal, before)


def test_memory_does_not_grow() -> None:
    signal = keyed("147*2580369#").astype(np.float32)
    detector = DtmfDetector(RATE)

    def minutes(count: int) -> int:
        for _ in range(count * 10):
            for first in range(0, len(signal), 160):
                detector.feed(signal[first : first + 160])
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = minutes(1)
        assert minutes(2) - before < 4096
    finally:
        tracemalloc.stop()
