"""Everything a call needs, collected by ``place_call``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

from ivrsim.engine.commands import SendWebhook, Speech
from ivrsim.engine.platform import Platform
from ivrsim.engine.setup import CallSetup
from ivrsim.runtime.allow import HostPolicy
from ivrsim.runtime.caller import KeyScript
from ivrsim.runtime.clock import Clock
from ivrsim.runtime.faults import Faults
from ivrsim.runtime.parties import Parties
from ivrsim.runtime.past import Past
from ivrsim.runtime.prompts import PromptMaker
from ivrsim.runtime.stopping import Watcher
from ivrsim.trace.record import Header, Record

if TYPE_CHECKING:
    from ivrsim.runtime.hands import Desk
    from ivrsim.runtime.handset import Handset
    from ivrsim.runtime.live import LiveCall


class Pages(Protocol):
    """A scripted application, as ``flows.pages.ScriptedSession`` is."""

    def reply(self, command: SendWebhook) -> Any: ...
    def fresh(self) -> Pages: ...


class Caller(Protocol):
    """Whoever presses the keys of a call that nobody makes by hand."""

    problem: str | None

    @property
    def left_over(self) -> int: ...
    @property
    def warnings(self) -> list[str]: ...
    def see(self, record: Record) -> None: ...
    def resume(self, past: Sequence[Record], t: int) -> None: ...


@dataclass(slots=True)
class CallPlan:
    """A call that is ready to be made.

    ``platform`` makes the book of rules, ``parties`` the other telephones (it is given
    ``schedule``, ``drop`` and ``person_present``); ``authorize`` the headers that sign a
    webhook; ``describe`` the command line of the call with given keys. ``release`` is called
    after the end; ``application_error`` is the last error of a Python application served here.
    ``handset`` makes the sound of a call in real time; ``audio_path`` is where the sound of the
    call is kept, in virtual time (rendered when it is over) or in real time; None: nowhere.
    ``telephone`` is the country whose telephones the call is to sound like; None: like none.
    ``watcher`` says where the call stops to be looked at. ``past`` is what a branch has behind it;
    ``stopped``: it stands still at first. ``readdress`` says where a webhook of a recorded call
    goes today. ``caller`` makes who acts in place of the script; ``durations`` (speech, loop) is
    how long a prompt was in a recorded call, with basis and note; ``latency`` (webhook id) how
    long, in milliseconds of call time, an application took there.
    """

    header: Header
    setup: CallSetup
    platform: Callable[[], Platform]
    clock: Clock
    script: KeyScript
    parties: Callable[..., Parties]
    policy: HostPolicy
    prompts: PromptMaker
    pages: Pages | None = None
    faults: Faults = field(default_factory=Faults)
    authorize: Callable[[SendWebhook], Mapping[str, str]] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    insecure: bool = False
    max_time_ms: int = 600_000
    trace_path: Path | None = None
    stream: BinaryIO | None = None
    person: bool = False
    handset: Callable[[Desk], Handset] | None = None
    audio_path: Path | None = None
    telephone: str | None = None
    notices: list[str] = field(default_factory=list)
    describe: Callable[[str], str] = lambda keys: ""
    release: Callable[[], None] | None = None
    application_error: Callable[[], str | None] | None = None
    strict: bool = False
    watcher: Watcher | None = None
    past: Past | None = None
    stopped: bool = False
    readdress: Callable[[SendWebhook], SendWebhook] | None = None
    caller: Callable[[LiveCall], Caller] | None = None
    durations: Callable[[Speech, int], tuple[int | None, str, str] | None] | None = None
    latency: Callable[[str], int] | None = None
