"""A call as bars over its time: who is on the line, what sounds, what is listened for, which
webhooks are under way, and where there is silence.

Pure data, folded over records as a view is; whoever draws it decides how wide a second is.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ivrsim.trace.dead_air import DeadAir
from ivrsim.trace.record import Record
from ivrsim.trace.view import CallView
from ivrsim.trace.view_items import (
    Awaited,
    CaptureState,
    LegState,
    PromptItem,
    RecordingState,
    Tone,
)
from ivrsim.trace.view_words import int_of, number_words, text_of, words

if TYPE_CHECKING:
    from ivrsim.trace.timeline import Timeline

LANES: Final = ("legs", "prompts", "captures", "dead air", "webhooks", "recordings")
"""The lanes, in the order in which they stand below each other."""


@dataclass(slots=True)
class Bar:
    """Something that lasted from ``start_ms`` to ``end_ms`` (call time; None: it still does).

    ``seq`` is the record that began it, ``end_seq`` the one that ended it; ``lane`` is one of
    ``LANES``. In virtual time a webhook takes no call time: ``elapsed_ms`` is what it took on the
    wall, where that is known.
    """

    seq: int
    lane: str
    label: str
    start_ms: int
    end_ms: int | None = None
    tone: Tone = "quiet"
    detail: str = ""
    elapsed_ms: int | None = None
    end_seq: int | None = None

    def at(self, seq: int) -> bool:
        """Whether it had begun and was not over at record ``seq``."""
        return self.seq <= seq and (self.end_seq is None or self.end_seq >= seq)


class Waterfall:
    """Bars, folded over records one at a time.

    With the ``view`` at some record it goes on from there, beginning with what was under way.
    The view is its own from then on. ``keep`` bounds how many bars it has that are over.
    """

    def __init__(self, view: CallView | None = None, keep: int | None = None) -> None:
        self.view = CallView(keep=keep) if view is None else view
        self._keep = keep
        self._bars: list[Bar] = []
        self._open: dict[tuple[str, str], Bar] = {}
        if view is not None and view.state not in ("ended", "left"):
            self._take_up(view)

    def bars(self) -> list[Bar]:
        """All bars in the order in which they began; among them the silence of this moment."""
        view, bars = self.view, list(self._bars)
        if view.silent_since is not None and view.silent_after is not None:
            _put(bars, Bar(view.silent_after, "dead air", "silence", view.silent_since))
        return bars

    def apply(self, record: Record) -> None:
        """Take one record in."""
        view = self.view
        view.apply(record)
        if view.dead_air and view.dead_air[-1].until_seq == record.seq:
            self._silence(view.dead_air[-1])
        fold = _FOLDS.get(record.kind)
        if fold is not None:
            fold(self, record)
        if self._keep is not None and len(self._bars) > 2 * self._keep + len(self._open):
            self._forget(self._keep)

    def _take_up(self, view: CallView) -> None:
        for leg in view.legs.values():
            if leg.ended_t is None:
                self._leg_bar(leg)
        for prompt in view.prompts.values():
            if prompt.state == "playing":
                self._prompt_bar(prompt)
        if view.capture is not None:
            self._capture_bar(view.capture)
        for recording in view.recordings.values():
            if recording.by is None:
                self._recording_bar(recording)
        for webhook in view.awaiting:
            self._webhook_bar(webhook)
        self._bars.sort(key=_seq)

    def _forget(self, keep: int) -> None:
        running = {id(bar) for bar in self._open.values()}
        over = sum(id(bar) not in running for bar in self._bars) - keep
        kept = []
        for bar in self._bars:
            if over > 0 and id(bar) not in running:
                over -= 1
            else:
                kept.append(bar)
        self._bars = kept

    def _begin(self, name: str, bar: Bar) -> Bar:
        self._open[bar.lane, name] = bar
        _put(self._bars, bar)
        return bar

    def _end(
        self, lane: str, name: str, record: Record, tone: Tone | None = None, detail: str = ""
    ) -> Bar | None:
        bar = self._open.pop((lane, name), None)
        if bar is None:
            return None
        bar.end_ms, bar.end_seq = record.t, record.seq
        if tone is not None:
            bar.tone = tone
        bar.detail = ", ".join(part for part in (bar.detail, detail) if part)
        return bar

    def _moment(self, record: Record, lane: str, label: str, tone: Tone, detail: str) -> Bar:
        """A bar without length, for what has no beginning of its own."""
        bar = Bar(record.seq, lane, label, record.t, record.t, tone, detail, end_seq=record.seq)
        _put(self._bars, bar)
        return bar

    # legs

    def _leg_bar(self, leg: LegState) -> Bar:
        bar = Bar(leg.seq, "legs", number_words(leg.number) or leg.role, leg.t)
        if leg.answered_t is not None:
            _answered(bar, leg)
        return self._begin(leg.leg, bar)

    def _leg_began(self, record: Record) -> None:
        leg = self.view.legs.get(record.leg or "")
        if leg is not None:
            self._end("legs", leg.leg, record)  # a trace may tell of the same one twice
            self._leg_bar(leg)

    def _leg_answered(self, record: Record) -> None:
        leg = self.view.legs.get(record.leg or "")
        bar = self._open.get(("legs", record.leg or ""))
        if leg is not None and bar is not None:
            _answered(bar, leg)

    def _leg_ended(self, record: Record) -> None:
        outcome = text_of(record.data.get("outcome"))
        tone: Tone | None = None if outcome in ("completed", "") else "warn"
        self._end("legs", record.leg or "", record, tone, outcome)

    # prompts and captures

    def _prompt_bar(self, item: PromptItem) -> None:
        label = item.text or item.url or item.purpose
        self._begin(item.prompt, Bar(item.seq, "prompts", label, item.t))

    def _prompt_began(self, record: Record) -> None:
        item = self.view.prompts.get(text_of(record.data.get("prompt")))
        if item is not None and item.seq == record.seq:
            self._end("prompts", item.prompt, record)
            self._prompt_bar(item)

    def _prompt_over(self, record: Record) -> None:
        data = record.data
        if data.get("ignored"):
            return
        detail = "" if record.kind == "prompt.finished" else words(record)
        if data.get("skipped"):
            detail = "skipped"
        name, failed = text_of(data.get("prompt")), record.kind == "prompt.failed"
        bar = self._end("prompts", name, record, "error" if failed else None, detail)
        if bar is None and failed:
            what = text_of(data.get("text")) or text_of(data.get("url")) or "prompt"
            self._moment(record, "prompts", what, "error", detail)

    def _capture_bar(self, capture: CaptureState) -> None:
        self._begin(capture.capture, Bar(capture.seq, "captures", _asks(capture), capture.t))

    def _capture_began(self, record: Record) -> None:
        capture = self.view.capture
        if capture is not None:
            self._end("captures", capture.capture, record)
            self._capture_bar(capture)

    def _capture_over(self, record: Record) -> None:
        data = record.data
        took = data.get("digits") or data.get("text")
        tone: Tone = "good" if took and data.get("valid", True) else "warn"
        self._end("captures", text_of(data.get("capture")), record, tone, words(record))

    def _silence(self, air: DeadAir) -> None:
        loud: Tone = "warn" if air.ms > self.view.dead_air_ms else "quiet"
        _put(
            self._bars,
            Bar(
                air.seq, "dead air", "silence", air.t, air.t + air.ms, loud, air.in_words(),
                end_seq=air.until_seq,
            ),
        )  # fmt: skip

    # webhooks

    def _webhook_bar(self, sent: Awaited) -> None:
        self._begin(sent.webhook, Bar(sent.seq, "webhooks", sent.title, sent.sent_t))

    def _webhook_began(self, record: Record) -> None:
        name = text_of(record.data.get("webhook"), f"#{record.seq}")
        sent = self.view.open_webhooks.get(name)
        if sent is not None and sent.seq == record.seq:
            self._end("webhooks", name, record)
            self._webhook_bar(sent)

    def _webhook_over(self, record: Record) -> None:
        data = record.data
        elapsed = data.get("elapsed_ms")
        if record.kind == "webhook.failed":
            tone: Tone = "error"
            detail = f"{text_of(data.get('reason'))}: {text_of(data.get('message'))}"
        else:
            status = int_of(data.get("status"), 200)
            tone, detail = "error" if status >= 400 else "good", text_of(data.get("status"))
            if data.get("edited"):
                tone, detail = "warn", f"{detail}, changed by hand"
        if elapsed is not None:
            detail = f"{detail} in {int_of(elapsed)} ms"
        bar = self._end("webhooks", text_of(data.get("webhook")), record, tone, detail)
        if bar is not None and elapsed is not None:
            bar.elapsed_ms = int_of(elapsed)

    def _webhook_again(self, record: Record) -> None:
        """Sent again by hand, or delivered twice: the record is written when it is over."""
        data = record.data
        tone: Tone = "quiet" if data.get("status") is not None else "error"
        name = text_of(data.get("webhook"))
        label = self.view.titles.get(name) or name
        bar = self._moment(record, "webhooks", label, tone, words(record, self.view.titles))
        if data.get("elapsed_ms") is not None:
            bar.elapsed_ms = int_of(data.get("elapsed_ms"))

    def _fault(self, record: Record) -> None:
        webhook = record.data.get("webhook")
        lane, name = ("legs", record.leg or "") if webhook is None else ("webhooks", webhook)
        bar = self._open.get((lane, text_of(name)))
        if bar is not None:
            bar.tone = "warn"
            bar.detail = f"on purpose: {text_of(record.data.get('fault'))}"

    # recordings, and the end

    def _recording_bar(self, state: RecordingState) -> None:
        what = "audio of speech" if state.purpose == "speech" else "recording"
        label = f"{what}, {state.format}" if state.format else what
        self._begin(state.recording, Bar(state.seq, "recordings", label, state.t))

    def _recording_began(self, record: Record) -> None:
        name = text_of(record.data.get("recording"), f"#{record.seq}")
        self._end("recordings", name, record)
        self._recording_bar(self.view.recordings[name])

    def _recording_over(self, record: Record) -> None:
        self._end(
            "recordings", text_of(record.data.get("recording")), record, "good", words(record)
        )

    def _over(self, record: Record) -> None:
        for lane, name in list(self._open):
            awaited = lane == "webhooks"
            detail = "no reply before the end" if awaited else ""
            self._end(lane, name, record, "warn" if awaited else None, detail)


def bars(timeline: Timeline, around_seq: int, reach: int = 600, limit: int = 400) -> list[Bar]:
    """The bars near record ``around_seq``: of up to ``reach`` records before and after it.

    At most ``limit``: those that it falls into first, then the nearest. What began earlier and
    was under way at the edge is among them, whole; what is over only beyond the other edge has no
    end.
    """
    start = max(0, min(around_seq, len(timeline.source)) - reach)
    stop = max(start, min(around_seq + reach, len(timeline.source)))
    view = timeline.view_at(start)
    fall = Waterfall(view)
    if view.last_seq == start:  # else the trace is damaged before that
        for record in timeline.source.records(start, stop):
            fall.apply(record)
    found = fall.bars()
    if len(found) > limit:
        found.sort(key=lambda bar: (not bar.at(around_seq), abs(bar.seq - around_seq)))
        found = sorted(found[: max(0, limit)], key=_seq)
    return found


def _answered(bar: Bar, leg: LegState) -> None:
    bar.tone = "good"
    waited = (leg.answered_t or 0) - leg.t
    bar.detail = f"answered after {waited / 1000:.1f} s" if waited > 0 else "answered"


def _asks(capture: CaptureState) -> str:
    """What a capture takes: ``1 digit``, ``up to 4 digits or words``, ``words``."""
    high = capture.max_digits
    keys = "digits" if high is None else "1 digit" if high == 1 else f"up to {high} digits"
    if "speech" not in capture.types:
        return keys
    return f"{keys} or words" if "dtmf" in capture.types else "words"


def _seq(bar: Bar) -> int:
    return bar.seq


def _put(bars: list[Bar], bar: Bar) -> None:
    insort(bars, bar, key=_seq)


_FOLDS: Final[Mapping[str, Callable[[Waterfall, Record], None]]] = {
    "leg.created": Waterfall._leg_began,
    "leg.answered": Waterfall._leg_answered,
    "leg.ended": Waterfall._leg_ended,
    "prompt.started": Waterfall._prompt_began,
    "prompt.finished": Waterfall._prompt_over,
    "prompt.interrupted": Waterfall._prompt_over,
    "prompt.failed": Waterfall._prompt_over,
    "capture.opened": Waterfall._capture_began,
    "capture.closed": Waterfall._capture_over,
    "webhook.request": Waterfall._webhook_began,
    "webhook.response": Waterfall._webhook_over,
    "webhook.failed": Waterfall._webhook_over,
    "webhook.resent": Waterfall._webhook_again,
    "duplicate.response": Waterfall._webhook_again,
    "fault.injected": Waterfall._fault,
    "recording.started": Waterfall._recording_began,
    "recording.stopped": Waterfall._recording_over,
    "call.ended": Waterfall._over,
    "call.left": Waterfall._over,
}
