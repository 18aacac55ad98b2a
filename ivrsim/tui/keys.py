"""The keys as a person has changed them: ``keys.yaml``, one command a line.

    step_action: f10, ctrl+n
    hang_up: shift+h
    mute: none

A letter means both its cases, unless another command has one of them; ``shift+h`` is H alone.
"""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode

from ivrsim.errors import InputError
from ivrsim.tui.keymap import ALL, DIGITS, EVERYTHING, TOGETHER, Command

if TYPE_CHECKING:
    from ivrsim.flows.source import Node, Source

VARIABLE: Final = "IVRSIM_KEYS"
NONE: Final = "none"

_MOVING: Final = frozenset(
    {"up", "down", "left", "right", "pageup", "pagedown", "home", "end", "tab", "enter", "k"}
)
_NAMED: Final = frozenset(
    {
        "space", "escape", "delete", "insert", "backspace", "comma", "slash", "backslash", "minus",
        "plus", "at", "underscore", *_MOVING,
    }
)  # fmt: skip
_MODIFIERS: Final = ("ctrl", "alt", "shift")
_FUNCTION: Final = re.compile(r"f([1-9]|1\d|2[0-4])")
_WRITTEN: Final = {
    "escape": "Esc", "space": "Space", "delete": "Del", "insert": "Ins", "backspace": "⌫",
    "slash": "/", "backslash": "\\", "comma": ",", "minus": "-", "plus": "+", "enter": "⏎",
    "at": "@", "underscore": "_", "pageup": "PgUp", "pagedown": "PgDn",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Keys:
    """``changed``: the id of a command to Textual's names of its keys; none: it has no key."""

    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)

    def of(self, command: Command) -> tuple[str, ...]:
        """The keys of a command, by Textual's names."""
        return self.changed.get(command.id, _split(command.keys))

    def shown(self, command: Command) -> str:
        """The key as it is written for people; empty when it has none."""
        return self.written.get(command.id, command.shown)

    def apply(self, node: DOMNode) -> None:
        """Give a screen, or the application, these keys."""
        if not self.changed:
            return
        keys: dict[str, list[Binding]] = {}
        moved: dict[str, Binding] = {}
        for key, bindings in node._bindings.key_to_bindings.items():
            for binding in bindings:
                if binding.id in self.changed:
                    moved.setdefault(binding.id or "", binding)
                else:
                    keys.setdefault(key, []).append(binding)
        for command, binding in moved.items():
            for key in self.changed[command]:
                keys.setdefault(key, []).insert(0, binding.with_key(key))
        # Not ``App.set_keymap``: a letter set by that would act while somebody types it.
        node._bindings = BindingsMap.from_keys(keys)


DEFAULT: Final = Keys()


def keys_of(node: DOMNode) -> Keys:
    """The keys of the application that ``node`` is part of."""
    keys = getattr(node.app, "keys", DEFAULT)
    return keys if isinstance(keys, Keys) else DEFAULT


def default_path() -> Path | None:
    """Where ``keys.yaml`` is looked for; None: this user has no home folder."""
    try:
        if sys.platform == "win32":
            roaming = os.environ.get("APPDATA")
            base = Path(roaming) if roaming else Path.home() / "AppData" / "Roaming"
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Application Support"
        else:
            config = os.environ.get("XDG_CONFIG_HOME", "")
            # The XDG Base Directory Specification: a relative path is to be ignored.
            base = Path(config) if os.path.isabs(config) else Path.home() / ".config"
    except RuntimeError:
        return None
    return base / "ivrsim" / "keys.yaml"


def load_keys() -> Keys:
    """The keys of this user: ``$IVRSIM_KEYS``, or ``default_path`` if it is there.

    Raises InputError naming file, line and column.
    """
    if named := os.environ.get(VARIABLE):
        return read_keys(Path(named))
    path = default_path()
    return DEFAULT if path is None or not path.is_file() else read_keys(path)


def read_keys(path: Path) -> Keys:
    """Raises InputError naming file, line and column."""
    from ivrsim.flows.source import MAPPING, SourceError, read_source

    try:
        source = read_source(path)
    except SourceError as error:
        if error.finding.code == "file.empty":
            return DEFAULT  # nothing in it but remarks
        raise
    root = source.root
    if root is None or root.kind != MAPPING:
        offset = 0 if root is None else root.offset
        raise source.error_at(
            offset, "keys.shape", "expected lines like `step_action: f10`, found something else"
        )
    return _Reader(source).read(root)


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._typed: dict[str, list[tuple[str, int]]] = {}

    def read(self, root: Node) -> Keys:
        from ivrsim.flows.source import did_you_mean

        places = root.keys or {}
        for name, node in root.value.items():
            command = ALL.get(name)
            if command is None:
                hint = did_you_mean(name, ALL) or "; `?` in the application lists all"
                raise self._error(places[name], f"there is no command {name!r}{hint}")
            if not command.keys:
                raise self._error(places[name], f"the key of {name} is Enter, and stays so")
            self._typed[name] = [
                (key, offset)
                for text, offset in self._texts(name, node)
                if (key := self._key(text, offset)) is not None
            ]
        changed = {name: tuple(key for key, _ in keys) for name, keys in self._typed.items()}
        self._refuse_conflicts(changed)
        written = {name: words_of(keys[0]) if keys else "" for name, keys in changed.items()}
        taken = {
            name: tuple(_names(keys, _others(name, changed))) for name, keys in changed.items()
        }
        return Keys(taken, written)

    def _texts(self, name: str, node: Node) -> Iterator[tuple[str, int]]:
        from ivrsim.flows.source import PLAIN, SEQUENCE, TEXT, VALUE

        parts = node.value if node.kind == SEQUENCE else [node]
        for part in parts:
            if part.kind not in (PLAIN, TEXT, VALUE) or not isinstance(part.value, str | None):
                raise self._error(part.offset, f"expected the key of {name}, such as f10 or ctrl+n")
            at = part.offset + (part.kind == TEXT)  # after the quotation mark
            for text in str(part.value or NONE).split(","):
                yield text.strip(), at + len(text) - len(text.lstrip())
                at += len(text) + 1

    def _key(self, text: str, offset: int) -> str | None:
        """As typed, in order: ``ctrl+shift+x``. Letters are small; None: no key."""
        from ivrsim.flows.source import did_you_mean

        if text.casefold() == NONE:
            return None
        *modifiers, base = text.split("+") if text != "+" else ["plus"]
        modifiers = [word.strip().casefold() for word in modifiers]
        base = _base(base.strip())
        for word in modifiers:
            if word not in _MODIFIERS:
                hint = did_you_mean(word, _MODIFIERS)
                raise self._error(
                    offset, f"expected ctrl, alt or shift before the +, found {word!r}{hint}"
                )
        if not _known(base):
            hint = did_you_mean(base, [*_NAMED, "f10"])
            raise self._error(
                offset,
                f"expected a key, such as x, f10, shift+f9 or ctrl+b, found {text!r}{hint}",
            )
        if not modifiers and (base in DIGITS or base in _MOVING):
            why = "belongs to the telephone" if base in DIGITS else "moves in lists"
            raise self._error(offset, f"the key {text} {why}: choose another")
        return "+".join([*sorted(set(modifiers), key=_MODIFIERS.index), base])

    def _refuse_conflicts(self, changed: Mapping[str, tuple[str, ...]]) -> None:
        for name, typed in self._typed.items():
            others = _others(name, changed)
            for key, offset in typed:
                clash = next((other for other, keys in others.items() if key in keys), None)
                if clash is not None:
                    about = ALL[clash].about
                    raise self._error(
                        offset,
                        f"{key} is already the key of {clash} ({about}): choose another, or give "
                        f"{clash} another one in a line of its own",
                    )

    def _error(self, offset: int, message: str) -> InputError:
        return self._source.error_at(offset, "keys", message)


def words_of(key: str) -> str:
    """A key as it is written for people: ``shift+f10`` is ``⇧F10``, ``ctrl+b`` is ``^B``."""
    *modifiers, base = key.split("+")
    signs = {"ctrl": "^", "alt": "Alt+", "shift": "⇧"}
    if base in _WRITTEN:
        name = _WRITTEN[base]
    elif len(base) == 1 or _FUNCTION.fullmatch(base):
        name = base.upper()
    else:
        name = _character(base) or base
    return "".join(signs[word] for word in modifiers) + name


def _split(keys: str) -> tuple[str, ...]:
    return tuple(key.strip() for key in keys.split(",") if key.strip())


def _base(text: str) -> str:
    """Textual's name of a key without its modifiers."""
    if len(text) == 1:
        if text.isalnum():
            return text.casefold()
        written = {sign: name for name, sign in _WRITTEN.items() if len(sign) == 1}
        return written.get(text) or unicodedata.name(text, text).casefold().replace(" ", "_")
    return text.casefold()


def _known(base: str) -> bool:
    if base in _NAMED or _FUNCTION.fullmatch(base):
        return True
    return (len(base) == 1 and base.isalnum()) or _character(base) is not None


def _character(base: str) -> str | None:
    """The sign that has this name; letters are named by themselves."""
    try:
        sign = unicodedata.lookup(base.replace("_", " "))
    except KeyError:
        return None
    return sign if sign.isprintable() and not sign.isalnum() and len(base) > 1 else None


def _groups(name: str) -> Iterator[str]:
    """The ids of the commands that are on one screen with ``name``, itself left out."""
    heading = next(
        title for title, group in EVERYTHING.items() if any(each.id == name for each in group)
    )
    together = {"everywhere", heading}
    for titles in TOGETHER:
        if heading in titles:
            together.update(titles)
    if heading == "everywhere":
        together.update(EVERYTHING)
    for title in (each for each in EVERYTHING if each in together):
        yield from (each.id for each in EVERYTHING[title] if each.id != name)


def _others(name: str, changed: Mapping[str, tuple[str, ...]]) -> dict[str, set[str]]:
    """The keys of the commands beside ``name``, as they would be typed."""
    return {
        other: set(changed[other]) if other in changed else _typed(ALL[other].keys)
        for other in _groups(name)
    }


def _typed(keys: str) -> set[str]:
    """How Textual's names are typed: ``R`` is ``shift+r``, but ``h,H`` is ``h``."""
    names = _split(keys)
    small = [name for name in names if len(name) > 1 or name.islower()]
    large = [f"shift+{name.casefold()}" for name in names if name not in small]
    return {*small, *(name for name in large if name[-1] not in small)}


def _names(keys: tuple[str, ...], others: Mapping[str, set[str]]) -> Iterator[str]:
    """Textual's names for typed keys; terminals have two for some."""
    taken = set().union(*others.values())
    for key in keys:
        *modifiers, base = key.split("+")
        function = _FUNCTION.fullmatch(base)
        if len(base) == 1 and base.isalpha() and modifiers == ["shift"]:
            yield base.upper()
        elif len(base) == 1 and base.isalpha() and not modifiers:
            yield base
            if f"shift+{base}" not in taken:
                yield base.upper()
        elif function and modifiers == ["shift"] and int(function[1]) <= 12:
            yield key
            yield f"f{int(function[1]) + 12}"
        else:
            yield key
