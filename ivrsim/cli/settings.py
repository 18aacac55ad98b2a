"""``ivrsim settings``."""

from __future__ import annotations

import textwrap
from argparse import Namespace

from ivrsim.cli.options import settings_of
from ivrsim.errors import InputError


def settings(options: Namespace) -> int:
    """List the settings with value, basis and page."""
    from ivrsim.platforms import all_settings

    given = settings_of(options.set)
    text = (options.text or "").lower()
    shown = 0
    for setting in all_settings().values():
        if options.platform and not setting.name.startswith(f"{options.platform}."):
            continue
        if text not in f"{setting.name} {setting.summary}".lower():
            continue
        shown += 1
        value = given.get(setting.name, setting.default)
        unit = f" {setting.unit}" if setting.unit else ""
        others = [_shown(choice) for choice in setting.choices if choice != value]
        print(f"{setting.name} = {_shown(value)}{unit}{_or(others)}")
        print(textwrap.fill(setting.summary, 92, initial_indent="    ", subsequent_indent="    "))
        print(f"    {setting.basis} · {setting.page}\n")
    if not shown:
        raise InputError(f"no setting has {options.text!r} in its name or words")
    return 0


def _shown(value: str) -> str:
    return value or '""'


def _or(others: list[str]) -> str:
    return f"   (or {', '.join(others)})" if others else ""
