"""A call that does what a test says, in place of a running one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from ivrsim.errors import InputError, SoundUnavailable
from ivrsim.trace.record import Header, Record
from ivrsim.tui.app import IvrsimApp
from ivrsim.tui.call.screen import CallScreen
from ivrsim.tui.protocol import Entry, Placed, Services

CALLER, CALLEE = "+6591178965", "+6568332048"


@dataclass(frozen=True)
class FakeResult:
    exit_status: int = 0
    summary: str = ""
    why: str | None = None


class FakeCall:
    """``happen`` makes records; ``done`` lists what the application asked for."""

    def __init__(self, keys: str = "") -> None:
        self.header = Header("8x8", "restaurant", 0, "2026-01-01T00:00:00.000Z", {})
        self.keys = keys
        self.records: list[Record] = []
        self.notices: list[str] = []
        self.trace_path: Path | None = None
        self.audio_path: Path | None = None
        self.levels = (0.0, 0.0)
        self.hearing: str | None = None
        self.speakers: str | None = "Desk Speakers"
        self.microphone: str | None = None
        self.microphone_muted = False
        self.on_desk = {
            "speakers": ["Desk Speakers", "HDMI 1"],
            "microphone": ["Built-in Microphone", "USB Headset"],
        }
        self.now_ms = 0
        self.result: FakeResult | None = None
        self.done: list[tuple[Any, ...]] = []
        self.playing = True
        self._subscribers: list[Callable[[Sequence[Record]], None]] = []
        self._over = asyncio.Event()

    @property
    def ended(self) -> bool:
        return self.result is not None

    def subscribe(self, callback: Callable[[Sequence[Record]], None]) -> Callable[[], None]:
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    async def run(self) -> FakeResult:
        await self._over.wait()
        assert self.result is not None
        return self.result

    def happen(
        self, t: int, kind: str, leg: str | None = "A", cause: int | None = None, **data: Any
    ) -> Record:
        record = Record(len(self.records) + 1, t, kind, leg, cause, False, data)
        self.now_ms = max(self.now_ms, t)
        self.records.append(record)
        if kind == "call.ended":
            self.result = FakeResult(1 if data.get("failed") else 0)
            self._over.set()
        for subscriber in self._subscribers:
            subscriber([record])
        return record

    def press(self, digit: str, source: str = "keypad") -> None:
        self.done.append(("press", digit))
        self.happen(self.now_ms, "digit", digit=digit, source=source, ignored=None, capture="c1")

    def hang_up(self) -> None:
        self.done.append(("hang_up",))
        self.happen(self.now_ms, "leg.hangup", by="caller")
        self.happen(self.now_ms, "call.ended", None, status="COMPLETED", by="caller", failed=False)

    def skip_prompt(self) -> bool:
        self.done.append(("skip",))
        return self.playing

    def party(self, leg: str, what: str) -> None:
        self.done.append(("party", leg, what))

    def mark(self, text: str) -> None:
        self.done.append(("mark", text))

    def mute(self, on: bool) -> None:
        self.done.append(("mute", on))

    def mute_microphone(self, on: bool) -> None:
        self.done.append(("mute_microphone", on))
        self.microphone_muted = on

    def devices(self, kind: str) -> list[str]:
        return self.on_desk[kind]

    def use_device(self, kind: str, name: str | None) -> None:
        self.done.append(("use_device", kind, name))
        if name == "HDMI 1":
            raise SoundUnavailable("HDMI 1: in use by another program; close it, or choose another")
        if kind == "speakers":
            self.speakers = name
        else:
            self.microphone = name

    def say(self, text: str) -> None:
        if not text.strip():
            raise InputError("nothing to say: expected some words")
        self.done.append(("say", text))
        self.happen(
            self.now_ms, "speech.started", source="typed", text=text, duration_ms=1200, ignored=None
        )

    def command_line(self, keys: str) -> str:
        return f"ivrsim call restaurant --keys '{keys}'"


REPLY = (
    '{"callflow": [{"action": "sayAndCapture", "params": {"promptMessage": "Welcome to ABC '
    'Restaurant. To book a table, press 1.", "minDigits": 1, "maxDigits": 1}}, '
    '{"action": "hangup"}]}'
)
PROMPT = "Welcome to ABC Restaurant. To book a table, press 1. To talk to one of us, press 2."

QUESTION = "What can we do for you?"


def begin(call: FakeCall) -> None:
    """A call up to its first prompt, three seconds into it."""
    ends = {"from": CALLER, "to": CALLEE}
    call.happen(0, "call.started", None, platform="8x8", direction="inbound", ids={}, **ends)
    call.happen(0, "leg.created", cause=1, role="caller", name="A", direction="inbound", **ends)
    call.happen(
        0, "webhook.request", cause=2, webhook="w1", purpose="VCA", title="VCA CALL_RECEIVED",
        role="main", attempt=1, method="POST", url="http://127.0.0.1:5000/vca", sent=True,
        headers={"Content-Type": "application/json", "Authorization": "••••"}, query=None,
        body={"namespace": "VOICE", "payload": {"callStatus": "CALL_RECEIVED", "callId": "1"}},
    )  # fmt: skip
    call.happen(
        0, "webhook.response", None, cause=3, webhook="w1", status=200, elapsed_ms=38, size=212,
        headers={"content-type": "application/json"}, body=REPLY, encoding="utf-8", page=None,
    )  # fmt: skip
    actions = [
        {"pointer": "/0", "action": "sayAndCapture", "summary": "sayAndCapture “Welcome…” 1 digit"},
        {"pointer": "/1", "action": "hangup", "summary": "hangup"},
    ]
    body = [{"action": "sayAndCapture", "params": {"promptMessage": PROMPT}}, {"action": "hangup"}]
    call.happen(
        0, "document.received", cause=4, document="d1", origin="reply", page=None, body=body,
        actions=actions,
    )  # fmt: skip
    call.happen(0, "action.started", cause=5, document="d1", pointer="/0", action="sayAndCapture")
    call.happen(1000, "leg.answered", cause=6, machine=False)
    call.happen(
        1000, "capture.opened", cause=7, capture="c1", **{"try": 1}, tries=2, min_digits=1,
        max_digits=1, barge_in=True, types=["dtmf"], secret=False,
    )  # fmt: skip
    call.happen(
        1000, "prompt.started", None, cause=8, prompt="p1", duration_ms=6000, text=PROMPT, url=None,
        loop=1, purpose="prompt", interruptible=True,
    )  # fmt: skip
    call.now_ms = 4000


def listen_for_words(call: FakeCall, phrases: Sequence[str] = (), *types: str) -> None:
    """The next question of that call, answered in words; a prompt has ended at seven seconds."""
    call.happen(4200, "prompt.finished", None, prompt="p1", skipped=False)
    call.happen(4200, "capture.closed", capture="c1", digits="", ended_by="replaced", valid=False)
    call.happen(
        4200, "prompt.started", None, prompt="p2", duration_ms=2800, text=QUESTION, url=None,
        loop=1, purpose="prompt", interruptible=True,
    )  # fmt: skip
    call.happen(7000, "prompt.finished", None, prompt="p2", skipped=False)
    call.happen(
        7000, "capture.opened", capture="c2", **{"try": 1}, tries=1, min_digits=0, max_digits=None,
        barge_in=True, types=[*types, "speech"], secret=False,
        speech={"start_ms": 10000, "silence_ms": 2000, "context": list(phrases)},
    )  # fmt: skip
    call.happen(7000, "capture.listening", capture="c2")
    call.happen(7000, "timer.started", None, timer="t2", name="start", ms=10000, due=17000)
    call.now_ms = 8000


def finish(call: FakeCall, *, failed: bool = False) -> None:
    """The rest of that call: a key, and its end."""
    call.happen(4200, "digit", digit="1", source="keypad", ignored=None, capture="c1")
    call.happen(4200, "prompt.interrupted", cause=10, prompt="p1", by="digit", played_ms=3200)
    call.happen(
        4200,
        "capture.closed",
        cause=10,
        capture="c1",
        digits="1",
        ended_by="max_digits",
        valid=True,
    )
    call.happen(
        4200,
        "webhook.request",
        cause=12,
        webhook="w2",
        title="VCA ACTION_COMPLETED",
        url="http://h/vca",
        method="POST",
        headers={},
        body={},
        sent=True,
    )
    if failed:
        call.happen(
            4210,
            "webhook.failed",
            None,
            cause=13,
            webhook="w2",
            reason="refused",
            phase="connect",
            message="http://h/vca: connection refused",
            elapsed_ms=7,
        )
    call.happen(
        4210, "call.ended", None, status="ERROR" if failed else "COMPLETED", failed=failed,
        by="application", why="the VCA webhook failed" if failed else None, duration_ms=4210,
    )  # fmt: skip


ENTRIES = (
    Entry(
        "8x8 samples", "restaurant", "ABC Restaurant", "8x8", "A menu of three levels.", '"1 1"',
        "flows/restaurant.yaml",
    ),
    Entry(
        "Vonage samples", "parcel", "Kestrel Parcels", "vonage", "Asks for a number.", "",
        "flows/parcel.yaml",
    ),
    Entry("recent", "http://127.0.0.1:5000/vca", "http://127.0.0.1:5000/vca", ""),
)  # fmt: skip


@dataclass
class Desk:
    """What the application is given: places fake calls and remembers them."""

    placed: list[tuple[str, str | None]] = field(default_factory=list)
    calls: list[FakeCall] = field(default_factory=list)

    def place(self, target: str, keys: str | None) -> Placed:
        self.placed.append((target, keys))
        if target == "broken":
            raise InputError("broken: no such file; [red]is[/red] this it?")
        call = FakeCall(keys or "")
        self.calls.append(call)
        return Placed("ABC Restaurant", "8x8", target, call)

    def app(self, calling: bool = True) -> IvrsimApp:
        services = Services(lambda: ENTRIES, self.place)
        return IvrsimApp(services, self.place("restaurant", None) if calling else None)

    @property
    def call(self) -> FakeCall:
        return self.calls[-1]


def screen_of(app: IvrsimApp) -> CallScreen:
    assert isinstance(app.screen, CallScreen)
    return app.screen


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Wait until ``condition`` holds: what the screen does by its clock takes its time."""
    for _ in range(200):
        if condition():
            return
        await pilot.pause(0.05)
    raise AssertionError("it did not come to be in ten seconds")


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until everything that has happened is on the screen."""
    if isinstance(pilot.app.screen, CallScreen):
        pilot.app.screen.redraw()
    for _ in range(3):
        await pilot.pause()
