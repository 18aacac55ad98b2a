"""``faults:`` of a flow, and faults as they are typed: what can be said, and every way to err."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrsim.errors import InputError
from ivrsim.flows.check import check_file
from ivrsim.flows.faults import FAULTS, OF_LEGS, FaultRule, parse_fault
from ivrsim.flows.model import load_flow, parse_flow
from ivrsim.flows.source import SourceError, read_source
from ivrsim.flows.target import load_target
from ivrsim.trace.filter import FilterError

HEAD = 'platform: vonage\napp: {url: "http://127.0.0.1:1/"}\n'


def rules(*faults: str) -> tuple[FaultRule, ...]:
    lines = "".join(f"  - {{{fault}}}\n" for fault in faults)
    return load_flow("x.yaml", text=f"{HEAD}faults:\n{lines}").faults


def errors(faults: str) -> list[str]:
    _, findings = parse_flow(read_source("x.yaml", text=f"{HEAD}faults:\n{faults}"))
    return [f"{f.line}:{f.col} {f.code} {f.message}" for f in findings]


def test_everything_a_flow_can_say_of_faults() -> None:
    assert rules(
        'fault: slow, by: 7, when: "title:\\"VCA ACTION_COMPLETED\\"", nth: 2',
        'fault: status, status: 503, body: "{}", when: "purpose:answer"',
        "fault: 429",
        "fault: status",
        "fault: slow",
        'fault: busy, number: "+65 3158 9338"',
        "fault: dead, by: 0.5",
        "fault: dead",
        *(f"fault: {name}" for name in ("refused", "reset", "content-type", "broken-json")),
        *(f"fault: {name}" for name in ("duplicate", "out-of-order", "wrong-signature")),
    ) == (
        FaultRule("slow", 'title:"VCA ACTION_COMPLETED"', 2, by_ms=7000),
        FaultRule("status", "purpose:answer", status=503, body="{}"),
        FaultRule("status", status=429),
        FaultRule("status", status=500),
        FaultRule("slow", by_ms=3000),
        FaultRule("busy", number="+6531589338"),
        FaultRule("dead", by_ms=500),
        FaultRule("dead"),
        *map(FaultRule, ("refused", "reset", "content-type", "broken-json")),
        *map(FaultRule, ("duplicate", "out-of-order", "wrong-signature")),
    )


def test_no_faults() -> None:
    assert load_flow("x.yaml", text=HEAD).faults == ()
    assert load_flow("x.yaml", text=HEAD + "faults:\n").faults == ()


def test_the_target_has_the_faults_of_its_flow(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(HEAD + "faults: [{fault: refused}]\n")
    assert load_target(str(path)).faults == (FaultRule("refused"),)


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        ("  refused", "4:3 flow.type expected a list of faults such as [{fault: refused}]"),
        ("- refused", "4:3 flow.type expected a fault such as {fault: refused}, found 'refused'"),
        ("- {by: 2}", "4:3 flow.fault expected fault with one of slow, refused, reset"),
        ("- {fault: [a]}", "4:11 flow.type expected text for fault, found a list"),
        ("- {fault: bussy}", "4:11 flow.fault there is no fault 'bussy' (did you mean busy?)"),
        ("- {fault: 199}", "4:11 flow.fault there is no fault '199'; there is slow, refused"),
        ("- {fault: slow, bye: 2}", "4:17 flow.unknown-key unknown key 'bye' in a fault (did you"),
        ("- {fault: refused, by: 2}", "4:20 flow.fault by says nothing to refused: it takes when"),
        ("- {fault: 503, status: 4}", "4:16 flow.fault status says nothing to status: it takes"),
        ("- {fault: busy, when: a}", "4:17 flow.fault when says nothing to busy: a telephone is"),
        ("- {fault: slow, number: 1}", "4:17 flow.fault number says nothing to slow: a webhook is"),
        ("- {fault: slow, by: soon}", "4:21 flow.value expected seconds such as 4 or 0.5 for by"),
        ("- {fault: slow, nth: 0}", "4:22 flow.value expected which match as a number from 1 on"),
        ("- {fault: status, status: 9}", "4:27 flow.value expected an HTTP status from 200 to 599"),
        ("- {fault: busy, number: 12}", "4:25 flow.number expected a phone number such as"),
        ('- {fault: slow, when: "purpos:x"}', "4:23 flow.filter filter: column 1: there is no"),
        ('- {fault: slow, when: "kind:digit"}', "4:23 flow.filter no webhook passes the filter"),
    ],
)
def test_what_is_wrong_has_its_place(faults: str, error: str) -> None:
    assert any(found.startswith(error) for found in errors(faults)), errors(faults)


def test_a_call_stops_at_the_first_mistake(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(HEAD + "faults: [{fault: slwo}]\n")
    with pytest.raises(SourceError, match=r"x.yaml:3:18: there is no fault 'slwo' \(did you mean"):
        load_target(str(path))


def check(folder: Path, text: str) -> list[str]:
    path = folder / "x.yaml"
    path.write_text(text)
    return [f"{f.line}:{f.col} {f.severity} {f.message}" for f in check_file(path)]


def test_check_names_faults_without_effect(tmp_path: Path) -> None:
    assert check(
        tmp_path,
        HEAD + "faults:\n- {fault: slow, nth: 1}\n- {fault: refused}\n- {fault: reset}\n"
        '- {fault: busy, number: "+6531589338"}\n- {fault: dead}\n- {fault: busy}\n',
    ) == [
        "6:3 warning the fault before it takes every webhook: this one never happens",
        "9:3 warning the fault before it takes every telephone: this one never happens",
    ]
    forged = "faults: [{fault: wrong-signature}]\n"
    (unsigned,) = check(tmp_path, HEAD + forged)
    assert unsigned == (
        "3:18 warning wrong-signature has no effect: expected signature_secret under webhooks, or "
        "--signature-secret at the call"
    )
    assert check(tmp_path, HEAD + "webhooks: {signature_secret: abc}\n" + forged) == []
    (pages,) = check(
        tmp_path, "platform: 8x8\napp: {pages: {a: {reply: {callflow: []}}}}\n" + forged
    )
    assert "pages of a flow look at no signature" in pages
    (number,) = check(tmp_path, HEAD + 'faults: [{fault: busy, number: "+99999999999"}]\n')
    assert number.startswith("3:32 warning expected a phone number in E.164")


# ------------------------------------------------------------------ typed


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("slow 7", FaultRule("slow", nth=1, by_ms=7000)),
        ("Slow 0.5s every", FaultRule("slow", by_ms=500)),
        ("slow", FaultRule("slow", nth=1, by_ms=3000)),
        ("503", FaultRule("status", nth=1, status=503)),
        ("status 404", FaultRule("status", nth=1, status=404)),
        ("status", FaultRule("status", nth=1)),
        ("refused every when purpose:event", FaultRule("refused", "purpose:event")),
        ('reset when title:"event when"', FaultRule("reset", 'title:"event when"', 1)),
        ("busy", FaultRule("busy", nth=1)),
        ("busy +6531589338", FaultRule("busy", nth=1, number="+6531589338")),
        ("dead", FaultRule("dead", nth=1)),
        ("dead 5 +6531589338", FaultRule("dead", nth=1, by_ms=5000, number="+6531589338")),
        ("dead 6531589338 5", FaultRule("dead", nth=1, by_ms=5000, number="+6531589338")),
    ],
)
def test_what_can_be_typed(text: str, rule: FaultRule) -> None:
    assert parse_fault(text) == rule
    assert parse_fault(str(rule)) == rule


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "expected a fault, found nothing: there is slow, refused"),
        ("bussy", r"there is no fault 'bussy' \(did you mean busy\?\)"),
        ("xyz", "there is no fault 'xyz': there is slow, refused"),
        ("slow soon", "slow: expected seconds such as slow 7, found 'soon'"),
        ("slow 7 8", "slow: expected nothing more but every or when FILTER, found '8'"),
        ("slow 99999", "slow: expected seconds"),
        ("status 99", "expected an HTTP status from 200 to 599"),
        ("busy 12", r"busy: expected a phone number such as busy \+6531589338, found '12'"),
        ("busy when a", "when is for webhooks: say which telephone with its number"),
        ("reset when", "expected a filter after when"),
        ("reset when kind:digit", "no webhook passes the filter"),
        ("refused every every", "refused: expected nothing more"),
    ],
)
def test_what_cannot_be_typed(text: str, error: str) -> None:
    with pytest.raises(InputError, match=error):
        parse_fault(text)


def test_a_filter_that_is_wrong_says_where() -> None:
    with pytest.raises(FilterError) as caught:
        parse_fault("reset when purpose:answer purpos:x")
    assert caught.value.column == 16


WORDS = st.sampled_from(["0", "7", "slow", "dead", "503", "when", "every", "+6531589338", "a"])


@given(text=st.text() | st.lists(WORDS).map(" ".join))
def test_whatever_is_typed_is_a_fault_or_one_line(text: str) -> None:
    line = ""
    try:
        rule = parse_fault(text)
    except InputError as error:
        line = str(error)
    else:
        assert rule.fault in dict(FAULTS)
    assert "\n" not in line


def test_the_menu_has_every_fault_with_a_sentence() -> None:
    for name, sentence in FAULTS:
        assert parse_fault(name).fault == name
        assert len(sentence) > 20
        assert (parse_fault(name).of_leg) == (name in OF_LEGS)
