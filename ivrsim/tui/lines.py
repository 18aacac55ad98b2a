"""The base of every list: a widget of any length that draws only the lines that are seen."""

from __future__ import annotations

from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from ivrsim.tui.spans import Row, strip_of, text_of_row
from ivrsim.tui.themes import Paint


class Lines(ScrollView, can_focus=True):
    """Subclasses say how many lines there are, and what stands in one of them.

    While ``follow`` is on, the end stays in sight; scrolling up turns it off, reaching the end
    turns it on again.
    """

    FOLLOWS = False

    DEFAULT_CSS = """
    Lines { overflow-x: hidden; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self.follow = self.FOLLOWS
        self._count = 0

    def row(self, y: int, width: int) -> tuple[Row, str]:
        """The spans of line ``y``, and the style that fills the rest of it."""
        raise NotImplementedError

    @property
    def width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def paint(self) -> Paint:
        return paint_of(self)

    def set_count(self, count: int) -> None:
        """There are ``count`` lines now; what is seen is drawn again."""
        if count != self._count:
            self._count = count
            self.virtual_size = Size(0, count)
            if self.follow:
                self.to_end()
        self.refresh()

    def on_resize(self) -> None:
        # Textual calls this after the handler of a subclass, when its lines are laid out.
        if self.follow:
            self.to_end()

    def to_end(self) -> None:
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True, immediate=True)

    def show_line(self, y: int) -> None:
        """Scroll no further than needed to bring line ``y`` into sight."""
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        if y < top:
            self.scroll_to(y=y, animate=False, force=True, immediate=True)
        elif y >= top + height:
            self.scroll_to(y=y - height + 1, animate=False, force=True, immediate=True)

    def render_line(self, y: int) -> Strip:
        width = self.width
        line = y + self.scroll_offset.y
        if line >= self._count:
            return Strip.blank(width, self.rich_style)
        row, fill = self.row(line, width)
        strip = strip_of(row, self.paint, width, fill).apply_style(self.rich_style)
        selection = self.text_selection
        span = selection.get_span(line) if selection is not None else None
        if span is not None:
            start, end = span
            end = width if end == -1 else end
            style = self.paint["on cursor"]
            left, middle, right = strip.divide([start, max(start, end), width])
            marked = Segment.apply_style(iter(middle), None, style)
            strip = Strip.join([left, Strip(marked, middle.cell_length), right])
        return strip.apply_offsets(0, line)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        rows = (text_of_row(self.row(y, self.width)[0]).rstrip() for y in range(self._count))
        return selection.extract("\n".join(rows)), "\n"

    # Where the person has scrolled to decides whether the end is followed.

    def _person_scrolled(self) -> None:
        self.follow = self.FOLLOWS and self.scroll_target_y >= self.max_scroll_y

    def action_scroll_up(self) -> None:
        super().action_scroll_up()
        self._person_scrolled()

    def action_scroll_down(self) -> None:
        super().action_scroll_down()
        self._person_scrolled()

    def action_page_up(self) -> None:
        super().action_page_up()
        self._person_scrolled()

    def action_page_down(self) -> None:
        super().action_page_down()
        self._person_scrolled()

    def action_scroll_home(self) -> None:
        super().action_scroll_home()
        self.follow = False

    def action_scroll_end(self) -> None:
        super().action_scroll_end()
        self.follow = self.FOLLOWS

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        # The wheel and the scroll bar have no action of their own to listen to.
        if new_value < old_value and new_value < self.max_scroll_y:
            self.follow = False
        elif new_value >= self.max_scroll_y:
            self.follow = self.FOLLOWS


def paint_of(widget: object) -> Paint:
    """The styles of the theme that is on."""
    app = getattr(widget, "app")  # noqa: B009 - any widget, or the application itself
    paint: Paint = app.paint
    return paint
