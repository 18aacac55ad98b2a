"""A sound card that exists only in PulseAudio: what is played to it can be recorded from it.

PortAudio looks at the environment when it starts, so programs that are to use the card run in
a process of their own with ``card.env``. Use the fixture ``virtual_card`` and the marker
``device``. Needs the Debian packages pulseaudio, pulseaudio-utils, libasound2-plugins and
libportaudio2; without them tests are skipped, and fail when CI=true.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes.util import find_library
from pathlib import Path

import numpy as np
import pytest

RATE = 48000
_ON_THE_WAY_S = 0.3  # what was played last reaches parec within it
PACKAGES = "libportaudio2 pulseaudio libasound2-plugins pulseaudio-utils"
_ASOUNDRC = "pcm.!default { type pulse }\nctl.!default { type pulse }\n"


class VirtualCard:
    """A card whose server keeps everything in ``home`` (a short path: it holds a socket).

    ``env`` is the environment of a process that is to use it.
    """

    def __init__(self, home: Path) -> None:
        (home / ".asoundrc").write_text(_ASOUNDRC)
        self._socket = home / "native"
        self._log = home / "log"
        self.env = dict(
            os.environ, HOME=str(home), XDG_RUNTIME_DIR=str(home), PULSE_RUNTIME_PATH=str(home),
            PULSE_LATENCY_MSEC="60", PULSE_SERVER=f"unix:{self._socket}",
        )  # fmt: skip
        self.plug_in()

    def plug_in(self) -> None:
        """Start the server, or start it again after ``unplug``."""
        self._socket.unlink(missing_ok=True)
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(
                ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1",
                 "--disable-shm=yes", "--use-pid-file=no",
                 "-L", f"module-native-protocol-unix socket={self._socket} auth-anonymous=1",
                 "-L", f"module-null-sink sink_name=ivr rate={RATE} channels=2 norewinds=1"],
                env=self.env, stdout=log, stderr=log,
            )  # fmt: skip
        self._wait_until_it_answers()
        subprocess.run(["pactl", "set-default-source", "ivr.monitor"], env=self.env, check=True)

    def _wait_until_it_answers(self) -> None:
        for _ in range(100):
            if self._server.poll() is not None:
                break
            asked = subprocess.run(
                ["pactl", "list", "short", "sinks"], env=self.env, capture_output=True
            )
            if b"ivr" in asked.stdout:
                return
            time.sleep(0.1)
        self.unplug()
        raise RuntimeError(f"pulseaudio does not run: {self._log.read_text()[-500:]}")

    @contextmanager
    def recording(self) -> Iterator[Recording]:
        """Record what is played while the block runs."""
        recording = Recording()
        with tempfile.TemporaryFile() as heard:  # a pipe would be full after 0.7 s
            process = subprocess.Popen(
                ["parec", "--device=ivr.monitor", "--format=s16le", f"--rate={RATE}",
                 "--channels=1", "--raw"],
                env=self.env, stdout=heard, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            try:
                while os.fstat(heard.fileno()).st_size == 0:  # silence, once it records
                    assert process.poll() is None, "parec does not record"
                    time.sleep(0.01)
                yield recording
                time.sleep(_ON_THE_WAY_S)
            finally:
                process.terminate()
                process.wait(10)
                heard.seek(0)
                recording.data = heard.read()

    def unplug(self) -> None:
        """End the server: the card is gone for everybody who uses it."""
        self._server.terminate()
        self._server.wait(10)


class Recording:
    """What was heard; complete after the ``with`` block."""

    def __init__(self) -> None:
        self.data = b""

    @property
    def samples(self) -> np.ndarray:
        """float32 at ``RATE``."""
        whole = self.data[: len(self.data) // 2 * 2]
        return np.frombuffer(whole, "<i2").astype(np.float32) / np.float32(32768)


def missing() -> str:
    """What the card needs and is not here, in one line; empty when everything is."""
    tools = [tool for tool in ("pulseaudio", "parec", "pactl") if not shutil.which(tool)]
    if find_library("portaudio") is None:
        tools.append("libportaudio2")
    return (
        f"no virtual sound card: {', '.join(tools)} missing; apt install {PACKAGES}"
        if tools
        else ""
    )


@contextmanager
def running_card() -> Iterator[VirtualCard]:
    """A card for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="ivr-card-") as home:
        card = VirtualCard(Path(home))
        try:
            yield card
        finally:
            card.unplug()


@pytest.fixture
def virtual_card() -> Iterator[VirtualCard]:
    reason = missing()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    with running_card() as card:
        yield card
