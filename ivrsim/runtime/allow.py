"""Where webhooks and downloads may go: this machine, private addresses, the target's own host.

The URL is read by the same parser that the HTTP client uses, so that both always mean the
same host. Names are judged by name and never looked up: a public name that happens to lead to
a private address needs ``--allow`` like any other, so that the answer is the same everywhere.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING

from ivrsim.errors import HostNotAllowed, InputError

if TYPE_CHECKING:
    from yarl import URL

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\\]")
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")

# RFC 1918, loopback and unique local addresses, but not link-local ones: a cloud's metadata
# lives there. "This host" (0.0.0.0, ::) because servers print it as their address. Written out:
# ``is_private`` also holds for ranges that are not private networks.
_LOOPBACK = tuple(map(ipaddress.ip_network, ["127.0.0.0/8", "0.0.0.0/32", "::1/128", "::/128"]))
_PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        [
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "fc00::/7",
        ],
    )
)


class InvalidUrl(InputError):
    """Not an absolute http or https URL with a host that is written plainly."""


@lru_cache(maxsize=512)
def web_url(text: str) -> URL:
    """``text`` as the HTTP client understands it.

    Raises InvalidUrl: another scheme, no host, control characters, a backslash, a port out of
    range, or an IPv4 address in a spelling (``2130706433``, ``0177.1``) that systems disagree on.
    """
    from yarl import URL

    if _FORBIDDEN.search(text):
        raise InvalidUrl(f"{printable(text)}: a URL has no control characters and no backslash")
    try:
        url = URL(text)
        host = url.raw_host or ""
    except ValueError as error:  # idna's errors are ValueErrors too
        raise InvalidUrl(f"{printable(text)}: not a URL: {error}") from None
    if url.scheme not in ("http", "https"):
        hint = f": did you mean http://{printable(text)}?" if "://" not in text else ""
        raise InvalidUrl(f"{printable(text)}: expected a URL with http:// or https://{hint}")
    if not host:
        raise InvalidUrl(f"{printable(text)}: the URL names no host")
    if _address(host) is None:
        if not _NAME.fullmatch(host):
            raise InvalidUrl(f"{printable(text)}: {host!r} is not a host name")
        meant = _legacy_ipv4(host)
        if meant is not None:
            raise InvalidUrl(f"{printable(text)}: write the address plainly: {meant}")
    return url


@lru_cache(maxsize=512)
def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine: ``localhost``, ``*.localhost`` (RFC 6761), 127.0.0.0/8,
    ``::1`` or the unspecified address."""
    host = _plain(host)
    if host == "localhost" or host.endswith(".localhost"):
        return True
    return _within(_address(host), _LOOPBACK)


class HostPolicy:
    """The hosts that may be called.

    ``target_url`` is the application's own URL, or None; its host is always fine. ``allowed``
    are the values of ``--allow``: a host name or address, a glob such as ``*.example.com``, or
    ``*`` for all. Ports play no part. Raises InputError for an ``--allow`` that is no host.
    """

    def __init__(self, target_url: str | None, allowed: Iterable[str]) -> None:
        self._fine: set[str] = set()
        if target_url is not None:
            self._fine.add(web_url(target_url).raw_host or "")
        self._patterns = tuple(_pattern(value) for value in allowed)

    def check(self, url: str | URL) -> None:
        """Raises HostNotAllowed, or InvalidUrl when there is no host to judge."""
        host = (web_url(url) if isinstance(url, str) else url).raw_host or ""
        if host in self._fine:
            return
        if not self._is_fine(host):
            raise HostNotAllowed(
                f"{host} is not called: it is neither local nor the target's own host; "
                f"allow it with --allow {host}"
            )
        self._fine.add(host)

    def _is_fine(self, host: str) -> bool:
        plain = _plain(host)
        return (
            is_loopback(plain)
            or _within(_address(plain), _PRIVATE)
            or any(plain == _plain(known) for known in self._fine)
            or any(fnmatchcase(plain, pattern) for pattern in self._patterns)
        )


def _pattern(value: str) -> str:
    """One ``--allow`` as a glob over plain host names."""
    text = value.strip().lower()
    inner = text.removeprefix("[").removesuffix("]")
    if _address(inner) is not None:
        return str(_address(inner))
    if not re.fullmatch(r"[^\s/:@\[\]\\]+", text):
        raise InputError(f"--allow {value}: expected a host name such as api.example.com")
    if not text.isascii():
        text = web_url(f"http://{text}").raw_host or ""
    return _plain(text)


def _plain(host: str) -> str:
    """Lower case, without the final dot; addresses in their shortest spelling."""
    host = host.lower().removesuffix(".")
    address = _address(host)
    return host if address is None else str(address)


def _address(host: str) -> Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _legacy_ipv4(host: str) -> str | None:
    """What the resolver makes of a number that is not a dotted quad (``127.1``)."""
    try:
        return socket.inet_ntoa(socket.inet_aton(host.removesuffix(".")))
    except OSError:
        return None


def _within(
    address: Address | None, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]
) -> bool:
    return address is not None and any(
        address in network for network in networks if network.version == address.version
    )


def printable(text: str) -> str:
    """``text``, a URL or path, in one short line for a terminal, without user and password."""
    text = re.sub(r"//[^/?#]*@", "//", text)
    line = "".join(char if char.isprintable() else "�" for char in text)
    return line if len(line) <= 120 else line[:119] + "…"
