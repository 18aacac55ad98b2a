"""The sound of a call, made from its trace: for calls that nobody heard.

The records say what sounded when; the ``Play`` commands say what it was. A prompt sounds from
its ``prompt.started`` to its end as recorded, so that a recording and its trace agree to the
millisecond even where the length of a prompt was estimated.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ivrsim.engine.commands import AudioFile, Play, Speech, Tone
from ivrsim.engine.keys import SECRET
from ivrsim.errors import AudioError, SoundUnavailable
from ivrsim.runtime.prompts import Http, PromptMaker
from ivrsim.runtime.regions import region_of
from ivrsim.trace.record import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ivrsim.sound.clip import Clip

RATE = 16_000
"""Of a call's own recording, in Hz: wideband, as good telephones are."""
KEY_MS = 120
"""How long the tone of a key is heard."""
POST_DIAL_DELAY_MS = 700
"""Between the dialling of a number and its ringback. Networks take up to some seconds
(ITU-T E.721); a rehearsal need not."""
PICKED_UP = frozenset({"leg.answered", "prompt.started", "call.ended"})
"""The first of these ends the ringback of somebody who calls in."""
LEFT, RIGHT = 0, 1
"""The platform, the caller: the channels of a call's own recording."""

_FADE = RATE // 200  # 5 ms, against clicks

_ENDS = frozenset({"prompt.finished", "prompt.interrupted", "prompt.failed"})


class CallSound:
    """Makes the sound of a call that is not heard. ``plays`` by prompt; both may still grow."""

    def __init__(
        self,
        records: Sequence[Record],
        plays: Mapping[str, Play],
        prompts: PromptMaker,
        http: Http,
        callee: str,
        notice: Callable[[str], None],
        telephone: str | None = None,
    ) -> None:
        """``telephone``: the country of the line, to sound as a telephone there; None: do not."""
        self._records = records
        self._plays = plays
        self._prompts = prompts
        self._http = http
        self._callee = callee
        self._notice = notice
        self._telephone = telephone
        self._files: dict[AudioFile, Clip] = {}

    async def read(self, start_ms: int, end_ms: int) -> NDArray[np.float32]:
        """What sounded between two moments of call time: shape (n, 2), at ``RATE``, within ±1.

        What cannot be made (a file that has gone, no voice) is silence, and ``notice`` is told.
        """
        import numpy as np

        first, last = _frame(start_ms), _frame(end_ms)
        stereo = np.zeros((max(0, last - first), 2), np.float32)
        async for channel, clip, begin, end, loop in self._sounds(start_ms, end_ms):
            _lay(stereo[:, channel], clip.samples, _frame(begin) - first, end, first, loop)
        if self._telephone is not None:
            stereo[:, LEFT] = _through_telephone(stereo[:, LEFT], self._telephone)
        return np.clip(stereo, -1.0, 1.0, out=stereo)

    async def _sounds(
        self, since: int, until: int
    ) -> AsyncIterator[tuple[int, Clip, int, int, int]]:
        """Channel, sound, when it begins and ends at the latest (ms of call time), and loops.

        Files of prompts that were over before ``since`` are not fetched for nothing.
        """
        from ivrsim.sound.tones import dtmf

        ends = self._ends(until)
        gone = {
            record.leg: min(record.t, until)
            for record in self._records
            if record.kind == "leg.ended"
        }
        country = region_of(self._callee)
        caller = ""
        ringing = self._ringing(until)
        if ringing is not None:
            yield LEFT, ringing[0], POST_DIAL_DELAY_MS, ringing[1], 0
        for record in self._records:
            data, kind = record.data, record.kind
            if record.t >= until:
                return
            if data.get("ignored") and kind.startswith("prompt."):
                continue
            if kind == "leg.created" and data["role"] == "party":
                country = region_of(data["to"])
            elif kind == "leg.created":
                caller = record.leg or ""
            elif kind == "prompt.started":
                play, end = self._plays[data["prompt"]], ends.get(data["prompt"], until)
                # What the other side is told before it is joined, the caller does not hear.
                heard = play.leg == caller and end > since
                clip = await self._prompt(play, country) if heard else None
                if clip is not None:
                    ringback = isinstance(play.sound, Tone) and play.sound.name == "ringback"
                    begin = record.t + (POST_DIAL_DELAY_MS if ringback else 0)
                    yield LEFT, clip, begin, end, play.loop
            elif kind == "digit" and data["digit"] in "0123456789*#ABCD":  # not what is secret
                yield RIGHT, dtmf(data["digit"], KEY_MS, RATE), record.t, until, 1
            elif kind == "speech" and data["source"] == "party" and data["text"]:
                clip = await self._clip(party_voice(data["text"]))
                if clip is not None:
                    yield LEFT, clip, record.t, gone.get(record.leg, until), 1
            elif kind == "speech.started" and data["text"] and SECRET not in data["text"]:
                clip = await self._clip(caller_voice(data["text"]))
                if clip is not None:
                    yield RIGHT, clip, record.t, until, 1

    def _ringing(self, until: int) -> tuple[Clip, int] | None:
        """The ringback until a call that comes in is picked up, and when that was."""
        from ivrsim.sound.tones import progress

        if not self._records or self._records[0].data.get("direction") != "inbound":
            return None
        ends = next((r.t for r in self._records if r.kind in PICKED_UP), until)
        if ends <= POST_DIAL_DELAY_MS:
            return None
        return progress("ringback", region_of(self._callee), RATE), min(ends, until)

    def _ends(self, until: int) -> dict[str, int]:
        return {
            record.data["prompt"]: min(record.t, until)
            for record in self._records
            if record.kind in _ENDS and not record.data.get("ignored")
        }

    async def _prompt(self, play: Play, country: str) -> Clip | None:
        from ivrsim.sound.tones import beep, progress

        sound = play.sound
        if isinstance(sound, Tone):
            return beep(rate=RATE) if sound.name == "beep" else progress(sound.name, country, RATE)
        clip = await self._clip(sound)
        return None if clip is None else clip.level(play.level)

    def keep(self, file: AudioFile, clip: Clip) -> None:
        """What was fetched for a prompt: it need not be fetched again, and may have changed."""
        self._files[file] = clip

    async def _clip(self, sound: Speech | AudioFile) -> Clip | None:
        if isinstance(sound, AudioFile) and sound in self._files:
            return self._files[sound]
        try:
            clip = await self._prompts.clip(sound, self._http, RATE)
        except (AudioError, SoundUnavailable) as error:
            self._notice(str(error))
            return None
        if isinstance(sound, AudioFile):
            self.keep(sound, clip)
        return clip


def party_voice(text: str) -> Speech:
    """What the other side says, as it is spoken here: a woman's voice."""
    return Speech(text, text, style=1)


def caller_voice(text: str) -> Speech:
    """What is typed or scripted for the caller: a man's voice, to be told apart."""
    return Speech(text, text, style=7)


def _through_telephone(samples: NDArray[np.float32], country: str) -> NDArray[np.float32]:
    from ivrsim.sound.clip import Clip
    from ivrsim.sound.g711 import law_of
    from ivrsim.sound.telephone import through_telephone

    return through_telephone(Clip(samples, RATE), law_of(country)).samples


def _frame(ms: int) -> int:
    return ms * RATE // 1000


def _lay(
    channel: NDArray[np.float32],
    samples: NDArray[np.float32],
    begin: int,
    end_ms: int,
    first: int,
    loop: int,
) -> None:
    """Add ``samples`` to ``channel`` from frame ``begin`` (may lie before it) to ``end_ms``."""
    import numpy as np

    end = min(_frame(end_ms) - first, len(channel))
    if loop:
        end = min(end, begin + loop * len(samples))
    if not len(samples) or end <= max(begin, 0):
        return
    at = np.arange(max(begin, 0), end)
    part = samples[(at - begin) % len(samples)]
    fade = min(_FADE, len(part))
    part[len(part) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    channel[at[0] : end] += part
