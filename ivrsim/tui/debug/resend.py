"""A webhook sent once more, as it was or edited: the new reply beside the recorded one."""

from __future__ import annotations

from typing import Final

from textual import work
from textual.app import ComposeResult
from textual.events import Resize

from ivrsim.errors import IvrsimError
from ivrsim.runtime.stopping import ReplyDraft, RequestDraft
from ivrsim.trace.record import Record
from ivrsim.trace.view_text import one_line_of
from ivrsim.trace.view_words import int_of, text_of
from ivrsim.tui.debug.diff import rows_of_diff
from ivrsim.tui.debug.editor import Editor
from ivrsim.tui.debug.modal import CLOSE, DebugModal, Hints
from ivrsim.tui.debug.protocol import Draft, Resent, Workshop
from ivrsim.tui.json_spans import payload_rows, payload_text
from ivrsim.tui.keymap import RESEND, bindings
from ivrsim.tui.lines import Lines
from ivrsim.tui.protocol import Placed
from ivrsim.tui.spans import Row, Span, wrap, wrap_spans

_VOLATILE: Final = frozenset({"date", "server", "content-length", "connection", "keep-alive"})
"""Headers of a reply that say nothing about the application."""


class Replies(Lines):
    DEFAULT_CSS = "Replies { height: 1fr; }"

    def __init__(self) -> None:
        super().__init__(id="replies")
        self.rows: list[Row] = []

    def show(self, rows: list[Row]) -> None:
        self.rows = rows
        self.set_count(len(rows))

    def row(self, y: int, width: int) -> tuple[Row, str]:
        return self.rows[y], ""


class ResendScreen(DebugModal[None]):
    COMMANDS_HERE = RESEND
    TITLE_HERE = "send again"
    WIDTH = 118
    BINDINGS = [*bindings(RESEND)]
    DEFAULT_CSS = "ResendScreen #box { height: 100%; max-height: 40; }"

    def __init__(
        self, shop: Workshop, placed: Placed, draft: RequestDraft, reply: Record | None
    ) -> None:
        super().__init__()
        self._shop = shop
        self._placed = placed
        self._draft = draft
        self._reply = reply
        self._edited = False
        self._came: Resent | None = None
        self._problem = ""
        self._sending = False

    def inside(self) -> ComposeResult:
        yield Replies()
        yield Hints(("⏎", "send it", "resend_again"), RESEND[1], CLOSE)

    def on_mount(self) -> None:
        self.query_one(Replies).focus()
        self.lay_out()

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self.lay_out)

    def key_enter(self) -> None:
        self.action_resend_again()

    def action_resend_again(self) -> None:
        if self._draft.secret:
            self._problem = (
                "It holds digits of a secret capture, which are in no trace: edit it first"
            )
            self.lay_out()
        elif not self._sending:
            self._sending = True
            self.lay_out()
            self._send()

    @work(exclusive=True)
    async def _send(self) -> None:
        assert self._shop.resend is not None
        self._problem, self._came = "", None
        try:
            self._came = await self._shop.resend(self._placed, self._draft, self._edited)
        except IvrsimError as error:
            self._problem = str(error)
        finally:
            self._sending = False
        self.lay_out()

    def action_resend_edit(self) -> None:
        assert self._shop.drafts is not None
        self.app.push_screen(
            Editor(
                self._shop.drafts,
                self._draft,
                lambda made, diff: None,
                title=f"request {one_line_of(self._draft.title, 60)}, to be sent again",
            ),
            self._changed,
        )

    def _changed(self, made: Draft | None) -> None:
        if isinstance(made, RequestDraft):
            self._draft = RequestDraft(
                made.webhook, made.title, made.method, made.url, made.headers, made.body
            )
            self._edited = True
            self.action_resend_again()

    def lay_out(self) -> None:
        pane = self.query_one(Replies)
        width = pane.width
        if width <= 0:
            return
        draft = self._draft
        first: list[Span] = [
            (f"{draft.method} ", "bold accent"),
            (one_line_of(draft.url, 2000), "text"),
            ("  edited" if self._edited else "  as it was", "yellow" if self._edited else "faint"),
        ]
        rows: list[Row] = [*wrap_spans(first, width, 2), []]
        if self._problem:
            rows += [[(line, "red")] for _, line in wrap(one_line_of(self._problem), width)]
        elif self._sending:
            rows.append([("Waiting for the reply…", "accent")])
        elif self._came is None:
            said = "Enter sends it. The call takes no notice of the reply."
            rows += [[(line, "muted")] for _, line in wrap(said, width)]
            rows += [[], *payload_rows(draft.body, width)]
        else:
            rows += self._compared(self._came, width)
        pane.show(rows)

    def _compared(self, came: Resent, width: int) -> list[Row]:
        """What has come, and how it differs from what was recorded."""
        drafts = self._shop.drafts
        assert drafts is not None
        if came.status is None:
            said = f"No reply after {came.elapsed_ms} ms: {came.message}"
            return [[(line, "red")] for _, line in wrap(one_line_of(said), width)]
        style = "green" if came.status < 400 else "red"
        rows: list[Row] = [
            [(str(came.status), f"bold {style}"), (f"  {came.elapsed_ms} ms now", "muted")]
        ]
        if self._reply is None or self._reply.kind != "webhook.response":
            rows += [[], [("No reply was recorded to compare it with.", "faint")], []]
            return rows + list(payload_rows(came.body, width))
        data, draft = self._reply.data, self._draft.webhook
        then = ReplyDraft(
            draft, "", int_of(data.get("status")), _steady(data.get("headers")),
            payload_text(text_of(data.get("body"))),
        )  # fmt: skip
        now = ReplyDraft(draft, "", came.status, _steady(came.headers), payload_text(came.body))
        if data.get("elapsed_ms") is not None:
            rows[0] = [*rows[0], (f", {int_of(data['elapsed_ms'])} ms in the call", "faint")]
        diff = drafts.difference(drafts.text(then), drafts.text(now))
        if not diff:
            rows += [[], [("The same reply as in the call.", "green")], []]
            return rows + list(payload_rows(came.body, width))
        rows += [[], [("What differs from the reply in the call:", "bold muted")], []]
        return rows + rows_of_diff(diff, width)


def _steady(headers: object) -> dict[str, str]:
    """The headers that tell something, in an order of their own."""
    if not hasattr(headers, "items"):
        return {}
    named = {str(name).lower(): str(value) for name, value in headers.items()}
    return {name: named[name] for name in sorted(named) if name not in _VOLATILE}
