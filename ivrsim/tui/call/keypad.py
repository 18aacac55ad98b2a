"""The keypad: twelve keys drawn by one widget, pressed by mouse, lit by either."""

from __future__ import annotations

from textual.events import MouseDown

from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.messages import KeypadPressed
from ivrsim.tui.spans import Row, Span, centred

_KEYS = ("123", "456", "789", "*0#")
_LIT_S = 0.18


class Keypad(LineWidget):
    """``-compact`` keys are one line high, the others three."""

    DEFAULT_CSS = """
    Keypad { height: 12; }
    Keypad.-compact { height: 4; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._lit: dict[str, int] = {}
        self._held: str | None = None

    def hold(self, digit: str | None) -> None:
        """Light the key for as long as its tone is heard; None: no key."""
        if digit != self._held:
            self._held = digit
            self.refresh()

    def flash(self, digit: str) -> None:
        """Light the key for a moment."""
        self._lit[digit] = self._lit.get(digit, 0) + 1
        self.refresh()
        self.set_timer(_LIT_S, lambda: self._dim(digit))

    def _dim(self, digit: str) -> None:
        self._lit[digit] -= 1
        if not self._lit[digit]:
            del self._lit[digit]
            self.refresh()

    def _is_lit(self, digit: str) -> bool:
        return digit in self._lit or digit == self._held

    def rows(self, width: int) -> list[Row]:
        if self.has_class("-compact"):
            return [centred(self._flat(keys), width) for keys in _KEYS]
        rows: list[Row] = []
        for keys in _KEYS:
            rows += [centred(row, width) for row in self._boxes(keys)]
        return rows

    def _flat(self, keys: str) -> list[Span]:
        row: list[Span] = []
        for digit in keys:
            lit = self._is_lit(digit)
            face = "bold on-accent on accent" if lit else "bold text on raised"
            row.append((f"  {digit}  ", face))
            row.append((" ", ""))
        return row[:-1]

    def _boxes(self, keys: str) -> list[list[Span]]:
        top: list[Span] = []
        middle: list[Span] = []
        bottom: list[Span] = []
        for digit in keys:
            lit = self._is_lit(digit)
            edge = "accent" if lit else "line"
            top.append(("╭─────╮", edge))
            face = "bold on-accent on accent" if lit else "bold text"
            middle += [("│", edge), (f"  {digit}  ", face), ("│", edge)]
            bottom.append(("╰─────╯", edge))
        return [top, middle, bottom]

    def on_mouse_down(self, event: MouseDown) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        event.stop()
        compact = self.has_class("-compact")
        key_width, gap, height = (5, 1, 1) if compact else (7, 0, 3)
        left = max(0, (self.size.width - 3 * key_width - 2 * gap) // 2)
        column, line = divmod(offset.x - left, key_width + gap)[0], offset.y // height
        if 0 <= column < 3 and 0 <= line < 4:
            self.post_message(KeypadPressed(_KEYS[line][column]))
