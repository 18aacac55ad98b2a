"""Streams that are taken up again when their device fails: one story a test, then any story."""

from __future__ import annotations

import numpy as np

from ivrsim.sound import devices
from ivrsim.sound.stream import LOOK_MS, KeptStream, OpenStream
from tests.sound.fake_sounddevice import FakeSoundDevice, fake_devices


class Listener:
    """A kept stream, what it said and what it was given."""

    def __init__(self, module: FakeSoundDevice, kind: str = "output", wanted: object = None):
        self.module = module
        self.said: list[str] = []
        self.rates: list[int] = []
        self.stream = KeptStream(
            kind, self._fill, rate=48000, block_ms=20, say=self.said.append, wanted=wanted
        )  # type: ignore[arg-type]
        self.stream.start()

    def _fill(self, block: np.ndarray, rate: int) -> None:
        self.rates.append(rate)
        block.fill(0)

    def go_on(self, seconds: float) -> None:
        for _ in range(round(seconds * 50)):
            self.module.tick()
            for _ in range(20 // LOOK_MS):
                self.stream.look()

    @property
    def device(self) -> str | None:
        device = self.stream.device
        return None if device is None else device.name


def test_a_device_that_is_unplugged_and_plugged_in_again() -> None:
    with fake_devices("speakers") as (module, _):
        line = Listener(module)
        line.go_on(1)
        assert (line.device, line.stream.trouble, line.said) == ("speakers", None, [])
        module.unplug("speakers")
        line.go_on(5)
        gone = "the output device “speakers” is gone; the call goes on silent"
        assert (line.device, line.stream.trouble, line.said) == (None, gone, [gone])
        module.plug_in("speakers")
        line.go_on(1.6)
        assert (line.device, line.stream.trouble) == ("speakers", None)
        assert line.said == [gone, "sound again, on “speakers”"]
        assert module.in_use == ["speakers"]


def test_the_default_plays_where_the_same_device_does_not_come_back() -> None:
    with fake_devices("speakers", "headset") as (module, _):
        line = Listener(module, wanted="head")
        assert line.device == "headset"
        module.unplug("headset")
        line.go_on(1)
        assert line.device == "speakers"
        assert line.said[1:] == [
            "no output device 'headset'; `ivrsim doctor` lists them; sound again, on “speakers”"
        ]


def test_a_device_that_calls_no_more_is_gone() -> None:
    with fake_devices("speakers", "hdmi") as (module, _):
        line = Listener(module)
        module.stalled.add("speakers")
        line.go_on(0.9)
        assert line.said == []
        line.go_on(0.2)
        assert line.said == ["the output device “speakers” is gone; the call goes on silent"]


def test_a_device_that_opens_and_never_calls_is_told_of_once() -> None:
    with fake_devices("speakers") as (module, _):
        line = Listener(module)
        module.stalled.add("speakers")
        line.go_on(30)
        assert line.said == ["the output device “speakers” is gone; the call goes on silent"]
        assert line.stream.trouble == line.said[0]
        module.stalled = set()
        line.go_on(11)
        assert line.said[1:] == ["sound again, on “speakers”"]


def test_a_device_opened_again_has_its_time_to_begin() -> None:
    with fake_devices("speakers") as (module, _):
        line = Listener(module)
        module.stalled.add("speakers")
        line.go_on(2.2)
        opened = list(module.streams)
        line.go_on(0.2)
        assert module.streams == opened != []


def test_a_rate_of_its_own() -> None:
    with fake_devices("speakers") as (module, _):
        module.rates = {44100}
        line = Listener(module)
        line.go_on(0.1)
        assert set(line.rates) == {44100}


def test_a_device_that_does_not_start_says_why() -> None:
    with fake_devices("speakers") as (module, _):
        module.refuses = {"speakers"}
        line = Listener(module)
        assert line.stream.trouble == (
            "the output device “speakers” does not start (Unanticipated host error"
            " [PaErrorCode -9999]); choose another, or close what is using it"
        )
        assert line.said == []  # whoever starts it asks
        module.refuses = set()
        line.go_on(10.1)
        assert line.said == ["sound on “speakers” now"]


def test_a_wish_that_cannot_be_met_leaves_it_where_it_was() -> None:
    with fake_devices("speakers", "headset", "hdmi") as (module, _):
        line = Listener(module, wanted="headset")
        module.refuses = {"hdmi"}
        line.stream.change("hdmi")
        line.go_on(0.1)
        assert line.device == "headset"
        assert line.said == [
            "the output device “hdmi” does not start (Unanticipated host error"
            " [PaErrorCode -9999]); choose another, or close what is using it;"
            " sound on “headset” now"
        ]
        line.stream.change(None)
        line.go_on(0.1)
        assert line.said[1:] == ["sound on “speakers” now"]
        assert module.in_use == ["speakers"]


def test_a_device_plugged_in_since_can_be_chosen_while_others_listen() -> None:
    with fake_devices("speakers", "mic") as (module, _):
        line, microphone = Listener(module), Listener(module, "input")
        module.plug_in("headset")
        line.stream.change("headset")
        line.go_on(0.1)
        microphone.go_on(0.1)
        assert sorted(module.in_use) == ["headset", "mic"]
        assert line.said == ["sound on “headset” now"]
        assert microphone.said == []


def test_others_are_interrupted_ever_more_rarely_for_a_lost_device() -> None:
    with fake_devices("speakers", "mic") as (module, _):
        line, microphone = Listener(module), Listener(module, "input")
        module.unplug("speakers")
        before = module.starts_counted
        for _ in range(1000):
            line.go_on(0.02)
            microphone.stream.look()
        assert module.starts_counted - before == 4  # of 13 tries in 20 s
        assert microphone.said == []
        module.plug_in("speakers")
        line.go_on(20)
        assert sorted(module.in_use) == ["mic", "speakers"]


def test_a_sound_system_that_hangs_is_said_once_and_may_come_back() -> None:
    with fake_devices("speakers") as (module, thread):
        line = Listener(module)
        thread.hangs = True
        module.unplug("speakers")
        line.go_on(20)
        assert line.said == ["the output device “speakers” is gone; the call goes on silent"]
        module.plug_in("speakers")
        thread.hangs = False
        thread.work()
        line.go_on(0.1)
        assert line.said[1:] == ["sound again, on “speakers”"]


def test_turned_off_it_stays_off_until_another_is_chosen() -> None:
    with fake_devices("speakers") as (module, _):
        line = Listener(module)
        line.stream.turn_off()
        line.go_on(30)
        assert (module.in_use, line.said, line.stream.trouble) == ([], [], None)
        line.stream.change(None)
        line.go_on(0.1)
        assert (module.in_use, line.said) == (["speakers"], ["sound on “speakers” now"])


def test_missed_blocks_are_counted_and_said_at_most_once_a_minute() -> None:
    with fake_devices("speakers") as (module, _):
        line = Listener(module)
        module.missed = True
        line.go_on(30)
        assert line.stream.xruns == 1500
        assert line.said == [
            "the output device had to wait for sound 10 times: the machine is busy"
        ]


def test_what_is_opened_after_the_close_is_closed() -> None:
    with fake_devices("speakers") as (module, thread):
        line = Listener(module)
        line.stream.change(None)
        thread.hangs = True
        line.stream.look()
        line.stream.close(wait_s=0)
        thread.hangs = False
        thread.work()
        assert module.streams == []


def test_closed_it_releases_the_device() -> None:
    with fake_devices("speakers") as (module, _):
        line = Listener(module)
        line.stream.close()
        line.stream.close()
        assert module.streams == []


def test_left_in_the_middle_of_a_sound_it_fades_and_ends() -> None:
    with fake_devices("speakers") as (module, _):
        (device,) = devices.listed("output")
        opened = OpenStream("output", device, 48000, 20, lambda block, _: block.fill(0.25))
        module.tick()
        opened.leave()
        module.tick()
        (_, played), (_, last) = module.heard
        assert (played == 0.25).all()
        assert last[0] == 0.25
        assert (last[240:] == 0).all()  # 5 ms
        assert np.abs(np.diff(last)).max() < 0.0011
        assert not opened.ended  # the device still has it before it
        for _ in range(5):
            module.tick()
        assert (opened.ended, module.in_use) == (True, [])
        assert not np.any([block for _, block in module.heard[2:]])
