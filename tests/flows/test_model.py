"""The flow file: what is made of it, and every way to get it wrong."""

from __future__ import annotations

import pytest

from ivrsim.flows.model import DEFAULT_PARTY, Party, load_flow, number, parse_flow
from ivrsim.flows.source import SourceError, read_source

FULL = """\
title: ABC Restaurant
platform: 8x8
from: "+65 9117-8965"
to: +6568332048
app:
  pages:
    welcome:
      reply: {callflow: [{action: say, params: {text: Hi, repetition: 1}}]}
      next: {1: welcome, "/2|3/": welcome}
      secret: true
      status: 503
      delay: 1.5
webhooks: {vss: "http://127.0.0.1:1/vss", vcs: , auth: Bearer 123}
parties:
  "+6531589338": {answers_after: 4, says: Hello, hangs_up_after: 20}
  6591178965: busy
  default: no_answer
settings: {8x8.barge_in: no, 8x8.vca_timeout: 10}
"""


def test_everything_a_flow_can_say() -> None:
    flow = load_flow("abc.yaml", text=FULL)
    assert (flow.title, flow.platform, flow.direction) == ("ABC Restaurant", "8x8", "inbound")
    assert (flow.caller, flow.callee) == ("+6591178965", "+6568332048")
    assert flow.app is not None
    assert flow.app.pages is not None
    page = flow.app.pages["welcome"]
    assert page.reply == {
        "callflow": [{"action": "say", "params": {"text": "Hi", "repetition": 1}}]
    }
    assert page.next == {"1": "welcome", "/2|3/": "welcome"}
    assert (page.secret, page.status, page.delay_ms) == (True, 503, 1500)
    assert flow.webhooks == {"vss": "http://127.0.0.1:1/vss", "auth": "Bearer 123"}
    assert flow.parties == {
        "+6531589338": Party("answers", 4.0, "Hello", 20.0),
        "+6591178965": Party("busy"),
    }
    assert flow.default_party == Party("no_answer")
    assert flow.settings == {"8x8.barge_in": "no", "8x8.vca_timeout": "10"}


def test_what_a_flow_need_not_say() -> None:
    flow = load_flow("my_flow.yaml", text="platform: Nexmo\napp: {url: http://localhost:5000/}")
    assert (flow.title, flow.platform) == ("my flow", "vonage")
    assert (flow.caller, flow.callee, flow.document) == (None, None, None)
    assert flow.default_party == DEFAULT_PARTY


def test_an_outbound_document() -> None:
    flow = load_flow(
        "x.yaml",
        text="platform: vonage\ndirection: outbound\nncco: [{action: talk, text: 007, loop: 2}]",
    )
    assert flow.document == [{"action": "talk", "text": "007", "loop": 2}]
    assert flow.document_pointer == "/ncco"


V = "platform: vonage\n"
PAGES = V + "app:\n  pages:\n    a:\n      reply: []\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a", "1:1: expected a flow (keys and values), found a list"),
        ("app: {url: http://h/}", "1:1: expected platform: vonage or 8x8, found none"),
        ("platform: vonnage\nncco: []", "1:11: expected vonage or 8x8 for platform, found 'vonnage'"
         " (did you mean vonage?)"),
        ("platform: [a]\nncco: []", "1:11: expected text for platform, found a list"),
        (V, "1:1: expected app (what answers the call), found none"),
        (V + "ap: {url: x}\nncco: []", "2:1: unknown key 'ap' in a flow (did you mean app?)"),
        (V + "zzz: 1\nncco: []", "2:1: unknown key 'zzz' in a flow; expected one of title, "),
        (V + "app: [x]", "2:6: expected app as a mapping, found a list"),
        (V + "app: {url: http://h/, python: a:b}", "2:6: expected exactly one of url, python and "
         "pages in app, found url and python"),
        (V + "app: {}", "2:6: expected exactly one of url, python and pages in app, found none"),
        (V + "app: {url: localhost:5000}", "2:12: expected a URL that begins with http:// or"),
        (V + "app: {url: http://h/, path: /x}", "2:23: path belongs to python"),
        (V + "app: {python: a:b, path: x}", "2:26: expected a path that begins with /, found 'x'"),
        (V + "app: {pages: {}}", "2:14: expected at least one page, found none"),
        (V + "app: {pages: [a]}", "2:14: expected pages as a mapping, found a list"),
        (PAGES + "      nxt: {}", "6:7: unknown key 'nxt' in a page (did you mean next?)"),
        (PAGES + "      next: {1: [a]}", "6:17: expected the name of a page, found a list"),
        (PAGES + "      secret: yes", "6:15: expected true or false for secret, found 'yes'"),
        (PAGES + "      status: ok", "6:15: expected an HTTP status such as 200 or 503"),
        (PAGES + "      delay: -1", "6:14: expected seconds such as 4 or 0.5 for delay"),
        (V + "from: bob\nncco: []", "2:7: expected a phone number such as +6591178965 for from"),
        (V + "ncco: {}", "2:7: expected a list of actions for ncco, found a mapping"),
        (V + "callflow: []", "2:1: callflow is not a document of vonage: expected ncco"),
        (V + "ncco: []\napp: {url: http://h/}", "2:1: ncco starts an outbound call: expected "
         "direction: outbound beside it"),
        ("platform: 8x8\ndirection: outbound\napp: {url: http://h/}", "2:1: expected callflow"),
        (V + "ncco: []\ndirection: out", "3:12: expected inbound or outbound for direction, found"),
        (V + "ncco: []\nwebhooks: {vss: x}", "3:12: unknown key 'vss' in webhooks of vonage"),
        (V + "ncco: []\nwebhooks: {event_url: /x}", "3:23: expected a URL with http://"),
        (V + "ncco: []\nwebhooks: {answer_method: PUT}", "3:27: expected GET or POST"),
        (V + "ncco: []\nparties: {bob: busy}", "3:11: expected a phone number or default, found"),
        (V + "ncco: []\nparties: {default: bussy}", "3:20: expected busy, no_answer, rejected, "
         "unreachable, voicemail, by_hand or a mapping for a party, found 'bussy' (did you me"),
        (V + "ncco: []\nparties: {default: {answer_after: 3}}", "3:21: unknown key 'answer_after' "
         "in a party (did you mean answers_after?)"),
        (V + "ncco: []\nparties: {+14155550100: busy, 14155550100: busy}", "3:31: the party +14155"
         "550100 is here twice, in two spellings"),
        (V + "ncco: []\nsettings: {a: [b]}", "3:15: expected text, found a list"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        load_flow("x.yaml", text=text)
    assert str(caught.value).startswith(f"x.yaml:{message}")


def test_the_first_error_of_the_file_is_reported_and_all_are_found() -> None:
    text = "from: bob\nplatform: vonage\nzzz: 1\nncco: 3"
    findings = parse_flow(read_source("x.yaml", text=text))[1]
    assert sorted(finding.line for finding in findings) == [1, 3, 4]
    with pytest.raises(SourceError, match=r"^x\.yaml:1:7: "):
        load_flow("x.yaml", text=text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+6591178965", "+6591178965"),
        ("6591178965", "+6591178965"),
        ("+1 (415) 555-0100", "+14155550100"),
        ("0123456789", None),
        ("+12", None),
        ("+1234567890123456", None),
        ("٦٥٩١١٧٨٩٦٥", None),
        ("", None),
    ],
)
def test_numbers(text: str, expected: str | None) -> None:
    assert number(text) == expected
