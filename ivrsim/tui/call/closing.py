"""The last lines of a conversation: how the call ended and what can be done now."""

from __future__ import annotations

from ivrsim.trace.view import CallView
from ivrsim.trace.view_text import one_line_of
from ivrsim.trace.view_words import clock_words
from ivrsim.tui.spans import Row, Span, width_of, wrap


def closing_rows(view: CallView, crashed: str | None, width: int) -> list[Row]:
    """Nothing while the call goes on; ``crashed`` says why ivrsim could not go on."""
    if crashed is not None:
        return [
            [("─── ivrsim could not go on ───", "red")],
            *_lines(one_line_of(crashed, 1000), "text", width),
            [("R", "bold accent"), (" call again", "muted")],
        ]
    if not view.ended:
        return []
    by = f" by {view.ended_by}" if view.ended_by else ""
    style = "red" if view.failed else "text"
    duration = clock_words(view.connected_ms(view.last_t) or 0)
    parts = [
        _count(view.key_presses, "key"),
        _count(view.webhooks_sent, "webhook"),
        _count(view.severities["warning"], "warning"),
    ]
    rows: list[Row] = [
        [("───────  ", "line"), ("call ended", "bold text"), ("  ───────", "line")],
        [(one_line_of(f"{view.status}{by}"), style)],
    ]
    if view.why:
        rows += _lines(one_line_of(view.why, 1000), style, width)
    if view.severities["error"]:
        parts.append(_count(view.severities["error"], "error"))
    facts: list[Row] = [[(part, "muted")] for part in (f"{duration} connected", *parts)]
    keys: list[Row] = [
        [("R", "bold accent"), (" call again", "muted")],
        [("L", "bold accent"), (" copy as command", "muted")],
        [("Esc", "bold accent"), (" back", "muted")],
    ]
    return [*rows, *_flow(facts, " · ", width), [], *_flow(keys, "   ", width)]


def _lines(text: str, style: str, width: int) -> list[Row]:
    return [[(line, style)] for _, line in wrap(text, max(10, width - 6))]


def _flow(parts: list[Row], between: str, width: int) -> list[Row]:
    """``parts`` on as few lines as they fit on."""
    rows: list[list[Span]] = [[]]
    for part in parts:
        if rows[-1] and width_of(rows[-1]) + len(between) + width_of(part) > width - 2:
            rows.append([])
        elif rows[-1]:
            rows[-1].append((between, "faint"))
        rows[-1] += part
    return list(rows)


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
