"""Signed webhooks: the JWT that Vonage puts into the ``Authorization`` header."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping


def payload_hash(body: bytes | None, query: Mapping[str, str] | None) -> str:
    """SHA-256 (hex) of the raw body; for a GET, of its query as compact JSON in order."""
    if body is None:
        body = json.dumps(dict(query or {}), separators=(",", ":"), ensure_ascii=False).encode()
    return hashlib.sha256(body).hexdigest()


def sign(
    body: bytes | None,
    query: Mapping[str, str] | None,
    secret: str,
    api_key: str,
    application_id: str,
    now: float,
    jti: str,
) -> str:
    """The token of ``Authorization: Bearer TOKEN``: HS256 with the account's signature secret.

    ``now`` is Unix time in seconds, ``jti`` an id never used twice. Basis: the platform's
    page on signed webhooks (documented).
    """
    import jwt  # lazily: most calls are not signed

    claims = {
        "iat": int(now),
        "jti": jti,
        "iss": "Vonage",
        "payload_hash": payload_hash(body, query),
        "api_key": api_key,
        "application_id": application_id,
    }
    with warnings.catch_warnings():
        # A short secret is the account's, not ours to judge in the middle of a call.
        warnings.simplefilter("ignore", jwt.warnings.InsecureKeyLengthWarning)
        return jwt.encode(claims, secret, algorithm="HS256")
