"""Places on the line of time, and the lines of recorded calls on the list."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ivrsim.trace.history import History
from ivrsim.trace.record import Record
from ivrsim.tui.traces.history import recent_targets, recorded_entry
from ivrsim.tui.traces.places import LANDMARKS, Scale, index_at, landmark
from ivrsim.tui.traces.source import LiveSource
from tests.tui.recorded import HEADER, a_call, write

KINDS = st.sampled_from(["digit", "webhook.request", "timer.started", "prompt.started"])
CALLS = st.lists(st.tuples(st.integers(0, 900), KINDS), min_size=1, max_size=40)


def source_of(steps: list[tuple[int, str]]) -> LiveSource:
    """Steps of time and kinds; time never falls."""
    records, t = [], 0
    for seq, (step, kind) in enumerate(steps, 1):
        t += step
        records.append(Record(seq, t, kind, None, None, False, {}))
    return LiveSource(records)


@given(CALLS, st.integers(-10, 40_000))
def test_the_record_at_a_time_is_the_last_one_before_it(
    steps: list[tuple[int, str]], t: int
) -> None:
    source = source_of(steps)
    before = [i for i in range(len(source)) if source.record(i).t <= t]
    assert index_at(source, t) == (before[-1] if before else 0)


@given(CALLS, st.integers(1, 200))
def test_a_column_leads_to_a_record_that_stands_in_it_or_before(
    steps: list[tuple[int, str]], width: int
) -> None:
    source = source_of(steps)
    last = source.record(len(source) - 1).t
    scale = Scale(len(source), last, width)
    for column in range(width):
        i = scale.at_column(source, column)
        assert 0 <= i < len(source)
        assert scale.column(i, source.record(i).t) <= column or i == 0 or width == 1


@given(CALLS, st.data())
def test_landmarks_are_the_nearest_on_each_side(
    steps: list[tuple[int, str]], data: st.DataObject
) -> None:
    source = source_of(steps)
    here = data.draw(st.integers(0, len(source) - 1))
    marks = [i for i in range(len(source)) if source.kind(i) in LANDMARKS]
    assert landmark(source, here, True) == next((i for i in marks if i > here), None)
    assert landmark(source, here, False) == next((i for i in marks[::-1] if i < here), None)


def test_recorded_calls_say_when_and_how_they_ended(tmp_path: Path) -> None:
    history = History(tmp_path)
    records = a_call(failed=True).records
    whole = write(history.new_path("restaurant", HEADER.started_at), records)
    whole.with_suffix(".wav").write_bytes(b"")
    cut = write(history.new_path("restaurant", HEADER.started_at), records[:5])
    history.new_path("broken", HEADER.started_at).write_text("no trace")
    entries = {
        entry.trace: entry
        for entry in (
            recorded_entry(e, {"restaurant": "ABC Restaurant"}) for e in history.entries()
        )
    }
    assert len(entries) == 3
    assert entries[str(whole)].title == "ABC Restaurant"
    assert entries[str(whole)].remark.startswith("ERROR 0:04  ")
    assert "Its sound is kept." in entries[str(whole)].about
    assert entries[str(cut)].remark.startswith("no end  ")
    (damaged,) = [entry for entry in entries.values() if entry.remark == "damaged"]
    assert "line 1: expected an ivrsim trace header" in damaged.about
    assert recent_targets(history.entries(), 8) == ["restaurant --set a=b"]
