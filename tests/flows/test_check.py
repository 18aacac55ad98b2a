"""``check``: what it finds, and where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrsim.errors import InputError
from ivrsim.flows.check import check_file
from ivrsim.flows.source import Finding

DATA = Path(__file__).parent / "data"


def found(name: str) -> list[tuple[int, int, str, str]]:
    return [(f.line, f.col, f.severity, f.code) for f in check_file(DATA / name)]


def check(folder: Path, text: str, name: str = "x.yaml") -> list[str]:
    """The findings, each without the folder."""
    path = folder / name
    path.write_text(text)
    return [str(finding).replace(f"{folder}/", "") for finding in check_file(path)]


def test_everything_that_can_be_wrong_with_pages() -> None:
    flow = [finding for finding in found("broken.yaml") if finding[3].startswith("flow.")]
    assert flow == [
        (3, 7, "warning", "flow.number"),
        (8, 32, "error", "flow.template"),
        (10, 19, "error", "flow.unknown-page"),
        (10, 25, "warning", "flow.next-key"),
        (10, 42, "error", "flow.regex"),
        (11, 5, "warning", "flow.unreachable"),
        (11, 5, "warning", "flow.no-next"),
        (13, 40, "error", "flow.missing-file"),
        (16, 5, "warning", "flow.unreachable"),
        (17, 14, "error", "flow.reply"),
        (19, 3, "warning", "flow.number"),
        (20, 12, "error", "flow.setting"),
        (20, 43, "error", "flow.setting"),
    ]


def test_what_the_platform_says_has_its_place_in_the_page() -> None:
    assert (14, 62, "error", "vonage.number-format") in found("broken.yaml")


def test_a_bare_ncco() -> None:
    assert [finding[0] for finding in found("traps.json")] == [2, 3, 4]
    assert (3, 53, "error", "vonage.event-url-not-array") in found("traps.json")


def test_a_bare_callflow() -> None:
    assert [finding[0] for finding in found("eight.json")] == [4, 4]


def test_the_line_that_is_printed() -> None:
    finding = Finding("a/b.yaml", 3, 7, "warning", "flow.number", "expected this, found that")
    assert str(finding) == "a/b.yaml:3:7: flow.number warning: expected this, found that"


def test_an_inline_document_of_a_flow(tmp_path: Path) -> None:
    text = "platform: vonage\ndirection: outbound\nncco:\n  - action: tlak\n    text: Hi\n"
    (line,) = check(tmp_path, text)
    assert line.startswith("x.yaml:4:13: vonage.unknown-action error: ")
    text = (
        "platform: 8x8\ndirection: outbound\ncallflow:\n  - action: say\n    params: {text: Hi}\n"
    )
    assert any(line.startswith("x.yaml:4:") for line in check(tmp_path, text))


def test_templates_are_filled_before_the_platform_looks(tmp_path: Path) -> None:
    text = """\
platform: 8x8
app:
  pages:
    a:
      reply:
        callflow:
          - action: makeCall
            params: {source: "${to}", destination: "${from}"}
"""
    assert check(tmp_path, text) == []


def test_files_are_looked_for_beside_the_flow(tmp_path: Path) -> None:
    text = "[{'action': 'stream', 'streamUrl': ['a.wav']}]".replace("'", '"')
    errors = [line for line in check(tmp_path, text, "x.json") if " error: " in line]
    assert errors == ["x.json:1:37: flow.missing-file error: there is no file a.wav"]
    (tmp_path / "a.wav").write_bytes(b"")
    assert [line for line in check(tmp_path, text, "x.json") if " error: " in line] == []


def test_a_python_application_is_looked_for(tmp_path: Path) -> None:
    text = "platform: vonage\napp: {python: 'shop.py:app', path: /answer}\n"
    assert check(tmp_path, text) == ["x.yaml:2:15: flow.python error: there is no file shop.py"]
    (tmp_path / "shop.py").write_text("this is not Python")  # check runs nothing
    assert check(tmp_path, text) == []


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("", "flow.reply error: expected a list (the NCCO) as reply of a, found nothing"),
        ("reply: Hi", "flow.reply error: expected a list (the NCCO) as reply of a, found 'Hi'"),
        (
            "reply: {ncco: []}",
            "flow.reply error: expected a list (the NCCO) as reply of a, found a",
        ),
    ],
)
def test_replies_that_are_no_document(tmp_path: Path, reply: str, expected: str) -> None:
    lines = check(tmp_path, "platform: vonage\napp: {pages: {a: {" + reply + "}}}")
    assert any(expected in line for line in lines)


def test_a_page_that_fails_on_purpose_needs_no_document(tmp_path: Path) -> None:
    assert check(tmp_path, "platform: vonage\napp: {pages: {a: {status: 503}}}") == []


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert check(tmp_path, "[1,", "x.json") == [
        "x.json:1:4: json.syntax error: expected a value, found the end of the file"
    ]
    assert check(tmp_path, '{"ncco": []}', "x.json")[0].startswith("x.json:1:1: document.kind")
    assert check(tmp_path, "a: [")[0].startswith("x.yaml:1:5: yaml.syntax error: not valid YAML")
    with pytest.raises(InputError, match="no such file"):
        check_file(tmp_path / "nix.yaml")
    with pytest.raises(InputError, match="expected a flow"):
        check_file(tmp_path / "x.txt")


KEYS = st.sampled_from(
    [
        *("title", "platform", "from", "to", "direction", "app", "ncco", "callflow", "webhooks"),
        *("parties", "settings", "url", "python", "path", "pages", "reply", "next", "secret"),
        *("status", "delay", "default", "says", "1", "action", "params", "text", "endpoint"),
    ]
)
LEAVES = st.sampled_from(["vonage", "8x8", "outbound", "talk", "busy", "+14155550100", "${x}", ""])


@given(
    st.recursive(
        LEAVES | st.none() | st.integers(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
        max_leaves=25,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_values_are_findings_and_never_a_crash(tmp_path: Path, value: Any) -> None:
    for name in ("x.yaml", "x.json"):
        (tmp_path / name).write_text(json.dumps(value))
        for finding in check_file(tmp_path / name):
            assert "\n" not in str(finding)
            assert min(finding.line, finding.col) >= 1
    (tmp_path / "x.yaml").write_text(json.dumps({"platform": "8x8", "app": {"pages": value}}))
    check_file(tmp_path / "x.yaml")
