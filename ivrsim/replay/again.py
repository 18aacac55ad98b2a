"""Make a recorded call again: what it called, with what options, and who acts in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from os.path import samefile
from pathlib import Path
from typing import Any, Final

from ivrsim.engine.events import DigitPressed
from ivrsim.engine.keys import SECRET
from ivrsim.errors import InputError
from ivrsim.flows.pages import ScriptedApplication
from ivrsim.flows.settings import setting_errors
from ivrsim.flows.target import Target, TargetOptions, load_target
from ivrsim.replay.traces import Trace
from ivrsim.runtime.caller import KEY_GAP_MS, hang_up, utterance
from ivrsim.runtime.live import LiveCall
from ivrsim.runtime.place import CallOptions, place_call
from ivrsim.runtime.recorded import RecordedCall
from ivrsim.runtime.recorded_acts import Act, Acts, Place
from ivrsim.trace.masking import MASK
from ivrsim.trace.record import Header

Against = tuple[str | None, TargetOptions, CallOptions]
"""What to call instead of the trace's own target (None: that one), and the options with it."""

_FLAGS: Final = {"--outbound", "--insecure", "--telephone"}
_TARGET: Final = {
    "--platform": "platform", "--from": "caller", "--to": "callee",
    "--answer-method": "answer_method", "--event-url": "event_url",
    "--fallback-url": "fallback_url", "--vca": "vca", "--vss": "vss", "--vcs": "vcs",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class How:
    """How a recorded call is made again. ``settings`` are other readings of the platform,
    ``secret`` the keys that the trace shows as ``•``; ``save`` is where the new trace goes."""

    against: Against | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    secret: str = ""
    allow: tuple[str, ...] = ()
    insecure: bool = False
    save: Path | None = None


@dataclass(slots=True)
class Again:
    """A recorded call that is ready to be made again; ``notes`` say what cannot be as it was."""

    target: Target
    options: CallOptions
    recorded: RecordedCall
    notes: list[str]

    def place(self, settings: Mapping[str, str] | None = None) -> LiveCall:
        """Prepare the call, with these settings changed. It can be placed several times."""
        target = self.target
        if settings:
            target = replace(target, settings={**target.settings, **settings})
        return place_call(target, self.options, recorded=self.recorded)

    def undone(self) -> list[str]:
        """What the recorded caller could not do in the call that was placed last."""
        caller = self.recorded.caller
        return [] if caller is None else caller.warnings


def again(trace: Trace, how: How) -> Again:
    """Prepare to make a recorded call again, in virtual time. Raises InputError."""
    header = trace.header
    if header is None:
        raise InputError(f"{trace.name}: expected a trace with its header, to know what it called")
    _refuse_the_trace(trace, how.save)
    recorded = _recorded(trace, how.secret)
    name, target_options, call_options = _called(trace, header, how.against)
    setup = trace.setup
    target = _target(trace, name, _filled(target_options, header.platform, setup), how)
    if target.platform != header.platform:
        raise InputError(
            f"{trace.name} is a call of {header.platform}, and {name} is for {target.platform}"
        )
    known = {n: v for n, v in header.settings.items() if n not in target.settings}
    settings = {**target.settings, **known, **how.settings}
    for _, message in setting_errors(settings):
        raise InputError(f"settings: {message}")
    target = replace(target, settings=settings)
    notes = list(_notes(trace, target, setup))
    alone = target.application is None or isinstance(target.application, ScriptedApplication)
    options = replace(
        call_options,
        keys="",
        clock="virtual",
        at=call_options.at or header.started_at,
        # An application may remember ids: only one that cannot is given the same again.
        seed=header.seed if alone else call_options.seed,
        history=False,
        trace_path=how.save,
        stream=None,
        speakers="off",
        microphone="off",
        audio=False,
        person=False,
        insecure=call_options.insecure or how.insecure,
        allow=(*call_options.allow, *how.allow),
    )
    return Again(target, options, recorded, notes)


def _refuse_the_trace(trace: Trace, save: Path | None) -> None:
    """The new trace must not take the place of the one that is made again."""
    try:
        same = save is not None and samefile(trace.name, save)
    except (OSError, ValueError):  # there is no such file yet, or the trace is none
        return
    if same:
        raise InputError(f"{save}: this is the recorded trace itself; name another file")


def _called(
    trace: Trace, header: Header, against: Against | None
) -> tuple[str, TargetOptions, CallOptions]:
    """What to call, and how."""
    if against is None:
        return _own(trace, header)
    name, target_options, call_options = against
    if name is not None:
        return name, target_options, call_options
    name, own, called = _own(trace, header)
    given = {item: getattr(target_options, item) for item in ("signature_secret", "webhook_auth")}
    return name, replace(own, **given), replace(called, headers=call_options.headers)


def _own(trace: Trace, header: Header) -> tuple[str, TargetOptions, CallOptions]:
    """The target of the trace with the options that it was called with."""
    if MASK in header.target:
        raise InputError(
            f"{trace.name}: its target {header.target} had a secret in it, which a trace does not "
            "keep: add --against with the whole address"
        )
    if trace.setup.get("imported"):
        raise InputError(
            f"{trace.name}: it was imported, and does not say what to call today: "
            "add --against TARGET"
        )
    words = list(header.arguments)
    target: dict[str, Any] = {}
    call: dict[str, Any] = {}
    settings: dict[str, str] = {}
    allow: list[str] = []
    while words:
        option = words.pop(0)
        if option in _FLAGS:
            if option == "--outbound":
                target["outbound"] = True
            elif option == "--insecure":
                call["insecure"] = True
            continue
        value = words.pop(0) if words else ""
        if option in ("--from", "--to") and SECRET in value:
            continue  # of a masked trace
        if option in _TARGET:
            target[_TARGET[option]] = value
        elif option == "--set":
            setting, _, choice = value.partition("=")
            settings[setting.strip()] = choice.strip()
        elif option == "--allow":
            allow.append(value)
        elif option == "--max-time":
            call["max_time_s"] = _seconds(trace, value)
        elif option == "--at":
            call["at"] = value
    return (
        header.target,
        TargetOptions(**target, settings=settings),
        CallOptions(**call, allow=tuple(allow)),
    )


def _seconds(trace: Trace, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise InputError(
            f"{trace.name}: its header says --max-time {value!r}: expected seconds"
        ) from None


def _filled(options: TargetOptions, platform: str, setup: Mapping[str, Any]) -> TargetOptions:
    """``options`` with what only the recorded call knows: who called whom, on which platform."""
    vonage = platform == "vonage" and options.platform in (None, "vonage")
    names = ("caller", "callee", *(("answer_method",) if vonage else ()))
    known: dict[str, Any] = {name: setup.get(name) for name in names}
    known = {
        name: value
        for name, value in known.items()
        if isinstance(value, str) and SECRET not in value
    }
    known["platform"] = platform
    if setup.get("direction") == "outbound" and not setup.get("document"):
        known["outbound"] = True
    given = {name: value for name, value in known.items() if getattr(options, name) is None}
    return replace(options, **given)


def _target(trace: Trace, name: str, options: TargetOptions, how: How) -> Target:
    try:
        return load_target(name, options)
    except InputError as error:
        if how.against is not None:
            raise
        raise InputError(
            f"{trace.name}: its target cannot be called again: {error}; add --against TARGET"
        ) from None


def _notes(trace: Trace, target: Target, setup: Mapping[str, Any]) -> Iterable[str]:
    if setup.get("masked"):
        yield (
            "the trace is masked: the numbers of its call are not known, and the new one has "
            f"others, unless --against '{target.name} --from NUMBER --to NUMBER' gives them"
        )
    if setup.get("authorized") and not (target.signature_secret or target.webhook_auth):
        option = "--signature-secret" if target.platform == "vonage" else "--webhook-auth"
        yield (
            "the webhooks of the recorded call were signed, and are not now: secrets are in no "
            f"trace; give it with --against '{target.name} {option} …'"
        )
    kinds = {record.kind for record in trace.records}
    by_hand = any(
        record.kind == "fault.injected" and record.data.get("source") == "hand"
        for record in trace.records
    )
    if kinds & {"request.edited", "reply.edited"} or by_hand:
        yield (
            "webhooks of the recorded call were changed by hand, or made to fail: the new call "
            "leaves them as they are"
        )
    if trace.imported:
        yield (
            "the trace was imported: only what its webhooks tell is pressed and said again, and "
            "only webhooks are compared"
        )


# ------------------------------------------------------------------ imported calls


def _recorded(trace: Trace, secret: str) -> RecordedCall:
    if not trace.imported:
        return RecordedCall(trace.records, secret)
    acts = _imported_acts(trace)
    if not acts:
        raise InputError(
            f"{trace.name}: it was imported, and holds no keys or words of the caller: nobody can "
            "make this call again; compare it with another trace: `ivrsim replay OLD NEW`"
        )
    return RecordedCall.of_acts(trace.records, Acts(tuple(acts), ()))


def _imported_acts(trace: Trace) -> list[Act]:
    """What the webhooks say was pressed and said, for each input in its turn."""
    acts: list[Act] = []
    number = 0
    for record in trace.records:
        data = record.data
        if record.kind == "capture.opened":
            number += 1
        elif record.kind == "capture.closed":
            keys = str(data.get("digits") or "")
            if data.get("ended_by") == "terminator" and not keys.endswith("#"):
                keys += "#"
            if keys:
                acts += _typed(keys, number, record.seq, record.t)
            elif data.get("text"):
                acts += _said(str(data["text"]), number, record.seq, record.t)
        elif record.kind == "leg.ended" and acts and data.get("by") == "caller":
            anchor = (("closed", number), record.t - acts[-1].t)
            acts.append(
                Act(
                    "api.request", record.seq, record.t, lambda _: hang_up(), "the hang-up",
                    (anchor,),
                )
            )  # fmt: skip
    return acts


def _typed(keys: str, capture: int, seq: int, t: int) -> list[Act]:
    def press(key: str) -> Callable[[Place], DigitPressed]:
        return lambda _: DigitPressed(key, "keypad")

    return [
        Act(
            "digit", seq * 100 + i, t, press(key), f"the key {key}",
            ((("listening", capture), i * KEY_GAP_MS),), capture=capture,
        )
        for i, key in enumerate(keys)
    ]  # fmt: skip


def _said(text: str, capture: int, seq: int, t: int) -> list[Act]:
    def say(index: int) -> Callable[[Place], Any]:
        return lambda at: utterance(text, at.caller, 0, "typed")[index][1]

    return [
        Act(
            event.kind, seq * 100 + i, t, say(i), f"the words {text!r}",
            ((("listening", capture), after),), capture=capture,
        )
        for i, (after, event) in enumerate(utterance(text, "", 0, "typed"))
    ]  # fmt: skip
