"""``<say-as>``: what is written, as the words that say it.

Only the kinds that a voice would not read so by itself are changed. Letters and digits are
said one by one in every language; dates, times, fractions and ordinals become words in English
alone, elsewhere they are left to the voice.
"""

from __future__ import annotations

import re
from typing import Final

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_PARTS_OF: Final = {
    2: "half", 3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth",
    9: "ninth", 10: "tenth", 100: "hundredth",
}  # fmt: skip
_UNITS: Final = {
    "mm": "millimetre", "cm": "centimetre", "m": "metre", "km": "kilometre", "mg": "milligram",
    "g": "gram", "kg": "kilogram", "ml": "millilitre", "l": "litre", "s": "second",
    "min": "minute", "h": "hour", "lb": "pound", "oz": "ounce", "mi": "mile", "ms": "millisecond",
}  # fmt: skip
_FRACTION = re.compile(r"(?:(\d+)[ +])?(\d+)/(\d+)")
_DURATION = re.compile(r"(?:(\d+)')?(?:(\d+)\")?")
_UNIT = re.compile(r"(\d+(?:\.\d+)?) ?([a-z]+)")


def say_as(text: str, kind: str, form: str, language: str) -> str:
    """``text`` as ``kind`` (``interpret-as``) and ``form`` (``format``) want it read."""
    english = language.lower().startswith("en")
    kind = kind.strip().lower()
    if kind in ("character", "characters", "spell-out", "digits"):
        return " ".join(text.replace(" ", ""))
    if kind == "telephone":
        return _telephone(text)
    if kind == "expletive":
        return "beep"
    if kind in ("cardinal", "number") and re.fullmatch(r"[\d ]+", text):
        return text.replace(" ", "")
    maker = _ENGLISH.get(kind)
    return text if maker is None or not english else maker(text, form.strip().lower())


def _telephone(text: str) -> str:
    """Digit by digit, with a short pause where the number is grouped."""
    groups = re.findall(r"\d+", text)
    if len(groups) == 1 and len(groups[0]) > 4:
        digits = groups[0]
        groups = [digits[:-4][at : at + 3] for at in range(0, len(digits) - 4, 3)] + [digits[-4:]]
    said = ", ".join(" ".join(group) for group in groups)
    return f"plus {said}" if text.lstrip().startswith("+") else said


def _ordinal(text: str, form: str = "") -> str:
    if not text.isdecimal():
        return text
    number = int(text)
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else suffix}"


def _fraction(text: str, form: str) -> str:
    match = _FRACTION.fullmatch(text)
    if match is None:
        return text
    whole, above, below = match[1], int(match[2]), int(match[3])
    name = _PARTS_OF.get(below)
    if name is None:
        said = f"{above} over {below}"
    elif above == 1:
        said = f"one {name}"
    else:
        said = f"{above} {'halves' if name == 'half' else name + 's'}"
    return f"{whole} and {said}" if whole else said


def _unit(text: str, form: str) -> str:
    match = _UNIT.fullmatch(text.lower())
    if match is None or match[2] not in _UNITS:
        return text
    return f"{match[1]} {_UNITS[match[2]]}{'' if match[1] == '1' else 's'}"


def _time(text: str, form: str) -> str:
    """``1'30"``: minutes and seconds."""
    match = _DURATION.fullmatch(text.replace(" ", "").replace("″", '"').replace("′", "'"))
    if match is None:
        return text
    parts = [
        f"{int(number)} {name}{'' if int(number) == 1 else 's'}"
        for number, name in ((match[1], "minute"), (match[2], "second"))
        if number
    ]
    return " and ".join(parts) or text


def _date(text: str, form: str) -> str:
    """``10/3/2019`` by the order in ``form`` (``dmy``…); ``yyyymmdd`` has ``?`` for unknown."""
    if form == "yyyymmdd":
        found = {"y": text[:4], "m": text[4:6], "d": text[6:8]} if len(text) == 8 else {}
    else:
        fields = re.split(r"[/.\- ]+", text)
        found = dict(zip(form, fields, strict=True)) if len(form) == len(fields) else {}
    known = {name: int(value) for name, value in found.items() if value.isdecimal()}
    if not known or not set(found) <= set("dmy") or not 1 <= known.get("m", 1) <= 12:
        return text
    day = _ordinal(str(known["d"])) if "d" in known else ""
    month = _MONTHS[known["m"] - 1] if "m" in known else ""
    year = str(known["y"]) if "y" in known else ""
    said = f"{month} {day}".strip()
    return ", ".join(part for part in (said, year) if part)


_ENGLISH: Final = {
    "ordinal": _ordinal,
    "fraction": _fraction,
    "unit": _unit,
    "time": _time,
    "date": _date,
}
