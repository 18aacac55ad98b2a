"""Parcel tracking for the Vonage Voice API, in Flask.

Call it with ``ivrsim call flows/flask_vonage.yaml --keys "20481776# 1"``; or run it on its own,
``flask --app flows/flask_vonage run``, and call
``ivrsim call http://127.0.0.1:5000/answer --platform vonage --event-url http://127.0.0.1:5000/event``.
"""

from __future__ import annotations

from typing import Any

try:
    from flask import Flask, Response, jsonify, request
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("this sample needs Flask: pip install flask") from error

app = Flask(__name__)

# The order number of each conversation. One process is enough for a sample; a real application
# keeps it where all its processes can see it.
orders: dict[str, str] = {}


def talk(text: str, *, barge_in: bool = False) -> dict[str, Any]:
    return {"action": "talk", "text": text, "language": "en-GB", "bargeIn": barge_in}


def ask(text: str, step: str, **dtmf: object) -> list[dict[str, Any]]:
    """Say ``text``; the keys are posted to /input/STEP."""
    url = f"{request.url_root}input/{step}"
    answer = {"action": "input", "type": ["dtmf"], "dtmf": dtmf, "eventUrl": [url]}
    return [talk(text, barge_in=True), answer]


def ask_order(text: str) -> list[dict[str, Any]]:
    return ask(text, "order", maxDigits=10, timeOut=6, submitOnHash=True)


@app.get("/answer")
def answer() -> Response:
    """The call comes in."""
    return jsonify(
        ask_order(
            "Welcome to Kestrel Parcels. Please enter your order number, and then the hash key."
        )
    )


@app.post("/input/order")
def order() -> Response:
    """The order number was entered, or not."""
    event = request.get_json()
    digits = event["dtmf"]["digits"] or ""
    if not 6 <= len(digits) <= 8 or not digits.isdigit():
        return jsonify(ask_order("An order number has six to eight digits. Please try again."))
    orders[event["conversation_uuid"]] = digits
    return jsonify(
        ask(
            "<speak>Your order number is "
            f'<say-as interpret-as="digits">{digits}</say-as>. '
            "If that is right, press 1. To enter it again, press 2.</speak>",
            "confirm",
            maxDigits=1,
            timeOut=6,
        )
    )


@app.post("/input/confirm")
def confirm() -> Response:
    """1 is yes; anything else asks again."""
    event = request.get_json()
    digits = orders.get(event["conversation_uuid"])
    if event["dtmf"]["digits"] != "1" or digits is None:
        return jsonify(ask_order("No problem. Please enter your order number again."))
    return jsonify(
        [
            talk(
                f'<speak>Order <say-as interpret-as="digits">{digits}</say-as> is on the van and '
                "will be with you today, between two and four. Goodbye!</speak>"
            )
        ]
    )


@app.post("/event")
def event() -> tuple[str, int]:
    """How the call goes; when it is over, what we know of it is forgotten."""
    body = request.get_json()
    if body.get("status") == "completed":
        orders.pop(body.get("conversation_uuid", ""), None)
    return "", 204
