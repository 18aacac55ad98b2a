"""Foreign text made visible, and webhooks as curl commands."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ivrsim.trace.record import Record
from ivrsim.trace.view_curl import curl_command
from ivrsim.trace.view_text import one_line_of, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;gone\x07", "␛]0;gone␇"),
        ("a\x9bb", "a⟨9B⟩b"),
        ("\u202egnp.exe", "⟨RLO⟩gnp.exe"),
        ("zero\u200bwidth", "zero·width"),
        ("👩\u200d💻 👍🏽 ☎\ufe0f 🇸🇬", "👩💻 👍 ☎ SG"),
        ("\ud800", "�"),
        ("plain [red]text[/red] שלום", "plain [red]text[/red] שלום"),
    ],
)
def test_signs_instead_of_control_characters(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_nothing_that_acts_on_a_terminal_is_left(text: str) -> None:
    shown = visible(text)
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in shown)
    shown.encode("utf-8")
    assert cell_len(shown) == sum(map(cell_len, shown))


def test_a_long_text_is_cut_on_one_line() -> None:
    assert one_line_of("a\n  b") == "a b"
    assert one_line_of("x" * 1000, 10) == "xxxxxxxxx…"


def _request(**data: object) -> Record:
    return Record(7, 0, "webhook.request", "A", None, False, {"webhook": "w1", **data})


def test_a_curl_command_survives_the_shell() -> None:
    body = {"text": "it's $HOME", "n": 1}
    command = curl_command(
        _request(
            method="POST",
            url="http://127.0.0.1:5000/vca?x=1&y=2",
            body=body,
            query=None,
            headers={"Authorization": "Bearer ••••", "Content-Length": "9"},
        )
    )
    words = shlex.split(command)
    assert words[:5] == ["curl", "-sS", "-X", "POST", "http://127.0.0.1:5000/vca?x=1&y=2"]
    assert words[5:] == [
        "-H", "Authorization: Bearer ••••", "--data-raw", '{"text": "it\'s $HOME", "n": 1}',
    ]  # fmt: skip


def test_the_query_is_sent_once() -> None:
    query = {"to": "1", "from": "2"}
    bare = curl_command(_request(method="GET", url="http://h/a", query=query))
    whole = curl_command(_request(method="GET", url="http://h/a?to=1&from=2", query=query))
    assert bare == whole == "curl -sS -X GET 'http://h/a?to=1&from=2'"


def test_what_has_no_url_is_no_curl_command() -> None:
    with pytest.raises(ValueError, match="webhook w1 has no URL"):
        curl_command(_request(url=None))
    with pytest.raises(ValueError, match="record 1 is digit"):
        curl_command(Record(1, 0, "digit", None, None, True, {"url": "http://h"}))
