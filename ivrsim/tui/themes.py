"""The two themes: a calm dark one and a light one, with the same names for colours.

Widgets drawn line by line take their styles from a ``Paint``; style sheets use the same
colours as ``$ivr-…`` variables.
"""

from __future__ import annotations

from typing import Final

from rich.style import Style
from textual.theme import Theme

DARK: Final = "ivrsim-dark"
LIGHT: Final = "ivrsim-light"

_COLOURS: Final = {
    DARK: {
        "back": "#0f131a", "pane": "#141a23", "raised": "#1e2733", "cursor": "#243244",
        "line": "#2b3645", "text": "#dbe2ec", "muted": "#94a1b3", "faint": "#67758a",
        "accent": "#56c7b5", "blue": "#7fb0ff", "green": "#85d492", "yellow": "#e9c46f",
        "red": "#f4828a", "purple": "#c8a5f5", "on-accent": "#08201c", "key": "#26515a",
    },
    LIGHT: {
        "back": "#eef1f5", "pane": "#fbfcfd", "raised": "#edf1f6", "cursor": "#d9e6f5",
        "line": "#ccd5e0", "text": "#1c2633", "muted": "#566274", "faint": "#7c8899",
        "accent": "#0a7d70", "blue": "#2257c4", "green": "#22773a", "yellow": "#8f5b00",
        "red": "#bf2c39", "purple": "#7038b8", "on-accent": "#ffffff", "key": "#cbe9e4",
    },
}  # fmt: skip


def _theme(name: str, dark: bool) -> Theme:
    colour = _COLOURS[name]
    return Theme(
        name=name,
        dark=dark,
        primary=colour["accent"],
        secondary=colour["blue"],
        accent=colour["accent"],
        foreground=colour["text"],
        background=colour["back"],
        surface=colour["pane"],
        panel=colour["raised"],
        success=colour["green"],
        warning=colour["yellow"],
        error=colour["red"],
        variables={
            **{f"ivr-{key}": value for key, value in colour.items()},
            "block-cursor-foreground": colour["on-accent"],
            "block-cursor-background": colour["accent"],
            "input-selection-background": colour["cursor"],
            "scrollbar": colour["line"],
            "scrollbar-hover": colour["faint"],
            "scrollbar-active": colour["accent"],
            "scrollbar-background": colour["pane"],
            "scrollbar-background-hover": colour["pane"],
            "scrollbar-background-active": colour["pane"],
            "scrollbar-corner-color": colour["pane"],
            "screen-selection-background": colour["cursor"],
        },
    )


THEMES: Final = (_theme(DARK, True), _theme(LIGHT, False))


class Paint:
    """Styles by name: ``paint["muted"]``, ``paint["bold accent"]``, ``paint["text on raised"]``."""

    def __init__(self, theme: str) -> None:
        self._colours = _COLOURS.get(theme, _COLOURS[DARK])
        self._styles: dict[str, Style] = {"": Style()}

    def __getitem__(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            style = self._styles[name] = self._make(name)
        return style

    def _make(self, name: str) -> Style:
        front, _, back = name.partition(" on ")
        words = front.split()
        colours = [self._colours[word] for word in words if word in self._colours]
        return Style(
            color=colours[0] if colours else None,
            bgcolor=self._colours[back] if back else None,
            bold="bold" in words or None,
            italic="italic" in words or None,
            underline="underline" in words or None,
            reverse="reverse" in words or None,
        )
