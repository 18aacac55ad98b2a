"""Each bench runs in a tiny form and prints its table. How quick it was is no matter of tests."""

from __future__ import annotations

import sys
from importlib import import_module

import pytest

from bench.run import NAMES, main
from bench.timing import Row, at_least, at_most, in_turn, interleaved, percentile, table

SLOW = {"dtmf", "line", "opening", "words"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else []) for name in NAMES],
)
def test_a_bench_prints_its_table(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if name == "paint" and sys.platform == "win32":
        pytest.skip("there are no ptys on Windows")
    assert main([name, "--short"]) == 0
    title, empty, header, line, *rows = capsys.readouterr().out.splitlines()
    assert title == f"### {import_module(f'bench.{name}').TITLE}"
    assert empty == ""
    assert [cell.strip() for cell in header.split("|")] == [
        "", "", "figure", "limit or peer", "verdict", ""
    ]  # fmt: skip
    assert set(line) == {"|", "-"}
    assert len(rows) > 1
    assert all(len(row) == len(header) for row in rows if row)
    assert any(character.isdigit() for character in "".join(rows))


def test_an_unknown_bench_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["cals"])
    assert leaving.value.code == 2
    assert "there is no bench 'cals'" in capsys.readouterr().err


def test_only_strict_fails_on_a_missed_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [at_most("a", 2.0, 1.0, "ms"), at_least("b", 5, 1, "calls/s"), Row("c", "1 ms")]
    monkeypatch.setattr("bench.flow.run", lambda short: rows)
    assert main(["flow"]) == 0
    assert main(["flow", "--strict"]) == 1
    monkeypatch.setattr("bench.flow.run", lambda short: rows[1:])
    assert main(["flow", "--strict"]) == 0


def test_a_table_says_which_limit_was_missed() -> None:
    rows = [at_most("slow", 2.0, 1.0, "ms"), at_least("quick", 5000, 1000, "calls/s")]
    assert table("Both", rows).splitlines() == [
        "### Both",
        "",
        "|       | figure        | limit or peer   | verdict |",
        "|-------|---------------|-----------------|---------|",
        "| slow  | 2.00 ms       | ≤ 1 ms          | MISSED  |",
        "| quick | 5,000 calls/s | ≥ 1,000 calls/s | met     |",
    ]


def test_rounds_go_forwards_and_backwards() -> None:
    order: list[str] = []
    times = interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, 3)
    assert "".join(order) == "ab" + "ab" + "ba" + "ab"
    assert [len(times["a"].wall), len(times["b"].cpu)] == [3, 3]
    assert in_turn("abc", 1) == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([5], 99, 5),
        (list(range(1, 101)), 99, 99),
        (list(range(1, 1001)), 99, 990),
        ([3, 1, 2], 50, 2),
    ],
)
def test_a_percentile_is_one_of_the_values(
    values: list[float], percent: float, expected: float
) -> None:
    assert percentile(values, percent) == expected
