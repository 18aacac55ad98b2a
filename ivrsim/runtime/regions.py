"""The country of a telephone number: what its tones sound like."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1024)
def region_of(number: str) -> str:
    """Two letters (``SG``) for an E.164 number with or without ``+``, ``""`` when unknown."""
    import phonenumbers

    digits = "".join(char for char in number if char.isdigit())
    try:
        parsed = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return ""
    region = phonenumbers.region_code_for_number(parsed)
    if region is None:  # a number that cannot exist still has a calling code
        region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return region if region not in (None, "ZZ", "001") else ""
