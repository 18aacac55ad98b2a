"""Whatever arrives, the reader does not break, and every pointer leads somewhere."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ivrsim.platforms.vonage.actions import ACTIONS
from ivrsim.platforms.vonage.diagnostics import RULES
from ivrsim.platforms.vonage.documents import read_ncco
from ivrsim.platforms.vonage.parts import ENDPOINTS, PARTS, keys_of
from ivrsim.platforms.vonage.settings import SETTINGS
from ivrsim.platforms.vonage.ssml import plain_text

_KEYS = sorted({key for model in [*ACTIONS.values(), *PARTS.values()] for key in keys_of(model)})
_WORDS = [*ACTIONS, *ENDPOINTS, "dtmf", "speech", "true", "5", "-1", "http://x/", "post", "<speak>"]

_plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(_WORDS)
    | st.text(st.characters(), max_size=8)
)
_keys = st.sampled_from(_KEYS) | st.text(max_size=4)
_json = st.recursive(
    _plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4),
    max_leaves=12,
)
_endpoint = st.dictionaries(_keys, _json, max_size=4).flatmap(
    lambda rest: st.sampled_from([*ENDPOINTS, "fone"]).map(lambda kind: {**rest, "type": kind})
)
_action = st.builds(
    lambda rest, name, endpoint: {**rest, "action": name, **endpoint},
    st.dictionaries(_keys, _json, max_size=5),
    st.sampled_from(list(ACTIONS)),
    st.just({}) | st.lists(_endpoint, max_size=2).map(lambda found: {"endpoint": found}),
)
_choices = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(s.choices) for name, s in SETTINGS.items() if s.choices}
)


def _resolve(document: Any, pointer: str) -> Any:
    """RFC 6901; raises KeyError, IndexError or ValueError when it leads nowhere."""
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def _check(document: Any, choices: dict[str, str]) -> None:
    ncco = read_ncco(document, settings=choices)
    for diagnostic in ncco.diagnostics:
        assert diagnostic.code in RULES
        assert diagnostic.pointer is not None
        _resolve(document, diagnostic.pointer)
    assert ncco.usable == all(d.reason is None for d in ncco.diagnostics)
    for action in ncco.actions:
        assert _resolve(document, action.pointer)["action"] == action.action
        assert action.summary
    assert set(ncco.decided) <= set(SETTINGS)


@given(_json, _choices)
@settings(max_examples=150, deadline=None)
def test_any_json(document: Any, choices: dict[str, str]) -> None:
    _check(document, choices)


@given(st.lists(_action, max_size=4), _choices)
@settings(max_examples=300, deadline=None)
def test_any_actions(document: Any, choices: dict[str, str]) -> None:
    _check(document, choices)


def test_a_payload_as_deep_as_it_likes() -> None:
    deep: Any = "end"
    for _ in range(50_000):
        deep = [deep]
    ncco = read_ncco(
        [{"action": "notify", "payload": {"deep": deep}, "eventUrl": ["http://x/"]}], settings={}
    )
    assert [d.code for d in ncco.diagnostics] == ["vonage.notify-without-id"]


@given(st.text(st.characters(), max_size=30).map(lambda text: f"<speak>{text}</speak>") | st.text())
@settings(deadline=None)
def test_any_text(text: str) -> None:
    spoken = plain_text(text)
    assert spoken.ok is (spoken.error is None)
    assert spoken.pause_ms >= 0
