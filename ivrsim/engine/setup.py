"""How a call is placed: everything about it that is input, without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ivrsim.trace.masking import mask_url


@dataclass(frozen=True, slots=True)
class CallSetup:
    """A call before it begins.

    ``caller`` is the number the call comes from, ``callee`` the number called, both E.164 with
    ``+``; ``direction`` inbound (a person calls the application) or outbound (the platform
    calls the person at the keypad). ``started_at`` is ISO 8601 in UTC with milliseconds.
    ``urls`` by purpose: Vonage ``answer``, ``event``, ``fallback``; 8x8 ``vca``, ``vss``,
    ``vcs``. ``document`` is an inline NCCO or callflow. ``authorized``: webhooks carry a
    signature (Vonage) or the ``Authorization`` value (8x8), which the runtime adds.
    """

    platform: str
    direction: str
    caller: str
    callee: str
    started_at: str
    seed: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)
    urls: Mapping[str, str | None] = field(default_factory=dict)
    answer_method: str = "GET"
    authorized: bool = False
    document: Any = None
    document_origin: str | None = None
    secret: bool = False

    def to_json(self) -> dict[str, Any]:
        """For the header of a trace: passwords and tokens in ``urls`` are masked."""
        urls = {name: None if url is None else mask_url(url) for name, url in self.urls.items()}
        return {**asdict(self), "urls": urls}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CallSetup:
        """Raises TypeError on a field that is unknown, missing, or of another type."""
        made = cls(**data)
        for name in ("platform", "direction", "caller", "callee", "started_at", "answer_method"):
            _expect(name, getattr(made, name), str)
        _expect("seed", made.seed, int)
        for name in ("settings", "urls"):
            mapping = getattr(made, name)
            _expect(name, mapping, Mapping)
            for key, value in mapping.items():
                if value is not None or name == "settings":
                    _expect(f"{name}/{key}", value, str)
        return made


def _expect(name: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise TypeError(f"{name}: expected {kind.__name__}, found {value!r}")
