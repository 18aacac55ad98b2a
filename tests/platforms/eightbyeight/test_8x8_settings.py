"""The list of choices."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ivrsim.platforms.eightbyeight.settings import SETTINGS, value

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "8x8.md"
SETTINGS_MODULE = "ivrsim.platforms.eightbyeight.settings"
NAMED_IN_THE_BOOK = {
    "8x8.capture_defaults": "guide",
    "8x8.strict_timeouts": "no",
    "8x8.barge_in": "yes",
    "8x8.type_ahead": "drop",
    "8x8.dtmf_shape": "both",
    "8x8.vca_after": "last_action",
    "8x8.vca_after_bridge": "yes",
    "8x8.vca_timeout": "10",
}


@pytest.mark.parametrize(("name", "default"), NAMED_IN_THE_BOOK.items())
def test_the_defaults_of_the_book(name: str, default: str) -> None:
    assert SETTINGS[name].default == default


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_whole(name: str) -> None:
    setting = SETTINGS[name]
    assert setting.name == name
    assert setting.basis in ("assumed", "disputed")
    assert setting.page.startswith("https://developer.8x8.com/")
    assert "\n" not in setting.summary
    if setting.unit is None:
        assert setting.choices[0] == setting.default
        assert len(set(setting.choices)) == len(setting.choices) >= 2
        told = setting.summary.lower()
        assert all(choice.lower() in told for choice in setting.choices)
    else:
        assert setting.choices == ()
        assert float(setting.default) > 0


def test_value() -> None:
    assert value({}, "8x8.barge_in") == "yes"
    assert value({"8x8.barge_in": "no"}, "8x8.barge_in") == "no"
    with pytest.raises(KeyError):
        value({}, "8x8.barge")


def test_listing_settings_does_not_import_pydantic() -> None:
    code = (
        "import sys, ivrsim.platforms.eightbyeight.settings, ivrsim.platforms.eightbyeight.codes;"
        "print('pydantic' in sys.modules or 'phonenumbers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", SETTINGS)
def test_the_documentation_lists_every_setting_as_it_is(name: str) -> None:
    setting = SETTINGS[name]
    choices = " \\| ".join(setting.choices) or f"{setting.default} {setting.unit}"
    row = f"| `{name}` | {choices} | [{setting.basis}]({setting.page}) | {setting.summary} |"
    assert row in DOCUMENTATION.read_text(encoding="utf-8").splitlines()


def test_every_diagnostic_in_the_documentation_exists() -> None:
    rooms = Path(sys.modules[SETTINGS_MODULE].__file__ or "").parent
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(rooms.glob("*.py")))
    named = set(re.findall(r"`8x8\.([a-z]+(?:-[a-z]+)*)`", DOCUMENTATION.read_text("utf-8")))
    assert len(named) > 20
    assert {code for code in named if f'"{code}"' not in source} == set()
