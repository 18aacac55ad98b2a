"""The record of a call: what a line holds, how it is written, kept and read.

Names are loaded when first used, so that importing ``ivrsim.trace.record`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ivrsim.trace.history import Entry, History
    from ivrsim.trace.kinds import KINDS
    from ivrsim.trace.masking import mask_headers, mask_url
    from ivrsim.trace.reader import Damage, TraceReader, load_inputs, read_header
    from ivrsim.trace.record import FORMAT, VERSION, Header, Record
    from ivrsim.trace.writer import TraceWriter

_MODULES = {
    "Entry": "history",
    "History": "history",
    "KINDS": "kinds",
    "mask_headers": "masking",
    "mask_url": "masking",
    "Damage": "reader",
    "TraceReader": "reader",
    "load_inputs": "reader",
    "read_header": "reader",
    "FORMAT": "record",
    "VERSION": "record",
    "Header": "record",
    "Record": "record",
    "TraceWriter": "writer",
}

__all__ = [
    "FORMAT",
    "KINDS",
    "VERSION",
    "Damage",
    "Entry",
    "Header",
    "History",
    "Record",
    "TraceReader",
    "TraceWriter",
    "load_inputs",
    "mask_headers",
    "mask_url",
    "read_header",
]


def __getattr__(name: str) -> Any:
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)
