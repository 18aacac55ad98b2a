"""What the debugger's screens need of the rooms below; ``workshop.py`` brings the real ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from ivrsim.trace.record import Header, Record
from ivrsim.tui.protocol import Placed

if TYPE_CHECKING:  # the screen is there before anything of the runtime
    from ivrsim.runtime.stopping import ReplyDraft, RequestDraft, Stop

Draft: TypeAlias = "RequestDraft | ReplyDraft"


class Breakpoint(Protocol):
    """``debugger.breakpoints.Breakpoint``."""

    number: int
    text: str
    what: str
    filter: Any
    enabled: bool
    hits: int


class Breakpoints(Protocol):
    """``debugger.breakpoints.Breakpoints``: they stay while the application runs."""

    @property
    def points(self) -> Sequence[Breakpoint]: ...
    def add(self, text: str) -> Breakpoint:
        """Raises InputError."""
        ...

    def remove(self, number: int) -> None: ...
    def toggle(self, number: int) -> None: ...


class Stepper(Protocol):
    """``debugger.breakpoints.Debugger``: where the call that goes on is to stop next."""

    def step(self, to: str) -> None: ...
    def run_to(self, seq: int) -> None: ...


class Resent(Protocol):
    """What came back for a webhook that was sent by hand; ``status`` None: nothing."""

    @property
    def status(self) -> int | None: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def body(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def elapsed_ms(self) -> int: ...


class Stoppable(Protocol):
    """A live call that can stand still: ``runtime.live.LiveCall``."""

    header: Header

    @property
    def records(self) -> Sequence[Record]: ...
    @property
    def debugger(self) -> Any: ...
    @property
    def stopped(self) -> Stop | None: ...
    @property
    def held(self) -> int: ...
    def pause(self) -> None: ...
    def go_on(self) -> None: ...
    def request_drafts(self) -> Sequence[RequestDraft]: ...
    def reply_draft(self) -> ReplyDraft | None: ...
    def edit_request(self, draft: RequestDraft, diff: str = "") -> None: ...
    def edit_reply(self, draft: ReplyDraft, diff: str = "") -> None: ...
    def inject(self, rule: Any) -> None: ...
    def leave(self, branch: str) -> None: ...


class Drafts(Protocol):
    """``debugger.drafts``: a request or a reply as text, and back."""

    def text(self, draft: Draft) -> str: ...
    def parse(self, text: str, draft: Draft) -> Draft:
        """Raises InputError: ``line:column: what is wrong``."""
        ...

    def remarks(self, platform: str, draft: Draft, settings: Mapping[str, str]) -> Sequence[str]:
        """What the platform would say of it."""
        ...

    def difference(self, old: str, new: str) -> str:
        """A unified diff."""
        ...


@dataclass(frozen=True, slots=True)
class Branch:
    """One trace in the tree; ``name`` is short, ``title`` what was called. ``seq`` is the record
    of its parent that it goes on from, None for one that is no branch, and ``t`` its call time in
    milliseconds; ``depth`` counts from 0."""

    path: Path
    name: str
    title: str
    depth: int
    seq: int | None = None
    t: int = 0
    mode: str = ""
    here: bool = False


@dataclass(frozen=True, slots=True)
class Side:
    """One of two calls that are compared; ``record`` counts from 1."""

    title: str
    record: Callable[[int], Record | None]
    titles: Mapping[str, str] = field(default_factory=dict)
    """The id of a webhook to what it is called."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that stand for each other; None where one call has none.

    ``same`` leaves out what always differs, such as ids. ``kind`` says what differs, ``what`` in
    a line.
    """

    old: int | None
    new: int | None
    same: bool = True
    kind: str = ""
    what: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two calls side by side: ``pairs`` in the order of both; ``differences`` is how many there
    are, one of which may show in several pairs."""

    old: Side
    new: Side
    pairs: Sequence[Pair]
    differences: int | None = None


@dataclass(frozen=True, slots=True)
class Assumption:
    """A setting that decided something. ``basis`` is documented, observed, assumed or disputed;
    ``seqs`` the records where it decided."""

    name: str
    value: str
    choices: tuple[str, ...]
    basis: str
    why: str = ""
    page: str = ""
    default: str = ""
    seqs: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Tried:
    """The same call under another value: ``changed`` its course; ``what`` says it in a line."""

    name: str
    value: str
    changed: bool
    failed: bool = False
    what: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """``trace.waterfall.Bar``; ``end_ms`` None: it goes on; ``elapsed_ms`` on the wall."""

    seq: int
    lane: str
    label: str
    start_ms: int
    end_ms: int | None
    tone: str
    detail: str = ""
    elapsed_ms: int | None = None


@dataclass(slots=True)
class Workshop:
    """The doors of the debugger. What is None is not there: its command says so.

    ``branch(placed, seq, again)`` goes back to a record of a call; ``again``: the application is
    asked again, else the recorded replies are fed. ``faults`` is the menu, ``fault`` reads what is
    typed. ``call_with(placed, keys, settings)`` calls again with other settings; ``reading(path,
    name, value)`` makes a recorded call again under another value, in no time, and compares;
    ``try_all(path, tell)`` does so for each value. ``request(record)`` is a recorded webhook to
    be sent again, ``resend(placed, draft, edited)`` sends it. All raise IvrsimError.
    """

    breakpoints: Breakpoints | None = None
    drafts: Drafts | None = None
    faults: Sequence[tuple[str, str]] = ()
    fault: Callable[[str], Any] | None = None
    branch: Callable[[Placed, int, bool], Awaitable[Placed]] | None = None
    tree: Callable[[Path], Sequence[Branch]] | None = None
    open: Callable[[Path], Placed] | None = None
    compare: Callable[[Path, Path], Awaitable[Comparison]] | None = None
    bars: Callable[[Iterable[Record]], Sequence[Bar]] | None = None
    call_with: Callable[[Placed, str, Mapping[str, str]], Placed] | None = None
    reading: Callable[[Path, str, str], Awaitable[Comparison]] | None = None
    try_all: Callable[[Path, Callable[[Tried], None]], Awaitable[None]] | None = None
    request: Callable[[Record], RequestDraft] | None = None
    resend: Callable[[Placed, RequestDraft, bool], Awaitable[Resent]] | None = None
    latest: Path | None = None
    """The trace of the call that was on the screen last."""
