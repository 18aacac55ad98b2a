"""The platform's numbers and words: answers to a request, and errors of a session."""

from __future__ import annotations

from typing import Final

CREATED: Final = 1

REQUEST_CODES: Final[dict[int, str]] = {
    CREATED: "Created",
    -1001: "Invalid JSON request body",
    -1002: "Speech profile or language parameter invalid",
    -1003: "Valid maxDigits required when minDigits provided",
    -1004: "DTMF callback url not provided",
    -1005: "Valid overallTimeout is required when digitTimeout provided",
    -1006: "OverallTimeout should be greater than digitTimeout",
    -1007: "Invalid action type was used",
    -1008: "Valid maxDigits is required when completeOnHash is false",
    -1009: "Invalid call flow entry provided",
    -1010: "Some actions are provided beyond the allowed count",
    -1011: "Multiple destination phone numbers found in the request",
    -1012: "Invalid Callflow : Incorrect use of action Hangup",
    -1013: "Invalid Callflow : First action should be a MakeCall action",
    -1014: "Source or caller ID is not allowed",
    -1015: "The validity period of the call flow request has expired",
    -1016: "Invalid Callflow Content: Some special characters are invalid/unaccepted",
    -1017: "Invalid MSISDN format in Destination",
    -1018: "Execute Scenario cannot be processed together with other actions",
    -1019: "Invalid Callflow Content: scenarioName is null or empty",
    -1020: "Invalid Callflow: Invalid scenarioName or the account doesn't have permission "
    "to execute this scenario",
    -9999: "An unknown error has occurred",
}
"""``statusCode`` to ``statusMessage`` of the answer to POST …/callflows."""

SESSION_CODES: Final[dict[int, str]] = {
    -2001: "An internal error has occurred",
    -2002: "An internal connectivity error has occurred",
    -2003: "The call flow provided is invalid",
    -2004: "No coverage available for requested area",
    -2005: "Unable to synthesize text to speech",
    -2006: "Unable to download file for playback",
    -2007: "The validity period of the call flow request has expired",
    -2008: "The provided source MSISDN or caller ID is not whitelisted",
    -2009: "The scenario parameters provided is invalid",
    -2010: "The trunk capacity has been exceeded",
    -9999: "An unknown error has occurred",
}
"""``errorCode`` to ``errorMsg`` of the ``errorDetails`` in a session summary."""

CALLFLOW_INVALID: Final = -2003
UNREACHABLE: Final = -2002
SYNTHESIS_FAILED: Final = -2005
DOWNLOAD_FAILED: Final = -2006

_WELL_FORMED_BUT_REFUSED: Final = frozenset({-1002, -1004, *range(-1020, -1009)})

SIP_CODES: Final[dict[str, int]] = {
    "COMPLETED": 200,
    "BUSY": 486,
    "NO_ANSWER": 480,
    "CANCELED": 487,
    "FAILED": 404,
    "ERROR": 500,
}
"""``callStatus`` of a leg to its final ``sipCode`` (basis: assumed, RFC 3261)."""


def http_status(code: int) -> int:
    """The HTTP status that carries a request code.

    Documented by the examples of the OpenAPI file for 1 (200), -1007 (400), -1013 (422) and
    the positive codes (themselves); assumed for the rest: 400 for what a schema refuses, 422
    for what is well formed and refused all the same, 500 for -9999.
    """
    if code == CREATED:
        return 200
    if code > 0:
        return code
    if code == -9999:
        return 500
    return 422 if code in _WELL_FORMED_BUT_REFUSED else 400
