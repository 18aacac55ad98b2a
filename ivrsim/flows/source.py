"""Text files with positions: every value of a flow or document knows its line and column.

YAML and JSON are read into one tree of ``Node``; the Python value is built from it at once,
lines and columns only when somebody asks, because a flow is loaded for every call and
nearly always has nothing wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from ivrsim.engine.diagnostic import Severity
from ivrsim.errors import InputError

MAX_BYTES: Final = 2 * 1024 * 1024
MAX_DEPTH: Final = 64

# What a node's value is.
TEXT: Final = 0  # a quoted YAML scalar: str
PLAIN: Final = 1  # a plain YAML scalar: str, to be read as text or as JSON
VALUE: Final = 2  # a JSON scalar: str, int, float, bool or None
SEQUENCE: Final = 3  # list[Node]
MAPPING: Final = 4  # dict[str, Node]

Schema = dict[str, Any] | Literal["document"] | None
"""Where platform documents are: nested keys (``*`` is any) that end in ``"document"``."""

NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_NOT_JSON = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: Final[dict[str, object]] = {
    "true": True,
    "false": False,
    "null": None,
    "~": None,
    "": None,
}


class Place(NamedTuple):
    """Line and column, both from 1; columns count characters."""

    line: int
    col: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A remark about a file; printed as ``FILE:LINE:COL: code severity: message``."""

    file: str
    line: int
    col: int
    severity: Severity
    code: str
    message: str

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}:{self.col}"

    def __str__(self) -> str:
        return f"{self.place}: {self.code} {self.severity}: {self.message}"


class SourceError(InputError):
    """A file cannot be used; ``finding`` says where and why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.place}: {finding.message}")
        self.finding = finding


class Node:
    """One value of the file; ``keys`` holds the offsets of a mapping's keys."""

    __slots__ = ("keys", "kind", "offset", "value")

    def __init__(self, kind: int, value: Any, offset: int) -> None:
        self.kind = kind
        self.value = value
        self.offset = offset
        self.keys: dict[str, int] | None = {} if kind == MAPPING else None


class Source:
    """A file that has been read: ``value``, and the place of everything in it."""

    __slots__ = ("name", "root", "text", "value")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.root: Node | None = None
        self.value: Any = None

    def locate(self, offset: int) -> Place:
        """The place of a character of ``text``."""
        offset = min(max(offset, 0), len(self.text))
        start = self.text.rfind("\n", 0, offset) + 1
        return Place(self.text.count("\n", 0, offset) + 1, offset - start + 1)

    def place(self, pointer: str | None, *, key: bool = False) -> Place:
        """The place of what an RFC 6901 ``pointer`` leads to; ``key``: of its key.

        Where the pointer leads to nothing, it is the nearest parent that exists.
        """
        node = self.root
        if node is None:
            return Place(1, 1)
        offset = node.offset
        for part in (pointer or "").split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if node.kind == MAPPING and name in node.value:
                assert node.keys is not None
                offset = node.keys[name]
                node = node.value[name]
            elif node.kind == SEQUENCE and name.isdecimal() and int(name) < len(node.value):
                node = node.value[int(name)]
                offset = node.offset
            else:
                return self.locate(node.offset)
        return self.locate(offset if key else node.offset)

    def finding(
        self,
        pointer: str | None,
        code: str,
        message: str,
        severity: Severity = "error",
        *,
        key: bool = False,
    ) -> Finding:
        """A remark about the value at ``pointer`` (about its ``key``, if so)."""
        line, col = self.place(pointer, key=key)
        return Finding(self.name, line, col, severity, code, message)

    def error_at(self, offset: int, code: str, message: str) -> SourceError:
        """The error to raise for something wrong at a character of ``text``."""
        line, col = self.locate(offset)
        return SourceError(Finding(self.name, line, col, "error", code, message))


def escape(name: str) -> str:
    """``name`` as one part of a JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` (did you mean X?)`` when a known word is near, else nothing."""
    near = get_close_matches(word, list(known), 1, 0.6)
    return f" (did you mean {near[0]}?)" if near else ""


def shown(value: object) -> str:
    """``value`` in an error message: its kind, or its text cut to a length that can be read."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…'"


def read_source(
    path: str | Path, *, schema: Schema = None, text: str | bytes | None = None
) -> Source:
    """Read the file at ``path`` (or ``text`` as if it stood there): JSON by its suffix, else YAML.

    ``schema`` says where in a YAML file the platform documents are: scalars there are read
    as JSON would be, all others as text. Raises SourceError, or InputError without a place
    when there is no such file.
    """
    name = str(path)
    source = Source(name, _decode(name, _load(Path(path)) if text is None else text))
    if name.lower().endswith(".json"):
        from ivrsim.flows.json_reader import read_json

        source.root = read_json(source)
        source.value = _Builder(source, 0).build(source.root, None, 0)
    else:
        from ivrsim.flows.yaml_reader import read_yaml

        source.root, aliases = read_yaml(source)
        builder = _Builder(source, 2 * MAX_BYTES if aliases else 0)
        source.value = builder.build(source.root, schema, 0)
    return source


def _load(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file{_neighbour(path)}") from None
    except IsADirectoryError:
        raise InputError(f"{path}: expected a file, found a folder") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError:  # a NUL in the name
        raise InputError(f"{str(path)!r}: not a file name") from None


def _neighbour(path: Path) -> str:
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return ""
    near = get_close_matches(path.name, names, 1, 0.7)
    return f" (did you mean {path.with_name(near[0])}?)" if near else ""


def _decode(name: str, data: str | bytes) -> str:
    size = len(data)
    if size > MAX_BYTES:
        message = f"expected at most {MAX_BYTES // 1024} KiB, found a larger file"
        raise SourceError(Finding(name, 1, 1, "error", "file.too-large", message))
    if isinstance(data, str):
        return data
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = Source(name, data[: error.start].decode("utf-8"))
        byte = data[error.start]
        message = f"expected UTF-8 text, found the byte 0x{byte:02x}"
        raise before.error_at(len(before.text), "file.encoding", message) from None


class _Builder:
    """Makes the Python value of a tree; ``budget`` bounds what aliases may grow to."""

    __slots__ = ("budget", "limited", "source")

    def __init__(self, source: Source, budget: int) -> None:
        self.source = source
        self.budget = budget
        self.limited = budget > 0

    def build(self, node: Node, schema: Schema, depth: int) -> Any:
        kind = node.kind
        value = node.value
        if self.limited:
            self._spend(node, depth)
        if kind in (TEXT, VALUE):
            return value
        if kind == PLAIN:
            return self._json(node) if schema == "document" else value or None
        if kind == SEQUENCE:
            inner = schema if schema == "document" else None
            return [self.build(child, inner, depth + 1) for child in value]
        if isinstance(schema, dict):
            return {
                key: self.build(child, schema.get(key, schema.get("*")), depth + 1)
                for key, child in value.items()
            }
        return {key: self.build(child, schema, depth + 1) for key, child in value.items()}

    def _spend(self, node: Node, depth: int) -> None:
        self.budget -= 1 + (len(node.value) if node.kind <= PLAIN else 0)
        if self.budget < 0 or depth > MAX_DEPTH:
            raise self.source.error_at(
                node.offset, "yaml.aliases", "the aliases (*name) expand to more than is allowed"
            )

    def _json(self, node: Node) -> object:
        """A plain scalar inside a platform document: what JSON would make of the same text."""
        text: str = node.value
        if text in _WORDS:
            return _WORDS[text]
        if _NOT_JSON.fullmatch(text):
            message = f"expected a JSON value, found {text}: JSON has no such number"
            raise self.source.error_at(node.offset, "yaml.number", message)
        number = NUMBER.fullmatch(text)
        return text if number is None else json_number(self.source, node.offset, number)


def json_number(source: Source, offset: int, match: re.Match[str]) -> int | float:
    """The number that ``match`` (of the JSON grammar) stands for; refused when too large.

    Integers have 64 bits, as in the JSON that is sent over the wire.
    """
    text = match.group()
    if match.group(1) is None and match.group(2) is None:
        if len(text) <= 20 and -(2**63) <= (number := int(text)) < 2**64:
            return number
        message = f"expected a number of at most 64 bits, found {text[:20]}…; put it in quotes"
        raise source.error_at(offset, "file.number", message)
    value = float(text)
    if value in (float("inf"), float("-inf")):
        message = f"expected a number, found {text[:20]}, which is too large"
        raise source.error_at(offset, "file.number", message)
    return value
