"""Markdown and Mermaid: what comes from outside stays text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ivrsim.exchange import markdown_export, mermaid_export
from tests.exchange.conftest import CALLS
from tests.exchange.desk import exported, written

Trace = Callable[[str], Path]

HOSTILE = (
    "*bold* [x](http://evil.example) <script>alert(1)</script> | cell @everyone `code` "
    "~~gone~~ &lt; www.evil.example ; #35 %%{init: {}}%% end --> ```\n# heading\x1b[31m"
)


def test_a_report_reads_well(recorded: Trace) -> None:
    report = exported(recorded("parcel"), "markdown").decode()
    assert report.startswith("# flows/parcel.yaml\n")
    assert "| from | +1 415 555 0100 |" in report
    assert "**platform** ♪ Welcome to Kestrel Parcels." in report
    assert "**caller** ⌨ `20481776#`" in report
    assert "| `w5` | 8.89 s | input | `POST pages:event` | 200 |" in report
    assert "- `/0` talk “Welcome to Kestrel Parcels." in report
    assert "(assumed): an input begins while a bargeIn prompt plays, <https://developer." in report
    assert '```json\n{\n  "from": "14155550100",' in report


def test_an_imported_call_says_so(tmp_path: Path) -> None:
    from ivrsim.exchange.importing import read_calls, write_calls
    from tests.exchange.desk import DATA

    imported = read_calls([DATA / "vonage_tunnel.har"])
    path = write_calls(imported, tmp_path)[1]
    report = exported(path, "markdown").decode()
    assert "| imported | yes: times of prompts are estimated |" in report
    assert "| ended | the trace has no end |" in report
    assert "- code: `import.no-end`" in report


def hostile_trace(path: Path) -> Path:
    remark = {"code": HOSTILE, "severity": "warning", "message": HOSTILE, "page": HOSTILE,
              "pointer": HOSTILE, "basis": HOSTILE}  # fmt: skip
    request = {"webhook": HOSTILE, "title": HOSTILE, "method": "POST", "url": HOSTILE,
               "body": {"text": "``````\n# out"}}  # fmt: skip
    return written(
        path,
        [
            (0, "call.started", None, {"direction": "inbound", "from": HOSTILE, "to": HOSTILE}),
            (0, "leg.created", "b", {"role": "party", "to": HOSTILE}),
            (1, "prompt.started", None, {"prompt": "p1", "text": HOSTILE, "duration_ms": 5}),
            (2, "digit", None, {"digit": HOSTILE, "ignored": HOSTILE}),
            (3, "speech", "b", {"text": HOSTILE, "source": "party"}),
            (4, "webhook.request", None, request),
            (5, "webhook.failed", None, {"webhook": HOSTILE, "reason": HOSTILE,
                                         "message": HOSTILE}),
            (5, "webhook.request", None, {"webhook": "w2", "title": "event", "url": "http://x"}),
            (5, "webhook.response", None, {"webhook": "w2", "status": HOSTILE}),
            (6, "diagnostic", None, remark),
            (6, "mark", None, {"text": HOSTILE}),
            (7, "call.ended", None, {"status": HOSTILE, "by": HOSTILE, "why": HOSTILE}),
        ],
    )  # fmt: skip


def test_nothing_hostile_gets_out_of_a_report(tmp_path: Path) -> None:
    report = exported(hostile_trace(tmp_path / "a.jsonl"), "markdown").decode()
    assert "\x1b" not in report
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(report)
    inline = [child for token in tokens for child in token.children or ()]
    assert not {t.type for t in tokens + inline} & {
        "html_block", "html_inline", "link_open", "image", "s_open", "code_block",
    }  # fmt: skip
    headings = [tokens[i + 1].content for i, t in enumerate(tokens) if t.type == "heading_open"]
    assert [h.split()[0] for h in headings] == [
        "http:\\//localhost:5000/answer", "Conversation", "Webhooks", "Remarks", "Payloads",
        headings[-1].split()[0],
    ]  # fmt: skip
    (fence,) = [token for token in tokens if token.type == "fence"]
    assert json.loads(fence.content) == {"text": "``````\n# out"}
    strong = {inline[i + 1].content for i, t in enumerate(inline) if t.type == "strong_open"}
    assert "bold" not in strong
    plain = "".join(t.content for t in inline if t.type == "text")
    assert "@everyone" in plain
    assert "http://evil.example" in plain
    table = [t for t in tokens if t.type == "td_open"]
    assert len(table) % 2 == 0


def test_nothing_is_made_a_link_or_a_mention_by_github() -> None:
    shown = markdown_export.escape(HOSTILE)
    assert not re.search(r"@|https?://|www\.", shown)


@given(text=st.text(max_size=80))
def test_inline_code_is_closed_by_its_own_ticks_alone(text: str) -> None:
    shown = markdown_export.code(text)
    ticks = re.match(r"`*", shown)
    assert ticks is not None
    if shown:
        count = len(ticks[0])
        inner = shown[count:-count]
        assert all(len(run) != count for run in re.findall(r"`+", inner))
        assert "\n" not in shown


@given(text=st.text(max_size=200))
def test_a_fence_is_longer_than_any_inside(text: str) -> None:
    lines = markdown_export.fenced(text, "text").split("\n")
    ticks = lines[0].removesuffix("text")
    assert not any(ticks in line for line in lines[1:-1])
    assert lines[-1] == ticks


# Mermaid's lexer: a message is everything up to # or ; or the end of the line, and entities (#35;
# or #quot;) have been taken out before.

MESSAGE = re.compile(r"  \w+(?:->>|-->>|--x)\w+: ([^#;\n]+)")
NOTE = re.compile(r"  Note over \w+: ([^#;\n]+)")
PARTICIPANT = re.compile(r"  (?:actor|participant) \w+ as ([^#;\n]+)")


def parses(diagram: str) -> bool:
    first, *lines = re.sub(r"#\w+;", "§", diagram).rstrip("\n").split("\n")
    return first == "sequenceDiagram" and all(
        MESSAGE.fullmatch(line) or NOTE.fullmatch(line) or PARTICIPANT.fullmatch(line)
        for line in lines
    )


@pytest.mark.parametrize("name", CALLS)
def test_diagrams_of_the_samples(recorded: Trace, name: str) -> None:
    diagram = exported(recorded(name), "mermaid").decode()
    assert parses(diagram)
    if name == "restaurant":
        assert diagram.startswith(
            "sequenceDiagram\n  actor caller as +65 9117 8965\n  participant platform as 8x8\n"
            "  participant app as flows/restaurant.yaml\n  actor leg1 as +65 3158 9338\n"
            "  caller->>platform: calls +65 6833 2048\n  platform->>app: VCA CALL_RECEIVED\n"
        )
        assert "  caller->>platform: keys 2\n" in diagram
        assert "  leg1->>platform: “" in diagram


def test_a_hostile_call_is_a_diagram_too(tmp_path: Path) -> None:
    assert parses(exported(hostile_trace(tmp_path / "a.jsonl"), "mermaid").decode())


@given(text=st.text(max_size=60) | st.sampled_from(["end", "wrap: x", "nowrap:x", "style a:#b;"]))
def test_any_text_fits_into_a_message(text: str) -> None:
    shown = mermaid_export.escape(text)
    assert re.fullmatch(r"[^#;\n]+", re.sub(r"#\w+;", "§", shown))
    assert not re.search(r"\b(end|style|classdef)\b", re.sub(r"#\w+;", "§", shown), re.IGNORECASE)
    assert "%%" not in shown
    assert not re.match(r"(no)?wrap:", shown, re.IGNORECASE)


def test_a_long_diagram_is_cut_where_mermaid_would_refuse_it(tmp_path: Path) -> None:
    marks = [(t, "mark", None, {"text": "x" * 100}) for t in range(1000)]
    diagram = exported(written(tmp_path / "a.jsonl", marks), "mermaid").decode()
    assert len(diagram) < 50_000
    assert diagram.endswith("  Note over platform: … the diagram is cut here\n")
    assert parses(diagram)


def test_what_was_done_by_hand_is_told(tmp_path: Path) -> None:
    trace = written(
        tmp_path / "a.jsonl",
        [
            (1, "reply.edited", None, {"webhook": "w1", "was": {}, "diff": "-a\n+b"}),
            (2, "webhook.resent", None, {"webhook": "w1", "status": 200, "reply": '[{"a":1}]'}),
        ],
    )
    report = exported(trace, "markdown").decode()
    assert "### `w1`: edited by hand at 0.00 s\n\n```diff\n-a\n+b\n```" in report
    assert "### `w1` sent again by hand: 200 at 0.00 s\n\n```json\n[\n" in report
