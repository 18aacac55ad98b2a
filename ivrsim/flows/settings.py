"""Settings as they are named in flows and options: checked against the platforms' lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ivrsim.flows.source import did_you_mean

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")


def setting_errors(settings: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name and message of each setting that does not exist or cannot have its value."""
    if not settings:
        return
    from ivrsim.platforms import SETTINGS

    for name, value in settings.items():
        setting = SETTINGS.get(name)
        if setting is None:
            hint = did_you_mean(name, SETTINGS) or "; `ivrsim settings` lists them"
            yield name, f"there is no setting {name!r}{hint}"
        elif setting.choices and value not in setting.choices:
            expected = " or ".join(choice or '""' for choice in setting.choices)
            hint = did_you_mean(value, setting.choices)
            yield name, f"expected {expected} for {name}, found {value!r}{hint}"
        elif not setting.choices and not _NUMBER.fullmatch(value):
            unit = f" of {setting.unit}" if setting.unit else ""
            yield name, f"expected a number{unit} for {name}, found {value!r}"
