"""The DTMF detector: hears the keys of a telephone in a stream of samples.

How it works
------------
A key makes two tones at once, one of a low group (697 to 941 Hz) and one of a high group (1209
to 1633 Hz) (ITU-T Q.23). A detector has to hear them although lines are bad, and must not hear
them in voices, which have tones at the same places all the time.

1. *Hops* (``dtmf_bank``). Every 5 ms a piece of 10 ms is taken under a Hann window, which does
   not let the dial tone or the tones of the other group leak in. Of each piece the detector keeps
   the amplitude and phase at the eight frequencies, and the energy above and below 550 Hz: DC,
   mains hum and dial tone lie below and do not disturb.
2. *Windows* (``dtmf_windows``). Six consecutive hops (35 ms) tell how long, how steady and how
   exact two tones are: where the phases of the hops add up best is their frequency, to 2 Hz in
   noise; what the two steady tones do not explain is something else that sounds. All that speaks
   against a digit is added up and must stay below a limit. A second window of nine hops (50 ms)
   finds digits under loud speech; it asks for frequencies that are exact.
3. *Keys* (this file). The first short window that passes is a digit, reported at once: 35 to
   40 ms after the tone began. What only a long window finds waits up to 25 ms for a better one: a
   voice may be louder than one of the tones, right beside it. The key is held until its tones are
   gone for 20 ms. The same digit comes again only after a pause, which is looked for between the
   two at the level of the second: an echo that dies away has no pause before it.
4. *After a digit*, for three seconds, a window that is not good enough by itself is taken for one
   too if its tones are about as loud as those were: who keyed one digit keys the next, with the
   same telephone.

Where the limits come from
--------------------------
===================  =======================================================================
Frequencies          off by 1.5 % are heard, by 3.5 % are not (ITU-T Q.24)
Tones                of 40 ms are heard, of 23 ms or less are not (Q.24, GR-506)
Pauses               of 40 ms part two digits, breaks of 10 ms or less do not (Q.24)
Twist                of the high group over the low one, -8 to +4 dB (GR-506, Mitel CM7291)
Level                0 dBm0, clipped, to -50 dBm0 for both tones together, with no limit from one
                     digit to the next: more than the 0 to -36 of the Bellcore and Mitel tests
Noise, dial tone     noise 9 dB below the digits; 350 + 440 Hz as loud as they are
Speech               at most one false digit an hour (the talk-off tests of Bellcore, in
                     TR-TSY-000181, and of Mitel's tape CM7291 ask for less)
===================  =======================================================================

What these mean in figures is measured by ``bench/dtmf``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import ArrayLike

from ivrsim.sound.dtmf_bank import Bank, Complex, Hops, Real
from ivrsim.sound.dtmf_windows import LIMITS, LONG, SHORT, Judge, Window
from ivrsim.sound.tones import KEYPAD

_HISTORY = 40  # hops that are remembered: what looks furthest back needs 35
_CHUNK_S = 4.0  # of a long input at once: memory stays flat
_TAIL_S = 0.12  # of silence after the input: what was pending is decided in it

_HALF = 0.5**2  # squared amplitude, as all here: a tone begins and ends where it passes one half
_PRESENT = 0.4**2  # against the window that was taken for the digit
_STEADY = 0.8**2, 1.25**2  # the same while nothing else sounds
_QUIET = 0.4**2  # against the window that comes after a pause
# After a tone a room is not silent: its echoes swell and fade. When the second tone is 10 dB
# fainter, or in doubt, the pause must be as quiet as that.
_FAINTER, _SILENT = 0.1, 0.15**2
# Hops in a row, each of which stands for the 20 ms before it, so that a break of 10 ms is none.
_GONE_HOPS = 4
_PAUSE_HOPS = 4
_SHAKEN_HOPS = 6
_LOOK_BACK = 16  # hops before a window in which the start of its tone, or a pause, is looked for
_LOOK_AHEAD = 64  # hops looked at in one go while a key is held

_DOUBT_HOPS = 5  # that a digit of a long window waits for a better one
_KNOWN_S = 3.0  # after a digit in which one like it is more likely
# By which each of its tones may be louder or quieter: rooms and codecs change the loudness of a
# tone, but in a long window two tones must be told from a voice.
_ALIKE = {SHORT: 10 ** (12 / 10), LONG: 10 ** (3.5 / 10)}


@dataclass(slots=True, eq=False)
class Digit:
    """One press of a key. Seconds are counted from the first sample fed.

    ``end`` is None as long as the key is held; the detector fills it in.
    """

    digit: str
    start: float
    end: float | None = None


@dataclass(slots=True)
class _Held:
    digit: Digit
    window: Window
    gone: int = 0  # hops in a row without its tones
    shaken: int = 0  # hops in a row in which they are not as loud as they were


class DtmfDetector:
    """Hears digits in samples that come in blocks of any size.

    ``rate`` is a whole number of 8000 to 48000 Hz; ValueError otherwise. What is heard does not
    depend on the sizes of the blocks. Memory does not grow with the stream.
    """

    def __init__(self, rate: int) -> None:
        self._bank = Bank(rate)
        self._judge = Judge(self._bank.hop_s)
        self._rate = rate
        self._reset()

    def _reset(self) -> None:
        self._bank.reset()
        self._past = np.zeros((_HISTORY, Hops.COLUMNS))
        self._next = 0  # hop
        self._fed = 0  # samples
        self._held: _Held | None = None
        self._last: Window | None = None  # of the digit before
        self._known: Window | None = None  # of the last digit without a doubt
        self._doubtful: Window | None = None
        self._decision = 0  # hop at which a doubtful digit is one
        self._free = -_HISTORY  # hop before which no window of a new digit may begin

    @property
    def held(self) -> Digit | None:
        """The digit whose tone is heard now."""
        return self._held.digit if self._held else None

    def feed(self, samples: ArrayLike) -> list[Digit]:
        """The digits that these samples complete, each once, mostly while its key is still held.

        ``samples``: int16, or float32 or float64 of full scale ±1, one dimension, any number.
        ValueError for anything else.
        """
        data = _checked(samples)
        found: list[Digit] = []
        chunk = round(_CHUNK_S * self._rate)
        for start in range(0, len(data), chunk):
            part = _floats(data[start : start + chunk])
            self._fed += len(part)
            self._listen(part, found)
        return found

    def flush(self) -> list[Digit]:
        """The input is over: the digits that were still pending; a held one gets its end.

        After it the detector is ready for another stream, whose time begins at 0.
        """
        found: list[Digit] = []
        self._listen(np.zeros(round(_TAIL_S * self._rate)), found)
        self._reset()
        return found

    def _listen(self, samples: Real, found: list[Digit]) -> None:
        new = self._bank.feed(samples)
        if not len(new):
            return
        hops = Hops(self._next - _HISTORY, np.concatenate((self._past, new)))
        at = self._next
        self._next = end = at + len(new)
        if self._held:
            at = self._hold(hops, at, found)
        if at < end:
            begin = at - hops.first
            for window in self._judge.windows(hops, begin, len(hops), self._free):
                at = self._decide(hops, at, window.end, found)
                if window.end > at and window.first >= self._free:
                    at = self._consider(hops, at, window, found)
            self._decide(hops, at, end + 1, found)
        self._past = hops.table[-_HISTORY:].copy()

    def _consider(self, hops: Hops, at: int, window: Window, found: list[Digit]) -> int:
        """What the window means. The hop to go on from: ``at``, or where the key was let go."""
        if not self._is_digit(window) or not self._is_pressed_anew(hops, window):
            return at
        if window.hops == SHORT and window.cost < LIMITS[SHORT][0]:
            return self._press(hops, window, found)
        if self._doubtful is None:
            self._decision = window.end + _DOUBT_HOPS
        if self._doubtful is None or window.cost < self._doubtful.cost:
            self._doubtful = window
        return at

    def _decide(self, hops: Hops, at: int, end: int, found: list[Digit]) -> int:
        """Takes the digit in doubt for one, if its time has come before hop ``end``."""
        window = self._doubtful
        if window is None or self._decision >= end:
            return at
        return self._press(hops, window, found)

    def _is_digit(self, window: Window) -> bool:
        """By itself, or because it is like one that was keyed just before."""
        limit, lenient = LIMITS[window.hops]
        if window.cost < limit:
            return True
        known = self._known
        if window.cost >= lenient or known is None:
            return False
        if window.first - known.first > _KNOWN_S / self._bank.hop_s:
            return False
        louder = window.low / known.low, window.high / known.high
        most = _ALIKE[window.hops]
        return min(louder) > 1 / most and max(louder) < most

    def _is_pressed_anew(self, hops: Hops, window: Window) -> bool:
        """Whether it is another digit than the last one, or there was a pause between them."""
        last = self._last
        if last is None or (last.row, last.column) != (window.row, window.column):
            return True
        first = max(window.first - _LOOK_BACK, self._free)
        fainter = window.low + window.high < _FAINTER * (last.low + last.high)
        doubtful = window.cost >= LIMITS[window.hops][0]
        limit = _SILENT if fainter or doubtful else _QUIET
        quiet = 0
        for level in self._sound(hops, window, first, window.first + 1):
            quiet = quiet + 1 if level < limit else 0
            if quiet == _PAUSE_HOPS:
                return True
        return False

    def _press(self, hops: Hops, window: Window, found: list[Digit]) -> int:
        """A new digit. The hop after the last one in which it is held so far."""
        first = window.first - _LOOK_BACK
        levels = self._levels(hops, window, first, window.first + 2)
        index = _LOOK_BACK
        while index and levels[index] >= _HALF:
            index -= 1
        start = self._crossing(first + index, levels[index], levels[index + 1])
        digit = Digit(KEYPAD[window.row][window.column], start)
        self._held = _Held(digit, window)
        self._doubtful = None
        if window.cost < LIMITS[window.hops][0]:
            self._known = window
        found.append(digit)
        return self._hold(hops, window.end, found)

    def _hold(self, hops: Hops, at: int, found: list[Digit]) -> int:
        """Goes on from hop ``at`` while the key is held. The hop after the last one looked at."""
        held = self._held
        assert held is not None
        end = hops.first + len(hops)
        while at < end:
            ahead = min(end, at + _LOOK_AHEAD)
            for level in self._sound(hops, held.window, at, ahead):
                at += 1
                held.gone = 0 if level > _PRESENT else held.gone + 1
                steady = _STEADY[0] < level < _STEADY[1]
                held.shaken = 0 if steady else held.shaken + 1
                if held.gone == _GONE_HOPS:
                    self._release(hops, held, at - _GONE_HOPS - 1)
                    return at
                if held.shaken >= _SHAKEN_HOPS:
                    after = self._next_key(hops, at, held)
                    if after:
                        self._release(hops, held, after.first)
                        return self._press(hops, after, found)
        return at

    def _next_key(self, hops: Hops, at: int, held: _Held) -> Window | None:
        """Another digit that is clearly heard while speech makes the held one seem to go on."""
        last, since = at - 1 - hops.first, at - held.shaken
        for window in self._judge.windows(hops, last, last + 1, since):
            other = (window.row, window.column) != (held.window.row, held.window.column)
            if other and self._is_digit(window):
                return window
        return None

    def _release(self, hops: Hops, held: _Held, free: int) -> None:
        """The key was let go, before hop ``free`` at the latest."""
        first = free - _LOOK_BACK // 2
        levels = self._levels(hops, held.window, first, free + 2)
        index = free - first
        while index and levels[index] < _HALF:
            index -= 1
        end = self._crossing(first + index, levels[index], levels[index + 1])
        held.digit.end = max(held.digit.start, end)
        self._last, self._held = held.window, None
        self._free = free

    def _levels(self, hops: Hops, window: Window, begin: int, end: int) -> list[float]:
        """Squared amplitude, hop by hop, of the quieter tone against that of the window."""
        part = hops.tones[begin - hops.first : end - hops.first]
        low = np.abs(part[:, window.row]) ** 2 / window.low
        high = np.abs(part[:, 4 + window.column]) ** 2 / window.high
        quieter: list[float] = np.minimum(low, high).tolist()
        return quieter

    def _sound(self, hops: Hops, window: Window, begin: int, end: int) -> list[float]:
        """The same of the 20 ms that end with each hop, in phase: a voice is mostly not."""
        part = hops.tones[begin - 2 - hops.first : end - hops.first]
        low = self._in_phase(part[:, window.row], window.low_off) / window.low
        high = self._in_phase(part[:, 4 + window.column], window.high_off) / window.high
        quieter: list[float] = np.minimum(low, high).tolist()
        return quieter

    def _in_phase(self, tone: Complex, off_hz: float) -> Real:
        turn = np.exp(-2j * np.pi * off_hz * self._bank.hop_s)
        three = tone[2:] * turn + tone[1:-1] + tone[:-2] * np.conj(turn)
        power: Real = (three.real**2 + three.imag**2) / 9
        return power

    def _crossing(self, hop: int, level: float, after: float) -> float:
        """Seconds at which the amplitude passes one half, between that hop and the next."""
        here, there = min(level, 1.0) ** 0.5, min(after, 1.0) ** 0.5
        passes = (here - 0.5) * (there - 0.5) < 0
        part = (0.5 - here) / (there - here) if passes else 0.5
        return round(min(max(self._bank.middle(hop + part), 0.0), self._fed / self._rate), 6)


def decode(samples: ArrayLike, rate: int) -> str:
    """The digits in a whole recording, in order. Samples and errors as ``DtmfDetector`` has."""
    detector = DtmfDetector(rate)
    digits = detector.feed(samples) + detector.flush()
    return "".join(digit.digit for digit in digits)


def _checked(samples: ArrayLike) -> np.ndarray:
    data = np.asarray(samples)
    if data.ndim != 1:
        raise ValueError(f"samples of one channel have one dimension, not {data.ndim}")
    if data.dtype not in (np.int16, np.float32, np.float64):
        raise ValueError(f"samples are int16, float32 or float64, not {data.dtype}")
    return data


def _floats(samples: np.ndarray) -> Real:
    """float64, full scale ±1; what is no number is silence."""
    if samples.dtype == np.int16:
        return samples / 32768.0
    numbers = samples.astype(np.float64)
    if not isfinite(numbers.sum()):
        numbers = np.nan_to_num(numbers, nan=0.0, posinf=0.0, neginf=0.0)
    return numbers
