"""The loudspeakers of one call: prompts, tones and key feedback, to one output stream."""

from __future__ import annotations

from ivrsim.sound.clip import Clip, gain
from ivrsim.sound.mixer import Handle, Mixer
from ivrsim.sound.output import open_output
from ivrsim.sound.tones import dtmf, progress

_KEY_GAIN = 0.5
"""Key feedback stays below the prompts."""


class Speakers:
    """Plays what the call says; the call's clock never waits for it.

    Raises SoundUnavailable when there is no sound here: one line says why and what to install.
    """

    def __init__(self) -> None:
        self._mixer = Mixer()
        self._output = open_output(self._mixer)
        self._playing: dict[str, Handle] = {}

    @property
    def rate(self) -> int:
        """Sample rate of the line in Hz: clips of this rate start without further work."""
        return self._mixer.rate

    def play(self, prompt: str, clip: Clip, loop: int, level: float) -> None:
        """Play ``clip`` ``loop`` times (0: for ever) at ``level`` -1 to 1."""
        self._playing[prompt] = self._mixer.play(clip, loop=loop, gain=gain(level))

    def tone(self, prompt: str, name: str) -> None:
        """Play a call progress tone until it is stopped."""
        self._playing[prompt] = self._mixer.play(progress(name, rate=self._mixer.rate), loop=0)

    def stop(self, prompt: str) -> None:
        """Silence a prompt or tone; harmless when it has ended."""
        handle = self._playing.pop(prompt, None)
        if handle is not None:
            self._mixer.stop(handle)

    def key(self, digit: str) -> None:
        """The feedback tone of a pressed key."""
        self._mixer.play(dtmf(digit, rate=self._mixer.rate), gain=_KEY_GAIN)

    def mute(self, on: bool) -> None:
        self._mixer.mute(on)

    @property
    def level(self) -> float:
        """How loud the line is now, 0 to 1."""
        return self._mixer.peak

    @property
    def trouble(self) -> str | None:
        """One line once the device has failed."""
        return self._output.failed

    def close(self) -> None:
        """Silence, and release the device."""
        self._output.close()
