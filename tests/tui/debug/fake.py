"""A call that can stand still, and a workshop that writes down what it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivrsim.debugger.breakpoints import Breakpoints
from ivrsim.errors import InputError
from ivrsim.flows.faults import FAULTS, parse_fault
from ivrsim.runtime.resend import Resent, draft_of
from ivrsim.runtime.stopping import ReplyDraft, RequestDraft, Stop
from ivrsim.trace.record import Record
from ivrsim.tui.app import IvrsimApp
from ivrsim.tui.debug.protocol import Bar, Branch, Comparison, Pair, Side, Tried, Workshop
from ivrsim.tui.debug.workshop import RealDrafts
from ivrsim.tui.keys import DEFAULT, Keys
from ivrsim.tui.protocol import Placed, Services
from tests.tui.fake import ENTRIES, REPLY, FakeCall

JSON = {"Content-Type": "application/json"}
STOPPED_REPLY = Stop("reply", "before the reply to VCA ACTION_COMPLETED is used", 3, "w1", 2)
REQUEST = RequestDraft(
    "w1", "VCA CALL_RECEIVED", "POST", "http://127.0.0.1:5000/vca", JSON, '{"callId": "1"}'
)
REPLY_DRAFT = ReplyDraft("w1", "VCA CALL_RECEIVED", 200, JSON, REPLY)


class FakeStepper:
    def __init__(self, done: list[tuple[Any, ...]]) -> None:
        self._done = done

    def step(self, to: str) -> None:
        self._done.append(("step", to))

    def run_to(self, seq: int) -> None:
        self._done.append(("run_to", seq))


class StoppableCall(FakeCall):
    """``held_reply`` and ``held_requests`` are what can be edited while it stands still."""

    def __init__(self, keys: str = "") -> None:
        super().__init__(keys)
        self.stopped: Stop | None = None
        self.held = 0
        self.held_reply: ReplyDraft | None = None
        self.held_requests: list[RequestDraft] = []
        self.debugger: FakeStepper | None = FakeStepper(self.done)

    def pause(self) -> None:
        self.done.append(("pause",))
        self.stopped = Stop("pause", "paused", len(self.records))

    def go_on(self) -> None:
        self.done.append(("go_on",))
        self.stopped = None

    def request_drafts(self) -> list[RequestDraft]:
        return self.held_requests

    def reply_draft(self) -> ReplyDraft | None:
        return self.held_reply

    def edit_request(self, draft: RequestDraft, diff: str = "") -> None:
        if "nowhere" in draft.url:
            raise InputError("nowhere is not allowed: add --allow nowhere")
        self.done.append(("edit_request", draft, diff))

    def edit_reply(self, draft: ReplyDraft, diff: str = "") -> None:
        self.done.append(("edit_reply", draft, diff))

    def inject(self, rule: Any) -> None:
        self.done.append(("inject", str(rule)))

    def leave(self, branch: str) -> None:
        self.done.append(("leave", branch))
        self.happen(self.now_ms, "call.left", None, branch=branch)
        self.happen(self.now_ms, "call.ended", None, status="LEFT", by="caller", failed=False)


def bars(records: Any) -> list[Bar]:
    """One of each kind, at the records of ``fake.begin``."""
    list(records)
    return [
        Bar(2, "legs", "+65 9117 8965", 0, None, "quiet", "answered after 1.0 s"),
        Bar(3, "webhooks", "VCA CALL_RECEIVED", 0, 0, "good", "200", 38),
        Bar(9, "prompts", "Welcome to ABC Restaurant.", 1000, 4200, "quiet", "interrupted"),
        Bar(7, "dead air", "silence", 4200, 7700, "warn", "3.5 s of dead air"),
        Bar(8, "webhooks", "VCA ACTION_COMPLETED", 4200, 7400, "error", "no reply", 3200),
    ]


TREE = [
    Branch(Path("/traces/first.jsonl"), "first.jsonl", "restaurant", 0),
    Branch(
        Path("/traces/second.jsonl"),
        "second.jsonl",
        "restaurant",
        1,
        41,
        12_300,
        "recorded",
        here=True,
    ),
    Branch(
        Path("/traces/third.jsonl"), "26 Nov 12:09:59", "restaurant", 2, 50, 14_300, "asked again"
    ),
]


def comparison(old: FakeCall, new: FakeCall) -> Comparison:
    """Twelve records alike, one that differs, one only before and one only after."""

    def side(title: str, call: FakeCall) -> Side:
        def record(seq: int) -> Record | None:
            return call.records[seq - 1] if 0 < seq <= len(call.records) else None

        return Side(title, record, {"w1": "VCA CALL_RECEIVED", "w2": "VCA ACTION_COMPLETED"})

    pairs = [Pair(seq, seq) for seq in range(1, 10)]
    pairs += [
        Pair(10, 10, False, "field", "key 1 digit: “1” → “2”"),
        Pair(11, 11),
        Pair(12, None, False, "missing", "capture.closed is not there any more"),
        Pair(13, 13),
        Pair(None, 14, False, "extra", "webhook failed is new"),
    ]
    return Comparison(side("first", old), side("second", new), pairs, 3)


@dataclass
class DebugDesk:
    """As ``tests.tui.fake.Desk``, with a debugger."""

    calls: list[StoppableCall] = field(default_factory=list)
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    keys: Keys = DEFAULT
    problem: str = ""
    reply: Resent = field(default_factory=lambda: Resent(200, JSON, REPLY, "", 41))
    compared: Callable[[], Comparison] | None = None

    def __post_init__(self) -> None:
        self.shop = Workshop(
            breakpoints=Breakpoints(),
            drafts=RealDrafts(),
            faults=FAULTS,
            fault=parse_fault,
            branch=self._branch,
            tree=self._tree,
            open=self._open,
            compare=self._compare,
            bars=bars,
            call_with=self._call_with,
            reading=self._reading,
            try_all=self._try_all,
            request=draft_of,
            resend=self._resend,
        )

    def place(self, target: str, keys: str | None) -> Placed:
        call = StoppableCall(keys or "")
        call.trace_path = Path(f"/traces/call-{len(self.calls)}.jsonl")
        self.calls.append(call)
        return Placed("ABC Restaurant", "8x8", target, call)

    def app(self) -> IvrsimApp:
        services = Services(lambda: ENTRIES, self.place, workshop=lambda: self.shop)
        return IvrsimApp(services, self.place("restaurant", None), keys=self.keys)

    @property
    def call(self) -> StoppableCall:
        return self.calls[-1]

    def _refuse(self) -> None:
        if self.problem:
            raise InputError(self.problem)

    async def _branch(self, placed: Placed, seq: int, again: bool) -> Placed:
        self.asked.append(("branch", seq, again))
        self._refuse()
        return self.place(placed.target, None)

    def _tree(self, path: Path) -> list[Branch]:
        self.asked.append(("tree", path))
        self._refuse()
        return TREE

    def _open(self, path: Path) -> Placed:
        self.asked.append(("open", path))
        self._refuse()
        return self.place(path.name, None)

    async def _compare(self, old: Path, new: Path) -> Comparison:
        self.asked.append(("compare", old, new))
        self._refuse()
        assert self.compared is not None
        return self.compared()

    def _call_with(self, placed: Placed, keys: str, settings: Mapping[str, str]) -> Placed:
        self.asked.append(("call_with", keys, dict(settings)))
        return self.place(placed.target, keys)

    async def _reading(self, path: Path, name: str, value: str) -> Comparison:
        self.asked.append(("reading", path, name, value))
        assert self.compared is not None
        return self.compared()

    async def _try_all(self, path: Path, tell: Callable[[Tried], None]) -> None:
        self.asked.append(("try_all", path))
        self._refuse()
        tell(Tried("8x8.barge_in", "no", True, False, "another course from 4.20 s: key 1 ignored"))

    async def _resend(self, placed: Placed, draft: RequestDraft, edited: bool) -> Resent:
        self.asked.append(("resend", draft, edited))
        self._refuse()
        return self.reply


def decide(call: FakeCall) -> None:
    """A setting that has decided something."""
    call.happen(
        4200, "setting.decided", None, name="8x8.barge_in", value="yes", default="yes",
        choices=["yes", "no"], basis="disputed", page="https://developer.8x8.com/voice",
        why="a key came while the prompt played",
    )  # fmt: skip
