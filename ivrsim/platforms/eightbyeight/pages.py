"""Where the rules come from: pages of developer.8x8.com."""

from __future__ import annotations

from typing import Final

_SITE: Final = "https://developer.8x8.com/connect"

ACTIONS: Final = f"{_SITE}/docs/voice/ivr/call-action-handling"
CAPTURE: Final = f"{_SITE}/reference/call-flow-actions-sayandcapture"
REQUEST: Final = f"{_SITE}/reference/send-callflow"
MESSAGING: Final = f"{_SITE}/docs/voice/voice-messaging/voice-messaging-guide"
SIMPLE_IVR: Final = f"{_SITE}/docs/voice/ivr/simple-ivr-guide"
ADVANCED_IVR: Final = f"{_SITE}/docs/voice/ivr/advanced-ivr-guide"
SETUP: Final = f"{_SITE}/docs/voice/ivr/webhook-setup-guide-for-ivr"
VCA: Final = f"{_SITE}/docs/voice/webhook-guides/voice-call-action-webhook-guide"
VCS: Final = f"{_SITE}/docs/voice/number-masking/call-status"
VSS: Final = f"{_SITE}/docs/voice/ivr/session-summary"
VSS_MESSAGING: Final = f"{_SITE}/docs/voice/voice-messaging/session-status"
VSS_MASKING: Final = f"{_SITE}/docs/voice/number-masking/session-summary"
STATUS_CODES: Final = f"{_SITE}/docs/voice/error-codes/voice-status-codes"
ERROR_CODES: Final = f"{_SITE}/docs/voice/error-codes/voice-error-codes"
VOICES: Final = f"{_SITE}/reference/get-voice-profile-information"
