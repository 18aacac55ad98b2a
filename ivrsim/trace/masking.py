"""Keeps secrets out of traces: what is written, and so what is shown, has ``•`` instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import unquote_plus

MASK: Final = "•••"

# Words that are a scheme and no secret (RFC 9110 and the IANA registry, and what is in use).
_SCHEMES = frozenset({"apikey", "basic", "bearer", "digest", "hmac", "jwt", "negotiate", "token"})
_SECRET_NAMES = frozenset(
    {"auth", "authorization", "cookie", "jwt", "proxyauthorization", "setcookie", "sig"}
)
_SECRET_WORDS = ("apikey", "passwd", "password", "secret", "signature", "token")

_USERINFO = re.compile(r"(?<=://)[^/?#]*(?=@)")
_PARAMETER = re.compile(r"(?<=[?&;#])([^=&;#]+)=([^&;#]+)")


def mask_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """``headers`` without credentials: ``Authorization: Bearer •••``, ``Cookie: •••``.

    Names are compared without case; everything that is called a token, secret, signature,
    password or API key counts. The scheme stays, when it is a known one.
    """
    return {name: _masked(value) if _is_secret(name) else value for name, value in headers.items()}


@lru_cache(maxsize=512)
def mask_url(url: str) -> str:
    """``url`` without the password in front of its host and without secrets in its query.

    Everything else stays as it is, in a URL that is not valid too.
    """
    return _PARAMETER.sub(_mask_parameter, _USERINFO.sub(_mask_userinfo, url, count=1))


@lru_cache(maxsize=512)
def _is_secret(name: str) -> bool:
    word = re.sub(r"[^a-z]", "", name.lower())
    return word in _SECRET_NAMES or any(part in word for part in _SECRET_WORDS)


def _masked(value: str) -> str:
    scheme, blank, _ = value.strip().partition(" ")
    return f"{scheme} {MASK}" if blank and scheme.lower() in _SCHEMES else MASK


def _mask_userinfo(match: re.Match[str]) -> str:
    user, colon, _ = match[0].partition(":")
    return f"{user}:{MASK}" if colon else MASK  # a name alone is often a token


def _mask_parameter(match: re.Match[str]) -> str:
    return f"{match[1]}={MASK}" if _is_secret(unquote_plus(match[1])) else match[0]
