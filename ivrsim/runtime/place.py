"""From a target and options to a call that is ready to run."""

from __future__ import annotations

import random
import shlex
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from ivrsim.engine.commands import SendWebhook
from ivrsim.engine.setup import CallSetup
from ivrsim.errors import InputError, TraceError
from ivrsim.flows.pages import ScriptedApplication
from ivrsim.flows.settings import setting_errors
from ivrsim.flows.target import HttpApplication, PythonApplication, Target
from ivrsim.platforms import make_platform
from ivrsim.runtime.allow import HostPolicy
from ivrsim.runtime.caller import KeyScript
from ivrsim.runtime.clock import Clock
from ivrsim.runtime.downloads import cache_of
from ivrsim.runtime.faults import Faults
from ivrsim.runtime.live import LiveCall
from ivrsim.runtime.parties import Parties
from ivrsim.runtime.past import Past
from ivrsim.runtime.plan import CallPlan
from ivrsim.runtime.prompts import PromptMaker
from ivrsim.runtime.recorded import RecordedCall
from ivrsim.runtime.regions import region_of
from ivrsim.runtime.stopping import Watcher
from ivrsim.sound.engines import EMBEDDED, check_engine
from ivrsim.trace.masking import mask_url
from ivrsim.trace.record import Header

if TYPE_CHECKING:
    from ivrsim.runtime.hands import Desk
    from ivrsim.runtime.handset import Handset
    from ivrsim.runtime.serve import ServedApplication

API_KEY = "ivrsim00"
APPLICATION_ID = "00000000-0000-4000-8000-000000000000"
"""Claims of a signed webhook; nobody checks them against an account here."""


@dataclass(frozen=True, slots=True)
class CallOptions:
    """How a call is made; what is called is in ``flows.TargetOptions``.

    ``keys`` as ``--keys``; ``clock`` virtual, real or a factor (``4x``); ``max_time_s`` seconds
    of call time; ``at`` ISO 8601 or HH:MM, the time of day at which the call begins; ``seed``
    None is random. ``history``: keep the trace there when ``trace_path`` is None.
    ``speakers`` and ``microphone``: ``off``, ``auto`` (where there are any), or the name of a
    device, in real time only; ``telephone``: sound as a telephone does. ``audio``: keep the sound
    of a call that is not made in real time, too. ``voice``: the engine that speaks prompts.
    ``person``: somebody is at the keypad. ``breakpoints`` as ``--break``, for a debugger.
    ``arguments``: the options as typed, for the command
    line of the call.
    """

    keys: str = ""
    clock: str = "virtual"
    max_time_s: float = 600
    at: str | None = None
    seed: int | None = None
    trace_path: Path | None = None
    stream: BinaryIO | None = None
    history: bool = False
    speakers: str = "off"
    microphone: str = "off"
    telephone: bool = False
    audio: bool = False
    voice: str = EMBEDDED
    person: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    insecure: bool = False
    allow: tuple[str, ...] = ()
    strict: bool = False
    breakpoints: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Back:
    """A call that is to go on from a moment of a recorded one: its ``past``, and the ``header``
    of its trace, which has all that made its ids and times."""

    past: Past
    header: Header


def place_call(
    target: Target,
    options: CallOptions,
    *,
    watcher: Watcher | None = None,
    back: Back | None = None,
    recorded: RecordedCall | None = None,
) -> LiveCall:
    """Prepare the call; ``run`` makes it. A Python application is started here.

    ``watcher`` says where it stops to be looked at. With ``back`` it goes on from a recorded call
    instead of beginning; where somebody is at the keypad it stands still there at first.
    ``recorded``: the people of a recorded call act in it, in place of ``options.keys``.
    Raises IvrsimError: one line that says what is wrong.
    """
    plan = prepare_call(target, options, watcher=watcher, back=back)
    if recorded is not None:
        recorded.join(plan, target.parties, target.default_party)
    return call_of(plan)


def call_of(plan: CallPlan) -> LiveCall:
    """The call of ``plan``; its application is let go when there can be none. Raises TraceError."""
    try:
        return LiveCall(plan)
    except BaseException:
        if plan.release is not None:
            plan.release()
        raise


def prepare_call(
    target: Target,
    options: CallOptions,
    *,
    watcher: Watcher | None = None,
    back: Back | None = None,
) -> CallPlan:
    """See ``place_call``: all that the call needs."""
    check_engine(options.voice)
    clock = Clock.parse(options.clock)
    script = KeyScript.parse(options.keys)
    if not 0 < options.max_time_s <= 86_400:
        raise InputError(
            f"--max-time: expected seconds above 0 and up to 86400, found {options.max_time_s:g}"
        )
    started_at = _time_of_day(options.at)
    seed = random.SystemRandom().randrange(2**32) if options.seed is None else options.seed
    for _, message in setting_errors(target.settings):
        raise InputError(f"settings: {message}")
    served: ServedApplication | None = None
    base_url: str | None
    if isinstance(target.application, PythonApplication):
        from ivrsim.runtime.serve import ServedApplication

        HostPolicy(None, options.allow)  # a mistake in --allow is told before anything starts
        served = ServedApplication(target.application)
        base_url = served.start()
        urls = target.served_urls(base_url)
    else:
        base_url = None
        urls = dict(target.urls)
        if isinstance(target.application, HttpApplication):
            base_url = target.application.url
    try:
        plan = _plan(target, options, clock, script, started_at, seed, urls, base_url)
        plan.watcher = watcher
        if served is not None:
            plan.release = served.stop
            plan.application_error = lambda: served.last_error
        return plan if back is None else _going_back(plan, back, options.person)
    except BaseException:
        if served is not None:
            served.stop()
        raise


def _going_back(plan: CallPlan, back: Back, person: bool) -> CallPlan:
    """``plan``, but with the ids, times and settings of the recorded call."""
    header, past = back.header, back.past
    try:
        setup = CallSetup.from_json(header.setup)
    except TypeError as error:
        raise InputError(
            f"{past.name}: cannot go back: its header does not say how the call was placed: {error}"
        ) from None
    if setup.platform != plan.setup.platform:
        raise InputError(
            f"{past.name} is a call of {setup.platform}, and {plan.header.target} is not"
        )
    if setup.authorized and plan.authorize is None:
        plan.notices.append(
            "webhooks are not signed from here on: secrets are in no trace; give "
            f"{'--signature-secret' if setup.platform == 'vonage' else '--webhook-auth'} again"
        )
    if setup.secret or any("•" in str(r.data.get("digit")) for r in past.inputs):
        plan.notices.append("secret digits are in no trace: what follows is told • in their place")
    addresses = _addresses(setup.urls, plan.setup.urls)
    return replace(
        plan,
        header=header._replace(parent=past.parent()),
        setup=setup,
        platform=partial(make_platform, setup),
        past=past,
        stopped=person,
        readdress=partial(_readdressed, addresses) if addresses else None,
    )


def _addresses(
    old: Mapping[str, str | None], new: Mapping[str, str | None]
) -> tuple[tuple[str, str], ...]:
    """Where webhooks of the recorded call go today: whole URLs first, then servers.

    A Python application is served at another port each time, and tokens in URLs are masked.
    """
    pairs = [
        (was, now)
        for name, was in old.items()
        if was is not None and (now := new.get(name)) is not None and was != now
    ]
    servers = [
        (
            f"{urlsplit(was).scheme}://{urlsplit(was).netloc}/",
            f"{urlsplit(now).scheme}://{urlsplit(now).netloc}/",
        )
        for was, now in pairs
        if urlsplit(was).netloc and urlsplit(now).netloc
    ]
    return (*pairs, *dict.fromkeys(servers))


def _readdressed(addresses: tuple[tuple[str, str], ...], command: SendWebhook) -> SendWebhook:
    for was, now in addresses:
        # A whole URL, or a server: not one whose path only begins like that of another.
        if command.url.startswith(was) and (
            was[-1:] == "/" or command.url[len(was) :][:1] in "?&#"
        ):
            return replace(command, url=now + command.url[len(was) :])
    return command


def _plan(
    target: Target,
    options: CallOptions,
    clock: Clock,
    script: KeyScript,
    started_at: str,
    seed: int,
    urls: dict[str, str],
    target_url: str | None,
) -> CallPlan:
    setup = CallSetup(
        platform=target.platform,
        direction=target.direction,
        caller=target.caller,
        callee=target.callee,
        started_at=started_at,
        seed=seed,
        settings=dict(target.settings),
        urls=urls,
        answer_method=target.answer_method,
        authorized=bool(target.signature_secret or target.webhook_auth),
        document=target.document,
        document_origin=None if target.document is None else "flow",
    )
    policy = HostPolicy(target_url, options.allow)
    cache = cache_of("cache-control" if target.platform == "vonage" else "hour")
    folder = target.folder if target.source is not None else None
    application = target.application
    notices: list[str] = []
    trace_path = _trace_path(target, options, started_at, notices)
    audio_path = _audio_path(options, clock, trace_path)
    if options.speakers != "off" and clock.factor != 1.0:
        notices.append("no sound: a call is heard with --clock real only")
    return CallPlan(
        header=Header(
            platform=target.platform,
            target=mask_url(target.name),
            seed=seed,
            started_at=started_at,
            settings=dict(target.settings),
            setup=setup.to_json(),
            arguments=_without_secrets(options.arguments),
        ),
        setup=setup,
        platform=partial(make_platform, setup),
        clock=clock,
        script=script,
        parties=partial(Parties, target.parties, target.default_party),
        policy=policy,
        prompts=PromptMaker(folder, policy, cache, options.insecure, options.voice),
        pages=application.session(target.caller, target.callee)
        if isinstance(application, ScriptedApplication)
        else None,
        faults=Faults(target.faults),
        authorize=_authorizer(target),
        headers=options.headers,
        insecure=options.insecure,
        max_time_ms=round(options.max_time_s * 1000),
        trace_path=trace_path,
        audio_path=audio_path,
        telephone=region_of(target.callee) if options.telephone else None,
        stream=options.stream,
        person=options.person,
        handset=_handset(target, options, audio_path) if clock.factor == 1.0 else None,
        notices=notices,
        describe=partial(_describe, target, options),
        strict=options.strict,
    )


def _time_of_day(at: str | None) -> str:
    """``--at`` as ISO 8601 in UTC with milliseconds; now when None."""
    now = datetime.now(UTC)
    if at is None:
        moment = now
    else:
        try:
            if len(at) <= 8 and ":" in at:
                clock = datetime.strptime(at, "%H:%M" if at.count(":") == 1 else "%H:%M:%S")
                moment = now.replace(
                    hour=clock.hour, minute=clock.minute, second=clock.second, microsecond=0
                )
            else:
                moment = datetime.fromisoformat(at)
        except ValueError:
            raise InputError(
                f"--at: expected a time such as 09:30 or 2026-11-21T09:30:00Z, found {at!r}"
            ) from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _trace_path(
    target: Target, options: CallOptions, started_at: str, notices: list[str]
) -> Path | None:
    if options.trace_path is not None or not options.history:
        return options.trace_path
    from ivrsim.trace.history import History

    try:
        return History().new_path(target.title, started_at)
    except TraceError as error:
        notices.append(str(error))  # the call goes on without its history
        return None


def _authorizer(target: Target) -> Callable[[SendWebhook], Mapping[str, str]] | None:
    if target.platform == "8x8":
        value = target.webhook_auth
        return None if value is None else lambda command: {"Authorization": value}
    secret = target.signature_secret
    if secret is None:
        return None

    def sign_webhook(command: SendWebhook) -> Mapping[str, str]:
        from ivrsim.platforms.vonage.signing import sign

        token = sign(
            command.body,
            command.query,
            secret,
            API_KEY,
            APPLICATION_ID,
            time.time(),
            str(uuid.uuid4()),
        )
        return {"Authorization": f"Bearer {token}"}

    return sign_webhook


def _audio_path(options: CallOptions, clock: Clock, trace: Path | None) -> Path | None:
    """Beside the trace; calls in real time always keep their sound, where they keep a trace."""
    if trace is None:
        if options.audio:
            raise InputError(
                "--audio: the sound of a call lies beside its trace, and none is kept: "
                "add --trace FILE, or leave out --no-history"
            )
        return None
    if not options.audio and clock.factor != 1.0:
        return None
    path = trace.with_suffix(".wav")
    if path == trace:
        raise InputError(f"--trace {trace}: expected a name for the trace that is not a wav file's")
    return path


def _handset(
    target: Target, options: CallOptions, audio_path: Path | None
) -> Callable[[Desk], Handset]:
    def make(desk: Desk) -> Handset:
        from ivrsim.runtime.handset import Handset

        region = region_of(target.callee)
        return Handset(
            desk,
            audio_path,
            speakers=options.speakers,
            microphone=options.microphone,
            telephone=region if options.telephone else None,
        )

    return make


def _without_secrets(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """``arguments`` without those whose value is left out (``…``)."""
    kept: list[str] = []
    for word in arguments:
        if word == "…":
            kept.pop()
        else:
            kept.append(word)
    return tuple(kept)


def _describe(target: Target, options: CallOptions, keys: str) -> str:
    """The call as a command line."""
    words = ["ivrsim", "call", target.name, *options.arguments]
    if keys:
        words += ["--keys", keys]
    return shlex.join(words)
