"""Replaying any trace against its own flow gives no difference."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrsim.replay.compare import compare
from tests.desk import setup
from tests.engine import strategies as a
from tests.replay.calls import made, made_again, trace

_ACTIONS = {"vonage": a.vonage_actions, "8x8": a.eightbyeight_actions}
# Moments at which prompts of known words end and timers fire: what happens then, happens in an
# order that has to be kept.
_MOMENTS = st.sampled_from([0, 294, 471, 500, 1000, 1294, 1471, 2000, 3000, 3294, 5000, 8000])


@st.composite
def busy_calls(draw: st.DrawFn) -> a.Script:
    """Calls with many inputs, and keys that come when something else does."""
    platform = draw(st.sampled_from(a.PLATFORMS))
    documents: st.SearchStrategy[Any] = st.lists(_ACTIONS[platform], min_size=1, max_size=4)
    if platform == "8x8":
        documents = documents.map(lambda actions: {"callflow": actions})
    script = draw(a.scripts())
    script.setup = setup(platform, settings=draw(a.settings_of(platform)))
    script.replies = draw(st.lists(documents, min_size=1, max_size=5))
    keys = st.text("0123456789*#", min_size=1, max_size=3)
    script.keys = draw(st.lists(st.tuples(_MOMENTS | st.integers(0, 20_000), keys), max_size=6))
    script.hangups = [(10_000 + t, by_caller) for t, by_caller in script.hangups]
    return script


@settings(max_examples=60 * a.EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=st.one_of(a.scripts(), busy_calls(), busy_calls()))
def test_a_recorded_call_made_again_is_the_same(script: a.Script) -> None:
    call = made(script)
    again = made_again(call, script)
    assert [(r.seq, r.t, r.kind) for r in again.records] == [
        (r.seq, r.t, r.kind) for r in call.records
    ]
    compared = compare(trace(call), trace(again), tolerance_ms=0)
    assert [one.text for one in compared.differences] == []
    assert all(row.same and row.old_seq == row.new_seq for row in compared.pairs)
    assert len(compared.pairs) == len(call.records)
