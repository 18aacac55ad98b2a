"""JSON into nodes: strict, with positions, without recursion."""

from __future__ import annotations

import json
import re
from typing import Final

from ivrsim.flows.source import (
    MAPPING,
    MAX_DEPTH,
    NUMBER,
    SEQUENCE,
    VALUE,
    Node,
    Source,
    SourceError,
    json_number,
)

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_INSIDE: Final = r'[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*'
_STRING: Final = re.compile(f'"({_INSIDE})"')
_UNCLOSED: Final = re.compile(_INSIDE)
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_FOUND: Final = re.compile(r"[A-Za-z_0-9]+")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_CONSTANTS: Final[dict[str, object]] = {"true": True, "false": False, "null": None}
_HINTS: Final = {
    "'": "; strings take double quotes",
    "/": "; JSON has no comments",
    "#": "; JSON has no comments",
    "“": "; strings take straight double quotes",
    "]": "; is there a comma too many?",
    "}": "; is there a comma too many?",
    "\ufeff": "; save the file as UTF-8 without a byte order mark",
}


def read_json(source: Source) -> Node:
    """The root node. Raises SourceError: ``expected …, found …``, at the first wrong character."""
    text = source.text
    space = _SPACE.match
    pos = _end(space(text, 0))
    if pos == len(text):
        message = "expected a JSON document, found an empty file"
        raise source.error_at(0, "file.empty", message)
    root: Node | None = None
    stack: list[Node] = []
    key = ""
    while True:
        # One value stands at pos.
        char = text[pos : pos + 1]
        if char == "[" or char == "{":
            if len(stack) >= MAX_DEPTH:
                message = f"expected at most {MAX_DEPTH} levels of nesting, found more"
                raise source.error_at(pos, "file.too-deep", message)
            node = Node(MAPPING, {}, pos) if char == "{" else Node(SEQUENCE, [], pos)
            after = pos + 1
        else:
            node, after = _scalar(source, pos, char)
        if not stack:
            root = node
        elif stack[-1].kind == SEQUENCE:
            stack[-1].value.append(node)
        else:
            stack[-1].value[key] = node
        pos = _end(space(text, after))
        if node.kind != VALUE:
            if text.startswith("]" if node.kind == SEQUENCE else "}", pos):
                pos = _end(space(text, pos + 1))
            else:
                stack.append(node)
                if node.kind == MAPPING:
                    key, pos = _key(source, node, pos, 'a key in double quotes or "}"')
                continue
        # The value is complete: what follows belongs to the containers around it.
        while stack:
            parent = stack[-1]
            close = "]" if parent.kind == SEQUENCE else "}"
            char = text[pos : pos + 1]
            if char == close:
                stack.pop()
                pos = _end(space(text, pos + 1))
                continue
            if char != ",":
                raise _expected(source, pos, f'"," or "{close}"', hint=False)
            pos = _end(space(text, pos + 1))
            if parent.kind == MAPPING:
                key, pos = _key(source, parent, pos, "a key in double quotes")
            break
        else:
            if pos < len(text):
                raise _expected(source, pos, "the end of the file", hint=False)
            assert root is not None
            return root


def _end(match: re.Match[str] | None) -> int:
    assert match is not None  # the pattern for white space matches everywhere
    return match.end()


def _scalar(source: Source, pos: int, char: str) -> tuple[Node, int]:
    text = source.text
    if char == '"':
        string, end = _string(source, pos)
        return Node(VALUE, string, pos), end
    number = NUMBER.match(text, pos)
    if number is not None:
        return Node(VALUE, json_number(source, pos, number), pos), number.end()
    word = _WORD.match(text, pos)
    if word is not None and word.group() in _CONSTANTS:
        return Node(VALUE, _CONSTANTS[word.group()], pos), word.end()
    raise _expected(source, pos, "a value")


def _key(source: Source, mapping: Node, pos: int, expected: str) -> tuple[str, int]:
    """The key at ``pos`` and where its value begins."""
    if not source.text.startswith('"', pos):
        raise _expected(source, pos, expected)
    name, end = _string(source, pos)
    assert mapping.keys is not None
    if name in mapping.keys:
        first = source.locate(mapping.keys[name])
        message = f"the key {name!r} is here twice; the first is at line {first.line}:{first.col}"
        raise source.error_at(pos, "file.duplicate-key", message)
    mapping.keys[name] = pos
    end = _end(_SPACE.match(source.text, end))
    if not source.text.startswith(":", end):
        raise _expected(source, end, '":"', hint=False)
    return name, _end(_SPACE.match(source.text, end + 1))


def _string(source: Source, pos: int) -> tuple[str, int]:
    match = _STRING.match(source.text, pos)
    if match is None:
        end = _UNCLOSED.match(source.text, pos + 1)
        raise _expected(source, _end(end), "the closing quote of this string", hint=False)
    string = match.group(1)
    if "\\" not in string:
        return string, match.end()
    try:
        decoded: str = json.loads(match.group())
    except json.JSONDecodeError as error:
        at = pos + error.pos
        raise _expected(source, at, "a JSON escape such as \\n or \\u00e9", hint=False) from None
    if _SURROGATE.search(decoded):
        message = "expected text, found half of a surrogate pair (\\ud800 to \\udfff)"
        raise source.error_at(pos, "json.syntax", message)
    return decoded, match.end()


def _expected(source: Source, pos: int, expected: str, *, hint: bool = True) -> SourceError:
    char = source.text[pos : pos + 1]
    word = _FOUND.match(source.text, pos)
    if not char:
        found = "the end of the file"
    elif word is not None:
        found = word.group()[:20]
    else:
        found = '"' if char == '"' else char if char.isprintable() else f"U+{ord(char):04X}"
    more = _HINTS.get(char, "") if hint else ""
    return source.error_at(pos, "json.syntax", f"expected {expected}, found {found}{more}")
