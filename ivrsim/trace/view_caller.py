"""Folds of what the caller hears, presses and says, and of what is recorded of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from ivrsim.trace.record import Record
from ivrsim.trace.view_items import (
    CaptureState,
    KeysItem,
    PromptItem,
    RecordingState,
    SpeechItem,
)
from ivrsim.trace.view_words import (
    IGNORED,
    int_of,
    number_words,
    seconds_words,
    size_words,
    stopped_by,
    text_of,
)

if TYPE_CHECKING:
    from ivrsim.trace.view import CallView

_DIGITS: Final = 120
"""So many stand together, and are kept of what a capture has taken."""

# ------------------------------------------------------------------ prompts


def _prompt_started(view: CallView, record: Record) -> None:
    data = record.data
    if data.get("ignored"):
        return  # it was stopped before it began
    name = text_of(data.get("prompt"), f"#{record.seq}")
    duration, text, url = data.get("duration_ms"), data.get("text"), data.get("url")
    item = PromptItem(
        record.seq, record.t, name,
        None if text is None else text_of(text),
        None if url is None else text_of(url),
        None if duration is None else int_of(duration),
        int_of(data.get("loop"), 1), text_of(data.get("purpose"), "prompt"),
    )  # fmt: skip
    view.prompts[name] = view.prompt = item
    if item.purpose not in ("ringback", "beep"):
        view.items.append(item)


def end_prompt(
    view: CallView, item: PromptItem | None, record: Record, state: str, remark: str | None
) -> None:
    """``item``, if there is one, sounds no more."""
    if item is None:
        return
    item.state, item.remark, item.ended_t = state, remark, record.t
    item.version += 1
    if view.prompt is item:
        view.prompt = None


def _prompt_of(view: CallView, record: Record) -> PromptItem | None:
    if record.data.get("ignored"):
        return None  # it had ended before
    return view.prompts.get(text_of(record.data.get("prompt")))


def _prompt_finished(view: CallView, record: Record) -> None:
    state = "skipped" if record.data.get("skipped") else "finished"
    end_prompt(view, _prompt_of(view, record), record, state, None)


def _prompt_interrupted(view: CallView, record: Record) -> None:
    by = text_of(record.data.get("by"))
    end_prompt(view, _prompt_of(view, record), record, "interrupted", by or None)


def _prompt_failed(view: CallView, record: Record) -> None:
    message = text_of(record.data.get("message")) or text_of(record.data.get("reason"))
    end_prompt(view, _prompt_of(view, record), record, "failed", message)
    view.say(record, f"This prompt cannot be played: {message}", "error")


# ------------------------------------------------------------------ captures and keys


def _capture_opened(view: CallView, record: Record) -> None:
    data = record.data
    high, types, terminator = data.get("max_digits"), data.get("types"), data.get("terminator")
    capture = CaptureState(
        text_of(data.get("capture"), f"#{record.seq}"),
        record.seq,
        int_of(data.get("try"), 1),
        int_of(data.get("tries"), 1),
        None if high is None else int_of(high),
        None if terminator is None else text_of(terminator),
        [text_of(kind) for kind in types] if isinstance(types, list) else [],
        bool(data.get("secret")),
        bool(data.get("barge_in")),
        t=record.t,
    )
    view.capture = capture
    view.script.opened(record.seq, capture.capture, capture.secret)


def _capture_listening(view: CallView, record: Record) -> None:
    name = text_of(record.data.get("capture"))
    if view.capture is not None and view.capture.capture == name:
        view.capture.listening = True
    view.script.listening(name)


def _capture_closed(view: CallView, record: Record) -> None:
    data = record.data
    name = text_of(data.get("capture"))
    types: list[str] = []
    if view.capture is not None and view.capture.capture == name:
        types, view.capture = view.capture.types, None
    ended_by = text_of(data.get("ended_by"))
    if ended_by == "start_timeout":
        pressed = " or pressed" if "dtmf" in types else ""
        view.say(record, f"Nothing was said{pressed}")
    elif ended_by in ("end_on_silence", "max_duration") and not data.get("text"):
        view.say(record, "No words were recognised", "warn")
    elif data.get("timed_out") is True and not data.get("digits"):
        view.say(record, "No key was pressed")
    view.script.closed(record.seq, name)


def _digit(view: CallView, record: Record) -> None:
    data = record.data
    digit, source = text_of(data.get("digit")), text_of(data.get("source"), "keypad")
    ignored = text_of(data.get("ignored")) or None
    taker = data.get("capture") or data.get("recording")
    name = text_of(taker) if taker else None
    view.key_presses += 1
    if ignored is None and name is not None:
        view.script.digit(record.seq, name, digit)
        if view.capture is not None and view.capture.capture == name:
            view.capture.digits = (view.capture.digits + digit)[-_DIGITS:]
    last = view.items[-1] if view.items else None
    why = None if ignored is None else IGNORED.get(ignored, ignored)
    joins = isinstance(last, KeysItem) and (last.capture, last.ignored) == (name, why)
    if isinstance(last, KeysItem) and joins and len(last.digits) < _DIGITS:
        last.digits += digit
        last.version += 1
    else:
        view.items.append(KeysItem(record.seq, record.t, digit, name, why, source))


# ------------------------------------------------------------------ speech


def _speech_started(view: CallView, record: Record) -> None:
    """Somebody begins to speak; where it is typed, the words are known already."""
    data = record.data
    text, ignored = data.get("text"), text_of(data.get("ignored")) or None
    listener = _listener(view, record)
    if text is None and (ignored is not None or listener is None):
        return  # a voice near the microphone that nobody asked for
    source = text_of(data.get("source"), "microphone")
    item = SpeechItem(record.seq, record.t, None, text_of(text, "…"), source)
    item.ignored = None if ignored is None else IGNORED.get(ignored, ignored)
    view.items.append(item)
    view.speaking[source] = item
    if text is not None and ignored is None:
        view.script.said(record.seq, text_of(text), listener)


def _speech(view: CallView, record: Record) -> None:
    data = record.data
    leg = view.legs.get(record.leg or "")
    party = leg is not None and leg.role != "caller"
    text, source = data.get("text"), text_of(data.get("source"), "party")
    words = "(not understood)" if text is None else text_of(text)
    if leg is not None and party:
        who = number_words(leg.number)
        view.items.append(SpeechItem(record.seq, record.t, who, words, source))
        return
    item = view.speaking.pop(source, None)
    known = item is not None and item.text != "…"
    if item is None:
        item = SpeechItem(record.seq, record.t, None, words, source)
        ignored = text_of(data.get("ignored")) or None
        item.ignored = None if ignored is None else IGNORED.get(ignored, ignored)
        view.items.append(item)
    sure = data.get("confidence")
    item.text = words
    item.confidence = float(sure) if isinstance(sure, int | float) else None
    item.version += 1
    if text is not None and not known and not data.get("ignored"):
        view.script.said(record.seq, text_of(text), _listener(view, record))


def _listener(view: CallView, record: Record) -> str | None:
    """The capture, or else the recording that waits for its end, that takes what is said."""
    capture = record.data.get("capture")
    if capture is not None:
        return text_of(capture)
    for recording in view.recordings.values():
        if recording.by is None and not recording.background:
            return recording.recording
    return None


# ------------------------------------------------------------------ recordings


def _recording_started(view: CallView, record: Record) -> None:
    data = record.data
    name = text_of(data.get("recording"), f"#{record.seq}")
    state = RecordingState(
        name, record.seq, record.t,
        text_of(data.get("format")), data.get("background") is not False,
        text_of(data.get("purpose"), "record"),
    )  # fmt: skip
    view.recordings[name] = state
    if not state.background:
        terminator = data.get("terminator")
        view.script.recording(record.seq, name, None if terminator is None else text_of(terminator))
    if state.purpose == "record":
        beside = ", the call goes on" if state.background else ""
        view.say(record, f"Recording{beside}")


def _recording_stopped(view: CallView, record: Record) -> None:
    state = view.recordings.get(text_of(record.data.get("recording")))
    if state is None:
        return
    state.by = text_of(record.data.get("by"), "end")
    state.duration_ms = int_of(record.data.get("duration_ms"))
    state.ended_t = record.t
    view.script.closed(record.seq, state.recording)


def _recording_stored(view: CallView, record: Record) -> None:
    data = record.data
    state = view.recordings.get(text_of(data.get("recording")))
    if state is None or data.get("ignored"):
        return
    state.url, state.size = text_of(data.get("url")), int_of(data.get("size"))
    if state.purpose == "record":
        view.say(
            record,
            f"Recorded {seconds_words(state.duration_ms)}, {stopped_by(state.by)}: {state.format}, "
            f"{size_words(state.size)}, {state.url}",
            "good",
        )


def _recording_failed(view: CallView, record: Record) -> None:
    if not record.data.get("ignored"):
        message = text_of(record.data.get("message"))
        view.say(record, f"The recording could not be made: {message}", "error")


CALLER_FOLDS: Final[Mapping[str, Callable[[CallView, Record], None]]] = {
    "prompt.started": _prompt_started,
    "prompt.finished": _prompt_finished,
    "prompt.interrupted": _prompt_interrupted,
    "prompt.failed": _prompt_failed,
    "capture.opened": _capture_opened,
    "capture.listening": _capture_listening,
    "capture.closed": _capture_closed,
    "digit": _digit,
    "speech.started": _speech_started,
    "speech": _speech,
    "recording.started": _recording_started,
    "recording.stopped": _recording_stopped,
    "recording.stored": _recording_stored,
    "recording.failed": _recording_failed,
}
