"""Telephone numbers as 8x8 writes them in webhooks, and the country each belongs to."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

# Calling codes of a single country, longest first: a first call need not wait 50 ms and
# more for phonenumbers to be imported. Shared codes (1, 7, 39, 44, 47, 61 …) are left to it.
_SINGLE: Final[dict[str, str]] = {
    "852": "HK", "853": "MO", "855": "KH", "880": "BD", "886": "TW", "971": "AE", "353": "IE",
    "351": "PT", "30": "GR", "31": "NL", "32": "BE", "33": "FR", "34": "ES", "36": "HU",
    "40": "RO", "41": "CH", "43": "AT", "45": "DK", "46": "SE", "48": "PL", "49": "DE",
    "52": "MX", "55": "BR", "60": "MY", "62": "ID", "63": "PH", "64": "NZ", "65": "SG",
    "66": "TH", "81": "JP", "82": "KR", "84": "VN", "86": "CN", "90": "TR", "91": "IN",
    "92": "PK", "94": "LK",
}  # fmt: skip


def with_plus(number: str) -> str:
    """``+6591178965`` of ``6591178965``; what is not all digits stays as it is."""
    return f"+{number}" if number.isascii() and number.isdigit() else number


@lru_cache(maxsize=4096)
def country_code(number: str) -> str | None:
    """ISO 3166-1 alpha-2 of a number, + or not; None where there is none (``anonymous``).

    A number that cannot exist still has the country of its calling code, as in 8x8's samples.
    """
    digits = number.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return None
    for length in (3, 2):
        if single := _SINGLE.get(digits[:length]):
            return single
    import phonenumbers  # slow to import, and rarely needed: see _SINGLE

    try:
        parsed = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return None
    region = phonenumbers.region_code_for_number(parsed)
    if region is None and parsed.country_code is not None:
        region = phonenumbers.region_code_for_country_code(parsed.country_code)
    return region if region is not None and region.isalpha() and region != "ZZ" else None
