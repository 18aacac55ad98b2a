"""The Python API: ``ivrsim.call`` and ``ivrsim.acall``."""

from __future__ import annotations

import asyncio
import base64
import json
import shlex
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import Any, ParamSpec

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.errors import InputError, IvrsimError
from ivrsim.flows.pages import ScriptedApplication
from ivrsim.flows.target import Target, TargetOptions, load_target
from ivrsim.runtime.place import CallOptions, place_call
from ivrsim.trace.dead_air import DeadAir, dead_air_of
from ivrsim.trace.record import Header, Record

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Webhook:
    """One request of the platform and what the application replied.

    ``purpose`` is answer, event, input, notify, fallback; VCA, VCS, VSS; ``title`` says more
    (``event ringing``, ``VCA CALL_RECEIVED``). A retry is a webhook of its own (``attempt`` 2).
    ``sent`` is False when no URL is set for it. ``body`` and ``query`` are what was sent;
    ``reply`` is the JSON that came back, else its text, bytes when it is not UTF-8, and None
    without a reply; ``failure`` is one line when there was no HTTP reply. ``elapsed_ms`` is
    wall time in milliseconds.
    """

    purpose: str
    title: str
    method: str
    url: str | None
    headers: Mapping[str, str]
    query: Mapping[str, Any] | None
    body: Any
    attempt: int
    sent: bool
    status: int | None = None
    reply: Any = None
    elapsed_ms: int | None = None
    failure: str | None = None


@dataclass(frozen=True, eq=False)
class Call:
    """A call that has ended, read from its trace.

    ``trace`` are the records, ``header`` the line before them; ``target`` is what was called.
    ``status`` is the platform's word (``completed``, ``COMPLETED``, ``BUSY`` …); ``failed``:
    the application failed the call, and ``why`` says how (with ``strict``, any warning fails
    it). ``warnings`` are lines as ``ivrsim call`` prints them. Secret digits are ``•``. ``audio``
    is the file with the sound of the call, or None.
    """

    target: str
    header: Header
    trace: list[Record]
    status: str
    failed: bool
    why: str | None
    warnings: tuple[str, ...]
    audio: Path | None = None

    def records(self, kind: str) -> list[Record]:
        """The records of one kind, such as ``action.started``; none for an unknown kind."""
        return [record for record in self.trace if record.kind == kind]

    @cached_property
    def digits(self) -> list[str]:
        """What each try of a capture took, in order; ``""`` when it took nothing."""
        return [record.data["digits"] for record in self.records("capture.closed")]

    @cached_property
    def heard(self) -> list[str]:
        """What the caller heard, in the order it began, whether or not it was cut short.

        The words of spoken prompts, the URLs of audio files, and what the other side of a
        bridge said; call progress tones are left out.
        """
        texts = []
        for record in self.trace:
            data = record.data
            if data.get("ignored"):
                continue
            if record.kind == "prompt.started":
                texts.append(data["text"] if data["text"] is not None else data["url"])
            elif record.kind == "speech" and data["source"] == "party":
                texts.append(data["text"])
        return [text for text in texts if text is not None]

    @cached_property
    def webhooks(self) -> list[Webhook]:
        """Every webhook, in the order of the requests."""
        answers = {
            record.data["webhook"]: record
            for record in self.trace
            if record.kind in ("webhook.response", "webhook.failed")
        }
        return [
            _webhook(record, answers.get(record.data["webhook"]))
            for record in self.records("webhook.request")
        ]

    @cached_property
    def diagnostics(self) -> list[Diagnostic]:
        """What was remarked about documents, replies and keys."""
        return [
            Diagnostic(**{name: record.data[name] for name in Diagnostic.__slots__})
            for record in self.records("diagnostic")
        ]

    @cached_property
    def dead_air(self) -> list[DeadAir]:
        """Each silence between what the caller did and what he heard next, in milliseconds of call
        time: ``assert all(air.ms <= 3000 for air in call.dead_air)``.

        In virtual time replies take none: what is left are the platform's own waits, delays of
        scripted pages, and timeouts.
        """
        return dead_air_of(self.trace)

    @property
    def duration(self) -> float:
        """Seconds of call time, from the first event to the last."""
        return self.trace[-1].t / 1000

    @property
    def ended_by(self) -> str:
        """Who ended it: caller, party, application, platform, api or limit."""
        by: str = self.trace[-1].data["by"]
        return by

    def __repr__(self) -> str:
        return f"<Call {self.target}: {self.status} after {self.duration:.1f} s>"


async def acall(
    target: str | Path,
    *,
    keys: str | Sequence[str] = "",
    platform: str | None = None,
    from_: str | None = None,
    to: str | None = None,
    outbound: bool | None = None,
    clock: str = "virtual",
    max_time: float = 600,
    at: str | None = None,
    seed: int | None = None,
    settings: Mapping[str, str | float] | None = None,
    answer_method: str | None = None,
    event_url: str | None = None,
    fallback_url: str | None = None,
    signature_secret: str | None = None,
    vca: str | None = None,
    vss: str | None = None,
    vcs: str | None = None,
    webhook_auth: str | None = None,
    headers: Mapping[str, str] | None = None,
    insecure: bool = False,
    allow: Sequence[str] = (),
    trace: str | Path | None = None,
    audio: bool = False,
    strict: bool = False,
) -> Call:
    """Make one call and return it when it has ended.

    ``target`` and all options as on the command line of ``ivrsim call``: ``keys`` is a script
    or its groups as a list, ``max_time`` seconds of call time, ``trace`` a file to write. No
    history is kept. With ``audio`` the sound of the call is kept beside the trace, as stereo wav
    (left the platform, right the caller): ``Call.audio``. Without a ``seed`` a target that needs
    no network gets seed 0, so that its ids repeat; any other gets a random one, because
    applications remember ids.

    An application that fails the call is no exception: see ``Call.failed``. Raises InputError
    when target, options or a file are wrong or the script cannot be followed, and IvrsimError
    when ivrsim cannot go on.
    """
    loaded = load_target(
        str(target),
        TargetOptions(
            platform=platform,
            caller=from_,
            callee=to,
            outbound=outbound,
            answer_method=answer_method,
            event_url=event_url,
            fallback_url=fallback_url,
            signature_secret=signature_secret,
            vca=vca,
            vss=vss,
            vcs=vcs,
            webhook_auth=webhook_auth,
            settings={name: str(value) for name, value in (settings or {}).items()},
        ),
    )
    placed = place_call(
        loaded,
        CallOptions(
            keys=keys if isinstance(keys, str) else shlex.join(keys),
            clock=clock,
            max_time_s=max_time,
            at=at,
            seed=_seed(loaded) if seed is None else seed,
            trace_path=Path(trace) if trace is not None else None,
            audio=audio,
            headers=headers or {},
            insecure=insecure,
            allow=tuple(allow),
            strict=strict,
        ),
    )
    result = await placed.run()
    if result.exit_status == InputError.exit_status:
        raise InputError(result.why or result.summary)
    return Call(
        loaded.name,
        placed.header,
        placed.records,
        result.status,
        result.failed,
        result.why,
        (*map(str, loaded.findings), *placed.notices, *result.warnings),
        placed.audio_path,
    )


def _blocking(make: Callable[P, Coroutine[Any, Any, Call]]) -> Callable[P, Call]:
    @wraps(make, assigned=("__module__", "__doc__", "__annotations__"))
    def call(*args: P.args, **options: P.kwargs) -> Call:
        with suppress(RuntimeError):  # there is none: as it should be
            asyncio.get_running_loop()
            raise IvrsimError(
                "ivrsim.call cannot wait inside a running event loop: use `await ivrsim.acall(…)`"
            )
        return asyncio.run(make(*args, **options))

    return call


call = _blocking(acall)
"""``acall`` for code that is not asynchronous; raises IvrsimError where an event loop runs."""


def _seed(target: Target) -> int | None:
    alone = target.application is None or isinstance(target.application, ScriptedApplication)
    return 0 if alone else None


def _webhook(request: Record, answer: Record | None) -> Webhook:
    asked, replied = request.data, answer.data if answer is not None else {}
    return Webhook(
        purpose=asked["purpose"],
        title=asked["title"],
        method=asked["method"],
        url=asked["url"],
        headers=asked["headers"],
        query=asked["query"],
        body=asked["body"],
        attempt=asked["attempt"],
        sent=asked["sent"],
        status=replied.get("status"),
        reply=_reply(replied),
        elapsed_ms=replied.get("elapsed_ms"),
        failure=replied.get("message"),
    )


def _reply(data: Mapping[str, Any]) -> Any:
    body = data.get("body")
    if not body:
        return body
    if data["encoding"] == "base64":
        return base64.b64decode(body)
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body
