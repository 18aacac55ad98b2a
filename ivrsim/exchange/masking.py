"""Telephone numbers and secrets in any text, masked: the same number always in the same way.

A number keeps its country code and its last two digits (``+65••••••65``); two numbers that would
look alike are told apart by a letter (``+65•••••b65``). Numbers that the call is known to be about
are found however they are written (with or without ``+``, in groups, percent-encoded, without the
country code); others where they have a ``+`` or are possible numbers of ten digits or more.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from ivrsim.trace.masking import MASK, mask_headers, mask_url

DOT: Final = "•"
LONG_ENTRY: Final = 7
"""Digits in one capture from which they are masked: numbers, accounts, cards; menus stay."""

_UUID: Final = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_GAP: Final = r"[ \u00a0().\-/]{0,2}"
_PLUS: Final = rf"(?:\+|%2[Bb]|\\u002[Bb])\d(?:{_GAP}\d){{6,14}}(?!\d)"
_BARE: Final = r"(?<![\w.+-])\d{10,15}(?![\w-])"
_JWT: Final = r"eyJ[\w-]{8,}\.[\w-]{4,}\.[\w-]*"
_CREDENTIALS: Final = r"(?i:\b(?:bearer|basic|digest)\s+)(?!•)[\w+/=.~-]{8,}"
_URL: Final = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>\\]+", re.IGNORECASE)
# "api_secret": "…" in JSON that is text, its quotes escaped or not.
_FIELD: Final = re.compile(
    r"(\\*\"[\w-]*(?:secret|token|password|passwd|api_?key|signature|authorization)[\w-]*\\*\"\s*:\s*"
    r"\\*\")((?:[^\"\\]|\\[^\"])*)",
    re.IGNORECASE,
)
# api_secret=… of a form.
_FORM: Final = re.compile(
    r"(?<![\w-])((?:[\w-]*(?:secret|token|password|passwd|api_?key|signature)|sig)=)[^&;\s\"'<>\\]+",
    re.IGNORECASE,
)


class Masker:
    """Masks text; ``numbers`` are those that the call is known to be about."""

    def __init__(self, numbers: set[str]) -> None:
        self._masks: dict[str, str] = {}
        self._taken: set[str] = set()
        known: dict[str, str] = {}
        for number in sorted(numbers):  # in this order, so that letters are always the same
            digits = number.removeprefix("+")
            known[digits] = digits
            self._mask_of(digits)
            code = country_code(digits)
            national = digits[len(code) :]
            if len(national) >= 7:
                known.setdefault(national, digits)
                known.setdefault("0" + national, digits)
        self._known = known
        forms = sorted(known, key=len, reverse=True)
        spelled = "|".join(_GAP.join(form) for form in forms)
        number = rf"(?<![\d.])(?:\+|%2[Bb]|\\u002[Bb])?(?:{spelled})(?!\d)" if forms else r"(?!)"
        self._pattern = re.compile(
            rf"(?P<id>{_UUID})|(?P<jwt>{_JWT})|(?P<auth>{_CREDENTIALS})|(?P<known>{number})"
            rf"|(?P<plus>{_PLUS})|(?P<bare>{_BARE})"
        )

    def text(self, text: str) -> str:
        """``text`` without numbers and secrets."""
        if len(text) < 7:
            return text
        if "://" in text:
            text = _URL.sub(lambda found: mask_url(found[0]), text)
        text = _FIELD.sub(lambda found: found[1] + MASK, text)
        if "=" in text:
            text = _FORM.sub(lambda found: found[1] + MASK, text)
        return self._pattern.sub(self._replace, text)

    def value(self, value: Any, name: str = "") -> Any:
        """Any JSON value, ``name`` being its key: what is called a secret is none any more."""
        if isinstance(value, str):
            if name and value and is_secret(name):
                return mask_headers({name: value})[name]
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.value(item, key) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, name) for item in value]
        if isinstance(value, int) and not isinstance(value, bool) and str(value) in self._known:
            return self.text(str(value))  # a number that was sent as a number
        return value

    def _replace(self, found: re.Match[str]) -> str:
        text = found[0]
        if found["id"]:
            return text
        if found["jwt"]:
            return MASK
        if found["auth"]:
            return f"{text.split()[0]} {MASK}"
        plus = re.match(r"\+|%2[Bb]|\\u002[Bb]", text)
        sign = plus[0] if plus else ""
        digits = re.sub(r"\D", "", text[len(sign) :])
        if found["bare"] and not is_possible(digits):
            return text
        whole = self._known.get(digits, digits)
        mask = self._mask_of(whole)
        if whole != digits:  # written without its country code
            return mask[len(country_code(whole)) :]
        return sign + mask

    def _mask_of(self, digits: str) -> str:
        mask = self._masks.get(digits)
        if mask is not None:
            return mask
        code = country_code(digits)
        hidden = len(digits) - len(code) - 2
        mask = f"{code}{DOT * hidden}{digits[-2:]}"
        letters = "bcdefghijklmnopqrstuvwxyz"
        for number in range(len(letters) ** 2):
            if mask not in self._taken:
                break
            first, second = divmod(number, len(letters))
            told = letters[second] if not first else letters[first - 1] + letters[second]
            mask = f"{code}{DOT * max(1, hidden - len(told))}{told}{digits[-2:]}"
        self._taken.add(mask)
        self._masks[digits] = mask
        return mask


@lru_cache(maxsize=512)
def is_secret(name: str) -> bool:
    """Whether a header, parameter or key of this name holds a secret."""
    return mask_headers({name: "x" * 8})[name] != "x" * 8


@lru_cache(maxsize=4096)
def country_code(digits: str) -> str:
    """The country code that ``digits`` (E.164 without ``+``) begin with; ITU-T E.164."""
    import phonenumbers

    try:
        code = str(phonenumbers.parse(f"+{digits}").country_code)
    except phonenumbers.NumberParseException:
        return digits[:1]
    return code if digits.startswith(code) else digits[:1]


@lru_cache(maxsize=4096)
def is_possible(digits: str) -> bool:
    """Whether ``digits`` may be a telephone number with its country code."""
    import phonenumbers

    try:
        return bool(phonenumbers.is_possible_number(phonenumbers.parse(f"+{digits}")))
    except phonenumbers.NumberParseException:
        return False


# Fields of webhooks and documents of both platforms that hold telephone numbers.
NUMBER_FIELDS: Final = frozenset(
    {
        "from", "to", "caller", "callee", "source", "destination", "number", "msisdn", "dest",
        "tel", "phone", "phoneNumber", "phone_number", "callerId", "caller_id",
    }
)  # fmt: skip


def numbers_in(value: Any, add: Callable[[str], None]) -> None:
    """Calls ``add`` with each telephone number in a field of ``value`` that holds one."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            for name, inner in item.items():
                if name in NUMBER_FIELDS and isinstance(inner, str | int):
                    digits = re.sub(r"[\s().+-]", "", str(inner))
                    if digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 15:
                        add(digits)
                else:
                    stack.append(inner)
        elif isinstance(item, list):
            stack.extend(item)
