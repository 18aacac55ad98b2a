"""ivrsim: a voice platform on your desk, for the 8x8 and Vonage Voice APIs.

>>> import ivrsim
>>> call = ivrsim.call("restaurant", keys="1 1")
>>> call.digits, call.status
(['1', '1'], 'COMPLETED')

Names are loaded when first used, so that ``import ivrsim`` and ``ivrsim --version`` stay quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ivrsim.version import __version__

if TYPE_CHECKING:
    from ivrsim.errors import (
        ApplicationError,
        AudioError,
        HostNotAllowed,
        InputError,
        IvrsimError,
        SoundUnavailable,
        TraceError,
    )
    from ivrsim.replay.api import areplay_call, compare_calls, replay_call
    from ivrsim.replay.difference import Comparison, Difference
    from ivrsim.runtime.api import Call, Webhook, acall, call
    from ivrsim.trace.record import Record

__all__ = [
    "ApplicationError",
    "AudioError",
    "Call",
    "Comparison",
    "Difference",
    "HostNotAllowed",
    "InputError",
    "IvrsimError",
    "Record",
    "SoundUnavailable",
    "TraceError",
    "Webhook",
    "__version__",
    "acall",
    "areplay_call",
    "call",
    "compare_calls",
    "replay_call",
]

_MODULES = {
    "Call": "runtime.api",
    "Webhook": "runtime.api",
    "acall": "runtime.api",
    "call": "runtime.api",
    "Record": "trace.record",
    "Comparison": "replay.difference",
    "Difference": "replay.difference",
    "areplay_call": "replay.api",
    "compare_calls": "replay.api",
    "replay_call": "replay.api",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES.get(name, 'errors')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
