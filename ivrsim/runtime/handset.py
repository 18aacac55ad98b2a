"""The telephone in the caller's hand, in real time: earpiece, keys, microphone, recording.

The call's clock never waits for it, and nothing that happens to a device ends a call: without
loudspeakers the same sound is made, and recorded, unheard.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ivrsim.errors import AudioError, SoundUnavailable
from ivrsim.runtime.ear import Ear
from ivrsim.runtime.rendering import KEY_MS, POST_DIAL_DELAY_MS
from ivrsim.sound.clip import Clip, gain
from ivrsim.sound.devices import inputs, outputs
from ivrsim.sound.input import Microphone
from ivrsim.sound.line import Line, Processor
from ivrsim.sound.mixer import Handle
from ivrsim.sound.recorder import Recorder
from ivrsim.sound.tones import beep, dtmf, progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ivrsim.engine.commands import Listen
    from ivrsim.runtime.hands import Desk
    from ivrsim.sound.clip import Samples

OFF, AUTO = "off", "auto"
_chosen: dict[str, str] = {}
"""What was chosen in a call of this process stays chosen for the next: where that is ``auto``."""
_CATCH_UP_S = 2.0


class Handset:
    """All sound of one call. ``speakers`` and ``microphone``: ``off``, ``auto`` or a device.

    ``path`` is the file of the call's recording, None for one that is thrown away. Never raises
    for a device: what is wrong is told to the desk, one line each.
    """

    def __init__(
        self,
        desk: Desk,
        path: Path | None,
        *,
        speakers: str = OFF,
        microphone: str = OFF,
        telephone: str | None = None,
    ) -> None:
        """``telephone``: the country of the line, to sound as a telephone there; None: do not."""
        self._desk = desk
        self._line = Line(_telephone(telephone))
        self.rate = self._line.rate
        self._playing: dict[str, Handle] = {}
        self._secret = False
        self._hushed = False
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._recorder = self._open_recorder(path)
        self._recorded = 0
        self._wanted: Listen | None = None
        self._ear: Ear | None = None
        self._microphone: Microphone | None = None
        self._choice: str | None = None
        self._choosing = threading.Lock()
        self._closed = False
        self.microphone_muted = False
        speakers, microphone = as_chosen("speakers", speakers), as_chosen("microphone", microphone)
        self._line.start(device_of(speakers), silent=speakers == OFF, say=self._say)
        if self._line.trouble is not None:
            desk.notice(self._line.trouble)
        if microphone != OFF:
            try:
                self._take_up_microphone(device_of(microphone))
            except SoundUnavailable as error:
                if microphone != AUTO:  # where there is none, nobody asked for one
                    desk.notice(str(error))

    def _open_recorder(self, path: Path | None) -> Recorder | None:
        try:
            if path is None:
                self._folder = tempfile.TemporaryDirectory(
                    prefix="ivrsim-", ignore_cleanup_errors=True
                )
                path = Path(self._folder.name) / "call.wav"
            return Recorder(path)
        except (AudioError, OSError) as error:  # OSError: no place for temporary files
            self._desk.notice(str(error))  # the call goes on without its recording
            return None

    def _take_up_microphone(self, device: int | str | None) -> None:
        desk = self._desk
        self._ear = Ear(
            self.rate,
            post=desk.post,
            press=lambda digit: desk.press(digit, "microphone"),
            happen=desk.happen,
            notice=desk.notice,
            leg=lambda: desk.caller_leg,
            clock=self._line.time,
        )
        self._line.loudspeaker_tap = self._ear.played
        if self._wanted is not None:
            self._ear.listen(self._wanted)
        try:
            self._microphone = Microphone(self._heard, device, say=self._say)
        except SoundUnavailable:
            self._put_down_microphone()
            raise
        self._microphone.mute(self.microphone_muted)

    def _put_down_microphone(self) -> None:
        microphone, ear = self._microphone, self._ear
        self._microphone = self._ear = self._line.loudspeaker_tap = None
        if microphone is not None:
            microphone.close()
        if ear is not None:
            ear.close()

    def _say(self, line: str) -> None:
        # A device that is unplugged twice is told twice.
        self._desk.post(lambda: self._desk.notice(line, again=True))

    def begin(self, at_ms: int = 0, before: Path | None = None) -> None:
        """Call time is ``at_ms`` now: from here on the call is recorded.

        What was before is taken from the recording ``before`` of another call; it is silence
        where that has none. Does not wait for it; what is wrong with it is told to the desk.
        """
        if self._recorder is not None and at_ms:
            self._recorder.begin(at_ms, before, self._say)
        self._recorded = at_ms * self.rate // 1000
        self._line.tap = self._record

    def end(self) -> None:
        """The call is over, and with it its recording; tones may still be heard."""
        self._line.tap = None

    def close(self) -> None:
        """Silence, devices released, the recording complete."""
        self._closed = True
        with self._choosing:
            self._put_down_microphone()
        self._line.close()
        if self._recorder is not None:
            self._recorder.close()
            if self._recorder.trouble is not None:
                self._desk.notice(self._recorder.trouble)
        if self._folder is not None:
            self._folder.cleanup()

    # ------------------------------------------------------------------ what is heard

    def pause(self) -> None:
        """The call stands still, and its sound with it, from the next block on.

        Nothing is heard, nothing is recorded and the microphone is shut; what is to sound
        meanwhile (a prompt, the tone of a key) begins when the call goes on.
        """
        self._line.pause()

    def resume(self) -> None:
        """The call goes on: all sound from the place where it stopped."""
        self._line.resume()

    @property
    def paused(self) -> bool:
        """The sound stands still."""
        return self._line.paused

    def play(self, prompt: str, clip: Clip, loop: int, level: float, from_ms: int = 0) -> None:
        """Play ``clip`` ``loop`` times (0: for ever) at ``level`` -1 to 1.

        ``from_ms``: so much of it, all times counted, has been heard already.
        """
        # what has ended would keep its sound in memory to the end of the call
        self._playing = {name: at for name, at in self._playing.items() if not at.finished}
        skip = from_ms * self.rate // 1000
        self._playing[prompt] = self._line.platform.play(
            clip, loop=loop, gain=gain(level), skip=skip
        )

    def tone(self, prompt: str, name: str, country: str) -> None:
        """Play a call progress tone until it is stopped; a ringback after the post-dial delay."""
        platform = self._line.platform
        if name == "beep":
            self._playing[prompt] = platform.play(beep(rate=self.rate))
            return
        delay = POST_DIAL_DELAY_MS * self.rate // 1000 if name == "ringback" else 0
        self._playing[prompt] = platform.play(
            progress(name, country, self.rate), loop=0, at=platform.now + delay
        )

    def stop(self, prompt: str) -> None:
        """Silence a prompt or tone; harmless when it has ended."""
        handle = self._playing.pop(prompt, None)
        if handle is not None:
            self._line.platform.stop(handle)

    def party_says(self, leg: str, clip: Clip) -> None:
        """The voice of the other side; ``stop(f"says:{leg}")`` cuts it."""
        self._playing[f"says:{leg}"] = self._line.platform.play(clip)

    # ------------------------------------------------------------------ what the caller sends

    def key(self, digit: str, source: str, *, secret: bool) -> None:
        """A key was pressed: its tone. One of a secret is heard, but not recorded."""
        if source == "microphone":
            return
        if self._ear is not None:
            self._ear.key_pressed(digit)
        bus = self._line.local if secret else self._line.caller
        bus.play(dtmf(digit, KEY_MS, self.rate))

    def caller_says(self, clip: Clip) -> None:
        """What is typed or scripted for the caller, spoken."""
        self._line.caller.play(clip)

    def keep_secret(self, on: bool) -> None:
        """Record nothing of the microphone, while something secret is asked for."""
        self._secret = on

    def listen(self, command: Listen) -> None:
        """Recognise words in the microphone, also in one that is yet to be taken up."""
        self._wanted = command
        ear = self._ear
        if ear is not None:
            ear.listen(command)

    def stop_listening(self) -> None:
        self._wanted = None
        ear = self._ear
        if ear is not None:
            ear.stop_listening()

    def _heard(self, block: Samples) -> None:
        ear = self._ear
        if ear is None or self._line.paused:
            return
        block = ear.hear(block)
        # The key that ends what is secret is told while it is held, and sounds for a while yet.
        self._hushed = self._secret or (self._hushed and ear.hearing is not None)
        if not self._hushed:
            self._line.hear(block)

    # ------------------------------------------------------------------ the recording

    def _record(self, platform: Samples, caller: Samples) -> None:
        if self._recorder is not None:
            self._recorder.take(platform, caller)
        self._recorded += len(platform)

    async def read(self, start_ms: int, end_ms: int) -> NDArray[np.float32]:
        """As ``recordings.SoundSource``. AudioError when it was not, or cannot be, recorded."""
        if self._recorder is None or self._recorder.trouble is not None:
            raise AudioError(
                "the call is not recorded"
                if self._recorder is None
                else str(self._recorder.trouble)
            )
        tries = round(_CATCH_UP_S / 0.02)  # the line is a block or two behind the clock
        while tries and self._recorded * 1000 < end_ms * self.rate:
            tries -= not self._line.paused  # then what is missing comes when the call goes on
            await asyncio.sleep(0.02)
        return await asyncio.to_thread(self._recorder.read, start_ms, end_ms)

    # ------------------------------------------------------------------ for faces

    @property
    def levels(self) -> tuple[float, float]:
        """How loud loudspeakers and microphone are now, 0 to 1."""
        microphone = self._microphone
        if microphone is None or self._line.paused:
            return self._line.level, 0.0
        return self._line.level, microphone.level

    @property
    def hearing(self) -> str | None:
        """The key whose tone the microphone hears now."""
        return None if self._ear is None or self._line.paused else self._ear.hearing

    @property
    def speakers(self) -> str | None:
        """The name of the loudspeakers in use; None: silent."""
        return self._line.device

    @property
    def microphone(self) -> str | None:
        """The name of the microphone in use; None: off, or there is none."""
        return None if self._microphone is None else self._microphone.device

    def mute(self, on: bool) -> None:
        """Loudspeakers off or on; the recording goes on."""
        self._line.mute(on)

    def mute_microphone(self, on: bool) -> None:
        """Hear nothing, or again something."""
        self.microphone_muted = on
        if self._microphone is not None:
            self._microphone.mute(on)

    def devices(self, kind: str) -> list[str]:
        """The names of the ``speakers`` or ``microphone`` devices of this machine."""
        try:
            # The first look finds what was plugged in meanwhile, for both kinds.
            found = outputs(interrupt=True) if kind == "speakers" else inputs()
        except SoundUnavailable:
            return []  # why there are none was said when the call began
        return list(dict.fromkeys(device.name for device in found))

    def use_device(self, kind: str, name: str | None) -> None:
        """``speakers`` or ``microphone``: use the device ``name``, None for none. Does not wait;
        what comes of it is told to the desk."""
        if kind == "microphone":
            self._choice = name
            threading.Thread(
                target=self._change_microphone, name="ivrsim-choice", daemon=True
            ).start()
            return
        if name is None:
            self._line.turn_output_off()
        else:
            self._line.change_output(name)
        _chosen[kind] = OFF if name is None else name

    def _change_microphone(self) -> None:
        """As it was chosen last. Opening and closing a device takes up to some seconds."""
        with self._choosing:
            name, microphone = self._choice, self._microphone
            if self._closed:
                return
            try:
                if name is None:
                    self._put_down_microphone()
                elif microphone is not None:
                    microphone.change_input(name)
                else:
                    self._take_up_microphone(name)
                _chosen["microphone"] = OFF if name is None else name
            except SoundUnavailable as error:
                self._say(str(error))


def as_chosen(kind: str, wanted: str) -> str:
    """What was chosen last for ``speakers`` or ``microphone``, where ``wanted`` leaves it open."""
    return _chosen.get(kind, AUTO) if wanted == AUTO else wanted


def device_of(wanted: str) -> int | str | None:
    """The device that ``wanted`` names, as ``devices.pick`` takes it; None: the default one."""
    if wanted in (AUTO, OFF):
        return None
    return int(wanted) if wanted.isdecimal() else wanted


def _telephone(country: str | None) -> Processor | None:
    from ivrsim.sound.g711 import law_of
    from ivrsim.sound.telephone import Telephone

    return None if country is None else Telephone(48_000, law_of(country))
