"""YAML into nodes, from the event stream, with an explicit stack.

The loaders of PyYAML compose nodes by recursion, in C: deep nesting ends the process. Its
parsers do not recurse, so we compose the tree ourselves and stop at MAX_DEPTH.
"""

from __future__ import annotations

from typing import Any

import yaml

from ivrsim.flows.source import MAPPING, MAX_DEPTH, PLAIN, SEQUENCE, TEXT, Node, Source

_Parser: Any = getattr(yaml, "CLoader", yaml.Loader)
_STANDARD = frozenset({None, "!", *(f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map"))})
_TOO_DEEP = f"expected at most {MAX_DEPTH} levels of nesting, found more"


def read_yaml(source: Source) -> tuple[Node, bool]:
    """The root node, and whether aliases were used. Raises SourceError."""
    text = source.text
    if text.startswith("\ufeff"):
        source.text = text = text[1:]
    try:
        parser = _Parser(text)
        try:
            return _compose(source, parser)
        finally:
            parser.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        index = mark.index if mark else 0
        problem = " ".join(filter(None, (error.problem, error.context)))
        if text[index : index + 1] == "\t":
            problem = "found a tab: indent with spaces"
        elif error.problem and error.problem.startswith("mapping values are not allowed"):
            problem += ": put quotes around a text that holds a colon and a blank"
        elif "nesting depth" in problem:  # libyaml 0.2.6 and newer have a limit of their own
            raise source.error_at(index, "file.too-deep", _TOO_DEEP) from None
        raise source.error_at(index, "yaml.syntax", f"not valid YAML: {problem}") from None
    except yaml.reader.ReaderError as error:
        message = f"not valid YAML: the character U+{_code(error.character):04X} is not allowed"
        raise source.error_at(_position(source, error), "yaml.syntax", message) from None


def _code(character: object) -> int:
    return ord(character) if isinstance(character, str) and len(character) == 1 else _int(character)


def _int(character: object) -> int:
    return character if isinstance(character, int) else 0xFFFD


def _position(source: Source, error: yaml.reader.ReaderError) -> int:
    """Where the refused character is: libyaml counts bytes or nothing, so we look for it."""
    found = source.text.find(chr(_code(error.character)))
    return found if found >= 0 else int(error.position or 0)


def _compose(source: Source, parser: Any) -> tuple[Node, bool]:
    """Put the events together. ``stack`` holds the open containers, ``keys`` their pending keys."""
    stack: list[Node] = []
    keys: list[tuple[str, int] | None] = []
    anchors: dict[str, Node] = {}
    unfinished: dict[str, Node] = {}
    root: Node | None = None
    aliases = False
    while (event := parser.get_event()) is not None:
        kind = type(event)
        offset: int = event.start_mark.index
        if kind is yaml.ScalarEvent:
            if event.tag not in _STANDARD:
                raise _tag_error(source, offset, event.tag)
            plain = event.implicit[0] and event.tag is None and event.style in (None, "")
            node = Node(PLAIN if plain else TEXT, event.value, offset)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            if event.tag not in _STANDARD:
                raise _tag_error(source, offset, event.tag)
            if len(stack) >= MAX_DEPTH:
                raise source.error_at(offset, "file.too-deep", _TOO_DEEP)
            node = Node(MAPPING if kind is yaml.MappingStartEvent else SEQUENCE, None, offset)
            node.value = {} if node.kind == MAPPING else []
        elif kind is yaml.AliasEvent:
            aliases = True
            alias = anchors.get(event.anchor)
            if alias is None or unfinished.get(event.anchor) is alias:
                what = "itself" if alias else "an anchor that is not defined above"
                message = f"the alias *{event.anchor} refers to {what}"
                raise source.error_at(offset, "yaml.alias", message)
            node = alias
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            closed = stack.pop()
            keys.pop()
            unfinished = {name: node for name, node in unfinished.items() if node is not closed}
            continue
        elif kind is yaml.DocumentStartEvent and root is not None:
            message = "expected one YAML document, found the start of a second one"
            raise source.error_at(offset, "yaml.documents", message)
        else:
            continue

        if kind is not yaml.AliasEvent and event.anchor is not None:
            anchors[event.anchor] = node
            if node.kind >= SEQUENCE:
                unfinished[event.anchor] = node
        if not stack:
            root = node
        elif stack[-1].kind == SEQUENCE:
            stack[-1].value.append(node)
        elif keys[-1] is None:
            keys[-1] = _key(source, stack[-1], node, offset)
            continue
        else:
            name, at = keys[-1]
            parent = stack[-1]
            assert parent.keys is not None
            parent.value[name] = node
            parent.keys[name] = at
            keys[-1] = None
        if kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            stack.append(node)
            keys.append(None)
    if root is None:
        raise source.error_at(0, "file.empty", "expected a flow or document, found an empty file")
    return root, aliases


def _key(source: Source, mapping: Node, node: Node, offset: int) -> tuple[str, int]:
    if node.kind not in (TEXT, PLAIN):
        message = (
            "expected text as a key, found a list or mapping; put a key with brackets in quotes"
        )
        raise source.error_at(offset, "yaml.key", message)
    name: str = node.value
    if name == "<<" and node.kind == PLAIN:
        message = "merge keys (<<) are not supported: write the keys out"
        raise source.error_at(offset, "yaml.merge", message)
    assert mapping.keys is not None
    if name in mapping.keys:
        first = source.locate(mapping.keys[name])
        message = f"the key {name!r} is here twice; the first is at line {first.line}:{first.col}"
        raise source.error_at(offset, "file.duplicate-key", message)
    return name, offset


def _tag_error(source: Source, offset: int, tag: str) -> Exception:
    short = tag.replace("tag:yaml.org,2002:", "!!")
    return source.error_at(offset, "yaml.tag", f"the tag {short} is not allowed in a flow")
