"""Objects as programs print them, which is nearly JSON: ``{'status': 'ringing'}`` of Python's
print, ``{ status: 'ringing', to: undefined }`` of Node's console.log."""

from __future__ import annotations

import re
from typing import Any, Final

_SPACE: Final = re.compile(r"\s*")
_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*")
_NUMBER: Final = re.compile(
    r"-?(?:\d{1,40}(?:\.\d{1,40})?|\.\d{1,40})(?:[eE][+-]?\d{1,3})?(?![\w.])"
)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0", "\n": ""}
_HEX: Final = {"x": 2, "u": 4, "U": 8}
_WORDS: Final = {
    "true": True, "True": True, "false": False, "False": False, "null": None, "None": None,
    "undefined": None, "NaN": None, "nan": None, "Infinity": None,
}  # fmt: skip
# What Node prints for what is nested deeper than it looks.
_HIDDEN: Final = re.compile(
    r"\[(?:Object|Array|Function[^\]\n]*|Circular[^\]\n]*)\]|\[Object: null prototype\]"
)
_DEEPEST: Final = 30
_LONGEST: Final = 1 << 16
_LONGEST_TEMPLATE: Final = 1 << 12


def read_loose(text: str, at: int) -> tuple[dict[str, Any], int]:
    """The object that begins at ``at``, and where it ends. Raises ValueError when it is none."""
    reader = _Reader(text, at)
    value = reader.value(0)
    if not isinstance(value, dict) or not value:
        raise ValueError("no object")
    return value, reader.at


class _Reader:
    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self._end = min(len(text), at + _LONGEST)
        self.at = at

    def value(self, depth: int) -> Any:
        if depth > _DEEPEST:
            raise ValueError("nested too deep")
        self._space()
        c = self._text[self.at : self.at + 1]
        if c == "{":
            return self._object(depth)
        if c == "[":
            hidden = _HIDDEN.match(self._text, self.at)
            if hidden:
                self.at = hidden.end()
                return self.value(depth + 1) if "prototype" in hidden[0] else None
            return self._array(depth)
        if c and c in "'\"`":
            return self._string()
        number = _NUMBER.match(self._text, self.at, self._end)
        if number:
            self.at = number.end()
            try:
                return int(number[0])
            except ValueError:
                return float(number[0])
        word = self._word()
        if word not in _WORDS:
            raise ValueError(f"no value: {word}")
        return _WORDS[word]

    def _space(self) -> None:
        found = _SPACE.match(self._text, self.at, self._end)
        if found:
            self.at = found.end()

    def _takes(self, sign: str) -> bool:
        self._space()
        if self._text[self.at : self.at + 1] != sign or self.at >= self._end:
            return False
        self.at += 1
        return True

    def _word(self) -> str:
        found = _WORD.match(self._text, self.at, self._end)
        if found is None:
            raise ValueError("no value")
        self.at = found.end()
        return found[0]

    def _object(self, depth: int) -> dict[str, Any]:
        self.at += 1
        found: dict[str, Any] = {}
        while not self._takes("}"):
            self._space()
            key = self._string() if self._text[self.at : self.at + 1] in "'\"" else self._word()
            if not self._takes(":"):
                raise ValueError("no colon")
            found[key] = self.value(depth + 1)
            if not self._takes(","):
                if not self._takes("}"):
                    raise ValueError("no comma")
                break
        return found

    def _array(self, depth: int) -> list[Any]:
        self.at += 1
        found: list[Any] = []
        while not self._takes("]"):
            found.append(self.value(depth + 1))
            if not self._takes(","):
                if not self._takes("]"):
                    raise ValueError("no comma")
                break
        return found

    def _string(self) -> str:
        text, mark = self._text, self._text[self.at : self.at + 1]
        if not mark or mark not in "'\"`":
            raise ValueError("no string")
        out: list[str] = []
        at = self.at + 1
        end = self._end if mark != "`" else min(self._end, at + _LONGEST_TEMPLATE)
        while at < end:
            c = text[at]
            if c == mark:
                self.at = at + 1
                inside = "".join(out)  # two halves of a surrogate pair are one character
                return inside.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            if c == "\n" and mark != "`":
                break
            if c == "\\" and at + 1 < self._end:
                follows = text[at + 1]
                count = _HEX.get(follows, 0)
                code = text[at + 2 : at + 2 + count]
                if count and re.fullmatch(r"[0-9a-fA-F]+", code) and int(code, 16) < 0x110000:
                    out.append(chr(int(code, 16)))
                    at += 2 + count
                else:
                    out.append(_ESCAPES.get(follows, follows))
                    at += 2
            else:
                out.append(c)
                at += 1
        raise ValueError("a string that is not closed")
