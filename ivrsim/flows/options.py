"""What the command line adds to a target."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from ivrsim.errors import InputError
from ivrsim.flows.model import PLATFORMS
from ivrsim.flows.settings import setting_errors
from ivrsim.flows.source import did_you_mean

WITHOUT_SCHEME: Final = re.compile(
    r"(?:(?:localhost|[\w-]+(?:\.[\w-]+)*)?:[0-9]{1,5}|localhost)(?:[/?].*)?"
)
"""``localhost:5000/x``: a URL whose scheme was forgotten."""


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """What the command line adds to a target; whatever is not None wins over the file."""

    platform: str | None = None
    caller: str | None = None
    callee: str | None = None
    outbound: bool | None = None
    answer_method: str | None = None
    event_url: str | None = None
    fallback_url: str | None = None
    signature_secret: str | None = None
    vca: str | None = None
    vss: str | None = None
    vcs: str | None = None
    webhook_auth: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)


OF_VONAGE: Final = ("answer_method", "event_url", "fallback_url", "signature_secret")
OF_8X8: Final = ("vca", "vss", "vcs", "webhook_auth")
URL_OPTIONS: Final = ("event_url", "fallback_url", "vca", "vss", "vcs")


def check_options(options: TargetOptions) -> None:
    """Raises InputError for the first option that no target could use."""
    platform = options.platform
    if platform is not None and platform.lower() not in PLATFORMS:
        hint = did_you_mean(platform.lower(), PLATFORMS)
        raise InputError(f"--platform: expected vonage or 8x8, found {platform!r}{hint}")
    method = options.answer_method
    if method is not None and method.upper() not in ("GET", "POST"):
        raise InputError(f"--answer-method: expected GET or POST, found {method!r}")
    for option in URL_OPTIONS:
        value = getattr(options, option)
        if value is not None:
            check_url(value, f"--{option.replace('_', '-')}")
    for _name, message in setting_errors(options.settings):
        raise InputError(f"--set: {message}")


def check_url(text: str, where: str) -> None:
    """Raises InputError when ``text`` (named ``where`` in the message) is no http or https URL."""
    try:
        parts = urlsplit(text)
        wrong = "" if parts.hostname else "no host in it"
        _ = parts.port  # raises ValueError when it is out of range
    except ValueError as error:
        raise InputError(f"{where}: not a URL: {error}") from None
    if parts.scheme not in ("http", "https"):
        wrong = f"the scheme {parts.scheme!r}" if parts.scheme else "none"
        if WITHOUT_SCHEME.fullmatch(text):
            wrong += f"; did you mean http://{text}?"
    if any(char.isspace() or not char.isprintable() for char in text):
        wrong = "a space or control character in it"
    if wrong:
        raise InputError(f"{where}: expected a URL with http:// or https://, found {wrong}")
