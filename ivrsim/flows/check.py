"""``ivrsim check``: everything that can be said about a flow or document without calling it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ivrsim.engine.diagnostic import Diagnostic
from ivrsim.errors import InputError
from ivrsim.flows.model import SCHEMA, Flow, Page, parse_flow
from ivrsim.flows.pages import RESERVED, compile_pages, filled
from ivrsim.flows.settings import setting_errors
from ivrsim.flows.source import (
    Finding,
    Source,
    SourceError,
    did_you_mean,
    escape,
    read_source,
    shown,
)

_AUDIO_KEYS: Final = frozenset({"streamUrl", "fileUrl", "musicOnHoldUrl", "ringbackTone"})
_NUMBER_KEYS: Final = frozenset({"source", "destination", "number", "from"})
_EXAMPLE: Final = {
    "digits": "1",
    "speech": "hello",
    "from": "+6591178965",
    "to": "+6568332048",
}
"""What stands for templates while the platform's rules look at a page."""
_MAX_FINDINGS: Final = 1000


def check_file(path: str | Path) -> list[Finding]:
    """The findings about a flow (``.yaml``, ``.yml``) or document (``.json``), in file order.

    What cannot be read is a finding too. Raises InputError when there is no such file, or it
    is neither.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (".yaml", ".yml", ".json"):
        raise InputError(f"{path}: expected a flow (.yaml) or a document (.json) to check")
    try:
        source = read_source(path, schema=SCHEMA)
    except SourceError as error:
        return [error.finding]
    findings = list(_document(source) if suffix == ".json" else _flow(source))
    unique = dict.fromkeys(findings)  # an alias shows the same place more than once
    return sorted(unique, key=lambda finding: (finding.line, finding.col))[:_MAX_FINDINGS]


def _document(source: Source) -> Iterator[Finding]:
    value = source.value
    folder = Path(source.name).parent
    if isinstance(value, list):
        yield from _actions(source, "vonage", value, "", {}, "inbound", "answer", folder)
    elif isinstance(value, dict) and isinstance(value.get("callflow"), list):
        actions = value["callflow"]
        first = actions[0] if actions else None
        outbound = isinstance(first, dict) and first.get("action") == "makeCall"
        where = "api" if outbound else "answer"
        direction = "outbound" if outbound else "inbound"
        yield from _actions(source, "8x8", actions, "/callflow", {}, direction, where, folder)
    else:
        message = (
            "expected an NCCO (an array) or an 8x8 document (an object with a callflow array), "
            f"found {shown(value)}"
        )
        yield source.finding("", "document.kind", message)


def _flow(source: Source) -> Iterator[Finding]:
    flow, findings = parse_flow(source)
    yield from findings
    yield from compile_pages(flow)[1]
    for name, message in setting_errors(flow.settings):
        yield source.finding(f"/settings/{escape(name)}", "flow.setting", message, key=True)
    known = {name: flow.settings[name] for name in flow.settings}
    for name, _message in setting_errors(flow.settings):
        del known[name]
    yield from _numbers(flow)
    yield from _faults(flow)
    yield from _python(flow)

    folder = Path(source.name).parent
    if flow.document is not None:
        where = "api" if flow.direction == "outbound" else "answer"
        yield from _actions(
            source, flow.platform, flow.document, flow.document_pointer, known,
            flow.direction, where, folder,
        )  # fmt: skip
    pages = (flow.app.pages if flow.app is not None else None) or {}
    yield from _reachable(flow, pages)
    for index, page in enumerate(pages.values()):
        pointer = f"/app/pages/{escape(page.name)}"
        yield from _next_keys(source, page, pointer)
        actions = _reply_actions(flow.platform, page)
        if isinstance(actions, str):
            if page.status == 200:
                expected = "a list (the NCCO)" if flow.platform == "vonage" else "callflow: […]"
                message = f"expected {expected} as reply of {page.name}, found {actions}"
                key = "" if not page.has_reply else "/reply"
                yield source.finding(pointer + key, "flow.reply", message, key=not page.has_reply)
            continue
        inner = "/reply/callflow" if flow.platform == "8x8" else "/reply"
        first = index == 0 and flow.document is None
        yield from _actions(
            source, flow.platform, actions, pointer + inner, known,
            flow.direction, "answer" if first else "reply", folder,
        )  # fmt: skip
        if not page.next and _captures(actions):
            message = f"{page.name} asks for digits, but has no next: whatever is pressed ends it"
            yield source.finding(pointer, "flow.no-next", message, "warning", key=True)


def _reply_actions(platform: str, page: Page) -> list[Any] | str:
    """The actions of a page, or what is there in their place."""
    reply = page.reply
    if platform == "8x8":
        reply = reply.get("callflow") if isinstance(reply, dict) else reply
    elif isinstance(reply, dict) and "callflow" in reply:
        return "a callflow, which is 8x8's"
    if isinstance(reply, list) and (platform == "vonage" or isinstance(page.reply, dict)):
        return reply
    return shown(reply)


def _actions(
    source: Source,
    platform: str,
    actions: list[Any],
    base: str,
    settings: Mapping[str, str],
    direction: str,
    where: str,
    folder: Path,
) -> Iterator[Finding]:
    """What the platform would say about a document, and what only its files can tell."""
    from ivrsim.platforms import check_document

    diagnostics: list[Diagnostic] = check_document(
        platform, filled(actions, _EXAMPLE), settings=settings, direction=direction, where=where
    )
    remarked = {base + found.pointer for found in diagnostics if found.pointer is not None}
    for found in diagnostics:
        line, col = source.place(base + (found.pointer or ""))
        yield Finding(source.name, line, col, found.severity, found.code, found.in_words())
    for index, action in enumerate(actions):
        dials = isinstance(action, dict) and action.get("action") in ("makeCall", "connect")
        for pointer, key, text in _strings(action, f"{base}/{index}", ""):
            if not text or "$" in text:
                continue
            if key in _AUDIO_KEYS and "://" not in text and not (folder / text).is_file():
                message = f"there is no file {folder / text}"
                yield source.finding(pointer, "flow.missing-file", message)
            elif dials and key in _NUMBER_KEYS and pointer not in remarked:
                yield from _e164(source, pointer, text)


def _strings(value: Any, pointer: str, key: str) -> Iterator[tuple[str, str, str]]:
    """Pointer, nearest key and text of every string below ``value``."""
    if isinstance(value, str):
        yield pointer, key, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _strings(inner, f"{pointer}/{escape(name)}", name)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _strings(inner, f"{pointer}/{index}", key)


def _captures(actions: list[Any]) -> bool:
    """Whether the digits of one of the actions come back to the pages."""
    for action in actions:
        if not isinstance(action, dict):
            continue
        if action.get("action") == "sayAndCapture":
            return True
        if action.get("action") == "input" and "eventUrl" not in action:
            return True
    return False


def _next_keys(source: Source, page: Page, pointer: str) -> Iterator[Finding]:
    for key in page.next:
        if key in RESERVED or key in ("star", "hash") or not key.isalpha():
            continue
        hint = did_you_mean(key, (*RESERVED, "star", "hash"))
        if hint:
            message = f"{key!r} is matched against digits and speech only{hint}"
            place = f"{pointer}/next/{escape(key)}"
            yield source.finding(place, "flow.next-key", message, "warning", key=True)


def _reachable(flow: Flow, pages: Mapping[str, Page]) -> Iterator[Finding]:
    reached: set[str] = set()
    waiting = list(pages)[:1]
    while waiting:
        name = waiting.pop()
        if name in pages and name not in reached:
            reached.add(name)
            waiting.extend(pages[name].next.values())
    for name in pages:
        if name not in reached:
            message = f"no next leads to the page {name}"
            place = f"/app/pages/{escape(name)}"
            yield flow.source.finding(place, "flow.unreachable", message, "warning", key=True)


def _numbers(flow: Flow) -> Iterator[Finding]:
    value = flow.source.value
    if not isinstance(value, dict):
        return
    for key, number in (("from", flow.caller), ("to", flow.callee)):
        if number is not None:
            yield from _e164(flow.source, f"/{key}", str(value[key]))
    parties = value.get("parties")
    for name in parties if isinstance(parties, dict) else ():
        if name != "default":
            yield from _e164(flow.source, f"/parties/{escape(name)}", name, key=True)


def _faults(flow: Flow) -> Iterator[Finding]:
    """Faults that can have no effect, and numbers that no telephone has."""
    value = flow.source.value
    items = value.get("faults") if isinstance(value, dict) else None
    for index, item in enumerate(items if isinstance(items, list) else ()):
        if isinstance(item, dict) and isinstance(item.get("number"), str):
            yield from _e164(flow.source, f"/faults/{index}/number", item["number"])
        if isinstance(item, dict) and item.get("fault") == "wrong-signature":
            why = _unsigned(flow)
            if why is not None:
                message = f"wrong-signature has no effect: {why}"
                yield flow.source.finding(
                    f"/faults/{index}/fault", "flow.fault-useless", message, "warning"
                )
    always: set[bool] = set()
    if len(flow.faults) != len(items or ()):
        return  # with errors among them they cannot be counted
    for index, rule in enumerate(flow.faults):
        if rule.of_leg in always:
            others = "telephone" if rule.of_leg else "webhook"
            message = f"the fault before it takes every {others}: this one never happens"
            yield flow.source.finding(f"/faults/{index}", "flow.fault-useless", message, "warning")
        elif rule.nth is None and not rule.when and not rule.number:
            always.add(rule.of_leg)


def _unsigned(flow: Flow) -> str | None:
    """Why nobody would notice a wrong signature; None: the webhooks are signed."""
    if flow.app is not None and flow.app.pages is not None:
        return "the pages of a flow look at no signature"
    key = "signature_secret" if flow.platform == "vonage" else "auth"
    if key in flow.webhooks:
        return None
    option = "--signature-secret" if flow.platform == "vonage" else "--webhook-auth"
    return f"expected {key} under webhooks, or {option} at the call"


def _e164(source: Source, pointer: str, text: str, *, key: bool = False) -> Iterator[Finding]:
    """A warning when no telephone can have this number. ``+`` may be missing, as both accept it."""
    import phonenumbers  # 60 ms to import, and only this check needs it

    try:
        parsed = phonenumbers.parse("+" + text.lstrip("+"))
        reason = phonenumbers.is_possible_number_with_reason(parsed)
        if reason == phonenumbers.ValidationResult.IS_POSSIBLE:
            return
    except phonenumbers.NumberParseException:
        pass  # said below, in our words
    message = f"expected a phone number in E.164 such as +6591178965, found {text!r}"
    yield source.finding(pointer, "flow.number", message, "warning", key=key)


def _python(flow: Flow) -> Iterator[Finding]:
    spec = flow.app.python if flow.app is not None else None
    if spec is None:
        return
    module, _, attribute = spec.rpartition(":")
    if not module or not attribute.replace(".", "_").isidentifier():
        message = f"expected app.py:app or module:app for python, found {spec!r}"
        yield flow.source.finding("/app/python", "flow.python", message)
    elif module.endswith(".py"):
        file = Path(flow.source.name).parent / module
        if not file.is_file():
            message = f"there is no file {file}"
            yield flow.source.finding("/app/python", "flow.python", message)
