from __future__ import annotations

import numpy as np
import pytest

from ivrsim.sound import g711

EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)
EVERY_CODE = np.arange(256, dtype=np.uint8)

# ITU-T G.711, tables 1a and 2a: number of the value, decision value, output value above it, in
# the standard's own scale (A-law to 4096, µ-law to 8159); sign, segment and step as sent.
A_LAW = [(113, 2048, 2112), (97, 1024, 1056), (81, 512, 528), (65, 256, 264), (49, 128, 132),
         (33, 64, 66), (1, 0, 1)]  # fmt: skip
MU_LAW = [(113, 4063, 4191), (97, 2015, 2079), (81, 991, 1023), (65, 479, 495), (49, 223, 231),
          (33, 95, 99), (17, 31, 33)]  # fmt: skip


@pytest.mark.parametrize(
    ("law", "scale", "number", "decision", "output"),
    [("a", 8, *row) for row in A_LAW] + [("mu", 4, *row) for row in MU_LAW],
)
def test_the_tables_of_the_standard(
    law: g711.Law, scale: int, number: int, decision: int, output: int
) -> None:
    inverted = 0x55 if law == "a" else 0x7F
    pcm = np.array([decision * scale, -decision * scale - 1], np.int16)
    positive, negative = g711.encode(pcm, law).tolist()
    assert positive ^ inverted == 0x80 | number - 1
    assert negative ^ inverted == number - 1
    assert g711.decode(np.array([positive, negative], np.uint8), law).tolist() == [
        output * scale,
        -output * scale,
    ]


def test_the_loudest() -> None:
    loudest = np.array([32767, -32768], np.int16)
    assert g711.decode(g711.encode(loudest, "a"), "a").tolist() == [4032 * 8, -4032 * 8]
    assert g711.decode(g711.encode(loudest, "mu"), "mu").tolist() == [8031 * 4, -8031 * 4]


def test_idle_codes() -> None:
    assert g711.encode(np.zeros(1, np.int16), "mu").tolist() == [0xFF]
    assert g711.encode(np.zeros(1, np.int16), "a").tolist() == [0xD5]


@pytest.mark.parametrize(
    ("law", "octets", "peak_db"),
    [("a", "34 21 21 34 B4 A1 A1 B4", -3.14), ("mu", "1E 0B 0B 1E 9E 8B 8B 9E", -3.17)],
)
def test_the_digital_milliwatt(law: g711.Law, octets: str, peak_db: float) -> None:
    """G.711 tables 5 and 6: 1 kHz at 0 dBm0, where the loudest sine has 3.14 or 3.17 dBm0."""
    wave = g711.decode(np.frombuffer(bytes.fromhex(octets), np.uint8), law) / 1.0
    loudest = {"a": 4096 * 8, "mu": 8159 * 4}[law]
    level = 10 * np.log10(2 * np.mean(wave**2) / loudest**2)
    assert level == pytest.approx(peak_db, abs=0.02)


@pytest.mark.parametrize("law", ["mu", "a"])
def test_coding_again_changes_nothing(law: g711.Law) -> None:
    once = g711.decode(g711.encode(EVERY_SAMPLE, law), law)
    assert np.array_equal(g711.decode(g711.encode(once, law), law), once)
    assert (np.diff(once) >= 0).all()  # louder stays louder
    assert len(set(g711.decode(EVERY_CODE, law).tolist())) == (255 if law == "mu" else 256)


@pytest.mark.parametrize("law", ["mu", "a"])
def test_the_error_is_a_fraction_of_the_sample(law: g711.Law) -> None:
    inner = EVERY_SAMPLE[np.abs(EVERY_SAMPLE.astype(int)) < 32_256].astype(int)
    error = np.abs(g711.decode(g711.encode(inner.astype(np.int16), law), law) - inner)
    assert (error <= np.maximum(np.abs(inner) / 32 + 5, 16)).all()


@pytest.mark.parametrize("law", ["mu", "a"])
def test_against_the_standard_library_where_it_still_has_it(law: g711.Law) -> None:
    audioop = pytest.importorskip("audioop")
    to_pcm = {"mu": audioop.ulaw2lin, "a": audioop.alaw2lin}[law]
    to_law = {"mu": audioop.lin2ulaw, "a": audioop.lin2alaw}[law]
    theirs = np.frombuffer(to_pcm(EVERY_CODE.tobytes(), 2), np.int16)
    assert np.array_equal(g711.decode(EVERY_CODE, law), theirs)
    positive = EVERY_SAMPLE[32768:]  # of negative samples on a µ-law decision value they differ
    theirs = np.frombuffer(to_law(positive.tobytes(), 2), np.uint8)
    assert np.array_equal(g711.encode(positive, law), theirs)


def test_shapes_are_kept() -> None:
    stereo = np.zeros((7, 2), np.int16)
    assert g711.encode(stereo, "a").shape == (7, 2)
    assert g711.decode(g711.encode(stereo, "a"), "a").dtype == np.int16


def test_the_law_of_a_country() -> None:
    assert [g711.law_of(code) for code in ("us", "JP", "SG", "GB", "")] == [
        "mu", "mu", "a", "a", "a",
    ]  # fmt: skip
