"""The Flask and FastAPI samples, asked as the platforms ask."""

from __future__ import annotations

import asyncio
import importlib.util
import json
from types import ModuleType
from typing import Any

import pytest

from ivrsim.flows.check import check_file
from ivrsim.flows.samples import samples_folder
from ivrsim.platforms import check_document


def load(name: str) -> ModuleType:
    folder = samples_folder()
    assert folder is not None
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def assert_fine(platform: str, document: object) -> None:
    found = check_document(platform, document, settings={}, where="reply")
    assert [diagnostic for diagnostic in found if diagnostic.severity != "info"] == []


# Flask on Vonage


@pytest.fixture
def flask() -> Any:
    return load("flask_vonage").app.test_client()


def ncco(response: Any) -> Any:
    assert response.status_code == 200
    assert_fine("vonage", response.json)
    return response.json


def pressed(digits: str | None, conversation: str = "CON-1") -> dict[str, object]:
    return {
        "dtmf": {"digits": digits, "timed_out": digits is None},
        "conversation_uuid": conversation,
    }


def test_the_parcel_is_found(flask: Any) -> None:
    document = ncco(flask.get("/answer?conversation_uuid=CON-1&to=1&from=2"))
    assert [action["action"] for action in document] == ["talk", "input"]
    assert document[1]["eventUrl"] == ["http://localhost/input/order"]
    document = ncco(flask.post("/input/order", json=pressed("20481776")))
    assert ">20481776<" in document[0]["text"]
    assert document[1]["eventUrl"] == ["http://localhost/input/confirm"]
    document = ncco(flask.post("/input/confirm", json=pressed("1")))
    assert [action["action"] for action in document] == ["talk"]
    assert ">20481776<" in document[0]["text"]


@pytest.mark.parametrize("digits", ["12", None, "123*456"])
def test_what_is_no_order_number(flask: Any, digits: str | None) -> None:
    document = ncco(flask.post("/input/order", json=pressed(digits)))
    assert "Please try again" in document[0]["text"]


def test_conversations_are_kept_apart_and_forgotten(flask: Any) -> None:
    flask.post("/input/order", json=pressed("111111", "CON-1"))
    flask.post("/input/order", json=pressed("222222", "CON-2"))
    assert ">111111<" in ncco(flask.post("/input/confirm", json=pressed("1", "CON-1")))[0]["text"]
    over = {"status": "completed", "conversation_uuid": "CON-2"}
    assert flask.post("/event", json=over).status_code == 204
    document = ncco(flask.post("/input/confirm", json=pressed("1", "CON-2")))
    assert "enter your order number again" in document[0]["text"]


# FastAPI on 8x8


def asgi_post(app: Any, path: str, body: object) -> Any:
    """The JSON that an ASGI application answers to a POST."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
    }
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 200
    return json.loads(b"".join(message.get("body", b"") for message in sent[1:]))


class Session:
    """Posts call actions as 8x8 does."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.events = 0

    def post(
        self, digit: str | None, *, status: str = "ACTION_COMPLETED", again: bool = False
    ) -> Any:
        self.events += not again
        payload = {
            "eventId": f"e{self.events}",
            "sessionId": "s1",
            "callStatus": status,
            "eventData": {"dtmf": digit},
        }
        reply = asgi_post(self.app, "/vca", {"namespace": "VOICE", "payload": payload})
        assert_fine("8x8", reply["callflow"])
        return reply["callflow"]


@pytest.fixture
def session() -> Session:
    session = Session(load("fastapi_8x8").app)
    assert session.post(None, status="CALL_RECEIVED")[0]["action"] == "sayAndCapture"
    return session


def test_a_table_is_booked(session: Session) -> None:
    assert "For tomorrow, press 2" in session.post("1")[0]["params"]["promptMessage"]
    callflow = session.post("2")
    assert [action["action"] for action in callflow] == ["say", "hangup"]
    assert "tomorrow at seven" in callflow[0]["params"]["text"]


def test_a_webhook_delivered_twice_counts_once(session: Session) -> None:
    first = session.post("1")
    assert session.post("1", again=True) == first
    assert "today at seven" in session.post("1")[0]["params"]["text"]


def test_hours_wrong_key_silence_and_somebody_to_talk_to(session: Session) -> None:
    assert "from Tuesday" in session.post("3")[0]["params"]["promptMessage"]
    assert "Sorry" in session.post("9")[0]["params"]["promptMessage"]
    assert [action["action"] for action in session.post("2")] == ["say", "makeCall"]
    assert [action["action"] for action in session.post(None)] == ["say", "hangup"]


def test_the_end_of_a_session_is_forgotten(session: Session) -> None:
    body = {"payload": {"sessionId": "s1"}}
    assert asgi_post(session.app, "/vss", body) == {"received": "s1"}
    assert "Goodbye" in session.post("1")[0]["params"]["text"]


def test_the_flows_of_the_applications_are_fine() -> None:
    folder = samples_folder()
    assert folder is not None
    for name in ("flask_vonage", "fastapi_8x8"):
        assert check_file(folder / f"{name}.yaml") == []
