"""Every kind of target, and every clear line instead of one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ivrsim.errors import InputError
from ivrsim.flows.model import DEFAULT_PARTY, Party
from ivrsim.flows.pages import ScriptedApplication
from ivrsim.flows.target import (
    HttpApplication,
    PythonApplication,
    Target,
    TargetOptions,
    load_target,
)

PAGES: dict[str, Any] = {"pages": {"a": {"reply": [{"action": "talk", "text": "Hi"}]}}}
EIGHT: dict[str, Any] = {"pages": {"a": {"reply": {"callflow": []}}}}
MAKE_CALL = {"action": "makeCall", "params": {"source": "+6511111111", "destination": "6522222222"}}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def flow(name: str = "x.yaml", options: TargetOptions | None = None, **values: Any) -> Target:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(json.dumps(values))  # JSON is YAML too
    return load_target(name, options)


def document(value: object, options: TargetOptions | None = None) -> Target:
    Path("x.json").write_text(json.dumps(value, indent=1))
    return load_target("x.json", options)


def refusal(text: str, options: TargetOptions | None = None) -> str:
    with pytest.raises(InputError) as caught:
        load_target(text, options)
    message = str(caught.value)
    assert "\n" not in message
    return message


# flows


def test_a_flow_with_pages_on_vonage() -> None:
    target = flow(platform="vonage", title="Hello", app=PAGES)
    assert (target.kind, target.name, target.title) == ("flow", "x.yaml", "Hello")
    assert (target.platform, target.direction) == ("vonage", "inbound")
    assert (target.caller, target.callee) == ("+14155550100", "+14155550123")
    assert isinstance(target.application, ScriptedApplication)
    assert target.urls == {"answer": "pages:answer", "event": "pages:event"}
    assert (target.path, target.folder) == (Path("x.yaml"), Path())
    assert target.default_party == DEFAULT_PARTY
    assert target.document is None


def test_a_flow_with_pages_on_8x8() -> None:
    target = flow(platform="8x8", app=EIGHT, webhooks={"vss": "http://h/vss", "auth": "Basic 1"})
    assert (target.caller, target.callee) == ("+6591178965", "+6568332048")
    assert target.urls == {"vca": "pages:vca", "vss": "http://h/vss"}
    assert target.webhook_auth == "Basic 1"


def test_webhooks_of_a_flow_take_the_place_of_its_pages() -> None:
    hooks = {"event_url": "http://h/e", "fallback_url": "http://h/f", "answer_method": "POST"}
    target = flow(platform="vonage", app=PAGES, webhooks={**hooks, "signature_secret": "s"})
    assert target.urls == {
        "answer": "pages:answer",
        "event": "http://h/e",
        "fallback": "http://h/f",
    }
    assert (target.answer_method, target.signature_secret) == ("POST", "s")


def test_a_flow_of_a_url() -> None:
    app = {"url": "http://127.0.0.1:5000/in/vca?k=v"}
    target = flow(platform="8x8", app=app, webhooks={"vss": "/vss"})
    assert target.application == HttpApplication("http://127.0.0.1:5000/in/vca?k=v")
    assert target.urls == {
        "vca": "http://127.0.0.1:5000/in/vca?k=v",
        "vss": "http://127.0.0.1:5000/vss",
    }


def test_a_flow_of_a_python_application(folder: Path) -> None:
    (folder / "apps").mkdir()
    (folder / "apps" / "shop.py").write_text("app = None")
    app = {"python": "shop.py:app", "path": "/answer"}
    hooks = {"event_url": "/event"}
    target = flow("apps/x.yaml", platform="vonage", app=app, webhooks=hooks)
    application = target.application
    assert application == PythonApplication("shop.py:app", "/answer", Path("apps"))
    assert isinstance(application, PythonApplication)
    assert (application.file, application.attribute) == (Path("apps/shop.py"), "app")
    assert target.served_urls("http://127.0.0.1:1234") == {
        "answer": "http://127.0.0.1:1234/answer",
        "event": "http://127.0.0.1:1234/event",
    }


def test_a_python_application_that_is_not_there() -> None:
    with pytest.raises(InputError, match=r"^x\.yaml:1:\d+: there is no file nix\.py"):
        flow(platform="vonage", app={"python": "nix.py:app"})
    with pytest.raises(InputError, match=r"expected app\.py:app or module:app for python"):
        flow(platform="vonage", app={"python": "nix.py"})


def test_an_outbound_flow() -> None:
    target = flow(platform="vonage", direction="outbound", ncco=[{"action": "talk", "text": "Hi"}])
    assert target.direction == "outbound"
    assert (target.caller, target.callee) == ("+14155550123", "+14155550100")
    assert target.document == [{"action": "talk", "text": "Hi"}]
    assert target.document_origin == "x.yaml"
    column = Path("x.yaml").read_text().index('"Hi"') + 1
    assert target.place("/0/text") == f"x.yaml:1:{column}"
    target = flow(
        platform="8x8", direction="outbound", callflow=[MAKE_CALL], **{"from": "+6533333333"}
    )
    assert (target.caller, target.callee) == ("+6511111111", "+6522222222")
    (finding,) = target.findings
    assert finding.message == "the callflow dials with +6511111111, not +6533333333"


def test_a_changed_flow_is_read_again() -> None:
    assert flow(platform="vonage", title="One", app=PAGES).title == "One"
    assert flow(platform="vonage", title="Two", app=PAGES).title == "Two"


def test_places_in_pages() -> None:
    Path("x.yaml").write_text(
        "platform: 8x8\napp:\n  pages:\n    a/b:\n      reply:\n        callflow:\n"
        "          - action: say\n"
    )
    target = load_target("x.yaml")
    assert target.place("/0/action", "a/b") == "x.yaml:7:21"
    assert target.place("", "a/b") == "x.yaml:7:11"
    assert target.place("/0/action") is None
    assert target.place(None, "a/b") is None


def test_the_parties_and_settings_of_a_flow() -> None:
    parties = {"+6531589338": {"says": "Hello"}, "default": "busy"}
    target = flow(platform="8x8", app=EIGHT, parties=parties, settings={"8x8.barge_in": "no"})
    assert target.parties == {"+6531589338": Party(says="Hello")}
    assert target.default_party == Party("busy")
    assert target.settings == {"8x8.barge_in": "no"}


def test_errors_of_a_flow_have_their_place() -> None:
    Path("x.yaml").write_text("platform: vonage\napp: {pages: {a: {next: {1: b}}}}\n")
    assert refusal("x.yaml") == "x.yaml:2:29: there is no page 'b'"
    Path("x.yaml").write_text("platform: 8x8\nncco: []\n")
    assert refusal("x.yaml") == "x.yaml:2:1: ncco is not a document of 8x8: expected callflow"
    Path("x.yaml").write_text("platform: 8x8\ncallflow: []\nsettings: {8x8.barg_in: no}\n")
    expected = "x.yaml:3:12: there is no setting '8x8.barg_in' (did you mean 8x8.barge_in?)"
    assert refusal("x.yaml") == expected


# documents


def test_a_bare_ncco() -> None:
    target = document([{"action": "talk", "text": "Hi"}])
    assert (target.kind, target.platform, target.direction) == ("document", "vonage", "inbound")
    assert target.document == [{"action": "talk", "text": "Hi"}]
    assert (target.urls, target.application) == ({}, None)
    assert target.place("/0/text") == "x.json:4:11"


def test_a_bare_callflow() -> None:
    target = document({"callflow": [{"action": "say"}]}, TargetOptions(vca="http://h/vca"))
    assert (target.platform, target.direction) == ("8x8", "inbound")
    assert target.document == [{"action": "say"}]
    assert target.urls == {"vca": "http://h/vca"}
    assert target.place("/0/action") == "x.json:4:14"


def test_a_callflow_that_begins_with_make_call_is_an_outbound_call() -> None:
    target = document({"callflow": [MAKE_CALL]})
    assert target.direction == "outbound"
    assert (target.caller, target.callee) == ("+6511111111", "+6522222222")
    assert document({"callflow": [MAKE_CALL]}, TargetOptions(outbound=False)).direction == "inbound"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"ncco": []}, "a mapping of ncco"),
        ({}, "a mapping of nothing"),
        (None, "nothing"),
        (3, "3"),
    ],
)
def test_json_that_is_no_document(value: object, found: str) -> None:
    Path("x.json").write_text(json.dumps(value))
    message = refusal("x.json")
    assert message.startswith("x.json:1:1: expected an NCCO (an array) or an 8x8 document")
    assert message.endswith(f"found {found}")


def test_a_document_of_the_other_platform() -> None:
    Path("x.json").write_text("[]")
    expected = "x.json is a document of vonage, not of 8x8"
    assert refusal("x.json", TargetOptions(platform="8x8")) == expected


# URLs


def test_a_url() -> None:
    url = "https://localhost:5000/answer?x=1"
    options = TargetOptions(platform="vonage", event_url="http://h/e", answer_method="post")
    target = load_target(url, options)
    assert (target.kind, target.application) == ("url", HttpApplication(url))
    assert target.urls == {"answer": url, "event": "http://h/e"}
    assert target.answer_method == "POST"
    target = load_target(url, TargetOptions(platform="8x8"))
    assert target.urls == {"vca": url}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("http://h/x", "http://h/x does not say its platform: add --platform vonage or 8x8"),
        ("localhost:5000/x", "localhost:5000/x: expected a URL with http:// or https://; did you "
         "mean http://localhost:5000/x?"),
        ("localhost", "localhost: expected a URL with http:// or https://; did you mean http://loc"),
        ("127.0.0.1:80", "127.0.0.1:80: expected a URL with http:// or https://; did you mean "),
        (":5000/x", ":5000/x: expected a URL with http:// or https://; did you mean "
         "http://localhost:5000/x?"),
        ("ftp://h/x", "ftp://h/x: expected a URL with http:// or https://, found the scheme 'ftp'"),
        ("http:///x", "http:///x: expected a URL with http:// or https://, found no host in it"),
        ("http://h:99999/", "http://h:99999/: not a URL: "),
        ("http://[::1/", "http://[::1/: not a URL: "),
        ("http://h/a b", "http://h/a b: expected a URL with http:// or https://, found a space"),
    ],
)  # fmt: skip
def test_urls_that_are_refused(text: str, message: str) -> None:
    assert refusal(text).startswith(message)


# Python applications


def test_python_applications(folder: Path) -> None:
    (folder / "my apps").mkdir()
    (folder / "my apps" / "shop.py").write_text("app = None")
    target = load_target("my apps/shop.py:api.app/in/answer", TargetOptions(platform="vonage"))
    application = target.application
    assert application == PythonApplication("shop.py:api.app", "/in/answer", Path("my apps"))
    assert target.urls == {"answer": "/in/answer"}
    target = load_target("shop.web:app/vca", TargetOptions(platform="8x8", vss="http://h/s"))
    application = target.application
    assert application == PythonApplication("shop.web:app", "/vca", folder)
    assert isinstance(application, PythonApplication)
    assert (application.file, application.module) == (None, "shop.web")
    assert target.urls == {"vca": "/vca", "vss": "http://h/s"}
    assert load_target("shop:app", TargetOptions(platform="8x8")).urls == {"vca": "/"}


def test_python_applications_that_are_refused(folder: Path) -> None:
    assert refusal("nix.py:app/x") == "nix.py: no such file"
    (folder / "shop.py").write_text("")
    assert refusal("shop.py") == (
        "shop.py: expected the application too: did you mean shop.py:app/answer?"
    )
    assert "add --platform" in refusal("shop.py:app/x")


# samples and nonsense


def test_a_bare_word_is_a_sample() -> None:
    target = load_target("restaurant")
    assert (target.name, target.platform, target.kind) == ("restaurant", "8x8", "flow")
    assert target.path is not None
    assert target.path.name == "restaurant.yaml"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("restaurnt", "there is no sample 'restaurnt' (did you mean restaurant?)"),
        ("zzz", "there is no sample 'zzz'; there are callback, clinic, "),
        ("", "expected a target"),
        (" ", "expected a target"),
        ("x.yaml", "x.yaml: no such file"),
        ("x.json", "x.json: no such file"),
        ("call.jsonl", "call.jsonl is a recorded trace: open it with `ivrsim open call.jsonl`"),
        ("a.txt", "'a.txt' is not a target, nor a file: expected a flow (.yaml), a document"),
        ("a\x1b[31m.txt", "'a\\x1b[31m.txt': a target has no control characters"),
        ("http://h/\n", "'http://h/\\n': a target has no control characters"),
        ("a\0.yaml", "'a\\x00.yaml': a target has no control characters"),
    ],
)
def test_targets_that_are_refused(text: str, message: str) -> None:
    assert refusal(text).startswith(message)


def test_a_misspelt_file_and_a_file_of_another_kind(folder: Path) -> None:
    (folder / "flow.yaml").write_text("")
    (folder / "a.txt").write_text("")
    assert refusal("flwo.yaml") == "flwo.yaml: no such file (did you mean flow.yaml?)"
    assert refusal("a.txt").startswith("'a.txt' is not a kind of target: expected a flow")
    assert refusal("flow.yaml").startswith("flow.yaml:1:1: expected a flow or document, found an")


# options


def test_options_win_over_the_file() -> None:
    hooks = {"event_url": "http://h/e", "signature_secret": "s", "answer_method": "POST"}
    target = flow(
        options=TargetOptions(
            caller="6590000000",
            callee="+65 9000 0001",
            event_url="http://o/e",
            fallback_url="http://o/f",
            signature_secret="o",
            answer_method="GET",
            settings={"vonage.type_ahead": "keep"},
        ),
        platform="vonage",
        app=PAGES,
        webhooks=hooks,
        settings={"vonage.type_ahead": "drop", "vonage.input_timer": "input_start"},
        **{"from": "+14155550111"},
    )
    assert (target.caller, target.callee) == ("+6590000000", "+6590000001")
    assert (target.urls["event"], target.urls["fallback"]) == ("http://o/e", "http://o/f")
    assert (target.signature_secret, target.answer_method) == ("o", "GET")
    assert target.settings == {"vonage.type_ahead": "keep", "vonage.input_timer": "input_start"}


def test_the_person_stays_the_person_when_the_platform_dials() -> None:
    numbers = {"from": "+14155550111", "to": "+14155550222"}
    target = flow(options=TargetOptions(outbound=True), platform="vonage", app=PAGES, **numbers)
    assert target.direction == "outbound"
    assert (target.caller, target.callee) == ("+14155550222", "+14155550111")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (TargetOptions(platform="vonnage"), "--platform: expected vonage or 8x8, found 'vonnage'"),
        (TargetOptions(platform="8x8"), "x.yaml is a flow for vonage, not for 8x8"),
        (TargetOptions(caller="bob"), "--from: expected a phone number such as +6591178965, found"),
        (TargetOptions(callee=""), "--to: expected a phone number such as +6591178965, found ''"),
        (TargetOptions(answer_method="PUT"), "--answer-method: expected GET or POST, found 'PUT'"),
        (TargetOptions(vss="http://h/"), "--vss is not for vonage: x.yaml"),
        (TargetOptions(webhook_auth="x"), "--webhook-auth is not for vonage: x.yaml"),
        (TargetOptions(event_url="localhost:1/e"), "--event-url: expected a URL with http:// or "
         "https://, found the scheme 'localhost'; did you mean http://localhost:1/e?"),
        (TargetOptions(settings={"vonage.x": "1"}), "--set: there is no setting 'vonage.x'"),
        (TargetOptions(settings={"vonage.type_ahead": "kep"}), "--set: expected drop or keep for "
         "vonage.type_ahead, found 'kep' (did you mean keep?)"),
    ],
)  # fmt: skip
def test_options_that_are_refused(options: TargetOptions, message: str) -> None:
    flow(platform="vonage", app=PAGES)
    assert refusal("x.yaml", options).startswith(message)


def test_an_outbound_call_of_8x8_needs_a_callflow() -> None:
    options = TargetOptions(platform="8x8", outbound=True)
    assert refusal("http://h/vca", options).startswith(
        "http://h/vca: an outbound call of 8x8 begins with a callflow"
    )
