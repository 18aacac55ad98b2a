"""What the highlighted sample shows, and which keys to try."""

from __future__ import annotations

from ivrsim.trace.view_text import one_line_of
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.protocol import Entry
from ivrsim.tui.spans import Row, wrap


class Card(LineWidget):
    DEFAULT_CSS = """
    Card {
        border: round $ivr-line; border-title-color: $ivr-muted; background: $ivr-pane;
        padding: 1 2;
    }
    """

    entry: Entry | None = None

    def show(self, entry: Entry | None) -> None:
        self.entry = entry
        self.refresh()

    def rows(self, width: int) -> list[Row]:
        entry = self.entry
        if entry is None:
            return []
        rows: list[Row] = [[(one_line_of(entry.title), "bold text")]]
        platform = {"8x8": "8x8 Voice API", "vonage": "Vonage Voice API"}.get(entry.platform)
        if platform:
            rows.append([(platform, "accent")])
        rows.append([])
        for paragraph in filter(None, (one_line_of(entry.about, 2000),)):
            rows += [[(line, "text")] for _, line in wrap(paragraph, width)]
            rows.append([])
        if entry.keys:
            rows.append([("Keys to try", "bold muted")])
            rows += [[(line, "text")] for _, line in wrap(one_line_of(entry.keys, 2000), width)]
            rows.append([])
        if entry.path or entry.trace:
            rows.append([("File", "bold muted")])
            rows += [
                [(line, "muted")]
                for _, line in wrap(one_line_of(entry.path or entry.trace, 1000), width)
            ]
            rows.append([])
        rows.append([("⏎", "bold accent"), (" open it" if entry.trace else " call it", "muted")])
        return rows
