"""Intercept: a request before it goes out, or a reply before it is used, is changed by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.events import Resize
from textual.widgets import TextArea

from ivrsim.errors import IvrsimError
from ivrsim.runtime.stopping import ReplyDraft, RequestDraft
from ivrsim.trace.view_text import one_line_of
from ivrsim.tui.debug.diff import rows_of_diff
from ivrsim.tui.debug.draft_area import DraftArea
from ivrsim.tui.debug.modal import DebugModal, Hints
from ivrsim.tui.debug.outside import edit_outside
from ivrsim.tui.debug.protocol import Draft, Drafts
from ivrsim.tui.keymap import EDITOR, bindings
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.lines import Lines
from ivrsim.tui.spans import Row, wrap

_REMARKS = 3
_LEAVE = ("Esc", "leave it", "close")


class Verdict(LineWidget):
    """Whether what is written can be used, and what the platform would say of it."""

    DEFAULT_CSS = "Verdict { height: 3; margin: 1 0 0 0; }"

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[tuple[str, str]] = []

    def show(self, lines: list[tuple[str, str]]) -> None:
        """``lines`` are texts with their style."""
        self._lines = lines
        self.refresh()

    def rows(self, width: int) -> list[Row]:
        rows: list[Row] = []
        for text, style in self._lines:
            rows += [[(line, style)] for _, line in wrap(one_line_of(text), width)]
        if len(rows) > _REMARKS:
            rows = [*rows[: _REMARKS - 1], [(f"… {len(rows) - _REMARKS + 1} more lines", "faint")]]
        return rows


class Changes(Lines):
    """What has been changed, as a diff."""

    DEFAULT_CSS = """
    Changes { height: 1fr; background: $ivr-raised; padding: 0 1; display: none; }
    """

    def __init__(self) -> None:
        super().__init__(id="changes")
        self._diff = ""
        self._rows: list[Row] = []

    def show(self, diff: str) -> None:
        self._diff = diff
        self.on_resize()

    def on_resize(self) -> None:
        self._rows = rows_of_diff(self._diff, max(10, self.width))
        self.set_count(len(self._rows))

    def row(self, y: int, width: int) -> tuple[Row, str]:
        return self._rows[y], ""


class Editor(DebugModal[Draft]):
    """Closes with the changed draft; None when it was left. ``use`` refuses by IvrsimError."""

    COMMANDS_HERE = EDITOR
    WIDTH = 118
    BINDINGS = [*bindings(EDITOR)]
    DEFAULT_CSS = """
    Editor #box { height: 100%; padding: 0 1; }
    Editor.-changes DraftArea { display: none; }
    Editor.-changes Changes { display: block; }
    """

    def __init__(
        self,
        drafts: Drafts,
        draft: Draft,
        use: Callable[[Draft, str], None],
        *,
        platform: str = "",
        settings: Mapping[str, str] | None = None,
        title: str = "",
    ) -> None:
        super().__init__()
        self._drafts = drafts
        self._draft = draft
        self._use = use
        self._platform = platform
        self._settings = settings or {}
        self._was = drafts.text(draft)
        self._made: Draft | None = None
        self._leaving = ""
        self._title = title or _title(draft)

    def inside(self) -> ComposeResult:
        yield DraftArea(self._was)
        yield Changes()
        yield Verdict()
        yield Hints(*EDITOR, _LEAVE)

    def on_mount(self) -> None:
        self.query_one("#box").border_title = self._title
        self.query_one(DraftArea).focus()
        self._judge()

    def _fit(self, height: int) -> None:
        box = self.query_one("#box")
        box.styles.max_height = 40

    def on_resize(self, event: Resize) -> None:
        self._fit(event.size.height)

    @property
    def text(self) -> str:
        return self.query_one(DraftArea).text

    @on(TextArea.Changed)
    def _judge(self) -> None:
        """Say what is wrong, or what the platform would say."""
        lines: list[tuple[str, str]] = []
        try:
            self._made = self._drafts.parse(self.text, self._draft)
        except IvrsimError as error:
            self._made = None
            self.query_one(Verdict).show([(str(error), "red")])
            return
        if isinstance(self._draft, ReplyDraft) and self._draft.failure is not None:
            lines.append((f"no reply came: {self._draft.failure}", "yellow"))
        for remark in self._drafts.remarks(self._platform, self._made, self._settings):
            style = "red" if remark.startswith("error") else "yellow"
            lines.append((remark, style if not remark.startswith("info") else "muted"))
        if not lines:
            lines.append(("It can be used as it is.", "green"))
        self.query_one(Verdict).show(lines)

    def action_editor_accept(self) -> None:
        if self._made is None:
            self.say("It cannot be used yet: see the line below", "error")
            return
        diff = self._drafts.difference(self._was, self._drafts.text(self._made))
        if not diff:
            self.say("Nothing was changed")
            self.dismiss()
            return
        try:
            self._use(self._made, diff)
        except IvrsimError as error:
            self.query_one(Verdict).show([(str(error), "red")])
        else:
            self.dismiss(self._made)

    def action_editor_changes(self) -> None:
        shown = not self.has_class("-changes")
        if shown:
            self.query_one(Changes).show(self._drafts.difference(self._was, self.text))
        self.set_class(shown, "-changes")
        self.set_focus(self.query_one(Changes if shown else DraftArea))

    def action_editor_reset(self) -> None:
        self.query_one(DraftArea).load_text(self._was)

    def action_close(self) -> None:
        """What has been written is not lost by one key."""
        if self.has_class("-changes"):
            self.action_editor_changes()
        elif self.text != self._was and self._leaving != self.text:
            self._leaving = self.text
            self.query_one(Verdict).show([("It is changed: Esc once more leaves it.", "yellow")])
        else:
            self.dismiss()

    def action_editor_outside(self) -> None:
        try:
            text = edit_outside(self._suspender(), self.text)
        except IvrsimError as error:
            self.query_one(Verdict).show([(str(error), "red")])
            return
        self.query_one(DraftArea).load_text(text)
        self.app.refresh()

    def _suspender(self) -> Any:
        return self.app

    def action_press(self, digit: str) -> None:
        """A digit that is typed here is text."""


def _title(draft: Draft) -> str:
    title = one_line_of(draft.title, 60)
    if isinstance(draft, RequestDraft):
        return f"request {title}, before it goes out"
    return f"reply to {title}, before it is used"
