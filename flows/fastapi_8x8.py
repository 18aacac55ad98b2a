"""A restaurant for the 8x8 Voice API, in FastAPI.

Call it with ``ivrsim call flows/fastapi_8x8.yaml --keys "1 1"``; or run it on its own,
``uvicorn --app-dir flows fastapi_8x8:app``, and call
``ivrsim call http://127.0.0.1:8000/vca --platform 8x8 --vss http://127.0.0.1:8000/vss``.
"""

from __future__ import annotations

from typing import Any

try:
    from fastapi import FastAPI
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("this sample needs FastAPI: pip install fastapi") from error

app = FastAPI(title="ABC Restaurant")

Callflow = dict[str, list[dict[str, Any]]]

# The menu each session is in, and the last answer it was given: 8x8 may deliver a webhook twice,
# and the second time must not count as another key.
menus: dict[str, str] = {}
answers: dict[str, tuple[str, Callflow]] = {}


def say(text: str) -> dict[str, Any]:
    return {"action": "say", "params": {"text": text, "voiceProfile": "en-US-ZiraRUS"}}


def menu(text: str) -> Callflow:
    """Say ``text`` and wait for one key."""
    params = {
        "promptMessage": text,
        "voiceProfile": "en-US-ZiraRUS",
        "minDigits": 1,
        "maxDigits": 1,
        "overallTimeout": 8000,
        "completeOnHash": False,
        "noOfTries": 2,
    }
    return {"callflow": [{"action": "sayAndCapture", "params": params}]}


def goodbye(text: str) -> Callflow:
    return {"callflow": [say(text), {"action": "hangup"}]}


def reply(session: str, status: str, digit: str | None) -> Callflow:
    """What comes next in ``session``."""
    if status == "CALL_RECEIVED":
        menus[session] = "main"
        return menu(
            "Welcome to ABC Restaurant. To book a table, press 1. To talk to one of us, press 2. "
            "For our opening hours, press 3."
        )
    match menus.get(session), digit:
        case "main", "1":
            menus[session] = "day"
            return menu("Lovely. For a table today, press 1. For tomorrow, press 2.")
        case "main", "2":
            menus[session] = "talking"
            connect = {"source": "+6568332048", "destination": "+6531589338"}
            return {
                "callflow": [
                    say("One moment, please. I am putting you through."),
                    {"action": "makeCall", "params": connect},
                ]
            }
        case "main", "3":
            return menu(
                "We are open from Tuesday to Sunday, at noon and in the evening. "
                "To book a table, press 1. To talk to one of us, press 2."
            )
        case "day", "1":
            return goodbye("Your table for two is booked, today at seven. See you tonight!")
        case "day", "2":
            return goodbye("Your table for two is booked, tomorrow at seven. See you tomorrow!")
        case "main" | "day", str():
            return menu("Sorry, that key has nothing behind it. Please try again.")
        case _:
            return goodbye("Thank you for calling ABC Restaurant. Goodbye!")


@app.post("/vca")
def call_action(body: dict[str, Any]) -> Callflow:
    """A call came in, or the last callflow is done."""
    payload = body["payload"]
    session, event = payload["sessionId"], payload["eventId"]
    last = answers.get(session)
    if last is not None and last[0] == event:
        return last[1]
    digit = (payload.get("eventData") or {}).get("dtmf")
    callflow = reply(session, payload["callStatus"], digit)
    answers[session] = (event, callflow)
    return callflow


@app.post("/vss")
def session_summary(body: dict[str, Any]) -> dict[str, str]:
    """The session is over."""
    session = body["payload"]["sessionId"]
    menus.pop(session, None)
    answers.pop(session, None)
    return {"received": session}
