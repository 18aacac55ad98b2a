"""What all tests of the application share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """After each key Textual's pilot waits, twice, for 20 ms in which nothing is done: half of the
    time of these tests. Two times 10 ms are still longer than a frame."""
    monkeypatch.setattr("textual._wait.SLEEP_GRANULARITY", 0.01)
    monkeypatch.setattr("textual._wait.SLEEP_IDLE", 0.0005)
