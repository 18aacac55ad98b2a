"""Scripted pages: which page answers, and with what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrsim.engine.commands import SendWebhook
from ivrsim.flows.model import load_flow
from ivrsim.flows.pages import ScriptedApplication, ScriptedSession, compile_pages


def webhook(event: str, **context: Any) -> SendWebhook:
    context = {"event": event, **context}
    return SendWebhook("w1", event, "POST", "pages:event", {}, None, 1000, 5000, context)


def application(pages: dict[str, Any], platform: str = "vonage") -> ScriptedApplication:
    # JSON is YAML too
    text = json.dumps({"platform": platform, "app": {"pages": pages}})
    app, findings = compile_pages(load_flow("x.yaml", text=text))
    assert findings == []
    assert app is not None
    return app


def page_of(session: ScriptedSession, event: str, **context: Any) -> str | None:
    return session.reply(webhook(event, **context)).page


def after(following: dict[str, str], event: str = "digits", **context: Any) -> str | None:
    """The page that answers ``event`` when the first page has ``following`` as its next."""
    pages: dict[str, Any] = {"first": {"reply": [], "next": following}}
    pages |= {name: {"reply": []} for name in following.values() if name != "first"}
    session = application(pages).session()
    assert page_of(session, "start") == "first"
    return page_of(session, event, **context)


MENU = {"1": "one", "/1+/": "ones", "star": "star", "hash": "hash", "/[0-9]{4}/": "four"}


@pytest.mark.parametrize(
    ("digits", "expected"),
    [("1", "one"), ("11", "ones"), ("*", "star"), ("#", "hash"), ("1234", "four"), ("12345", None)],
)
def test_digits_match_exactly_then_as_expressions(digits: str, expected: str | None) -> None:
    assert after(MENU, digits=digits) == expected


@pytest.mark.parametrize("digits", ["", None])
def test_no_digits_are_a_timeout(digits: str | None) -> None:
    assert after({"timeout": "t", "other": "o"}, digits=digits) == "t"
    assert after({"other": "o"}, digits=digits) == "o"
    assert after({"1": "one"}, digits=digits) is None


def test_other_takes_what_nothing_else_takes() -> None:
    assert after({"1": "one", "timeout": "t", "other": "o"}, digits="7") == "o"


def test_the_first_of_two_expressions_wins() -> None:
    assert after({"/.*/": "any", "/2/": "two"}, digits="2") == "any"


def test_speech_is_matched_like_digits_then_by_its_word() -> None:
    following = {"yes": "yes", "/open.*/": "hours", "speech": "heard", "timeout": "t"}
    assert after(following, "speech", speech="yes") == "yes"
    assert after(following, "speech", speech="opening hours") == "hours"
    assert after(following, "speech", speech="what?") == "heard"
    assert after(following, "speech", speech=None) == "t"
    assert after({"speech": "heard", "other": "o"}, digits="5") == "o"


@pytest.mark.parametrize("said", ["Opening hours.", "OPENING  HOURS!", "opening hours"])
def test_spoken_words_are_the_same_however_they_are_written(said: str) -> None:
    assert after({"opening hours": "yes"}, "speech", speech=said) == "yes"
    assert after({"Opening Hours?": "yes"}, "speech", speech=said) == "yes"
    assert after({"/Open.* hours/": "yes"}, "speech", speech=said) == "yes"
    assert after({"opening": "no", "speech": "other"}, "speech", speech=said) == "other"


def test_what_is_said_of_nothing_but_marks_is_said_all_the_same() -> None:
    assert after({"speech": "heard", "timeout": "t"}, "speech", speech="?!") == "heard"


@pytest.mark.parametrize(
    "event", ["done", "notify", "record", "busy", "unanswered", "answered", "completed"]
)
def test_other_webhooks_are_matched_by_their_word(event: str) -> None:
    assert after({event: "there"}, event) == "there"
    assert after({"other": "o", "timeout": "t"}, event) is None


def test_spoken_words_do_not_stand_for_events() -> None:
    assert after({"done": "there"}, "speech", speech="done") is None
    assert after({"done": "there"}, "done") == "there"


def test_without_a_match_the_page_stays() -> None:
    session = application(
        {"a": {"reply": [], "next": {"1": "b"}}, "b": {"reply": [], "next": {"2": "a"}}}
    ).session()
    assert page_of(session, "start") == "a"
    assert page_of(session, "digits", digits="9") is None
    assert page_of(session, "ringing") is None
    assert page_of(session, "digits", digits="1") == "b"
    assert page_of(session, "digits", digits="1") is None
    assert page_of(session, "digits", digits="2") == "a"


def test_informational_webhooks_change_nothing() -> None:
    session = application(
        {"a": {"reply": [], "next": {"answered": "b", "1": "b"}}, "b": {"reply": []}}
    ).session()
    assert page_of(session, "started", informational=True) is None
    assert page_of(session, "start") == "a"
    assert page_of(session, "answered", informational=True) is None
    assert page_of(session, "digits", digits="1") == "b"


def test_a_second_attempt_gets_the_same_answer() -> None:
    session = application(
        {"a": {"reply": [], "next": {"1": "down"}}, "down": {"status": "503"}}
    ).session()
    session.reply(webhook("start"))
    first = session.reply(webhook("digits", digits="1", attempt=1))
    session.reply(webhook("answered", informational=True))
    assert first.status == 503
    assert session.reply(webhook("digits", digits="1", attempt=2)) is first


def test_the_first_page_answers_first_whatever_happened() -> None:
    session = application({"a": {"reply": [], "next": {"1": "b"}}, "b": {"reply": []}}).session()
    assert page_of(session, "done") == "a"
    assert page_of(session, "digits", digits="1") == "b"


def test_sessions_share_nothing() -> None:
    app = application(
        {"a": {"reply": [{"t": "${digits}"}], "next": {"other": "a"}}, "b": {"reply": []}}
    )
    one, two = app.session(), app.session()
    one.reply(webhook("start"))
    two.reply(webhook("start"))
    assert one.reply(webhook("digits", digits="7")).body == b'[{"t":"7"}]'
    assert two.reply(webhook("digits", digits="8")).body == b'[{"t":"8"}]'
    assert one.reply(webhook("start")).body == b'[{"t":"7"}]'


def test_no_match_is_an_empty_reply_of_the_platform() -> None:
    page = {"a": {"reply": []}}
    vonage = application(page).session()
    eight = application({"a": {"reply": {"callflow": []}}}, "8x8").session()
    for session in (vonage, eight):
        session.reply(webhook("start"))
    reply = vonage.reply(webhook("digits", digits="1"))
    assert (reply.status, reply.body, dict(reply.headers)) == (200, b"", {})
    reply = eight.reply(webhook("digits", digits="1"))
    assert (reply.status, json.loads(reply.body)) == (200, {"callflow": []})
    assert reply.headers["content-type"] == "application/json"


def test_what_a_page_says_about_its_reply() -> None:
    page = {"reply": [{"n": 1}], "secret": "true", "status": "201", "delay": "0.25"}
    reply = application({"a": page}).session().reply(webhook("start"))
    assert (reply.status, reply.body, reply.page) == (201, b'[{"n":1}]', "a")
    assert (reply.secret, reply.delay_ms) == (True, 250)
    assert reply.headers == {"content-type": "application/json"}


def test_a_page_without_reply_has_no_body() -> None:
    reply = application({"a": {"status": "500"}}).session().reply(webhook("start"))
    assert (reply.status, reply.body, dict(reply.headers)) == (500, b"", {})


# templates


def render(text: str, **context: Any) -> str:
    pages: dict[str, Any] = {
        "first": {"reply": [], "next": {"other": "second", "speech": "second"}},
        "second": {"reply": [], "next": {"other": "third"}},
        "third": {"reply": {"${digits}": [text]}},
    }
    session = application(pages).session("+10", "+20")
    session.reply(webhook("start"))
    session.reply(webhook("digits", digits="12#"))
    body = session.reply(webhook("digits", **{"digits": "34", **context})).body
    value: dict[str, list[str]] = json.loads(body)
    assert list(value) == ["${digits}"]  # keys are not templates
    return value["${digits}"][0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${digits}", "34"),
        ("<${digits.first}|${digits.second}|${digits.third}>", "<12#|34|>"),
        ("${from} -> ${to}", "+10 -> +20"),
        ("it costs $$5, $$${digits}, $$$$", "it costs $5, $34, $$"),
        ("$5 and $x are text", "$5 and $x are text"),
        ("$${digits}", "${digits}"),
        ('"\\\n é ${digits}', '"\\\n é 34'),
        ("[${speech}]", "[]"),
    ],
)
def test_templates(text: str, expected: str) -> None:
    assert render(text) == expected


def test_the_numbers_of_the_webhook_win() -> None:
    assert render("${from}", **{"from": "+99"}) == "+99"


@given(st.text())
def test_whatever_is_said_stays_text(speech: str) -> None:
    said = render("say ${speech}", digits=None, speech=speech or "x")
    expected = (speech or "x").encode("utf-8", "replace").decode()
    assert said == f"say {expected}"


def test_values_are_escaped_in_ssml() -> None:
    assert render("${speech}", digits=None, speech="A & <B>") == "A & <B>"
    assert (
        render(" <speak>${speech}</speak>", digits=None, speech="A & <B>")
        == " <speak>A &amp; &lt;B&gt;</speak>"
    )


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(0, 99) | st.text('ab$${}"\\', max_size=6),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text("k$"), inner, max_size=3)
        ),
    )
)
def test_a_reply_is_serialised_as_it_is(value: Any) -> None:
    def dollars(inner: Any) -> Any:
        if isinstance(inner, str):
            return inner.replace("$", "$$")
        if isinstance(inner, dict):
            return {key: dollars(child) for key, child in inner.items()}
        return [dollars(child) for child in inner] if isinstance(inner, list) else inner

    reply = application({"a": {"reply": dollars(value)}}).session().reply(webhook("start"))
    assert json.loads(reply.body) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${digit}", "unknown value ${digit} (did you mean digits?): expected digits"),
        ("${1+1}", "unknown value ${1+1}: expected digits, digits.PAGE"),
        ("${digits.frist}", "there is no page 'frist' for ${digits.frist} (did you mean first?)"),
        ("${digits", "${ is not closed in '${digits'"),
        ("${}", "unknown value ${}: expected"),
    ],
)
def test_templates_that_are_refused(text: str, message: str) -> None:
    flow = load_flow(
        "x.yaml",
        text='platform: vonage\napp: {pages: {first: {reply: [{text: "' + text + '"}]}}}',
    )
    app, findings = compile_pages(flow)
    assert app is None
    assert str(findings[0]).startswith(f"x.yaml:2:38: flow.template error: {message}")


def test_pages_and_expressions_that_are_refused() -> None:
    flow = load_flow(
        "x.yaml",
        text="platform: vonage\napp: {pages: {first: {next: {1: frist, '/(/': first}}}}",
    )
    app, findings = compile_pages(flow)
    assert app is None
    assert [str(finding).partition(": ")[2] for finding in findings] == [
        "flow.unknown-page error: there is no page 'frist' (did you mean first?)",
        "flow.regex error: /(/ is not a regular expression: "
        "missing ), unterminated subpattern at position 0",
    ]
    assert (findings[0].line, findings[0].col, findings[1].col) == (2, 33, 40)
