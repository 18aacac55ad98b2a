"""The samples: all load, have nothing wrong with them, and do what their comment promises."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ivrsim.engine.commands import SendWebhook
from ivrsim.flows.check import check_file
from ivrsim.flows.pages import ScriptedApplication
from ivrsim.flows.samples import sample_paths, samples
from ivrsim.flows.target import PythonApplication, load_target

NAMES = list(sample_paths())


def walk(name: str, keys: str, first: str = "start") -> list[str | None]:
    """The pages that answer when ``keys`` are pressed: one group for each capture."""
    application = load_target(name).application
    assert isinstance(application, ScriptedApplication)
    session = application.session("+6591178965", "+6568332048")
    contexts: list[dict[str, Any]] = [{"event": first}]
    contexts += [
        {"event": "digits", "digits": None if group == "-" else group} for group in keys.split()
    ]
    pages = []
    for context in contexts:
        command = SendWebhook("w1", "input", "POST", "pages:x", {}, None, 1000, 5000, context)
        reply = session.reply(command)
        if reply.body:
            json.loads(reply.body)
        pages.append(reply.page)
    return pages


def test_the_samples_that_are_promised() -> None:
    promised = {"restaurant", "parcel", "reminder", "callback", "clinic", "pin", "voicemail"}
    assert promised | {"flask_vonage", "fastapi_8x8"} <= set(NAMES)


def test_samples_say_what_they_show_and_which_keys_to_try() -> None:
    for sample in samples():
        assert sample.description.endswith("."), sample.name
        assert sample.keys.count('"') >= 2, sample.name
        assert sample.platform in ("vonage", "8x8")


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_has_nothing_wrong_with_it(name: str) -> None:
    findings = check_file(sample_paths()[name])
    assert [str(finding) for finding in findings if finding.severity != "info"] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_can_be_called(name: str) -> None:
    target = load_target(name)
    assert target.findings == ()
    main = "answer" if target.platform == "vonage" else "vca"
    assert target.urls[main].startswith(("pages:", "/"))
    if isinstance(target.application, PythonApplication):
        file = target.application.file
        assert file is not None
        assert file.is_file()


@pytest.mark.parametrize(
    ("name", "keys", "pages"),
    [
        ("restaurant", "1 1", ["welcome", "book", "today"]),
        ("restaurant", "1 2", ["welcome", "book", "tomorrow"]),
        ("restaurant", "2", ["welcome", "talk"]),
        ("restaurant", "3 1 2", ["welcome", "hours", "book", "tomorrow"]),
        ("restaurant", "9 1 1", ["welcome", "sorry", "book", "today"]),
        ("restaurant", "-", ["welcome", "goodbye"]),
        ("parcel", "20481776 1", ["welcome", "confirm", "found"]),
        ("parcel", "20481776 2 5550123 1", ["welcome", "confirm", "again", "confirm", "found"]),
        ("parcel", "0", ["welcome", "person"]),
        ("parcel", "12 0", ["welcome", "short", "person"]),
        ("reminder", "1", ["reminder", "confirmed"]),
        ("reminder", "2 1", ["reminder", "move", "thursday"]),
        ("reminder", "2 2", ["reminder", "move", "friday"]),
        ("reminder", "9 1", ["reminder", "sorry", "confirmed"]),
        ("clinic", "1 2", ["welcome", "hours", "nurse"]),
        ("clinic", "2", ["welcome", "nurse"]),
        ("clinic", "7 1", ["welcome", "menu", "hours"]),
        ("voicemail", "1", ["welcome", "hours"]),
        ("voicemail", "2", ["welcome", "message"]),
        ("pin", "4711 2580", ["account", "pin", "balance"]),
        ("pin", "4711 1111 2580", ["account", "pin", "retry", "balance"]),
        ("pin", "4711 1111 2222", ["account", "pin", "retry", "refused"]),
    ],
)
def test_the_keys_that_a_sample_says_to_try(name: str, keys: str, pages: list[str]) -> None:
    assert walk(name, keys) == pages


def test_the_call_back_begins_with_its_callflow() -> None:
    assert walk("callback", "1", "done") == ["menu", "kept"]
    assert walk("callback", "2 19", "done") == ["menu", "hour", "moved"]
    assert walk("callback", "2 99 20", "done") == ["menu", "hour", "hour", "moved"]
    assert walk("callback", "3", "done") == ["menu", "cancelled"]
    target = load_target("callback")
    assert (target.caller, target.callee) == ("+6568332048", "+6591178965")


def test_the_order_number_is_read_back() -> None:
    application = load_target("parcel").application
    assert isinstance(application, ScriptedApplication)
    session = application.session()
    for context in ({"event": "start"}, {"event": "digits", "digits": "20481776"}):
        command = SendWebhook("w1", "input", "POST", "pages:x", {}, None, 1, 1, context)
        reply = session.reply(command)
    assert '<say-as interpret-as="digits">20481776</say-as>' in json.loads(reply.body)[0]["text"]


def test_the_pages_that_ask_for_a_pin_are_secret() -> None:
    application = load_target("pin").application
    assert isinstance(application, ScriptedApplication)
    secret = {name for name, page in application.pages.items() if page.secret}
    assert secret == {"pin", "retry"}
