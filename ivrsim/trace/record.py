"""One line of a trace: a header or a record."""

from __future__ import annotations

from typing import Any, NamedTuple

FORMAT = "ivrsim-trace"
VERSION = 1


class Record(NamedTuple):
    """One thing that happened in a call.

    ``seq`` counts from 1 without gaps; ``t`` is call time in milliseconds, never falling;
    ``cause`` is the ``seq`` of the record that brought this one about, or None;
    ``is_input`` (``"in"`` in the file) marks what was fed to the engine.
    """

    seq: int
    t: int
    kind: str
    leg: str | None
    cause: int | None
    is_input: bool
    data: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        line: dict[str, Any] = {
            "type": "record",
            "seq": self.seq,
            "t": self.t,
            "kind": self.kind,
            "leg": self.leg,
            "cause": self.cause,
        }
        if self.is_input:
            line["in"] = True
        line["data"] = self.data
        return line

    @classmethod
    def from_json(cls, line: dict[str, Any]) -> Record:
        """Raises KeyError or TypeError when ``line`` is not a record."""
        return cls(
            line["seq"],
            line["t"],
            line["kind"],
            line.get("leg"),
            line.get("cause"),
            bool(line.get("in", False)),
            line["data"],
        )


class Header(NamedTuple):
    """The first line of a trace: all that is needed to make the same session again.

    ``arguments`` are the options of the command line that make the call again. ``setup`` is the
    call as it was placed (``engine.CallSetup.to_json``), without secrets.
    """

    platform: str
    target: str
    seed: int
    started_at: str
    settings: dict[str, str]
    parent: dict[str, Any] | None = None
    setup: dict[str, Any] = {}
    arguments: tuple[str, ...] = ()
    version: int = VERSION

    def to_json(self) -> dict[str, Any]:
        return {
            "type": "header",
            "format": FORMAT,
            "version": self.version,
            "platform": self.platform,
            "target": self.target,
            "seed": self.seed,
            "started_at": self.started_at,
            "settings": self.settings,
            "parent": self.parent,
            "setup": self.setup,
            "arguments": list(self.arguments),
        }
