"""curl commands as developers paste them, and as browsers copy them. Basis: curl(1)."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote

from ivrsim.exchange.captured import Captured, Place
from ivrsim.exchange.values import json_or_text, pairs_of, query_of

# Options with an argument that say nothing of interest here.
_WITH_ARGUMENT: Final = frozenset(
    {
        "-o", "--output", "-A", "--user-agent", "-e", "--referer", "-b", "--cookie", "-c",
        "--cookie-jar", "-m", "--max-time", "--connect-timeout", "--retry", "--retry-delay", "-x",
        "--proxy", "--cacert", "--cert", "-E", "--key", "--resolve", "-w", "--write-out", "-T",
        "--upload-file", "-F", "--form", "-K", "--config", "--interface", "--limit-rate", "-D",
        "--dump-header", "-y", "-Y", "-z", "-r", "--range", "--unix-socket", "--ciphers", "-C",
        "-Q", "-t", "--tls-max", "--connect-to", "--stderr", "--trace", "--trace-ascii", "-P",
    }
)  # fmt: skip
_DATA: Final = frozenset(
    {
        "-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--data-urlencode",
        "--json",
    }
)  # fmt: skip
_FLAGS: Final = "sSLvikfgN#aOR0123456jlnpqZ"  # short flags that may stand before -X or -d
_LONGEST: Final = 1 << 20
_ANSI: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "f": "\f"}


def words_at(text: str, start: int) -> tuple[list[str], int] | None:
    """The words of the shell command at ``start``, and where it ends; None when a quote is not
    closed. Backslashes, both quotes, ``$'…'`` and lines that go on are understood."""
    words: list[str] = []
    word: list[str] | None = None
    i, end = start, min(len(text), start + _LONGEST)
    while i < end:
        c = text[i]
        if c == "\\" and i + 1 < end:
            follows = text[i + 1]
            if follows == "\r" and text[i + 2 : i + 3] == "\n":
                i += 3
                continue
            if follows != "\n":
                word = (word or []) + [follows] if word is None else _add(word, follows)
            i += 2
        elif c == "^" and text[i + 1 : i + 2] in ("\n", "\r"):  # cmd.exe
            i += 3 if text[i + 1 : i + 3] == "\r\n" else 2
        elif c == "&" and _in_url(word, text, i):
            word = _add(word or [], c)  # not quoted, as people paste it
            i += 1
        elif c in "\n\r;|&>" or (c == "#" and word is None):
            break
        elif c.isspace():
            if word is not None:
                words.append("".join(word))
                word = None
            i += 1
        elif c in "'\"" or (c == "$" and text[i + 1 : i + 2] == "'"):
            closed = _quoted(text, i, end)
            if closed is None:
                return None
            inside, i = closed
            word = _add(word or [], inside)
        else:
            word = _add(word or [], c)
            i += 1
    if word is not None:
        words.append("".join(word))
    return words, i


def _in_url(word: list[str] | None, text: str, i: int) -> bool:
    follows = text[i + 1 : i + 2]
    return word is not None and "".join(word[:4]) == "http" and follows.isalnum()


def _add(word: list[str], text: str) -> list[str]:
    word.append(text)
    return word


def _quoted(text: str, i: int, end: int) -> tuple[str, int] | None:
    if text[i] == "'":
        close = text.find("'", i + 1, end)
        return None if close < 0 else (text[i + 1 : close], close + 1)
    ansi = text[i] == "$"
    out: list[str] = []
    mark = "'" if ansi else '"'
    i += 2 if ansi else 1
    while i < end:
        c = text[i]
        if c == mark:
            inside = "".join(out)
            if ansi:  # two halves of a surrogate pair are one character
                inside = inside.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            return inside, i + 1
        if c == "\\" and i + 1 < end:
            follows = text[i + 1]
            if ansi and follows in "xu":
                found = re.compile("[0-9a-fA-F]{1,4}").match(
                    text, i + 2, i + 2 + (2, 4)[follows == "u"]
                )
                if found:
                    out.append(chr(int(found[0], 16)))
                    i = found.end()
                    continue
            if ansi:
                out.append(_ANSI.get(follows, follows))
            elif follows in '"\\$`':
                out.append(follows)
            elif follows != "\n":
                out.append("\\" + follows)
            i += 2
        else:
            out.append(c)
            i += 1
    return None


def captured_of(words: list[str], place: Place) -> Captured | None:
    """The request of a curl command without its first word; None when it has no URL."""
    url = method = None
    get = json = False
    headers: dict[str, str] = {}
    data: list[str] = []
    rest = iter(words)
    for word in rest:
        name, value = _option(word)
        if name is None:
            url = url or word
        elif name in ("-X", "--request"):
            method = value or next(rest, None)
        elif name in ("-H", "--header"):
            key, _, text = (value or next(rest, "")).partition(":")
            if key.strip():
                headers[key.strip()] = text.strip()
        elif name in _DATA:
            data.append(value if value is not None else next(rest, ""))
            json = json or name == "--json"
        elif name == "--url":
            url = value or next(rest, None)
        elif name in ("-u", "--user", "--oauth2-bearer"):
            if value is None:
                next(rest, None)
            headers["Authorization"] = "Bearer •••" if "bearer" in name else "Basic •••"
        elif name in ("-G", "--get"):
            get = True
        elif name in ("-I", "--head"):
            method = method or "HEAD"
        elif name in _WITH_ARGUMENT and value is None:
            next(rest, None)
    if not url:
        return None
    sent = "&".join(data)
    body: Any = None
    if get and sent:
        url += ("&" if "?" in url else "?") + quote(sent, safe="=&%+:/,")
    elif data and not data[0].startswith("@"):
        body = json_or_text(sent)
        if isinstance(body, str) and "=" in body and "json" not in str(headers).lower():
            body = pairs_of(body) or body
    if json:
        headers.setdefault("Content-Type", "application/json")
    method = (method or ("POST" if data and not get else "GET")).upper()
    return Captured(place, method, url, headers, query_of(url), body)


def _option(word: str) -> tuple[str | None, str | None]:
    """(option, its argument where it is in the same word), or (None, None) for no option."""
    if word.startswith("--"):
        name, equals, value = word.partition("=")
        return name, value if equals else None
    if not word.startswith("-") or word == "-":
        return None, None
    letters = word[1:]
    while len(letters) > 1 and letters[0] in _FLAGS:
        letters = letters[1:]
    name = f"-{letters[0]}"
    return name, letters[1:] or None
