"""Whatever an application sends, a platform does not break."""

from __future__ import annotations

import json
import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.platforms.eightbyeight.actions import ACTIONS
from ivrsim.platforms.eightbyeight.documents import Callflow, read_callflow
from ivrsim.platforms.eightbyeight.repair import names
from ivrsim.platforms.eightbyeight.replies import Reply, read_reply

CHOICES = st.sampled_from(
    [
        {},
        {"8x8.capture_defaults": "openapi", "8x8.strict_timeouts": "yes"},
        {"8x8.empty_reply": "error", "8x8.content_type": "refuse"},
        {"8x8.third_make_call": "ignored"},
    ]
)
KEYS = st.sampled_from(sorted({key for kind in ACTIONS.values() for key in names(kind.model)}))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(1, 30)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["2", "1.5", "true", "en-US-X", "+6591178965", "a.wav", "http://[", "x" * 3001]
    )
    | st.just(10**400)
)
THINGS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
PARAMS = st.dictionaries(KEYS | st.text(max_size=8), LEAVES | THINGS, max_size=8)
NAMES = st.sampled_from([*ACTIONS, "Say", "talk"]) | LEAVES
ACTION = st.fixed_dictionaries(
    {"action": NAMES}, optional={"params": PARAMS | THINGS, "text": LEAVES}
)
CALLFLOWS = st.lists(ACTION | THINGS, max_size=4) | THINGS


def resolve(document: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def check(diagnostics: tuple[Diagnostic, ...], document: Any) -> None:
    for found in diagnostics:
        assert found.code.startswith("8x8.")
        assert found.severity in ("error", "warning", "info")
        assert found.basis in ("documented", "observed", "assumed", "disputed")
        assert found.page
        assert found.message
        assert "\n" not in found.message
        assert len(found.message) < 300
        if found.pointer is not None:
            resolve(document, found.pointer)


def check_callflow(callflow: Callflow) -> None:
    check(callflow.diagnostics, callflow.raw)
    errors = [found for found in callflow.diagnostics if found.severity == "error"]
    assert callflow.usable is not bool(errors)
    assert (callflow.code is None) is callflow.usable
    assert (callflow.code_message is None) is callflow.usable
    if not callflow.usable:
        assert callflow.actions == ()
    for act, entry in zip(callflow.actions, callflow.listing(), strict=False):
        assert entry["pointer"] == act.pointer
        assert resolve(callflow.raw, act.pointer)["action"] == act.action


def check_reply(reply: Reply, body: bytes) -> None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    check(reply.diagnostics, document)
    if reply.callflow is not None:
        check_callflow(reply.callflow)
    assert (reply.code is None) is reply.usable


@given(
    st.binary() | st.text().map(str.encode), st.none() | st.text(), st.integers(100, 599), CHOICES
)
def test_any_bytes(
    body: bytes, content_type: str | None, status: int, chosen: dict[str, str]
) -> None:
    check_reply(read_reply(body, content_type, status, chosen), body)


@given(
    st.fixed_dictionaries(
        {}, optional={"callflow": CALLFLOWS, "clientActionId": LEAVES, "callFlow": THINGS}
    ),
    CHOICES,
)
@settings(max_examples=200)
def test_any_json(document: dict[str, Any], chosen: dict[str, str]) -> None:
    body = json.dumps(document).encode()
    check_reply(read_reply(body, "application/json", 200, chosen), body)


@given(CALLFLOWS, CHOICES, st.sampled_from(["api", "reply"]), st.booleans())
@settings(max_examples=300)
def test_any_list_of_actions(callflow: Any, chosen: dict[str, str], where: Any, vca: bool) -> None:
    check_callflow(read_callflow(callflow, settings=chosen, where=where, has_vca=vca))


@given(PARAMS, st.sampled_from(list(ACTIONS)))
@settings(max_examples=200)
def test_what_was_put_right_reads_the_same_again(params: dict[str, Any], action: str) -> None:
    """An accepted action, written back as it was understood, needs no remark on its shape."""
    first = read_callflow([{"action": action, "params": params}], settings={}, where="reply")
    if not first.usable:
        return
    understood = first.actions[0].params.model_dump(by_alias=True, exclude_none=True)
    again = read_callflow([{"action": action, "params": understood}], settings={}, where="reply")
    assert again.actions == first.actions
    shape = {"8x8.unknown-key", "8x8.null", "8x8.number-as-text", "8x8.text-as-number"}
    assert not shape & {found.code for found in again.diagnostics}


@given(st.dictionaries(st.integers() | st.none() | st.text(), LEAVES, max_size=4))
def test_keys_that_are_no_text(params: dict[Any, Any]) -> None:
    """YAML can hold them."""
    for item in ({"action": "say", "params": params}, {"action": "hangup", **params}, params):
        callflow = read_callflow([item], settings={}, where="api")
        assert not callflow.usable


def test_not_a_number_from_yaml() -> None:
    params = {"text": "Hi", "voiceProfile": "en-US-X", "speed": math.nan}
    callflow = read_callflow([{"action": "say", "params": params}], settings={}, where="reply")
    assert callflow.code == -2003
