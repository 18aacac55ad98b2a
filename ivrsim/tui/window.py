"""The base of every window that stands over another screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from rich.console import RenderableType
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen

R = TypeVar("R")

_MOST = 4096
"""Styles remembered: a screen has some hundred."""


class Window(ModalScreen[R]):
    """Dims what is below it, ten times quicker than Textual does: a call below goes on and is
    drawn again and again."""

    def render(self) -> RenderableType:
        made = super().render()
        return _Dimmed(made.screen, made.color) if isinstance(made, BackgroundScreen) else made


class _Dimmed(BackgroundScreen):
    """Mixes each pair of colours once; there are few, and thousands of segments in them."""

    _known: dict[Any, Style | None] = {}

    @classmethod
    def process_segments(cls, segments: Iterable[Segment], color: Color) -> Iterable[Segment]:
        known = cls._known
        for segment in segments:
            text, style, control = segment
            if control:
                yield segment
                continue
            key = (color, _key(style))
            if key not in known:
                if len(known) >= _MOST:
                    known.clear()
                (one,) = super().process_segments([Segment(text, style)], color)
                known[key] = one.style
            yield Segment(text, known[key], control)


def _key(style: Style | None) -> object:
    """What of a style is seen; not what it means to the mouse, which differs in every cell."""
    return style and (
        style.color, style.bgcolor, style.bold, style.dim, style.italic, style.underline,
        style.reverse, style.strike, style.blink, style.overline,
    )  # fmt: skip
