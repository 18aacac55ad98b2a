"""Signatures, deadlines, retries, settings, and the page of documentation about them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import jwt
import pytest

from ivrsim.platforms.vonage import delivery
from ivrsim.platforms.vonage.diagnostics import key_ignored
from ivrsim.platforms.vonage.settings import SETTINGS, settings_table, value
from ivrsim.platforms.vonage.signing import sign

SECRET = "a signature secret of thirty-two bytes"


def _claims(token: str) -> dict[str, object]:
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    claims: dict[str, object] = jwt.decode(
        token, SECRET, algorithms=["HS256"], options={"verify_iat": False}
    )
    return claims


def test_signature_of_a_body() -> None:
    body = b'{"a": 1}'
    claims = _claims(sign(body, None, SECRET, "a1b2c3d", "app", 1587494962.9, "c5ba8f24"))
    assert claims == {
        "iat": 1587494962,
        "jti": "c5ba8f24",
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(body).hexdigest(),
        "api_key": "a1b2c3d",
        "application_id": "app",
    }


def test_signature_of_a_query_keeps_its_order() -> None:
    query = {"to": "1", "from": "é"}
    claims = _claims(sign(None, query, SECRET, "k", "app", 0, "j"))
    expected = hashlib.sha256('{"to":"1","from":"é"}'.encode()).hexdigest()
    assert claims["payload_hash"] == expected


@pytest.mark.filterwarnings("error")
def test_a_short_secret_is_nobodys_business_in_a_call() -> None:
    assert sign(b"", None, "short", "k", "app", 0, "j").count(".") == 2


def test_deadlines() -> None:
    assert delivery.deadlines("answer", {}) == (1000, 5000)
    assert delivery.deadlines("event", {}) == (1000, 10000)
    assert delivery.deadlines("event", {"vonage.timeouts": "older"}) == (3000, 5000)


def test_what_is_tried_again() -> None:
    retried = [status for status in range(100, 600) if delivery.status_is_retried(status)]
    assert retried == [429, 503, 504]
    good = [status for status in range(100, 600) if delivery.succeeded(status)]
    assert good == [200, 201, 202, 203, 204, 205]
    assert delivery.failure_is_retried("timeout") and not delivery.failure_is_retried("dns")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("timeout", "Socket timeout."),
        ("reset", "Connection reset."),
        ("closed", "Connection closed."),
        ("refused", "Connection closed."),
    ],
)
def test_reasons_for_the_fallback(reason: str, words: str) -> None:
    assert delivery.fallback_reason(reason) == words


def test_settings_are_whole() -> None:
    for name, setting in SETTINGS.items():
        assert name == setting.name and name.startswith("vonage.")
        if setting.unit is None:
            assert setting.default == setting.choices[0] and len(setting.choices) > 1
        assert setting.basis in ("assumed", "disputed")
        assert setting.page.startswith("https://developer.vonage.com/")
        assert "\n" not in setting.summary
        for choice in setting.choices:
            assert choice in setting.summary
    assert value({}, "vonage.input_timer") == "prompt_end"
    assert value({"vonage.input_timer": "input_start"}, "vonage.input_timer") == "input_start"
    with pytest.raises(KeyError):
        value({}, "vonage.no_such")


def test_the_documentation_has_the_table() -> None:
    page = Path(__file__).parents[3] / "docs" / "vonage.md"
    assert settings_table() in page.read_text(encoding="utf-8")


def test_ignored_keys_say_why() -> None:
    found = key_ignored("5", "prompt-plays")
    assert (found.code, found.severity, found.found) == ("vonage.key-ignored", "warning", "5")
    assert found.suggestion is not None and "bargeIn" in found.suggestion
    assert "webhook" in key_ignored("5", "webhook-pending").message
