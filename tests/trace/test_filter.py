"""The filter language: what passes, what is said of a wrong one, and the look at bytes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrsim.errors import InputError
from ivrsim.trace.filter import Filter, FilterError, parse_filter
from ivrsim.trace.filter_fields import FIELDS
from ivrsim.trace.filter_terms import texts_in
from ivrsim.trace.kinds import KINDS
from ivrsim.trace.record import Record
from ivrsim.trace.view_words import words

CALL = [
    Record(1, 0, "call.started", None, None, True, {"from": "+6591178965", "to": "+6568332048"}),
    Record(2, 0, "leg.created", "197862a3", 1, False, {"role": "caller", "name": "A"}),
    Record(
        3, 0, "webhook.request", "197862a3", 2, False,
        {"webhook": "w1", "purpose": "VCA", "title": "VCA CALL_RECEIVED", "method": "POST",
         "url": "http://localhost:5000/vca", "role": "main", "attempt": 1, "sent": True,
         "body": {"callStatus": "CALL_RECEIVED", "callDuration": 4711}},
    ),
    Record(
        4, 0, "webhook.response", None, 3, True,
        {"webhook": "w1", "status": 502, "body": "{\"error\": \"Database\\n is down\"}",
         "elapsed_ms": 501, "page": "welcome", "ignored": False},
    ),
    Record(
        5, 7765, "digit", "197862a3", None, True,
        {"digit": "1", "source": "script", "ignored": None, "capture": "c1"},
    ),
    Record(
        6, 90_500, "digit", "197862a3", None, True,
        {"digit": "#", "source": "keypad", "ignored": "no-capture", "capture": None},
    ),
    Record(
        7, 91_000, "prompt.started", None, 5, True,
        {"prompt": "p1", "text": "Our Opening Hours are nine to five.", "duration_ms": 6765},
    ),
    Record(8, 91_000, "leg.created", "b0b", 5, False, {"role": "party", "name": "B"}),
    Record(9, 95_000, "leg.answered", "b0b", 8, False, {"machine": False}),
    Record(
        10, 95_000, "diagnostic", None, 4, False,
        {"code": "vonage.event-url-not-array", "severity": "error", "message": "expected a list",
         "pointer": "/0/eventUrl", "document": "d1", "page": None, "reason": None},
    ),
    Record(
        11, 95_000, "setting.decided", None, 4, False, {"name": "8x8.barge_in", "value": "yes"}
    ),
    Record(12, 95_000, "mark", None, None, True, {"text": "the guest is annoyed"}),
    Record(13, 95_000, "fault.injected", None, 3, True, {"fault": "slow", "webhook": "w1"}),
    Record(14, 96_000, "action.started", None, 4, False, {"action": "sayAndCapture",
           "document": "d1", "pointer": "/0", "summary": "sayAndCapture “Our Opening…”"}),
    Record(
        15, 96_000, "webhook.failed", None, 3, True,
        {"webhook": "w1", "reason": "timeout", "message": "no reply", "elapsed_ms": 500},
    ),
]  # fmt: skip


def record_of(seq: int) -> Record | None:
    return CALL[seq - 1] if 0 < seq <= len(CALL) else None


def passing(text: str) -> list[int]:
    wanted = parse_filter(text)
    return [record.seq for record in CALL if wanted.matches(record, record_of)]


@pytest.mark.parametrize(
    ("text", "seqs"),
    [
        ("kind:webhook", [3, 4, 15]),
        ("kind:webhook.response", [4]),
        ("kind:WEBHOOK.*", [3, 4, 15]),
        ("kind:digit,mark", [5, 6, 12]),
        ("kind:/^(digit|mark)$/", [5, 6, 12]),
        ('kind:"not.known"', []),
        ("status:>=500", [4]),
        ("status:5xx", [4]),
        ("status:500..502", [4]),
        ("status:200,502", [4]),
        ("status:<500", []),
        ("slower:500ms", [4]),
        ("slower:>=0.5s", [4, 15]),
        ("digit:1,2", [5]),
        ("digit:#", [6]),
        ("ignored:no-capture", [6]),
        ("ignored:yes", [6]),
        ("kind:digit ignored:no", [5]),
        ("text:hours", [7]),
        ('text:"opening hours"', [7]),
        ("text:/nine.*five/", [7]),
        ("t:7s", [5]),
        ("t:7.7", [5]),
        ("t:7765ms", [5]),
        ("t:>7765ms t:<=1:30.5", [6]),
        ("t:1:30", [6]),
        ("t:1s..90.5s", [5, 6]),
        ("seq:12..13", [12, 13]),
        ("cause:4", [10, 11, 14]),
        ("in:no", [2, 3, 8, 9, 10, 11, 14]),
        ("leg:1978", [2, 3, 5, 6]),
        ("leg:caller", [2, 3, 5, 6]),
        ("leg:A", [2, 3, 5, 6]),
        ("leg:party", [8, 9]),
        ("title:vca", [3, 4, 13, 15]),
        ("purpose:VCA status:>499", [4]),
        ("url:/vca", [3, 4, 13, 15]),
        ("url:/:[0-9]+/", [3, 4, 13, 15]),
        ("method:post kind:webhook.request", [3]),
        ("webhook:w1", [3, 4, 13, 15]),
        ("page:welcome", [4]),
        ("pointer:/0", [10, 14]),
        ("pointer:/0/eventUrl", [10]),
        ("pointer:/0/EVENTurl", [10]),
        ("document:d1 -severity:error", [14]),
        ("action:sayandcapture", [14]),
        ("code:vonage", [10]),
        ("severity:error,warning", [10]),
        ("setting:barge", [11]),
        ("mark:guest", [12]),
        ("fault:slow", [13]),
        ("reason:timeout", [15]),
        ("source:script", [5]),
        ("sent:yes", [3]),
        ("body:database", [4]),
        ("body:call_received", [3]),
        ("VCA", [3, 4, 13, 15]),
        ("4711", [3]),
        ("6591178965", [1]),
        ('"65 9117 8965"', [1]),
        ('"nobody is listening"', [6]),
        ('"Database"', [4]),
        ("opening hours", [7]),
        ("digit:1 or mark:guest", [5, 12]),
        ("kind:digit (digit:1 or ignored:yes) -digit:#", [5]),
        ("kind:digit not digit:1", [6]),
        ("kind:digit AND NOT --digit:1", [6]),
        ("not (kind:webhook or in:yes or leg:A or leg:B) cause:4 -setting:zz", [10, 11, 14]),
    ],
)  # fmt: skip
def test_what_passes(text: str, seqs: list[int]) -> None:
    assert passing(text) == seqs


def test_an_empty_filter_lets_everything_pass() -> None:
    for text in ("", "  \n"):
        wanted = parse_filter(text)
        assert not wanted
        assert wanted.text == text
        assert all(map(wanted.matches, CALL))
        assert wanted.may_match_kind("anything")
        assert wanted.may_match_line(b"")
    assert parse_filter("x")


def test_without_context_a_reply_has_no_title() -> None:
    assert not parse_filter("title:VCA").matches(CALL[3])
    assert parse_filter("title:VCA").matches(CALL[2])
    assert not parse_filter("leg:caller").matches(CALL[4])


def test_causes_in_a_circle_or_beyond_the_end_are_borne() -> None:
    reply = CALL[3]
    wanted = parse_filter("title:VCA")
    for cause in (4, 5, 0, -1, 99, None):
        assert not wanted.matches(reply._replace(cause=cause), record_of)
    assert not wanted.matches(reply._replace(data={"status": 200}), record_of)


@pytest.mark.parametrize(
    ("text", "column", "what"),
    [
        ("status:abc", 8, "expected a number after status:, found 'abc'"),
        ("status:", 8, "expected a number after status:, found nothing"),
        ("status:500,x", 12, "expected a number after status:, found 'x'"),
        ("status:>=x", 10, "expected a number after status:, found 'x'"),
        ("status:500..x", 13, "expected a number after status:, found 'x'"),
        ("status:9..1", 8, "the range ends before it begins"),
        ("status:/5../", 8, "expected a number after status:, found a regular expression"),
        ("status>=500", 7, "expected a colon after status, found '>='"),
        ("kind:digit stauts:5", 12, "there is no field 'stauts'; did you mean status?"),
        ("http://x", 1, 'to search for text put it in quotes: "http://x"'),
        ("kind:webook", 6, "there is no kind 'webook'; did you mean webhook?"),
        ("kind:", 6, "expected something after kind:, found nothing"),
        ("digit:12", 7, "expected one key (0-9 * # A-D) after digit:, separated by commas"),
        ("digit:1,", 9, "expected one key"),
        ("t:>soon", 4, "expected a time such as 500ms, 2s or 1:30 after t:, found 'soon'"),
        ("slower:500", 8, "expected a unit after 500: 500ms or 500s?"),
        ("slower:<5s", 8, "found '<'"),
        ("in:maybe", 4, "expected yes or no after in:, found 'maybe'"),
        ("ignored:never", 9, "expected yes, no, no-capture"),
        ("severity:eror", 10, "did you mean error?"),
        ("pointer:0", 9, "expected a pointer such as /0"),
        ("text:/a(/", 8, "the regular expression is wrong: missing ), unterminated subpattern"),
        ("text:/abc", 6, "has no '/' at its end"),
        ('x "abc', 3, "the quotes that open here are not closed"),
        ("(a or b", 8, "expected ')' for the '(' in column 1"),
        ("a)", 2, "nothing to close with ')'"),
        ("()", 2, "expected a term, found ')'"),
        ("a or", 5, "expected a term after 'or', found the end"),
        ("or a", 1, "expected a term, found 'or'"),
        ("a and or b", 7, "expected a term after 'and', found 'or'"),
        ("- a", 2, "expected a term after '-', found a space"),
        ("a not", 6, "expected a term after 'not', found the end"),
        ("(" * 60, 51, "more than 50 brackets"),
        ("t:" + "9" * 5000, 3, "expected a time"),
        ("seq:" + "9" * 5000, 5, "expected a number"),
    ],
)
def test_what_is_wrong_is_pointed_at(text: str, column: int, what: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter(text)
    error = caught.value
    assert error.column == column
    assert error.text == text
    assert str(error).startswith(f"filter: column {column}: ")
    assert what in str(error)
    assert "\n" not in str(error)
    shown, caret = error.pointing.split("\n")
    assert shown == text
    assert caret == " " * (column - 1) + "^"
    assert isinstance(error, InputError)


def test_the_caret_stands_right_under_wide_and_foreign_characters() -> None:
    with pytest.raises(FilterError) as caught:
        parse_filter("你好 \x1b[31m status:x")
    shown, caret = caught.value.pointing.split("\n")
    assert "\x1b" not in shown
    assert len(caret) == 1 + len("你好 \x1b[31m status:") + 2


@given(st.text(alphabet=st.sampled_from('abkor nt-:"/\\()<>=.,*150smx你\tstatus'), max_size=30))
def test_any_text_is_a_filter_or_an_error_within_it(text: str) -> None:
    try:
        wanted = parse_filter(text)
    except FilterError as error:
        column, said = error.column, str(error)
    else:
        column, said = 1, ""
        for record in CALL:
            wanted.matches(record, record_of)
    assert 1 <= column <= len(text) + 1
    assert "\n" not in said


# A look at the bytes is never stricter than the filter. The texts are made of what could fool
# it: letters that come of other letters, escapes, emoji that are left out, flags, the list's own
# words, numbers that the list computes.

_PIECES = [
    "hours", "HOURS", "book", "Kelvin", "\u212aelvin", "\u0130stanbul", "istanbul", "ﬁsh",
    "ho\u200durs", "👍🏽ok", "🇸🇬", "sg", "你好", "né", "a\nb", 'say "hi"',
    "back\\slash", "6.8", "seconds",
    "digits", "page", "too late", "second attempt", "VCA", "65 9117 8965", "+6591178965",
    "é", "\x85x85", "\u202erlo", "8", "502", "sayAndCapture", "w1", "ringing", " ", "/",
]  # fmt: skip
_TEXT = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=3).map("".join)
_VALUE = st.one_of(
    _TEXT, st.integers(-10, 10**7), st.booleans(), st.none(), st.just(0.876), st.just([]),
    st.lists(_TEXT, max_size=2), st.dictionaries(_TEXT, _TEXT, max_size=2),
)  # fmt: skip
_KEYS = sorted(
    {
        "text", "status", "digit", "title", "purpose", "url", "webhook", "message", "name", "value",
        "elapsed_ms", "duration_ms", "ignored", "page", "action", "summary", "pointer", "document",
        "body", "reason", "method", "role", "attempt", "from", "to", "direction", "size", "fault",
        "severity", "code", "source", "sent", "by", "outcome", "digits", "max_digits", "tries",
    }
)  # fmt: skip
_RECORDS = st.builds(
    lambda kind, leg, is_input, data: Record(7, 70, kind, leg, 3, is_input, data),
    st.sampled_from([*KINDS, "foreign.kind"]),
    st.sampled_from([None, "197862a3", "Kb0b"]),
    st.booleans(),
    st.dictionaries(st.sampled_from(_KEYS), _TEXT | _VALUE, min_size=3, max_size=6),
)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@st.composite
def _records_and_filters(draw: st.DrawFn) -> tuple[Record, Filter]:
    """A record, and a filter made of what it says and holds, so that it often passes."""
    record = draw(_RECORDS)
    said = words(record, {"w1": "VCA CALL_RECEIVED"})
    texts = [said, said.upper(), record.kind, *filter(None, texts_in(record.data))]

    def piece(text: str) -> str:
        begin = draw(st.integers(0, len(text) // 2))
        return text[begin : begin + draw(st.integers(2, 12))]

    def term() -> str:
        held = [name for name in FIELDS if isinstance(record.data.get(name), str)] * 20
        field = draw(st.sampled_from(["", *held, *sorted(FIELDS)]) | st.just(""))
        value = record.data.get({"setting": "name", "mark": "text"}.get(field, field))
        match field:
            case "status" | "seq" | "cause" | "attempt" | "t":
                return f"{field}:{draw(st.sampled_from(['8', '>=1', '502', '0..9999999']))}"
            case "in" | "ignored" | "sent" | "edited":
                return f"{field}:{draw(st.sampled_from(['yes', 'no']))}"
            case "slower":
                return "slower:8ms"
            case "digit":
                return "digit:8,1,5"
            case "leg":
                return f"leg:{draw(st.sampled_from(['caller', 'party', '197', 'k']))}"
            case "pointer":
                return "pointer:/"
            case "severity":
                return "severity:error"
            case "" | "body" | "kind":
                text = piece(draw(st.sampled_from(texts)))
            case _:
                text = str(value) if draw(st.booleans()) else piece(str(value))
        if not text.strip():
            text = "hours"
        return f"{field}:{_quoted(text)}" if field else _quoted(text)

    terms = [draw(st.sampled_from(["", "", "", "-"])) + term() for _ in range(2)]
    text = draw(st.sampled_from([terms[0], terms[0], " ".join(terms), " or ".join(terms)]))
    return record, parse_filter(text)


@settings(max_examples=400)
@given(_records_and_filters(), st.booleans())
def test_a_look_at_bytes_or_kind_is_never_too_strict(
    both: tuple[Record, Filter], compact: bool
) -> None:
    record, wanted = both
    if not wanted.matches(record, record_of):
        return
    value = record.to_json()
    line = orjson.dumps(value) if compact else json.dumps(value).encode()
    assert wanted.may_match_kind(record.kind)
    assert wanted.may_match_line(line), line


@given(st.sampled_from(sorted(KINDS)), st.sampled_from(["digit", "webhook", "leg", "mark"]))
def test_where_the_kind_alone_decides_it_decides_exactly(kind: str, other: str) -> None:
    for text in (f"kind:{other}", f"-kind:{other}", f"not (kind:{other} or kind:call)"):
        wanted = parse_filter(text)
        assert wanted.by_kind
        record = Record(1, 0, kind, None, None, False, {})
        assert wanted.may_match_kind(kind) == wanted.matches(record)


def test_a_look_rules_out_what_it_can() -> None:
    line = orjson.dumps(CALL[4].to_json())
    assert not parse_filter("restaurant").may_match_line(line)
    assert not parse_filter("status:>=500").may_match_line(line)
    assert not parse_filter("text:hours kind:digit").may_match_line(line)
    assert parse_filter("restaurant or digit:1").may_match_line(line)
    assert not parse_filter("digit:1").may_match_kind("mark")
    assert parse_filter("-digit:1").may_match_kind("mark")


PAGE = Path(__file__).parents[2] / "docs" / "filter.md"


def test_the_page_tells_of_every_field_and_of_no_other() -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = text.partition("\n## Fields\n")[2].partition("\n## ")[0]
    told: list[str] = []
    for line in table.splitlines():
        if line.startswith("| `"):
            told += re.findall(r"`(\w+)`", line.split("|")[1])
    assert sorted(told) == sorted(FIELDS)


def test_the_examples_of_the_page_are_filters() -> None:
    text = PAGE.read_text(encoding="utf-8")
    examples = text.partition("\n## Examples\n\n```\n")[2].partition("```")[0].splitlines()
    for example in examples:
        assert parse_filter(re.split(r" {2,}", example)[0])
    assert len(examples) > 5
    for told in re.findall(r"^ivrsim: (filter: .*)$", text, re.MULTILINE):
        wrong = "stauts:5" if "stauts" in told else "status:abc"
        with pytest.raises(FilterError) as caught:
            parse_filter(wrong)
        assert str(caught.value) == told
