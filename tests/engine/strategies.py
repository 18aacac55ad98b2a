"""Hypothesis strategies: documents, replies, events and whole calls, good and bad.

``IVRSIM_EXAMPLES`` multiplies how many examples the property tests try: 20 for a long run.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from ivrsim.engine import commands as cmd
from ivrsim.engine import events as ev
from ivrsim.engine.setup import CallSetup
from ivrsim.platforms import all_settings
from tests.desk import setup

EXAMPLES = int(os.environ.get("IVRSIM_EXAMPLES", "2"))
PLATFORMS = ("vonage", "8x8")
KEYS = "0123456789*#"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)

# ------------------------------------------------------------------ documents

_SSML = "<speak>one <break time='1s'/> two</speak>"
_texts = st.sampled_from(["Press 1.", "Welcome.", "", _SSML, "<speak>broken"])

_talk = st.fixed_dictionaries(
    {"action": st.just("talk"), "text": _texts},
    optional={"bargeIn": st.booleans(), "loop": st.integers(0, 3), "level": st.just(0.5)},
)
_stream = st.fixed_dictionaries(
    {"action": st.just("stream"), "streamUrl": st.just(["http://app/a.wav"])},
    optional={"bargeIn": st.booleans(), "loop": st.integers(0, 2)},
)
_dtmf = st.fixed_dictionaries(
    {},
    optional={
        "timeOut": st.integers(0, 10),
        "maxDigits": st.integers(1, 5),
        "submitOnHash": st.booleans(),
    },
)
_method = st.sampled_from(["GET", "POST"])
_input = st.one_of(
    st.fixed_dictionaries(
        {"action": st.just("input"), "type": st.just(["dtmf"])},
        optional={"dtmf": _dtmf, "eventMethod": _method, "eventUrl": st.just(["http://app/in"])},
    ),
    st.fixed_dictionaries(
        {
            "action": st.just("input"),
            "type": st.sampled_from([["dtmf", "speech"], ["speech"]]),
            "speech": st.fixed_dictionaries(
                {},
                optional={
                    "startTimeout": st.integers(1, 10),
                    "endOnSilence": st.floats(0.4, 10),
                    "maxDuration": st.integers(1, 60),
                    "saveAudio": st.booleans(),
                    "context": st.just(["sales"]),
                },
            ),
        },
        optional={"dtmf": _dtmf},
    ),
    st.just({"action": "input", "maxDigits": 3, "timeOut": 2}),
    st.just({"action": "input", "mode": "asynchronous", "type": ["dtmf"]}),
)
_connect = st.fixed_dictionaries(
    {
        "action": st.just("connect"),
        "endpoint": st.fixed_dictionaries(
            {"type": st.just("phone"), "number": st.just("447700900001")},
            optional={
                "dtmfAnswer": st.just("1p2"),
                "onAnswer": st.just({"url": "http://app/whisper"}),
            },
        ).map(lambda endpoint: [endpoint]),
    },
    optional={
        "eventType": st.just("synchronous"),
        "timeout": st.integers(1, 60),
        "limit": st.integers(1, 7200),
        "ringbackTone": st.just("http://app/tone.mp3"),
        "eventUrl": st.just(["http://app/leg"]),
    },
)
_notify = st.fixed_dictionaries(
    {
        "action": st.just("notify"),
        "payload": st.dictionaries(st.text(max_size=5), json_values, max_size=2),
        "eventUrl": st.just(["http://app/note"]),
    },
    optional={"eventMethod": _method},
)
_wait = st.builds(lambda s: {"action": "wait", "timeout": s}, st.floats(0, 20))
_record = st.fixed_dictionaries(
    {"action": st.just("record")},
    optional={
        "endOnSilence": st.integers(3, 10),
        "endOnKey": st.sampled_from(["#", "1"]),
        "timeOut": st.integers(3, 30),
        "beepStart": st.booleans(),
        "split": st.just("conversation"),
        "channels": st.integers(1, 4),
        "format": st.sampled_from(["mp3", "wav", "ogg"]),
        "eventUrl": st.just(["http://app/recordings"]),
        "transcription": st.just({}),
    },
)
_not_yet = st.sampled_from(
    [
        {"action": "conversation", "name": "room"},
        {"action": "connect", "endpoint": [{"type": "app", "user": "ann"}]},
    ]
)
vonage_actions = st.one_of(
    _talk, _stream, _input, _input, _connect, _notify, _wait, _record, _not_yet
)

_voice = {"voiceProfile": "en-US-BenjaminRUS"}
_say = st.fixed_dictionaries(
    {"text": _texts, "voiceProfile": st.just("en-US")}, optional={"repetition": st.integers(1, 3)}
).map(lambda params: {"action": "say", "params": params})
_file = st.just({"action": "playFile", "params": {"fileUrl": "http://app/a.mp3"}})
_capture = st.fixed_dictionaries(
    {"promptMessage": _texts, "voiceProfile": st.just("en-US")},
    optional={
        "successMessage": st.just("Thank you."),
        "failureMessage": st.just("Sorry."),
        "minDigits": st.integers(1, 3),
        "maxDigits": st.integers(1, 6),
        "digitTimeout": st.integers(500, 5000),
        "overallTimeout": st.integers(1000, 20000),
        "completeOnHash": st.booleans(),
        "noOfTries": st.integers(1, 3),
        "repetition": st.integers(1, 2),
    },
).map(lambda params: {"action": "sayAndCapture", "params": params})
_make_call = st.just(
    {"action": "makeCall", "params": {"source": "+6568332048", "destination": "+6531589338"}}
)
_hangup = st.sampled_from([{"action": "hangup"}, {"action": "hangup", "params": {}}])
eightbyeight_actions = st.one_of(_say, _file, _capture, _capture, _make_call, _hangup)

_broken = st.one_of(json_values, st.just({"action": "tlak", "text": "x"}))


def documents(platform: str) -> st.SearchStrategy[Any]:
    """A list of actions: mostly good, sometimes with something broken in it."""
    good = vonage_actions if platform == "vonage" else eightbyeight_actions
    lists = st.lists(good, max_size=4)
    spoilt = st.builds(lambda items, bad: [*items, bad], lists, _broken)
    return st.one_of(lists, lists, lists, spoilt)


def bodies(platform: str) -> st.SearchStrategy[Any]:
    """What an application answers: a document, or anything."""
    wrapped = documents(platform)
    if platform == "8x8":
        wrapped = st.builds(
            lambda items, name: {
                "callflow": items,
                **({} if name is None else {"clientActionId": name}),
            },
            wrapped,
            st.none() | st.text(max_size=4),
        )
    return st.one_of(wrapped, wrapped, wrapped, st.none(), json_values)


content_types = st.sampled_from(
    [
        "application/json",
        "application/json; charset=utf-8",
        "text/html",
        "text/plain",
        "",
        "a/b+json",
    ]
) | st.text(max_size=12)


@st.composite
def raw_replies(draw: st.DrawFn) -> Callable[[str], ev.WebhookReplied]:
    """Any status, any content type, any bytes; made by webhook id."""
    data = draw(st.binary(max_size=60) | json_values.map(lambda v: json.dumps(v).encode()))
    status = draw(st.integers(100, 599) | st.just(200))
    headers = draw(
        st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=2)
        | content_types.map(lambda kind: {"Content-Type": kind})
    )
    try:
        body, encoding = data.decode(), "utf-8"
    except UnicodeDecodeError:
        body, encoding = base64.b64encode(data).decode(), "base64"
    return lambda webhook: ev.WebhookReplied(webhook, status, headers, body, encoding)


failures = st.builds(
    lambda reason: lambda webhook: ev.WebhookFailed(webhook, reason, f"it was {reason}"),
    st.sampled_from(["timeout", "refused", "closed", "reset", "dns", "too-large", "not-allowed"]),
)


@st.composite
def settings_of(draw: st.DrawFn, platform: str) -> dict[str, str]:
    """Some settings of the platform, off their default."""
    choices = {
        name: setting.choices
        for name, setting in all_settings().items()
        if name.startswith(f"{platform}.") and setting.choices
    }
    names = draw(st.lists(st.sampled_from(sorted(choices)), max_size=6, unique=True))
    return {name: draw(st.sampled_from(choices[name])) for name in names}


@st.composite
def setups(draw: st.DrawFn) -> CallSetup:
    """A call on either platform, in or out, with an application or a document."""
    platform = draw(st.sampled_from(PLATFORMS))
    direction = draw(st.sampled_from(["inbound", "outbound"]))
    values: dict[str, Any] = {
        "direction": direction,
        "seed": draw(st.integers(0, 2**32)),
        "settings": draw(settings_of(platform)),
        "authorized": draw(st.booleans()),
        "secret": draw(st.booleans()),
        "answer_method": draw(_method),
    }
    urls = {
        name: f"http://app/{name}" for name in ("answer", "vca", "event", "vcs", "vss", "fallback")
    }
    for name in draw(st.lists(st.sampled_from(["event", "vcs", "vss", "fallback"]), unique=True)):
        del urls[name]
    values["urls"] = urls
    if (platform == "8x8" and direction == "outbound") or draw(st.integers(0, 4)) == 0:
        document = draw(documents(platform))
        if platform == "8x8" and direction == "outbound" and draw(st.integers(0, 5)):
            document = [_MAKE_CALL, *document]
        values["document"] = document
    return setup(platform, **values)


_MAKE_CALL = {
    "action": "makeCall",
    "params": {"source": "+6568332048", "destination": "+6591178965"},
}

# ------------------------------------------------------------------ a whole call


@dataclass
class Script:
    """What the world does in one call: replies in order, keys, words, hang-ups, what parties do.

    ``voices`` are (begin, length, words or None: not understood, source), in milliseconds.
    """

    setup: CallSetup
    replies: list[Any]
    keys: list[tuple[int, str]] = field(default_factory=list)
    hangups: list[tuple[int, bool]] = field(default_factory=list)
    parties: list[str] = field(default_factory=list)
    bad_prompts: frozenset[int] = frozenset()
    voices: list[tuple[int, int, str | None, str]] = field(default_factory=list)
    bad_recordings: frozenset[str] = frozenset()

    def reply(self, command: cmd.SendWebhook) -> Any:
        """The application: the next of its replies, then nothing."""
        if command.context.get("informational"):
            return None
        answer = self.replies.pop(0) if self.replies else None
        return answer(command.webhook) if callable(answer) else answer


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    call_setup = draw(setups())
    body = bodies(call_setup.platform)
    return Script(
        call_setup,
        draw(st.lists(st.one_of(body, body, body, raw_replies(), failures), max_size=5)),
        draw(
            st.lists(
                st.tuples(st.integers(0, 30_000), st.text(KEYS, min_size=1, max_size=5)), max_size=4
            )
        ),
        draw(st.lists(st.tuples(st.integers(0, 40_000), st.booleans()), max_size=1)),
        draw(
            st.lists(
                st.sampled_from(["answers", "busy", "rejected", "unreachable", "silent", "leaves"]),
                max_size=3,
            )
        ),
        draw(st.frozensets(st.integers(1, 6), max_size=1)),
        draw(
            st.lists(
                st.tuples(
                    st.integers(0, 30_000),
                    st.integers(0, 9000),
                    st.none() | st.text(max_size=12),
                    st.sampled_from(["microphone", "typed"]),
                ),
                max_size=4,
            )
        ),
        draw(st.frozensets(st.sampled_from(["r1", "r2"]), max_size=1)),
    )


# ------------------------------------------------------------------ any events

_ids = st.integers(0, 40)
"""Which of the ids seen so far: resolved by ``resolve`` when the event is fed."""


@dataclass(frozen=True)
class Loose:
    """An event whose id is not chosen yet: the ``pick``-th of those seen so far."""

    pick: int
    make: Callable[[str], ev.Event]


def _loose(
    make: Callable[..., ev.Event], *args: st.SearchStrategy[Any]
) -> st.SearchStrategy[Loose]:
    return st.builds(
        lambda pick, *rest: Loose(pick, lambda identity: make(identity, *rest)), _ids, *args
    )


_word = st.text(max_size=6)
_source = st.sampled_from(["microphone", "typed", "script", "party"])
_t = st.none() | st.integers(0, 60_000)
loose_events = st.one_of(
    st.builds(ev.CallStarted),
    st.builds(ev.LimitReached, _word, st.integers()),
    st.builds(ev.DigitPressed, st.sampled_from(KEYS) | _word, _word),
    st.builds(ev.Marked, _word),
    _loose(
        ev.SpeechHeard,
        st.none() | _word,
        _source,
        st.integers(),
        st.none() | st.floats(0, 1),
        st.lists(st.tuples(_word, st.floats(0, 1)), max_size=2).map(tuple),
    ),
    _loose(ev.SpeechStarted, _source, st.none() | _word, st.none() | st.integers()),
    _loose(ev.SpeechStopped, _source, st.integers()),
    _loose(ev.RecordingStored, _word, st.integers(), st.integers()),
    _loose(ev.RecordingFailed, _word),
    _loose(ev.PromptStarted, _t, _word),
    _loose(ev.PromptEnded, st.booleans()),
    _loose(ev.PromptFailed, _word, _word),
    _loose(ev.TimerFired),
    _loose(ev.LegRinging),
    _loose(ev.LegAnswered, st.booleans()),
    _loose(ev.LegBusy),
    _loose(ev.LegUnanswered, st.sampled_from(["unanswered", "answered", "completed"]) | _word),
    _loose(ev.HungUp, _word),
    _loose(
        ev.ApiCommand,
        st.sampled_from(["hangup", "transfer"]) | _word,
        st.dictionaries(_word, json_values, max_size=1),
        st.sampled_from(["button", "script", "api"]),
    ),
    st.builds(lambda pick, make: Loose(pick, make), _ids, raw_replies()),
    st.builds(lambda pick, make: Loose(pick, make), _ids, failures),
)
