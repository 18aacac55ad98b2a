"""What to call: a flow, a document, a URL or a Python application becomes one ``Target``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin

from ivrsim.errors import InputError
from ivrsim.flows.faults import FaultRule
from ivrsim.flows.model import (
    DEFAULT_PARTY,
    PLATFORMS,
    Flow,
    Party,
    number,
    parse_flow,
    raise_first,
)
from ivrsim.flows.model import SCHEMA as FLOW_SCHEMA
from ivrsim.flows.options import (
    OF_8X8,
    OF_VONAGE,
    URL_OPTIONS,
    WITHOUT_SCHEME,
    TargetOptions,
    check_options,
    check_url,
)
from ivrsim.flows.pages import ScriptedApplication, compile_pages
from ivrsim.flows.samples import sample_paths
from ivrsim.flows.settings import setting_errors
from ivrsim.flows.source import Finding, Source, SourceError, did_you_mean, read_source, shown

__all__ = [
    "Application",
    "HttpApplication",
    "PythonApplication",
    "Target",
    "TargetOptions",
    "load_target",
]

_PERSON_AND_NUMBER: Final = {
    "8x8": ("+6591178965", "+6568332048"),
    "vonage": ("+14155550100", "+14155550123"),
}
"""Who calls, and the number of the application, when nobody says."""

_PYTHON = re.compile(
    r"(?P<spec>(?:.+\.py|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"
    r"(?P<route>/.*)?"
)
_WORD = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True)
class HttpApplication:
    """An application that runs already; ``url`` is its answer URL or VCA URL."""

    url: str


@dataclass(frozen=True, slots=True)
class PythonApplication:
    """An ASGI or WSGI application to be served: ``spec`` is ``path.py:attribute`` (the path
    relative to ``folder``) or ``module:attribute``, imported with ``folder`` on the path."""

    spec: str
    path: str
    folder: Path

    @property
    def attribute(self) -> str:
        return self.spec.rpartition(":")[2]

    @property
    def file(self) -> Path | None:
        """The file to import, None when ``spec`` names a module."""
        module = self.spec.rpartition(":")[0]
        return self.folder / module if module.endswith(".py") else None

    @property
    def module(self) -> str:
        """The module to import; a file's stem."""
        name = self.spec.rpartition(":")[0]
        return Path(name).stem if name.endswith(".py") else name


Application = ScriptedApplication | HttpApplication | PythonApplication


class _Document(NamedTuple):
    body: list[Any]
    origin: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Target:
    """Everything about a call that the target and its options decide.

    ``name`` is the target as it was given, ``title`` what to show. ``kind`` is flow | document |
    url | python. ``caller`` and ``callee`` are E.164 with ``+``. ``document`` is an inline NCCO,
    or the actions of an inline callflow; ``document_origin`` the file it stands in. ``urls`` by
    purpose (``answer``, ``event``, ``fallback``; ``vca``, ``vss``, ``vcs``; those that are set):
    ``pages:…`` is answered by the ScriptedApplication; ``/…`` belongs to a PythonApplication,
    see ``served_urls``. Relative audio files are relative to ``folder``.
    """

    name: str
    title: str
    kind: str
    platform: str
    direction: str
    caller: str
    callee: str
    application: Application | None
    urls: Mapping[str, str]
    folder: Path
    document: list[Any] | None = None
    document_origin: str | None = None
    document_pointer: str = ""
    answer_method: str = "GET"
    signature_secret: str | None = None
    webhook_auth: str | None = None
    parties: Mapping[str, Party] = field(default_factory=dict)
    default_party: Party = DEFAULT_PARTY
    settings: Mapping[str, str] = field(default_factory=dict)
    faults: tuple[FaultRule, ...] = ()
    source: Source | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def path(self) -> Path | None:
        """The file of the flow or document."""
        return Path(self.source.name) if self.source is not None else None

    def served_urls(self, base: str) -> dict[str, str]:
        """``urls`` when the Python application is served at ``base`` (``http://127.0.0.1:PORT``)."""
        return {name: base + url if url.startswith("/") else url for name, url in self.urls.items()}

    def place(self, pointer: str | None, page: str | None = None) -> str | None:
        """``FILE:LINE:COL`` of a pointer into the inline document, or into the reply of ``page``
        (8x8: into its callflow); None where there is no file."""
        source = self.source
        if source is None or pointer is None:
            return None
        base = self.document_pointer
        if page is not None:
            inner = "/callflow" if self.platform == "8x8" else ""
            base = f"/app/pages/{page.replace('~', '~0').replace('/', '~1')}/reply{inner}"
        elif self.document is None:
            return None
        line, col = source.place(base + pointer)
        return f"{source.name}:{line}:{col}"


def load_target(text: str, options: TargetOptions | None = None) -> Target:
    """The target that ``text`` names. Files are read again each time.

    Raises InputError (SourceError where there is a place in a file): one line that says what
    was expected, what was found, and what to do.
    """
    options = options or TargetOptions()
    check_options(options)
    python = _PYTHON.fullmatch(text)
    if not text.strip():
        raise InputError("expected a target (a flow, a .json document, a URL …), found nothing")
    if not text.isprintable():
        raise InputError(f"{text!r}: a target has no control characters")
    if "://" in text:
        return _url(text, options)
    if python is not None:
        return _python(python["spec"], python["route"] or "/", text, options)
    suffix = Path(text).suffix.lower()
    if suffix in (".yaml", ".yml"):
        return _flow(text, text, options)
    if suffix == ".json":
        return _json(text, options)
    if suffix == ".jsonl":
        raise InputError(f"{text} is a recorded trace: open it with `ivrsim open {text}`")
    if suffix == ".py":
        raise InputError(f"{text}: expected the application too: did you mean {text}:app/answer?")
    if WITHOUT_SCHEME.fullmatch(text):
        raise InputError(
            f"{text}: expected a URL with http:// or https://; "
            f"did you mean http://{'localhost' if text[0] == ':' else ''}{text}?"
        )
    if _WORD.fullmatch(text):
        paths = sample_paths()
        if text in paths:
            return _flow(str(paths[text]), text, options)
        hint = did_you_mean(text, paths) or f"; there are {', '.join(paths)}"
        raise InputError(f"there is no sample {text!r}{hint}")
    what = "is not a kind of target" if Path(text).is_file() else "is not a target, nor a file"
    raise InputError(
        f"{text!r} {what}: expected a flow (.yaml), a document (.json), a URL, "
        "path.py:attribute/route, or the name of a sample"
    )


# the kinds of target


def _flow(path: str, name: str, options: TargetOptions) -> Target:
    source = read_source(path, schema=FLOW_SCHEMA)
    flow, findings = parse_flow(source)
    pages: ScriptedApplication | None = None
    if not any(finding.severity == "error" for finding in findings):
        pages, more = compile_pages(flow)
        findings += more
    for setting, message in setting_errors(flow.settings):
        findings.append(source.finding(f"/settings/{setting}", "flow.setting", message, key=True))
    raise_first(findings)

    if options.platform and PLATFORMS[options.platform.lower()] != flow.platform:
        raise InputError(f"{path} is a flow for {flow.platform}, not for {options.platform}")
    folder = Path(path).parent
    application: Application | None = pages
    urls: dict[str, str] = {}
    main = "answer" if flow.platform == "vonage" else "vca"
    app = flow.app
    if pages is not None:
        urls = {main: f"pages:{main}"}
        if flow.platform == "vonage":
            urls["event"] = "pages:event"
    elif app is not None and app.url is not None:
        application = HttpApplication(app.url)
        urls = {main: app.url}
    elif app is not None and app.python is not None:
        python = _PYTHON.fullmatch(app.python)
        if python is None or python["route"] is not None:
            message = f"expected app.py:app or module:app for python, found {app.python!r}"
            raise SourceError(source.finding("/app/python", "flow.python", message))
        application = PythonApplication(app.python, app.path, folder)
        if application.file is not None and not application.file.is_file():
            message = f"there is no file {application.file}"
            raise SourceError(source.finding("/app/python", "flow.python", message))
        urls = {main: app.path}
    for key, value in flow.webhooks.items():
        if key in URL_OPTIONS:
            base = app.url if app is not None and app.url is not None else ""
            relative = value.startswith("/") and base
            urls[key.removesuffix("_url")] = urljoin(base, value) if relative else value
    document = None
    if flow.document is not None:
        document = _Document(flow.document, path, flow.document_pointer)
    return _target(
        name, flow.title, "flow", flow.platform, application, urls, folder, options,
        document=document, source=source, flow=flow,
    )  # fmt: skip


def _json(path: str, options: TargetOptions) -> Target:
    source = read_source(path)
    value = source.value
    given = PLATFORMS[options.platform.lower()] if options.platform else None
    if isinstance(value, list):
        platform, document = "vonage", _Document(value, path, "")
    elif isinstance(value, dict) and isinstance(value.get("callflow"), list):
        platform, document = "8x8", _Document(value["callflow"], path, "/callflow")
    else:
        found = f"a mapping of {', '.join(value) or 'nothing'}" if isinstance(value, dict) else ""
        message = (
            "expected an NCCO (an array) or an 8x8 document (an object with a callflow array), "
            f"found {found or shown(value)}"
        )
        raise SourceError(source.finding("", "document.kind", message))
    if given is not None and given != platform:
        raise InputError(f"{path} is a document of {platform}, not of {given}")
    title = Path(path).name
    return _target(
        path, title, "document", platform, None, {}, Path(path).parent, options,
        document=document, source=source,
    )  # fmt: skip


def _url(text: str, options: TargetOptions) -> Target:
    check_url(text, text)
    platform = _said_platform(text, options)
    main = "answer" if platform == "vonage" else "vca"
    return _target(
        text, text, "url", platform, HttpApplication(text), {main: text}, Path.cwd(), options
    )


def _python(spec: str, route: str, text: str, options: TargetOptions) -> Target:
    module = spec.rpartition(":")[0]
    folder = Path.cwd()
    if module.endswith(".py"):
        file = Path(module)
        if not file.is_file():
            raise InputError(f"{module}: no such file")
        folder, spec = file.parent, f"{file.name}:{spec.rpartition(':')[2]}"
    platform = _said_platform(text, options)
    main = "answer" if platform == "vonage" else "vca"
    application = PythonApplication(spec, route, folder)
    return _target(text, text, "python", platform, application, {main: route}, folder, options)


# what all kinds share


def _target(
    name: str,
    title: str,
    kind: str,
    platform: str,
    application: Application | None,
    urls: dict[str, str],
    folder: Path,
    options: TargetOptions,
    *,
    document: _Document | None = None,
    source: Source | None = None,
    flow: Flow | None = None,
) -> Target:
    foreign = OF_8X8 if platform == "vonage" else OF_VONAGE
    for option in foreign:
        if getattr(options, option) is not None:
            raise InputError(f"--{option.replace('_', '-')} is not for {platform}: {name}")
    for option in URL_OPTIONS:
        value = getattr(options, option)
        if value is not None:
            urls[option.removesuffix("_url")] = value
    direction, caller, callee, findings = _numbers(platform, document, options, source, flow)
    if direction == "outbound" and document is None and platform == "8x8":
        raise InputError(
            f"{name}: an outbound call of 8x8 begins with a callflow whose first action is "
            "makeCall: give it in a flow (callflow:) or as a .json document"
        )
    webhooks = flow.webhooks if flow is not None else {}
    return Target(
        name=name,
        title=title,
        kind=kind,
        platform=platform,
        direction=direction,
        caller=caller,
        callee=callee,
        application=application,
        urls=urls,
        folder=folder,
        document=document.body if document else None,
        document_origin=document.origin if document else None,
        document_pointer=document.pointer if document else "",
        answer_method=(options.answer_method or webhooks.get("answer_method") or "GET").upper(),
        signature_secret=options.signature_secret or webhooks.get("signature_secret"),
        webhook_auth=options.webhook_auth or webhooks.get("auth"),
        parties=flow.parties if flow is not None else {},
        default_party=flow.default_party if flow is not None else DEFAULT_PARTY,
        settings={**(flow.settings if flow is not None else {}), **options.settings},
        faults=flow.faults if flow is not None else (),
        source=source,
        findings=tuple(findings),
    )


def _numbers(
    platform: str,
    document: _Document | None,
    options: TargetOptions,
    source: Source | None,
    flow: Flow | None,
) -> tuple[str, str, str, list[Finding]]:
    """Direction, caller and callee. An outbound call goes from the application to the person."""
    said = flow.direction if flow is not None else "inbound"
    dialled = _dialled(document) if platform == "8x8" else None
    if flow is None and dialled is not None:
        said = "outbound"
    direction = said if options.outbound is None else _direction(options.outbound)
    person, application = _PERSON_AND_NUMBER[platform]
    caller, callee = (person, application) if direction == "inbound" else (application, person)
    given = (flow.caller, flow.callee) if flow is not None else (None, None)
    if direction != said:
        given = given[::-1]  # the person stays the person, whoever dials
    findings: list[Finding] = []
    if direction == "outbound" and dialled is not None:
        # What the API is sent is what happens; other numbers would be shown and never dialled.
        for key, mine, theirs in zip(("from", "to"), given, dialled, strict=True):
            if mine and theirs and mine != theirs and source is not None:
                message = f"the callflow dials with {theirs}, not {mine}"
                code = "flow.numbers-differ"
                findings.append(source.finding(f"/{key}", code, message, "warning"))
        given = (dialled[0] or given[0], dialled[1] or given[1])
    return (
        direction,
        _number("--from", options.caller) or given[0] or caller,
        _number("--to", options.callee) or given[1] or callee,
        findings,
    )


def _direction(outbound: bool) -> str:
    return "outbound" if outbound else "inbound"


def _dialled(document: _Document | None) -> tuple[str | None, str | None] | None:
    """Source and destination of a callflow that begins with makeCall."""
    first = document.body[0] if document is not None and document.body else None
    if not isinstance(first, dict) or first.get("action") != "makeCall":
        return None
    params = first.get("params")
    values = params if isinstance(params, dict) else {}
    numbers = [values.get("source"), values.get("destination")]
    source, destination = (number(text) if isinstance(text, str) else None for text in numbers)
    return source, destination


def _number(option: str, text: str | None) -> str | None:
    if text is None:
        return None
    found = number(text)
    if found is None:
        raise InputError(f"{option}: expected a phone number such as +6591178965, found {text!r}")
    return found


def _said_platform(text: str, options: TargetOptions) -> str:
    if options.platform is None:
        raise InputError(f"{text} does not say its platform: add --platform vonage or 8x8")
    return PLATFORMS[options.platform.lower()]
