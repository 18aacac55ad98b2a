"""The call that is measured: three documents, two captures, at least forty records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ivrsim.trace.record import Record

FLOWS = {
    "8x8": Path(__file__).parent / "flows" / "menu_8x8.yaml",
    "vonage": Path(__file__).parent / "flows" / "menu_vonage.yaml",
}
KEYS = "1 1"


def check(records: Sequence[Record]) -> int:
    """How many records; AssertionError when this is not the call that the figures are about."""
    kinds = Counter(record.kind for record in records)
    assert kinds["document.received"] == 3, kinds
    assert kinds["capture.closed"] == 2, kinds
    assert [r.data["digits"] for r in records if r.kind == "capture.closed"] == ["1", "1"]
    assert len(records) >= 40, kinds
    assert records[-1].kind == "call.ended", records[-1]
    assert not records[-1].data["failed"], records[-1]
    return len(records)
