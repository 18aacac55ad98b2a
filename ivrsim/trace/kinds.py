"""The kinds of records and what each holds: the contract between engine and faces.

``(in)`` marks kinds that are fed to the engine. Times are integer milliseconds of call
time. ``digit`` values of a secret capture are written as ``•``. Unknown keys in ``data``
are to be kept and ignored by readers, unknown kinds shown as they are.
"""

from __future__ import annotations

from typing import Final

KINDS: Final[dict[str, str]] = {
    # the call
    "call.started": (
        "(in) platform, direction inbound|outbound, from, to, ids {conversation_uuid | sessionId …}"
    ),
    "call.limit": (
        "(in) limit max_time|runaway|grace|interrupted, limit_ms; the caller is made to hang up"
    ),
    "call.ended": (
        "status (the platform's word: completed, COMPLETED, BUSY …), by "
        "caller|party|application|platform|api|limit, failed (bool: the application failed the "
        "call), why, duration_ms"
    ),
    # legs; record.leg is the leg's id
    "leg.created": "role caller|party, name A|B, direction, from, to (as dialled), endpoint phone",
    "leg.ringing": "(in for a leg that was rung by the platform)",
    "leg.answered": "(in for a leg that was rung by the platform) machine (bool)",
    "leg.busy": "(in)",
    "leg.unanswered": "(in) outcome unanswered|rejected|unreachable|voicemail|timeout|cancelled",
    "leg.hangup": "(in) by caller|party",
    "leg.bridged": "with (id of the other leg)",
    "leg.ended": (
        "outcome completed|busy|unanswered|rejected|unreachable|timeout|cancelled, by, "
        "duration_ms (answered to end)"
    ),
    # documents and actions
    "document.received": (
        "document (id d1, d2 …), origin answer|reply|fallback|flow, page (name of the scripted "
        "page or null), body (the list of actions as received), actions [{pointer, action, "
        "summary}]"
    ),
    "action.started": "document, pointer (into the body, /0), action, summary",
    "action.finished": (
        "document, pointer, action, outcome done|interrupted|replaced|skipped|not-simulated|failed"
    ),
    # prompts
    "prompt.started": (
        "(in) prompt (id p1 …), duration_ms (all repetitions; null: for ever), basis "
        "rendered|estimated|measured, note (how it differs from what was asked, or empty); and, "
        "from the engine: text (plain words to show) or null,"
        " url or null, ssml (bool), loop (plays in all, 0 for ever), interruptible (bool), "
        "purpose prompt|success|failure|ringback|beep, secret"
    ),
    "prompt.finished": "(in) prompt, skipped (bool)",
    "prompt.interrupted": "prompt, by digit|speech|hangup|action, played_ms",
    "prompt.failed": "(in) prompt, reason, message",
    # captures of digits and words
    "capture.opened": (
        "capture (id c1 …), try, tries, min_digits, max_digits (null: no limit), terminator (# "
        "or null), first_digit_ms, inter_digit_ms, overall_ms (null: none), barge_in (bool), "
        "types [dtmf …], secret (bool), speech (null, or start_ms, silence_ms, max_ms, "
        "language, context)"
    ),
    "capture.listening": "capture; the prompt has ended or was interrupted, the timers run",
    "capture.closed": (
        "capture, digits, ended_by "
        "max_digits|terminator|inter_digit|first_digit|overall|prompt_end|hangup|replaced|"
        "end_on_silence|start_timeout|max_duration, timed_out (bool), valid (bool), digit_seqs "
        "[seq …], text (what was said, or null), speech_seqs [seq …]"
    ),
    "digit": (
        "(in) digit (0-9 * # A-D), source keypad|microphone|script|api, ignored (null, or why: "
        "no-capture, prompt-plays, webhook-pending, capture-full, not-a-digit-here, call-ended "
        "…), capture (id or null), recording (id, where it goes into one that the call waits for)"
    ),
    # speech; record.leg says who speaks. Times of the caller's words: see engine.events
    "speech.started": (
        "(in) source typed|script|microphone, text and duration_ms (known for what is typed; null "
        "for the microphone), ignored (null, or why: no-capture, not-speech, speech-over …), "
        "capture (id or null)"
    ),
    "speech.stopped": "(in) source, ago_ms (so long it has been silent)",
    "speech": (
        "(in) text (null: not recognised), source party|typed|script|microphone, duration_ms, "
        "confidence (0 to 1, or null), alternatives [[text, confidence] …], ignored (null, or "
        "why), capture (id or null)"
    ),
    "dtmf.sent": "digits (p is a pause of 500 ms); record.leg hears them",
    # recordings
    "recording.started": (
        "recording (id r1 …), uuid, format wav|mp3|ogg, channels, split (bool), background (bool: "
        "the call goes on beside it), silence_ms, limit_ms, terminator (null: none), transcription "
        "(bool), purpose record|speech (the audio of what an input recognises)"
    ),
    "recording.stopped": (
        "recording, by silence|key|limit|hangup|end, started (call time), duration_ms"
    ),
    "recording.stored": "(in) recording, url, size (bytes), duration_ms",
    "recording.failed": "(in) recording, message",
    # timers
    "timer.started": (
        "timer (id t1 …), name (first digit, inter-digit, overall, ring, wait, limit …), ms, "
        "due (call time)"
    ),
    "timer.fired": "(in) timer, name",
    "timer.cancelled": "timer, name",
    # webhooks
    "webhook.request": (
        "webhook (id w1 …: one per attempt), purpose (answer, event, fallback, input, notify, "
        "VCA, VCS, VSS …), title (shown: 'answer', 'event ringing', 'VCA CALL_RECEIVED'), role "
        "main|retry|fallback, attempt, method, url (null when none is set), headers, query "
        "(object or null), body (JSON or null), sent (bool), why_not (when not sent), connect_ms, "
        "read_ms (how long the platform waits for the connection, and then for the reply)"
    ),
    "webhook.response": (
        "(in) webhook, status, headers {name: value}, body (text; base64 when encoding says "
        "so), encoding utf-8|base64, size (bytes), elapsed_ms (wall time), page (scripted page "
        "or null), ignored (bool: came too late), edited (true: as edited by hand, see "
        "reply.edited; else not there)"
    ),
    "webhook.failed": (
        "(in) webhook, reason refused|timeout|reset|closed|dns|tls|too-large|redirects|not-"
        "allowed|invalid-url|failed, phase connect|read, message, elapsed_ms"
    ),
    # by hand, and faults on purpose
    "request.edited": (
        "(in) webhook, method, url, headers, body (text or null), diff (unified diff from what "
        "the platform would have sent)"
    ),
    "reply.edited": (
        "(in) webhook, was {status, headers, body}: the reply as it came (status null: none came, "
        "body says why; then also reason and phase, and encoding where it was not text); diff "
        "(unified diff). The webhook.response that follows is the edited one"
    ),
    "webhook.resent": (
        "(in) webhook (the one sent again), edited (bool), method, url, body (text or null), "
        "status (null: no reply), reply (text or null), message (why there was none, or empty), "
        "elapsed_ms; the call takes no notice of it"
    ),
    "fault.injected": (
        "(in) fault slow|refused|reset|status|content-type|broken-json|duplicate|out-of-order|"
        "wrong-signature|busy|dead, detail (in words), source hand|rule, webhook (id or null); "
        "record.leg for a fault of a telephone"
    ),
    "duplicate.response": (
        "(in) webhook (the one delivered twice), status (null: no reply), body (text), same "
        "(bool: as the first reply), message, elapsed_ms"
    ),
    # commands from outside
    "api.request": "(in) request (id), op hangup|…, args, source button|rest|script|api",
    "api.response": "request (id, or what was asked: POST callflows), ok (bool), result",
    # remarks
    "diagnostic": (
        "code, severity error|warning|info, message, pointer, document, expected, found, "
        "suggestion, reason (what the platform itself would say), basis, page; null where not "
        "known"
    ),
    "setting.decided": "name, value, default, choices, basis, page, why",
    "fault": "message; something ivrsim itself could not do",
    "mark": "(in) text",
    "call.left": (
        "(in) branch (the trace in which the call goes on); the person has gone back, and nothing "
        "more happens here"
    ),
}
"""Kind to the fields of its ``data``."""
