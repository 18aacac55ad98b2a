"""Faults in virtual time, with scripted pages: what the call makes of each, on both platforms."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrsim.engine.commands import SendWebhook
from ivrsim.engine.events import DigitPressed, WebhookFailed, WebhookReplied
from ivrsim.errors import InputError
from ivrsim.runtime.faults import FAULTS, Fault, FaultRule, Faults, parse_fault
from ivrsim.runtime.live import LiveCall
from ivrsim.runtime.past import past_of
from ivrsim.trace.record import Record
from tests.engine.test_refeed import fed_again
from tests.runtime.place import MENU_8X8, MENU_VONAGE, SECOND, call, records, run

DIAL = f"""
platform: vonage
parties: {{"+447700900001": {{answers_after: 4, says: Hello, hangs_up_after: 30}}}}
app:
  pages:
    dial:
      reply:
        - action: connect
          endpoint: [{{type: phone, number: "447700900001"}}]
          timeout: 20
        - {{action: talk, text: {SECOND}}}
"""


def with_faults(flow: str, *faults: str) -> str:
    return flow + "\nfaults:\n" + "".join(f"  - {{{fault}}}\n" for fault in faults)


def told(made: LiveCall) -> list[tuple[str, str, str | None]]:
    """What the trace says of faults: which, whose idea, and what it was about."""
    return [
        (r.data["fault"], r.data["source"], r.data["webhook"] or r.leg)
        for r in records(made, "fault.injected")
    ]


def answers(made: LiveCall, title: str) -> list[tuple[int, object]]:
    """When the webhooks of ``title`` were answered, and with what status or failure."""
    asked = [
        r.data["webhook"] for r in records(made, "webhook.request") if r.data["title"] == title
    ]
    return [
        (r.t, r.data["status"] if r.kind == "webhook.response" else r.data["reason"])
        for webhook in asked
        for r in records(made, "webhook.response", "webhook.failed")
        if r.data["webhook"] == webhook
    ]


def sent(made: LiveCall) -> list[Record]:
    return [r for r in records(made, "webhook.request") if r.data["sent"]]


def pages(made: LiveCall) -> list[str]:
    return [r.data["page"] for r in records(made, "document.received") if r.data["page"]]


# ------------------------------------------------------------------ slow


def test_a_slow_reply_comes_later_in_call_time(tmp_path: Path) -> None:
    flow = with_faults(MENU_VONAGE, 'fault: slow, by: 2.5, when: "purpose:answer"')
    made, result = run(tmp_path, flow)
    assert answers(made, "answer") == [(2500, 200)]
    (reply,) = (r for r in records(made, "webhook.response") if r.data["page"] == "menu")
    assert reply.data["elapsed_ms"] == 2500
    assert told(made) == [("slow", "rule", reply.data["webhook"])]
    assert records(made, "fault.injected")[0].data["detail"] == "its reply comes 2.5 s later"
    assert result.exit_status == 0


def test_beyond_its_deadline_vonage_gives_up_and_tries_again(tmp_path: Path) -> None:
    flow = with_faults(MENU_VONAGE, 'fault: slow, by: 5, nth: 1, when: "purpose:answer"')
    made, result = run(tmp_path, flow)
    assert answers(made, "answer") == [(5000, "timeout"), (5000, 200)]
    (failed,) = records(made, "webhook.failed")
    assert (failed.data["phase"], failed.data["elapsed_ms"]) == ("read", 5000)
    assert failed.data["message"] == (
        "GET pages:answer: no whole reply within 5000 ms (a fault on purpose)"
    )
    (fault,) = records(made, "fault.injected")
    assert fault.data["detail"] == "its reply comes 5 s later, and the platform waits 5 s"
    assert pages(made)[0] == "menu"
    assert result.exit_status == 0


def test_beyond_its_deadline_8x8_ends_the_session(tmp_path: Path) -> None:
    flow = with_faults(MENU_8X8, "fault: slow, by: 12, nth: 2")
    made, result = run(tmp_path, flow, keys="12")
    _, pressed = sent(made)
    assert records(made, "webhook.failed")[0].t == pressed.t + 10_000
    assert (result.status, result.exit_status) == ("ERROR", 1)


def test_the_delay_of_a_page_and_a_slow_reply_add_up(tmp_path: Path) -> None:
    flow = MENU_VONAGE.replace("    menu:\n", "    menu:\n      delay: 2\n")
    made, _ = run(tmp_path, with_faults(flow, 'fault: slow, by: 2.9, when: "purpose:answer"'))
    assert answers(made, "answer") == [(4900, 200)]
    made, _ = run(tmp_path, with_faults(flow, 'fault: slow, by: 3, nth: 1, when: "role:main"'))
    assert answers(made, "answer")[0] == (2000, 200)  # the first webhook tells of the ringing


# ------------------------------------------------------------------ nothing comes, or an error


@pytest.mark.parametrize(
    ("fault", "first"),
    [("refused", "refused"), ("reset", "reset"), ("503", 503), ("429", 429), ("504", 504)],
)
def test_what_vonage_tries_again(tmp_path: Path, fault: str, first: object) -> None:
    flow = with_faults(MENU_VONAGE, f'fault: {fault}, nth: 1, when: "purpose:answer"')
    made, result = run(tmp_path, flow, keys="12")
    assert answers(made, "answer") == [(0, first), (0, 200)]
    assert pages(made) == ["menu", "menu", "bye"]
    assert result.exit_status == 0


@pytest.mark.parametrize("fault", ["500", "404", "status", "content-type", "broken-json"])
def test_what_vonage_does_not_try_again(tmp_path: Path, fault: str) -> None:
    flow = with_faults(MENU_VONAGE, f'fault: {fault}, nth: 1, when: "purpose:answer"')
    made, _ = run(tmp_path, flow)
    assert len(answers(made, "answer")) == 1
    diagnostics = records(made, "diagnostic")
    assert diagnostics, "nothing is said about it"


@pytest.mark.parametrize("fault", ["refused", "reset", "500", "429", "broken-json"])
def test_8x8_does_not_try_again(tmp_path: Path, fault: str) -> None:
    made, result = run(tmp_path, with_faults(MENU_8X8, f"fault: {fault}, nth: 2"), keys="12")
    assert [r.data["title"] for r in sent(made)] == ["VCA CALL_RECEIVED", "VCA ACTION_COMPLETED"]
    assert (result.status, result.exit_status) == ("ERROR", 1)


def test_a_retry_of_what_was_never_sent_turns_the_page(tmp_path: Path) -> None:
    """Pages take a second attempt for one they have seen; here they have not."""
    made, _ = run(
        tmp_path,
        with_faults(MENU_VONAGE, 'fault: refused, nth: 1, when: "purpose:input"'),
        keys="7",
    )
    assert answers(made, "input")[0][1] == "refused"
    assert pages(made) == ["menu", "bye"]


def test_what_comes_back_in_place_of_a_reply(tmp_path: Path) -> None:
    flow = with_faults(
        MENU_VONAGE,
        'fault: 429, nth: 1, when: "purpose:answer"',
        'fault: status, status: 503, body: "{}", nth: 2, when: "purpose:answer"',
    )
    made, result = run(tmp_path, flow)
    busy, down = (r.data for r in records(made, "webhook.response") if r.data["status"] > 299)
    assert busy["headers"] == {"Content-Type": "text/plain; charset=utf-8", "Retry-After": "1"}
    assert busy["body"] == "429 Too Many Requests: a fault on purpose"
    assert (down["headers"], down["body"]) == ({"Content-Type": "application/json"}, "{}")
    assert result.exit_status == 1


def test_replies_that_were_spoiled(tmp_path: Path) -> None:
    html, _ = run(tmp_path, with_faults(MENU_8X8, "fault: content-type, nth: 1"))
    broken, _ = run(tmp_path, with_faults(MENU_8X8, "fault: broken-json, nth: 1"))
    first, second = (records(made, "webhook.response")[0].data for made in (html, broken))
    assert first["headers"] == {"Content-Type": "text/html; charset=utf-8"}
    assert json.loads(first["body"])["callflow"]
    assert first["body"].startswith(second["body"])
    assert len(second["body"]) == len(first["body"]) // 2
    assert first["page"] == second["page"] == "menu"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(value=json_values, blanks=st.sampled_from(["", "\n", "   \n"]))
def test_a_body_that_was_cut_is_never_json(value: object, blanks: str) -> None:
    body = blanks + json.dumps(value) + blanks * 9
    reply = WebhookReplied("w1", 200, {"content-length": str(len(body))}, body)
    command = SendWebhook("w1", "VCA", "POST", "http://a/", {}, b"{}", 1, 2, {})
    event, at = Fault(FaultRule("broken-json"), "rule").arrived(command, reply, 7, 0)
    assert at == 7
    assert isinstance(event, WebhookReplied)
    with pytest.raises(ValueError, match=r"."):
        json.loads(event.body)
    assert event.headers == {"Content-Length": str(len(event.body.encode()))}


@pytest.mark.parametrize("fault", [name for name, _ in FAULTS if name not in ("busy", "dead")])
def test_what_cannot_be_reached_is_not_made_worse(fault: str) -> None:
    failed = WebhookFailed("w1", "dns", "no address")
    command = SendWebhook("w1", "VCA", "POST", "http://a/", {}, b"{}", 1, 2, {})
    rule = FaultRule(fault, by_ms=9000)
    assert Fault(rule, "rule").arrived(command, failed, 7, 0) == (failed, 7)


# ------------------------------------------------------------------ twice, and out of order


@pytest.mark.parametrize("flow", [MENU_8X8, MENU_VONAGE], ids=["8x8", "vonage"])
def test_pages_answer_a_second_delivery_with_the_same(tmp_path: Path, flow: str) -> None:
    plain, _ = run(tmp_path, flow, keys="12 7")
    made, result = run(tmp_path, with_faults(flow, "fault: duplicate"), keys="12 7")
    again = records(made, "duplicate.response")
    assert len(again) == len(records(made, "webhook.response")) > 2
    assert all(r.data["same"] and r.data["status"] == 200 for r in again)
    assert pages(made) == pages(plain) == ["menu", "menu", "bye"]
    assert result.exit_status == 0
    by_seq = {r.seq: r for r in made.records}
    for record in again:
        assert record.cause is not None
        assert by_seq[record.cause].data["webhook"] == record.data["webhook"]


def test_out_of_order_the_next_webhook_overtakes_it(tmp_path: Path) -> None:
    made, _ = run(tmp_path, with_faults(MENU_VONAGE, "fault: out-of-order, nth: 1"))
    replies = [r.data["webhook"] for r in records(made, "webhook.response")]
    assert replies[:3] == ["w2", "w1", "w3"]
    details = [r.data["detail"] for r in records(made, "fault.injected")]
    assert details == [
        "it is held back until another webhook has been sent",
        "sent now, after w2",
    ]
    assert {r.t for r in records(made, "fault.injected")} == {0}


def test_out_of_order_every_second_webhook_is_late(tmp_path: Path) -> None:
    made, _ = run(tmp_path, with_faults(MENU_VONAGE, "fault: out-of-order"))
    replies = [r.data["webhook"] for r in records(made, "webhook.response")]
    assert replies[:2] == ["w2", "w1"]
    assert sorted(replies) == sorted(r.data["webhook"] for r in records(made, "webhook.request"))
    assert made.ended


def test_out_of_order_it_goes_after_a_second_when_nothing_else_does(tmp_path: Path) -> None:
    made, result = run(tmp_path, with_faults(MENU_8X8, "fault: out-of-order, nth: 1"))
    assert records(made, "webhook.response")[0].t == 1000
    last = records(made, "fault.injected")[-1]
    assert (last.t, last.data["detail"]) == (
        1000,
        "sent now: no other webhook within 1 s",
    )
    assert result.exit_status == 0


# ------------------------------------------------------------------ signatures


def test_a_wrong_signature_where_nobody_looks(tmp_path: Path) -> None:
    made, _ = run(tmp_path, with_faults(MENU_8X8, "fault: wrong-signature"), keys="12")
    line = "wrong-signature has no effect: the pages of a flow look at no signature"
    assert made.notices == [line]
    details = {r.data["detail"] for r in records(made, "fault.injected")}
    assert details == {"no effect: the pages of a flow look at no signature"}


def test_a_token_that_is_right_but_for_its_secret() -> None:
    import jwt

    secret, claims = "a signature secret of thirty-two bytes", {"iss": "Vonage", "iat": 1}
    token = jwt.encode(claims, secret, algorithm="HS256")
    fault = Fault(FaultRule("wrong-signature"), "rule")
    scheme, wrong = fault.forged({"Authorization": f"Bearer {token}"})["Authorization"].split()
    assert scheme == "Bearer"
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(wrong, secret, algorithms=["HS256"])
    assert jwt.decode(wrong, options={"verify_signature": False}) == claims


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ("Basic abc", "Basic wrong-on-purpose"),
        ("Bearer 1234", "Bearer wrong-on-purpose"),
        ("secret", "wrong-on-purpose"),
    ],
)
def test_a_wrong_authorization(value: str, wrong: str) -> None:
    fault = Fault(FaultRule("wrong-signature"), "rule")
    assert fault.forged({"Authorization": value}) == {"Authorization": wrong}


# ------------------------------------------------------------------ telephones


def leg_kinds(made: LiveCall, role: str = "party") -> list[tuple[int, str]]:
    legs = {r.leg for r in records(made, "leg.created") if r.data["role"] == role}
    kinds = ("leg.ringing", "leg.answered", "leg.busy", "leg.unanswered", "leg.hangup")
    return [(r.t, r.kind[4:]) for r in records(made, *kinds) if r.leg in legs]


@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        ("fault: busy", [(1000, "busy")]),
        ('fault: busy, number: "+44 7700 900001"', [(1000, "busy")]),
        ("fault: dead", [(1000, "unanswered")]),
        ("fault: dead, by: 2.5", [(0, "ringing"), (4000, "answered"), (6500, "hangup")]),
        ('fault: busy, number: "+447700900002"', [(0, "ringing"), (4000, "answered")]),
        ("fault: busy, nth: 2", [(0, "ringing"), (4000, "answered")]),
    ],
)
def test_telephones_that_fail(tmp_path: Path, fault: str, kinds: list[tuple[int, str]]) -> None:
    made, result = run(tmp_path, with_faults(DIAL, fault))
    assert leg_kinds(made)[: len(kinds)] == kinds
    happened = told(made)
    assert [name for name, _, _ in happened] == (
        [] if "2}" in f"{{{fault}}}" or "900002" in fault else [fault.split()[1].rstrip(",")]
    )
    for record in records(made, "fault.injected"):
        assert record.leg in {r.leg for r in records(made, "leg.created")}
        assert record.t in (0, 6500)
    assert result.exit_status == 0


def test_the_telephone_of_the_caller_only_by_its_number(tmp_path: Path) -> None:
    flow = f"""
platform: vonage
direction: outbound
from: "+14155550123"
to: "+14155550100"
ncco: [{{action: talk, text: {SECOND}}}]
"""
    spared, _ = run(tmp_path, with_faults(flow, "fault: busy"))
    assert leg_kinds(spared, "caller") == [(0, "ringing"), (2000, "answered")]
    assert told(spared) == []
    busy, _ = run(tmp_path, with_faults(flow, 'fault: busy, number: "+14155550100"'))
    assert leg_kinds(busy, "caller") == [(1000, "busy")]
    cut, _ = run(tmp_path, with_faults(flow, 'fault: dead, by: 0.5, number: "+14155550100"'))
    assert leg_kinds(cut, "caller") == [(0, "ringing"), (2000, "answered"), (2500, "hangup")]


def test_8x8_tells_the_application_of_a_busy_telephone(tmp_path: Path) -> None:
    flow = """
platform: 8x8
app:
  pages:
    dial:
      reply:
        callflow:
          - {action: makeCall, params: {source: "+6568332048", destination: "+6531589338"}}
"""
    made, _ = run(tmp_path, with_faults(flow, 'fault: busy, number: "+6531589338"'))
    assert leg_kinds(made) == [(records(made, "leg.created")[1].t + 1000, "busy")]


# ------------------------------------------------------------------ by hand


def during(made: LiveCall, kind: str, then: Callable[[], None]) -> None:
    """Do ``then`` once, when the first record of ``kind`` is written."""
    done: list[bool] = []

    def look(step: object) -> None:
        if not done and records(made, kind):
            done.append(True)
            then()

    made.subscribe(look)


async def test_by_hand_the_next_webhook_meets_it_and_no_other(tmp_path: Path) -> None:
    made = call(tmp_path, MENU_VONAGE, keys="12 12 7")
    during(made, "capture.opened", lambda: made.inject(parse_fault("503 when purpose:input")))
    result = await made.run()
    assert [status for _, status in answers(made, "input")] == [503, 200, 200, 200]
    assert [(name, source) for name, source, _ in told(made)] == [("status", "hand")]
    assert pages(made) == ["menu", "menu", "menu", "bye"]
    assert result.exit_status == 0


async def test_by_hand_a_telephone_is_busy(tmp_path: Path) -> None:
    made = call(tmp_path, DIAL)
    during(made, "call.started", lambda: made.inject(parse_fault("busy +447700900001")))
    await made.run()
    assert leg_kinds(made) == [(1000, "busy")]
    assert [source for _, source, _ in told(made)] == ["hand"]


def test_a_filter_that_is_none(tmp_path: Path) -> None:
    made = call(tmp_path, MENU_8X8)
    with pytest.raises(InputError):
        made.inject(FaultRule("refused", when='text:"'))


# ------------------------------------------------------------------ which one


def _request(webhook: str, **data: object) -> Record:
    told = {"webhook": webhook, "purpose": "answer", "title": "answer", "sent": True, **data}
    return Record(1, 0, "webhook.request", None, None, False, told)


def _meet(faults: Faults, count: int) -> list[str | None]:
    met = [faults.of_webhook(f"w{n}", [_request(f"w{n}")]) for n in range(1, count + 1)]
    return [None if fault is None else fault.rule.fault for fault in met]


def test_one_fault_a_webhook_and_the_other_waits() -> None:
    faults = Faults([FaultRule("refused", nth=2), FaultRule("reset", nth=2), FaultRule("slow")])
    assert _meet(faults, 4) == ["slow", "refused", "reset", "slow"]


def test_by_hand_comes_first_in_the_order_of_the_hand() -> None:
    faults = Faults([FaultRule("slow")])
    faults.add(FaultRule("refused", nth=1))
    faults.add(FaultRule("reset", nth=1))
    assert [rule.fault for rule in faults.waiting] == ["refused", "reset", "slow"]
    assert _meet(faults, 3) == ["refused", "reset", "slow"]
    assert [rule.fault for rule in faults.waiting] == ["slow"]


def test_a_past_that_is_lived_again_counts() -> None:
    faults = Faults([FaultRule("refused", nth=1), FaultRule("reset", nth=3)])
    told = {"fault": "refused", "source": "rule", "webhook": "w1"}
    injected = Record(2, 0, "fault.injected", None, None, True, told)
    past = [_request("w1"), injected, _request("w2"), _request("w2b", sent=False)]
    faults.relived(past)
    assert faults.of_webhook("w3", [*past, _request("w3")]) == Fault(
        FaultRule("reset", nth=3), "rule"
    )
    assert not faults.waiting
    assert [rule.fault for rule in faults.anew().waiting] == ["refused", "reset"]


def test_a_webhook_sent_anew_meets_what_it_met() -> None:
    faults = Faults([FaultRule("refused", nth=1)])
    first = faults.of_webhook("w1", [_request("w1")])
    assert first is not None
    assert faults.armed
    assert faults.of_webhook("w1", [_request("w1")]) == first


# ------------------------------------------------------------------ and again

webhook_faults = st.fixed_dictionaries(
    {
        "fault": st.sampled_from(
            [*(name for name, _ in FAULTS if name not in ("busy", "dead")), "503", "500"]
        ),
        "nth": st.integers(1, 6) | st.none(),
    }
)
leg_faults = st.fixed_dictionaries(
    {
        "fault": st.sampled_from(["busy", "dead"]),
        "nth": st.integers(1, 2) | st.none(),
        "by": st.integers(0, 5) | st.none(),
    }
)


def _as_yaml(fault: dict[str, object]) -> str:
    if fault["fault"] == "busy":
        fault = {**fault, "by": None}
    return ", ".join(f"{key}: {value}" for key, value in fault.items() if value is not None)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    faults=st.lists(webhook_faults | leg_faults, min_size=1, max_size=4),
    flow=st.sampled_from([MENU_8X8, MENU_VONAGE, DIAL]),
)
def test_a_call_with_faults_fed_again_gives_the_same_records(
    faults: list[dict[str, object]], flow: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("faults")
    trace = folder / "call.jsonl"
    yaml, at = with_faults(flow, *map(_as_yaml, faults)), "2026-11-21T09:00:00Z"
    made, _ = run(folder, yaml, keys="12 12 7", trace_path=trace, at=at)
    assert made.ended
    assert fed_again(trace) == made.records
    again, _ = run(folder, yaml, keys="12 12 7", at=at)
    assert again.records == made.records


BACK = pytest.mark.parametrize(
    ("flow", "faults"),
    [
        (MENU_VONAGE, ['fault: refused, nth: 2, when: "purpose:input"', "fault: slow, nth: 6"]),
        (MENU_VONAGE, ["fault: reset, nth: 3", "fault: duplicate"]),
        (MENU_VONAGE, ['fault: 503, nth: 1, when: "purpose:input"', "fault: broken-json, nth: 9"]),
        (MENU_8X8, ["fault: content-type, nth: 2", "fault: slow"]),
        (MENU_VONAGE, ["fault: out-of-order, nth: 1"]),
        (DIAL, ["fault: busy"]),
        (DIAL, ["fault: dead, by: 2"]),
        (DIAL, ["fault: dead, nth: 1", "fault: 500, nth: 4"]),
    ],
)


def with_keys(folder: Path, flow: str, acts: list[tuple[int, str]]) -> LiveCall:
    made = call(folder, flow, at="2026-11-21T09:00:00Z")
    for t, digit in acts:
        made.schedule(t, DigitPressed(digit, "script"))
    return made


@BACK
def test_going_back_to_any_record_and_on_is_the_same_call(
    tmp_path: Path, flow: str, faults: list[str]
) -> None:
    yaml = with_faults(flow, *faults).replace("maxDigits: 2", "maxDigits: 1")
    yaml = yaml.replace('"12":', '"1":')
    first = with_keys(tmp_path, yaml, [(3300, "1"), (6600, "1"), (12500, "7")])
    asyncio.run(first.run())
    assert records(first, "fault.injected")
    for seq in range(2, len(first.records) + 1):
        try:
            past = past_of(first.records, seq, "call.jsonl")
        except InputError:
            continue  # there is nothing to go on from: the call is over by then
        rest = first.records[len(past.expected) :]
        acts = [(r.t, r.data["digit"]) for r in rest if r.kind == "digit"]
        again = with_keys(tmp_path, yaml, acts)
        again._plan.past = past
        asyncio.run(again.run())
        assert again.records == first.records, seq
