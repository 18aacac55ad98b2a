"""Who talks to whom, how the call stands, and what the platform is listening for."""

from __future__ import annotations

from ivrsim.trace.view import CallView
from ivrsim.trace.view_items import CaptureState, RecordingState
from ivrsim.trace.view_text import one_line_of
from ivrsim.trace.view_words import clock_words, number_words
from ivrsim.tui.line_widget import LineWidget
from ivrsim.tui.spans import Row, Span, both_ends, cut

STATES = {
    "placing": ("○", "starting", "faint"),
    "ringing": ("◌", "ringing", "yellow"),
    "connected": ("●", "connected", "green"),
    "reaching": ("◌", "reaching", "yellow"),
    "talking": ("●", "talking", "green"),
    "ended": ("■", "ended", "muted"),
    "left": ("↶", "left", "muted"),
}
REC = "● rec"


def state_spans(view: CallView, now_ms: int) -> list[Span]:
    """``● connected  0:42``"""
    sign, word, style = STATES[view.state]
    if view.failed:
        style = "red"
    connected = view.connected_ms(now_ms)
    timer = "" if connected is None else clock_words(connected)
    return (
        [(f"{sign} {word}", style), (f"  {timer}", "text")]
        if timer
        else [(f"{sign} {word}", style)]
    )


def recording_of(view: CallView) -> RecordingState | None:
    """What an action of the platform records now."""
    running = (each for each in view.recordings.values() if each.by is None)
    return next((each for each in running if each.purpose == "record"), None)


class Status(LineWidget):
    DEFAULT_CSS = "Status { height: auto; }"

    def __init__(self, view: CallView) -> None:
        super().__init__()
        self._view = view
        self._now = 0
        self._listen: tuple[int, int] | None = None

    def show(self, view: CallView, now_ms: int) -> None:
        """``now_ms`` is the call's running clock."""
        self._view, self._now = view, now_ms
        due = view.listening_until()
        if due is None:
            self._listen = None
        elif self._listen is None or self._listen[1] != due:
            self._listen = (now_ms, due)
        self.refresh()

    def get_content_height(self, *_: object) -> int:
        return 8 if not self.has_class("-compact") else 7

    def rows(self, width: int) -> list[Row]:
        view = self._view
        outbound = view.direction == "outbound"
        person, other = (view.callee, view.caller) if outbound else (view.caller, view.callee)
        way = "called by" if outbound else "calls"
        number = one_line_of(number_words(other))
        to = f"{way} {number}" if len(way) + len(number) < width else f"→ {number}"
        state = state_spans(view, self._now)
        rows: list[Row] = [
            [(one_line_of(number_words(person)), "bold text")],
            [(cut(to, width), "muted")],
        ]
        if not self.has_class("-compact"):
            rows.append([])
        rows.append(both_ends(state[:1], [(text.strip(), s) for text, s in state[1:]], width))
        recording = recording_of(view)
        if recording is not None:
            time = clock_words(self._now - recording.t)
            rows.append(both_ends([(REC, "red")], [(time, "text")], width))
        rows += self._others(width)
        rows += self._listening(width)
        return rows

    def _others(self, width: int) -> list[Row]:
        rows: list[Row] = []
        for leg in list(self._view.legs.values())[-3:]:
            if leg.role != "caller" and leg.ended_t is None:
                style = "green" if leg.state == "answered" else "yellow"
                words = "talking" if leg.bridged else leg.state
                rows.append([(cut(f"⇄ {one_line_of(number_words(leg.number))}", width), "text")])
                rows.append([(f"  {words}", style)])
        return rows[-2:]

    def _listening(self, width: int) -> list[Row]:
        capture = self._view.capture
        if capture is None:
            return []
        keys = "dtmf" in capture.types or not capture.types
        slots = _slots(capture.digits, capture.max_digits, width) if keys else []
        if not capture.listening:
            return [[(_interrupts(capture, keys), "faint")], slots]
        row: list[Span] = [("listening…", "accent")]
        if self._listen is None:
            return [row, slots]
        start, due = self._listen
        left = max(0, due - self._now)
        share = left / max(1, due - start)
        full = round(width * min(1.0, share))
        bar: list[Span] = [("━" * full, "accent"), ("━" * (width - full), "line")]
        return [both_ends(row, [(f"{left / 1000:.1f} s", "text")], width), bar, slots]


def _interrupts(capture: CaptureState, keys: bool) -> str:
    if not capture.barge_in:
        return "prompt plays"
    if "speech" not in capture.types:
        return "a key interrupts"
    return "you may interrupt" if keys else "speech interrupts"


def _slots(digits: str, high: int | None, width: int) -> list[Span]:
    """The digits taken so far, and dots for those that may come."""
    room = max(1, width - len("digits") - 1)
    taken = one_line_of(digits)[-room:]
    dots = min((high or len(taken)) - len(taken), room - len(taken))
    if not taken and (high is None or high > room):
        return []
    return both_ends([("digits", "faint")], [(taken, "bold text"), ("·" * dots, "faint")], width)
