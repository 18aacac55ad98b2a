"""Where the facts come from: the platform's own pages, as ``page`` of settings and findings."""

from __future__ import annotations

_VOICE = "https://developer.vonage.com/en/voice/voice-api"

NCCO = f"{_VOICE}/ncco-reference"
TALK = f"{NCCO}#talk"
STREAM = f"{NCCO}#stream"
INPUT = f"{NCCO}#input"
CONNECT = f"{NCCO}#connect"
RECORD = f"{NCCO}#record"
CONVERSATION = f"{NCCO}#conversation"
NOTIFY = f"{NCCO}#notify"
WAIT = f"{NCCO}#wait"
TRANSFER = f"{NCCO}#transfer"
WEBHOOKS = f"{_VOICE}/webhook-reference"
ANSWER = f"{WEBHOOKS}#answer-webhook"
EVENTS = f"{WEBHOOKS}#event-webhook"
FALLBACK = f"{WEBHOOKS}#fallback-url"
ERRORS = f"{WEBHOOKS}#errors"
INPUT_WEBHOOK = f"{WEBHOOKS}#input"
SSML = f"{_VOICE}/guides/customizing-tts"
DTMF = f"{_VOICE}/guides/dtmf"
CALL_FLOW = f"{_VOICE}/guides/call-flow"
RECORDING = f"{_VOICE}/guides/recording"
RECORD_WEBHOOK = f"{WEBHOOKS}#record"
TROUBLESHOOTING = f"{_VOICE}/guides/troubleshooting"
SIGNED = "https://developer.vonage.com/en/getting-started/concepts/webhooks"

BY_ACTION = {
    "talk": TALK,
    "stream": STREAM,
    "input": INPUT,
    "notify": NOTIFY,
    "wait": WAIT,
    "connect": CONNECT,
    "record": RECORD,
    "conversation": CONVERSATION,
    "transfer": TRANSFER,
}
