from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ivrsim.cli.main import main

CALLS = {
    "parcel": ("flows/parcel.yaml", "20481776# 1"),
    "clinic": ("flows/clinic.yaml", "2"),
    "restaurant": ("flows/restaurant.yaml", "2"),
    "voicemail": ("flows/voicemail.yaml", "say:'leave a message' say:'please call back'"),
    "callback": ("flows/callback.yaml", "2 19"),
    "reminder": ("flows/reminder.yaml", "2 1"),
}


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Traces of the samples, each made once."""
    folder = tmp_path_factory.mktemp("recorded")

    def trace(name: str) -> Path:
        path = folder / f"{name}.jsonl"
        if not path.exists():
            flow, keys = CALLS[name]
            seed = str(list(CALLS).index(name))  # ids of their own
            arguments = ["call", flow, "--keys", keys, "--seed", seed, "--no-history"]
            assert main([*arguments, "--trace", str(path)]) == 0
        return path

    return trace
