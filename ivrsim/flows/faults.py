"""Faults: what is to go wrong on purpose, as a flow file or a person at the screen says it.

What comes of a fault is the runtime's to do (``runtime.faults``); here is only what can be said.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ivrsim.errors import InputError
from ivrsim.flows.model import number
from ivrsim.flows.source import did_you_mean, shown

if TYPE_CHECKING:
    from ivrsim.flows.model import FlowReader

FAULTS: Final[tuple[tuple[str, str], ...]] = (
    ("slow", "the reply comes some seconds later: slow 7"),
    ("refused", "the connection is refused, and nothing is sent"),
    ("reset", "the webhook is sent, then the connection is reset before the reply"),
    ("status", "an HTTP status comes back, and nothing is sent: status 503"),
    ("content-type", "the reply says Content-Type: text/html"),
    ("broken-json", "the body of the reply is cut off in the middle"),
    ("duplicate", "the webhook is delivered twice"),
    ("out-of-order", "the webhook is delivered after the one that follows it"),
    ("wrong-signature", "the webhook is signed with a wrong secret"),
    ("busy", "the telephone that is dialled is busy: busy +6531589338"),
    ("dead", "the telephone is not reached, or cut some seconds after it answered: dead 5"),
)
"""Each fault and a sentence about it, for menus."""

NAMES: Final = tuple(name for name, _ in FAULTS)
OF_LEGS: Final = frozenset({"busy", "dead"})
"""Faults of a telephone; all others are faults of a webhook."""
NEXT_ONLY: Final = 1

SLOW_MS: Final = 3000
"""``slow`` when nobody says how slow."""
STATUS: Final = 500
"""``status`` when nobody says which."""

_KEYS: Final = ("fault", "when", "nth", "by", "status", "body", "number")
_OWN: Final[Mapping[str, frozenset[str]]] = {
    "slow": frozenset({"by"}),
    "status": frozenset({"status", "body"}),
    "dead": frozenset({"by"}),
}
_STATUS = re.compile(r"[2-5][0-9][0-9]")
_COUNT = re.compile(r"[1-9][0-9]{0,5}")
_SECONDS = re.compile(r"([0-9]{1,5}(?:\.[0-9]{1,3})?)s?")
_WHEN = re.compile(r"(?:^|\s+)when(?:\s+|$)")


@dataclass(frozen=True, slots=True)
class FaultRule:
    """Something that is to go wrong.

    ``fault`` is one of ``NAMES``. A webhook meets it when its ``webhook.request`` record passes
    the filter ``when`` (empty: always), a telephone when it has ``number`` (E.164 with ``+``;
    empty: any that the application dials). ``nth``: only at that match, counted from 1; None: at
    every one. ``by_ms``, in milliseconds, is how much later the reply comes (``slow``), or how
    long after its answer a telephone is cut (``dead``; None: it is not reached at all).
    ``status`` and ``body`` are the reply of ``status``.
    """

    fault: str
    when: str = ""
    nth: int | None = None
    by_ms: int | None = None
    status: int = STATUS
    body: str = ""
    number: str = ""

    @property
    def of_leg(self) -> bool:
        """It is a fault of a telephone, and not of a webhook."""
        return self.fault in OF_LEGS

    def __str__(self) -> str:
        """As ``parse_fault`` understands it."""
        words = [self.fault]
        if self.fault == "status":
            words.append(str(self.status))
        elif self.by_ms is not None:
            words.append(f"{self.by_ms / 1000:g}")
        if self.number:
            words.append(self.number)
        if self.nth is None:
            words.append("every")
        if self.when:
            words += ["when", self.when]
        return " ".join(words)


def parse_fault(text: str) -> FaultRule:
    """A fault as a person types it: ``NAME [SECONDS|STATUS|NUMBER] [every] [when FILTER]``.

    It holds for the next webhook or telephone that matches, or with ``every`` for all from now
    on: ``slow 7``, ``503``, ``busy +6531589338``, ``refused every when purpose:event``.
    Raises InputError (of a filter: FilterError) that says what there is.
    """
    head, *filters = _WHEN.split(text.strip(), maxsplit=1)
    words = head.split()
    if not words:
        raise InputError(f"expected a fault, found nothing: there is {', '.join(NAMES)}")
    name, *rest = words
    if _STATUS.fullmatch(name):
        name, rest = "status", words
    name = name.lower()
    if name not in NAMES:
        hint = did_you_mean(name, NAMES) or f": there is {', '.join(NAMES)}"
        raise InputError(f"there is no fault {shown(words[0])}{hint}")
    values: dict[str, Any] = {"fault": name, "nth": NEXT_ONLY}
    for word in rest:
        _typed(word, values)
    if name == "slow":
        values.setdefault("by_ms", SLOW_MS)
    if filters:
        if name in OF_LEGS:
            raise InputError(
                f"when is for webhooks: say which telephone with its number: {name} +6531589338"
            )
        if not filters[0]:
            raise InputError("expected a filter after when, such as purpose:answer, found nothing")
        check_filter(filters[0])
        values["when"] = filters[0]
    return FaultRule(**values)


def _typed(word: str, values: dict[str, Any]) -> None:
    """One more word of a fault that somebody types."""
    name = values["fault"]
    if word.lower() == "every" and values["nth"] is not None:
        values["nth"] = None
        return
    expected = "nothing more but every or when FILTER"
    if name in ("slow", "dead") and "by_ms" not in values:
        expected = f"seconds such as {name} 7"
        seconds = _SECONDS.fullmatch(word)
        if seconds is not None and float(seconds[1]) <= 86400:
            values["by_ms"] = round(float(seconds[1]) * 1000)
            return
    elif name == "status" and "status" not in values:
        expected = "an HTTP status from 200 to 599 such as status 503"
        if _STATUS.fullmatch(word):
            values["status"] = int(word)
            return
    if name in OF_LEGS and "number" not in values:
        expected = f"a phone number such as {name} +6531589338"
        found = number(word)
        if found is not None:
            values["number"] = found
            return
    raise InputError(f"{name}: expected {expected}, found {shown(word)}")


def check_filter(text: str) -> None:
    """Raises FilterError (an InputError) when ``text`` is not a filter, InputError when it is one
    that no request passes."""
    from ivrsim.trace.filter import parse_filter  # lazily: most flows have no faults

    if not parse_filter(text).may_match_kind("webhook.request"):
        raise InputError(
            f"no webhook passes the filter {shown(text)}: a fault is chosen by the request "
            "(kind webhook.request), before anything comes of it"
        )


# in a flow file


def read_faults(reader: FlowReader, value: Any) -> tuple[FaultRule, ...]:
    """``faults:`` of a flow; what is wrong with it goes to ``reader``."""
    if value is None:
        return ()
    if not isinstance(value, list):
        message = f"expected a list of faults such as [{{fault: refused}}], found {shown(value)}"
        reader.wrong("/faults", "type", message)
        return ()
    rules = (_rule(reader, item, f"/faults/{index}") for index, item in enumerate(value))
    return tuple(rule for rule in rules if rule is not None)


def _rule(reader: FlowReader, value: Any, pointer: str) -> FaultRule | None:
    if not isinstance(value, dict):
        message = f"expected a fault such as {{fault: refused}}, found {shown(value)}"
        reader.wrong(pointer, "type", message)
        return None
    values = reader.mapping(value, pointer, "a fault", _KEYS)
    name = reader.text(values, "fault", pointer)
    if name is None:
        if values.get("fault") is None:
            message = f"expected fault with one of {', '.join(NAMES)}, found none"
            reader.wrong(pointer, "fault", message)
        return None
    short = _STATUS.fullmatch(name) is not None  # fault: 503
    fault = "status" if short else name
    if fault not in NAMES:
        hint = did_you_mean(fault, NAMES) or f"; there is {', '.join(NAMES)}"
        reader.wrong(f"{pointer}/fault", "fault", f"there is no fault {shown(fault)}{hint}")
        return None
    _foreign(reader, values, pointer, fault, short)
    by = reader.seconds(values, "by", pointer)
    by_ms = None if by is None else round(by * 1000)
    return FaultRule(
        fault=fault,
        when=_filter(reader, values, pointer),
        nth=_count(reader, values, pointer),
        by_ms=SLOW_MS if by_ms is None and fault == "slow" else by_ms,
        status=int(name) if short else _status(reader, values, pointer),
        body=reader.text(values, "body", pointer) or "",
        number=_number(reader, values, pointer),
    )


def _foreign(
    reader: FlowReader, values: Mapping[str, Any], pointer: str, fault: str, short: bool
) -> None:
    """Keys that exist, but say nothing to this fault."""
    own = _OWN.get(fault, frozenset()) | {"fault", "nth"}
    own |= {"number"} if fault in OF_LEGS else {"when"}
    if short:
        own -= {"status"}
    for key in values:
        if key not in _KEYS or key in own:
            continue
        if key == "number":
            why = "a webhook is chosen with when"
        elif key == "when":
            why = "a telephone is chosen with number"
        else:
            why = f"it takes {_listed(own - {'fault'})}"
        message = f"{key} says nothing to {fault}: {why}"
        reader.wrong(f"{pointer}/{key}", "fault", message, key=True)


def _listed(keys: Collection[str]) -> str:
    return ", ".join(key for key in _KEYS if key in keys)


def _filter(reader: FlowReader, values: Mapping[str, Any], pointer: str) -> str:
    when = reader.text(values, "when", pointer) or ""
    if when:
        try:
            check_filter(when)
        except InputError as error:
            reader.wrong(f"{pointer}/when", "filter", str(error))
            return ""
    return when


def _count(reader: FlowReader, values: Mapping[str, Any], pointer: str) -> int | None:
    nth = reader.text(values, "nth", pointer)
    if nth is None:
        return None
    if not _COUNT.fullmatch(nth):
        message = f"expected which match as a number from 1 on for nth, found {shown(nth)}"
        reader.wrong(f"{pointer}/nth", "value", message)
        return None
    return int(nth)


def _status(reader: FlowReader, values: Mapping[str, Any], pointer: str) -> int:
    status = reader.text(values, "status", pointer)
    if status is None:
        return STATUS
    if not _STATUS.fullmatch(status):
        message = f"expected an HTTP status from 200 to 599 for status, found {shown(status)}"
        reader.wrong(f"{pointer}/status", "value", message)
        return STATUS
    return int(status)


def _number(reader: FlowReader, values: Mapping[str, Any], pointer: str) -> str:
    text = reader.text(values, "number", pointer)
    if text is None:
        return ""
    found = number(text)
    if found is None:
        message = f"expected a phone number such as +6531589338 for number, found {shown(text)}"
        reader.wrong(f"{pointer}/number", "number", message)
    return found or ""
