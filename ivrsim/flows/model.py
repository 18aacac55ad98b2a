"""The flow file: what it may hold, and what is made of it.

Read by hand rather than by pydantic: a flow is loaded for each call of a test, and every
remark needs the place of a key or value in the file. ``parse_flow`` collects all findings, so
that ``check`` can print them and a call can stop at the first error.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ivrsim.flows.source import (
    Finding,
    Schema,
    Source,
    SourceError,
    did_you_mean,
    escape,
    read_source,
    shown,
)

if TYPE_CHECKING:
    from ivrsim.flows.faults import FaultRule

SCHEMA: Final[Schema] = {
    "ncco": "document",
    "callflow": "document",
    "app": {"pages": {"*": {"reply": "document"}}},
}
"""Where platform documents are in a flow file."""

PLATFORMS: Final = {"vonage": "vonage", "nexmo": "vonage", "8x8": "8x8"}
OUTCOMES: Final = ("busy", "no_answer", "rejected", "unreachable", "voicemail", "by_hand")

_TOP = (
    *("title", "platform", "from", "to", "direction", "app", "ncco", "callflow"),
    *("webhooks", "parties", "settings", "faults"),
)
_APP = ("url", "python", "path", "pages")
_PAGE = ("reply", "next", "secret", "status", "delay")
_PARTY = ("answers_after", "says", "hangs_up_after")
_WEBHOOKS: Final = {
    "vonage": ("event_url", "fallback_url", "signature_secret", "answer_method"),
    "8x8": ("vca", "vss", "vcs", "auth"),
}
_NUMBER = re.compile(r"\+?[1-9][0-9]{6,14}")
_FILLING = re.compile(r"[ ().-]")
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")
_URL = re.compile(r"https?://[^\s/?#]+[^\s]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Party:
    """How another telephone behaves.

    ``outcome`` is ``answers`` or one of OUTCOMES. Seconds: ``answers_after`` from the first
    ring (for the other outcomes: until they are known), ``hangs_up_after`` from when it is
    connected with the caller; None: stays until the caller hangs up.
    """

    outcome: str = "answers"
    answers_after: float = 3.0
    says: str | None = None
    hangs_up_after: float | None = None


DEFAULT_PARTY: Final = Party("answers", 3.0, None, 10.0)
"""A party that no flow describes: it hangs up, so that a call without a person comes to an end."""


@dataclass(frozen=True, slots=True)
class Page:
    """One scripted page: what is sent back, and which page comes after it."""

    name: str
    reply: Any = None
    has_reply: bool = False
    next: Mapping[str, str] = field(default_factory=dict)
    secret: bool = False
    status: int = 200
    delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class App:
    """The application of a flow: exactly one of ``url``, ``python`` and ``pages``."""

    url: str | None = None
    python: str | None = None
    path: str = "/"
    pages: Mapping[str, Page] | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow file. ``caller`` and ``callee`` are E.164 with ``+``, or None when not given.

    ``document`` is the NCCO, or the list of actions of the callflow; ``document_pointer`` is
    where it stands in the file.
    """

    source: Source
    title: str
    platform: str
    caller: str | None = None
    callee: str | None = None
    direction: str = "inbound"
    app: App | None = None
    document: list[Any] | None = None
    document_pointer: str = ""
    webhooks: Mapping[str, str] = field(default_factory=dict)
    parties: Mapping[str, Party] = field(default_factory=dict)
    default_party: Party = DEFAULT_PARTY
    settings: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[FaultRule, ...] = ()


def load_flow(path: str | Path, *, text: str | bytes | None = None) -> Flow:
    """The flow at ``path``. Raises SourceError at its first error, InputError without a file."""
    flow, findings = parse_flow(read_source(path, schema=SCHEMA, text=text))
    raise_first(findings)
    return flow


def raise_first(findings: list[Finding]) -> None:
    """Raises SourceError for the first error in the file, if there is one."""
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise SourceError(min(errors, key=lambda finding: (finding.line, finding.col)))


def parse_flow(source: Source) -> tuple[Flow, list[Finding]]:
    """The flow, and everything that is wrong with its structure.

    With errors among the findings the flow is what could be made of the rest.
    """
    reader = FlowReader(source)
    return reader.flow(), reader.findings


def number(text: str) -> str | None:
    """``text`` as E.164 with ``+`` (spaces, dots, dashes and brackets dropped), or None."""
    plain = _FILLING.sub("", text)
    return "+" + plain.lstrip("+") if _NUMBER.fullmatch(plain) else None


class FlowReader:
    """Takes a flow apart; remarks go to ``findings``."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.findings: list[Finding] = []

    def wrong(self, pointer: str, code: str, message: str, *, key: bool = False) -> None:
        self.findings.append(self.source.finding(pointer, f"flow.{code}", message, key=key))

    # what a value can be

    def mapping(
        self, value: Any, pointer: str, what: str, known: Collection[str] | None = None
    ) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.wrong(pointer, "type", f"expected {what} as a mapping, found {shown(value)}")
            return {}
        if known is not None:
            for key in value:
                if key not in known:
                    hint = did_you_mean(key, known) or f"; expected one of {', '.join(known)}"
                    self.wrong(
                        f"{pointer}/{escape(key)}",
                        "unknown-key",
                        f"unknown key {key!r} in {what}{hint}",
                        key=True,
                    )
        return value

    def text(self, values: Mapping[str, Any], key: str, pointer: str) -> str | None:
        value = values.get(key)
        if value is None or isinstance(value, str):
            return value
        self.wrong(f"{pointer}/{key}", "type", f"expected text for {key}, found {shown(value)}")
        return None

    def word(
        self, values: Mapping[str, Any], key: str, pointer: str, choices: Collection[str]
    ) -> str | None:
        value = self.text(values, key, pointer)
        if value is None or value in choices:
            return value
        expected = " or ".join(choices)
        message = f"expected {expected} for {key}, found {value!r}{did_you_mean(value, choices)}"
        self.wrong(f"{pointer}/{key}", "value", message)
        return None

    def seconds(self, values: Mapping[str, Any], key: str, pointer: str) -> float | None:
        value = self.text(values, key, pointer)
        if value is None:
            return None
        if not _SECONDS.fullmatch(value) or float(value) > 86400:
            message = f"expected seconds such as 4 or 0.5 for {key}, found {value!r}"
            self.wrong(f"{pointer}/{key}", "value", message)
            return None
        return float(value)

    def phone(self, values: Mapping[str, Any], key: str) -> str | None:
        value = self.text(values, key, "")
        if value is None:
            return None
        found = number(value)
        if found is None:
            message = f"expected a phone number such as +6591178965 for {key}, found {value!r}"
            self.wrong(f"/{key}", "number", message)
        return found

    # the parts of a flow

    def flow(self) -> Flow:
        value = self.source.value
        if not isinstance(value, dict):
            self.wrong("", "type", f"expected a flow (keys and values), found {shown(value)}")
            return Flow(self.source, "", "vonage")
        values = self.mapping(value, "", "a flow", _TOP)
        platform = self.platform(values)
        direction = self.word(values, "direction", "", ("inbound", "outbound")) or "inbound"
        app = self.app(values["app"]) if values.get("app") is not None else None
        document, pointer = self.document(values, platform)
        self.whole(values, app, document, platform, direction)
        parties, default_party = self.parties(values.get("parties"))
        title = self.text(values, "title", "")
        return Flow(
            source=self.source,
            title=title or Path(self.source.name).stem.replace("_", " ").replace("-", " "),
            platform=platform,
            caller=self.phone(values, "from"),
            callee=self.phone(values, "to"),
            direction=direction,
            app=app,
            document=document,
            document_pointer=pointer,
            webhooks=self.webhooks(values.get("webhooks"), platform, app),
            parties=parties,
            default_party=default_party,
            settings=self.settings(values.get("settings")),
            faults=self.faults(values.get("faults")),
        )

    def platform(self, values: Mapping[str, Any]) -> str:
        given = self.text(values, "platform", "")
        if given is not None and given.lower() in PLATFORMS:
            return PLATFORMS[given.lower()]
        if given is not None:
            hint = did_you_mean(given.lower(), PLATFORMS)
            message = f"expected vonage or 8x8 for platform, found {given!r}{hint}"
            self.wrong("/platform", "platform", message)
        elif "platform" not in values or values["platform"] is None:
            self.wrong("", "platform", "expected platform: vonage or 8x8, found none")
        # A guess, so that the rest can be checked too.
        return "8x8" if "callflow" in values else "vonage"

    def document(self, values: Mapping[str, Any], platform: str) -> tuple[list[Any] | None, str]:
        name, other = ("ncco", "callflow") if platform == "vonage" else ("callflow", "ncco")
        if other in values:
            message = f"{other} is not a document of {platform}: expected {name}"
            self.wrong(f"/{other}", "document", message, key=True)
        if name not in values:
            return None, ""
        document = values[name]
        if not isinstance(document, list):
            message = f"expected a list of actions for {name}, found {shown(document)}"
            self.wrong(f"/{name}", "type", message)
            return None, ""
        return document, f"/{name}"

    def whole(
        self,
        values: Mapping[str, Any],
        app: App | None,
        document: list[Any] | None,
        platform: str,
        direction: str,
    ) -> None:
        """What must be there for a call to be possible."""
        name = "ncco" if platform == "vonage" else "callflow"
        if name in values and direction == "inbound" and app is not None:
            message = f"{name} starts an outbound call: expected direction: outbound beside it"
            self.wrong(f"/{name}", "direction", message, key=True)
        elif direction == "outbound" and platform == "8x8" and "callflow" not in values:
            message = "expected callflow (its first action is makeCall) for an outbound 8x8 call"
            self.wrong("/direction", "document", message, key=True)
        elif values.get("app") is None and "ncco" not in values and "callflow" not in values:
            self.wrong("", "app", "expected app (what answers the call), found none")

    def app(self, value: Any) -> App:
        values = self.mapping(value, "/app", "app", _APP)
        kinds = [kind for kind in ("url", "python", "pages") if values.get(kind) is not None]
        if len(kinds) != 1:
            found = " and ".join(kinds) or "none of them"
            message = f"expected exactly one of url, python and pages in app, found {found}"
            self.wrong("/app", "app", message)
        if values.get("path") is not None and "python" not in kinds:
            self.wrong("/app/path", "app", "path belongs to python: a URL has its own", key=True)
        url = self.text(values, "url", "/app")
        if url is not None and not _URL.fullmatch(url):
            message = f"expected a URL that begins with http:// or https://, found {url!r}"
            self.wrong("/app/url", "url", message)
        python = self.text(values, "python", "/app")
        path = self.text(values, "path", "/app") or "/"
        if not path.startswith("/"):
            self.wrong("/app/path", "value", f"expected a path that begins with /, found {path!r}")
        pages = self.pages(values["pages"]) if values.get("pages") is not None else None
        return App(url, python, path, pages)

    def pages(self, value: Any) -> dict[str, Page]:
        values = self.mapping(value, "/app/pages", "pages")
        if not values and isinstance(value, dict):
            self.wrong("/app/pages", "pages", "expected at least one page, found none")
        return {name: self.page(name, page) for name, page in values.items()}

    def page(self, name: str, value: Any) -> Page:
        pointer = f"/app/pages/{escape(name)}"
        values = self.mapping(value, pointer, "a page", _PAGE)
        following: dict[str, str] = {}
        for event, target in self.mapping(values.get("next"), f"{pointer}/next", "next").items():
            if isinstance(target, str):
                following[event] = target
            else:
                message = f"expected the name of a page, found {shown(target)}"
                self.wrong(f"{pointer}/next/{escape(event)}", "type", message)
        status = self.text(values, "status", pointer) or "200"
        if not re.fullmatch(r"[1-5][0-9][0-9]", status):
            message = f"expected an HTTP status such as 200 or 503, found {status!r}"
            self.wrong(f"{pointer}/status", "value", message)
            status = "200"
        return Page(
            name=name,
            reply=values.get("reply"),
            has_reply="reply" in values,
            next=following,
            secret=self.word(values, "secret", pointer, ("true", "false")) == "true",
            status=int(status),
            delay_ms=round((self.seconds(values, "delay", pointer) or 0) * 1000),
        )

    def webhooks(self, value: Any, platform: str, app: App | None) -> dict[str, str]:
        values = self.mapping(value, "/webhooks", f"webhooks of {platform}", _WEBHOOKS[platform])
        found: dict[str, str] = {}
        for key in _WEBHOOKS[platform]:
            text = self.text(values, key, "/webhooks")
            if text is None:
                continue
            if key == "answer_method":
                self.word(values, key, "/webhooks", ("GET", "POST"))
            elif key not in ("auth", "signature_secret") and not _URL.fullmatch(text):
                served = app is not None and (app.python is not None or app.url is not None)
                if not (served and text.startswith("/")):
                    message = f"expected a URL with http:// or https:// for {key}, found {text!r}"
                    self.wrong(f"/webhooks/{key}", "url", message)
            found[key] = text
        return found

    def parties(self, value: Any) -> tuple[dict[str, Party], Party]:
        rules: dict[str, Party] = {}
        default = DEFAULT_PARTY
        for key, rule in self.mapping(value, "/parties", "parties").items():
            pointer = f"/parties/{escape(key)}"
            party = self.party(rule, pointer)
            digits = number(key)
            if key == "default":
                default = party
            elif digits is None:
                message = f"expected a phone number or default, found {key!r}"
                self.wrong(pointer, "number", message, key=True)
            elif digits in rules:
                message = f"the party {digits} is here twice, in two spellings"
                self.wrong(pointer, "number", message, key=True)
            else:
                rules[digits] = party
        return rules, default

    def party(self, value: Any, pointer: str) -> Party:
        if isinstance(value, str):
            if value not in OUTCOMES:
                message = (
                    f"expected {', '.join(OUTCOMES)} or a mapping for a party, "
                    f"found {value!r}{did_you_mean(value, OUTCOMES)}"
                )
                self.wrong(pointer, "party", message)
                return DEFAULT_PARTY
            return Party(value)
        values = self.mapping(value, pointer, "a party", _PARTY)
        after = self.seconds(values, "answers_after", pointer)
        return Party(
            "answers",
            DEFAULT_PARTY.answers_after if after is None else after,
            self.text(values, "says", pointer),
            self.seconds(values, "hangs_up_after", pointer),
        )

    def faults(self, value: Any) -> tuple[FaultRule, ...]:
        if value is None:
            return ()
        from ivrsim.flows.faults import read_faults  # it needs what is above

        return read_faults(self, value)

    def settings(self, value: Any) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, choice in self.mapping(value, "/settings", "settings").items():
            if isinstance(choice, str):
                found[name] = choice
            elif choice is None:
                found[name] = ""  # an empty scalar is a choice of some settings
            else:
                message = f"expected text, found {shown(choice)}"
                self.wrong(f"/settings/{escape(name)}", "type", message)
        return found
