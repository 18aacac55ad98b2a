"""The selected record: request beside reply, how long it took, and how it came about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from ivrsim.trace.record import Record
from ivrsim.trace.view_items import WebhookPair
from ivrsim.trace.view_text import one_line_of
from ivrsim.trace.view_words import icon, int_of, size_words, text_of, words
from ivrsim.tui.call.tabs import Tabs
from ivrsim.tui.debug.diff import rows_of_diff
from ivrsim.tui.json_spans import payload_rows, payload_text
from ivrsim.tui.lines import Lines
from ivrsim.tui.messages import TabChosen
from ivrsim.tui.spans import Row, Span, width_of, wrap, wrap_spans
from ivrsim.tui.traces.pairs import Pairs

_BESIDE = 96
"""From this width on request and reply stand side by side."""
WEBHOOK_TABS = ("request", "reply", "timing", "record")
RECORD_TABS = ("record", "timing")


class DetailBody(Lines):
    def __init__(self) -> None:
        super().__init__(id="detail-body")
        self._rows: list[Row] = []

    def show(self, rows: list[Row]) -> None:
        self._rows = rows
        self.set_count(len(rows))

    def row(self, y: int, width: int) -> tuple[Row, str]:
        return self._rows[y], ""


class Detail(Vertical):
    DEFAULT_CSS = """
    Detail DetailBody { height: 1fr; padding: 0 1; background: $ivr-pane; }
    """

    def __init__(self, record: Callable[[int], Record | None], pairs: Pairs) -> None:
        super().__init__(id="detail", classes="pane")
        self.border_title = "detail"
        self._record_of = record
        self._pairs = pairs
        self._over = False
        self._held: tuple[str, str] | None = None
        self.tabs = Tabs(id="detail-tabs")
        self.body = DetailBody()
        self.record: Record | None = None
        self._tab = "request"
        self._shown: object = None

    def compose(self) -> ComposeResult:
        yield self.tabs
        yield self.body

    def on_resize(self) -> None:
        self._shown = None
        self.call_after_refresh(self.lay_out)

    def show(self, record: Record | None) -> None:
        if record is not self.record and record is not None and self._pair(record) is not None:
            is_reply = record.kind != "webhook.request"
            if self._tab in ("request", "reply", "record"):
                self._tab = "reply" if is_reply else "request"
        self.record = record
        self.lay_out()

    def call_is_over(self, over: bool) -> None:
        """What has not come by now will not come; drawn again with what has come since."""
        self._over = over
        self.lay_out()

    def reply_is_held(self, held: tuple[str, str] | None) -> None:
        """A webhook whose reply has come and is not used yet, and what is to be said of it."""
        if held != self._held:
            self._held = held
            self.lay_out()

    def next_tab(self) -> None:
        tabs = self._tabs()
        index = tabs.index(self._tab) if self._tab in tabs else -1
        self._tab = tabs[(index + 1) % len(tabs)]
        self.lay_out()

    @on(TabChosen)
    def _chosen(self, event: TabChosen) -> None:
        event.stop()
        self._tab = event.tab
        self.lay_out()

    def payload(self) -> tuple[str, str] | None:
        """What ``Y`` copies, and what to call it: the payload that is in sight."""
        record = self.record
        if record is None:
            return None
        pair = self._pair(record)
        tab = self._current_tab()
        if pair is not None and tab in ("request", "reply"):
            side = self._record_of((pair.reply if tab == "reply" else pair.request) or 0)
            if side is not None and side.kind != "webhook.failed":
                return payload_text(side.data.get("body")), f"the {tab}"
        return payload_text(record.to_json()), "the record"

    def request(self) -> Record | None:
        """The request of the webhook that is selected."""
        pair = self._pair(self.record) if self.record is not None else None
        return self._record_of(pair.request) if pair is not None and pair.request else None

    # layout

    def _pair(self, record: Record) -> WebhookPair | None:
        return self._pairs.of(record)

    def _tabs(self) -> tuple[str, ...]:
        webhook = self.record is not None and self._pair(self.record) is not None
        return WEBHOOK_TABS if webhook else RECORD_TABS

    def _current_tab(self) -> str:
        tabs = self._tabs()
        return self._tab if self._tab in tabs else tabs[0]

    def lay_out(self) -> None:
        record, width = self.record, self.body.width
        if record is None or width <= 0:
            self.tabs.show((), "")
            if record is None:
                self.body.show([[("Select a record of the trace to see it here.", "faint")]])
            return
        pair = self._pair(record)
        tab = self._current_tab()
        reply_seq = pair.reply if pair else None
        key = (record.seq, tab, width, reply_seq, self._over, self._held)
        if key == self._shown:
            return
        anew = not isinstance(self._shown, tuple) or self._shown[:2] != key[:2]
        self._shown = key
        reply = self._record_of(pair.reply) if pair is not None and pair.reply else None
        request = self._record_of(pair.request) if pair is not None and pair.request else None
        self.tabs.show(self._tabs(), tab, self._note(reply))
        if tab == "timing":
            rows = self._timing(record, request, reply, width)
        elif tab == "record":
            rows = [*_changes(record, width), *payload_rows(record.to_json(), width)]
        elif width >= _BESIDE:
            half = (width - 3) // 2
            rows = _beside(_request(request, half), self._reply(request, reply, half), half, tab)
        else:
            asked = tab == "request"
            rows = _request(request, width) if asked else self._reply(request, reply, width)
        self.body.show(rows)
        if anew:
            self.body.scroll_to(y=0, animate=False, force=True, immediate=True)

    def _reply(self, request: Record | None, reply: Record | None, width: int) -> list[Row]:
        if reply is not None:
            return _reply(reply, width)
        if request is not None and request.data.get("sent") is False:
            return [[("It was not sent: there is no reply.", "faint")]]
        if self._held is not None and request is not None:
            webhook, said = self._held
            if request.data.get("webhook") == webhook:
                return [[(line, "yellow")] for _, line in wrap(said, width)]
        return [[("There was no reply." if self._over else "Waiting for the reply…", "faint")]]

    def _note(self, reply: Record | None) -> Row:
        if reply is None:
            return ()
        if reply.kind == "webhook.failed":
            return ((f"{one_line_of(text_of(reply.data.get('reason')))}", "bold red"),)
        status = int_of(reply.data.get("status"))
        style = "green" if status < 400 else "red"
        elapsed = reply.data.get("elapsed_ms")  # nothing where a log did not say
        took = () if elapsed is None else ((f"  {int_of(elapsed)} ms", "muted"),)
        return ((str(status), f"bold {style}"), *took)

    def _timing(
        self, record: Record, request: Record | None, reply: Record | None, width: int
    ) -> list[Row]:
        rows: list[Row] = []
        if request is not None:
            rows.append(_fact("sent at", f"{request.t / 1000:.3f} s of call time"))
        if reply is not None:
            rows.append(_fact("reply at", f"{reply.t / 1000:.3f} s of call time"))
            elapsed = reply.data.get("elapsed_ms")
            if elapsed is not None:
                rows.append(_fact("elapsed", f"{int_of(elapsed)} ms on the wall"))
        elif request is None:
            rows.append(_fact("at", f"{record.t / 1000:.3f} s of call time"))
        rows += [[], [("how it came about", "bold muted")]]
        chain = [record]
        while chain[-1].cause is not None and len(chain) < 24:
            cause = self._record_of(chain[-1].cause)
            if cause is None or cause.seq >= chain[-1].seq:
                break
            chain.append(cause)
        for link in reversed(chain):
            style = "bold text" if link is record else "muted"
            rows.append(
                [
                    (f"{link.t / 1000:8.2f} ", "faint"),
                    (f"{icon(link.kind)} ", "accent"),
                    (words(link, self._pairs.titles(link)), style),
                ]
            )
        return rows


def _changes(record: Record, width: int) -> list[Row]:
    """What somebody has edited, as a diff."""
    diff = record.data.get("diff")
    if record.kind not in ("request.edited", "reply.edited") or not isinstance(diff, str):
        return []
    return [[("changed by hand", "bold muted")], [], *rows_of_diff(diff, width), []]


def _fact(name: str, value: str, style: str = "text") -> list[Span]:
    return [(f"{name:<10}", "faint"), (value, style)]


def _headers(headers: Any, width: int) -> list[Row]:
    rows: list[Row] = []
    for name, value in headers.items() if isinstance(headers, dict) else ():
        spans: list[Span] = [
            (f"{one_line_of(str(name))}: ", "blue"),
            (one_line_of(str(value), 2000), "text"),
        ]
        rows += wrap_spans(spans, width, 2)
    return rows


def _request(record: Record | None, width: int) -> list[Row]:
    if record is None:
        return [[("The request is not in this trace.", "faint")]]
    data = record.data
    method, url = text_of(data.get("method")), text_of(data.get("url"), "no URL is set")
    rows: list[Row] = [
        *wrap_spans([(f"{method} ", "bold accent"), (one_line_of(url, 4000), "text")], width, 2)
    ]
    if data.get("sent") is False:
        why = text_of(data.get("why_not"), "no URL is set")
        rows.append([(f"not sent: {one_line_of(why)}", "yellow")])
    rows += _headers(data.get("headers"), width)
    if data.get("query"):
        rows += [[], [("query", "bold muted")], *payload_rows(data.get("query"), width)]
    if data.get("body") is not None:
        rows += [[], *payload_rows(data.get("body"), width)]
    return rows


def _reply(record: Record, width: int) -> list[Row]:
    data = record.data
    if record.kind == "webhook.failed":
        said = one_line_of(f"{text_of(data.get('reason'))}: {text_of(data.get('message'))}", 4000)
        return [[(line, "red")] for _, line in wrap(said, width)]
    size = data.get("size")
    body = data.get("body")
    if not isinstance(size, int):
        size = len(body) if isinstance(body, str) else 0
    status = int_of(data.get("status"))
    page = f"  page {one_line_of(text_of(data.get('page')))}" if data.get("page") else ""
    rows: list[Row] = [
        [
            (f"{status} ", f"bold {'green' if status < 400 else 'red'}"),
            (f"{size_words(size)}{page}", "muted"),
        ],
        *_headers(data.get("headers"), width),
        [],
    ]
    if data.get("encoding") == "base64":
        rows.append([("not text: shown as base64", "yellow")])
        return rows + list(wrap_spans([(text_of(body)[:8000], "muted")], width))
    return rows + list(payload_rows(body, width))


def _beside(left: list[Row], right: list[Row], half: int, tab: str) -> list[Row]:
    heading: list[Span] = []
    for name, gap in (("request", half + 3 - len("request")), ("reply", 0)):
        heading += [(name, "bold accent" if name == tab else "bold muted"), (" " * gap, "")]
    rows: list[Row] = [heading]
    for index in range(max(len(left), len(right))):
        first = list(left[index]) if index < len(left) else []
        second = list(right[index]) if index < len(right) else []
        pad = " " * max(0, half - width_of(first))
        rows.append([*first, (pad, ""), (" │ ", "line"), *second])
    return rows
