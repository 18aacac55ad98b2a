"""The microphone of one call: keys and words heard there become events.

Three listeners share its blocks: the DTMF detector, voice activity, and, while the call wants
words, a recogniser. What the loudspeakers play comes back into a microphone:

- a digit that the line itself played less than ``ECHO_S`` before is not one of the caller's,
  and while a key's own tone sounds the microphone is shut, as in a telephone;
- a voice counts only where it is clearly louder than what the loudspeakers can have caused.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ivrsim.engine import events as ev
from ivrsim.errors import IvrsimError

if TYPE_CHECKING:
    from ivrsim.engine.commands import Listen
    from ivrsim.sound.clip import Samples
    from ivrsim.sound.words import WordListener

ECHO_S = 0.8
"""Loudspeakers, air and microphone together take no longer (Bluetooth: some 0.3 s)."""
_HEAR_OUT_S = 2.0
GONE_S = 1.0
"""No block for so long: a voice that was heard has ceased."""
KEY_SHUT_S = 0.4
"""The microphone is shut so long after a key is pressed: its tone, and most of its way."""

Post = Callable[[Callable[[], None]], None]


class Ear:
    """Listens to the blocks of one microphone.

    ``press(digit)`` and ``happen(event)`` are called by way of ``post``, which must bring them
    into the call's own thread. ``leg`` gives the caller's leg. Blocks come in one thread, float32
    at ``rate`` Hz; what the line plays (``played``) in another. ``close`` it at the end.
    """

    def __init__(
        self,
        rate: int,
        *,
        post: Post,
        press: Callable[[str], None],
        happen: Callable[[ev.Event], None],
        notice: Callable[[str], None],
        leg: Callable[[], str],
        clock: Callable[[], float] | None = None,
    ) -> None:
        """``clock``: seconds, of a clock that stands still while the call does."""
        from ivrsim.sound.activity import VoiceActivity
        from ivrsim.sound.dtmf import DtmfDetector

        self._rate = rate
        self._post = post
        self._press = press
        self._happen = happen
        self._notice = notice
        self._leg = leg
        self._time = clock or (lambda: time.monotonic())
        self._tones = DtmfDetector(rate)
        self._own_tones = DtmfDetector(rate)
        # What is pressed is no speech; that it is no silence either, the engine knows by itself.
        self._voice = VoiceActivity(rate, keys=False)
        self._leak = _Leak()
        self._own: deque[tuple[str, float]] = deque(maxlen=32)
        self._shut_until = 0.0
        self._seconds = 0.0
        self._spoke_at: float | None = None
        self._wanted: Listen | None = None
        self._words: WordListener | None = None
        self._loading: threading.Thread | None = None
        self._lock = threading.Lock()
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._listening = threading.Thread(target=self._run, name="ivrsim-ear", daemon=True)
        self._listening.start()

    def close(self) -> None:
        """Hear out what came until now, and no more. A voice that was heard stops."""
        self._wanted = None
        self._jobs.put(self._silence)
        self._jobs.put(None)
        self._listening.join(_HEAR_OUT_S)

    def settle(self) -> None:
        """Wait until all that came has been heard out."""
        if self._loading is not None:
            self._loading.join()
        done = threading.Event()
        self._jobs.put(done.set)
        done.wait(_HEAR_OUT_S)

    @property
    def hearing(self) -> str | None:
        """The key whose tone is heard now."""
        held = self._tones.held
        return None if held is None else held.digit

    def key_pressed(self, digit: str) -> None:
        """The keypad sounds now: shut the microphone, and do not take its tone for another."""
        now = self._time()
        self._own.append((digit, now))
        self._shut_until = now + KEY_SHUT_S

    def played(self, block: Samples) -> None:
        """What goes to the loudspeakers now, at the same rate."""
        self._leak.played(block)
        for digit in self._own_tones.feed(block):
            self._own.append((digit.digit, self._time()))

    def hear(self, block: Samples) -> Samples:
        """The next block of the microphone. Returns what of it is the caller's, for the line."""
        now = self._time()
        if now < self._shut_until:
            block = np.zeros_like(block)
        for digit in self._tones.feed(block):
            if not self._is_own(digit.digit, now):
                self._post(partial(self._press, digit.digit))
        self._seconds += len(block) / self._rate
        # Words take time to recognise, and must not keep keys waiting.
        voice = block if self._leak.is_voice(block) else np.zeros_like(block)
        self._jobs.put(partial(self._listen, voice))
        return block

    def _is_own(self, digit: str, now: float) -> bool:
        # a copy: keypad and loudspeaker add to it in threads of their own
        return any(key == digit and now - at < ECHO_S for key, at in tuple(self._own))

    # ------------------------------------------------------------------ voice and words

    def listen(self, command: Listen) -> None:
        """Recognise words from now on, or as soon as the model is there. Does not wait."""
        self._wanted = command
        self._loading = threading.Thread(
            target=self._load, args=(command,), name="ivrsim-words", daemon=True
        )
        self._loading.start()

    def _load(self, command: Listen) -> None:
        from ivrsim.sound.words import WordListener

        try:
            words = WordListener(command.phrases, self._rate, command.language)
        except IvrsimError as error:
            self._post(partial(self._notice, str(error)))
            return
        for note in words.notes:
            self._post(partial(self._notice, note))
        with self._lock:
            if command is not self._wanted:
                return  # what it was for is over
            if self._spoke_at is not None:
                words.start()
            self._words = words

    def stop_listening(self) -> None:
        """No more words are wanted; what has been said of an unfinished sentence is told."""
        self._wanted = None
        self._jobs.put(partial(self._forget, self._words))

    def _forget(self, words: WordListener | None) -> None:
        with self._lock:
            if words is None or words is not self._words:
                return  # others are wanted already
            self._words = None
            if self._spoke_at is not None:
                self._understood(words, self._seconds)

    def _run(self) -> None:
        while True:
            since = self._time()
            try:
                job = self._jobs.get(timeout=GONE_S)
            except queue.Empty:
                if self._time() - since < GONE_S / 2:
                    continue  # the call stands still
                job = self._silence  # the device is gone, and with it whoever spoke
            if job is None:
                return
            try:
                job()
            # A mistake of ours, or of the recogniser's, is said; the next block is heard again.
            except Exception as error:
                line = f"the microphone is not understood: {type(error).__name__}: {error}"
                self._post(partial(self._notice, line))

    def _listen(self, block: Samples) -> None:
        with self._lock:
            if self._words is not None:
                self._words.feed(block)  # always: it keeps the moment before a voice is noticed
            for speaking, at in self._voice.feed(block):
                if speaking:
                    self._began(at)
                elif self._spoke_at is not None:
                    self._ended(at)

    def _began(self, at: float) -> None:
        self._spoke_at = at
        if self._words is not None:
            self._words.start()
        self._tell(lambda leg: ev.SpeechStarted(leg))

    def _ended(self, at: float) -> None:
        if self._words is not None:
            self._understood(self._words, at)
        self._spoke_at = None
        ago = max(0, round((self._seconds - at) * 1000))
        self._tell(lambda leg: ev.SpeechStopped(leg, ago_ms=ago))

    def _silence(self) -> None:
        with self._lock:
            if self._spoke_at is not None:
                self._ended(self._seconds)

    def _understood(self, words: WordListener, at: float) -> None:
        assert self._spoke_at is not None
        duration = round((at - self._spoke_at) * 1000)
        heard = words.finish()
        self._tell(
            lambda leg: ev.SpeechHeard(
                leg,
                heard.text,
                "microphone",
                duration,
                heard.confidence if heard.text is not None else None,
                tuple(heard.alternatives),
            )
        )

    def _tell(self, event: Callable[[str], ev.Event]) -> None:
        self._post(lambda: self._happen(event(self._leg())))


class _Leak:
    """How much of what the loudspeakers play comes back, and what is louder than that.

    The coupling (microphone level over played level) is learned while something plays, from the
    loudest block of the last moments on both sides, so that a pause between two words teaches
    nothing. It starts high, falls to what is observed once what is played must have come back,
    and rises slowly: a voice over a prompt is not leak. With a headset it comes near 0, and any
    voice counts.
    """

    def __init__(self) -> None:
        self._coupling = 2.0
        self._since: float | None = None  # something has been played without a long break
        # nothing forgets what was played while the microphone gives no blocks
        self._played: deque[tuple[float, float]] = deque(maxlen=_MOST)
        self._heard: deque[tuple[float, float]] = deque(maxlen=_MOST)

    def played(self, block: Samples) -> None:
        """What goes to the loudspeakers."""
        self._played.append((time.monotonic(), _rms(block)))

    def is_voice(self, block: Samples) -> bool:
        """Whether a block of the microphone is louder than what was played can explain."""
        now, level = time.monotonic(), _rms(block)
        self._heard.append((now, level))
        loudest = _loudest(self._played, now)
        if loudest < _SILENCE:
            self._since = None
            return True
        self._since = now if self._since is None else self._since
        ratio = _loudest(self._heard, now) / loudest
        if ratio > self._coupling:
            self._coupling += _RISE * (ratio - self._coupling)
        elif now - self._since > ECHO_S:
            self._coupling += _FALL * (ratio - self._coupling)
        return level > _MARGIN * self._coupling * loudest


def _loudest(levels: deque[tuple[float, float]], now: float) -> float:
    """Of the last ``ECHO_S``; what is older is forgotten."""
    while levels and now - levels[0][0] > ECHO_S:
        levels.popleft()
    return max((level for _, level in tuple(levels)), default=0.0)


_MOST = 2000  # levels: ``ECHO_S`` of blocks that are far smaller than any device's
_SILENCE = 1e-3  # -60 dBFS: nothing that a microphone could hear again
_MARGIN = 2.0  # 6 dB
_FALL, _RISE = 0.1, 0.005  # of the difference, a block of 20 ms: within 0.2 s and some 4 s


def _rms(block: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(block, dtype=np.float64)))) if len(block) else 0.0
