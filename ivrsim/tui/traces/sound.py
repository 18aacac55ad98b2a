"""The sound of a call beside its trace: played from the moment that is looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ivrsim.errors import IvrsimError
from ivrsim.tui.protocol import Player, Services


class Sound:
    """Opens its player with the first ``play``; ``notices`` grows by what went wrong later."""

    def __init__(self, services: Services, path: Callable[[], Path | None]) -> None:
        """``path`` says where the sound lies now, None: nowhere."""
        self._services = services
        self._path = path
        self._player: Player | None = None
        self.notices: list[str] = []  # appended by the thread that plays

    @property
    def playing(self) -> bool:
        return self._player is not None and self._player.playing

    @property
    def position_ms(self) -> int:
        """Call time of what is heard now, 0 when nothing ever was."""
        return 0 if self._player is None else self._player.position_ms

    def play(self, from_ms: int) -> str | None:
        """Play from there; from the beginning, when nothing is left there. What is in the way,
        in words, or None."""
        try:
            player = self._player or self._open()
            player.play(from_ms if from_ms < player.duration_ms else 0)
        except IvrsimError as error:
            return str(error)
        return None

    def _open(self) -> Player:
        path, playback = self._path(), self._services.playback
        if path is None or not path.exists():
            raise IvrsimError(
                "there is no sound beside this trace: calls in real time keep it, others with "
                "--audio; R calls again"
            )
        if playback is None:
            raise IvrsimError(f"{path.name} cannot be played here")
        self._player = playback(path, self.notices.append)
        return self._player

    def pause(self) -> None:
        if self._player is not None:
            self._player.pause()

    def close(self) -> None:
        """Let go of the device. May be called again."""
        if self._player is not None:
            self._player.close()
            self._player = None
