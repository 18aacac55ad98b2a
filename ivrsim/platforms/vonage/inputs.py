"""The action input: keys, words, or whichever comes first."""

from __future__ import annotations

from typing import Any, Final

from ivrsim.engine.capture import Captured, CaptureSpec, capture
from ivrsim.engine.events import RecordingFailed
from ivrsim.engine.platform import Steps
from ivrsim.engine.recordings import Recording, stored
from ivrsim.engine.session import Session
from ivrsim.engine.setup import CallSetup
from ivrsim.engine.speech import SpeechSpec
from ivrsim.platforms.vonage import actions as act
from ivrsim.platforms.vonage import bodies
from ivrsim.platforms.vonage.diagnostics import recording_failed, unknown_speech_leg
from ivrsim.platforms.vonage.legs import LegEvents
from ivrsim.platforms.vonage.outcomes import Result, take
from ivrsim.platforms.vonage.settings import value
from ivrsim.platforms.vonage.webhooks import Webhooks

_AUDIO_ENDS: Final = {"end_on_silence": "silence", "max_duration": "limit"}


class Inputs:
    """Runs the inputs of one call."""

    def __init__(self, setup: CallSetup, webhooks: Webhooks, legs: LegEvents) -> None:
        self._setup = setup
        self._webhooks = webhooks
        self._legs = legs

    def run(self, call: Session, action: act.Input) -> Steps[Result]:
        """Listen, tell the application what came, and take the NCCO it answers."""
        if action.mode == "asynchronous":
            return "not-simulated", None
        audio = Recording("wav", purpose="speech")
        captured = yield from capture(call, self._spec(call, action, audio))
        self._decide(call, action, captured)
        audio_url = yield from self._audio_url(call, audio, captured)
        at = call.time()
        leg = self._legs.facts(call.legs[call.caller_leg])
        settings, timed_out = self._setup.settings, captured.timed_out

        def body(digits: str, text: str | None) -> dict[str, Any]:
            if action.legacy:
                return bodies.legacy_input_body(leg, at, digits=digits, timed_out=timed_out)
            speech = None
            if action.wants_speech:
                speech = bodies.speech_part(
                    captured.spoken, captured.ended_by, settings, text=text, url=audio_url
                )
            return bodies.input_body(
                leg, at, digits=digits, timed_out=timed_out, settings=settings, speech=speech
            )

        digits, spoken = captured.digits, captured.spoken
        masked = captured.shown != digits or spoken.shown not in (None, spoken.text)
        asked = yield from self._webhooks.ask(
            call,
            "input",
            body(digits, None),
            {
                "event": "speech" if spoken.text else "digits",
                "digits": digits,
                "speech": spoken.text,
            },
            url=action.event_address,
            method=action.event_method,
            shown=body(captured.shown, spoken.shown) if masked else None,
        )
        return take(call, asked)

    def _spec(self, call: Session, action: act.Input, audio: Recording) -> CaptureSpec:
        settings, rules = self._setup.settings, action.capture
        from_prompt_end = value(settings, "vonage.input_timer") == "prompt_end"
        if call.line.busy:
            call.decide("vonage.input_timer", "an input begins while a bargeIn prompt plays")
        first_from = "prompt_end" if from_prompt_end else "open"
        speech = self._speech(call, action, audio) if action.wants_speech else None
        secret = call.keys.secret
        if not action.wants_dtmf:
            return CaptureSpec(
                first_from=first_from, types=action.types, secret=secret, speech=speech
            )
        ignore_hash = (
            not rules.submit_on_hash and value(settings, "vonage.hash_without_submit") == "ignore"
        )
        if ignore_hash:
            call.decide("vonage.hash_without_submit", "an input without submitOnHash begins")
        return CaptureSpec(
            max_digits=rules.max_digits,
            max_digits_ends=value(settings, "vonage.max_digits_end") == "at_once",
            takes_more=False,
            terminator="#" if rules.submit_on_hash else None,
            keep_terminator=value(settings, "vonage.hash_in_digits") == "keep",
            refused="#" if ignore_hash else "",
            first_digit_ms=rules.time_out_ms,
            inter_digit_ms=rules.time_out_ms,
            first_from=first_from,
            types=action.types,
            secret=secret,
            speech=speech,
        )

    def _speech(self, call: Session, action: act.Input, audio: Recording) -> SpeechSpec:
        rules = action.words
        if rules.uuid and rules.uuid[0] != call.caller_leg:
            place = f"{action.pointer}/speech/uuid"
            call.diagnose(unknown_speech_leg(rules.uuid[0], place), self._webhooks.document)

        start_timeout = rules.start_timeout
        if start_timeout is None:
            name = "vonage.speech_start_timeout"
            start_timeout = float(call.decide(name, "an input of speech without startTimeout"))

        def start_audio() -> None:
            audio.uuid = bodies.new_uuid(call.random)
            call.recordings.start(audio)

        return SpeechSpec(
            round(start_timeout * 1000),
            round(rules.end_on_silence * 1000),
            round(rules.max_duration * 1000),
            rules.language,
            tuple(rules.context or ()),
            start_audio if rules.save_audio else None,
        )

    def _decide(self, call: Session, action: act.Input, captured: Captured) -> None:
        """Say which settings have decided what the application is told."""
        if action.wants_dtmf:
            if len(captured.digits) >= action.capture.max_digits:
                call.decide("vonage.max_digits_end", "the last of maxDigits was pressed")
            if captured.ended_by == "terminator":
                call.decide("vonage.hash_in_digits", "# ended the input")
            elif "#" in captured.shown:
                call.decide("vonage.hash_without_submit", "# was pressed")
        if action.legacy:
            return
        if not captured.digits:
            call.decide("vonage.no_digits", "no key was pressed")
        if not action.wants_speech:
            call.decide("vonage.speech_off", "the input webhook has a speech part")
        elif captured.spoken.overridden:
            call.decide("vonage.speech_overridden", "a key was pressed while speech was on")
        elif captured.ended_by == "start_timeout":
            call.decide("vonage.no_speech", "nothing was said")
        elif not captured.spoken.readings:
            call.decide("vonage.speech_unrecognised", "a voice, but no words")

    def _audio_url(self, call: Session, audio: Recording, captured: Captured) -> Steps[str | None]:
        """saveAudio: where the audio is, once it is there; None when there is nothing to hear."""
        if not audio.id:
            return None
        call.recordings.stop(audio, _AUDIO_ENDS.get(captured.ended_by, "end"))
        if not captured.spoken.voice or captured.spoken.overridden:
            return None
        answer = yield from stored(audio)
        if isinstance(answer, RecordingFailed):
            call.diagnose(recording_failed(answer.message, "without recording_url"))
            return None
        return answer.url
