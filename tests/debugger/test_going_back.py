"""Going back: the state that was there is there again, and the same acts lead to the same call."""

from __future__ import annotations

import json
import re

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ivrsim.engine.events import event_from_record
from ivrsim.errors import InputError
from ivrsim.runtime.past import past_of
from ivrsim.trace.record import Record
from ivrsim.trace.view import CallView
from tests.debugger.world import ACTS, Story, made, stories
from tests.engine import strategies as a


def view_of(records: list[Record]) -> dict[str, object]:
    view = CallView()
    for record in records:
        view.apply(record)
    return view.to_json()


_FILE = re.compile(r"http://127\.0\.0\.1:\d+/v1/files/[0-9a-f-]{36}")


def plain(records: list[Record]) -> list[str]:
    """To be compared: the names of recordings' files are nobody's to foresee."""
    return [_FILE.sub("FILE", json.dumps(record.to_json())) for record in records]


@settings(max_examples=60 * a.EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=stories(), data=st.data())
def test_back_at_any_record_and_on_with_the_same_acts_is_the_same_call(
    story: Story, data: st.DataObject
) -> None:
    call = made(story)
    records = call.records
    assume(len(records) > 1)
    # Two files that are made at the same time are ready in either order.
    assume(sum(record.kind == "recording.stopped" for record in records) <= 1)
    seq = data.draw(st.integers(2, len(records)))
    try:
        past = past_of(records, seq, "call.jsonl")
    except InputError:
        # Only where there is nothing to go on from: the call is over by then.
        later = [r.seq for r in records if r.is_input and r.seq >= seq]
        kept = records[: later[0] - 1] if later else records
        assert any(r.kind == "call.ended" for r in kept)
        return
    acts = [
        (record.t, event_from_record(record))
        for record in records[len(past.expected) :]
        if record.is_input and record.kind in ACTS
    ]
    times = [t for t, _ in acts]
    others = [r.t for r in records if r.is_input and r.kind not in ACTS]
    assume(not set(times) & set(others))
    again = made(story, acts, past)
    assert plain(again.records) == plain(records)
    assert view_of(again.records[: len(past.expected)]) == view_of(records[: len(past.expected)])
    assert again.result == call.result
