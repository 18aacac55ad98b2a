"""The recordings that an application asks for: made, kept, and served while ivrsim runs.

A recording is cut out of the sound of the call. Its file lies beside the trace, and an HTTP
server on a loopback port, one for the process, hands it out at ``recording_url``: it goes on
after the call, because applications fetch recordings in their own time.
"""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
import threading
import uuid
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ivrsim.engine import commands as cmd
from ivrsim.engine import events as ev
from ivrsim.errors import AudioError
from ivrsim.runtime.rendering import LEFT, RATE, RIGHT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CONTENT_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "ogg": "audio/ogg"}
_PATH = "/v1/files/"  # as the platform's own URLs have it


class SoundSource(Protocol):
    """What sounded in a call: ``CallSound``, or the recorder of a call in real time."""

    async def read(self, start_ms: int, end_ms: int) -> NDArray[np.float32]: ...


@dataclass(frozen=True, slots=True)
class _Running:
    command: cmd.StartRecording
    started: int


class Recordings:
    """The recordings of one call, kept beside its trace: ``NAME.r1.mp3`` for ``NAME.jsonl``."""

    def __init__(self, trace: Path | None) -> None:
        self._trace = trace
        self._running: dict[str, _Running] = {}

    def start(self, command: cmd.StartRecording, now: int) -> None:
        self._running[command.recording] = _Running(command, now)

    def forget(self, recording: str) -> None:
        """It is over, and its file was made in another call."""
        self._running.pop(recording, None)

    async def stop(
        self, command: cmd.StopRecording, now: int, sound: SoundSource
    ) -> ev.RecordingStored | ev.RecordingFailed:
        """Make the file. Never raises: what goes wrong is said in the answer."""
        running = self._running.pop(command.recording)
        end = max(running.started, now - command.tail_ms)
        try:
            stereo = await sound.read(running.started, end)
            url, size = await asyncio.to_thread(self._keep, running.command, stereo)
        except (AudioError, OSError) as error:
            return ev.RecordingFailed(command.recording, f"recording: {error}")
        return ev.RecordingStored(command.recording, url, size, end - running.started)

    def _keep(self, command: cmd.StartRecording, stereo: NDArray[np.float32]) -> tuple[str, int]:
        """Write the file and put it on the shelf: its URL, and its size in bytes."""
        from ivrsim.sound.encode import encode

        data = encode(_channels(stereo, command.channels), RATE, command.format)
        trace = self._trace or shelf().folder / uuid.uuid4().hex
        file = trace.with_name(f"{trace.stem}.{command.recording}.{command.format}")
        file.touch(mode=0o600)
        file.write_bytes(data)
        return shelf().put(file), len(data)


def _channels(stereo: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Shape (n, count). The platform has the caller left, our own recordings have him right."""
    import numpy as np

    if count == 1:
        mono: NDArray[np.float32] = stereo.sum(axis=1, keepdims=True)
        return np.clip(mono, -1.0, 1.0)
    channels = np.zeros((len(stereo), count), np.float32)
    channels[:, 0], channels[:, 1] = stereo[:, RIGHT], stereo[:, LEFT]
    return channels


class Shelf:
    """Serves files by names nobody can guess, on a loopback port."""

    def __init__(self) -> None:
        files: dict[str, Path] = {}

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self._answer()

            def do_GET(self) -> None:
                self.wfile.write(self._answer())

            def _answer(self) -> bytes:
                """Send status and headers; the body that a GET is to send after them."""
                file = files.get(self.path.partition("?")[0].removeprefix(_PATH))
                try:
                    data = None if file is None else file.read_bytes()
                except OSError:  # deleted: the history keeps the last calls only
                    data = None
                if file is None or data is None:
                    self.send_error(404, "no such recording")
                    return b""
                self.send_response(200)
                self.send_header("Content-Type", CONTENT_TYPES[file.suffix[1:]])
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                return data

            def log_message(self, format: str, *args: Any) -> None:
                """Standard error belongs to the application on the screen."""

        self._files = files

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: Any, client_address: Any) -> None:
                """Who fetched has gone: nothing for the screen either."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(
            target=self._server.serve_forever, name="ivrsim-recordings", daemon=True
        ).start()
        self.folder = Path(tempfile.mkdtemp(prefix="ivrsim-"))
        """For recordings of calls that leave no trace: gone when ivrsim ends."""
        atexit.register(shutil.rmtree, self.folder, ignore_errors=True)

    def put(self, file: Path) -> str:
        """The URL of ``file`` for as long as this process runs."""
        name = str(uuid.uuid4())
        self._files[name] = file
        return f"http://127.0.0.1:{self._server.server_port}{_PATH}{name}"


_shelf: Shelf | None = None
_making = threading.Lock()


def shelf() -> Shelf:
    """The shelf of this process, made when the first recording is put on it."""
    global _shelf
    with _making:
        if _shelf is None:
            _shelf = Shelf()
        return _shelf
