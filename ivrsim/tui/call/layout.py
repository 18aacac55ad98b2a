"""What of the call screen is shown where, by the size of the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.events import Resize

from ivrsim.tui.call.actions import VIEWS, CallActions
from ivrsim.tui.call.tabs import Tabs

if TYPE_CHECKING:
    from ivrsim.tui.call.document import DocumentPane

SMALL = (110, 30)
"""Below this many columns or lines there is one view at a time."""
ROOMY = 33
"""Below this many lines the keypad makes room for the meters."""
TINY = 52


class CallLayout(CallActions):
    """A base of ``CallScreen``: all panes side by side, or one at a time."""

    document: DocumentPane

    def on_resize(self, event: Resize) -> None:
        self._fit(event.size.width, event.size.height)

    def _fit(self, width: int, height: int) -> None:
        small = width < SMALL[0] or height < SMALL[1]
        self.set_class(small, "-small")
        self.set_class(width < TINY, "-tiny")
        self.phone.compact(small or height < ROOMY)
        self.time_bar.set_class(small or height < ROOMY, "-compact")
        if 0 < height < 44:
            self.document.styles.height = max(6, height // 4) if not small else None
        else:
            self.document.styles.height = None
        self.show_view(self.view_name)

    def show_view(self, name: str) -> None:
        """The view that a small screen shows."""
        self.view_name = name
        for view in VIEWS:
            self.set_class(view == name, f"-{view}")
        self.query_one("#views", Tabs).show(VIEWS, name, ((" V next", "faint"),))
